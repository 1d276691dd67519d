"The bank, and exercises that are wrong."
import re
from dataclasses import replace

import pytest
from bad_input import INT, bad_input_tests, kl_question, row
from notebooks import NBS, ROOT, equations, tags

from vaegan.exam.exercise import CHAPTERS, audit, exercise
from vaegan.exam.learner import bank

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@each
def test_audit(ex): assert audit(ex, range(3)) == []

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

# ---------------------------------------------------------------------------------------------------------- bad input
def titled(r): "A title"

ROWS = {
    "exam.exercise.Exercise.variant": row(dict(seed=0), seed=[-1, 1.5, "3", None]),
    "exam.exercise.exercise": row(dict(chapter="elbo", tags="ELBO", kind="numeric", topics="bound", points=1), chapter=["cats", None], tags=["", "A,", 3],
        kind=["cats", None], topics=[3, ["bound"]], points=INT() + [{}, {"a": 0}, {"a": 1.5}, {3: 1}]),
    "exam.exercise.exercise()": row(dict(f=titled), call=exercise("elbo", "ELBO", "numeric"), f=[3, lambda r: r]),
    "exam.exercise.audit": row(dict(ex=kl_question, seeds=[0, 1]), seeds=[[], 3, [-1], [1.5], None]),
    "exam.exercise.preview": row(dict(ex=kl_question, seed=1), seed=[-1, 1.5, "3", None]),
    "exam.exercise.review": row(dict(ex=kl_question, seed=1), seed=[-1, 1.5, "3", None]),
}
NO_ROW = {
    "exam.exercise.Exercise": "a plain record; `exercise` checks and `audit` tries it",
    "exam.exercise.accident": "takes a Variant, which is checked when it is made",
    "exam.exercise.own_exercises": "takes nothing",
    "exam.exercise.right_forms": "takes a Variant, which is checked when it is made",
    "bank.elbo.two_states": "takes a Draw",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
