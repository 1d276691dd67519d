"Games of two numbers"
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from bad_input import INT, NAN, POS, bad_input_tests, normals, row
from helpers import near, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import about, exempt, many, property_tests, seeds
from torch.testing import assert_close

from vaegan.dynamics import bilinear_field, dirac_field, dirac_step, eigenvalues, game_step, play
from vaegan.gan import d_loss, g_loss


def test_fields():
    "Velocities are what autograd says of V: the first descends, the second ascends"
    s = points(0, 4, 2)
    for i in range(4):
        x, y = s[i].clone().requires_grad_()
        gx, gy = torch.autograd.grad(x*y, (x, y))
        assert_close(bilinear_field(s[i]), torch.stack([-gx, gy]))
        t, psi = s[i].clone().requires_grad_()
        for gamma in (0., .7):
            V = -math.log(2) + F.logsigmoid(-t*psi) - .5*gamma*psi**2
            up, = torch.autograd.grad(V, psi, retain_graph=True)
            for loss, L in (("saturating", F.logsigmoid(-t*psi)), ("nonsaturating", -F.logsigmoid(t*psi))):
                down, = torch.autograd.grad(L, t, retain_graph=True)
                assert_close(dirac_field(s[i], gamma, loss), torch.stack([-down, up]))
    assert_close(bilinear_field(s), torch.stack([bilinear_field(v) for v in s]))
    assert_close(dirac_field(s[0]), dirac_field(s[0], 0., "saturating"))

def test_rounds():
    f = lambda s: torch.stack([s[0]*s[1] + 1, s[0] - 2*s[1]])
    s, h = torch.tensor([.7, -.3]).double(), .2
    both = s + h*f(s)
    new = torch.stack([s[0], s[1] + h*f(s)[1]])                            # D first …
    turn = torch.stack([new[0] + h*f(new)[0], new[1]])                     # … then G against the new D
    assert_close(game_step(f, h)(s), both)
    assert_close(game_step(f, h, False)(s), both)
    assert_close(game_step(f, h, alternating=True)(s), turn)
    path = play(game_step(f, h), s, 3)
    assert path.shape == (4, 2) and torch.equal(path[0], s) and torch.equal(path[1], both) and torch.equal(path[3], game_step(f, h)(path[2]))
    assert play(game_step(f, h), s, 0).tolist() == [s.tolist()]
    for kw in (dict(), dict(gamma=.4), dict(alternating=True), dict(loss="nonsaturating", gamma=.1)):
        field = lambda v: dirac_field(v, kw.get("gamma", 0.), kw.get("loss", "saturating"))
        assert_close(dirac_step(h, **kw)(s), game_step(field, h, kw.get("alternating", False))(s))
    A = points(0, 3, 3)
    got = eigenvalues(lambda v: A@v + 1, torch.zeros(3).double())
    assert_close(sorted(got.abs().tolist()), sorted(np.abs(np.linalg.eigvals(A.numpy())).tolist()))

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    return {"dynamics.bilinear_field": (bilinear_field, (points(seed, B, 2),), "x")}

def by_batch(seed, B, D):
    r = points(seed, B)
    return {"dynamics.dirac_field": (lambda s: dirac_field(s, .3), (r[:2],), "m"), "dynamics.play": (lambda s: play(lambda s: .9*s, s, 3), (r,), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row, by_batch)

@about("values oracle", "dynamics.bilinear_field", "dynamics.game_step", "dynamics.play", "dynamics.eigenvalues")
@settings(many)
@given(seed=seeds, h=st.floats(.01, 1), n=st.integers(0, 6))
def test_games_of_two_numbers(seed, h, n):
    "At once: each round a spiral out by √(1+h²). In turn: a linear map of determinant one. Eigenvalues are numpy's"
    s = points(seed, 2)
    v = s.clone().requires_grad_()
    dx, dy = torch.autograd.grad(v[0]*v[1], v)[0]
    assert_close(bilinear_field(s), torch.stack([-dx, dy])) and bilinear_field(s)@s == 0
    assert_close(bilinear_field(s[None]), bilinear_field(s)[None])
    step, turns = game_step(bilinear_field, h), game_step(bilinear_field, h, alternating=True)
    path = play(step, s, n)
    assert path.shape == (n + 1, 2)
    assert_close(path.norm(dim=1), s.norm()*(1 + h*h)**(.5*torch.arange(n + 1, dtype=torch.double)))
    for f in (step, turns):
        J = torch.stack([f(e) for e in torch.eye(2).double()], 1)
        got = sorted(eigenvalues(f, 0*s).tolist(), key=lambda z: z.imag)
        assert got == pytest.approx(sorted(np.linalg.eigvals(J.numpy()).tolist(), key=lambda z: z.imag))
        assert_close(f(s), J@s)
    assert abs(np.prod([abs(z) for z in eigenvalues(turns, 0*s).tolist()]) - 1) < 1e-9
    assert_close(play(turns, s, 1)[1], torch.linalg.multi_dot([torch.tensor([[1., -h], [0., 1.]]).double(), torch.tensor([[1., 0.], [h, 1.]]).double()])@s)

@about("values oracle", "dynamics.dirac_field", "dynamics.dirac_step")
@settings(many)
@given(seed=seeds, gamma=st.floats(0, 2), h=st.floats(.01, .5), turns=st.booleans())
def test_dirac_gan(seed, gamma, h, turns):
    "The field is the gradient of the two players' losses; at rest at the origin; both losses slow the same game differently"
    s = points(seed, 2)
    for kind in ("saturating", "nonsaturating"):
        v = s.clone().requires_grad_()
        fake = v[0]*v[1]
        g_theta = torch.autograd.grad(g_loss(fake[None], kind), v)[0][0]
        v = s.clone().requires_grad_()
        loss_D = d_loss(0*v[1][None], (v[0]*v[1])[None]) + .5*gamma*v[1]**2
        g_psi = torch.autograd.grad(loss_D, v)[0][1]
        assert_close(dirac_field(s, gamma, kind), torch.stack([-g_theta, -g_psi]))
        assert dirac_field(0*s, gamma, kind).abs().sum() == 0
        step = dirac_step(h, turns, gamma, kind)
        assert_close(step(s), game_step(lambda s: dirac_field(s, gamma, kind), h, turns)(s))
        assert (eigenvalues(step, 0*s).abs() <= (1 + h*h/4)**.5 + 1e-6).all()
    if gamma > 0: assert (eigenvalues(dirac_step(.01, True, gamma), 0*s).abs() < 1).all()                # friction: it settles

exempt(   # names, kinds, why
    ("dynamics.dirac_step dynamics.eigenvalues dynamics.game_step", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("dynamics.dirac_field dynamics.play", "one",
     "an average or one state, not a row per datum"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "dynamics.bilinear_field": row(dict(s=rnd(2)), skip="empty", allow="nan shape"),
    "dynamics.game_step": row(dict(field=lambda s: s, h=.1), allow="nan", h=POS),
    "dynamics.play": row(dict(step=lambda s: s+1, s=rnd(2), n=3), skip="int short empty", allow="nan shape", n=INT(0)),
    "dynamics.eigenvalues": row(dict(step=lambda s: 2*s, s=rnd(2)), skip="short", s=[rnd(2, 2)]),
    "dynamics.dirac_field": row(dict(s=rnd(2), gamma=0., loss="saturating"), allow="nan", gamma=[-1., NAN], loss=["wasserstein"]),
    "dynamics.dirac_step": row(dict(h=.1, gamma=0., loss="saturating"), allow="nan", h=POS, gamma=[-1., NAN], loss=["wasserstein"]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def players_take_turns():
    "Simultaneous steps grow by √(1 + h²) a round, alternating ones turn on an ellipse"
    s, h = torch.tensor([1., 0.]).double(), .1
    near(play(game_step(bilinear_field, h), s, 10)[-1].square().sum(), 1.01**10)
    near(eigenvalues(game_step(bilinear_field, h, alternating=True), torch.zeros(2).double()).abs().max(), 1.)

MISTAKES = [   # name, function, text, mistaken text, check
    ("both at once, called in turn", "dynamics.game_step", "in_turn if alternating else both", "both", players_take_turns),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
