"Wrong versions of a formula: every mistake of the list is made, one at a time, and what comes out is another formula."
import re
from collections import Counter

import pytest
from bad_input import bad_input_tests, row

from vaegan.formula.displays import latex_of, tags
from vaegan.formula.read import read
from vaegan.formula.write import key, plain
from vaegan.formula.wrong import Wrong, wrong_versions


def versions(latex): return {(w.words, key(plain(read(w.latex)))) for w in wrong_versions(latex)}

@pytest.mark.parametrize("latex, words, wrong", [
    ("a = b - c", "a sign turned", "a = b+c"),
    ("a = b - c", "a sign turned", "a = -b-c"),
    ("a = -b", "a sign turned", "a = b"),
    ("a = b", "a sign turned", "a = -b"),
    ("a = b - c", "a term missing", "a = -c"),
    ("a = b + c", "a term missing", "a = c"),
    ("a = b + c", "a 2 too many", "a = b+2 c"),
    ("a = bc", "a factor missing", "a = c"),
    (r"a = \tfrac12 b", "½ missing", "a = b"),
    (r"a = \tfrac12 b", "2 for ½", "a = 2 b"),
    ("a = 2b", "2 missing", "a = b"),
    ("a = 2b", "½ for 2", "a = 1/2 b"),
    (r"a = \frac{b}{c}", "a ratio turned over", "a = c/b"),
    (r"a = \frac{b + 1}{c}", "a denominator missing", "a = (b+1)"),
    (r"a = \frac{b}{c}", "a 2 too many below", "a = b/(2 c)"),
    (r"a = \frac{1}{\sigma^2}", "σ for σ²", "a = 1/sigma"),
    (r"a = \frac{1}{\sigma}", "σ² for σ", "a = 1/sigma^2"),
    ("a = b^2", "a square missing", "a = b"),
    (r"a = b^\top c", "a transpose missing", "a = b c"),
    ("a = b^{-1}c", "an inverse missing", "a = b c"),
    (r"a = \sqrt{b + c}", "a root missing", "a = (b+c)"),
    (r"a = \log b", "log missing", "a = b"),
    (r"a = \log(b + c)", "log missing", "a = (b+c)"),
    (r"a = \sin b", "cos for sin", "a = cos b"),
    (r"a = \mathbb E[\log w]", "the logarithm outside the mean", "a = log E[w]"),
    (r"a = \log\mathbb E[w]", "the logarithm inside the mean", "a = E[log(w)]"),
    (r"\operatorname{KL}(q\,\|\,p) = a", "the arguments of a divergence swapped", "KL(p||q) = a"),
    (r"p(x|z) = a", "a condition turned round", "p(z|x) = a"),
    (r"a = p - q", "q for p", "a = q-q"),
    (r"a = \mu_q\sigma", "σ for μ", "a = sigma_q sigma"),
    (r"a = \hat x", "a hat missing", "a = x"),
    (r"a = D^*(x)", "a star or prime missing", "a = D(x)"),
    (r"a = w_1 b", "an index off by one", "a = w_2 b"),
    (r"a = \sum_{i=1}^n b_i", "an index off by one", "a = sum_i = 2^n b_i"),
    (r"a = \sum_{i=1}^n b_i", "an index off by one", "a = sum_i = 1^n-1 b_i"),
    (r"a = \sum_{i>k} b_i", "≥ for >", "a = sum_i >= k b_i"),
    (r"a = \sum_{i=1}^n b_i", "a mean for a sum", "a = 1/n sum_i = 1^n b_i"),
    (r"a = \frac1n\sum_{i=1}^n b_i", "a sum for a mean", "a = sum_i = 1^n b_i"),
    (r"a = \prod_{i=1}^n b_i", "a sum for a product", "a = sum_i = 1^n b_i"),
    (r"a \le b", "≥ for ≤", "a >= b"),
    (r"\min_x f(x) = a", "a maximum for a minimum", "max_x f(x) = a"),
    (r"a = |b - c|", "an absolute value missing", "a = (b-c)"),
    ("a = b - c = 0", "1 for 0", "a = b-c = 1"),
    (r"a = 14b", "15 for 14", "a = 15 b"),
])
def test_the_mistakes_of_the_list_are_made(latex, words, wrong):
    assert (words, key(wrong)) in versions(latex)

@pytest.mark.parametrize("latex", ["c = d", "x", r"c = d \quad\text{for every } e - f"])
def test_little_can_go_wrong_in_little(latex): assert len(wrong_versions(latex)) <= 2

def test_a_law_and_a_list_have_no_sign():
    for latex in (r"z \sim \mathcal N(c, d)", r"i = c, \dots, n"):
        assert not {"a sign turned", "a 2 too many"} & {w.words for w in wrong_versions(latex)}

def test_words_are_left_alone():
    for w in wrong_versions(r"a = b\qquad\text{for every } p \text{ and } q"): assert r"\text{for every }" in w.latex

LATEX = {t: latex_of(t) for t in list(tags())[::4]}      # every fourth display of the course, for the time that it takes

@pytest.mark.parametrize("tag", LATEX)
def test_wrong_versions_of_the_displays(tag):
    "Each is a formula, another one than the right one, made once; the place is a part of the right one that reads alone or lies in it"
    right, found = read(LATEX[tag]), wrong_versions(LATEX[tag])
    assert found and len({w.latex for w in found}) == len(found)
    for w in found:
        assert read(w.latex) != right and 0 <= w.at[0] < w.at[1] <= len(LATEX[tag])

def test_there_are_many_of_every_kind():
    bounds = {t: latex_of(t) for t in tags() if t not in LATEX and re.search(r"\\leq?\b", latex_of(t))}      # few displays say ≤
    kinds = Counter(w.words for latex in (LATEX | bounds).values() for w in wrong_versions(latex))
    for words in ("a sign turned", "½ missing", "σ for σ²", "log missing", "a sum for a mean", "an index off by one", "p for q", "≥ for ≤",
                  "the arguments of a divergence swapped"): assert kinds[words] >= 4, words

def test_it_shows_as_a_formula():
    w = Wrong("a sign turned", (0, 1), "a = b")
    assert w._repr_markdown_() == r"a sign turned: $\displaystyle a = b$"

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"formula.wrong.wrong_versions": row(dict(latex="a = b + c"), latex=[1, None])}
NO_ROW = {"formula.wrong.Wrong": "a plain record", "formula.wrong.seldom_made": "takes what a check hands on"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
