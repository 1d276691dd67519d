"An encoder that gives a variance or a standard deviation, under any name: right where draw and loss take it for the same"
import itertools

import pytest
import torch
import torch.nn.functional as F
from strangers import VAE, put
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.load import load
from vaegan.diagnose.loops import try_loops
from vaegan.diagnose.standins import Stage
from vaegan.diagnose.training import try_vae_step

HEADS = {"exp": "torch.exp({})", "softplus": "F.softplus({}) + 1e-6"}
DRAWN = dict(logvar="(.5*{0}).exp()", var="{0}.sqrt()", std="{0}")
PAID = dict(logvar="-.5*torch.sum(1 + {0} - mu**2 - {0}.exp())", var="-.5*torch.sum(1 + {0}.log() - mu**2 - {0})", std="-.5*torch.sum(1 + 2*{0}.log() - mu**2 - {0}**2)")
MODEL = """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.h, self.m, self.l, self.d = nn.Linear(784, 16), nn.Linear(16, 4), nn.Linear(16, 4), nn.Linear(4, 784)
    def encode(self, x):
        h = self.h(x.view(-1, 784)).relu()
        mu, {0} = self.m(h), {1}
        return {2}
    def reparameterize(self, mu, {0}): return mu + ({3})*torch.randn_like(mu)
    def decode(self, z): return self.d(z).sigmoid()
    def forward(self, x):
        mu, {0} = {4}
        return self.decode(self.reparameterize(mu, {0})), mu, {0}
{5}"""
FUNCTION = "def loss_fn(recon_x, x, mu, {0}): return F.binary_cross_entropy(recon_x, x.view(-1, 784), reduction='sum') + {1}\n"
METHOD = "    def loss(self, x):\n        recon, mu, {0} = self(x)\n        return F.binary_cross_entropy(recon, x.view(-1, 784), reduction='sum') + {1}\n"

def things(head, drawn, paid, name, inside, by_name):
    gives, taken = (f"dict(mu=mu, {name}={name})", "self.encode(x).values()") if by_name else (f"mu, {name}", "self.encode(x)")
    loss = (METHOD if inside else FUNCTION).format(name, PAID[paid].format(name))
    text = MODEL.format(name, HEADS[head].format("self.l(h)"), gives, DRAWN[drawn].format(name), taken, loss)
    space = dict(torch=torch, F=F, nn=nn)
    exec(text, space)
    return {n: space[n] for n in ("VAE", "loss_fn") if n in space}

NAMES, WAYS = ("logvar", "var", "sigma"), [("exp", False, False), ("softplus", True, False), ("softplus", True, True)]
def rows():
    "In the default run each way with each draw and loss, under one name each"
    for (i, way), (j, (drawn, paid)), (k, name) in itertools.product(*map(enumerate, (WAYS, itertools.product(DRAWN, PAID), NAMES))):
        yield pytest.param(*way, drawn, paid, name, marks=() if (i + j + k) % 3 == 0 else pytest.mark.slow)

@pytest.mark.parametrize("head, inside, by_name, drawn, paid, name", list(rows()))
def test_what_fits_is_right_and_what_does_not_is_named(head, inside, by_name, drawn, paid, name):
    d = diagnose(things(head, drawn, paid, name, inside, by_name))
    said = {m for f in d.findings for m in f.mistakes}
    if drawn == paid == name == "logvar" and by_name: assert said == {"q-clipped"}, d     # σ is 1 at least
    elif drawn == paid: assert d.code == 0 and not said, d
    else: assert d.code == 1 and "conventions-differ" in said, d

LOOP = put(VAE, ("    def encode(self, x): return self.enc(x).chunk(2, 1)\n", "    def encode(self, x):\n        mu, s = self.enc(x).chunk(2, 1)\n        return mu, F.softplus(s) + 1e-6\n"))
@pytest.mark.parametrize("drawn, paid", [*itertools.product(DRAWN, PAID)])
def test_in_a_loop(tmp_path, drawn, paid):
    path = tmp_path/"main.py"
    path.write_text(put(LOOP, ("(.5*logvar).exp()", DRAWN[drawn].format("logvar")), ("-.5*torch.sum(1 + logvar - mu**2 - logvar.exp())", PAID[paid].format("logvar"))), encoding="utf-8")
    with Stage(): load(str(path))
    found = try_loops(str(path))
    said = {m for f in found for m in f.mistakes}
    assert said == (set() if drawn == paid else {"conventions-differ"}) and found[0].verdict == ("right" if drawn == paid else "wrong"), found

def test_a_log_that_is_never_negative_stays_one():
    "The names are believed where nothing else says what the width is"
    space = things("softplus", "logvar", "logvar", "logvar", False, True)
    assert {m for f in diagnose(space["VAE"]).findings for m in f.mistakes} == {"q-clipped"}

@pytest.mark.parametrize("sign, asks, want", [("-", ", maximize=True", None), ("", ", maximize=True", "loss-is-elbo"), ("-", "", "loss-is-elbo"), ("", "", None)])
def test_an_optimiser_that_ascends(tmp_path, sign, asks, want):
    path = tmp_path/"main.py"
    path.write_text(put(VAE, ("loss = rec + kl", f"loss = {sign}(rec + kl)"), ("lr=1e-3", "lr=1e-3" + asks)), encoding="utf-8")
    with Stage(): load(str(path))
    found = try_loops(str(path))
    assert {m for f in found for m in f.mistakes} == {want} - {None}, found

STEP = """
def train_step(model, x, opt):
    opt.zero_grad()
    y, mu, {0} = model(x)
    loss = (F.binary_cross_entropy(y, x, reduction='sum') {2} ({1}))/len(x)
    loss.backward()
    opt.step()
"""
@pytest.mark.parametrize("paid", PAID)
@pytest.mark.parametrize("sign", "+-")
def test_a_step_for_a_model_of_another_width(paid, sign):
    "The step takes any model: right for one of its width is right"
    space = dict(torch=torch, F=F)
    exec(STEP.format(paid, PAID[paid].format(paid), sign), space)
    found = try_vae_step(space["train_step"])
    assert found.verdict == ("right" if sign == "+" else "wrong") and (sign == "+" or {*found.mistakes} <= {"step-vae-kl", "step-vae-wrong"}), found
