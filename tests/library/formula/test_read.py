"""Formulas are read as a reader of mathematics reads them. `readings.txt` has displays of the course, each with its tree in the notation of
`shapes.shape`; somebody looked at every one of them. A display that is read in another way from now on fails here."""
import time
from pathlib import Path

import pytest
from bad_input import bad_input_tests, row
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import shape

from vaegan.formula import displays
from vaegan.formula.read import read
from vaegan.formula.tokens import Cursor
from vaegan.formula.tree import (
    BigOp,
    Call,
    Derivative,
    Display,
    Fence,
    FormulaError,
    Number,
    Power,
    Product,
    Relation,
    Remark,
    Sum,
    Symbol,
    parts,
    walk,
)
from vaegan.formula.write import write

LINES = (Path(__file__).parent/"readings.txt").read_text(encoding="utf-8").splitlines()
READINGS = dict(zip(LINES[::2], map(str.strip, LINES[1::2])))

def test_there_are_many_readings(): assert len(READINGS) >= 120 and all(READINGS.values())

@pytest.mark.parametrize("latex", READINGS)
def test_read_as_it_was_looked_at(latex): assert shape(read(latex)) == READINGS[latex]

LATEX = {t: displays.latex_of(t) for t in displays.tags()}

@pytest.mark.parametrize("tag", LATEX)
def test_there_and_back(tag):
    "What was read prints, and reads as the same tree; it prints the same again; every part stands inside of the part that it belongs to"
    tree = read(LATEX[tag])
    again = read(write(tree))
    assert again == tree and write(again) == write(tree)
    for node in walk(tree):
        for part in parts(node): assert node.at[0] <= part.at[0] <= part.at[1] <= node.at[1] or part.at == (0, 0), (node, part)

@pytest.mark.parametrize("tag", list(LATEX)[::7])
def test_spaces_that_do_not_show_do_not_count(tag):
    assert read(LATEX[tag].replace("=", "  =\n").replace("+", r"\! +").replace("^", " ^ ")) == read(LATEX[tag])

# ------------------------------------------------------------------------------------------------------ how far it reaches
@pytest.mark.parametrize("latex, other", [
    (r"\log 2\pi\sigma^2 + 1", r"\log(2\pi\sigma^2) + 1"), (r"\log 2\,x", r"\log(2)\,x"), (r"\log a\cdot b", r"\log(a)\cdot b"), (r"\sin x\cos x", r"\sin(x)\cos(x)"),
    (r"\log\frac1K\sum_k w_k\,v_k + c", r"\log\Big(\frac1K\sum_k w_k\,v_k\Big) + c"), (r"\sum_i a_i\,b_i + c", r"\Big(\sum_i(a_i\,b_i)\Big) + c"),
    (r"\log\det C", r"\log(\det(C))"), (r"\operatorname{tr} A B", r"\operatorname{tr}(A B)"), (r"\max_x f(x) - g(x) = 0", r"\max_x(f(x) - g(x)) = 0"),
    (r"\int p(z)\,f(z)\,dz - 1", r"\Big(\int (p(z)\,f(z))\,dz\Big) - 1"), (r"\nabla L(0)\,v", r"(\nabla L(0))\,v"), (r"\mathbb E_x \operatorname{Var}_y[x y]", r"\mathbb E_x[\operatorname{Var}_y[x y]]"),
    (r"\frac{\partial}{\partial\mu}\int p\,dz", r"\frac{\partial}{\partial\mu}\Big(\int p\,dz\Big)"), (r"\log|x|", r"\log(|x|)"), ("a/b + c", "(a/b) + c"), ("2a/b", r"(2a)/b")])
def test_brackets_that_change_nothing(latex, other): assert shape(read(latex)) == shape(read(other))

def test_the_square_of_a_mean_and_the_mean_of_a_square():
    of_square, square_of = (read(t).clauses[0] for t in (r"\mathbb E_q(z - \mu)^2", r"\mathbb E_q[z - \mu]^2"))
    assert isinstance(of_square, Call) and isinstance(of_square.body, Power)
    assert isinstance(square_of, Power) and isinstance(square_of.base, Call)

@pytest.mark.parametrize("latex", [r"|x| + |y|", r"|x|y|z|" + "w", r"p(x|y)", r"p(|x| \mid y)", r"\operatorname{KL}(q(z|x)\,\|\,p(z))", r"\|x - y\|^2", r"\Big|\frac{|a|}{|b|}\Big|", r"e^{-|x|}"])
def test_bars(latex):
    tree = read(latex)
    assert read(write(tree)) == tree

def test_what_bars_are():
    def fences(latex): return [n.open for n in walk(read(latex)) if isinstance(n, Fence) and n.open in ("|", "||")]
    assert fences("|x| + |y|") == ["|", "|"] and fences("p(x|y)") == [] == fences(r"\operatorname{KL}(q\|p)") and fences(r"\|W x\|_F") == ["||"]

# -------------------------------------------------------------------------------------------------------------- constructs
def only(latex, kind): return [n for n in walk(read(latex)) if isinstance(n, kind)]

def test_derivatives_and_fractions():
    assert [d.sign for d in only(r"\frac{\partial f}{\partial x} + \frac{d}{dx} g + \nabla h + \partial V/\partial y", Derivative)] == [r"\partial", "d", r"\nabla", r"\partial"]
    assert not only(r"\frac{d}{2} + \frac{d x}{d} + \frac dk", Derivative)
    assert only(r"\frac{\partial^2 f}{\partial x^2}", Derivative)[0].order == Number("2")

def test_marks_and_powers():
    first = [read(t).clauses[0] for t in ("D^*", r"L^\text{rel}", "x^{(i)}", "x'", "x^2", r"W^\top", r"\gamma^\ast")]
    assert [isinstance(n, Power) for n in first] == [False, False, False, False, True, True, False]
    assert isinstance(read("z_+ - z_-").clauses[0], Sum)

def test_statements():
    d = read(r"a = b,\qquad c \ge 0 \quad\Rightarrow\quad d = e;\quad\text{for every } f \tag{T}")
    assert [type(c) for c in d.clauses] == [Relation, Relation, Relation, Remark] and d.tag == "T" and r"\Rightarrow" in d.seps[1]
    assert read(r"\text{gap} = 1").clauses[0].sides[0].name == "gap"
    assert read(r"= b").clauses[0].sides[0] is None
    rows = read(r"\begin{aligned} a &= b \\ &\ge c \end{aligned}")
    assert rows.frame == "aligned" and len(rows.clauses) == 2 and rows.clauses[1].sides[0] is None and read(write(rows)) == rows

def test_cases_and_matrices():
    cases = read(r"f = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}").clauses[0].sides[1]
    assert cases.kind == "cases" and len(cases.rows) == 2 and isinstance(cases.rows[0][1], Remark)
    assert len(read(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}").clauses[0].rows) == 2

def test_integrals_take_their_own_d():
    first, second = only(r"\int d\,x\,dx + \int_0^1 dz", BigOp)
    assert first.over.name == "x" and isinstance(first.body, Product) and second.body == Number("1")

# ------------------------------------------------------------------------------------------------------------------ errors
@pytest.mark.parametrize("latex, what, where", [
    (r"a + \foo b", "not known", r"⟪\foo⟫"), ("a/b c", "a/b c may be", "a/b ⟪c⟫"), ("x^2^3", "second exponent", "x^2⟪^⟫3"), (r"\frac{a}", "expected something", r"\frac{a}⟪⟫"), ("(a", "to close '('", "(a⟪⟫"),
    ("(a]", "to close '('", "(a⟪]⟫"), (r"\int x", "dx that ends", r"\int x⟪⟫"), ("a = ", "formula ends", "⟪⟫"), (r"\sum_i", "behind sum", r"\sum_i⟪⟫"), (r"\begin{pmatrix} a", "expected", "a⟪⟫"), ("x__2", "expected", "x_⟪_⟫2"),
    (r"\hat{+}", "under an accent", r"\hat{⟪+⟫}"), (r"\arg x", r"\min or \max", r"\arg ⟪x⟫"), ("a)", "end of a statement", "a⟪)⟫"), (r"2^", "after ^ or _", "2^⟪⟫")])
def test_an_error_shows_the_place(latex, what, where):
    with pytest.raises(FormulaError) as e: read(latex)
    assert what in str(e.value) and where in str(e.value) and "\n" not in str(e.value)

HOSTILE = ["("*2000, "{"*2000, r"\frac"*1000, "x^"*2000, "x_{"*500, "|"*999, r"\|"*999, "="*500, "-"*4000, r"\sum"*1500, r"\int"*1500, r"\left"*500, r"\begin{pmatrix}"*200, "&"*4000, r"\text{"*500, "a"*6000, "\\", "\x00", "\ud800",
           "🙂", "", "   ", r"\tag{A}", r"\tag{", "}", r"\end{x}", r"\,"*2000, "1"*4999, ","*4000, "_"*100, r"\hat"*400, r"\sqrt"*400, r"\nabla"*900, r"\log"*900, r"\partial"*500, "f("*500, r"\text{ a}"*400, r"\underbrace"*500]

@pytest.mark.parametrize("latex", HOSTILE, ids=[repr(h[:20]) for h in HOSTILE])
def test_hostile_text_ends_soon(latex):
    start = time.process_time()
    try: tree = read(latex)
    except FormulaError as e: assert len(str(e)) < 400
    else: assert read(write(tree)) == tree
    assert time.process_time() - start < 2

PIECES = ["a", "b_i", "x", "2", ".5", "+", "-", "=", r"\le", "(", ")", "[", "]", "|", r"\|", r"\mid", "^", "_", "{", "}", r"\,", r"\qquad", ",", r"\frac", r"\log", r"\sum", r"\int", "dz", "d", r"\mathbb E", r"\nabla", r"\partial", "/", r"\cdot",
          r"\hat", r"\mathbf", r"\text{for }", r"\text{gap}", "'", r"\sqrt", r"\pm", r"\begin{pmatrix}", r"\end{pmatrix}", "&", r"\\", r"\top", "*", r"\operatorname{KL}", r"\big(", r"\min", r"\arg", r"\{", r"\}", r"\lfloor", r"\rfloor"]

@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14))
def test_any_text_is_read_or_refused(pieces):
    latex = " ".join(pieces)
    try: tree = read(latex)
    except FormulaError: return
    assert read(write(tree)) == tree and isinstance(tree, Display)

def test_a_message_shows_little_of_much():
    with pytest.raises(FormulaError) as e: read("a + "*200 + r"\foo" + " + a"*200)
    assert len(str(e.value)) < 160 and "…" in str(e.value)

# --------------------------------------------------------------------------------------------------------------- bad input
ROWS = {"formula.read.read": row(dict(latex="a = b"), latex=[1, None, ["a"]]),
        "formula.tokens.tokens": row(dict(latex="a = b"), latex=[1, None, ["a"]])}
_NODES = "Node Number Symbol Fence Call Sum Product Quotient Power Root BigOp Derivative Matrix Labelled Relation Words Remark Display".split()
NO_ROW = {**{f"formula.tree.{n}": "a plain record, made by the reader" for n in _NODES},
          "formula.tree.FormulaError": "an exception", "formula.tree.parts": "takes a part of a formula", "formula.tree.walk": "takes a part of a formula",
          "formula.tokens.Token": "a plain record", "formula.tokens.Cursor": "takes what `tokens` takes",
          **{f"formula.tokens.Cursor.{n}": "moves along tokens" for n in ("ahead", "next", "take", "need", "spaces", "since", "fail")},
          **{f"formula.letters.{n}": "a step of the reader, which takes a cursor" for n in ("named", "raw", "letter", "digit")},
          **{f"formula.terms.{n}": "a step of the reader, which takes a cursor"
             for n in ("chain", "side_of", "term", "parted", "begins", "is_differential", "reads", "factor", "symbol", "script", "fence", "group", "braced")},
          **{f"formula.operators.{n}": "a step of the reader, which takes a cursor" for n in ("environment", "counted", "remark")}}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

def test_a_cursor_is_where_it_was_put():
    c = Cursor(r"a\,b")
    assert c.take("b") is None and c.next().text == "a" and c.spaces() == [r"\,"] and c.need("b").text == "b" and c.next().kind == "end" == c.next().kind
    assert isinstance(Symbol("a", "a"), Symbol)
