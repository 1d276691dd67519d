"The same exam once more, and one for the absent."
import json

import pytest
from bad_input import INT, bad_input_tests, row
from exam_class import cli, tree

from vaegan.exam.key import read_key
from vaegan.exam.learner import bank
from vaegan.exam.plan import Plan
from vaegan.exam.sheets import write_exam


@pytest.fixture
def exam(tmp_path, roster):
    write_exam(["kl"], 3, students=roster, out=tmp_path/"e", title="Midterm", date="2 December", points={}, solutions=True)
    return tmp_path/"e/key.json"

def test_a_latecomer_changes_nothing(exam, tmp_path, capfd):
    (tmp_path/"late.csv").write_text("id,name\nzoe,Zoe\nbob,Bob\n")
    assert cli(capfd, "exam", "--again", exam, "--students", tmp_path/"late.csv", "--solutions", "--out", tmp_path/"l")[0] == 0
    old, new = tree(tmp_path/"e"), tree(tmp_path/"l")
    assert new["sheets/bob.ipynb"] == old["sheets/bob.ipynb"] and new["solutions/bob.ipynb"] == old["solutions/bob.ipynb"]
    assert "sheets/ada.ipynb" not in new and new["sheets/zoe.ipynb"] not in old.values()
    a, b = read_key(exam), read_key(tmp_path/"l/key.json")
    assert set(b["students"]) == {"ada", "bob", "cleo", "zoe"} and b["students"]["ada"] == a["students"]["ada"] and b["people"].name("cleo") == "Cleo", "nobody leaves the key"
    assert (a["exam"], a["secret"], a["title"]) == (b["exam"], b["secret"], b["title"]) == (a["exam"], a["secret"], "Midterm")
    cli(capfd, "exam", "--again", exam, "--out", tmp_path/"all", "--format", "html")
    assert tree(tmp_path/"all").keys() == {"key.json", *(f"sheets/{s}.html" for s in ("ada", "bob", "cleo"))}, "without a roster: those of the key"

def test_an_exam_for_the_absent(exam, tmp_path, capfd):
    (tmp_path/"absent.csv").write_text("id,name\nbob,Bob\n")
    assert cli(capfd, "exam", "--makeup", exam, "--students", tmp_path/"absent.csv", "--date", "9 December", "--out", tmp_path/"m")[0] == 0
    a, b = read_key(exam), read_key(tmp_path/"m/key.json")
    same = lambda k: [(v.id, v.points) for v in k["students"]["bob"]]
    assert same(a) == same(b) and b["makeup_of"] == a["exam"] != b["exam"] and a["secret"] != b["secret"] and (b["title"], b["date"]) == ("Midterm", "9 December")
    assert {v.seed for v in a["students"]["bob"]}.isdisjoint(v.seed for v in b["students"]["bob"])
    cli(capfd, "exam", "--makeup", tmp_path/"m/key.json", "--out", tmp_path/"mm")
    assert read_key(tmp_path/"mm/key.json")["makeup_of"] == a["exam"], "of the first exam, however often"

def test_no_question_of_a_make_up_was_on_a_sheet_before(tmp_path, capfd):
    "Though its numbers are few, and fifteen students have had some of them"
    (tmp_path/"r.csv").write_text("id\n" + "\n".join(f"s{i}" for i in range(15)))
    cli(capfd, "exam", "--questions", "kl-to-prior,kl-full", "--students", tmp_path/"r.csv", "--out", tmp_path/"e")
    texts = lambda d: {v.question for vs in read_key(tmp_path/d/"key.json")["students"].values() for v in vs}
    for d in ("m1", "m2", "m3"):
        assert cli(capfd, "exam", "--makeup", tmp_path/"e/key.json", "--out", tmp_path/d)[0] == 0
        assert not texts(d) & texts("e")
        assert cli(capfd, "exam", "--again", tmp_path/d/"key.json", "--out", tmp_path/f"{d}_again")[0] == 0
        assert tree(tmp_path/d/"sheets") == tree(tmp_path/f"{d}_again/sheets"), "and the make-up can be written again"

def test_another_version_is_noticed(exam, tmp_path, capfd):
    key = json.loads(exam.read_text(encoding="utf-8"))
    for change, word in ((dict(answer=.123), "has changed"), (dict(id="gone"), "no 'gone' in the bank")):
        other = json.loads(json.dumps(key))
        for vs in other["students"].values(): vs[0] |= change if "id" in change or not vs[0]["options"] else dict(options={"a": "?"}, answer="a")
        (tmp_path/"k.json").write_text(json.dumps(other))
        code, _, err = cli(capfd, "exam", "--again", tmp_path/"k.json", "--out", tmp_path/"x")
        assert code == 2 and err.count("\n") == 1 and word in err and not (tmp_path/"x").exists()

def test_an_old_key_has_no_secret(exam, tmp_path, capfd):
    key = json.loads(exam.read_text(encoding="utf-8"))
    for k in ("secret", "seed", "title", "date", "bank", "makeup_of", "version", "class"): del key[k]
    (tmp_path/"k.json").write_text(json.dumps(key))
    code, _, err = cli(capfd, "exam", "--again", tmp_path/"k.json", "--out", tmp_path/"x")
    assert code == 2 and "which has none" in err
    assert cli(capfd, "exam", "--makeup", tmp_path/"k.json", "--out", tmp_path/"x")[0] == 0

def test_points_of_parts_are_theirs():
    from dataclasses import replace
    ex = replace(bank()["kl-slope"], points=3, parts=(("mean", 1), ("variance", 2)))
    plan = Plan((ex,), "07"*32, "e")
    assert plan.variants("ada")[0].parts == ex.parts

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.plan.new_plan": row(dict(topics=["elbo"], n=2, seed=0, ids=[], points={}, own="my_questions.py"), topics=["elbo", ["cats"], 3], n=INT() + [999],
        seed=[-1, 1.5, "3"], ids=None, points=[{"cats": 2}, 3], own=None),
    "exam.plan.again": row(dict(path="secret_key.json", own="my_questions.py"), path=[3, None, "roster.csv", "key.json"], own=None),
    "exam.plan.makeup": row(dict(path="key.json", own="my_questions.py"), path=[3, None, "roster.csv"], own=None),
}
NO_ROW = {
    "exam.plan.Plan": "a plain record",
    "exam.plan.Plan.variants": "a student is any text",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
