"Grading: what would fool a teacher."
import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from bad_input import bad_input_tests, row
from exam_class import cli, fill, table

import vaegan.exam.grading
from vaegan.exam.grading import grade
from vaegan.exam.scores import summary_line
from vaegan.exam.sheets import write_exam


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
    assert status["ada"] == "graded" and all(re.fullmatch(r"graded, \d unreadable", status[n]) for n in ("evil", "cleo"))
    assert rows["ada"]["score"] == rows["ada"]["of"] and rows["evil"]["score"] == rows["cleo"]["score"] == 0
    for n, word in dict(empty="empty", blank="empty", broken="JSON", array="cells", nocells="cells", odd="missing", deep="JSON", other="another exam", nobody="mallory",
                        ada_copy="duplicate of", unmarked="missing", binary="JSON").items(): assert word in status[n], (n, status[n])
    assert {"folder", "gone"} <= status.keys() and all(status[n] != "graded" for n in ("folder", "gone"))
    assert "'=HYPERLINK(1)" in [r["answer"] for r in table(d/"g/feedback.csv")]

def test_two_versions_of_one_student(klass):
    d, key, truth = klass
    (d/"x.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"]))
    (d/"y.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", {}))
    for n, when in (("x", 1e9), ("y", 2e9)): os.utime(d/f"{n}.ipynb", (when, when))
    latest, first, only = (grade(d/"e/key.json", [d/"x.ipynb", d/"y.ipynb"], out=d/f"g{a}", attempts=a) for a in ("latest", "first", "only"))
    of = lambda rows, who: next(r for r in rows if r["student"] == who)
    assert of(latest, "ada")["score"] == 0 and of(first, "ada")["score"] == of(first, "ada")["of"] and any("an earlier attempt" in r["status"] for r in latest)
    assert all("keep one" in r["status"] for r in only if r["file"])
    assert {r["student"] for r in latest if r["status"] == "no submission"} == {"bob", "cleo"}
    assert summary_line(only) == "0 of 3 students graded, 2 missing: bob, cleo, 1 without a sheet that can be graded: ada; 2 files could not be graded"

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

def test_an_answer_that_makes_the_judge_fail_ends_nothing(klass, monkeypatch):
    d, key, truth = klass
    real = vaegan.exam.grading.judge_cells
    def fail(v, cells):
        if "boom" in str(cells): raise RecursionError("deep")
        return real(v, cells)
    monkeypatch.setattr(vaegan.exam.grading, "judge_cells", fail)
    (d/"ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"] | {"q2": "'boom'"}))
    rows = grade(d/"e/key.json", [d/"ada.ipynb"], out=d/"g")
    said = next(r for r in table(d/"g/feedback.csv") if r["question"] == "q2")
    assert rows[0]["score"] == rows[0]["of"] - key["students"]["ada"][1]["points"] and "RecursionError" in said["feedback"] and said["status"] == "unreadable"

def test_the_table_goes_back_to_where_the_list_came_from(tmp_path, capfd):
    "Columns, order, delimiter and encoding are the roster's; ids with leading zeros stay; who is missing is counted by students"
    (tmp_path/"r.csv").write_bytes("Nachname;Matrikelnummer;score;Gruppe\nMüller;007;x;=cmd()\nde la Cruz, Ana;+7\n".replace("+7", "a+7").encode("cp1252"))
    code, out, _ = cli(capfd, "exam", "--topics", "kl", "--n", 2, "--students", tmp_path/"r.csv", "--out", tmp_path/"e")
    assert code == 0 and "Windows-1252: does 'Müller' look right?" in out
    (tmp_path/"late.ipynb").write_text("{}")
    sheet = tmp_path/"e/sheets/007.ipynb"
    code, out, _ = cli(capfd, "grade", tmp_path/"e/key.json", sheet, tmp_path/"late.ipynb", "--out", tmp_path/"g")
    assert code == 0 and "1 of 2 students graded, 1 missing: a+7; 1 file could not be graded" in out
    data = (tmp_path/"g/scores.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and b'"Nachname";"Matrikelnummer";"score (roster)";"Gruppe";"student"' in data
    rows = table(tmp_path/"g/scores.csv", ";")
    assert [(r["Nachname"], r["Matrikelnummer"], r["status"], r["Gruppe"]) for r in rows[:2]] == [("Müller", "007", "graded", "'=cmd()"), ("de la Cruz, Ana", "a+7", "no submission", "")]
    assert [r["Matrikelnummer"] for r in table(tmp_path/"g/missing.csv", ";")] == ["a+7"] and len(rows) == 3
    assert cli(capfd, "exam", "--makeup", tmp_path/"e/key.json", "--students", tmp_path/"g/missing.csv", "--out", tmp_path/"m")[0] == 0, "the list of the absent is a roster"

def test_ids_as_the_world_writes_them(tmp_path, capfd):
    "Letters of any language, blanks, + and /: on sheets, in names of files, scores, feedback and marks; a list from Excel in UTF-16"
    ids = ["Jörg Müller", "s1/2026", "s1_2026", "李四", "a+b@x.org", "ΝΙΚΗ"]
    (tmp_path/"r.csv").write_bytes("Matrikelnr;Name\r\n".encode("utf-16") + "".join(f"{unicodedata.normalize('NFD', i)};Ann\r\n" for i in ids).encode("utf-16-le"))
    args = ("--questions", "kl-to-prior,argue-half", "--students", tmp_path/"r.csv", "--solutions")
    for format in ("md", "html", "ipynb"):
        code, out, _ = cli(capfd, "exam", *args, "--print", "--format", format, "--out", tmp_path/format)
        assert code == 0 and len([*(tmp_path/format/"sheets").iterdir()]) == len(ids) and all(i in (tmp_path/format/"answers.html").read_text(encoding="utf-8") for i in ids)
    key = json.loads((tmp_path/"ipynb/key.json").read_text(encoding="utf-8"))["students"]
    (tmp_path/"in").mkdir()
    for i, sheet in zip(ids, ("Jörg_Müller", "s1_2026", "s1_2026_", "李四", "a+b@x.org", "ΝΙΚΗ")):
        text = (tmp_path/f"ipynb/sheets/{sheet}.ipynb").read_text(encoding="utf-8")
        assert [*key] == ids and f"student: {i}\\n" in text
        (tmp_path/f"in/{len([*(tmp_path/'in').iterdir()])}.ipynb").write_text(text.replace("answer = ...", f"answer = {key[i][0]['answer']}"), encoding="utf-8")
    (tmp_path/"ipynb/marks.csv").write_text("student,question,points\n" + "".join(f"{unicodedata.normalize('NFD', i)},q2,1\n" for i in ids), encoding="utf-8")
    code, out, _ = cli(capfd, "grade", tmp_path/"ipynb/key.json", tmp_path/"in", "--out", tmp_path/"g")
    assert code == 0 and "6 of 6 students graded" in out and all(i in out for i in ids)
    rows = table(tmp_path/"g/scores.csv", ";", "utf-16")
    assert [(r["student"], r["score"], r["status"]) for r in rows] == [(i, str(key[i][0]["points"] + 1), "graded") for i in ids]
    assert len([*(tmp_path/"g/feedback").iterdir()]) == 6 and "Jörg Müller" in (tmp_path/"g/feedback/Jörg_Müller.html").read_text(encoding="utf-8")

@pytest.mark.skipif(os.name == "nt", reason="permissions")
def test_grades_are_the_teachers_alone(klass):
    "Whatever the mask says; a folder that was there keeps its rights, a file that was open to all does not"
    d, key, truth = klass
    (d/"h").mkdir(mode=0o755)
    for out in ("g", "h"):
        mask = os.umask(0o022)
        try:
            (d/"h/scores.csv").write_text("old")
            grade(d/"e/key.json", [d/"e/sheets"], out=d/out, force=True)
        finally: os.umask(mask)
        assert {f.stat().st_mode & 0o777 for f in (d/out).rglob("*") if f.is_file()} == {0o600} and (d/out/"feedback").stat().st_mode & 0o777 == 0o700
    assert [(d/f).stat().st_mode & 0o777 for f in ("g", "h", "e/sheets")] == [0o700, 0o755, (d/"e").stat().st_mode & 0o777]

def test_a_make_up_counts_in_the_same_table(klass, capfd):
    d, key, truth = klass
    (d/"absent.csv").write_text("name,id\nBob,bob\nAda,ada\n")
    cli(capfd, "exam", "--makeup", d/"e/key.json", "--students", d/"absent.csv", "--out", d/"m")
    made = json.loads((d/"m/key.json").read_text())["students"]
    (d/"in").mkdir()
    (d/"in/ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", {}))
    (d/"in/ada2.ipynb").write_text(fill(d/"m/sheets/ada.ipynb", {f"q{i}": repr(q["answer"]) for i, q in enumerate(made["ada"], 1)}))
    (d/"in/bob.ipynb").write_text(fill(d/"m/sheets/bob.ipynb", truth["bob"]))
    run = lambda *a: cli(capfd, "grade", d/"e/key.json", d/"in", "--force", "--out", d/"g", *a)
    assert "another exam" in run()[1] and run("--makeup", d/"m/key.json")[0] == 0
    rows = {r["student"]: r for r in table(d/"g/scores.csv")}
    assert rows["ada"]["status"] == rows["bob"]["status"] == "graded (make-up)" and rows["ada"]["score"] == rows["ada"]["of"]
    assert int(rows["bob"]["score"]) < int(rows["bob"]["of"]), "the answers of the first exam are not those of the second"
    write_exam(["gan"], 2, out=d/"other")
    code, _, err = run("--makeup", d/"other/key.json")
    assert code == 2 and "asks for something else" in err

def test_names_of_files_are_no_paths(tmp_path):
    "Without a roster a student is called what a file is called"
    write_exam(["kl"], 1, out=tmp_path/"e")
    (tmp_path/"in").mkdir()
    sheet = (tmp_path/"e/sheets/exam.ipynb").read_text()
    for n in ("..", "a b", "a?b", "<script>", "-", "x"*200): (tmp_path/"in"/f"{n}.ipynb").write_text(sheet)
    grade(tmp_path/"e/key.json", [tmp_path/"in"], out=tmp_path/"g")
    pages = {f.relative_to(tmp_path/"g").as_posix() for f in (tmp_path/"g").rglob("*.html")}
    assert len(pages) == 6 and all(p.count("/") == 1 and p.startswith("feedback/") for p in pages) and not [p for p in pages if set(p) & set("<>? ")]

def test_missing_submissions(klass, capfd):
    d = klass[0]
    (d/"none").mkdir()
    for args in ((d/"e/key.json", d/"nope"), (d/"e/key.json", d/"none"), (d/"nokey", d/"e"), (d/"e/key.json",)):
        code, _, err = cli(capfd, "grade", *args, "--out", d/"g")
        assert code == 2 and err.count("\n") == 1 and not (d/"g").exists()

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.grading.grade": row(dict(key="key.json", submissions=["roster.csv"], out="grades", force=True, attempts="latest"), key=[3, "roster.csv"], submissions=["roster.csv", 3, [], ["nowhere"]], out=[3, None], attempts=["best", 3],
        marks=[3, "roster.csv"], makeups=[3, "roster.csv", ["roster.csv"]]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
