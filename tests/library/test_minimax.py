"The value of the game, and divergences on a grid"
import math

import pytest
import torch
import torch.nn.functional as F
from bad_input import GRID, INF, NAN, B, P, Q, bad_input_tests, normals, row
from helpers import full, gauss, near, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import about, exempt, many, property_tests, seeds
from scipy.spatial.distance import jensenshannon
from torch import distributions as td
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.minimax import accuracy, grid_js, grid_kl, grid_value, optimal_logits, value


def test_game_values_at_the_edge():
    x = torch.tensor([0., 1., 2.]).double()
    p, q = torch.tensor([1., 1., 0.]).double(), torch.tensor([0., 0., 2.]).double()
    logits = torch.tensor([math.inf, 0., -math.inf]).double()
    assert_close(grid_value(logits, p, q, x), torch.trapezoid(torch.tensor([0., -math.log(2), 0.]).double(), x))    # a logit without weight does not count
    assert torch.isnan(accuracy(torch.tensor([math.nan, 1.]), torch.tensor([0.])))
    assert accuracy(torch.tensor([0., 1.]), torch.tensor([0., 0., 1., 1.])).item() == .5*(.75 + .25)
    two = torch.tensor([0., .5]).double()
    assert_close(grid_kl(p[:2], p[:2]*2, two), torch.tensor(-.5*math.log(2)).double())                    # two points are a grid
    for bad in (two[:1], torch.tensor([0., 0.]).double(), two[:, None], torch.tensor([1., 0.]).double(), torch.tensor([0., 2., 1.]).double()):
        with pytest.raises(ValueError, match="x"): grid_kl(*[torch.ones_like(bad)]*2, bad)
    with pytest.raises(ValueError, match="p: expected"): grid_kl(-p[:2], p[:2], two)
    grid_value(-p, p, q, x)                                                # logits may be negative

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D): return {"minimax.optimal_logits": (optimal_logits, (points(seed + 2, B, D), gauss(seed, B, D)[0]), "ll")}

def by_batch(seed, B, D):
    r, f = points(seed, B), points(seed + 1, B)
    grid = torch.linspace(-6, 6, 41, dtype=torch.double)
    p, q = torch.softmax(points(seed + 4, 41), 0)/.3, torch.softmax(points(seed + 5, 41), 0)/.3
    return {"minimax.value": (value, (r, f), "ll"), "minimax.accuracy": (accuracy, (r, f), "ll"),
            "minimax.grid_value": (lambda l: grid_value(l, p.to(l), q.to(l), grid.to(l)), (3*grid.sin(),), "l"),
            "minimax.grid_kl": (lambda u: grid_kl(u.exp(), q.to(u), grid.to(u)), (p.log(),), "."), "minimax.grid_js": (lambda u: grid_js(u.exp(), q.to(u), grid.to(u)), (p.log(),), ".")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row, by_batch)

@about("values oracle", "minimax.value", "minimax.accuracy")
@settings(many, max_examples=40)
@given(seed=seeds, N=st.integers(1, 9), M=st.integers(1, 9), scale=st.floats(.01, 50))
def test_value_and_accuracy(seed, N, M, scale):
    r, f = scale*points(seed, N), scale*points(seed + 1, M)
    V, A = value(r, f), accuracy(r, f)
    assert V <= 0 and 0 <= A <= 1
    assert_close(V, -F.binary_cross_entropy_with_logits(r, torch.ones(N).double()) - F.binary_cross_entropy_with_logits(f, torch.zeros(M).double()))
    assert_close(value(-f, -r), V)                                                     # roles exchanged
    assert_close(accuracy(-f, -r), A)
    assert_close(accuracy(-r, -f), 1 - A)
    assert_close(accuracy(3*r, 3*f), A)                                                # only signs count
    assert_close(value(torch.cat([r, r]), f), V)                                       # a mean over each set
    assert value(r + .1, f - .1) > V
    assert accuracy(0*r, 0*f) == .5
    assert_close(value(0*r, 0*f).item(), -math.log(4))
    assert gradcheck(value, (r.clone().requires_grad_(), f.clone().requires_grad_()))
    assert value(r.float(), f.float()).dtype == torch.float32

@about("values oracle gradient", "minimax.optimal_logits", "minimax.grid_value", "minimax.grid_kl", "minimax.grid_js")
@settings(many, max_examples=30)
@given(a=st.floats(-2, 2), b=st.floats(-2, 2), s=st.floats(.5, 2), t=st.floats(.5, 2))
def test_games_on_grids(a, b, s, t):
    x = torch.linspace(-14, 14, 3001, dtype=torch.double)
    P, Q = td.Normal(torch.tensor(a).double(), s), td.Normal(torch.tensor(b).double(), t)
    p, q, best = P.log_prob(x).exp(), Q.log_prob(x).exp(), optimal_logits(P.log_prob(x), Q.log_prob(x))
    kl, js, V = grid_kl(p, q, x), grid_js(p, q, x), grid_value(best, p, q, x)
    assert_close(kl, td.kl_divergence(P, Q), rtol=1e-6, atol=1e-8)
    assert kl >= -1e-9 and -1e-9 <= js <= math.log(2) + 1e-9
    assert_close(js, grid_js(q, p, x))
    assert js <= .25*(kl + grid_kl(q, p, x)) + 1e-9                                    # at most a quarter of Jeffreys
    assert js.item() == pytest.approx(jensenshannon(p.numpy(), q.numpy())**2, abs=1e-6)
    assert_close(V, 2*js - math.log(4), rtol=1e-6, atol=1e-8)
    assert_close(best.sigmoid(), p/(p + q), rtol=1e-6, atol=1e-9)
    assert_close(optimal_logits(Q.log_prob(x), P.log_prob(x)), -best)
    for wrong in (best + .3, .5*best, best + .2*x.sin(), 0*best): assert grid_value(wrong, p, q, x) <= V + 1e-9
    assert grid_kl(p, p, x).abs() < 1e-12 and grid_js(p, p, x).abs() < 1e-12
    assert_close(grid_value(0*best, p, q, x), torch.tensor(-math.log(4)).double())
    assert_close(grid_kl(p, q, x + 3), kl)
    i = slice(1300, 1700, 80)
    assert gradcheck(lambda l: grid_value(l, p[i], q[i], x[i]), best[i].clone().requires_grad_())
    shares = [u[i].clamp(min=1e-3).log().requires_grad_() for u in (p, q)]
    assert gradcheck(lambda u, v: grid_kl(u.exp(), v.exp(), x[i]) + grid_js(u.exp(), v.exp(), x[i]), shares)

@about("extreme", "minimax.grid_kl", "minimax.grid_js")
def test_apart_densities_are_log_two_apart():
    x = torch.linspace(0, 4, 4001, dtype=torch.double)
    p, q = ((x > lo) & (x < lo + 1) for lo in (.5, 2.5))
    p, q = (u.double()/torch.trapezoid(u.double(), x) for u in (p, q))
    assert_close(grid_js(p, q, x).item(), math.log(2))
    assert grid_kl(p, q, x) == INF
    assert_close(grid_value(torch.where(p > 0, 1e4, -1e4).double(), p, q, x).item(), 0.)

@about("extreme", "minimax.grid_kl", "minimax.grid_js", "minimax.grid_value")
def test_extreme_grids():
    x = torch.linspace(-1, 1, 5)
    tiny = torch.full_like(x, 1e-38)
    p = torch.tensor([0., 1., 0., 1., 0.])
    assert grid_kl(tiny, tiny, x) == 0 and grid_js(p, tiny, x).isfinite() and grid_value(torch.full_like(x, 1e4), p, 0*p, x) == 0

exempt(   # names, kinds, why
    ("minimax.accuracy minimax.grid_js minimax.grid_kl minimax.grid_value minimax.value", "one",
     "an average or one state, not a row per datum"),
    ("minimax.accuracy", "gradient",
     "a share has no slope"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "minimax.value": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short one", allow="nan inf shape"),
    "minimax.accuracy": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short one", allow="nan inf shape"),
    "minimax.optimal_logits": row(dict(log_p=P.log(), log_q=Q.log()), allow="nan"),
    "minimax.grid_value": row(dict(logits=GRID, p=P, q=Q, x=GRID), allow="nan inf", p=[-P, P*NAN], q=[-Q], x=[GRID.flip(0), GRID*0]),
    "minimax.grid_kl": row(dict(p=P, q=Q, x=GRID), allow="nan", p=[-P], q=[-Q], x=[GRID.flip(0)]),
    "minimax.grid_js": row(dict(p=P, q=Q, x=GRID), allow="nan", p=[-P], q=[-Q], x=[GRID.flip(0)]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def value_of_a_blind_d():
    near(value(full(0, 4), full(0, 9)), -math.log(4))
    near(value(full(3, 4), full(-3, 9)), -2*math.log1p(math.exp(-3)))
    near(accuracy(full(1, 5), full(1, 2)*torch.tensor([1., -1.])), .75)

def divergences_on_a_grid():
    "Two normals: KL in closed form and with its direction, JS against −log 4"
    x = torch.linspace(-12, 14, 4001, dtype=torch.double)
    P, Q = td.Normal(full(0), 1.), td.Normal(full(1.5), full(2.))
    p, q = P.log_prob(x).exp(), Q.log_prob(x).exp()
    near(grid_kl(p, q, x), td.kl_divergence(P, Q))
    V = grid_value(optimal_logits(P.log_prob(x), Q.log_prob(x)), p, q, x)
    near(V, 2*grid_js(p, q, x) - math.log(4))
    near(optimal_logits(P.log_prob(x), Q.log_prob(x)).sigmoid()[1700], p[1700]/(p[1700] + q[1700]))

MISTAKES = [   # name, function, text, mistaken text, check
    ("V with log D on the fakes", "minimax.value", "F.logsigmoid(-fake_logits)", "F.logsigmoid(fake_logits)", value_of_a_blind_d),
    ("accuracy weighted by how many there are", "minimax.accuracy", ".5*(_right(real_logits) + _right(-fake_logits))", "_right(torch.cat([real_logits, -fake_logits]))", value_of_a_blind_d),
    ("D* with p and q exchanged", "minimax.optimal_logits", "log_p - log_q", "log_q - log_p", divergences_on_a_grid),
    ("KL on the grid in the other direction", "minimax.grid_kl", "torch.xlogy(p, p) - torch.xlogy(p, q)", "torch.xlogy(q, q) - torch.xlogy(q, p)", divergences_on_a_grid),
    ("JS without its half", "minimax.grid_js", "return .5*(", "return (", divergences_on_a_grid),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
