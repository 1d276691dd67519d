"""Speed of the library's loops beside what people would write or pick instead: interleaved, as ratios, never absolute times.

    python benchmarks/bench.py [--threads 1 2] [--rounds 7] [--images 12800] [--store]

MNIST where VAEGAN_DATA has it, else noise of the same shape. Pythae, Pyro, NumPyro and JAX take part where they are
installed (`pip install 'vaegan[bench]'`). `--store` writes benchmarks/RESULTS.md and results.png.
"""
import argparse
import importlib.util
import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
BS, LR, H, Z = 128, 1e-3, 400, 20
FLOP = 2*BS*(3*(784*H + H*2*Z + Z*H + H*784) - 784*H)   # products of one step: forward, twice as much backward, but none for the pixels

def images(n):
    import torch

    from vaegan.datasets import mnist
    try: return mnist().x[:n], "MNIST"
    except FileNotFoundError: return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0)), "noise in the shape of MNIST"

# ---------------------------------------------------------------------------------------------------------------- VAE
def vae_ours(x, **kw):
    import torch

    from vaegan.data import Batches
    from vaegan.runs import fit
    from vaegan.train import vae_step
    from vaegan.vae import mlp_vae
    vae = mlp_vae((1, 28, 28), Z, (H,))
    step, batches = vae_step(vae, torch.optim.Adam(vae.parameters(), LR, fused=True)), Batches(x, bs=BS)
    return lambda: fit(step, batches, 1, progress=False)

def vae_ours_kept(x):
    "With a progress bar, a history and a file; one epoch per call is the worst case, as each call ends with a write"
    import torch

    from vaegan.data import Batches
    from vaegan.runs import fit
    from vaegan.train import vae_step
    from vaegan.vae import mlp_vae
    vae, folder = mlp_vae((1, 28, 28), Z, (H,)), tempfile.TemporaryDirectory()
    step, batches, n = vae_step(vae, torch.optim.Adam(vae.parameters(), LR, fused=True)), Batches(x, bs=BS), iter(range(10**6))
    def epoch(keep=folder): fit(step, batches, 1, save=Path(keep.name)/f"{next(n)}", progress=True)
    return epoch

def nets():
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, H), nn.ReLU(), nn.Linear(H, 2*Z)), nn.Sequential(nn.Linear(Z, H), nn.ReLU(), nn.Linear(H, 784))

def vae_bare(x):
    "The leanest loop by hand: images in memory, permuted once per epoch, one head, fused Adam, loss from logits, no .item()"
    import torch
    import torch.nn.functional as F
    enc, dec = nets()
    opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], LR, fused=True)
    def epoch():
        xs, total = x[torch.randperm(len(x))].flatten(1), torch.zeros(())
        for xb in xs.split(BS):
            mu, logvar = enc(xb).chunk(2, 1)
            z = mu + (.5*logvar).exp()*torch.randn_like(mu)
            loss = (F.binary_cross_entropy_with_logits(dec(z), xb, reduction="sum") + .5*(mu.square() + logvar.exp() - 1 - logvar).sum())/len(xb)
            opt.zero_grad(); loss.backward(); opt.step()
            total += loss.detach()
        return total.item()
    return epoch

class Pictures:
    "A data set as most tutorials have it: one picture at a time, turned into a tensor when asked for"
    def __init__(self, x):
        from torchvision.transforms import ToTensor
        self.x, self.to = (x[:, 0]*255).byte().numpy(), ToTensor()
    def __len__(self): return len(self.x)
    def __getitem__(self, i):
        from PIL import Image
        return self.to(Image.fromarray(self.x[i])), 0

def vae_tutorial(x):
    "The common example: DataLoader of pictures, two heads, a sigmoid before the loss, plain Adam, loss.item() in every step"
    import torch
    from torch import nn
    from torch.nn.functional import binary_cross_entropy
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.mu, self.logvar = nn.Linear(784, H), nn.Linear(H, Z), nn.Linear(H, Z)
            self.up, self.out = nn.Linear(Z, H), nn.Linear(H, 784)
        def forward(self, x):
            h = self.body(x.view(-1, 784)).relu()
            mu, logvar = self.mu(h), self.logvar(h)
            z = mu + torch.randn_like(mu)*torch.exp(logvar/2)
            return torch.sigmoid(self.out(self.up(z).relu())), mu, logvar
    net = Net()
    opt, loader = torch.optim.Adam(net.parameters(), LR), torch.utils.data.DataLoader(Pictures(x), batch_size=BS, shuffle=True)
    def epoch():
        total = 0.
        for xb, _ in loader:
            opt.zero_grad()
            p, mu, logvar = net(xb)
            loss = binary_cross_entropy(p, xb.view(-1, 784), reduction="sum") - .5*torch.sum(1 + logvar - mu**2 - logvar.exp())
            loss.backward()
            total += loss.item()
            opt.step()
        return total
    return epoch

def vae_pythae(x):
    import logging

    import torch
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    logging.disable(logging.WARNING)
    class Enc(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.h, self.mu, self.lv = torch.nn.Linear(784, H), torch.nn.Linear(H, Z), torch.nn.Linear(H, Z)
        def forward(self, x):
            h = self.h(x.flatten(1)).relu()
            return ModelOutput(embedding=self.mu(h), log_covariance=self.lv(h))
    class Dec(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(Z, H), torch.nn.ReLU(), torch.nn.Linear(H, 784), torch.nn.Sigmoid())
        def forward(self, z): return ModelOutput(reconstruction=self.net(z).view(-1, 1, 28, 28))
    model = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=Z, reconstruction_loss="bce"), Enc(), Dec())
    folder = tempfile.TemporaryDirectory()
    config = BaseTrainerConfig(output_dir=folder.name, num_epochs=1, learning_rate=LR, per_device_train_batch_size=BS, optimizer_cls="Adam", no_cuda=True)
    from pythae.data.datasets import BaseDataset
    data = BaseDataset(x, torch.zeros(len(x)))
    def epoch(keep=folder):
        trainer = BaseTrainer(model=model, train_dataset=data, training_config=config)
        trainer.prepare_training()
        trainer.train_step(1)          # one pass, without its set-up and its files
    return epoch

def vae_pyro(x):
    import pyro
    import pyro.distributions as d
    import torch
    enc, dec = nets()
    def model(xb):
        pyro.module("dec", dec)
        with pyro.plate("images", len(xb)):
            z = pyro.sample("z", d.Normal(xb.new_zeros(len(xb), Z), 1.).to_event(1))
            pyro.sample("x", d.Bernoulli(logits=dec(z), validate_args=False).to_event(1), obs=xb)
    def guide(xb):
        pyro.module("enc", enc)
        with pyro.plate("images", len(xb)):
            mu, logvar = enc(xb).chunk(2, 1)
            pyro.sample("z", d.Normal(mu, (.5*logvar).exp()).to_event(1))
    svi = pyro.infer.SVI(model, guide, pyro.optim.Adam(dict(lr=LR)), pyro.infer.Trace_ELBO())
    def epoch(): return sum(svi.step(xb) for xb in x[torch.randperm(len(x))].flatten(1).split(BS))
    return epoch

def _jax_data(x):
    import jax.numpy as jnp
    return jnp.array(x.flatten(1).numpy())[:len(x)//BS*BS]

def vae_jax(x):
    "One compiled scan over the epoch"
    import jax
    import jax.numpy as jnp
    from jax.example_libraries import optimizers
    data, keys = _jax_data(x), iter(jax.random.split(jax.random.PRNGKey(0), 10_000))
    dense = lambda k, a, b: (jax.random.uniform(k, (a, b), minval=-1, maxval=1)/a**.5, jnp.zeros(b))
    params = [dense(k, *s) for k, s in zip(jax.random.split(jax.random.PRNGKey(1), 4), ((784, H), (H, 2*Z), (Z, H), (H, 784)))]
    init, update, get = optimizers.adam(LR)
    def loss(p, xb, key):
        (a, b), (c, d), (e, f), (g, h) = p
        mu, logvar = jnp.split(jax.nn.relu(xb@a + b)@c + d, 2, 1)
        logits = jax.nn.relu((mu + jnp.exp(.5*logvar)*jax.random.normal(key, mu.shape))@e + f)@g + h
        return (jnp.sum(jax.nn.softplus(logits) - xb*logits) + .5*jnp.sum(mu**2 + jnp.exp(logvar) - 1 - logvar))/len(xb)
    @jax.jit
    def run(state, key):
        order, key = jax.random.permutation(key, len(data)), jax.random.split(key)[0]
        def step(state, ib):
            i, rows = ib
            v, grad = jax.value_and_grad(loss)(get(state), data[rows], jax.random.fold_in(key, i))
            return update(i, grad, state), v
        return jax.lax.scan(step, state, (jnp.arange(len(data)//BS), order.reshape(-1, BS)))
    box = [init(params)]
    def epoch():
        box[0], v = run(box[0], next(keys))
        v.block_until_ready()
    return epoch

def vae_numpyro(x):
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as d
    from jax.example_libraries import stax
    data, keys = _jax_data(x), iter(jax.random.split(jax.random.PRNGKey(0), 10_000))
    enc, dec = stax.serial(stax.Dense(H), stax.Relu, stax.Dense(2*Z)), stax.serial(stax.Dense(Z and H), stax.Relu, stax.Dense(784))
    def model(xb):
        net = numpyro.module("dec", dec, (BS, Z))
        with numpyro.plate("images", BS):
            z = numpyro.sample("z", d.Normal(jnp.zeros((BS, Z)), 1.).to_event(1))
            numpyro.sample("x", d.Bernoulli(logits=net(z)).to_event(1), obs=xb)
    def guide(xb):
        net = numpyro.module("enc", enc, (BS, 784))
        mu, logvar = jnp.split(net(xb), 2, 1)
        with numpyro.plate("images", BS): numpyro.sample("z", d.Normal(mu, jnp.exp(.5*logvar)).to_event(1))
    svi = numpyro.infer.SVI(model, guide, numpyro.optim.Adam(LR), numpyro.infer.Trace_ELBO())
    @jax.jit
    def run(state, key): return jax.lax.scan(lambda s, rows: svi.update(s, data[rows]), state, jax.random.permutation(key, len(data)).reshape(-1, BS))
    box = [svi.init(next(keys), data[:BS])]
    def epoch():
        box[0], v = run(box[0], next(keys))
        v.block_until_ready()
    return epoch

# ---------------------------------------------------------------------------------------------------------------- GAN
def gan_ours(x):
    import torch

    from vaegan.data import Batches
    from vaegan.gan import gan_step, mlp_gan
    from vaegan.runs import fit
    G, D = mlp_gan((1, 28, 28), 100, norm=False)
    opts = [torch.optim.Adam(n.parameters(), 2e-4, betas=(.5, .999), fused=True) for n in (G, D)]
    step, batches = gan_step(G, D, *opts), Batches(x, bs=BS)
    return lambda: fit(step, batches, 1, progress=False)

def _gan_nets():
    from torch import nn
    act = lambda: nn.LeakyReLU(.2)
    return (nn.Sequential(nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid()),
            nn.Sequential(nn.Flatten(), nn.Linear(784, 256), act(), nn.Linear(256, 256), act(), nn.Linear(256, 1)))

def gan_bare(x):
    "The leanest loop by hand: D called once on real and fake together, frozen while G learns"
    import torch
    import torch.nn.functional as F
    G, D = _gan_nets()
    oG, oD = (torch.optim.Adam(n.parameters(), 2e-4, betas=(.5, .999), fused=True) for n in (G, D))
    def epoch():
        for xb in x[torch.randperm(len(x))].flatten(1).split(BS):
            n = len(xb)
            with torch.no_grad(): fake = G(torch.randn(n, 100))
            r, f = D(torch.cat([xb, fake])).split(n)
            loss = F.softplus(-r).mean() + F.softplus(f).mean()
            oD.zero_grad(); loss.backward(); oD.step()
            D.requires_grad_(False)
            loss = F.softplus(-D(G(torch.randn(n, 100)))).mean()
            oG.zero_grad(); loss.backward(); oG.step()
            D.requires_grad_(True)
    return epoch

def gan_tutorial(x):
    "The common example: DataLoader of pictures, D twice, a sigmoid before the loss, G's step fills D's gradients too, plain Adam"
    import torch
    from torch import nn
    G, D = _gan_nets()
    D, bce = nn.Sequential(D, nn.Sigmoid()), nn.BCELoss()
    oG, oD = (torch.optim.Adam(n.parameters(), 2e-4, betas=(.5, .999)) for n in (G, D))
    loader = torch.utils.data.DataLoader(Pictures(x), batch_size=BS, shuffle=True)
    def epoch():
        seen = []
        for xb, _ in loader:
            one, zero = torch.ones(len(xb), 1), torch.zeros(len(xb), 1)
            fake = G(torch.randn(len(xb), 100))
            oG.zero_grad()
            lG = bce(D(fake), one)
            lG.backward()
            oG.step()
            oD.zero_grad()
            lD = (bce(D(xb), one) + bce(D(fake.detach()), zero))/2
            lD.backward()
            oD.step()
            seen.append((lG.item(), lD.item()))
    return epoch

VAES = {"bare loop by hand": (vae_bare, "torch"), "vaegan": (vae_ours, "torch"), "vaegan, progress, history and file": (vae_ours_kept, "torch"),
        "tutorial: DataLoader of pictures": (vae_tutorial, "torch"), "Pythae": (vae_pythae, "pythae"), "Pyro": (vae_pyro, "pyro"),
        "NumPyro, scanned": (vae_numpyro, "numpyro"), "JAX, one compiled scan": (vae_jax, "jax")}
GANS = {"bare loop by hand": (gan_bare, "torch"), "vaegan": (gan_ours, "torch"), "tutorial: DataLoader of pictures": (gan_tutorial, "torch")}

# ------------------------------------------------------------------------------------------------------------ measuring
def race(loops, x, rounds, clock):
    "Name -> seconds per epoch of each round, the runners taking turns"
    runs, secs = {}, {}
    for name, (make, needs) in loops.items():
        if importlib.util.find_spec(needs) is None: continue
        runs[name] = make(x)
        runs[name]()                                                   # warm up, compile
    for _ in range(rounds):
        for name, r in runs.items():
            t = clock(); r(); secs.setdefault(name, []).append(clock() - t)
    return secs

def products(clock, seconds=1.5):
    "The machine's rate of matrix products, GFLOP/s, at the size of the first layer"
    import torch
    a, b, best, end = torch.randn(BS, 784), torch.randn(784, H), 0., clock() + seconds
    while clock() < end:
        t = clock()
        for _ in range(20): a@b
        best = max(best, 20*2*BS*784*H/(clock() - t)/1e9)
    return best

def nll_share(clock):
    "How much of `nll` is matrix products of the decoder"
    import torch
    from torch import nn

    from vaegan.iwae import nll
    from vaegan.vae import mlp_vae
    vae, x = mlp_vae((1, 28, 28), 50, (200, 200), act=nn.Tanh), (torch.rand(1, 1, 28, 28) > .7).float()
    layers = [m for m in vae.dec if isinstance(m, nn.Linear)]
    hs = [torch.randn(2000, m.in_features) for m in layers]
    best = lambda f: min((lambda t: (f(), clock() - t)[1])(clock()) for _ in range(12))
    with torch.no_grad(): return best(lambda: [m(h) for m, h in zip(layers, hs)])/best(lambda: nll(vae, x, 2000))

def measure(threads, rounds, n, clock_name):
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"
    if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import torch
    torch.set_num_threads(threads)
    clock = dict(wall=time.perf_counter, cpu=time.process_time)[clock_name]
    x, name = images(n)
    rate = products(clock)
    out = dict(threads=threads, data=name, rate=rate, clock=clock_name, torch=torch.__version__, python=platform.python_version(), rounds=rounds, n=len(x))
    out["vae"], out["gan"] = race(VAES, x, rounds, clock), race(GANS, x, rounds, clock)
    out["floor"] = FLOP*(len(x)/BS)/(max(rate, products(clock))*1e9)
    out["nll_share"] = nll_share(clock)
    return out

def rows(secs, floor=None):
    for k, v in sorted(secs.items(), key=lambda kv: statistics.median(kv[1])):
        q = sorted(a/b for a, b in zip(v, secs["bare loop by hand"]))
        yield k, statistics.median(q), q[0], q[-1], floor and min(v)/floor

def report(results):
    out = []
    for r in results:
        out += [f"## {r['threads']} thread{'s'*(r['threads'] > 1)}", "",
                f"{r['n']:,} images of {r['data']}, minibatches of {BS}, {r['clock']} time, {r['rounds']} interleaved rounds; torch {r['torch']}, Python {r['python']}. "
                f"Matrix products: {r['rate']:.0f} GFLOP/s; a step of the VAE has {FLOP/1e6:.1f} MFLOP of them, the floor of the last column.", ""]
        for kind in ("vae", "gan"):
            out += [f"| {kind.upper()}: one epoch | × bare loop, median | range |" + (" best, × floor |" if kind == "vae" else ""), "|---|---:|---:|" + ("---:|" if kind == "vae" else "")]
            for k, m, lo, hi, f in rows(r[kind], r["floor"] if kind == "vae" else None): out.append(f"| {k} | {m:.2f} | {lo:.2f}–{hi:.2f} |" + (f" {f:.2f} |" if f else ""))
            out.append("")
        out += [f"Importance-weighted NLL: the decoder's matrix products are {r['nll_share']:.0%} of the time.", ""]
    return "\n".join(out)

def chart(results, path):
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from vaegan.plot import COLORS, STYLE
    with plt.rc_context(STYLE):
        fig, axs = plt.subplots(len(results), 2, figsize=(10, 2.9*len(results)), squeeze=False, width_ratios=(1.5, 1))
        for r, line in zip(results, axs):
            for kind, ax in zip(("vae", "gan"), line):
                table = list(rows(r[kind]))[::-1]
                ax.barh([k for k, *_ in table], [m for _, m, *_ in table], color=[COLORS["model"] if k.startswith("vaegan") else COLORS["faint"] for k, *_ in table],
                        xerr=[[m - lo for _, m, lo, _, _ in table], [hi - m for _, m, _, hi, _ in table]], error_kw=dict(lw=1, ecolor=COLORS["truth"]))
                ax.axvline(1, color=COLORS["truth"], ls="--", lw=1)
                ax.set(title=f"{kind.upper()}, {r['threads']} thread{'s'*(r['threads'] > 1)}", xlabel="epoch, × bare loop")
        fig.savefig(path, dpi=110)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, nargs="+", default=[1])
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--images", type=int, default=12_800)
    p.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: of this process, for a busy machine (with one thread)")
    p.add_argument("--store", action="store_true", help="write RESULTS.md and results.png")
    p.add_argument("--machine", default=f"{platform.machine()}, {os.cpu_count()} cores", help="in words, for RESULTS.md")
    p.add_argument("--json", help=argparse.SUPPRESS)
    a = p.parse_args()
    import json
    if a.json: return Path(a.json).write_text(json.dumps(measure(a.threads[0], a.rounds, a.images, a.clock)))
    import subprocess
    results = []
    with tempfile.TemporaryDirectory() as d:
        for t in a.threads:                     # a process for each, as the number of threads is fixed when a library is loaded
            subprocess.run([sys.executable, __file__, "--threads", str(t), "--rounds", str(a.rounds), "--images", str(a.images), "--clock", a.clock, "--json", f"{d}/r"], check=True, stderr=subprocess.DEVNULL if a.store else None)
            results.append(json.loads(Path(f"{d}/r").read_text()))
    text = report(results)
    print(text)
    if a.store:
        (HERE/"RESULTS.md").write_text(f"# Speed, side by side\n\nWritten by `make bench` on {date.today()}: {a.machine}.\n\n![Bars: time of an epoch as a multiple of the bare loop](results.png)\n\n{text}", encoding="utf-8")
        chart(results, HERE/"results.png")

if __name__ == "__main__": main()
