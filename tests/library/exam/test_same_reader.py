"One reader in Python and in the page: hundreds of answers as people type them, and as many that nobody types."
import json
import random
import re
import shutil
import subprocess

import pytest
from notebooks import ROOT

from vaegan.exam.answers import number_readings, read_expr, readings
from vaegan.exam.box import answer_script, box_data
from vaegan.exam.exercise import right_forms
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank
from vaegan.exam.rounding import how_near
from vaegan.exam.syntax import evaluate
from vaegan.exam.typed import Unreadable
from vaegan.exam.variant import Variant

TYPED = json.loads((ROOT/"tests/support/typed_answers.json").read_text(encoding="utf-8"))
node = pytest.mark.skipif(not shutil.which("node"), reason="no node at hand: the page's script runs in the tests of the site only")
each = lambda kind: pytest.mark.parametrize("value, texts", TYPED[kind], ids=[str(r[0]) for r in TYPED[kind]])
close = lambda got, want: len(got) == len(want) and all(abs(x - y) <= 1e-12*max(1, abs(y)) for x, y in zip(got, want))

# ------------------------------------------------------------------------------------------------------- what Python reads
@each("one")
def test_one_number(value, texts):
    for t in texts: assert close(number_readings(t, 1)[0], (value,)), t

@each("whole")
def test_a_whole_number(value, texts):
    for t in texts: assert [*map(list, number_readings(t, 1, True))] == [[value]], t

@each("pairs")
def test_two_numbers(value, texts):
    for t in texts: assert any(close(w, value) for w in number_readings(t, 2)), t

@pytest.mark.parametrize("symbols, value, texts", TYPED["expressions"], ids=[r[1] for r in TYPED["expressions"]])
def test_an_expression(symbols, value, texts):
    for t in texts:
        for share in (.1, .37, .83):
            at = {s: lo + share*(hi - lo) for s, (lo, hi) in symbols.items()}
            assert close([evaluate(read_expr(t, tuple(symbols)), at)], [evaluate(read_expr(value, tuple(symbols)), at)]), t

@each("refused")
def test_what_is_refused(value, texts):
    for t in texts:
        with pytest.raises(Unreadable) as e: readings(t, ("x",), 1)
        assert any(word in str(e.value) for word in value.split("|")) and "\n" not in str(e.value) and len(str(e.value)) < 260, (t, str(e.value))

def test_the_table_is_large():
    assert sum(len(r[-1]) for rows in TYPED.values() for r in rows) > 500

def test_a_comma_that_may_be_either():
    v = lambda t: Variant("a", 0, "t", "numeric", 1, "q", t, {})
    assert judge(v(1.234), "1,234") and judge(v(1234.), "1,234") and judge(v(1.5), "1,234").status == "unreadable" and "point" in str(judge(v(1.5), "1,234"))
    assert judge(v(1.234), "1.234") and not judge(v(1234.), "1.234"), "a point is a point, unless whole numbers are asked"

# ------------------------------------------------------------------------------------------------------ rounding
def numeric(t, **mistakes): return Variant("a", 0, "t", "numeric", 1, "q", t, {k: (a, k) for k, a in mistakes.items()}, tol=0. if isinstance(t, int) else 1e-4)

@pytest.mark.parametrize("t, right, rounded, wrong", [
    (4.2957, ["4.2957", "4.296", "4.30", "4,3", "4.2957300"], ["4.29", "4.2", "4.31"], ["4.35", "4.5", "5"]),
    (.02463, [".02463", "0.0246", "2.46e-2", "2,46 %"], [".0247", ".025", "0.024"], [".0245", ".0257", ".02", "0.0235"]),
    (-220.545, ["-220.545", "-220.5", "-221", "−220,5"], ["-219.8", "-220"], ["-222", "220.5", "-200"]),
    (209224, ["209224", "209,224"], ["209000", "209,220", "2.09e5"], ["209223", "209225", "200"]),
    (0.9999, ["1", "1.0", "0.9999"], ["0.99"], ["0.9", "1.1"]),
    (1e-9, ["1e-9", "1.00e-9", "1.001e-9"], ["0.99e-9"], ["0", "1.006e-9", "2e-9", "1e-8"]),
    (12345.678, ["12345.678", "12346", "12300", "1.23e4", "12,346"], ["12400", "12000"], ["13000", "1234.5678"])])
def test_rounding(t, right, rounded, wrong):
    for a in right: assert judge(numeric(t), a), a
    for a in rounded: assert judge(numeric(t), a).mistake == "rounding", (a, judge(numeric(t), a))
    for a in wrong: assert judge(numeric(t), a).status != "right" and judge(numeric(t), a).mistake != "rounding", (a, judge(numeric(t), a))

def test_a_rounding_is_never_called_a_mistake():
    "Even where a mistake leads to the very number that a wrong rounding gives"
    assert judge(numeric(4.2957, slip=4.29), "4.29").mistake == "rounding" and judge(numeric(1.96, two=2.), "2").mistake == "rounding"
    assert judge(numeric(4.2957, far=8.777), "8.78").mistake == "far" and judge(numeric(4.2957, far=8.777, near=8.781), "8.78").mistake == ""
    r = random.Random(1)
    for ex in (e for e in bank().values() if e.kind == "numeric"):
        v = ex.variant(r.randrange(40))
        t = v.answer if isinstance(v.answer, (tuple, list)) else (v.answer,)
        for _ in range(6):
            off = tuple(x*(1 + r.uniform(-4e-3, 4e-3)) for x in t)
            assert judge(v, off).mistake in ("", "rounding") or not v.tol, (ex.id, off)

SMALL = [numeric(3e-9, other=1e-9), numeric(-2.34, product=2.4e-4), numeric(209224, other=208000)]
SAID = [(0, "1e-9", "other"), (0, "1.002e-9", "other"), (0, "2e-9", ""), (0, "-3e-9", "wrong-sign"), (1, "2.4e-4", "product"), (1, ".00032", ""),
        (1, "0.0001", ""), (1, "0", ""), (2, "2.080e5", "other"), (2, "2.080e+05", "other"), (2, "2.092e5", "rounding")]

def test_numbers_of_any_size_are_told_apart():
    "A named mistake is that number, not any other small one; an exponent is no thousand"
    for k, text, name in SAID: assert judge(SMALL[k], text).mistake == name, text

def test_the_exact_value_is_shown():
    assert "4.2957" in str(judge(numeric(4.29573), "4.30")) and str(judge(numeric(4.29573), "4.29573")) == "Right."
    assert "(4.29573, 1.5)" in str(judge(numeric((4.29573, 1.5)), "4.3, 1.5")) and "Right so far: number 2" in str(judge(numeric((4.29573, 1.5)), "7, 1.5"))
    assert judge(numeric((1., 2.)), "2, 1").mistake == "order" and how_near((1.,), (1., 2.), 1e-4) == ""

# ------------------------------------------------------------------------------------------------ the page agrees, to the word
@pytest.fixture(scope="module")
def in_the_page(tmp_path_factory):
    at = tmp_path_factory.mktemp("node")
    (at/"page.mjs").write_text(answer_script() + "import {readFileSync} from 'fs'; const [qs, todo] = JSON.parse(readFileSync(process.argv[2]));"
                               "process.stdout.write(JSON.stringify(todo.map(([q, a]) => judge(qs[q], a))));", encoding="utf-8")
    def run(questions, todo):
        (at/"todo.json").write_text(json.dumps([[*map(box_data, questions)], todo]), encoding="utf-8")
        done = subprocess.run(["node", at/"page.mjs", at/"todo.json"], capture_output=True, check=True)
        return json.loads(done.stdout.decode("utf-8"))
    return run

def compared(run, questions, todo):
    for (q, a), (status, message) in zip(todo, run(questions, todo)):
        want = judge(questions[q], a)
        assert status == want.status and (message == str(want) or status == "pending"), (questions[q].answer, a, message, str(want))

QUESTIONS = [numeric(.25, half=.125), numeric(209224, other=209000), numeric((.18, .82), swapped=(.82, .18)), numeric((-2., 2.)), numeric(1234.5),
             *(Variant("e", 0, "t", "symbolic", 1, "q", a, {"twice": (f"2*({a})", "Twice.")}, symbols={k: tuple(r) for k, r in s.items()}, tol=1e-6) for s, a, _ in TYPED["expressions"])]
TEXTS = [t for rows in TYPED.values() for r in rows for t in r[-1]]

@node
def test_the_page_reads_the_table_alike(in_the_page):
    numbers = [(q, t) for q in range(5) for t in TEXTS]
    symbolic = [(5 + k, t) for k, r in enumerate(TYPED["expressions"]) for t in [*r[-1], *(t for _, ts in TYPED["refused"] for t in ts)]]
    compared(in_the_page, QUESTIONS, numbers + symbolic)
    compared(in_the_page, SMALL, [(k, text) for k, text, _ in SAID])

@node
def test_the_page_judges_the_bank_alike(in_the_page):
    text = lambda a: f"({', '.join(map(repr, a))})" if isinstance(a, (tuple, list)) else str(a)
    questions, todo = [], []
    for ex in (e for e in bank().values() if e.kind not in ("code", "argued")):
        for seed in range(2):
            v = ex.variant(seed)
            forms = [v.answer, *right_forms(v), *(w for w, _ in v.mistakes.values()), *(["x(", "12345", "1/0", "−1", ""] if not v.options else [])]
            todo += [(len(questions), text(a)) for a in forms]
            questions.append(v)
    compared(in_the_page, questions, todo)

PIECES = [*"0123456789.,;()[]{}|+-*/^=±√%½¼²³⁻ \\$_'\"exablσπ−·×≈∞", "tanh", "ln", "exp", "sqrt", "\\frac", "\\sqrt", "10^", "1,5", "0.25", "12", "1 234", "e^", "nats", "tensor(", "w_1", "  ", "🙂", "é"]

@node
def test_the_page_agrees_on_what_nobody_types(in_the_page):
    "Pieces in any order, and the table's answers with one sign changed"
    r, todo = random.Random(1), []
    for _ in range(1000): todo.append((r.choice([0, 1, 2, 5, 6]), "".join(r.choice(PIECES) for _ in range(r.randint(1, 9)))))
    for _ in range(1000):
        t = r.choice(TEXTS)[:60] or "x"
        k = r.randrange(len(t))
        todo.append((r.choice([0, 1, 2, 5, 6]), t[:k] + r.choice(["", r.choice(PIECES), t[k]*2]) + t[k + 1:]))
    compared(in_the_page, QUESTIONS, todo)

def test_nothing_typed_is_run():
    "Neither reader knows a way to run a text"
    assert not re.search(r"\b(eval|Function|import|setTimeout|document\.write)\(", answer_script())
    for room in ("typed", "syntax", "answers", "submissions"):
        text = (ROOT/"vaegan/exam"/f"{room}.py").read_text(encoding="utf-8")
        assert not any(word in text for word in ("eval(", "exec(", "sympify(", "__import__(", "subprocess")), room
