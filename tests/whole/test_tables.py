"The tables of bad input, properties and pitfalls, over all modules: nothing that is exported is left out."
import inspect
import re
from functools import lru_cache

import pytest
import tables
from properties import ABOUT, ALL
from tables import EXEMPT, INSTANCES, MISTAKES, NO_ROW, PUBLIC, ROWS, parameters

from vaegan.contents import lessons, module_of


# ----------------------------------------------------------------------------------------------------------- bad input
def test_every_export_has_its_row():
    rows = {n.split()[0].removesuffix("()") for n in ROWS}
    missing = set(PUBLIC) - rows - set(NO_ROW)
    assert not missing, f"give these a row in tests/library/test_<module>.py: {sorted(missing)}"
    gone = (rows | set(NO_ROW)) - set(PUBLIC)
    assert not gone, f"no longer exported: {sorted(gone)}"
    assert not rows & set(NO_ROW)

def test_every_argument_has_its_values():
    "Each module's own file says so for its rows; here that this was asked of all"
    asked = {n for m in library().values() for n in names(m, "test_every_argument_has_its_values")}
    assert asked == {n for n in ROWS if n in PUBLIC} and any(p for n in asked for p in parameters(n))
    assert {n for m in library().values() for n in names(m, "test_bad_arguments")} == set(ROWS)
    assert {n for m in library().values() for n in names(m, "test_the_row_itself_works")} == set(ROWS) - {"tour.tour", "datasets.mnist", "datasets.fashion_mnist"}
    assert set(INSTANCES) <= set(PUBLIC)

def library(): return {p: tables.loaded(p) for p in sorted(tables.LIBRARY.rglob("test_*.py"))}

def names(module, test):
    "What a test of a module is parametrised by"
    marks = getattr(getattr(module, test, None), "pytestmark", [])
    return [n for m in marks if m.name == "parametrize" for n in m.args[1]]

# ---------------------------------------------------------------------------------------------------------- properties
MODULES = {module_of(p.path) for p in lessons()} - {"nets", "train"}       # what is said of networks and loops stands in their own files
GENERAL = {"test_rows_do_not_know_each_other", "test_gradients_against_finite_differences", "test_dtype_is_kept_and_single_precision_is_near",
           "test_device_is_kept", "test_far_out_there_is_a_number"}

def test_every_export_has_every_kind_of_property():
    mine = {n for n in PUBLIC if n.split(".")[0] in MODULES}
    unknown = set(ABOUT) - mine
    assert not unknown, f"not exported: {sorted(unknown)}"
    missing = {}
    for n in sorted(mine):
        excused = {k for names, kinds, _ in EXEMPT if n in names for k in kinds}
        if lacks := [k for k in ALL.split() if k not in ABOUT[n] and k not in excused]: missing[n] = lacks
    assert not missing, "give these a property test, or an exemption that says why:\n" + "\n".join(f"{n}: {' '.join(k)}" for n, k in missing.items())
    idle = {n for names, *_ in EXEMPT for n in names} - set(PUBLIC)
    assert not idle, f"exemptions of nothing: {sorted(idle)}"

source = lru_cache(inspect.getsource)

def test_a_test_names_what_it_is_about():
    for name, kinds in ABOUT.items():
        for kind, test in kinds.items():
            inner = getattr(getattr(test, "hypothesis", None), "inner_test", test)
            if inner.__name__ in GENERAL: continue
            word = name.rpartition(".")[2]
            assert re.search(rf"\b{word}\b", source(inner)) or name.split(".")[1] in ("Bernoulli", "PPCA", "Normal", "DiagNormal", "FullNormal", "ContinuousBernoulli", "DiscretisedLogistic"), f"{inner.__name__} never calls {name} ({kind})"

@pytest.mark.parametrize("test", sorted(GENERAL))
def test_general_tests_are_collected(test):
    "What a general test is tried on is in some file of tests/library"
    kind = dict(zip(sorted(GENERAL), "device dtype extreme gradient one".split()))[test]
    tried = {n.split()[0] for m in library().values() for n in names(m, test)}
    assert tried and all(kind in ABOUT[n] for n in tried)
    assert {n for n, kinds in ABOUT.items() if getattr(kinds.get(kind), "__name__", "") == test} <= tried

# ------------------------------------------------------------------------------------------------------------ pitfalls
def test_names_are_used_once():
    assert len({m[0] for m in MISTAKES}) == len(MISTAKES) and len({m[1:4] for m in MISTAKES}) == len(MISTAKES)
    assert {n for m in library().values() for n in names(m, "test_the_check_passes")} == {m[-1] for m in MISTAKES}
