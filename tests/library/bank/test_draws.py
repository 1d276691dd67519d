"The questions of the bank: no draw is degenerate, every wrong option says why, every lesson asks for an argument."
import math
import re

import pytest
from site_numbers import variants

from vaegan.contents import lessons, module_of
from vaegan.exam.answers import read_numbers
from vaegan.exam.exercise import accident
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank
from vaegan.exam.variant import LETTERED, question_text, shown_answer

BANK = bank()
EACH = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)
SLOWLY = {"collapse-two", "momentum-steps", "kl-full", "gan-step-code", "reconstruction-error-bar"}    # simulate, integrate in two dimensions

def faults(v):
    "What is wrong with one draw, whatever the question is"
    if v.kind in LETTERED:
        texts, said = [*v.options.values()], [m for _, m in v.mistakes.values()]
        if len({t.lower().strip(".") for t in texts}) < len(texts): yield "two options are the same"
        if {k for k, _ in v.mistakes.values()} | {v.answer} != {*v.options}: yield "an option without a diagnosis"
        if len({*said}) < len(said): yield f"two options share a diagnosis: {said}"
        if any(len(m.split()) < 3 for m in said): yield "a diagnosis says nothing"
    if v.kind == "numeric":
        if why := accident(v): yield why
        for name, (a, _) in {**v.mistakes, "the answer": (v.answer, "")}.items():
            numbers = read_numbers(a)
            if not all(map(math.isfinite, numbers)): yield f"{name} is not finite: {numbers}"
        if any(0 < abs(x) < 1e-3 for x in read_numbers(v.answer)) and v.tol: yield f"too small for three digits beside others: {v.answer}"
        digits = [re.sub(r"^-?0*\.?0*|\.|e.*$", "", t) for t in shown_answer(v).strip("()").split(", ")]
        if v.tol and any(len(d) < 3 for d, x in zip(digits, read_numbers(v.answer)) if abs(x - round(x, 3)) > 1e-9): yield f"fewer than three digits are shown: {shown_answer(v)}"
    if v.kind in ("numeric", "symbolic"):
        for name, (a, _) in v.mistakes.items():
            if judge(v, a): yield f"mistake {name} is judged right"
    if re.search(r"\bnan\b|\binf\b|\d\.\d{9,}|(?<![\d.])\d+\.0+(?!\d)|\+ ?-\d|- ?-\d|--", re.sub(r"```.*?```", "", v.question.replace("($-", ""), flags=re.S)): yield f"a number is written badly: {v.question}"
    if not v.question.strip() or "nan" in v.question.split(): yield "the question has a hole"
    told = [v.question, *v.hints, *v.solution, *v.options.values(), *(text for part in v.rubric.values() for text in part)]
    for text in (re.sub(r"```.*?```|`[^`]*`", "", s, flags=re.S) for s in told):
        if text.count("$") % 2: yield f"a dollar without its other one: {text}"
        for tex in re.findall(r"\$([^$]+)\$", text):
            if not tex.isascii(): yield f"a sign for which TeX has a name: {tex}"
            if re.search(r"(?<![\w.}^])1\\,|(?<![\w.}^\\])1(xy|x|e\^)|\d\.\d{8}", tex): yield f"a factor 1, or more digits than anyone reads: {tex}"

def every_fault(ex, seeds):
    return {s: found for s in seeds if (found := [*faults(ex.variant(s))])}

@pytest.mark.slow
@EACH
def test_no_draw_of_200_is_degenerate(ex): assert every_fault(ex, range(200)) == {}

@EACH
def test_a_class_of_thirty_gets_thirty_questions(ex):
    "No two of thirty variants, drawn as the page draws its own, are alike, options in another order counting as alike; code is tried on other tensors. None is degenerate"
    drawn = [ex.variant(s) for s in range(30)] if ex.kind == "code" else variants(ex, 30)
    alike = [str(v.cases) if ex.kind == "code" else (v.question, *sorted(v.options.values())) for v in drawn]
    assert len({*alike}) == 30, "the same numbers again and again"
    assert {v.seed: found for v in drawn[:2 if ex.id in SLOWLY else 12] if (found := [*faults(v)])} == {}

def test_a_question_s_own_mistake_is_seen_in_four_digits():
    "Though it is also one that any number can suffer, such as a lost factor of 2"
    for ex in (e for e in BANK.values() if e.kind == "numeric"):
        v = ex.variant(3)
        for name, (a, _) in v.mistakes.items():
            said = judge(v, f"({', '.join(f'{x:.4g}' if v.tol else str(x) for x in read_numbers(a))})")
            assert not said and said.mistake != "wrong-sign" and (said.mistake or "not a mistake I know" in said.message or "Right so far" in said.message)
    seen = lambda id, name: judge(v := BANK[id].variant(3), f"{v.mistakes[name][0]:.4g}").mistake
    assert seen("dists-const", "opposite") == "opposite" and seen("elbo-gap", "no-half") == "no-half" and seen("data-set-likelihood", "loss") == "loss"

def test_classes_are_never_empty():
    "Logistic regression on inputs of both classes, right ones and wrong ones where they are counted"
    for s in range(200):
        asked = BANK["exam-logistic-loss"].variant(s).question
        ones, zeros = re.search(r"class 1 are (.*); those of class 0 are (.*?)\. All", asked).groups()
        assert re.findall(r"\$\d", ones) and re.findall(r"\$-\d", zeros), asked
        before, after = BANK["exam-logistic-bias"].variant(s).answer
        assert after < before

def test_a_degenerate_draw_is_drawn_again():
    "Made by hand: an exercise that would say 1 half of the time does not, and one that cannot say anything else may"
    from dataclasses import replace
    made = lambda answers: lambda r: (a := r.pick(answers)) and dict(question="How much?", answer=a, check=a, mistakes={"a": (a + 3.3, "No."), "b": (a + 4.4, "No."), "c": (a + 5.5, "No.")},
                                                                     hints=["?"], solution=["!", f"{a:.4f}"])
    ex = lambda name, answers: replace(BANK["kl-to-prior"], id=name, make=made(answers))
    assert {ex("half", [1., 2.5]).variant(s).answer for s in range(40)} == {2.5}
    assert ex("always", [1.]).variant(3).answer == 1.

# ---------------------------------------------------------------------------------------------------------- arguments
ARGUED = {i: ex for i, ex in BANK.items() if ex.kind == "argued"}

def test_every_lesson_asks_for_an_argument():
    assert {ex.chapter for ex in ARGUED.values()} >= {module_of(p.path) for p in lessons()}

@pytest.mark.parametrize("ex", ARGUED.values(), ids=ARGUED)
def test_an_argued_question_can_be_marked(ex):
    v, w = ex.variant(1), ex.variant(2)
    assert 2 <= len(v.parts) <= 4 and sum(n for _, n in v.parts) == v.points and [*v.rubric] == [k for k, _ in v.parts]
    assert len(v.answer) <= 800 and 150 < len(v.question) < 900
    shown = question_text(v)
    for earns, wrong in v.rubric.values(): assert len(earns) > 20 and len(wrong) > 20 and earns not in shown and wrong not in shown
    assert v.answer not in shown and judge(v, v.answer).status == "unmarked" and judge(v, "").status == "pending"
    words = lambda s: {w for w in re.findall(r"[a-z]{4,}", s.lower())}
    assert len(words(v.answer) - words(shown)) > 15, "the question says the answer"
    assert v.where == w.where and v.parts == w.parts

# ---------------------------------------------------------------------------------------------------------- shares
SHARED = {i: ex for i, ex in BANK.items() if ex.parts and ex.kind == "numeric"}

@pytest.mark.parametrize("ex", SHARED.values(), ids=SHARED)
def test_each_entry_of_a_pair_earns_its_share(ex):
    from vaegan.exam.marks import earned
    v = ex.variant(1)
    assert len(v.parts) == len(v.answer) > 1
    for i, (name, n) in enumerate(v.parts):
        typed = [x if j == i else x + 7.31*max(1, abs(x)) for j, x in enumerate(v.answer)]
        got = earned(v, judge(v, tuple(typed)))
        assert got == {k: n*(k == name) for k, n in v.parts}
    assert sum(earned(v, judge(v, tuple(x + 7.31*max(1, abs(x)) for x in v.answer))).values()) == 0
    assert sum(earned(v, judge(v, v.answer)).values()) == v.points

def test_the_length_of_an_option_tells_nothing():
    "Who takes the longest option, or the shortest, of all that can be chosen from earns no more than by chance, and with no question more than two times in five"
    won, chance, often = {max: 0., min: 0.}, 0., {}
    for ex in (ex for ex in BANK.values() if ex.kind in LETTERED):
        drawn = [({k: len(text) for k, text in v.options.items()}, v.answer) for v in map(ex.variant, range(20))]
        chance += sum(1/len(sizes) for sizes, _ in drawn)
        for end in won:
            ends = [([k for k in sizes if sizes[k] == end(sizes.values())], right) for sizes, right in drawn]
            won[end] += (mine := sum((right in ks)/len(ks) for ks, right in ends))
            if mine > 8: often[ex.id, end.__name__] = mine
    assert won[max] <= 1.1*chance and won[min] <= 1.1*chance and not often, (won, chance, often)
