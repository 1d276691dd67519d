"A notebook needs nothing but the installed wheel: run in an empty folder, without the repository. That is what Colab does."
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from nbs import NBS, ROOT, nb_id

RUN = """
import re, sys, vaegan
from pathlib import Path
from execnb.shell import CaptureShell
from fastcore.nbio import read_nb
wheel, nb = sys.argv[1:]
assert Path(vaegan.__file__).is_relative_to(wheel), vaegan.__file__
skip = lambda c: c.cell_type != "code" or re.search(r"^#[|] *(slow|eval: *false|notest)", "".join(c.source), re.M)
k = CaptureShell()
try: k.run_all(read_nb(nb), exc_stop=True, preproc=skip)
except BaseException: sys.exit(k.prettytb(fname=nb))
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

def run_alone(nb, site, folder):
    shutil.copy(nb, folder)
    env = dict(os.environ, PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    r = subprocess.run([sys.executable, "-c", RUN, str(site), nb.name], cwd=folder, env=env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-4000:]
    assert [p.name for p in folder.iterdir()] == [nb.name], "left something behind"

DEFAULT = ("04_elbo.ipynb", "exercises/linear_autoencoder.ipynb", "exercises/elbo.ipynb")

@pytest.mark.parametrize("nb", [pytest.param(nb, marks=[] if nb_id(nb) in DEFAULT else pytest.mark.slow) for nb in NBS], ids=nb_id)
def test_runs_from_the_wheel_alone(nb, wheel, tmp_path): run_alone(nb, wheel[1], tmp_path)
