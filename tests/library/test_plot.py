"Tiles, planes and labels"
import math

import numpy as np
import pytest
import torch
from bad_input import INT, NAN, POS, X, Z, bad_input_tests, normals, row
from helpers import gen, points
from properties import ALL, exempt
from sklearn.isotonic import IsotonicRegression
from torch.testing import assert_close

from vaegan import plot


@pytest.mark.parametrize("n, ncols, pad", [(5, 3, 1), (4, 2, 0), (1, 10, 2), (6, 6, 3), (7, 1, 1)])
def test_tile(n, ncols, pad):
    "Every image at its place, row by row; everywhere else the filling"
    imgs = torch.rand(n, 3, 4, generator=gen()) + 1
    sheet = plot.tile(imgs, ncols, pad, fill=-1.)
    cols = min(ncols, n)
    rows = math.ceil(n/cols)
    assert sheet.shape == (rows*(3 + pad) + pad, cols*(4 + pad) + pad) and (sheet > 0).sum() == n*12
    left = sheet.clone()
    for i, im in enumerate(imgs):
        r, c = pad + (i//cols)*(3 + pad), pad + (i % cols)*(4 + pad)
        assert torch.equal(sheet[r:r+3, c:c+4], im)
        left[r:r+3, c:c+4] = -1
    assert (left == -1).all() and torch.equal(plot.tile(imgs[:, None], ncols, pad, -1.), sheet)
    default = plot.tile(torch.ones(12, 2, 2))
    assert default.shape == (2*3 + 1, 10*3 + 1) and default.min() == 0
    traced = plot.tile(torch.ones(12, 2, 2, requires_grad=True), 10, 1, 0.)
    assert torch.equal(default, traced) and not traced.requires_grad
    for bad in (torch.ones(2, 2), torch.ones(2, 2, 3, 3), torch.ones(0, 3, 3)):
        with pytest.raises(ValueError, match="imgs"): plot.tile(bad)

def test_colours_are_shown_as_they_are():
    "Three channels on a white sheet, in a plane, in the figure's pixels; two channels are no picture"
    imgs = torch.rand(5, 3, 4, 6, generator=gen())
    sheet = plot.tile(imgs, 3)
    assert sheet.shape == (2*5 + 1, 3*7 + 1, 3) and (sheet[0] == 1).all() and torch.equal(sheet[6:10, 8:14], imgs[4].movedim(0, -1))
    assert torch.equal(plot.tile(imgs, 3, fill=.5)[..., 0], plot.tile(imgs[:, :1], 3, fill=.5))
    ax = plot.show_images(imgs*3 - 1, 3, rows=["a", "b"])
    shown = torch.as_tensor(ax.images[0].get_array())
    assert shown.shape == sheet.shape and shown.min() == 0 and shown.max() == 1 and len({*shown[6, 8].tolist()}) > 1
    plane = plot.latent_plane(lambda z: torch.stack([z[:, 0], z[:, 1], 0*z[:, 0]], 1)[..., None, None].sigmoid().expand(-1, -1, 2, 2), 4)
    assert plane.shape == (16, 3, 2, 2) and plot.tile(plane, 4).shape == (13, 13, 3)

@pytest.mark.parametrize("n", [1, 2, 5])
def test_latent_plane(n):
    "Midpoints of equal shares of the prior; first coordinate to the right, second upwards"
    seen = []
    def decode(z):
        seen.append((z, torch.is_grad_enabled()))
        return z.new_zeros(len(z), 1, 2, 2) + z[:, :1, None, None]
    out = plot.latent_plane(decode, n)
    (z, graph), = seen
    q = torch.special.ndtri((torch.arange(n) + .5)/n)
    assert out.shape == (n*n, 1, 2, 2) and not graph and z.shape == (n*n, 2)
    grid = z.view(n, n, 2)
    assert_close(grid[..., 0], q.expand(n, n))
    assert_close(grid[..., 1], q.flip(0)[:, None].expand(n, n))
    with pytest.raises(ValueError, match="decode: expected"): plot.latent_plane(lambda z: z[1:], n)

def test_labels_are_spread_as_little_as_possible():
    "Order kept, gaps kept, and the smallest sum of squares that allows it (isotonic regression of y − gap·rank)"
    for i in range(30):
        ys, gap = (points(i, 1 + i % 7)*3).tolist(), .3 + .1*(i % 9)
        at, order = plot._spread(ys, gap), np.argsort(ys, kind="stable")
        ranks = np.arange(len(ys))
        want = IsotonicRegression().fit_transform(ranks, np.array(ys)[order] - gap*ranks) + gap*ranks
        assert np.array(at)[order] == pytest.approx(want)
    assert plot._spread([0., 0., 5.], 1.) == pytest.approx([-.5, .5, 5.]) and plot._spread([2.], 1.) == [2.] and plot._spread([], 1.) == []
    assert plot._spread([0., 1., 2.], 1.) == [0., 1., 2.]

# --------------------------------------------------------------------------------------------------------- properties
exempt(   # names, kinds, why
    ("plot.score_table", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("plot.plot_ring", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
frames = lambda z: z.new_zeros(len(z), 1, 2, 2)
rnd = normals()

ROWS = {
    "plot.tile": row(dict(imgs=X, ncols=3, pad=1), skip="int device short", allow="nan inf", ncols=INT(), pad=INT(0), imgs=[rnd(3, 2, 4, 4), rnd(4, 4)]),
    "plot.show_images": row(dict(imgs=X, ncols=3, pad=1), skip="int short", ncols=INT(), pad=INT(0), imgs=[rnd(3, 2, 4, 4), rnd(4, 4)]),
    "plot.latent_plane": row(dict(decode=frames, n=3), n=INT(), decode=["no function", lambda z: frames(z)[1:]]),
    "plot.plot_curves": row(dict(curves=dict(a=[1., 2.]), x=[1, 2]), curves=[{}, dict(a=[]), dict(a=[NAN])], x=[[1], [1, 2, 3]]),
    "plot.plot_ring": row(dict(x=Z, modes=3, radius=1., std=.1), modes=INT(), radius=POS, std=POS),
    "plot.score_table": row(dict(rows=dict(a=dict(b=1., c=None), d=dict(c=2))), rows=[{}, [], dict(a=1.), "x"]),
}
NO_ROW = {
    "plot.use_style": "takes nothing", "plot.quiet_plots": "takes nothing", "plot.png_bytes": "takes a figure",
    "plot.figure_bytes": "takes a figure; test_the_name_of_a_file_decides_what_is_in_it",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

def test_a_dark_matplotlib_does_not_make_words_unreadable():
    "VS Code and students set dark styles: after `use_style` words stand on the ground that they were chosen for"
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgb

    from vaegan.plot import use_style
    with plt.style.context("dark_background"):
        use_style()
        for ground in ("figure.facecolor", "axes.facecolor"):
            for word in ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"):
                assert sum(to_rgb(plt.rcParams[ground])) - sum(to_rgb(plt.rcParams[word])) > 2, (ground, word)
