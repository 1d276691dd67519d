"""A notebook needs nothing but the installed wheel: every cell is run, as Colab's "Run all" does, on a machine that has
neither the repository nor MNIST. Slow cells must skip themselves, and what remains must fit into five minutes."""
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
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
assert all("Skipped" in "".join(c.outputs[0].text) for c in slow), "a slow cell ran"
assert time.process_time() < 300, f"{time.process_time():.0f} s of processor time: too long for Colab"
"""

@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    "The built wheel, unpacked by an installer"
    d = tmp_path_factory.mktemp("wheel")
    tree = d/"tree"    # build from a copy: building leaves files in the source tree
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "_proc", "_docs", "*.egg-info", "build", "tour", "nbs"))
    uv = shutil.which("uv", path=f"{sys.prefix}/bin") or shutil.which("uv")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", d, tree], check=True, capture_output=True)
    whl, = d.glob("*.whl")
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--python", sys.executable, "--target", d/"site", whl], check=True)
    return whl, d/"site"

def test_wheel_contents(wheel):
    names = {n for n in zipfile.ZipFile(wheel[0]).namelist() if ".dist-info/" not in n}
    assert names == {p.relative_to(ROOT).as_posix() for p in (ROOT/"vaegan").rglob("*") if p.suffix in (".py", ".js") or p.name == "py.typed"}

def run_alone(nb, site, folder, python=sys.executable):
    work, home = folder/"work", folder/"home"
    for d in (work, home): d.mkdir()
    shutil.copy(nb, work)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("VAEGAN_", "XDG_"))}
    env |= dict(PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1", HOME=str(home))
    r = subprocess.run([python, "-c", RUN, str(site), nb.name], cwd=work, env=env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-4000:]
    assert [p.name for p in work.iterdir()] == [nb.name], "left something behind"

DEFAULT = ("04_elbo.ipynb", "01_data.ipynb", "exercises/linear_autoencoder.ipynb", "exercises/elbo.ipynb")

@pytest.mark.parametrize("nb", [pytest.param(nb, marks=[] if nb_id(nb) in DEFAULT else pytest.mark.slow) for nb in NBS], ids=nb_id)
def test_runs_whole_from_the_wheel_alone(nb, wheel, tmp_path): run_alone(nb, wheel[1], tmp_path)

def newest_python():
    "The newest Python on the PATH, if it is at least Colab's"
    for name in ("python3.14", "python3.13", "python3.12"):
        if (p := shutil.which(name)) and subprocess.run([p, "-c", ""], capture_output=True).returncode == 0: return p
    return sys.executable if sys.version_info >= (3, 12) else None

@pytest.mark.slow
def test_newest_dependencies(wheel, tmp_path):
    "In a clean environment, with the newest Python at hand and the newest release of everything, without our constraints"
    python = newest_python()
    if not python: pytest.skip("no Python 3.12 or newer on the PATH")
    uv = shutil.which("uv", path=f"{sys.prefix}/bin") or shutil.which("uv")
    env = {k: v for k, v in os.environ.items() if not k.startswith("UV_CONSTRAINT")}
    for args in (["venv", "--python", python, tmp_path/"env"],
                 ["pip", "install", "--quiet", "--python", tmp_path/"env"/"bin"/"python", wheel[0], "execnb"]):
        r = subprocess.run([uv, *args], env=env, capture_output=True, text=True)
        assert r.returncode == 0, r.stderr[-2000:]
    failed = {}
    for nb in (nb for nb in NBS if nb.parent.name != "bank"):
        folder = tmp_path/nb_id(nb).replace("/", "-")
        folder.mkdir()
        try: run_alone(nb, wheel[1], folder, tmp_path/"env"/"bin"/"python")
        except AssertionError as e: failed[nb_id(nb)] = str(e)[-1500:]
    assert not failed, "\n\n".join(f"{k}: {v}" for k, v in failed.items())
