"Has it converged? A fresh discriminator, precision and recall, Parzen windows, and the recipes"
import math

import numpy as np
import pytest
import torch
from bad_input import IMGS, INT, POS, X, bad_input_tests, normals, row
from helpers import gen, linear, params, points, same_training, seeded, values
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import ALL, D_, about, exempt, many, property_tests, seeds
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

from vaegan.convergence import fresh_discriminator, gan_recipe, parzen_log_prob, precision_recall
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.gan import Discriminator, d_loss, gan_step, mlp_gan
from vaegan.minimax import accuracy, value
from vaegan.nets import mlp


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
    same_training((step, batches), (gan_step(G2, D2, *opts, generator=gen(5), schedules=tuple(scheds), **kw), Batches(x, bs=bs, seed=5, drop_last=True)), (G, G2), (D, D2))
    assert [s.state_dict() for k, s in step.state.items() if k.startswith("sched")] == [s.state_dict() for s in scheds]
    (a, *_), (b, *_) = gan_recipe(x, 3), gan_recipe(x, 3, "relativistic", seed=0)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))

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

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    windows = points(seed + 6, 4, D)
    return {"convergence.parzen_log_prob": (lambda x: parzen_log_prob(x, windows.to(x), .7), (points(seed + 2, B, D),), "x")}

def by_batch(seed, B, D):
    num = lambda *a: torch.tensor(a, device="cpu", dtype=torch.double)
    return {"convergence.precision_recall": (lambda a, b: num(*precision_recall(a, b, 1).values()), (points(seed + 2, B, D), points(seed + 3, B, D)), "xx")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row, by_batch)

@about("values oracle", "convergence.precision_recall")
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

@about("values oracle", "convergence.parzen_log_prob")
@settings(many)
@given(seed=seeds, n=st.integers(1, 8), D=D_, std=st.floats(.1, 3))
def test_parzen(seed, n, D, std):
    x, s = points(seed, 4, D), points(seed + 1, n, D)
    mix = td.MixtureSameFamily(td.Categorical(torch.ones(n).double()), td.Independent(td.Normal(s, std), 1))
    assert_close(parzen_log_prob(x, s, std), mix.log_prob(x), rtol=1e-5, atol=1e-5)
    assert (parzen_log_prob(x, s, std) <= -.5*D*math.log(2*math.pi*std**2) + 1e-9).all()
    assert_close(parzen_log_prob(x + 1, s + 1, std), parzen_log_prob(x, s, std), rtol=1e-6, atol=1e-6)
    assert parzen_log_prob(x + 1e4, s, std).isfinite().all()

exempt(   # names, kinds, why
    ("convergence.gan_recipe", ALL,
     "puts tested parts together: tests/library/test_recipes.py trains every recipe"),
    ("convergence.precision_recall", "gradient one dtype",
     "a figure for a set, made without gradients; nll by row: see log_weights"),
    ("convergence.fresh_discriminator", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "convergence.gan_recipe": row(dict(x=IMGS, epochs=1, name="nonsaturating", d_z=2, hidden=(8,), seed=0), skip="short", x=[IMGS+1], epochs=INT(), name=["best", 3], d_z=INT(), hidden=[(0,)], seed=[None, 1.5], bs=[0, 1.5]),
    "convergence.fresh_discriminator": row(dict(real=X, fake=X, real_test=X, fake_test=X, hidden=(4,), steps=1, bs=2, seed=0), skip="one", hidden=[(0,)],
        steps=INT(), bs=INT(), seed=[None, 1.5]),
    "convergence.precision_recall": row(dict(real=rnd(9, 3), fake=rnd(8, 3), k=2), k=INT()),
    "convergence.parzen_log_prob": row(dict(x=X, samples=X, std=.2), skip="one", allow="nan", std=POS),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
