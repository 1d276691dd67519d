"Second opinions on an answer."
import math

from bad_input import INF, INT, NAN, POS, bad_input_tests, row

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.numerics.integral": row(dict(f=math.exp, lo=0., hi=1., n=4), lo=[NAN, -INF, "0"], hi=[NAN, INF], n=INT(2) + [3]),
    "exam.numerics.argmax": row(dict(f=math.sin, lo=0., hi=2., n=9), lo=[NAN, -INF, "0"], hi=[NAN, INF], n=INT()),
    "exam.numerics.derivative": row(dict(f=math.exp, x=1., h=1e-3), x=[NAN, INF, "1"], h=POS),
    "exam.numerics.normal_pdf": row(dict(x=0., mu=0., var=1.), x=[NAN, INF], mu=[NAN, "0"], var=POS),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
