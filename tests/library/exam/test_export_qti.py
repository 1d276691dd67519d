"QTI: the rules in the file are run as the standard says; the package lists what it holds."
import io
import zipfile
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from platforms import HOSTILE, PIXEL, SAMPLE, SECRET, complaints, items, read_canvas, read_qti

from vaegan.exam.export_canvas import canvas_package
from vaegan.exam.export_items import Box, Item, draw_variants, half_a_digit, item_of, one_box_each
from vaegan.exam.export_qti import qti_package
from vaegan.exam.learner import bank


def qti_round_trip(groups):
    read = [*read_qti(qti_package(groups, "t")).values()]
    assert [len(qs) for qs in read] == [len(g) for g in groups]
    return [c for qs, g in zip(read, groups) for q, item in zip(qs, g) for c in complaints(q, item)]

def canvas_round_trip(groups):
    read = [*read_canvas(canvas_package(groups, "t")).values()]
    split = [[*column] for g in groups for column in zip(*map(one_box_each, g))]
    assert [len(qs) for qs in read] == [len(g) for g in split]
    return [c for qs, g in zip(read, split) for q, item in zip(qs, g) for c in complaints(q, item, told=False, near=(.85, 1.15) if all(b.value for b in item.boxes) else ())]

def test_the_sample_comes_back_by_the_rules_of_the_standard():
    groups = [items(id) for id in SAMPLE]
    assert not qti_round_trip(groups)
    read = read_qti(qti_package(groups, "t"))
    assert [qs[0].kind for qs in read.values()] == [g[0].kind for g in groups] and [qs[0].points for qs in read.values()] == [g[0].points for g in groups]

def test_small_numbers_on_canvas():
    "Whose page rounds what is typed to four decimals: of 0.00417 nothing right would be left"
    boxes = [Box(x, half_a_digit(x, 1e-4)) for x in (.004169080447, -.02921957006, 3.1e-8, .1, -.0999, 12.5)] + [Box(0., 1e-6), Box(3., 0.)]
    groups = [[Item(f"x{k}", 1, "t", 1, "numbers", "<p>x?</p>", boxes=(b,))] for k, b in enumerate(boxes)]
    read = [qs[0] for qs in read_canvas(canvas_package(groups, "t")).values()]
    assert all(q.judged((float(f"{b.value:.3g}"),))[0] == 1 and q.judged((1.02*b.value + .1*(not b.value),))[0] == 0 for q, b in zip(read, boxes))
    assert [q.text.count("times that number") for q in read] == [1, 1, 1, 0, 1, 0, 0, 0] and "10^{8}" in read[2].text

def test_the_sample_comes_back_by_the_rules_of_canvas():
    groups = [items(id) for id in SAMPLE]
    assert not canvas_round_trip(groups)
    read = read_canvas(canvas_package(groups, "t"))
    assert {qs[0].kind for qs in read.values()} == {"multiple_choice_question", "numerical_question", "essay_question"}
    assert sum(qs[0].points for qs in read.values()) == sum(g[0].points for g in groups)
    assert read["group-kl-to-prior"][0].judged((groups[1][0].boxes[0].value,))[1] == [groups[1][0].solution]

@pytest.mark.slow
@pytest.mark.parametrize("id", bank())
def test_the_bank_comes_back(id):
    groups = [[item_of(v, k) for k, v in enumerate(draw_variants(bank()[id], 30, SECRET), 1)]]
    assert not qti_round_trip(groups) and not canvas_round_trip(groups)

@pytest.mark.parametrize(("make", "read"), [(qti_package, read_qti), (canvas_package, read_canvas)])
def test_a_wrong_file_is_noticed(make, read):
    item = items("kl-to-prior")[0]
    box = item.boxes[0]
    (q,), = read(make([[replace(item, boxes=(replace(box, value=box.value + 3*box.tol),))]], "t")).values()
    assert [*complaints(q, item, told=False)]

@pytest.mark.parametrize(("make", "read"), [(qti_package, read_qti), (canvas_package, read_canvas)])
def test_hostile_text_and_pictures(make, read):
    picture = f"![dot](data:image/png;base64,{PIXEL})"
    v = bank()["exam-tanh"].variant(1)
    v = replace(v, title=HOSTILE, question=f"{HOSTILE}\n\n{picture}", hints=(HOSTILE,), solution=(f"{HOSTILE} {picture}",), where=HOSTILE,
                options={k: f"{t} {picture}" for k, t in v.options.items()})
    data = make([[item_of(v)]], HOSTILE)
    (q,), = read(data).values()
    names = [n for n in zipfile.ZipFile(io.BytesIO(data)).namelist() if n.endswith(".png")]
    assert len(names) == 1 and len(q.options) == len(v.options)

def test_the_same_questions_give_the_same_bytes():
    groups = [items("kl-to-prior"), items("exam-tanh")]
    for make in (qti_package, canvas_package): assert make(groups, "t") == make(groups, "t")
    z = zipfile.ZipFile(io.BytesIO(qti_package(groups, "t")))
    assert {(i.date_time, i.external_attr >> 16) for i in z.infolist()} == {((1980, 1, 1, 0, 0, 0), 0o600)}

def test_without_solutions_no_derivation_is_in_the_package():
    groups = [[item_of(bank()["kl-to-prior"].variant(1), solution=False)]]
    for make in (qti_package, canvas_package):
        z = zipfile.ZipFile(io.BytesIO(make(groups, "t")))
        assert not any(word in z.read(n) for n in z.namelist() for word in (b"rubricBlock", b"general_fb"))

NO_ROW = {f"exam.{n}": "takes items, as `item_of` makes them" for n in ("export_qti.qti_item", "export_qti.qti_package", "export_canvas.canvas_package")}
NO_ROW |= {f"exam.export_qti.{n}": "takes what the export has made" for n in ("resource", "manifest")}
bad_input_tests({}, NO_ROW)
