"""What must hold for every density, bound, divergence and metric, whatever the numbers: tried on many random inputs.

Oracles: torch.distributions, scipy, finite differences. `derandomize` keeps the inputs the same from run to run.

Seven kinds of properties: values (bounds, limits, symmetries), oracle (an independent implementation), gradient (against
finite differences), one (a batch of one equals one of a batch), dtype, device, extreme. The last five are tried by the
general tests that `property_tests` makes of the tables `by_row` and `by_batch` of a module; `about` says which functions
the other tests are about. The list grows by itself: tests/whole/test_tables.py fails for an exported function that lacks a
kind, unless an exemption says why."""
import itertools
import math
from collections import defaultdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.testing import assert_close

many = settings(max_examples=20, deadline=None, derandomize=True)
seeds = st.integers(0, 2**31)
B_ = st.integers(1, 5)
D_ = st.integers(1, 6)
KINDS = ("saturating", "nonsaturating", "relativistic")

ALL = "values oracle gradient one dtype device extreme"
ABOUT = defaultdict(dict)   # name -> kind -> test
EXEMPT = []                 # names, kinds, why

def about(kinds, *names):
    "Say which exported functions a test is about, and which kinds of properties it tries"
    def mark(f):
        for n, k in itertools.product(names, kinds.split()): ABOUT[n][k] = f
        return f
    return mark

def exempt(*table): EXEMPT.extend((names.split(), kinds.split(), why) for names, kinds, why in table)

def nothing(seed, B, D): return {}

NUMBERS = ("evaluate.frechet", "convergence.precision_recall", "dists.mean_se", "failures.covered_modes")   # give Python numbers
PENALTIES = ("gan.grad_penalty", "failures.lipschitz_penalty")                                      # their gradient goes into D, not into x
STEPS = ("minimax.accuracy", "convergence.precision_recall", "failures.covered_modes")                      # shares: no gradient
ELSEWHERE = ("data.ring_log_prob", "failures.covered_modes", "flow.ring_score")                                        # the centres are made where new tensors go
DOUBLE = ("minimax.accuracy", "convergence.parzen_log_prob")                                                # promise double precision
DICE = ("reparam.rsample", "reparam.rsample_mvn", "failures.lipschitz_penalty")                     # other draws in another precision

# ------------------------------------------------------------------------------------------------------ extreme values
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

# ---------------------------------------------------------------------------------- every density and divergence alike
def each(names, kind):
    "Parametrise a general test, if there is anything to try it on, and note whom it covers"
    def mark(f):
        for n in names: ABOUT[n.split()[0]][kind] = f
        return pytest.mark.parametrize("name", names)(f) if names else None
    return mark

def property_tests(by_row=nothing, by_batch=nothing):
    """The five general tests of a module's functions.
    by_row: name -> function that gives a row per datum, its tensors, and what they are: x, mu, logvar, factor L, bits b, logits l, other .
    by_batch: the same for functions that give one number, or another set of numbers, for a whole batch"""
    both = lambda seed, B, D: by_row(seed, B, D) | by_batch(seed, B, D)
    rows, names = list(by_row(0, 2, 3)), list(both(0, 2, 3))

    @each(rows, "one")
    @settings(many, max_examples=4)
    @given(seed=seeds, B=st.integers(2, 5), D=D_)
    def test_rows_do_not_know_each_other(name, seed, B, D):
        "A batch of one equals one of a batch; turning the order of the batch turns the results"
        f, args, _ = by_row(seed, B, D)[name]
        whole = f(*args)
        assert len(whole) == B
        assert_close(torch.cat([f(*(a[i:i+1] for a in args)) for i in range(B)]), whole)
        assert_close(f(*(a.flip(0) for a in args)), whole.flip(0))

    @each([n for n in names if n not in STEPS + NUMBERS + PENALTIES], "gradient")
    def test_gradients_against_finite_differences(name):
        f, args, kinds = both(3, 4, 3)[name]
        free = [i for i, k in enumerate(kinds) if k != "b"]                                  # bits end at 0 and 1
        def g(*vary):
            full = list(args)
            for i, v in zip(free, vary): full[i] = torch.tril(v) if v.ndim == 3 else v
            return f(*full)
        assert gradcheck(g, [args[i].clone().requires_grad_() for i in free])

    @each([n for n in names if n not in NUMBERS], "dtype")
    @settings(many, max_examples=3)
    @given(seed=seeds)
    def test_dtype_is_kept_and_single_precision_is_near(name, seed):
        f, args, _ = both(seed, 4, 3)[name]
        try: out = f(*(a.float() for a in args))
        except TypeError as e: raise AssertionError(name) from e
        assert out.dtype == (torch.float64 if name in DOUBLE else torch.float32)
        want = f(*args)
        if name not in DICE: assert_close(out.double(), want, rtol=2e-4, atol=2e-4*max(1., want.abs().max().item()))

    @each([n for n in names if n not in ELSEWHERE], "device")
    def test_device_is_kept(name):
        "While new tensors go to another device unless they say where, the arguments and the result stay on theirs"
        f, args, _ = both(0, 4, 3)[name]
        want = f(*args)
        with torch.device("meta"): out = f(*args)
        assert out.device.type == "cpu"
        assert_close(out, want)

    @each([n for n in names if "." not in both(0, 2, 3)[n][2]], "extreme")
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

    return (test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
            test_device_is_kept, test_far_out_there_is_a_number)

def event_shape_test(by_row, *names):
    "The test of functions that sum over an event of any shape"
    @pytest.mark.parametrize("name", names)
    @settings(many)
    @given(seed=seeds, B=B_, C=st.integers(1, 2), H=st.integers(1, 3))
    def test_event_shape_does_not_matter(name, seed, B, C, H):
        "Summed over the event once: the shape of an image and the order of its pixels are nothing to it"
        f, args, _ = by_row(seed, B, C*H*H)[name]
        order = torch.randperm(C*H*H, generator=torch.Generator().manual_seed(seed))
        assert_close(f(*(a.view(B, C, H, H) for a in args)), f(*args))
        assert_close(f(*(a[:, order] for a in args)), f(*args))
    return test_event_shape_does_not_matter
