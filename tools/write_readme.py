"""README.md from nbs/index.ipynb, without Quarto: `python tools/write_readme.py` writes it, tests/pages/test_pages.py compares.
The living picture, which no README can show, stays out with the words that lead to it. Its Python, copied into a file, prints
what the page shows."""
import ast
import re

from fastcore.nbio import read_nb
from notebooks import ROOT, has_flag, src


def _local(match):
    "A link of the page, as seen from the top of the repository"
    target = match[2]
    return match[0] if re.match(r"[a-z]+:|#|\.\./", target) else f"{match[1]}nbs/{target}{match[3]}"

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
    parts = []
    cells = read_nb(ROOT/"nbs"/"index.ipynb").cells
    for c, after in zip(cells, [*cells[1:], None]):
        if has_cover(c) or c.cell_type == "markdown" and has_cover(after): continue
        s = src(c).strip()
        if c.cell_type == "markdown": parts.append(re.sub(r"(\]\()([^)\s]+)(\))", _local, s))
        elif c.cell_type == "code" and not has_flag(s, "hide") and "eval: false" not in s:
            parts.append("```python\n" + printed(re.sub(r"^#\|.*\n", "", s, flags=re.M).strip()) + "\n```")
    return "<!-- written by `make prepare` from nbs/index.ipynb: edit that -->\n\n" + "\n\n".join(parts) + "\n"

if __name__ == "__main__": (ROOT/"README.md").write_text(render(), encoding="utf-8")
