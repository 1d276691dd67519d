"Moodle reads the file as its import code does; the true answer scores full, each mistake is told, hostile text stays text."
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from platforms import HOSTILE, PIXEL, SAMPLE, SECRET, complaints, items, read_moodle

from vaegan.exam.export_items import Box, Item, draw_variants, item_of
from vaegan.exam.export_moodle import moodle_xml
from vaegan.exam.learner import bank


def round_trip(groups):
    read = [*read_moodle(moodle_xml(groups, "a/b")).values()]
    assert [len(qs) for qs in read] == [len(g) for g in groups]
    return [c for qs, g in zip(read, groups) for q, item in zip(qs, g) for c in complaints(q, item)]

def test_the_sample_comes_back():
    groups = [items(id) for id in SAMPLE]
    assert not round_trip(groups)
    read = read_moodle(moodle_xml(groups, "a/b"))
    assert [qs[0].kind for qs in read.values()] == ["multichoice", "numerical", "cloze", "cloze", "numerical", "cloze", "essay", "cloze"]
    assert [*read][0].startswith("$course$/top/a//b/") and all(q.points == i.points for qs, g in zip(read.values(), groups) for q, i in zip(qs, g))

@pytest.mark.parametrize("points, parts, worth", [(1, (), [.5, .5]), (2, (), [2]), (3, (), [3]), (4, (("smaller", 3), ("larger", 1)), [4])])
def test_a_pair_is_worth_its_points(points, parts, worth):
    "A cloze is worth the sum of its gaps, which are whole"
    pair = [item_of(replace(v, points=points, parts=parts), k) for k, v in enumerate(draw_variants(bank()["tiny-step"], 2, SECRET), 1)]
    read = read_moodle(moodle_xml([pair], "t"))
    assert [q.points for qs in read.values() for q in qs if "(01)" in q.name] == worth and [len(qs) for qs in read.values()] == [2]*len(worth)
    if parts: assert [*read.values()][0][0].judged((pair[0].boxes[0].value, 1e6))[0] == .75

@pytest.mark.slow
@pytest.mark.parametrize("id", bank())
def test_the_bank_comes_back(id):
    assert not round_trip([[item_of(v, k) for k, v in enumerate(draw_variants(bank()[id], 30, SECRET), 1)]])

def test_a_wrong_file_is_noticed():
    item = items("kl-to-prior")[0]
    box = item.boxes[0]
    q = read_moodle(moodle_xml([[replace(item, boxes=(replace(box, value=box.value + 3*box.tol),))]], "t"))
    assert [*complaints([*q.values()][0][0], item)]
    q = read_moodle(moodle_xml([[replace(item, boxes=(replace(box, wrong=()),))]], "t"))
    assert all("is not told" in c for c in complaints([*q.values()][0][0], item)) and [*complaints([*q.values()][0][0], item)]

SAID = "twice } ~ # it \\\\} &lt;b&gt; &amp;lt; {1:NM:=3:0}"

def test_no_text_ends_a_gap_or_opens_one():
    boxes = tuple(Box(x, .01*abs(x), ((2*x, .01*abs(x), SAID), (x, .1*abs(x), "close"))) for x in (1.5, -2.25e-7))
    item = Item("x", 1, "t", 2, "numbers", "<p>Let \\(\\frac{1}{2}\\), {1:NM:=3:0} {2:SHORTANSWER:=x} {:SA:=a}</p>", boxes=boxes)
    (q,), = read_moodle(moodle_xml([[item]], "t")).values()
    assert not [*complaints(q, item)] and q.judged((3., -2.25e-7))[1][0] == SAID
    assert q.text.count("&#123;") == 3

def test_hostile_text_stays_text():
    html = item_of(replace(bank()["exam-tanh"].variant(1), title=HOSTILE, question=HOSTILE, hints=(HOSTILE,), solution=(HOSTILE,), where=HOSTILE))
    name, = read_moodle(moodle_xml([[html]], HOSTILE))
    assert name.count("/") - 2*name.count("//") == 3          # $course$ / top / folder / exercise

def test_pictures_travel_with_the_text_that_shows_them():
    picture = f"![dot](data:image/png;base64,{PIXEL})"
    v = bank()["exam-tanh"].variant(1)
    v = replace(v, question=f"See {picture}", options={k: f"{t} {picture}" for k, t in v.options.items()}, hints=(picture, "none"), solution=(picture,))
    data = moodle_xml([[item_of(v)]], "t")
    read_moodle(data)
    assert data.count(b"<file ") == 3 + len(v.options)

def test_hints_cost_a_share():
    item = items("kl-to-prior")[0]
    for n, share in ((0, "0.3333333"), (1, "0.5000000"), (2, "0.3333333"), (3, "0.2500000"), (9, "0.2000000")):
        data = moodle_xml([[replace(item, hints=("<p>h</p>",)*n)]], "t").decode()
        assert f"<penalty>{share}</penalty>" in data and data.count("<hint ") == n
    assert "hint" not in moodle_xml([[item_of(bank()["kl-to-prior"].variant(1), solution=False)]], "t").decode()

NO_ROW = {"exam.export_moodle.moodle_xml": "takes items, as `item_of` makes them"}
bad_input_tests({}, NO_ROW)
