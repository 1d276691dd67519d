"""The house in figures: `make figures` prints how much of the mathematics is guards, how long cells, lines and rooms are,
and what the last `make test` took."""
import ast
import json
import re
import statistics as st
from pathlib import Path

from vaegan.contents import lessons, module_of

ROOT = Path(__file__).resolve().parents[1]
NBS = sorted(p for p in (ROOT/"nbs").rglob("*.ipynb") if not any(s[0] in "._" for s in p.relative_to(ROOT).parts))
LESSONS = [p.path for p in lessons()]
GUARD = re.compile(r"_*(check|assert|validate|require|ensure|same|named)")

# -- guards ------------------------------------------------------------------------------------------------------------
def is_guard(s):
    "Is this statement there only to refuse bad input?"
    if isinstance(s, (ast.Assert, ast.Raise)): return True
    if isinstance(s, ast.If): return not s.orelse and all(map(is_guard, s.body))
    if isinstance(s, ast.For): return all(map(is_guard, s.body))
    if isinstance(s, ast.Try): return all(map(is_guard, s.body + [h for x in s.handlers for h in x.body]))
    call = s.value if isinstance(s, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(GUARD.match(ast.unparse(call.func).split(".")[-1]))

def guards(source):
    "(lines of guards, lines of bodies) of all functions, without docstrings; a function in a function counts once"
    g = n = 0
    def visit(body):
        nonlocal g, n
        for s in body:
            size = s.end_lineno - s.lineno + 1
            if isinstance(s, (ast.FunctionDef, ast.ClassDef)): continue
            n += size
            if is_guard(s): g += size
            else:
                for part in ("body", "orelse", "finalbody"):
                    g += sum(x.end_lineno - x.lineno + 1 for x in getattr(s, part, []) if is_guard(x))
    for f in ast.walk(ast.parse(source)):
        if isinstance(f, ast.FunctionDef): visit(f.body[1:] if ast.get_docstring(f) else f.body)
    return g, n

# -- cells -------------------------------------------------------------------------------------------------------------
src = lambda c: "".join(c["source"])
body = lambda c: [ln for ln in src(c).splitlines() if not ln.startswith("#|")]
exported = lambda c: bool(re.search(r"^#\|\s*exports?i?\s*$", src(c), re.M))

def cells(path): return json.loads(path.read_text(encoding="utf-8"))["cells"]
def code(path): return [c for c in cells(path) if c["cell_type"] == "code" and src(c).strip()]

def python(source): return re.sub(r"^(\s*)[!%](?:.*\\\n)*.*$", r"\1pass", source, flags=re.M)

def sizes(source):
    "name -> (is it a class?, lines without signature and docstring) of what a cell defines at its top"
    for f in ast.parse(source).body:
        if isinstance(f, (ast.FunctionDef, ast.ClassDef)):
            rest = f.body[1:] if ast.get_docstring(f) else f.body
            if isinstance(f, ast.ClassDef):    # a class without the signatures and docstrings of its methods
                lines = sum(n for _, n in (x for s in rest if isinstance(s, ast.FunctionDef) for x in sizes_of(s)))
                lines += sum(s.end_lineno - s.lineno + 1 for s in rest if not isinstance(s, ast.FunctionDef))
                yield f.name, True, lines + sum(isinstance(s, ast.FunctionDef) for s in rest)
            else: yield f.name, False, next(n for _, n in sizes_of(f))

def sizes_of(f):
    rest = f.body[1:] if ast.get_docstring(f) else f.body
    yield f.name, (rest[-1].end_lineno - rest[0].lineno + 1) if rest else 0

def wide(text, limit): return sum(len(ln) > limit for ln in text.splitlines())

# -- the report --------------------------------------------------------------------------------------------------------
def report():
    per = {m: guards((ROOT/"vaegan"/f"{m}.py").read_text(encoding="utf-8")) for m in map(module_of, LESSONS)
           if (ROOT/"vaegan"/f"{m}.py").exists()}
    g, n = map(sum, zip(*per.values()))
    worst = sorted(per, key=lambda m: -per[m][0]/max(1, per[m][1]))[:5]
    yield f"guards         {100*g/n:.1f} % of {n} body lines of the lessons' modules; most in " + ", ".join(
        f"{m} {100*per[m][0]/max(1, per[m][1]):.0f}" for m in worst)
    groups = dict(lessons=[p for p in NBS if p.relative_to(ROOT/"nbs").with_suffix("").as_posix() in LESSONS],
                  workshop=[p for p in NBS if p.parent.name in ("diagnose", "exam", "formula", "widgets") and p.parent.parent.name == "nbs"
                            or p.parent.name == "nbs" and p.stem not in LESSONS], bank=[p for p in NBS if p.parent.name == "bank"])
    for name, pages in groups.items():
        exp = [c for p in pages for c in code(p) if exported(c)]
        other = [len(body(c)) for p in pages for c in code(p) if not exported(c)]
        size = [(k, n, f"{p.stem}.{f}") for p in pages for c in code(p) if exported(c) for f, k, n in sizes(python(src(c)))]
        several = sum(len([f for f, *_ in sizes(python(src(c))) if f[0] != "_"]) > 1 for c in exp)
        longest = {kind: max(((n, f) for k, n, f in size if k == kind), default=(0, "-")) for kind in (False, True)}
        yield (f"{name:14} {len(pages)} pages; exported cells {len(exp)}, with several names {several}, median "
               f"{st.median(len(body(c)) for c in exp) if exp else 0:g} lines; longest function {longest[False][0]} ({longest[False][1]}), "
               f"class {longest[True][0]} ({longest[True][1]}); functions over 25: {sum(n > 25 for k, n, _ in size if not k)}")
        yield (f"{'':14} other cells {len(other)}, median {st.median(other) if other else 0:g}, longest {max(other, default=0)}; lines over 88: "
               f"{sum(wide(chr(10).join(body(c)), 88) for p in pages for c in code(p))}; longest page {max(len(cells(p)) for p in pages)} cells")
    js = sorted((ROOT/"vaegan"/"js").rglob("*.js"))
    yield f"javascript     {len(js)} files; lines over 100: {sum(wide(p.read_text(encoding='utf-8'), 100) for p in js)}"
    rooms = {p.relative_to(ROOT/"vaegan").as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT/"vaegan").rglob("*.py")
             if p.name != "_modidx.py"}
    big = sorted(rooms, key=lambda k: -rooms[k])[:5]
    yield f"rooms          {len(rooms)} modules; longest " + ", ".join(f"{k} {rooms[k]}" for k in big)
    tests = [p for p in (ROOT/"tests").rglob("*.py")]
    yield (f"files          {len(tests)} in tests ({sum(p.parent.name == 'tests' for p in tests)} at its top), {len(list((ROOT/'tools').glob('*.py')))} in tools; "
           f"CONTRIBUTING.md {len((ROOT/'CONTRIBUTING.md').read_text(encoding='utf-8').splitlines())} lines")
    took = ROOT/".pytest_cache"/"seconds.json"
    yield "time           " + ("no `make test` has run here" if not took.exists() else
                              "the last `make test`: {processor:.0f} s of processor time, {wall:.0f} s on the clock".format(**json.loads(took.read_text())))

if __name__ == "__main__":
    for line in report(): print(line)
