"Verdicts: none that wrongs a learner."
from functools import partial

import pytest
import torch
from bad_input import bad_input_tests
from hypothesis import given, settings
from hypothesis import strategies as st

from vaegan.exam.judge import judge
from vaegan.exam.learner import bank, check

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@settings(deadline=None)
@given(st.text(max_size=250))
def test_any_text_gets_a_verdict(s):
    for id in ("kl-to-prior", "kl-slope", "kl-two-bumps", "tight-q"):
        assert judge(BANK[id].variant(0), s).status in ("wrong", "mistake", "unreadable", "pending", "right")

@pytest.mark.parametrize("x", [float("nan"), float("inf"), True, [], {}, object(), 10**400, 1j, b"1", [[]], "", "()", "a", "1, 2"], ids=range(14))
def test_odd_answers(x): assert judge(BANK["kl-to-prior"].variant(0), x).status in ("unreadable", "pending")

@pytest.mark.parametrize("x", [None, ..., "", " ... "], ids=repr)
@each
def test_pending(ex, x): assert judge(ex.variant(0), x).status == "pending"

def test_stub_is_pending():
    def kl(mu, logvar): ...
    assert check("kl-code", 0, kl).status == "pending"

def test_code_that_breaks():
    assert "ZeroDivisionError" in str(check("kl-code", 0, lambda mu, logvar: 1/0))
    assert "return" in str(check("kl-code", 0, lambda mu, logvar: print(end="")))
    assert check("kl-code", 0, 3).status == "unreadable"
    assert check("kl-code", 0, lambda mu, logvar: mu).mistake == "shape"
    def inplace(mu, logvar): return mu.pow_(2).add_(logvar.exp() - 1 - logvar).sum(1).mul_(.5)
    assert [check("kl-code", 0, inplace).mistake for _ in "ab"] == ["in-place"]*2, "inputs are fresh for each run"
    assert check("kl-code", 0, lambda mu, logvar: inplace(mu.clone(), logvar))

SLIPS = {   # typed as learners type them, not as the bank derives its answers
    "std-for-variance": lambda mu, logvar: .5*(mu**2 + torch.exp(logvar/2) - logvar - 1).sum(-1), "log-std": lambda mu, logvar: .5*(mu**2 + torch.exp(logvar)**2 - 2*logvar - 1).sum(-1),
    "mean": lambda mu, logvar: -.5*torch.mean(1 + logvar - mu.pow(2) - logvar.exp(), 1), "wrong-dim": lambda mu, logvar: -.5*torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), 0),
    "wrong-sign": lambda mu, logvar: .5*torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), 1), "batch": lambda mu, logvar: -.5*torch.sum(1 + logvar - mu.pow(2) - logvar.exp())}

@pytest.mark.parametrize("name", SLIPS)
def test_slips_in_a_line_of_code(name): assert check("kl-code", 3, SLIPS[name]).mistake == name

def round_of(G, D, opt_G, opt_D, x, z_D, z_G, detach=True, late=True, mean=torch.mean, sigmoid=lambda x: x, cut=False):
    "A round of a GAN as tutorials write it"
    bce, one, none = torch.nn.functional.binary_cross_entropy_with_logits, torch.ones(len(x)).double(), torch.zeros(len(z_D)).double()
    loss = lambda logits, label: mean(bce(sigmoid(logits), label, reduction="none"))
    for opt in (opt_D, opt_G): opt.zero_grad()
    fake = G(z_D)
    (loss(D(x), one) + loss(D(fake.detach() if detach else fake), none)).backward()
    opt_D.step()
    if late: opt_G.zero_grad()
    loss(D(G(z_G).detach() if cut else G(z_G)), one).backward()
    opt_G.step()

@pytest.mark.parametrize("name, slip", [("", {}), ("", dict(late=False)), ("", dict(detach=False)), ("not-detached", dict(detach=False, late=False)), ("sum", dict(mean=torch.sum)), ("sigmoid-twice", dict(sigmoid=torch.sigmoid)),
                                        ("cut-off", dict(cut=True))])
def test_slips_in_a_step_of_a_gan(name, slip):
    "Some are none: a fake that is not detached does no harm if G's gradients are cleared before G's turn"
    assert check("gan-step-code", 1, partial(round_of, **slip)).mistake == name

def measured(net, loss, batches, mode=True, back=True, graph=False, equal=True):
    "A loop over held-out batches"
    if mode: net.eval()
    total = n = 0
    with torch.set_grad_enabled(graph):
        for x in batches:
            total, n = total + (loss(net, x).sum() if equal else loss(net, x).mean()), n + (len(x) if equal else 1)
    if back: net.train()
    return total/n

@pytest.mark.parametrize("name, slip", [("", {}), ("train-mode", dict(mode=False)), ("left-in-eval", dict(back=False)), ("graph", dict(graph=True)), ("mean-of-means", dict(equal=False))])
def test_slips_in_an_evaluation(name, slip): assert check("held-out-code", 2, partial(measured, **slip)).mistake == name

def test_letters():
    v = BANK["kl-two-bumps"].variant(0)
    assert all(judge(v, a) for a in (v.answer, v.answer.upper(), f"({v.answer})", f" {v.answer}) ", v.options[v.answer]))
    assert "why" in str(judge(v, True)) and judge(v, "z").status == "unreadable"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.judge.Verdict": "a plain record",
    "exam.judge.judge": "takes a learner's answer, and says what cannot be read in it; HOSTILE in tests/library/exam/test_answers.py",
    "exam.judge.comparison_points": "takes a Variant, which is checked when it is made",
    "exam.judge.answer_values": "takes a Variant and a learner's answer, and says what cannot be read in it",
    "exam.judge.known_mistakes": "takes a Variant, which is checked when it is made",
    "exam.judge.near": "two lists of numbers that the judge made",
}
bad_input_tests({}, NO_ROW)
