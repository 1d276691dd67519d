"Densities and estimates"
import math

import pytest
import torch
from bad_input import BINARY, INT, LV, MU, B, L, bad_input_tests, normals, row
from helpers import coins, densities_are_those_of_torch, gauss, gen, loss_of_an_example_by_hand, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import B_, D_, about, event_shape_test, exempt, many, property_tests, seeds
from scipy import stats
from torch import distributions as td
from torch.testing import assert_close

from vaegan.convergence import parzen_log_prob
from vaegan.dists import bernoulli_log_prob, mean_se, mvn_log_prob, normal_log_prob, tril
from vaegan.divergences import kl_mvn, kl_normal
from vaegan.likelihoods import ContinuousBernoulli
from vaegan.reparam import rsample


def test_a_batch_is_expected():
    v = torch.ones(3)
    with pytest.raises(ValueError, match=r"mu: expected shape \[B, \+D\]"): kl_normal(v, v)
    assert kl_normal(v[None], v[None]).shape == (1,) and mean_se(torch.tensor([1., 3.])) == (2., pytest.approx(1.))
    with pytest.raises(ValueError, match="L: expected"): mvn_log_prob(v[None], v[None], torch.diag(v)[None].flip(1) + torch.eye(3))
    with pytest.raises(ValueError, match="L: expected"): mvn_log_prob(v[None], v[None], torch.diag(torch.tensor([1., 0., 1.]))[None])
    assert_close(mvn_log_prob(v[None], v[None], torch.eye(3)[None]), torch.tensor([-1.5*math.log(2*math.pi)]))

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    x, b = points(seed + 2, B, D), coins(seed + 3, B, D)
    return {"dists.bernoulli_log_prob": (bernoulli_log_prob, (b, mu), "bl"), "dists.normal_log_prob": (normal_log_prob, (x, mu, logvar), "xmv"),
            "dists.mvn_log_prob": (mvn_log_prob, (x, mu, L), "xmL"), "dists.tril": (lambda raw: tril(raw, D), (points(seed + 4, B, D*(D+1)//2),), ".")}

def by_batch(seed, B, D):
    num = lambda *a: torch.tensor(a, device="cpu", dtype=torch.double)
    return {"dists.mean_se": (lambda s: num(*mean_se(s)), (points(seed, B),), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row, by_batch)
test_event_shape_does_not_matter = event_shape_test(by_row, "dists.bernoulli_log_prob", "dists.normal_log_prob")

@about("oracle", "dists.bernoulli_log_prob", "dists.normal_log_prob", "dists.mvn_log_prob", "divergences.kl_normal", "divergences.kl_mvn")
@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_densities_agree_with_torch_distributions(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    mu_p, logvar_p, L_p = gauss(seed + 1, B, D)
    x, b = points(seed + 2, B, D), coins(seed + 3, B, D)
    q, p = (td.Independent(td.Normal(m, (.5*v).exp()), 1) for m, v in ((mu, logvar), (mu_p, logvar_p)))
    Q, P = (td.MultivariateNormal(m, scale_tril=S) for m, S in ((mu, L), (mu_p, L_p)))
    assert_close(bernoulli_log_prob(b, mu), td.Independent(td.Bernoulli(logits=mu), 1).log_prob(b))
    assert_close(normal_log_prob(x, mu, logvar), q.log_prob(x))
    assert_close(mvn_log_prob(x, mu, L), Q.log_prob(x))
    assert_close(kl_normal(mu, logvar, mu_p, logvar_p), td.kl_divergence(q, p))
    assert_close(kl_normal(mu, logvar), td.kl_divergence(q, td.Independent(td.Normal(torch.zeros_like(mu), 1.), 1)))
    assert_close(kl_mvn(mu, L, mu_p, L_p), td.kl_divergence(Q, P), rtol=1e-6, atol=1e-8)
    for i in range(B): assert_close(mvn_log_prob(x, mu, L)[i].item(), stats.multivariate_normal.logpdf(x[i], mu[i], L[i]@L[i].T), rtol=1e-6, atol=1e-6)

@about("values", "dists.bernoulli_log_prob", "dists.normal_log_prob", "dists.mvn_log_prob")
@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_densities_have_their_symmetries(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    x, b, s = points(seed + 1, B, D), coins(seed + 2, B, D), points(seed + 3, B, D)
    assert (bernoulli_log_prob(b, mu) <= 0).all()
    assert_close(bernoulli_log_prob(1 - b, -mu), bernoulli_log_prob(b, mu))                       # ink and paper exchanged
    for f, v in ((normal_log_prob, logvar), (mvn_log_prob, L)):
        assert_close(f(mu, x, v), f(x, mu, v))                                                    # x and the mean exchanged
        assert_close(f(x + s, mu + s, v), f(x, mu, v))
        assert (f(mu, mu, v) >= f(x, mu, v)).all()                                                # highest at the mean
    assert_close(normal_log_prob(x*(.5*s).exp(), mu*(.5*s).exp(), logvar + s), normal_log_prob(x, mu, logvar) - .5*s.sum(1))

def test_densities_integrate_to_one():
    x = torch.linspace(-60, 60, 40_001, dtype=torch.double)[:, None]
    for mu, logvar in ((0., 0.), (3., 2.), (-5., -3.)):
        m, v = torch.full_like(x, mu), torch.full_like(x, logvar)
        for l in (normal_log_prob(x, m, v), mvn_log_prob(x, m, (.5*v).exp()[..., None])): assert_close(torch.trapezoid(l.exp(), x[:, 0]).item(), 1.)
    u, corners = torch.linspace(0, 1, 20_001, dtype=torch.double)[:, None], torch.cartesian_prod(*[torch.tensor([0., 1.]).double()]*4)
    for l in (-30., -3., -.0999, -1e-3, 0., .1, .5, 8., 40.):
        assert_close(torch.trapezoid(ContinuousBernoulli().log_prob(u, torch.full_like(u, l)).exp(), u[:, 0]).item(), 1., rtol=1e-4, atol=0)
        assert_close(bernoulli_log_prob(corners, torch.full_like(corners, l)).exp().sum().item(), 1.)
    s = points(0, 5, 1)
    assert_close(torch.trapezoid(parzen_log_prob(x, s, .3).exp(), x[:, 0]).item(), 1.)

@about("values oracle", "dists.tril")
@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_tril(seed, B, D):
    L = tril(points(seed, B, D*(D+1)//2), D)
    assert (L.triu(1) == 0).all() and (L.diagonal(dim1=1, dim2=2) > 0).all()
    assert_close(torch.linalg.cholesky(L@L.mT), L, rtol=1e-5, atol=1e-6)

EXTREME = [(m, v) for m in (-1e4, 0., 1e4) for v in (-60., 0., 60.)]

@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mu, logvar", EXTREME)
def test_extremes_are_finite_and_right(mu, logvar, dtype):
    m, v, x = (torch.full((2, 3), float(a), dtype=dtype).requires_grad_() for a in (mu, logvar, 1.5))
    for f, want in ((lambda: kl_normal(m, v), 1.5*(math.exp(logvar) + mu**2 - 1 - logvar)),
                    (lambda: normal_log_prob(x, m, v), -1.5*(math.log(2*math.pi) + logvar + (1.5 - mu)**2*math.exp(-logvar))),
                    (lambda: kl_normal(x*0, x*0, m, v), 1.5*(math.exp(-logvar)*(1 + mu**2) - 1 + logvar)),
                    (lambda: rsample(m, v, gen(0)).square().sum(1)*0, 0.)):
        out = f()
        assert_close(out, torch.full((2,), want, dtype=dtype), rtol=1e-5, atol=1e-6)
        for g in torch.autograd.grad(out.sum(), (m, v)): assert g.isfinite().all()
    if dtype == torch.float64:
        L = torch.diag_embed((.5*v).exp())
        assert_close(mvn_log_prob(x, m, L), normal_log_prob(x, m, v))
        one = torch.eye(3, dtype=dtype).expand(2, -1, -1)
        assert_close(kl_mvn(m, L, x*0, one), kl_normal(m, v))

@about("values oracle", "dists.mean_se")
@settings(many)
@given(seed=seeds, n=st.integers(2, 30), shift=st.floats(-10, 10), scale=st.floats(.1, 10))
def test_mean_se(seed, n, shift, scale):
    s = points(seed, n)
    m, se = mean_se(s)
    assert (m, se) == pytest.approx((s.numpy().mean(), stats.sem(s.numpy())))
    assert mean_se(shift - scale*s) == pytest.approx((shift - scale*m, scale*se), abs=1e-9)
    assert mean_se(s.flip(0)) == pytest.approx((m, se)) and mean_se(torch.full((n,), 2.)) == (2., 0.)

@about("extreme", "dists.tril")
def test_extreme_factors():
    L = tril(torch.tensor([[-30., 1e4, 30.]]), 2)
    assert_close(L, torch.tensor([[[math.exp(-30), 0.], [1e4, math.exp(30)]]]))

exempt(   # names, kinds, why
    ("dists.mean_se", "gradient one dtype",
     "a figure for a set, made without gradients; nll by row: see log_weights"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "dists.bernoulli_log_prob": row(dict(x=BINARY, logits=rnd(B, 16)), allow="nan", x=[BINARY+1, -BINARY, BINARY.flatten()]),
    "dists.normal_log_prob": row(dict(x=rnd(B, 3), mu=MU, logvar=LV), allow="nan"),
    "dists.tril": row(dict(raw=rnd(B, 6), D=3), allow="nan inf", D=INT()),
    "dists.mvn_log_prob": row(dict(x=rnd(B, 3), mu=MU, L=L), allow="nan", L=[L@L.mT, -L, L[0], torch.zeros_like(L)]),
    "dists.mean_se": row(dict(samples=rnd(9)), skip="short", allow="nan", samples=[rnd(1), rnd(3, 3)]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
MISTAKES = [   # name, function, text, mistaken text, check
    ("cross-entropy averaged over the pixels", "dists.bernoulli_log_prob", "F.softplus(logits).flatten(1).sum(1)", "F.softplus(logits).flatten(1).mean(1)", loss_of_an_example_by_hand),
    ("D log 2π per dimension, then summed", "dists.normal_log_prob", "math.log(2*math.pi)", "x[0].numel()*math.log(2*math.pi)", densities_are_those_of_torch),
    ("log 2π left out", "dists.normal_log_prob", "math.log(2*math.pi) + logvar", "logvar", densities_are_those_of_torch),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
