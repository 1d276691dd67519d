"Probabilistic PCA"
import math

import pytest
import torch
from bad_input import INF, INT, POS, X, Z, bad_input_tests, normals, row
from helpers import a_ppca, gauss, gen, near, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import about, exempt, many, property_tests, seeds
from scipy import stats
from torch import distributions as td
from torch.distributions import MultivariateNormal
from torch.testing import assert_close

from vaegan.dists import mvn_log_prob, normal_log_prob
from vaegan.divergences import kl_mvn
from vaegan.elbo import elbo_ppca
from vaegan.latent import PPCA


def test_principal_components():
    x = points(0, 60, 4)@points(1, 4, 4) + 3
    lam = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    for k in (1, 2, 3):
        m = PPCA.fit(x, k)
        assert m.var == pytest.approx(lam[k:].mean().item()) and m.d == 4 and m.k == k
        assert_close(m.log_prob(x).mean(), -.5*(4*math.log(2*math.pi) + lam[:k].log().sum() + (4 - k)*lam[k:].mean().log() + 4))
        assert_close(torch.linalg.eigvalsh(m.cov).flip(0)[:k], lam[:k])
        assert_close(m.mean, x.mean(0))
    s = m.sample(40_000, gen())
    assert ((s.mean(0) - m.mean).abs() < .02*m.cov.diagonal().sqrt()).all() and (torch.cov(s.T) - m.cov).abs().max() < .03*m.cov.max()
    assert torch.equal(m.sample(3, gen(1)), m.sample(3, gen(1)))
    assert_close(PPCA.fit(x.view(60, 2, 2), 2).cov, PPCA.fit(x, 2).cov)
    z = points(2, 5, 3)
    assert_close(m.decode(z), torch.stack([m.mean + sum(z[i, j]*m.W[:, j] for j in range(3)) for i in range(5)]))
    assert_close(m.log_prob(x.view(60, 2, 2).float()), MultivariateNormal(m.mean, m.cov).log_prob(x), rtol=1e-4, atol=1e-4)
    for bad in (points(0, 5, 3), points(0, 4), points(0, 2, 5)):
        with pytest.raises(ValueError, match="x: expected"): m.log_prob(bad)
    for bad in (points(0, 5, 2), points(0, 3)):
        with pytest.raises(ValueError, match="z: expected"): m.decode(bad)

def test_principal_components_of_degenerate_data():
    "As many directions as there are, no more; all alike is no reason for NaN; two points are data"
    flat = points(0, 30, 2)@points(1, 2, 5)
    assert PPCA.fit(flat, 1).var > 0
    for k in (2, 3):
        with pytest.raises(ValueError, match="k: expected less than 2"): PPCA.fit(flat, k)
    for turn in (torch.eye(6).double(), *(torch.linalg.qr(points(i, 6, 6))[0] for i in range(12))):
        even = torch.cat([turn, -turn])
        for k in (1, 3, 5): assert_close(PPCA.fit(even, k).cov, torch.eye(6).double()/6)
    cube = torch.cat([torch.eye(6), -torch.eye(6)]).double()                       # all variances are the same number,
    for i in range(1, 30): assert all(PPCA.fit(cube*i**.5, k).W.isfinite().all() for k in range(1, 6))   # their mean may be another
    even = torch.cat([torch.eye(5), -torch.eye(5)]).double()*torch.arange(5, 0, -1)
    assert PPCA.fit(even*1e-7, 4).k == PPCA.fit(even*1e7, 4).k == 4
    for scale in (1e-7, 1e7):
        with pytest.raises(ValueError, match="k: expected less than 2"): PPCA.fit(flat*scale, 2)
    for k in (0, 5, 6):
        with pytest.raises(ValueError, match=r"k: expected a number in \[1, 4\]"): PPCA.fit(even, k)
    for bad in (points(0, 1, 3), points(0, 9)):
        with pytest.raises(ValueError, match="x: expected"): PPCA.fit(bad, 1)
    with pytest.raises(ValueError, match="k: expected less than 1"): PPCA.fit(points(0, 2, 3), 1)
    with pytest.raises(ValueError, match="k: expected less than 0"): PPCA.fit(torch.ones(4, 3), 1)
    one = PPCA(torch.ones(1, 1), torch.zeros(1), 1.)
    for bad in (points(0, 3), points(0, 1)[0]):      # numbers, not rows of one number
        with pytest.raises(ValueError, match="x: expected"): one.log_prob(bad)
        with pytest.raises(ValueError, match="x: expected"): elbo_ppca(one, bad, bad.reshape(-1, 1), bad.reshape(-1, 1, 1).exp())

def test_constructors_of_evidence():
    for W, mean in ((points(0, 3), points(0, 3)), (points(0, 3, 2), points(0, 2)), (points(0, 3, 2, 1), points(0, 3))):
        with pytest.raises(ValueError, match="(W|mean): expected"): PPCA(W, mean, 1.)
    with pytest.raises(ValueError, match="var"): PPCA(points(0, 3, 2), points(0, 3), 0.)

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    x, wide, model = points(seed + 2, B, D), points(seed + 5, B, D + 2), a_ppca(seed, D + 2, D)
    like = lambda t: PPCA(model.W.to(t.dtype), model.mean.to(t.dtype), model.var)
    return {"latent.PPCA.log_prob": (lambda x: like(x).log_prob(x), (wide,), "x"), "latent.PPCA.posterior": (lambda x: like(x).posterior(x)[0], (wide,), "x"),
            "latent.PPCA.decode": (lambda z: like(z).decode(z), (x,), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle", "latent.PPCA.log_prob", "latent.PPCA.posterior", "latent.PPCA.decode", "elbo.elbo_ppca", "latent.PPCA")
@settings(many)
@given(seed=seeds, d=st.integers(2, 6), k=st.integers(1, 3))
def test_ppca(seed, d, k):
    m, x = a_ppca(seed, d, k), points(seed, 5, d)
    p = td.MultivariateNormal(m.mean, m.cov)
    assert_close(m.log_prob(x), p.log_prob(x), rtol=1e-6, atol=1e-6)
    assert m.log_prob(x).numpy() == pytest.approx(stats.multivariate_normal.logpdf(x, m.mean, m.cov), rel=1e-6, abs=1e-6)
    R = torch.linalg.qr(points(seed + 1, k, k))[0]
    assert_close(PPCA(m.W@R, m.mean, m.var).log_prob(x), m.log_prob(x))                               # rotation of z: nothing
    mu, S = m.posterior(x)
    L = torch.linalg.cholesky(S).expand(5, -1, -1)
    assert_close(elbo_ppca(m, x, mu, L), m.log_prob(x), rtol=1e-6, atol=1e-6)                         # tight at the posterior
    _, _, L2 = gauss(seed + 2, 5, k)
    mu2 = mu + points(seed + 3, 5, k)
    gap = m.log_prob(x) - elbo_ppca(m, x, mu2, L2)
    assert (gap >= 0).all()
    assert_close(gap, kl_mvn(mu2, L2, mu, L), rtol=1e-5, atol=1e-7)
    z = points(seed + 4, 5, k)                                                                        # Bayes: prior · likelihood / posterior
    joint = normal_log_prob(z, 0*z, 0*z) + normal_log_prob(x, m.decode(z), torch.full_like(x, math.log(m.var)))
    assert_close(joint - mvn_log_prob(z, mu, L), m.log_prob(x), rtol=1e-6, atol=1e-6)

@about("values", "latent.PPCA.fit")
@settings(many, max_examples=8)
@given(seed=seeds, k=st.integers(1, 3))
def test_ppca_fit_is_the_maximum(seed, k):
    x = points(seed, 40, 5)@points(seed + 1, 5, 5)
    best = PPCA.fit(x, k)
    top = best.log_prob(x).mean()
    for i in range(4):
        W, mean = (t + .05*points(seed + i, *t.shape) for t in (best.W, best.mean))
        assert PPCA(W, best.mean, best.var).log_prob(x).mean() <= top + 1e-9
        assert PPCA(best.W, mean, best.var).log_prob(x).mean() <= top + 1e-9
        assert PPCA(best.W, best.mean, best.var*(.8, .95, 1.05, 1.3)[i]).log_prob(x).mean() <= top + 1e-9
    assert PPCA.fit(x, k + 1).log_prob(x).mean() >= top - 1e-9
    shift = points(seed + 9, 5)
    assert_close(PPCA.fit(x + shift, k).log_prob(x + shift), best.log_prob(x), rtol=1e-6, atol=1e-6)

@about("values oracle", "latent.PPCA.sample")
def test_ppca_samples_have_its_moments():
    m = a_ppca(0, 4, 2)
    x = m.sample(20_000, gen(0))
    assert x.dtype == torch.double and ((x.mean(0) - m.mean).abs() < 5*(m.cov.diagonal()/20_000).sqrt()).all()
    assert (torch.cov(x.T) - m.cov).abs().max() < .05*m.cov.abs().max()
    fit = PPCA.fit(x, 2)
    assert_close(fit.cov, m.cov, rtol=.1, atol=.1)

@about("oracle", "latent.PPCA.fit")
@settings(many, max_examples=8)
@given(seed=seeds, k=st.integers(1, 3))
def test_ppca_fit_is_sklearns(seed, k):
    from sklearn.decomposition import PCA
    x = points(seed, 40, 5)@points(seed + 1, 5, 5)
    assert PPCA.fit(x, k).log_prob(x).numpy() == pytest.approx(PCA(k).fit(x.numpy()).score_samples(x.numpy()), abs=.5, rel=.05)   # sklearn divides by n − 1
    cov = PCA(k).fit(x.numpy()).get_covariance()*39/40
    assert PPCA.fit(x, k).cov.numpy() == pytest.approx(cov, rel=1e-6, abs=1e-9)

exempt(   # names, kinds, why
    ("latent.PPCA", "gradient one dtype device extreme",
     "holds tensors; its methods are tried"),
    ("latent.PPCA.fit latent.PPCA.sample", "gradient one dtype device extreme",
     "fits to all data at once, or draws; bad input tries NaN and infinity"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "latent.PPCA": row(dict(W=rnd(16, 2), mean=rnd(16), var=.5), skip="nan inf -inf short", W=[rnd(16)], var=POS),
    "latent.PPCA.fit": row(dict(x=X, k=2), skip="short", k=INT() + [5, 16], x=[X[:1], X*INF]),
    "latent.PPCA.log_prob": row(dict(x=X), allow="nan"),
    "latent.PPCA.posterior": row(dict(x=X), allow="nan"),
    "latent.PPCA.decode": row(dict(z=Z), allow="nan"),
    "latent.PPCA.sample": row(dict(n=3), n=INT()),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def evidence_of_principal_components():
    "The constant once per datum, not once per component; the variance is the mean of what is left out"
    x = torch.randn(60, 4, generator=gen(), dtype=torch.double)@torch.randn(4, 4, generator=gen(1), dtype=torch.double)
    m = PPCA.fit(x, 2)
    lam = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    near(m.var, lam[2:].mean())
    near(m.log_prob(x).mean(), -.5*(4*math.log(2*math.pi) + lam[:2].log().sum() + 2*lam[2:].mean().log() + 4))

MISTAKES = [   # name, function, text, mistaken text, check
    ("PCA's variance from all components", "latent.PPCA.fit", "lam[k:].clamp(min=0).mean()", "lam.clamp(min=0).mean()", evidence_of_principal_components),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
