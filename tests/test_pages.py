"What the reader of the site, of Colab and of GitHub sees: tested without Quarto, on the notebooks and on what Quarto would get."
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from fastcore.nbio import read_nb
from readme import render

from nbs import NBS, ROOT, anchor, cfg, code_cells, directive, equations, has_flag, md_cells, nb_id, prose, src, tags

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id)
INSTALL = '![ ! -d /content ] || python -c "import vaegan" 2>/dev/null || pip install -q "git+%(git_url)s"'
ids = {nb: set(re.findall(r'<a id="([^"]+)">', prose(nb))) for nb in NBS}

def headings(nb):
    slug = lambda h: re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", h.strip().lower()))
    return {slug(h) for h in re.findall(r"^#+\s+(.*)$", prose(nb), re.M)}

@each_nb
def test_opening(nb):
    first, second = md_cells(nb)[:2]
    assert re.fullmatch(r"# [^\n]+\n\n> [^\n]+", first.strip()), "the first cell is a title and a one-line subtitle, nothing else"
    badge = f"https://colab.research.google.com/github/{cfg['user']}/{cfg['repo']}/blob/{cfg['branch']}/nbs/{nb_id(nb)}"
    assert badge in second, "the second cell opens this very notebook in Colab"
    if nb.name not in ("index.ipynb", "notation.ipynb"): assert "**You need**" in second and "**You will be able to**" in second

@each_nb
def test_colab_install_cell(nb):
    cells = [src(c) for c in code_cells(nb) if re.search(r"^!.*/content", src(c), re.M)]
    if not any("import" in src(c) for c in code_cells(nb)): return
    assert len(cells) == 1 and cells[0].strip().endswith(INSTALL % dict(git_url=cfg["git_url"]))
    assert has_flag(cells[0], "hide") and directive(cells[0], "eval") == ["false"]

@each_nb
def test_imports_stand_alone(nb):
    "The docs build runs every cell that imports, so such a cell does nothing else"
    for c in code_cells(nb):
        lines = [s for s in re.sub(r"\([^()]*\)", "", src(c)).splitlines() if s.strip() and not s.lstrip().startswith(("#", "!"))]
        if any(re.match(r"(from \S+ )?import ", s) for s in lines):
            assert all(re.match(r"(from \S+ )?import |__all__", s) for s in lines), src(c)

@each_nb
def test_portable_markdown(nb):
    text = prose(nb)
    assert not re.search(r"^:::|\{#(eq|fig|sec|tbl)-|(?<![\w`])@(eq|fig|sec|tbl)-", text, re.M), "Quarto-only syntax"
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>") == text.count("</summary>")

@each_nb
def test_figures_have_alt_text(nb):
    for c in code_cells(nb):
        if any("image/png" in o.get("data", {}) or "image/svg+xml" in o.get("data", {}) for o in c.outputs):
            alt = directive(src(c), "fig-alt") + re.findall(r'class="vaegan-living".*? alt="([^"]*)"', "".join("".join(o.data.get("text/html", "")) for o in c.outputs if "data" in o))
            assert alt and len(alt[0]) >= 30, f"a picture without alt text: {src(c)[:80]}"
    for alt in re.findall(r"!\[([^\]]*)\]\(", prose(nb)): assert len(alt) >= 10, "a Markdown picture without alt text"

@each_nb
def test_stored_outputs(nb):
    cells = code_cells(nb)
    for c in cells:
        for o in c.outputs:
            assert o["output_type"] != "error", f"a stored error: {src(c)[:80]}"
            assert o.get("name") != "stderr", f"a warning was stored: {''.join(o.get('text', ''))[:200]}"
        assert not has_flag(src(c), "slow") or c.outputs or src(c).rstrip().endswith(";") or "=" in src(c), "a slow cell that was never run"
    shown = [c for c in cells if c.outputs]
    assert shown or not cells, "a page without a single stored output"
    assert nb.stat().st_size < 3_000_000, "a notebook of more than 3 MB"

@each_nb
def test_links_lead_somewhere(nb):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(nb)):
        if re.match(r"(https?|mailto):", target): continue
        path, _, frag = target.partition("#")
        there = (nb.parent/path).resolve() if path else nb
        assert there.exists(), target
        if frag and there.suffix == ".ipynb": assert frag in ids[there] | headings(there), target

def test_anchors_are_unique():
    for nb in NBS:
        found = re.findall(r'<a id="([^"]+)">', prose(nb))
        assert len(found) == len(set(found)), nb_id(nb)
        assert all(i.startswith("eq-") and i in {anchor(t) for e in equations(nb) for t in tags(e)} for i in found if i.startswith("eq-"))

def sidebar(part=None):
    for x in part or yaml.safe_load((ROOT/"_quarto.yml").read_text(encoding="utf-8"))["website"]["sidebar"]["contents"]:
        if isinstance(x, str): yield x
        else: yield from sidebar(x["contents"])

def test_sidebar_lists_every_page_in_reading_order():
    pages = list(sidebar())
    assert sorted(pages) == sorted(map(nb_id, NBS))
    numbered = [p for p in pages if p[:2].isdigit()]
    assert numbered == sorted(numbered)

def test_readme_is_the_index(): assert (ROOT/"README.md").read_text(encoding="utf-8") == render(), "run `make prepare`"

def test_chapter_table_lists_every_chapter():
    text = prose(ROOT/"nbs"/"index.ipynb")
    for nb in NBS:
        if nb.name != "index.ipynb": assert f"]({nb_id(nb)})" in text, nb_id(nb)

def test_what_quarto_gets(tmp_path):
    "nbdev's pre-processing runs, keeps equations and anchors, and names every page of the sidebar"
    shutil.copytree(ROOT, tmp_path/"r", symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "_proc", "_docs", "tour"))
    tool = shutil.which("nbdev-proc-nbs", path=os.path.dirname(sys.executable))
    r = subprocess.run([tool], cwd=tmp_path/"r", capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-2000:]
    proc = tmp_path/"r"/"_proc"
    assert (proc/"_quarto.yml").read_text(encoding="utf-8") == (ROOT/"_quarto.yml").read_text(encoding="utf-8")
    for page in sidebar():
        nb = read_nb(proc/page)
        text = "\n\n".join(src(c) for c in nb.cells)
        assert nb.cells[0].cell_type == "raw" and "title:" in src(nb.cells[0]), page
        for e in equations(ROOT/"nbs"/page): assert f"\\tag{{{tags(e)[0]}}}" in text, (page, tags(e))
        for i in ids[ROOT/"nbs"/page]: assert f'<a id="{i}">' in text, (page, i)

def test_notebooks_are_valid_json_with_ids():
    for nb in NBS:
        d = json.loads(nb.read_text(encoding="utf-8"))
        cell_ids = [c.get("id") for c in d["cells"]]
        assert all(cell_ids) and len(set(cell_ids)) == len(cell_ids), nb_id(nb)
