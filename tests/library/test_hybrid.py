"The VAE that looks through a discriminator's eyes"
import math

import pytest
import torch
import torch.nn.functional as F
from bad_input import IMGS, INT, NAN, POS, SHAPES, B, S, X, bad_input_tests, dice, eyes, row, vae
from helpers import gauss, gen, linear, near, params, points, same_training, seeded, sgd, values
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, B_, D_, about, exempt, many, property_tests, seeds
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

from vaegan.catalog import RECIPES
from vaegan.compare import twins
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.divergences import kl_normal
from vaegan.gan import grad_penalty
from vaegan.hybrid import FeatureDiscriminator, feature_nll, hybrid_nets, hybrid_recipe, hybrid_step
from vaegan.likelihoods import Normal
from vaegan.minimax import value
from vaegan.nets import mlp
from vaegan.vae import mlp_vae


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

def test_hybrid_recipe():
    x = digits().x[:300]
    vae, D, step, batches = hybrid_recipe(x, seed=5)
    v2, D2 = hybrid_nets((1, 8, 8), 32, (128, 128), 5)
    assert linear(vae, D) == linear(v2, D2)
    opts = [torch.optim.Adam(net.parameters(), 1e-3, betas=(0., .99), fused=True) for net in (v2.enc, v2.dec, D2)]
    hand = hybrid_step(v2, D2, *opts, gamma=.01, var=.01, r1=1., generator=gen(5))
    same_training((step, batches), (hand, Batches(x, bs=128, seed=5, drop_last=True)), (vae, v2), (D, D2))
    (a, *_), (b, *_) = hybrid_recipe(x), hybrid_recipe(x, seed=0)
    v3, D3, other, few = hybrid_recipe(x, seed=5, gamma=.3, var=.2, lr=1e-2, bs=64)
    v4, D4 = hybrid_nets((1, 8, 8), 32, (128, 128), 5)
    opts = [torch.optim.Adam(net.parameters(), 1e-2, betas=(0., .99), fused=True) for net in (v4.enc, v4.dec, D4)]
    hand = hybrid_step(v4, D4, *opts, gamma=.3, var=.2, generator=gen(5))
    same_training((other, few), (hand, Batches(x, bs=64, seed=5, drop_last=True)), (v3, v4), (D3, D4))
    assert RECIPES["hybrid"]["larsen"].settings == dict(gamma=.01, var=.01, lr=1e-3, bs=128)
    with pytest.raises(ValueError, match="settings: expected one of gamma, var, lr, bs, got 'sigma'"): hybrid_recipe(x, sigma=1.)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))
    t, _, TD = twins((1, 8, 8), 32, (128, 128), seed=0)                        # the twins of the comparison
    assert all(torch.equal(p, q) for p, q in zip(values(t, TD), values(*hybrid_nets((1, 8, 8))), strict=True))

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    eyes = FeatureDiscriminator(nn.Identity(), nn.Linear(D, 1))
    return {"hybrid.feature_nll": (lambda x, y: feature_nll(eyes.to(x.dtype), x, y, .7), (points(seed + 2, B, D), gauss(seed, B, D)[0]), "xm")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

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

exempt(   # names, kinds, why
    ("hybrid.hybrid_nets hybrid.hybrid_recipe", ALL,
     "puts tested parts together: tests/library/test_recipes.py trains every recipe"),
    ("hybrid.FeatureDiscriminator hybrid.FeatureDiscriminator.features hybrid.FeatureDiscriminator.forward "
     "hybrid.hybrid_step", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "hybrid.FeatureDiscriminator": row(dict(body=mlp(16, 8), head=nn.Linear(8, 1)), allow="nan"),
    "hybrid.feature_nll": row(dict(D=eyes, x=X, x_rec=torch.rand(B, *S, generator=dice), var=.5), allow="nan", x=[X[0]], x_rec=[X[:3]], var=POS),
    "hybrid.hybrid_nets": row(dict(x_shape=S, d_z=2, hidden=(8,), seed=0), allow="nan", x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)], seed=[None, 1.5]),
    "hybrid.hybrid_recipe": row(dict(x=IMGS, name="larsen", d_z=2, hidden=(8,), seed=0, gamma=.1, var=.1, lr=1e-3, bs=32), skip="short", allow="nan", x=[IMGS+1], name=["cats", ""], d_z=INT(), hidden=[(0,)], gamma=[-1., NAN], var=POS, settings=[1.],
        lr=POS, bs=INT() + [10**6], seed=[None, 1.5]),
    "hybrid.hybrid_step": row(dict(vae=vae, D=eyes, opt_enc=sgd(vae.enc), opt_dec=sgd(vae.dec), opt_D=sgd(eyes), gamma=.01, var=.01, r1=1.), allow="nan",
        gamma=[-1., NAN], var=POS, r1=[-1., NAN]),
    "hybrid.hybrid_step()": row(dict(x=X), allow="nan", call=hybrid_step(vae, eyes, sgd(vae.enc), sgd(vae.dec), sgd(eyes)), x=[X[0]]),
}
NO_ROW = {
    "hybrid.FeatureDiscriminator.forward": "a plain network: torch refuses a wrong shape",
    "hybrid.FeatureDiscriminator.features": "a plain network",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def the_encoder_of_the_hybrid_is_not_in_the_game():
    "Encoder: KL and features. Decoder: gamma times features, and the game; never the KL"
    torch.manual_seed(0)
    model = mlp_vae((3,), 2, (4,), Normal())
    D = FeatureDiscriminator(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1))
    nets_ = model.enc, model.dec, D
    x = torch.rand(6, 3, generator=gen())
    mu, logvar = model.encode(x)
    z = mu + (.5*logvar).exp()*torch.randn(mu.shape, generator=(g := gen(1)))
    fake = model.mean(torch.cat([z, torch.randn(z.shape, generator=g)]))
    D0 = [p.clone() for p in D.parameters()]
    loss_D = -value(D(x), D(fake.detach())) + 1.*grad_penalty(D, x)
    for p, d in zip(D.parameters(), torch.autograd.grad(loss_D, list(D.parameters()))): p.data -= .1*d
    feat = feature_nll(D, x, fake[:6], .5).mean()
    want = torch.autograd.grad(kl_normal(mu, logvar).mean() + feat, list(model.enc.parameters()), retain_graph=True) \
        + torch.autograd.grad(.3*feat - F.logsigmoid(D(fake)).mean(), list(model.dec.parameters()))
    for p, d in zip(D.parameters(), D0): p.data.copy_(d)
    hybrid_step(model, D, *(torch.optim.SGD(n.parameters(), .1) for n in nets_), gamma=.3, var=.5, r1=1., generator=gen(1))(x)
    for p, w in zip([*model.enc.parameters(), *model.dec.parameters()], want): near((p.grad - w).abs().max(), 0, 1e-6)

MISTAKES = [   # name, function, text, mistaken text, check
    ("the hybrid's KL reaches no one", "hybrid.hybrid_step", "torch.autograd.grad(kl + feat, enc,", "torch.autograd.grad(feat, enc,", the_encoder_of_the_hybrid_is_not_in_the_game),
    ("the hybrid's encoder plays the game", "hybrid.hybrid_step", "torch.autograd.grad(kl + feat, enc,", "torch.autograd.grad(kl + feat + adv, enc,", the_encoder_of_the_hybrid_is_not_in_the_game),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
