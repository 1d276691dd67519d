"What a decoder's output means: normal, full and continuous Bernoulli likelihoods"
import math

import mpmath
import pytest
import torch
import torch.nn.functional as F
from bad_input import INF, INT, NAN, B, X, bad_input_tests, normals, row
from helpers import LIKELIHOODS, Linear, coins, densities_are_those_of_torch, gen, likelihoods, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, B_, KINDS, about, exempt, many, property_tests, seeds
from scipy.stats import logistic
from torch import distributions as td
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.dists import bernoulli_log_prob, tril
from vaegan.evaluate import bits_per_dim, held_out_elbo
from vaegan.gan import d_loss, g_loss
from vaegan.iwae import nll
from vaegan.likelihoods import ContinuousBernoulli, DiagNormal, DiscretisedLogistic, FullNormal, Normal
from vaegan.minimax import value
from vaegan.photos import dequantise
from vaegan.vae import VAE, Bernoulli


def test_counts_of_outputs():
    assert [L().n_out(5) for L in LIKELIHOODS] == [5, 5, 10, 20, 5, 10]
    mu, L = FullNormal().split(torch.arange(9.)[None])
    assert mu.tolist() == [[0., 1., 2.]] and (L.triu(1) == 0).all()
    assert_close(L[0], torch.tensor([[math.exp(3), 0, 0], [4, math.exp(5), 0], [6, 7, math.exp(8)]]))

@pytest.mark.parametrize("L", LIKELIHOODS, ids=lambda L: L.__name__)
def test_many_draws_of_z_are_as_many_log_probabilities(L):
    "x once, outputs for several draws: as if each draw came alone; outputs of another size are named"
    like, x = L().double(), coins(1, 3, 1, 2, 2)
    out = points(2, 20, 3*like.n_out(4)).view(5, 4, 3, -1)
    log_p = like.log_prob(x, out)
    assert log_p.shape == (5, 4, 3)
    for i, j in ((0, 0), (4, 1), (2, 3)): assert_close(log_p[i, j], like.log_prob(x, out[i, j]))
    for wrong in (out[..., 1:], out[:, :, :2], out[0, 0, 0]):
        with pytest.raises(ValueError, match="out: expected shape"): like.log_prob(x, wrong)

@pytest.mark.parametrize("l", [-8., -.2001, -.15, -.1001, -.0999, -.05, -1e-3, .02, .0999, .1001, .15, .1999, .3, 5., 30.])
def test_continuous_bernoulli_to_the_last_digit(l):
    "Normaliser and mean against fifty digits, where the series is used and where the formula is"
    with mpmath.workdps(50):
        m = mpmath.mpf(l)
        log_c = mpmath.log(m/mpmath.expm1(m)) + mpmath.log1p(mpmath.exp(m))
        mean = 1/(1 - mpmath.exp(-m)) - 1/m
    out, x = torch.tensor([[l]], dtype=torch.double), torch.tensor([[.3]], dtype=torch.double)
    plain = .3*l - F.softplus(torch.tensor(l, dtype=torch.double))
    assert abs(ContinuousBernoulli().log_prob(x, out).item() - plain.item() - float(log_c)) < 2e-15*max(1, abs(l)) + 1e-13
    assert abs(ContinuousBernoulli().mean(out).item() - float(mean)) < 3e-13
    out.requires_grad_()
    slopes = [torch.autograd.grad(f.sum(), out)[0] for f in (ContinuousBernoulli().log_prob(x, out), ContinuousBernoulli().mean(out))]
    assert all(g.isfinite().all() for g in slopes) and abs(slopes[0].item() - (.3 - float(mean))) < 1e-12

def test_continuous_bernoulli_samples():
    "By the inverse of the distribution function: F(sample) is the dice, on both sides of 0"
    u = torch.rand(1000, 3, generator=gen(), dtype=torch.double)
    out = torch.tensor([[-4., 1e-3, 3.]]).double().expand(1000, -1)
    x = ContinuousBernoulli().sample(out, gen())
    cdf = torch.expm1(out*x)/torch.expm1(out)
    assert_close(cdf, torch.where(out > 0, 1 - u, u), rtol=1e-4, atol=1e-4)

class LevelByLevel:
    "The masses of 256 levels as differences of SciPy's distribution function, in 64 bits, and what follows from them"
    def __init__(self, out):
        mu, log_s = out.double().chunk(2, -1)
        law, k = logistic(255*mu[..., None], 255*log_s.clamp(-8, 3).exp()[..., None]), torch.arange(256.).double()
        below, above = (torch.as_tensor(f(k.numpy() + d)) for f, d in ((law.cdf, .5), (law.sf, -.5)))
        inside = torch.where(k < 255*mu[..., None], below - torch.as_tensor(law.cdf(k.numpy() - .5)), above - torch.as_tensor(law.sf(k.numpy() + .5)))
        self.P = torch.where(k == 0, below, torch.where(k == 255, above, inside))
        self.mean = self.P@k/255
    def log_prob(self, x): return self.P.gather(-1, (255*x.flatten(1)).round().long()[..., None]).log().sum((-1, -2))

@settings(many, max_examples=40)
@given(mu=st.floats(-1.5, 2.5), log_s=st.floats(-7.9, 3), seed=seeds)
def test_levels_have_the_mass_of_their_cells(mu, log_s, seed):
    "Every level against a difference in 64 bits, where that has digits; they sum to one; the slope in the mean never dies"
    out, k = torch.tensor([[mu, log_s]], dtype=torch.double), torch.arange(256.).double()[:, None]
    wide, like = out.expand(256, -1).clone().requires_grad_(), DiscretisedLogistic()
    log_p, want = like.log_prob(k/255, wide), LevelByLevel(out).P[0, 0]
    assert (log_p <= 0).all() and abs(log_p.exp().sum().item() - 1) < 1e-12
    sure = want > 1e-280
    assert_close(log_p[sure], want[sure].log(), rtol=1e-7, atol=1e-7)
    slope, = torch.autograd.grad(log_p.sum(), wide)
    far = (k[:, 0] - 255*mu).abs() > 2 + 20*255*math.exp(log_s)
    assert slope.isfinite().all() and (slope[far, 0].abs() > .9*math.exp(-log_s))[(k[far, 0] > 0) & (k[far, 0] < 255)].all()
    single = like.log_prob((k/255).float(), out.float().expand(256, -1)).double()
    assert_close(single, log_p.detach(), rtol=1e-3, atol=1e-3)                    # a nat in a thousand, at the narrowest scale
    assert abs(like.mean(out) - LevelByLevel(out).mean).item() <= .5/255 + 1e-9   # half a level

def test_a_model_of_one_pixel_by_hand():
    "Bits of a stored integer: no latent that matters, so the ELBO is log P, against the mass computed on paper"
    out = torch.tensor([.4, math.log(12/255)])
    vae = VAE(Linear(torch.zeros(1, 2)), Linear(torch.zeros(1, 2), out), 1, (1, 1, 1), DiscretisedLogistic())
    k, F_ = 97, lambda t: 1/(1 + math.exp(-(t - 102)/12))
    by_hand = -math.log2(F_(97.5) - F_(96.5))
    x = torch.full((5, 1, 1, 1), k/255)
    bits = bits_per_dim(-held_out_elbo(vae, x, generator=gen())[0], 1)
    assert bits == pytest.approx(by_hand, rel=1e-4) and bits == pytest.approx(bits_per_dim(nll(vae, x, 7, generator=gen())[0].item(), 1), rel=1e-5)
    normal = VAE(Linear(torch.zeros(1, 2)), Linear(torch.zeros(1, 1), .4), 1, (1, 1, 1), Normal(2*math.log(21/255)))
    noisy = dequantise(x[:1].expand(4000, -1, -1, -1), gen())
    bound = bits_per_dim(-held_out_elbo(normal, noisy, generator=gen())[0], 1, 256)
    cell = td.Normal(.4, 21/255)
    exact = -math.log2(cell.cdf(torch.tensor(98/256)) - cell.cdf(torch.tensor(97/256)))
    assert exact < bound < exact + .01                       # noise costs bits: the bound lies above what the integer has

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    x, b, likes, out = points(seed + 2, B, D), coins(seed + 3, B, D), {K: K() for K in LIKELIHOODS}, {}
    for K in LIKELIHOODS:
        o = points(seed + 7, B, K().n_out(D))
        kinds = dict(Bernoulli="bl", ContinuousBernoulli="bl", Normal="xm", DiagNormal="xn", FullNormal="xf", DiscretisedLogistic="bn")[K.__name__]
        name = f"{K.__module__.removeprefix('vaegan.')}.{K.__name__}"
        out[f"{name}.log_prob"] = lambda x, o, K=K: likes[K].to(o.dtype).log_prob(x, o), (b if kinds[0] == "b" else x, o), kinds
        out[f"{name}.mean"] = lambda o, K=K: likes[K].to(o.dtype).mean(o), (o,), kinds[1]
    return out

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

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

@about("values oracle", "vae.Bernoulli.log_prob", "vae.Bernoulli.mean", "vae.Bernoulli.sample", "likelihoods.Normal.log_prob", "likelihoods.Normal.mean", "likelihoods.Normal.sample", "likelihoods.DiagNormal.log_prob", "likelihoods.DiagNormal.mean", "likelihoods.DiagNormal.sample", "likelihoods.FullNormal.log_prob", "likelihoods.FullNormal.mean", "likelihoods.FullNormal.sample", "likelihoods.ContinuousBernoulli.log_prob", "likelihoods.ContinuousBernoulli.mean", "likelihoods.ContinuousBernoulli.sample",
       "likelihoods.DiscretisedLogistic.log_prob", "likelihoods.DiscretisedLogistic.mean", "likelihoods.DiscretisedLogistic.sample")
@likelihoods
@settings(many, max_examples=8)
@given(seed=seeds, B=B_, m=st.integers(1, 5))
def test_likelihoods(L, seed, B, m):
    like, x = L().double(), coins(seed, B, m)
    out = points(seed + 1, B, like.n_out(m))*2
    mean, draws = like.mean(out), like.sample(out.repeat(4000, 1), gen(seed)).view(4000, B, m)
    assert mean.shape == (B, m) and like.sample(out, gen(0)).dtype == out.dtype
    assert ((draws.mean(0) - mean).abs() <= 5*draws.std(0)/4000**.5 + (.5/255 if L is DiscretisedLogistic else 1e-9)).all()   # sample, mean: one distribution
    if L in (Bernoulli, ContinuousBernoulli):
        assert (mean > 0).all() and (mean < 1).all() and (draws >= 0).all() and (draws <= 1).all()
        assert_close(like.mean(-out), 1 - mean)
    oracle = {Bernoulli: lambda: td.Independent(td.Bernoulli(logits=out), 1),
              ContinuousBernoulli: lambda: td.Independent(td.ContinuousBernoulli(logits=out), 1),
              Normal: lambda: td.Independent(td.Normal(out, 1.), 1),
              DiagNormal: lambda: td.Independent(td.Normal(out[:, :m], (.5*out[:, m:]).exp()), 1),
              FullNormal: lambda: td.MultivariateNormal(out[:, :m], scale_tril=tril(out[:, m:], m)),
              DiscretisedLogistic: lambda: LevelByLevel(out)}[L]()
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

exempt(   # names, kinds, why
    ("likelihoods.ContinuousBernoulli.sample likelihoods.DiscretisedLogistic.sample likelihoods.DiagNormal.sample likelihoods.FullNormal.sample likelihoods.Normal.sample", "one",
     "every row has a draw of its own"),
    ("likelihoods.ContinuousBernoulli.sample likelihoods.DiscretisedLogistic.sample likelihoods.DiagNormal.sample likelihoods.FullNormal.sample likelihoods.Normal.sample", "gradient dtype device extreme",
     "pictures to look at, made without gradients; extreme logits: test_extreme_logits"),
    ("likelihoods.ContinuousBernoulli likelihoods.ContinuousBernoulli.n_out likelihoods.DiscretisedLogistic likelihoods.DiscretisedLogistic.n_out "
     "likelihoods.DiagNormal likelihoods.DiagNormal.n_out likelihoods.FullNormal "
     "likelihoods.FullNormal.n_out likelihoods.FullNormal.split likelihoods.Normal likelihoods.Normal.n_out", ALL,
     "a network or a count: its page; its methods are tried"),
    ("likelihoods.Normal.bias likelihoods.DiagNormal.bias likelihoods.FullNormal.bias likelihoods.ContinuousBernoulli.bias likelihoods.DiscretisedLogistic.bias", ALL,
     "where to start, or that it does not know: test_output_bias in tests/library/test_vae.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "likelihoods.Normal.bias": row(dict(x=X), skip="short deeper"),
    "likelihoods.Normal": row(dict(logvar=0.), logvar=[NAN, INF]),
    "likelihoods.ContinuousBernoulli.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper", allow="nan", x=[X+1]),
    "likelihoods.Normal.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper", allow="nan"),
    "likelihoods.DiscretisedLogistic.log_prob": row(dict(x=(255*X).round()/255, out=rnd(B, 32)), skip="deeper", allow="nan", x=[X + 1, dequantise(X, gen()), X*255]),
    "likelihoods.DiscretisedLogistic.bias": row(dict(x=X), skip="short deeper"),
    "likelihoods.DiagNormal.log_prob": row(dict(x=X, out=rnd(B, 32)), skip="deeper", allow="nan"),
    "likelihoods.FullNormal.log_prob": row(dict(x=X, out=rnd(B, 16+16*17//2)), skip="deeper", allow="nan"),
} | {f"likelihoods.{L.__name__}.n_out": row(dict(m=3), m=INT()) for L in LIKELIHOODS if L is not Bernoulli
} | {f"likelihoods.{L.__name__}.{m}": row(dict(out=rnd(B, L().n_out(16))), skip="short deeper", allow="nan inf")
     for L in LIKELIHOODS if L is not Bernoulli for m in ("mean", "sample", *["split"]*(L is FullNormal))}
NO_ROW = {
    "likelihoods.DiagNormal.bias": "says that it does not know; test_output_bias in tests/library/test_vae.py",
    "likelihoods.FullNormal.bias": "as DiagNormal's",
    "likelihoods.ContinuousBernoulli.bias": "as DiagNormal's",
    "likelihoods.DiagNormal": "takes nothing",
    "likelihoods.FullNormal": "takes nothing",
    "likelihoods.ContinuousBernoulli": "takes nothing",
    "likelihoods.DiscretisedLogistic": "takes nothing",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
MISTAKES = [   # name, function, text, mistaken text, check
    ("the continuous Bernoulli without its constant", "likelihoods.ContinuousBernoulli.log_prob", " + (F.softplus(out) - _log_area(out)).sum(-1)", "", densities_are_those_of_torch),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
