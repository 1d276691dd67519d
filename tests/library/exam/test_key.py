"Keys of an exam: what is none is refused, and what the first version wrote is read."
import json

import pytest
from bad_input import bad_input_tests, kl_question, row
from exam_class import cli

from vaegan.exam.judge import judge
from vaegan.exam.key import read_key, to_key


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"students": {}}', '{"exam": "a", "roster": true, "students": {"a": [{"id": 3}]}}', "["*99999, "\xff"])
def test_bad_keys(text, tmp_path, capfd):
    (tmp_path/"k.json").write_bytes(text.encode("latin-1"))
    (tmp_path/"s.ipynb").write_text("{}")
    code, _, err = cli(capfd, "grade", tmp_path/"k.json", tmp_path/"s.ipynb", "--out", tmp_path/"g")
    assert code == 2 and err.count("\n") == 1 and not (tmp_path/"g").exists()

OLD = {"id": "kl-to-prior", "seed": 4711, "title": "How far is this belief from the prior?", "kind": "numeric", "points": 1, "answer": 0.375411883,
       "mistakes": {"no-half": [0.7508237652, "The factor ½ is missing."]}, "options": {}, "symbols": {}, "tol": 0.0001}
LETTER = {"id": "kl-two-bumps", "seed": 3, "title": "Which way round", "kind": "truefalse", "points": 2, "answer": "b",
          "mistakes": {"reverse": ["a", "Look at the tails."]}, "options": {"a": "True, …", "b": "False, …"}, "symbols": {}, "tol": 0.0001}

def test_a_key_of_the_first_version(tmp_path):
    (tmp_path/"key.json").write_text(json.dumps(dict(exam="57fb8990", seed=4, topics=["kl"], n=2, roster=True, students=dict(ada=[OLD, LETTER]))))
    key = read_key(tmp_path/"key.json")
    number, letter = key["students"]["ada"]
    assert (key["exam"], key["roster"]) == ("57fb8990", True)
    assert judge(number, "0.3754") and judge(number, "0.7508").mistake == "no-half" and judge(number, "-0.3754").mistake == "wrong-sign"
    assert judge(letter, "(b)") and judge(letter, "a").mistake == "reverse"

@pytest.mark.parametrize("change", [dict(secret=3), dict(title=["x"]), {"class": 3}, {"class": dict(people={"ada": [3]}, columns=["id"])}, {"class": dict(people={}, columns=["id"], delimiter="ab")},
    {"class": dict(people={}, columns=["id"], evil=1)}, dict(students=dict(ada=[OLD | dict(seed="zz")])), dict(students=dict(ada=[OLD | dict(parts=[["a", 5]])])), dict(students=dict(ada=[OLD | dict(question=3)])),
    dict(students=dict(ada=[OLD | dict(points=0)])), dict(students={})])
def test_a_key_that_somebody_has_changed(change, tmp_path):
    key = dict(exam="e", roster=True, students=dict(ada=[OLD]))
    (tmp_path/"k.json").write_text(json.dumps(key))
    assert read_key(tmp_path/"k.json")["people"].columns == ("id",)
    (tmp_path/"k.json").write_text(json.dumps(key | change))
    with pytest.raises(ValueError, match="^--makeup: expected what `vaegan exam` wrote"): read_key(tmp_path/"k.json", "--makeup")

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.key.from_key": row(dict(d=to_key(kl_question.variant(0))), d=[{}, 3, to_key(kl_question.variant(0)) | dict(kind="code")]),
    "exam.key.read_key": row(dict(path="key.json"), path=[3, None, "roster.csv"], option=None),
}
NO_ROW = {
    "exam.key.to_key": "takes a Variant, which is checked when it is made",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
