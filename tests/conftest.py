import io
import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")   # must be set before torch is imported
os.environ.setdefault("MPLBACKEND", "agg")
shared = Path(__file__).resolve().parents[2]/"shared"/"data"
if (shared/"MNIST").is_dir(): os.environ.setdefault("VAEGAN_DATA", str(shared))   # real MNIST, where it is at hand
pytest.register_assert_rewrite("helpers", "bad_input", "properties", "pitfalls")   # of tests/support

@pytest.fixture
def bars(monkeypatch):
    "Of every progress bar that `fit` makes from now on, whether it is shown; none is drawn on the screen"
    from tqdm import tqdm

    from vaegan import runs
    shown = []
    monkeypatch.setattr(runs, "tqdm", lambda **k: (shown.append(not k["disable"]), tqdm(**k | dict(file=io.StringIO())))[1])
    return shown

@pytest.fixture
def at_hand(monkeypatch, tmp_path):
    "For the table of bad input: files and figures go away, a roster and a key lie at hand, the networks are as good as new"
    import bad_input
    import matplotlib.pyplot as plt
    monkeypatch.chdir(tmp_path)
    bad_input.lay_out(tmp_path)
    yield
    plt.close("all")
