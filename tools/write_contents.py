"""The order of the course where it is read: the sidebar in _quarto.yml and the list of chapters on the home page, both from
vaegan.contents. `python tools/write_contents.py` writes them (`make prepare`); a test compares."""
import re
from pathlib import Path

from fastcore.nbio import read_nb, write_nb

from vaegan.contents import PAGES, lessons, module_of

ROOT = Path(__file__).resolve().parents[1]
INDEX = ROOT/"nbs"/"index.ipynb"
BEGIN, END = "      # the rest is written by tools/write_contents.py\n", "\nmetadata-files:"

def seeded(folder):
    "The pages of seeded exercises in nbs/exercises or nbs/bank, in the order of the lessons"
    have = {p.stem for p in (ROOT/"nbs"/folder).glob("*.ipynb")}
    known = [module_of(p.path) for p in lessons() if module_of(p.path) in have]
    listed = {p.path for p in PAGES}
    return [f"{folder}/{n}" for n in known + sorted(have - set(known)) if f"{folder}/{n}" not in listed]

def sections():
    "section -> the paths of its pages"
    out = {}
    for p in PAGES: out.setdefault(p.section, []).append(p.path)
    out["Exercises"] += seeded("exercises")
    out["For teachers: the bank"] = seeded("bank")
    return out

def sidebar():
    "The part of _quarto.yml that lists the pages"
    lines = []
    for name, paths in sections().items():
        if name == "Start here": lines += [f"      - {p}.ipynb" for p in paths]
        else: lines += [f"      - section: \"{name}\"", "        contents:"] + [f"          - {p}.ipynb" for p in paths]
    return "\n".join(lines) + "\n"

def quarto(text):
    "_quarto.yml with the sidebar as it should be"
    head, rest = text.split(BEGIN)
    return head + BEGIN + sidebar() + END + rest.split(END)[1]

def chapters():
    "The list of chapters as a Markdown table"
    bank = {p.stem for p in (ROOT/"nbs"/"exercises").glob("*.ipynb")}
    rows, section = ["| chapter | module | you will be able to | exercises |", "|---|---|---|---|"], None
    for p in PAGES:
        if p.path == "index": continue
        if p.section != section and p.section != "Start here": rows.append(f"| **{p.section}** | | | |")
        section, module = p.section, module_of(p.path)
        number = f"{p.path[:2]} " if p in lessons() else ""
        has_module = p.path[0].isdigit() or p.path.startswith(("exam/", "formula/", "widgets/")) and not p.path.endswith("index")
        seeds = f"[seeded](exercises/{module}.ipynb)" if p in lessons() and module in bank else ""
        rows.append(f"| [{number}{p.title}]({p.path}.ipynb) | {f'`{module}`' if has_module else ''} | {p.able} | {seeds} |")
    return "\n".join(rows)

def with_chapters(source):
    "The home page's cell with the table as it should be"
    return re.sub(r"\| chapter \| module \|.*?(?=\n\n|\Z)", lambda m: chapters(), source, flags=re.S)

if __name__ == "__main__":
    yml = ROOT/"_quarto.yml"
    yml.write_text(quarto(yml.read_text(encoding="utf-8")), encoding="utf-8")
    nb = read_nb(INDEX)
    for c in nb.cells:
        if c.cell_type == "markdown": c.source = with_chapters("".join(c.source))
    write_nb(nb, INDEX)
