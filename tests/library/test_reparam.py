"Draws with a gradient, and both estimators of it"
import math

import pytest
import torch
from bad_input import INT, LV, MU, NAN, POS, L, bad_input_tests, row
from helpers import full, gauss, gen, near, points
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import B_, D_, about, exempt, many, property_tests, seeds
from torch.autograd import gradcheck
from torch.testing import assert_close

from vaegan.dists import mean_se
from vaegan.reparam import pathwise_grad, rsample, rsample_mvn, score_grad


def test_draws():
    "Mean, spread and sign of the dice: the same generator gives z = mu + sigma eps"
    mu, logvar = torch.tensor([[1., -2.]]), torch.tensor([[.5, -1.]])
    eps = torch.randn(1, 2, generator=gen())
    assert_close(rsample(mu, logvar, gen()), mu + (.5*logvar).exp()*eps)
    z = 1.5 + .7*torch.randn(9, generator=gen(), dtype=torch.double)
    assert_close(pathwise_grad(torch.sin, 1.5, .7, 9, gen()), z.cos())
    for b in (0., 2.): assert_close(score_grad(torch.sin, 1.5, .7, 9, gen(), b), (z.sin() - b)*(z - 1.5)/.49)
    assert_close(score_grad(torch.sin, 1.5, .7, 9, gen()), z.sin()*(z - 1.5)/.49)
    assert pathwise_grad(torch.sin, 1.5, .7, 1).shape == score_grad(torch.sin, 0., .7, 1).shape == (1,)
    for b in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="baseline: expected"): score_grad(torch.sin, 0., 1., 3, baseline=b)
    with pytest.raises(ValueError, match="logvar: expected"): rsample(mu, logvar[:, :1])

# --------------------------------------------------------------------------------------------------------- properties
def by_batch(seed, B, D):
    x, y = points(seed + 2, B, D), points(seed + 3, B, D)
    return {"reparam.rsample": (lambda m, v: rsample(m, v, gen(seed)), (x, y), "mv"),
            "reparam.rsample_mvn": (lambda m, S: rsample_mvn(m, S, gen(seed)), (x, gauss(seed, B, D)[2]), "mL")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_batch=by_batch)

@about("values oracle", "reparam.rsample", "reparam.rsample_mvn")
@settings(many)
@given(seed=seeds, B=B_, D=D_)
def test_rsample(seed, B, D):
    mu, logvar, L = gauss(seed, B, D)
    z, eps = rsample(mu, logvar, gen(1)), rsample(0*mu, 0*logvar, gen(1))
    assert_close(z, mu + (.5*logvar).exp()*eps)
    assert_close(rsample(mu, torch.full_like(mu, -1500.), gen(1)), mu)                                # no variance, no chance
    assert_close(rsample_mvn(mu, torch.diag_embed((.5*logvar).exp()), gen(1)), z)
    assert_close(rsample_mvn(mu, L, gen(1)), mu + torch.einsum("bij,bj->bi", L, eps))
    assert z.dtype == mu.dtype and rsample(mu.float(), logvar.float(), gen(1)).dtype == torch.float32
    assert gradcheck(lambda m, v: rsample(m, v, gen(2)), (mu.requires_grad_(), logvar.requires_grad_()))
    assert gradcheck(lambda m, S: rsample_mvn(m, torch.tril(S), gen(2)), (mu, L.clone().requires_grad_()))

@about("values oracle", "reparam.pathwise_grad", "reparam.score_grad")
@settings(many, max_examples=8)
@given(seed=seeds, mu=st.floats(-2, 2), sigma=st.floats(.2, 2), b=st.floats(-3, 3))
def test_both_gradients_estimate_the_same(seed, mu, sigma, b):
    "d E[z²]/dμ = 2μ and d E[sin z]/dμ = cos μ · exp(−σ²/2), within 5 standard errors"
    for f, true in ((torch.square, 2*mu), (torch.sin, math.cos(mu)*math.exp(-sigma**2/2))):
        for draws in (pathwise_grad(f, mu, sigma, 20_000, gen(seed)), score_grad(f, mu, sigma, 20_000, gen(seed), b)):
            m, se = mean_se(draws)
            assert abs(m - true) <= 5*se
    assert_close(pathwise_grad(lambda z: 3*z, mu, sigma, 9, gen(seed)), torch.full((9,), 3.).double())    # linear: no variance

exempt(   # names, kinds, why
    ("reparam.pathwise_grad reparam.rsample reparam.rsample_mvn reparam.score_grad", "one",
     "every row has a draw of its own"),
    ("reparam.pathwise_grad reparam.score_grad", "gradient dtype device extreme",
     "takes numbers, gives estimates of a gradient in double precision"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "reparam.rsample": row(dict(mu=MU, logvar=LV), allow="nan inf"),
    "reparam.rsample_mvn": row(dict(mu=MU, L=L), allow="nan inf", L=[L@L.mT]),
    "reparam.pathwise_grad": row(dict(f=torch.sin, mu=0., sigma=1., n=5), allow="nan", mu=[NAN], sigma=POS, n=INT()),
    "reparam.score_grad": row(dict(f=torch.sin, mu=0., sigma=1., n=5, baseline=0.), allow="nan", mu=[NAN], sigma=POS, n=INT(), baseline=[NAN]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def draws_have_their_variance():
    "The spread of z is the one that the KL is told of"
    for logvar in (-1., 1.5):
        z = rsample(full(0, 20_000, 1), full(logvar, 20_000, 1), gen())
        near(z.var()/math.exp(logvar), 1, .06)

def both_estimators_of_a_gradient():
    "d E[z²]/dμ = 2μ, from both; the score has variance 30 at μ = σ = 1, or 14 with the best baseline"
    path, score, base = (f(torch.square, 1., 1., 200_000, gen(), *b) for f, b in ((pathwise_grad, ()), (score_grad, ()), (score_grad, (4.,))))
    for draws, var in ((path, 4), (score, 30), (base, 14)):
        near(draws.mean(), 2, .06)
        near(draws.var()/var, 1, .1)

MISTAKES = [   # name, function, text, mistaken text, check
    ("z drawn with σ = exp(logvar)", "reparam.rsample", "(.5*logvar).exp()", "logvar.exp()", draws_have_their_variance),
    ("the score without its 1/σ²", "reparam.score_grad", "*(z - mu)/sigma**2", "*(mu - z)/sigma**2", both_estimators_of_a_gradient),
    ("the baseline added", "reparam.score_grad", "f(z) - baseline", "f(z) + baseline", both_estimators_of_a_gradient),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
