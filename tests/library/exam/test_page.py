"The pages of exercises are made from the bank, and hide the answers."

import pytest
from bad_input import bad_input_tests, row
from fastcore.nbio import read_nb
from write_exercises import AGAIN, NAMES, SCRIPT, boxes, cells, page, path, script_once, stored

from vaegan.exam.box import answer_script
from vaegan.exam.learner import bank, exercises_of


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_made_from_the_bank(name): assert cells(read_nb(path(name))) == page(name), f"run `python tools/write_exercises.py {name}`"

@pytest.mark.parametrize("name", NAMES)
def test_pages_hide_the_answers(name):
    for c in read_nb(path(name)).cells:
        if c.cell_type == "code": assert "import" not in "".join(c.source) or "vaegan.bank" not in "".join(c.source)

@pytest.mark.parametrize("name", NAMES)
def test_stored_boxes_share_a_script(name):
    nb, told = stored(name), [SCRIPT.findall("".join(b["data"]["text/html"])) for b in boxes(stored(name))]
    scripts = [s for found in told for s in found]
    assert len(scripts) == 1 and answer_script() in scripts[0], f"run `python tools/write_exercises.py {name}`"
    assert str(nb).count(AGAIN) == sum(ex.kind not in ("code", "argued") for ex in exercises_of(name)) - 1 and nb == script_once(nb)
    assert path(name).stat().st_size < 130_000

@pytest.mark.parametrize("id, points", [("exam-tanh", 2), ("exam-logistic", 2), ("exam-relu-sigmoid", 2), ("exam-zero-loss", 2), ("exam-saddle", 3)])
def test_the_exam_says_what_earns_its_points(id, points):
    "The questions of the owner's exam, with the points that they had there"
    assert bank()[id].points == points
    word = {2: "two", 3: "three"}[points]
    assert all(f"What earns the {word} points:" in " ".join(bank()[id].variant(seed).solution) for seed in range(6))

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.page.exercise_page": row(dict(module="elbo", seed=1, repo="a/b"), module=["cats", None, "../elbo"], seed=[-1, 1.5, "3", None], repo=None),
    "exam.page.notebook": row(dict(cells=[("markdown", "# a"), ("code", "1")]), cells=[[("prose", "a")], [("code", 3)], ["# a"]], old=None),
}
NO_ROW = {
    "exam.page.anchor": "text in, text out",
    "exam.page.fold": "text in, text out",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
