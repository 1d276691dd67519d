"A question with its numbers, as a learner sees it."

import pytest
from bad_input import bad_input_tests

from vaegan.exam.learner import bank
from vaegan.exam.variant import question_text

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@each
def test_seeds_differ(ex):
    if ex.kind in ("code", "argued"): return       # an argument is one's own without other numbers
    assert len({question_text(ex.variant(s)) for s in range(12)}) >= 4

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.variant.Variant": "a plain record; made and checked by `Exercise.variant`",
    "exam.variant.Shown": "text in, text out",
    "exam.variant.how_to_answer": "takes a Variant, which is checked when it is made",
    "exam.variant.question_text": "takes a Variant, which is checked when it is made",
    "exam.variant.solution_text": "takes a Variant, which is checked when it is made",
    "exam.variant.shown_answer": "takes a Variant, which is checked when it is made",
}
bad_input_tests({}, NO_ROW)
