"""A notebook needs nothing but the installed wheel: every cell is run, as Colab's "Run all" does, on a machine that has
neither the repository nor MNIST. Slow cells must show their stored outputs instead, and what remains must fit into five minutes."""
import os
import shutil
import subprocess
import sys

import pytest
import warm
from notebooks import NBS, ROOT, nb_id

RUN = """
import re, sys, time, vaegan
from pathlib import Path
from execnb.shell import CaptureShell
from fastcore.nbio import read_nb
wheel, name = sys.argv[1:]
assert Path(vaegan.__file__).is_relative_to(wheel), vaegan.__file__
nb, k = read_nb(name), CaptureShell()
try: k.run_all(nb, exc_stop=True)
except BaseException: sys.exit(k.prettytb(fname=name))
slow = [c for c in nb.cells if c.cell_type == "code" and re.search("^#[|] *slow", "".join(c.source), re.M)]
said = ["".join(c.outputs[0].get("data", {}).get("text/markdown", "")) for c in slow]
assert all(s.startswith("> **Stored output") and "older" not in s for s in said), "a slow cell ran, or its output is not in the wheel"
assert time.process_time() < 300, f"{time.process_time():.0f} s of processor time: too long for Colab"
"""

@pytest.fixture(scope="session")
def site(built):
    "The wheel, unpacked by an installer"
    def unpack(folder):
        uv = shutil.which("uv", path=f"{sys.prefix}/bin") or shutil.which("uv")
        subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--python", sys.executable, "--target", folder/"site", built[0]], check=True)
        return str(folder/"site")
    return warm.once("unpacked wheel", unpack)

def run_alone(nb, site, folder, python):
    work, home = folder/"work", folder/"home"
    for d in (work, home): d.mkdir()
    shutil.copy(nb, work)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("VAEGAN_", "XDG_"))}
    env |= dict(PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1", HOME=str(home))
    r = subprocess.run([*python, "-c", RUN, str(site), nb.name], cwd=work, env=env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-4000:]
    assert [p.name for p in work.iterdir()] == [nb.name], "left something behind"

@pytest.mark.parametrize("name", ["45_datasets", "formula/authors", "exercises/elbo"])
def test_some_run_whole_from_the_wheel(name, site, tmp_path): run_alone(ROOT/"nbs"/f"{name}.ipynb", site, tmp_path, warm.python())

@pytest.mark.slow
@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_runs_whole_from_the_wheel_alone(nb, site, tmp_path): run_alone(nb, site, tmp_path, [sys.executable])

def newest_python():
    "The newest Python on the PATH, if it is at least Colab's"
    for name in ("python3.14", "python3.13", "python3.12"):
        if (p := shutil.which(name)) and subprocess.run([p, "-c", ""], capture_output=True).returncode == 0: return p
    return sys.executable if sys.version_info >= (3, 12) else None

@pytest.mark.slow
def test_newest_dependencies(built, site, tmp_path):
    "In a clean environment, with the newest Python at hand and the newest release of everything, without our constraints"
    python = newest_python()
    if not python: pytest.skip("no Python 3.12 or newer on the PATH")
    uv = shutil.which("uv", path=f"{sys.prefix}/bin") or shutil.which("uv")
    env = {k: v for k, v in os.environ.items() if not k.startswith("UV_CONSTRAINT")}
    for args in (["venv", "--python", python, tmp_path/"env"],
                 ["pip", "install", "--quiet", "--python", tmp_path/"env"/"bin"/"python", built[0], "execnb"]):
        r = subprocess.run([uv, *args], env=env, capture_output=True, text=True)
        assert r.returncode == 0, r.stderr[-2000:]
    failed = {}
    for nb in (nb for nb in NBS if nb.parent.name != "bank"):
        folder = tmp_path/nb_id(nb).replace("/", "-")
        folder.mkdir()
        try: run_alone(nb, site, folder, [tmp_path/"env"/"bin"/"python"])
        except AssertionError as e: failed[nb_id(nb)] = str(e)[-1500:]
    assert not failed, "\n\n".join(f"{k}: {v}" for k, v in failed.items())
