"Each of the four terms of a Gaussian's KL, with each slip of a pen: which name it has, and which have none"
import pytest
import torch
import torch.nn.functional as F
from strangers import VAE, put

from vaegan.diagnose.divergence import try_kl
from vaegan.diagnose.load import load
from vaegan.diagnose.loops import try_loops
from vaegan.diagnose.loss import try_loss
from vaegan.diagnose.standins import Stage

TERMS = dict(E=lambda mu, s: s.exp(), M=lambda mu, s: mu**2, one=lambda mu, s: -torch.ones_like(s), L=lambda mu, s: -s)
CHANGES = dict(sign=lambda v: -v, half=lambda v: .5*v, double=lambda v: 2*v, missing=lambda v: 0*v, squared=lambda v: v*v.abs())
SLIPS = {    # a term, what becomes of it -> its name; "" where it has none
    ("E", "sign"): "kl-exp-sign", ("E", "half"): "kl-half-once", ("E", "double"): "kl-half-once", ("E", "missing"): "kl-no-var", ("E", "squared"): "kl-exp-doubled",
    ("M", "sign"): "kl-mu-sign", ("M", "half"): "kl-half-once", ("M", "double"): "kl-half-once", ("M", "missing"): "kl-no-mean", ("M", "squared"): "kl-mu-power",
    ("one", "sign"): "kl-one-sign", ("one", "half"): "kl-half-once", ("one", "double"): "kl-half-once", ("one", "missing"): "kl-no-one",
    ("L", "sign"): "kl-log-sign", ("L", "half"): "kl-log-halved", ("L", "double"): "kl-log-doubled", ("L", "missing"): "kl-no-logvar",
    ("E", lambda mu, s: (.5*s).exp()): "kl-exp-halved", ("E", lambda mu, s: (-s).exp()): "kl-exp-inverted", ("E", lambda mu, s: s): "kl-no-exp", ("E", lambda mu, s: s**2): "kl-log-squared",
    ("E", lambda mu, s: s.abs().log()): "", ("M", lambda mu, s: mu): "kl-mu-linear", ("M", lambda mu, s: mu.abs()): "kl-mu-power", ("M", lambda mu, s: mu.abs()**3): "kl-mu-power", ("M", lambda mu, s: mu.exp()): "",
    ("one", lambda mu, s: -torch.full_like(s, s.shape[1])): "kl-constant", ("one", lambda mu, s: -torch.full_like(s, 1/s.shape[1])): "kl-constant", ("one", lambda mu, s: -torch.full_like(s, 1/s.numel())): "kl-constant",
    ("L", lambda mu, s: -s**2): "kl-log-squared", ("L", lambda mu, s: -(.5*s).exp()): "", ("L", lambda mu, s: -s.abs()): ""}

def with_slip(term, change):
    "The standard line, with one term changed"
    now = dict(TERMS) | {term: (lambda mu, s: CHANGES[change](TERMS[term](mu, s))) if isinstance(change, str) else change}
    return lambda mu, logvar: .5*sum(t(mu, logvar) for t in now.values()).sum(1)

@pytest.mark.parametrize("slip", SLIPS, ids=lambda s: f"{s[0]} {s[1]}" if isinstance(s[1], str) else f"{s[0]} {SLIPS[s] or 'other'}")
def test_one_slip_of_one_term(slip):
    f, want = with_slip(*slip), {SLIPS[slip]} - {""}
    found = try_kl(lambda mu, logvar: f(mu, logvar).mean())
    assert found.verdict == "wrong" and {*found.mistakes} == want, found
    if not want: return
    parts = try_loss(lambda recon_x, x, mu, logvar: F.mse_loss(recon_x, x, reduction="sum") + f(mu, logvar).sum())
    said = {m for p in parts for m in p.mistakes}
    assert said == (want if slip[0] != "one" else set()), parts      # a constant has no slope
    assert any(p.verdict == "wrong" for p in parts) == (slip[0] != "one"), parts

HALVED = {"EM1": "(.5*(mu**2 + logvar.exp() - 1) - logvar)", "E": "(.5*logvar.exp() + mu**2 - 1 - logvar)", "M": "(.5*mu**2 + logvar.exp() - 1 - logvar)", "E1": "(.5*(logvar.exp() - 1) + mu**2 - logvar)",
          "ML": "(.5*(mu**2 - logvar) + logvar.exp() - 1)", "EL": "(.5*(logvar.exp() - logvar) + mu**2 - 1)", "M1L": "(.5*(mu**2 - 1 - logvar) + logvar.exp())", "1L": "(-.5*(1 + logvar) + mu**2 + logvar.exp())"}

@pytest.mark.parametrize("line", HALVED)
def test_a_half_before_some_terms(line):
    f = eval(f"lambda mu, logvar: {HALVED[line]}.sum(1).mean()")
    assert {*try_kl(f).mistakes} <= {"kl-half-once", "kl-log-doubled", "kl-no-half"} and try_kl(f).mistakes, try_kl(f)

WIDE = [(lambda mu, sigma: .5*(mu**2 + sigma - 1 - 2*sigma.log()).sum(1), "kl-exp-halved"), (lambda mu, sigma: .5*(mu**2 + sigma**2 - 1 - sigma.log()).sum(1), "kl-log-halved"),
        (lambda mu, sigma: .5*(mu**2 + sigma**2 - 1).sum(1), "kl-no-logvar"), (lambda mu, var: .5*(mu**2 - 1 - var.log()).sum(1), "kl-no-var"), (lambda mu, var: .5*(mu**2 + 1/var - 1 - var.log()).sum(1), "kl-exp-inverted"),
        (lambda mu, logvar: -.5*(1 + (logvar - mu**2 - logvar.exp()).sum(1)).mean(), "kl-constant"), (lambda mu, logvar: -.5*(1 + (logvar - mu**2 - logvar.exp()).sum()), "kl-constant")]

@pytest.mark.parametrize("f, want", WIDE)
def test_the_same_of_other_widths(f, want): assert try_kl(f).mistakes == (want,), try_kl(f)

LINE = "-.5*torch.sum(1 + logvar - mu**2 - logvar.exp())"
@pytest.mark.parametrize("line, want", [("-.5*torch.sum(1 + logvar - mu**2 - .5*logvar.exp())", "kl-half-once"), ("-.5*torch.sum(1 + logvar - mu**2 - (.5*logvar).exp())", "kl-exp-halved"),
                                        ("-.5*torch.sum(1 - mu**2 - logvar.exp())", "kl-no-logvar"), ("-.5*torch.sum(1 + logvar - mu**2)", "kl-no-var"), ("-.5*torch.sum(1 + logvar - mu.abs() - logvar.exp())", "kl-mu-power")])
def test_a_slip_in_a_loop(tmp_path, line, want):
    path = tmp_path/"main.py"
    path.write_text(put(VAE, (LINE, line)), encoding="utf-8")
    with Stage(): load(str(path))
    found = try_loops(str(path))
    assert {m for f in found for m in f.mistakes} == {want}, found
