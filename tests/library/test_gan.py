"The players, their losses, and one step of their game"
import math

import pytest
import torch
import torch.nn.functional as F
from bad_input import INT, NAN, SHAPES, B, D, G, S, X, Y, Z, bad_input_tests, cG, normals, row
from helpers import (
    Count,
    a_critic,
    full,
    gen,
    near,
    params,
    penalty_is_half_the_squared_slope,
    points,
    seeded,
    sgd,
    slope,
    values,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, D_, KINDS, about, exempt, many, property_tests, seeds
from scipy import optimize
from torch import nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.convergence import fresh_discriminator, parzen_log_prob
from vaegan.failures import wgan_gp_step
from vaegan.gan import Generator, centre_logits, d_loss, frozen, g_loss, gan_step, grad_penalty, join_labels, mlp_gan
from vaegan.minimax import value
from vaegan.nets import mlp, n_params


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
    step, hand = gan_step(G, D, sgd(G), sgd(D), **kw, generator=gen(1), schedules=sched), play_by_hand(G2, D2, **full, noise=gen(1))
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

def test_mlp_players():
    G, D = mlp_gan((1, 2, 3), 4, (5, 7))
    assert [type(m).__name__ for m in G.net] == ["Flatten", "Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear", "Sigmoid"]
    assert [type(m).__name__ for m in D.net] == ["Flatten", "Linear", "LeakyReLU", "Linear", "LeakyReLU", "Linear"] and D.net[2].negative_slope == .2
    assert n_params(G) == 4*5 + 5 + 10 + 5*7 + 7 + 14 + 7*6 + 6 and n_params(D) == 6*5 + 5 + 5*7 + 7 + 7 + 1
    assert G(torch.randn(3, 4)).shape == (3, 1, 2, 3) and D(torch.rand(3, 1, 2, 3)).shape == (3,)
    assert mlp_gan((2,), 1, (1,))[0].sample(1).shape == (1, 2)

@pytest.mark.parametrize("make", [lambda: mlp_gan((1, 2, 2), 3, (8,))[0], lambda: Generator(mlp(3+2, 8, 4, norm=True), 3, (1, 2, 2), 2)])
def test_generators_sample_in_evaluation_mode(make):
    "No image depends on the others, no graph, and the mode is put back; noise is normal"
    G = seeded(make)
    with torch.no_grad(): [G.train()(G.noise(50, gen(i))) for i in range(9)]
    z = G.noise(6, gen(3))
    one = G.eval()(z).detach()
    for mode in (True, False):
        G.train(mode)
        x = G.sample(6, gen(3))
        assert_close(x.flatten(1), one.flatten(1)[:, :4])
        assert G.training == mode and not x.requires_grad
    many = G.noise(4000, gen())[:, :3]
    assert many.mean().abs() < .05 and abs(many.var() - 1) < .05 and many.min() < -2.5

def test_conditional_generator():
    G = seeded(Generator, mlp(3+2, 8, 4, norm=True), 3, (1, 2, 2), 2)
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
        imgs = G.sample(5, gen(), y)
        assert G.training == mode and imgs.shape == (5, 1, 2, 2) and not imgs.requires_grad
        assert_close(imgs.flatten(1), G.eval()(z)[:, :4].detach())             # in evaluation mode, whatever it was in
    one = Generator(mlp(1+1, 1), 1, (1,), 1)
    assert one.sample(1, y=torch.zeros(1).long()).shape == (1, 1)

def test_classes_are_drawn_by_their_shares():
    "As often as they should be, never the one of share 0, and the same for the same generator"
    shares = torch.tensor([1., 0., 3.])
    G = Generator(mlp(2+3, 4), 2, (1, 2, 2), 3, shares)
    y = G.noise(4000, gen())[:, 2:]
    assert_close(y, F.one_hot(y.argmax(1), 3).float())
    assert y[:, 1].sum() == 0 and abs(y[:, 2].mean() - .75) < 4*math.sqrt(.75*.25/4000)
    assert torch.equal(G.noise(9, gen(3)), G.noise(9, gen(3)))
    assert not torch.equal(G.noise(9, gen(3), torch.ones(9).long())[:, 2:], G.noise(9, gen(3))[:, 2:])   # who asks for a class gets it

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
                    (r"x: expected shape \[B>=7", lambda: gan_step(G, D, sgd(G), sgd(D), k=7)(x)), ("x", lambda: join_labels(one, torch.tensor([0, 1]), 2)),
                    ("x", lambda: parzen_log_prob(one, x, .1)), ("samples", lambda: parzen_log_prob(x, one, .1)),
                    *((k, lambda k=k: fresh_discriminator(**dict(real=x, fake=x, real_test=x, fake_test=x) | {k: one})) for k in ("real", "fake", "real_test", "fake_test"))):
        with pytest.raises(ValueError, match=what if " " in what else rf"{what}: expected shape \["): f()
    assert set(fresh_discriminator(x, x, x, x, steps=1)) == {"value", "accuracy", "js"}
    assert join_labels(x, torch.arange(6) % 2, 2).shape == (6, 4)

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    no_class = torch.zeros(B, dtype=torch.long)
    return {"gan.join_labels": (lambda x: join_labels(x, no_class[:len(x)], 3), (points(seed + 2, B, D),), "x")}

def by_batch(seed, B, D):
    r, f, x, critic = points(seed, B), points(seed + 1, B), points(seed + 2, B, D), a_critic(seed, D)
    out = {"gan.centre_logits": (lambda r, f: torch.cat(centre_logits(r, f)), (r, f), "ll"), "gan.grad_penalty": (lambda x: grad_penalty(critic(x.dtype), x), (x,), "x")}
    for k in KINDS:
        out[f"gan.d_loss {k}"] = lambda r, f, k=k: d_loss(r, f, k), (r, f), "ll"
        out[f"gan.g_loss {k}"] = lambda f, r, k=k: g_loss(f, k, r), (f, r), "ll"
    return out

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row, by_batch)

@about("values oracle", "gan.d_loss", "gan.g_loss", "gan.centre_logits")
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
    R, S = centre_logits(r, f)
    assert_close(.5*(R.mean() + S.mean()), torch.tensor(0.).double())
    assert_close(R - S, r - f)
    for u, v in zip(centre_logits(r + c, f + c), (R, S)): assert_close(u, v)

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

@about("values oracle", "gan.join_labels")
@settings(many)
@given(seed=seeds, n=st.integers(1, 6), K=st.integers(1, 5))
def test_join_labels(seed, n, K):
    x, y = points(seed, n, 1, 2, 2), torch.randint(K, (n,), generator=gen(seed))
    xy = join_labels(x, y, K)
    assert_close(xy[:, :4], x.flatten(1))
    assert xy[:, 4:].argmax(1).equal(y) and (xy[:, 4:].sum(1) == 1).all() and xy.dtype == x.dtype

exempt(   # names, kinds, why
    ("gan.centre_logits gan.d_loss gan.g_loss gan.grad_penalty", "one",
     "an average or one state, not a row per datum"),
    ("gan.Discriminator gan.Discriminator.forward "
     "gan.Generator gan.Generator.forward gan.Generator.noise gan.Generator.sample gan.conv_gan gan.frozen "
     "gan.gan_step gan.mlp_gan", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "gan.Generator": row(dict(net=cG.net, d_z=2, x_shape=S, n_classes=3, shares=torch.tensor([.2, .5, .3])), d_z=INT(), x_shape=SHAPES, n_classes=INT(0),
                         shares=[torch.ones(2), torch.tensor([.2, .5, -.3]), [.2, .5, .3]], skip="device"),
    "gan.Generator.forward": row(dict(z=Z), allow="nan inf", z=[Z[0]]),
    "gan.Generator.forward conditional": row(dict(z=rnd(B, 5)), call=cG.forward, allow="nan inf"),
    "gan.Generator.noise": row(dict(n=3), allow="nan inf", n=INT(), y=[torch.zeros(3).long()]),
    "gan.Generator.noise conditional": row(dict(n=6, y=Y), call=cG.noise, allow="nan inf", n=INT(), y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]]),
    "gan.Generator.sample": row(dict(n=3), allow="nan inf", n=INT(), y=[torch.zeros(3).long()]),
    "gan.Generator.sample conditional": row(dict(n=6, y=Y), call=cG.sample, allow="nan inf", n=INT(), y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]]),
    "gan.Discriminator": row(dict(net=D.net)),
    "gan.mlp_gan": row(dict(x_shape=S, d_z=2, hidden=(8,)), allow="inf", x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)]),
    "gan.conv_gan": row(dict(x_shape=S, d_z=2, width=2), x_shape=SHAPES + [(1, 6, 4), (4, 4)], d_z=INT(), width=INT()),
    "gan.d_loss": row(dict(real_logits=rnd(B), fake_logits=rnd(B), loss="saturating"), skip="short one", allow="nan inf shape", loss=["wasserstein", None]),
    "gan.d_loss relativistic": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), allow="nan inf shape", call=lambda **k: d_loss(loss="relativistic", **k), fake_logits=[rnd(B, 1), rnd(1)]),
    "gan.g_loss": row(dict(fake_logits=rnd(B), loss="saturating"), skip="short", allow="nan inf shape", loss=["wasserstein", None], real_logits=None),
    "gan.g_loss relativistic": row(dict(fake_logits=rnd(B), real_logits=rnd(B)), allow="nan inf shape", call=lambda **k: g_loss(loss="relativistic", **k), real_logits=[None, rnd(B, 1), rnd(1)]),
    "gan.grad_penalty": row(dict(D=D, x=X), skip="short deeper", allow="nan"),
    "gan.centre_logits": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short one", allow="nan shape"),
    "gan.gan_step": row(dict(G=G, D=D, opt_G=sgd(G), opt_D=sgd(D), k=1, l=1, loss="saturating", r1=0., r2=0.), allow="nan",
        k=INT(), l=INT(), loss=["wasserstein"], r1=[-1., NAN], r2=[-1., NAN]),
    "gan.gan_step()": row(dict(x=X), skip="short", allow="nan", call=gan_step(G, D, sgd(G), sgd(D), k=2), x=[X[:1]]),
    "gan.join_labels": row(dict(x=X, y=Y, n_classes=3), skip="short device deeper", allow="nan", y=[Y+1, Y-1, Y[1:], Y.float(), Y.tolist()], n_classes=INT()),
}
NO_ROW = {
    "gan.frozen": "takes a network",
    "gan.Discriminator.forward": "a plain network",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def saturation_lies_at_small_d():
    "Slopes in the logit of a fake: flat where D is sure that it is fake, for the saturating loss alone"
    s = lambda l, kind: slope(lambda t: g_loss(t, kind), l)
    sig = lambda l: 1/(1 + math.exp(-l))
    for l in (-5., -4., 5.):
        near(s(l, "saturating"), -sig(l))
        near(s(l, "nonsaturating"), sig(l) - 1)
    near(s(-4., "saturating"), -.018, 1e-3)
    near(s(-4., "nonsaturating"), -.982, 1e-3)

def best_d(loss):
    "The constant D that is best where data and generator agree"
    return 1/(1 + math.exp(-optimize.minimize_scalar(lambda l: float(loss(full(l, 3), full(l, 3))), bounds=(-4, 4), method="bounded", options=dict(xatol=1e-7)).x))

def best_d_is_a_half(): near(best_d(d_loss), .5, 1e-4)

def game(k=1, l=1, loss="nonsaturating", n=12):
    torch.manual_seed(0)
    G, D = mlp_gan((2,), 2, (4,), norm=False)
    opts = [torch.optim.SGD(net.parameters(), .1) for net in (G, D)]
    return G, D, opts, torch.rand(n, 2, generator=gen()), gan_step(G, D, *opts, k=k, l=l, loss=loss, generator=gen(1))

def only_the_player_in_turn_learns():
    "A step changes both players; afterwards D's gradients are those of its own loss, untouched by G's"
    G, D, _, x, step = game()
    before = [p.detach().clone() for p in G.parameters()], [p.detach().clone() for p in D.parameters()]
    g = gen(1)
    fake = G(G.noise(len(x), g)).detach()
    want = torch.autograd.grad(d_loss(D(x), D(fake)), list(D.parameters()))
    step(x)
    assert any(not torch.equal(a, b) for a, b in zip(before[0], G.parameters())), "G stood still"
    for p, b, w in zip(D.parameters(), before[1], want):
        near((p.grad - w).abs().max(), 0, 1e-6)
        near((b - .1*w - p).abs().max(), 0, 1e-6)

def the_value_is_reported_not_the_generators_loss():
    G, D, _, x, step = game()
    with torch.no_grad():
        fake = G(G.noise(len(x), gen(1)))
        want = value(D(x), D(fake))
    near(step(x)["value"], want)

def d_moves_k_times_on_fresh_data():
    G, D, (_, opt_D), x, step = game(k=3)
    seen, moves = [], []
    D.register_forward_pre_hook(lambda net, args: seen.append(args[0].detach().clone()))
    opt_D.register_step_post_hook(lambda *_: moves.append(1))
    step(x)
    assert len(moves) == 3, f"{len(moves)} updates of D for k = 3"
    real = torch.cat([s[:len(s)//2] for s in seen[:3]])
    assert torch.equal(real, x), "each update sees its own part of the batch"

MISTAKES = [   # name, function, text, mistaken text, check
    ("the generator's loss is said to be flat at D ≈ 1", "gan.g_loss", "F.logsigmoid(-fake_logits)", "-F.logsigmoid(fake_logits).neg()", saturation_lies_at_small_d),
    ("log(1−D) derived, −log D coded", "gan.g_loss", "return F.logsigmoid(-fake_logits).mean()", "return -F.logsigmoid(fake_logits).mean()", saturation_lies_at_small_d),
    ("−log D derived, log(1−D) coded", "gan.g_loss", "return -F.logsigmoid(fake_logits).mean()", "return F.logsigmoid(-fake_logits).mean()", saturation_lies_at_small_d),
    ("progress read off the generator's loss", "gan.gan_step", "dict(value=value(*logits)", "dict(value=lossG.detach()", the_value_is_reported_not_the_generators_loss),
    ("D ascends only on real data", "gan.d_loss", "return -value(real_logits, fake_logits)", "return -F.logsigmoid(real_logits).mean()", best_d_is_a_half),
    ("G's step also fills D's gradients", "gan.gan_step", "with frozen(D):", "if True:", only_the_player_in_turn_learns),
    ("D's gradients pile up", "gan.gan_step", "_descend(opt_D, lossD)", "_descend(opt_D, lossD); [p.grad.add_(1.) for p in D.parameters()]", only_the_player_in_turn_learns),
    ("k steps made one", "gan.gan_step", "for real in x.tensor_split(k):", "for real in [x]:", d_moves_k_times_on_fresh_data),
    ("k steps on the same images", "gan.gan_step", "for real in x.tensor_split(k):", "for real in [x.tensor_split(k)[0]]*k:", d_moves_k_times_on_fresh_data),
    ("the penalty on the norm, not on its square", "gan.grad_penalty", ".square().sum(1).mean()", ".square().sum(1).sqrt().mean()", penalty_is_half_the_squared_slope),
    ("the penalty without its half", "gan.grad_penalty", "return .5*g", "return g", penalty_is_half_the_squared_slope),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
