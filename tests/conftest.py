import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")   # must be set before torch is imported
os.environ.setdefault("MPLBACKEND", "agg")
shared = Path(__file__).resolve().parents[2]/"shared"/"data"
if (shared/"MNIST").is_dir(): os.environ.setdefault("VAEGAN_DATA", str(shared))   # real MNIST, where it is at hand
