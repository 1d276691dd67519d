"Questions that ask for an argument: on a sheet, in the key, in the teacher's hands, and in what a student gets back."
import json
import re
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from exam_class import cli, table

from vaegan.exam.exercise import exercise
from vaegan.exam.judge import judge
from vaegan.exam.key import from_key, to_key
from vaegan.exam.learner import ask, bank, check, solution
from vaegan.exam.page import exercise_page
from vaegan.exam.rubric import PLACE, is_rubric, rubric_complaints, rubric_text
from vaegan.exam.sheets import write_exam

V = bank()["argue-half"].variant(1)
PAIR = ("It earns this.", "It goes wrong like that.")

@pytest.mark.parametrize("rubric, parts, good", [
    (dict(a=PAIR, b=PAIR), (("a", 1), ("b", 2)), True), (dict(a=list(PAIR)), (("a", 1),), True), (dict(b=PAIR, a=PAIR), (("a", 1), ("b", 2)), False), (dict(a=PAIR), (), False),
    (dict(a=PAIR, c=PAIR), (("a", 1), ("b", 2)), False), (dict(a=("x",)), (("a", 1),), False), (dict(a=("x", " ")), (("a", 1),), False), ([PAIR], (("a", 1),), False), (dict(a=(1, 2)), (("a", 1),), False)])
def test_a_rubric_speaks_of_every_part(rubric, parts, good): assert is_rubric(rubric, parts) is good

def test_a_wrong_one_is_refused():
    def made(points=None, **d):
        def essay(r):
            "An essay"
            return dict(question="Why?", model="Because.", rubric=dict(a=PAIR, b=PAIR), hints=["?"]) | d
        return exercise("elbo", "ELBO", "argued", points=points or dict(a=1, b=1))(essay)
    assert made().variant(0).answer == "Because."
    for bad, why in ((made(rubric=dict(a=PAIR)), "essay: rubric: expected part"), (made(points=2), "points=dict"), (made(answer=3), "essay: expected question, model, rubric, hints, got")):
        with pytest.raises(ValueError, match=why): bad.variant(0)
    assert rubric_complaints(made(model="Too long. "*90).variant(0)) == ["the model answer is longer than eight lines"]
    assert rubric_complaints(made(hints=[]).variant(0)) == ["expected a hint"] and len(rubric_complaints(replace(V, parts=V.parts[:1]))) == 1
    told = "The answer is that the two are equal on average."
    assert "stands in the question" in rubric_complaints(made(question=told, model=told).variant(0))[0]

def test_every_point_is_named():
    said = rubric_text(V.rubric, V.parts)
    for name, n in V.parts: assert re.search(rf"\*\*{name}\*\* \({n} points?\)", said)
    assert all(earns in said and wrong in said for earns, wrong in V.rubric.values())

def test_it_goes_through_the_key():
    v = from_key(json.loads(json.dumps(to_key(V))))
    assert v.answer == V.answer and v.parts == V.parts and {k: tuple(x) for k, x in v.rubric.items()} == V.rubric and v.kind == "argued"

def test_a_learner_compares(capsys):
    ask("argue-half", 1)
    shown = capsys.readouterr().out
    assert V.question in shown and V.answer not in shown
    verdict = check("argue-half", 1, "D is not the best one.")
    assert verdict.status == "unmarked" and not verdict and "compare" in str(verdict)
    assert V.answer in str(solution("argue-half", 1)) and all(x in str(solution("argue-half", 1)) for x, _ in V.rubric.values())
    page = exercise_page("minimax")
    folded = next(s for _, s in page if "Compare with the model answer" in s)
    assert V.rubric["test"][0] in folded and ("markdown", PLACE) in page and 'check("argue-half"' not in str(page)

# ---------------------------------------------------------------------------------------------------------- an exam
ESSAY = "It follows if $D$ is the best one.\n\nBut D may be stuck; <b>and</b> =HYPERLINK(1)."

def filled(path, texts):
    "A sheet with texts in the cells of its questions"
    nb = json.loads(path.read_text(encoding="utf-8"))
    for c in nb["cells"]:
        s = "".join(c["source"])
        if (m := re.match(r"#\| answer: (q\d+)", s)) and m[1] in texts: c["source"] = f"{m[0]}\n\n{texts[m[1]]}"
    return json.dumps(nb)

@pytest.fixture
def essays(tmp_path, roster):
    write_exam(questions=["argue-half", "kl-slope", "argue-rise"], seed=3, students=roster, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text(encoding="utf-8"))
    (tmp_path/"ada.ipynb").write_text(filled(tmp_path/"e/sheets/ada.ipynb", dict(q1=ESSAY)), encoding="utf-8")
    return tmp_path, key

def test_the_sheet_keeps_the_answer_to_itself(essays):
    d, key = essays
    sheet = (d/"e/sheets/ada.ipynb").read_text(encoding="utf-8")
    v = key["students"]["ada"][0]
    numbers = lambda s: re.sub(r"\d+(\.\d+)?", "#", s)
    assert v["answer"] != V.answer and numbers(v["answer"]) == numbers(V.answer) and "theory 1, failures 2, test 1" in sheet and PLACE in sheet
    for secret in (v["answer"][:60], *(x[:40] for pair in v["rubric"].values() for x in pair)): assert json.dumps(secret)[1:-1] not in sheet

@pytest.mark.parametrize("format", ["md", "html"])
def test_on_paper_there_is_room(tmp_path, format):
    write_exam(questions=["argue-half"], seed=3, format=format, out=tmp_path/"e")
    text = (tmp_path/f"e/sheets/exam.{format}").read_text(encoding="utf-8")
    assert text.count(dict(md="_"*70, html='<div class="rule">')[format]) >= 6 and PLACE not in text and "#| answer" not in text

def test_marks_by_part_survive_regrading(essays, capfd):
    d, key = essays
    run = lambda: cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--out", d/"g", "--force")
    code, out, _ = run()
    assert code == 0 and "1 to mark" in out and "to_mark.csv: fill in" in out
    rows = table(d/"g/to_mark.csv")
    assert [(r["student"], r["question"], r["part"], r["points"], r["of"]) for r in rows] == [("ada", "q1", "theory", "", "1"), ("ada", "q1", "failures", "", "2"), ("ada", "q1", "test", "", "1")]
    asked = key["students"]["ada"][0]
    assert rows[0]["model"] == asked["answer"] and rows[1]["earns"] == asked["rubric"]["failures"][0] and "D may be stuck" in rows[0]["answer"]
    page = (d/"g/feedback/ada.html").read_text(encoding="utf-8")
    assert "To be marked by your teacher." in page and asked["answer"][:40] not in page and "<b>and" not in page and "not yet" not in page.lower()
    text = (d/"g/to_mark.csv").read_bytes().decode("utf-8-sig").splitlines()
    for i, points in enumerate(["1", "0.5", "0"], 1): text[i] = text[i].replace('""', f'"{points}"', 1)
    (d/"e/marks.csv").write_text("\n".join(text), encoding="utf-8")
    for _ in range(2):
        assert run()[0] == 0
        row = next(r for r in table(d/"g/scores.csv") if r["student"] == "ada")
        assert row["q1"] == row["score"] == "1.5" and row["status"] == "graded"
    assert [r["points"] for r in table(d/"g/to_mark.csv")] == ["1", "0.5", "0"]
    said = next(r for r in table(d/"g/feedback.csv") if r["question"] == "q1")
    assert said["status"] == "marked" and said["parts"] == "theory 1 of 1, failures 0.5 of 2, test 0 of 1"
    assert "Points, given by hand" in (d/"g/feedback/ada.html").read_text(encoding="utf-8")

def test_a_text_of_several_cells_counts_whole():
    from vaegan.exam.submissions import Cell, judge_cells
    said, verdict = judge_cells(V, [Cell("markdown", f"\n{PLACE}\n", True), Cell("markdown", "One.", False), Cell("code", "two = 2", False)])
    assert said == "One.\n\ntwo = 2" and verdict.status == "unmarked"
    assert judge_cells(V, [Cell("markdown", f"\n\n{PLACE}", True)])[1].status == judge_cells(V, [])[1].status == "pending"
    assert judge_cells(V, [Cell("markdown", "x"*30_000, True)])[1].status == "unreadable"
    assert judge(V, "...").status == "pending"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.rubric.is_rubric": "takes anything",
    "exam.rubric.written": "takes the texts of cells",
    "exam.rubric.rubric_text": "takes what `is_rubric` accepts",
    "exam.rubric.argued_fields": "each fault is named; test_a_wrong_one_is_refused in tests/library/exam/test_rubric.py",
    "exam.rubric.rubric_complaints": "takes a Variant, which is checked when it is made",
}
bad_input_tests({}, NO_ROW)
