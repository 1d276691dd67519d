# pyright: basic, reportUnnecessaryTypeIgnoreComment=true
"Mistakes that a type checker must see: one that it does not see makes the mark on its line unnecessary, which is an error."
import torch

from vaegan.datasets import digits
from vaegan.divergences import kl_normal
from vaegan.gan import gan_step, mlp_gan
from vaegan.runs import fit
from vaegan.vae import mlp_vae

z = torch.zeros(3, 2)
kl_normal(z)                                                      # pyright: ignore[reportCallIssue]
kl_normal(z, 0.)                                                  # pyright: ignore[reportArgumentType]
kl_normal(z, z, mean=z)                                           # pyright: ignore[reportCallIssue]
kl_normal(z, z).item().mean()                                     # pyright: ignore[reportAttributeAccessIssue]
vae = mlp_vae((1, 8, 8), "2")                                     # pyright: ignore[reportArgumentType]
vae.sampel(3)                                                     # pyright: ignore[reportCallIssue]
vae.sample("3")                                                   # pyright: ignore[reportArgumentType]
vae.encode([[0.]])                                                # pyright: ignore[reportArgumentType]
digits(n_tset=100)                                                # pyright: ignore[reportCallIssue]
digits().images                                                   # pyright: ignore[reportAttributeAccessIssue]
G, D = mlp_gan((1, 8, 8), 16)
opt = torch.optim.Adam(G.parameters())
gan_step(G, D, opt, opt, loss="wasserstein")                      # pyright: ignore[reportArgumentType]
gan_step(D, G, opt, opt)                                          # pyright: ignore[reportArgumentType]
gan_step(G, D, opt, opt, 3)                                       # pyright: ignore[reportCallIssue]
fit(lambda x: dict(loss=1.), [z], epochs="3")                     # pyright: ignore[reportArgumentType]
