"""The same seed gives the same numbers in every process; nothing draws from the global random state unless asked to; what a
notebook shows is what it gives."""
import inspect
import json
import os
import random
import re
import subprocess
import sys
from copy import deepcopy

import bad_input
import numpy as np
import pytest
import tables as table
import torch
import warm

from vaegan.failures import wgan_gp_step
from vaegan.gan import gan_step
from vaegan.hybrid import hybrid_step
from vaegan.iwae import iwae_step
from vaegan.train import vae_step


def gen(seed=0): return torch.Generator().manual_seed(seed)

# -- the same seed, the same numbers -----------------------------------------------------------------------------------
RUNS = """
import hashlib, json, random, sys
import numpy as np, torch
from torch import nn
from vaegan.compare import twins
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.failures import wgan_gp_step
from vaegan.evaluate import held_out_elbo, train_classifier
from vaegan.gan import gan_step, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.iwae import iwae_step, nll
from vaegan.runs import fit
from vaegan.train import vae_step, warmup
from vaegan.vae import conv_vae, mlp_vae
seed, noise = int(sys.argv[1]), int(sys.argv[2])
random.seed(noise); np.random.seed(noise)                                   # these must not matter
data = digits(seed=seed)
gen = lambda: torch.Generator().manual_seed(seed)
adam = lambda net: torch.optim.Adam(net.parameters(), 1e-3)
def batches(stochastic=False, y=None): return Batches(data.x, y, bs=200, seed=seed, stochastic=stochastic, drop_last=True)
def weights(*nets):
    h = hashlib.sha256()
    for net in nets:
        for v in net.state_dict().values(): h.update(v.numpy().tobytes())
    return h.hexdigest()
def run(make, step, b):
    torch.manual_seed(seed)
    nets = make()
    torch.manual_seed(noise)                                                # nor this, once the weights are there
    hist = fit(step(*nets), b, 2, progress=False)
    return weights(*nets), hist, nets
def eyes():
    v, _, D = twins((1, 8, 8), 4, (16, 16), seed)
    return v, FeatureDiscriminator(D.net[:-1], D.net[-1])
out, nets = {}, {}
for name, make, step, b in (
    ("vae", lambda: [mlp_vae((1, 8, 8), 4, (16,))], lambda v: vae_step(v, adam(v), warmup(9), gen()), batches(True)),
    ("conv vae", lambda: [conv_vae((1, 8, 8), 4, 4)], lambda v: vae_step(v, adam(v), generator=gen()), batches()),
    ("cvae", lambda: [mlp_vae((1, 8, 8), 4, (16,), n_classes=10)], lambda v: vae_step(v, adam(v), generator=gen()), batches(y=data.y)),
    ("iwae", lambda: [mlp_vae((1, 8, 8), 4, (16,))], lambda v: iwae_step(v, adam(v), 3, gen()), batches(True)),
    ("gan", lambda: mlp_gan((1, 8, 8), 4, (16,)), lambda G, D: gan_step(G, D, adam(G), adam(D), k=2, r1=.1, generator=gen()), batches()),
    ("wgan", lambda: mlp_gan((1, 8, 8), 4, (16,), norm=False), lambda G, D: wgan_gp_step(G, D, adam(G), adam(D), k=2, generator=gen()), batches()),
    ("hybrid", eyes, lambda v, D: hybrid_step(v, D, adam(v.enc), adam(v.dec), adam(D), generator=gen()), batches())):
    w, hist, nets[name] = run(make, step, b)
    if "twice" in sys.argv:
        again = run(make, step, Batches(b.x, b.y, bs=200, seed=seed, stochastic=b.stochastic, drop_last=True))
        assert (w, hist) == again[:2], f"{name}: twice in one process"
    out[name] = [w, {k: [x.hex() for x in v] for k, v in hist.items()}]
v, = nets["vae"]
out["measures"] = [x.hex() for x in (*held_out_elbo(v, data.x_test, generator=gen()), *nll(v, data.x_test[:9], 20, generator=gen()).tolist())]
out["judge"] = weights(train_classifier(data, 1, seed))
out["samples"] = [float(nets["gan"][0].sample(5, gen()).sum()).hex(), float(v.sample(5, gen()).sum()).hex()]
print(json.dumps(out))
"""

def test_same_seed_same_numbers_in_every_process():
    "VAE, GAN and hybrid: weights, histories, measures and samples, to the last bit"
    start = lambda python, *args: subprocess.Popen([*python, "-c", RUNS, *map(str, args)], env=os.environ | dict(PYTHONHASHSEED="2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ps = [start(warm.python(), 3, 1, "twice"), start([sys.executable], 3, 2), start(warm.python(), 4, 1)]     # the warm ones have another hash seed
    outs = [p.communicate() for p in ps]
    assert all(p.returncode == 0 for p in ps), outs[0][1][-2000:] + outs[1][1][-2000:]
    a, b, c = (json.loads(o) for o, _ in outs)
    assert a == b
    assert all(a[k] != c[k] for k in a), "the seed has no influence"

# -- the global random state -------------------------------------------------------------------------------------------
STEPS = {"train.vae_step()": lambda g: vae_step(table.vae, table.sgd(table.vae), generator=g), "iwae.iwae_step()": lambda g: iwae_step(table.vae, table.sgd(table.vae), 2, g),
         "gan.gan_step()": lambda g: gan_step(table.G, table.D, table.sgd(table.G), table.sgd(table.D), k=2, generator=g),
         "failures.wgan_gp_step()": lambda g: wgan_gp_step(table.G, table.D, table.sgd(table.G), table.sgd(table.D), k=2, generator=g),
         "hybrid.hybrid_step()": lambda g: hybrid_step(table.vae, table.eyes, table.sgd(table.vae.enc), table.sgd(table.vae.dec), table.sgd(table.eyes), generator=g)}
# networks as they are before any test has trained them
NETS = {name: deepcopy({k: v for k, v in r[0].items() if isinstance(v, torch.nn.Module)}) for name, r in table.ROWS.items()}
ASKED = {   # what draws from the global state, as its documentation says
    r"nets\.(mlp|conv_\w+)|vae\.(mlp_\w+|conv_\w+)|gan\.(mlp_gan|conv_gan)|diffusion\.((mlp|unet)_diffusion|diffusion_net)|evaluate\.Classifier": "initial weights come from PyTorch's global state, as those of every layer do",
    r"tour\.tour|datasets\.(fashion_)?mnist": "tests/whole/test_tour.py, tests/library/test_datasets.py: minutes, or files",
}
asked = lambda name: next((why for p, why in ASKED.items() if re.fullmatch(p, name)), None)

def takes_generator(name):
    try: return "generator" in inspect.signature(table.PUBLIC[name]).parameters
    except ValueError: return False      # an exception has no signature

def state(): return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), np.random.get_state()[2], random.getstate()

def call(name, seed=0):
    "The good call of a row, with a generator wherever one can be given"
    if name in STEPS: return STEPS[name](gen(seed))(**table.ROWS[name][0])
    f, good = table.target(name), table.ROWS[name][0] | deepcopy(NETS[name])
    takes = name in table.PUBLIC and takes_generator(name)
    return f(**good | (dict(generator=gen(seed)) if takes else {}))

@pytest.fixture(autouse=True)
def aside(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    bad_input.lay_out(tmp_path)
    yield
    table.plt.close("all")

@pytest.mark.parametrize("name", [n for n in table.ROWS if " " not in n and not asked(n)])
def test_the_global_random_state_is_left_alone(name):
    torch.manual_seed(1); np.random.seed(1); random.seed(1)
    before = state()
    call(name)
    assert state() == before, f"{name} draws from, or sets, the global random state"

@pytest.mark.parametrize("name", [n for n in table.ROWS if " " not in n and n in table.PUBLIC and takes_generator(n)])
def test_the_generator_is_all_the_chance_there_is(name):
    outs = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        outs.append(table.numbers(call(name)))
    assert outs[0] == outs[1]
    if outs[0]: assert table.numbers(call(name, 5)) != outs[0], "the generator has no influence"

@pytest.mark.parametrize("L", [n for n in table.PUBLIC if n.endswith(".sample") and n.split(".")[1] in ("Bernoulli", "Normal", "DiagNormal", "FullNormal", "ContinuousBernoulli", "DiscretisedLogistic")])
def test_likelihoods_draw_from_their_generator(L):
    like = table.INSTANCES[L.rpartition(".")[0]]
    out = torch.randn(2, like.n_out(3), generator=gen())
    before = state()
    assert like.sample(out, gen(1)).equal(like.sample(out, gen(1))) and not like.sample(out, gen(1)).equal(like.sample(out, gen(2)))
    assert state() == before

def test_every_generator_is_tried():
    takes = {n for n in table.PUBLIC if takes_generator(n)}
    tried = {n.removesuffix("()") for n in table.ROWS} | {n for n in table.PUBLIC if n.endswith(".sample")}
    assert takes <= tried, f"give these a row in tests/library: {sorted(takes - tried)}"
    steps = {n for n in table.ROWS if n.endswith("_step()")}
    assert steps <= STEPS.keys(), f"give these a generator in STEPS: {sorted(steps - STEPS.keys())}"
    assert all(any(re.fullmatch(p, n) for n in table.ROWS) for p in ASKED)
