"What a class hands in is read as it comes: editors, platforms, archives, attempts; and nothing in it is run or unpacked."
import copy
import io
import json
import os
import re
import zipfile
from pathlib import Path

import pytest
from bad_input import bad_input_tests, row
from exam_class import cli

from vaegan.exam.grading import grade
from vaegan.exam.key import read_key
from vaegan.exam.sheets import write_exam
from vaegan.exam.submissions import Cell, handed_in, judge_cells, typed_in
from vaegan.exam.typed import Unreadable
from vaegan.exam.variant import Variant


class Sheets:
    "One small exam without a roster, its right answers, and ways to spoil a filled sheet"
    def __init__(self, at):
        self.at, self.key = at, at/"exam/key.json"
        write_exam(["elbo", "kl"], 3, 3, out=at/"exam")
        right = lambda a: repr(tuple(a)) if isinstance(a, list) else json.dumps(a)
        questions = json.loads(self.key.read_text(encoding="utf-8"))["students"][""]
        self.good = {f"q{i}": right(q["answer"]) for i, q in enumerate(questions, 1)}
        self.total, self.points = sum(q["points"] for q in questions), [q["points"] for q in questions]
    def sheet(self, **answers):
        nb = json.loads((self.at/"exam/sheets/exam.ipynb").read_text(encoding="utf-8"))
        for c in nb["cells"]:
            for q, a in (self.good | answers).items():
                if "".join(c["source"]).startswith(f"#| answer: {q}\n"): c["source"] = f"#| answer: {q}\nanswer = {a}".splitlines(True)
        return nb
    def edited(self, f, nb=None):
        nb = copy.deepcopy(nb or self.sheet())
        for c in nb["cells"]:
            if c["cell_type"] == "code": c["source"] = f("".join(c["source"])).splitlines(True)
        return nb
    def put(self, nb, name="one.ipynb", enc="utf-8"):
        p = self.at/"in"/name
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_bytes(json.dumps(nb, ensure_ascii=False, indent=1).encode(enc))
        return p
    def graded(self, *paths, **how):
        "What `grade` would say, without its files"
        key, out = read_key(self.key), {}
        for name, (who, answers, why) in handed_in([*paths], key, **how).items():
            points = [judge_cells(v, answers.get(f"q{i}", []))[1].status == "right" and v.points for i, v in enumerate(key["students"][""], 1)]
            out[Path(name).as_posix().split("/in/")[-1]] = dict(student=who, status=why or "graded", score="" if why else sum(points))
        return out
    def scores(self, *paths, **how): return {n: r["score"] for n, r in self.graded(*paths, **how).items()}

@pytest.fixture
def some(tmp_path): return Sheets(tmp_path)

@pytest.mark.parametrize("f", [lambda s: s.replace("\n", "\r\n"), lambda s: s.replace("\n", "\r"), lambda s: s.replace("#| answer", "# | answer"), lambda s: s.replace("#| ", "# | "),
                               lambda s: s.replace("#| answer: ", "#|answer:"), lambda s: "\ufeff" + s, lambda s: s + "  # my answer\n", lambda s: s.replace("answer = ", "answer=") + "\nanswer",
                               lambda s: s.replace("answer = ", "import math\nanswer = "), lambda s: s.replace("answer = ", "answer = \\\n")],
                         ids=["CRLF", "CR", "black", "all marks", "tight", "BOM in a cell", "comment", "echo", "import", "continued"])
def test_what_editors_do(some, f): assert set(some.scores(some.put(some.edited(f))).values()) == {some.total}

@pytest.mark.parametrize("enc", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings(some, enc): assert set(some.scores(some.put(some.sheet(), enc=enc)).values()) == {some.total}

def test_notebooks_from_before_2015(some):
    "nbformat 3: a list of worksheets, code under another name"
    nb = some.sheet()
    old = [{**c, "input": c["source"]} if c["cell_type"] == "code" else c for c in nb["cells"]]
    for c in old: c.get("input") and c.pop("source")
    assert set(some.scores(some.put(dict(nbformat=3, nbformat_minor=0, metadata={}, worksheets=[dict(cells=old, metadata={})]))).values()) == {some.total}
    for sheets in (3, [3], [dict(cells=3)], [dict(cells=[3])]): assert "no list of cells" in str(some.graded(some.put(dict(worksheets=sheets))))

def test_markdown_for_code(some):
    def turned(nb, how):
        for c in nb["cells"]:
            s = "".join(c["source"])
            if "answer:" in s: c |= dict(cell_type="markdown", source=how(s))
        return nb
    kept = some.put(turned(some.sheet(), lambda s: s), "kept.ipynb")
    bold = some.put(turned(some.sheet(), lambda s: s.replace("answer = ", "**Answer:** ")), "bold.ipynb")
    alone = some.put(turned(some.sheet(), lambda s: s.replace("answer = ", "")), "alone.ipynb")
    assert set(some.scores(kept, bold, alone).values()) == {some.total}

def below(some, *cells, blank=True):
    "A sheet in which the first answer stands in cells below its marked cell"
    nb = some.sheet(**({"q1": "..."} if blank else {}))
    at = next(k for k, c in enumerate(nb["cells"]) if "answer: q1" in "".join(c["source"]))
    nb["cells"][at + 1:at + 1] = [dict(cell_type=kind, source=s, metadata={}) for kind, s in cells]
    return nb, at

def test_cells_that_moved(some):
    a = some.good["q1"]
    split, at = below(some, ("code", f"answer = {a}"))
    split["cells"][at]["source"] = "#| answer: q1"
    unmarked, at = below(some, ("code", f"answer = {a}"))
    del unmarked["cells"][at]
    turned = some.sheet()
    turned["cells"].reverse()
    doubled, _ = below(some, ("code", f"#| answer: q1\nanswer = {a}"))
    named, _ = below(some, ("markdown", f"My answer is {a}"))
    own = [some.put(nb, f"{n}.ipynb") for n, nb in dict(split=split, unmarked=unmarked, turned=turned, doubled=doubled, named=named).items()]
    assert set(some.scores(*own).values()) == {some.total}
    differ, _ = below(some, ("code", "#| answer: q1\nanswer = 12345"), blank=False)
    many, _ = below(some, ("code", "answer = 3"), ("markdown", "4"))
    gone = some.sheet()
    gone["cells"] = [c for c in gone["cells"] if "answer: q1" not in "".join(c["source"])]
    lost = some.scores(*(some.put(nb, f"{n}.ipynb") for n, nb in dict(differ=differ, many=many, gone=gone).items()))
    assert set(lost.values()) == {some.total - some.points[0]}, "one cannot try twice"

@pytest.mark.parametrize("wrap", ["0 \u2212 -{}", "\u00a0{}", "2\u00b7{}/2", "\u00bd*2*{}", "\u201c{}\u201d", "{}\u200b", "{}.", "x = {}"])
def test_typed_characters(some, wrap):
    "Without quotes as between them"
    said = json.loads(some.key.read_text(encoding="utf-8"))["students"][""]
    q, a = next((f"q{i}", v["answer"]) for i, v in enumerate(said, 1) if isinstance(v["answer"], float))
    text = wrap.format(f"{a:.4f}")
    files = some.put(some.sheet(**{q: text}), "bare.ipynb"), some.put(some.sheet(**{q: f'"{text}"'}), "quoted.ipynb")
    assert set(some.scores(*files).values()) == {some.total}

def test_one_folder_each(some):
    wrong = some.sheet(q1="12345")
    for who, nb in (("Ana_101_assignsubmission_file_", some.sheet()), ("Bo_102_file", wrong), ("Cy Lee_103_file", some.sheet())): some.put(nb, f"{who}/exam.ipynb")
    some.put(some.sheet(q1="..."), "Cy Lee_103_file/exam-Copy1.ipynb")
    rows = some.graded(some.at/"in")
    assert {r["student"] for r in rows.values()} == {"Ana_101", "Bo_102", "Cy Lee_103"} and sum(r["score"] == some.total for r in rows.values()) == 1
    assert "an earlier attempt" in rows["Cy Lee_103_file/exam.ipynb"]["status"]

def test_attempts(some):
    old, new = some.put(some.sheet(), "ada/exam.ipynb"), some.put(some.sheet(q1="12345"), "ada/exam (1).ipynb")
    os.utime(old, (2e9, 2e9))       # the number in the name outranks the date
    first, both = some.total, some.scores(old, new)
    assert both == {"ada/exam.ipynb": "", "ada/exam (1).ipynb": first - some.points[0]}
    assert some.scores(old, new, attempts="first") == {"ada/exam.ipynb": first, "ada/exam (1).ipynb": ""}
    assert all("keep one" in r["status"] for r in some.graded(old, new, attempts="only").values())

def test_a_tie_is_nobodys_choice(klass, capfd):
    d, key, truth = klass
    from exam_class import fill
    for n, answers in (("x", truth["ada"]), ("y", {})):
        (d/f"{n}.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", answers))
        os.utime(d/f"{n}.ipynb", (1e9, 1e9))
    rows = grade(d/"e/key.json", [d/"x.ipynb", d/"y.ipynb"], out=d/"g")
    assert all("keep one" in r["status"] for r in rows if r["file"])

def zipped(files):
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items(): z.writestr(name, data)
    return f.getvalue()

def test_archives(some):
    sheet = json.dumps(some.sheet()).encode()
    inner = zipped({"Bo_102/exam.ipynb": sheet})
    third = zipped({"a.zip": zipped({"b.ipynb": sheet})})
    bomb = zipped({"huge.ipynb": b"0"*30_000_000})
    files = {"Ana_101/exam.ipynb": sheet, "Ana_101/.ipynb_checkpoints/exam-checkpoint.ipynb": sheet, "__MACOSX/Ana_101/._exam.ipynb": b"x", "Bo.zip": inner,
             "../../out.ipynb": sheet, "/abs.ipynb": sheet, "C:\\evil.ipynb": sheet, "deep.zip": third, "bomb.zip": bomb, "broken.zip": b"PK\x03\x04", "photo.png": b"1", "notes.txt": b"hi"}
    p = some.at/"in"/"all.zip"
    p.parent.mkdir()
    p.write_bytes(zipped(files))
    before = {q for q in some.at.rglob("*")}
    status = {n.removeprefix("all.zip/"): (r["student"], r["status"]) for n, r in some.graded(p).items()}
    assert {s for s, why in status.values() if why == "graded"} == {"Ana_101", "Bo_102"} and len(status) == 10
    for name, word in {"../../out.ipynb": "leads out", "/abs.ipynb": "leads out", "C:/evil.ipynb": "leads out", "deep.zip/a.zip": "an archive in an archive", "bomb.zip/huge.ipynb": "20 MB",
                       "broken.zip": "not a readable archive", "notes.txt": "plain text", "photo.png": "a picture"}.items(): assert any(n.endswith(name.lstrip("./")) and word in why for n, (_, why) in status.items()), (name, status)
    assert {q for q in some.at.rglob("*")} == before, "nothing is unpacked"

def test_other_kinds_of_files(some):
    for name, data in {"a.html": b"<html>", "b.pdf": b"%PDF-1.4", "c.docx": b"PK\x03\x04", "d.ipynb": b"<!DOCTYPE html>", "e.ipynb": b"%PDF-1", "f.py": b"answer = 3", "g.ipynb": b'{"cells": [\n{"cell_'}.items():
        (some.at/"in").mkdir(exist_ok=True)
        (some.at/"in"/name).write_bytes(data)
    status = {n[0]: r["status"] for n, r in some.graded(some.at/"in").items()}
    assert all("hand in the notebook itself" in status[n] for n in "abcdef") and "web page" in status["a"] + status["d"] and "PDF" in status["b"] and "Word" in status["c"]
    assert "line 2" in status["g"] and not any("\n" in s for s in status.values())

def test_merged_cells(some):
    "Shift+M in JupyterLab, or all in one cell: every mark begins a cell of its own"
    nb = some.sheet()
    code = [c for c in nb["cells"] if c["cell_type"] == "code"]
    one = dict(nb, cells=[dict(code[0], source="\n\n".join("".join(c["source"]) for c in code))])
    two = copy.deepcopy(nb)
    a, b = (c for c in two["cells"] if re.match("#[|] answer: q[12]", "".join(c["source"])))
    a["source"] = "".join(a["source"]) + "\n" + "".join(b["source"])
    two["cells"].remove(b)
    assert set(some.scores(some.put(one, "one.ipynb"), some.put(two, "two.ipynb")).values()) == {some.total}

def test_work_in_the_cell(some):
    "Names that the cell sets, and as much work as one likes"
    named, long = (some.edited(f) for f in (lambda s: s.replace("answer = ", "x = ") + "\nanswer = x"*("answer:" in s), lambda s: s + "\n# and this is why"*300))
    assert set(some.scores(some.put(named, "named.ipynb"), some.put(long, "long.ipynb")).values()) == {some.total}

@pytest.mark.parametrize("source, right", [("mu = -1\ns = .5\nanswer = mu*s/2", True), ("mu = -1; mu = -.5\nanswer = mu/2", True), ("import numpy as np\na = np.float64(-.25)\nanswer = a", True),
                                           ("x = -1\nx += 5\nanswer = x/4", False), ("x = -1\nfor x in (1, 2): pass\nanswer = x/4", False), ("answer = x/4\nx = -1", False),
                                           ("x = 1\n" + "x = x + x\n"*60 + "answer = x", False), ("x = x\nanswer = x", False), ("x = __import__('os')\nanswer = x", False)])
def test_names_are_put_in_and_never_guessed(source, right):
    v = Variant("a", 0, "t", "numeric", 1, "q", -.25, {}, tol=1e-4)
    said = judge_cells(v, [Cell("code", source, True)])[1]
    assert said.status == ("right" if right else "unreadable"), said

def test_a_symbol_stays_a_symbol():
    v = Variant("e", 0, "t", "symbolic", 1, "q", "2*x", {}, symbols=dict(x=(0., 1.)), tol=1e-6)
    assert judge_cells(v, [Cell("code", "x = 3\nanswer = 2*x", True)])[1] and judge_cells(v, [Cell("code", "y = x + x\nanswer = y", True)])[1]

def test_what_browsers_and_telephones_make_of_names(some):
    data = json.dumps(some.sheet()).encode()
    for name in ("a.ipynb.txt", "b.ipynb.json", "c.json", "d", "E.IPYNB"): (some.put({}, name)).write_bytes(data)
    for name in ("key.json", "README", "table.csv", ".hidden"): (some.at/"in"/name).write_bytes(b"{}")
    assert [*some.scores(some.at/"in").values()] == [some.total]*5
    for name, kind in {"x.rar": "an archive of another kind", "y.7z": "an archive", "z.tar.gz": "an archive", "p.jpg": "a picture", "q.pages": "a text document"}.items():
        (some.at/"in"/name).write_bytes(b"\x00\x01")
        assert kind in some.graded(some.at/"in")[name]["status"]

def test_paths_with_backslashes_and_odd_signs(some):
    sheet = json.dumps(some.sheet()).encode()
    f = zipped({"Ana_101_file/exam.ipynb": sheet, "Bo_102_file/exam.ipynb": sheet, "C_3_file/e\x1b[2J\n.ipynb": b"{}"})
    p = some.put({}, "all.zip")
    p.write_bytes(f.replace(b"_file/exam", b"_file\\exam"))
    rows = some.graded(p)
    assert [r["score"] for r in rows.values()] == [some.total]*2 + [""] and all(n.isprintable() for n in rows)

@pytest.mark.parametrize("names", [("Ana_11_assignsubmission_file_/ana.ipynb", "Bo_12_assignsubmission_file_/exam.ipynb"), ("limaana_1_2_ana.ipynb", "odebo_late_3_4_ana.ipynb")])
def test_nobody_hands_in_for_another(klass, names):
    "A later sheet in a classmate's name counts for nobody before the teacher has looked"
    d, key, truth = klass
    from exam_class import fill
    for k, (n, answers) in enumerate(zip(names, (truth["ada"], {}))):
        (d/"in"/n).parent.mkdir(parents=True, exist_ok=True)
        (d/"in"/n).write_text(fill(d/"e/sheets/ada.ipynb", answers))
        os.utime(d/"in"/n, (1e9 + k, 1e9 + k))
    rows = [r for r in grade(d/"e/key.json", [d/"in"], out=d/"g") if r["file"]]
    assert len(rows) == 2 and all("keep one" in r["status"] and r["score"] == "" for r in rows)

@pytest.mark.parametrize("mine, others", [("ada.ipynb", "bob.ipynb"), ("Ada_11_assignsubmission_file_/exam.ipynb", "Bob_12_assignsubmission_file_/exam.ipynb"), ("ada_1_2_exam.ipynb", "bob_late_3_4_exam.ipynb"),
                                          ("ada/x.ipynb", "bob/x.ipynb"), ("ada (1).ipynb", "bob (2).ipynb")])
def test_a_mark_that_was_copied_costs_its_owner_nothing(klass, mine, others):
    "Where paths tell who handed in, the owner's own sheet counts and the other is named"
    d, key, truth = klass
    from exam_class import fill
    for k, (n, answers) in enumerate([(mine, truth["ada"]), (others, {"q1": "3"})]):
        (d/"in"/n).parent.mkdir(parents=True, exist_ok=True)
        (d/"in"/n).write_text(fill(d/"e/sheets/ada.ipynb", answers))
        os.utime(d/"in"/n, (1e9 + k, 1e9 + k))
    rows = {r["student"]: r for r in grade(d/"e/key.json", [d/"in"], out=d/"g")}
    assert rows["ada"]["score"] == rows["ada"]["of"] and rows["bob"]["status"] == "handed in by bob, but its mark names ada" and rows["bob"]["score"] == ""

def test_a_sheet_with_somebody_elses_mark(klass):
    "Its questions tell whose it is; whose mark it bears keeps the points, also if that sheet comes alone"
    d, key, truth = klass
    from exam_class import fill
    forged = fill(d/"e/sheets/bob.ipynb", truth["bob"]).replace("student: bob", "student: ada")
    for n, text in dict(one=fill(d/"e/sheets/ada.ipynb", truth["ada"]), two=forged).items(): (d/f"{n}.ipynb").write_text(text)
    why = "its mark names ada, its questions are those of bob"
    rows = {r["student"]: r for r in grade(d/"e/key.json", [d/"two.ipynb", d/"one.ipynb"], out=d/"g")}
    assert rows["ada"]["score"] == rows["ada"]["of"] and (rows["bob"]["status"], rows["bob"]["score"]) == (why, "")
    alone = {r["student"]: r["status"] for r in grade(d/"e/key.json", [d/"two.ipynb"], out=d/"h")}
    assert alone == dict(ada="no submission", bob=why, cleo="no submission")

@pytest.mark.parametrize("name, who", [("bob.html", "bob"), ("Bob_12_assignsubmission_file_/exam.pdf", "bob"), ("cleo_homework.ipynb", "cleo"), ("1 (cleo).docx", "cleo"), ("exam.pdf", ""), ("cleopatra_1.pdf", ""), ("bob and cleo/x.pdf", ""), ("ada_homework.pdf", "")])
def test_a_file_that_cannot_be_read_belongs_to_whom_its_path_names(klass, name, who):
    "By a folder, a whole name, or an id of four signs or more: shorter ones stand in many words. Who sent something is not missing"
    d, _, _ = klass
    (d/"in"/name).parent.mkdir(parents=True, exist_ok=True)
    (d/"in"/name).write_bytes(b"%PDF-1.4 or whatever it is")
    rows = {r["student"]: r for r in grade(d/"e/key.json", [d/"in"], out=d/"g") if r["file"]}
    assert [*rows] == [who] and rows[who]["score"] == "" and "not a notebook" in rows[who]["status"]
    missing = (d/"g/missing.csv").read_text()
    assert all((s in missing) == (s != who) for s in ("ada", "bob", "cleo"))

def test_from_the_shell(some, capfd):
    p = some.put(some.sheet())
    odd = some.put(some.sheet(), "odd\x1b[2J.ipynb") if os.name != "nt" else p
    code, out, _ = cli(capfd, "grade", some.key, p, odd, "--out", some.at/"h")
    assert code == 0 and (some.at/"h/scores.csv").exists() and "\x1b" not in out, "no sign that steers a terminal"

@pytest.mark.parametrize("kind, text, typed", [
    ("code", "answer = 0.5", "0.5"), ("code", "answer = 'b'", "b"), ("code", "answer = b", "b"), ("code", "answer: 0,5", "0,5"), ("code", "answer = 3(1-x²)", "3(1-x²)"), ("code", "0.25", "0.25"),
    ("code", "answer = 1\nanswer = 2", "2"), ("code", "answer = ...", None), ("code", "# nothing yet\n", None), ("code", "answer: float = .5  # done", ".5"), ("code", "answer: float = 1\nanswer = 2", "2"), ("code", "answer = ", None), ("code", "answer = None", None),
    ("markdown", "**Answer:** 0.5", "0.5"), ("markdown", "answer = 2*x*y", "2*x*y"), ("markdown", "$\\frac12$", "$\\frac12$"), ("markdown", "```python\nanswer = 7\n```", "7"), ("markdown", "", None),
    ("markdown", "I think that\n\nanswer: b", "b")])
def test_typed_in(kind, text, typed): assert typed_in(Cell(kind, text, True)) == typed

@pytest.mark.parametrize("part", ["answer" + "*"*600_000 + "x", "answer " + "_ "*300_000, "x #"*200_000 + "'", " "*600_000 + "x", "x" + "`"*600_000 + "x", "answer to q1 "*50_000, "#"*600_000 + "|"])
def test_no_cell_takes_for_ever(part):
    "What a cell says is found in one pass: a second for each of these signs would be a week"
    from vaegan.exam.submissions import _line, _read, _without_comment
    assert _line(part) and isinstance(_without_comment(part), str)
    assert _read([dict(cell_type="code", source="#| exam: e student: a b"), dict(cell_type="code", source=part)]) == ("e", "a b", {})

def test_an_endless_argument_is_cut():
    "At what a cell of a spreadsheet holds, and it says so"
    v = Variant("a", 0, "t", "argued", 2, "q", "m", {}, parts=(("x", 1), ("y", 1)), rubric=dict(x=("a", "b"), y=("c", "d")))
    said, _ = judge_cells(v, [Cell("markdown", "word "*4000, True), Cell("markdown", "more "*20_000, False)])
    assert len(said) < 32_000 and "[120,000 characters in all" in said

def test_typed_in_asks():
    for cell in (Cell("markdown", "one\ntwo", True), Cell("code", "x = 1\ny = 2 ½", True), Cell("code", "1"*20_001, True)):
        with pytest.raises(Unreadable): typed_in(cell)

# ---------------------------------------------------------------------------------------------------------- bad input
KEY = dict(exam="e", roster=False, students={"": []})
ROWS = {
    "exam.submissions.handed_in": row(dict(submissions=["roster.csv"], key=KEY, attempts="first"), submissions=[["nowhere"], []], key=[None, 3], attempts=["best", None]),
}
NO_ROW = {
    "exam.submissions.Cell": "a plain record",
    "exam.submissions.typed_in": "takes what stands in a stranger's cell",
    "exam.submissions.judge_cells": "takes what stands in a stranger's cells",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
