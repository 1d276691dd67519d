"The pages in nbs/exercises from the bank: `python tools/write_exercises.py [NAME…]` writes and runs them, tests/library/exam/test_page.py compares."
import json
import os
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

def write(name):
    old = json.loads(path(name).read_text(encoding="utf-8")) if path(name).exists() else None
    path(name).write_text(json.dumps(notebook(page(name), old), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    run = ("import sys; from nbdev.test import test_nb; "
           "sys.exit(not test_nb(sys.argv[1], skip_flags=['notest', 'slow'], save=True, basepath=sys.argv[2])[0])")
    subprocess.run([*warm.python(), "-c", run, path(name), ROOT], check=True, env=dict(os.environ, MPLBACKEND="agg"), stdout=subprocess.DEVNULL)
    subprocess.run([f"{os.path.dirname(sys.executable)}/nbdev-clean", "--fname", path(name)], cwd=ROOT, check=True)

if __name__ == "__main__":
    with warm.started():
        for name in sys.argv[1:] or NAMES:
            write(name)
            print(path(name))
