"""The displayed equations as data: `python tools/write_displays.py` writes vaegan/displays.json from the notebooks (`make prepare`);
tests/library/formula/test_displays.py compares. A wheel carries the file, so that a check can evaluate an equation where no notebook is."""
import json

from notebooks import NBS, ROOT, nb_id, prose

from vaegan.formula.displays import displays_in

OUT = ROOT/"vaegan"/"displays.json"

def collected():
    "tag -> [page, LaTeX], in the order of the pages"
    found = {}
    for nb in NBS:
        for tag, latex in displays_in(prose(nb)).items():
            if tag in found: raise ValueError(f"\\tag{{{tag}}} stands on {found[tag][0]} and on {nb_id(nb)}: a tag belongs to one display")
            found[tag] = [nb_id(nb).removesuffix(".ipynb"), latex]
    return found

def render(): return json.dumps(collected(), ensure_ascii=False, indent=0) + "\n"

if __name__ == "__main__": OUT.write_text(render(), encoding="utf-8")
