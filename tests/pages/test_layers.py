"The number of a notebook is reading order and import order: nothing imports a module that comes later."
import ast
import re

import pytest
from notebooks import NBS, ROOT, code_cells, nb_id, python, src


def place(nb):
    "Where a notebook stands in the order; the bank of exercises comes right after 15_exam"
    if nb.parent.name == "bank": return 15.5
    return int(nb.name[:2]) if nb.parent.name == "nbs" and nb.name[:2].isdigit() else 100

number = {m[0]: place(nb) for nb in NBS for c in code_cells(nb)
          if (m := re.findall(r"^#\|\s*default_exp\s+([\w.]+)", src(c), re.M))}

def imported(source, package=("vaegan",)):
    "Names of vaegan's modules that a piece of source imports"
    def module(parts): return ".".join(parts[1:3] if parts[1] == "bank" else parts[1:2])
    for n in ast.walk(ast.parse(source)):
        if isinstance(n, ast.ImportFrom):
            parts = [*package[:len(package) + 1 - n.level], *filter(None, (n.module or "").split("."))] if n.level else n.module.split(".")
            if parts[0] == "vaegan":
                yield from [module(parts)] if len(parts) > 1 and parts != ["vaegan", "bank"] else [module([*parts, a.name]) for a in n.names]
        elif isinstance(n, ast.Import): yield from (module(a.name.split(".")) for a in n.names if a.name.startswith("vaegan.") and a.name != "vaegan.bank")

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_imports_only_what_came_before(nb):
    limit = place(nb)
    used = {m for c in code_cells(nb) for m in imported(python(src(c)))} - {"__version__"}
    unknown = used - number.keys()
    assert not unknown, f"modules that no notebook exports: {unknown}"
    assert not {m for m in used if number[m] > limit}, "imports a later chapter"

@pytest.mark.parametrize("module", sorted(number))
def test_modules_too(module):
    path = ROOT/"vaegan"/(module.replace(".", "/") + ".py")
    used = set(imported(path.read_text(encoding="utf-8"), ("vaegan", *module.split(".")[:-1]))) - {"__version__"}
    assert {m for m in used if number[m] >= number[module]} == set()

def test_every_module_comes_from_a_notebook():
    files = {".".join(p.relative_to(ROOT/"vaegan").with_suffix("").parts) for p in (ROOT/"vaegan").rglob("*.py")} - {"__init__", "bank.__init__", "_modidx"}
    assert files == set(number)

def test_the_library_needs_no_development_tools():
    for p in (ROOT/"vaegan").rglob("*.py"):
        roots = {a.name.split(".")[0] for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))) if isinstance(n, ast.Import) for a in n.names}
        assert not roots & {"nbdev", "pytest", "scipy", "hypothesis"}, p.name

def test_the_test_sees_a_wrong_import():
    assert set(imported("from vaegan.train import fit\nfrom .gan import G\nimport vaegan.plot\nfrom . import data")) == {"train", "gan", "plot", "data"}
    assert set(imported("from ..exam import ask\nfrom .dists import x\nimport vaegan.bank.gan\nfrom vaegan.bank import vae", ("vaegan", "bank"))) == {
        "exam", "bank.dists", "bank.gan", "bank.vae"}
