"Every construct of a formula has the value that a closed form, a distribution of torch, a sum by hand or quadrature gives."
import math

import pytest
import torch
from bad_input import bad_input_tests
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from vaegan.formula.claims import value
from vaegan.formula.meanings import Meanings, Over, Pointwise, at_points, called, grid, parameters, picked
from vaegan.formula.read import read
from vaegan.formula.tree import FormulaError
from vaegan.formula.values import Unfit, Value, as_value


def t(*v): return torch.tensor(v, dtype=torch.double)
def draw(*shape, seed=0): return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
def of(latex, *given, **values): return value(read(latex).clauses[0], *given, **values)
Z = torch.linspace(-9, 9, 1801, dtype=torch.double)
def over(law, name="z", at=Z): return Over(name, at, law.log_prob(at).exp()*(at[1] - at[0]))
dz = Over("z", Z, torch.full_like(Z, .01))
Q, P = Normal(t(.4)[0], t(.8)[0]), Normal(t(-.3)[0], t(1.3)[0])
A, B, V, W = draw(3, 3), draw(3, 3, seed=1), draw(3, seed=2), draw(3, seed=3)
SPD = A@A.T + torch.eye(3)

# -------------------------------------------------------------------------------------------------------- what is a key
@pytest.mark.parametrize("latex, given, truth", [
    (r"\sigma_p^2", {"sigma_p": 3.}, 9), (r"\sigma_p^2", {"sigma_p": 3., "sigma_p^2": 5.}, 5), (r"\sigma_{p}", {"sigma_{p}": 2.}, 2), ("x(1 - x)", {"x": .3}, .21), ("x(1 - x)^2", {"x": .3}, .3*.49), ("p^x(1-p)^{1-x}", {"p": .3, "x": 0.}, .7),
    ("f(2)", {"f": lambda u: u**3}, 8), ("f^2(2)", {"f": lambda u: u**3}, 64), ("a\\,(2)", {"a": 3.}, 6), (r"\hat{\mathbf x} + 1", {"x_hat": 1.}, 2), (r"\lambda", {"lambda": 2.}, 2), ("e^{x}", {"x": 1.}, math.e), ("e\\,x", {"e": 3., "x": 1.}, 3),
    (r"\mathbf e", {"e": 7.}, 7), (r"2\pi e", {}, 2*math.pi*math.e), (r"\frac{\partial z}{\partial\mu}", {"dz/dmu": 4.}, 4), (r"\max_D V(D)", {"max_D V(D)": 4.}, 4), (r"p(x | z)", {"p(x|z)": .2}, .2), (r"\text{gap} + 1", {"gap": 2.}, 3),
    (r"\operatorname{eig}(J)", {"eig(J)": 2.}, 2), (r"b^*", {"b*": 2.}, 2), (r"b^*", {"b_star": 2.}, 2), ("x'", {"x'": 2.}, 2), (r"\underbrace{x + 1}_{\text{a word}}", {"x": 1.}, 2), (r"E(2)", {"E": lambda u: u}, 2)])
def test_keys(latex, given, truth): assert torch.allclose(of(latex, given), t(truth)[0])

def test_the_imaginary_unit(): assert of("e^{i x}", x=math.pi).real == pytest.approx(-1) and of("i", i=4.) == 4

@pytest.mark.parametrize("latex, given, what", [
    ("x + y", {"x": 1.}, "nothing is known of y; here: x + ⟪y⟫"), (r"\mu_q", {"mu_p": 1.}, "did you mean mu_p"), ("f(x)", {"x": 1.}, "nothing is known of f"), (r"\sigma_{q,i}", {"q": 1.}, "sigma_q,i"),
    (r"\mathbf z A \mathbf z", {"z": V, "A": A}, "transpose"), ("A + 1", {"A": A}, "a matrix plus a number"), (r"\log A", {"A": A}, "at a matrix"), (r"A^{-1}", {"A": t([1., 1], [1, 1])}, "no inverse"), (r"\|A\|", {"A": A}, "which one"),
    (r"p \otimes q", {"p": 1., "q": 1.}, "⊗"), (r"\mathbb E_q[z]", {}, "E_q=Over"), (r"\int z\,dz", {}, "dz=Over"), (r"\int z\,dz", {"dz": Over("x", Z, Z)}, "dz=Over('z'"), (r"\mathbb E_q[z]", {"E_p": over(P)}, "E_q=Over"), (r"\sum_i x_i", {"x": lambda i: 1.}, "where does i run"),
    (r"\mathbb E_q[z]", {"E_q": Over("z", t(1, 2), t(1, 1))}, "sum to 2"), (r"\frac{d}{dx} y", {"x": 1., "y": lambda: 2.}, "does not depend"), (r"\nabla y", {"y": 2.}, "by what"), (r"\min_x x", {}, "min_x=Over"), (r"\frac{d}{d\mu} z", {"z": 1.}, "nothing is known of mu"),
    (r"x_4", {"x": t(1, 2, 3)}, "no entry 4 among 3"), (r"x_0", {"x": t(1, 2, 3)}, "no entry 0"), (r"x_i", {"x": {1: 1.}, "i": 2}, "no entry 2"), (r"f(x, y)", {"f": lambda a: a, "x": 1., "y": 2.}, "2 arguments for 1"), (r"f(x)", {"f": lambda a, b: a, "x": 1.}, "also wants b"),
    ("q + 1", {"q": Q}, "expected a number"), ("f(x)", {"f": lambda x: 1/0, "x": 1.}, "ZeroDivisionError"), ("z + 1", {"z": dz}, "what an average runs over"), (r"\mathcal N(x; 0)", {"x": 1.}, "mean, variance"), (r"\operatorname{KL}(a\,\|\,b)", {"a": 1., "b": 2.}, "expected a distribution"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}", {}, "unequal length"), (r"\sqrt[3]{-1}", {}, "root of a negative"), (r"g^{-1}(x)", {"g": lambda u: u, "x": 1.}, "inverse of a function")])
def test_errors_say_what_and_where(latex, given, what):
    "In a display, so that the message can show the place"
    from vaegan.formula.claims import says
    with pytest.raises(FormulaError) as e: says(f"{latex} = 0")[0](given)
    assert what.partition("; here")[0] in str(e.value) and what in str(e.value) and "⟪" in str(e.value) and "\n" not in str(e.value)

# ---------------------------------------------------------------------------------------------- numbers, vectors, matrices
@pytest.mark.parametrize("latex, truth", [
    (r"v^\top A w", V@A@W), (r"A B v", A@B@V), (r"v w^\top v", V*(W@V)), (r"\operatorname{tr}(A B)", (A@B).trace()), (r"\operatorname{tr} A", A.trace()), (r"\log\det S", SPD.logdet()), (r"\log|S|", SPD.logdet()), (r"S^{-1}v", torch.linalg.solve(SPD, V)),
    (r"(v - w)^\top A(v - w)", (V - W)@A@(V - W)), (r"\|v - w\|^2", (V - W).square().sum()), (r"\|A\|_F^2", A.square().sum()), (r"A + 2 I", A + 2*torch.eye(3)), (r"v\odot w", V*W), (r"\operatorname{diag}(v) w", V*W), (r"A^\top", A.T), (r"S^{1/2}S^{1/2}", SPD),
    (r"\langle v, w\rangle", V@W), (r"\lfloor 2.7\rfloor + \lceil 2.2\rceil", t(5.)[0]), (r"|{-2}|", t(2.)[0]), (r"\sqrt[3]{8}", t(2.)[0]), (r"\max(1, 3, 2)", t(3.)[0]), (r"\operatorname{softplus}(1)", t(math.log(1 + math.e))[0]), (r"\tanh^2 1", t(math.tanh(1)**2)[0]),
    (r"\operatorname{erf}^{-1}(\operatorname{erf} .3)", t(.3)[0]), (r"\Phi^{-1}(\Phi(.3))", t(.3)[0]), (r"\sigma(0)", t(.5)[0]), (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\begin{pmatrix} 1 \\ 1 \end{pmatrix}", t(3., 7.)), (r"2\,(1, 2)", t(2., 4.)), (r"1/\sigma^2", t(.25)[0]),
    (r"\operatorname{eig} S", torch.linalg.eigvalsh(SPD)), (r"\mathcal N(.3; .1, .49)", Normal(.1, .7).log_prob(t(.3)[0]).exp()), (r"\log\mathcal N(v; w, S)", MultivariateNormal(W, SPD).log_prob(V)), (r"\log\mathcal N(v; 0, \sigma^2 I)", Normal(0, 2.).log_prob(V).sum()),
    (r"\operatorname{KL}(\mathcal N(v, S)\,\|\,\mathcal N(0, I))", kl_divergence(MultivariateNormal(V, SPD), MultivariateNormal(0*V, torch.eye(3).double()))), (r"\operatorname{KL}(\operatorname{Bern}(.3)\,\|\,\operatorname{Bern}(.6))", kl_divergence(Bernoulli(t(.3)[0]), Bernoulli(t(.6)[0])))])
def test_values(latex, truth): assert torch.allclose(of(latex, v=V, w=W, A=A, B=B, S=SPD, **({"sigma": 2.} if "sigma^2" in latex else {})), truth)

@pytest.mark.parametrize("x, truth", [(3., 9.), (-2., 0.), (0., 0.)])
def test_cases(x, truth): assert of(r"\begin{cases} x^2 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", x=x) == truth

def test_cases_at_many_points(): assert torch.isclose(of(r"\mathbb E_q\begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{else} \end{cases}".replace(r"\mathbb E_q", r"\mathbb E_q\Big[") + r"\Big]", E_q=over(Q)), 1 - Q.cdf(t(0.)[0]), atol=.01)

# ------------------------------------------------------------------------------------------------------------ sums, indices
@pytest.mark.parametrize("latex, given, truth", [
    (r"\sum_{i=1}^n x_i", {"x": t(1, 2, 4), "n": 3}, 7), (r"\sum_{i=2}^n x_i", {"x": t(1, 2, 4), "n": 3}, 6), (r"\sum_i x_i y_i", {"x": t(1, 2, 4), "y": t(1, 0, 2)}, 9), (r"\prod_{i=1}^3 x_i", {"x": [1., 2., 4.]}, 8), (r"\sum_{i>k} x_i", {"x": t(1, 2, 4), "k": 1}, 6),
    (r"\sum_{j\le k} x_j", {"x": t(1, 2, 4), "k": 2}, 3), (r"\sum_{i\notin I} x_i", {"x": t(1, 2, 4), "I": [2]}, 5), (r"\sum_{i\in I} x_i", {"x": t(1, 2, 4), "I": [2, 3]}, 6), (r"\sum_{n:\,y_n = c} x_n", {"x": t(1, 2, 4), "y": t(0, 1, 0), "c": 0}, 5),
    (r"\sum_{u=0}^{K-1} x_u", {"x": t(1, 2, 4), "K": 3}, 7), (r"\sum_{i=1}^2 (s_{i-1} + 1)\,s_i", {"s": {0: 3, 1: 4, 2: 2}}, 26), (r"\sum_{i=1}^2\sum_{j=1}^3 A_{ij} v_j", {"A": A, "v": V}, float((A@V)[:2].sum())), (r"x^{(2)} + x_{2}", {"x": t(1, 5)}, 10),
    (r"\sum_{i=1}^3 L_{ii}", {"L": A}, float(A.trace())), (r"\sigma_{q,2}", {"sigma_q": t(1, 5)}, 5), (r"\sigma_{q,2}", {"sigma_q": t(1, 5), "sigma_{q,2}": 7.}, 7), (r"\sum_i i^2", {"i": range(1, 4)}, 14), (r"\sum_{i=1}^0 x_i", {"x": t(1)}, 0), (r"\sum_{i=1}^3 w_i", {"w": lambda i: i**2}, 14),
    (r"w_{t+1}", {"w": {3: 8.}, "t": 2}, 8), (r"\ell_2(3)", {"ell": [lambda z: z, lambda z: z**2]}, 9), (r"\ell_2(3)", {"ell": lambda i, z: i*z}, 6), (r"\sum_{k=1}^2 a_k^2", {"a": t(1, 2)}, 5), (r"\sum_x x^2", {"sum_x": Over("x", t(1, 2))}, 5), (r"\sum_x f(x)", {"x": [1., 2.], "f": lambda u: u}, 3)])
def test_sums(latex, given, truth): assert of(latex, given) == pytest.approx(truth)

# -------------------------------------------------------------------------------------------------------------- averages
@pytest.mark.parametrize("latex, truth", [
    (r"\mathbb E_q[z]", .4), (r"\mathbb E_q(z - 1)^2", .64 + .36), (r"\mathbb E_q[z]^2", .16), (r"\operatorname{Var}_q[z]", .64), (r"\operatorname{Var}_q[2z + 1]", 2.56), (r"\mathbb E_q[\log q(z)]", -float(Q.entropy())), (r"\mathbb E_{z\sim q}[z^2] - \mathbb E_p[z]^2", .8 - .09),
    (r"\int p(z)\,z^2\,dz", .09 + 1.69), (r"\mathbb E_q\Big[\mathbb E_p[z^2]\Big]", 1.78), (r"\operatorname{Cov}_q[z, z^2]", 2*.4*.64), (r"\log\mathbb E_q[e^z]", .4 + .32), (r"\int_0^1 x^2\,dx", 1/3), (r"\int_{-\infty}^{\infty} e^{-t^2/2}\,dt", math.sqrt(2*math.pi)),
    (r"\int_{-\infty}^{.3} \mathcal N(t; 0, 1)\,dt", float(Normal(0, 1).cdf(t(.3)[0]))), (r"\int_1^\infty e^{-t}\,dt", math.exp(-1)), (r"\int_0^2\,dx", 2), (r"\mathbb E_q[\mathbb E_p[y z]]", .4*-.3), (r"\int\int z\,y\,p(z)\,q(y)\,dz\,dy", -.3*.4)])
def test_averages(latex, truth):
    E_p = over(P, "y") if "y z" in latex else over(P)
    assert of(latex, q=Q, p=P, E_q=over(Q), E_p=E_p, dz=dz, dy=Over("y", Z, dz.weights)) == pytest.approx(truth, abs=1e-6)

def test_averages_over_vectors_and_pairs():
    points, w = torch.cat([V + math.sqrt(3)*A.T, V - math.sqrt(3)*A.T]), torch.full((6,), 1/6)
    E = Over("z", points, w)
    assert torch.allclose(of(r"\operatorname{Cov}[z]", E=E), A@A.T) and torch.allclose(of(r"\mathbb E[z]", E=E), V)
    assert torch.allclose(of(r"\mathbb E[(z - m)^\top B(z - m)]", E=E, m=W, B=B), torch.trace(B@A@A.T) + (V - W)@B@(V - W)) and torch.allclose(of(r"\mathbb E[z_2]", E=E), V[1])
    pair = Over("a b", (t(0, 0, 1, 1), t(0, 1, 0, 1)), t(.49, .21, .21, .09))
    assert of(r"P(a \ne b)", P=pair) == pytest.approx(.42) and of(r"\operatorname{Cov}[a, b]", E=pair) == pytest.approx(0) and of(r"P(a = 1, b = 1)", P=pair) == pytest.approx(.09)

def test_conditions_and_measures_that_depend_on_others():
    E_y, x = Over("y", t(0, 1), t(.4, .6)), t(0, 1, 2)
    inner = {"E|y": Over("x", x, lambda y: torch.stack([.2 + .1*y, .5 - .2*y, .3 + .1*y]))}
    weights = {y: t(.2 + .1*y, .5 - .2*y, .3 + .1*y) for y in (0, 1)}
    means = [float((w*x).sum()) for w in weights.values()]
    assert of(r"\mathbb E\big[\mathbb E[x \mid y]\big]", inner, E=E_y) == pytest.approx(.4*means[0] + .6*means[1])
    assert of(r"\operatorname{Var}\big[\mathbb E[x \mid y]\big]", inner, E=E_y) == pytest.approx(.24*(means[0] - means[1])**2)
    moved = Over("z", lambda mu: mu + Z, Normal(0., 1.).log_prob(Z).exp()*.01)
    assert of(r"\mathbb E[z^2]", E=moved, mu=2.) == pytest.approx(5)

def test_a_function_that_vmap_cannot_take_is_called_at_every_point():
    def slow(z): return float(z)**2 if float(z) > 0 else 0.
    assert of(r"\mathbb E_q[f(z)]", E_q=over(Q), f=slow) == pytest.approx(float((Q.log_prob(Z).exp()*.01*Z.clamp(min=0)**2).sum()))
    scipy = pytest.importorskip("scipy.stats")
    assert of(r"\mathbb E_q[f(z)]", E_q=over(Q), f=scipy.norm.cdf) == pytest.approx(float(Normal(0, 1).cdf(t(.4/1.64**.5)[0])), abs=1e-6)

def test_a_function_sees_one_point():
    "The length of a vector in the function is no point of the grid, though both are three"
    grid = Over("z", t(-1, 0, 2), t(.2, .3, .5))
    got = of(r"\mathbb E_q[p(x|z)]", {"p(x|z)": lambda x, z: Normal(z, 1.).log_prob(x).sum().exp()}, E_q=grid, x=V)
    assert got == pytest.approx(float(sum(w*Normal(z, 1.).log_prob(V).sum().exp() for z, w in zip(grid.points[0], grid.weights))))

def test_a_law_under_a_key_with_brackets():
    "It is a density where a number is wanted, and a law in a divergence"
    given = {"q(z|x)": Q, "p(z)": P, "E_q(z|x)": over(Q), "z": .2}
    assert of(r"\log q(z \mid x)", given) == pytest.approx(float(Q.log_prob(t(.2)[0])))
    assert of(r"\operatorname{KL}(q(z \mid x)\,\|\,p(z)) - \mathbb E_{q(z\mid x)}[\log q(z \mid x) - \log p(z)]", given) == pytest.approx(0, abs=1e-9)

def test_keys_with_brackets_serve_other_arguments():
    p = {"p(x)": lambda x: x + 10, "p(z)": lambda z: z + 20, "p(x|z)": lambda x, z: 100*x + z, "x": t(1, 2), "z": t(3, 4)}
    assert of("p(x_2)", p) == 12 and of("p(z^{(1)})", p) == 23 and of("p(x_1 | z_2)", p) == 104
    with pytest.raises(FormulaError, match="two keys"): of("p(y)", p, y=1.)
    with pytest.raises(FormulaError, match="nothing is known of p"): of("p(z_2 | x_1)", {"p(x|z)": lambda x, z: x, "x": t(1, 2), "z": t(3, 4)})
    assert of("f(x, x)", {"f(x,p)": lambda x, p: 10*x + p, "x": 1.}) == 11

@pytest.mark.parametrize("latex, truth", [(r"\int_1^0 x\,dx", -.5), (r"\int_\infty^1 e^{-t}\,dt", -math.exp(-1)), (r"\int_\infty^{-\infty} e^{-t^2}\,dt", -math.sqrt(math.pi))])
def test_integrals_backwards(latex, truth): assert of(latex) == pytest.approx(truth)

# -------------------------------------------------------------------------------------------------------------- optima
@pytest.mark.parametrize("latex, given, truth", [
    (r"\min_x (x - \tfrac13)^2 + 1", {"min_x": torch.linspace(0, 1, 5)}, 1), (r"\arg\max_x x(1 - x)", {"max_x": Over("x", torch.linspace(0, 1, 8))}, .5), (r"\max_k x_k", {"x": t(1, 5, 2), "max_k": [1, 2, 3]}, 5), (r"\max_k x_k", {"x": t(1, 5, 2), "k": range(1, 4)}, 5),
    (r"\max_D \min_G D\,G", {"max_D": Over("D", [0., 1., 2.]), "min_G": Over("G", [-1., 1.])}, 0), (r"\arg\min_{a,b} (a - 1)^2 + (b + 1)^2", {"min_a,b": Over("a b", (t(0, 1, 1), t(-1, 0, -1)))}, (1, -1)), (r"\min_U \operatorname{tr}(U A)", {"min_U": Over("U", [torch.eye(3), -torch.eye(3)]), "A": SPD}, -float(SPD.trace())),
    (r"2 + 3\min_x x^2", {"min_x": t(-1, .5, 2)}, 2)])
def test_optima(latex, given, truth): assert [float(v) for v in (of(latex, given) if isinstance(truth, tuple) else [of(latex, given)])] == pytest.approx(list(truth) if isinstance(truth, tuple) else [truth], abs=1e-7)

def test_discrete_candidates_are_not_left(): assert of(r"\arg\max_D -(D - 1.4)^2", {"max_D": [0., 1., 2.]}) == 1

# ---------------------------------------------------------------------------------------------------------- derivatives
def saddle(w_1, w_2): return (1 - w_1*w_2)**2

@pytest.mark.parametrize("latex, given, truth", [
    (r"\frac{d}{dx} x^3", {"x": 2.}, 12), (r"\frac{dz}{d\lambda}", {"z": lambda lambda_: -1/lambda_, "lambda": 2.}, .25), (r"\frac{\partial}{\partial\mu}\mathbb E[f(z)]", {"f": lambda z: z**2, "E": Over("z", lambda mu: mu + t(-1, 1)), "mu": 3.}, 6), (r"\frac{\partial z}{\partial\log\sigma}", {"z": lambda sigma: sigma**2, "sigma": 3.}, 18),
    (r"\frac{d^2}{dx^2} x^3", {"x": 2.}, 12), (r"f'(x) + f''(x)", {"f": lambda u: u**3, "x": 2.}, 24), (r"\int \frac{\partial p(z)}{\partial\mu}\,z\,dz", {"p": lambda z, mu: Normal(mu, 1.).log_prob(z).exp(), "mu": .3, "dz": dz}, 1), (r"\partial V/\partial x", {"V": lambda x, y: x*y, "x": 2., "y": 5.}, 5),
    (r"\frac{d}{d\ell}\log(1 - \sigma(\ell))", {"ell": .7}, -1/(1 + math.exp(-.7))), (r"\frac{\partial\ell}{\partial p}", {"ell": lambda p: p**2, "p": 3.}, 6), (r"\mathbb E_q[f'(z)]", {"f": torch.sin, "E_q": over(Q)}, math.cos(.4)*math.exp(-.32)), (r"\frac{\partial}{\partial x_2} (x_1 x_2^2)", {"x": t(3, 5)}, 30)])
def test_derivatives(latex, given, truth): assert of(latex, given) == pytest.approx(truth, abs=1e-6)

@pytest.mark.parametrize("latex, given, truth", [
    (r"\nabla L(w_1, w_2)", {"w_1": 2., "w_2": 3.}, t(30., 20.)), (r"\nabla L", {"w_1": 2., "w_2": 3.}, t(30., 20.)), (r"\nabla^2 L(0, 0)", {}, t([0., -2], [-2, 0])), (r"\nabla^2 L(w_1, w_2)", {"w_1": 2., "w_2": 3.}, t([18., 22], [22, 8])), (r"\nabla_v (v^\top A v)", {"v": V, "A": A}, (A + A.T)@V),
    (r"\nabla_{v,w} (v^\top A w)", {"v": V, "A": A, "w": W}, torch.cat([A@W, A.T@V])), (r"\nabla \log(\theta^2)", {"nabla": "theta", "theta": 4.}, t(.5)[0]), (r"\frac{\partial}{\partial A}\operatorname{tr}(A B)", {"A": A, "B": B}, B.T), (r"\mathbb E\|\nabla_x (x^\top B x)\|^2", {"E": Over("x", A), "B": B}, ((A@(B + B.T))**2).sum(1).mean()),
    (r"\mathbb E[\nabla_{a,b} (a z + b z^2)]", {"E": Over("z", t(1, 2, 6)), "a": 1., "b": 1.}, t(3., 41/3)), (r"\nabla L(0)", {}, t(0., 0))])
def test_gradients(latex, given, truth): assert torch.allclose(of(latex, {"L": saddle, **given}), truth)

# ------------------------------------------------------------------------------------------------------------ smaller parts
def test_over_needs_points_for_each_letter():
    with pytest.raises(ValueError, match="points: expected 2"): Over("x y", (t(1, 2),))
    with pytest.raises(ValueError, match="low: expected less than"): grid("x", 2, 1)
    with pytest.raises(ValueError, match="n: expected at least two"): grid("x", 0, 1, n=1)
    assert "z" in repr(dz)

def test_parameters():
    assert parameters(lambda x, lambda_, n=3: 0) == ["x", "lam"] and parameters(lambda *x: 0) is None and parameters(torch.nn.Linear(1, 1)) == ["input"]

def test_at_points_goes_over_all_pairs():
    a, b = Value(draw(4, 1), 2), Value(draw(5), 1)
    got = at_points(lambda x, y: x*y, [a, b])
    assert got.data.shape == (4, 5) and torch.allclose(got.data, a.data*b.data)
    with pytest.raises(Pointwise): at_points(lambda x: Normal(x, 1.), [b])

def test_picked():
    assert picked({(1, 2): 5.}, [1, 2], [1, 1]) == 5 and picked([[1., 2.], [3., 4.]], [2, 1], [1, 1]) == 3 and picked(lambda i: i, [3], [1])() == 3
    with pytest.raises(Unfit, match="a number has no entries"): picked(2., [1], [1])

def test_under_leaves_what_was():
    env = Meanings({"x": 1.})
    inner = env.under({"z": 2.}, axes=1)
    assert "z" not in env.known and inner.axes == 1 == env.axes + 1 and inner.text(read("x").clauses[0]) == "x"
    assert called(lambda x, z: x + z, [as_value(3.)], [], inner, read("x").clauses[0]).data == 5

ROWS = {}
_VALUES = "takes a part of a formula and what its letters mean; what is wrong there is a `FormulaError` with its place, tested above"
NO_ROW = {**{f"formula.meanings.{n}": _VALUES for n in "at_points picked called parameters".split()}, "formula.meanings.Over": "has its test above", "formula.meanings.grid": "has its test above", "formula.meanings.Meanings": "a plain record", "formula.meanings.Pointwise": "an exception",
          **{f"formula.meanings.Meanings.{n}": _VALUES for n in "under text fail unknown varies".split()},
          **{f"formula.evaluate.{n}": _VALUES for n in "meaning meant number entry_of constant indexed is_product is_given whole".split()}, "formula.evaluate.Choice": "a plain record",
          **{f"formula.calls.{n}": _VALUES for n in "arguments inside is_space sizes_of members truth".split()}, "formula.derivatives.free_indices": _VALUES,
          **{f"formula.calculus.{n}": _VALUES for n in "average measure index_range".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
