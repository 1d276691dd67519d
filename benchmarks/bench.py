"""Speed of `fit`, side by side, interleaved in one run: ratios of seconds per epoch, never absolute times.

ours        mlp_vae 784-400-20 and vae_step through fit, batches in memory
bare        the same arithmetic as one hand-written loop, nothing else in it
DataLoader  what most tutorials do: Dataset of PIL-like samples, DataLoader, loss.item() every step

    python benchmarks/bench.py [--rounds 5]        MNIST where VAEGAN_DATA has it, else noise of the same shape
"""
import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from vaegan.data import Batches, mnist
from vaegan.train import fit, vae_step
from vaegan.vae import mlp_vae

N, BS, LR = 12_800, 128, 1e-3

def images():
    try: return mnist().x[:N], "MNIST"
    except FileNotFoundError: return torch.rand(N, 1, 28, 28, generator=torch.Generator().manual_seed(0)), "noise (no MNIST at hand)"

def ours(x):
    vae = mlp_vae((1, 28, 28), 20)
    step, batches = vae_step(vae, torch.optim.Adam(vae.parameters(), LR, fused=True)), Batches(x, bs=BS)
    return lambda: fit(step, batches, 1, progress=False)

def nets(): return nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40)), nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))

def loss_of(enc, dec, x):
    mu, logvar = enc(x).chunk(2, 1)
    z = mu + (.5*logvar).exp()*torch.randn_like(mu)
    bce = F.binary_cross_entropy_with_logits(dec(z), x.flatten(1), reduction="sum")
    return (bce + .5*(mu.square() + logvar.exp() - 1 - logvar).sum())/len(x)

def bare(x):
    enc, dec = nets()
    opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], LR, fused=True)
    def epoch():
        xs = x[torch.randperm(len(x))]
        for i in range(0, len(xs), BS):
            opt.zero_grad()
            loss_of(enc, dec, xs[i:i+BS]).backward()
            opt.step()
    return epoch

def loader(x):
    enc, dec = nets()
    opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], LR)
    data = DataLoader(TensorDataset(x), batch_size=BS, shuffle=True)
    def epoch():
        total = 0.
        for xb, in data:
            opt.zero_grad()
            loss = loss_of(enc, dec, xb)
            loss.backward()
            total += loss.item()
            opt.step()
    return epoch

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=5)
    rounds = p.parse_args().rounds
    x, name = images()
    runs = {f.__name__: f(x) for f in (bare, ours, loader)}
    for r in runs.values(): r()                                    # warm up
    secs = {k: [] for k in runs}
    for _ in range(rounds):
        for k, r in runs.items():
            t = time.perf_counter()
            r()
            secs[k].append(time.perf_counter() - t)
    print(f"{len(x):,} images of {name}, {torch.get_num_threads()} thread(s), torch {torch.__version__}, median of {rounds} rounds\n")
    print("| loop | × bare | range |\n|---|---|---|")
    for k in runs:
        q = [a/b for a, b in zip(secs[k], secs["bare"])]
        print(f"| {k} | {statistics.median(q):.2f} | {min(q):.2f}–{max(q):.2f} |")

if __name__ == "__main__": main()
