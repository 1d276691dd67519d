"The same numbers on every machine."

from bad_input import INF, NAN, POS, bad_input_tests, row

from vaegan.exam.draw import Draw


def test_numbers_are_the_same_everywhere():
    r = Draw("fixed")
    assert (r.num(0, 1), r.whole(1, 100), r.perm("abcd"), r.pick("xyz"), r.sign()) == FIXED

FIXED = (.9, 53, ['c', 'd', 'b', 'a'], 'z', -1)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.draw.Draw.whole": row(dict(lo=1, hi=5), lo=[6, 1.5, "1"], hi=[0, 1.5, "5"]),
    "exam.draw.Draw.num": row(dict(lo=.1, hi=.5, step=.1), lo=[NAN, "0"], hi=[0., NAN, INF], step=POS),
    "exam.draw.Draw.pick": row(dict(options=(1, 2)), options=[(), 3]),
    "exam.draw.Draw.perm": row(dict(xs=(1, 2)), xs=[3, None]),
}
NO_ROW = {
    "exam.draw.Draw": "a seed is anything that prints",
    "exam.draw.Draw.sign": "takes nothing",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
