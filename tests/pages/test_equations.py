"Every displayed equation carries a tag, and a cell of its notebook checks that very claim. No exception list."
import re

import pytest
from notebooks import NBS, anchor, can_fail, checks, code_cells, equations, nb_id, prose, src, tags

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id)

@each_nb
def test_equations_are_tagged(nb):
    assert prose(nb).count("$$") % 2 == 0, "a display that is not closed"
    bad = [e.strip() for e in equations(nb) if len(tags(e)) != 1]
    assert not bad, f"displays without exactly one tag: {bad}"
    names = [t for e in equations(nb) for t in tags(e)]
    assert len(names) == len(set(names)), f"tags used twice: {sorted(t for t in set(names) if names.count(t) > 1)}"
    assert not re.search(r"\\begin\{(equation|align|gather|multline)\*?\}|\\\[", prose(nb)), "a display that escapes the check"

@each_nb
def test_equations_have_anchors(nb):
    ids = set(re.findall(r'<a id="([^"]+)">', prose(nb)))
    missing = [t for e in equations(nb) for t in tags(e) if anchor(t) not in ids]
    assert not missing, f"equations that cannot be linked to: {missing}"

@each_nb
def test_equations_are_checked(nb):
    cells = [src(c) for c in code_cells(nb)]
    checked = {t for c in cells for t in checks(c)}
    tagged = {t for e in equations(nb) for t in tags(e)}
    assert not tagged - checked, f"equations without a checking cell: {sorted(tagged - checked)}"
    assert not checked - tagged, f"checks of no equation: {sorted(checked - tagged)}"
    idle = [checks(c) for c in cells if checks(c) and not can_fail(c)]
    assert not idle, f"checking cells without an assertion that can fail: {idle}"

@pytest.mark.parametrize("cell", [
    "assert True", "assert 1 == 1", "assert a == a", "assert x.shape == (2, 3)", "assert x.isfinite().all()",
    "assert isinstance(x, int)", "assert len(x) == 3", "assert x.shape == y.shape and len(x) == 2", "x = 1",
    "assert a < 1 or True", "def f():\n    assert a < b", "if False:\n    assert a < b", "assert_close(a, a)",
    "try:\n    assert a < b\nexcept AssertionError: pass", "assert torch.isfinite(x).all()", "assert list(x.shape) == [1]",
    "assert x.dtype == torch.float32", "assert type(x) is int"])
def test_idle_assertions_are_seen(cell): assert not can_fail(cell)

@pytest.mark.parametrize("cell", [
    "assert abs(a - b) < 1e-6", "assert_close(a, b)", "torch.testing.assert_close(a, b)", "assert kl > 0", "assert torch.allclose(a, b)",
    "for i in range(3):\n    assert abs(f(i)) < 1", "with torch.no_grad():\n    assert (a >= b).all()", "assert len(a) == 1 and f(a) < .1",
    "holds('KL', q=q, p=p)", "for q in qs:\n    found = holds('KL', q=q)\nfound", "holds('A', a=1) & holds('B', b=2)", "!ls\nassert a == 2", "assert conv(x).shape[-1] == (H + 2*P - K)//S + 1", "assert n_params(net) == len(x)*(a + 1)"])
def test_real_assertions_are_seen(cell): assert can_fail(cell)

def test_the_course_has_equations(): assert sum(len(equations(nb)) for nb in NBS) >= 50
