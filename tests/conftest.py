import io
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import warm
from hypothesis import HealthCheck, settings

from vaegan import checks

checks.returns = True                           # what functions give back is held to their signatures, too
os.environ.setdefault("OMP_NUM_THREADS", "1")   # must be set before torch is imported
os.environ.setdefault("MPLBACKEND", "agg")
shared = Path(__file__).resolve().parents[2]/"shared"/"data"
if (shared/"MNIST").is_dir(): os.environ.setdefault("VAEGAN_DATA", str(shared))   # real MNIST, where it is at hand
settings.register_profile("same", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])   # however slow the machine is
settings.load_profile("same")
pytest.register_assert_rewrite("helpers", "bad_input", "properties", "pitfalls")   # of tests/support

def pytest_configure(config):
    "The first process starts the server of warm Pythons; the others find it by the environment"
    run = warm.started()
    run.__enter__()
    config.add_cleanup(lambda: run.__exit__(None, None, None))

def pytest_runtest_setup():
    "Chance that a test does not fix itself is the same every time, whatever the process did before"
    random.seed(0)
    np.random.seed(0)
    if torch := sys.modules.get("torch"): torch.default_generator.manual_seed(0)

@pytest.fixture
def bars(monkeypatch):
    "Of every progress bar that `fit` makes from now on, whether it is shown; none is drawn on the screen"
    from tqdm import tqdm

    from vaegan import runs
    shown = []
    monkeypatch.setattr(runs, "tqdm", lambda **k: (shown.append(not k["disable"]), tqdm(**k | dict(file=io.StringIO())))[1])
    return shown

def _build(folder):
    root, tree = Path(__file__).resolve().parents[1], folder/"tree"
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    for f in filter(None, files):   # a copy: building leaves files in the source tree
        if (root/f).is_file():
            (tree/f).parent.mkdir(parents=True, exist_ok=True)
            (tree/f).write_bytes((root/f).read_bytes())
    for n in ("secret.txt", ".env", "vaegan/notes.txt", "vaegan/data.ipynb", "vaegan/__pycache__/data.cpython-311.pyc", "tour/index.html", "dist/old.whl"):
        (tree/n).parent.mkdir(exist_ok=True)
        (tree/n).write_text("must not be shipped")
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, tree], check=True, capture_output=True)
    (whl,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return str(whl), str(sdist)

@pytest.fixture(scope="session")
def built():
    "sdist, and the wheel built from that sdist as an installer does, from a tree with files that must not be shipped"
    return [Path(p) for p in warm.once("built", _build)]

@pytest.fixture(scope="session")
def browser():
    from browser import started
    with started() as b: yield b

@pytest.fixture
def at_hand(monkeypatch, tmp_path):
    "For the table of bad input: files and figures go away, a roster and a key lie at hand, the networks are as good as new"
    import bad_input
    import matplotlib.pyplot as plt
    monkeypatch.chdir(tmp_path)
    bad_input.lay_out(tmp_path)
    yield
    plt.close("all")
