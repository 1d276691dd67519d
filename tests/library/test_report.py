"The room `report`: one page that needs nothing else."
import re

from bad_input import bad_input_tests

from vaegan.report import Figure, Section, page

BAD = "<b>&"

def test_page_escapes_what_it_is_given():
    figure = Figure("f.png", b"png", BAD, BAD)
    text = page(BAD, BAD, [Section(BAD, BAD, [figure], [(BAD,)*3])], BAD, BAD, (b"cover", BAD))
    assert "<b>" not in text and text.count("&lt;b&gt;&amp;") == 13

def test_page_loads_nothing():
    text = page("t", "l", [Section("s", "x", [Figure("f.png", b"1", "alt", "cap")])], cover=(b"2", "alt"))
    assert not re.search(r"<script|<link|https?:|@import|url[(]", text)
    assert text.count("<img ") == 2 and text.count("data:image/png;base64,") == 2 and "<table>" not in text

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "report.Figure": "a plain record",
    "report.Section": "a plain record",
    "report.page": "text in, text out",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests({}, NO_ROW)
