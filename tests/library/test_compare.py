"Twins that differ in their training alone, and their scores"
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from bad_input import INF, INT, NAN, POS, SHAPES, S, X, bad_input_tests, judge, row, tD, tG, tVAE
from helpers import gen, params, points, seeded, values
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import ALL, about, exempt, many
from torch import nn
from torch.testing import assert_close

from vaegan.compare import sample_scores, train_twins, twins
from vaegan.convergence import precision_recall
from vaegan.data import Batches
from vaegan.datasets import ImageData
from vaegan.evaluate import Classifier, class_shares, frechet, train_classifier
from vaegan.gan import gan_step, mlp_gan
from vaegan.likelihoods import Normal
from vaegan.nets import n_params
from vaegan.plot import score_table
from vaegan.runs import fit
from vaegan.train import vae_step


def test_bars_are_shown_only_if_asked(bars):
    data = ImageData(torch.rand(20, 1, 2, 2), torch.arange(20) % 2, torch.rand(2, 1, 2, 2), torch.arange(2))
    for kw, shown in (({}, False), (dict(progress=False), False), (dict(progress=True), True)):
        train_classifier(data, 1, **kw)
        train_twins(*twins((1, 2, 2), 2, (3,)), data.x, 1, bs=10, **kw)
        assert bars == [shown]*3
        bars.clear()

def test_twins():
    before = torch.get_rng_state()
    model, G, D = twins((1, 2, 3), 4, (5, 7), seed=2)
    assert torch.equal(before, torch.get_rng_state())
    assert len(values(G)) == 6 and all(torch.equal(a, b) for a, b in zip(values(G.net), values(model.dec))) and params(G)[0] is not params(model.dec)[0]
    assert n_params(model.enc) == 6*5 + 5 + 5*7 + 7 + 7*8 + 8 and n_params(D) == 6*5 + 5 + 5*7 + 7 + 7 + 1 and n_params(G) == 4*7 + 7 + 7*5 + 5 + 5*6 + 6
    assert type(model.likelihood) is Normal and model.likelihood.logvar.item() == -3 and model.d_z == G.d_z == 4
    assert [m.negative_slope for m in D.net if isinstance(m, nn.LeakyReLU)] == [.2, .2] and type(G.net[-1]) is nn.Sigmoid
    same, other = twins((1, 2, 3), 4, (5, 7), seed=2)[0], twins((1, 2, 3), 4, (5, 7))[0]
    assert torch.equal(values(same)[0], values(model)[0]) and not torch.equal(values(other)[0], values(model)[0])
    assert torch.equal(values(other)[0], values(twins((1, 2, 3), 4, (5, 7), seed=0)[0])[0])
    for bad in ((6,), (1, 1, 2, 3)):
        with pytest.raises(ValueError, match="x_shape"): twins(bad)

def test_twins_train_on_the_same_batches():
    x, seen = torch.rand(22, 1, 2, 3, generator=gen()), dict(vae=[], D=[])
    model, G, D = twins((1, 2, 3), 2, (4,))
    model.enc.register_forward_pre_hook(lambda m, a: seen["vae"].append(a[0]))
    D.register_forward_pre_hook(lambda m, a: seen["D"].append(a[0][:5]))
    a, b = train_twins(model, G, D, x, 2, bs=5, seed=3)
    assert len(seen["vae"]) == 8 and all(len(s) == 5 for s in seen["vae"])                 # 4 whole batches an epoch
    want = [s for _ in [0] for bt in [Batches(x, bs=5, seed=3, drop_last=True)] for _ in range(2) for s in bt]
    assert all(torch.equal(s, w) for s, w in zip(seen["vae"], want)) and all(any(torch.equal(s, w) for s in seen["D"]) for w in want)
    assert set(a) == {"elbo", "log_px_z", "kl"} and set(b) == {"value", "accuracy", "g_loss"} and len(a["elbo"]) == len(b["value"]) == 2
    assert not (model.training or G.training or D.training)
    # and each does what its step does, with Adam as stated
    m2, G2, D2 = twins((1, 2, 3), 2, (4,))
    fit(vae_step(m2, torch.optim.Adam(m2.parameters(), 1e-3), generator=gen(3)), Batches(x, bs=5, seed=3, drop_last=True), 2, progress=False)
    opts = [torch.optim.Adam(n.parameters(), 1e-3, betas=(0., .99)) for n in (G2, D2)]
    fit(gan_step(G2, D2, *opts, r1=1., generator=gen(3)), Batches(x, bs=5, seed=3, drop_last=True), 2, progress=False)
    for u, v in zip(values(model, G, D), values(m2, G2, D2)): assert_close(u, v)
    for kw, who in ((dict(r1=-1.), "r1"), (dict(epochs=0), "epochs"), (dict(lr=0.), "lr")):
        before = values(m2)
        with pytest.raises(ValueError, match=f"{who}: expected"): train_twins(m2, G2, D2, x, **dict(epochs=1, bs=5) | kw)
        assert all(torch.equal(u, v) for u, v in zip(values(m2), before))      # found out before anything was trained
    train_twins(m2, G2, D2, x, 1, r1=0., bs=5)
    m3 = twins((1, 2, 3), 2, (4,))
    train_twins(*m3, x, 1, bs=5)
    m4 = twins((1, 2, 3), 2, (4,))
    train_twins(*m4, x, 1, bs=5, seed=0)
    assert all(torch.equal(u, v) for u, v in zip(values(*m3), values(*m4)))

def test_scores_of_samples():
    "Averages over pieces as large as the reference; what is left over counts for the shares only"
    judge = seeded(Classifier, (1, 2, 2), 3, 6)
    ref, x = torch.rand(30, 1, 2, 2, generator=gen()), torch.rand(75, 1, 2, 2, generator=gen(1))*1.5
    s = sample_scores(judge, x, ref)
    f, r = judge.features, judge.features(ref)
    parts = [f(x[:30]), f(x[30:60])]
    shares = class_shares(judge, x)
    pr = [precision_recall(r, p) for p in parts]
    want = dict(frechet=np.mean([frechet(p, r) for p in parts]), rarest=shares.min().item(), classes=int((shares >= .02).sum()),
                precision=np.mean([p["precision"] for p in pr]), recall=np.mean([p["recall"] for p in pr]))
    assert s == pytest.approx(want)
    assert sample_scores(judge, x[:30], ref)["frechet"] == pytest.approx(frechet(parts[0], r))
    for bad in (x[:29], torch.rand(40, 1, 2, 3)):
        with pytest.raises(ValueError, match="(x|ref): expected"): sample_scores(judge, bad, ref)
    class Fixed(Classifier):
        def forward(self, x): return F.one_hot((torch.arange(len(x)) >= 2).long() + (torch.arange(len(x)) >= 5).long(), 3).float()
    s = sample_scores(seeded(Fixed, (1, 2, 2), 3, 6), torch.rand(100, 1, 2, 2), ref)     # shares .02, .03, .95
    assert s["classes"] == 3 and s["rarest"] == pytest.approx(.02)
    class Rare(Classifier):
        def forward(self, x): return F.one_hot((torch.arange(len(x)) >= 1).long() + (torch.arange(len(x)) >= 4).long(), 3).float()
    assert sample_scores(seeded(Rare, (1, 2, 2), 3, 6), torch.rand(100, 1, 2, 2), ref)["classes"] == 2

# --------------------------------------------------------------------------------------------------------- properties
@about("values oracle", "compare.twins")
@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_twins_are_twins(seed):
    v, G, D = twins((1, 2, 3), 4, (5, 6), seed)
    z = points(seed, 3, 4).float()
    assert_close(v.mean(z), G(z), rtol=0, atol=0)
    assert all(p is not q and p.equal(q) for p, q in zip(v.dec.parameters(), G.net.parameters()))
    assert twins((1, 2, 3), 4, (5, 6), seed)[2].net[1].weight.equal(D.net[1].weight)
    assert not twins((1, 2, 3), 4, (5, 6), seed + 1)[0].dec[1].weight.equal(v.dec[1].weight)

@about("values oracle extreme", "compare.sample_scores")
@settings(many, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_scores(seed):
    torch.manual_seed(seed)
    judge, x, ref = Classifier((4,), 3, 5), points(seed, 24, 4).float(), points(seed + 1, 12, 4).float()
    s = sample_scores(judge, x, ref)
    f = lambda t: judge.features(t).detach()
    assert s["frechet"] == pytest.approx(sum(frechet(f(p), f(ref)) for p in x.split(12))/2)
    assert s["precision"] == pytest.approx(sum(precision_recall(f(ref), f(p))["precision"] for p in x.split(12))/2)
    assert s["recall"] == pytest.approx(sum(precision_recall(f(ref), f(p))["recall"] for p in x.split(12))/2)
    assert s["rarest"] == pytest.approx(class_shares(judge, x).min().item()) and s["classes"] == int((class_shares(judge, x) >= .02).sum())
    own = sample_scores(judge, ref, ref)
    assert own["precision"] == own["recall"] == 1 and own["frechet"] == pytest.approx(0, abs=1e-4)
    far = sample_scores(judge, x*0 + 1e4, ref)
    assert math.isfinite(far["frechet"])
    if f(x*0 + 1e4).norm(dim=1).min() > 1e3: assert far["precision"] == 0            # else the judge sees nothing that far out
    md = score_table({"a|b": s, "c": dict(frechet=None)}).data.split("\n")
    assert len(md) == 4 and len({line.replace(r"\|", "").count("|") for line in md}) == 1 and f"{s['frechet']:.2f}" in md[2] and "–" in md[3]

exempt(   # names, kinds, why
    ("compare.twins", "gradient one dtype device extreme",
     "takes numbers, a function or a network, not a batch"),
    ("compare.sample_scores", "gradient one dtype",
     "a figure for a set, made without gradients; nll by row: see log_weights"),
    ("compare.sample_scores", "device",
     "what a network gives stays on its device; bad input tries two devices"),
    ("compare.train_twins", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "compare.twins": row(dict(x_shape=S, d_z=2, hidden=(8,), seed=0), x_shape=SHAPES + [(4, 4)], d_z=INT(), hidden=[(0,), (1.5,)], seed=[None, 1.5, -1]),
    "compare.train_twins": row(dict(vae=tVAE, G=tG, D=tD, x=X, epochs=1, lr=1e-3, r1=1., bs=3, seed=0), x=[X[0], X[:, 0], X*INF], epochs=INT(),
        lr=POS, r1=[-1., NAN], bs=INT() + [7], seed=[None, 1.5]),
    "compare.train_twins G": row(dict(G=tG), call=lambda G: train_twins(tVAE, G, tD, X, 1, bs=3), G=[mlp_gan((1, 5, 5), 2, (8,))[0]]),
    "compare.sample_scores": row(dict(judge=judge, x=torch.cat([X, X]), ref=X), skip="one", x=[X[:4]]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
