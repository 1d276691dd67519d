"Cures and what they count: moving averages, smoothed labels, spectral norms, covered modes, the slope of one"
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from bad_input import INT, NAN, POS, B, D, G, S, X, Z, bad_input_tests, dice, normals, row
from helpers import a_critic, full, gen, near, params, penalty_is_half_the_squared_slope, points, seeded, sgd, values
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, D_, about, exempt, many, property_tests, seeds
from scipy import optimize
from scipy.spatial.distance import cdist
from torch import nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.data import ring, ring_modes
from vaegan.dynamics import ema
from vaegan.failures import covered_modes, lipschitz_penalty, smoothed_d_loss, spectral, wgan_gp_step
from vaegan.gan import mlp_gan
from vaegan.minimax import value
from vaegan.nets import mlp


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

def test_lipschitz_penalty_by_hand():
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

def test_ema_by_hand():
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

def test_spectral_by_hand():
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

def test_covered_modes_by_hand():
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
    with pytest.raises(ValueError, match=r"x: expected shape \[N, 2\]"): covered_modes(torch.zeros(2, 3))

# --------------------------------------------------------------------------------------------------------- properties
def by_batch(seed, B, D):
    r, f, x, y = points(seed, B), points(seed + 1, B), points(seed + 2, B, D), points(seed + 3, B, D)
    critic, num = a_critic(seed, D), lambda *a: torch.tensor(a, device="cpu", dtype=torch.double)
    return {"failures.smoothed_d_loss": (smoothed_d_loss, (r, f), "ll"),
            "failures.lipschitz_penalty": (lambda x, y: lipschitz_penalty(critic(x.dtype), x, y, gen(0)), (x, y), "xx"),
            "failures.covered_modes": (lambda x: num(*covered_modes(x)), (points(seed, B, 2),), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_batch=by_batch)

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

@about("values oracle", "failures.smoothed_d_loss")
@settings(many)
@given(seed=seeds, n=st.integers(1, 6), alpha=st.floats(.51, 1))
def test_smoothed_loss(seed, n, alpha):
    r, f = points(seed, n)*3, points(seed + 1, n)*3
    full = -(alpha*F.logsigmoid(r) + (1 - alpha)*F.logsigmoid(-r)).mean() - F.logsigmoid(-f).mean()
    assert_close(smoothed_d_loss(r, f, alpha), full)
    assert_close(smoothed_d_loss(r, f, 1.), -value(r, f))
    best = torch.full((1,), math.log(alpha/(1 - alpha)) if alpha < 1 else 50.).double()
    assert smoothed_d_loss(best, f, alpha) <= smoothed_d_loss(r, f, alpha) + 1e-9                        # the real label is alpha, not one

@about("values oracle", "failures.spectral")
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

@about("values oracle", "failures.covered_modes", "data.ring_modes")
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

@about("values oracle gradient", "failures.lipschitz_penalty")
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

exempt(   # names, kinds, why
    ("dynamics.ema failures.spectral", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("failures.covered_modes", "device",
     "the centres are made where new tensors go, then moved to the points"),
    ("failures.covered_modes", "gradient one dtype",
     "a figure for a set, made without gradients; nll by row: see log_weights"),
    ("failures.lipschitz_penalty failures.smoothed_d_loss", "one",
     "an average or one state, not a row per datum"),
    ("failures.wgan_gp_step", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "dynamics.ema": row(dict(net=mlp(2, 2), decay=.9), decay=[-.1, 1., NAN]),
    "failures.smoothed_d_loss": row(dict(real_logits=rnd(B), fake_logits=rnd(B), alpha=.9), skip="short one", allow="nan inf shape", alpha=[.5, 1.1, NAN]),
    "failures.covered_modes": row(dict(x=Z, modes=3, radius=1., std=.1, least=.1), modes=INT(), radius=POS, std=POS, least=[-.1, 1.1, NAN]),
    "failures.lipschitz_penalty": row(dict(D=D, real=X, fake=torch.rand(B, *S, generator=dice)), allow="nan"),
    "failures.wgan_gp_step": row(dict(G=G, D=D, opt_G=sgd(G), opt_D=sgd(D), k=1, lam=10.), allow="nan", k=INT(), lam=[-1., NAN]),
    "failures.wgan_gp_step()": row(dict(x=X), skip="short", allow="nan", call=wgan_gp_step(G, D, sgd(G), sgd(D), k=2), x=[X[:1]]),
}
NO_ROW = {
    "failures.spectral": "takes a network",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def best_d(loss):
    "The constant D that is best where data and generator agree"
    return 1/(1 + math.exp(-optimize.minimize_scalar(lambda l: float(loss(full(l, 3), full(l, 3))), bounds=(-4, 4), method="bounded", options=dict(xatol=1e-7)).x))

def best_d_under_smoothing():
    "Labels α on real data only: D = α/2 at p = q, and V itself at α = 1"
    for alpha in (.9, .95): near(best_d(lambda r, f: smoothed_d_loss(r, f, alpha)), alpha/2, 1e-4)
    r, f = torch.randn(2, 7, generator=gen())
    near(smoothed_d_loss(r, f, 1.), -value(r, f))

MISTAKES = [   # name, function, text, mistaken text, check
    ("smoothing that drops the second term", "failures.smoothed_d_loss", "F.binary_cross_entropy_with_logits(real_logits, label)", "alpha*F.softplus(-real_logits).mean()", best_d_under_smoothing),
    ("fake labels smoothed too", "failures.smoothed_d_loss", "F.softplus(fake_logits).mean()", "F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, 1 - alpha))", best_d_under_smoothing),
    ("a slope of at most 1 taken for a slope of 0", "failures.lipschitz_penalty", ".norm(dim=1) - 1)", ".norm(dim=1))", penalty_is_half_the_squared_slope),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
