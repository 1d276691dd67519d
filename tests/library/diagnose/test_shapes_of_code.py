"The same mistakes in other garments: lambdas, scripts, compiled functions, methods of plain classes, modules"
import json

import pytest
import torch
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.runner import diagnose_file

RIGHT, WRONG = "-.5*torch.sum(1 + logvar - mu**2 - logvar.exp())", "-.5*torch.mean(1 + logvar - mu**2 - logvar.exp())"
HEAD = "import functools\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
GARMENTS = {   # subject -> how it is written there, around a line
    "kl_lambda": "kl_lambda = lambda mu, logvar: {}\n",
    "kl_script": "@torch.jit.script\ndef kl_script(mu, logvar):\n    return {}\n",
    "kl_scripted": "def _f(mu, logvar):\n    return {}\nkl_scripted = torch.jit.script(_f)\n",
    "kl_compiled": "@torch.compile\ndef kl_compiled(mu, logvar):\n    return {}\n",
    "kl_options": "@torch.compile(mode='reduce-overhead')\ndef kl_options(mu, logvar):\n    return {}\n",
    "kl_partial": "def _g(scale, mu, logvar):\n    return scale*({})\nkl_partial = functools.partial(_g, 1.)\n",
    "Static.kl": "class Static:\n    @staticmethod\n    def kl(mu, logvar): return {}\n",
    "OfClass.kl": "class OfClass:\n    @classmethod\n    def kl(cls, mu, logvar): return {}\n",
    "Losses.kl": "class Losses:\n    def kl(self, mu, logvar): return {}\n",
    "Trainer.kl_loss": "class Trainer:\n    def __init__(self, latent_dim=3):\n        self.beta = 1.\n    def kl_loss(self, mu, logvar): return self.beta*({})\n",
    "KLDivergence": "class KLDivergence(nn.Module):\n    def forward(self, mu, logvar): return {}\n",
    "GaussianKL": "class GaussianKL(nn.Module):\n    def __init__(self, weight=1.):\n        super().__init__()\n        self.weight = weight\n    def forward(self, mu, logvar): return self.weight*({})\n",
    "KL": "class KL:\n    def __call__(self, mu, logvar): return {}\n"}

def said(folder, text):
    path = folder/"main.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return diagnose_file(path, seconds=600)

@pytest.mark.parametrize("line, verdict, mistakes", [(RIGHT, "right", ()), (WRONG, "wrong", ("kl-mean-latents",))], ids=["right", "wrong"])
def test_in_a_file(tmp_path, line, verdict, mistakes):
    d = said(tmp_path, "".join(g.format(line) for g in GARMENTS.values()))
    assert {f.subject: (f.verdict, f.mistakes) for f in d.findings} == {subject: (verdict, mistakes) for subject in GARMENTS}, d

@pytest.mark.slow
@pytest.mark.parametrize("subject", GARMENTS)
def test_alone_in_a_file(tmp_path, subject):
    "What else stands in a file changes nothing"
    for line, want in ((RIGHT, set()), (WRONG, {"kl-mean-latents"})):
        d = said(tmp_path, GARMENTS[subject].format(line))
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
    d = said(tmp_path, f"class Run:\n    def __init__(self, where): self.beta = open(where).read()\n    def kl(self, mu, logvar): return self.beta*({RIGHT})\n")
    assert d.code == 2 and [f.subject for f in d.findings] == ["Run.kl"] and "no Run can be made for it" in d.findings[0].note, d
    assert json.loads(d.to_json())

DRAWS = "class {}(nn.Module):\n    def forward(self, mu, logvar): return mu + {}*torch.randn_like(mu)\n"
def test_modules_that_draw(tmp_path):
    d = said(tmp_path, DRAWS.format("Sampling", "(.5*logvar).exp()") + DRAWS.format("Sampler", "logvar.exp()"))
    assert {f.subject: f.mistakes for f in d.findings} == {"Sampling": (), "Sampler": ("z-exp-logvar",)} and d.code == 1, d

def test_modules_that_only_sound_so(tmp_path):
    d = said(tmp_path, "class KLEncoder(nn.Module):\n    def forward(self, x): return x\nclass UpSample(nn.Module):\n    def forward(self, x, scale): return x*scale\n"
                       "class Sampler:\n    def __init__(self, model): self.model = model\n    def sample(self, n): return self.model(n)\n")
    assert d.code == 2 and not d.named(), d
