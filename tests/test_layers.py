"The number of a notebook is reading order and import order: nothing imports a module that comes later."
import ast
import re

import pytest

from nbs import NBS, ROOT, code_cells, nb_id, python, src

number = {m[0]: int(nb.name[:2]) for nb in NBS for c in code_cells(nb)
          if (m := re.findall(r"^#\|\s*default_exp\s+(\w+)", src(c), re.M))}

def imported(source):
    "Names of vaegan's modules that a piece of source imports"
    for n in ast.walk(ast.parse(source)):
        if isinstance(n, ast.ImportFrom):
            parts = (n.module or "").split(".")
            if n.level == 1: parts = ["vaegan", *filter(None, parts)]
            if parts[0] == "vaegan": yield from parts[1:2] or [a.name for a in n.names]
        elif isinstance(n, ast.Import): yield from (a.name.split(".")[1] for a in n.names if a.name.startswith("vaegan."))

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_imports_only_what_came_before(nb):
    limit = int(nb.name[:2]) if nb.parent.name == "nbs" and nb.name[:2].isdigit() else 100
    used = {m for c in code_cells(nb) for m in imported(python(src(c)))} - {"__version__"}
    unknown = used - number.keys()
    assert not unknown, f"modules that no notebook exports: {unknown}"
    assert not {m for m in used if number[m] > limit}, "imports a later chapter"

@pytest.mark.parametrize("module", sorted(number))
def test_modules_too(module):
    used = set(imported((ROOT/"vaegan"/f"{module}.py").read_text(encoding="utf-8"))) - {"__version__"}
    assert {m for m in used if number[m] >= number[module]} == set()

def test_every_module_comes_from_a_notebook():
    files = {p.stem for p in (ROOT/"vaegan").glob("*.py")} - {"__init__", "_modidx"}
    assert files == set(number)

def test_the_library_needs_no_development_tools():
    for p in (ROOT/"vaegan").glob("*.py"):
        roots = {a.name.split(".")[0] for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))) if isinstance(n, ast.Import) for a in n.names}
        assert not roots & {"nbdev", "pytest", "scipy", "hypothesis"}, p.name

def test_the_test_sees_a_wrong_import():
    assert set(imported("from vaegan.train import fit\nfrom .gan import G\nimport vaegan.plot\nfrom . import data")) == {"train", "gan", "plot", "data"}
