"Laws behind ∼ and conditions: what is drawn from something else, or claimed where it is false, turns a check red."
import math

import pytest
import torch
from bad_input import bad_input_tests
from torch.distributions import Bernoulli, Categorical, Independent, Laplace, MultivariateNormal, Normal, Uniform

from vaegan.formula import Over, grid, holds
from vaegan.formula.agree import Fails
from vaegan.formula.conditions import conditioned, conditions
from vaegan.formula.displays import instead, latex_of
from vaegan.formula.read import read
from vaegan.formula.tree import FormulaError
from vaegan.formula.wrong import wrong_versions


def t(*v): return torch.tensor(v, dtype=torch.double)
def draws(*shape): return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.double)
MU, SIGMA, EPS = t(.7, -1.2, .1), t(.6, 2., .3), t(.4, -.3, 1.1)
SIX = 3**.5*torch.cat([torch.eye(3), -torch.eye(3)]).double()     # mean 0, covariance I
L = t([1.2, 0., 0.], [-.9, .5, 0.], [.3, .2, .8])

# ------------------------------------------------------------------------------------------------------------------ laws
@pytest.mark.parametrize("latex, given", [
    (r"a \sim \mathcal N(0, s^2)", {"a ~": Normal(0., 1.7), "s": 1.7}), (r"a \sim \mathcal N(0, s^2)", {"a ~": grid("a", -14, 14, Normal(0., 1.7)), "s": 1.7}), (r"a \sim \mathcal N(m, s^2)", {"a ~": .4 + 1.7*draws(20_000), "m": .4, "s": 1.7}), (r"\log w \sim \mathcal N(m, \tau^2)", {"log w ~": Normal(-.4, .7), "m": -.4, "tau": .7}),
    (r"z \sim \mathcal N(\mu, \operatorname{diag}\sigma^2)", {"z ~": Normal(MU, SIGMA), "mu": MU, "sigma": SIGMA}), (r"z \sim \mathcal N(\mu, L L^\top)", {"z ~": MultivariateNormal(MU, scale_tril=L), "mu": MU, "L": L}), (r"z \sim \mathcal N(0, I)", {"z ~": Independent(Normal(t(0, 0), t(1, 1)), 1)}), (r"z \sim \mathcal N(0, I)", {"z ~": draws(20_000, 2)}),
    (r"t \sim U(0, 1)", {"t ~": Uniform(0., 1.)}), (r"u \sim \mathcal U(-\tfrac h2, \tfrac h2)", {"u ~": Over("u", ((torch.arange(4000) + .5)/4000 - .5)*.4), "h": .4, "rtol": 1e-4}), (r"b \sim \operatorname{Bern}(p)", {"b ~": Over("b", t(0, 1), t(.7, .3)), "p": .3}), (r"b \sim \operatorname{Bern}(p)", {"b ~": Bernoulli(.3), "p": .3}),
    (r"k \sim \operatorname{Cat}(\pi)", {"k ~": Categorical(t(.2, .5, .3)), "pi": t(.2, .5, .3)}), (r"k \sim \operatorname{Cat}(\pi)", {"k ~": Over("k", t(0, 1, 2), t(.2, .5, .3)), "pi": t(.2, .5, .3)}),
    (r"z \sim p(z)", {"z ~": Normal(0., 1.), "p(z)": lambda z: (-z**2/2).exp()/math.sqrt(2*math.pi)}), (r"z^{(i)} \sim q(z \mid x)", {"z^(i) ~": Normal(.2, .7), "q(z|x)": lambda z: Normal(.2, .7).log_prob(z).exp(), "x": 1.}), (r"z \sim q", {"z ~": draws(9000), "E_q": grid("z", -9, 9, Normal(0., 1.))}), (r"z \sim q", {"z ~": draws(9000), "q": Normal(0., 1.)}),
    (r"z = \varepsilon\sigma + \mu,\quad \varepsilon\sim\mathcal N(0, I)\ \Rightarrow\ z\sim\mathcal N(\mu, \operatorname{diag}\sigma^2)", {"z": EPS*SIGMA + MU, "eps": EPS, "mu": MU, "sigma": SIGMA, "eps ~": Over("eps", SIX)})])
def test_drawn_so(latex, given):
    near = given.get("rtol", 1e-6)
    assert any(k.op == "~" for k in holds(latex, {k: v for k, v in given.items() if k != "rtol"}, rtol=near).links)

@pytest.mark.parametrize("latex, given", [
    (r"a \sim \mathcal N(0, s)", {"a ~": Normal(0., 1.7), "s": 1.7}), (r"a \sim \mathcal N(0, s)", {"a ~": grid("a", -14, 14, Normal(0., 1.7)), "s": 1.7}), (r"a \sim \mathcal N(m, s)", {"a ~": .4 + 1.7*draws(20_000), "m": .4, "s": 1.7}), (r"a \sim \mathcal N(0, s^2)", {"a ~": .4 + 1.7*draws(20_000), "s": 1.7}),
    (r"z \sim \mathcal N(\mu, \operatorname{diag}\sigma)", {"z ~": Normal(MU, SIGMA), "mu": MU, "sigma": SIGMA}), (r"z \sim \mathcal N(\mu, L^\top L)", {"z ~": MultivariateNormal(MU, scale_tril=L), "mu": MU, "L": L}), (r"z \sim \mathcal N(0, 2I)", {"z ~": draws(20_000, 2)}), (r"t \sim U(0, 2)", {"t ~": Uniform(0., 1.)}),
    (r"b \sim \operatorname{Bern}(1 - p)", {"b ~": Over("b", t(0, 1), t(.7, .3)), "p": .3}), (r"b \sim \operatorname{Bern}(p)", {"b ~": Over("b", t(0, 1, 2), t(.5, .3, .2)), "p": .3}), (r"k \sim \operatorname{Cat}(\pi)", {"k ~": Over("k", t(0, 1, 2), t(.3, .3, .4)), "pi": t(.2, .5, .3)}), (r"z \sim \mathcal N(0, 2)", {"z ~": Laplace(0., 1.)}),
    (r"z \sim p(z)", {"z ~": Normal(0., 1.), "p(z)": lambda z: (-z**2/2).exp()}), (r"z \sim q", {"z ~": 1.2*draws(9000), "E_q": grid("z", -9, 9, Normal(0., 1.))})])
def test_drawn_otherwise(latex, given):
    with pytest.raises(Fails, match="not ~: .* against "): holds(latex, given)

@pytest.mark.parametrize("latex, given, what", [
    (r"z \sim \mathcal N(0, 1)", {}, 'give "z ~"'), (r"z \sim \mathcal N(0, 1)", {"z ~": 3.}, "expected a law of torch"), (r"z \sim \mathcal N(0, 1)", {"z ~": draws(200)}, "some thousands"), (r"z \sim \mathcal N(0, 1)", {"z ~": draws(9000, 2)}, "is diag or I missing"), (r"z \sim \mathcal N(\mu, \sigma^2)", {"z ~": MultivariateNormal(MU, scale_tril=L), "mu": MU, "sigma": SIGMA}, "is diag or I missing"),
    (r"z \sim 3", {"z ~": draws(9000)}, "expected a law"), (r"z \sim p(z)", {"z ~": draws(9000), "p(z)": lambda z: z}, "expected a law"), (r"z \sim N(0, 1)", {"~": Over("z", t(1, -1), t(1, 1))}, "1 as their sum"), (r"z \sim y", {"z ~": draws(9000)}, "y")])
def test_laws_that_cannot_be_compared(latex, given, what):
    with pytest.raises(FormulaError, match=what): holds(latex, given)

def test_a_law_of_another_letter_is_none():
    given = {"z ~": draws(9000), "E_q": grid("z", -9, 9, Normal(0., 1.)), "x": 1.}
    for right in ("q(z)", r"q(z \mid x)", r"q(z^{(i)} \mid x)", "q"): assert holds(rf"z \sim {right}", given)
    for wrong in (r"q(x \mid z)", "q(x)", "q(w)"):
        with pytest.raises(FormulaError, match="no law of z, over which E_q runs"): holds(rf"z \sim {wrong}", given)

def test_laws_of_two_sizes_are_told_apart():
    with pytest.raises(FormulaError, match="vectors of 3 before ∼, 3 laws of numbers behind it"): holds(r"z \sim \mathcal N(\mu, \sigma^2)", {"z ~": MultivariateNormal(MU, scale_tril=L)}, mu=MU, sigma=SIGMA)

def test_two_letters_of_one_law_and_what_is_made_of_them():
    four = 2*torch.cat([torch.eye(4), -torch.eye(4)]).double()
    given = {"~": Over("a b", (four[:, :2], four[:, 2:])), "a": t(1, 2), "b": t(.3, -1), "t": .3, "z_t": .7*t(1, 2) + .3*t(.3, -1)}
    held = holds("LINE", given)
    assert [k.left for k in held.links if k.op == "~"] == ["a", "b", "z_t"] and not any("a" == text for text, _ in held.left)
    assert len(holds("LINE", given, skip={"~": "why not"}).links) == 1
    with instead("LINE", latex_of("LINE").replace("[(1-t)^2+t^2]", "[(1-t)+t]")), pytest.raises(Fails, match="0.58"): holds("LINE", given)

def test_wrong_laws_show_their_moments():
    given = dict(z=EPS*SIGMA + MU, eps=EPS, mu=MU, sigma=SIGMA)
    held = holds("REPARAM", {"eps ~": Over("eps", SIX)}, given)
    assert "mean [0.7, -1.2, 0.1], covariance diag [0.36, 4, 0.09] ~ mean [0.7, -1.2, 0.1], covariance diag [0.36, 4, 0.09]" in str(held)
    assert ("σ for σ²", "covariance 2", "∼ covariance 4") in {(w.words, w.gives, w.should) for w in held.trials()}
    assert holds("REPARAM", {"eps ~": Over("eps", SIX)}, given).trials() == held.trials()

def test_no_wrong_version_of_a_law_passes():
    for latex in (r"z = \varepsilon\sigma + \mu,\quad \varepsilon\sim\mathcal N(0, I)\ \Rightarrow\ z\sim\mathcal N(\mu, \operatorname{diag}\sigma^2)", r"z = L\varepsilon + \mu,\quad \varepsilon\sim\mathcal N(0, I)\ \Rightarrow\ z\sim\mathcal N(\mu, LL^\top)"):
        z = EPS*SIGMA + MU if "diag" in latex else L@EPS + MU
        given = {"z": z, "eps": EPS, "mu": MU, "sigma": SIGMA, "L": L, "eps ~": Over("eps", SIX)}
        assert holds(latex, given)
        for w in wrong_versions(latex):
            with pytest.raises((AssertionError, ValueError)): holds(w.latex, given)

# ------------------------------------------------------------------------------------------------------------ conditions
def test_a_condition_must_be_true():
    for latex, good, bad in ((r"x^2 \ge x \text{ for } x > 1", 2., .5), (r"x^2 \ge x \quad (x \ge 1)", 1., .9), (r"e^x - 1 \to x\quad (x \to 0)", 1e-5, .01), (r"\frac1x \to 0\quad (x \to \infty)", 1e5, 10.), (r"a = 2x \text{ whenever } 0 < x \le 3", 3., 4.)):
        held = holds(latex, x=good, a=2*good, within=.2)
        assert len(held.links) >= 2 and not held.left
        with pytest.raises(Fails, match="not meet the condition|not >="): holds(latex, x=bad, a=2*bad, within=.2)

def test_a_strict_condition_may_be_tight():
    assert holds(r"x^2 \le 1 \text{ for } 0 < x < 1", x=1., tight=True)
    with pytest.raises(Fails, match="condition"): holds(r"x^2 \le 1 \text{ for } 0 < x < 1", x=1.)

def test_a_function_in_a_condition():
    for latex, f in ((r"f'(x) = 2x \text{ for } f = x^2", torch.square), (r"f(x) = q(x) \text{ for } f = q(x)", torch.sin)): assert len(holds(latex, f=f, q=torch.sin, x=1.3).links) == 2
    with pytest.raises(Fails, match="condition"): holds(r"f'(x) = 2x \text{ for } f = x^3", f=torch.square, x=1.3)
    assert len(holds(r"x = 1 \text{ for } q = \mathcal N(0, s^2)", q=Normal(0., 2.), x=1., s=2.).links) == 2
    with pytest.raises(Fails, match="condition"): holds(r"x = 1 \text{ for } q = \mathcal N(0, s)", q=Normal(0., 2.), x=1., s=2.)

def test_a_condition_of_which_nothing_is_known_is_told():
    assert holds(r"x = 1 \text{ for } n > 3", x=1.).left == (("for  n > 3", "nothing is known of n"),)
    assert holds(r"x = x \text{ for every } x", x=1.).left == (("for every  x", "tried at one value"),)
    assert holds(r"x = x \text{ for every } x", x=t(1, 2, 3)).left == (("for every  x", "tried at 3 values"),)

def test_outside():
    latex = r"|x| = x \text{ for } x \ge 0"
    held = holds(latex, x=2., outside=[dict(x=-.1), {"x": -3.}])
    assert held.notes == ("false at x = -0.1, outside of x >= 0, as it should be", "false at x = -3, outside of x >= 0, as it should be") and held.notes[0] in str(held) and f"`{held.notes[0]}`" in held._repr_markdown_()
    for wide in (r"|x| = x \text{ for } x \ge -1", r"|x| = x \text{ for } x \ge -0.5"):
        with pytest.raises(AssertionError, match="x = -0.1.*too wide"): holds(wide, x=2., outside=dict(x=-.1))
    with pytest.raises(AssertionError, match="x = 1, too.*too narrow"): holds(r"|x| = x \text{ for } x \ge 1.5", x=2., outside=dict(x=1.))
    with pytest.raises(ValueError, match="outside: this display has no condition"): holds("x = 1", x=1., outside=dict(x=2.))
    with pytest.raises(TypeError): holds(latex, x=2., outside=[3])

def test_each_condition_is_about_its_own_statement():
    display = read(r"a = 1\quad (x > 0),\qquad b = 2\quad (x < 9),\qquad \text{for } y = 3:\quad c = 3,\quad d = 4")
    assert [conditioned(display, n) for n, c in enumerate(display.clauses, 1) if conditions(c)] == [[1], [3], [6, 7]]
    two = r"a = 1\quad (x > 0),\qquad b = 2\quad (x < 9)"
    assert holds(two, a=1., b=2., x=3., outside=[dict(x=-1., a=2.), dict(x=10., b=3.)])
    with pytest.raises(AssertionError, match="too narrow"): holds(two, a=1., b=2., x=3., outside=dict(x=10., a=2.))
    skipped = holds(two, b=2., skip={1: "elsewhere"}, x=-3.)
    assert [why for _, why in skipped.left] == ["elsewhere", "elsewhere"]

def test_wrong_conditions_are_among_the_wrong_versions():
    latex = r"|x| = x \text{ for } x \ge 0,\qquad y = 1\quad (y < 2)"
    found = {w.latex for w in wrong_versions(latex)}
    assert {r"\le", r"\ge"} <= {op for f in found for op in (r"\le", r"\ge") if op in f} and any("y > 2" in f for f in found) and any(r"y < \tfrac{1}{2}" in f for f in found)

NO_ROW = {**{f"formula.drawn.{n}": "a plain record" for n in ("Moments", "Points", "Moments.beside")}, **{f"formula.drawn.{n}": "takes what a check hands on" for n in ("drawn", "same_law")},
          **{f"formula.conditions.{n}": "takes what a check hands on" for n in "conditions conditioned refuse_hidden condition told outside_of".split()},
          **{f"formula.statements.{n}": "takes what a check hands on" for n in "relations law_of is_range runs skipped_in left_out".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests({}, NO_ROW)
