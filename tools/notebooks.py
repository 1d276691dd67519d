"What the tests know about a notebook: its cells, equations, checks, links and pictures."
import ast
import re
from configparser import ConfigParser
from functools import cache, wraps
from pathlib import Path

from fastcore.nbio import read_nb

ROOT = Path(__file__).resolve().parents[1]
NBS = sorted(p for p in (ROOT/"nbs").rglob("*.ipynb") if not any(s[0] in "._" for s in p.relative_to(ROOT).parts))
nb_id = lambda p: p.relative_to(ROOT/"nbs").as_posix()

ini = ConfigParser(delimiters=["="])
ini.read(ROOT/"settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]

def src(cell): return "".join(cell.source)

def read_once(f):
    "A function of a notebook that is called again only where the file has changed; what it gives is to be looked at only"
    kept = cache(lambda path, *version: f(path))
    return wraps(f)(lambda path: kept(path, (s := path.stat()).st_mtime_ns, s.st_size, s.st_ino))

@read_once
def cells_of(path): return read_nb(path).cells
def md_cells(path): return [src(c) for c in cells_of(path) if c.cell_type == "markdown"]
def code_cells(path): return [c for c in cells_of(path) if c.cell_type == "code"]
@read_once
def prose(path): return re.sub(r"```.*?```", "", "\n\n".join(md_cells(path)), flags=re.S)

def directive(source, name):
    "The values of `#| name: value` lines in a code cell"
    return [m.strip() for m in re.findall(rf"^#\|\s*{name}\s*:(.*)$", source, re.M)]

def has_flag(source, name): return bool(re.search(rf"^#\|\s*{name}\s*(:|$)", source, re.M))

# -- equations ---------------------------------------------------------------------------------------------------------
@read_once
def equations(path): return re.findall(r"\$\$(.+?)\$\$", prose(path), re.S)
def tags(eq): return re.findall(r"\\tag\*?\{([^}]*)\}", eq)
def anchor(tag): return "eq-" + re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")
def checks(source): return [t.strip() for v in directive(source, "checks") for t in v.split(",")]

# -- assertions --------------------------------------------------------------------------------------------------------
SHAPE = {"shape", "ndim", "dtype", "device", "requires_grad", "is_leaf", "grad_fn"}
KIND = {"isinstance", "hasattr", "callable", "issubclass", "isfinite", "isnan", "is_tensor", "len", "type"}

def python(source):
    "A cell's source with magics and shell lines commented out"
    return re.sub(r"^(\s*)[!%](?:.*\\\n)*.*$", r"\1pass", source, flags=re.M)

def _weak(e):
    "Is this expression true whatever the mathematics says? (constants, shapes, types, finiteness)"
    if isinstance(e, ast.BoolOp):
        weak = [_weak(v) for v in e.values]
        return all(weak) if isinstance(e.op, ast.And) else any(weak)
    if isinstance(e, ast.UnaryOp): return _weak(e.operand)
    if isinstance(e, ast.Compare):
        sides = [e.left, *e.comparators]
        if len({ast.dump(s) for s in sides}) == 1: return True
        return all(_weak(s) for s in sides)         # a shape against a computed size is a claim, against a number it is not
    if isinstance(e, ast.Attribute): return e.attr in SHAPE or isinstance(e.value, ast.Name) and e.value.id == "torch"
    if isinstance(e, ast.Name): return e.id in ("int", "float", "bool", "str", "tuple", "list", "dict")
    if isinstance(e, ast.Subscript): return _weak(e.value)
    if isinstance(e, ast.Call):
        f = e.func
        name = f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else ""
        if name in KIND: return True
        if name in ("all", "any", "item", "tolist") and isinstance(f, ast.Attribute): return _weak(f.value)
        return name in ("list", "tuple", "all", "any") and bool(e.args) and _weak(e.args[0])
    if isinstance(e, (ast.Tuple, ast.List)): return all(map(_weak, e.elts))
    return isinstance(e, ast.Constant)

def _statements(body):
    "Statements that run when the cell runs: not those inside definitions, dead branches or swallowing `try`s"
    for s in body:
        if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)): continue
        if isinstance(s, (ast.If, ast.While)) and isinstance(s.test, ast.Constant) and not s.test.value: continue
        yield s
        if isinstance(s, ast.Try) and s.handlers: continue
        for field in ("body", "orelse", "finalbody"): yield from _statements(getattr(s, field, []))

def joined(e):
    "The calls of an expression: one, or several that are joined by &"
    if isinstance(e, ast.BinOp) and isinstance(e.op, ast.BitAnd): return [*joined(e.left), *joined(e.right)]
    return [e] if isinstance(e, ast.Call) else []

def can_fail(source):
    "Does the cell hold an assertion on a value, one that a mistake in the mathematics could break?"
    for s in _statements(ast.parse(python(source)).body):
        if isinstance(s, ast.Assert) and not _weak(s.test): return True
        for call in joined(s.value) if isinstance(s, (ast.Expr, ast.Assign)) else ():
            f, args = call.func, call.args
            name = f.id if isinstance(f, ast.Name) else getattr(f, "attr", "")
            if name == "holds" and args: return True                # evaluates a display and asserts every relation in it
            if name in ("assert_close", "test_close", "test_eq") and len(args) >= 2 and ast.dump(args[0]) != ast.dump(args[1]):
                return True
    return False
