"The same mistakes in other garments: lambdas, scripts, compiled functions, methods of plain classes, modules"
import json

import pytest
import torch
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.runner import diagnose_file

RIGHT, WRONG = "-.5*torch.sum(1 + logvar - mu**2 - logvar.exp())", "-.5*torch.mean(1 + logvar - mu**2 - logvar.exp())"
HEAD = "import functools\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
GARMENTS = {
    "lambda": "kl = lambda mu, logvar: {}\n",
    "script": "@torch.jit.script\ndef kl(mu, logvar):\n    return {}\n",
    "scripted": "def _f(mu, logvar):\n    return {}\nkl = torch.jit.script(_f)\n",
    "compiled": "@torch.compile\ndef kl(mu, logvar):\n    return {}\n",
    "compiled with options": "@torch.compile(mode='reduce-overhead')\ndef kl(mu, logvar):\n    return {}\n",
    "partial": "def _f(scale, mu, logvar):\n    return scale*({})\nkl = functools.partial(_f, 1.)\n",
    "static": "class Losses:\n    @staticmethod\n    def kl(mu, logvar): return {}\n",
    "class method": "class Losses:\n    @classmethod\n    def kl(cls, mu, logvar): return {}\n",
    "method": "class Losses:\n    def kl(self, mu, logvar): return {}\n",
    "method that needs it": "class Trainer:\n    def __init__(self, latent_dim=3):\n        self.beta = 1.\n    def kl_loss(self, mu, logvar): return self.beta*({})\n",
    "module": "class KLDivergence(nn.Module):\n    def forward(self, mu, logvar): return {}\n",
    "module with options": "class GaussianKL(nn.Module):\n    def __init__(self, weight=1.):\n        super().__init__()\n        self.weight = weight\n    def forward(self, mu, logvar): return self.weight*({})\n",
    "called": "class KL:\n    def __call__(self, mu, logvar): return {}\n"}

@pytest.mark.parametrize("garment", GARMENTS)
def test_in_a_file(tmp_path, garment):
    for line, want in ((RIGHT, set()), (WRONG, {"kl-mean-latents"})):
        path = tmp_path/"main.py"
        path.write_text(HEAD + GARMENTS[garment].format(line), encoding="utf-8")
        d = diagnose_file(path, seconds=600)
        assert d.findings[0].verdict == ("wrong" if want else "right") and {m for f in d.findings for m in f.mistakes} == want, d

def _wrong(mu, logvar): return -.5*torch.mean(1 + logvar - mu**2 - logvar.exp())
class KLLayer(nn.Module):
    def forward(self, mu, logvar): return _wrong(mu, logvar)
class Parts:
    def kl(self, mu, logvar): return _wrong(mu, logvar)

@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [lambda: torch.jit.script(_wrong), lambda: torch.compile(_wrong), lambda: KLLayer, KLLayer, lambda: Parts().kl, lambda: lambda mu, logvar: _wrong(mu, logvar)],
                         ids=["script", "compiled", "module's class", "module", "method", "lambda"])
def test_in_hand(monkeypatch, made):
    "An order by kind, and among others by name"
    known = torch.distributions.Distribution       # `torch.compile` ends its checks of arguments, for all
    monkeypatch.setattr(known, "_validate_args", known._validate_args)
    thing = made()
    if not isinstance(thing, nn.Module) and not isinstance(thing, type): assert diagnose(thing, "kl").findings[0].mistakes == ("kl-mean-latents",)
    assert [f.mistakes for f in diagnose(dict(kl_loss=thing)).findings] == [("kl-mean-latents",)]

def test_an_object_that_cannot_be_made_is_said(tmp_path):
    path = tmp_path/"main.py"
    path.write_text(HEAD + f"class Run:\n    def __init__(self, where): self.beta = open(where).read()\n    def kl(self, mu, logvar): return self.beta*({RIGHT})\n", encoding="utf-8")
    d = diagnose_file(path, seconds=600)
    assert d.code == 2 and [f.subject for f in d.findings] == ["Run.kl"] and "no Run can be made for it" in d.findings[0].note, d
    assert json.loads(d.to_json())

DRAWS = "class Sampling(nn.Module):\n    def forward(self, mu, logvar): return mu + {}*torch.randn_like(mu)\n"
@pytest.mark.parametrize("text, want", [(DRAWS.format("(.5*logvar).exp()"), set()), (DRAWS.format("logvar.exp()"), {"z-exp-logvar"}),
                                        ("class KLEncoder(nn.Module):\n    def forward(self, x): return x\n", None), ("class UpSample(nn.Module):\n    def forward(self, x, scale): return x*scale\n", None),
                                        ("class Sampler:\n    def __init__(self, model): self.model = model\n    def sample(self, n): return self.model(n)\n", None)])
def test_modules_that_draw_and_modules_that_only_sound_so(tmp_path, text, want):
    path = tmp_path/"main.py"
    path.write_text(HEAD + text, encoding="utf-8")
    d = diagnose_file(path, seconds=600)
    assert {m for f in d.findings for m in f.mistakes} == (want or set()), d
    assert d.code == (2 if want is None else 1 if want else 0), d
