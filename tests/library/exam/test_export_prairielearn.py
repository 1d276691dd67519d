"PrairieLearn: template, program and data of a folder do what the elements expect."
import json
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from platforms import HOSTILE, PIXEL, SAMPLE, SECRET, complaints, items, read_prairielearn

from vaegan.exam.export_items import draw_variants, item_of
from vaegan.exam.export_prairielearn import prairielearn_files
from vaegan.exam.learner import bank


def written(tmp_path, group):
    for name, data in prairielearn_files(group).items():
        (tmp_path/name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path/name).write_bytes(data)
    return tmp_path/name.split("/")[0]

def round_trip(tmp_path, group):
    read = read_prairielearn(written(tmp_path, group))
    assert len(read) == len(group)
    return [c for q, item in zip(read, group) for c in complaints(q, item)]

@pytest.mark.parametrize("id", SAMPLE)
def test_the_sample_comes_back(tmp_path, id): assert not round_trip(tmp_path, items(id, 3))

@pytest.mark.slow
@pytest.mark.parametrize("id", bank())
def test_the_bank_comes_back(tmp_path, id):
    assert not round_trip(tmp_path, [item_of(v, k) for k, v in enumerate(draw_variants(bank()[id], 30, SECRET), 1)])

def test_a_wrong_file_is_noticed(tmp_path):
    item = items("kl-to-prior")[0]
    box = item.boxes[0]
    q, = read_prairielearn(written(tmp_path, [replace(item, boxes=(replace(box, value=box.value + 3*box.tol),))]))
    assert [*complaints(q, item)]

def test_hostile_text_and_pictures(tmp_path):
    picture = f"![dot](data:image/png;base64,{PIXEL})"
    v = bank()["exam-tanh"].variant(1)
    v = replace(v, title=HOSTILE, question=f"{HOSTILE} {{{{params.variant}}}} {picture}", hints=(HOSTILE,), solution=(HOSTILE,), where=HOSTILE,
                mistakes={k: (a, HOSTILE) for k, (a, _) in v.mistakes.items()})
    q, = read_prairielearn(folder := written(tmp_path, [item_of(v)]))
    assert "{{params.variant}}" in q.text and "/files/exam-tanh-01-picture-1.png" in q.text
    assert (folder/"clientFilesQuestion/exam-tanh-01-picture-1.png").read_bytes()[:4] == b"\x89PNG"

def test_a_question_keeps_its_uuid_and_code_goes_to_a_person(tmp_path):
    info = lambda id, n: json.loads(prairielearn_files(items(id, n))[f"{id}/info.json"])
    assert info("kl-to-prior", 1) == info("kl-to-prior", 3) and info("kl-to-prior", 1)["uuid"] != info("exam-tanh", 1)["uuid"]
    assert info("kl-code", 1)["gradingMethod"] == "Manual" and "gradingMethod" not in info("exam-tanh", 1)
    assert b"def kl(mu, logvar):" in prairielearn_files(items("kl-code", 1))["kl-code/start.py"]

def test_students_can_fetch_no_answers():
    files = prairielearn_files(items("exam-relu-loss", 3))
    truth = [repr(b.value) for i in items("exam-relu-loss", 3) for b in i.boxes]
    assert not any("clientFiles" in n for n in files)
    shown = files["exam-relu-loss/question.html"].decode() + files["exam-relu-loss/info.json"].decode()
    assert not any(t in shown for t in truth) and truth[0] in files["exam-relu-loss/variants.json"].decode()

NO_ROW = {"exam.export_prairielearn.prairielearn_files": "takes items, as `item_of` makes them"}
bad_input_tests({}, NO_ROW)
