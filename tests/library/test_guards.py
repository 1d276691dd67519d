"The checks of before the signatures said it: this file goes when vaegan/guards.py goes"
import math

import numpy as np
import pytest
import torch
from bad_input import INF, INT, POS, SHAPES, B, S, X, Y, bad_input_tests, row

from vaegan.guards import check_finite, check_float, check_int, check_labels, check_positive, check_range, check_shape


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

def test_messages_and_edges():
    with pytest.raises(ValueError, match="k: expected 5 to 9, got 3"): check_int("k", 3, 5, 9)
    with pytest.raises(ValueError, match=r"p: expected values in \[-1, 1\], got \[2, 2\]"): check_range("p", torch.tensor([2.]), -1, 1)
    check_int("k", np.int64(5), 5, 5)
    check_range("p", torch.tensor([0., 1.]))

ROWS = {
    "guards.check_float": row(dict(x=X, y=X), call=check_float, skip="short nan inf -inf one", allow="shape", tensors=None),
    "guards.check_finite": row(dict(x=X, y=X), call=check_finite, skip="short one", allow="shape", tensors=None, y=[X*INF]),
    "guards.check_range": row(dict(name="x", x=X), skip="short", allow="shape", name=None, lo=None, hi=None, x=[X+1]),
    "guards.check_int": row(dict(v=3), allow="shape", call=lambda v: check_int("v", v, 1, 5), name=None, lo=None, hi=None, v=INT() + [6]),
    "guards.check_positive": row(dict(v=3.), allow="shape", call=lambda v: check_positive(v=v), values=None, v=POS + ["3", None]),
    "guards.check_shape": row(dict(x_shape=S), allow="shape", x_shape=SHAPES),
    "guards.check_labels": row(dict(y=Y, n_classes=3, n=B), allow="shape", y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]], n_classes=None, n=None),
}
NO_ROW = {"guards.check_images": "its own rows are those of the recipes"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
