"Exercises, their judges, the box in the browser, sheets, keys and grading: what would wrong a learner or fool a teacher."
import base64
import csv
import json
import math
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bad_input import INF, INT, NAN, POS, bad_input_tests, kl_question, row
from fastcore.nbio import read_nb
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks import NBS, ROOT, equations, tags
from write_exercises import NAMES, cells, page, path

from vaegan.cli import main
from vaegan.exam.answers import Unreadable, identical, read_expr
from vaegan.exam.box import box
from vaegan.exam.draw import Draw
from vaegan.exam.exercise import CHAPTERS, audit, exercise, right_forms
from vaegan.exam.grading import grade
from vaegan.exam.judge import judge
from vaegan.exam.key import to_key
from vaegan.exam.learner import ask, bank, check, hint
from vaegan.exam.sheets import FORMATS, write_exam, write_new
from vaegan.exam.typeset import to_html
from vaegan.exam.variant import question_text

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

# -- the bank ----------------------------------------------------------------------------------------------------------
@each
def test_audit(ex): assert audit(ex, range(5)) == []

@pytest.mark.slow
@each
def test_audit_of_200_seeds(ex): assert audit(ex, range(200)) == []

@each
def test_tags_exist(ex):
    nb = ROOT/"nbs"/f"{CHAPTERS[ex.chapter]}.ipynb"
    assert set(ex.tags) <= {t for e in equations(nb) for t in tags(e)}

def test_chapters_are_the_notebooks():
    for nb in (n for n in NBS if n.parent.name == "nbs" and n.name[:2].isdigit() and int(n.name[:2]) < 40):
        assert nb.stem in CHAPTERS.values(), nb.name

def test_every_chapter_has_three():
    with_equations = [c for c, f in CHAPTERS.items() if (ROOT/"nbs"/f"{f}.ipynb").exists() and equations(ROOT/"nbs"/f"{f}.ipynb")]
    few = {c: n for c in with_equations if (n := sum(ex.chapter == c for ex in BANK.values())) < 3}
    assert not few

@each
def test_seeds_differ(ex):
    if ex.kind == "code": return
    assert len({question_text(ex.variant(s)) for s in range(12)}) >= 4

@each
def test_formulas_can_be_drawn(ex):
    v = ex.variant(1)
    for t in [question_text(v), *v.solution]: assert "<code>\\" not in (h := to_html(t, "t")) and not re.search(r"<code>[^<]*(frac|mathrm|mathcal)", h), t

@pytest.mark.parametrize("name", NAMES)
def test_pages_are_made_from_the_bank(name): assert cells(read_nb(path(name))) == page(name), f"run `python tools/write_exercises.py {name}`"

@pytest.mark.parametrize("name", NAMES)
def test_pages_hide_the_answers(name):
    for c in read_nb(path(name)).cells:
        if c.cell_type == "code": assert "import" not in "".join(c.source) or "vaegan.bank" not in "".join(c.source)

def test_importing_is_quick():
    code = "import vaegan.exam.grading, vaegan.exam.learner, sys; assert not {'torch', 'sympy', 'numpy', 'matplotlib'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)

def test_numbers_are_the_same_everywhere():
    r = Draw("fixed")
    assert (r.num(0, 1), r.whole(1, 100), r.perm("abcd"), r.pick("xyz"), r.sign()) == FIXED

FIXED = (.9, 53, ['c', 'd', 'b', 'a'], 'z', -1)

# -- exercises that are wrong ------------------------------------------------------------------------------------------
def changed(id, **kw):
    ex = BANK[id]
    return replace(ex, make=lambda r: (d := ex.make(r)) | {k: f(d) for k, f in kw.items()})

@pytest.mark.parametrize("change, why", [
    (dict(check=lambda d: d["check"] + 1e-4), "derivations disagree"),
    (dict(mistakes=lambda d: d["mistakes"] | dict(same=(d["answer"] + 1e-5, "?"))), "leads to the right answer"),
    (dict(mistakes=lambda d: d["mistakes"] | dict(twice=(d["mistakes"]["no-half"][0], "?"))), "same answer"),
    (dict(hint=lambda d: 0), "unknown ['hint']"), (dict(accept=lambda d: ["1"]), "not a right form")])
def test_wrong_exercises_are_rejected(change, why):
    with pytest.raises(ValueError, match=re.escape(why)): changed("kl-to-prior", **change).variant(0)

def test_audit_sees():
    assert any("at least 3" in b for b in audit(changed("kl-to-prior", mistakes=lambda d: {}), [0]))
    assert any("plain text" in b for b in audit(changed("kl-to-prior", mistakes=lambda d: {k: (a, "$x$") for k, (a, _) in d["mistakes"].items()}), [0]))
    assert any("arrive" in b for b in audit(changed("kl-to-prior", solution=lambda d: ["a", "b"]), [0]))

def test_wrong_code_is_rejected():
    with pytest.raises(ValueError, match="disagree"): changed("kl-code", check=lambda d: d["mistakes"]["mean"][0]).variant(0)

# -- reading -----------------------------------------------------------------------------------------------------------
HOSTILE = ["__import__('os').system('touch /tmp/owned')", "9**9**9**9", "((((x**9)**9)**9)**9)", "x.__class__", "(lambda: x)()", "[x for x in x]",
           "exp(*x)", "exp(x=x)", "'a'", "b'a'", "True", "1j", "x if x else x", "x[0]", "{x}", "x := 1", "f'{x}'", "1"*201, "("*199, "-"*199 + "x",
           "1e999", "0/0", "x\x00", "\ud800", "exp(exp(exp(exp(9))))", "10**13", "x**65", "await x", "print", "x;x", "2x", "1_0_", "lambda", "9"*200]

@pytest.mark.parametrize("s", HOSTILE)
def test_hostile_expressions(s):
    with pytest.raises(Unreadable): read_expr(s, ("x",))
    v = BANK["kl-slope"].variant(0)
    assert judge(v, s).status == "unreadable" and "\n" not in str(judge(v, s))

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

def test_sympy_has_the_last_word():
    z = dict(z=(.2, 2))
    assert identical("sqrt(z**2)", "z", z) and identical("log(z**3)/3", "ln(z)", z) and not identical("z + 1e-12", "z", z)

def test_letters():
    v = BANK["kl-two-bumps"].variant(0)
    assert all(judge(v, a) for a in (v.answer, v.answer.upper(), f"({v.answer})", f" {v.answer}) ", v.options[v.answer]))
    assert "why" in str(judge(v, True)) and judge(v, "z").status == "unreadable"

@pytest.mark.parametrize("call", [lambda: ask("kl-to-pior"), lambda: hint("kl-to-prior", 0, 9)])
def test_bad_calls(call):
    with pytest.raises(ValueError, match="kl-to-prior|step"): call()

# -- the browser -------------------------------------------------------------------------------------------------------
def sealed(v): return json.loads(base64.b64decode(re.search(r'data-q="([^"]+)"', box(v))[1]))

@each
def test_box(ex):
    h = box(ex.variant(1))
    if ex.kind == "code": return
    assert h.count("<form") == h.count("</form>") == h.count("<script") == 1 and "<legend" in h and 'aria-live="polite"' in h and "http" not in h
    assert h.count("<input") == h.count("<label") == max(1, len(ex.variant(1).options)) and "eval(" not in h and "Function(" not in h

def test_browser_and_python_agree(tmp_path):
    if not shutil.which("node"): pytest.skip("no node at hand")
    todo, want = [], []
    for ex in BANK.values():
        if ex.kind == "code": continue
        for seed in range(3):
            v = ex.variant(seed)
            text = lambda a: f"({', '.join(map(repr, a))})" if isinstance(a, (tuple, list)) else str(a)
            for a in [text(v.answer), *map(str, right_forms(v)), *(text(w) for w, _ in v.mistakes.values()), "", "x(", "12345", "1/0", "−1"]:
                todo.append((sealed(v), a)); want.append(judge(v, a))
    js = tmp_path/"t.mjs"
    js.write_text((ROOT/"vaegan"/"js"/"exam"/"answer.js").read_text() + "import {readFileSync} from 'fs'; const todo = JSON.parse(readFileSync(process.argv[2]));"
                  "console.log(JSON.stringify(todo.map(([q, a]) => judge(q, a))));")
    (tmp_path/"t.json").write_text(json.dumps(todo))
    got = json.loads(subprocess.run(["node", js, tmp_path/"t.json"], capture_output=True, text=True, check=True).stdout)
    for (q, a), (status, message), v in zip(todo, got, want):
        if q["letters"] and v.status == "unreadable": continue            # a radio button cannot be mistyped
        assert status == dict(mistake="wrong").get(v.status, v.status), (a, message, v)
        if v.status == "mistake": assert message == str(v)

# -- sheets ------------------------------------------------------------------------------------------------------------
def cli(capfd, *args):
    try: code = main([*map(str, args)])
    except SystemExit as e: code = e.code
    out, err = capfd.readouterr()
    return code, out, err

def tree(d): return {p.relative_to(d).as_posix(): p.read_bytes() for p in Path(d).rglob("*") if p.is_file()}

@pytest.fixture
def roster(tmp_path):
    f = tmp_path/"roster.csv"
    f.write_text("name,id\nAda,ada\nBob,bob\nCleo,cleo\n")
    return f

@pytest.mark.parametrize("format", FORMATS)
def test_same_seed_same_sheet(format, tmp_path, roster, capfd):
    for d, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", seed, "--format", format, "--solutions", "--students", roster, "--out", tmp_path/d)[0] == 0
    a, b, c = (tree(tmp_path/d) for d in "abc")
    assert a == b and a.keys() == c.keys() == {"key.json", *(f"{k}/{s}.{format}" for k in ("sheets", "solutions") for s in ("ada", "bob", "cleo"))}
    assert all(a[k] != c[k] for k in a) and len(set(a.values())) == len(a)
    roster.write_text("id\nzoe\nada\n")
    cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", 7, "--format", format, "--students", roster, "--out", tmp_path/"d")
    assert tree(tmp_path/"d")[f"sheets/ada.{format}"] == a[f"sheets/ada.{format}"], "a sheet depends on the seed and the student alone"

def test_a_known_sheet(tmp_path, capfd):
    "The same in every process and whatever the hash seed"
    code = f"from vaegan.cli import main; main(['exam', '--n', '4', '--seed', '3', '--out', {str(tmp_path)!r} + '/' + __import__('sys').argv[1]])"
    for h in ("1", "2"): subprocess.run([sys.executable, "-c", code, h], check=True, env=dict(os.environ, PYTHONHASHSEED=h), stdout=subprocess.DEVNULL)
    assert tree(tmp_path/"1") == tree(tmp_path/"2")

def test_sheets_hold_no_answers(tmp_path, roster):
    write_exam(["kl", "elbo"], 5, 7, students=roster, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text())
    for s, qs in key["students"].items():
        sheet = (tmp_path/"e/sheets"/f"{s}.ipynb").read_text()
        for q in qs:
            assert not any(m in sheet for _, m in q["mistakes"].values())
            if q["kind"] == "numeric" and isinstance(q["answer"], float): assert f"{q['answer']:.4f}" not in sheet

@pytest.mark.parametrize("args, word", {
    "--topics cats": "cats", "--topics ,": "--topics", "--n 0": "--n", "--n 999": "--n", "--n x": "--n", "--seed -1": "--seed", "--format pdf": "--format",
    "--students nobody.csv": "nobody.csv", "--wat": "--wat", "--out /dev/null/x": "/dev/null"}.items())
def test_bad_options(args, word, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = cli(capfd, "exam", *args.split())
    assert code == 2 and err.count("\n") == 1 and word in err and "Traceback" not in err and not tree(tmp_path) and not list(tmp_path.iterdir())

ROSTERS = {"empty": (b"", "id"), "header only": (b"id\n", "nobody"), "blank": (b"id\n\n , \n", "nobody"), "no id": (b"name\nAda\n", "id"), "two ids": (b"id,id\na,b\n", "id"),
           "collision": (b"id\nada\nbob\nAda\n", "collides with line 2"), "ragged": (b"id,name\nada\n", "line 2"), "path": (b"id\n../ada\n", "line 2"), "dots": (b"id\n..\n", "line 2"),
           "slash": (b"id\na/b\n", "line 2"), "not text": (b"id\n\xff\xfe\n", "UTF-8"), "nul": (b"id\na\0b\n", "line 2"), "long": (b"id\n" + b"a"*65 + b"\n", "line 2"),
           "quote": (b'id\n"ada\n', "CSV"), "excel": (b"PK\x03\x04\xff", "UTF-8")}

@pytest.mark.parametrize("name", ROSTERS)
def test_bad_rosters(name, tmp_path, capfd):
    data, word = ROSTERS[name]
    (tmp_path/"r.csv").write_bytes(data)
    code, _, err = cli(capfd, "exam", "--n", 2, "--students", tmp_path/"r.csv", "--out", tmp_path/"e")
    assert code == 2 and err.count("\n") == 1 and word in err and not (tmp_path/"e").exists(), err

def test_nothing_is_overwritten(tmp_path, capfd):
    args = ("exam", "--n", 2, "--out", tmp_path/"e")
    assert cli(capfd, *args)[0] == 0
    before = tree(tmp_path)
    code, _, err = cli(capfd, *args, "--seed", 1)
    assert code == 2 and err.count("\n") == 1 and "--force" in err and tree(tmp_path) == before
    assert cli(capfd, *args, "--seed", 1, "--force")[0] == 0
    assert tree(tmp_path) != before and tree(tmp_path).keys() == before.keys()

@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_nothing_is_half_written(step, tmp_path, monkeypatch):
    count, real = iter(range(99)), getattr(os, step)
    def fail(*args):
        if next(count) == (2 if step == "fsync" else 0): raise OSError("disk full")
        return real(*args)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError): write_new(tmp_path/"a", {f"{i % 2}/{i}.txt": b"x" for i in range(4)})
    assert not list(tmp_path.iterdir())

# -- grading -----------------------------------------------------------------------------------------------------------
def fill(sheet, answers):
    nb = json.loads(sheet.read_text())
    for c in nb["cells"]:
        if m := re.match(r"#\| answer: (q\d+)", "".join(c["source"])):
            if m[1] in answers: c["source"] = [f"#| answer: {m[1]}\n", f"answer = {answers[m[1]]}"]
    return json.dumps(nb)

@pytest.fixture
def klass(tmp_path, roster):
    write_exam(["kl", "elbo"], 6, 7, students=roster, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text())
    truth = {s: {f"q{i}": repr(q["answer"]) for i, q in enumerate(qs, 1)} for s, qs in key["students"].items()}
    return tmp_path, key, truth

def table(f): return list(csv.DictReader(f.open(newline="")))

def test_grading(klass, capfd):
    d, key, truth = klass
    slips = {f"q{i}": repr(next(iter(q["mistakes"].values()))[0]) for i, q in enumerate(key["students"]["bob"], 1)}
    for s, a in (("ada", truth["ada"]), ("bob", slips), ("cleo", truth["ada"])): (d/f"{s}.ipynb").write_text(fill(d/f"e/sheets/{s}.ipynb", a))
    code, out, _ = cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", d/"bob.ipynb", d/"cleo.ipynb", "--out", d/"g")
    rows = {r["student"]: r for r in table(d/"g/scores.csv")}
    total = sum(q["points"] for q in key["students"]["ada"])
    assert code == 0 and rows["ada"]["score"] == rows["ada"]["of"] == str(total) and rows["bob"]["score"] == "0"
    assert int(rows["cleo"]["score"]) < total, "the answers of another student are not one's own"
    notes = [r for r in table(d/"g/feedback.csv") if r["student"] == "bob"]
    assert [r["mistake"] for r in notes] == [next(iter(q["mistakes"])) for q in key["students"]["bob"]]
    assert (d/"g/summary.png").read_bytes()[:4] == b"\x89PNG"
    assert cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--out", d/"g")[0] == 2

def test_hostile_submissions(klass):
    d, key, truth = klass
    good = fill(d/"e/sheets/ada.ipynb", truth["ada"])
    sub = d/"s"
    sub.mkdir()
    evil = {q: f"__import__('pathlib').Path({str(d/'owned')!r}).touch()" for q in truth["bob"]}
    nb = json.loads(good)
    dup = json.loads(good)
    dup["cells"].append(dict(cell_type="code", source="#| answer: q1\nanswer = 99"))
    files = dict(empty="", blank=" \n", broken=good[:300], array="[1]", nocells='{"cells": 3}', odd='{"cells": [3, null, {"source": 5}, {"source": [1]}]}', deep="["*100000,
                 other=good.replace(key["exam"], "deadbeef"), nobody=good.replace("student: ada", "student: mallory"), ada=good, ada_copy=good, evil=fill(d/"e/sheets/bob.ipynb", evil),
                 unmarked=json.dumps(nb | dict(cells=[c for c in nb["cells"] if "exam:" not in "".join(c["source"])])))
    for n, t in files.items(): (sub/f"{n}.ipynb").write_text(t)
    (sub/"binary.ipynb").write_bytes(bytes(range(256)))
    (sub/"folder.ipynb").mkdir()
    (sub/"gone.ipynb").symlink_to(d/"nowhere")
    (sub/"cleo.ipynb").write_text(fill(d/"e/sheets/cleo.ipynb", {"q1": '"=HYPERLINK(1)"', "q2": "9**9**9**9", "q3": "(" * 300, "q4": "1\nimport os", "q5": "[1]*10**9", "q6": "'''" + "x"*3000 + "'''"}))
    rows = {Path(r["file"]).stem: r for r in grade(d/"e/key.json", [sub], out=d/"g")}
    assert not (d/"owned").exists()
    status = {n: r["status"] for n, r in rows.items()}
    assert status["ada"] == status["evil"] == status["cleo"] == "graded"
    assert rows["ada"]["score"] == rows["ada"]["of"] and rows["evil"]["score"] == rows["cleo"]["score"] == 0
    for n, word in dict(empty="empty", blank="empty", broken="JSON", array="cells", nocells="cells", odd="missing", deep="JSON", other="another exam", nobody="mallory",
                        ada_copy="duplicate of", unmarked="missing", binary="JSON").items(): assert word in status[n], (n, status[n])
    assert {"folder", "gone"} <= status.keys() and all(status[n] != "graded" for n in ("folder", "gone"))
    assert "'=HYPERLINK(1)" in [r["answer"] for r in table(d/"g/feedback.csv")]

def test_two_versions_of_one_student(klass):
    d, key, truth = klass
    (d/"x.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"]))
    (d/"y.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", {}))
    rows = grade(d/"e/key.json", [d/"x.ipynb", d/"y.ipynb"], out=d/"g")
    assert all("keep one" in r["status"] for r in rows if r["file"])
    assert {r["student"] for r in rows if r["status"] == "no submission"} == {"bob", "cleo"}

def test_duplicated_cells_do_not_count(klass):
    d, key, truth = klass
    nb = json.loads(fill(d/"e/sheets/ada.ipynb", truth["ada"]))
    nb["cells"].append(dict(cell_type="code", source=["#| answer: q1\n", "answer = 99"]))
    (d/"x.ipynb").write_text(json.dumps(nb))
    row = grade(d/"e/key.json", [d/"x.ipynb"], out=d/"g")[0]
    assert row["q1"] == 0 and row["score"] == row["of"] - key["students"]["ada"][0]["points"]

def test_one_sheet_for_all(tmp_path):
    write_exam(["elbo"], 3, 1, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text())
    truth = {f"q{i}": repr(q["answer"]) for i, q in enumerate(key["students"][""], 1)}
    for n in ("smith", "jones"): (tmp_path/f"{n}.ipynb").write_text(fill(tmp_path/"e/sheets/exam.ipynb", truth if n == "smith" else {}))
    rows = {r["student"]: r["score"] for r in grade(tmp_path/"e/key.json", [tmp_path/"smith.ipynb", tmp_path/"jones.ipynb"], out=tmp_path/"g")}
    assert rows["smith"] > 0 == rows["jones"] and rows.keys() == {"smith", "jones"}

@pytest.mark.parametrize("text", ["", "{}", "[]", '{"students": {}}', '{"exam": "a", "roster": true, "students": {"a": [{"id": 3}]}}', "["*99999, "\xff"])
def test_bad_keys(text, tmp_path, capfd):
    (tmp_path/"k.json").write_bytes(text.encode("latin-1"))
    (tmp_path/"s.ipynb").write_text("{}")
    code, _, err = cli(capfd, "grade", tmp_path/"k.json", tmp_path/"s.ipynb", "--out", tmp_path/"g")
    assert code == 2 and err.count("\n") == 1 and not (tmp_path/"g").exists()

def test_missing_submissions(klass, capfd):
    d = klass[0]
    (d/"none").mkdir()
    for args in ((d/"e/key.json", d/"nope"), (d/"e/key.json", d/"none"), (d/"nokey", d/"e"), (d/"e/key.json",)):
        code, _, err = cli(capfd, "grade", *args, "--out", d/"g")
        assert code == 2 and err.count("\n") == 1 and not (d/"g").exists()

# ---------------------------------------------------------------------------------------------------------- bad input
def titled(r): "A title"

ROWS = {
    "exam.draw.Draw.whole": row(dict(lo=1, hi=5), lo=[6, 1.5, "1"], hi=[0, 1.5, "5"]),
    "exam.draw.Draw.num": row(dict(lo=.1, hi=.5, step=.1), lo=[NAN, "0"], hi=[0., NAN, INF], step=POS),
    "exam.draw.Draw.pick": row(dict(options=(1, 2)), options=[(), 3]),
    "exam.draw.Draw.perm": row(dict(xs=(1, 2)), xs=[3, None]),
    "exam.exercise.Exercise.variant": row(dict(seed=0), seed=[-1, 1.5, "3", None]),
    "exam.exercise.exercise": row(dict(chapter="elbo", tags="ELBO", kind="numeric", topics="bound", points=1), chapter=["cats", None], tags=["", "A,", 3],
        kind=["cats", None], topics=[3, ["bound"]], points=INT()),
    "exam.exercise.exercise()": row(dict(f=titled), call=exercise("elbo", "ELBO", "numeric"), f=[3, lambda r: r]),
    "exam.numerics.integral": row(dict(f=math.exp, lo=0., hi=1., n=4), lo=[NAN, -INF, "0"], hi=[NAN, INF], n=INT(2) + [3]),
    "exam.numerics.argmax": row(dict(f=math.sin, lo=0., hi=2., n=9), lo=[NAN, -INF, "0"], hi=[NAN, INF], n=INT()),
    "exam.learner.exercises_of": row(dict(module="elbo"), module=["cats", None, "../elbo"]),
    "exam.numerics.derivative": row(dict(f=math.exp, x=1., h=1e-3), x=[NAN, INF, "1"], h=POS),
    "exam.numerics.normal_pdf": row(dict(x=0., mu=0., var=1.), x=[NAN, INF], mu=[NAN, "0"], var=POS),
    "exam.answers.identical": row(dict(a="2*x", b="x + x", symbols=dict(x=(0, 1)), seconds=9.), a=["x +", "y", 3, "__import__('os')"], b=["", None], symbols=None, seconds=POS),
    "exam.learner.ask": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
    "exam.learner.check": row(dict(id="kl-to-prior", seed=0, answer="1/2"), id=["cats", None, 3], seed=[-1, 1.5, "3", None], answer=None),
    "exam.learner.hint": row(dict(id="kl-to-prior", seed=0, step=1), id=["cats", None, 3], seed=[-1, 1.5, "3", None], step=INT() + [9]),
    "exam.learner.solution": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
    "exam.exercise.audit": row(dict(ex=kl_question, seeds=[0, 1]), seeds=[[], 3, [-1], [1.5], None]),
    "exam.exercise.review": row(dict(ex=kl_question, seed=1), seed=[-1, 1.5, "3", None]),
    "exam.page.exercise_page": row(dict(module="elbo", seed=1, repo="a/b"), module=["cats", None, "../elbo"], seed=[-1, 1.5, "3", None], repo=None),
    "exam.page.notebook": row(dict(cells=[("markdown", "# a"), ("code", "1")]), cells=[[("prose", "a")], [("code", 3)], ["# a"]], old=None),
    "exam.sheets.choose": row(dict(names=["elbo"], n=2, seed=0), names=["elbo", ["cats"], 3], n=INT() + [999], seed=[-1, 1.5, "3", None]),
    "exam.sheets.read_roster": row(dict(path="roster.csv"), path=[3, None]),
    "exam.key.from_key": row(dict(d=to_key(kl_question.variant(0))), d=[{}, 3, to_key(kl_question.variant(0)) | dict(kind="code")]),
    "exam.sheets.sheet_cells": row(dict(vs=[kl_question.variant(0)], exam="e", student="ada"), vs=[[], [3]], exam=None, student=None),
    "exam.sheets.render_sheet": row(dict(cells=[("markdown", "# a")], format="html"), cells=[[]], format=["pdf", None]),
    "exam.typeset.tex_svg": row(dict(tex="x^2", size=16.), tex=None, size=POS),
    "exam.sheets.write_exam": row(dict(topics=["elbo"], n=2, seed=0, format="md", students="roster.csv", out="sheets", force=True), topics=["elbo", ["cats"], 3], n=INT() + [999],
        seed=[-1, 1.5, "3", None], format=["pdf", None], students=[3], out=[3, None]),
    "exam.key.read_key": row(dict(path="key.json"), path=[3, None, "roster.csv"]),
    "exam.grading.grade": row(dict(key="key.json", submissions=["roster.csv"], out="grades", force=True), key=[3, "roster.csv"], submissions=["roster.csv", 3, [], ["nowhere"]], out=[3, None]),
}
NO_ROW = {
    "exam.draw.Draw": "a seed is anything that prints",
    "exam.draw.Draw.sign": "takes nothing",
    "exam.learner.bank": "takes nothing",
    "exam.sheets.topics": "takes nothing",
    "exam.exercise.Exercise": "a plain record; `exercise` checks and `audit` tries it",
    "exam.variant.Variant": "a plain record; made and checked by `Exercise.variant`",
    "exam.judge.Verdict": "a plain record",
    "exam.answers.Unreadable": "an exception",
    "exam.variant.Shown": "text in, text out",
    "exam.page.anchor": "text in, text out",
    "exam.page.fold": "text in, text out",
    "exam.typeset.to_html": "text in, text out; tests/library/test_exam.py",
    "exam.answers.evaluate": "takes a tree that `read_expr` let through",
    "exam.answers.to_sympy": "takes a tree that `read_expr` let through",
    "files.write_files": "whatever is in the way is named; test_nothing_is_half_written in tests/library/test_exam.py",
    "exam.sheets.write_new": "whatever is in the way is named; test_nothing_is_overwritten in tests/library/test_exam.py",
    "exam.answers.read_expr": "takes a learner's answer, and says what cannot be read in it; HOSTILE in tests/library/test_exam.py",
    "exam.answers.read_numbers": "takes a learner's answer, and says what cannot be read in it; HOSTILE in tests/library/test_exam.py",
    "exam.judge.judge": "takes a learner's answer, and says what cannot be read in it; HOSTILE in tests/library/test_exam.py",
    "exam.variant.how_to_answer": "takes a Variant, which is checked when it is made",
    "exam.variant.question_text": "takes a Variant, which is checked when it is made",
    "exam.variant.solution_text": "takes a Variant, which is checked when it is made",
    "exam.judge.comparison_points": "takes a Variant, which is checked when it is made",
    "exam.judge.answer_values": "takes a Variant and a learner's answer, and says what cannot be read in it",
    "exam.judge.known_mistakes": "takes a Variant, which is checked when it is made",
    "exam.judge.near": "two lists of numbers that the judge made",
    "exam.answers.one_line": "text in, text out",
    "exam.learner.bank_modules": "takes nothing",
    "exam.learner.nearest": "text in, text out",
    "exam.typeset.markdown_html": "text in, text out",
    "exam.sheets.count": "text in, text out",
    "bank.elbo.two_states": "takes a Draw",
    "exam.box.box": "takes a Variant, which is checked when it is made",
    "exam.key.to_key": "takes a Variant, which is checked when it is made",
    "exam.variant.shown_answer": "takes a Variant, which is checked when it is made",
    "exam.exercise.right_forms": "takes a Variant, which is checked when it is made",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
