"settings.ini is the source; pyproject.toml, the installed package, __init__ and nbs/_quarto.yml must agree with it."
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution

from notebooks import NBS, ROOT, cfg, code_cells

import vaegan

pp = tomllib.loads((ROOT/"pyproject.toml").read_text(encoding="utf-8"))

def test_pyproject_agrees():
    p = pp["project"]
    assert (p["name"], p["description"]) == (cfg["lib_name"], cfg["description"])
    assert p["requires-python"] == f">={cfg['min_python']}"
    assert p["urls"]["Repository"] == cfg["git_url"]
    assert p["urls"]["Documentation"] == cfg["doc_host"] + cfg["doc_baseurl"]
    assert pp["tool"]["nbdev"]["tst_flags"] == cfg["tst_flags"]
    assert {"version", "dependencies", "optional-dependencies", "scripts", "entry-points"} <= set(p["dynamic"])

def test_version_agrees(): assert vaegan.__version__ == cfg["version"]

def test_installed_package_agrees():
    d, squeeze = distribution("vaegan"), lambda s: re.sub(r"\s", "", s)
    spec = lambda s: (re.split(r"[<>=!~]", s)[0], frozenset(re.findall(r"[<>=!~]+[^,;]+", s)))
    have = {spec(squeeze(r.split(";")[0])) for r in d.requires if "extra" not in r}
    extra = lambda name: {spec(squeeze(r.split(";")[0])) for r in d.requires if re.search(rf"extra == .{name}.", r)}
    assert have == {spec(r) for r in cfg["requirements"].split()}
    for name in ("dev", "bench"): assert extra(name) == {spec(r) for r in cfg[f"{name}_requirements"].split()}
    scripts = {f"{e.name}={e.value}" for e in d.entry_points if e.group == "console_scripts"}
    assert scripts == set(cfg["console_scripts"].split())
    assert d.version == cfg["version"]

def test_torch_has_no_upper_bound():
    reqs = cfg["requirements"].split()
    assert all("<" not in r and "==" not in r for r in reqs if r.startswith("torch")), reqs

def test_what_colab_has_is_not_replaced():
    "ipywidgets 7.7 comes with Colab, where 8 has had trouble: it is enough for us, and the install cell upgrades nothing"
    assert "ipywidgets>=7.7" in cfg["requirements"].split()
    for nb in NBS:
        for line in re.findall(r"pip install[^\n]*", "\n".join("".join(c.source) for c in code_cells(nb))): assert not re.search(r"\s(-U|--upgrade|--force-reinstall)\b", line), nb.name

def test_quarto_yml_is_shared():
    assert (ROOT/"nbs/_quarto.yml").read_text(encoding="utf-8") == (ROOT/"_quarto.yml").read_text(encoding="utf-8")

def test_no_path_of_a_machine_is_committed():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    pattern = re.compile(r"/(?:home|root|work|Users)/\w+|" + r"py" + r"pi\.org|" + r"file" + r"s\.pythonhosted")
    for f in filter(None, files):
        if not (ROOT/f).is_file() or f == "tests/whole/test_config.py": continue
        m = pattern.search((ROOT/f).read_text(encoding="utf-8", errors="ignore"))
        assert not m, f"{f}: {m.group()}"

def test_lint():
    r = subprocess.run([sys.executable, "-m", "ruff", "check", "vaegan", "tests", "tools", "benchmarks", "setup.py"], cwd=ROOT, capture_output=True, text=True)
    assert r.returncode == 0, r.stdout
