r"""LaTeX as people write it elsewhere: what is right is green, what is wrong is red, and what may be read in two ways, or not at all, is
refused with its place. Nothing is passed over."""
import math
import time

import pytest
import torch
from torch import tensor as T

from vaegan.formula import Over, holds
from vaegan.formula.agree import Fails
from vaegan.formula.read import read
from vaegan.formula.tree import FormulaError
from vaegan.formula.write import write

A, TURNED, INVERSE = T([[1., 2.], [3., 5.]]), T([[1., 3.], [2., 5.]]), torch.linalg.inv(T([[1., 2.], [3., 5.]]))
F = dict(f=torch.sin, g=torch.exp, x=.7)
ONE = dict(a=1., b=1., c=1.)

RIGHT = [  # (right, wrong, what the letters stand for)
    (r"\frac{d}{dx} x e^{x} = (1+x)\, e^{x}", r"\frac{d}{dx} x e^{x} = e^{x}", dict(x=.7)),
    (r"\frac{d}{dx} f(x) g(x) = f'(x)\, g(x) + f(x)\, g'(x)", r"\frac{d}{dx} f(x) g(x) = f'(x)\, g(x)", F),
    (r"\frac{d}{dx}\sin x\cos x = \cos^2 x - \sin^2 x", r"\frac{d}{dx}\sin x\cos x = \cos^2 x", dict(x=.7)),
    (r"\frac{\partial}{\partial x}\frac1x\log x = \frac{1 - \log x}{x^2}", r"\frac{\partial}{\partial x}\frac1x\log x = -\frac{1}{x^2}\log x", dict(x=.7)),
    (r"\frac{\mathrm d}{\mathrm d x} x^2 = 2x", r"\frac{\mathrm d}{\mathrm d x} x^2 = x", dict(x=.7)),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}", r"\begin{aligned} a &= b \\ &= c + 1 \end{aligned}", ONE),
    (r"\begin{align*} a &= b \\ &\le c + 1 \\ &= 2 \end{align*}", r"\begin{align*} a &= b \\ &\le c + 1 \\ &= 1 \end{align*}", ONE),
    (r"a = b, \text{ so } c = 1", r"a = b, \text{ so } c = 2", ONE),
    (r"a = b \quad\text{with } c = 1", r"a = b \quad\text{with } c = 2", ONE),
    (r"n! = 24", r"n! = 12", dict(n=4.)), (r"(n-1)! = 6", r"n - 1! = 6", dict(n=4.)),
    (r"\binom{n}{k} = \frac{n!}{k!\,(n-k)!}", r"\binom{n}{k} = \frac{n!}{(n-k)!}", dict(n=5., k=2.)),
    (r"\log_2 x = \frac{\log x}{\log 2}", r"\log_2 x = \log x", dict(x=5.)), (r"\log_{10} x = \frac{\log x}{\log 10}", r"\log_{10} x = \log_2 x", dict(x=5.)),
    (r"\arctan x = \frac{\pi}{4}", r"\arctan x = \frac{\pi}{2}", dict(x=1.)), (r"\arcsin x = \frac{\pi}{2} - \arccos x", r"\arcsin x = \arccos x", dict(x=.3)),
    (r"\exp\left\{-x\right\} = e^{-x}", r"\exp\left\{-x\right\} = e^{x}", dict(x=1.3)), (r"\max\{a, b\} = b", r"\max\{a, b\} = a", dict(a=1., b=2.)),
    (r"A^T = B", r"A = B", dict(A=A, B=TURNED)), (r"A^{\mathsf T} = B", r"A^{\mathrm T} = B^{\mathsf T}", dict(A=A, B=TURNED)),
    (r"A^{-\top} = B", r"A^{-1} = B", dict(A=A, B=INVERSE.T)), (r"A^{-T} = B", r"A^T = B", dict(A=A, B=INVERSE.T)), ("a^T = 8", "a^T = 2", dict(a=2., T=3.)),
    (r"\int_0^1 \frac{dx}{1+x^2} = \frac{\pi}{4}", r"\int_0^1 \frac{dx}{1+x} = \frac{\pi}{4}", {}), (r"\int_0^1 x^2\,\mathrm{d}x = \frac13", r"\int_0^1 x^2\,\mathrm{d}x = \frac12", {}),
    (r"\mathrm{e}^{\mathrm i\pi} = -1", r"\mathrm{e}^{\mathrm i\pi} = 1", {}), ("x = 10{,}000", "x = 10", dict(x=1e4)), (r"\frac{d}{d+2} = \frac12", r"\frac{d}{d+2} = 1", dict(d=2.)),
    ("p = m u", "p = \\mu", dict(p=4., m=2., u=2., mu=3.)), (r"\Pr(x > 2) = \frac13", r"\Pr(x > 2) = \frac23", dict(P=None)),
    (r"f = \begin{cases} 1, & \text{if } x > 0, \\ 0, & \text{otherwise.} \end{cases}", r"f = \begin{cases} 2, & \text{if } x > 0, \\ 1, & \text{otherwise.} \end{cases}", dict(f=1., x=1.)),
    (r"a := b", r"a := b + 1", ONE), (r"a = b \text{ and } c = 1", r"a = b \text{ and } c = 2", ONE), (r"a \leqslant b", r"a + 1 \leqslant b", ONE), (r"2n! = 12", r"2n! = 720", dict(n=3.)),
    (r"\begin{aligned} a &= b \\ -c &= -1 \end{aligned}", r"\begin{aligned} a &= b \\ -c &= 1 \end{aligned}", ONE), (r"\lambda_\max x = 2", r"\lambda_\max x = 1", dict(lambda_max=2., x=1.)),
    (r"\nabla_\theta f(\theta)\, v = 6", r"\nabla_\theta f(\theta)\, v = 3", dict(f=lambda t: t**2, theta=1.5, v=2.)), (r"\beta_1 = \lambda", r"\beta_1 = 2\lambda", {"β_1": 2., "λ": 2.}),
    (r"\operatorname*{argmax}_x f(x) = 2", r"\operatorname*{arg\,max}_x f(x) = 3", dict(f=lambda x: -(x - 2)**2)),
    (r"\operatorname*{\mathbb E}_x[x] = 2", r"\operatorname*{\mathbb E}_x[x] = 1", {}),
    (r"a \overset{\text{def}}{=} b", r"a \stackrel{\mathrm{(b)}}= b + 1", ONE), (r"a \overset{(i)}{\le} b", r"a + 1 \overset{(i)}{\le} b", ONE), (r"a = b \label{eq:ab}", r"a = 2b \label{eq:ab}", ONE), (r"a \coloneqq 2b", r"a \coloneqq 3b", dict(a=2., b=1.)),
    (r"h^2 > 2h\quad \forall h > 2", r"h^2 > 2h\quad \forall h > 9", dict(h=3.)), (r"\forall h > 2:\quad h^2 > 2h", r"\forall h > 2:\quad h^2 < 2h", dict(h=3.)), (r"a = b \mbox{ for } c > 0", r"a = b \mbox{ for } c < 0", ONE),
    (r"\sum_{i,j=1}^{2} A_{ij} = 11", r"\sum_{i,j=1}^{2} A_{ij} = 4", dict(A=A)), (r"\sum_{i,\,j} A_{ij} = 11", r"\sum_{i} A_{i1} = 11", dict(A=A)), (r"\sum_{i=1,j=1}^{2} A_{ij} = 11", r"\sum_{i=1,j=1}^{1} A_{ij} = 11", dict(A=A)),
    (r"\sum_{i,j:\,i<j} A_{ij} = 2", r"\sum_{i,j:\,i>j} A_{ij} = 2", dict(A=A)), (r"\sum_{i,j=1, i \ne j}^{2} A_{ij} = 5", r"\sum_{i,j=1, i \ne j}^{2} A_{ij} = 11", dict(A=A)), (r"\prod_{i,j} A_{ij} = 30", r"\prod_{i,j} A_{ij} = 11", dict(A=A)),
    (r"\sum_i\mathbb 1\{c_i > 1\} = 2", r"\sum_i\mathbb 1\{c_i > 2\} = 2", dict(c=T([1., 2., 3.]))), (r"\mathbb{1}\left\{a < b\right\}c = 3", r"\mathbb{1}\left\{a > b\right\}c = 3", dict(a=1., b=2., c=3.)), (r"\mathbb E|x| = 2", r"|\mathbb E x| = 2", dict(P="-")), (r"\operatorname{Var}|x| = \frac23", r"\operatorname{Var}[x] = \frac23", dict(P="-")), (r"\mathbb E\|x\| = 2", r"\|\mathbb E[x]\| = 2", dict(P="-")), (r"\mathbb E^2[x] = \frac49", r"\mathbb E[x^2] = \frac49", dict(P="-")),
    (r"\mathbb E(x)\,\mathbb E(x) = \frac49", r"\mathbb E(x)\,\mathbb E(x) = \frac{14}{3}", dict(P="-")), (r"\mathbb E(x - 1)^2 = \frac{13}{3}", r"\mathbb E(x - 1)^2 = \frac19", dict(P="-")), (r"\Pr(x > 2 \mid y) = \frac13", r"\Pr(x > 2 \mid y) = \frac23", dict(P="|y")),
    (r"\mathcal N(x\mid\mu,\sigma^2) = \mathcal N(x;\mu,\sigma^2)", r"\mathcal N(x\mid\mu,\sigma) = \mathcal N(x;\mu,\sigma^2)", dict(x=.8, mu=.3, sigma=.7))]

def meaning(values):
    "Of P: what the average runs over, -2, 1, 3 for a minus, or a condition"
    x, kind = Over("x", T([1., 2., 3.])), values.get("P") or ""
    if kind == "-": return {"E": Over("x", T([-2., 1., 3.]))}
    return {"argmax_x": x, "E_x": x, **values} if "P" not in values else {"E" + kind: x}

def only_used(latex, values):
    "What a formula asks for, so that no key is left over"
    given = meaning(values)
    return {k: v for k, v in given.items() if k not in ("argmax_x", "E_x") or k.split("_")[0] in latex.replace("\\,", "")}

@pytest.mark.parametrize("right, wrong, values", RIGHT, ids=[r for r, _, _ in RIGHT])
def test_right_is_green_and_wrong_is_red(right, wrong, values):
    assert holds(right, only_used(right, values)).links
    with pytest.raises(Fails): holds(wrong, only_used(wrong, values))

REFUSED = [  # what is refused, what is said, and the place
    (r"\nabla_x f(x) g(x) = 1", "(∇f)g or ∇(fg)", "f(x) ⟪g⟫"), (r"\nabla_x f(x)^\top g = 1", "(∇f)g or ∇(fg)", "⟪g⟫"), (r"\frac{df}{dx}(x) = 1", "where the derivative is taken", "⟪(⟫x)"),
    (r"\sin x/x = 1", "(log x)/y or log(x/y)", r"x⟪/⟫x"), (r"\ln n / n", "(log x)/y or log(x/y)", "⟪/⟫"), ("x = 1,000", "one number or two", "⟪1,000⟫"), ("f(12,345)", "one number or two", "⟪2,345⟫"),
    (r"x = 10\,000", "one number or two", r"⟪000⟫"), (r"x = 2\tfrac12", "one number or two", r"⟪\tfrac12⟫"), ("x = 1e-3", "number with an exponent", "⟪1e-3⟫"), ("x^-1 = 2", "wants braces", "⟪-⟫1"),
    ("e^-x = 2", "wants braces", "⟪-⟫x"), (r"a = b,\quad \begin{array} c \end{array}", "not known here", r"⟪\begin{array}⟫"), (r"\begin{vmatrix} a \end{vmatrix} = b", "not known here", "vmatrix"),
    (r"f = \begin{cases} 1 & \text{if $x > 0$} \\ 0 & \text{otherwise} \end{cases}", "dollars in words", "⟪"), ("a − b = 0", "typed as a sign", "⟪−⟫"), ("a ≤ b", "typed as a sign", "⟪≤⟫"),
    (r"\begin{aligned} a &= b \\ &+ c \end{aligned}", "one row", "⟪+ c⟫"), (r"a = b \\ c", "one row", "⟪c⟫"), ("x = 1e6", "number with an exponent", "⟪1e6⟫"), ("n!! = 3", "double factorial", "⟪!⟫"),
    ("a &= b", "end of a statement", "⟪&⟫"), (r"\int_0^1 dx\, f(x) = 1", "before its dx", "⟪x⟫"), (r"\nabla_x f(x)\, g(x) = 1", "does ∇ reach this", "g(⟪x⟫)"), (r"\frac{d}{dx} x^2\Big|_{x=0} = 1", "expected", "⟪_⟫"),
    (r"\mathbf x^\top\mathbf x = x^\top\mathbf x", "one key", "⟪x"), (r"f = \epsilon + \varepsilon", "one key", r"⟪\varepsilon⟫"), (r"\mathcal L = L", "one key", "⟪L⟫"),
    (r"α = 1", "typed as a sign", "⟪α⟫"), ("$$a = b$$", "between the dollars", "⟪$⟫"), (r"x^* = x_*", "* above and below x have one key", "⟪x_*⟫"), (r"H^+ = H_{+}", "+ above and below H", "⟪H_{+}⟫"), (r"x^{\text{rel}} = x_{\text{rel}}", "above and below", "⟪x_"), (r"a \overset{d}{=} b", "not known here", r"⟪\overset⟫"), (r"\left. x\right|_{x = 0}", "is not known", "⟪.⟫"), (r"a \triangleq b", "not known here", r"⟪\triangleq⟫"),
    (r"L = {a+b}c", "braces do not show", "⟪{a+b}⟫c"), (r"L = c - {a+b}", "braces do not show", "⟪{a+b}⟫"), (r"L = \log {a+b}", "braces do not show", "⟪{a+b}⟫"), (r"L = {-1}^n", "braces do not show", "⟪{-1}⟫"), (r"L = {ab}^2", "braces do not show", "⟪{ab}⟫"), (r"L = a/{bc}", "braces do not show", "⟪{bc}⟫"),
    (r"\mathbb E(x)^2 = 1", "where does E end", r"⟪\mathbb E(x)^2⟫"), (r"\mathbb E(x) x = 1", "where does E end", "⟪"), (r"\operatorname{Var}(x - 1)^2 = 1", "where does Var end", "⟪"), (r"n\operatorname{Var}(x) n = 1", "where does Var end", r"n⟪\op"), (r"\operatorname{Cov}(x, y)^2 = 1", "where does Cov end", "⟪"),
    (r"\mathbb E[x, 7] = 1", "E is of one thing", r"⟪\mathbb E[x, 7]⟫"), ("||x|| = 1", "is this a norm", "⟪||x||⟫"), ("x = 3,5", "claims nothing", "3,⟪5⟫")]

def test_vectors_and_matrices_are_not_taken_for_numbers():
    u, v = T([1., 2., 3.]), T([2., 0., 1.])
    for latex, given, what in ((r"w = u \times v", dict(w=u*v, u=u, v=v), "cross product"), (r"B = e^A", dict(B=A.exp(), A=A), "exponent is a matrix"), (r"B = 2^{A}", dict(B=2**A, A=A), "exponent is a matrix"), (r"B = e^{2I}", dict(B=1.), "exponent is a matrix"),
                               (r"s = \sum_{k=0}^\infty 2^{-k}", dict(s=2.), "sum without an end"), (r"y = \frac{df}{dx}", dict(y=.76, f=torch.sin, x=.7), r"write f\(x\)"), (r"m = \max_{0\le t\le 1} t", dict(m=1.), r"Over\('t'")):
        with pytest.raises(FormulaError, match=what): holds(latex, **given)

@pytest.mark.parametrize("latex, what, where", REFUSED, ids=[r for r, _, _ in REFUSED])
def test_what_may_be_read_in_two_ways_is_refused(latex, what, where):
    with pytest.raises(FormulaError) as e: read(latex)
    assert what in str(e.value) and where in str(e.value)

def test_what_is_put_into_itself_is_an_assignment():
    "θ := θ − ηg and \\gets are a ←; a := b is a definition"
    for sign in (":=", ": =", r"\coloneqq", r"\gets", r"\leftarrow"):
        assert holds(rf"\theta {sign} \theta - \eta g", {"theta <-": .7}, theta=1., eta=.1, g=3.).links[0].op == "<-"
        with pytest.raises(Fails): holds(rf"\theta {sign} \theta + \eta g", {"theta <-": .7}, theta=1., eta=.1, g=3.)
    assert holds("a := 2b", a=2., b=1.).links[0].op == "="
    with pytest.raises(FormulaError, match='give "theta <-"'): holds(r"\theta := \theta - g", theta=1., g=3.)

def test_iid_says_nothing_of_the_law():
    z = torch.distributions.Normal(0., 2.)
    for above in (r"\overset{\text{iid}}{\sim}", r"\stackrel{\mathrm{i.i.d.}}{\sim}", r"\overset{iid}\sim"):
        assert holds(rf"z {above} \mathcal N(0, 4)", {"z ~": z})
        with pytest.raises(Fails): holds(rf"z {above} \mathcal N(0, 2)", {"z ~": z})

def test_a_star_above_is_the_same_in_every_dress(): assert holds(r"x_i^* = x_i^\star = x^{\ast}_i", {"x_i_star": 1.})

def test_a_number_has_no_power_without_a_T():
    with pytest.raises(FormulaError, match="nothing is known of T"): holds("(1+r)^T = 1+r", r=.1)

def test_a_factorial_is_of_whole_numbers():
    for latex in ("n! = 1", r"\binom{n}{2} = 1"):
        with pytest.raises(FormulaError, match="whole numbers"): holds(latex, n=4.5)
    with pytest.raises(FormulaError, match="at most n"): holds(r"\binom{2}{n} = 1", n=4.)

@pytest.mark.parametrize("latex", [r for r, _, _ in RIGHT] + [w for _, w, _ in RIGHT])
def test_there_and_back(latex): assert read(write(read(latex))) == read(latex)

@pytest.mark.parametrize("latex", [r"\frac{d}{dx}"*35 + "x", r"\nabla_x\log\nabla_x\exp "*9 + "x", r"\frac{d}{dx}\log "*19 + "x", r"\nabla "*39 + "x", r"\frac{d}{dx}("*15 + "x" + ")"*15])
def test_derivatives_of_derivatives_are_read_once(latex):
    start = time.process_time()
    try: read(latex)
    except FormulaError as e: assert "nested" in str(e)
    assert time.process_time() - start < 2

def test_what_is_said_under_a_condition_must_be_true_or_be_left_out_with_a_reason():
    latex = r"a = b \qquad\text{if } c = 2"
    held = holds(latex, a=1., b=1., skip={"if": "c is of another page"})
    assert len(held.links) == 1 and "if" in held.left[0][0] and math.isfinite(held.links[0].values[0]) and len(holds(latex, a=1., b=1., c=2.).links) == 2
    with pytest.raises(FormulaError, match="nothing is known of c: give it"): holds(latex, a=1., b=1.)
    with pytest.raises(Fails, match="do not meet the condition"): holds(latex, a=1., b=1., c=3.)
