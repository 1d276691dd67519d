"What `holds` asserts, what it refuses, and what it says: a relation is checked as it stands, and nothing is left out in silence."
import math

import pytest
import torch
from bad_input import bad_input_tests, row
from torch.distributions import Normal

from vaegan.formula import Over, holds, says
from vaegan.formula.agree import Fails, Tolerance, agree, among, printed, side_text
from vaegan.formula.claims import value
from vaegan.formula.displays import instead
from vaegan.formula.evaluate import Choice
from vaegan.formula.read import read
from vaegan.formula.tree import FormulaError
from vaegan.formula.values import as_value


def t(*v): return torch.tensor(v, dtype=torch.double)
NAN, INF = math.nan, math.inf

# ---------------------------------------------------------------------------------------------------------- true and false
@pytest.mark.parametrize("latex, given", [
    ("x = 3", {"x": 3.}), ("x = y", {"x": 3., "y": 3 + 1e-8}), (r"x \le y", {"x": 1., "y": 1.}), (r"x < y", {"x": 1., "y": 2.}), (r"x \ge y \ge z", {"x": 3., "y": 3., "z": 1.}), (r"x \ne y", {"x": 3., "y": 4.}), ("x = 0.9889", {"x": .98894}), ("x = -1.5", {"x": -1.46}), (r"x \approx .37", {"x": .3741}),
    (r"x \in \{1, 2\}", {"x": 2.}), (r"x \in \{1, 2\}", {"x": t(2, 1, 1)}), (r"x \notin \{1, 2\}", {"x": 3.}), (r"x = 1 \pm y", {"x": t(3, -1), "y": 2.}), (r"x = 1 \pm y", {"x": -1., "y": 2.}), (r"\operatorname{eig} A = \{1, 3\}", {"A": t([2, 1], [1, 2])}), ("v = 0", {"v": t(0, 0)}), ("(a, b) = (1, 2)", {"a": 1., "b": 2.}),
    (r"A = I", {"A": torch.eye(3)}), (r"v = (1, 2)", {"v": t(1, 2)}), (r"-\log x = \infty", {"x": 0.}), (r"y_j = b_j + \sum_{i=1}^n W_{ji} x_i", {"W": t([1, 2], [3, 4], [5, 6]), "x": t(1, -1), "b": t(1, 2, 3), "y": t(0, 1, 2), "n": 2}), (r"x =: y", {"x": 1., "y": 1.}), (r"u_i = i/n, \qquad i = 0, \dots, n - 1", {"u": t(0, .5), "n": 2, "i": range(2)})])
def test_true(latex, given): assert holds(latex, given).links

@pytest.mark.parametrize("latex, given", [
    ("x = 3", {"x": 3.1}), ("x = y", {"x": 3., "y": 3.001}), (r"x \le y", {"x": 1.1, "y": 1.}), (r"x < y", {"x": 1., "y": 1.}), (r"x \ge y \ge z", {"x": 3., "y": 3., "z": 3.1}), (r"x \ne y", {"x": 3., "y": 3.}), ("x = 0.9889", {"x": .98896}), ("x = -1.5", {"x": -1.44}), (r"x \approx .37", {"x": .376}), ("x = 3", {"x": NAN}),
    (r"x \le y", {"x": NAN, "y": 1.}), (r"x \le y", {"x": -INF, "y": 1.}), ("x = y", {"x": INF, "y": -INF}), ("x = y", {"x": INF, "y": 1.}), (r"x \ne y", {"x": NAN, "y": 1.}), (r"x \in \{1, 2\}", {"x": 3.}), (r"x \in \{1, 2\}", {"x": t(2, 3)}), (r"x \notin \{1, 2\}", {"x": 2.}), (r"x = 1 \pm y", {"x": t(3, 3), "y": 2.}),
    (r"x = 1 \pm y", {"x": -2., "y": 2.}), (r"\operatorname{eig} A = \{1, 2\}", {"A": t([2, 1], [1, 2])}), ("v = 0", {"v": t(0, .1)}), ("(a, b) = (1, 2)", {"a": 1., "b": 3.}), (r"A = I", {"A": torch.ones(3, 3)}), ("x = y", {"x": t(1, 2), "y": t(1, 3)}), ("x = 1", {"x": t(1, NAN)}), ("x < 2", {"x": 1j}),
    (r"y_j = b_j + \sum_{i=1}^n W_{ji} x_i", {"W": t([1, 2], [3, 4], [5, 6]), "x": t(1, -1), "b": t(1, 2, 3), "y": t(0, 1, 3), "n": 2}), (r"a = b, \qquad c = d", {"a": 1., "b": 1., "c": 1., "d": 2.}), (r"u_i = i/n, \qquad i = 0, \dots, n - 1", {"u": t(0, .6), "n": 2, "i": range(2)})])
def test_false(latex, given):
    with pytest.raises(Fails, match="not "): holds(latex, given)

@pytest.mark.parametrize("latex, given, what", [
    ("x = y", {"x": t(1, 2), "y": t(1, 2, 3)}, "does not go with"), ("x^\\top = y", {"x": t(1, 2), "y": t(1, 2)}, "a row"), (r"x \approx y", {"x": 1., "y": 1.}, "within="), (r"x \to y", {"x": 1., "y": 1.}, "within="), (r"x \sim y", {"x": 1., "y": 1.}, "what is x drawn from"), (r"x \leftarrow y", {"x": 1., "y": 1.}, "what was put into x"),
    ("= y", {"y": 1.}, "goes on from another"), (r"\text{nothing to see here} ", {}, "nothing to evaluate"), ("x + 1", {"x": 1.}, "nothing to evaluate"), ("(a, b) = (1, 2, 3)", {"a": 1., "b": 2.}, "another length"), ("f = g", {"f": abs, "g": abs}, "expected a number"), ("I = I", {}, None),
    (r"\begin{pmatrix} 2 \\ 2 \end{pmatrix} = x", {"x": 2.}, "equals no number"), (r"\begin{pmatrix} 0 \\ 0 \end{pmatrix} = 0", {}, None), (r"|\lambda| = 2", {"lambda": t(2, -2)}, None)])
def test_refused(latex, given, what):
    if what is None: assert holds(latex, given)
    else:
        with pytest.raises(FormulaError, match=what): holds(latex, given)

def test_an_assignment_is_compared_with_what_was_put_there():
    step = r"\theta \leftarrow \theta - \eta\,g"
    assert str(holds(step, {"theta <-": .7}, theta=1., eta=.1, g=3.)) == "theta <- theta-eta g:  0.7 <- 0.7"
    with pytest.raises(Fails, match="not <-: 0.8 against 0.7"): holds(step, {"theta <-": .8}, theta=1., eta=.1, g=3.)

def test_how_near_is_near():
    assert holds(r"x \approx y", x=1., y=1.01, within=.02) and holds(r"x \to y", x=1., y=1.01, within=.02) and holds("x = y", x=1., y=1.01, rtol=.1) and holds("x = y", x=0., y=.01, atol=.1)
    for latex in (r"x \approx y", r"x \to y"):
        with pytest.raises(Fails): holds(latex, x=1., y=1.03, within=.02)
    with pytest.raises(Fails): holds("x = y", x=1., y=1.01, within=.02)     # = stays =

# ------------------------------------------------------------------------------------------------------ nothing in silence
def test_what_was_evaluated_and_what_was_not():
    got = holds(r"z \sim N,\qquad x = y \ge 1 \quad\text{for every } b", x=2., y=2., skip={"z ~": "how z is drawn"})
    assert [(k.left, k.op, k.right, k.clause) for k in got.links] == [("x", "=", "y", 2), ("y", ">=", "1", 2)]
    assert got.left == (("z ~ N", "how z is drawn"), ("for every  b", "a remark"))
    text = str(got)
    assert "x = y:  2 = 2" in text and "not evaluated: z ~ N (how z is drawn)" in text and repr(got) == text

def test_skipping_by_name_by_number_and_by_kind():
    latex = r"a = b,\qquad c = 2\,b \sim N"
    for skip in ({1: "why", "~": "a distribution"}, {"a =": "why", "~": "a distribution"}):
        got = holds(latex, c=4., b=2., skip=skip)
        assert len(got.links) == 1 and len(got.left) == 2
    for skip, what in (({"x": "why"}, "no statement"), ({1: ""}, "a reason"), ({1: None}, "a reason"), ({9: "why"}, "no statement")):
        with pytest.raises(ValueError, match=f"skip: .*{what}"): holds(latex, c=4., b=2., skip=skip)
    with pytest.raises(FormulaError, match="what is 2b drawn from"): holds(latex, a=2., c=4., b=2.)

def test_an_error_names_its_link_and_the_place():
    with pytest.raises(Fails) as e: holds(r"a = b,\qquad y_j = x_j \le c", a=1., b=1., y=t(1, 2), x=t(1, 3), c=9.)
    assert str(e.value) == "not =: 2 against 3, at j = 2; here: y_{j} = x_{j}"
    with pytest.raises(FormulaError) as e: holds(r"\log q = \sigma_q", sigma_q=1.)
    assert r"\log ⟪q⟫ = \sigma_q" in str(e.value)

def test_all_points_of_a_tensor_are_checked():
    assert holds("x^2 = y", x=t(1, 2, 3), y=t(1, 4, 9))
    with pytest.raises(Fails): holds("x^2 = y", x=t(1, 2, 3), y=t(1, 4, 9.1))

# ------------------------------------------------------------------------------------------------------------------- tags
def test_a_tag_is_what_stands_on_its_page():
    given = dict(mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3)
    truth = torch.distributions.kl_divergence(Normal(.4, .8), Normal(-.3, 1.3))
    link, = holds("KL-NORMAL", given).links
    assert link.values[0].item() == pytest.approx(truth.item()) == link.values[1].item()
    with instead("KL-NORMAL", r"\operatorname{KL}\big(\mathcal N(\mu_q,\sigma_q^2)\,\|\,\mathcal N(\mu_p,\sigma_p^2)\big) = \tfrac12\Big[\frac{\sigma_q^2-(\mu_q-\mu_p)^2}{\sigma_p^2}-1-\log\frac{\sigma_q^2}{\sigma_p^2}\Big]"):
        with pytest.raises(Fails): holds("KL-NORMAL", given)

def test_a_display_that_goes_on():
    "L2 is `= log ∫ p(x|z) p(z) dz`, and its left side is the right side of L1"
    z = torch.linspace(-9, 9, 1801, dtype=torch.double)
    given = {"p(x|z)": lambda z: Normal(z, .6).log_prob(t(1.2)[0]).exp(), "p(z)": lambda z: Normal(0., 1.).log_prob(z).exp(), "dz": Over("z", z, torch.full_like(z, .01))}
    given["p(x,z)"] = lambda z: given["p(x|z)"](z)*given["p(z)"](z)
    link, = holds("L2", given).links
    assert link.left.startswith("log int") and link.values[1].item() == pytest.approx(Normal(0., 1.36**.5).log_prob(t(1.2)[0]).item())

def test_several_dictionaries_and_names():
    assert holds("x = y", {"x": 1., "y": 3.}, {"y": 2.}, y=1.).links[0].values == (1., 1.)
    with pytest.raises(TypeError, match="given: expected dictionaries"): holds("x = y", 3)

def test_a_tree_goes_as_well(): assert holds(read("x = 1"), x=1.)

def test_the_sides_as_functions():
    left, right = says(r"\log\tfrac12 x = \log x - \log 2")
    assert left(x=3.) == pytest.approx(right({"x": 3.}).item()) and left.__doc__ == "log 1/2 x"
    assert says(r"x + 1")[0](x=1.) == 2 and [v.item() for v in says(r"1 \pm x")[0](x=2.)] == [3, -1] and says("a = b, c = d", 2)[1](d=4.) == 4
    assert value(read("x^2").clauses[0], x=3.) == 9

def test_gradients_do_not_leak_out():
    "Values come without a graph"
    assert not says("x^2 = y")[0](x=torch.tensor(2., requires_grad=True)).requires_grad
    assert not holds(r"\frac{d}{dx} x^2 = 4", x=2.).links[0].values[0].requires_grad

def test_hostile_formulas_end_soon():
    for latex in ("+".join(["x"]*2000) + " = 2000", "("*30 + "x" + ")"*30 + " = 1"): assert holds(latex, x=1.)
    with pytest.raises(FormulaError): holds("("*60 + "x" + ")"*60 + " = 1", x=1.)

# ------------------------------------------------------------------------------------------------------------ smaller parts
@pytest.mark.parametrize("latex, half", [("0.9889", .5e-4), (".5", .05), ("2.50", .005), ("-1.5", .05), ("2", None), ("x", None), ("1.5 x", None), ("e^{1.5}", None)])
def test_what_digits_claim(latex, half): assert printed(read(latex).clauses[0]) == (half and pytest.approx(half))

def test_agreement_is_of_both_sides():
    near = Tolerance(1e-6, 1e-9, None)
    assert agree(t(1, 2), t(1, 2), "=", near) and not agree((t(1)[0],), t(1)[0], "=", near) and not agree((t(1)[0],), (t(1)[0], t(2)[0]), "=", near)
    assert among(t(1)[0], Choice((as_value(1.), as_value(2.))), "=", near) and not among(t(1, 1), Choice((as_value(1.), as_value(2.))), "=", near)

def test_values_are_shown_short():
    assert side_text(t(1.23456789)[0]) == "1.23457" and side_text(t(1, 2, 3, 4)) == "[1, 2, 3, …]" and side_text((t(1)[0], t(2)[0])) == "(1, 2)" and side_text(torch.tensor(1 + 2j)) == "1+2i"

ROWS = {"formula.claims.says": row(dict(what="x = 1", statement=1), what=[1, None], statement=[0, -1, 2, "1"])}
NO_ROW = {"formula.claims.holds": "takes anything by name; what it refuses has its tests in tests/library/formula/test_claims.py", "formula.claims.value": "takes a part of a formula",
          "formula.agree.Fails": "an exception", "formula.agree.Link": "a plain record", "formula.agree.Tolerance": "a plain record",
          **{f"formula.agree.{n}": "takes values that the evaluator made" for n in "side_text link_of failed printed agree among alike rounding same_size tolerance fits".split()},
          **{f"formula.{n}": "handed on by the wing; its row stands under its room" for n in "Over grid holds says".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

@pytest.mark.parametrize("wrong", [r"\log w \le 2w", r"\log w \le \tfrac{w}{2}", r"\log w \le w - \tfrac12"])
def test_a_bound_that_is_too_generous_is_seen_where_the_right_one_is_tight(wrong):
    holds(r"\log w \le w - 1", w=3.)
    holds(r"\log w \le w - 1", w=1., tight=True)
    holds(wrong, w=3.)
    with pytest.raises(Fails): holds(wrong, w=1., tight=True)
