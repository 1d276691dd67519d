"The house keeps its measures: how much of a lesson is guards, how long cells, lines and pages are (`make figures`)."
import re

import figures
import pytest
from notebooks import NBS, ROOT, nb_id

from vaegan.contents import lessons, module_of

MODULES = [m for m in (module_of(p.path) for p in lessons()) if (ROOT/"vaegan"/f"{m}.py").exists()]
PAGES = [nb for nb in NBS if nb.parent.name != "bank"]     # a question with its mistakes and its solution is one long function
BANK = [nb for nb in NBS if nb.parent.name == "bank"]

def test_bodies_hold_mathematics():
    "Guards in the bodies of the lessons' functions, over all of them"
    guards, lines = map(sum, zip(*(figures.guards((ROOT/"vaegan"/f"{m}.py").read_text(encoding="utf-8")) for m in MODULES)))
    assert guards <= .08*lines, f"{guards} of {lines} lines are guards"

@pytest.mark.parametrize("nb", PAGES, ids=nb_id)
def test_cells_are_short(nb):
    cells = figures.cells(nb)
    assert len(cells) <= 100, f"{len(cells)} cells: two pages?"
    for c in figures.code(nb):
        wide = [ln for ln in figures.body(c) if len(ln) > 88]
        assert not wide, wide
        if not figures.exported(c): continue
        sizes = list(figures.sizes(figures.python(figures.src(c))))
        assert sum(not name.startswith("_") for name, *_ in sizes) <= 1, f"several names: {[name for name, *_ in sizes]}"
        long = [(name, n) for name, is_class, n in sizes if n > (50 if is_class else 25)]
        assert not long, f"lines without signature and docstring: {long}"

@pytest.mark.parametrize("nb", BANK, ids=nb_id)
def test_questions_are_easy_to_read(nb):
    "Lines that fit, and none of the turns of phrase that readers stumbled over"
    for c in figures.code(nb):
        wide = [ln for ln in figures.body(c) if len(ln) > 88]
        assert not wide, wide
    tics = re.findall(r"(?i)\b(?:asked (?:was|were)|observed is|sureness|puts out|best off|question asks for)\b", " ".join(map(figures.src, figures.cells(nb))))
    assert not tics, tics

@pytest.mark.parametrize("js", sorted((ROOT/"vaegan"/"js").rglob("*.js")), ids=lambda p: p.name)
def test_javascript_fits(js):
    assert max(map(len, js.read_text(encoding="utf-8").splitlines())) <= 100

def test_the_rules_fit_in_seventy_five_lines(): assert len((ROOT/"CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 75

def test_rooms_of_the_wings_are_small():
    for p in (p for wing in ("diagnose", "exam", "formula", "widgets") for p in (ROOT/"vaegan"/wing).glob("*.py")):
        assert len(p.read_text(encoding="utf-8").splitlines()) <= 350, p.name

def test_what_is_a_guard():
    "A function with two lines of guards in five, one with none; `if` with an `else` is no guard"
    text = "def f(x):\n    'doc'\n    if x < 0: raise ValueError('x')\n    check_it(x)\n    y = x + 1\n    z = y*y\n    return z\n"
    assert figures.guards(text) == (2, 5)
    assert figures.guards("def f(x):\n    if x: y = 1\n    else: y = 2\n    return y\n") == (0, 3)
