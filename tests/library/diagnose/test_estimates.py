"A KL from draws, or at a z that is handed over: right on average is right; another prior than a Gaussian is no mistake"
import pytest
import torch
from styles import called, ids, styles
from torch.distributions import Laplace, Normal

from vaegan.diagnose.divergence import try_kl

CODE, code = styles()

@code(try_kl)
def kl_z1(z, mu, std):
    q, p = Normal(mu, std), Normal(torch.zeros_like(mu), torch.ones_like(std))
    return (q.log_prob(z) - p.log_prob(z)).sum(-1)
@code(try_kl)
def kl_z2(mu, logvar, z): return (.5*z**2 - .5*(z - mu)**2/logvar.exp() - .5*logvar).sum(1).mean()
@code(try_kl, "kl-sign")
def kl_z3(z, mu, std): return (Normal(0., 1.).log_prob(z) - Normal(mu, std).log_prob(z)).sum(-1).mean()
@code(try_kl, "kl-log-std")
def kl_z4(z, mu, logvar): return (Normal(mu, logvar.exp()).log_prob(z) - Normal(0., 1.).log_prob(z)).sum(-1)
@code(try_kl, "untried")
def kl_z5(z, mu, logvar): return (Normal(mu, (.5*logvar).exp()).log_prob(z) - Laplace(0., 1.).log_prob(z)).sum(-1)
@code(try_kl)
def kl_in_place(mu, logvar): return .5*(mu.pow_(2) + logvar.exp() - 1 - logvar).sum(1)
@code(try_kl, "kl-sign")
def kl_m9b(mu, logvar):
    std = (.5*logvar).exp(); z = mu + std*torch.randn(500, *mu.shape)
    return (Normal(0., 1.).log_prob(z) - Normal(mu, std).log_prob(z)).sum(-1).mean(0)
@code(try_kl, "untried")
def kl_categorical(logits):
    q = logits.softmax(-1)
    return (q*(logits.log_softmax(-1) + torch.log(torch.tensor(float(logits.shape[-1]))))).sum(-1)
@code(try_kl, "untried")
def kl_free(mu, logvar, free_bits=.5): return (-.5*(1 + logvar - mu**2 - logvar.exp())).clamp(min=free_bits).sum(-1).mean()
@code(try_kl, "untried")
def kl_at_least(mu, logvar): return torch.maximum(-.5*(1 + logvar - mu**2 - logvar.exp()), torch.tensor(.3)).sum(-1).mean()
@code(try_kl, "untried")
def kl_laplace(mu, scale): return (mu.abs() + scale*torch.exp(-mu.abs()/scale) - scale.log() - 1).sum(-1)
@code(try_kl, "untried")
def kl_wide_prior(mu, logvar, prior_std=2.): return .5*((logvar.exp() + mu**2)/prior_std**2 - 1 - logvar + 2*torch.as_tensor(prior_std).log()).sum(-1)
@code(try_kl, "untried")
def kl_of_precision(mu, log_precision): return .5*((-log_precision).exp() + mu**2 - 1 + log_precision).sum(1)
@code(try_kl, "kl-sign")
def kl_kept_low(mu, logvar): return (.5*(1 + logvar.clamp(-10, 10) - mu**2 - logvar.exp())).sum(-1)   # a stable width is no other prior
@code(try_kl, "untried")
def kl_m9c(mu, logvar):
    std = (.5*logvar).exp(); z = mu + std*torch.randn(500, *mu.shape)
    return (Normal(mu, std).log_prob(z) - Laplace(3., 1.).log_prob(z)).sum(-1).mean(0)

@pytest.mark.parametrize("f, probe, want", CODE, ids=ids(CODE))
def test_it_is_told(f, probe, want):
    found, names = called(f, probe)
    assert names == want, found
