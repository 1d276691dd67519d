"The VAE: put together right, its terms, its samples, its conditional twin"
import itertools
import math
from functools import partial

import pytest
import torch
from bad_input import INF, INT, SHAPES, B, S, X, Y, Z, bad_input_tests, cvae, normals, row, vae
from helpers import (
    LIKELIHOODS,
    Linear,
    an_image_alone_and_in_a_batch,
    coins,
    gen,
    linear_vae,
    loss_of_an_example_by_hand,
    near,
    points,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, about, exempt, many
from torch import distributions as td
from torch import nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.divergences import kl_normal
from vaegan.evaluate import held_out_elbo
from vaegan.iwae import log_weights, nll
from vaegan.likelihoods import ContinuousBernoulli, DiagNormal, FullNormal, Normal
from vaegan.nets import conv_decoder, conv_encoder, n_params
from vaegan.reparam import rsample
from vaegan.vae import VAE, Bernoulli, conv_vae, init_output_bias, mlp_vae


@pytest.mark.parametrize("L", LIKELIHOODS, ids=lambda L: L.__name__)
def test_vaes_are_put_together_right(L):
    like = L()
    model, cond = mlp_vae((1, 2, 2), 3, (5, 6), L()), mlp_vae((1, 2, 2), 3, (5, 6), L(), n_classes=2)
    n, extra = like.n_out(4), sum(p.numel() for p in like.parameters())
    net = lambda *s: sum(a*b + b for a, b in zip(s, s[1:]))
    assert n_params(model) == net(4, 5, 6, 6) + net(3, 6, 5, n) + extra and n_params(cond) == net(6, 5, 6, 6) + net(5, 6, 5, n) + extra
    assert type(model.likelihood) is type(cond.likelihood) is L
    x, y = torch.rand(3, 1, 2, 2, generator=gen()).round(), torch.tensor([0, 1, 1])
    for f in (model, cond):
        told = dict(y=y) if f is cond else {}
        mu, logvar = f.encode(x, **told)
        z = torch.randn(3, 3, generator=gen(5))
        dec = partial(f.decode, **told)
        assert_close(f.mean(z, **told), like.mean(dec(z)).view(3, 1, 2, 2))
        assert_close(f.reconstruct(x, **told), like.mean(dec(mu)).view(3, 1, 2, 2).detach())
        g, h = gen(1), gen(1)
        s = f.sample(3, g, **told)
        want = like.sample(dec(torch.randn(3, 3, generator=h)), h).view(3, 1, 2, 2)
        assert_close(s, want.detach())
        assert not s.requires_grad and not f.reconstruct(x, **told).requires_grad
        if L is not ContinuousBernoulli: assert_close(f.terms(x, gen(2), **told)[0], like.log_prob(x, dec(rsample(mu, logvar, gen(2)))))
    assert not torch.equal(cond.decode(z, y), cond.decode(z, 1 - y)) and not torch.equal(cond.encode(x, y)[0], cond.encode(x, 1 - y)[0])
    assert type(mlp_vae((2,), 1).likelihood) is Bernoulli is type(mlp_vae((2,), 1, n_classes=10).likelihood) and mlp_vae((1,), 1, (1,)).sample(1).shape == (1, 1)
    assert mlp_vae((1,), 1, (1,), n_classes=1).sample(2, y=torch.zeros(2).long()).shape == (2, 1)

def test_wrong_networks_are_named():
    x = torch.rand(2, 3)
    for enc, dec, who in ((nn.Linear(3, 3), nn.Linear(2, 3), "enc"), (nn.Linear(3, 5), nn.Linear(2, 3), "enc"), (nn.Unflatten(1, (3, 1)), nn.Linear(2, 3), "enc"),
                          (nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (4, 1))), nn.Linear(2, 3), "enc"), (nn.Linear(3, 4), nn.Linear(2, 4), "dec"), (nn.Linear(3, 4), nn.Linear(2, 2), "dec")):
        with pytest.raises(ValueError, match=f"{who}: expected shape"): VAE(enc, dec, 2, (3,)).terms(x)
    VAE(nn.Linear(3, 4), nn.Sequential(nn.Linear(2, 3), nn.Unflatten(1, (3, 1))), 2, (3,)).terms(x)      # any shape will do for a decoder
    cond = VAE(nn.Linear(5, 4), nn.Linear(4, 3), 2, (3,), n_classes=2)
    for pair in ((x, x), [x, x], {0: x, 1: x}):
        with pytest.raises(TypeError, match="x: expected"): cond.encode(pair)
    for f in (lambda: cond.encode(x), lambda: cond.decode(torch.zeros(2, 2)), lambda: cond.terms(x), lambda: cond.sample(2), lambda: cond.reconstruct(x)):
        with pytest.raises(ValueError, match="y: expected labels 0 to 1, got None"): f()
    plain, y = VAE(nn.Linear(3, 4), nn.Linear(2, 3), 2, (3,)), torch.zeros(2).long()
    for f in (lambda: plain.encode(x, y), lambda: plain.decode(torch.zeros(2, 2), y), lambda: plain.elbo(x, y=y), lambda: plain.sample(2, y=y)):
        with pytest.raises(ValueError, match="y: expected None"): f()
    assert cond.encode(x, y)[0].shape == (2, 2)
    with pytest.raises(ValueError, match="y: expected"): cond.sample(1, y=torch.tensor(1))
    with pytest.raises(ValueError, match="y: expected"): cond.sample(3, y=y)
    for y, error in ((3, TypeError), ([0, 1], TypeError), (torch.zeros(2), TypeError), (torch.tensor([0, 2]), ValueError)):
        with pytest.raises(error, match="y: expected"): cond.sample(2, y=y)
    for name, like, x1 in (("x", Bernoulli(), x[0]), ("out", Normal(), x)):
        with pytest.raises(ValueError, match=f"{name}: expected shape"): like.log_prob(x1, x[0])
    assert VAE(nn.Linear(1, 2), nn.Linear(1, 1), 1, (1,)).terms(torch.ones(1, 1))[0].shape == (1,)

def test_prior_and_conditional_prior_are_standard_normal():
    "An identity for a decoder: the samples are the prior's"
    copy = Linear(torch.eye(2)); copy.W.requires_grad_(False)
    pick = Linear(torch.eye(4)[:, :2])
    for s in (VAE(copy, copy, 2, (2,), Normal(-60.)).sample(20_000, gen()), VAE(copy, pick, 2, (2,), Normal(-60.), n_classes=2).sample(20_000, gen(), torch.zeros(20_000).long())):
        assert s.mean(0).abs().max() < .03 and (torch.cov(s.T) - torch.eye(2)).abs().max() < .04 and s.min() < -2.5

class Odd(Normal):
    def n_out(self, m): return 3*m

@pytest.mark.parametrize("make", [lambda L: mlp_vae((2, 4, 4), 2, (3,), L), lambda L: conv_vae((2, 4, 4), 2, 3, L)], ids=["mlp", "conv"])
def test_output_bias(make):
    x = torch.rand(7, 2, 4, 4, generator=gen()).round()
    x[:, 0, 0, 0] = 0.
    for like, to_mean in ((Bernoulli(), torch.sigmoid), (Normal(), lambda b: b)):
        model = make(like)
        assert init_output_bias(model, x) is model
        last = [m for m in model.dec.modules() if hasattr(m, "bias") and m.bias is not None][-1]
        mean = (x.sum(0) + .5)/8 if type(like) is Bernoulli else x.mean(0)
        per_bias = mean.flatten() if last.bias.numel() == 32 else mean.mean((1, 2))
        assert_close(to_mean(last.bias.detach()), per_bias)
        assert last.bias.requires_grad
    with pytest.raises(TypeError, match="likelihood: expected one that knows where its outputs start, Bernoulli or Normal"): init_output_bias(mlp_vae((2, 4, 4), 2, (3,), DiagNormal()), x)
    with pytest.raises(ValueError, match="last bias per pixel"): init_output_bias(conv_vae((2, 4, 4), 2, 3, likelihood=Odd()), x)
    init_output_bias(VAE(nn.Linear(4, 4), nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 4)), 2, (4,)), torch.ones(2, 4))
    for dec in (nn.ReLU(), nn.Sequential(nn.Linear(2, 4, bias=False)), nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4, bias=False))):
        with pytest.raises(ValueError, match="vae: expected a decoder"): init_output_bias(VAE(nn.Linear(4, 4), dec, 2, (4,)), torch.ones(2, 4))
    with pytest.raises(ValueError): init_output_bias(mlp_vae((4,), 2, (3,)), torch.full((2, 4), 2.))
    with pytest.raises(ValueError): init_output_bias(mlp_vae((4,), 2, (3,), Normal()), torch.full((2, 4), math.inf))
    init_output_bias(mlp_vae((4,), 2, (3,), Normal()), torch.full((2, 4), 2.))

def test_conv_vae():
    for L, per in ((Bernoulli, 1), (Normal, 1), (DiagNormal, 2)):
        model = conv_vae((3, 4, 8), 2, 5, L())
        assert n_params(model.enc) == n_params(conv_encoder((3, 4, 8), 4, 5)) and n_params(model.dec) == n_params(conv_decoder(2, (3*per, 4, 8), 5))
        assert model.sample(2).shape == (2, 3, 4, 8) and model.encode(model.sample(2))[1].shape == (2, 2) and type(model.likelihood) is L
    assert type(conv_vae((1, 4, 4), 1, 1).likelihood) is Bernoulli

# --------------------------------------------------------------------------------------------------------- properties
@about("values oracle one dtype", "vae.VAE.encode", "vae.VAE.terms", "vae.VAE.elbo", "vae.VAE.reconstruct")
@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_vae_terms(seed):
    "ELBO = log p(x|z) − KL; an image alone and in a batch; the conditional model with one class is the same arithmetic"
    torch.manual_seed(seed)
    model, cond = mlp_vae((1, 2, 2), 2, (5,)).double(), mlp_vae((1, 2, 2), 2, (5,), n_classes=3).double()
    x, y = coins(seed, 4, 1, 2, 2), torch.arange(4) % 3
    for net, told in ((model, None), (cond, y)):
        log_px_z, kl = net.terms(x, gen(seed), told)
        assert_close(net.elbo(x, gen(seed), told), log_px_z - kl)
        assert (kl >= 0).all() and (log_px_z <= 0).all()
        mu, logvar = net.encode(x, told)
        assert_close(kl, kl_normal(mu, logvar))
        assert_close(torch.cat([net.encode(x[i:i+1], None if told is None else told[i:i+1])[0] for i in range(4)]), mu)
        assert net.reconstruct(x, told).shape == x.shape and net.elbo(x, y=told).dtype == torch.double

class Call(nn.Module):
    "A method of a model as a module, so that a weight can be exchanged"
    def __init__(self, net, f): super().__init__(); self.net, self.f = net, f
    def forward(self): return self.f(self.net)

@about("gradient", *(f"vae.VAE.{m}" for m in ("encode", "decode", "terms", "elbo", "mean")), "iwae.log_weights")
@about("values oracle one dtype", "vae.VAE.decode", "vae.VAE.mean")
def test_vae_is_differentiable_and_takes_rows_one_by_one():
    torch.manual_seed(0)
    soft = dict(act=nn.Softplus)                                                                # no corners for finite differences
    y, x, z = torch.tensor([0, 2, 1]), points(0, 3, 1, 2, 2).sigmoid(), points(1, 3, 2)
    for net, more in ((mlp_vae((1, 2, 2), 2, (5,), **soft).double(), ()), (mlp_vae((1, 2, 2), 2, (5,), **soft, n_classes=3).double(), (y,))):
        for w in (net.enc[1].weight, net.dec[1].weight):
            def at(f, v):
                return torch.func.functional_call(Call(net, f), {k: v for k, p in Call(net, f).named_parameters() if p is w}, ())
            for f in (lambda n: n.elbo(x, gen(0), *more), lambda n: torch.stack(n.terms(x, gen(1), *more)), lambda n: torch.stack(n.encode(x, *more)),
                      lambda n: n.decode(z, *more), lambda n: n.mean(z, *more)):
                assert gradcheck(lambda v: at(f, v), w.detach().clone().requires_grad_())
            assert gradcheck(lambda v: at(lambda n: log_weights(n, x, 3, gen(0), *more), v), w.detach().clone().requires_grad_())
        out, mean = net.decode(z, *more), net.mean(z, *more)
        assert_close(mean.flatten(1), out.sigmoid()) and out.dtype == mean.dtype == torch.double
        for i in range(3): assert_close(net.mean(z[i:i+1], *(m[i:i+1] for m in more)), mean[i:i+1])
        for i in range(3): assert_close(net.decode(z[i:i+1], *(m[i:i+1] for m in more)), out[i:i+1])
        assert (mean > 0).all() and (mean < 1).all()

@about("extreme", *(f"vae.VAE.{m}" for m in ("encode", "decode", "terms", "elbo", "mean", "reconstruct")), "iwae.log_weights", "iwae.nll", "evaluate.held_out_elbo")
def test_a_vae_that_went_far_still_gives_numbers():
    "Means of ±1e4, log-variances of ±60 and logits of ±1e4 out of the networks"
    class Fixed(nn.Module):
        def __init__(self, *v): super().__init__(); self.v = nn.Parameter(torch.tensor(v))
        def forward(self, x): return self.v.expand(len(x), -1)
    x, y = coins(0, 3, 4).float(), torch.arange(3)
    for mu, logvar, l in itertools.product((-1e4, 1e4), (-60., 60.), (-1e4, 1e4)):
        enc, dec = Fixed(mu, mu, logvar, logvar), Fixed(l, l, -l, l)
        for net, more in ((VAE(enc, dec, 2, (4,)), ()), (VAE(enc, dec, 2, (4,), n_classes=3), (y,))):
            for out in (net.elbo(x, gen(0), *more), *net.terms(x, gen(0), *more), *net.encode(x, *more), net.reconstruct(x, *more), net.decode(x[:, :2], *more), net.mean(x[:, :2], *more)):
                assert out.isfinite().all(), (mu, logvar, l)
            assert_close(net.elbo(x, gen(0), *more), net.terms(x, gen(0), *more)[0] - net.terms(x, gen(0), *more)[1])
            assert log_weights(net, x, 3, gen(0), *more).isfinite().all() and nll(net, x, 3, 3, gen(0), *more).isfinite().all()
            assert all(map(math.isfinite, held_out_elbo(net, x, 1000, gen(0), *more)))

@about("values oracle", "vae.VAE.sample", "vae.init_output_bias")
def test_samples_follow_the_decoder():
    "With a decoder that knows nothing of z, pixels are coins with its probabilities; the bias starts at the data's mean"
    torch.manual_seed(0)
    model, x = mlp_vae((1, 2, 2), 2, (5,)), coins(0, 99, 1, 2, 2).float()*torch.tensor([1., 0., 1., 1.]).view(1, 2, 2)
    model.dec[-1].weight.data.zero_()
    init_output_bias(model, x)
    p = (x.sum(0) + .5)/100
    assert_close(model.mean(points(1, 1, 2).float())[0], p)
    draws = model.sample(4000, gen(0))
    assert set(draws.unique().tolist()) == {0., 1.} and ((draws.mean(0) - p).abs() < 5*(p*(1 - p)/4000).sqrt() + 1e-3).all()
    cond = mlp_vae((1, 2, 2), 2, (5,), n_classes=3)
    y = torch.arange(3).repeat(2000)
    want = torch.stack([cond.mean(torch.randn(4000, 2, generator=gen(k)), torch.full((4000,), k)).mean(0) for k in range(3)]).detach()
    got = torch.stack([cond.sample(len(y), gen(0), y)[y == k].mean(0) for k in range(3)])
    assert ((got - want).abs() < 5*(.25/2000)**.5).all()

exempt(   # names, kinds, why
    ("vae.VAE.decode vae.VAE.elbo vae.VAE.encode vae.VAE.mean vae.VAE.reconstruct vae.VAE.sample vae.VAE.terms", "device",
     "what a network gives stays on its device; bad input tries two devices"),
    ("vae.VAE.forward", ALL,
     "`terms`, for those who wrap a module: tests/whole/test_what_people_bring.py"),
    ("vae.Bernoulli.sample vae.VAE.sample", "one",
     "every row has a draw of its own"),
    ("vae.Bernoulli.sample vae.VAE.reconstruct vae.VAE.sample", "gradient dtype device extreme",
     "pictures to look at, made without gradients; extreme logits: test_extreme_logits"),
    ("vae.Bernoulli vae.Bernoulli.n_out vae.Bernoulli.bias vae.VAE vae.conv_vae vae.init_output_bias vae.mlp_vae", ALL,
     "a network or a count: chapters 6 and 7; its methods are tried"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

LABELS = [Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]]
NONE_OF_THEM = [Bernoulli, 3, nn.ReLU()]
ROWS = {
    "vae.VAE": row(dict(enc=vae.enc, dec=vae.dec, d_z=2, x_shape=S, n_classes=0), d_z=INT(), x_shape=SHAPES, n_classes=INT(0), likelihood=NONE_OF_THEM),
    "vae.VAE.encode": row(dict(x=X), allow="nan", x=[X[0], X[:, 0]], y=[Y]),
    "vae.VAE.decode": row(dict(z=Z), allow="nan", z=[Z[0]], y=[Y]),
    "vae.VAE.terms": row(dict(x=X), allow="nan", x=[X+1, X*INF], y=[Y]),
    "vae.VAE.forward": row(dict(x=X), allow="nan", x=[X+1, X*INF], y=[Y]),
    "vae.VAE.elbo": row(dict(x=X), allow="nan", x=[X+1, X*INF], y=[Y]),
    "vae.VAE.mean": row(dict(z=Z), allow="nan inf", y=[Y]),
    "vae.VAE.sample": row(dict(n=3), allow="nan", n=INT(), y=[Y[:3]]),
    "vae.VAE.reconstruct": row(dict(x=X), allow="nan", y=[Y]),
    "vae.mlp_vae": row(dict(x_shape=S, d_z=2, hidden=(8,), n_classes=0), x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)], n_classes=INT(0), likelihood=NONE_OF_THEM),
    "vae.conv_vae": row(dict(x_shape=S, d_z=2, width=2), x_shape=SHAPES, d_z=INT(), width=INT(), likelihood=[FullNormal(), *NONE_OF_THEM]),
    "vae.init_output_bias": row(dict(vae=mlp_vae(S, 2, (8,)), x=X), x=[X+1, X-1]),
    "vae.Bernoulli.n_out": row(dict(m=3), m=INT()),
    "vae.Bernoulli.mean": row(dict(out=rnd(B, 16)), skip="short deeper", allow="nan inf"),
    "vae.Bernoulli.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper", allow="nan", x=[X+1]),
    "vae.Bernoulli.bias": row(dict(x=X), skip="short deeper", x=[X+1, X-1]),
    "vae.VAE.sample with y": row(dict(n=B, y=Y), allow="nan", call=cvae.sample, y=[None, *LABELS]),
} | {f"vae.VAE.{m} with y": row(dict(x=X, y=Y), allow="nan", call=getattr(cvae, m), y=[None, *LABELS]) for m in ("encode", "terms", "elbo", "reconstruct")
} | {f"vae.VAE.{m} with y": row(dict(z=Z, y=Y), allow="nan inf" if m == "mean" else "nan", call=getattr(cvae, m), y=[None, *LABELS]) for m in ("decode", "mean")}
NO_ROW = {
    "vae.Bernoulli.sample": "reads the decoder's output, which the VAE has checked",
    "vae.Bernoulli": "takes nothing",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def elbo_is_not_the_evidence():
    "The bound lies below by KL(q ‖ posterior)"
    model, exact, x = linear_vae()
    mu, logvar = model.encode(x)
    post_mu, post_cov = exact.posterior(x)
    gap = sum(td.kl_divergence(td.Normal(mu, (.5*logvar).exp()), td.Normal(post_mu, post_cov.sqrt())).T)
    got = exact.log_prob(x) - model.elbo(x.repeat(4000, 1), gen()).view(4000, 6).mean(0)
    near((got - gap).abs().max(), 0, .1)

def q_is_made_by_the_encoder():
    "The KL trains the encoder and nothing else; the reconstruction trains both"
    torch.manual_seed(0)
    model = mlp_vae((2,), 2, (4,), DiagNormal())
    x = torch.rand(3, 2, generator=gen())
    log_px_z, kl = model.terms(x, gen())
    reached = lambda out: {n.split(".")[0] for n, p in model.named_parameters() if (g := torch.autograd.grad(out.sum(), p, retain_graph=True, allow_unused=True)[0]) is not None and g.abs().sum() > 0}
    assert reached(kl) == {"enc"}, reached(kl)
    assert reached(log_px_z) == {"enc", "dec"}, reached(log_px_z)

MISTAKES = [   # name, function, text, mistaken text, check
    ("batch norm on the mean and the log-variance", "vae.VAE.encode", "self.enc(_with_label(x, y, self.n_classes))", "(F.batch_norm(self.enc(x), None, None, training=True) if len(x) > 1 else self.enc(x))", an_image_alone_and_in_a_batch),
    ("batch norm on the logits", "vae.VAE.decode", "self.dec(_with_label(z, y, self.n_classes))", "(F.batch_norm(self.dec(z), None, None, training=True) if len(z) > 1 else self.dec(z))", an_image_alone_and_in_a_batch),
    ("the ELBO without its KL", "vae.VAE.elbo", "log_px_z - kl", "log_px_z", elbo_is_not_the_evidence),
    ("μ and σ of q from the decoder", "vae.VAE.encode", "self.enc(_with_label(x, y, self.n_classes))", "self.dec(_with_label(x, y, self.n_classes))", q_is_made_by_the_encoder),
    ("σ as μ, μ as σ", "vae.VAE.terms", "z = rsample(mu, logvar, generator)", "z = rsample(logvar, mu, generator)", loss_of_an_example_by_hand),
    ("z cut off from the encoder", "vae.VAE.terms", "z = rsample(mu, logvar, generator)", "z = rsample(mu, logvar, generator).detach()", q_is_made_by_the_encoder),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
