"Every formula of a question can be drawn."
import re

import pytest
from bad_input import POS, bad_input_tests, row

from vaegan.exam.learner import bank
from vaegan.exam.typeset import markdown_html
from vaegan.exam.variant import question_text

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@each
def test_formulas_can_be_drawn(ex):
    v = ex.variant(1)
    for t in [question_text(v), *v.solution]: assert "<code>\\" not in (h := markdown_html(t)) and not re.search(r"<code>[^<]*(frac|mathrm|mathcal)", h), t

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.typeset.tex_svg": row(dict(tex="x^2", size=16.), tex=None, size=POS),
}
NO_ROW = {
    "exam.typeset.css_text": "text in, text out; test_a_text_in_a_style_sheet_is_only_text in tests/library/exam/test_typeset.py",
    "exam.typeset.running": "text in, text out",
    "exam.typeset.markdown_html": "text in, text out",
    "exam.typeset.html_page": "text in, text out",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
