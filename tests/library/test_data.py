"Digits, coins, batches that repeat or lose nothing, and toy densities"
import math
import random

import numpy as np
import pytest
import torch
from bad_input import INT, NAN, POS, X, Y, Z, bad_input_tests, dice, row
from helpers import gen, near, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, about, exempt, many, property_tests, seeds
from torch import distributions as td
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal
from torch.testing import assert_close

from vaegan.data import Batches, banana, banana_log_prob, binarize, ring, ring_log_prob, ring_modes
from vaegan.datasets import digits


def test_defaults_of_the_data():
    a = torch.arange(300.)
    for u, v in zip(Batches(a), Batches(a, bs=128, seed=0, stochastic=False, drop_last=False)): assert torch.equal(u, v)
    assert [len(b) for b in Batches(a)] == [128, 128, 44]
    assert next(iter(Batches(torch.full((4, 2), .5), stochastic=True))).unique().tolist() == [0., 1.]
    assert len(Batches(a[:1], bs=1)) == 1
    grey = Batches(torch.full((1, 64), .5), bs=1, stochastic=True)
    assert len({tuple(x.flatten().tolist()) for _ in range(60) for x in grey}) == 60, "coins that come again"
    for seed in (-2**63, 2**64 - 1): Batches(a, seed=seed)
    for seed in (-2**63 - 1, 2**64):
        with pytest.raises(ValueError, match="seed: expected"): Batches(a, seed=seed)

def test_bent_gaussian():
    "A straight one is a plain Gaussian; bending moves mass, not its mean, and its density is that of the plain one"
    x = points(0, 50, 2)
    assert_close(banana_log_prob(x, 0., .5), MultivariateNormal(torch.zeros(2).double(), torch.diag(torch.tensor([1., .25]).double())).log_prob(x))
    straight = torch.stack([x[:, 0], x[:, 1] - .8*(x[:, 0]**2 - 1)], 1)
    assert_close(banana_log_prob(x, .8, .5), banana_log_prob(straight, 0., .5))
    s = banana(60_000, generator=gen())
    assert s.mean(0).abs().max() < .02 and abs(torch.cov(s.T)[0, 1]) < .02 and s[:, 1].min() > -2.5
    assert banana(1).shape == ring(1, modes=1).shape == (1, 2) and ring_modes(1, 3.).tolist() == [[3., 0.]]

@settings(max_examples=80, deadline=None)
@given(n=st.integers(1, 60), bs=st.integers(1, 70), seed=st.integers(-2**63, 2**63 - 1), drop_last=st.booleans(), labels=st.booleans())
def test_every_example_once(n, bs, seed, drop_last, labels):
    x, y = torch.arange(n)[:, None].float()*2, torch.arange(n)
    if drop_last and bs > n:
        with pytest.raises(ValueError, match="bs: expected at most"): Batches(x, bs=bs, drop_last=True)
        return
    batches = Batches(x, y if labels else None, bs=bs, seed=seed, drop_last=drop_last)
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches)
        if labels:
            assert all(isinstance(b, tuple) for b in epoch)
            assert all((xb[:, 0] == 2*yb).all() for xb, yb in epoch), "labels left their examples"
        xs = [b[0] if labels else b for b in epoch]
        assert all(len(b) == bs for b in xs[:-1]) and len(xs[-1]) == (bs if drop_last else n - bs*(len(xs) - 1))
        seen = torch.cat(xs)[:, 0].tolist()
        assert len(set(seen)) == len(seen) == (n//bs*bs if drop_last else n)
    assert x[:, 0].equal(torch.arange(n).float()*2)     # the data stay as they were

def test_new_order_every_epoch_and_the_same_for_the_same_seed():
    x = torch.arange(100)
    orders = lambda seed: [torch.cat(list(b)).tolist() for b in [Batches(x, bs=32, seed=seed)] for _ in range(5)]
    a = orders(0)
    assert len({tuple(o) for o in a}) == 5 and list(range(100)) not in a
    assert orders(0) == a and orders(1)[0] != a[0]

def test_bytes_stay_bytes_and_a_batch_of_them_is_floats():
    "The same batches, bit for bit, as from floats, with coins and without; labels and other whole numbers stay what they are"
    octets, y = torch.randint(0, 256, (40, 3, 5, 7), dtype=torch.uint8, generator=gen()), torch.arange(40, dtype=torch.uint8)
    for coins in (False, True):
        for (a, u), (b, v) in zip(Batches(octets, y, bs=16, stochastic=coins), Batches(octets.float()/255, y, bs=16, stochastic=coins)):
            assert a.dtype == torch.float32 and a.equal(b) and u.equal(v) and u.dtype == torch.uint8 and a.shape[1:] == (3, 5, 7)
    held = Batches(octets, bs=16).x
    assert held.dtype == torch.uint8 and held.data_ptr() == octets.data_ptr(), "a copy"
    assert next(iter(Batches(torch.arange(10)))).dtype == torch.int64

def test_all_orders_are_equally_likely():
    b, n = Batches(torch.arange(3), bs=3), 6000
    orders = [tuple(next(iter(b)).tolist()) for _ in range(n)]
    share = torch.tensor([orders.count(o)/n for o in sorted(set(orders))])
    assert len(share) == 6 and ((share - 1/6).abs() < 4*(5/36/n)**.5).all()

def test_drop_last_leaves_out_others_each_epoch():
    b = Batches(torch.arange(5), bs=4, drop_last=True)
    left = {(set(range(5)) - set(torch.cat(list(b)).tolist())).pop() for _ in range(60)}
    assert left == set(range(5))

def test_two_passes_at_once():
    b = Batches(torch.arange(20), bs=3)
    pairs = list(zip(b, b))
    for k in (0, 1): assert sorted(torch.cat([p[k] for p in pairs]).tolist()) == list(range(20))

def test_stochastic_coins():
    x = torch.full((64, 1, 4, 4), .3)
    b = Batches(x, bs=10, stochastic=True)
    first, second = (torch.cat(list(b)) for _ in range(2))
    assert set(first.unique().tolist()) == {0., 1.} and first.dtype == x.dtype
    assert (first != second).float().mean() > .3                      # 2·.3·.7 = .42 of the pixels
    many = torch.stack([torch.cat(list(b)).mean() for _ in range(200)])
    assert abs(many.mean() - .3) < 4*many.std()/200**.5
    assert (x == .3).all(), "the data were changed"
    again = Batches(x, bs=10, stochastic=True)
    assert torch.cat(list(again)).equal(first) and torch.cat(list(again)).equal(second)
    assert not torch.cat(list(Batches(x, bs=10, stochastic=True, seed=1))).equal(first)

def test_coins_within_an_epoch_are_independent():
    "The same image in two batches of one epoch must not get the same coins"
    b = list(Batches(torch.full((2, 1, 16, 16), .5), bs=1, stochastic=True))
    assert abs((b[0] != b[1]).float().mean() - .5) < 4*.5/16

def test_coins_follow_their_pixels():
    x = torch.linspace(0, 1, 50)[:, None].round().expand(50, 9)      # black and white already: coins change nothing
    for xb, y in Batches(x, torch.arange(50), bs=7, stochastic=True): assert xb.equal(x[y])

def test_an_epoch_broken_off_does_not_change_the_next():
    x = torch.rand(40, 1, 3, 3, generator=gen())
    whole, broken = (Batches(x, bs=8, stochastic=True) for _ in range(2))
    list(whole)
    next(iter(broken))
    assert torch.cat(list(whole)).equal(torch.cat(list(broken)))

def test_grey_stays_grey():
    x = torch.rand(10, 1, 2, 2, generator=gen())
    assert torch.cat(list(Batches(x, bs=3))).flatten().sort().values.equal(x.flatten().sort().values)

def test_global_random_state_is_left_alone():
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    before = torch.get_rng_state().clone(), np.random.get_state()[1].tolist(), random.getstate()
    d = digits(seed=1)
    for s in (False, True): list(Batches(d.x, d.y, stochastic=s))
    binarize(d.x, gen())
    ring(9, generator=gen())
    banana(9, generator=gen())
    assert torch.get_rng_state().equal(before[0]) and np.random.get_state()[1].tolist() == before[1] and random.getstate() == before[2]
    a = torch.cat(list(Batches(d.x, stochastic=True)))
    torch.manual_seed(99)
    assert a.equal(torch.cat(list(Batches(d.x, stochastic=True)))), "the global seed has an influence"

@settings(max_examples=40, deadline=None)
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 2**31), double=st.booleans())
def test_binarize(shape, seed, double):
    dtype = torch.double if double else torch.float
    x = (torch.rand(shape, generator=gen(seed), dtype=dtype)*3 - 1).clamp(0, 1)      # a third black, a third white
    b = binarize(x, gen(seed))
    assert b.dtype == x.dtype and b.shape == x.shape and ((b == 0) | (b == 1)).all()
    assert (b[x == 0] == 0).all() and (b[x == 1] == 1).all()
    assert b.equal(binarize(x, gen(seed)))

@pytest.mark.parametrize("u", [0., 1 - 2**-24])
def test_binarize_at_the_ends_of_the_dice(monkeypatch, u):
    "Even the rarest draw leaves white white and black black"
    monkeypatch.setattr(torch, "rand", lambda shape, dtype, **_: torch.full(shape, u, dtype=dtype))
    assert binarize(torch.tensor([0., 1.]), gen()).tolist() == [0., 1.]

def test_binarize_pixels_are_independent():
    b = binarize(torch.full((20_000, 2), .3, dtype=torch.double), gen())
    product = (b[:, 0] - .3)*(b[:, 1] - .3)
    assert abs(product.mean()) < 4*product.std()/20_000**.5

@settings(max_examples=25, deadline=None)
@given(modes=st.integers(1, 12), radius=st.floats(.1, 5), std=st.floats(.05, 2), seed=st.integers(0, 1000))
def test_ring_density(modes, radius, std, seed):
    x = 3*torch.randn(50, 2, generator=gen(seed), dtype=torch.double)
    a = torch.arange(modes, dtype=torch.double)*2*np.pi/modes
    centres = radius*torch.stack([a.cos(), a.sin()], 1)
    assert_close(ring_modes(modes, radius).double(), centres, atol=1e-5, rtol=1e-5)
    want = MixtureSameFamily(Categorical(torch.ones(modes, dtype=torch.double)), Independent(Normal(centres, std), 1)).log_prob(x)
    assert_close(ring_log_prob(x, modes, radius, std), want, atol=1e-3, rtol=1e-4)

def test_ring_samples_have_that_density():
    n = 50_000
    x = ring(n, modes=5, radius=1.5, std=.2, generator=gen())
    d = torch.cdist(x, ring_modes(5, 1.5))
    share = d.argmin(1).bincount(minlength=5)/n
    assert ((share - .2).abs() < 4*(.16/n)**.5).all()
    r2 = d.min(1).values.square()/.2**2                 # chi-squared with two degrees of freedom: mean 2, variance 4
    assert abs(r2.mean() - 2) < 4*2/n**.5 + .01         # bumps 1.76 apart hardly overlap
    assert x.equal(ring(n, modes=5, radius=1.5, std=.2, generator=gen()))

def test_ring_density_far_away_is_finite():
    far = ring_log_prob(torch.tensor([[1e4, 0.], [0., -1e4]]), std=.1)
    assert far.isfinite().all() and (far < -1e9).all()

def test_banana_samples_have_that_density():
    x = banana(100_000, bend=1., std=.5, generator=gen()).double()
    z1, z2 = x[:, 0], (x[:, 1] - x[:, 0].square() + 1)/.5
    for z in (z1, z2): assert abs(z.mean()) < 4/1e5**.5 and abs(z.var() - 1) < 4*2**.5/1e5**.5
    assert abs((z1*z2).mean()) < 4/1e5**.5
    surprise = -banana_log_prob(x, 1., .5)
    assert abs(surprise.mean() - np.log(2*np.pi*np.e*.5)) < 4*surprise.std()/1e5**.5     # a shear keeps the entropy

IMAGES, LABELS, DICE = torch.rand(6, 1, 2, 2, generator=gen()), torch.arange(6), gen()

MESSAGES = {
    "binarize bytes": (lambda: binarize(torch.zeros(3, dtype=torch.uint8), DICE), TypeError, "x: expected a float tensor, got torch.uint8"),
    "binarize array": (lambda: binarize(np.zeros(3), DICE), TypeError, "x: expected a tensor, got ndarray"),
    "binarize 0 to 255": (lambda: binarize(IMAGES*255, DICE), ValueError, "x: expected values in [0, 1], got"),
    "binarize -1 to 1": (lambda: binarize(IMAGES*2 - 1, DICE), ValueError, "x: expected values in [0, 1], got [-"),
    "binarize nan": (lambda: binarize(torch.tensor([.5, NAN]), DICE), ValueError, "x: expected values in [0, 1], got [nan"),
    "binarize nothing": (lambda: binarize(torch.zeros(0, 4), DICE), ValueError, "x: expected at least one value, got shape [0, 4]"),
    "binarize no generator": (lambda: binarize(IMAGES, None), TypeError, "generator: expected a torch.Generator, got None"),
    "binarize a seed": (lambda: binarize(IMAGES, 0), TypeError, "generator: expected a torch.Generator, got int"),
    "batches array": (lambda: Batches(np.zeros((3, 2))), TypeError, "x: expected a tensor, got ndarray"),
    "batches scalar": (lambda: Batches(torch.tensor(1.)), ValueError, "x: expected shape [N, *D], got []"),
    "batches nothing": (lambda: Batches(IMAGES[:0]), ValueError, "x: expected at least one value, got shape [0, 1, 2, 2]"),
    "batches nan": (lambda: Batches(torch.tensor([[1.], [NAN]])), ValueError, "x: expected finite values"),
    "batches inf": (lambda: Batches(torch.tensor([[1.], [float("inf")]])), ValueError, "x: expected finite values"),
    "batches labels": (lambda: Batches(IMAGES, LABELS[:5]), ValueError, "y: expected shape [6, *E] like x, got [5]"),
    "batches label list": (lambda: Batches(IMAGES, [0]*6), TypeError, "y: expected a tensor, got list"),
    "batches one label": (lambda: Batches(IMAGES, torch.tensor(1)), ValueError, "y: expected shape [6, *E] like x, got []"),
    "bs 0": (lambda: Batches(IMAGES, bs=0), ValueError, "bs: expected a number of at least 1, got 0"),
    "bs negative": (lambda: Batches(IMAGES, bs=-3), ValueError, "bs: expected a number of at least 1, got -3"),
    "bs half": (lambda: Batches(IMAGES, bs=1.5), TypeError, "bs: expected a whole number, got 1.5"),
    "bs None": (lambda: Batches(IMAGES, bs=None), TypeError, "bs: expected a whole number, got None"),
    "bs beyond the data": (lambda: Batches(IMAGES, bs=7, drop_last=True), ValueError, "bs: expected at most 6"),
    "seed None": (lambda: Batches(IMAGES, seed=None), TypeError, "seed: expected a whole number, got None"),
    "coins for 0 to 255": (lambda: Batches(IMAGES*255, stochastic=True), ValueError, "x: expected values in [0, 1], got"),
    "coins for whole numbers": (lambda: Batches(IMAGES.long(), stochastic=True), TypeError, "x: expected floats or bytes (uint8), got torch.int64"),
    "ring of none": (lambda: ring(0), ValueError, "n: expected a number of at least 1, got 0"),
    "ring half": (lambda: ring(2.5), TypeError, "n: expected a whole number, got 2.5"),
    "ring no modes": (lambda: ring(5, modes=0), ValueError, "modes: expected a number of at least 1, got 0"),
    "ring std": (lambda: ring(5, std=0), ValueError, "std: expected a positive number, got 0"),
    "ring std nan": (lambda: ring(5, std=NAN), ValueError, "std: expected a positive number, got nan"),
    "ring radius": (lambda: ring(5, radius=-1.), ValueError, "radius: expected a positive number, got -1.0"),
    "ring_log_prob shape": (lambda: ring_log_prob(torch.zeros(4, 3)), ValueError, "x: expected shape [N, 2], got [4, 3]"),
    "ring_log_prob list": (lambda: ring_log_prob([[0., 0.]]), TypeError, "x: expected a tensor, got list"),
    "ring_log_prob std": (lambda: ring_log_prob(torch.zeros(4, 2), std=-.1), ValueError, "std: expected a positive number"),
    "banana std": (lambda: banana(5, std=-1), ValueError, "std: expected a positive number, got -1"),
    "banana_log_prob shape": (lambda: banana_log_prob(torch.zeros(2)), ValueError, "x: expected shape [N, 2], got [2]"),
}

@pytest.mark.parametrize("case", MESSAGES)
def test_messages_of_bad_input(case):
    call, kind, message = MESSAGES[case]
    with pytest.raises(kind) as e: call()
    assert message in str(e.value) and "\n" not in str(e.value)

def test_good_input_at_the_edges():
    assert len(Batches(IMAGES, bs=6, drop_last=True)) == 1 and len(Batches(IMAGES, bs=100)) == 1

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    return {"data.ring_log_prob": (lambda x: ring_log_prob(x, std=.3), (points(seed, B, 2),), "x"),
            "data.banana_log_prob": (banana_log_prob, (points(seed, B, 2),), "m")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

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
    "More of them above"
    x = points(seed, n).sigmoid()
    u = torch.rand(n, generator=gen(seed), dtype=torch.double)
    assert binarize(x, gen(seed)).equal((u < x).double()) and binarize(x.float(), gen(0)).dtype == torch.float32
    assert binarize(torch.tensor([0., 1.]), gen(seed)).tolist() == [0., 1.] and binarize(x[:1], gen(seed)).item() in (0., 1.)
    with torch.device("meta"): assert binarize(x, gen(seed)).device.type == "cpu"

exempt(   # names, kinds, why
    ("data.Batches data.banana data.ring", ALL,
     "reads, guards or draws data: tests/library/test_data.py, its row"),
    ("data.ring_modes", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("data.binarize", "gradient",
     "coins have no slope"),
    ("data.ring_log_prob", "device",
     "the centres are made where new tensors go, then moved to the points"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "data.binarize": row(dict(x=X, generator=dice), skip="short", allow="shape", x=[X+1, X-1], generator=[None, 0]),
    "data.Batches": row(dict(x=X, y=Y, bs=2, seed=0), skip="int short device deeper", bs=INT(), seed=[None, 1.5], y=[Y[:5], Y.tolist(), Y.to("meta")]),
    "data.ring_modes": row(dict(modes=3, radius=1.), modes=INT(), radius=POS),
    "data.ring": row(dict(n=5, modes=3, radius=1., std=.1), n=INT(), modes=INT(), radius=POS, std=POS),
    "data.ring_log_prob": row(dict(x=Z, modes=3, radius=1., std=.1), allow="nan", modes=INT(), radius=POS, std=POS),
    "data.banana": row(dict(n=5, bend=.6, std=.1), allow="nan", n=INT(), bend=[NAN], std=POS),
    "data.banana_log_prob": row(dict(x=Z, bend=.6, std=.1), allow="nan", bend=[NAN], std=POS),
}
NO_ROW = {
    "datasets.ImageData": "a plain tuple: whoever uses one checks it",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def circle_by_its_formula():
    "The k-th centre is r (cos 2πk/n, sin 2πk/n)"
    import sympy as sp
    k, n, r = 1, 8, 2
    for c, f in zip(ring_modes(n, float(r))[k], (sp.cos, sp.sin)): near(c, sp.N(r*f(2*sp.pi*k/n)), 1e-6)
    near(ring_modes(8)[3, 0], 2*math.cos(3*math.pi/4), 1e-6)

def toys_integrate_to_one():
    a, b = torch.linspace(-5, 5, 201, dtype=torch.double), torch.linspace(-5, 15, 401, dtype=torch.double)
    for f in (ring_log_prob, banana_log_prob): near(f(torch.cartesian_prod(a, b)).exp().sum()*.05**2, 1, 1e-4)

def coins_have_their_probability():
    x = torch.tensor([.1, .5, .9]).repeat(20_000, 1)
    near((binarize(x, gen()).mean(0) - x[0]).abs().max(), 0, .02)

MISTAKES = [   # name, function, text, mistaken text, check
    ("sin for cos", "data.ring_modes", "[a.cos(), a.sin()]", "[a.sin(), a.cos()]", circle_by_its_formula),
    ("the ring's density without its modes", "data.ring_log_prob", "std**2*modes)", "std**2)", toys_integrate_to_one),
    ("coins with the chances exchanged", "data.binarize", " < x)", " > x)", coins_have_their_probability),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
