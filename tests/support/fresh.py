"A notebook run from top to bottom, once in a test run for all tests that ask."
import json
import os
import subprocess

import warm
from formula_checks import sample
from notebooks import ROOT, cfg, nb_id

# As `nbdev-test` runs it, but its outputs are kept; after a cell that checks a display of the sample its wrong versions are judged in a fork
RUN = """
import json, os, sys
from pathlib import Path
from types import SimpleNamespace
from execnb.shell import CaptureShell
from nbdev.test import nb_test_cells
nb, out, flags, sample = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(), json.loads(sys.argv[4])
os.environ["IN_TEST"] = "1"
cells, k = nb_test_cells(nb, flags), CaptureShell(nb)
for c in cells: c.outputs = []
after, verdicts = lambda c: None, []
if sample and hasattr(os, "fork"):
    sys.path.append(os.environ["TOOLS"])
    from mutants_formulas import beside
    after, verdicts = beside(k, [tuple(s) for s in sample])
try: k.run_all(SimpleNamespace(cells=cells), exc_stop=True, postproc=after, cell_timeout=None if "notest" in flags else 3600)     # for a hang only
except BaseException: sys.exit(k.prettytb(fname=nb))
out.write_text(json.dumps(dict(cells={c.id: c.outputs for c in cells}, verdicts=verdicts), default=list), encoding="utf-8")
"""

def run(nb, flags, out, sample=()):
    env = os.environ | dict(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(ROOT), TOOLS=str(ROOT/"tools"))
    return subprocess.run([*warm.python(), "-c", RUN, str(nb), str(out), flags, json.dumps(sample)], cwd=nb.parent, env=env, capture_output=True, text=True)

def files(): return {p for p in (ROOT/"nbs").rglob("*") if ".ipynb_checkpoints" not in p.parts}

def fresh(nb):
    "What happened when the notebook was run: how it ended, what it left behind, the outputs of its cells, the verdicts over the sample"
    def only(folder):
        before = files()
        r = run(nb, cfg["tst_flags"], out := folder/"outputs", sample(nb))
        made = json.loads(out.read_text(encoding="utf-8")) if out.exists() else dict(cells=None, verdicts=[])
        return dict(code=r.returncode, err=r.stderr[-4000:], left=sorted(map(str, files() - before)), outputs=made["cells"], verdicts=made["verdicts"])
    return warm.once(f"notebook {nb_id(nb)}", only)
