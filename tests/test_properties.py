"""What must hold for every density, bound, divergence and metric, whatever the numbers: tried on many random inputs.

Oracles: torch.distributions, scipy, finite differences. `derandomize` keeps the inputs the same from run to run."""
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats
from scipy.spatial.distance import cdist, jensenshannon
from torch import distributions as td
from torch import nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan import dists, elbo, evaluate, gan, latent, minimax, reparam, vae
from vaegan.dists import bernoulli_log_prob, kl_mvn, kl_normal, mean_se, mvn_log_prob, normal_log_prob, tril
from vaegan.elbo import elbo_enum, elbo_ppca, iw_bound
from vaegan.evaluate import active_units, bits_per_dim, class_shares, frechet, held_out_elbo, log_weights, nll
from vaegan.gan import centre, d_loss, g_loss, grad_penalty, pairs, parzen_log_prob, precision_recall
from vaegan.latent import PPCA
from vaegan.minimax import accuracy, grid_js, grid_kl, grid_value, optimal_logits, value
from vaegan.reparam import pathwise_grad, rsample, rsample_mvn, score_grad
from vaegan.vae import Bernoulli, ContinuousBernoulli, DiagNormal, FullNormal, Normal, mlp_cvae, mlp_vae

many = settings(max_examples=20, deadline=None, derandomize=True)
seeds = st.integers(0, 2**31)
B_ = st.integers(1, 5)
D_ = st.integers(1, 6)
INF = math.inf

def gen(seed): return torch.Generator().manual_seed(seed)
def gauss(seed, B, D, dtype=torch.double, scale=1.):
    "Means, log-variances and factors of B Gaussians"
    g = gen(seed)
    mu, logvar = (scale*torch.randn(B, D, generator=g, dtype=torch.double) for _ in range(2))
    return mu.to(dtype), logvar.to(dtype), tril(torch.randn(B, D*(D+1)//2, generator=g, dtype=torch.double), D).to(dtype)
def points(seed, *shape): return torch.randn(*shape, generator=gen(seed), dtype=torch.double)
def coins(seed, *shape): return (points(seed, *shape) > 0).double()

LIKELIHOODS = [Bernoulli, Normal, DiagNormal, FullNormal, ContinuousBernoulli]
likelihoods = pytest.mark.parametrize("L", LIKELIHOODS, ids=lambda L: L.__name__)

def densities(seed, B, D):
    "name -> log-density as a function of tensors with a row per datum, and those tensors"
    mu, logvar, L = gauss(seed, B, D)
    mu_p, logvar_p, L_p = gauss(seed + 1, B, D)
    x, b = points(seed + 2, B, D), coins(seed + 3, B, D)
    out = {"bernoulli_log_prob": (bernoulli_log_prob, (b, mu)), "normal_log_prob": (normal_log_prob, (x, mu, logvar)),
           "mvn_log_prob": (mvn_log_prob, (x, mu, L)), "kl_normal": (kl_normal, (mu, logvar)), "kl_normal two": (kl_normal, (mu, logvar, mu_p, logvar_p)),
           "kl_mvn": (kl_mvn, (mu, L, mu_p, L_p)), "tril": (lambda raw: tril(raw, D), (points(seed + 4, B, D*(D+1)//2),)),
           "elbo_ppca": (lambda x, m, S: elbo_ppca(ppca(seed, D + 2, D), x, m, S), (points(seed + 5, B, D + 2), mu, L)),
           "PPCA.log_prob": (ppca(seed, D + 2, D).log_prob, (points(seed + 5, B, D + 2),)),
           "PPCA.posterior": (lambda x: ppca(seed, D + 2, D).posterior(x)[0], (points(seed + 5, B, D + 2),)),
           "PPCA.decode": (ppca(seed, D + 2, D).decode, (x,)),
           "elbo_enum": (lambda l: elbo_enum(l, torch.softmax(mu[0], 0)), (x,)), "iw_bound": (lambda w: iw_bound(w.T), (x,)),
           "optimal_logits": (minimax.optimal_logits, (x, mu)),
           "parzen_log_prob": (lambda x: parzen_log_prob(x, points(seed + 6, 4, D), .7), (x,))}
    for K in LIKELIHOODS:
        out[K.__name__] = (K().double().log_prob, (coins(seed, B, D) if K in (Bernoulli, ContinuousBernoulli) else x, points(seed + 7, B, K().n_out(D))))
    return out

def ppca(seed, d, k, dtype=torch.double): return PPCA(points(seed + 8, d, k).to(dtype), points(seed + 9, d).to(dtype), .3)
NAMES = list(densities(0, 2, 3))

# ----------------------------------------------------------------------------------------- every density and divergence
@pytest.mark.parametrize("name", NAMES)
@settings(many, max_examples=5)
@given(seed=seeds, B=st.integers(2, 5), D=D_)
def test_rows_do_not_know_each_other(name, seed, B, D):
    "A batch of one equals one of a batch; turning the order of the batch turns the results"
    f, args = densities(seed, B, D)[name]
    whole = f(*args)
    assert len(whole) == B
    assert_close(torch.cat([f(*(a[i:i+1] for a in args)) for i in range(B)]), whole)
    assert_close(f(*(a.flip(0) for a in args)), whole.flip(0))

@pytest.mark.parametrize("name", NAMES)
def test_gradients_against_finite_differences(name):
    f, args = densities(3, 2, 3)[name]
    free = [i for i, a in enumerate(args) if i or name not in ("bernoulli_log_prob", "Bernoulli", "ContinuousBernoulli")]   # x ends at 0 and 1
    def g(*vary):
        full = list(args)
        for i, v in zip(free, vary): full[i] = torch.tril(v) if v.ndim == 3 else v
        return f(*full)
    assert gradcheck(g, [args[i].clone().requires_grad_() for i in free])

@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(("PPCA", "elbo_ppca", "parzen", "elbo_enum")) and n not in [K.__name__ for K in LIKELIHOODS]])
@settings(many, max_examples=3)
@given(seed=seeds)
def test_dtype_is_kept_and_single_precision_is_near(name, seed):
    f, args = densities(seed, 3, 4)[name]
    out = f(*(a.float() for a in args))
    assert out.dtype == torch.float32
    want = f(*args)
    assert_close(out.double(), want, rtol=2e-4, atol=2e-4*max(1., want.abs().max().item()))

@pytest.mark.parametrize("name", ["normal_log_prob", "kl_normal", "kl_normal two", "iw_bound", "optimal_logits"])
def test_device_is_kept(name):
    "On PyTorch's device without memory: nothing is made on another device on the way"
    f, args = densities(0, 3, 4)[name]
    assert f(*(a.to("meta") for a in args)).device.type == "meta"
    m, x = PPCA(torch.ones(4, 2, device="meta"), torch.ones(4, device="meta"), 1.), args[0].to("meta")
    assert m.cov.device == m.M.device == m.sample(3).device == torch.device("meta")
    assert rsample(x, x).device.type == value(x, x).device.type == g_loss(x).device.type == "meta"

@pytest.mark.parametrize("name", ["bernoulli_log_prob", "normal_log_prob", "kl_normal", "kl_normal two"])
@settings(many)
@given(seed=seeds, B=B_, C=st.integers(1, 2), H=st.integers(1, 3))
def test_event_shape_does_not_matter(name, seed, B, C, H):
    "Summed over the event once: the shape of an image and the order of its pixels are nothing to it"
    f, args = densities(seed, B, C*H*H)[name]
    order = torch.randperm(C*H*H, generator=gen(seed))
    assert_close(f(*(a.view(B, C, H, H) for a in args)), f(*args))
    assert_close(f(*(a[:, order] for a in args)), f(*args))

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

@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_tril(seed, B, D):
    L = tril(points(seed, B, D*(D+1)//2), D)
    assert (L.triu(1) == 0).all() and (L.diagonal(dim1=1, dim2=2) > 0).all()
    assert_close(torch.linalg.cholesky(L@L.mT), L, rtol=1e-5, atol=1e-6)

# -------------------------------------------------------------------------------------------------------- extreme values
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

@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_divergence_beyond_the_largest_number_is_infinite_not_wrong(dtype):
    z, v = torch.zeros(1, 2, dtype=dtype), torch.full((1, 2), 60., dtype=dtype)
    kl = kl_normal(z, v, z, -v).double().item()
    assert kl == (INF if dtype == torch.float32 else pytest.approx(math.exp(120) - 121))

@pytest.mark.parametrize("logit", [-1e4, -100., -1., 0., 1., 100., 1e4])
def test_extreme_logits(logit):
    for dtype in (torch.float32, torch.float64):
        l = torch.full((3, 2), logit, dtype=dtype).requires_grad_()
        for x in (0., .25, 1.):
            out = bernoulli_log_prob(torch.full_like(l, x), l)
            assert_close(out.double(), torch.full((3,), 2*(x*logit - max(logit, 0) - math.log1p(math.exp(-abs(logit)))), dtype=torch.double), rtol=1e-5, atol=1e-5)
            dense = ContinuousBernoulli().log_prob(torch.full_like(l, x), l)
            for o in (out, dense):
                g, = torch.autograd.grad(o.sum(), l)
                assert o.isfinite().all() and g.isfinite().all()
        mean = ContinuousBernoulli().mean(l)
        g, = torch.autograd.grad(mean.sum(), l)
        assert (mean >= 0).all() and (mean <= 1).all() and g.isfinite().all() and (g >= 0).all()
        s = ContinuousBernoulli().sample(l.detach(), gen(0))
        assert (s >= 0).all() and (s <= 1).all()
        for a in (-1e4, 0., 1e4):
            o = torch.full((3,), a, dtype=dtype)
            for out in (value(l[:, 0], o), *(d_loss(l[:, 0], o, k) for k in KINDS), *(g_loss(l[:, 0], k, o) for k in KINDS)):
                g, = torch.autograd.grad(out, l)
                assert out.isfinite() and g.isfinite().all()

# ------------------------------------------------------------------------------------------------------------- estimates
@settings(many)
@given(seed=seeds, n=st.integers(2, 30), shift=st.floats(-10, 10), scale=st.floats(.1, 10))
def test_mean_se(seed, n, shift, scale):
    s = points(seed, n)
    m, se = mean_se(s)
    assert (m, se) == pytest.approx((s.numpy().mean(), stats.sem(s.numpy())))
    assert mean_se(shift - scale*s) == pytest.approx((shift - scale*m, scale*se), abs=1e-9)
    assert mean_se(s.flip(0)) == pytest.approx((m, se)) and mean_se(torch.full((n,), 2.)) == (2., 0.)

@settings(many)
@given(seed=seeds, K=st.integers(1, 8), c=st.floats(-500, 500))
def test_iw_bound(seed, K, c):
    "Between the mean and the largest weight; moves with a constant; the same for copies and in any order; grows with K on average"
    w = points(seed, K, 3)*3
    b = iw_bound(w)
    assert (b >= w.mean(0) - 1e-9).all() and (b <= w.max(0).values + 1e-9).all()
    assert_close(iw_bound(w + c), b + c)
    assert_close(iw_bound(torch.cat([w, w])), b)
    assert_close(iw_bound(w[torch.randperm(K, generator=gen(seed))]), b)
    if K == 1: assert_close(b, w[0])
    else: assert (torch.stack([iw_bound(torch.cat([w[:i], w[i+1:]])) for i in range(K)]).mean(0) <= b + 1e-9).all()

@settings(many)
@given(seed=seeds, K=st.integers(1, 6), c=st.floats(-20, 20))
def test_elbo_enum(seed, K, c):
    joint, q = points(seed, 4, K)*3, torch.softmax(points(seed + 1, 4, K), 1)
    log_p, post = joint.logsumexp(1), joint.softmax(1)
    kl = td.kl_divergence(td.Categorical(probs=q), td.Categorical(probs=post))
    assert_close(elbo_enum(joint, q) + kl, log_p)
    assert (elbo_enum(joint, q) <= log_p + 1e-9).all()
    assert_close(elbo_enum(joint, post), log_p)
    assert_close(elbo_enum(joint + c, q), elbo_enum(joint, q) + c)
    one = F.one_hot(q.argmax(1), K).double()
    assert_close(elbo_enum(joint, one), joint.gather(1, q.argmax(1, keepdim=True))[:, 0])             # 0 log 0 = 0
    assert_close(elbo_enum(torch.where(one > 0, joint, -INF), one), elbo_enum(joint, one))

# ------------------------------------------------------------------------------------------------------ probabilistic PCA
@settings(many)
@given(seed=seeds, d=st.integers(2, 6), k=st.integers(1, 3))
def test_ppca(seed, d, k):
    m, x = ppca(seed, d, k), points(seed, 5, d)
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

# ------------------------------------------------------------------------------------------------------- reparameterization
@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_rsample(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    z, eps = rsample(mu, logvar, gen(1)), rsample(0*mu, 0*logvar, gen(1))
    assert_close(z, mu + (.5*logvar).exp()*eps)
    assert_close(rsample(mu, torch.full_like(mu, -1500.), gen(1)), mu)                                # no variance, no chance
    assert_close(rsample_mvn(mu, torch.diag_embed((.5*logvar).exp()), gen(1)), z)
    assert_close(rsample_mvn(mu, L, gen(1)), mu + torch.einsum("bij,bj->bi", L, eps))
    assert z.dtype == mu.dtype and rsample(mu.float(), logvar.float(), gen(1)).dtype == torch.float32
    assert gradcheck(lambda m, v: rsample(m, v, gen(2)), (mu.requires_grad_(), logvar.requires_grad_()))
    assert gradcheck(lambda m, S: rsample_mvn(m, torch.tril(S), gen(2)), (mu, L.clone().requires_grad_()))

@settings(many, max_examples=8)
@given(seed=seeds, mu=st.floats(-2, 2), sigma=st.floats(.2, 2), b=st.floats(-3, 3))
def test_both_gradients_estimate_the_same(seed, mu, sigma, b):
    "d E[z²]/dμ = 2μ and d E[sin z]/dμ = cos μ · exp(−σ²/2), within 5 standard errors"
    for f, true in ((torch.square, 2*mu), (torch.sin, math.cos(mu)*math.exp(-sigma**2/2))):
        for draws in (pathwise_grad(f, mu, sigma, 20_000, gen(seed)), score_grad(f, mu, sigma, 20_000, gen(seed), b)):
            m, se = mean_se(draws)
            assert abs(m - true) <= 5*se
    assert_close(pathwise_grad(lambda z: 3*z, mu, sigma, 9, gen(seed)), torch.full((9,), 3.).double())    # linear: no variance

# ----------------------------------------------------------------------------------------------------------- likelihoods
@likelihoods
@settings(many, max_examples=8)
@given(seed=seeds, B=B_, m=st.integers(1, 5))
def test_likelihoods(L, seed, B, m):
    like, x = L().double(), coins(seed, B, m)
    out = points(seed + 1, B, like.n_out(m))*2
    mean, draws = like.mean(out), like.sample(out.repeat(4000, 1), gen(seed)).view(4000, B, m)
    assert mean.shape == (B, m) and like.sample(out, gen(0)).dtype == out.dtype
    assert ((draws.mean(0) - mean).abs() <= 5*draws.std(0)/4000**.5 + 1e-9).all()                     # sample, mean: one distribution
    if L in (Bernoulli, ContinuousBernoulli):
        assert (mean > 0).all() and (mean < 1).all() and (draws >= 0).all() and (draws <= 1).all()
        assert_close(like.mean(-out), 1 - mean)
    oracle = {Bernoulli: lambda: td.Independent(td.Bernoulli(logits=out), 1),
              ContinuousBernoulli: lambda: td.Independent(td.ContinuousBernoulli(logits=out), 1),
              Normal: lambda: td.Independent(td.Normal(out, 1.), 1),
              DiagNormal: lambda: td.Independent(td.Normal(out[:, :m], (.5*out[:, m:]).exp()), 1),
              FullNormal: lambda: td.MultivariateNormal(out[:, :m], scale_tril=tril(out[:, m:], m))}[L]()
    assert_close(like.log_prob(x, out), oracle.log_prob(x), rtol=2e-4, atol=1e-5)
    assert_close(mean, oracle.mean, rtol=2e-3, atol=1e-4)                                              # torch's own is coarse near ½

@settings(many, max_examples=60)
@given(l=st.one_of(st.floats(-60, 60), st.floats(-.1, .1), st.sampled_from([-.0999, .0999, -.1001, .1001, 0.])))
def test_continuous_bernoulli_mean_is_the_slope_of_its_normaliser(l):
    "E[x] = d log ∫ exp(l x) dx / dl, also where the series takes over from the formula"
    l = torch.tensor([[l]], dtype=torch.double).requires_grad_()
    log_z = -ContinuousBernoulli().log_prob(torch.zeros(1, 1).double(), l)
    slope, = torch.autograd.grad(log_z.sum(), l)
    assert_close(slope, ContinuousBernoulli().mean(l), rtol=1e-7, atol=1e-9)

@likelihoods
def test_gradient_of_the_mean(L):
    assert gradcheck(L().double().mean, points(0, 2, L().n_out(3)).mul(3).requires_grad_())

@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_vae_terms(seed):
    "ELBO = log p(x|z) − KL; an image alone and in a batch; the conditional model with one class is the same arithmetic"
    torch.manual_seed(seed)
    model, cond = mlp_vae((1, 2, 2), 2, (5,)).double(), mlp_cvae((1, 2, 2), 2, 3, (5,)).double()
    x, y = coins(seed, 4, 1, 2, 2), torch.arange(4) % 3
    for net, xy, pick in ((model, x, lambda i: x[i:i+1]), (cond, (x, y), lambda i: (x[i:i+1], y[i:i+1]))):
        log_px_z, kl = net.terms(xy, gen(seed))
        assert_close(net.elbo(xy, gen(seed)), log_px_z - kl)
        assert (kl >= 0).all() and (log_px_z <= 0).all()
        mu, logvar = net.encode(xy)
        assert_close(kl, kl_normal(mu, logvar))
        assert_close(torch.cat([net.encode(pick(i))[0] for i in range(4)]), mu)
        assert net.reconstruct(xy).shape == x.shape and net.elbo(xy).dtype == torch.double

# ------------------------------------------------------------------------------------------------------------ evaluation
@settings(many, max_examples=5)
@given(seed=st.integers(0, 1000))
def test_evaluation_of_a_vae(seed):
    torch.manual_seed(seed)
    model, x = mlp_vae((1, 2, 2), 1, (4,)).double(), coins(seed, 5, 1, 2, 2)
    z = torch.linspace(-12, 12, 4001, dtype=torch.double)[:, None]                                     # the truth by quadrature
    px_z = torch.stack([bernoulli_log_prob(xi.flatten()[None].expand(4001, -1), model.decode(z)) for xi in x])
    true = torch.trapezoid((px_z + normal_log_prob(z, 0*z, 0*z)).exp(), z[:, 0]).log()
    bound = iw_bound(log_weights(model, x, 4000, gen(seed)))
    assert_close(bound, true, atol=.1, rtol=0)
    assert_close(-nll(model, x, 500, 300, gen(seed)), true, atol=.3, rtol=0)
    corners = torch.cartesian_prod(*[torch.tensor([0., 1.]).double()]*4).view(16, 1, 2, 2)
    total = (-nll(model, corners, 2000, generator=gen(seed))).exp().sum().item()
    assert abs(total - 1) < .05, "probabilities of all images sum to one"
    m, se = held_out_elbo(model, x.repeat(300, 1, 1, 1), generator=gen(seed))
    assert m <= true.mean() + 5*se
    assert log_weights(model, x, 3).shape == (3, 5) and log_weights(model.float(), x.float(), 3).dtype == torch.float32

def test_active_units():
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([x, torch.zeros_like(x)], 1)
    model = vae.VAE(Enc(), nn.Linear(3, 3), 3, (3,))
    x = torch.tensor([[0., 5., 1.], [0., 5., -1.], [.1, 5., 0.]])
    assert active_units(model, x).tolist() == [False, False, True] and active_units(model, x, .001).tolist() == [True, False, True]
    assert_close(active_units(model, x + 7), active_units(model, x))

@settings(many)
@given(nats=st.floats(-1e4, 1e4), m=st.integers(1, 3000), levels=st.integers(2, 256))
def test_bits_per_dim(nats, m, levels):
    assert bits_per_dim(nats, m) == pytest.approx(nats/m/math.log(2))
    assert bits_per_dim(nats, m, levels) == pytest.approx(bits_per_dim(nats, m) + math.log2(levels))
    assert bits_per_dim(m*math.log(levels), m) == pytest.approx(math.log2(levels))                     # even chances
    assert_close(bits_per_dim(torch.tensor([nats]).double(), m), torch.tensor([bits_per_dim(nats, m)]).double())

@settings(many)
@given(seed=seeds, n=st.integers(2, 12), m=st.integers(2, 12), D=st.integers(1, 5), c=st.floats(.1, 10))
def test_frechet(seed, n, m, D, c):
    "A squared distance: not negative, symmetric, zero to itself, the same in turned coordinates, and scipy's"
    a, b = points(seed, n, D), points(seed + 1, m, D) + 1
    d, scale = frechet(a, b), 1 + a.square().sum().item() + b.square().sum().item()
    tol = dict(abs=1e-7*scale, rel=1e-6)
    assert d >= -1e-9*scale and frechet(a, a) == pytest.approx(0, **tol) and frechet(b, a) == pytest.approx(d, **tol)
    R, s = torch.linalg.qr(points(seed + 2, D, D))[0], points(seed + 3, D)
    assert frechet(a@R + s, b@R + s) == pytest.approx(d, **tol) and frechet(c*a, c*b) == pytest.approx(c*c*d, abs=1e-6*scale*c*c, rel=1e-5)
    assert frechet(a, a + s) == pytest.approx(s.square().sum().item(), **tol)
    if min(n, m) > D:
        ca, cb = (torch.cov(t.T).reshape(D, D).numpy() for t in (a, b))
        want = (a.mean(0) - b.mean(0)).square().sum().item() + (ca + cb - 2*linalg.sqrtm(ca@cb).real).trace()
        assert d == pytest.approx(want, abs=1e-5*scale)

@settings(many)
@given(seed=seeds, n=st.integers(1, 40))
def test_class_shares(seed, n):
    torch.manual_seed(0)
    net = evaluate.Classifier((4,), 3, 4)
    x = points(seed, n, 4).float()
    s = class_shares(net, x)
    assert s.shape == (3,) and (s >= 0).all() and s.sum().item() == pytest.approx(1)
    assert_close(class_shares(net, x.flip(0)), s)
    assert_close(class_shares(net, torch.cat([x, x])), s)

# --------------------------------------------------------------------------------------------------------------- minimax
KINDS = ("saturating", "nonsaturating", "relativistic")

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

def test_apart_densities_are_log_two_apart():
    x = torch.linspace(0, 4, 4001, dtype=torch.double)
    p, q = ((x > lo) & (x < lo + 1) for lo in (.5, 2.5))
    p, q = (u.double()/torch.trapezoid(u.double(), x) for u in (p, q))
    assert_close(grid_js(p, q, x).item(), math.log(2))
    assert grid_kl(p, q, x) == INF
    assert_close(grid_value(torch.where(p > 0, 1e4, -1e4).double(), p, q, x).item(), 0.)

# ------------------------------------------------------------------------------------------------------------------- gan
@settings(many)
@given(seed=seeds, n=st.integers(1, 8), c=st.floats(-5, 5))
def test_gan_losses(seed, n, c):
    r, f = points(seed, n)*3, points(seed + 1, n)*3
    for k in KINDS[:2]: assert_close(d_loss(r, f, k), -value(r, f))
    assert_close(d_loss(r, f, "relativistic"), -F.logsigmoid(r - f).mean())
    assert_close(g_loss(f, "nonsaturating"), F.binary_cross_entropy_with_logits(f, torch.ones(n).double()))
    assert_close(g_loss(f, "saturating"), -F.binary_cross_entropy_with_logits(f, torch.zeros(n).double()))
    assert_close(g_loss(f, "nonsaturating") - g_loss(f, "saturating"), -2*F.logsigmoid(f).mean() + f.mean())
    assert all(d_loss(r, f, k) >= 0 for k in KINDS) and g_loss(f) >= 0 and g_loss(f, "saturating") <= 0
    assert_close(g_loss(f, "relativistic", r), d_loss(f, r, "relativistic"))                       # the same game, roles exchanged
    assert_close(d_loss(r + c, f + c, "relativistic"), d_loss(r, f, "relativistic"))
    for k in KINDS:
        assert gradcheck(lambda r, f: d_loss(r, f, k), (r.clone().requires_grad_(), f.clone().requires_grad_()))
        v = f.clone().requires_grad_()
        grad, = torch.autograd.grad(g_loss(v, k, r), v)
        want = {"saturating": -f.sigmoid(), "nonsaturating": -(-f).sigmoid(), "relativistic": -(r - f).sigmoid()}[k]/n
        assert_close(grad, want)
    R, S = centre(r, f)
    assert_close(.5*(R.mean() + S.mean()), torch.tensor(0.).double())
    assert_close(R - S, r - f)
    for u, v in zip(centre(r + c, f + c), (R, S)): assert_close(u, v)

@settings(many)
@given(seed=seeds, n=st.integers(1, 6), D=D_, c=st.floats(-4, 4))
def test_grad_penalty(seed, n, D, c):
    x, w, A = points(seed, n, D), points(seed + 1, D), points(seed + 2, D, D)
    linear, quadratic = (lambda x: c*(x@w) + 7), (lambda x: (x@A*x).sum(1))
    assert_close(grad_penalty(linear, x), .5*c*c*w.square().sum())                                  # ½‖c w‖², anywhere
    assert_close(grad_penalty(quadratic, x), .5*(x@(A + A.T)).square().sum(1).mean())
    v = w.clone().requires_grad_()
    assert gradcheck(lambda v: grad_penalty(lambda x: (x@v).tanh(), x), v)                          # twice differentiable
    assert grad_penalty(lambda x: 0*x.sum(1), x) == 0 and grad_penalty(linear, x).dtype == torch.double
    assert not x.requires_grad

@settings(many)
@given(seed=seeds, n=st.integers(5, 20), m=st.integers(5, 20), k=st.integers(1, 3))
def test_precision_recall(seed, n, m, k):
    a, b = points(seed, n, 3), points(seed + 1, m, 3)
    pr = precision_recall(a, b, k)
    assert all(0 <= v <= 1 for v in pr.values())
    own = [np.sort(cdist(t, t), 1)[:, k] for t in (a, b)]                        # column 0: a point to itself
    assert pr["precision"] == pytest.approx((cdist(b, a) <= own[0]).any(1).mean())
    assert pr["recall"] == pytest.approx((cdist(a, b) <= own[1]).any(1).mean())
    assert precision_recall(a, a, k) == dict(precision=1., recall=1.)
    assert precision_recall(a, a + 100, k) == dict(precision=0., recall=0.)
    back = precision_recall(b, a, k)
    assert (back["precision"], back["recall"]) == (pr["recall"], pr["precision"])
    assert precision_recall(4*a, 4*b, k) == pytest.approx(pr)
    wide = precision_recall(a, b, k + 1)
    assert wide["precision"] >= pr["precision"] and wide["recall"] >= pr["recall"]                  # larger balls
    assert precision_recall(a, torch.cat([b, b]), 1)["precision"] == pytest.approx(precision_recall(a, b, 1)["precision"])

@settings(many)
@given(seed=seeds, n=st.integers(1, 8), D=D_, std=st.floats(.1, 3))
def test_parzen(seed, n, D, std):
    x, s = points(seed, 4, D), points(seed + 1, n, D)
    mix = td.MixtureSameFamily(td.Categorical(torch.ones(n).double()), td.Independent(td.Normal(s, std), 1))
    assert_close(parzen_log_prob(x, s, std), mix.log_prob(x), rtol=1e-5, atol=1e-5)
    assert (parzen_log_prob(x, s, std) <= -.5*D*math.log(2*math.pi*std**2) + 1e-9).all()
    assert_close(parzen_log_prob(x + 1, s + 1, std), parzen_log_prob(x, s, std), rtol=1e-6, atol=1e-6)
    assert parzen_log_prob(x + 1e4, s, std).isfinite().all()

@settings(many)
@given(seed=seeds, n=st.integers(1, 6), K=st.integers(1, 5))
def test_pairs(seed, n, K):
    x, y = points(seed, n, 1, 2, 2), torch.randint(K, (n,), generator=gen(seed))
    xy = pairs(x, y, K)
    assert_close(xy[:, :4], x.flatten(1))
    assert xy[:, 4:].argmax(1).equal(y) and (xy[:, 4:].sum(1) == 1).all() and xy.dtype == x.dtype

# ----------------------------------------------------------------------------------------------------- nothing left out
ELSEWHERE = {"Classifier", "train_classifier", "iwae_step",                               # training: tests of chapter 8 and 9
             "Generator", "Discriminator", "mlp_gan", "conv_gan", "frozen", "gan_step", "fresh_discriminator", "ConditionalGenerator",
             "VAE", "CVAE", "conv_vae", "init_output_bias"}

def test_every_export_of_these_modules_is_tried():
    for mod in (dists, latent, elbo, reparam, vae, evaluate, minimax, gan):
        for name in set(mod.__all__) - ELSEWHERE: assert getattr(mod, name) is globals().get(name), f"no property of {mod.__name__}.{name} is tested"
