"Two stages: the law of all codes, a diffusion model in the prior's place, a code from a list"
import copy
import math

import pytest
import torch
from bad_input import CLEAN, INSTANCES, INT, S, X, bad_input_tests, dice, row
from helpers import gen, points, seeded, sgd
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, B_, D_, about, exempt, many, property_tests, seeds
from torch import distributions as td
from torch.testing import assert_close

from vaegan.diffusion import diffusion_step, mlp_diffusion
from vaegan.first_stage import LatentDiffusion, aggregate_log_prob, quantise
from vaegan.reparam import rsample
from vaegan.vae import mlp_vae


# ------------------------------------------------------------------------------------------------------ the two stages
def two_stages(T=5): return LatentDiffusion(seeded(mlp_vae, S, 3, (8,)).eval(), seeded(mlp_diffusion, (3,), T, (8,)).eval())
small = two_stages()

def test_the_loss_is_the_priors_on_drawn_codes():
    "With the same noise; and a step moves the prior alone, though gradients of the first stage are not switched off"
    x = X.clamp(0, 1)
    z = rsample(*small.vae.encode(x), gen(3))
    g = gen(3)
    rsample(*small.vae.encode(x), g)
    assert_close(small(x, gen(3)), small.prior(z, g))
    model = two_stages()
    before = copy.deepcopy(model.state_dict())
    diffusion_step(model, sgd(model), gen(5))(x)
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert moved and all(k.startswith("prior.net") for k in moved)

def bound_is_the_sum_of_its_terms():
    "The ELBO with N(0, I) plus what the prior's bound says instead of log N(z; 0, I), from the same draw"
    x = X.clamp(0, 1)
    mu, logvar = small.vae.encode(x)
    g = gen(7)
    z = rsample(mu, logvar, g)
    q = td.Independent(td.Normal(mu, (logvar/2).exp()), 1)
    log_px_z = td.Independent(td.Bernoulli(logits=small.vae.decode(z).view_as(x), validate_args=False), 3).log_prob(x)
    assert_close(small.elbo(x, gen(7)), log_px_z + small.prior.elbo(z, g) - q.log_prob(z))

def test_the_bound(): bound_is_the_sum_of_its_terms()

def test_samples_are_decoded_codes():
    model = two_stages()
    assert_close(model.sample(4, gen(1)), small.vae.mean(small.prior.sample(4, gen(1))).detach())
    assert model.sample(4, gen(1)).shape == (4, *S) and not model.sample(2, gen(1)).requires_grad
    with pytest.raises(ValueError, match=r"prior: expected x_shape \(3,\), the shape of a code, got \(4,\)"):
        LatentDiffusion(model.vae, mlp_diffusion((4,), 5, (8,)))
    with pytest.raises(ValueError, match="vae: expected no classes, got 2"):
        LatentDiffusion(mlp_vae(S, 3, (8,), n_classes=2), model.prior)

# ---------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    mu, logvar = points(seed + 1, 3, D), points(seed + 2, 3, D)
    return {"first_stage.aggregate_log_prob": (lambda z: aggregate_log_prob(z, mu.to(z), logvar.to(z)), (points(seed, B, D),), "x")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle", "first_stage.aggregate_log_prob")
@settings(many)
@given(seed=seeds, B=B_, D=D_, K=st.integers(1, 5))
def test_aggregate_log_prob(seed, B, D, K):
    "PyTorch's mixture; one posterior alone; the same posterior K times over is that posterior"
    z, mu, logvar = points(seed, B, D), points(seed + 1, K, D), points(seed + 2, K, D)
    each = td.Independent(td.Normal(mu, (logvar/2).exp()), 1)
    mixture = td.MixtureSameFamily(td.Categorical(torch.ones(K, dtype=torch.double)), each)
    assert_close(aggregate_log_prob(z, mu, logvar), mixture.log_prob(z))
    one = td.Independent(td.Normal(mu[0], (logvar[0]/2).exp()), 1)
    assert_close(aggregate_log_prob(z, mu[:1].repeat(K, 1), logvar[:1].repeat(K, 1)), one.log_prob(z))

@about("values oracle gradient", "first_stage.quantise")
@settings(many)
@given(seed=seeds, B=B_, D=D_, K=st.integers(1, 6))
def test_quantise(seed, B, D, K):
    "No other code is nearer; the gradient is that of the code itself, and the codebook gets none"
    z, codes, w = points(seed, B, D).requires_grad_(), points(seed + 1, K, D).requires_grad_(), points(seed + 2, B, D)
    e, k = quantise(z, codes)
    assert_close(e, codes[k]) and k.shape == (B,)
    far = (z[:, None] - codes).square().sum(2)
    assert (far.gather(1, k[:, None]) <= far + 1e-9).all()
    on_z, on_codes = torch.autograd.grad((w*e.square()).sum(), (z, codes), allow_unused=True)
    assert_close(on_z, (2*w*codes[k]).detach())
    assert on_codes is None
    assert torch.equal(quantise(codes.detach(), codes)[1], torch.arange(K))

exempt(   # names, kinds, why
    ("first_stage.quantise", "one dtype device extreme", "one call of cdist and a difference: test_quantise"),
    ("first_stage.LatentDiffusion first_stage.LatentDiffusion.forward first_stage.LatentDiffusion.elbo first_stage.LatentDiffusion.sample", ALL,
     "puts tested parts together: the tests above"),
)

# ----------------------------------------------------------------------------------------------------------- bad input
INSTANCES["first_stage.LatentDiffusion"] = small
CLEAN.append((small, copy.deepcopy(small.state_dict())))
Z, MEANS = torch.randn(6, 3, generator=dice), torch.randn(4, 3, generator=dice)
ROWS = {
    "first_stage.LatentDiffusion": row(dict(vae=small.vae, prior=small.prior), allow="nan"),
    "first_stage.LatentDiffusion.forward": row(dict(x=X.clamp(0, 1)), allow="nan"),
    "first_stage.LatentDiffusion.elbo": row(dict(x=X.clamp(0, 1))),
    "first_stage.LatentDiffusion.sample": row(dict(n=2), n=INT()),
    "first_stage.aggregate_log_prob": row(dict(z=Z, mu=MEANS, logvar=MEANS), allow="nan inf", skip="one", logvar=[MEANS[:3]], mu=[MEANS[:3]]),
    "first_stage.quantise": row(dict(z=Z, codes=MEANS), allow="nan inf", skip="one", codes=[MEANS[:, :2]]),
}
NO_ROW = {}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ------------------------------------------------------------------------------------------------------------ pitfalls
def the_mixture_is_even():
    mu = torch.tensor([[0.], [50.]])
    assert_close(aggregate_log_prob(mu, mu, 0*mu), torch.full((2,), -math.log(2) - .5*math.log(2*math.pi)))

def the_gradient_goes_through():
    z = torch.tensor([[.9]], requires_grad=True)
    quantise(z, torch.tensor([[0.], [1.]]))[0].sum().backward()
    assert z.grad == 1

MISTAKES = [   # name, function, text, mistaken text, check
    ("the density of q(z|x) forgotten in the bound", "first_stage.LatentDiffusion.elbo", " - normal_log_prob(z, mu, logvar)", "", bound_is_the_sum_of_its_terms),
    ("a sum of K laws, not their mean", "first_stage.aggregate_log_prob", "math.log(len(mu)) + ", "", the_mixture_is_even),
    ("the code detached whole", "first_stage.quantise", "z + (codes[k] - z).detach()", "codes[k].detach() + 0*z", the_gradient_goes_through),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
