"Grading: what would fool a teacher."
import json
from pathlib import Path

from bad_input import bad_input_tests, row
from exam_class import cli, fill, table

from vaegan.exam.grading import grade
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

def test_missing_submissions(klass, capfd):
    d = klass[0]
    (d/"none").mkdir()
    for args in ((d/"e/key.json", d/"nope"), (d/"e/key.json", d/"none"), (d/"nokey", d/"e"), (d/"e/key.json",)):
        code, _, err = cli(capfd, "grade", *args, "--out", d/"g")
        assert code == 2 and err.count("\n") == 1 and not (d/"g").exists()

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.grading.grade": row(dict(key="key.json", submissions=["roster.csv"], out="grades", force=True), key=[3, "roster.csv"], submissions=["roster.csv", 3, [], ["nowhere"]], out=[3, None]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
