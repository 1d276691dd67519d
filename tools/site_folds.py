"""Which code a reader sees at once. Open: teaching cells, checks, and a lesson's exported functions of at most three lines. In a fold
of one line that says what is inside: imports and settings, the code of a figure, and the library's source. Folds are Quarto's own
`<details>`: they open without JavaScript; nbs/site.js remembers them and shows or hides all code of a page. Print leaves them as
they are: a closed fold does not print, an open one does."""
import ast
import json
import re

from notebooks import python
from site_markup import bare, escaped

SETTINGS = {"use_style", "manual_seed", "set_default_dtype", "set_printoptions", "set_num_threads", "filterwarnings", "seed"}
DRAWS = re.compile(r"\bplt\.|\bax\w*\.(plot|imshow|scatter|hist|bar|set)\b")

def folded(cell, summary):
    "The cell with its code in a fold"
    cell.source = f"#| code-fold: true\n#| code-summary: {json.dumps(summary, ensure_ascii=False)}\n{cell.source}"
    return cell

def statements(cell):
    "The statements of a cell's code, or nothing where it is no Python"
    try: return ast.parse(python(bare(cell.source))).body
    except SyntaxError: return []

def name(f): return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else ""

def is_setting(s):
    "A line that prepares the page: a style, a seed, a number format"
    return isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and name(s.value.func) in SETTINGS

def prepares(cell):
    "Does this cell import and set, and nothing else?"
    body = statements(cell)
    return bool(body) and all(isinstance(s, (ast.Import, ast.ImportFrom)) or is_setting(s) for s in body)

def shows_picture(cell):
    "Is a picture among the outputs?"
    data = [o.get("data", {}) for o in cell.get("outputs", [])]
    return any(k.startswith("image/") for d in data for k in d) or any(
        re.search(r"<(svg|img|figure|picture)\b|vaegan-living|!\[", "".join(d.get("text/markdown", ""))) for d in data)

def hidden(cell): return bool(re.search(r"^#\|\s*(echo|include):\s*false", cell.source, re.M))

def together(cells):
    "Cells that follow one another as one cell"
    first, *rest = cells
    first.source = "\n\n".join(c.source.strip() for c in cells)
    first.outputs = [o for c in cells for o in c.get("outputs", [])]
    return first

def with_folds(cells, open_ids=()):
    "The cells of a page with folds; `open_ids`: cells that stand open whatever they are"
    out, run = [], []
    def close():
        if run:
            kinds = {type(s) for c in run for s in statements(c)}
            imports, settings = kinds & {ast.Import, ast.ImportFrom}, kinds - {ast.Import, ast.ImportFrom}
            out.append(folded(together(run), "Imports and settings" if imports and settings else "Imports" if imports else "Settings"))
            run.clear()
    for c in cells:
        if c.cell_type == "code" and not c.get("outputs") and not hidden(c) and c.id not in open_ids and prepares(c): run.append(c)
        else:
            close()
            if c.cell_type == "code" and c.id not in open_ids and "code-fold" not in c.source and not hidden(c):
                if shows_picture(c): folded(c, "Code of this figure")
                elif not c.get("outputs") and DRAWS.search(c.source): folded(c, drawing(c))
            out.append(c)
    close()
    return joined(out, open_ids)

def line(cell): return next(iter(re.findall(r"^#\| code-summary: (.*)$", cell.source, re.M)), None) if cell.cell_type == "code" else None

def joined(cells, open_ids=()):
    "Folds that say the same and follow one another, with nothing shown between, are one"
    out = []
    for c in cells:
        if out and line(c) and line(c) == line(out[-1]) and not out[-1].get("outputs") and not {c.id, out[-1].id} & set(open_ids):
            out[-1].source += f"\n\n{bare(c.source).strip()}"
            out[-1].outputs = c.get("outputs", [])
        else: out.append(c)
    return out

def drawing(cell):
    "What a fold of plotting code without a picture says"
    names = [s.name for s in statements(cell) if isinstance(s, ast.FunctionDef)]
    return "Plotting code: " + ", ".join(f"<code>{escaped(n)}</code>" for n in names) if names else "Plotting code"
