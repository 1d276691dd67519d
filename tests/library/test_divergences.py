"Divergences of Gaussians"
import math

import pytest
import torch
from bad_input import INF, LV, MU, B, L, bad_input_tests, normals, row
from helpers import full, gauss, loss_of_an_example_by_hand, near, points
from hypothesis import given, settings
from pitfalls import pitfall_tests
from properties import B_, D_, about, event_shape_test, many, property_tests, seeds
from scipy import integrate, stats
from torch.testing import assert_close

from vaegan.dists import mvn_log_prob, normal_log_prob, tril
from vaegan.divergences import kl_mvn, kl_normal


# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    mu_p, logvar_p, L_p = gauss(seed + 1, B, D)
    return {"divergences.kl_normal": (kl_normal, (mu, logvar), "mv"), "divergences.kl_normal two": (kl_normal, (mu, logvar, mu_p, logvar_p), "mvmv"),
            "divergences.kl_mvn": (kl_mvn, (mu, L, mu_p, L_p), "mLmL")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)
test_event_shape_does_not_matter = event_shape_test(by_row, "divergences.kl_normal", "divergences.kl_normal two")

@about("values", "divergences.kl_normal", "divergences.kl_mvn")
@settings(many, max_examples=50)
@given(seed=seeds, B=B_, D=D_)
def test_divergences(seed, B, D):
    "Not negative; zero only between equals; the same in moved, scaled or mixed coordinates; sums of independent parts"
    mu, logvar, L = gauss(seed, B, D)
    mu_p, logvar_p, L_p = gauss(seed + 1, B, D)
    diag, full = kl_normal(mu, logvar, mu_p, logvar_p), kl_mvn(mu, L, mu_p, L_p)
    assert (diag >= 0).all() and (full >= 0).all() and (kl_normal(mu, logvar) >= 0).all()
    assert (diag > 1e-9).all() and (full > 1e-9).all()                        # two random ones are never equal
    assert_close(kl_normal(mu, logvar, mu, logvar), torch.zeros(B).double())
    assert_close(kl_mvn(mu, L, mu, L), torch.zeros(B).double(), atol=1e-9, rtol=0)
    shift, scale = points(seed + 2, B, D), points(seed + 3, B, D)
    moved = lambda m, v: ((.5*scale).exp()*m + shift, v + scale)
    assert_close(kl_normal(*moved(mu, logvar), *moved(mu_p, logvar_p)), diag)
    A = tril(points(seed + 4, 1, D*(D+1)//2), D)
    mixed = lambda m, S: ((A@m[..., None])[..., 0] + shift, A@S)
    assert_close(kl_mvn(*mixed(mu, L), *mixed(mu_p, L_p)), full, rtol=1e-5, atol=1e-7)
    assert_close(kl_normal(mu[:, :1], logvar[:, :1], mu_p[:, :1], logvar_p[:, :1]) + (kl_normal(mu[:, 1:], logvar[:, 1:], mu_p[:, 1:], logvar_p[:, 1:]) if D > 1 else 0), diag)
    assert_close(kl_mvn(mu, torch.diag_embed((.5*logvar).exp()), mu_p, torch.diag_embed((.5*logvar_p).exp())), diag)
    assert_close(mvn_log_prob(shift, mu, torch.diag_embed((.5*logvar).exp())), normal_log_prob(shift, mu, logvar))

@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_divergence_beyond_the_largest_number_is_infinite_not_wrong(dtype):
    z, v = torch.zeros(1, 2, dtype=dtype), torch.full((1, 2), 60., dtype=dtype)
    kl = kl_normal(z, v, z, -v).double().item()
    assert kl == (INF if dtype == torch.float32 else pytest.approx(math.exp(120) - 121))

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "divergences.kl_normal": row(dict(mu=MU, logvar=LV, mu_p=rnd(B, 3), logvar_p=rnd(B, 3)), allow="nan", mu=[MU[0]], mu_p=[MU[0]]),
    "divergences.kl_mvn": row(dict(mu=MU, L=L, mu_p=rnd(B, 3), L_p=L+torch.eye(3)), allow="nan", L=[L@L.mT, -L], L_p=[L@L.mT, -L]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def kl_by_quadrature():
    "KL against an integral, in both directions, far from the prior"
    for mu, logvar, mu_p, logvar_p in ((.7, math.log(.3), 0., 0.), (0., -1., 0., 0.), (0., -1., .5, .8)):
        q, p = (stats.norm(m, math.exp(.5*v)) for m, v in ((mu, logvar), (mu_p, logvar_p)))
        kl = integrate.quad(lambda z: q.pdf(z)*(q.logpdf(z) - p.logpdf(z)), -12, 12, points=(mu, mu_p))[0]
        near(kl_normal(*(full(a, 1, 1) for a in (mu, logvar, mu_p, logvar_p))), kl)
        near(kl_mvn(full(mu, 1, 1), full(math.exp(.5*logvar), 1, 1, 1), full(mu_p, 1, 1), full(math.exp(.5*logvar_p), 1, 1, 1)), kl)

MISTAKES = [   # name, function, text, mistaken text, check
    ("the KL reads a log-σ", "divergences.kl_normal", "return .5*(d.exp()", "return .5*((2*d).exp()", kl_by_quadrature),
    ("the KL halves its log-variance", "divergences.kl_normal", "- 1 - d)", "- 1 - .5*d)", kl_by_quadrature),
    ("KL averaged over the latents", "divergences.kl_normal", ".flatten(1).sum(1)", ".flatten(1).mean(1)", loss_of_an_example_by_hand),
    ("KL in the other direction", "divergences.kl_normal", "    d, e2 = logvar,", "    if logvar_p is not None: (mu, logvar), (mu_p, logvar_p) = (mu_p, logvar_p), (mu, logvar)\n    d, e2 = logvar,", kl_by_quadrature),
    ("KL of full covariances in the other direction", "divergences.kl_mvn", "M = torch", "mu, L, mu_p, L_p = mu_p, L_p, mu, L; M = torch", kl_by_quadrature),
    ("a Monte Carlo figure as the true value", "divergences.kl_normal", "return .5*(d.exp()",
     "from vaegan.dists import normal_log_prob\n    z = mu + (.5*logvar).exp()*torch.randn(100_000, *mu.shape, dtype=mu.dtype)\n    return (normal_log_prob(z[:, 0], mu.expand_as(z[:, 0]), logvar.expand_as(z[:, 0])) - normal_log_prob(z[:, 0], mu_p.expand_as(z[:, 0]), logvar_p.expand_as(z[:, 0]))).mean(0, keepdim=True)\n    return .5*(d.exp()", kl_by_quadrature),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
