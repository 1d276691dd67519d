"The exact score of the noised ring"
import math

import torch
from bad_input import INT, NAN, POS, bad_input_tests, dice, row
from helpers import points
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import about, exempt, many, property_tests, seeds
from torch.testing import assert_close

from vaegan.data import ring_log_prob
from vaegan.flow import ring_score


# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D): return {"flow.ring_score": (lambda x: ring_score(x, .6), (points(seed, B, 2),), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle", "flow.ring_score")
@settings(many)
@given(seed=seeds, modes=st.integers(1, 9), phi=st.floats(0, math.pi/2))
def test_ring_score(seed, modes, phi):
    x = points(seed, 5, 2).requires_grad_()
    c, var = math.cos(phi), (math.cos(phi)*.3)**2 + math.sin(phi)**2
    q = ring_log_prob(x, modes, max(c*1.5, 1e-12), var**.5)
    assert_close(ring_score(x.detach(), phi, modes, 1.5, .3), torch.autograd.grad(q.sum(), x)[0], rtol=1e-6, atol=1e-6)

exempt(("flow.ring_score", "device", "the centres are made where new tensors go"))

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "flow.ring_score": row(dict(x=torch.rand(5, 2, generator=dice), phi=.5, modes=8, radius=2., std=.1), allow="nan", phi=[-.1, 2., NAN], modes=INT(), radius=POS,
        std=POS),
}
NO_ROW = {}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
