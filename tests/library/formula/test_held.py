"What a check shows: both sides with their values, and wrong versions of the formula that the same values turn red."
import re

import pytest
import torch
from bad_input import bad_input_tests

from vaegan.formula import holds
from vaegan.formula.held import SUMMARY, Held, cell, interesting
from vaegan.formula.read import read

KL = r"\operatorname{KL}\big(\mathcal N(\mu, e^\ell)\,\|\,\mathcal N(0, 1)\big) = \tfrac12\big[e^\ell + \mu^2 - 1 - \ell\big]"
def rows(text): return [[c.strip() for c in ln.strip("| ").split(" | ")] for ln in text.splitlines() if ln.startswith("| ")]
def t(*v): return torch.tensor(v, dtype=torch.double)

def test_sides_and_wrong_versions():
    text = holds(KL, mu=.7, ell=-1.2)._repr_markdown_()
    (head, left, right), (titles, *wrong) = rows(text.partition("<details>")[0]), rows(text.partition("<details>")[2])
    assert head == ["this holds here", "value"] and left[1] == right[1] == "0.495597" and r"\Vert" in left[0] and right[0].startswith(r"$\displaystyle =")
    assert titles == ["what is wrong", "it would say", "and give", "should be"] and 3 <= len(wrong) <= 6 and f"<summary>{SUMMARY}</summary>" in text and text.endswith("</details>")
    assert len({w for w, *_ in wrong}) == len(wrong), "a different mistake each"
    for _, latex, gives, should in wrong:
        assert should == "= 0.4956" and abs(float(gives) - .4956) > 1e-3
        assert read(latex.strip("$")) != read(KL.partition("=")[2]) and "|" not in latex
    assert ["½ missing", "0.9912"] in [[w, g] for w, _, g, _ in wrong]

def test_what_it_shows_is_the_same_every_time_and_small():
    one, two = (holds(KL, mu=.7, ell=-1.2)._repr_markdown_() for _ in range(2))
    assert one == two and len(one.encode()) <= 3000
    b = "x"*1600
    long = holds(" = ".join(["a"] + [rf"b_{{\mathrm{{{b}}}}}"]*2), **{"a": 1., f"b_{b}": 1.})
    assert SUMMARY not in long._repr_markdown_()        # the sides alone fill the room

def test_a_short_formula_has_three_rows_too():
    "Mistakes that are seldom made stand in, and only where the others are fewer than three; in a list, entry by entry"
    wrong = rows(holds("a = b", a=.3, b=.3)._repr_markdown_().partition("<details>")[2])[1:]
    assert [w[0].partition(":")[0] for w in wrong] == ["a sign turned", "a 2 too many", "a square too many"] and {w[2] for w in wrong} == {"0.6", "-0.3", "0.09"} and {w[3] for w in wrong} == {"= 0.3"}
    assert len(holds("a = b", a=.3, b=.3).trials()) == 2 and "too many" not in str([w.words for w in holds(KL, mu=.7, ell=-1.2).trials()]).replace("a 2 too many", "")
    pair = rows(holds("(a, b) = (c, d)", a=.3, b=.2, c=.3, d=.2)._repr_markdown_().partition("<details>")[2])[1:]
    assert len(pair) == 3 and any(w[0] == "a square too many" for w in pair)

def test_the_global_state_is_left_alone():
    "Also by functions that draw from it"
    held = holds(KL, mu=.7, ell=-1.2)
    before = torch.get_rng_state()
    held._repr_markdown_()
    assert torch.equal(before, torch.get_rng_state())

def test_what_has_changed_since_shows_no_wrong_versions():
    for x in (1., 2.): held = holds("f(a) = x^2", f=lambda a: a*x**2, x=x, a=1.) if x == 1. else held
    assert held.trials() == [] and SUMMARY not in held._repr_markdown_()
    assert holds("f(a) = x^2", f=lambda a: a*3.**2, x=3., a=1.).trials()

def test_an_inequality():
    bound = r"\log w \le w - 1"
    loose = {(w.words, w.should) for w in holds(bound, w=3.).trials()}
    tight = {(w.words, w.latex, w.gives, w.should) for w in holds(bound, w=1., tight=True).trials()}
    assert ("≥ for ≤", "≤ 2") in loose and not any("2 too many" in w for w, _ in loose)
    assert ("a sign turned: $1$", "w + 1", "2", "= 0") in tight, tight      # true, but not tight

def test_vectors_show_where_they_differ():
    trials = holds("y_i = x_i^2 + 1", y=t(2, 5, 10, 17), x=t(1, 2, 3, 4)).trials()
    assert ("a sign turned: $x_i^2$", "0", "= 2") in {(w.words, w.gives, w.should) for w in trials}      # the first index at which it fails
    whole, = (w for w in holds("y = x^2 - 1", y=t(0, 3, 8, 15), x=t(1, 2, 3, 4)).trials() if w.words.startswith("a square"))
    assert (whole.gives, whole.should) == ("3", "= 15")

def test_several_values_of_an_index_are_one_row():
    text = holds("y_i = x_i^2", y=t(1, 4, 9, 16), x=t(1, 2, 3, 4))._repr_markdown_()
    assert [r[-1] for r in rows(text.partition("<details>")[0])] == ["value", "1, 4, 9, …", "1, 4, 9, …"]

def test_a_chain_names_each_side_once():
    text = holds("a = b = c, \\qquad d < e", a=1., b=1., c=1., d=2., e=3.)._repr_markdown_()
    sides = [r[0].replace("$\\displaystyle ", "").strip("$") for r in rows(text.partition("<details>")[0])]
    assert sides[1:] == ["a", "= b", "= c", "d", r"\lt  e"]

def test_what_is_left_out_is_said():
    text = holds(r"z \sim N,\qquad x = y", x=2., y=2., b=1., c=3., skip={"z ~": "how z is drawn"})._repr_markdown_()
    assert "`not evaluated: z ~ N (how z is drawn)`" in text and "`not used: b, c`" in text

def test_and():
    a, b, c = holds("x = 1", x=1.), holds("y = 2", y=2., skip=None), holds("x^2 = z", x=3., z=9.)
    both = a & b & c
    assert isinstance(both, Held) and len(both.links) == 3 and both.all() == (a, b, c) and str(both) == "\n".join(map(str, (a, b, c)))
    assert both._repr_markdown_().count("| this holds here |") == 3
    for other in (True, 3, "x"):
        with pytest.raises(TypeError): a & other
    with pytest.raises(AssertionError): holds("x = 1", x=1.) & holds("x = 1", x=2.)

def test_the_same_display_twice_shows_its_wrong_versions_once():
    at = dict(mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3)
    both = holds("KL-NORMAL", at) & holds("KL-NORMAL", at | dict(mu_q=2.))
    assert both._repr_markdown_().count(SUMMARY) == 1 and both._repr_markdown_().count("(KL-NORMAL) holds here") == 2

def test_what_another_check_of_the_display_has_evaluated_is_not_left_out():
    "A display of two statements, checked one after the other"
    first = holds("LIMITS", W=torch.eye(2), r=torch.tensor([1., 2.]), m=torch.tensor([1., 2.]), sigma=1e-6, within=1e-9, skip={3: "with huge noise"})
    last = holds("LIMITS", m=torch.zeros(2), sigma=1e6, within=1e-9, skip={1: "with tiny noise"})
    assert any("huge" in why for _, why in first.left) and any("tiny" in why for _, why in last.left)
    assert not any("noise" in why for _, why in (first & last).left) and "noise" not in (first & last)._repr_markdown_()
    assert any("huge" in why for _, why in (first & first).left) and len((first & last).links) == 4

def test_only_what_differs_visibly_and_can_be_evaluated():
    assert holds("x = y", x=0., y=0.).trials() == [] != holds("x = y", x=1., y=1.).trials()
    assert all(w.gives not in w.should for w in holds(KL, mu=.7, ell=-1.2).trials())

def test_mistakes_that_people_make_come_first():
    words = [w.words for w in interesting(read(r"a = \tfrac12\sigma^2 - \log b + 3 c"))]
    assert set(words[:5]) == {"a sign turned", "½ missing", "2 for ½", "σ for σ²", "log missing"} and "a 2 too many" not in words[:8]

@pytest.mark.parametrize("latex, safe", [(r"a\|b", r"a\Vert b"), ("a|b", r"a\vert b"), ("a<b", r"a\lt b"), (r"\left|a\right|", r"\left\vert a\right\vert"), (r"\begin{pmatrix}1\\|2|\end{pmatrix}", r"\begin{pmatrix}1\\\vert 2\vert \end{pmatrix}")])
def test_a_formula_in_a_table(latex, safe): assert cell(latex) == rf"$\displaystyle {safe}$" and not re.search(r"[|<>]", cell(latex))

NO_ROW = {**{f"formula.held.{n}": "a plain record" for n in ("Held", "Trial")},
          **{f"formula.held.{n}": "takes what a check made" for n in "Held.all Held.trials Held.remarks compared tried interesting cell".split()}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests({}, NO_ROW)
