"""The arithmetic that a picture would not show: what one step of training does, how many numbers a network learns, what is
averaged over what, where a threshold lies. Found by asking which mistakes nobody would notice (tests/mutants.py)."""
import base64
import io
import json
import math
import re
import types
from functools import partial

import matplotlib.pyplot as plt
import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.distributions import MultivariateNormal
from torch.testing import assert_close

import vaegan.gan
from vaegan import plot
from vaegan.compare import sample_scores, train_twins, twins
from vaegan.data import (
    Batches,
    ImageData,
    banana,
    banana_log_prob,
    check_int,
    check_labels,
    check_positive,
    check_range,
    check_shape,
    digits,
    draw_eps,
    my_rows,
    ring,
    ring_modes,
    shared,
)
from vaegan.dists import kl_normal, mean_se, mvn_log_prob, normal_log_prob
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
    wgan_gp_step,
)
from vaegan.elbo import elbo_enum, elbo_ppca, iw_bound
from vaegan.evaluate import (
    Classifier,
    active_units,
    class_shares,
    frechet,
    held_out_elbo,
    iwae_step,
    log_weights,
    nll,
    train_classifier,
)
from vaegan.gan import (
    ConditionalGenerator,
    Discriminator,
    conv_gan,
    d_loss,
    fresh_discriminator,
    frozen,
    g_loss,
    gan_recipe,
    gan_step,
    grad_penalty,
    mlp_gan,
    pairs,
    parzen_log_prob,
    precision_recall,
)
from vaegan.hybrid import FeatureDiscriminator, feature_nll, hybrid_nets, hybrid_recipe, hybrid_step
from vaegan.latent import PPCA
from vaegan.minimax import accuracy, grid_kl, grid_value, value
from vaegan.nets import conv_decoder, conv_encoder, mlp, n_params
from vaegan.reparam import pathwise_grad, rsample, score_grad
from vaegan.train import fit, vae_recipe, vae_step, warmup
from vaegan.vae import (
    CVAE,
    VAE,
    Bernoulli,
    ContinuousBernoulli,
    DiagNormal,
    FullNormal,
    Normal,
    conv_vae,
    init_output_bias,
    mlp_cvae,
    mlp_vae,
)


def gen(seed=0): return torch.Generator().manual_seed(seed)
def points(seed, *shape): return torch.randn(*shape, generator=gen(seed), dtype=torch.double)
def params(*nets): return [p for net in nets for p in net.parameters()]
def values(*nets): return [p.detach().clone() for p in params(*nets)]
def seeded(make, *args, seed=0, **kw):
    torch.manual_seed(seed)
    return make(*args, **kw)

class Linear(nn.Module):
    "An affine map that is told its numbers"
    def __init__(self, W, b=0.):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.as_tensor(W)), b
    def forward(self, x): return x.flatten(1)@self.W + self.b

# ------------------------------------------------------------------------------------------------------ one step of training
def sgd(net, lr=.1): return torch.optim.SGD(net.parameters(), lr)
def descends(step, losses, batches, *nets, lr=.1):
    "Each step moves the networks by −lr times the gradients of their losses, evaluated afresh; step -> what it reported"
    outs = []
    for x in batches:
        before, want = values(*nets), [g for net, loss in zip(nets, losses) for g in torch.autograd.grad(loss(x), params(net))]
        outs.append(step(x))
        for p, b, g in zip(params(*nets), before, want): assert_close(p.detach(), b - lr*g, rtol=1e-6, atol=1e-9)
        assert not any(torch.is_tensor(v) and v.requires_grad for v in outs[-1].values()), "a report that holds on to its graph"
    return outs

class Count:
    "A schedule that only counts"
    n = 0
    def step(self): self.n += 1

@pytest.mark.parametrize("beta", [None, 0., 1., 2.5, lambda n: .5 + n])
def test_vae_step(beta):
    model, sched = seeded(mlp_vae, (4,), 2, (3,)).double(), Count()
    batches = [(points(i, 5, 4) > 0).double() for i in range(3)]
    kw = {} if beta is None else dict(beta=beta)
    n, mine = iter(range(3)), gen(1)
    def loss(x):
        log_px_z, kl = model.terms(x, mine)
        b = 1. if beta is None else beta(next(n)) if callable(beta) else beta
        return b*kl.mean() - log_px_z.mean()
    twin = seeded(mlp_vae, (4,), 2, (3,)).double()
    outs = descends(vae_step(model, sgd(model), generator=gen(1), sched=sched, **kw), [loss], batches, model)
    assert sched.n == 3
    log_px_z, kl = (t.mean() for t in twin.terms(batches[0], gen(1)))
    assert_close(outs[0], dict(elbo=log_px_z - kl, log_px_z=log_px_z, kl=kl), check_dtype=False)
    vae_step(model, sgd(model))(batches[0])                                # without a schedule, too

def test_iwae_step():
    model, sched, mine = seeded(mlp_vae, (4,), 2, (3,)).double(), Count(), gen(1)
    loss = lambda x: -iw_bound(log_weights(model, x, 3, mine)).mean()
    outs = descends(iwae_step(model, sgd(model), 3, generator=gen(1), sched=sched), [loss], [(points(i, 5, 4) > 0).double() for i in range(2)], model)
    assert sched.n == 2 and set(outs[0]) == {"bound"} and outs[0]["bound"] < 0
    iwae_step(model, sgd(model))((points(0, 5, 4) > 0).double())

def test_warmup():
    beta = warmup(8)
    assert [beta(n) for n in (0, 2, 8, 9, 100)] == [0., .25, 1., 1., 1.]
    assert [warmup(1)(n) for n in (0, 1)] == [0., 1.]

def play_by_hand(G, D, k, l, loss, r1, r2, noise, lr=.1):
    "Algorithm 1, written out: what the players' numbers become"
    def step(x):
        for real in x.tensor_split(k):
            fake = G(torch.randn(len(real), G.d_z, generator=noise)).detach()
            r, f = D(real), D(fake)
            lossD = F.softplus(f - r).mean() if loss == "relativistic" else F.softplus(-r).mean() + F.softplus(f).mean()
            report = r.detach(), f.detach()
            for w, pics in ((r1, real), (r2, fake)):
                pics = pics.clone().requires_grad_()
                lossD = lossD + w*.5*torch.autograd.grad(D(pics).sum(), pics, create_graph=True)[0].flatten(1).square().sum(1).mean()
            for p, g in zip(params(D), torch.autograd.grad(lossD, params(D))): p.data -= lr*g
        for _ in range(l):
            f = D(G(torch.randn(len(real), G.d_z, generator=noise)))
            lossG = {"saturating": lambda: -F.softplus(f), "nonsaturating": lambda: F.softplus(-f), "relativistic": lambda: F.softplus(D(real) - f)}[loss]().mean()
            for p, g in zip(params(G), torch.autograd.grad(lossG, params(G))): p.data -= lr*g
        if loss == "relativistic":
            c = (report[0].mean() + report[1].mean())/2
            report = report[0] - c, report[1] - c
        return dict(value=-F.softplus(-report[0]).mean() - F.softplus(report[1]).mean(), g_loss=lossG.detach(),
                    accuracy=((report[0] > 0).double().mean() + (report[1] < 0).double().mean())/2)
    return step

GAMES = [{}, dict(k=3), dict(l=3), dict(k=2, l=2, loss="saturating"), dict(loss="relativistic"), dict(r1=.7), dict(r2=.4), dict(k=2, loss="relativistic", r1=.3, r2=.2)]

@pytest.mark.parametrize("kw", GAMES, ids=str)
def test_gan_step(kw):
    make = lambda: seeded(mlp_gan, (2,), 3, (5,), norm=False, out=nn.Tanh)
    (G, D), (G2, D2) = make(), make()
    full = dict(k=1, l=1, loss="nonsaturating", r1=0., r2=0.) | kw
    sched = Count(), Count()
    step, hand = gan_step(G, D, sgd(G), sgd(D), **kw, generator=gen(1), scheds=sched), play_by_hand(G2, D2, **full, noise=gen(1))
    for i in range(3):
        x = torch.rand(7, 2, generator=gen(i))
        assert_close(step(x), hand(x), check_dtype=False)
        for a, b in zip(values(G, D), values(G2, D2)): assert_close(a, b)
    assert [s.n for s in sched] == [3, 3] and all(p.requires_grad for p in params(G, D))
    out = gan_step(G, D, sgd(G), sgd(D), k=7, loss=full["loss"], generator=gen(1))(x)
    assert set(out) == {"value", "accuracy", "g_loss"} and not any(v.requires_grad for v in out.values())
    for net in (G, D):                                                     # the player in turn starts from no gradient
        for p in params(net): p.grad = torch.full_like(p, 1e6)
    step(x)
    assert all(p.grad.abs().max() < 1e5 for p in params(G, D))

def test_gan_step_makes_fakes_without_a_graph(monkeypatch):
    "The fakes that D learns from cost no gradient of G"
    G, D = seeded(mlp_gan, (2,), 3, (5,), norm=False)
    graphs, forward = [], G.forward
    monkeypatch.setattr(G, "forward", lambda z: (graphs.append(torch.is_grad_enabled()), forward(z))[1])
    gan_step(G, D, sgd(G), sgd(D), k=2, l=3)(torch.rand(6, 2))
    assert graphs == [False, False, True, True, True]
    graphs.clear()
    wgan_gp_step(G, D, sgd(G), sgd(D), k=2)(torch.rand(6, 2))
    assert graphs == [False, False, True]

def test_g_steps_leave_d_without_gradients(monkeypatch):
    "While G learns, D's parameters are frozen: their gradients stay those of D's own last step"
    G, D = seeded(mlp_gan, (2,), 3, (5,), norm=False)
    seen, step = [], torch.optim.SGD.step
    class Spy(torch.optim.SGD):
        def step(self, *a):
            seen.append([p.grad.clone() for p in params(D)])
            return step(self, *a)
    gan_step(G, D, Spy(G.parameters(), .1), Spy(D.parameters(), .1), l=2, generator=gen())(torch.rand(6, 2, generator=gen()))
    assert len(seen) == 3 and all(torch.equal(a, b) for s in seen for a, b in zip(s, seen[0]))
    wgan_gp_step(G, D, Spy(G.parameters(), .1), Spy(D.parameters(), .1), k=1, generator=gen())(torch.rand(6, 2, generator=gen()))
    assert all(torch.equal(a, b) for a, b in zip(seen[-1], seen[-2]))

@pytest.mark.parametrize("k, lam", [(1, 10.), (3, 2.)])
def test_wgan_gp_step(k, lam):
    make = lambda: seeded(mlp_gan, (2,), 3, (5,), norm=False, out=nn.Tanh)
    (G, D), (G2, D2) = make(), make()
    noise, opts = gen(1), (sgd(G), sgd(D))
    step = wgan_gp_step(G, D, *opts, k=k, lam=lam, generator=gen(1))
    for i in range(2):
        x = torch.rand(6, 2, generator=gen(i))
        out = step(x)
        for real in x.chunk(k):
            fake = G2(torch.randn(len(real), 3, generator=noise)).detach()
            t = torch.rand(len(real), 1, generator=noise)
            w1, mix = D2(real).mean() - D2(fake).mean(), (t*real + (1 - t)*fake).requires_grad_()
            pen = (torch.autograd.grad(D2(mix).sum(), mix, create_graph=True)[0].norm(dim=1) - 1).square().mean()
            for p, g in zip(params(D2), torch.autograd.grad(lam*pen - w1, params(D2), allow_unused=True)): p.data -= 0 if g is None else .1*g
        lossG = -D2(G2(torch.randn(len(real), 3, generator=noise))).mean()
        for p, g in zip(params(G2), torch.autograd.grad(lossG, params(G2))): p.data -= .1*g
        assert_close(out, dict(w1=w1.detach(), penalty=pen.detach()))
        for a, b in zip(values(G, D), values(G2, D2)): assert_close(a, b)
        for p in params(G, D): p.grad = torch.full_like(p, 1e6)            # must not be added to
    assert not any(v.requires_grad for v in step(x).values())
    with pytest.raises(ValueError): wgan_gp_step(G, D, *opts, k=7)(x)
    wgan_gp_step(G, D, *opts, k=6, lam=0.)(x)

def test_lipschitz_penalty():
    "Between the two sets only; (‖∇‖ − 1)² averaged over the images; of images in any shape"
    real, fake = torch.full((400, 1, 2, 2), 1.), torch.full((400, 1, 2, 2), 3.)
    seen = []
    D = lambda x: (seen.append(x), x.flatten(1).square().sum(1)*.5)[1]
    p = lipschitz_penalty(D, real, fake, gen())
    x = seen[0].detach()
    assert (x == x[:, :1, :1, :1]).all() and 1 <= x.min() < 1.1 and 2.9 < x.max() <= 3 and abs(x.mean() - 2) < .1
    assert_close(p, (x.flatten(1).norm(dim=1) - 1).square().mean())
    assert torch.isnan(lipschitz_penalty(lambda x: 0*x.sum(1), torch.tensor([[math.nan, 1.]]), torch.ones(1, 2)))
    grown = fake.clone().requires_grad_()                                      # fakes that still hang on their generator
    from_grown = lipschitz_penalty(D, real, grown*1., gen())
    assert_close(from_grown, p)
    from_grown.backward()
    assert grown.grad is None

@pytest.mark.parametrize("r1", [0., .5, 1., None])
def test_hybrid_step(r1):
    def make():
        model = seeded(mlp_vae, (3,), 2, (4,), Normal())
        return model, FeatureDiscriminator(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1))
    (model, D), (m2, D2) = make(), make()
    kw = {} if r1 is None else dict(r1=r1)
    step = hybrid_step(model, D, sgd(model.enc), sgd(model.dec), sgd(D), gamma=.3, var=.5, generator=gen(1), **kw)
    noise, shares = gen(1), set()
    for i in range(6):
        x = torch.rand(6, 3, generator=gen(i)) + 1
        for p in params(model, D): p.grad = torch.full_like(p, 1e3)        # what lay there before does not count
        out = step(x)
        mu, logvar = m2.encode(x)
        z = mu + (.5*logvar).exp()*torch.randn(mu.shape, generator=noise)
        rec, new = m2.mean(z), m2.mean(torch.randn(z.shape, generator=noise))
        r, f = D2(x), D2(torch.cat([rec, new]).detach())
        pics = x.clone().requires_grad_()
        pen = .5*torch.autograd.grad(D2(pics).sum(), pics, create_graph=True)[0].square().sum(1).mean()
        loss = F.softplus(-r).mean() + F.softplus(f).mean() + (1. if r1 is None else r1)*pen
        for p, g in zip(params(D2), torch.autograd.grad(loss, params(D2), allow_unused=True)): p.data -= 0 if g is None else .1*g
        feat = (D2.net[0](x) - D2.net[0](rec)).square().sum(1).mean()/(2*.5)
        kl = .5*(mu.square() + logvar.exp() - 1 - logvar).sum(1).mean()
        adv = F.softplus(-D2(torch.cat([rec, new]))).mean()
        genc, gdec = torch.autograd.grad(kl + feat, params(m2.enc), retain_graph=True), torch.autograd.grad(.3*feat + adv, params(m2.dec))
        for p, g in zip(params(m2.enc, m2.dec), genc + gdec): p.data -= .1*g
        want = dict(value=-F.softplus(-r).mean() - F.softplus(f).mean(), kl=kl, feat=feat, accuracy=((r > 0).double().mean() + (f < 0).double().mean())/2)
        assert_close(out, {k: v.detach() for k, v in want.items()}, check_dtype=False)
        assert not any(v.requires_grad for v in out.values()) and all(p.requires_grad for p in params(D))
        for a, b in zip(values(model, D), values(m2, D2)): assert_close(a, b)
        shares.add(want["accuracy"].item())
    assert shares - {.5}, "an accuracy of one half is that of the exchanged sets, too"
    hybrid_step(model, D, sgd(model.enc), sgd(model.dec), sgd(D), gamma=0.)(x)
    with pytest.raises(ValueError, match="gamma: expected"): hybrid_step(model, D, sgd(model.enc), sgd(model.dec), sgd(D), gamma=-.1)

def test_hybrid_step_leaves_d_alone_while_the_others_learn():
    model = seeded(mlp_vae, (3,), 2, (4,), Normal())
    D = FeatureDiscriminator(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1))
    flags = []
    D.register_forward_pre_hook(lambda *_: flags.append(next(D.parameters()).requires_grad))
    hybrid_step(model, D, sgd(model.enc), sgd(model.dec), sgd(D), r1=0.)(torch.rand(4, 3))
    assert flags == [True, False], flags

def test_features():
    "What the verdict is based on: everything but the last layer, one row per image; the error sums over features, once"
    body, head = nn.Conv2d(1, 2, 3), nn.Linear(8, 1)
    D, x, y = FeatureDiscriminator(body, head), torch.rand(3, 1, 4, 4, generator=gen()), torch.rand(3, 1, 4, 4, generator=gen(1))
    assert_close(D.features(x), body(x).flatten(1))
    assert_close(D(x), head(body(x).flatten(1))[:, 0])
    assert_close(feature_nll(D, x, y, .2), ((body(x) - body(y))**2).flatten(1).sum(1)/.4)
    assert_close(feature_nll(D, x, y), feature_nll(D, x, y, 1.))
    for bad in (0., -1., math.nan):
        with pytest.raises(ValueError, match="var: expected"): feature_nll(D, x, y, bad)
    with pytest.raises(ValueError, match="x_rec: expected"): feature_nll(D, x, y[:2])

# -------------------------------------------------------------------------------------------------------------- the one loop
def test_fit_averages_over_images_not_over_batches():
    seen = []
    batches = [torch.zeros(3, 2), torch.zeros(1, 2)]
    def step(x):
        seen.append(len(x))
        return dict(a=torch.tensor(float(len(seen))), b=10.*len(x))
    hist = fit(step, batches, 2, measure=lambda: dict(m=torch.tensor(float(len(seen)))), progress=False)
    assert seen == [3, 1, 3, 1] and list(hist) == ["a", "b", "m"] and not hist.interrupted
    assert hist["a"] == [(1*3 + 2)/4, (3*3 + 4)/4] and hist["b"] == [(90 + 10)/4]*2 and hist["m"] == [2., 4.]
    assert all(isinstance(v, float) for vs in hist.values() for v in vs)
    pairs = [(torch.zeros(3, 2), torch.zeros(3)), (torch.zeros(1, 2), torch.zeros(1))]
    assert fit(lambda xy: dict(b=10.*len(xy[0])), pairs, progress=False)["b"] == [25.]          # one epoch unless told
    odd = [(torch.zeros(3, 2), [0]), (torch.zeros(1, 2), [0])]                                  # the first of a pair is counted
    assert fit(lambda xy: dict(b=10.*len(xy[0])), odd, progress=False)["b"] == [25.]

def test_fit_stops_at_nan_and_names_it():
    losses = iter([1., math.nan])
    with pytest.raises(FloatingPointError, match="bad"): fit(lambda x: dict(good=1., bad=next(losses)), [torch.zeros(2)], 2, progress=False)
    with pytest.raises(FloatingPointError, match="m"): fit(lambda x: dict(good=1.), [torch.zeros(2)], measure=lambda: dict(m=math.inf), progress=False)

def test_fit_keeps_its_history_when_interrupted():
    n = iter(range(9))
    def step(x):
        if next(n) == 5: raise KeyboardInterrupt
        return dict(a=2.)
    hist = fit(step, [torch.zeros(1)]*2, 9, progress=False)
    assert hist.interrupted and hist["a"] == [2., 2.]

# ------------------------------------------------------------------------------------- recipes: every setting of a training
def linear(*nets): return [(m.in_features, m.out_features) for net in nets for m in net.modules() if isinstance(m, nn.Linear)]
def same_training(a, b, *nets):
    "Two runs of one epoch leave the same history and, pair by pair, the same networks"
    assert fit(*a, progress=False) == fit(*b, progress=False)
    for u, v in nets: assert all(torch.equal(p, q) for p, q in zip(values(u), values(v), strict=True))

@pytest.mark.parametrize("name, d_z, hidden, act", [("nll-90", 50, (200, 200), nn.Tanh), ("elbo-97", 20, (400,), nn.ReLU)])
def test_vae_recipe(name, d_z, hidden, act):
    x, dice = digits().x[:300], torch.get_rng_state()
    vae, step, batches = vae_recipe(x, 3, name, seed=5)
    assert torch.equal(dice, torch.get_rng_state())
    hand = init_output_bias(seeded(mlp_vae, (1, 8, 8), d_z, hidden, act=act, seed=5), x)
    assert linear(vae) == linear(hand) and [type(m) for m in vae.modules()] == [type(m) for m in hand.modules()]
    opt = torch.optim.Adam(hand.parameters(), 2e-3, fused=True)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6)
    same_training((step, batches), (vae_step(hand, opt, generator=gen(5), sched=sched), Batches(x, seed=5, stochastic=True, drop_last=True)), (vae, hand))
    assert step.state["sched"].state_dict() == sched.state_dict()
    (a, *_), (b, *_) = vae_recipe(x, 3), vae_recipe(x, 3, "nll-90", seed=0)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))

@pytest.mark.parametrize("name, kw, lr, betas, bs, T", [("lecture", dict(loss="saturating"), 2e-4, (.5, .999), 64, None), ("nonsaturating", {}, 2e-4, (.5, .999), 64, None),
                                                         ("relativistic", dict(loss="relativistic", r1=1., r2=1.), 1e-3, (0., .99), 256, 6)])
def test_gan_recipe(name, kw, lr, betas, bs, T):
    x, dice = digits().x[:600], torch.get_rng_state()
    G, D, step, batches = gan_recipe(x, 3, name, seed=5)
    assert torch.equal(dice, torch.get_rng_state())
    G2, D2 = seeded(mlp_gan, (1, 8, 8), 100, (256, 256), norm=False, seed=5)
    assert linear(G, D) == linear(G2, D2)
    opts = [torch.optim.Adam(net.parameters(), lr, betas=betas, fused=True) for net in (G2, D2)]
    scheds = [torch.optim.lr_scheduler.CosineAnnealingLR(o, T) for o in opts if T]
    same_training((step, batches), (gan_step(G2, D2, *opts, generator=gen(5), scheds=scheds, **kw), Batches(x, bs=bs, seed=5, drop_last=True)), (G, G2), (D, D2))
    assert [s.state_dict() for k, s in step.state.items() if k.startswith("sched")] == [s.state_dict() for s in scheds]
    (a, *_), (b, *_) = gan_recipe(x, 3), gan_recipe(x, 3, "relativistic", seed=0)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))

def test_hybrid_recipe():
    x = digits().x[:300]
    vae, D, step, batches = hybrid_recipe(x, seed=5)
    v2, D2 = hybrid_nets((1, 8, 8), 32, (128, 128), 5)
    assert linear(vae, D) == linear(v2, D2)
    opts = [torch.optim.Adam(net.parameters(), 1e-3, betas=(0., .99), fused=True) for net in (v2.enc, v2.dec, D2)]
    hand = hybrid_step(v2, D2, *opts, gamma=.01, var=.01, r1=1., generator=gen(5))
    same_training((step, batches), (hand, Batches(x, bs=128, seed=5, drop_last=True)), (vae, v2), (D, D2))
    (a, *_), (b, *_) = hybrid_recipe(x), hybrid_recipe(x, seed=0)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))
    t, _, TD = twins((1, 8, 8), 32, (128, 128), seed=0)                        # the twins of chapter 13
    assert all(torch.equal(p, q) for p, q in zip(values(t, TD), values(*hybrid_nets((1, 8, 8))), strict=True))

# ---------------------------------------------------------------------------------------------------------------- networks
@pytest.mark.parametrize("norm", [False, True])
def test_mlp(norm):
    net = mlp(6, 5, 4, 3, act=nn.Tanh, norm=norm, out=nn.Sigmoid)
    names = [type(m).__name__ for m in net]
    hidden = ["Linear"] + ["BatchNorm1d"]*norm + ["Tanh"]
    assert names == ["Flatten", *hidden, *hidden, "Linear", "Sigmoid"]
    assert n_params(net) == 6*5 + 5 + 5*4 + 4 + 4*3 + 3 + norm*2*(5 + 4)
    assert net(torch.rand(7, 2, 3)).shape == (7, 3) and [type(m).__name__ for m in mlp(2, 1)] == ["Flatten", "Linear"]
    assert mlp(1, 1)(torch.zeros(1, 1)).shape == (1, 1)
    net[1].weight.requires_grad_(False)
    assert n_params(net) == 5 + 5*4 + 4 + 4*3 + 3 + norm*2*(5 + 4)

@pytest.mark.parametrize("norm", [False, True])
def test_convolutions(norm):
    "Sizes of an image that is no square, of several channels; every weight counted"
    C, H, W, w = 3, 8, 12, 5
    enc, dec = conv_encoder((C, H, W), 7, w, act=nn.Tanh, norm=norm), conv_decoder(7, (C, H, W), w, out=nn.Sigmoid, act=nn.Tanh, norm=norm)
    assert n_params(enc) == 9*C*w + w + 9*w*2*w + 2*w + 2*w*6*7 + 7 + norm*2*3*w
    assert n_params(dec) == 7*2*w*6 + 2*w*6 + 16*2*w*w + w + 16*w*C + C + norm*2*3*w
    x = torch.rand(2, C, H, W)
    assert enc(x).shape == (2, 7) and dec(enc(x)).shape == x.shape and ((0 < dec(enc(x))) & (dec(enc(x)) < 1)).all()
    bn = ["BatchNorm2d"]*norm
    assert [type(m).__name__ for m in enc] == ["Conv2d", *bn, "Tanh", "Conv2d", *bn, "Tanh", "Flatten", "Linear"]
    assert [type(m).__name__ for m in dec] == ["Linear", "Unflatten", *bn, "Tanh", "ConvTranspose2d", *bn, "Tanh", "ConvTranspose2d", "Sigmoid"]
    assert type(conv_decoder(1, (1, 4, 4), 1)[-1]) is nn.ConvTranspose2d and not any("Norm" in type(m).__name__ for m in [*conv_encoder((1, 4, 4), 1), *conv_decoder(1, (1, 4, 4))])
    G, D = conv_gan((C, H, W), 7, w)
    assert n_params(G) == 7*2*w*6 + 2*w*6 + 2*2*w + 16*2*w*w + w + 2*w + 16*w*C + C
    assert n_params(D) == 16*C*w + w + 16*w*2*w + 2*w + 2*w*6 + 1
    assert G.sample(2).shape == G.net(G.noise(2)).shape == x.shape and D(x).shape == (2,)
    assert [type(m).__name__ for m in D.net] == ["Conv2d", "LeakyReLU", "Conv2d", "LeakyReLU", "Flatten", "Linear"] and [m.negative_slope for m in D.net if isinstance(m, nn.LeakyReLU)] == [.2, .2]
    assert [type(m).__name__ for m in G.net] == ["Linear", "Unflatten", "BatchNorm2d", "ReLU", "ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d", "Sigmoid"]
    for net in (enc, dec, G.net, D.net):
        assert {m.padding for m in net if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))} == {(1, 1)}   # no pixel is left out
    for bad in ((1, 6, 8), (1, 8, 6), (8, 8), (1, 1, 8, 8)):
        for make in (partial(conv_encoder, n_out=1), partial(conv_decoder, 1), conv_gan, partial(conv_vae, d_z=1)):
            with pytest.raises(ValueError, match="x_shape"): make(x_shape=bad)
    assert conv_gan((1, 4, 4), 1, 1) and conv_encoder((1, 4, 4), 1, 1) and conv_vae((1, 4, 4), 1, 1)

def test_mlp_players():
    G, D = mlp_gan((1, 2, 3), 4, (5, 7))
    assert [type(m).__name__ for m in G.net] == ["Flatten", "Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear", "Sigmoid"]
    assert [type(m).__name__ for m in D.net] == ["Flatten", "Linear", "LeakyReLU", "Linear", "LeakyReLU", "Linear"] and D.net[2].negative_slope == .2
    assert n_params(G) == 4*5 + 5 + 10 + 5*7 + 7 + 14 + 7*6 + 6 and n_params(D) == 6*5 + 5 + 5*7 + 7 + 7 + 1
    assert G(torch.randn(3, 4)).shape == (3, 1, 2, 3) and D(torch.rand(3, 1, 2, 3)).shape == (3,)
    assert mlp_gan((2,), 1, (1,))[0].sample(1).shape == (1, 2)

@pytest.mark.parametrize("make", [lambda: mlp_gan((1, 2, 2), 3, (8,))[0], lambda: ConditionalGenerator(mlp(3+2, 8, 4, norm=True), 3, 2, (1, 2, 2))])
def test_generators_sample_in_evaluation_mode(make):
    "No image depends on the others, no graph, and the mode is put back; noise is normal"
    G = seeded(make)
    with torch.no_grad(): [G.train()(G.noise(50, gen(i))) for i in range(9)]
    z = G.noise(6, gen(3))
    one = G.eval()(z).detach()
    for mode in (True, False):
        G.train(mode)
        x = G.sample(6, gen(3))
        assert_close(x, one)
        assert G.training == mode and not x.requires_grad
    many = G.noise(4000, gen())[:, :3]
    assert many.mean().abs() < .05 and abs(many.var() - 1) < .05 and many.min() < -2.5

def test_conditional_generator():
    G = seeded(ConditionalGenerator, mlp(3+2, 8, 4, norm=True), 3, 2, (1, 2, 2))
    y = torch.tensor([0, 1, 1, 0, 1])
    z = G.noise(5, gen(), y)
    assert z.shape == (5, 5) and z[:, -2:].argmax(1).equal(y) and (z[:, -2:].sum(1) == 1).all()
    assert_close(z[:, :3], torch.randn(5, 5, generator=gen())[:, :3])
    out = G(z)
    assert out.shape == (5, 6) and torch.equal(out[:, 4:], z[:, 3:])
    drawn = G.noise(2000, gen())[:, -2:]
    assert abs(drawn.mean(0)[0] - .5) < .05 and (drawn.sum(1) == 1).all()
    for mode in (True, False):
        G.train(mode)
        imgs = G.images(y, gen())
        assert G.training == mode and imgs.shape == (5, 1, 2, 2) and not imgs.requires_grad
        assert_close(imgs.flatten(1), G.eval()(z)[:, :4].detach())             # in evaluation mode, whatever it was in
    one = ConditionalGenerator(mlp(1+1, 1), 1, 1, (1,))
    assert one.images(torch.zeros(1).long()).shape == (1, 1)

def test_frozen():
    "Gradients flow through, none flow in; flags come back one by one, also after an error"
    net = mlp(2, 3, 1)
    net[1].bias.requires_grad_(False)
    flags = [p.requires_grad for p in net.parameters()]
    x = torch.ones(1, 2, requires_grad=True)
    with frozen(net) as same:
        assert same is net and not any(p.requires_grad for p in net.parameters())
        net(x).sum().backward()
    assert x.grad.abs().sum() > 0 and all(p.grad is None for p in net.parameters()) and [p.requires_grad for p in net.parameters()] == flags
    with pytest.raises(KeyError), frozen(net): raise KeyError
    assert [p.requires_grad for p in net.parameters()] == flags

# ------------------------------------------------------------------------------------------------------------------- VAEs
LIKELIHOODS = [Bernoulli, Normal, DiagNormal, FullNormal, ContinuousBernoulli]

def test_counts_of_outputs():
    assert [L().n_out(5) for L in LIKELIHOODS] == [5, 5, 10, 20, 5]
    mu, L = FullNormal().split(torch.arange(9.)[None])
    assert mu.tolist() == [[0., 1., 2.]] and (L.triu(1) == 0).all()
    assert_close(L[0], torch.tensor([[math.exp(3), 0, 0], [4, math.exp(5), 0], [6, 7, math.exp(8)]]))

@pytest.mark.parametrize("L", LIKELIHOODS, ids=lambda L: L.__name__)
def test_vaes_are_put_together_right(L):
    like = L()
    model, cond = mlp_vae((1, 2, 2), 3, (5, 6), L()), mlp_cvae((1, 2, 2), 3, 2, (5, 6), L())
    n, extra = like.n_out(4), sum(p.numel() for p in like.parameters())
    net = lambda *s: sum(a*b + b for a, b in zip(s, s[1:]))
    assert n_params(model) == net(4, 5, 6, 6) + net(3, 6, 5, n) + extra and n_params(cond) == net(6, 5, 6, 6) + net(5, 6, 5, n) + extra
    assert type(model.likelihood) is type(cond.likelihood) is L
    x, y = torch.rand(3, 1, 2, 2, generator=gen()).round(), torch.tensor([0, 1, 1])
    for f in (model, cond):
        a = (x, y) if f is cond else (x,)
        mu, logvar = f.encode(a if f is cond else x)
        z = torch.randn(3, 3, generator=gen(5))
        dec = partial(f.decode, y=y) if f is cond else f.decode
        assert_close(f.mean(z, y) if f is cond else f.mean(z), like.mean(dec(z)).view(3, 1, 2, 2))
        assert_close(f.reconstruct(a if f is cond else x), like.mean(dec(mu)).view(3, 1, 2, 2).detach())
        g, h = gen(1), gen(1)
        s = f.sample(y, g) if f is cond else f.sample(3, g)
        want = like.sample(dec(torch.randn(3, 3, generator=h)), h).view(3, 1, 2, 2)
        assert_close(s, want.detach())
        assert not s.requires_grad and not f.reconstruct(a if f is cond else x).requires_grad
        if L is not ContinuousBernoulli: assert_close(f.terms(a if f is cond else x, gen(2))[0], like.log_prob(x, dec(rsample(mu, logvar, gen(2)))))
    assert not torch.equal(cond.decode(z, y), cond.decode(z, 1 - y)) and not torch.equal(cond.encode((x, y))[0], cond.encode((x, 1 - y))[0])
    assert type(mlp_vae((2,), 1).likelihood) is Bernoulli is type(mlp_cvae((2,), 1).likelihood) and mlp_vae((1,), 1, (1,)).sample(1).shape == (1, 1)
    assert mlp_cvae((1,), 1, 1, (1,)).sample(torch.zeros(2).long()).shape == (2, 1)

def test_wrong_networks_are_named():
    x = torch.rand(2, 3)
    for enc, dec, who in ((nn.Linear(3, 3), nn.Linear(2, 3), "enc"), (nn.Linear(3, 5), nn.Linear(2, 3), "enc"), (nn.Unflatten(1, (3, 1)), nn.Linear(2, 3), "enc"),
                          (nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (4, 1))), nn.Linear(2, 3), "enc"), (nn.Linear(3, 4), nn.Linear(2, 4), "dec"), (nn.Linear(3, 4), nn.Linear(2, 2), "dec")):
        with pytest.raises(ValueError, match=f"{who}: expected it to return"): VAE(enc, dec, 2, (3,)).terms(x)
    VAE(nn.Linear(3, 4), nn.Sequential(nn.Linear(2, 3), nn.Unflatten(1, (3, 1))), 2, (3,)).terms(x)      # any shape will do for a decoder
    cond = CVAE(nn.Linear(5, 4), nn.Linear(4, 3), 2, (3,), 2)
    for xy in (x, (x,), (x, x, x), {0: x, 1: x}):
        with pytest.raises(TypeError, match="xy: expected a pair"): cond.encode(xy)
    assert cond.encode([x, torch.zeros(2).long()])[0].shape == (2, 2)
    with pytest.raises(ValueError, match="y: expected 1 labels"): cond.sample(torch.tensor(1))
    for y, error in ((3, TypeError), ([0, 1], TypeError), (torch.zeros(2), TypeError), (torch.tensor([0, 2]), ValueError)):
        with pytest.raises(error, match="y: expected"): cond.sample(y)
    for name, like, x1 in (("x", Bernoulli(), x[0]), ("out", Normal(), x)):
        with pytest.raises(ValueError, match=f"{name}: expected a batch"): like.log_prob(x1, x[0])
    assert VAE(nn.Linear(1, 2), nn.Linear(1, 1), 1, (1,)).terms(torch.ones(1, 1))[0].shape == (1,)

def test_prior_and_conditional_prior_are_standard_normal():
    "An identity for a decoder: the samples are the prior's"
    copy = Linear(torch.eye(2)); copy.W.requires_grad_(False)
    pick = Linear(torch.eye(4)[:, :2])
    for s in (VAE(copy, copy, 2, (2,), Normal(-60.)).sample(20_000, gen()), CVAE(copy, pick, 2, (2,), 2, Normal(-60.)).sample(torch.zeros(20_000).long(), gen())):
        assert s.mean(0).abs().max() < .03 and (torch.cov(s.T) - torch.eye(2)).abs().max() < .04 and s.min() < -2.5

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
    with pytest.raises(TypeError, match="vae: expected a Bernoulli or Normal"): init_output_bias(mlp_vae((2, 4, 4), 2, (3,), DiagNormal()), x)
    with pytest.raises(ValueError, match="last bias per pixel"): init_output_bias(conv_vae((2, 4, 4), 2, 3, likelihood=Odd()), x)
    init_output_bias(VAE(nn.Linear(4, 4), nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 4)), 2, (4,)), torch.ones(2, 4))
    for dec in (nn.ReLU(), nn.Sequential(nn.Linear(2, 4, bias=False)), nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4, bias=False))):
        with pytest.raises(ValueError, match="vae: expected a decoder"): init_output_bias(VAE(nn.Linear(4, 4), dec, 2, (4,)), torch.ones(2, 4))
    with pytest.raises(ValueError): init_output_bias(mlp_vae((4,), 2, (3,)), torch.full((2, 4), 2.))
    with pytest.raises(ValueError): init_output_bias(mlp_vae((4,), 2, (3,), Normal()), torch.full((2, 4), math.inf))
    init_output_bias(mlp_vae((4,), 2, (3,), Normal()), torch.full((2, 4), 2.))

class Odd(Normal):
    def n_out(self, m): return 3*m

def test_conv_vae():
    for L, per in ((Bernoulli, 1), (Normal, 1), (DiagNormal, 2)):
        model = conv_vae((3, 4, 8), 2, 5, L())
        assert n_params(model.enc) == n_params(conv_encoder((3, 4, 8), 4, 5)) and n_params(model.dec) == n_params(conv_decoder(2, (3*per, 4, 8), 5))
        assert model.sample(2).shape == (2, 3, 4, 8) and model.encode(model.sample(2))[1].shape == (2, 2) and type(model.likelihood) is L
    assert type(conv_vae((1, 4, 4), 1, 1).likelihood) is Bernoulli

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

# -------------------------------------------------------------------------------------------------------------- evaluation
def linear_model(k=2, d=4, seed=0):
    "A linear-Gaussian VAE whose encoder is exact: every importance weight is p(x)"
    W, mean, var = points(seed, d, k), points(seed + 1, d), .5
    exact = PPCA(W, mean, var)
    S = exact.posterior(mean[None])[1]
    R = torch.linalg.eigh(W.T@W)[1]                                        # turned so that the posterior is diagonal
    exact = PPCA(W@R, mean, var)
    S = exact.posterior(mean[None])[1]
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([exact.posterior(x)[0], S.diagonal().log().expand(len(x), -1)], 1)
    dec = Linear(exact.W.T, mean)
    return VAE(Enc(), dec, k, (d,), Normal(math.log(var)).double()), exact

def test_weights_under_the_exact_posterior_are_the_evidence():
    model, exact = linear_model()
    x = exact.sample(7, gen())
    want = exact.log_prob(x)
    assert_close(log_weights(model, x, 3, gen()), want.expand(3, -1))
    for K, rows in ((1, 1), (7, 3), (7, 7), (4, 100), (5, 1), (6, 13)):
        sizes, total = [], []
        h = model.dec.register_forward_hook(lambda m, a, out: (sizes.append(len(out)), total.append(out.requires_grad)) and None)
        assert_close(nll(model, x, K, rows, gen()), -want)
        h.remove()
        per = max(1, rows//K)                                              # images at a time
        assert sum(sizes) == 7*K and max(sizes) <= rows and not any(total) and len(sizes) == -(-7//per)*-(-K//rows), (K, rows, sizes)
    bound = model.elbo(x, gen()).detach()
    assert held_out_elbo(model, x, generator=gen()) == pytest.approx((bound.mean().item(), bound.std().item()/7**.5))
    sure = VAE(Linear(torch.cat([torch.ones(4, 2), torch.zeros(4, 2)], 1).double(), torch.tensor([0., 0., -90., -90.]).double()), model.dec, 2, (4,), model.likelihood)
    for bs in (1, 3, 7): assert held_out_elbo(sure, x, bs=bs) == pytest.approx(held_out_elbo(sure, x))     # no chance in it
    assert held_out_elbo(sure, x[:2])[0] == pytest.approx(sure.elbo(x[:2]).mean().item())
    assert log_weights(model, x, 1, gen())[0].requires_grad

def test_weights_of_images_in_any_likelihood():
    "The short way for the Bernoulli is the long way"
    for L in (Bernoulli, Normal, DiagNormal):
        model = seeded(mlp_vae, (1, 2, 3), 2, (4,), L()).double()
        x = (points(0, 5, 1, 2, 3) > 0).double()
        mu, logvar = model.encode(x)
        eps = torch.randn(4, 5, 2, generator=gen(), dtype=torch.double)
        zero, w = torch.zeros_like(mu), []
        for e in eps:
            z = mu + (.5*logvar).exp()*e
            w.append(model.likelihood.log_prob(x, model.decode(z)) + normal_log_prob(z, zero, zero) - normal_log_prob(z, mu, logvar))
        assert_close(log_weights(model, x, 4, gen()), torch.stack(w))
    with pytest.raises(ValueError, match="x: expected values in"): log_weights(seeded(mlp_vae, (2,), 2, (4,)), torch.full((1, 2), 3.), 2)

def test_two_processes_weigh_as_one():
    "Each its images, with the noise that these have when one process does them all"
    model, x = seeded(mlp_vae, (3,), 2, (4,)), torch.rand(6, 3, generator=gen()).round()
    whole = log_weights(model, x, 4, gen())
    for rank in (0, 1):
        with shared(rank, 2): assert_close(log_weights(model, x[rank::2], 4, gen()), whole[:, rank::2])
    with pytest.raises(ValueError, match="x: expected"): nll(model, x[:, :2], 2)

class Watched(nn.Module):
    "A network, and whether a graph was kept while it ran"
    def __init__(self, net):
        super().__init__()
        self.net, self.graphs = net, []
    def forward(self, x):
        self.graphs.append(torch.is_grad_enabled())
        return self.net(x)

def test_no_graph_where_only_a_number_is_asked(monkeypatch):
    "Evaluation in the memory that it needs"
    x = torch.rand(9, 4, generator=gen()).round()
    enc, dec, eye = Watched(nn.Linear(4, 4)), Watched(nn.Linear(2, 4)), Watched(nn.Linear(4, 6))
    model, judge = VAE(enc, dec, 2, (4,)), Classifier((4,), 3, 6)
    judge.features = eye
    graphs, cdist = [], torch.cdist
    monkeypatch.setattr(torch, "cdist", lambda *a, **k: (graphs.append(torch.is_grad_enabled()), cdist(*a, **k))[1])
    held_out_elbo(model, x); nll(model, x, 3); active_units(model, x); class_shares(judge, x); precision_recall(x, x)  # noqa: E702
    sample_scores(judge, x, x)
    assert len(enc.graphs) >= 3 and len(eye.graphs) >= 3 and len(graphs) >= 8
    assert not any(enc.graphs + dec.graphs + eye.graphs + graphs)
    seen, plain = [], vaegan.gan.value
    monkeypatch.setattr(vaegan.gan, "value", lambda r, f: (seen.append(r.requires_grad or f.requires_grad), plain(r, f))[1])
    fresh_discriminator(x, x, x, x, hidden=(2,), steps=2, bs=3)
    assert seen == [True, True, False]                                         # two steps, then the measurement

def test_bars_are_shown_only_if_asked(bars):
    data = ImageData(torch.rand(20, 1, 2, 2), torch.arange(20) % 2, torch.rand(2, 1, 2, 2), torch.arange(2))
    for kw, shown in (({}, False), (dict(progress=False), False), (dict(progress=True), True)):
        train_classifier(data, 1, **kw)
        train_twins(*twins((1, 2, 2), 2, (3,)), data.x, 1, bs=10, **kw)
        assert bars == [shown]*3
        bars.clear()

def test_threshold_of_active_units():
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([x, 0*x], 1)
    model = VAE(Enc(), nn.Linear(2, 2), 2, (2,))
    x = torch.tensor([[0., 0.], [2., 1.]])                                 # variances 2 and ½ of two images
    assert active_units(model, x, .5).tolist() == [True, False] and active_units(model, x, .49).tolist() == [True, True]
    assert active_units(model, x, 2.).tolist() == [False, False] and active_units(model, x, 0.).tolist() == [True, True]
    assert not active_units(VAE(nn.Linear(2, 4), nn.Linear(2, 2), 2, (2,)), x).requires_grad
    with pytest.raises(ValueError, match="at least two"): active_units(model, x[:1])

def test_classifier():
    net = Classifier((1, 2, 3), 4, 5)
    assert n_params(net) == 6*5 + 5 + 5*5 + 5 + 5*4 + 4
    x = torch.rand(9, 1, 2, 3, generator=gen())
    f = net.features(x)
    assert f.shape == (9, 5) and (f >= 0).all() and (f == 0).any()
    assert_close(net(x), net.head(f))
    assert Classifier((1,), 1, 1)(torch.ones(2, 1)).shape == (2, 1) and Classifier((2,)).head.out_features == 10
    assert not class_shares(net, x).requires_grad
    net.head.weight.data.zero_(); net.head.bias.data.copy_(torch.tensor([0., 2., 1., 0.]))
    assert class_shares(net, x).tolist() == [0., 1., 0., 0.]
    with pytest.raises(ValueError, match="x: expected images"): class_shares(net, x[0].flatten())

def test_training_of_the_classifier():
    "Adam at 2e-3 on fresh gradients of the cross-entropy, in the order of `Batches`; the global dice stay where they are"
    g = gen()
    data = ImageData(torch.rand(150, 1, 3, 3, generator=g), torch.arange(150) % 3, torch.rand(3, 1, 3, 3, generator=g), torch.arange(3))
    before = torch.get_rng_state()
    net = train_classifier(data, epochs=2, seed=4)
    assert torch.equal(before, torch.get_rng_state()) and not net.training
    with torch.random.fork_rng(devices=[]):
        hand = seeded(Classifier, (1, 3, 3), 3, seed=4)
    opt = torch.optim.Adam(hand.parameters(), 2e-3)
    batches = Batches(data.x, data.y, seed=4)
    for _ in range(2):
        for x, y in batches:
            for p, gr in zip(hand.parameters(), torch.autograd.grad(F.cross_entropy(hand(x), y), params(hand))): p.grad = gr
            opt.step()
    for a, b in zip(values(net), values(hand)): assert_close(a, b)
    again = train_classifier(data, epochs=1)
    assert all(torch.equal(a, b) for a, b in zip(values(again), values(train_classifier(data, epochs=1, seed=0))))

def test_a_fresh_discriminator():
    "Adam at 2e-3 on the loss of D, images drawn with replacement; the report is of the test images"
    real, fake, rt, ft = (torch.rand(40, 1, 2, 2, generator=gen(i)) + (i % 2)*.3 for i in range(4))
    before = torch.get_rng_state()
    out = fresh_discriminator(real, fake, rt, ft, hidden=(5,), steps=4, bs=6, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    with torch.random.fork_rng(devices=[]):
        D = seeded(lambda: Discriminator(mlp(4, 5, 1, act=lambda: nn.LeakyReLU(.2))), seed=3)
    opt, g = torch.optim.Adam(D.parameters(), 2e-3), gen(3)
    pick = lambda x: x[torch.randint(40, (6,), generator=g)]
    for _ in range(4):
        loss = d_loss(D(pick(real)), D(pick(fake)))
        for p, gr in zip(D.parameters(), torch.autograd.grad(loss, params(D))): p.grad = gr
        opt.step()
    V = value(D(rt), D(ft)).item()
    assert out == pytest.approx(dict(value=V, accuracy=accuracy(D(rt), D(ft)).item(), js=.5*(V + math.log(4))))
    kw = dict(hidden=(5,), steps=3, bs=4)
    assert fresh_discriminator(real, fake, rt, ft, **kw) == fresh_discriminator(real, fake, rt, ft, seed=0, **kw) != fresh_discriminator(real, fake, rt, ft, seed=1, **kw)
    apart = fresh_discriminator(real, real + 5, rt, rt + 5, hidden=(64,), steps=300)
    assert apart["js"] == pytest.approx(math.log(2), abs=.05) and apart["accuracy"] == 1
    assert fresh_discriminator(real[:1], fake[:1], rt[:1], ft[:1], hidden=(1,), steps=1, bs=1)["js"] < 1

def test_precision_needs_more_images_than_neighbours():
    x = points(0, 4, 2)
    assert precision_recall(x, x, 3) == dict(precision=1., recall=1.)
    for a, b, who in ((x[:3], x, "real"), (x, x[:3], "fake"), (x[:, 0], x, "real")):
        with pytest.raises(ValueError, match=who): precision_recall(a, b, 3)
    assert precision_recall(x[:2], x[:2], 1)["recall"] == 1.

def test_precision_of_more_points_than_one_piece():
    "Against scikit-learn's neighbours, with sets larger than the pieces in which they are compared"
    real, fake = points(0, 1100, 3).numpy(), 1.5*points(1, 1050, 3).numpy()
    def share(a, b, k): return (pairwise_distances(a, b) <= NearestNeighbors(n_neighbors=k+1).fit(b).kneighbors(b)[0][:, -1]).any(1).mean()
    got = precision_recall(torch.tensor(real), torch.tensor(fake), 2)
    assert got == pytest.approx(dict(precision=share(fake, real, 2), recall=share(real, fake, 2))) and .1 < got["precision"] < .9

def test_frechet_of_tensors_with_a_graph():
    a, b = points(0, 9, 2).requires_grad_(), points(1, 8, 2).requires_grad_()
    assert frechet(a, b) == pytest.approx(frechet(a.detach(), b.detach())) and frechet(a[:2], b[:2]) >= -1e-9

# -------------------------------------------------------------------------------------------------- twins and their scores
def test_twins():
    before = torch.get_rng_state()
    model, G, D = twins((1, 2, 3), 4, (5, 7), seed=2)
    assert torch.equal(before, torch.get_rng_state())
    assert len(values(G)) == 6 and all(torch.equal(a, b) for a, b in zip(values(G.net), values(model.dec))) and params(G)[0] is not params(model.dec)[0]
    assert n_params(model.enc) == 6*5 + 5 + 5*7 + 7 + 7*8 + 8 and n_params(D) == 6*5 + 5 + 5*7 + 7 + 7 + 1 and n_params(G) == 4*7 + 7 + 7*5 + 5 + 5*6 + 6
    assert type(model.likelihood) is Normal and model.likelihood.logvar.item() == -3 and model.d_z == G.d_z == 4
    assert [m.negative_slope for m in D.net if isinstance(m, nn.LeakyReLU)] == [.2, .2] and type(G.net[-1]) is nn.Sigmoid
    same, other = twins((1, 2, 3), 4, (5, 7), seed=2)[0], twins((1, 2, 3), 4, (5, 7))[0]
    assert torch.equal(values(same)[0], values(model)[0]) and not torch.equal(values(other)[0], values(model)[0])
    assert torch.equal(values(other)[0], values(twins((1, 2, 3), 4, (5, 7), seed=0)[0])[0])
    for bad in ((6,), (1, 1, 2, 3)):
        with pytest.raises(ValueError, match="x_shape"): twins(bad)

def test_twins_train_on_the_same_batches():
    x, seen = torch.rand(22, 1, 2, 3, generator=gen()), dict(vae=[], D=[])
    model, G, D = twins((1, 2, 3), 2, (4,))
    model.enc.register_forward_pre_hook(lambda m, a: seen["vae"].append(a[0]))
    D.register_forward_pre_hook(lambda m, a: seen["D"].append(a[0][:5]))
    a, b = train_twins(model, G, D, x, 2, bs=5, seed=3)
    assert len(seen["vae"]) == 8 and all(len(s) == 5 for s in seen["vae"])                 # 4 whole batches an epoch
    want = [s for _ in [0] for bt in [Batches(x, bs=5, seed=3, drop_last=True)] for _ in range(2) for s in bt]
    assert all(torch.equal(s, w) for s, w in zip(seen["vae"], want)) and all(any(torch.equal(s, w) for s in seen["D"]) for w in want)
    assert set(a) == {"elbo", "log_px_z", "kl"} and set(b) == {"value", "accuracy", "g_loss"} and len(a["elbo"]) == len(b["value"]) == 2
    assert not (model.training or G.training or D.training)
    # and each does what its step does, with Adam as stated
    m2, G2, D2 = twins((1, 2, 3), 2, (4,))
    fit(vae_step(m2, torch.optim.Adam(m2.parameters(), 1e-3), generator=gen(3)), Batches(x, bs=5, seed=3, drop_last=True), 2, progress=False)
    opts = [torch.optim.Adam(n.parameters(), 1e-3, betas=(0., .99)) for n in (G2, D2)]
    fit(gan_step(G2, D2, *opts, r1=1., generator=gen(3)), Batches(x, bs=5, seed=3, drop_last=True), 2, progress=False)
    for u, v in zip(values(model, G, D), values(m2, G2, D2)): assert_close(u, v)
    for kw, who in ((dict(r1=-1.), "r1"), (dict(epochs=0), "epochs"), (dict(lr=0.), "lr")):
        before = values(m2)
        with pytest.raises(ValueError, match=f"{who}: expected"): train_twins(m2, G2, D2, x, **dict(epochs=1, bs=5) | kw)
        assert all(torch.equal(u, v) for u, v in zip(values(m2), before))      # found out before anything was trained
    train_twins(m2, G2, D2, x, 1, r1=0., bs=5)
    m3 = twins((1, 2, 3), 2, (4,))
    train_twins(*m3, x, 1, bs=5)
    m4 = twins((1, 2, 3), 2, (4,))
    train_twins(*m4, x, 1, bs=5, seed=0)
    assert all(torch.equal(u, v) for u, v in zip(values(*m3), values(*m4)))

def test_scores_of_samples():
    "Averages over pieces as large as the reference; what is left over counts for the shares only"
    judge = seeded(Classifier, (1, 2, 2), 3, 6)
    ref, x = torch.rand(30, 1, 2, 2, generator=gen()), torch.rand(75, 1, 2, 2, generator=gen(1))*1.5
    s = sample_scores(judge, x, ref)
    f, r = judge.features, judge.features(ref)
    parts = [f(x[:30]), f(x[30:60])]
    shares = class_shares(judge, x)
    pr = [precision_recall(r, p) for p in parts]
    want = dict(frechet=np.mean([frechet(p, r) for p in parts]), rarest=shares.min().item(), classes=int((shares >= .02).sum()),
                precision=np.mean([p["precision"] for p in pr]), recall=np.mean([p["recall"] for p in pr]))
    assert s == pytest.approx(want)
    assert sample_scores(judge, x[:30], ref)["frechet"] == pytest.approx(frechet(parts[0], r))
    for bad in (x[:29], torch.rand(40, 1, 2, 3)):
        with pytest.raises(ValueError, match="x: expected"): sample_scores(judge, bad, ref)
    class Fixed(Classifier):
        def forward(self, x): return F.one_hot((torch.arange(len(x)) >= 2).long() + (torch.arange(len(x)) >= 5).long(), 3).float()
    s = sample_scores(seeded(Fixed, (1, 2, 2), 3, 6), torch.rand(100, 1, 2, 2), ref)     # shares .02, .03, .95
    assert s["classes"] == 3 and s["rarest"] == pytest.approx(.02)
    class Rare(Classifier):
        def forward(self, x): return F.one_hot((torch.arange(len(x)) >= 1).long() + (torch.arange(len(x)) >= 4).long(), 3).float()
    assert sample_scores(seeded(Rare, (1, 2, 2), 3, 6), torch.rand(100, 1, 2, 2), ref)["classes"] == 2

# ---------------------------------------------------------------------------------------------------------------- dynamics
@pytest.mark.parametrize("w, m", [((1.3, -.4), 1.), ((.2, .5), 2.5)])
def test_linear_autoencoder(w, m):
    x = torch.tensor([-1., 1.]).double()*m**.5
    assert ae_loss(*w, m) == pytest.approx((x - w[0]*w[1]*x).square().mean().item()) and ae_loss(.5, 3.) == .25
    path = ae_descend(*w, m, .03, 5)
    assert path.shape == (6, 2) and path.dtype == torch.double and path[0].tolist() == list(w)
    for a, b in zip(path, path[1:]):
        v = a.clone().requires_grad_()
        grad, = torch.autograd.grad(ae_loss(v[0], v[1], m), v)
        assert_close(b, a - .03*grad)
    assert ae_descend(*w, n=0).tolist() == [list(w)] and torch.equal(ae_descend(*w, n=1), ae_descend(*w, m=1., lr=.02, n=1))

def test_fields():
    "Velocities are what autograd says of V: the first descends, the second ascends"
    s = points(0, 4, 2)
    for i in range(4):
        x, y = s[i].clone().requires_grad_()
        gx, gy = torch.autograd.grad(x*y, (x, y))
        assert_close(bilinear_field(s[i]), torch.stack([-gx, gy]))
        t, psi = s[i].clone().requires_grad_()
        for gamma in (0., .7):
            V = -math.log(2) + F.logsigmoid(-t*psi) - .5*gamma*psi**2
            up, = torch.autograd.grad(V, psi, retain_graph=True)
            for loss, L in (("saturating", F.logsigmoid(-t*psi)), ("nonsaturating", -F.logsigmoid(t*psi))):
                down, = torch.autograd.grad(L, t, retain_graph=True)
                assert_close(dirac_field(s[i], gamma, loss), torch.stack([-down, up]))
    assert_close(bilinear_field(s), torch.stack([bilinear_field(v) for v in s]))
    assert_close(dirac_field(s[0]), dirac_field(s[0], 0., "saturating"))

def test_rounds():
    f = lambda s: torch.stack([s[0]*s[1] + 1, s[0] - 2*s[1]])
    s, h = torch.tensor([.7, -.3]).double(), .2
    both = s + h*f(s)
    new = torch.stack([s[0], s[1] + h*f(s)[1]])                            # D first …
    turn = torch.stack([new[0] + h*f(new)[0], new[1]])                     # … then G against the new D
    assert_close(game_step(f, h)(s), both)
    assert_close(game_step(f, h, False)(s), both)
    assert_close(game_step(f, h, alternating=True)(s), turn)
    path = play(game_step(f, h), s, 3)
    assert path.shape == (4, 2) and torch.equal(path[0], s) and torch.equal(path[1], both) and torch.equal(path[3], game_step(f, h)(path[2]))
    assert play(game_step(f, h), s, 0).tolist() == [s.tolist()]
    for kw in (dict(), dict(gamma=.4), dict(alternating=True), dict(loss="nonsaturating", gamma=.1)):
        field = lambda v: dirac_field(v, kw.get("gamma", 0.), kw.get("loss", "saturating"))
        assert_close(dirac_step(h, **kw)(s), game_step(field, h, kw.get("alternating", False))(s))
    A = points(0, 3, 3)
    got = eigenvalues(lambda v: A@v + 1, torch.zeros(3).double())
    assert_close(sorted(got.abs().tolist()), sorted(np.abs(np.linalg.eigvals(A.numpy())).tolist()))

def test_ema():
    net = mlp(2, 1)
    avg = ema(net, .75)
    avg.update_parameters(net)
    first = values(net)
    for p in params(net): p.data += 1
    avg.update_parameters(net)
    for a, p in zip(values(avg.module), first): assert_close(a, .75*p + .25*(p + 1))
    norm = nn.BatchNorm1d(1)
    avg = ema(norm, 0.)
    for _ in range(2):
        norm(torch.rand(5, 1) + 3)
        avg.update_parameters(norm)
    assert_close(avg.module.running_mean, norm.running_mean)               # buffers too
    for bad in (-.01, 1.):
        with pytest.raises(ValueError, match="decay: expected"): ema(net, bad)

def test_spectral():
    net = nn.Sequential(nn.Linear(4, 3), nn.Conv2d(1, 2, 3), nn.ConvTranspose2d(2, 1, 3), nn.BatchNorm1d(3))
    for p in params(net): p.data.mul_(7)
    assert spectral(net) is net
    for _ in range(60): [m.weight for m in net[:3]]                        # each look is one round of power iteration
    top = [torch.linalg.matrix_norm(m.weight.detach().flatten(1) if i < 2 else m.weight.detach().transpose(0, 1).flatten(1), 2).item() for i, m in enumerate(net[:3])]
    assert top == pytest.approx([1]*3, rel=1e-2) and (net[3].weight == 7).all()

def test_smoothed_labels_have_their_limits():
    r, f = torch.tensor([.3, -1.]), torch.tensor([.5, 2., -1.])
    want = lambda a: -(a*F.logsigmoid(r) + (1 - a)*F.logsigmoid(-r)).mean() - F.logsigmoid(-f).mean()
    for a in (.51, .9, 1.): assert_close(smoothed_d_loss(r, f, a), want(a))
    for a in (.5, 1.01):
        with pytest.raises(ValueError, match="alpha: expected"): smoothed_d_loss(r, f, a)

def test_covered_modes():
    "Of 4 modes with 10 points each: inside three standard deviations, at least its share of the fair share"
    c = ring_modes(4, 2.)
    x = c.repeat_interleave(10, 0)
    assert covered_modes(x, 4, 2., .1) == (4, 1.) and covered_modes(x[:30], 4, 2., .1) == (3, 1.)
    out = x.clone()
    out[:10, 0] += .31
    assert covered_modes(out, 4, 2., .1) == (3, .75)
    out[:10, 0] -= .02                                                     # now .29 away
    assert covered_modes(out, 4, 2., .1) == (4, 1.)
    few = torch.cat([c[:1].repeat(39, 1), c[1:2]])                         # one of forty: a tenth of the fair share of ten
    assert covered_modes(few, 4, 2., .1) == (2, 1.) and covered_modes(few, 4, 2., .1, least=.11) == (1, 1.)
    assert covered_modes(x, 4, 2., .1, least=1.)[0] == 4 and covered_modes(x[:10], 4, 2., .1, least=0.)[0] == 4
    assert covered_modes(ring(4000, generator=gen())) == (8, pytest.approx(1 - math.exp(-4.5), abs=.01))
    assert covered_modes(torch.tensor([[2.375, 0.], [2.25, 0.]]), 4, 2., .125) == (1, .5)     # at three standard deviations, and at two
    with pytest.raises(ValueError, match="x: expected points"): covered_modes(torch.zeros(2, 3))

# ------------------------------------------------------------------------------------------- densities, evidence, estimators
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

def test_enumerated_bound_in_any_shape():
    joint, q = points(0, 2, 3, 4), points(1, 2, 3, 4).softmax(-1)
    want = (q*(joint - q.log())).sum(-1)
    assert_close(elbo_enum(joint, q), want)
    assert_close(elbo_enum(joint[0, 0], q[0, 0]), want[0, 0])
    assert_close(elbo_enum(joint, q[0, 0]), torch.stack([torch.stack([elbo_enum(j, q[0, 0]) for j in js]) for js in joint]))
    for bad in (q*1.01, q*.99, torch.stack([1 + q[..., 0], -q[..., 0]], -1)):
        with pytest.raises(ValueError, match="q"): elbo_enum(joint[..., :bad.shape[-1]], bad)
    with pytest.raises(ValueError, match="log_joint, q"): elbo_enum(joint, q[..., :3])
    with pytest.raises(ValueError, match="log_w"): iw_bound(torch.tensor(1.))
    assert_close(iw_bound(torch.tensor([1., 1.])), torch.tensor(1.))

def test_bound_of_a_linear_model_names_what_does_not_fit():
    m, L = PPCA(points(0, 3, 2), points(1, 3), .5), torch.eye(2).double().expand(4, -1, -1)
    x, mu = points(2, 4, 3), points(3, 4, 2)
    assert elbo_ppca(m, x.view(4, 1, 3), mu, L).shape == (4,)
    for args, who in (((x[:, :2], mu, L), "x"), ((x, mu[:3], L[:3]), "mu"), ((x, mu[:, :1], L[:, :1, :1]), "mu")):
        with pytest.raises(ValueError, match=f"{who}: expected"): elbo_ppca(m, *args)

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
        with pytest.raises(ValueError, match="k: expected 1 to 4"): PPCA.fit(even, k)
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
        with pytest.raises(ValueError, match="W, mean"): PPCA(W, mean, 1.)
    with pytest.raises(ValueError, match="var"): PPCA(points(0, 3, 2), points(0, 3), 0.)

def test_draws():
    "Mean, spread and sign of the dice: the same generator gives z = mu + sigma eps"
    mu, logvar = torch.tensor([[1., -2.]]), torch.tensor([[.5, -1.]])
    eps = torch.randn(1, 2, generator=gen())
    assert_close(rsample(mu, logvar, gen()), mu + (.5*logvar).exp()*eps)
    z = 1.5 + .7*torch.randn(9, generator=gen(), dtype=torch.double)
    assert_close(pathwise_grad(torch.sin, 1.5, .7, 9, gen()), z.cos())
    for b in (0., 2.): assert_close(score_grad(torch.sin, 1.5, .7, 9, gen(), b), (z.sin() - b)*(z - 1.5)/.49)
    assert_close(score_grad(torch.sin, 1.5, .7, 9, gen()), z.sin()*(z - 1.5)/.49)
    assert pathwise_grad(torch.sin, 1.5, .7, 1).shape == score_grad(torch.sin, 0., .7, 1).shape == (1,)
    with pytest.raises(ValueError, match="logvar: expected"): rsample(mu, logvar[:, :1])

def test_a_batch_is_expected():
    v = torch.ones(3)
    with pytest.raises(ValueError, match="mu: expected a batch"): kl_normal(v, v)
    assert kl_normal(v[None], v[None]).shape == (1,) and mean_se(torch.tensor([1., 3.])) == (2., pytest.approx(1.))
    with pytest.raises(ValueError, match="L: expected"): mvn_log_prob(v[None], v[None], torch.diag(v)[None].flip(1) + torch.eye(3))
    with pytest.raises(ValueError, match="L: expected"): mvn_log_prob(v[None], v[None], torch.diag(torch.tensor([1., 0., 1.]))[None])
    assert_close(mvn_log_prob(v[None], v[None], torch.eye(3)[None]), torch.tensor([-1.5*math.log(2*math.pi)]))

def test_penalty_of_a_batch_with_nan():
    assert torch.isnan(grad_penalty(lambda x: F.relu(x).sum(1)*0, torch.tensor([[math.nan, 1.], [1., 1.]])))
    x = torch.ones(2, 3, requires_grad=True)
    assert_close(grad_penalty(lambda x: 2*x.sum(1), x), torch.tensor(6.))
    assert x.grad is None
    with pytest.raises(ValueError, match="real_logits"): g_loss(torch.ones(2), "relativistic")

def test_rows_are_expected():
    "A single image or a plain list of numbers is no batch; points are"
    x, one = torch.rand(6, 2, generator=gen()), torch.rand(2)
    G, D = mlp_gan((2,), 3, (5,), norm=False)
    for what, f in (("x", lambda: grad_penalty(D, one)), ("x", lambda: gan_step(G, D, sgd(G), sgd(D))(one)), ("x", lambda: wgan_gp_step(G, D, sgd(G), sgd(D), k=1)(one)),
                    ("x: expected at least k = 7", lambda: gan_step(G, D, sgd(G), sgd(D), k=7)(x)), ("x", lambda: pairs(one, torch.tensor([0, 1]), 2)),
                    ("x", lambda: parzen_log_prob(one, x, .1)), ("samples", lambda: parzen_log_prob(x, one, .1)),
                    *((k, lambda k=k: fresh_discriminator(**dict(real=x, fake=x, real_test=x, fake_test=x) | {k: one})) for k in ("real", "fake", "real_test", "fake_test"))):
        with pytest.raises(ValueError, match=what if " " in what else rf"{what}: expected (images|a batch) \["): f()
    assert set(fresh_discriminator(x, x, x, x, steps=1)) == {"value", "accuracy", "js"}
    assert pairs(x, torch.arange(6) % 2, 2).shape == (6, 4)

# -------------------------------------------------------------------------------------------------------- data and its edges
def test_limits_are_inclusive():
    for v in (1, 5): check_int("v", v, 1, 5)
    for v in (0, 6):
        with pytest.raises(ValueError, match="v: expected 1 to 5"): check_int("v", v, 1, 5)
    check_range("x", torch.tensor([-2., 3.]), -2, 3)
    for v in (-.01, 1.01):
        with pytest.raises(ValueError, match="x: expected values in"): check_range("x", torch.tensor([.5, v]))
    check_positive(a=1e-300, b=1e300)
    check_positive(zero=True, a=0.)
    for kw in (dict(a=0.), dict(zero=True, a=-1e-300), dict(a=1., b=math.inf), dict(a=math.nan)):
        with pytest.raises(ValueError, match="expected a"): check_positive(**kw)
    assert check_shape((2, 3, 4)) == 24 and check_shape([1]) == 1
    check_labels(torch.tensor([0, 2, 1]), 3, 3)
    check_labels(torch.tensor([], dtype=torch.long), 3, 0)
    for y in ([0, 3], [-1, 0], [3, 0]):
        with pytest.raises(ValueError, match="y: expected labels 0 to 2"): check_labels(torch.tensor(y), 3, 2)
    check_labels(torch.tensor([0]), 1, 1)

def test_defaults_of_the_data():
    a = torch.arange(300.)
    for u, v in zip(Batches(a), Batches(a, bs=128, seed=0, stochastic=False, drop_last=False)): assert torch.equal(u, v)
    assert [len(b) for b in Batches(a)] == [128, 128, 44] and torch.equal(digits().x_test, digits(360, 0).x_test)
    assert len(digits(10, 2**32 - 1).x_test) == 10
    with pytest.raises(ValueError, match="seed: expected"): digits(10, 2**32)
    assert next(iter(Batches(torch.full((4, 2), .5), stochastic=True))).unique().tolist() == [0., 1.]
    assert len(Batches(a[:1], bs=1)) == 1
    grey = Batches(torch.full((1, 64), .5), bs=1, stochastic=True)
    assert len({tuple(x.flatten().tolist()) for _ in range(60) for x in grey}) == 60, "coins that come again"
    for seed in (-2**63, 2**64 - 1): Batches(a, seed=seed)
    for seed in (-2**63 - 1, 2**64):
        with pytest.raises(ValueError, match="seed: expected"): Batches(a, seed=seed)

def test_shares():
    "Every process gets its own rows of the same noise; alone, one gets everything, without a copy"
    x = torch.arange(12.).view(4, 3)
    assert my_rows(x) is x and my_rows(x, -2) is x and my_rows(x, 1) is x
    for dim in (-3, 2):
        with pytest.raises(ValueError, match="dim: expected"): my_rows(x, dim)
    whole = [draw_eps((4, 2), x, gen()), draw_eps((3, 4), x, gen(), dim=1)]
    for rank in (0, 1):
        with shared(rank, 2) as world:
            assert world == 2 and torch.equal(my_rows(x), x[rank::2])
            assert torch.equal(draw_eps((2, 2), x, gen()), whole[0][rank::2])
            assert torch.equal(draw_eps((3, 2), x, gen(), dim=1), whole[1][:, rank::2])
    assert torch.equal(draw_eps((4, 2), x, gen()), whole[0]) and draw_eps((1,), x).shape == (1,)
    with pytest.raises(ValueError, match="shape: expected"): draw_eps((2, 0), x)

def test_bent_gaussian():
    "A straight one is a plain Gaussian; bending moves mass, not its mean, and its density is that of the plain one"
    x = points(0, 50, 2)
    assert_close(banana_log_prob(x, 0., .5), MultivariateNormal(torch.zeros(2).double(), torch.diag(torch.tensor([1., .25]).double())).log_prob(x))
    straight = torch.stack([x[:, 0], x[:, 1] - .8*(x[:, 0]**2 - 1)], 1)
    assert_close(banana_log_prob(x, .8, .5), banana_log_prob(straight, 0., .5))
    s = banana(60_000, generator=gen())
    assert s.mean(0).abs().max() < .02 and abs(torch.cov(s.T)[0, 1]) < .02 and s[:, 1].min() > -2.5
    assert banana(1).shape == ring(1, modes=1).shape == (1, 2) and ring_modes(1, 3.).tolist() == [[3., 0.]]

# ------------------------------------------------------------------------------------------------------------------ pictures
@pytest.mark.parametrize("n, ncols, pad", [(5, 3, 1), (4, 2, 0), (1, 10, 2), (6, 6, 3), (7, 1, 1)])
def test_tile(n, ncols, pad):
    "Every image at its place, row by row; everywhere else the filling"
    imgs = torch.rand(n, 3, 4, generator=gen()) + 1
    sheet = plot.tile(imgs, ncols, pad, fill=-1.)
    cols = min(ncols, n)
    rows = math.ceil(n/cols)
    assert sheet.shape == (rows*(3 + pad) + pad, cols*(4 + pad) + pad) and (sheet > 0).sum() == n*12
    left = sheet.clone()
    for i, im in enumerate(imgs):
        r, c = pad + (i//cols)*(3 + pad), pad + (i % cols)*(4 + pad)
        assert torch.equal(sheet[r:r+3, c:c+4], im)
        left[r:r+3, c:c+4] = -1
    assert (left == -1).all() and torch.equal(plot.tile(imgs[:, None], ncols, pad, -1.), sheet)
    default = plot.tile(torch.ones(12, 2, 2))
    assert default.shape == (2*3 + 1, 10*3 + 1) and default.min() == 0
    traced = plot.tile(torch.ones(12, 2, 2, requires_grad=True), 10, 1, 0.)
    assert torch.equal(default, traced) and not traced.requires_grad
    for bad in (torch.ones(2, 2), torch.ones(2, 2, 3, 3), torch.ones(0, 3, 3)):
        with pytest.raises(ValueError, match="imgs"): plot.tile(bad)

@pytest.mark.parametrize("n", [1, 2, 5])
def test_latent_plane(n):
    "Midpoints of equal shares of the prior; first coordinate to the right, second upwards"
    seen = []
    def decode(z):
        seen.append((z, torch.is_grad_enabled()))
        return z.new_zeros(len(z), 1, 2, 2) + z[:, :1, None, None]
    out = plot.latent_plane(decode, n)
    (z, graph), = seen
    q = torch.special.ndtri((torch.arange(n) + .5)/n)
    assert out.shape == (n*n, 1, 2, 2) and not graph and z.shape == (n*n, 2)
    grid = z.view(n, n, 2)
    assert_close(grid[..., 0], q.expand(n, n))
    assert_close(grid[..., 1], q.flip(0)[:, None].expand(n, n))
    with pytest.raises(ValueError, match="decode: expected"): plot.latent_plane(lambda z: z[1:], n)

def test_labels_are_spread_as_little_as_possible():
    "Order kept, gaps kept, and the smallest sum of squares that allows it (isotonic regression of y − gap·rank)"
    for i in range(30):
        ys, gap = (points(i, 1 + i % 7)*3).tolist(), .3 + .1*(i % 9)
        at, order = plot._spread(ys, gap), np.argsort(ys, kind="stable")
        ranks = np.arange(len(ys))
        want = IsotonicRegression().fit_transform(ranks, np.array(ys)[order] - gap*ranks) + gap*ranks
        assert np.array(at)[order] == pytest.approx(want)
    assert plot._spread([0., 0., 5.], 1.) == pytest.approx([-.5, .5, 5.]) and plot._spread([2.], 1.) == [2.] and plot._spread([], 1.) == []
    assert plot._spread([0., 1., 2.], 1.) == [0., 1., 2.]

def test_a_living_picture_shows_its_figure(monkeypatch):
    "At twice the resolution and the figure's own size; the figure is gone from the notebook; tensors keep their bits"
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1])
    fig.canvas.draw()
    before = plt.get_fignums()
    weights, alt = torch.tensor([1., -.1], requires_grad=True), "x"*29 + "."
    with pytest.raises(ValueError, match="alt: expected"): plot.living("dirac", {}, alt[1:], fig)
    with pytest.raises(ValueError, match="one of dirac, elbo, .*reparam, surface"): plot.living("base", {}, alt, fig)
    with pytest.raises(ValueError, match="data: expected finite"): plot.living("dirac", dict(w=torch.tensor([1., math.nan])), alt, fig)
    shown = plot.living("dirac", dict(w=weights), alt, fig)._repr_mimebundle_()
    assert set(before) - set(plt.get_fignums()) == {fig.number} and shown["text/plain"] == alt
    pixels = plt.imread(io.BytesIO(base64.b64decode(shown["image/png"])))
    assert pixels.shape[1::-1] == (3*220, 2*220) and pixels.std() > 0
    assert shown["image/png"] in shown["text/html"] and 'width="330"' in shown["text/html"]
    sent = re.search(r'<script type="application/json">(.*?)</script>', shown["text/html"])[1]
    assert np.frombuffer(base64.b64decode(json.loads(sent)["w"]["f32"]), "<f4").tolist() == weights.tolist()

@pytest.mark.parametrize("env, runs", [(None, False), ("0", False), ("1", True)])
def test_slow_cells_are_passed_over(env, runs, monkeypatch):
    monkeypatch.setenv("VAEGAN_SLOW", env) if env else monkeypatch.delenv("VAEGAN_SLOW", raising=False)
    ip = types.SimpleNamespace(input_transformers_cleanup=[])
    plot.load_ipython_extension(ip)
    skip, = ip.input_transformers_cleanup
    slow, other = ["#| slow\n", "x = 1\n"], ["x = 1\n", "#| slow\n"]
    assert skip(other) == other and skip([]) == [] and (skip(slow) == slow) == runs
    if not runs: assert len(skip(slow)) == 1 and skip(slow)[0].startswith("print('Skipped")
