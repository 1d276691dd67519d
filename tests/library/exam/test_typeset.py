"Every formula of a question can be drawn."
import re

import pytest
from bad_input import POS, bad_input_tests, row

from vaegan.exam.export_items import fragment
from vaegan.exam.learner import bank
from vaegan.exam.typeset import markdown_html
from vaegan.exam.variant import question_text

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

@each
def test_formulas_can_be_drawn(ex):
    v = ex.variant(1)
    for t in [question_text(v), *v.hints, *v.solution]: assert "<code>\\" not in (h := markdown_html(t)) and not re.search(r"<code>[^<]*(frac|mathrm|mathcal)", h), t

def test_what_a_teacher_writes_besides():
    table = markdown_html("| $|x|$ | y |\n|:--|--:|\n| `a|b` | <b> |\n| 1 | |")
    assert table.count("<tr>") == 3 and table.count("<th>") == 2 and table.count("<td>") == 4 and "<td><code>a|b</code></td><td>&lt;b&gt;</td>" in table and "<td></td>" in table
    assert markdown_html("1. one\n2. two") == "<ol><li>one</li><li>two</li></ol>" and "<table>" not in markdown_html("p | q\nor so") + markdown_html("a - b\n-")
    for html in (markdown_html(r"5\$ or 6\$, $x$"), fragment(r"5\$ or 6\$, $x$")): assert html.startswith("<p>5$ or 6$, <") or html == r"<p>5$ or 6$, \(x\)</p>"

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
