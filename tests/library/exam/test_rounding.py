"Three digits, and what is nearly right."
import math

from bad_input import bad_input_tests
from hypothesis import given
from hypothesis import strategies as st

from vaegan.exam.rounding import ROUNDED, how_near, more_exactly, three_digits, which_right

TRUTH = st.floats(1e-6, 1e6).flatmap(lambda x: st.sampled_from([x, -x]))

@given(TRUTH, st.integers(3, 9))
def test_any_rounding_to_three_digits_or_more_is_right(t, n): assert three_digits(float(f"{t:.{n}g}"), t) and how_near((float(f"{t:.{n}g}"),), (t,), 1e-4) == "right"

@given(TRUTH, st.floats(1, 9))
def test_the_rule_is_relative(t, k): assert three_digits(t*1.0004, t) and not three_digits(t*1.0051, t) and not three_digits(t*(1 - .0051*k), t)

@given(TRUTH)
def test_cut_off_digits_are_a_wrong_rounding_or_right(t):
    unit = 10.**(math.floor(math.log10(abs(t))) - 2)
    said = how_near((math.trunc(t/unit)*unit,), (t,), 1e-4)
    assert said in ("right", *ROUNDED.values()) and said != ""

@given(st.integers(-10**6, 10**6), st.integers(-3, 3).filter(bool))
def test_whole_numbers_have_no_neighbours(t, off): assert how_near((t,), (t,), 0.) == "right" != how_near((t + off,), (t,), 0.)

def test_entry_by_entry():
    assert how_near((1., 4.29), (1., 4.2957), 1e-4) == ROUNDED["slip"] and how_near((1., 9.), (1., 4.2957), 1e-4) == "" and which_right((1., 9.), (1., 4.), 1e-4) == [1]
    assert how_near((0.,), (0.,), 1e-4) == how_near((1e-9,), (0.,), 1e-4) == "right" and how_near((1e-4,), (0.,), 1e-4) == ""
    assert more_exactly((4.3,), (4.29573,)) and not more_exactly((4.29573,), (4.29573,))

# ---------------------------------------------------------------------------------------------------------- bad input
bad_input_tests({}, {f"exam.rounding.{n}": "numbers that the reader made" for n in ("three_digits", "how_near", "which_right", "more_exactly")})
