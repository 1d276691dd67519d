"What a stranger types is read, and never run."

import threading
import time
from types import SimpleNamespace

import pytest
from bad_input import POS, bad_input_tests, row

from vaegan.exam import answers
from vaegan.exam.answers import identical, read_expr
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank
from vaegan.exam.typed import Unreadable

BANK = bank()

HOSTILE = ["__import__('os').system('touch /tmp/owned')", "9**9**9**9", "((((x**9)**9)**9)**9)", "x.__class__", "(lambda: x)()", "[x for x in x]",
           "exp(*x)", "exp(x=x)", "'a'", "b'a'", "True", "1j", "x if x else x", "x[0]", "{x", "x := 1", "f'{x}'", "1"*201, "("*199, "-"*199 + "x",
           "1e999", "0/0", "x\x00", "\ud800", "exp(exp(exp(exp(9))))", "10**13", "x**65", "await x", "print", "x;x", "x2", "1_0_", "lambda", "9"*200]

@pytest.mark.parametrize("s", HOSTILE)
def test_hostile_expressions(s):
    with pytest.raises(Unreadable): read_expr(s, ("x",))
    v = BANK["kl-slope"].variant(0)
    assert judge(v, s).status == "unreadable" and "\n" not in str(judge(v, s))

def test_sympy_has_the_last_word():
    z = dict(z=(.2, 2))
    assert identical("sqrt(z**2)", "z", z) and identical("log(z**3)/3", "ln(z)", z) and not identical("z + 1e-12", "z", z)

def test_no_power_of_numbers_takes_long():
    "Exactly, each of these would fill the memory, in one step that nothing can interrupt"
    for t in ("0.999**(10**12)", "0.5^(1e11+1/3)", "((0.5^9999)^9999)^9999", "0.5^(x*1e9)", "(0.5^.5)^(1e12)", "1.000000000001^1000000000000/1e12"):
        start = time.process_time()           # of this process: however busy the machine is
        assert identical(f"1/(2x) + {t}", "1/(2x)", dict(x=(.2, 1.9))) == (t[0] == "0" or t[0] == "("), t
        assert time.process_time() - start < 2, t

def test_the_patience_is_of_the_processor(monkeypatch):
    "An answer that takes long is refused; on a machine that does something else meanwhile the same answer is right"
    over, clock = threading.Event(), iter(range(10**9))
    held = lambda *_: over.wait(600)
    monkeypatch.setattr(answers, "_equal_to_30_digits", held)
    monkeypatch.setattr(answers, "time", SimpleNamespace(process_time=lambda: next(clock)))
    with pytest.raises(Unreadable, match="too complicated to compare"): identical("x", "x", dict(x=(0, 1)))
    assert next(clock) == 6, "it has asked the clock as long as there was patience"
    monkeypatch.setattr(answers, "time", SimpleNamespace(process_time=lambda: over.set() or 0.))     # nothing is spent: it waits
    assert identical("x", "x", dict(x=(0, 1)), 1e-9)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.answers.identical": row(dict(a="2*x", b="x + x", symbols=dict(x=(0, 1)), seconds=9.), a=["x +", "y", 3, "__import__('os')"], b=["", None], symbols=None, seconds=POS),
}
READ = "takes a learner's answer, and says what cannot be read in it; HOSTILE above, and tests/support/typed_answers.json"
NO_ROW = {
    "exam.answers.Reading": "a plain record",
    "exam.answers.read_row": "takes tokens, and says what cannot be read in them; tests/library/exam/test_same_reader.py",
    "exam.answers.to_sympy": "takes a tree from `read_expr`",
    **dict.fromkeys(("exam.answers.readings", "exam.answers.read_expr", "exam.answers.number_readings", "exam.answers.read_numbers"), READ),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
