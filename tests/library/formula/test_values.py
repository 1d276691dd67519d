"What products, powers and functions of numbers, vectors and matrices mean, and which mean nothing."
import math

import pytest
import torch
from bad_input import bad_input_tests
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from vaegan.formula.laws import Gauss, Law, as_law, bernoulli, divergence, entropy, log_density, uniform
from vaegan.formula.values import (
    Unfit,
    Value,
    aligned,
    as_value,
    determinant,
    diagonal,
    divided,
    eigenvalues,
    entrywise,
    in_order,
    norm,
    plus,
    power,
    times,
    trace,
    transposed,
)


def t(*v): return torch.tensor(v, dtype=torch.double)
def draw(*shape, seed=0): return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
NUMBER, COLUMN, MATRIX = as_value(1.7), as_value(draw(3)), as_value(draw(3, 3, seed=1))
ROW, WIDE, EYE = transposed(COLUMN), as_value(draw(2, 3, seed=2)), Value(t(2.)[0], eye=True)

@pytest.mark.parametrize("a, b, truth", [
    (NUMBER, COLUMN, 1.7*COLUMN.data), (MATRIX, NUMBER, 1.7*MATRIX.data), (WIDE, COLUMN, WIDE.data@COLUMN.data), (MATRIX, MATRIX, MATRIX.data@MATRIX.data), (ROW, COLUMN, COLUMN.data@COLUMN.data),
    (COLUMN, ROW, torch.outer(COLUMN.data, COLUMN.data)), (ROW, MATRIX, COLUMN.data@MATRIX.data), (COLUMN, COLUMN, COLUMN.data**2), (EYE, COLUMN, 2*COLUMN.data), (MATRIX, EYE, 2*MATRIX.data)])
def test_products(a, b, truth): assert torch.allclose(times(a, b).data, truth)

@pytest.mark.parametrize("a, b", [(COLUMN, MATRIX), (MATRIX, ROW), (MATRIX, WIDE), (WIDE, as_value(draw(2))), (as_value(draw(2)), COLUMN), (as_value(draw(1)), COLUMN)])
def test_products_without_a_meaning(a, b):
    with pytest.raises(Unfit): times(a, b)

def test_a_product_at_many_points_is_the_product_at_each():
    "Axes in front; a matrix times vectors at all pairs of two sets of points"
    A, z, w = as_value(draw(2, 3)), Value(draw(5, 1, 3, seed=1), 2), Value(draw(4, 3, seed=2), 1)
    got = times(times(A, z), as_value(2.))
    assert got.data.shape == (5, 1, 2) and got.axes == 2
    both = plus(z, w)
    assert both.data.shape == (5, 4, 3) and torch.allclose(both.data[2, 3], z.data[2, 0] + w.data[3])
    assert torch.allclose(times(transposed(z), w).data[1, 2], z.data[1, 0]@w.data[2])

@pytest.mark.parametrize("a, b", [(MATRIX, NUMBER), (COLUMN, ROW), (COLUMN, as_value(draw(2))), (EYE, COLUMN), (EYE, NUMBER), (COLUMN, as_value(draw(1)))])
def test_sums_without_a_meaning(a, b):
    with pytest.raises(Unfit): plus(a, b)

def test_the_identity_takes_the_size_of_its_partner():
    assert torch.allclose(plus(MATRIX, EYE).data, MATRIX.data + 2*torch.eye(3)) and torch.allclose(plus(EYE, MATRIX, -1).data, 2*torch.eye(3) - MATRIX.data)
    assert plus(EYE, EYE).eye and times(EYE, NUMBER).eye and transposed(EYE) is EYE

def test_powers():
    S = as_value(MATRIX.data@MATRIX.data.T + torch.eye(3))
    assert torch.allclose(power(S, as_value(-1)).data, torch.linalg.inv(S.data))
    half = power(S, as_value(.5))
    assert torch.allclose(times(half, half).data, S.data) and torch.allclose(power(MATRIX, as_value(3)).data, MATRIX.data@MATRIX.data@MATRIX.data)
    assert torch.allclose(power(COLUMN, as_value(2)).data, COLUMN.data**2)

@pytest.mark.parametrize("a, b", [(MATRIX, as_value(.5)), (WIDE, as_value(2)), (as_value(t([1., 1], [1, 1])), as_value(-1)), (ROW, as_value(2)), (as_value(-2.), as_value(.5)), (as_value(draw(2)), COLUMN), (as_value(t([-1., 0], [0, 1])), as_value(.5)),
                                  (MATRIX, COLUMN)])
def test_powers_without_a_meaning(a, b):
    with pytest.raises(Unfit): power(a, b)

def test_quotients():
    assert torch.allclose(divided(COLUMN, NUMBER).data, COLUMN.data/1.7) and torch.allclose(divided(COLUMN, COLUMN).data, torch.ones(3).double())
    for a, b in ((NUMBER, MATRIX), (NUMBER, EYE), (MATRIX, COLUMN)):
        with pytest.raises(Unfit): divided(a, b)

def test_functions_of_matrices():
    assert torch.allclose(determinant(MATRIX).data, torch.linalg.det(MATRIX.data)) and torch.allclose(trace(MATRIX).data, MATRIX.data.trace())
    assert torch.allclose(norm(COLUMN).data, COLUMN.data.norm()) and torch.allclose(norm(MATRIX, "F").data, MATRIX.data.norm()) and norm(as_value(-2.)).data == 2
    assert torch.equal(diagonal(COLUMN).data, torch.diag(COLUMN.data)) and torch.equal(diagonal(MATRIX).data, torch.diag(MATRIX.data.diagonal()))
    assert torch.allclose(eigenvalues(as_value(t([2., 1], [1, 2]))).data, t(1., 3.)) and eigenvalues(as_value(t([0., 1], [-1, 0]))).data.is_complex()
    for f in (determinant, trace, eigenvalues):
        with pytest.raises(Unfit): f(COLUMN)
    with pytest.raises(Unfit): norm(MATRIX)
    with pytest.raises(Unfit): determinant(WIDE)
    with pytest.raises(Unfit): entrywise(torch.log, MATRIX)
    assert torch.equal(in_order(t(3., 1, 2)), t(1., 2, 3))

@pytest.mark.parametrize("x", [.1, [.1, .2], (.1, 1), 1j, [1j, .1], torch.tensor(.1, dtype=torch.double), [t(.1)[0], t(.2)[0]], True, 3])
def test_double_precision_from_the_start(x):
    "A tenth must not pass through single precision, where it is 1e-9 off"
    v = as_value(x).data
    assert v.dtype in (torch.float64, torch.complex128) and torch.allclose(v.flatten()[-1].real, torch.as_tensor(complex(x[-1] if isinstance(x, (list, tuple)) else x).real, dtype=torch.double), rtol=1e-15, atol=0)

@pytest.mark.parametrize("x", ["a", None, object(), [1, "a"], {}])
def test_what_is_no_number(x):
    with pytest.raises(Unfit, match="expected a number"): as_value(x)

def test_sizes_must_be_equal():
    with pytest.raises(Unfit): aligned(COLUMN, as_value(draw(4)))
    x, y, axes = aligned(Value(draw(5, 3), 1), NUMBER)
    assert x.shape == (5, 3) and y.shape == (1, 1) and axes == 1

# ------------------------------------------------------------------------------------------------------------------- laws
M, S = draw(3), draw(3, 3, seed=1)@draw(3, 3, seed=1).T + torch.eye(3)

@pytest.mark.parametrize("law, x, truth", [
    (Gauss(as_value(.3), as_value(.49)), as_value(1.1), Normal(t(.3)[0], t(.7)[0]).log_prob(t(1.1)[0])), (Gauss(as_value(M), as_value(S)), as_value(draw(3, seed=3)), MultivariateNormal(M, S).log_prob(draw(3, seed=3))),
    (Gauss(as_value(0), Value(t(.5)[0], eye=True)), as_value(draw(3, seed=3)), Normal(0, .5**.5).log_prob(draw(3, seed=3)).sum()), (Gauss(as_value(M), Value(t(1.)[0], eye=True)), as_value(.2*M), Normal(M, 1).log_prob(.2*M).sum()),
    (Normal(t(.3)[0], t(.7)[0]), as_value(1.1), Normal(t(.3)[0], t(.7)[0]).log_prob(t(1.1)[0])), (Gauss(as_value(.3), Value(t(1.)[0], eye=True)), as_value(1.1), Normal(t(.3)[0], t(1.)[0]).log_prob(t(1.1)[0]))])
def test_densities_against_the_library(law, x, truth): assert torch.allclose(log_density(law, x).data, truth)

def test_densities_at_many_points():
    z = Value(draw(6, 3), 1)
    assert torch.allclose(log_density(Gauss(as_value(M), as_value(S)), z).data, MultivariateNormal(M, S).log_prob(z.data))
    means = Value(draw(6, 1, 3), 2)
    got = log_density(Gauss(means, Value(t(1.)[0], eye=True)), as_value(M))
    assert got.data.shape == (6, 1) and torch.allclose(got.data[4, 0], Normal(means.data[4, 0], 1).log_prob(M).sum())

@pytest.mark.parametrize("q, p", [
    (Gauss(as_value(.3), as_value(.5)), Gauss(as_value(0.), as_value(1.))), (Gauss(as_value(M), as_value(S)), Gauss(as_value(0.), Value(t(1.)[0], eye=True))), (Independent(Normal(M, torch.ones(3)), 1), Gauss(as_value(0.), Value(t(1.)[0], eye=True))),
    (MultivariateNormal(M, S), Independent(Normal(M*0, torch.ones(3)), 1)), (Normal(t(.3)[0], t(.7)[0]), Normal(t(0.)[0], t(1.)[0]))])
def test_divergences_against_sampling(q, p):
    "A mean of log q − log p over draws of q, within five standard errors"
    torch.manual_seed(0)
    a, b = as_law(q, (1, 3) if isinstance(q, Gauss) and q.rank else None), as_law(p, (1, 3) if isinstance(p, Gauss) and not isinstance(q, Normal) and not (isinstance(q, Gauss) and not q.rank) else None)
    x = a.dist.sample((40000,))
    d = a.dist.log_prob(x) - b.dist.log_prob(x)
    assert abs(divergence(q, p).data - d.mean()) < 5*d.std()/200

def test_other_laws():
    assert math.isclose(entropy(Gauss(as_value(0), as_value(4.))).data, .5*math.log(2*math.pi*math.e*4)) and math.isclose(entropy(uniform(as_value(1.), as_value(4.))).data, math.log(3))
    p, q = bernoulli(as_value(.3)), bernoulli(as_value(.6))
    assert math.isclose(divergence(p, q).data, .3*math.log(.3/.6) + .7*math.log(.7/.4)) and isinstance(p, Law)
    assert kl_divergence(p.dist, q.dist) == divergence(p, q).data

@pytest.mark.parametrize("f", [lambda: as_law(3), lambda: log_density(Gauss(as_value(M), as_value(S)), as_value(1.)), lambda: as_law(Gauss(as_value(M), as_value(draw(3, 3)))), lambda: as_law(Gauss(as_value(M), as_value(-S)))])
def test_laws_that_are_none(f):
    with pytest.raises(Unfit): f()

ROWS = {}
NO_ROW = {**{f"formula.values.{n}": "takes values that the evaluator made; what does not fit is `Unfit`, and has its tests here"
             for n in "aligned as_value as_vector plus times divided power transposed entrywise norm determinant trace diagonal eigenvalues in_order logistic".split()},
          "formula.values.Value": "a plain record", "formula.values.Unfit": "an exception", "formula.laws.Law": "a plain record", "formula.laws.Gauss": "a plain record",
          **{f"formula.laws.{n}": "takes laws that the evaluator made; what does not fit is `Unfit`, and has its tests here" for n in "as_law log_density divergence entropy as_torch bernoulli categorical uniform".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
