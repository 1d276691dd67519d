"""The same seed gives the same numbers in every process; nothing draws from the global random state unless asked to; what a
notebook shows is what it gives."""
import base64
import inspect
import io
import json
import os
import random
import re
import subprocess
import sys

import numpy as np
import pytest
import tables as table
import torch
from fastcore.nbio import read_nb
from notebooks import NBS, ROOT, has_flag, nb_id, src
from PIL import Image

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
from vaegan.data import Batches, digits
from vaegan.dynamics import wgan_gp_step
from vaegan.evaluate import held_out_elbo, iwae_step, nll, train_classifier
from vaegan.gan import gan_step, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.train import fit, vae_step, warmup
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
    ("wgan", lambda: mlp_gan((1, 8, 8), 4, (16,), norm=False), lambda G, D: wgan_gp_step(G, D, adam(G), adam(D), 2, generator=gen()), batches()),
    ("hybrid", eyes, lambda v, D: hybrid_step(v, D, adam(v.enc), adam(v.dec), adam(D), generator=gen()), batches())):
    w, hist, nets[name] = run(make, step, b)
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
    start = lambda seed, noise, h: subprocess.Popen([sys.executable, "-c", RUNS, str(seed), str(noise)], env=os.environ | dict(PYTHONHASHSEED=h), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ps = [start(3, 1, "1"), start(3, 2, "2"), start(4, 1, "1")]
    outs = [p.communicate() for p in ps]
    assert all(p.returncode == 0 for p in ps), outs[0][1][-2000:] + outs[1][1][-2000:]
    a, b, c = (json.loads(o) for o, _ in outs)
    assert a == b
    assert all(a[k] != c[k] for k in a), "the seed has no influence"

# -- the global random state -------------------------------------------------------------------------------------------
STEPS = {"train.vae_step()": lambda g: vae_step(table.vae, table.sgd(table.vae), generator=g), "iwae.iwae_step()": lambda g: iwae_step(table.vae, table.sgd(table.vae), 2, g),
         "gan.gan_step()": lambda g: gan_step(table.G, table.D, table.sgd(table.G), table.sgd(table.D), k=2, generator=g),
         "failures.wgan_gp_step()": lambda g: wgan_gp_step(table.G, table.D, table.sgd(table.G), table.sgd(table.D), 2, generator=g),
         "hybrid.hybrid_step()": lambda g: hybrid_step(table.vae, table.eyes, table.sgd(table.vae.enc), table.sgd(table.vae.dec), table.sgd(table.eyes), generator=g)}
ASKED = {   # what draws from the global state, as its documentation says
    r"nets\.(mlp|conv_\w+)|vae\.(mlp_\w+|conv_\w+)|gan\.(mlp_gan|conv_gan)|evaluate\.Classifier": "initial weights come from PyTorch's global state, as those of every layer do",
    r"tour\.tour|data\.mnist": "tests/whole/test_tour.py, tests/library/test_datasets.py: minutes, or files",
}
asked = lambda name: next((why for p, why in ASKED.items() if re.fullmatch(p, name)), None)

def takes_generator(name):
    try: return "generator" in inspect.signature(table.PUBLIC[name]).parameters
    except ValueError: return False      # an exception has no signature

def state(): return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), np.random.get_state()[2], random.getstate()

def call(name, seed=0):
    "The good call of a row, with a generator wherever one can be given"
    if name in STEPS: return STEPS[name](gen(seed))(**table.ROWS[name][0])
    f, good = table.target(name), table.ROWS[name][0]
    takes = name in table.PUBLIC and takes_generator(name)
    return f(**good | (dict(generator=gen(seed)) if takes else {}))

@pytest.fixture(autouse=True)
def aside(monkeypatch, tmp_path):
    table.restore()
    monkeypatch.chdir(tmp_path)
    (tmp_path/"roster.csv").write_text("id\nada\n")
    (tmp_path/"key.json").write_text(json.dumps(dict(exam="e", roster=True, students=dict(ada=[table.to_key(table.kl_question.variant(0))]))))
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

@pytest.mark.parametrize("L", [n for n in table.PUBLIC if n.endswith(".sample") and n.split(".")[1] in ("Bernoulli", "Normal", "DiagNormal", "FullNormal", "ContinuousBernoulli")])
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

# -- what a notebook shows ---------------------------------------------------------------------------------------------
# Stored outputs against a fresh run on the same versions. Text must be the same but for its numbers; a number may differ by
# REL of itself, or by one unit of its last printed digit; a picture by PIXEL of its range on average. Another processor rounds
# sums in another order, and training carries that on: hence REL. Cells that measure time are left out, and so are slow ones.
REL, PIXEL = .02, .02
NUMBER = re.compile(r"[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
TIMED = re.compile(r"perf_counter|process_time|timeit|\btime\.time\b|^%+time|\bseconds?\b.*=|_ms\b", re.M)

FRESH = """
import json, re, sys
from execnb.shell import CaptureShell
from fastcore.nbio import read_nb
nb = read_nb(sys.argv[1])
skip = lambda c: c.cell_type != "code" or re.search(r"^#[|] *(slow|eval: *false|notest)", "".join(c.source), re.M)
for c in nb.cells:
    if c.cell_type == "code": c.outputs = []
CaptureShell(path=sys.argv[2]).run_all(nb, exc_stop=True, preproc=skip)
json.dump({c.id: c.outputs for c in nb.cells if c.cell_type == "code" and not skip(c)}, open(sys.argv[3], "w"), default=list)
"""

def shown(outputs):
    "(kind, content) of everything that a reader sees"
    text = lambda v: "".join(v) if isinstance(v, list) else v
    streams = "".join(text(o["text"]) for o in outputs if o["output_type"] == "stream" and o.get("name") == "stdout")
    out = [("text", streams)] if streams.strip() else []
    for o in outputs:
        d = o.get("data", {})
        if "image/png" in d: out.append(("picture", text(d["image/png"])))
        elif any(k in d for k in ("text/html", "application/javascript", "application/vnd.jupyter.widget-view+json")): out.append(("page", ""))
        elif k := next((k for k in ("text/markdown", "text/latex", "text/plain") if k in d), None): out.append(("text", re.sub(r"0x[0-9a-f]+", "0x", text(d[k]))))
    return out

def last_digit(s):
    "One unit of the last digit of a printed number"
    mantissa, _, e = s.lower().partition("e")
    return 10.**(int(e or 0) - len(mantissa.partition(".")[2]))

def differs(a, b):
    "What is different between two texts, beyond the tolerance; empty if nothing is"
    if re.sub(r"\s+", " ", NUMBER.sub("#", a)).strip() != re.sub(r"\s+", " ", NUMBER.sub("#", b)).strip(): return f"stored {a[:300]!r}, fresh {b[:300]!r}"
    for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)):
        u, v = (float(s.replace("−", "-")) for s in (x, y))
        if abs(u - v) > REL*abs(u) + 1.001*max(last_digit(x), last_digit(y)): return f"stored {x}, fresh {y} in {b[:300]!r}"
    return ""

def picture(s): return np.asarray(Image.open(io.BytesIO(base64.b64decode(s))).convert("RGB"), dtype=float)/255

def pictures_differ(a, b):
    a, b = picture(a), picture(b)
    if any(abs(m - n) > 3 for m, n in zip(a.shape, b.shape)): return f"a picture of {a.shape[1]}×{a.shape[0]} has become {b.shape[1]}×{b.shape[0]}"
    h, w = np.minimum(a.shape[:2], b.shape[:2])
    d = np.abs(a[:h, :w] - b[:h, :w]).mean()
    return f"a picture differs by {d:.3f} on average" if d > PIXEL else ""

def compare(stored, fresh):
    a, b = shown(stored), shown(fresh)
    if [k for k, _ in a] != [k for k, _ in b]: return [f"stored {[k for k, _ in a]}, fresh {[k for k, _ in b]}"]
    judge = dict(text=differs, picture=pictures_differ, page=lambda a, b: "")
    return list(filter(None, (judge[k](u, v) for (k, u), (_, v) in zip(a, b))))

def test_the_comparison_sees():
    assert not differs("{'a': 1.234, 'n': 10}", "{'a': 1.235, 'n': 10}") and not differs("a   1.0", "a 1.01") and not differs("−1.5e-3", "−1.6e-3")
    assert differs("a 1.23", "b 1.23") and differs("1.234", "1.334") and differs("[1, 2]", "[1, 2, 3]") and differs("True", "False") and differs("7", "9")
    out = lambda s: [dict(output_type="execute_result", data={"text/plain": s})]
    assert not compare(out("1.0"), out(["1", ".0"])) and compare(out("1.0"), []) and compare(out("1.0"), out("1.5"))
    def png(v):
        f = io.BytesIO()
        Image.fromarray(np.full((20, 30, 3), v, dtype=np.uint8)).save(f, "png")
        return [dict(output_type="display_data", data={"image/png": base64.b64encode(f.getvalue()).decode()})]
    assert not compare(png(100), png(102)) and compare(png(100), png(130)) and compare(png(100), out("1"))

QUICK = ("04_elbo.ipynb",)   # in the default run; the others in `make slow`

@pytest.mark.parametrize("nb", [pytest.param(nb, marks=[] if nb_id(nb) in QUICK else pytest.mark.slow) for nb in NBS], ids=nb_id)
def test_stored_outputs_are_what_comes_out(nb, tmp_path):
    r = subprocess.run([sys.executable, "-c", FRESH, str(nb), str(nb.parent), str(tmp_path/"out.json")], cwd=nb.parent, capture_output=True, text=True,
                       env=os.environ | dict(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(ROOT)))
    assert r.returncode == 0, r.stderr[-3000:]
    fresh, faults, seen = json.loads((tmp_path/"out.json").read_text()), [], 0
    for c in read_nb(nb).cells:
        if c.cell_type != "code" or c.id not in fresh or TIMED.search(src(c)) or has_flag(src(c), "timed"): continue
        seen += 1
        faults += [f"cell {c.id}: {f}" for f in compare(c.outputs, fresh[c.id])]
    assert not faults, f"{len(faults)} of {seen} cells\n" + "\n".join(faults)
