"From tokens to a tree: precedence, and nothing but known parts."
import ast

import pytest
from bad_input import bad_input_tests
from hypothesis import given
from hypothesis import strategies as st

from vaegan.exam.syntax import CONSTANTS, FUNCTIONS, evaluate, read_tokens
from vaegan.exam.typed import Unreadable, token_readings

SYMBOLS = "x", "a", "b"
def read(s): return read_tokens(token_readings(s, SYMBOLS)[0], SYMBOLS)

@given(st.lists(st.sampled_from([*"xab()+-*/^,;=±|√½²2.%", "exp", "ln", "tanh^2", "\\\\frac", "1.5", " "]), max_size=30).map("".join))
def test_a_tree_holds_known_parts_only(s):
    try: tree = read(s)
    except Unreadable: return
    for node in ast.walk(tree):
        assert isinstance(node, (ast.Constant, ast.Name, ast.Call, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop))
        assert not isinstance(node, ast.Name) or node.id in {*SYMBOLS, *FUNCTIONS, *CONSTANTS}

@pytest.mark.parametrize("s, plain", [("-x^2", "-(x**2)"), ("2^-x", "2**(-x)"), ("2^x^2", "2**(x**2)"), ("2x^2", "2*x**2"), ("a/b*x", "(a/b)*x"), ("a-b-x", "(a-b)-x"), ("-2x", "-2*x"),
                                      ("ab²", "a*b**2"), ("x(1-x)", "x*(1-x)"), ("2|x||a|", "2*abs(x)*abs(a)"), ("50%x", "50/100*x"), ("√x/2", "sqrt(x)/2"), ("3 ln x + 1", "3*ln(x)+1")])
def test_precedence(s, plain):
    at = dict(x=.7, a=1.3, b=.4)
    assert abs(evaluate(read(s), at) - eval(plain, {f: g for f, g in FUNCTIONS.items()} | at)) < 1e-12

@given(st.recursive(st.sampled_from(["x", "a", "2", "0.5"]), lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner) | st.builds("exp(-({})**2)".format, inner), max_leaves=8))
def test_python_s_own_notation_means_the_same(s):
    at, names = dict(x=.7, a=1.3), {f: g for f, g in FUNCTIONS.items()}
    try: want = eval(s, names | at)
    except ZeroDivisionError: return
    assert len(s) > 200 or abs(evaluate(read(s), at) - want) <= 1e-12*max(1, abs(want))

# ---------------------------------------------------------------------------------------------------------- bad input
bad_input_tests({}, {"exam.syntax.evaluate": "takes a tree from `read_row`", "exam.syntax.read_tokens": "takes tokens, and says what cannot be read in them; tests/library/exam/test_same_reader.py"})
