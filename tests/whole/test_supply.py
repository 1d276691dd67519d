"What is installed, what is shipped, what an import costs, and that nobody is called up on the way."
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from notebooks import ROOT, cfg
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from write_constraints import FILE, FLAGS, digest, pins

# -- the development environment ---------------------------------------------------------------------------------------
PINS = {canonicalize_name(k): v for k, v in pins().items()}
WANTED = [Requirement(r) for r in (cfg["requirements"] + " " + cfg["dev_requirements"]).split()]
NOT_HERE = {"pip"}   # made by `python -m venv`

def test_constraints_are_fresh():
    made_from = re.match(r"# made by `make constraints` from requirements (\w+)\n", FILE.read_text(encoding="utf-8"))
    assert made_from and made_from[1] == digest(), "the requirements have changed: run `make constraints`"
    assert {"--universal", "--generate-hashes"} <= set(FLAGS)

def test_constraints_satisfy_every_requirement():
    for r in WANTED:
        found = PINS.get(canonicalize_name(r.name), [])
        assert found, f"{r.name} is not in constraints.txt: run `make constraints`"
        assert all(r.specifier.contains(v) for v, *_ in found), f"{r}: constraints.txt has {found}"

def test_every_pin_has_its_hashes_and_no_address():
    text = FILE.read_text(encoding="utf-8")
    lines = [l for l in text.splitlines() if not l.startswith((" ", "#"))]
    assert len(lines) == sum(map(len, PINS.values())) > 100, "a line that is no pin"
    for name, found in PINS.items():
        for v, _, hashes in found: assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), f"{name}=={v}"
    assert "://" not in text and "@" not in text and "--index" not in text and "--find-links" not in text

@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_one_version_for_every_machine(python, system):
    "On each Python and system exactly one pin counts for each package, and none is missing for the package itself"
    env = dict(python_version=python, python_full_version=python + ".9", sys_platform=system, os_name="posix", platform_machine="arm64" if system == "darwin" else "x86_64",
               platform_system=dict(linux="Linux", darwin="Darwin")[system], implementation_name="cpython", platform_python_implementation="CPython", extra="")
    count = {k: sum(not m or Marker(m).evaluate(env) for _, m, _ in found) for k, found in PINS.items()}
    assert all(n <= 1 for n in count.values()), {k: n for k, n in count.items() if n > 1}
    assert all(count[canonicalize_name(r.name)] == 1 for r in WANTED)

@pytest.mark.skipif(Path(sys.prefix) != ROOT/".venv", reason="not the environment that make builds")
def test_the_environment_is_the_one_that_is_pinned():
    wrong = {}
    for name, found in PINS.items():
        here = [v for v, m, _ in found if not m or Marker(m).evaluate(dict(extra=""))]
        if not here: continue
        try: have = version(name)
        except PackageNotFoundError: have = None
        if have != here[0]: wrong[name] = f"{have}, pinned {here[0]}"
    assert not wrong, "run make .venv/.ready: " + str(wrong)

def test_make_uses_hashes():
    text = (ROOT/"Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --requirement constraints.txt" in text and "--no-deps --no-build-isolation --editable ." in text
    recipes = [l for l in text.splitlines() if re.search(r"\bpip install\b|\$\((UV|LOUD)\)", l) and not l.startswith(("UV", "LOUD"))]
    assert recipes and all("--require-hashes" in l or "--constraint constraints.txt" in l or "--no-deps" in l or "[bench]" in l for l in recipes), recipes
    build = re.search(r"^\[build-system\]\nrequires = \[(.*)\]", (ROOT/"pyproject.toml").read_text(encoding="utf-8"), re.M)[1]
    assert all(PINS[canonicalize_name(Requirement(r).name)] for r in re.findall(r'"([^"]+)"', build)), "without build isolation the build's needs must be pinned, too"

# -- what is shipped ---------------------------------------------------------------------------------------------------
def package_files(): return {p.relative_to(ROOT).as_posix() for p in (ROOT/"vaegan").rglob("*") if p.suffix in (".py", ".js", ".json", ".md") or p.name == "py.typed"}

def test_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as z:
        names = z.namelist()
        meta = {n for n in names if ".dist-info/" in n}
        assert set(names) - meta == package_files()
        assert {n.split(".dist-info/")[1] for n in meta} == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
        assert built[0].name == f"vaegan-{cfg['version']}-py3-none-any.whl"
        text = z.read(next(n for n in meta if n.endswith("METADATA"))).decode()
        assert {Requirement(r).name for r in re.findall(r"^Requires-Dist: ([^;\n]+)$", text, re.M)} == {Requirement(r).name for r in cfg["requirements"].split()}

def test_sdist_holds_what_it_takes_to_build_and_nothing_else(built):
    with tarfile.open(built[1]) as t: names = {m.name.partition("/")[2] for m in t.getmembers() if m.isfile()}
    made = {n for n in names if n == "PKG-INFO" or n.startswith("vaegan.egg-info/")} | {"setup.cfg"}
    assert names - made == package_files() | {"settings.ini", "LICENSE", "README.md", "MANIFEST.in", "pyproject.toml", "setup.py"}

# -- imports -----------------------------------------------------------------------------------------------------------
NO_NETWORK = """
import importlib, os, pkgutil, socket, subprocess, sys
def refuse(*a, **k): raise SystemExit(f"called up: {a}")
for name in ("connect", "connect_ex", "sendto", "bind"): setattr(socket.socket, name, refuse)
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
mine = [False]
def audit(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"): refuse(event, args)
    if mine[0] and event in ("subprocess.Popen", "os.system", "os.posix_spawn"): refuse(event, args)
    if mine[0] and event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and args[0] != os.devnull and "__pycache__" not in str(args[0]): raise SystemExit(f"written: {args}")
sys.addaudithook(audit)
import torch, torchvision, matplotlib.pyplot, sklearn.datasets, sympy, IPython, ipywidgets   # what they do on import is theirs, but no call
mine[0] = True
import vaegan
for m in pkgutil.walk_packages(vaegan.__path__, "vaegan."): importlib.import_module(m.name)
print(sum(m.startswith("vaegan.") for m in sys.modules))
"""

def test_no_module_calls_anybody_or_writes_anything_on_import(tmp_path):
    r = subprocess.run([sys.executable, "-B", "-c", NO_NETWORK], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-2000:]
    assert int(r.stdout) > 30 and not list(tmp_path.iterdir())

def test_only_the_download_of_mnist_knows_the_network():
    "No telemetry: the one place that could call anybody is torchvision's MNIST, and only if asked"
    for f in sorted(p for p in (ROOT/"vaegan").rglob("*.py")):
        for line in f.read_text(encoding="utf-8").splitlines():
            if f.name == "datasets.py" and line == "import socket": continue                       # for its time limit only
            assert not re.search(r"^\s*(import|from)\s+(socket|urllib|http|requests|httpx|aiohttp|ftplib|smtplib|webbrowser|xmlrpc)\b", line), f"{f.name}: {line}"
            if "download=True" in line and '"mnist(download=True)`"' not in line: assert f.name in ("datasets.py", "recipes.py"), f"{f.name}: {line}"     # recipes hands on what is asked for
    used = set(re.findall(r"\bsocket\.(\w+)", (ROOT/"vaegan"/"datasets.py").read_text(encoding="utf-8")))
    assert used == {"getdefaulttimeout", "setdefaulttimeout"}, used
    for f in (ROOT/"vaegan").rglob("*.js"): assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|sendBeacon|EventSource)\b", f.read_text(encoding="utf-8")), f.name

COST = """
import sys, time, json
t = [time.process_time()]
import torch; t.append(time.process_time())
for m in sys.argv[1:]: __import__(m); t.append(time.process_time())
print(json.dumps([b - a for a, b in zip(t, t[1:])]))
"""
LIGHT = ["vaegan", "vaegan.data", "vaegan.dists", "vaegan.latent", "vaegan.elbo", "vaegan.reparam", "vaegan.nets", "vaegan.vae", "vaegan.train", "vaegan.evaluate",
         "vaegan.minimax", "vaegan.gan", "vaegan.hybrid", "vaegan.exam.grading", "vaegan.cli"]

def test_import_costs_at_most_a_tenth_of_torch():
    "All modules that draw nothing together, in the same process as torch; the best of three, as others use the machine, too. Compiled once, as they are for everybody"
    shares, env = [], {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(3):
        torch, *ours = json.loads(subprocess.run([sys.executable, "-c", COST, *LIGHT], capture_output=True, text=True, check=True, env=env).stdout)
        shares.append(sum(ours)/torch)
        if shares[-1] <= .1: return
    raise AssertionError(f"importing vaegan costs {min(shares):.0%} of importing torch")

def test_the_light_modules_load_nothing_heavy():
    code = "import sys, json, torch; before = set(sys.modules); [__import__(m) for m in sys.argv[1:]]; print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code, *LIGHT], capture_output=True, text=True, check=True).stdout)
    heavy = {"sklearn", "scipy", "matplotlib", "sympy", "torchvision", "IPython", "ipywidgets", "pandas", "nbdev", "safetensors"} & set(loaded)
    assert not heavy, f"imported on the way: {sorted(heavy)}"

def test_the_package_itself_loads_nothing():
    code = "import sys; before = set(sys.modules); import vaegan; print(*set(sys.modules) - before)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["vaegan"]
