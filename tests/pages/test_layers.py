"The number of a notebook is reading order and import order: nothing imports a module that comes later."
import ast
import re

import pytest
from notebooks import NBS, ROOT, code_cells, nb_id, python, src

from vaegan.contents import import_order, module_of

WINGS, ORDER = ("bank", "diagnose", "exam", "formula", "widgets"), import_order()


def place(nb):
    "Where a notebook stands in the order of imports; the bank follows the exam's wing, in the order of the lessons"
    folder, name = nb.parent.name, module_of(nb_id(nb).removesuffix(".ipynb"))
    if folder != "bank": return ORDER.index(name) if name in ORDER else len(ORDER)
    lesson = ORDER.index(nb.stem) if nb.stem in ORDER else 0
    return ORDER.index("exam.grading") + (lesson + 1)/(len(ORDER) + 2)

number = {m[0]: place(nb) for nb in NBS for c in code_cells(nb)
          if (m := re.findall(r"^#\|\s*default_exp\s+([\w.]+)", src(c), re.M))}

# names that a wing hands on: `from vaegan.formula import holds` imports formula.claims
HANDED_ON = {f"{wing}.{a.name}": n.module.removeprefix("vaegan.") for wing in WINGS for n in ast.walk(ast.parse((ROOT/"vaegan"/wing/"__init__.py").read_text(encoding="utf-8")))
             if isinstance(n, ast.ImportFrom) for a in n.names}

def imported(source, package=("vaegan",)):
    "Names of vaegan's modules that a piece of source imports"
    def module(parts):
        name = ".".join(parts[1:3] if parts[1] in WINGS else parts[1:2])
        return HANDED_ON.get(name, name)
    for n in ast.walk(ast.parse(source)):
        if isinstance(n, ast.ImportFrom):
            parts = [*package[:len(package) + 1 - n.level], *filter(None, (n.module or "").split("."))] if n.level else n.module.split(".")
            if parts[0] == "vaegan":
                alone = len(parts) == 1 or len(parts) == 2 and parts[1] in WINGS
                yield from [module([*parts, a.name]) for a in n.names] if alone else [module(parts)]
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
    files = {".".join(p.relative_to(ROOT/"vaegan").with_suffix("").parts) for p in (ROOT/"vaegan").rglob("*.py")} - {"__init__", "__main__", "_modidx", *(f"{w}.__init__" for w in WINGS)}
    assert files == set(number)

def test_the_library_needs_no_development_tools():
    for p in (ROOT/"vaegan").rglob("*.py"):
        roots = {a.name.split(".")[0] for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))) if isinstance(n, ast.Import) for a in n.names}
        assert not roots & {"nbdev", "pytest", "scipy", "hypothesis"}, p.name

def test_the_test_sees_a_wrong_import():
    assert set(imported("from vaegan.train import fit\nfrom .gan import G\nimport vaegan.plot\nfrom . import data")) == {"train", "gan", "plot", "data"}
    assert set(imported("from vaegan.formula import holds, Over")) == {"formula.claims", "formula.meanings"}
    assert set(imported("from ..exam import learner\nfrom .dists import x\nimport vaegan.bank.gan\nfrom vaegan.bank import vae", ("vaegan", "bank"))) == {
        "exam.learner", "bank.dists", "bank.gan", "bank.vae"}
