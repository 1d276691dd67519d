"""The order of the course where it is read: the sidebar in _quarto.yml, from vaegan.contents.
`python tools/write_contents.py` writes it (`make prepare`); a test compares."""
from functools import cache
from pathlib import Path

from vaegan.contents import PAGES, lessons, module_of

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "      # the rest is written by tools/write_contents.py\n", "\nmetadata-files:"

def seeded(folder):
    "The pages of seeded exercises in nbs/exercises or nbs/bank, in the order of the lessons"
    have = {p.stem for p in (ROOT/"nbs"/folder).glob("*.ipynb")}
    known = [module_of(p.path) for p in lessons() if module_of(p.path) in have]
    listed = {p.path for p in PAGES}
    return [f"{folder}/{n}" for n in known + sorted(have - set(known)) if f"{folder}/{n}" not in listed]

@cache
def sections():
    "section -> the paths of its pages; the folders are read once, for all the pages that ask"
    out = {}
    for p in PAGES: out.setdefault(p.section, []).append(p.path)
    out["Exercises"] = seeded("exercises") + out["Exercises"]
    out["For teachers: the bank"] = seeded("bank")
    return out

def sidebar():
    "The part of _quarto.yml that lists the pages"
    lines = []
    for name, paths in sections().items():
        lines += [f"      - section: \"{name}\"", "        contents:"] + [f"          - {p}.ipynb" for p in paths]
    return "\n".join(lines) + "\n"

def quarto(text):
    "_quarto.yml with the sidebar as it should be"
    head, rest = text.split(BEGIN)
    return head + BEGIN + sidebar() + END + rest.split(END)[1]

if __name__ == "__main__":
    yml = ROOT/"_quarto.yml"
    yml.write_text(quarto(yml.read_text(encoding="utf-8")), encoding="utf-8")
