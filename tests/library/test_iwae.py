"Importance weights and the bounds they give"
import pytest
import torch
from bad_input import INT, B, X, Y, bad_input_tests, normals, row, vae
from helpers import Count, descends, gen, linear_vae, near, points, seeded, sgd
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, about, exempt, many, property_tests, seeds
from torch.testing import assert_close

from vaegan.dists import normal_log_prob
from vaegan.elbo import elbo_ppca
from vaegan.iwae import iw_bound, iwae_step, log_weights, nll
from vaegan.likelihoods import DiagNormal, Normal
from vaegan.processes import shared
from vaegan.vae import Bernoulli, mlp_vae


def test_iwae_step():
    model, sched, mine = seeded(mlp_vae, (4,), 2, (3,)).double(), Count(), gen(1)
    loss = lambda x: -iw_bound(log_weights(model, x, 3, mine)).mean()
    outs = descends(iwae_step(model, sgd(model), 3, generator=gen(1), schedules=(sched,)), [loss], [(points(i, 5, 4) > 0).double() for i in range(2)], model)
    assert sched.n == 2 and set(outs[0]) == {"bound"} and outs[0]["bound"] < 0
    iwae_step(model, sgd(model))((points(0, 5, 4) > 0).double())

def test_weights_of_images_in_any_likelihood():
    "The short way for the Bernoulli is the long way"
    for L in (Bernoulli, Normal, DiagNormal):
        model = seeded(mlp_vae, (1, 2, 3), 2, (4,), L()).double()
        x = (points(0, 5, 1, 2, 3) > 0).double()
        mu, logvar = model.encode(x)
        eps = torch.randn(4, 5, 2, generator=gen(), dtype=torch.double)
        zero, w = torch.zeros_like(mu), []
        for e in eps:
            z = mu + (.5*logvar).exp()*e
            w.append(model.likelihood.log_prob(x, model.decode(z)) + normal_log_prob(z, zero, zero) - normal_log_prob(z, mu, logvar))
        assert_close(log_weights(model, x, 4, gen()), torch.stack(w))
    with pytest.raises(ValueError, match="x: expected values in"): log_weights(seeded(mlp_vae, (2,), 2, (4,)), torch.full((1, 2), 3.), 2)

def test_two_processes_weigh_as_one():
    "Each its images, with the noise that these have when one process does them all"
    model, x = seeded(mlp_vae, (3,), 2, (4,)), torch.rand(6, 3, generator=gen()).round()
    whole = log_weights(model, x, 4, gen())
    for rank in (0, 1):
        with shared(rank, 2): assert_close(log_weights(model, x[rank::2], 4, gen()), whole[:, rank::2])
    with pytest.raises(ValueError, match="x: expected"): nll(model, x[:, :2], 2)

def test_labels_go_along():
    "Weights, likelihoods and steps of a model with classes: every image with its own label, in any portion"
    model, y = seeded(mlp_vae, (4,), 2, (3,), n_classes=3).double(), torch.tensor([2, 0, 1, 1, 0])
    x, zero = (points(0, 5, 4) > 0).double(), torch.zeros(5, 2).double()
    mu, logvar = model.encode(x, y)
    zs = mu + (.5*logvar).exp()*torch.randn(3, 5, 2, generator=gen(), dtype=torch.double)
    w = torch.stack([model.likelihood.log_prob(x, model.decode(z, y)) + normal_log_prob(z, zero, zero) - normal_log_prob(z, mu, logvar) for z in zs])
    assert_close(log_weights(model, x, 3, gen(), y), w)
    assert_close(nll(model, x, 3, 15, gen(), y), -iw_bound(w))
    for rows in (1, 2, 6, 7): assert_close(nll(model, x, 3, rows, gen(), y), -iw_bound(w))     # the noise does not depend on the portions
    out = iwae_step(model, sgd(model), 3, gen())((x, y))
    assert_close(out["bound"], iw_bound(w).mean().detach())
    with pytest.raises(ValueError, match="y: expected"): iwae_step(model, sgd(model))(x)

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D): return {"iwae.iw_bound": (lambda w: iw_bound(w.T), (points(seed + 2, B, D),), "l")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values", "iwae.iw_bound")
@settings(many)
@given(seed=seeds, K=st.integers(1, 8), c=st.floats(-500, 500))
def test_iw_bound(seed, K, c):
    "Between the mean and the largest weight; moves with a constant; the same for copies and in any order; grows with K on average"
    w = points(seed, K, 3)*3
    b = iw_bound(w)
    assert (b >= w.mean(0) - 1e-9).all() and (b <= w.max(0).values + 1e-9).all()
    assert_close(iw_bound(w + c), b + c)
    assert_close(iw_bound(torch.cat([w, w])), b)
    assert_close(iw_bound(w[torch.randperm(K, generator=gen(seed))]), b)
    if K == 1: assert_close(b, w[0])
    else: assert (torch.stack([iw_bound(torch.cat([w[:i], w[i+1:]])) for i in range(K)]).mean(0) <= b + 1e-9).all()

@about("oracle", "iwae.iw_bound")
@settings(many)
@given(seed=seeds, K=st.integers(1, 8))
def test_iw_bound_is_scipys(seed, K):
    from scipy.special import logsumexp
    w = points(seed, K, 3)*30
    assert iw_bound(w).numpy() == pytest.approx(logsumexp(w.numpy(), 0, b=1/K))

exempt(   # names, kinds, why
    ("iwae.log_weights", "device",
     "what a network gives stays on its device; bad input tries two devices"),
    ("iwae.log_weights", "one dtype",
     "test_evaluation_of_a_vae; one number in, one out"),
    ("iwae.iwae_step", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "iwae.iw_bound": row(dict(log_w=rnd(5, B)), skip="short", allow="nan inf shape"),
    "iwae.log_weights": row(dict(vae=vae, x=X, K=2), allow="nan", x=[X+1], K=INT(), y=[Y[:2], Y.float(), Y]),
    "iwae.iwae_step": row(dict(vae=vae, opt=sgd(vae), K=2), allow="nan", K=INT()),
    "iwae.iwae_step()": row(dict(batch=X), allow="nan", call=iwae_step(vae, sgd(vae), 2), batch=[X+1, (X+1, Y)]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def weights_have_the_exact_evidence():
    "Importance sampling in a linear-Gaussian model meets the evidence in closed form, and the bound without samples"
    model, exact, x = linear_vae()
    w = log_weights(model, x, 4000, gen())
    near((iw_bound(w) - exact.log_prob(x)).abs().max(), 0, .1)
    mu, logvar = model.encode(x)
    near((w.mean(0) - elbo_ppca(exact, x, mu, torch.diag_embed((.5*logvar).exp()))).abs().max(), 0, .1)

def more_samples_tighten_the_bound():
    "log of the mean, not mean of the log: K = 1, 5, 50 climb towards log p"
    w = torch.randn(50, 4000, generator=gen(), dtype=torch.double)
    b1, b5, b50 = w[0].mean(), iw_bound(w[:5]).mean(), iw_bound(w).mean()
    assert b1 + .2 < b5 and b5 + .05 < b50, (b1, b5, b50)
    near(iw_bound(w.flatten()), .5, .05)                              # log E e^w = ½ for w ~ N(0, 1)

MISTAKES = [   # name, function, text, mistaken text, check
    ("log-weights with σ = exp(logvar)", "iwae.log_weights", "eps*(.5*logvar).exp() + mu", "eps*logvar.exp() + mu", weights_have_the_exact_evidence),
    ("mean of the log instead of log of the mean", "iwae.iw_bound", "torch.logsumexp(log_w, 0) - math.log(len(log_w))", "log_w.mean(0)", more_samples_tighten_the_bound),
    ("sum of the weights instead of their mean", "iwae.iw_bound", " - math.log(len(log_w))", "", more_samples_tighten_the_bound),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
