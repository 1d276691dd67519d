"A question with its numbers, as a learner sees it."

import pytest
from bad_input import bad_input_tests

from vaegan.exam.judge import judge
from vaegan.exam.learner import bank
from vaegan.exam.variant import question_text

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@each
def test_seeds_differ(ex):
    if ex.kind in ("code", "argued"): return       # an argument is one's own without other numbers
    assert len({question_text(ex.variant(s)) for s in range(12)}) >= 4

def test_bits_behind_a_number():
    "Where they are asked for, in any spelling; where nats are asked they are another number; what is right in nats is the mistake with that name"
    asked, other = bank()["bits-that-are-paid"].variant(2), bank()["kl-to-prior"].variant(2)
    for unit in ("bit", "bits", "Bits", "bits per image", ""): assert judge(asked, f"{asked.answer:.4g} {unit}"), unit
    assert judge(asked, f"{asked.mistakes['nats'][0]:.4g} nats").mistake == "nats" and judge(other, f"{other.answer:.4g} bits").status == "unreadable"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.variant.Variant": "a plain record; made and checked by `Exercise.variant`",
    "exam.variant.Shown": "text in, text out",
    "exam.variant.asks_bits": "takes a Variant, which is checked when it is made",
    "exam.variant.how_to_answer": "takes a Variant, which is checked when it is made",
    "exam.variant.question_text": "takes a Variant, which is checked when it is made",
    "exam.variant.solution_text": "takes a Variant, which is checked when it is made",
    "exam.variant.shown_answer": "takes a Variant, which is checked when it is made",
}
bad_input_tests({}, NO_ROW)
