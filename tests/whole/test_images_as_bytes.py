"Images in bytes, handed to everything that takes images: converted once, or refused with what to do about it"
import copy

import numpy as np
import pytest
import torch
from helpers import gen
from torch.testing import assert_close

from vaegan.convergence import gan_recipe
from vaegan.data import Batches, binarize
from vaegan.datasets import ImageData
from vaegan.dists import bernoulli_log_prob
from vaegan.evaluate import active_units, class_shares, held_out_elbo, train_classifier
from vaegan.gan import gan_step, mlp_gan
from vaegan.hybrid import hybrid_recipe
from vaegan.iwae import iwae_step, log_weights, nll
from vaegan.latent import PPCA
from vaegan.likelihoods import DiscretisedLogistic, Normal
from vaegan.photos import as_levels, dequantise
from vaegan.pictures import sheet, write_images
from vaegan.plot import show_images, tile
from vaegan.recipes import as_trained, build_recipe, has_learned
from vaegan.scores import untrained_features
from vaegan.train import vae_recipe, vae_step
from vaegan.vae import Bernoulli, init_output_bias, mlp_vae
from vaegan.widgets.latent import encoded


def adam(net): return torch.optim.Adam(net.parameters(), 2e-3)

def numbers(v):
    "All numbers of a result, in order"
    if isinstance(v, dict): v = [*v.values()]
    if isinstance(v, (tuple, list)): return torch.cat([numbers(w) for w in v])
    return torch.as_tensor(np.asarray(v.detach() if torch.is_tensor(v) else v), dtype=torch.double).flatten()

def takers(s, m):
    "name -> a function of images `[8,*s]`: whatever in the library takes images, but for those that make images of other things"
    torch.manual_seed(0)
    vae, net, (G, Dis), y = mlp_vae(s, 2, (8,)), mlp_vae(s, 2, (8,), Normal()), mlp_gan(s, 3, (8,)), torch.arange(8) % 2
    judge = train_classifier(ImageData(torch.rand(8, *s), y, torch.rand(8, *s), y), 1)
    def stepped(make, *nets):
        nets = copy.deepcopy(nets)
        return make(*nets, *map(adam, nets), generator=gen())
    def vae_of(v, opt, generator): return vae_step(v, opt, generator=generator)
    def iwae_of(v, opt, generator): return iwae_step(v, opt, 3, generator)
    def built(kind, name):
        def first(x):
            _, step, batches = build_recipe(kind, x, 1, name, bs=4)
            return [step(b) for b in batches]
        return first
    outs = {L: torch.zeros(8, L.n_out(m)) + .1 for L in (Bernoulli(), Normal(), DiscretisedLogistic())}
    on_probs = {f"{type(L).__name__}.{name}": f for L, out in outs.items()
                for name, f in (("log_prob", lambda x, L=L, out=out: L.log_prob(x, out)), ("bias", lambda x, L=L: L.bias(x)))}
    steps = dict(vae_step=lambda x: stepped(vae_of, net)(x), gan_step=lambda x: stepped(gan_step, G, Dis)(x), iwae_step=lambda x: stepped(iwae_of, net)(x))
    recipes = {f"build_recipe {k} {r}": built(k, r) for k in ("vae", "gan", "hybrid") for r in (None, "photos")}
    return on_probs | recipes | steps | {
        "encode": vae.encode, "terms": lambda x: vae.terms(x, gen()), "elbo": lambda x: vae.elbo(x, gen()), "forward": lambda x: vae(x, gen()), "reconstruct": vae.reconstruct,
        "init_output_bias": lambda x: list(init_output_bias(copy.deepcopy(vae), x).parameters()), "binarize": lambda x: binarize(x, gen()), "Batches": lambda x: list(Batches(x, bs=4)),
        "bernoulli_log_prob": lambda x: bernoulli_log_prob(x, torch.zeros(x.shape)), "PPCA.fit": lambda x: PPCA.fit(x.flatten(1), 2).W, "D": Dis, "classifier": judge,
        "held_out_elbo": lambda x: held_out_elbo(vae, x, generator=gen()), "active_units": lambda x: active_units(vae, x), "nll": lambda x: nll(vae, x, 5, generator=gen()),
        "log_weights": lambda x: log_weights(vae, x, 5, gen()), "class_shares": lambda x: class_shares(judge, x), "train_classifier": lambda x: list(train_classifier(ImageData(x, y, x, y), 1).parameters()),
        "show_images": lambda x: show_images(x).images[0].get_array().filled(), "tile": tile, "sheet": sheet, "write_images": lambda x: write_images("x.npy", x) and np.load("x.npy"),
        "dequantise": lambda x: dequantise(x, gen()), "as_levels": as_levels, "as_trained": lambda x: as_trained("photos", x, gen())[0], "as_trained, ink": lambda x: as_trained("nll-90", x, gen())[0],
        "vae_recipe": lambda x: list(vae_recipe(x, 1, bs=4)[-1]), "gan_recipe": lambda x: list(gan_recipe(x, 1, bs=4)[-1]), "hybrid_recipe": lambda x: list(hybrid_recipe(x, bs=4)[-1]),
        "untrained_features": untrained_features(s[0]), "encoded": lambda x: encoded(vae, x), "has_learned": lambda x: has_learned({}, x)}

@pytest.mark.parametrize("s", [(1, 8, 8), (3, 9, 13)])
def test_bytes_are_floats_once_or_refused_with_what_to_do(s, tmp_path, monkeypatch):
    "Never a number that is silently wrong, never an error of PyTorch's"
    monkeypatch.chdir(tmp_path)
    x = torch.randint(0, 256, (8, *s), dtype=torch.uint8, generator=gen())
    refused = set()
    for name, f in takers(s, x[0].numel()).items():
        want = numbers(f(x/255))
        try: got = numbers(f(x))
        except TypeError as e:
            assert str(e).endswith("expected a float tensor, got torch.uint8; vaegan.datasets.as_float makes floats in [0, 1] of bytes"), (name, e)
            refused.add(name)
        else: assert_close(got, want, rtol=1e-4, atol=1e-6, equal_nan=True, msg=name)
    assert refused <= {"encode", "terms", "elbo", "forward", "reconstruct", "init_output_bias", "binarize", "bernoulli_log_prob", "log_weights", "PPCA.fit", "sheet", "write_images", "vae_recipe",
                       "gan_recipe", "hybrid_recipe", *(f"{L}.{f}" for L in ("Bernoulli", "Normal", "DiscretisedLogistic") for f in ("log_prob", "bias"))}, refused
