"""README.md from nbs/index.ipynb, without Quarto: `python tools/write_readme.py` writes it, tests/pages/test_pages.py compares.
The living picture, which no README can show, stays out with the words that lead to it. Its Python, copied into a file, prints
what the page shows, and the page says so behind it. In a `.md` file Markdown takes the backslash off `\\,` and `\\|` before
anything is set (github/markup 1547, 1746): the mathematics stands in GitHub's own fences, which it leaves alone."""
import ast
import re

from fastcore.nbio import read_nb
from notebooks import ROOT, has_flag, src
from site_markup import MATH, outside_code


def _local(match):
    "A link of the page, as seen from the top of the repository"
    target = match[2]
    return match[0] if re.match(r"[a-z]+:|#|\.\./", target) else f"{match[1]}nbs/{target}{match[3]}"

def in_fences(text):
    "Displays as blocks of ```math, what has a backslash before a sign as $`…`$"
    def fenced(m):
        if m["display"]: return f"\n\n```math\n{m['display'].strip()}\n```\n\n"
        return f"$`{m['inline']}`$" if re.search(r"\\[^\w\s]", m["inline"]) else m[0]
    return re.sub(r"\n{3,}", "\n\n", outside_code(text, lambda t: MATH.sub(fenced, t)))

def shown(cell):
    "What a cell of the notebook showed last, in words"
    outs = ["".join(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])]
    return f"\n\nIt prints `{outs[-1]}`." if outs and outs[-1] else ""

def has_cover(cell): return cell is not None and has_flag(src(cell), "cover")

def printed(code):
    "A cell as a part of a script: what a notebook would show of its last line is printed"
    last = ast.parse(code).body[-1]
    if code.rstrip().endswith(";"): return code.rstrip().removesuffix(";")     # shown by neither
    if not isinstance(last, ast.Expr): return code
    lines, value = code.splitlines(), ast.get_source_segment(code, last)
    at = sum(len(ln) + 1 for ln in lines[:last.lineno - 1])
    return code[:at] + code[at:].replace(value, f"print({value})", 1)

def render():
    parts, script = [], "The blocks of Python on this page are one script: copy them into a file, one behind the other.\n\n"
    cells = read_nb(ROOT/"nbs"/"index.ipynb").cells
    for c, after in zip(cells, [*cells[1:], None]):
        if has_cover(c) or c.cell_type == "markdown" and has_cover(after): continue
        s = src(c).strip()
        if c.cell_type == "markdown": parts.append(in_fences(re.sub(r"(\]\()([^)\s]+)(\))", _local, s)))
        elif c.cell_type == "code" and not has_flag(s, "hide") and "eval: false" not in s:
            parts.append(script + "```python\n" + printed(re.sub(r"^#\|.*\n", "", s, flags=re.M).strip()) + "\n```" + shown(c))
            script = ""
    return "<!-- written by `make prepare` from nbs/index.ipynb: edit that -->\n\n" + "\n\n".join(parts) + "\n"

if __name__ == "__main__": (ROOT/"README.md").write_text(render(), encoding="utf-8")
