"Choosing questions, and a teacher's own."
import pytest
from bad_input import INT, bad_input_tests, row
from exam_class import cli, table

from vaegan.exam.exercise import exercise, own_exercises
from vaegan.exam.key import read_key
from vaegan.exam.learner import ask, bank, check
from vaegan.exam.questions import question_list, topics

MINE = '''
from vaegan.exam.exercise import exercise

@exercise("dists", "NORMAL", "numeric", topics="area", points=2)
def my_square(r):
    "A square"
    a = r.num(1.1, 4.9)
    return dict(question=f"A square has sides of ${a}$. What is its area?", answer=a*a, check=sum([a]*10)*a/10,
                mistakes=dict(around=(4*a, "That is the way around it.")), hints=["Width times height."], solution=[f"${a}^2$", f"${a*a:.4f}$"])

@exercise("dists", "NORMAL", "choice")
def my_choice(r):
    "A choice"
    return dict(question="Which?", answer="this", check="this", mistakes=dict(that=("that", "No.")), hints=["?"], solution=["This.", "this"])
'''

@pytest.fixture
def mine(tmp_path):
    (tmp_path/"my_questions.py").write_text(MINE, encoding="utf-8")
    return tmp_path/"my_questions.py"

def test_the_list_and_the_preview(capfd, mine):
    code, out, _ = cli(capfd, "exam", "--list")
    assert code == 0 and all(f"  {i} " in out for i in bank()) and "my-square" not in out
    code, out, _ = cli(capfd, "exam", "--list", "--bank", mine, "--topics", "own")
    assert code == 0 and out.count("\n") == 3 and "my-square  2  number: A square  [area, own]" in out
    code, out, _ = cli(capfd, "exam", "--preview", "my-square", "--bank", mine)
    assert code == 0 and "What is its area?" in out and "around" in out and "**Answer:**" in out
    for args, word in ((("--preview", "kl-to-pior"), "kl-to-prior"), (("--list", "--topics", "cats"), "--topics"), (("--list", "--bank", mine.parent/"no.py"), "does not exist")):
        code, _, err = cli(capfd, "exam", *args)
        assert code == 2 and err.count("\n") == 1 and word in err
    listed = question_list(bank())
    assert listed.count("(not on a sheet)") == sum(ex.kind == "code" for ex in bank().values())

def test_an_exam_of_ones_own(capfd, mine, roster, tmp_path):
    out = tmp_path/"e"
    args = ("exam", "--bank", mine, "--questions", "my-square,kl-to-prior,my-choice", "--points", "kl-to-prior=3", "--students", roster, "--out", out)
    assert cli(capfd, *args)[0] == 0
    key = read_key(out/"key.json")
    assert [(v.id, v.points) for v in key["students"]["bob"]] == [("my-square", 2), ("kl-to-prior", 3), ("my-choice", 1)]
    assert key["bank"] == str(mine) and cli(capfd, "exam", "--again", out/"key.json", "--bank", mine, "--out", tmp_path/"f")[0] == 0
    mine.unlink()
    code, _, err = cli(capfd, "exam", "--again", out/"key.json", "--out", tmp_path/"g")
    assert code == 2 and "my_questions.py" in err and not (tmp_path/"g").exists()
    assert cli(capfd, "grade", out/"key.json", out/"sheets", "--out", tmp_path/"h")[0] == 0, "grading needs no bank"
    assert [r["of"] for r in table(tmp_path/"h/scores.csv")] == ["6"]*3

WRONG = {"syntax": ("def f(:\n", "line 1: SyntaxError"), "raises": ("\n1/0\n", "line 2: ZeroDivisionError"), "leaves": ("raise SystemExit(3)", "SystemExit"), "none": ("x = 3", "has none"),
         "taken": (MINE.replace("my_square", "kl_to_prior"), "the bank has 'kl-to-prior' already"), "broken": (MINE.replace("r.num", "r.nun"), "my-square: AttributeError"),
         "disagrees": (MINE.replace("check=sum([a]*10)*a/10", "check=a"), "the two derivations disagree"), "bad decorator": (MINE.replace('"numeric"', '"number"'), "kind: expected"),
         "borrowed": ("from vaegan.bank.elbo import *", "has none")}

@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file(what, capfd, mine, tmp_path):
    text, word = WRONG[what]
    mine.write_text(text, encoding="utf-8")
    code, _, err = cli(capfd, "exam", "--bank", mine, "--topics", "own", "--n", 1, "--out", tmp_path/"e")
    assert code == 2 and err.count("\n") == 1 and word in err and "--bank" in err and not (tmp_path/"e").exists(), err

def test_a_file_that_is_none(capfd, tmp_path):
    (tmp_path/"mine.txt").write_text("x")
    for bad in (tmp_path, tmp_path/"mine.txt", tmp_path/"no.py"):
        code, _, err = cli(capfd, "exam", "--bank", bad, "--out", tmp_path/"e")
        assert code == 2 and err.count("\n") == 1 and "--bank: expected a Python file" in err

def test_a_question_that_fails_late(capfd, mine, tmp_path):
    "Numbers that the first look did not meet: told with the id, and nothing is written"
    mine.write_text(MINE.replace("a = r.num(1.1, 4.9)", "a = r.num(1.1, 4.9)\n    count[0] += 1\n    if count[0] > 1: raise KeyError('late')") + "\ncount = [0]\n", encoding="utf-8")
    code, _, err = cli(capfd, "exam", "--bank", mine, "--questions", "my-square", "--out", tmp_path/"e")
    assert code == 2 and "my-square: KeyError" in err and not (tmp_path/"e").exists()

CLASHES = {"--questions kl-to-pior": "kl-to-prior", "--questions kl-code": "no code", "--questions kl-slope,kl-slope": "asked twice", "--questions kl-slope --topics kl": "not both",
           "--points kl-slope": "--points", "--points kl-slope=0 --questions kl-slope": "from 1 to 1000", "--points kl-slope=2,kl-slope=3": "--points", "--points cats=2": "--points",
           "--title a\nb": "--title", "--seed 1 --again KEY": "--again", "--n 3 --makeup KEY": "--makeup", "--makeup KEY --again KEY": "--again", "--again nokey": "nokey"}

@pytest.mark.parametrize("args", CLASHES)
def test_what_cannot_be_meant(args, capfd, tmp_path):
    cli(capfd, "exam", "--n", 1, "--out", tmp_path/"old")
    words = [str(tmp_path/"old/key.json") if w == "KEY" else w for w in args.split(" ")]
    code, _, err = cli(capfd, "exam", *words, "--out", tmp_path/"e")
    assert code == 2 and err.count("\n") == 1 and CLASHES[args] in err and not (tmp_path/"e").exists(), err

def test_ask_knows_what_a_cell_defines(capsys):
    @exercise("dists", "NORMAL", "numeric", points=dict(mean=1, variance=2))
    def half_of_it(r):
        "A half"
        a = r.num(1, 9)
        return dict(question=f"Half of {a}?", answer=a/2, check=a*.5, mistakes=dict(all=(a, "All.")), hints=["."], solution=["a", f"{a/2:.4f}"])
    ask("half-of-it", seed=3)
    assert "Half of" in capsys.readouterr().out and check(half_of_it, 3, half_of_it.variant(3).answer)
    assert own_exercises()["half-of-it"] is half_of_it and half_of_it.points == 3 and half_of_it.variant(1).parts == (("mean", 1), ("variance", 2))
    assert "half-of-it" not in bank() and "half-of-it" not in sum(topics().values(), [])

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.questions.choose": row(dict(names=["elbo"], n=2, seed=0), names=["elbo", ["cats"], 3], n=INT() + [999], seed=[-1, 1.5, "3", None], questions=None),
    "exam.questions.read_bank": row(dict(path="my_questions.py"), path=[3, None, "roster.csv"]),
}
NO_ROW = {
    "exam.questions.topics": "takes questions",
    "exam.questions.known_questions": "reads its file by read_bank, whose row is above",
    "exam.questions.question_list": "a topic that is none is named; test_the_list_and_the_preview in tests/library/exam/test_questions.py",
    "exam.questions.by_id": "what is no id is named; test_what_cannot_be_meant in tests/library/exam/test_questions.py",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
