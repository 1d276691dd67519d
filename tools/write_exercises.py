"The pages in nbs/exercises from the bank: `python tools/write_exercises.py [NAME…]` writes and runs them, tests/library/exam/test_page.py compares."
import json
import os
import re
import subprocess
import sys

import warm
from notebooks import ROOT, src

from vaegan.exam.learner import bank_modules
from vaegan.exam.page import exercise_page, notebook

NAMES = bank_modules()

def page(name): return exercise_page(name)
def path(name): return ROOT/"nbs"/"exercises"/f"{name}.ipynb"
def cells(nb): return [(c.cell_type, src(c)) for c in nb.cells]

# -- the script of the answer boxes ------------------------------------------------------------------------------------
SCRIPT = re.compile(r"<script>\(\(\) => \{ // The answer box.*?</script>", re.S)
AGAIN = "<script>globalThis.vaeganAnswer?.()</script>"      # calls what another box of the page has brought

def boxes(nb): return [o for c in nb["cells"] for o in c.get("outputs", []) if "vaegan-answer" in "".join(o.get("data", {}).get("text/html", ""))]

def script_once(nb):
    "Stored boxes share a script: the first brings it, the others call it. A cell that is run brings its own"
    scripted = [b["data"] for b in boxes(nb) if SCRIPT.search("".join(b["data"]["text/html"]))]
    for data in scripted[1:]: data["text/html"] = SCRIPT.sub(lambda m: AGAIN, "".join(data["text/html"])).splitlines(True)
    return nb

def saved(name, nb): path(name).write_text(json.dumps(nb, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
def stored(name): return json.loads(path(name).read_text(encoding="utf-8"))

def write(name):
    saved(name, notebook(page(name), stored(name) if path(name).exists() else None))
    run = ("import sys; from nbdev.test import test_nb; "
           "sys.exit(not test_nb(sys.argv[1], skip_flags=['notest', 'slow'], save=True, basepath=sys.argv[2])[0])")
    subprocess.run([*warm.python(), "-c", run, path(name), ROOT], check=True, env=dict(os.environ, MPLBACKEND="agg"), stdout=subprocess.DEVNULL)
    subprocess.run([f"{os.path.dirname(sys.executable)}/nbdev-clean", "--fname", path(name)], cwd=ROOT, check=True)
    saved(name, script_once(stored(name)))

if __name__ == "__main__":
    with warm.started():
        for name in sys.argv[1:] or NAMES:
            write(name)
            print(path(name))
