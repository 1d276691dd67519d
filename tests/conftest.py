import io
import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")   # must be set before torch is imported
os.environ.setdefault("MPLBACKEND", "agg")
shared = Path(__file__).resolve().parents[2]/"shared"/"data"
if (shared/"MNIST").is_dir(): os.environ.setdefault("VAEGAN_DATA", str(shared))   # real MNIST, where it is at hand

@pytest.fixture
def bars(monkeypatch):
    "Of every progress bar that `fit` makes from now on, whether it is shown; none is drawn on the screen"
    from tqdm import tqdm

    from vaegan import train
    shown = []
    monkeypatch.setattr(train, "tqdm", lambda **k: (shown.append(not k["disable"]), tqdm(**k | dict(file=io.StringIO())))[1])
    return shown
