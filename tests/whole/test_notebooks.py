"Every notebook runs from top to bottom, each in a process of its own, and leaves nothing behind."
import os
import subprocess
import sys

import pytest
from notebooks import NBS, ROOT, cfg, nb_id

RUN = """
import sys
from nbdev.test import test_nb
ok, secs = test_nb(sys.argv[1], skip_flags=sys.argv[3].split(), basepath=sys.argv[2], cell_timing_min=5.)
sys.exit(not ok)
"""

def run(nb, skip):
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([sys.executable, "-c", RUN, str(nb), str(ROOT), skip], capture_output=True, text=True, env=env)

def files(): return {p for p in (ROOT/"nbs").rglob("*") if ".ipynb_checkpoints" not in p.parts}

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_notebook(nb):
    before = files()
    r = run(nb, cfg["tst_flags"])
    assert r.returncode == 0, r.stderr[-4000:]
    assert files() == before

@pytest.mark.slow
@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_notebook_with_slow_cells(nb):
    if "#| slow" not in nb.read_text(encoding="utf-8"): pytest.skip("no slow cells")
    if "VAEGAN_DATA" not in os.environ: pytest.skip("no MNIST at hand: set VAEGAN_DATA")
    r = run(nb, "notest")
    assert r.returncode == 0, r.stderr[-4000:]
