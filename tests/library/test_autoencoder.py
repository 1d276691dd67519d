"The smallest autoencoder: its loss, descent on it, its picture"
import pytest
import torch
from bad_input import INT, NAN, POS, bad_input_tests, normals, row
from helpers import gauss, points
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import ALL, about, exempt, many, property_tests, seeds
from torch import nn
from torch.testing import assert_close

from vaegan.autoencoder import (
    ae_descend,
    ae_loss,
    copy_error,
    fit_autoencoder,
    plot_codes,
)


def seeded(seed=0): return torch.Generator().manual_seed(seed)
def two_layers(seed=0, D=5, d_z=2):
    torch.manual_seed(seed)
    return nn.Linear(D, d_z).double(), nn.Linear(d_z, D).double()

def test_the_error_of_a_copy_is_summed_over_pixels():
    x = points(0, 4, 2, 3)
    assert_close(copy_error(nn.Identity(), lambda_net(2.), x), x.flatten(1).square().sum(1))          # 2x for x
    assert copy_error(nn.Identity(), nn.Identity(), x).tolist() == [0]*4
    enc, dec = two_layers(D=6)
    assert_close(copy_error(enc, dec, x.flatten(1)), copy_error(nn.Sequential(nn.Flatten(), enc), dec, x))

class lambda_net(nn.Module):
    def __init__(self, a): super().__init__(); self.a = a
    def forward(self, x): return self.a*x

def test_an_autoencoder_of_lines_finds_what_principal_components_lose():
    x = points(0, 200, 2)@points(1, 2, 5) + .1*points(2, 200, 5) + 1
    enc, dec = two_layers()
    errors = fit_autoencoder(enc, dec, x, 400, .01, seeded())
    fit_autoencoder(enc, dec, x, 200, .001, seeded())
    least = torch.linalg.eigvalsh(torch.cov(x.T, correction=0))[:3].sum()
    assert errors.shape == (400,) and errors[0] > 5*least and least <= copy_error(enc, dec, x).mean() < 1.1*least
    a, b = (fit_autoencoder(*two_layers(3), x, 3, generator=seeded(4)) for _ in range(2))
    assert torch.equal(a, b)
    assert fit_autoencoder(*two_layers(), x, 1, generator=seeded()).shape == (1,)

def test_the_map_of_codes_shows_every_class_and_the_circle():
    codes = torch.tensor([[0., 0], [1, 0], [3, 2]])
    ax = plot_codes(codes, torch.tensor([4, 4, 7]))
    assert [t.get_text() for t in ax.texts] == ["4", "7"] and ax.collections[0].get_offsets().tolist() == codes.tolist()
    around = torch.as_tensor(ax.lines[0].get_xydata()).norm(dim=1)
    assert (torch.randn(100_000, 2, generator=seeded()).norm(dim=1) < around.mean()).double().mean() == pytest.approx(.95, abs=.003) and around.std() < 1e-3
    assert plot_codes(codes, torch.tensor([4, 4, 7]), ax) is ax


@pytest.mark.parametrize("w, m", [((1.3, -.4), 1.), ((.2, .5), 2.5)])
def test_linear_autoencoder_by_hand(w, m):
    x = torch.tensor([-1., 1.]).double()*m**.5
    assert ae_loss(*w, m) == pytest.approx((x - w[0]*w[1]*x).square().mean().item()) and ae_loss(.5, 3.) == .25
    path = ae_descend(*w, m, .03, 5)
    assert path.shape == (6, 2) and path.dtype == torch.double and path[0].tolist() == list(w)
    for a, b in zip(path, path[1:]):
        v = a.clone().requires_grad_()
        grad, = torch.autograd.grad(ae_loss(v[0], v[1], m), v)
        assert_close(b, a - .03*grad)
    assert ae_descend(*w, n=0).tolist() == [list(w)] and torch.equal(ae_descend(*w, n=1), ae_descend(*w, m=1., lr=.02, n=1))

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    return {"autoencoder.ae_loss": (ae_loss, gauss(seed, B, D)[:2], "xx")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle gradient", "autoencoder.ae_loss", "autoencoder.ae_descend")
@about("extreme", "autoencoder.ae_descend")
@settings(many)
@given(seed=seeds, a=st.floats(-1, 1), b=st.floats(-1, 1), m=st.floats(.1, 2))
def test_linear_autoencoder(seed, a, b, m):
    "The loss is the mean squared error itself; descent follows autograd, never climbs, and keeps w₁² − w₂² to first order"
    x = points(seed, 50)
    x = x*(m/x.square().mean()).sqrt()
    assert_close(torch.tensor(ae_loss(a, b, m)).double(), (x - b*a*x).square().mean())
    assert ae_loss(a, b, m) >= 0 and ae_loss(b, a, m) == ae_loss(a, b, m) == ae_loss(-a, -b, m) and ae_loss(2., .5, m) == 0
    path = ae_descend(a, b, m, .01, 30)
    assert path.shape == (31, 2) and path[0].tolist() == [a, b]
    for s, t in zip(path, path[1:]):
        w = s.clone().requires_grad_()
        g, = torch.autograd.grad(ae_loss(w[0], w[1], m), w)
        assert_close(t, s - .01*g)
    losses = [ae_loss(*w.tolist(), m) for w in path]
    assert all(v <= u + 1e-12 for u, v in zip(losses, losses[1:]))
    assert_close(ae_descend(b, a, m, .01, 30).flip(1), path)
    assert ae_descend(0., 0., 1., .1, 5).equal(torch.zeros(6, 2).double())                            # the saddle holds
    assert ae_descend(1e4, -1e4, 1., 1e-9, 3).isfinite().all()

exempt(   # names, kinds, why
    ("autoencoder.ae_descend", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("autoencoder.copy_error autoencoder.fit_autoencoder autoencoder.plot_codes autoencoder.plot_ae_surface", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()
Q, LINES = rnd(6, 5), (nn.Linear(5, 2), nn.Linear(2, 5))

ROWS = {
    # of the types of the networks PyTorch speaks itself
    "autoencoder.copy_error": row(dict(enc=LINES[0], dec=LINES[1], x=Q), skip="short deeper double", allow="nan"),
    "autoencoder.fit_autoencoder": row(dict(enc=LINES[0], dec=LINES[1], x=rnd(300, 5), epochs=1, lr=1e-3), skip="short one deeper double", allow="nan", epochs=INT(), lr=POS),
    "autoencoder.plot_codes": row(dict(codes=rnd(6, 2), y=torch.arange(6))),
    "autoencoder.ae_descend": row(dict(w1=1., w2=.5, m=1., lr=.02, n=3), allow="nan", w1=[NAN], w2=[NAN], m=POS, lr=POS, n=INT(0)),
    "autoencoder.plot_ae_surface": row(dict(m=1., starts=((.1, .2),), span=2.), m=POS, starts=None, span=POS),
}
NO_ROW = {
    "autoencoder.ae_loss": "one formula in plain arithmetic",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
