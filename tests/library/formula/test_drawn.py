"Laws behind ∼ and conditions: what is drawn from something else, or claimed where it is false, turns a check red."
import math

import pytest
import torch
from bad_input import bad_input_tests
from torch.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Geometric,
    Independent,
    Laplace,
    LogNormal,
    MultivariateNormal,
    Normal,
    Poisson,
    TransformedDistribution,
    Uniform,
)
from torch.distributions.transforms import AffineTransform, SigmoidTransform

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

def Logistic(mu, s): return TransformedDistribution(Uniform(0., 1.), [SigmoidTransform().inv, AffineTransform(mu, s)])

def many(law, n=40_000):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return law.sample((n,)).double()

TWO = MultivariateNormal(t(.3, -1.), t([2., .6], [.6, .5]))
@pytest.mark.parametrize("latex, of, others", [      # others with the same mean and variance
    (r"z \sim \mathcal N(0, 2)", Normal(0., 2**.5), [Laplace(0., 1.), Uniform(-6**.5, 6**.5), Logistic(0., 6**.5/math.pi)]), (r"z \sim U(-1, 1)", Uniform(-1., 1.), [Normal(0., 3**-.5), Laplace(0., 6**-.5)]), (r"z \sim F", Laplace(0., 1.), [Normal(0., 2**.5)]),
    (r"z \sim F", LogNormal(0., .5), [Normal(math.exp(.125), math.sqrt((math.exp(.25) - 1)*math.exp(.25)))])])
def test_the_same_two_moments_are_not_the_same_law(latex, of, others):
    "By draws, and by points on a grid; of a measure that stands for the law, too"
    def grids(law): return grid("z", -30, 30, law, n=6000)
    with torch.random.fork_rng(devices=[]):
        assert holds(latex, {"z ~": many(of)}, F=of) and (isinstance(of, Uniform | LogNormal) or holds(latex, {"z ~": grids(of)}, F=of, rtol=1e-4))
    assert holds(r"z \sim q", {"z ~": many(of), "E_q": Over("z", many(of, 100_000))}, rtol=.02)
    for law in others:
        with pytest.raises(Fails, match="share below"): holds(latex, {"z ~": many(law)}, F=of)
        with pytest.raises(Fails, match="share below|not ~"): holds(r"z \sim q", {"z ~": many(law), "E_q": Over("z", many(of, 100_000))})
        if not isinstance(law, Uniform):
            with pytest.raises(Fails, match="share below"): holds(latex, {"z ~": grids(law)}, F=of, rtol=1e-4)

def test_vectors_are_looked_at_from_several_sides():
    "Normal along the axes and uncorrelated, and yet no normal law; uniform entries; a full covariance"
    assert holds(r"z \sim F", {"z ~": many(TWO)}, F=TWO) and holds(r"z \sim F", {"z ~": many(Independent(Uniform(t(0, 1), t(1, 3)), 1))}, F=Independent(Uniform(t(0, 1), t(1, 3)), 1))
    x = many(Normal(0., 1.))
    sign = torch.where(x.abs() > 1.538, -1., 1.)     # without correlation
    with pytest.raises(Fails, match="share below"): holds(r"z \sim \mathcal N(0, I)", {"z ~": torch.stack([x, sign*x], 1)})
    with pytest.raises(Fails, match="share below"): holds(r"z \sim F", {"z ~": many(Independent(Normal(t(.5, 2), t(12**-.5, 3**-.5)), 1))}, F=Independent(Uniform(t(0, 1), t(1, 3)), 1))

def test_counts_without_an_end():
    for law, other in ((Poisson(2.5), Binomial(5, .5)), (Geometric(.4), Poisson(1.5))):
        assert holds(r"k \sim F", {"k ~": many(law)}, F=law)
        with pytest.raises(Fails, match="not ~"): holds(r"k \sim F", {"k ~": many(other)}, F=law)

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

def test_a_condition_of_which_nothing_is_known_is_an_error():
    "Unless it is skipped with a reason; values that are tried are counted"
    for condition in ("n > 3", r"n \to \infty", r"n \in \mathbb N", "n = m"):
        with pytest.raises(FormulaError, match="nothing is known of n: give it, or skip the condition"): holds(rf"x = 1 \text{{ for }} {condition}", x=1.)
    assert holds(r"x = 1 \text{ for } n > 3", x=1., skip={"for": "n is of another page"}).left == (("for  n > 3", "n is of another page"),)
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

def test_an_order_at_the_end_is_a_condition_where_one_asks_for_its_outside():
    latex = r"\log p(x) = 0, \qquad 0 \le x \le 1"
    beyond = {"log p(x)": -math.inf}
    assert len(holds(latex, {"log p(x)": 0.}, x=.7, outside=[beyond | {"x": 1.4}, beyond | {"x": -.2}]).notes) == 2
    for wide in (latex.replace("1", "2"), latex.replace("0 \\le x \\le 1", "x \\le 1")):
        with pytest.raises(AssertionError, match="too wide"): holds(wide, {"log p(x)": 0.}, x=.7, outside=[beyond | {"x": 1.4}, beyond | {"x": -.2}])

def test_what_stands_behind_both_ways_has_an_outside_too():
    latex = r"f = 0 \iff xy = 1 \text{ or } x = y = 0"
    one, other, off = dict(x=2., y=.5, f=0.), dict(x=0., y=0., f=0.), [dict(x=2., y=3., f=9.), dict(x=0., y=3., f=2.)]
    held = holds(latex, one, outside=off) & holds(latex, other)
    assert {k.left for k in held.links} == {"f", "x y", "x", "y"} and str(held).count("outside of x y = 1, as it should be") == 2
    assert holds(latex, one).left == (("or  x = y = 0", "not the case here"),)
    for values in (dict(x=2., y=.6, f=0.), dict(x=0., y=1., f=0.), one | {"f": 1.}):
        with pytest.raises(Fails): holds(latex, values)
    with pytest.raises(Fails): holds(latex.replace("y = 0", "y = 1"), other)
    for wide in (latex.replace("x = y = 0", "x = 0"), r"f = 0 \iff xy = 1 \text{ or } x = x"):
        with pytest.raises(AssertionError, match="too wide"): holds(wide, one, outside=off)
    with pytest.raises(AssertionError, match="too narrow"): holds(r"f = 0 \iff xy = 1", one, outside=other)
    assert any("x = y = 1" in w.latex or r"2 \, y" in w.latex for w in wrong_versions(latex))

def test_the_sets_that_are_known():
    A = torch.ones(2, 3)
    for latex in (r"x = x \text{ for } x \in \mathbb R", r"x \in \mathbb N", r"x \in \mathbb Z", r"v \in \mathbb R^n", r"A \in \mathbb R^{n \times 3}", r"-x \notin \mathbb N", r"x/2 \notin \mathbb Z", r"v \notin \mathbb R^3"): assert not holds(latex, x=3., v=t(1, 2), A=A, n=2).left
    for latex in (r"x/2 \in \mathbb N", r"v \in \mathbb R^3", r"A \in \mathbb R^{3 \times n}", r"A \in \mathbb R^n", r"x = x \text{ for } x \in \mathbb R^n", r"ix \in \mathbb R", r"A \in \mathbb R", r"x \notin \mathbb R"):
        with pytest.raises(Fails): holds(latex, x=3., v=t(1, 2), A=A, n=2)
    with pytest.raises(FormulaError, match="nothing is known of m"): holds(r"A \in \mathbb R^{m \times 3}", A=A)
    assert holds(r"x \in \mathbb N", x=2., N=[2., 3.]) and str(holds(r"v \in \mathbb R^n", v=t(1, 2), n=2)) == "v in R^n:  [1, 2] in 2"

def test_each_condition_is_about_its_own_statement():
    display = read(r"a = 1\quad (x > 0),\qquad b = 2\quad (x < 9),\qquad \text{for } y = 3:\quad c = 3,\quad d = 4")
    assert [conditioned(display, n) for n, c in enumerate(display.clauses, 1) if conditions(c)] == [[1], [3], [6, 7]]
    two = r"a = 1\quad (x > 0),\qquad b = 2\quad (x < 9)"
    assert holds(two, a=1., b=2., x=3., outside=[dict(x=-1., a=2.), dict(x=10., b=3.)])
    with pytest.raises(AssertionError, match="too narrow"): holds(two, a=1., b=2., x=3., outside=dict(x=10., a=2.))
    skipped = holds(two, b=2., skip={1: "elsewhere"}, x=-3.)
    with pytest.raises(AssertionError, match="false at x = -1.*x < 9 is too wide"): holds(two, a=1., b=2., x=3., outside=dict(x=-1., a=2., b=3.))
    assert [why for _, why in skipped.left] == ["elsewhere", "elsewhere"]

def test_wrong_conditions_are_among_the_wrong_versions():
    latex = r"|x| = x \text{ for } x \ge 0,\qquad y = 1\quad (y < 2)"
    found = {w.latex for w in wrong_versions(latex)}
    assert {r"\le", r"\ge"} <= {op for f in found for op in (r"\le", r"\ge") if op in f} and any("y > 2" in f for f in found) and any(r"y < \tfrac{1}{2}" in f for f in found)

NO_ROW = {**{f"formula.drawn.{n}": "a plain record" for n in ("Moments", "Points", "Moments.beside")}, **{f"formula.drawn.{n}": "takes what a check hands on" for n in ("drawn", "same_law")}, "formula.laws.share_below": "takes what a check hands on",
          **{f"formula.conditions.{n}": "takes what a check hands on" for n in "conditions is_range alternatives conditioned refuse_hidden condition told outside_of".split()},
          **{f"formula.statements.{n}": "takes what a check hands on" for n in "relations law_of as_range ended runs skipped_in left_out".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests({}, NO_ROW)
