"A small program that uses the library as a reader would: what a type checker makes of it (tests/whole/test_types.py)."
from collections.abc import Callable
from typing import assert_type

import torch
from torch import Tensor, nn

from vaegan.data import Batches
from vaegan.datasets import ImageData, digits
from vaegan.dists import bernoulli_log_prob, normal_log_prob, tril
from vaegan.divergences import kl_mvn, kl_normal
from vaegan.evaluate import held_out_elbo
from vaegan.gan import Discriminator, Generator, gan_step, mlp_gan
from vaegan.iwae import iw_bound, log_weights, nll
from vaegan.latent import PPCA
from vaegan.likelihoods import Normal
from vaegan.minimax import value
from vaegan.nets import mlp
from vaegan.runs import fit
from vaegan.train import vae_step
from vaegan.vae import VAE, mlp_vae

data = assert_type(digits(), ImageData)
x = assert_type(data.x, Tensor)
mu, logvar = torch.zeros(3, 2), torch.zeros(3, 2)
kl: Tensor = kl_normal(mu, logvar)
both: Tensor = kl_normal(mu, logvar, mu, logvar)
log_p: Tensor = normal_log_prob(mu, mu, logvar) + bernoulli_log_prob(mu.sigmoid(), mu)
L: Tensor = tril(torch.zeros(3, 3), 2)
full: Tensor = kl_mvn(mu, L, mu, L)

vae = assert_type(mlp_vae((1, 8, 8), 2, (16,)), VAE)
grey = mlp_vae(x_shape=(1, 8, 8), d_z=2, hidden=(16, 16), likelihood=Normal(), act=nn.Tanh)
step: Callable = vae_step(vae, torch.optim.Adam(vae.parameters()), beta=lambda n: min(1., n/100), generator=torch.Generator())
history = fit(step, Batches(x, bs=128, stochastic=True), 2, progress=False)
last: float = history["elbo"][-1]
images: Tensor = vae.sample(9, torch.Generator().manual_seed(0))
again: Tensor = vae.reconstruct(x[:9])
log_px_z, kl_z = vae.terms(x[:9])
mean, se = held_out_elbo(vae, data.x_test)
bound: Tensor = iw_bound(log_weights(vae, x[:9], 5))
surprise: Tensor = nll(vae, x[:9], K=100)
told: Tensor = mlp_vae((1, 8, 8), 2, n_classes=10).sample(3, y=torch.tensor([1, 2, 3]))

G, D = mlp_gan((1, 8, 8), 16)
assert_type(G, Generator)
assert_type(D, Discriminator)
opts = [torch.optim.Adam(net.parameters()) for net in (G, D)]
game: Callable = gan_step(G, D, opts[0], opts[1], k=2, loss="relativistic", r1=1.)
V: Tensor = value(D(x[:9]), D(G.sample(9)))
pca = assert_type(PPCA.fit(x, 2), PPCA)
net = assert_type(mlp(4, 8, 2, act=nn.Tanh, norm=True), nn.Sequential)
