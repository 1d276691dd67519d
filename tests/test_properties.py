"""What must hold for every density, bound, divergence and metric, whatever the numbers: tried on many random inputs.

Oracles: torch.distributions, scipy, finite differences. `derandomize` keeps the inputs the same from run to run.

Seven kinds of properties: values (bounds, limits, symmetries), oracle (an independent implementation), gradient (against
finite differences), one (a batch of one equals one of a batch), dtype, device, extreme. The last five are tried by general
tests on the tables `by_row` and `by_batch`; `about` says which functions the other tests are about. The list grows by
itself: the last test fails for an exported function that lacks a kind, unless an exemption says why."""
import inspect
import itertools
import math
import re
from collections import defaultdict
from functools import lru_cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats
from scipy.spatial.distance import cdist, jensenshannon
from test_bad_input import PUBLIC
from torch import distributions as td
from torch import nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan import evaluate, vae
from vaegan.compare import sample_scores, score_table, twins
from vaegan.data import banana_log_prob, binarize, ring_log_prob, ring_modes
from vaegan.dists import bernoulli_log_prob, kl_mvn, kl_normal, mean_se, mvn_log_prob, normal_log_prob, tril
from vaegan.dynamics import (
    ae_descend,
    ae_loss,
    bilinear_field,
    covered_modes,
    dirac_field,
    dirac_step,
    eigenvalues,
    ema,
    game_step,
    lipschitz_penalty,
    play,
    smoothed_d_loss,
    spectral,
)
from vaegan.elbo import elbo_enum, elbo_ppca, iw_bound
from vaegan.evaluate import active_units, bits_per_dim, class_shares, frechet, held_out_elbo, log_weights, nll
from vaegan.gan import centre, d_loss, g_loss, grad_penalty, pairs, parzen_log_prob, precision_recall
from vaegan.hybrid import FeatureDiscriminator, feature_nll
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

ALL = "values oracle gradient one dtype device extreme".split()
COVERED = defaultdict(dict)   # name -> kind -> test

def about(kinds, *names):
    "Say which exported functions a test is about, and which kinds of properties it tries"
    def mark(f):
        for n, k in itertools.product(names, kinds.split()): COVERED[n][k] = f
        return f
    return mark

def by_row(seed, B, D):
    "name -> function that gives a row per datum, its tensors, and what they are: x, mu, logvar, factor L, bits b, logits l, other ."
    mu, logvar, L = gauss(seed, B, D)
    mu_p, logvar_p, L_p = gauss(seed + 1, B, D)
    x, b, wide = points(seed + 2, B, D), coins(seed + 3, B, D), points(seed + 5, B, D + 2)
    model, eyes = ppca(seed, D + 2, D), FeatureDiscriminator(nn.Identity(), nn.Linear(D, 1))
    windows, no_class, likes = points(seed + 6, 4, D), torch.zeros(B, dtype=torch.long), {K: K() for K in LIKELIHOODS}
    like = lambda t: PPCA(model.W.to(t.dtype), model.mean.to(t.dtype), model.var)
    out = {"dists.bernoulli_log_prob": (bernoulli_log_prob, (b, mu), "bl"), "dists.normal_log_prob": (normal_log_prob, (x, mu, logvar), "xmv"),
           "dists.mvn_log_prob": (mvn_log_prob, (x, mu, L), "xmL"), "dists.kl_normal": (kl_normal, (mu, logvar), "mv"),
           "dists.kl_normal two": (kl_normal, (mu, logvar, mu_p, logvar_p), "mvmv"), "dists.kl_mvn": (kl_mvn, (mu, L, mu_p, L_p), "mLmL"),
           "dists.tril": (lambda raw: tril(raw, D), (points(seed + 4, B, D*(D+1)//2),), "."),
           "elbo.elbo_ppca": (lambda x, m, S: elbo_ppca(like(x), x, m, S), (wide, mu, L), "xmL"),
           "latent.PPCA.log_prob": (lambda x: like(x).log_prob(x), (wide,), "x"), "latent.PPCA.posterior": (lambda x: like(x).posterior(x)[0], (wide,), "x"),
           "latent.PPCA.decode": (lambda z: like(z).decode(z), (x,), "x"),
           "elbo.elbo_enum": (lambda l: elbo_enum(l, torch.softmax(mu[0], 0).to(l)), (x,), "l"), "elbo.iw_bound": (lambda w: iw_bound(w.T), (x,), "l"),
           "minimax.optimal_logits": (optimal_logits, (x, mu), "ll"),
           "gan.parzen_log_prob": (lambda x: parzen_log_prob(x, windows, .7), (x,), "x"),
           "gan.pairs": (lambda x: pairs(x, no_class[:len(x)], 3), (x,), "x"),
           "hybrid.feature_nll": (lambda x, y: feature_nll(eyes.to(x.dtype), x, y, .7), (x, mu), "xm"),
           "data.ring_log_prob": (lambda x: ring_log_prob(x, std=.3), (points(seed, B, 2),), "x"),
           "data.banana_log_prob": (banana_log_prob, (points(seed, B, 2),), "m"),
           "dynamics.bilinear_field": (bilinear_field, (points(seed, B, 2),), "x"),
           "dynamics.ae_loss": (ae_loss, (mu, logvar), "xx")}
    for K in LIKELIHOODS:
        o = points(seed + 7, B, K().n_out(D))
        kinds = dict(Bernoulli="bl", ContinuousBernoulli="bl", Normal="xm", DiagNormal="xn", FullNormal="xf")[K.__name__]
        out[f"vae.{K.__name__}.log_prob"] = lambda x, o, K=K: likes[K].to(o.dtype).log_prob(x, o), (b if kinds[0] == "b" else x, o), kinds
        out[f"vae.{K.__name__}.mean"] = lambda o, K=K: likes[K].to(o.dtype).mean(o), (o,), kinds[1]
    return out

def by_batch(seed, B, D):
    "The same for functions that give one number, or another set of numbers, for a whole batch"
    r, f, x, y = points(seed, B), points(seed + 1, B), points(seed + 2, B, D), points(seed + 3, B, D)
    grid = torch.linspace(-6, 6, 41, dtype=torch.double)
    p, q = torch.softmax(points(seed + 4, 41), 0)/.3, torch.softmax(points(seed + 5, 41), 0)/.3
    body = lambda t: nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, 1)).to(t.dtype)
    torch.manual_seed(seed)
    net = body(x)
    D_net = lambda t: (lambda x: torch.func.functional_call(net, {k: v.to(t) for k, v in net.named_parameters()}, (x,)).flatten())
    num = lambda *a: torch.tensor(a, device="cpu", dtype=torch.double)
    scores = lambda a, b: num(*precision_recall(a, b, 1).values())
    out = {"minimax.value": (value, (r, f), "ll"), "minimax.accuracy": (accuracy, (r, f), "ll"), "gan.centre": (lambda r, f: torch.cat(centre(r, f)), (r, f), "ll"),
           "dynamics.smoothed_d_loss": (smoothed_d_loss, (r, f), "ll"), "dists.mean_se": (lambda s: num(*mean_se(s)), (r,), "x"),
           "gan.grad_penalty": (lambda x: grad_penalty(D_net(x), x), (x,), "x"),
           "dynamics.lipschitz_penalty": (lambda x, y: lipschitz_penalty(D_net(x), x, y, gen(0)), (x, y), "xx"),
           "minimax.grid_value": (lambda l: grid_value(l, p.to(l), q.to(l), grid.to(l)), (3*grid.sin(),), "l"),
           "minimax.grid_kl": (lambda u: grid_kl(u.exp(), q.to(u), grid.to(u)), (p.log(),), "."), "minimax.grid_js": (lambda u: grid_js(u.exp(), q.to(u), grid.to(u)), (p.log(),), "."),
           "evaluate.bits_per_dim": (lambda n: bits_per_dim(n, 7), (r,), "l"), "evaluate.frechet": (lambda a, b: num(frechet(a, b)), (x, y), "xx"),
           "gan.precision_recall": (scores, (x, y), "xx"), "dynamics.dirac_field": (lambda s: dirac_field(s, .3), (r[:2],), "m"),
           "dynamics.covered_modes": (lambda x: num(*covered_modes(x)), (points(seed, B, 2),), "x"),
           "reparam.rsample": (lambda m, v: rsample(m, v, gen(seed)), (x, y), "mv"),
           "reparam.rsample_mvn": (lambda m, S: rsample_mvn(m, S, gen(seed)), (x, gauss(seed, B, D)[2]), "mL"),
           "dynamics.play": (lambda s: play(lambda s: .9*s, s, 3), (r,), "x")}
    for k in KINDS:
        out[f"gan.d_loss {k}"] = lambda r, f, k=k: d_loss(r, f, k), (r, f), "ll"
        out[f"gan.g_loss {k}"] = lambda f, r, k=k: g_loss(f, k, r), (f, r), "ll"
    return out

def ppca(seed, d, k, dtype=torch.double): return PPCA(points(seed + 8, d, k).to(dtype), points(seed + 9, d).to(dtype), .3)
KINDS = ("saturating", "nonsaturating", "relativistic")
both = lambda seed, B, D: by_row(seed, B, D) | {k + (" whole" if k in by_row(seed, B, D) else ""): v for k, v in by_batch(seed, B, D).items()}
ROWS, NAMES = list(by_row(0, 2, 3)), list(both(0, 2, 3))
NUMBERS = ("evaluate.frechet", "gan.precision_recall", "dists.mean_se", "dynamics.covered_modes")   # give Python numbers
PENALTIES = ("gan.grad_penalty", "dynamics.lipschitz_penalty")                                      # their gradient goes into D, not into x
STEPS = ("minimax.accuracy", "gan.precision_recall", "dynamics.covered_modes")                      # shares: no gradient
def each(names, kind):
    "Parametrise a general test, and note whom it covers"
    def mark(f):
        for n in names: COVERED[n.split()[0]][kind] = f
        return pytest.mark.parametrize("name", names)(f)
    return mark

# ----------------------------------------------------------------------------------------- every density and divergence
@each(ROWS, "one")
@settings(many, max_examples=4)
@given(seed=seeds, B=st.integers(2, 5), D=D_)
def test_rows_do_not_know_each_other(name, seed, B, D):
    "A batch of one equals one of a batch; turning the order of the batch turns the results"
    f, args, _ = by_row(seed, B, D)[name]
    whole = f(*args)
    assert len(whole) == B
    assert_close(torch.cat([f(*(a[i:i+1] for a in args)) for i in range(B)]), whole)
    assert_close(f(*(a.flip(0) for a in args)), whole.flip(0))

@each([n for n in NAMES if n not in STEPS + NUMBERS + PENALTIES], "gradient")
def test_gradients_against_finite_differences(name):
    f, args, kinds = both(3, 4, 3)[name]
    free = [i for i, k in enumerate(kinds) if k != "b"]                                  # bits end at 0 and 1
    def g(*vary):
        full = list(args)
        for i, v in zip(free, vary): full[i] = torch.tril(v) if v.ndim == 3 else v
        return f(*full)
    assert gradcheck(g, [args[i].clone().requires_grad_() for i in free])

@each([n for n in NAMES if n not in NUMBERS], "dtype")
@settings(many, max_examples=3)
@given(seed=seeds)
def test_dtype_is_kept_and_single_precision_is_near(name, seed):
    f, args, _ = both(seed, 4, 3)[name]
    try: out = f(*(a.float() for a in args))
    except TypeError as e: raise AssertionError(name) from e
    assert out.dtype == (torch.float64 if name in ("minimax.accuracy", "gan.parzen_log_prob") else torch.float32)    # these two promise it
    want = f(*args)
    if not name.startswith(("reparam", "dynamics.lip")): assert_close(out.double(), want, rtol=2e-4, atol=2e-4*max(1., want.abs().max().item()))   # other draws

@each([n for n in NAMES if n not in ("data.ring_log_prob", "dynamics.covered_modes")], "device")
def test_device_is_kept(name):
    "While new tensors go to another device unless they say where, the arguments and the result stay on theirs"
    f, args, _ = both(0, 4, 3)[name]
    want = f(*args)
    with torch.device("meta"): out = f(*args)
    assert out.device.type == "cpu"
    assert_close(out, want)

@pytest.mark.parametrize("name", [f"dists.{n}" for n in ("bernoulli_log_prob", "normal_log_prob", "kl_normal", "kl_normal two")])
@settings(many)
@given(seed=seeds, B=B_, C=st.integers(1, 2), H=st.integers(1, 3))
def test_event_shape_does_not_matter(name, seed, B, C, H):
    "Summed over the event once: the shape of an image and the order of its pixels are nothing to it"
    f, args, _ = by_row(seed, B, C*H*H)[name]
    order = torch.randperm(C*H*H, generator=gen(seed))
    assert_close(f(*(a.view(B, C, H, H) for a in args)), f(*args))
    assert_close(f(*(a[:, order] for a in args)), f(*args))

@about("oracle", "dists.bernoulli_log_prob", "dists.normal_log_prob", "dists.mvn_log_prob", "dists.kl_normal", "dists.kl_mvn")
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

@about("values", "dists.kl_normal", "dists.kl_mvn")
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

# -------------------------------------------------------------------------------------------------------- extreme values
FAR = dict(x=(-1e4, 0., 1e4), m=(-1e4, 0., 1e4), v=(-60., 0., 60.), l=(-1e4, 0., 1e4), b=(0., 1.), L=(-30., 0., 30.), n=(-60., 60.), f=(-30., 30.))

def far(kind, v, t):
    "A tensor like t at an end of what its kind may be"
    if kind == "L": return torch.diag_embed(torch.full_like(t[..., 0], math.exp(v)))
    if kind == "n": return torch.cat([torch.full_like(t[:, ::2], 1e4), torch.full_like(t[:, 1::2], v)], 1)         # mean, log-variance
    if kind == "f":                                                                                             # mean, factor of the covariance
        m = round((math.sqrt(9 + 8*t.shape[1]) - 3)/2)
        i, j = torch.tril_indices(m, m)
        return torch.cat([torch.full_like(t[:, :m], 1e4), torch.where(i == j, v, 0.).to(t).expand(len(t), -1)], 1)
    return torch.full_like(t, v)

@each([n for n in NAMES if "." not in both(0, 2, 3)[n][2]], "extreme")
def test_far_out_there_is_a_number(name):
    "|mu| = 1e4, logvar = ±60, logits = ±1e4 and all together: finite in double precision; in single the same, or infinite where no number is left"
    f, args, kinds = both(0, 4, 3)[name]
    for ends in itertools.product(*(FAR[k] for k in kinds)):
        vary = [far(k, e, a).requires_grad_(k != "b") for k, e, a in zip(kinds, ends, args)]
        out = f(*vary)
        assert out.isfinite().all(), ends
        if out.requires_grad:
            grads = torch.autograd.grad(out.sum(), [v for v in vary if v.requires_grad], allow_unused=True)
            assert all(g is None or g.isfinite().all() for g in grads), ends
        single, want = f(*(v.detach().float() for v in vary)).double(), out.detach().double()
        same = (single - want).abs() <= 2e-3*(want.abs() + 1)
        assert (same | single.isinf() & (want.abs() > 1e38)).all(), (ends, single, want)

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
@about("values oracle", "dists.mean_se")
@settings(many)
@given(seed=seeds, n=st.integers(2, 30), shift=st.floats(-10, 10), scale=st.floats(.1, 10))
def test_mean_se(seed, n, shift, scale):
    s = points(seed, n)
    m, se = mean_se(s)
    assert (m, se) == pytest.approx((s.numpy().mean(), stats.sem(s.numpy())))
    assert mean_se(shift - scale*s) == pytest.approx((shift - scale*m, scale*se), abs=1e-9)
    assert mean_se(s.flip(0)) == pytest.approx((m, se)) and mean_se(torch.full((n,), 2.)) == (2., 0.)

@about("values", "elbo.iw_bound")
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

@about("values oracle", "elbo.elbo_enum")
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
@about("values oracle", "latent.PPCA.log_prob", "latent.PPCA.posterior", "latent.PPCA.decode", "elbo.elbo_ppca", "latent.PPCA")
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

# ------------------------------------------------------------------------------------------------------- reparameterization
@about("values oracle", "reparam.rsample", "reparam.rsample_mvn")
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

@about("values oracle", "reparam.pathwise_grad", "reparam.score_grad")
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
@about("values oracle", "vae.Bernoulli.log_prob", "vae.Bernoulli.mean", "vae.Bernoulli.sample", "vae.Normal.log_prob", "vae.Normal.mean", "vae.Normal.sample", "vae.DiagNormal.log_prob", "vae.DiagNormal.mean", "vae.DiagNormal.sample", "vae.FullNormal.log_prob", "vae.FullNormal.mean", "vae.FullNormal.sample", "vae.ContinuousBernoulli.log_prob", "vae.ContinuousBernoulli.mean", "vae.ContinuousBernoulli.sample")
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

@about("values oracle one dtype", "vae.VAE.encode", "vae.VAE.terms", "vae.VAE.elbo", "vae.VAE.reconstruct", "vae.CVAE.encode", "vae.CVAE.terms", "vae.CVAE.elbo", "vae.CVAE.reconstruct")
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
@about("values oracle", "evaluate.log_weights", "evaluate.nll", "evaluate.held_out_elbo")
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

@about("values oracle", "evaluate.active_units")
def test_active_units():
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([x, torch.zeros_like(x)], 1)
    model = vae.VAE(Enc(), nn.Linear(3, 3), 3, (3,))
    x = torch.tensor([[0., 5., 1.], [0., 5., -1.], [.1, 5., 0.]])
    assert active_units(model, x).tolist() == [False, False, True] and active_units(model, x, .001).tolist() == [True, False, True]
    assert_close(active_units(model, x + 7), active_units(model, x))

@about("values oracle", "evaluate.bits_per_dim")
@settings(many)
@given(nats=st.floats(-1e4, 1e4), m=st.integers(1, 3000), levels=st.integers(2, 256))
def test_bits_per_dim(nats, m, levels):
    assert bits_per_dim(nats, m) == pytest.approx(nats/m/math.log(2))
    assert bits_per_dim(nats, m, levels) == pytest.approx(bits_per_dim(nats, m) + math.log2(levels))
    assert bits_per_dim(m*math.log(levels), m) == pytest.approx(math.log2(levels))                     # even chances
    assert_close(bits_per_dim(torch.tensor([nats]).double(), m), torch.tensor([bits_per_dim(nats, m)]).double())

@about("values oracle", "evaluate.frechet")
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

@about("values", "evaluate.class_shares")
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

# ------------------------------------------------------------------------------------------------------------------- gan
@about("values oracle", "gan.d_loss", "gan.g_loss", "gan.centre")
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

@about("values oracle gradient", "gan.grad_penalty")
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

@about("values oracle", "gan.precision_recall")
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

@about("values oracle", "gan.parzen_log_prob")
@settings(many)
@given(seed=seeds, n=st.integers(1, 8), D=D_, std=st.floats(.1, 3))
def test_parzen(seed, n, D, std):
    x, s = points(seed, 4, D), points(seed + 1, n, D)
    mix = td.MixtureSameFamily(td.Categorical(torch.ones(n).double()), td.Independent(td.Normal(s, std), 1))
    assert_close(parzen_log_prob(x, s, std), mix.log_prob(x), rtol=1e-5, atol=1e-5)
    assert (parzen_log_prob(x, s, std) <= -.5*D*math.log(2*math.pi*std**2) + 1e-9).all()
    assert_close(parzen_log_prob(x + 1, s + 1, std), parzen_log_prob(x, s, std), rtol=1e-6, atol=1e-6)
    assert parzen_log_prob(x + 1e4, s, std).isfinite().all()

@about("values oracle", "gan.pairs")
@settings(many)
@given(seed=seeds, n=st.integers(1, 6), K=st.integers(1, 5))
def test_pairs(seed, n, K):
    x, y = points(seed, n, 1, 2, 2), torch.randint(K, (n,), generator=gen(seed))
    xy = pairs(x, y, K)
    assert_close(xy[:, :4], x.flatten(1))
    assert xy[:, 4:].argmax(1).equal(y) and (xy[:, 4:].sum(1) == 1).all() and xy.dtype == x.dtype

# ------------------------------------------------------------------------------------------------- the VAE as a function
@about("gradient", *(f"vae.{c}.{m}" for c in ("VAE", "CVAE") for m in ("encode", "decode", "terms", "elbo", "mean")), "evaluate.log_weights")
@about("values oracle one dtype", *(f"vae.{c}.{m}" for c in ("VAE", "CVAE") for m in ("decode", "mean")))
def test_vae_is_differentiable_and_takes_rows_one_by_one():
    torch.manual_seed(0)
    soft = dict(act=nn.Softplus)                                                                # no corners for finite differences
    y, x, z = torch.tensor([0, 2, 1]), points(0, 3, 1, 2, 2).sigmoid(), points(1, 3, 2)
    for net, xy, more in ((mlp_vae((1, 2, 2), 2, (5,), **soft).double(), lambda x: x, ()), (mlp_cvae((1, 2, 2), 2, 3, (5,), **soft).double(), lambda x: (x, y[:len(x)]), (y,))):
        for w in (net.enc[1].weight, net.dec[1].weight):
            def at(f, v):
                return torch.func.functional_call(Call(net, f), {k: v for k, p in Call(net, f).named_parameters() if p is w}, ())
            for f in (lambda n: n.elbo(xy(x), gen(0)), lambda n: torch.stack(n.terms(xy(x), gen(1))), lambda n: torch.stack(n.encode(xy(x))),
                      lambda n: n.decode(z, *more), lambda n: n.mean(z, *more)):
                assert gradcheck(lambda v: at(f, v), w.detach().clone().requires_grad_())
            if not more: assert gradcheck(lambda v: at(lambda n: log_weights(n, x, 3, gen(0)), v), w.detach().clone().requires_grad_())
        out, mean = net.decode(z, *more), net.mean(z, *more)
        assert_close(mean.flatten(1), out.sigmoid()) and out.dtype == mean.dtype == torch.double
        for i in range(3): assert_close(net.mean(z[i:i+1], *(m[i:i+1] for m in more)), mean[i:i+1])
        for i in range(3): assert_close(net.decode(z[i:i+1], *(m[i:i+1] for m in more)), out[i:i+1])
        assert (mean > 0).all() and (mean < 1).all()

class Call(nn.Module):
    "A method of a model as a module, so that a weight can be exchanged"
    def __init__(self, net, f): super().__init__(); self.net, self.f = net, f
    def forward(self): return self.f(self.net)

@about("extreme", *(f"vae.{c}.{m}" for c in ("VAE", "CVAE") for m in ("encode", "decode", "terms", "elbo", "mean", "reconstruct")), *(f"evaluate.{n}" for n in ("log_weights", "nll", "held_out_elbo")))
def test_a_vae_that_went_far_still_gives_numbers():
    "Means of ±1e4, log-variances of ±60 and logits of ±1e4 out of the networks"
    class Fixed(nn.Module):
        def __init__(self, *v): super().__init__(); self.v = nn.Parameter(torch.tensor(v))
        def forward(self, x): return self.v.expand(len(x), -1)
    x, y = coins(0, 3, 4).float(), torch.arange(3)
    for mu, logvar, l in itertools.product((-1e4, 1e4), (-60., 60.), (-1e4, 1e4)):
        enc, dec = Fixed(mu, mu, logvar, logvar), Fixed(l, l, -l, l)
        for net, xy, more in ((vae.VAE(enc, dec, 2, (4,)), x, ()), (vae.CVAE(enc, dec, 2, (4,), 3), (x, y), (y,))):
            for out in (net.elbo(xy, gen(0)), *net.terms(xy, gen(0)), *net.encode(xy), net.reconstruct(xy), net.decode(x[:, :2], *more), net.mean(x[:, :2], *more)):
                assert out.isfinite().all(), (mu, logvar, l)
            assert_close(net.elbo(xy, gen(0)), net.terms(xy, gen(0))[0] - net.terms(xy, gen(0))[1])
        net = vae.VAE(enc, dec, 2, (4,))
        assert log_weights(net, x, 3, gen(0)).isfinite().all() and nll(net, x, 3, 3, gen(0)).isfinite().all() and all(map(math.isfinite, held_out_elbo(net, x)))

@about("values oracle", *(f"vae.{c}.sample" for c in ("VAE", "CVAE")), "vae.init_output_bias")
def test_samples_follow_the_decoder():
    "With a decoder that knows nothing of z, pixels are coins with its probabilities; the bias starts at the data's mean"
    torch.manual_seed(0)
    model, x = mlp_vae((1, 2, 2), 2, (5,)), coins(0, 99, 1, 2, 2).float()*torch.tensor([1., 0., 1., 1.]).view(1, 2, 2)
    model.dec[-1].weight.data.zero_()
    vae.init_output_bias(model, x)
    p = (x.sum(0) + .5)/100
    assert_close(model.mean(points(1, 1, 2).float())[0], p)
    draws = model.sample(4000, gen(0))
    assert set(draws.unique().tolist()) == {0., 1.} and ((draws.mean(0) - p).abs() < 5*(p*(1 - p)/4000).sqrt() + 1e-3).all()
    cond = mlp_cvae((1, 2, 2), 2, 3, (5,))
    y = torch.arange(3).repeat(2000)
    want = torch.stack([cond.mean(torch.randn(4000, 2, generator=gen(k)), torch.full((4000,), k)).mean(0) for k in range(3)]).detach()
    got = torch.stack([cond.sample(y, gen(0))[y == k].mean(0) for k in range(3)])
    assert ((got - want).abs() < 5*(.25/2000)**.5).all()

@about("values oracle", "latent.PPCA.sample")
def test_ppca_samples_have_its_moments():
    m = ppca(0, 4, 2)
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

@about("oracle", "elbo.iw_bound")
@settings(many)
@given(seed=seeds, K=st.integers(1, 8))
def test_iw_bound_is_scipys(seed, K):
    from scipy.special import logsumexp
    w = points(seed, K, 3)*30
    assert iw_bound(w).numpy() == pytest.approx(logsumexp(w.numpy(), 0, b=1/K))

@about("oracle", "evaluate.class_shares")
def test_class_shares_are_counts():
    net = evaluate.Classifier((4,), 3, 4)
    net.forward = lambda x: x[:, :3]
    assert class_shares(net, torch.tensor([[1., 0, 0, 9], [0, 1, 0, 9], [0, 2, 1, 9], [0, 3, 0, 9]])).tolist() == [.25, .75, 0.]

@about("extreme", "dists.tril")
def test_extreme_factors():
    L = tril(torch.tensor([[-30., 1e4, 30.]]), 2)
    assert_close(L, torch.tensor([[[math.exp(-30), 0.], [1e4, math.exp(30)]]]))

@about("extreme", "minimax.grid_kl", "minimax.grid_js", "minimax.grid_value")
def test_extreme_grids():
    x = torch.linspace(-1, 1, 5)
    tiny = torch.full_like(x, 1e-38)
    p = torch.tensor([0., 1., 0., 1., 0.])
    assert grid_kl(tiny, tiny, x) == 0 and grid_js(p, tiny, x).isfinite() and grid_value(torch.full_like(x, 1e4), p, 0*p, x) == 0

@about("extreme", "evaluate.active_units", "evaluate.class_shares")
def test_extreme_metrics():
    class Far(nn.Module):
        def forward(self, x): return torch.cat([1e4*x[:, :1], torch.full_like(x[:, :1], 1e4), x[:, :2]*120 - 60], 1)
    model = vae.VAE(Far(), nn.Linear(2, 3), 2, (3,))
    assert active_units(model, coins(1, 9, 3).float()).tolist() == [True, False]
    s = class_shares(evaluate.Classifier((4,), 3, 4), 1e4*points(0, 5, 4).float())
    assert s.sum().item() == pytest.approx(1)

# -------------------------------------------------------------------------------------------------------------- dynamics
@about("values oracle gradient", "dynamics.ae_loss", "dynamics.ae_descend")
@about("extreme", "dynamics.ae_descend")
@settings(many)
@given(seed=seeds, a=st.floats(-1, 1), b=st.floats(-1, 1), m=st.floats(.1, 2))
def test_linear_autoencoder(seed, a, b, m):
    "The loss is the mean squared error itself; descent follows autograd, never climbs, and keeps w₁² − w₂² to first order"
    x = points(seed, 50)
    x = x*(m/x.square().mean()).sqrt()
    assert_close(torch.tensor(ae_loss(a, b, m)).double(), (x - b*a*x).square().mean())
    assert ae_loss(a, b, m) >= 0 and ae_loss(b, a, m) == ae_loss(a, b, m) == ae_loss(-a, -b, m) and ae_loss(2., .5, m) == 0
    path = ae_descend(a, b, m, .01, 30)
    assert path.shape == (31, 2) and path[0].tolist() == [a, b]
    for s, t in zip(path, path[1:]):
        w = s.clone().requires_grad_()
        g, = torch.autograd.grad(ae_loss(w[0], w[1], m), w)
        assert_close(t, s - .01*g)
    losses = [ae_loss(*w.tolist(), m) for w in path]
    assert all(v <= u + 1e-12 for u, v in zip(losses, losses[1:]))
    assert_close(ae_descend(b, a, m, .01, 30).flip(1), path)
    assert ae_descend(0., 0., 1., .1, 5).equal(torch.zeros(6, 2).double())                            # the saddle holds
    assert ae_descend(1e4, -1e4, 1., 1e-9, 3).isfinite().all()

@about("values oracle", "dynamics.bilinear_field", "dynamics.game_step", "dynamics.play", "dynamics.eigenvalues")
@settings(many)
@given(seed=seeds, h=st.floats(.01, 1), n=st.integers(0, 6))
def test_games_of_two_numbers(seed, h, n):
    "At once: each round a spiral out by √(1+h²). In turn: a linear map of determinant one. Eigenvalues are numpy's"
    s = points(seed, 2)
    v = s.clone().requires_grad_()
    dx, dy = torch.autograd.grad(v[0]*v[1], v)[0]
    assert_close(bilinear_field(s), torch.stack([-dx, dy])) and bilinear_field(s)@s == 0
    assert_close(bilinear_field(s[None]), bilinear_field(s)[None])
    step, turns = game_step(bilinear_field, h), game_step(bilinear_field, h, alternating=True)
    path = play(step, s, n)
    assert path.shape == (n + 1, 2)
    assert_close(path.norm(dim=1), s.norm()*(1 + h*h)**(.5*torch.arange(n + 1, dtype=torch.double)))
    for f in (step, turns):
        J = torch.stack([f(e) for e in torch.eye(2).double()], 1)
        got = sorted(eigenvalues(f, 0*s).tolist(), key=lambda z: z.imag)
        assert got == pytest.approx(sorted(np.linalg.eigvals(J.numpy()).tolist(), key=lambda z: z.imag))
        assert_close(f(s), J@s)
    assert abs(np.prod([abs(z) for z in eigenvalues(turns, 0*s).tolist()]) - 1) < 1e-9
    assert_close(play(turns, s, 1)[1], torch.linalg.multi_dot([torch.tensor([[1., -h], [0., 1.]]).double(), torch.tensor([[1., 0.], [h, 1.]]).double()])@s)

@about("values oracle", "dynamics.dirac_field", "dynamics.dirac_step")
@settings(many)
@given(seed=seeds, gamma=st.floats(0, 2), h=st.floats(.01, .5), turns=st.booleans())
def test_dirac_gan(seed, gamma, h, turns):
    "The field is the gradient of the two players' losses; at rest at the origin; both losses slow the same game differently"
    s = points(seed, 2)
    for kind in ("saturating", "nonsaturating"):
        v = s.clone().requires_grad_()
        fake = v[0]*v[1]
        g_theta = torch.autograd.grad(g_loss(fake[None], kind), v)[0][0]
        v = s.clone().requires_grad_()
        loss_D = d_loss(0*v[1][None], (v[0]*v[1])[None]) + .5*gamma*v[1]**2
        g_psi = torch.autograd.grad(loss_D, v)[0][1]
        assert_close(dirac_field(s, gamma, kind), torch.stack([-g_theta, -g_psi]))
        assert dirac_field(0*s, gamma, kind).abs().sum() == 0
        step = dirac_step(h, turns, gamma, kind)
        assert_close(step(s), game_step(lambda s: dirac_field(s, gamma, kind), h, turns)(s))
        assert (eigenvalues(step, 0*s).abs() <= (1 + h*h/4)**.5 + 1e-6).all()
    if gamma > 0: assert (eigenvalues(dirac_step(.01, True, gamma), 0*s).abs() < 1).all()                # friction: it settles

@about("values oracle", "dynamics.ema")
@settings(many, max_examples=8)
@given(seed=st.integers(0, 1000), decay=st.floats(0, .99))
def test_ema(seed, decay):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    slow, ws = ema(net, decay), []
    for i in range(4):
        with torch.no_grad():
            for t in (*net.parameters(), net[1].running_mean): t.copy_(torch.randn(t.shape, generator=gen(seed + i)))
        slow.update_parameters(net)
        ws.append((net[0].weight.detach().clone(), net[1].running_mean.clone()))
    for k, got in enumerate((slow.module[0].weight, slow.module[1].running_mean)):
        want = ws[0][k]
        for w in ws[1:]: want = decay*want + (1 - decay)*w[k]
        assert_close(got.detach(), want, rtol=1e-4, atol=1e-5)

@about("values oracle", "dynamics.smoothed_d_loss")
@settings(many)
@given(seed=seeds, n=st.integers(1, 6), alpha=st.floats(.51, 1))
def test_smoothed_loss(seed, n, alpha):
    r, f = points(seed, n)*3, points(seed + 1, n)*3
    full = -(alpha*F.logsigmoid(r) + (1 - alpha)*F.logsigmoid(-r)).mean() - F.logsigmoid(-f).mean()
    assert_close(smoothed_d_loss(r, f, alpha), full)
    assert_close(smoothed_d_loss(r, f, 1.), -value(r, f))
    best = torch.full((1,), math.log(alpha/(1 - alpha)) if alpha < 1 else 50.).double()
    assert smoothed_d_loss(best, f, alpha) <= smoothed_d_loss(r, f, alpha) + 1e-9                        # the real label is alpha, not one

@about("values oracle", "dynamics.spectral")
@settings(many, max_examples=8)
@given(seed=st.integers(0, 1000))
def test_spectral(seed):
    "The largest singular value is one, by numpy, and the network stretches nothing"
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    assert spectral(net) is net
    for _ in range(60): net(torch.randn(2, 4))                                                           # power iterations
    net.eval()
    for l in (net[0], net[2]): assert np.linalg.norm(l.weight.detach().numpy(), 2) == pytest.approx(1, abs=.02)
    a, b = points(seed, 9, 4).float(), points(seed + 1, 9, 4).float()
    assert ((net(a) - net(b)).norm(dim=1) <= 1.05*(a - b).norm(dim=1)).all()

@about("values oracle", "dynamics.covered_modes", "data.ring_modes")
@settings(many)
@given(seed=seeds, modes=st.integers(2, 9), radius=st.floats(1, 4), kept=st.integers(1, 9))
def test_covered_modes(seed, modes, radius, kept):
    kept = min(kept, modes)
    c = ring_modes(modes, radius)
    angle = np.arange(modes)*2*np.pi/modes
    assert c.numpy() == pytest.approx(radius*np.stack([np.cos(angle), np.sin(angle)], 1), abs=1e-5)
    x = c[:kept].repeat(20, 1) + .01*points(seed, 20*kept, 2).float()
    assert covered_modes(x, modes, radius, .05) == (kept, 1.)
    assert covered_modes(x.flip(0), modes, radius, .05) == (kept, 1.)                                     # the order is nothing to it
    near = cdist(x.numpy(), c.numpy()).min(1) < .05
    assert covered_modes(torch.cat([x, x + 99]), modes, radius, .05)[1] == pytest.approx(near.mean()/2)
    assert covered_modes(x + 99, modes, radius, .05) == (0, 0.)

@about("values oracle gradient", "dynamics.lipschitz_penalty")
@settings(many)
@given(seed=seeds, n=st.integers(1, 6), D=D_, c=st.floats(-4, 4))
def test_lipschitz_penalty(seed, n, D, c):
    x, y, w = points(seed, n, D), points(seed + 1, n, D), F.normalize(points(seed + 2, D), dim=0)
    assert_close(lipschitz_penalty(lambda x: c*(x@w) + 1, x, y, gen(0)), torch.tensor((abs(c) - 1)**2).double())      # slope c everywhere
    half = lambda x: .5*x.square().sum(1)                                                                 # slope ‖x‖ at x, which lies between
    p, lo, hi = lipschitz_penalty(half, x, x, gen(0)), *(f((x.norm(dim=1) - 1).square(), 0) for f in (torch.amin, torch.amax))
    assert_close(p, (x.norm(dim=1) - 1).square().mean()) and lo <= p <= hi
    assert not x.requires_grad
    v = w.clone().requires_grad_()
    assert gradcheck(lambda v: lipschitz_penalty(lambda x: (x@v).tanh(), x, y, gen(0)), v)                # twice differentiable

# ------------------------------------------------------------------------------------------- hybrid, comparison, data
@about("values oracle", "hybrid.feature_nll")
@settings(many)
@given(seed=seeds, B=B_, D=D_, var=st.floats(.1, 10))
def test_feature_nll(seed, B, D, var):
    eyes = FeatureDiscriminator(nn.Linear(D, 3), nn.Linear(3, 1)).double()
    x, y = points(seed, B, D), points(seed + 1, B, D)
    nats = feature_nll(eyes, x, y, var)
    normal = td.Independent(td.Normal(eyes.features(y), var**.5), 1)
    assert_close(nats, -normal.log_prob(eyes.features(x)) - 1.5*math.log(2*math.pi*var))
    assert (nats >= 0).all() and feature_nll(eyes, x, x, var).abs().sum() == 0
    assert_close(feature_nll(eyes, y, x, var), nats)
    assert_close(feature_nll(eyes, x, y, 2*var), .5*nats)

@about("values oracle", "compare.twins")
@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_twins_are_twins(seed):
    v, G, D = twins((1, 2, 3), 4, (5, 6), seed)
    z = points(seed, 3, 4).float()
    assert_close(v.mean(z), G(z), rtol=0, atol=0)
    assert all(p is not q and p.equal(q) for p, q in zip(v.dec.parameters(), G.net.parameters()))
    assert twins((1, 2, 3), 4, (5, 6), seed)[2].net[1].weight.equal(D.net[1].weight)
    assert not twins((1, 2, 3), 4, (5, 6), seed + 1)[0].dec[1].weight.equal(v.dec[1].weight)

@about("values oracle extreme", "compare.sample_scores", "compare.score_table")
@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_scores(seed):
    torch.manual_seed(seed)
    judge, x, ref = evaluate.Classifier((4,), 3, 5), points(seed, 24, 4).float(), points(seed + 1, 12, 4).float()
    s = sample_scores(judge, x, ref)
    f = lambda t: judge.features(t).detach()
    assert s["frechet"] == pytest.approx(sum(frechet(f(p), f(ref)) for p in x.split(12))/2)
    assert s["precision"] == pytest.approx(sum(precision_recall(f(ref), f(p))["precision"] for p in x.split(12))/2)
    assert s["recall"] == pytest.approx(sum(precision_recall(f(ref), f(p))["recall"] for p in x.split(12))/2)
    assert s["rarest"] == pytest.approx(class_shares(judge, x).min().item()) and s["classes"] == int((class_shares(judge, x) >= .02).sum())
    own = sample_scores(judge, ref, ref)
    assert own["precision"] == own["recall"] == 1 and own["frechet"] == pytest.approx(0, abs=1e-4)
    far = sample_scores(judge, x*0 + 1e4, ref)
    assert math.isfinite(far["frechet"]) and far["precision"] == 0 or far["frechet"] < 1e-3
    md = score_table({"a|b": s, "c": dict(frechet=None)}).data.split("\n")
    assert len(md) == 4 and len({line.replace(r"\|", "").count("|") for line in md}) == 1 and f"{s['frechet']:.2f}" in md[2] and "–" in md[3]

@about("values oracle", "data.ring_log_prob", "data.banana_log_prob")
@settings(many)
@given(seed=seeds, modes=st.integers(1, 6), std=st.floats(.1, 2), bend=st.floats(-1, 1))
def test_toy_densities(seed, modes, std, bend):
    x = points(seed, 5, 2)
    mix = td.MixtureSameFamily(td.Categorical(torch.ones(modes).double()), td.Independent(td.Normal(ring_modes(modes, 1.5).double(), std), 1))
    assert_close(ring_log_prob(x, modes, 1.5, std), mix.log_prob(x))
    turn = torch.tensor([[math.cos(2*math.pi/modes), -math.sin(2*math.pi/modes)], [math.sin(2*math.pi/modes), math.cos(2*math.pi/modes)]]).double()
    assert_close(ring_log_prob(x@turn.T, modes, 1.5, std), ring_log_prob(x, modes, 1.5, std), rtol=1e-4, atol=1e-5)
    assert (ring_log_prob(x, modes, 1.5, std) <= -math.log(2*math.pi*std**2) + 1e-9).all()
    first, across = td.Normal(0., 1.), td.Normal(bend*(x[:, 0].square() - 1), std)
    assert_close(banana_log_prob(x, bend, std), first.log_prob(x[:, 0]) + across.log_prob(x[:, 1]))
    mirrored = x*torch.tensor([-1., 1.]).double()
    assert_close(banana_log_prob(mirrored, bend, std), banana_log_prob(x, bend, std))

def test_toy_densities_integrate_to_one():
    grid = torch.linspace(-12, 12, 601, dtype=torch.double)
    for f in (lambda x: ring_log_prob(x, 3, 1.5, .3), lambda x: banana_log_prob(x, .3, .5)):
        assert_close(f(torch.cartesian_prod(grid, grid)).exp().sum().item()*.04**2, 1., rtol=2e-3, atol=0)

@about("values oracle one dtype device extreme", "data.binarize")
@settings(many)
@given(seed=seeds, n=st.integers(1, 20))
def test_coins(seed, n):
    "tests/test_data.py has more"
    x = points(seed, n).sigmoid()
    u = torch.rand(n, generator=gen(seed), dtype=torch.double)
    assert binarize(x, gen(seed)).equal((u < x).double()) and binarize(x.float(), gen(0)).dtype == torch.float32
    assert binarize(torch.tensor([0., 1.]), gen(seed)).tolist() == [0., 1.] and binarize(x[:1], gen(seed)).item() in (0., 1.)
    with torch.device("meta"): assert binarize(x, gen(seed)).device.type == "cpu"

# ----------------------------------------------------------------------------------------------------- nothing left out
MODULES = "data dists latent elbo reparam vae evaluate minimax gan dynamics hybrid compare".split()
EXEMPT = [   # names, kinds, why
    (r"data\.(shared|my_rows|draw_eps)|evaluate\.(fit_for|over_rows)", ALL, "which process does what, and for how long: tests/test_growing.py, chapters 1 and 9"),
    (r"gan\.gan_recipe|hybrid\.hybrid_(nets|recipe)", ALL, "puts tested parts together: tests/test_growing.py trains every recipe"),
    (r"data\.(check_\w+|ImageData|digits|mnist\w*|Batches|ring|banana)", ALL, "reads, guards or draws data: tests/test_data.py, tests/test_bad_input.py"),
    (r"data\.ring_modes|dynamics\.(ae_descend|game_step|dirac_step|eigenvalues|ema|spectral)|compare\.(twins|score_table)", "gradient one dtype device extreme", "takes numbers, a function or a network, not a batch"),
    (r"data\.binarize", "gradient", "coins have no slope"),
    (r"data\.ring_log_prob|dynamics\.covered_modes", "device", "the centres are made where new tensors go, then moved to the points"),
    (r"latent\.PPCA", "gradient one dtype device extreme", "holds tensors; its methods are tried"),
    (r"latent\.PPCA\.(fit|sample)", "gradient one dtype device extreme", "fits to all data at once, or draws; test_bad_input.py tries NaN and infinity"),
    (r"dists\.mean_se|evaluate\.(frechet|nll|held_out_elbo|active_units|class_shares)|gan\.precision_recall|dynamics\.covered_modes|compare\.sample_scores", "gradient one dtype", "a figure for a set, made without gradients; nll by row: see log_weights"),
    (r"evaluate\.(nll|held_out_elbo|active_units|class_shares|log_weights)|compare\.sample_scores|vae\.C?VAE\.\w+", "device", "what a network gives stays on its device; test_bad_input.py tries two devices"),
    (r"evaluate\.(log_weights|bits_per_dim)", "one dtype", "test_evaluation_of_a_vae; one number in, one out"),
    (r"minimax\.(value|accuracy|grid_\w+)|gan\.(d_loss|g_loss|centre|grad_penalty)|dynamics\.(smoothed_d_loss|lipschitz_penalty|dirac_field|play)", "one", "an average or one state, not a row per datum"),
    (r"minimax\.accuracy", "gradient", "a share has no slope"),
    (r"reparam\.(rsample\w*|pathwise_grad|score_grad)|vae\.\w+\.sample", "one", "every row has a draw of its own"),
    (r"reparam\.(pathwise_grad|score_grad)", "gradient dtype device extreme", "takes numbers, gives estimates of a gradient in double precision"),
    (r"vae\.\w+\.sample|vae\.C?VAE\.reconstruct", "gradient dtype device extreme", "pictures to look at, made without gradients; extreme logits: test_extreme_logits"),
    (r"vae\.\w+\.n_out|vae\.FullNormal\.split|vae\.(Bernoulli|Normal|DiagNormal|FullNormal|ContinuousBernoulli|C?VAE|mlp_\w+|conv_\w+|init_output_bias)", ALL, "a network or a count: chapters 6 and 7; its methods are tried"),
    (r"evaluate\.(Classifier|train_classifier|iwae_step)(\.\w+)?|gan\.(Generator|Discriminator|ConditionalGenerator|mlp_gan|conv_gan|gan_step|frozen|fresh_discriminator)(\.\w+)?"
     r"|dynamics\.(plot_\w+|wgan_gp_step)|hybrid\.(FeatureDiscriminator|hybrid_step)(\.\w+)?|compare\.train_twins", ALL, "a network, a training step or a picture: its chapter, tests/test_bad_input.py, tests/test_reproducible.py"),
]

def test_every_export_has_every_kind_of_property():
    mine = {n for n in PUBLIC if n.split(".")[0] in MODULES}
    unknown = set(COVERED) - mine
    assert not unknown, f"not exported: {sorted(unknown)}"
    missing = {}
    for n in sorted(mine):
        excused = {k for pattern, kinds, _ in EXEMPT if re.fullmatch(pattern, n) for k in (kinds if kinds is ALL else kinds.split())}
        if lacks := [k for k in ALL if k not in COVERED[n] and k not in excused]: missing[n] = lacks
    assert not missing, "give these a property test, or an exemption that says why:\n" + "\n".join(f"{n}: {' '.join(k)}" for n, k in missing.items())
    idle = [p for p, *_ in EXEMPT if not any(re.fullmatch(p, n) for n in mine)]
    assert not idle, f"exemptions of nothing: {idle}"

source = lru_cache(inspect.getsource)

def test_a_test_names_what_it_is_about():
    general = {t for t in (test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
                           test_device_is_kept, test_far_out_there_is_a_number)}
    for name, kinds in COVERED.items():
        for kind, test in kinds.items():
            inner = getattr(getattr(test, "hypothesis", None), "inner_test", test)
            if test in general or inner.__name__ in {t.__name__ for t in general}: continue
            word = name.rpartition(".")[2]
            assert re.search(rf"\b{word}\b", source(inner)) or name.split(".")[1] in ("Bernoulli", "PPCA", *(L.__name__ for L in LIKELIHOODS)), f"{inner.__name__} never calls {name} ({kind})"
