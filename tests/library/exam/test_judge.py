"Verdicts: none that wrongs a learner."

import pytest
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
    assert check("kl-code", 0, inplace) and check("kl-code", 0, inplace), "inputs are fresh for each run"

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
