"Signs and commas, before anything is parsed."
import re

from bad_input import bad_input_tests
from hypothesis import given, settings
from hypothesis import strategies as st

from vaegan.exam.typed import SIGNS, Unreadable, comma_readings, one_line, token_readings, tokens, typed_tables


@settings(max_examples=50)
@given(st.text(max_size=220))
def test_any_text_is_marked_or_refused_on_one_line(s):
    try: rows = token_readings(s)
    except Unreadable as e: assert "\n" not in str(e) and len(str(e)) < 100
    else: assert all(m.text for row in rows for m in row)

@given(st.text("0123456789.,' _;-()", max_size=40), st.booleans())
def test_readings_keep_every_digit(s, whole):
    digits = lambda t: re.sub(r"\D", "", t)
    assert all(digits(r) == digits(s) for r in comma_readings(s, whole))

def test_marks_know_where_a_blank_was():
    assert [(m.kind, m.text, m.glued) for m in tokens("2x ²")][:2] == [("number", "2", True), ("name", "x", True)] and [m.glued for m in tokens("a b")] == [True, False]

def test_a_quotation_stands_in_the_order_in_which_it_is_read():
    "Signs that turn the direction of writing would show a teacher another number than the one that is judged"
    assert one_line("\u202e23.0\u202c \u2066=\u2069 .5") == "23.0 = .5" and one_line("ab\n c" + "d"*99, 9) == "ab cddddd…"

def test_signs_are_plain_after_one_turn(): assert not set(SIGNS) & set("".join(SIGNS.values()))

def test_one_line(): assert one_line("a\n b") == "a b" and one_line("x"*70) == "x"*60 + "…"

def test_the_page_gets_every_pattern():
    t = typed_tables()
    assert all(isinstance(p, str) and "(?P" not in p for p in (t["token"], t["units"], *(p for p, _ in t["tex"] + t["copied"]))) and not any("\\1" in r for _, r in t["tex"] + t["copied"])

# ---------------------------------------------------------------------------------------------------------- bad input
READ = "takes what a stranger typed; tests/library/exam/test_same_reader.py"
bad_input_tests({}, dict.fromkeys((f"exam.typed.{n}" for n in ("comma_readings", "tokens", "token_readings")), READ) | {
    "exam.typed.Unreadable": "an exception", "exam.typed.Token": "a plain record", "exam.typed.one_line": "text in, text out", "exam.typed.typed_tables": "takes nothing"})
