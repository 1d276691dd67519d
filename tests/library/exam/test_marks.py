"The teacher's marks: they outlast grading, and a wrong one is named."
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from exam_class import cli, fill, table

from vaegan.exam.grading import grade
from vaegan.exam.judge import Verdict
from vaegan.exam.key import read_key
from vaegan.exam.learner import bank
from vaegan.exam.marks import earned, read_marks


def test_marks_survive_regrading(klass, capfd):
    d, key, truth = klass
    (d/"ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"] | {"q2": "99"}))
    q2 = key["students"]["ada"][1]
    (d/"marks.csv").write_text(f"student;question;points;note\nada;{q2['id']};0,5;half of the way <b>\nbob;1;{key['students']['bob'][0]['points']};orally\n")
    run = lambda *a: cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--out", d/"g", *a)
    assert run("--marks", d/"marks.csv")[0] == 0
    rows = {r["student"]: r for r in table(d/"g/scores.csv")}
    total = sum(q["points"] for q in key["students"]["ada"])
    assert float(rows["ada"]["score"]) == total - q2["points"] + .5 and rows["ada"]["q2"] == "0.5"
    assert rows["bob"]["status"] == "marked by hand" and rows["bob"]["score"] == rows["bob"]["q1"] and rows["cleo"]["status"] == "no submission"
    page = (d/"g/feedback/ada.html").read_text(encoding="utf-8")
    assert "half of the way &lt;b&gt;" in page and "<strong>Points, given by hand:</strong> 0.5 of" in page and (d/"g/feedback/bob.html").exists() and not (d/"g/feedback/cleo.html").exists()
    before = (d/"marks.csv").read_bytes()
    (d/"marks.csv").rename(d/"e/marks.csv")
    assert run("--force")[0] == 0, "beside the key it is found"
    assert {r["student"]: r for r in table(d/"g/scores.csv")} == rows and (d/"e/marks.csv").read_bytes() == before

def test_what_no_rule_can_read_goes_to_the_teacher(klass, capfd):
    "The sheet counts it, the table has it with its reason, points given there hold; an empty answer and a wrong one are no work"
    d, key, truth = klass
    (d/"ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"] | {"q1": '"see my drawing"', "q2": "..."}))
    run = lambda: cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--out", d/"g", "--force")
    code, out, _ = run()
    row, = table(d/"g/to_mark.csv")
    q = key["students"]["ada"][0]
    assert code == 0 and "graded, 1 unreadable" in out and "(1 unreadable)" in out and "to_mark.csv: fill in" in out
    assert (row["student"], row["question"], row["answer"], row["points"], row["of"]) == ("ada", "q1", "see my drawing", "", str(q["points"])) and row["often_wrong"] and row["model"]
    text = (d/"g/to_mark.csv").read_bytes().decode("utf-8-sig").splitlines()
    (d/"e/marks.csv").write_text("\n".join([text[0], text[1].replace('"q1";""', '"q1";1').replace('"q1","",""', '"q1","",1')]))
    code, out, _ = run()
    said = next(r for r in table(d/"g/feedback.csv") if r["question"] == "q1")
    assert code == 0 and "unreadable" not in out and (said["status"], said["points"]) == ("marked", "1")

def test_the_column_of_points_is_found_once(klass):
    "However its name is spaced, by the reader of tables; nothing looks for it again"
    d, key, _ = klass
    (d/"m.csv").write_text("student,question, Points_ \nada,q1,1\n")
    m, = read_marks(d/"m.csv", read_key(d/"e/key.json"))
    assert (m.student, m.question, m.points) == ("ada", "q1", 1)

BAD = {"eve,q1,1": "student", "ada,q9,1": "q9", "ada,q1,7000": "points from 0", "ada,q1,-1": "points from 0", "ada,q1,nan": "points from 0", "ada,q1,=1+1": "points from 0",
       "ada,q1,1e999": "points from 0", "ada,q1,1\nada,q1,0": "line 3: a second mark", "ada,,1": "question", "ada,q1": None, "ada,q1,": None}

@pytest.mark.parametrize("text", BAD)
def test_a_wrong_mark_is_named(text, klass, capfd):
    d, *_ = klass
    (d/"m.csv").write_text("student,question,points\n" + text)
    code, _, err = cli(capfd, "grade", d/"e/key.json", d/"e/sheets", "--marks", d/"m.csv", "--out", d/"g")
    if BAD[text] is None: assert code == 0
    else: assert code == 2 and err.count("\n") == 1 and "--marks" in err and "line" in err and BAD[text] in err and not (d/"g").exists(), err

def test_no_table_of_marks(klass, capfd):
    d, *_ = klass
    for text, word in (("a,b\n1,2", "one column named points"), ("points,question\n1,q1", "a column named student"), ("student,points\nada,1", "a column named question")):
        (d/"m.csv").write_text(text)
        code, _, err = cli(capfd, "grade", d/"e/key.json", d/"e/sheets", "--marks", d/"m.csv", "--out", d/"g")
        assert code == 2 and err.count("\n") == 1 and word in err and not (d/"g").exists()
    assert cli(capfd, "grade", d/"e/key.json", d/"e/sheets", "--marks", d/"none.csv", "--out", d/"g")[0] == 2

def test_a_mark_for_nobody_without_a_roster(tmp_path, capfd):
    cli(capfd, "exam", "--topics", "kl", "--n", 1, "--out", tmp_path/"e")
    for who, code in (("exam", 0), ("exma", 2)):
        (tmp_path/"e/marks.csv").write_text(f"student,question,points\n{who},q1,1\n")
        got, out, err = cli(capfd, "grade", tmp_path/"e/key.json", tmp_path/"e/sheets", "--out", tmp_path/who)
        assert got == code and ("marks.csv" in out if code == 0 else "did you mean 'exam'" in err and not (tmp_path/who).exists())

def test_points_of_parts(tmp_path):
    "A question in parts earns by part, and a mark may be for one of them"
    v = replace(bank()["kl-slope"].variant(1), points=3, parts=(("slope", 1), ("reason", 2)))
    assert earned(v, Verdict("right", "")) == dict(slope=1, reason=2) and earned(v, Verdict("wrong", "")) == dict(slope=0, reason=0)
    import json

    from vaegan.exam.key import to_key
    key = dict(exam="e1", roster=True, students=dict(ada=[to_key(v)]))
    (tmp_path/"key.json").write_text(json.dumps(key))
    (tmp_path/"marks.csv").write_text("student,question,part,points,note\nada,q1,reason,1.5,nearly\n")
    (tmp_path/"a.ipynb").write_text(json.dumps(dict(cells=[dict(cell_type="code", source="#| exam: e1 student: ada"), dict(cell_type="code", source=f"#| answer: q1\nanswer = {v.answer!r}")])))
    rows = grade(tmp_path/"key.json", [tmp_path/"a.ipynb"], out=tmp_path/"g")
    assert rows[0]["score"] == 2.5 and table(tmp_path/"g/feedback.csv")[0]["parts"] == "slope 1 of 1, reason 1.5 of 2"
    (tmp_path/"marks.csv").write_text("student,question,part,points\nada,q1,style,1\n")
    with pytest.raises(ValueError, match="part of q1"): grade(tmp_path/"key.json", [tmp_path/"a.ipynb"], out=tmp_path/"h")

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.marks.earned": "takes a Variant and a Verdict",
    "exam.marks.Mark": "a plain record",
    "exam.marks.marking_file": "takes what grading has read; test_marks_by_part_survive_regrading in tests/library/exam/test_rubric.py",
    "exam.marks.read_marks": "each wrong row is named; test_a_wrong_mark_is_named in tests/library/exam/test_marks.py",
}
bad_input_tests({}, NO_ROW)
