"""A displayed equation on the site is one block: the formula, its tag, and the mark that it runs, which opens on the spot what
checks it. The notebook holds an anchor, a display with `\\tag`, and cells with `#| checks:`; this makes

    div.equation#eq-tag > div.equation-math + a.equation-tag + details.runs > summary + div.runs-body

The tag is taken out of the formula: KaTeX would print it over a long one."""
import ast
import re
from typing import NamedTuple

import site_held
from notebooks import anchor, checks, python, tags
from site_folds import name
from site_markup import MATH, bare, escaped, outside_code, plain_html, prefixed, raw
from site_tex import breakable, top_level, width

from vaegan.help import count


# -- formulas ----------------------------------------------------------------------------------------------------------
def clauses(tex):
    "The parts of a display between \\qquad's: each may stand on a line of its own"
    parts = [""]
    for token, top in top_level(tex):
        if top and token == "\\qquad": parts.append("")
        else: parts[-1] += token
    return [p.strip() for p in parts if p.strip()]

def formulas(text):
    "A text whose formulas break where a reader would break them"
    return outside_code(text, lambda t: MATH.sub(lambda m: f"$${breakable(m['display'])}$$" if m["display"] else f"${breakable(m['inline'])}$", t))

# -- what checks an equation -------------------------------------------------------------------------------------------
class Check(NamedTuple):
    "A cell that checks an equation: its anchor on the page, its code, and what it printed"
    id: str
    source: str
    printed: str
    shown: tuple = ()      # what `holds` showed, display by display (site_held)

def printed(cell):
    "The text that a cell shows, if it is short and nothing else"
    parts = ["".join(o.get("text", "")) or "".join(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])]
    pictures = any(k != "text/plain" for o in cell.get("outputs", []) for k in o.get("data", {}))
    text = "\n".join(p.rstrip("\n") for p in parts)
    return "" if pictures or text.count("\n") > 11 else text

def tags_of(cell):
    "The equations that a cell checks"
    return checks(cell.source) or [t.strip() for t in getattr(cell, "directives_", {}).get("checks", "").split(",") if t.strip()]

def checks_of(cells):
    "tag -> the cells that check it; id of such a cell -> the line that stands before it"
    found, heads = {}, {}
    for c in cells:
        if c.cell_type != "code": continue
        links = []
        for tag in tags_of(c):
            mine = found.setdefault(tag, [])
            mine.append(Check(anchor(tag).replace("eq-", "check-", 1) + f"-{len(mine) + 1}"*bool(mine), bare(c.source).strip(), printed(c), tuple(site_held.of_cell(c))))
            links.append(f'<a id="{mine[-1].id}" href="#{anchor(tag)}">({escaped(tag)})</a>')
        site_held.on_the_page(c, tags_of(c))
        if links: heads[c.id] = f'<div class="checks">✓ This cell checks {", ".join(links)}</div>'
    return found, heads

def assertions(source):
    "How many assertions a cell makes"
    claims = lambda n: isinstance(n, ast.Assert) or isinstance(n, ast.Call) and (name(n.func) == "holds" or name(n.func).startswith(("assert_", "test_")))
    return sum(claims(n) for n in ast.walk(ast.parse(python(source))))

def compared(tag, found):
    """The one place that says with what an equation is compared: `what` stands in the line below it, `more` at that line's end, `body`
    (HTML) first in the open block. It is the comment with which the first check begins; how many wrong versions were tried, or how
    much is asserted where none was; and the two sides with their values and the wrong versions, as the checking cells have shown them"""
    first = re.match(r"(?:#(?!\|).*\n)+", found[0].source + "\n")
    what = " ".join(s.lstrip("# ").strip() for s in first[0].splitlines()) if first else ""
    body, wrong = site_held.body(tag, [c.shown for c in found])
    n = sum(assertions(c.source) for c in found)
    more = f"{count(wrong, 'wrong version')} tried" if wrong else count(n, "assertion") + f" in {len(found)} cells"*(len(found) > 1)
    return what, more, body

# -- the block ---------------------------------------------------------------------------------------------------------
def cell_of(check, at, of):
    "One checking cell inside the opened block: its code, what came out, and the way to it; site.js colours the code as it is there"
    label = "The cell that would fail" if of == 1 else f"Cell {at} of {of} that would fail"
    out = f'<div class="cell-output cell-output-display"><pre><code>{escaped(check.printed)}</code></pre></div>\n' if check.printed else ""
    return (f'<p class="label">{label}</p>\n<div class="sourceCode runs-code"><pre class="sourceCode python"><code class="sourceCode python">{escaped(check.source)}</code></pre></div>\n'
            f'{out}<p class="runs-jump"><a href="#{check.id}">Go to this cell on the page</a></p>')

def runs(tag, found):
    "The line below an equation, and what it opens"
    what, more, body = compared(tag, found)
    summary = (f'<summary><span class="runs-mark"><span class="visually-hidden">({escaped(tag)}) </span>runs</span><span class="runs-what">{plain_html(what)}</span>'
               f'<span class="runs-more">{escaped(more)}</span></summary>')
    cells = [cell_of(c, i, len(found)) for i, c in enumerate(found, 1)]
    return raw("\n".join(filter(None, [f'<details class="runs">{summary}\n<div class="runs-body">', body, *cells, "</div></details>"])))

def block(tex, tag, ident, found):
    "The block of one display; without a tag it is the formula alone"
    name = f' role="group" aria-label="Equation {escaped(tag)}"' if tag else ""
    start = f'<div class="equation{"" if tag else " plain"}"{f""" id="{ident}" """.rstrip() if ident else ""}>\n<div class="equation-math"{name}>'
    link = (f'\n<a class="equation-tag" href="#{ident or anchor(tag)}" aria-label="({escaped(tag)}): link to this equation">'
            f'<span class="permalink" aria-hidden="true">¶</span>({escaped(tag)})</a>') if tag else ""
    maths = [f"$${breakable(c)}$$" for c in clauses(tex)]
    return "\n\n".join([raw(start), *maths, raw("</div>" + link), *([runs(tag, found)] if found else []), raw("</div>")])

def in_a_table(tex, tag, ident):
    "A display in a row of a table: there no block can stand"
    link = f' <a class="equation-tag" id="{ident}" href="#{ident}">({escaped(tag)})</a>' if tag else ""
    return f"$\\displaystyle {breakable(tex)}$" + link

DISPLAY = re.compile(r"""(?:<a\ id="(?P<id>[^"]+)"></a>\s*?\n(?:[ \t>]*\n)*[ \t>]*)?\$\$(?P<tex>.+?)\$\$""", re.S | re.X)

def with_blocks(text, found):
    "A text of the page with each display as a block; `found`: tag -> the checks of this page"
    def change(text):
        out, at = "", 0
        for m in DISPLAY.finditer(text):
            out += text[at:m.start()]
            line = out[out.rfind("\n") + 1:]
            outer, bullet, before = re.match(r"([ \t>]*)((?:[-*+]|\d+[.)])[ \t]+)?(.*)", line).groups()
            tag = next(iter(tags(m["tex"])), "")
            tex = re.sub(r"\\tag\*?\{[^}]*\}", "", re.sub(r"\n[ \t>]*", "\n", m["tex"])).strip()
            ident = m["id"] or (anchor(tag) if tag else "")
            at = m.end()
            if line.lstrip().startswith("|"):
                out += in_a_table(tex, tag, ident)
                continue
            rest = outer + " "*len(bullet or "")
            if before.strip(): out = out.rstrip() + f"\n{outer.rstrip()}\n" + rest
            out += prefixed(block(tex, tag, ident, found.get(tag, [])), "", rest)
            after = text[at:].split("\n", 1)[0]
            if after.strip():
                out += f"\n{outer.rstrip()}\n{rest}"
                at += len(after) - len(after.lstrip())
        return out + text[at:]
    return outside_code(text, change)

# -- punctuation -------------------------------------------------------------------------------------------------------
UNTOUCHED = re.compile(r"(\$\$.+?\$\$|^#+ [^\n]*$|!\[[^\]]*\]\([^)]*\)|<[^<>$]*>)", re.S | re.M)     # displays, headings, pictures, tags
CLOSED = re.compile(r"(?<![\\$\w])([(\[]?)\$(?!\s)([^$\n]+?)(?<![\s\\])\$([,.;:!?)\]’]+)(?![\w(])")
EMPHASIS = re.compile(r"\$(\*{1,3})([,.;:!?]+)(?=\s|$)")     # the comma after *… $x$* goes inside
LONG = 24    # letters and signs of a formula that may break, on a phone

def bound(text):
    "A comma, a bracket or a full stop after a formula does not begin a line; a long formula may still break inside"
    def pair(m): return f'<span class="nobreak{" long" if width(m[2]) > LONG else ""}">{m[0]}</span>'
    def change(part): return part if UNTOUCHED.fullmatch(part) else CLOSED.sub(pair, EMPHASIS.sub(r"$\2\1", part))
    return outside_code(text, lambda t: "".join(map(change, UNTOUCHED.split(t))))
