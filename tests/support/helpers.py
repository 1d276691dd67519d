"What tests of several modules have in common: draws, small networks, models whose numbers are known."
import math

import pytest
import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

from vaegan.dists import bernoulli_log_prob, normal_log_prob, tril
from vaegan.failures import lipschitz_penalty
from vaegan.gan import grad_penalty
from vaegan.latent import PPCA
from vaegan.likelihoods import ContinuousBernoulli, DiagNormal, DiscretisedLogistic, FullNormal, Normal
from vaegan.nets import mlp
from vaegan.runs import fit
from vaegan.vae import VAE, Bernoulli, mlp_vae


def gen(seed=0): return torch.Generator().manual_seed(seed)

def points(seed, *shape): return torch.randn(*shape, generator=gen(seed), dtype=torch.double)

def params(*nets): return [p for net in nets for p in net.parameters()]

def values(*nets): return [p.detach().clone() for p in params(*nets)]

def seeded(make, *args, seed=0, **kw):
    torch.manual_seed(seed)
    return make(*args, **kw)

class Linear(nn.Module):
    "An affine map that is told its numbers"
    def __init__(self, W, b=0.):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.as_tensor(W)), b
    def forward(self, x): return x.flatten(1)@self.W + self.b

def sgd(net, lr=.1): return torch.optim.SGD(net.parameters(), lr)

def descends(step, losses, batches, *nets, lr=.1):
    "Each step moves the networks by −lr times the gradients of their losses, evaluated afresh; step -> what it reported"
    outs = []
    for x in batches:
        before, want = values(*nets), [g for net, loss in zip(nets, losses) for g in torch.autograd.grad(loss(x), params(net))]
        outs.append(step(x))
        for p, b, g in zip(params(*nets), before, want): assert_close(p.detach(), b - lr*g, rtol=1e-6, atol=1e-9)
        assert not any(torch.is_tensor(v) and v.requires_grad for v in outs[-1].values()), "a report that holds on to its graph"
    return outs

class Count:
    "A schedule that only counts"
    n = 0
    def step(self): self.n += 1

def linear(*nets): return [(m.in_features, m.out_features) for net in nets for m in net.modules() if isinstance(m, nn.Linear)]

def same_training(a, b, *nets):
    "Two runs of one epoch leave the same history and, pair by pair, the same networks"
    assert fit(*a, progress=False) == fit(*b, progress=False)
    for u, v in nets: assert all(torch.equal(p, q) for p, q in zip(values(u), values(v), strict=True))

def linear_model(k=2, d=4, seed=0):
    "A linear-Gaussian VAE whose encoder is exact: every importance weight is p(x)"
    W, mean, var = points(seed, d, k), points(seed + 1, d), .5
    exact = PPCA(W, mean, var)
    S = exact.posterior(mean[None])[1]
    R = torch.linalg.eigh(W.T@W)[1]                                        # turned so that the posterior is diagonal
    exact = PPCA(W@R, mean, var)
    S = exact.posterior(mean[None])[1]
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([exact.posterior(x)[0], S.diagonal().log().expand(len(x), -1)], 1)
    dec = Linear(exact.W.T, mean)
    return VAE(Enc(), dec, k, (d,), Normal(math.log(var)).double()), exact

def gauss(seed, B, D, dtype=torch.double, scale=1.):
    "Means, log-variances and factors of B Gaussians"
    g = gen(seed)
    mu, logvar = (scale*torch.randn(B, D, generator=g, dtype=torch.double) for _ in range(2))
    return mu.to(dtype), logvar.to(dtype), tril(torch.randn(B, D*(D+1)//2, generator=g, dtype=torch.double), D).to(dtype)

def coins(seed, *shape): return (points(seed, *shape) > 0).double()

LIKELIHOODS = [Bernoulli, Normal, DiagNormal, FullNormal, ContinuousBernoulli, DiscretisedLogistic]

likelihoods = pytest.mark.parametrize("L", LIKELIHOODS, ids=lambda L: L.__name__)

def a_ppca(seed, d, k, dtype=torch.double): return PPCA(points(seed + 8, d, k).to(dtype), points(seed + 9, d).to(dtype), .3)

def full(v, *shape): return torch.full(shape, float(v), dtype=torch.double)

def near(a, b, tol=1e-6):
    a, b = (float(v.detach() if torch.is_tensor(v) else v) for v in (a, b))
    assert abs(a - b) <= tol, f"{a} against {b}"

def slope(f, l):
    "df/dl at l"
    l = torch.tensor([l], dtype=torch.double, requires_grad=True)
    return torch.autograd.grad(f(l), l)[0].item()

def linear_vae():
    "A VAE whose evidence is known: linear decoder, fixed noise, a q that is only roughly right"
    exact = PPCA(torch.tensor([[1.5], [-.4], [.8]]).double(), torch.tensor([.3, 0., -.2]).double(), .36)
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([(x - exact.mean)@exact.W*.3 + .2, full(-1.2, len(x), 1)], 1)
    class Dec(nn.Module):
        def forward(self, z): return exact.decode(z)
    model = VAE(Enc(), Dec(), 1, (3,), Normal(math.log(.36)).double())
    return model, exact, exact.sample(6, gen(1))

def loss_of_an_example_by_hand():
    "Two pixels, two latents: −ELBO of an encoder and a decoder without weights, on paper"
    class Enc(nn.Module):
        def forward(self, x): return torch.tensor([[.5, -1., -40., -40.]]).double().expand(len(x), -1)   # no variance to speak of
    class Dec(nn.Module):
        def forward(self, z): return z*2.
    model = VAE(Enc(), Dec(), 2, (2,))
    x = torch.tensor([[1., 0.]]).double()
    want = math.log(1/(1 + math.exp(-1))) + math.log(1 - 1/(1 + math.exp(2)))
    kl = .5*(.25 + 1 + 2*(math.exp(-40) - 1 + 40))
    log_px_z, k = model.terms(x, gen())
    near(log_px_z, want, 1e-6)
    near(k, kl, 1e-6)
    near(model.elbo(x, gen()), want - kl, 1e-6)

def an_image_alone_and_in_a_batch():
    "In training mode too: the outputs that are parameters of a density know nothing of the other images"
    torch.manual_seed(0)
    x = torch.rand(5, 1, 8, 8, generator=gen())
    enc = mlp(64, 16, 4)
    model = mlp_vae((1, 8, 8), 2, (16,)).train()
    for f in (enc, lambda x: torch.cat(model.encode(x), 1), lambda x: model.decode(x[:, 0, 0, :2])):
        near((torch.cat([f(xi[None]) for xi in x]) - f(x)).abs().max(), 0, 1e-5)
    out = mlp(64, 16, 4, norm=True).train()(x)
    assert (out.mean(0).abs() > 1e-3).any(), "the output is normalised"

def densities_are_those_of_torch():
    x, mu, logvar = (torch.randn(4, 3, generator=gen(s), dtype=torch.double) for s in range(3))
    near((normal_log_prob(x, mu, logvar) - td.Normal(mu, (.5*logvar).exp()).log_prob(x).sum(1)).abs().max(), 0, 1e-9)
    b = (x > 0).double()
    near((bernoulli_log_prob(b, mu) - td.Bernoulli(logits=mu).log_prob(b).sum(1)).abs().max(), 0, 1e-9)
    grey = b*.3 + .35
    near((ContinuousBernoulli().log_prob(grey, mu) - td.ContinuousBernoulli(logits=mu).log_prob(grey).sum(1)).abs().max(), 0, 1e-4)

def penalty_is_half_the_squared_slope():
    w = torch.tensor([3., 4.]).double()
    near(grad_penalty(lambda x: x@w, torch.rand(5, 2, generator=gen()).double()), 12.5)
    near(lipschitz_penalty(lambda x: x@w, *torch.rand(2, 5, 2, generator=gen()).double(), gen()), 16.)

def a_critic(seed, D):
    "A small smooth discriminator of D numbers: dtype -> function of x"
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    return lambda t: (lambda x: torch.func.functional_call(net, {k: v.to(t) for k, v in net.named_parameters()}, (x,)).flatten())
