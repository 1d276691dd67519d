"Somebody has a sheet and the library, and wants the key."
import hashlib
import itertools
import json
import os
import random
import re
import secrets
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from bad_input import bad_input_tests, row
from exam_class import tree

import vaegan.exam.draw
from vaegan.exam.learner import bank
from vaegan.exam.plan import ExamPlan, new_plan
from vaegan.exam.secret import derived, new_secret, secret_from_seed
from vaegan.exam.sheets import FORMATS, write_exam

TOPICS, N = ["kl", "elbo"], 5

def shown(sheet):
    "(exam, student, titles and questions) of a sheet"
    cells = ["".join(c["source"]) for c in json.loads(sheet)["cells"]]
    exam, student = re.search(r"#\| exam: (\w+) student: (\S+)", "\n".join(cells)).groups()
    return exam, student, [c for c in cells if c.startswith("## ")]

def fits(plan, student, questions):
    "Would this plan have made these questions?"
    if [ex.title for ex in plan.questions] != [re.match(r"## \d+\. (.+) \(", q)[1] for q in questions]: return False
    return all(v.question.strip() in q for v, q in zip(plan.variants(student), questions))

def crack_by_seed(sheet, tries):
    "The plan behind a sheet, by trying seeds given by hand"
    exam, student, questions = shown(sheet)
    return next((p for s in tries if fits(p := new_plan(TOPICS, N, seed=s), student, questions)), None)

def crack_by_secret(sheet, words):
    "The plan behind a sheet, by taking for the secret whatever stands on it"
    exam, student, questions = shown(sheet)
    by_title = {ex.title: ex for ex in bank().values()}
    asked = tuple(by_title[re.match(r"## \d+\. (.+) \(", q)[1]] for q in questions)
    guesses = [f(w) for w in words for f in (lambda w: hashlib.sha256(w.encode()).hexdigest(), lambda w: (w.encode().hex()*64)[:64],
                                             lambda w: (re.sub("[^0-9a-f]", "", w)*64)[:64].ljust(64, "0"))]
    return next((p for g in guesses if fits(p := ExamPlan(asked, g, exam), student, questions)), None)

def old_id(seed, ids, roster):
    "What version 0.1 printed on every sheet"
    return hashlib.sha256(json.dumps(["exam", seed, ids, roster]).encode()).hexdigest()[:8]

@pytest.fixture
def sheets(tmp_path, roster):
    write_exam(TOPICS, N, seed=97, students=roster, out=tmp_path/"by_hand")
    write_exam(TOPICS, N, students=roster, out=tmp_path/"drawn")
    return {d: {s: (tmp_path/d/f"sheets/{s}.ipynb").read_text(encoding="utf-8") for s in ("ada", "bob")} for d in ("by_hand", "drawn")}

def test_a_seed_given_by_hand_is_found_and_gives_the_neighbours_key(sheets):
    plan = crack_by_seed(sheets["by_hand"]["ada"], range(120))
    assert plan.seed == 97 and fits(plan, *shown(sheets["by_hand"]["bob"])[1:])

def test_a_secret_is_not_found(sheets, tmp_path):
    "Neither by small seeds, nor by times, nor by what else stands on the sheet or about its file"
    sheet = sheets["drawn"]["ada"]
    about = (tmp_path/"drawn/sheets/ada.ipynb").stat()
    times = [int(about.st_mtime) + d for d in range(-20, 2)] + [about.st_mtime_ns, about.st_ino, about.st_size]
    assert crack_by_seed(sheet, itertools.chain(range(120), times)) is None
    exam, *_ = shown(sheet)
    words = {exam, exam[:8], str(int(exam, 16)), *re.findall(r'"id": "(\w+)"', sheet), *map(str, times), "ada", "ada.ipynb", hashlib.sha256(sheet.encode()).hexdigest()}
    assert crack_by_secret(sheet, words) is None
    assert crack_by_seed(sheet, [int(exam, 16), *(int(i, 16) for i in re.findall(r'"id": "([0-9a-f]{8})"', sheet))]) is None

def test_the_attack_on_version_01(sheets):
    "The id on a sheet was a hash of the seed and the questions: found in a moment. What stands there now is none"
    exam, _, questions = shown(sheets["drawn"]["ada"])
    ids = [ex.id for ex in new_plan(TOPICS, N, seed=97).questions]
    find = lambda printed: next((s for s in range(5000) if old_id(s, ids, True) == printed), None)
    assert find(old_id(4711, ids, True)) == 4711 and find(exam[:8]) is None
    known = {old_id(s, ids, r) for s in range(5000) for r in (True, False)}
    assert not known & {new_plan(TOPICS, N).exam[:8] for _ in range(20)}

@pytest.mark.parametrize("format", FORMATS)
def test_sheets_are_a_function_of_public_things_and_of_the_secret(format, tmp_path, roster, monkeypatch):
    "The same bytes from the operating system give the same sheets, later and elsewhere; one other bit gives others"
    drawn = []
    def fake(first):
        def token(n=None): drawn.append(n); return bytes([first, *b"\7"*(n - 1)]).hex()
        return token
    monkeypatch.setattr("vaegan.files.secrets", SimpleNamespace(token_hex=secrets.token_hex))      # names of temporary files are no part of an exam
    for d, first in (("a", 1), ("b/c", 1), ("d", 0)):
        monkeypatch.setattr(secrets, "token_hex", fake(first))
        random.seed(first*17)
        write_exam(TOPICS, N, students=roster, format=format, out=tmp_path/d)
    assert min(drawn) >= 8 and sum(n >= 32 for n in drawn) == 3, "an id of its own, and a secret of 256 bits, each time"
    a, b, d = (tree(tmp_path/d/"sheets") for d in ("a", "b/c", "d"))
    assert a == b and a.keys() == d.keys() and all(a[k] != d[k] for k in a)

def test_a_sheet_holds_nothing_of_the_key(tmp_path, roster):
    for format in FORMATS: write_exam(TOPICS, N, students=roster, format=format, out=tmp_path/format)
    for format in FORMATS:
        key = json.loads((tmp_path/format/"key.json").read_text(encoding="utf-8"))
        seeds = [q["seed"] for qs in key["students"].values() for q in qs]
        assert len(set(seeds)) == len(seeds) == 3*N and key["seed"] is None
        hidden = [key["secret"], *(s[2:] for s in seeds), *(str(int(s, 16)) for s in seeds)]
        for text in tree(tmp_path/format/"sheets").values():
            assert not [h for h in hidden if h.encode() in text or h[:12].encode() in text]

def test_question_seeds_fill_128_bits():
    secret = new_secret()
    seeds = [derived(secret, f"s{i}", q) for i in range(40) for q in list(bank())[:25]]
    assert len(set(seeds)) == 1000
    ones = [sum(s >> b & 1 for s in seeds) for b in range(128)]
    assert min(ones) > 400 and max(ones) < 600, "every bit is set half of the time"
    flipped = f"{int(secret, 16) ^ 1:064x}"
    away = [(derived(secret, "ada", q) ^ derived(flipped, "ada", q)).bit_count() for q in bank()]
    assert 58 < sum(away)/len(away) < 70
    assert derived(secret, "a", "b-c") != derived(secret, "a-b", "c") and secret_from_seed(1) != secret_from_seed(2)

def test_the_generator_starts_from_much_and_shows_little(monkeypatch):
    "Its seed is never a small number, and a question sees too few of its outputs to find its state, which takes 624"
    starts, calls = [], Counter()
    class Watched(random.Random):
        def __init__(self, seed):
            starts.append(seed)
            super().__init__(seed)
        def random(self):
            calls[len(starts)] += 1
            return super().random()
    monkeypatch.setattr(vaegan.exam.draw.random, "Random", Watched)
    plan = new_plan(n=40)
    for student in ("ada", "bob"): plan.variants(student)
    assert len(set(starts)) >= 80 and min(starts) > 2**200
    assert max(calls.values()) < 300

@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_only_the_owner_reads_a_key(tmp_path, roster):
    mask = os.umask(0)
    try:
        for _ in range(3): write_exam(["kl"], 1, students=roster, out=tmp_path/"e", force=True)
    finally: os.umask(mask)
    keys = list((tmp_path/"e").glob("*.json"))
    assert len(keys) == 3 and {f.stat().st_mode & 0o777 for f in keys} == {0o600}
    assert {f.stat().st_mode & 0o777 for f in (tmp_path/"e/sheets").iterdir()} == {0o666}

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"exam.secret.secret_from_seed": row(dict(seed=7), seed=[-1, 1.5, "3", None])}
NO_ROW = {
    "exam.secret.new_secret": "takes nothing",
    "exam.secret.derived": "takes a secret that a key holds, and anything that JSON can write",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
