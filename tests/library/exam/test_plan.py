"The same exam once more, and one for the absent."
import json

import pytest
from bad_input import INT, bad_input_tests, row
from exam_class import cli, fill, table, tree

from vaegan.exam.key import read_key
from vaegan.exam.learner import bank
from vaegan.exam.plan import ExamPlan
from vaegan.exam.rubric import PLACE
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

OWN = '''from vaegan.exam.exercise import exercise

@exercise("dists", "ENTROPY", "numeric", points=dict(first=2, second=1))
def two_coins(r):
    "Two coins"
    p, q = r.pick([.1, .2, .3, .4]), r.num(.55, .9, .05)
    return dict(question=f"Coins show heads with probability ${p:g}$ and ${q:g}$. With what probability do both, and none?",
                answer=(p*q, (1 - p)*(1 - q)), check=(q*p, 1 - p - q + p*q), hints=["Multiply."], solution=[f"{p*q:.4f}", f"{(1 - p)*(1 - q):.4f}"],
                mistakes=dict(sum=((p + q, 1 - p - q), "You added."), swapped=(((1 - p)*(1 - q), p*q), "Turned round."), one=((p*q, 1 - p*q), "Not both is not none.")))

@exercise("dists", "ENTROPY", "argued", points=dict(claim=1, reason=2))
def why_nats(r):
    "Why nats?"
    return dict(question=f"A colleague gives the entropies of {r.whole(2, 60)} images in bits. Does it matter?", model="Not but for a factor.",
                rubric=dict(claim=("Says no.", "Says yes."), reason=("Names the factor.", "Says that logs differ.")), hints=["Compare."])
'''

def test_two_teachers(tmp_path, capfd):
    "A file of questions of one's own, its exam, a colleague's make-up from another folder, marks that outlast it; a list from Excel"
    (tmp_path/"a b").mkdir()
    (tmp_path/"a b/my questions.py").write_text(OWN, encoding="utf-8")
    (tmp_path/"c.csv").write_bytes("Matrikelnr;Nachname;Vorname\r\n0012;Müller;Jörg\r\n0013;Lima;Ana\r\n".encode("utf-16"))
    run = lambda *a: cli(capfd, *a)
    code, out, _ = run("exam", "--bank", tmp_path/"a b/my questions.py", "--topics", "own", "--list")
    assert code == 0 and "two-coins" in out and "why-nats" in out and "kl-to-prior" not in out
    assert "You added." in run("exam", "--bank", tmp_path/"a b/my questions.py", "--preview", "two-coins")[1]
    args = ("--questions", "two-coins,why-nats", "--points", "two-coins=6,why-nats=4", "--students", tmp_path/"c.csv")
    assert run("exam", "--bank", tmp_path/"a b/my questions.py", *args, "--out", tmp_path/"e")[0] == 0
    key = read_key(tmp_path/"e/key.json")["students"]
    assert [v.parts for v in key["0012"]] == [(("first", 4), ("second", 2)), (("claim", 1), ("reason", 3))]
    (tmp_path/"in").mkdir()
    def hand_in(folder, student, first):
        text = fill(tmp_path/f"{folder}/sheets/{student}.ipynb", {"q1": first}).replace(PLACE, "No, but for a factor.")
        (tmp_path/f"in/{student}.ipynb").write_text(text)
    hand_in("e", "0012", f"({key['0012'][0].answer[0]:.4f}, 7)".replace(".", "\u00b7"))
    (tmp_path/"e/marks.csv").write_text("student;question;points;note\n12;q1;1;x\n0012;q1;5,5;well argued\n")
    assert "did you mean '0012'" in run("grade", tmp_path/"e/key.json", tmp_path/"in", "--out", tmp_path/"g")[2]
    (tmp_path/"e/marks.csv").write_text("student;question;points;note\n0012;q1;5,5;well argued\n")
    assert run("grade", tmp_path/"e/key.json", tmp_path/"in", "--out", tmp_path/"g")[0] == 0
    rows = table(tmp_path/"g/to_mark.csv", ";", "utf-16")
    assert [(r["question"], r["part"], r["points"]) for r in rows] == [("q2", "claim", ""), ("q2", "reason", ""), ("q1", "", "5,5")], "saved over the old table it loses no mark"
    text = (tmp_path/"g/to_mark.csv").read_bytes().decode("utf-16").replace('"claim";""', '"claim";1').replace('"reason";""', '"reason";"2,5"')
    (tmp_path/"e/marks.csv").write_bytes(text.encode("utf-16"))
    (tmp_path/"a b/my questions.py").rename(tmp_path/"moved.py")
    assert run("exam", "--makeup", tmp_path/"e/key.json", "--bank", tmp_path/"moved.py", "--students", tmp_path/"g/missing.csv", "--out", tmp_path/"m")[0] == 0
    made = read_key(tmp_path/"m/key.json")["students"]["0013"][0].answer
    hand_in("m", "0013", f"({made[0]:.4f}; {made[1]:.4f})".replace(".", ","))
    assert run("grade", tmp_path/"e/key.json", tmp_path/"in", "--makeup", tmp_path/"m/key.json", "--out", tmp_path/"g", "--force")[0] == 0
    scores = [(r["Nachname"], r["status"], r["q1"], r["q2"], r["score"]) for r in table(tmp_path/"g/scores.csv", ";", "utf-16")]
    assert scores == [("Müller", "graded", "5,5", "3,5", "9"), ("Lima", "graded (make-up), 1 to mark", "6", "0", "6")]

@pytest.mark.parametrize("option", ["--again", "--makeup"])
@pytest.mark.parametrize("known", [True, False])
def test_a_key_runs_nothing(option, known, exam, tmp_path, capfd):
    "A stranger's key names a file, beside it or anywhere: it is not run, whatever is asked; what to write is said in one line"
    (tmp_path/"evil.py").write_text(OWN + f"open({str(tmp_path/'ran')!r}, 'w').close()\n", encoding="utf-8")
    key = json.loads(exam.read_text(encoding="utf-8")) | dict(bank=str(tmp_path/"evil.py"))
    if not known:
        for vs in key["students"].values(): vs[0]["id"] = "two-coins"
    (tmp_path/"k.json").write_text(json.dumps(key))
    code, _, err = cli(capfd, "exam", option, tmp_path/"k.json", "--out", tmp_path/"x")
    assert not (tmp_path/"ran").exists() and (code == 0 if known else code == 2 and "by --bank" in err and "evil.py" in err and err.count("\n") == 1), err
    assert cli(capfd, "exam", "--again", tmp_path/"k.json", "--export", "qti", "--out", tmp_path/"x.zip")[0] == 0 and not (tmp_path/"ran").exists()

def test_an_old_key_has_no_secret(exam, tmp_path, capfd):
    key = json.loads(exam.read_text(encoding="utf-8"))
    for k in ("secret", "seed", "title", "date", "bank", "makeup_of", "version", "class"): del key[k]
    (tmp_path/"k.json").write_text(json.dumps(key))
    code, _, err = cli(capfd, "exam", "--again", tmp_path/"k.json", "--out", tmp_path/"x")
    assert code == 2 and "which has none" in err
    assert cli(capfd, "exam", "--makeup", tmp_path/"k.json", "--out", tmp_path/"x")[0] == 0

@pytest.mark.parametrize("n, parts", [(3, (1, 1, 1)), (4, (1, 2, 1)), (6, (2, 3, 1)), (9, (2, 5, 2))])
def test_points_are_shared_by_the_parts(n, parts, tmp_path, capfd):
    "In proportion to those of the bank, in whole numbers, on the sheet and in the rubric"
    code, *_ = cli(capfd, "exam", "--questions", "argue-half", "--points", f"argue-half={n}", "--format", "md", "--out", tmp_path/"e")
    v, = read_key(tmp_path/"e/key.json")["students"][""]
    names = [k for k, _ in bank()["argue-half"].parts]
    assert code == 0 and v.points == n and [*v.parts] == [*zip(names, parts)] and f"({parts[0]} point" in v.solution[1]
    assert f"({n} points: {names[0]} {parts[0]}, " in (tmp_path/"e/sheets/exam.md").read_text(encoding="utf-8")

@pytest.mark.parametrize("points, said", [("argue-half=1", "expected at least 3 for 'argue-half', one for each part"), ("argue-half=2.5", "with whole numbers"), ("argue-half=0", "from 1 to 1000")])
def test_points_that_cannot_be(points, said, tmp_path, capfd):
    code, _, err = cli(capfd, "exam", "--questions", "argue-half", "--points", points, "--out", tmp_path/"e")
    assert code == 2 and said in err and err.count("\n") == 1

def test_points_of_parts_are_theirs():
    from dataclasses import replace
    ex = replace(bank()["kl-slope"], points=3, parts=(("mean", 1), ("variance", 2)))
    plan = ExamPlan((ex,), "07"*32, "e")
    assert plan.variants("ada")[0].parts == ex.parts

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.plan.new_plan": row(dict(topics=["elbo"], n=2, seed=0, ids=[], points={}, own="my_questions.py"), topics=["elbo", ["cats"], 3], n=INT() + [999],
        seed=[-1, 1.5, "3"], ids=None, points=[{"cats": 2}, 3], own=None),
    "exam.plan.again": row(dict(path="secret_key.json", own="my_questions.py"), path=[3, None, "roster.csv", "key.json"], own=None),
    "exam.plan.makeup": row(dict(path="key.json", own="my_questions.py"), path=[3, None, "roster.csv"], own=None),
}
NO_ROW = {
    "exam.plan.ExamPlan": "a plain record",
    "exam.plan.ExamPlan.variants": "a student is any text",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
