"A slow cell gives no new value to a name that a later cell reads: with `make slow` a page says the same as without."
import symtable

import pytest
from notebooks import NBS, code_cells, has_flag, nb_id, python, src


def names(code):
    "The global names that a cell binds and those that it takes from before"
    table = symtable.symtable(code, "cell", "exec")
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    return bound, read(table)

def read(table, top=True):
    here = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return here.union(*(read(t, False) for t in table.get_children()))

def overwritten(cells):
    "(name, its slow cell, the reader) of (code, slow) in order; a cell that binds a name itself is no reader of it"
    before, other, found = set(), {}, []
    for n, (code, slow) in enumerate(cells):
        bound, used = names(code)
        if slow: other |= {name: n for name in bound & before}
        else:
            found += [(name, other[name], n) for name in sorted((used - bound) & set(other))]
            before |= bound
            for name in bound: other.pop(name, None)
    return found

@pytest.mark.parametrize("cells,found", [
    ([("x = 1", False), ("x = 2", True), ("y = x", False)], [("x", 1, 2)]),
    ([("x = 1", False), ("for x in 'ab': pass", True), ("def f(): return x", False)], [("x", 1, 2)]),
    ([("x = 1", False), ("y = [x for x in 'ab']", True), ("y = x", False)], []),
    ([("x = 1", False), ("x = 2", True), ("x = 3", False), ("y = x", False)], []),
    ([("x = 2", True), ("y = [x for x in 'ab']", False)], [])])
def test_what_a_slow_cell_overwrites_is_found(cells, found): assert overwritten(cells) == found

@pytest.mark.parametrize("nb", [nb for nb in NBS if any(has_flag(src(c), "slow") for c in code_cells(nb))], ids=nb_id)
def test_slow_cells_change_nothing_for_later_ones(nb):
    cells = code_cells(nb)
    faults = overwritten([(python(src(c)), has_flag(src(c), "slow")) for c in cells])
    assert not faults, [(name, cells[a].id, cells[b].id) for name, a, b in faults]
