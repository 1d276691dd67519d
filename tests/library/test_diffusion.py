"T latents as large as the image: noise levels, one step back, the bound, the loss, sampling, and the ring's exact score"
import copy

import pytest
import torch
from bad_input import CLEAN, IMGS, INSTANCES, INT, NAN, SHAPES, B, S, X, bad_input_tests, dice, row
from helpers import Count, descends, gen, linear, near, points, same_training, seeded, sgd
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, B_, D_, about, exempt, many, property_tests, seeds
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

from vaegan.data import Batches
from vaegan.diffusion import (
    Diffusion,
    alpha_bar,
    diffusion_leak,
    diffusion_recipe,
    diffusion_step,
    halvings,
    init_guess,
    mlp_diffusion,
    step_posterior,
    unet_diffusion,
)


@pytest.mark.parametrize("T", [2, 3, 50])
def test_alpha_bar(T):
    a = alpha_bar(T, 4., -3.)
    assert a.dtype == torch.float64 and a[0] == 1 and len(a) == T + 1
    assert_close((a[1:]/(1 - a[1:])).log(), torch.linspace(4, -3, T, dtype=torch.double))
    assert_close(alpha_bar(5)[[1, -1]].logit(), torch.tensor([7., -5.]).double())
    with pytest.raises(ValueError, match="last: expected less than 1.0, got 2.0"): alpha_bar(T, 1., 2.)
    for arg, ends in (("first", (40., 0.)), ("last", (2., -800.))):              # where 1 - ᾱ or ᾱ would be 0
        with pytest.raises(ValueError, match=f"^{arg}: expected a number in"): alpha_bar(T, *ends)
    with pytest.raises(ValueError, match="last: expected less, for 90 steps that differ, got 35.9"): alpha_bar(90, 36., 35.9)

def test_all_levels_that_are_allowed_can_be_asked():
    "The nearest float to a right angle is above it, and its tangent below 0"
    for first, last in ((36., 30.), (0., -700.)):
        assert Diffusion(Zero(), (2,), alpha_bar(9, first, last)).elbo(points(0, 4, 2).float(), gen(1)).isfinite().all()
    with pytest.raises(ValueError, match=r"net: expected 2 numbers per image, got \[4, 3\]"):
        Diffusion(nn.Linear(10, 3), (2,), alpha_bar(5)).sample(4)

class Normal1(nn.Module):
    "What the network has to add for N(m, s²) data, if the line knows mean 0 and spread 1"
    def __init__(self, m, s): super().__init__(); self.m, self.s = m, s
    def forward(self, seen):
        x, level = seen[:, :-8], torch.atan2(seen[:, -4:-3], seen[:, -8:-7])
        phi = torch.exp(-2*level).atan()
        c, s = phi.cos(), phi.sin()
        var = (c*self.s)**2 + s**2
        return c*s*(1 - self.s**2)/var*(x - c*self.m) - s*self.m

def exact(m, s, T=30, shape=(2,)): return Diffusion(Normal1(m, s), shape, alpha_bar(T)).double()

def test_the_line_is_the_best_guess_of_normal_data():
    "`init_guess` with a network that adds nothing is the exact model of normal data, and `velocity` the conditional mean of v"
    x = .7 + 1.6*points(0, 4000, 2)
    known, plain = exact(x.mean(0), (x - x.mean(0)).square().mean().sqrt().item()), Diffusion(Zero(), (2,), alpha_bar(30)).double()
    init_guess(plain, x)
    at, phi = points(1, 50, 2), torch.linspace(.05, 1.5, 50, dtype=torch.double)
    assert_close(plain.velocity(at, phi), known.velocity(at, phi))
    m, s = x.mean(0), plain.std
    c, n = phi.cos()[:, None], phi.sin()[:, None]
    guess = m + c*s**2/(c**2*s**2 + n**2)*(at - c*m)                                     # of the conditional law of two normal numbers
    assert_close(plain.denoise(at, phi), guess)

class Zero(nn.Module):
    def forward(self, seen): return 0*seen[:, :-8]

def test_the_bound_term_by_term():
    "On average below log p by the leak; and for one image by hand, with the same noise"
    model, x = exact(0., 1.3), 1.3*points(0, 3000, 2)
    lost = td.Normal(0., 1.3).log_prob(x).sum(1) - model.elbo(x, gen(1))
    want = 2*diffusion_leak(torch.tensor([1.69], dtype=torch.double), alpha_bar(30)).sum().item()
    near(lost.mean().item(), want, 4*lost.std().item()/len(x)**.5)
    one, g, a = x[:1], gen(3), alpha_bar(30)
    terms = []
    for t in range(1, 31):
        eps = torch.randn(1, 2, generator=g, dtype=torch.double)
        x_t = a[t].sqrt()*one + (1 - a[t]).sqrt()*eps
        guess = model.denoise(x_t, model.phi[t:t+1].double())
        if t == 1: terms.append(td.Normal(guess, ((1 - a[1])/a[1]).sqrt()).log_prob(one).sum())
        else:
            q, p = (step_posterior(v, x_t, a[t-1].item(), a[t].item()) for v in (one, guess))
            terms.append(-td.kl_divergence(td.Normal(q[0], q[1]**.5), td.Normal(p[0], p[1]**.5)).sum())
    terms.append(-td.kl_divergence(td.Normal(a[30].sqrt()*one, (1 - a[30]).sqrt()), td.Normal(0., 1.)).sum())
    assert_close(model.elbo(one, gen(3))[0], torch.stack(terms).sum(), rtol=1e-4, atol=1e-4)

def test_samples_have_the_law_of_the_model():
    "With the exact velocity of normal data: its mean and its spread, but for what a step's own variance takes away"
    model = exact(.5, 1.3, T=300)
    x = model.sample(4000, gen(1))
    near(x.mean().item(), .5, .06), near(x.std().item(), 1.3, .06)
    assert torch.equal(model.sample(5, gen(2)), model.sample(5, gen(2))) and x.shape == (4000, 2)

def test_loss_and_step():
    "The squared error of the velocity at a step drawn evenly; the step descends it"
    torch.manual_seed(0)
    model = mlp_diffusion((2,), 5, (8,)).double()
    x, g = points(0, 6, 2), gen(4)
    z = torch.randn(6, generator=g, dtype=torch.double)
    t = 1 + (td.Normal(0., 1.).cdf(z)*5).long()
    phi, eps = model.phi[t][:, None], torch.randn(6, 2, generator=g, dtype=torch.double)
    error = model.velocity(phi.cos()*x + phi.sin()*eps, phi[:, 0]) - (phi.cos()*eps - phi.sin()*x)
    assert_close(model(x, gen(4)), error.square().sum(1))
    count, seen = Count(), []
    step = diffusion_step(model, sgd(model), gen(5), (count,))
    noise = gen(5)
    seen = descends(step, [lambda x: model(x, noise).mean()], [points(i, 6, 2) for i in (1, 2)], model)
    assert set(seen[0]) == {"loss"} and count.n == 2
    many_t = (td.Normal(0., 1.).cdf(torch.randn(20_000, generator=g))*5).long().bincount(minlength=5)
    assert (many_t - 4000).abs().max() < 250

def test_diffusion_recipe():
    x = IMGS[:100]
    model, step, batches = diffusion_recipe(x, 1, "even", (8,), seed=5, bs=32)
    torch.manual_seed(5)
    again = mlp_diffusion(S, hidden=(8,))
    init_guess(again, x)
    opt = torch.optim.Adam(again.parameters(), 3e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 3)
    hand = diffusion_step(again, opt, gen(5), (sched,))
    assert linear(model) == linear(again) == [(24, 8), (8, 16)] and again.T == 100
    same_training((step, batches), (hand, Batches(x, bs=32, seed=5, drop_last=True)), (model, again))

def test_halvings():
    "At least two; the fewest pixels added that they divide; eight or more are left on the shorter side, and one more halving would leave fewer"
    for h, w in ((1, 1), (8, 8), (31, 64), (32, 32), (33, 50), (64, 64), (63, 200), (130, 128)):
        n, shape, margin = halvings((3, h, w))
        assert shape == (3, h + margin[3], w + margin[1]) and margin[::2] == (0, 0) and shape[1] % 2**n == shape[2] % 2**n == 0
        assert max(margin) < 2**n and n >= 2 and (n == 2 or min(h, w) >= 8*2**n) and min(h, w) < 8*2**(n + 1)

def test_unet():
    "Any size; begins as the best guess for normal pixels; sees far, knows the level; the recipe takes it from 16 pixels on"
    g = gen(6)
    for shape in ((1, 8, 8), (3, 17, 30), (1, 33, 64)):
        torch.manual_seed(0)
        model, x, phi = unet_diffusion(shape, 5, 8), torch.randn(2, *shape, generator=g), torch.tensor([.4, 1.1])
        assert_close(model.velocity(x, phi), Diffusion(Zero(), shape, alpha_bar(5)).velocity(x, phi))
        for p in model.parameters(): torch.nn.init.normal_(p, std=.2, generator=g)
        base, far = model.velocity(x, phi), x.clone()
        far[0, 0, 0, 0] += 1
        moved = (model.velocity(far, phi) - base).abs().flatten(1)
        assert base.shape == x.shape and moved[0, -1] > 1e-5 and moved[1].max() == 0      # from corner to corner, not to another image
        assert (model.velocity(x, phi.flip(0)) - base).abs().max() > 1e-3
    convs = lambda side: sum(isinstance(m, nn.Conv2d) for m in diffusion_recipe(torch.rand(40, 1, side, side, generator=g), 1, bs=20)[0].modules())
    assert convs(8) == 0 < convs(16)
    flat = diffusion_recipe(torch.rand(40, 20, generator=g), 1, hidden=(8,), bs=20)[0]        # rows of numbers are no images
    assert linear(flat) == [(28, 8), (8, 20)]

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    return {"diffusion.step_posterior": (lambda x, y: step_posterior(x, y, .8, .3)[0], (points(seed, B, D), points(seed + 1, B, D)), "xx")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle", "diffusion.step_posterior")
@settings(many)
@given(seed=seeds, B=B_, D=D_, s=st.floats(.1, .95), a=st.floats(.1, .95))
def test_step_posterior(seed, B, D, s, a):
    "Precisions add up: what the jump from x_0 says, and what the step to x_t says"
    x0, xt = points(seed, B, D), points(seed + 1, B, D)
    mean, var = step_posterior(x0, xt, s, s*a)
    near(var, 1/(1/(1 - s) + a/(1 - a)), 1e-9)
    assert_close(mean, var*(s**.5*x0/(1 - s) + a**.5*xt/(1 - a)))
    assert var < min(1 - s, (1 - a)/a) and step_posterior(x0, xt, 1., a)[1] == 0
    assert_close(step_posterior(x0, xt, 1., a)[0], x0)

@about("values oracle gradient dtype one device extreme", "diffusion.diffusion_leak")
@settings(many)
@given(var=st.floats(.05, 5), T=st.integers(2, 40))
def test_diffusion_leak(var, T):
    "Divergences between normal laws by PyTorch; data of variance 1 lose nothing at the end; never negative"
    a, v = alpha_bar(T), torch.tensor([var], dtype=torch.double)
    leak = diffusion_leak(v, a)[:, 0]
    kl = lambda p, q: td.kl_divergence(td.Normal(0., p.sqrt()), td.Normal(0., q.sqrt()))
    want = [kl(a[-1]*v[0] + 1 - a[-1], torch.tensor(1.).double())]
    for t in range(1, T + 1):
        C = torch.stack([torch.stack([a[t-1]*v[0] + 1 - a[t-1], (a[t]/a[t-1]).sqrt()*(a[t-1]*v[0] + 1 - a[t-1])]), torch.zeros(2).double()])
        C[1] = torch.stack([C[0, 1], a[t]*v[0] + 1 - a[t]])
        taken = (1 - a[t]/a[t-1])*(1 - a[t-1])/(1 - a[t]) if t > 1 else (1 - a[1])/a[1]
        want.append(kl(C[0, 0] - C[0, 1]**2/C[1, 1], taken))
    assert_close(leak, torch.stack(want), rtol=1e-6, atol=1e-9)
    assert (leak >= -1e-12).all() and leak.dtype == torch.float64 and abs(diffusion_leak(torch.ones(1).double(), a)[0, 0]) < 1e-12

exempt(   # names, kinds, why
    ("diffusion.alpha_bar", ALL, "a table of numbers: test_alpha_bar"),
    ("diffusion.halvings", ALL, "whole numbers: test_halvings"),
    ("diffusion.mlp_diffusion diffusion.unet_diffusion diffusion.diffusion_net diffusion.diffusion_recipe diffusion.init_guess", ALL, "puts tested parts together: their tests above"),
    ("diffusion.Diffusion diffusion.Diffusion.velocity diffusion.Diffusion.denoise diffusion.Diffusion.forward diffusion.Diffusion.elbo "
     "diffusion.Diffusion.sample diffusion.diffusion_step", ALL, "a network, a training step: its chapter, its row, the tests above"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
small = seeded(mlp_diffusion, S, 4, (8,))
INSTANCES["diffusion.Diffusion"] = small
CLEAN.append((small, copy.deepcopy(small.state_dict())))
spare = seeded(mlp_diffusion, S, 4, (8,))
PHI = torch.rand(B, generator=dice)
FALL = [torch.tensor([.9, .5, .2]), torch.tensor([1., .5, .5]), torch.tensor([1., .5, -.1]), torch.tensor([1., .5])]

ROWS = {
    "diffusion.alpha_bar": row(dict(T=4, first=3., last=-2.), T=INT(2), first=[NAN], last=[NAN, 5.]),
    "diffusion.step_posterior": row(dict(x_0=X, x_t=torch.rand(B, *S, generator=dice), before=.8, after=.3), allow="nan", x_t=[X[:3]], before=[0., 1.2, NAN],
        after=[0., .8, NAN]),
    "diffusion.diffusion_leak": row(dict(var=torch.tensor([.5, 2.]), alpha_bar=torch.tensor([1., .6, .2])), skip="one short", alpha_bar=FALL),
    "diffusion.Diffusion": row(dict(net=nn.Linear(24, 16), x_shape=S, alpha_bar=alpha_bar(4)), skip="one short", x_shape=SHAPES, alpha_bar=FALL),
    "diffusion.Diffusion.velocity": row(dict(x=X, phi=PHI), allow="nan", phi=[PHI[:3], 0*PHI, 0*PHI + 1.5707964]),
    "diffusion.Diffusion.denoise": row(dict(x=X, phi=PHI), allow="nan", phi=[PHI[:3], 0*PHI, 0*PHI + 1.5707964]),
    "diffusion.Diffusion.forward": row(dict(x=X), allow="nan"),
    "diffusion.Diffusion.elbo": row(dict(x=X), allow="nan"),
    "diffusion.Diffusion.sample": row(dict(n=2), n=INT()),
    "diffusion.mlp_diffusion": row(dict(x_shape=S, T=4, hidden=(8,)), allow="nan", x_shape=SHAPES, T=INT(2), hidden=[(0,), (1.5,)], first=[NAN], last=[NAN, 9.]),
    "diffusion.diffusion_net": row(dict(x_shape=S, T=4, hidden=(8,)), allow="nan", x_shape=SHAPES, T=INT(2), hidden=[(0,), (1.5,)], first=[NAN], last=[NAN, 9.]),
    "diffusion.halvings": row(dict(x_shape=S), x_shape=[(8, 8), (8,), None]),
    "diffusion.unet_diffusion": row(dict(x_shape=S, T=4, width=8), allow="nan", x_shape=[(8, 8), (8,), None], T=INT(2), width=INT() + [12], first=[NAN], last=[NAN, 9.]),
    "diffusion.diffusion_recipe": row(dict(x=IMGS, epochs=1, name="even", hidden=(8,), seed=0, bs=32), skip="short deeper", allow="nan", x=[IMGS + 1], epochs=INT(),
        name=["cats", 3], hidden=[(0,), (1.5,)], bs=[0, -3, 1.5, 10**6], seed=[None, 1.5]),
    "diffusion.diffusion_step": row(dict(model=small, opt=sgd(small)), allow="nan"),
    "diffusion.init_guess": row(dict(model=spare, x=X), x=[X[:, :, :2]]),
}
NO_ROW = {}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def the_bound_falls_short_by_the_leak():
    model, x = exact(0., 1.3), 1.3*points(0, 3000, 2)
    lost = td.Normal(0., 1.3).log_prob(x).sum(1) - model.elbo(x, gen(1))
    want = 2*diffusion_leak(torch.tensor([1.69], dtype=torch.double), alpha_bar(30)).sum().item()
    near(lost.mean().item(), want, 4*lost.std().item()/len(x)**.5)

def samples_have_the_spread_of_the_data():
    near(exact(0., 1.3, T=300).sample(3000, gen(1)).std().item(), 1.3, .08)

MISTAKES = [   # name, function, text, mistaken text, check
    ("a variance taken for a standard deviation", "diffusion.Diffusion.sample", "var**.5*draw_eps", "var*draw_eps", samples_have_the_spread_of_the_data),
    ("the half before the divergences forgotten", "diffusion._terms", "yield -.5*(snr[t-1]", "yield -1.*(snr[t-1]", the_bound_falls_short_by_the_leak),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
