"Questions for other systems: what is told, to which box, and how widely."
import html
import json
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from bad_input import bad_input_tests
from platforms import HOSTILE, PIXEL, SAMPLE, SECRET, items, seen

from vaegan.exam.export_items import (
    Box,
    Item,
    document,
    draw_variants,
    file_name,
    fragment,
    half_a_digit,
    item_of,
    node,
    one_box_each,
    plain,
)
from vaegan.exam.export_moodle import moodle_xml
from vaegan.exam.export_prairielearn import prairielearn_files
from vaegan.exam.export_qti import qti_item
from vaegan.exam.judge import judge, known_mistakes
from vaegan.exam.learner import bank
from vaegan.exam.rounding import three_digits


def told_as_here(v):
    "Mistakes of a variant that no box tells in the judge's words, and right answers that a box would refuse"
    item = item_of(v)
    if item.kind != "numbers" or v.kind == "symbolic": return []
    bad = [f"{b.value} is refused" for b in item.boxes if not b.judged(b.value)[0]]
    truth = known_mistakes(replace(v, mistakes=dict(t=(v.answer, ""))))[0][1]
    for name, numbers, message in known_mistakes(v)[:len(v.mistakes)]:
        said = [b.judged(x) for b, x in zip(item.boxes, numbers)]
        if all(right for right, _ in said): bad.append(f"{name} counts as right")
        if not any(seen(html.escape(message)) in seen(m) for _, m in said): bad.append(f"{v.id}: {name} is not told: {said}")
    return bad + [f"tolerance at {t}" for t, b in zip(truth, item.boxes) if v.tol and not three_digits(t + .99*b.tol, t, v.tol)]

@pytest.mark.parametrize("id", SAMPLE)
def test_every_named_mistake_is_told_and_none_counts_as_right(id):
    for v in draw_variants(bank()[id], 6, SECRET): assert not told_as_here(v)

@pytest.mark.slow
@pytest.mark.parametrize("id", bank())
def test_every_named_mistake_of_the_bank_is_told(id):
    for v in draw_variants(bank()[id], 30, SECRET): assert not told_as_here(v)

@pytest.mark.parametrize("t", [.02463, -3.14159, 1., 9.995, 99.95, 62720., 1e-7, 123456.])
def test_right_means_half_a_unit_of_the_third_digit(t):
    d = half_a_digit(t)
    for s in (1, -1): assert three_digits(t + s*.999*d, t) and not three_digits(t + s*1.001*d, t)
    assert half_a_digit(t, 0.) == 0 and half_a_digit(0., 1e-4) == 1e-6

def test_a_box_takes_the_first_that_fits():
    box = Box(2., .1, ((4., .5, "twice"), (2., .3, "close")))
    assert box.judged(2.1) == (True, "") and box.judged(2.25) == (False, "close") and box.judged(4.5) == (False, "twice") and box.judged(9) == (False, "")

@pytest.mark.parametrize("id", SAMPLE)
def test_boxes_keep_apart(id):
    for item in items(id):
        for b in item.boxes:
            numbers = [w for w in b.wrong if w[0] != b.value]
            assert all(abs(x - b.value) > tol + b.tol for x, tol, _ in numbers)
            for i, (x, tol, _) in enumerate(numbers):
                assert all(abs(x - y) > tol + t for y, t, _ in numbers[:i])
            assert all(tol >= 0 and math.isfinite(x) for x, tol, _ in b.wrong)

def test_an_expression_is_asked_for_at_two_places():
    item = items("friction-modulus")[0]
    assert len(item.boxes) == 2 and all("g = " in b.label and "h = " in b.label for b in item.boxes) and item.boxes[0].label != item.boxes[1].label
    v = draw_variants(bank()["friction-modulus"], 1, SECRET)[0]
    places = [dict((s.split(" = ")[0], float(s.split(" = ")[1])) for s in b.label[len("At \\("):-len("\\):")].split(", ")) for b in item.boxes]
    for b, p in zip(item.boxes, places):
        text = v.answer
        for s, x in p.items(): text = text.replace(s, f"({x!r})")
        assert math.isclose(eval(text), b.value, rel_tol=1e-9)        # the bank's own text, the numbers put in
        assert all(lo <= p[s] <= hi for s, (lo, hi) in v.symbols.items())
    assert judge(v, v.answer)

def test_variants_differ_in_what_they_ask():
    for id in SAMPLE:
        vs = draw_variants(bank()[id], 30, SECRET)
        assert len({(v.question, frozenset(v.options.values())) for v in vs}) == len(vs)
        assert [v.seed for v in vs] == [v.seed for v in draw_variants(bank()[id], 30, SECRET)]
    assert len(draw_variants(bank()["kl-to-prior"], 30, SECRET)) == 30 and len(draw_variants(bank()["kl-code"], 30, SECRET)) == 1
    other = draw_variants(bank()["kl-to-prior"], 3, "1"*64)
    assert other[0].question != draw_variants(bank()["kl-to-prior"], 3, SECRET)[0].question

def test_a_pair_becomes_two_questions_each_with_the_points_and_the_name_of_its_part():
    v = bank()["exam-relu-loss"].variant(1)
    item = item_of(replace(v, points=3, parts=(("the_loss", 1), ("slöpe <b>", 2))))
    assert [(b.points, b.label) for b in item.boxes] == [(1, "the loss:"), (2, "slöpe &lt;b&gt;:")]
    assert "{1:NUMERICAL:" in (gaps := moodle_xml([[item]], "t").decode()) and "{2:NUMERICAL:" in gaps
    first, second = one_box_each(item)
    assert [first.points, second.points] == [1, 2] and (first.boxes[0].value, second.boxes[0].value) == tuple(b.value for b in item.boxes)
    assert "only “the loss”." in first.question and "only “slöpe &lt;b&gt;”." in second.question and first.id != second.id
    earned = re.findall(r'"float">([12])</baseValue></sum>', qti_item(item).decode())
    assert earned == ["1", "2"] and [b["weight"] for b in json.loads(prairielearn_files([item])[f"{item.id}/variants.json"])[0]["shown"]["boxes"]] == [1, 2]
    first, second = one_box_each(item_of(replace(v, points=3, parts=())))
    assert first.points == second.points == 1.5 and "only the first number" in first.question and "only the second number" in second.question
    assert one_box_each(items("kl-to-prior")[0]) == items("kl-to-prior")[:1]
    assert "only the value at \\(" in one_box_each(items("friction-modulus")[0])[1].question

def test_without_solution_nothing_of_it_is_there():
    v = bank()["kl-to-prior"].variant(1)
    item = item_of(v, solution=False)
    assert item.solution == "" and item.hints == () and item_of(v).solution and item_of(v).hints
    for i in ("kl-code", "argue-half"):      # what a person judges: the note is the grader's, and not the student's
        item = item_of(bank()[i].variant(1), solution=False)
        assert item.note and not item.solution and item_of(bank()[i].variant(1)).solution
    assert not item_of(v).note


def test_hostile_text_stays_text():
    shown = fragment(HOSTILE)
    tree = ET.fromstring(f"<div>{shown}</div>")
    assert {e.tag for e in tree.iter()} <= {"div", "p", "code", "em", "strong"} and "script>alert(1)" in "".join(tree.itertext())
    assert not {"\x00", "\x0b", "\ud800"} & set(shown + plain(HOSTILE)) and "\n" not in plain("a\nb")
    root = ET.fromstring(document(node("text", HOSTILE, title=HOSTILE)))
    assert root.text == root.get("title") == HOSTILE.replace("\x00", "").replace("\x0b", "").replace("\ud800", "").replace("\ue000", "")

def test_formulas_and_code():
    assert fragment("$a < b$, `$x` and\n\n```\n$y < 1\n```") == (
        "<p>\\(a &lt; b\\), <code>$x</code> and</p>\n<pre><code>$y &lt; 1\n</code></pre>")
    assert fragment("") == "" and fragment("$w_1*w_2$ and $x*y$") == "<p>\\(w_1*w_2\\) and \\(x*y\\)</p>"


def test_pictures_become_files():
    files = {}
    shown = fragment(f"![a dot](data:image/png;base64,{PIXEL}) and again ![it](data:image/png;base64,{PIXEL})", files)
    assert [*files] == ["picture-1.png"] and shown.count("@@PICTURES@@/picture-1.png") == 2 and 'alt="a dot"' in shown and files["picture-1.png"][:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="expected pictures as data.*got 'https://x/y.png'"): fragment("![x](https://x/y.png)")
    with pytest.raises(ValueError, match="no valid base64"): fragment("![x](data:image/png;base64,abc)")

def test_names_of_files():
    assert file_name("kl-to-prior") == "kl-to-prior" and file_name("../../etc") == "etc" and file_name("1") == "q-1" and file_name("É") == "q-"
    assert Item("A b", 3, "t", 1, "text", "").name == "a-b-03"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {f"exam.export_items.{n}": why for n, why in {
    "Box": "a plain record", "Box.judged": "takes a number", "Item": "a plain record",
    "file_name": "takes any text", "plain": "takes any text", "fragment": "takes any Markdown; bad pictures are tried above",
    "half_a_digit": "takes a number", "item_of": "takes a variant, as a draw makes it", "draw_variants": "takes a secret, as `new_secret` makes it",
    "one_box_each": "takes an item", "node": "takes any text", "document": "takes an element"}.items()}
bad_input_tests({}, NO_ROW)
