"""What the library exports, as a section of its own: heading with the bare name, signature, one sentence, a table of arguments
with shape and meaning, and the source in a fold. All of it is read from the cell's own text."""
import ast
import io
import re
import tokenize
from functools import cache
from typing import NamedTuple

from notebooks import ROOT, cfg
from site_folds import folded
from site_markup import CODE, escaped, markdown, output_text, plain_html, python, raw, text_of

from vaegan.contents import module_of

LONG = 34    # letters of a type that stay on one line
SHORT = 3    # a lesson's function of so few lines, alone in its cell, stands open: it is the formula of its section, in code

class Row(NamedTuple):
    "An argument, a field or what is returned"
    name: str
    shape: str
    meaning: str
    default: str = ""

class Entry(NamedTuple):
    "A function or a class of the library"
    name: str
    signature: str
    returns: str
    doc: str
    rows: list
    methods: list
    lines: int           # of its body, without the docstring; 0 for a class

# -- reading the source ------------------------------------------------------------------------------------------------
def comments(source):
    "line -> the comment at its end"
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT}

def words(node):
    "A marker of a type in words: nonnegative, sums to one, labels('n_classes')"
    return ast.unparse(node).replace("_", " ") if isinstance(node, ast.Name) else ast.unparse(node)

UNSAID = {"any_dtype", "like"}    # markers about dtype and device: the table says shape and meaning

def shape(node):
    "An annotation as the page says it: `Float[Tensor, 'B +D', nonnegative]` is [B, +D], nonnegative"
    if node is None: return ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr): return f"{shape(node.left)} or {shape(node.right)}"
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Tuple):
        kind, (first, *rest) = node.value.id, node.slice.elts
        called = lambda n: (n.func if isinstance(n, ast.Call) else n)
        if isinstance(first, ast.Name) and first.id == "Tensor":
            size = rest[0].value if isinstance(rest[0], ast.Constant) else ast.unparse(rest[0]).lstrip("f").strip("'\"")
            marks = [words(n) for n in rest[1:] if getattr(called(n), "id", "") not in UNSAID]
            sized = f"[{', '.join(size.split())}]" if size.split() else "one number"
            return ", ".join([("" if kind == "Float" else kind.lower() + " ") + sized, *marks])
        if kind == "Annotated": return ", ".join([shape(first), *map(words, rest)])
    return ast.unparse(node).replace("'", '"') if not isinstance(node, ast.Constant) else str(node.value)

def arguments(f, notes):
    "The rows of a function's arguments, and its signature with defaults and nothing else"
    a, rows, sig = f.args, [], []
    plain = [*a.posonlyargs, *a.args]
    defaults = [None]*(len(plain) - len(a.defaults)) + a.defaults
    listed = [*zip(plain, defaults, [""]*len(plain))]
    if a.vararg: listed.append((a.vararg, None, "*"))
    elif a.kwonlyargs: listed.append((None, None, "*"))
    listed += [*zip(a.kwonlyargs, a.kw_defaults, [""]*len(a.kwonlyargs))] + ([(a.kwarg, None, "**")] if a.kwarg else [])
    for x, default, star in listed:
        name = star + (x.arg if x else "")
        if name in ("self", "cls"): continue
        value = ast.unparse(default) if default is not None else ""
        sig.append(name + (f"={value}" if value else ""))
        if x and (x.annotation or notes.get(x.end_lineno)): rows.append(Row(name, shape(x.annotation), notes.get((default or x).end_lineno, ""), value))
    return rows, ", ".join(sig)

def returns(f, notes):
    "What a function returns, as a row"
    if f.returns is None or isinstance(f.returns, ast.Constant) and f.returns.value is None: return []
    return [Row("returns", shape(f.returns), notes.get(f.returns.end_lineno, ""))]

FACTORY = re.compile(r"field\(default_factory=(list|dict|tuple|set)\b.*\)$")

def as_it_comes(default):
    "A field's default as it comes: field(default_factory=list) is []"
    m = FACTORY.match(default)
    return dict(list="[]", dict="{}", tuple="()", set="set()")[m[1]] if m else default

def fields(c, notes):
    "The fields of a NamedTuple or dataclass"
    return [Row(s.target.id, shape(s.annotation), notes.get(s.end_lineno, ""), as_it_comes(ast.unparse(s.value)) if s.value else "")
            for s in c.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]

def entry(node, notes):
    "All that the page says about one definition"
    doc = ast.get_docstring(node) or ""
    if isinstance(node, ast.ClassDef):
        made = next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)
        rows, sig = arguments(made, notes) if made else (fields(node, notes), "")
        if not made: sig = ", ".join(r.name + (f"={r.default}" if r.default else "") for r in rows)
        methods = [(s.name, arguments(s, notes)[1], (ast.get_docstring(s) or "").split("\n")[0]) for s in node.body
                   if isinstance(s, ast.FunctionDef) and s.name[0] != "_"]
        return Entry(node.name, sig, "", doc, rows, methods, 0)
    rows, sig = arguments(node, notes)
    body = node.body[bool(ast.get_docstring(node)):]
    back = returns(node, notes)
    return Entry(node.name, sig, back[0].shape if back else "", doc, rows + back, [], body[-1].end_lineno - body[0].lineno + 1 if body else 0)

def entries(source):
    "The public definitions of a cell"
    notes = comments(source)
    return [entry(n, notes) for n in ast.parse(source).body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.name[0] != "_"]

# -- writing the section -----------------------------------------------------------------------------------------------
def table(e):
    "Arguments, shapes and meanings; each row begins with its name"
    def row(r):
        name = r.name if r.name == "returns" else f"<code>{escaped(r.name)}</code>"
        long = ' class="long"'*(len(r.shape) > LONG)
        return f'<tr><th scope="row">{name}</th><td{long}>{escaped(r.shape)}</td><td>{plain_html(r.meaning)}</td></tr>'
    if not e.rows: return ""
    return f'<table aria-label="{escaped(e.name)}: arguments, shapes and meanings"><tbody>\n' + "\n".join(map(row, e.rows)) + "\n</tbody></table>"

def method_list(e):
    "What the methods of a class do, those that say it"
    items = [f"<li><code>{escaped(n)}({escaped(sig)})</code> {plain_html(doc)}</li>" for n, sig, doc in e.methods if doc]
    return f'<ul class="methods" aria-label="{escaped(e.name)}: methods">\n' + "\n".join(items) + "\n</ul>" if items else ""

def words_of(doc):
    "A docstring as Markdown: its paragraphs, and its examples as code"
    paragraphs = [p for p in re.split(r"\n\s*\n", doc) if p.strip()]
    return [python(p) if ">>>" in p else raw(f"<p>{plain_html(p)}</p>") for p in paragraphs]

def api_head(e, url):
    "Signature and the way to the source"
    arrow = f' <span class="returns">→ {escaped(e.returns)}</span>' if e.returns else ""
    module = re.search(r"/blob/[^/]+/([\w/]+)\.py", url)
    link = f'<a href="{escaped(url)}" aria-label="{escaped(e.name)} in the repository">{module[1].replace("/", ".")}</a>' if module else ""
    return raw(f'<div class="api-head"><code><b>{escaped(e.name)}</b>({escaped(e.signature)}){arrow}</code>{link}</div>')

def file_of(page):
    "The module of a page (its path without .ipynb), or what would be its file"
    module = module_of(page).replace(".", "/")
    return f"vaegan/{module.removesuffix('index') + '__init__' if module.endswith('/index') else module}.py"

@cache
def lines_of(page):
    "name -> the line on which the module of a page defines it"
    file = ROOT/file_of(page)
    return {n.name: n.lineno for n in ast.parse(file.read_text(encoding="utf-8")).body if hasattr(n, "name")} if file.exists() else {}

def source_url(name, page):
    """The link to a name's source in the module of its own page. nbdev's `show_doc` looks for the bare name in the whole library: of
    two functions with one name it finds one"""
    line = lines_of(page).get(name)
    return f"{cfg['git_url']}/blob/{cfg['branch']}/{file_of(page)}#L{line}" if line else ""

def helpers(cell):
    "A cell that exports no name with a docstring: constants and rows of tables stand open if they are few lines, private functions in a fold"
    body = ast.parse(cell.source).body
    names = [n.name for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))] or list(dict.fromkeys(filter(None, map(filled, body))))
    if names and cell.source.count("\n") >= 6: folded(cell, "Source of " + listed(names))
    return [cell]

def filled(statement):
    "The name that a statement gives a value, or whose table it makes longer"
    match statement:
        case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)): return name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update" | "extend" | "append"))): return name

def listed(names):
    "Names in code, the last after an `and`"
    coded = [f"<code>{escaped(n)}</code>" for n in names]
    return " and ".join(filter(None, [", ".join(coded[:-1]), coded[-1]]))

def section(cell, urls, level, lesson):
    "The cells of an exported cell's section or sections: for each name a head, and the source in the last"
    found, out = entries(cell.source), []
    if not found: return helpers(cell)
    stands_open = lesson and len(ast.parse(cell.source).body) == 1 and 0 < found[0].lines <= SHORT
    for i, e in enumerate(found):
        parts = [f"::: {{.api{' .open' if stands_open else ''}}}", f"{'#'*level} {e.name}", api_head(e, urls.get(e.name, ""))]
        if not stands_open: parts += [*words_of(e.doc), *filter(None, [table(e) and raw(table(e)), method_list(e) and raw(method_list(e))])]
        out += [markdown("\n\n".join(parts))] + [markdown(":::")]*(i < len(found) - 1)
    if not stands_open: folded(cell, f"Source of {listed([e.name for e in found])}")
    return [*out, cell, markdown(":::")]

def on_the_page(cells):
    "Markdown with headings that a cell wrote stands on the page itself: else they are not among the page's contents"
    def has_heads(o): return bool(re.search(r"^## ", CODE.sub("", output_text(o)), re.M))
    out = []
    for c in cells:
        found = [o for o in c.get("outputs", []) if has_heads(o)]
        if found: c.outputs = [o for o in c.outputs if not has_heads(o)]
        out += [c, *(markdown(output_text(o)) for o in found)]
    return out

def last_level(cells):
    "The level of the last heading so far"
    heads = [len(h) for c in cells if c.cell_type == "markdown" for h in re.findall(r"^(#+) ", re.sub(r"^(`{3,}).*?^\1", "", text_of(c), flags=re.S | re.M), re.M)]
    return heads[-1] if heads else 1
