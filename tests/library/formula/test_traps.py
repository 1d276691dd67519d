"Kinds of mistakes that once passed unseen: the right formula is green, its wrong neighbour red, what cannot be evaluated refused."
import json
import math

import pytest
import torch
from torch.distributions import Beta, Exponential, Independent, Normal, Poisson, Uniform

import vaegan
from vaegan.formula import Over, displays, holds, says
from vaegan.formula.agree import Fails
from vaegan.formula.displays import displays_in, latex_of, look_in, written
from vaegan.formula.read import read
from vaegan.formula.tree import FormulaError
from vaegan.formula.write import write


def t(*v): return torch.tensor(v, dtype=torch.double)
X, Y = t(.3, -1.2, 2.), t(1.1, .4, -.7)
A = t([2., .3, .1], [.2, 1.5, -.4], [.6, -.1, 1.2])
def num(x): return math.sin(float(x))
def bell(at, sd): return lambda x: torch.exp(-(x - at)**2/(2*sd**2))/(sd*math.sqrt(2*math.pi))

GREEN = [
    (r"\prod_{i=1}^n 2 x_i = 24", {"x": t(2, 3), "n": 2}), (r"\Big(\prod_{i=1}^n x_i\Big)\cdot 2 = 12", {"x": t(2, 3), "n": 2}), ("f(x) = 3", {"f(x)": lambda: 3.}), (r"\operatorname{KL}(D^*(x)\,\|\,D(x)) = 2x", {"KL(D*(x)||D(x))": lambda x: 2*x, "x": 1.}),
    ("y_{o,i} = z_{o,i}", {"y": torch.eye(3), "z": torch.eye(3), "o": [0, 2]}), (r"\sum_{\substack{i=1 \\ i \ne j}}^n y_i = 3", {"y": t(1, 5, 2), "n": 3, "j": 2}), (r"\underset{x}{\arg\max}\, f(x) = 2", {"f": lambda x: -(x - 2)**2, "argmax_x": Over("x", t(1, 2, 3))}), (r"\partial_x f(x) = \cos x", {"f": torch.sin, "x": .7}),
    (r"\lVert x\rVert_1 = \sum_i |x_i|", {"x": X}), (r"\lVert x\rVert_\infty = 2", {"x": X}), (r"\lVert x\rVert_p = (\sum_i |x_i|^p)^{1/p}", {"x": X, "p": 3.}), (r"\lVert A\rVert_F = \sqrt{\operatorname{tr}(A^\top A)}", {"A": A}),
    (r"(x)_+ = \max(0, x)", {"x": -1.3}), ("[1 - y]_+ = 0", {"y": 2.3}), (r"(Ax)_i = \sum_j A_{ij} x_j", {"A": A, "x": X}),
    ("E = hf", {"E": 3.3e-19, "h": 6.6e-34, "f": 5e14}), ("a - b - c = 0", {"a": 1., "b": .9, "c": .1}), (r"\sum_i x_i = 0", {"x": t(.1, .2, -.3)}), (r"a - b = c", {"a": 1. + 1e-12, "b": 1., "c": 1e-12}), (r"\log x = 0", {"x": 1 + 1e-12}), ("a + b = c", {"a": 1e-20, "b": 2e-20, "c": 3e-20}),
    (r"f = \begin{cases} 1 & \text{if } x > 0 \text{ and } y > 0 \\ 0 & \text{otherwise} \end{cases}", {"f": 0., "x": 1., "y": -1.}), (r"f = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}", {"f": 2., "x": -2.}),
    (r"-\log x = \infty", {"x": 0.}), (r"\begin{aligned} a &= b \\ &= c \end{aligned}", {"a": 1., "b": 1., "c": 1.}), (r"a \ge b \\ = c", {"a": 3., "b": 2., "c": 2.}), (r"c_i = 2, \qquad i = 1, \dots, n", {"c": t(2, 2), "n": 2}),
    (r"x \in [0, 1]", {"x": .3}), (r"x \in [0, 1]", {"x": t(0, 1)}), (r"x \notin (0, 1)", {"x": 1.}), (r"x \in S", {"x": 2., "S": t(1, 2)}), (r"x \in S", {"x": 2., "S": {1, 2}}), (r"x \notin S", {"x": 3., "S": [1, 2]}),
    (r"\frac{d}{dx}[f(x) + x^2] = \cos x + 2x", {"f": torch.sin, "x": .7}), (r"p(x) = e^{-x}", {"p": Exponential(1.), "x": .7}), (r"p(x) = 0", {"p": Exponential(1.), "x": -.7}), ("p(k) = 0", {"p": Poisson(3.), "k": 1.5}), ("p(x) = 0", {"p": Beta(2., 3.), "x": 1.7}),
    (r"\mathbb E[x^2] = 5", {"E": Over("x", t(1, 3))}), (r"\mathbb E_{q(z)}[x] = x", {"E_q(z)": Over("z", t(1, 3)), "x": 2.}), (r"\int_{-\infty}^\infty e^{-x^2}\,dx = \sqrt\pi", {}), (r"\int_0^1 x^2\,dx = \frac13", {}), (r"\int_0^1 x\,dx = .5 \quad (a < 1)", {"a": .5}), (r"\int_{-1}^1 x\,dx = 0", {}),
    (r"\cos(a \pm b) = \cos a\cos b \mp \sin a\sin b", {"a": .3, "b": .9}), (r"\max_i x_i = 2", {"x": X}), (r"\frac{\partial^2 f}{\partial x\,\partial y} = 2x", {"f": lambda x, y: x**2*y, "x": 3., "y": 2.}), (r"A = I", {"A": torch.eye(2)}), ("A = 0", {"A": torch.zeros(2, 2)}), (r"A \ne A^\top", {"A": A}), (r"A \neq 0", {"A": torch.eye(3)}), (r"x \ne y", {"x": X, "y": Y}), (r"|\sqrt{-.3}| = \sqrt{.3}", {})]

@pytest.mark.parametrize("latex, given", GREEN)
def test_right(latex, given): assert holds(latex, given).links

RED = [
    (r"\prod_{i=1}^n 2 x_i = 12", {"x": t(2, 3), "n": 2}), ("y_{o,i} = z_{o,i}", {"y": t([1, 2], [0, 0], [5, 6]), "z": t([1, 2], [0, 0], [5, 7]), "o": [0, 2]}), (r"\sum_{\substack{i=1 \\ i \ne j}}^n y_i = 8", {"y": t(1, 5, 2), "n": 3, "j": 2}),
    (r"\underset{x}{\arg\max}\, f(x) = 1", {"f": lambda x: -(x - 2)**2, "argmax_x": Over("x", t(1, 2, 3))}), (r"\partial_x f(x) = \sin x", {"f": torch.sin, "x": .7}),
    (r"\lVert x\rVert_1 = \sqrt{x^\top x}", {"x": X}), (r"\lVert x\rVert_\infty = \sqrt{x^\top x}", {"x": X}), (r"\lVert x\rVert_p = \lVert x\rVert", {"x": X, "p": 3.}), ("(x)_+ = x", {"x": -1.3}), ("[1 - y]_+ = 1 - y", {"y": 2.3}), (r"(Ax)_i = \sum_j A_{ji} x_j", {"A": A, "x": X}),
    ("E = hf^2", {"E": 3.3e-19, "h": 6.6e-34, "f": 5e4}), ("p = 2q", {"p": 1e-12, "q": 1e-12}), ("p - 2q = 0", {"p": 1e-12, "q": 1e-12}), ("p(x) = 2 q(x)", {"p(x)": 1e-12, "q(x)": 1e-12}), (r"a \ge 2b", {"a": 1e-12, "b": 1e-12}), (r"\sum_i x_i = 2a", {"x": t(1e-14, 2e-14), "a": 3e-14}), (r"\frac{a + b}{c} = 2d", {"a": 1e-20, "b": 1e-20, "c": 1., "d": 2e-20}),
    (r"f = \begin{cases} 1 & \text{if } x > 0 \text{ and } y > 0 \\ 0 & \text{otherwise} \end{cases}", {"f": 1., "x": 1., "y": -1.}), (r"f = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}", {"f": -2., "x": -2.}),
    (r"A \ne A^\top", {"A": A + A.T}), (r"x \ne y", {"x": X, "y": t(1, -1.2, 3)}), (r"\frac1x = \frac2x", {"x": 0.}), (r"-\log x = -2\log x", {"x": 0.}), ("a = b", {"a": math.inf, "b": math.inf}), (r"\begin{aligned} a &= b \\ &= c \end{aligned}", {"a": 1., "b": 1., "c": 2.}), (r"a \ge b \\ = c", {"a": 3., "b": 2., "c": 3.}), (r"c_i = 2, \qquad i = 1, \dots, n", {"c": t(2, 3), "n": 2}),
    (r"x \in [0, 1]", {"x": 3.}), (r"x \in [0, 1]", {"x": t(0, 2)}), (r"x \in (0, 1)", {"x": 1.}), (r"x \notin [2, 2]", {"x": 2.}), (r"x \notin S", {"x": 2., "S": t(2, 2)}), (r"x \in S", {"x": 3., "S": t(1, 2)}), (r"p(x) = e^{-x}", {"p": Exponential(1.), "x": -1.7}), (r"p(x) = 1", {"p": Uniform(0., 1.), "x": 1.7}), ("f(x) = .3", {"f": Independent(Normal(t(0), t(1)), 1), "x": t(9)}),
    (r"a = b \quad (c = d)", {"a": 1., "b": 1., "c": 2., "d": 3.}), (r"\int_0^1 x\,dx = .5 \quad (a < 1)", {"a": 2.}), (r"\cos(a \pm b) = \cos a\cos b \pm \sin a\sin b", {"a": .3, "b": .9}), (r"\max_i x_i = 1", {"x": X}), (r"\frac{\partial^2 f}{\partial x\,\partial y} = 2y", {"f": lambda x, y: x**2*y, "x": 3., "y": 2.})]

@pytest.mark.parametrize("latex, given", RED)
def test_wrong(latex, given):
    with pytest.raises(Fails): holds(latex, given)

REFUSED = [
    (r"\prod_{i=1}^n x_i\cdot 2 = 24", {"x": t(2, 3), "n": 2}, "does the product reach"), ("f(y) = 3", {"f(x)": lambda: 3., "y": 1.}, "does not ask for x"), ("p(x_1|z) = p(x_2|z)", {"p(x|z)": lambda z: z, "x": X, "z": 1.}, "does not ask for x"),
    *((latex, {"KL(D*(x)||D(x))": lambda x: 2*x, "x": 1.}, "nothing is known") for latex in (r"\operatorname{KL}(D(x)\,\|\,D^*(x)) = 2x", r"\operatorname{KL}(D^*(x)\,\|\,D^*(x)) = 2x", r"\operatorname{KL}(D^*(x)\,\|\,G(x)) = 2x")),
    ("F = .5", {"F": Normal(0., 1.).cdf}, "a function of value, of which nothing is known"), (r"\left. f\right|_{x=2} = 1", {"f": 1.}, "left. is not known"), (r"\partial_x \log x = 1", {"x": 1.}, "write"), (r"\underset{x}{=} a", {"a": 1.}, "expected an operator"), ("y_o = 1", {"y": X, "o": [1., 2.]}, "nothing is known of y_o"),
    (r"\langle f, g\rangle_\mu = f^\top g", {"f": X, "g": Y, "mu": 1.}, "give it a value"), (r"\lVert A\rVert_2 = 1", {"A": A}, "norm of a matrix"), (r"\lVert x\rVert_p = 1", {"x": X, "p": .5}, "at least 1"),
    (r"f = \begin{cases} 1 & \text{if } n \text{ is odd} \\ 0 & \text{otherwise} \end{cases}", {"f": 1., "n": 4}, "condition|words"), (r"f = \begin{cases} 1 & \text{if $x \ge 0$} \\ 0 & \text{otherwise} \end{cases}", {"f": 1., "x": 1.}, "condition|words|dollar"), (r"f = \begin{cases} 1 & \text{otherwise} \\ 0 & x > 0 \end{cases}", {"f": 1., "x": 1.}, "last"), (r"f = \begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}", {"f": 1., "x": 0.}, "none of the conditions"),
    ("x^2 + 1 = 7", {"x": t()}, "no entries"), ("a = b", {"a": t(), "b": 1.}, "no entries"), ("A = 1", {"A": torch.ones(3, 3)}, "equals no number"), (r"x = (x_1, \dots, x_n), \qquad a = b", {"x": X, "n": 3, "a": 1., "b": 1.}, "dots"), (r"a = b,\qquad c_i = d_i", {"i": range(1, 1), "a": 1., "b": 1., "c": [1., 2.], "d": [3., 4.]}, "empty"),
    (r"x \in S", {"x": 2., "S": 2.}, "no set"), (r"x \in S", {"x": 2.}, "nothing is known of S"), (r"\frac{d}{dx}[f(x) + x^2] = 2x", {"f": num, "x": 1.}, "no derivative"), (r"\frac{d}{dx}[f(x) + x^2] = 2x", {"f(x)": 3., "x": 1.}, "no derivative"), (r"\nabla_x [f(x) + x^\top x] = 2x", {"f(x)": 3., "x": X}, "no derivative"),
    (r"N(\mu, \sigma^2) = \frac1{\sqrt{2\pi}\sigma}", {"mu": .3, "sigma": .7}, "is a law"), (r"U(a, b) = \frac1{b - a}", {"a": .3, "b": .7}, "is a law"), ("q(x) = .4", {"q": lambda x: Normal(x, 1.), "x": 0.}, "is a law"), (r"\mathbb E[x^2] = x^2", {"E": Over("z", t(1, 2)), "x": 2.}, "occurs nowhere"), (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", {"lim_x->0": Over("x", t(-.2, .1))}, "lim"),
    (r"\int_{-\infty}^\infty p(x)\,dx = 0", {"p": bell(50.3, .001)}, "quadrature"), (r"\int_{-\infty}^\infty p(x)\,dx = 1", {"p": bell(5.3, .02)}, "quadrature"), (r"\int_{-1}^1 \frac1x\,dx = 0", {}, "quadrature"), (r"\int_{-1}^1 |x - .1|\,dx = 1", {}, "quadrature"), (r"\int_0^\infty \frac{\sin x}{x}\,dx = \frac\pi2", {}, "quadrature"),
    (r"a = b,\quad \begin{gathered} c = d \end{gathered}", {"a": 1., "b": 1., "c": 1., "d": 2.}, "skip it|not known"), (r"\sum_{i<j} x_i x_j = 1", {"x": X}, "does not run|two sums"), (r"\sum_{i=1}^n 1 = n", {"n": 10**9}, "more than"), (r"\frac{\partial^3 f}{\partial x\,\partial y} = 1", {"f": lambda x, y: x*y, "x": 1., "y": 2.}, "orders")]

@pytest.mark.parametrize("latex, given, what", REFUSED)
def test_refused(latex, given, what):
    with pytest.raises(FormulaError, match=what): holds(latex, given)

def test_what_people_type():
    "Ions, a dot between vectors, the slope of a constant, a class as a function, a divergence of the caller's own"
    for k in ("H^+", "H^{+}", "H_+", "[H^+]"): assert holds(r"\mathrm{pH} = -\log_{10}[H^+]", {k: 1e-3, "pH": 3.}).links
    u, v = t(1, 2, .5), t(.3, -1, 2)
    assert holds(r"u\cdot v = \|u\|\,\|v\|\cos\theta", u=u, v=v, theta=math.acos(float(u@v/(u.norm()*v.norm())))) and holds(r"2\,u\cdot v = w", u=u, v=v, w=2*u@v)
    assert holds(r"\frac{d}{dx} a = 0", a=3., x=2.) and holds(r"\nabla_\mu a = 0", a=3., mu=u) and holds(r"\nabla_{\mu,x} a = 0", a=3., mu=u, x=1.)
    kl = r"\operatorname{KL}(\operatorname{Bern}(p)\,\|\,\operatorname{Bern}(q)) = p\log\frac pq + (1 - p)\log\frac{1 - p}{1 - q}"
    assert holds(kl, {"Bern": torch.distributions.Bernoulli}, p=.3, q=.4, rtol=1e-5)
    def own(p, q): return torch.distributions.kl_divergence(Normal(p.mean, p.stddev), Normal(q.mean, q.stddev))
    assert holds(r"\operatorname{KL}(\mathcal N(m, s^2)\,\|\,\mathcal N(0, 1)) = \tfrac12(s^2 + m^2 - 1 - \log s^2)", {"KL": own}, m=.3, s=.8)

def test_the_notebook_that_runs_comes_first(tmp_path, monkeypatch):
    "As Jupyter says; a text that lies in no notebook here is named"
    page(tmp_path/"copy.ipynb", r"$$k = 8 \tag{KL}$$")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path/"copy.ipynb"))
    held = holds("KL", k=8.)
    assert latex_of("KL") == "k = 8" and not held.source and "shipped" not in str(held)
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.setattr(displays, "_places", list)
    held = holds("KL-NORMAL", mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3)
    assert f"the text of (KL-NORMAL) is as shipped with vaegan {vaegan.__version__}" in str(held) and 'holds(r"…", …)`' in held._repr_markdown_()

def test_a_law_of_the_caller_stays_as_it_is():
    p = Normal(0., 1., validate_args=True)
    assert holds("p(x) = q", {"p": p}, x=.3, q=p.log_prob(t(.3)).exp()) and p._validate_args is True

def test_keys_that_nothing_asked_for_are_told():
    held = holds("a = b", a=1., b=1., c=7.)
    assert held.unused == ("c",) and "not used: c" in str(held) and not holds("a = b", a=1., b=1.).unused

def test_a_range_whose_end_nobody_knows_has_a_letter_and_a_beginning():
    x = torch.tensor([1., 2., 3.])
    assert holds(r"x_i > 0, \quad i = 1, \dots, m", x=x).left == (("i = 1,dots,m", "the range of an index"),)
    with pytest.raises(AssertionError, match="not ="): holds(r"x_i > 0, \quad i = 0, \dots, m", x=x)
    with pytest.raises(FormulaError, match="j does not run here: i does"): holds(r"x_i > 0, \quad j = 1, \dots, m", x=x)

RANGES = [r"\text{ for } i = 1, \dots, n", r"\text{ for } i = 1, 2, \dots, n", r"\text{ for } 1 \le i \le n", r"\text{ for } 0 < i < n + 1", r"\quad (i = 1, \dots, n)", r"\quad (1 \le i \le n)", r", \quad 1 \le i \le n", r", \quad i = 1, \ldots, n", r"\ \forall i = 1, \dots, n", r"\text{ for all } i \in \{1, \dots, n\}"]
@pytest.mark.parametrize("words", RANGES)
def test_a_range_as_people_write_it(words):
    "In words, in brackets, by two inequalities: all entries, and an end too far or too near is red"
    held = holds(r"x_i > 0" + words, x=t(1, 2, 3), n=3)
    assert len(held.links) == 4 and not held.left and read(write(read("x_i > 0" + words))) == read("x_i > 0" + words)
    for n in (2, 4):
        with pytest.raises(Fails, match=r"not =: \[1, 3\] against"): holds(r"x_i > 0" + words, x=t(1, 2, 3), n=n)
    with pytest.raises(Fails): holds(r"x_i > 0" + words, x=t(1, -2, 3), n=3)

@pytest.mark.parametrize("latex", [r"x_{i+1} = x_i + 1, \quad i = 1, \dots, n - 1", r"x_{i+1} = x_i + 1 \text{ for } 1 \le i < n", r"x_i = x_{i-1} + 1, \quad i = 2, \dots, n"])
def test_a_printed_range_stops_where_the_entries_do(latex):
    assert len(holds(latex, x=t(1, 2, 3, 4), n=4).links) == 4
    for wrong in (latex.replace("n - 1", "n").replace("< n", r"\le n").replace("i = 2", "i = 1"), latex.replace("n - 1", "n - 2").replace("< n", "< n - 1").replace("i = 2", "i = 3")):
        with pytest.raises(Fails): holds(wrong, x=t(1, 2, 3, 4), n=4)
    with pytest.raises(Fails, match="at i = "): holds(latex, x=t(1, 2, 3, 5), n=4)
    with pytest.raises(FormulaError, match="no entry"): holds(latex, x=t(1, 2, 3, 4))       # of which n nobody said

def test_the_identity_is_as_large_as_it_says():
    A = torch.tensor([[1.3, .4], [.2, .9]])
    for latex in (r"A I_k = A", r"A I_2 = A", r"\operatorname{tr} I_k = k", r"A - A + I_k = I"): assert holds(latex, A=A, k=2)
    assert holds(r"A I_n = A", A=A)                 # of which size nobody says
    for latex in (r"A I_k = A", r"A + I_k = I + A"):
        with pytest.raises(FormulaError): holds(latex, A=A, k=3)
    with pytest.raises(FormulaError, match="vectors of 2 before ∼, vectors of 3 behind"): holds(r"z \sim \mathcal N(0, I_k)", {"z ~": torch.zeros(9, 2)}, k=3)

def test_the_range_of_an_index():
    held = holds(r"c_i = 2, \qquad i = 1, \dots, n", c=t(2, 2), n=2)
    assert not held.left and str(held.links[-1]) == "i = 1,dots,n:  [1, 2] = [1, 2]"
    for latex in (r"c_i = 2, \qquad i \in \{1, 2\}", r"c_i = 2 \quad\forall i \in \{1, 2\}", r"c_i = 2, \qquad i \in \{1, \dots, n\}"): assert not holds(latex, c=t(2, 2), n=2).left
    with pytest.raises(Fails, match="against"): holds(r"c_i = 2, \qquad i \in \{1, 2, 3\}", c=t(2, 2))
    with pytest.raises(FormulaError, match="a range with gaps"): holds(r"c_i = 2, \qquad i \in \{1, 3\}", c=t(2, 2))
    for latex in (r"c_i = 2, \qquad i = 0, \dots, n", r"c_i = 2, \qquad i = 1, \dots, n - 1", r"c_i = 2, \qquad i = 1, \dots, 3"):
        with pytest.raises(Fails, match="against"): holds(latex, c=t(2, 2), n=2)
    assert holds(r"c = 2, \qquad i = 1, \dots, n", c=2., n=2).left == (("i = 1,dots,n", "the range of an index"),)

@pytest.mark.parametrize("given, what", [(dict(rtol=10), "rtol"), (dict(rtol="a"), "rtol"), (dict(atol=-1.), "atol"), (dict(within=math.inf), "within"), (dict(rtol=math.nan), "rtol"), (dict(a=None), "a: expected a value")])
def test_bad_values(given, what):
    with pytest.raises(ValueError, match=f"^{what}"): holds("1 = 1", **given)

def test_bad_keys_and_points():
    with pytest.raises(TypeError, match="expected text as keys, got 3"): holds("1 = 1", {3: 1.})
    for points in (t(), 3.):
        with pytest.raises(ValueError, match="^points: expected"): Over("x", points)

@pytest.mark.parametrize("tag, near", [("KL-NORML", "KL-NORMAL"), ("elbo", "ELBO"), ("JENSON", "JENSEN"), ("LOAM-XQ", "tag")])
def test_a_mistyped_tag_is_no_formula(tag, near):
    for ask in (holds, says):
        with pytest.raises(ValueError, match=f"^tag: expected .*{near}"): ask(tag)

def test_without_gradients_outside():
    with torch.no_grad(): assert holds(r"\frac{d}{dx} x^2 = 2x", x=3.)
    with torch.inference_mode(): assert holds(r"\frac{d}{dx} x^2 = 2x", x=3.)

# ------------------------------------------------------------------------------------------------------- other notebooks
def page(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(cells=[dict(cell_type="markdown", source=c) for c in cells])))

@pytest.mark.parametrize("broken", ["[]", '{"cells": 3}', '{"cells": [{"cell_type": "markdown"}]}', "null", "{"])
def test_a_broken_notebook_is_named_and_passed_over(tmp_path, monkeypatch, broken):
    monkeypatch.setattr(displays, "_folders", [])
    page(tmp_path/"good.ipynb", r"$$k = 8 \tag{LOAN}$$")
    (tmp_path/"bad.ipynb").write_text(broken)
    with pytest.warns(UserWarning, match="bad.ipynb cannot be read"): assert look_in(tmp_path) == ("LOAN",)
    assert holds("LOAN", k=8.)

def test_one_tag_on_two_pages(tmp_path):
    for name in ("a", "a-Copy1"): page(tmp_path/f"{name}.ipynb", r"$$k = 8 \tag{LOAN}$$")
    with pytest.raises(ValueError, match="LOAN stands on two pages: a and a-Copy1|LOAN stands on two pages: a-Copy1 and a"): written(tmp_path)

def test_a_duplicated_notebook_spoils_only_its_own_displays(tmp_path, monkeypatch):
    monkeypatch.setattr(displays, "_folders", [])
    for name in ("a", "a-Copy1"): page(tmp_path/f"{name}.ipynb", r"$$k = 8 \tag{LOAN}$$")
    page(tmp_path/"b.ipynb", r"$$m = 9 \tag{MOON}$$")
    assert look_in(tmp_path) == ("LOAN", "MOON") and holds("MOON", m=9.).links and holds("KL-NORMAL", mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3).links
    with pytest.raises(ValueError, match="LOAN stands on two pages: a and a-Copy1|LOAN stands on two pages: a-Copy1 and a"): holds("LOAN", k=8.)

@pytest.mark.parametrize("markdown", [r"\[ k = 8 \tag{LOAN} \]", "\\begin{equation} k = 8 \\tag{LOAN} \\end{equation}", "costs $$5 a month\n\n$$k = 8 \\tag{LOAN}$$", "`$$`\n\n$$\nk = 8 \\tag{LOAN}\n$$"])
def test_other_ways_to_display(markdown): assert displays_in(markdown) == {"LOAN": "k = 8"}

@pytest.mark.parametrize("markdown, what", [(r"$$k = 8 \tag{}$$", "empty"), (r"$$k = 8 \tag{A}$$ $$k = 9 \tag{A}$$", "twice"), (r"costs $$5 and $$k = 8 \tag{A}$$", "stands in no display"), (r"\begin{align} k = 8 \tag{A} \end{align}", "stands in no display")])
def test_displays_that_would_vanish(markdown, what):
    with pytest.raises(ValueError, match=what): displays_in(markdown)

def test_a_row_goes_on_from_the_row_above_also_under_a_tag(tmp_path, monkeypatch):
    monkeypatch.setattr(displays, "_folders", [])
    page(tmp_path/"a.ipynb", r"$$p \ge q \tag{GOA}$$", r"$$\ge a \\ = b \tag{GOB}$$")
    look_in(tmp_path)
    assert latex_of("GOB") == r"\ge a \\ = b" and holds("GOB", q=3., a=2., b=2.)
    with pytest.raises(Fails): holds("GOB", q=3., a=2., b=3.)
