"""What `holds` showed of a checked equation, on the site. The notebook's output is Markdown (nbs/formula/held.ipynb): a table of the sides
with their values, and folded below it one of wrong versions. Here it is read again and set as tables of HTML, for the opened mark of the
equation and for the cell itself. There is no second truth: what the cell stored is what the page shows."""
import ast
import re
import unicodedata
from typing import NamedTuple

from notebooks import python
from site_markup import bare, escaped, output_text, raw
from site_tex import breakable, loose

from vaegan.formula.held import SUMMARY

HEAD = re.compile(r"^\| (?:\((?P<tag>[^|]+)\)|this) holds here \| value \|$", re.M)

class Shown(NamedTuple):
    "One display, as a check showed it"
    tag: str        # or nothing
    sides: list     # (formula, value)
    wrong: list     # (what is wrong, formula, value, what it should be)
    notes: list     # what was not evaluated
    case: str = ""  # what it was evaluated with, where a cell shows one display more than once

def rows(text):
    "The rows of the tables in a piece of Markdown, without heads and rules"
    found = [[c.strip() for c in s[2:-2].split(" | ")] for s in text.splitlines() if s.startswith("| ") and s.endswith(" |")]
    return found[1:]

def shown(markdown):
    "What the checks of a cell showed, display by display"
    heads = [*HEAD.finditer(markdown)]
    for m, end in zip(heads, [*(h.start() for h in heads[1:]), len(markdown)]):
        sides, _, wrong = markdown[m.start():end].partition("<details>")
        yield Shown(m["tag"] or "", rows(sides), rows(wrong), re.findall(r"^`(.+)`$", sides, re.M))

def given(source, tag):
    "What the `holds` of a cell's last statement got for a display, as code: the first of it, and what not all of them got"
    calls = [n for n in ast.walk(ast.parse(python(bare(source))).body[-1]) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "holds" and n.args]
    mine = sorted((c for c in calls if isinstance(c.args[0], ast.Constant) and c.args[0].value == tag), key=lambda c: (c.lineno, c.col_offset))
    got = [[*map(ast.unparse, c.args[1:]), *(f"{k.arg}={ast.unparse(k.value)}" for k in c.keywords if k.arg not in HOW)] for c in mine]
    return ["".join(parts[:1]) for parts in got], [", ".join(p for p in parts if not all(p in other for other in got)) for parts in got]

HOW = {"tight", "atol", "rtol", "within", "skip"}     # how a display is evaluated, not with what
SHORT = 40                                            # letters of code in the title of a table

def told_apart(found, source):
    "Where one display stands more than once, each says its case: by what it got if that is short, else by its number"
    for tag in {s.tag for s in found}:
        mine = [i for i, s in enumerate(found) if s.tag == tag]
        def tell(names): return len(names) == len(mine) == len({*names}) and all(0 < len(n) <= SHORT and not re.search("[{'\"]", n) for n in names)
        said = next(filter(tell, given(source, tag)), ()) if mine[1:] else ()
        for k, i in enumerate(mine):
            if mine[1:]: found[i] = found[i]._replace(case=f"with <code>{escaped(said[k])}</code>" if said else f"case {k + 1} of {len(mine)}")
    return found

def of_cell(cell):
    "The same, from the stored outputs of a cell"
    return told_apart([s for o in cell.get("outputs", []) for s in shown(output_text(o))], cell.source)

# -- as HTML -----------------------------------------------------------------------------------------------------------
def words(text):
    "Words in which formulas stand between dollars"
    return re.sub(r"\$(.+?)\$", lambda m: f'<span class="math inline">{m[1]}</span>', escaped(text))

def formula(text): return f'<span class="math inline">{escaped(breakable(loose(text.strip("$"))))}</span>'

def table(kind, title, head, body):
    """A table below its title. Quarto leaves it as it is, and what can be known from a column is said once, in the style sheet:
    its alignment, its colour, and on a phone, where the head is left out, the name of each number"""
    cells = "".join(f'<th scope="col">{h}</th>' for h in head)
    rows = "\n".join(f"<tr>{''.join(f'<td>{c}</td>' for c in r)}</tr>" for r in body)
    return f'<p class="label">{title}</p>\n<table class="mutants {kind}" {UNTOUCHED}>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'

UNTOUCHED = 'data-quarto-disable-processing="true"'
def num(value): return escaped(value.replace("-", "−"))

LEFT = re.compile(r"(?P<what>not evaluated: )(?P<plain>.+?)(?P<why> \([^()]*\))?$")
LETTERS = {name: chr(code) for code in range(0x3b1, 0x3ca) if code != 0x3c2 for name in [unicodedata.name(chr(code)).split()[-1].lower()]}
LETTERS |= {"lambda": "λ", "varphi": "φ", "varepsilon": "ε"}

def note(text):
    "What else is to be said of a display: a formula that was left out as code, a letter among words as itself"
    text, m = text[:1].upper() + text[1:], LEFT.match(text)
    if not m: return escaped(text)
    plain = " ".join(m["plain"].split())
    said = f"<code>{escaped(plain)}</code>" if re.search(r"[=_^/±]", plain) else escaped(re.sub(r"[a-z]+", lambda w: LETTERS.get(w[0], w[0]), plain))
    return f'{m["what"].capitalize()}{said}{escaped(m["why"] or "")}'

def sides(s):
    "Both sides, or all of a chain, with their values"
    body = [(formula(tex), num(value)) for tex, value in s.sides]
    notes = "".join(f"\n<p>{note(n)}.</p>" for n in s.notes if not n.startswith("not used"))
    title = f"({escaped(s.tag)}), evaluated as it stands" if s.tag else "Evaluated as it stands"
    return table("sides", ", ".join(filter(None, [title, s.case])), ("side", "value"), body) + notes

def wrong(s):
    "The wrong versions, each with the number that it gives"
    body = [(f"{formula(tex)}<small>{words(what)}</small>", num(gives), num(should)) for what, tex, gives, should in s.wrong]
    return table("wrong", ", ".join(filter(None, [SUMMARY, s.case])), ("wrong version", "gives", "should be"), body)

def body(tag, cells):
    "What the opened mark of an equation holds first"
    def case(s, k): return s.case or f"cell {k} of {len(cells)}"*(len(cells) > 1)
    mine = [s._replace(case=case(s, k)) for k, cell in enumerate(cells, 1) for s in cell if s.tag == tag]
    return "\n".join([*map(sides, mine), *(wrong(s) for s in mine if s.wrong)]), sum(len(s.wrong) for s in mine)

def on_the_page(cell, tags):
    "A cell's own output: the sides; the wrong versions of an equation of this page stand in its mark"
    for o in cell.get("outputs", []):
        if not (found := told_apart(list(shown(output_text(o))), cell.source)): continue
        parts = []
        for s in found:
            parts.append(sides(s))
            if s.wrong and s.tag not in tags:
                parts.append(f"<details><summary>{SUMMARY}</summary>\n{wrong(s)}\n</details>")
        o["data"] = {"text/markdown": raw('<div class="held">\n' + "\n".join(parts) + "\n</div>") + "\n"}
