"One call: clear errors, nothing half-written, the same file for the same seed, no key in the export of an exam."
import json
import re
import stat
import xml.etree.ElementTree as ET
import zipfile

import pytest
from bad_input import INT, bad_input_tests, row
from exam_class import cli, tree
from platforms import read_canvas, read_moodle, read_prairielearn, read_qti

from vaegan.exam.export import SYSTEMS, export
from vaegan.exam.learner import bank
from vaegan.exam.sheets import write_exam

NAMES = dict(moodle="x.xml", qti="x.zip", canvas="x.zip", prairielearn="folder")
TWO = ["kl-to-prior", "exam-tanh"]

@pytest.mark.parametrize("to", SYSTEMS)
def test_each_target_is_written_for_its_owner_alone_and_the_same_for_a_seed(tmp_path, to):
    said = [export(TWO, to, tmp_path/d/NAMES[to], variants=3, seed=4) for d in "ab"]
    a, b = ([p.read_bytes() for p in s.paths] for s in said)
    assert a == b and all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in said[0].paths)
    assert said[0].variants == {i: 3 for i in TWO} and not said[0].by_hand and "only you can read it" in str(said[0])
    other = export(TWO, to, tmp_path/"c"/NAMES[to], variants=3)
    assert [p.read_bytes() for p in other.paths] != a

def test_what_is_written_can_be_read(tmp_path):
    for to in SYSTEMS: export([*TWO, bank()["kl-code"]], to, tmp_path/to/NAMES[to], variants=2, seed=1)
    assert [len(qs) for qs in read_moodle((tmp_path/"moodle/x.xml").read_bytes()).values()] == [2, 2, 1]
    assert [len(qs) for qs in read_qti((tmp_path/"qti/x.zip").read_bytes()).values()] == [2, 2, 1]
    assert [len(qs) for qs in read_canvas((tmp_path/"canvas/x.zip").read_bytes()).values()] == [2, 2, 1]
    assert [len(read_prairielearn(tmp_path/"prairielearn/folder"/i)) for i in (*TWO, "kl-code")] == [2, 2, 1]

def test_topics_and_chapters(tmp_path):
    found = export("divergences", "moodle", tmp_path/"x.xml", variants=1, seed=1).variants
    assert {*found} <= {i for i, ex in bank().items() if "divergences" in (ex.chapter, *ex.topics)} and len(found) > 3
    assert export(["kl-to-prior", "kl-to-prior"], "moodle", tmp_path/"y.xml", variants=1).variants == {"kl-to-prior": 1}

def test_nothing_half_written_and_nothing_overwritten(tmp_path):
    def refused(match, *args, **more):
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        with pytest.raises((ValueError, OSError), match=match): export(*args, **more)
        assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    export(TWO, "moodle", tmp_path/"x.xml", variants=1)
    refused("x.xml exists already", TWO, "moodle", tmp_path/"x.xml", variants=1)
    refused("ends in .zip for qti, got", TWO, "qti", tmp_path/"y.xml")
    refused("what: expected ids .* got 'kl-to-prio'; .*kl-to-prior", ["kl-to-prio"], "moodle", tmp_path/"y.xml")
    refused("to: expected", TWO, "blackboard", tmp_path/"y.xml")
    refused("seed: expected none for an exam", tmp_path/"key.json", "moodle", tmp_path/"y.xml", seed=1)
    refused("key.json", tmp_path/"key.json", "moodle", tmp_path/"new"/"y.xml")
    assert not (tmp_path/"new").exists()
    export(TWO, "moodle", tmp_path/"x.xml", variants=2, force=True)

def test_own_exercises_with_names_that_fold_into_one(tmp_path):
    source = (tmp_path/"own.py")
    code = ["from vaegan.exam.exercise import exercise"]
    for name in ("grüße", "gr_e"):
        code.append(f'''@exercise("dists", "ENTROPY", "numeric")
def {name}(r):
    "A title"
    x = r.num(1, 9)
    return dict(question=f"Twice ${{x}}$?", answer=2*x, check=x + x, mistakes=dict(a=(3*x, "a"), b=(5*x, "b"), c=(7*x, "c")), hints=["h"], solution=["s", "t"])''')
    source.write_text("\n".join(code), encoding="utf-8")
    said = export(["own"], "prairielearn", tmp_path/"pl", variants=2, own=source)
    assert {*said.variants} == {"gr-e", "gr-e-v2"} or len(said.variants) == 2
    assert len({p.parent for p in said.paths}) == 2

@pytest.mark.parametrize("to", SYSTEMS)
def test_an_exam_without_its_key(tmp_path, to):
    (tmp_path/"class.csv").write_text("id,name\nada-l,Ada Lovelace\nbob-x,Bob\n")
    write_exam(["kl"], 3, 5, students=tmp_path/"class.csv", out=tmp_path/"e", title="Midterm")
    key = json.loads((tmp_path/"e/key.json").read_text())
    said = export(tmp_path/"e/key.json", to, tmp_path/"x"/NAMES[to])
    assert [*said.variants.values()] == [2, 2, 2]
    if to in ("qti", "canvas"):
        with zipfile.ZipFile(said.paths[0]) as z: text = "".join(z.read(n).decode() for n in z.namelist())
    else: text = "".join(p.read_text() for p in said.paths)
    seeds = [q["seed"] for qs in key["students"].values() for q in qs]
    hidden = [key["secret"], key["exam"], "ada-l", "Ada Lovelace", "bob-x", *seeds, *(str(int(s, 16)) for s in seeds)]
    assert not [h for h in hidden if h in text]
    assert not any(step in text for qs in key["students"].values() for q in qs for step in q["solution"] if "$" not in step)
    questions = {q["question"].split("$")[0][:30] for qs in key["students"].values() for q in qs}
    assert all(q in text for q in questions if "\\" not in q and "'" not in q)

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"exam.export.Exported": "a plain record", "exam.export.chosen": "each option is looked at by the room that knows it; test_the_command in tests/library/exam/test_export.py"}
def test_the_model_answer_is_for_the_grader_alone(tmp_path):
    "Where a platform has a place for it, and nowhere that a student sees in an exam"
    write_exam(questions=["argue-half"], out=tmp_path/"e")
    words = bank()["argue-half"].variant(1).parts[0][0]
    told, shown = {}, {}
    for to in SYSTEMS: export(tmp_path/"e/key.json", to, tmp_path/to/NAMES[to])
    moodle = ET.parse(tmp_path/"moodle/x.xml").getroot()
    told["moodle"] = moodle.find("question/graderinfo/text").text
    for e in moodle.iter("question"): [e.remove(x) for x in e.findall("graderinfo")]
    shown["moodle"] = ET.tostring(moodle, "unicode")
    with zipfile.ZipFile(tmp_path/"qti/x.zip") as z: item = next(z.read(n).decode() for n in z.namelist() if "items/" in n)
    told["qti"], = re.findall('(?s)<rubricBlock view="scorer">(.*?)</rubricBlock>', item)
    shown["qti"] = item.replace(told["qti"], "")
    with zipfile.ZipFile(tmp_path/"canvas/x.zip") as z: shown["canvas"] = "".join(z.read(n).decode() for n in z.namelist())
    at = tmp_path/"prairielearn/folder/argue-half"
    variant, = json.loads((at/"variants.json").read_text())
    told["prairielearn"] = variant["shown"].pop("note")
    shown["prairielearn"] = str(variant)
    assert "<pl-manual-grading-only>{{{params.note}}}</pl-manual-grading-only>" in (at/"question.html").read_text()
    assert [*told] == ["moodle", "qti", "prairielearn"] and all(f"<strong>{words}</strong>" in t and "Often wrong" in t for t in told.values())
    assert not any("Often wrong" in s or "What earns" in s for s in shown.values())

@pytest.mark.parametrize("args, word", {
    "--topics kl --n 2 --variants 2 --export moodle --out a.xml": "a.xml: 2 exercises, 4 questions", "--again key.json --export canvas": "vaegan-canvas.zip: 1 exercise, 1 question",
    "--questions kl-slope --variants 2 --seed 0 --export prairielearn --out there": "there: 1 exercise, 2 questions", "--topics kl --variants 1 --bank own.py --export qti": "own.py",
    "--topics kll --export qti": "--topics", "--questions kl-slop --export qti": "--questions", "--questions kl-slope --n 2 --export qti": "--questions", "--export blackboard": "--export",
    "--variants 3": "--export", "--export qti --students class.csv": "--students", "--again key.json --export qti --variants 3": "--variants", "--again own.py --export qti": "own.py",
    "--export qti --print": "--print", "--export moodle --topics kl --n 1 --out a.zip": "--out"}.items())
def test_the_command(args, word, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_exam(questions=["kl-slope"], out=tmp_path)
    before = tree(tmp_path)
    code, out, err = cli(capfd, "exam", *args.split())
    made = tree(tmp_path).keys() - before.keys()
    if ": " in word: assert code == 0 and out.startswith(word) and made and not err
    else: assert code == 2 and word in err and err.count("\n") == 1 and not out and not made

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"exam.export.export": row(dict(what=["kl-to-prior"], to="moodle", path="export.xml", variants=1, seed=1, solutions=True, own="my_questions.py", force=True),
    what=[3, None, ["cats"], "cats"], to=["cats", None], path=[3, None], variants=INT(), seed=[-1, 1.5, "3"], solutions=None, own=None, force=None)}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
