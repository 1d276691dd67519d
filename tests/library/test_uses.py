"What a model is good for: gaps filled exactly, a stack of symbols, and images written into one whole number"
import copy
import math
import random

import numpy as np
import pytest
import torch
from bad_input import CLEAN, INSTANCES, INT, S, X, bad_input_tests, ppca, row
from helpers import gen, points, seeded
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, about, exempt, many, seeds
from torch.testing import assert_close

from vaegan.latent import PPCA
from vaegan.likelihoods import Normal
from vaegan.uses import BitsBack, fill, pop_symbol, push_symbol
from vaegan.vae import VAE, mlp_vae


# ------------------------------------------------------------------------------------------------------------- a gap
@about("values oracle", "uses.fill")
@settings(many)
@given(seed=seeds, d=st.integers(2, 7), k=st.integers(1, 3), data=st.data())
def test_fill(seed, d, k, data):
    "A block of the inverse covariance: no code, no matrix of PPCA's is used"
    seen = torch.tensor(data.draw(st.lists(st.booleans(), min_size=d, max_size=d).filter(lambda s: not all(s))))
    model = PPCA(points(seed, d, k), points(seed + 1, 1, d)[0], .4)
    x = points(seed + 2, 3, d)
    precision = torch.linalg.inv(model.W@model.W.T + .4*torch.eye(d, dtype=torch.double))
    cov = torch.linalg.inv(precision[~seen][:, ~seen])
    mean = model.mean[~seen] - (x - model.mean)[:, seen]@precision[~seen][:, seen].T@cov
    hole = x.masked_fill(~seen, math.nan)
    assert_close(fill(model, hole, seen), (mean, cov), rtol=1e-6, atol=1e-8)

def test_fill_takes_images():
    x = torch.rand(2, 1, 4, 4, generator=gen(0))
    seen = torch.arange(16).view(1, 4, 4) < 8
    assert_close(fill(ppca, x, seen), fill(ppca, x.flatten(1), seen.flatten()))
    with pytest.raises(ValueError, match="seen: expected at least one hidden pixel"): fill(ppca, x, seen | True)
    with pytest.raises(ValueError, match="x: expected 16 pixels, got 4"): fill(ppca, torch.rand(2, 4), torch.arange(4) < 2)

# ------------------------------------------------------------------------------------------------------------ a stack
@about("values oracle", "uses.push_symbol", "uses.pop_symbol")
@settings(many)
@given(state=st.integers(0, 2**90), widths=st.lists(st.integers(1, 9), min_size=1, max_size=6), data=st.data())
def test_stack(state, widths, data):
    "What was put on comes off, in reverse, and takes the room that its probability says"
    bits = 6
    starts = [0]
    for w in widths: starts.append(starts[-1] + w)
    if starts[-1] < 2**bits: starts.append(2**bits)
    symbols, now = data.draw(st.lists(st.integers(0, len(starts) - 2), max_size=30)), state
    for k in symbols: now = push_symbol(now, starts[k], starts[k+1] - starts[k], bits)
    if state > 2**40:
        bound = sum(math.log2(2**bits/(starts[k+1] - starts[k])) for k in symbols)
        assert abs(math.log2(now) - math.log2(state) - bound) < 1e-3
    for k in symbols[::-1]:
        got, now = pop_symbol(now, starts, bits)
        assert got == k
    assert now == state

def test_whole_numbers_of_numpy_have_no_end_here():
    "In 64 bits the message would be lost without a word"
    state, bits, starts = 2**50 + 7, 24, [0, 3, 2**24]
    want = push_symbol(state, 0, 3, bits)
    assert push_symbol(np.int64(state), np.int64(0), np.int64(3), np.int64(bits)) == want > 2**64
    assert pop_symbol(want, list(np.array(starts)), np.int64(bits)) == (0, state) == pop_symbol(want, starts, bits)

# ------------------------------------------------------------------------------------------------------ bits and back
small = seeded(mlp_vae, S, 3, (8,)).eval()
coder = BitsBack(small, fine=6, bits=16)

@about("values", "uses.BitsBack.push", "uses.BitsBack.pop", "uses.BitsBack")
def test_nothing_is_lost():
    images = (torch.rand(20, *S, generator=gen(0)) > .5).float()
    for first in (0, 1, 2**200 + 12345):
        state = first
        for x in images: state = coder.push(state, x)
        for x in images.flip(0):
            back, state = coder.pop(state)
            assert torch.equal(back, x)
        assert state == first

def test_the_length_is_the_bound():
    "With fresh bits for each image, within four standard errors; pieces fine enough"
    images = (torch.rand(150, *S, generator=gen(1)) > .4).float()
    c, dice_, sizes = BitsBack(small), random.Random(0), []
    for x in images:
        before = dice_.getrandbits(300) | 1 << 300
        sizes.append(math.log2(c.push(before, x)) - math.log2(before))
    with torch.no_grad(): want = torch.stack([-small.elbo(images, gen(s)) for s in range(40)]).mean(0).double()/math.log(2)
    off = torch.tensor(sizes, dtype=torch.double) - want
    assert abs(off.mean()) < 4*off.std()/150**.5 < .6

def test_other_models_are_refused():
    normal = VAE(small.enc, small.dec, 3, S, Normal())
    with pytest.raises(ValueError, match="vae: expected Bernoulli pixels and no classes"): BitsBack(normal)
    with pytest.raises(ValueError, match="vae: expected Bernoulli .* 3 classes"): BitsBack(mlp_vae(S, 2, (8,), n_classes=3))

exempt(
    ("uses.fill", "gradient one dtype device extreme", "PPCA's posterior, one block of it: tested there, and test_fill"),
    ("uses.push_symbol uses.pop_symbol", ALL, "whole numbers: test_stack"),
    ("uses.BitsBack uses.BitsBack.push uses.BitsBack.pop", ALL, "whole numbers: the tests above"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
INSTANCES["uses.BitsBack"] = coder
CLEAN.append((small, copy.deepcopy(small.state_dict())))
INK = (X[0] > .5).float()
ROWS = {
    "uses.fill": row(dict(model=ppca, x=X, seen=torch.arange(16).view(S) < 8), allow="nan inf", skip="short one", seen=[torch.ones(S)]),
    "uses.push_symbol": row(dict(state=5, start=3, freq=4, bits=4), state=INT(0), start=INT(0), freq=INT() + [14], bits=INT()),
    "uses.pop_symbol": row(dict(state=5, starts=[0, 7, 16], bits=4), state=INT(0), bits=INT(), starts=[[], [0, 7], [1, 16], [0, 9, 9, 16], [0, 12, 7, 16]]),
    "uses.BitsBack": row(dict(vae=small, fine=6, bits=16), fine=INT() + [13], bits=INT(13) + [31]),
    "uses.BitsBack.push": row(dict(state=5, x=INK), state=INT(0), x=[.5*INK, INK[0]]),
    "uses.BitsBack.pop": row(dict(state=5), state=INT(0)),
}
NO_ROW = {}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
MISTAKES = [   # name, function, text, mistaken text, check
    ("the pixel's own noise forgotten", "uses.fill", "+ noise", "+ 0*noise", lambda: test_fill.hypothesis.inner_test(0, 4, 2, Fixed())),
    ("the rest of the division forgotten", "uses.push_symbol", "+ state%freq", "", lambda: test_nothing_is_lost()),
    ("the bits that chose the code are not read", "uses.BitsBack.push", "self._codes(x))", "[self.prior]*self.vae.d_z)", lambda: test_nothing_is_lost()),
]
class Fixed:
    def draw(self, of): return [True, False, True, False]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
