"What the reader of the site, of Colab and of GitHub sees: tested without Quarto, on the notebooks and on what Quarto would get."
import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path

import pytest
import warm
import write_contents
import write_references as references
import yaml
from fastcore.docments import docments
from fastcore.nbio import read_nb
from notebooks import (
    NBS,
    ROOT,
    anchor,
    cfg,
    code_cells,
    directive,
    equations,
    has_flag,
    md_cells,
    nb_id,
    prose,
    src,
    tags,
)
from slides_cells import DECKS
from write_home import slug
from write_readme import printed, render

from vaegan.contents import PAGES
from vaegan.help import arguments, examples

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id)
GUARD = "%load_ext vaegan.slow"    # keeps slow cells out of Colab's "Run all"
INSTALL = '![ ! -d /content ] || python -c "import vaegan" 2>/dev/null || \\\n    pip install -q "git+%(git_url)s"'
ids = {nb: set(re.findall(r'<a id="([^"]+)">', prose(nb))) for nb in NBS}

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
    slow = any(has_flag(src(c), "slow") for c in code_cells(nb))
    assert len(cells) == 1 and cells[0].strip().endswith(INSTALL % dict(git_url=cfg["git_url"]) + f"\n{GUARD}"*slow)
    assert has_flag(cells[0], "hide") and directive(cells[0], "eval") == ["false"]
    first = next(c for c in code_cells(nb) if directive(src(c), "default_exp") == [] and not src(c).startswith("#| default_exp"))
    assert src(first) == cells[0], "the install cell comes before all other code"

@each_nb
def test_imports_stand_alone(nb):
    "A cell that imports does nothing else: the page folds it"
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
def test_figures_have_alt_text_and_a_caption(nb):
    for c in code_cells(nb):
        if any("image/png" in o.get("data", {}) or "image/svg+xml" in o.get("data", {}) for o in c.outputs):
            living = re.findall(r'class="vaegan-living".*? alt="([^"]*)"', "".join("".join(o.data.get("text/html", "")) for o in c.outputs if "data" in o))
            alt, cap = directive(src(c), "fig-alt") + living, directive(src(c), "fig-cap")
            assert alt and len(alt[0]) >= 30, f"a picture without alt text: {src(c)[:80]}"
            if living: continue                # it carries what to do and what to see in itself
            assert cap and len(cap[0]) >= 15 and cap[0].endswith((".", "?", "!")), f"a picture without a caption (`#| fig-cap:`): {src(c)[:80]}"
            assert cap[0] != alt[0], "the alt text says what is there, the caption what to see in it"
    for alt in re.findall(r"!\[([^\]]*)\]\(", prose(nb)): assert len(alt) >= 10, "a Markdown picture without alt text"

@each_nb
def test_stored_outputs(nb):
    cells = code_cells(nb)
    for c in cells:
        for o in c.outputs:
            assert o["output_type"] != "error", f"a stored error: {src(c)[:80]}"
            assert o.get("name") != "stderr", f"a warning was stored: {''.join(o.get('text', ''))[:200]}"
            assert not "".join(o.get("text", "")).startswith("Skipped: this cell"), "stored without running the slow cells"
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
        if frag and there.suffix == ".ipynb": assert frag in ids[there], f"{target}: a heading's id differs between Jupyter and the site, so put `<a id=\"{frag}\"></a>` above it"

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
    text = (ROOT/"_quarto.yml").read_text(encoding="utf-8")
    assert write_contents.quarto(text) == text, "run `make prepare`"

def test_sidebar_has_the_sections_of_the_course():
    site = yaml.safe_load((ROOT/"_quarto.yml").read_text(encoding="utf-8"))["website"]["sidebar"]["contents"]
    assert [x["section"] for x in site] == ["Start here", "Foundations", "Variational autoencoders", "Generative adversarial networks", "Together",
        "Exercises", "Exams for a class", "Workshop", "Your own code", "Your own images", "The library", "For teachers: the bank"]
    of = {x["section"]: list(sidebar([x])) for x in site}
    assert of["Start here"] == ["index.ipynb", "notation.ipynb", "lecture.ipynb"] and of["The library"] == ["api.ipynb", "references.ipynb"]
    assert all(p.startswith("bank/") for p in of["For teachers: the bank"]) and of["Exercises"][0].startswith("exercises/data")

def test_pages_carry_the_titles_of_the_table():
    for p in PAGES: assert md_cells(ROOT/"nbs"/f"{p.path}.ipynb")[0].splitlines()[0] == f"# {p.title}", p.path

def test_home_page_begins_with_a_picture():
    second = md_cells(ROOT/"nbs"/"index.ipynb")[1]
    alt, path = re.search(r"!\[([^\]]{60,})\]\((images/[^)]+)\)", second).groups()
    assert (ROOT/"nbs"/path).stat().st_size > 50_000

def test_docs_without_quarto_say_how_to_get_it(tmp_path):
    make = shutil.which("make")
    if not make: pytest.skip("no make")
    env = dict(os.environ, PATH=str(tmp_path))
    for tool in ("bash", "touch"): (tmp_path/tool).symlink_to(shutil.which(tool))
    r = subprocess.run([make, "--no-print-directory", "--old-file=.venv/.ready", "docs", "PYTHON=python3"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert r.returncode and "quarto.org" in r.stdout and len(r.stdout.strip().splitlines()) == 1, (r.stdout, r.stderr)

def test_readme_is_the_index(): assert (ROOT/"README.md").read_text(encoding="utf-8") == render(), "run `make prepare`"

def test_the_readme_as_a_script_prints_what_the_page_shows(tmp_path):
    "All its Python in one file, run by a plain `python`, without IPython"
    script = "\n".join(re.findall(r"^```python\n(.*?)^```$", (ROOT/"README.md").read_text(encoding="utf-8"), re.S | re.M))
    (tmp_path/"fifteen.py").write_text(script, encoding="utf-8")
    r = subprocess.run([sys.executable, "fifteen.py"], cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert r.returncode == 0, r.stderr[-2000:]
    *values, held = r.stdout.splitlines()
    elbo, three = map(ast.literal_eval, values)
    found, bound = map(float, re.fullmatch(r"log p\(x\) >= .*: +(\S+) >= (\S+)", held).groups())
    assert [found, bound] == pytest.approx(three[:2], abs=1e-3), "what `holds` evaluates is what the page computed"
    assert -30 < elbo < -20 and len(three) == 3 and three[0] - three[1] == pytest.approx(three[2], abs=.01) and 0 < three[2]
    shown = ["".join(o["data"]["text/plain"]) for c in code_cells(ROOT/"nbs"/"index.ipynb") for o in c.outputs if "text/plain" in o.get("data", {})]
    assert str(elbo)[:3] == shown[0][:3], (elbo, shown[0])

def test_what_a_notebook_shows_a_script_prints():
    assert printed("x = 1\nround(x, 2)   # nats") == "x = 1\nprint(round(x, 2))   # nats" and printed("f(1);") == "f(1)" and printed("x = 1") == "x = 1"
    assert printed("a = [b]\n[b]") == "a = [b]\nprint([b])"

# -- the bibliography --------------------------------------------------------------------------------------------------
NO_LINK = {"korpelevich-1976", "miyasawa-1961", "tufte-2001", "whitehill"}    # no address known to us

def test_references_are_fresh():
    assert references.render() == [src(c) for c in read_nb(references.PAGE).cells], "run `make prepare`"
    known = list(references.works())
    assert [w.key for w in known] == sorted({w.key for w in known}) and len(known) > 60
    assert {w.key for w in known if not w.url} == NO_LINK
    assert set(known) == {w for nb in NBS if nb != references.PAGE for w in references.cited(nb, known)}, "a work that no page cites"

@each_nb
def test_every_cited_work_is_in_the_references(nb):
    if nb == references.PAGE: return
    known = list(references.works())
    here, (body, further) = references.cited(nb, known), references.split(nb)
    for *who, m in references.citations(body): assert references.lookup(*who, known), f"not in references.ipynb: {m[0]}"
    for entry in further:
        assert any(w.url and f"({w.url})" in entry or w in here and w.text.split("*")[1][:20].lower() in entry.lower() for w in known), entry
    urls = {w.url for w in known}
    for u in re.findall(r"\]\((https?://(?:arxiv|doi)\.org/\S+?)\)(?=[\s.;,)]|$)", prose(nb)): assert u in urls, u

# -- the site ----------------------------------------------------------------------------------------------------------
PROCESS = """
from functools import cache
import nbdev.config, nbdev.processors, nbdev.quarto
import site_figures
nbdev.quarto._ensure_quarto = lambda: None                          # it would install Quarto, as root where it may
nbdev.config._load_toml = cache(nbdev.config._load_toml)            # else read 15,000 times: a quarter of the work
nbdev.processors.get_config = cache(nbdev.config.get_config)        # asked for every cell
site_figures.EFFORT = dict(quality=0, method=0)                     # how small pictures get is not asked here
nbdev.quarto.nbdev_proc_nbs.__wrapped__(n_workers=0)
"""

@pytest.fixture(scope="module")
def proc():
    "What Quarto gets: page -> its cells, after nbdev's pre-processing and tools/site_pages.py"
    def process(folder):
        top = folder/"r"
        shutil.copytree(ROOT, top, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "_proc", "_docs", "tour"))
        r = subprocess.run([*warm.python(), "-c", PROCESS], cwd=top, capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=str(top/"tools")))
        assert r.returncode == 0, r.stderr[-2000:]
        return str(top/"_proc")
    return Path(warm.once("pages for Quarto", process))

@pytest.fixture(scope="module")
def pages(proc): return {page: read_nb(proc/page) for page in sidebar()}

def shown(nb, html=False):
    "The Markdown of a processed page: its prose and its Markdown outputs, without code, with raw HTML or without"
    parts = []
    for c in nb.cells:
        if c.cell_type == "markdown": parts.append(src(c))
        elif c.cell_type == "code": parts += ["".join(o["data"]["text/markdown"]) for o in c.get("outputs", []) if "text/markdown" in o.get("data", {})]
    text = re.sub(r"^(`{3,})(\{=html\})?.*?^\1$", lambda m: m[0]*bool(html and m[2]), "\n\n".join(parts), flags=re.S | re.M)
    return re.sub(r"(?<!`)`[^`\n]+`", lambda m: m[0].translate({ord("]"): None, ord(")"): None}), text)    # inline code is no link

def test_what_quarto_gets(proc, pages):
    "nbdev's pre-processing runs, keeps equations and anchors, names every page of the sidebar, and passes on what the site needs"
    assert (proc/"_quarto.yml").read_text(encoding="utf-8") == (ROOT/"_quarto.yml").read_text(encoding="utf-8")
    for page, nb in pages.items():
        text = "\n\n".join(src(c) for c in nb.cells)
        assert nb.cells[0].cell_type == "raw" and "title:" in src(nb.cells[0]), page
        for e in equations(ROOT/"nbs"/page): assert f'">¶</span>({tags(e)[0]})</a>' in text, (page, tags(e))
        own = {slug(h) for h in re.findall(r"^#+ (.*)$", text, re.M)}    # a heading's anchor in the notebook is on the site the heading's own
        for i in ids[ROOT/"nbs"/page]: assert f' id="{i}"' in text or i in own, (page, i)
    site = yaml.safe_load((proc/"_quarto.yml").read_text(encoding="utf-8"))
    assert site["website"]["page-navigation"] and site["website"]["navbar"]["search"] and site["format"]["html"]["toc"]
    look = site["format"]["html"]
    assert (proc/look["theme"]).exists() and (proc/look["css"]).exists() and (proc/site["website"]["favicon"]).exists()
    for script in re.findall(r'src="/([^"]+)"', look["include-in-header"]["text"]): assert (proc/script).exists(), script
    faces = (proc/look["css"]).read_text(encoding="utf-8")
    fonts = {f: (proc/"fonts"/f).stat().st_size for f in re.findall(r'url\("([^"]+)"\)', faces)}
    assert len(fonts) == 8 and sum(fonts.values()) < 150_000 and faces.count("font-display: swap") == 8 and "Open Font License" in (proc/"fonts"/"LICENCES.txt").read_text()
    assert set(site["format"]) == {"html"} and site["format-links"] is False, "a second format would store every figure twice"
    katex = proc/site["format"]["html"]["html-math-method"]["url"].strip("/")
    css = (katex/"katex.min.css").read_text(encoding="utf-8")
    assert (katex/"katex.min.js").stat().st_size > 100_000 and all((katex/f).exists() for f in re.findall(r"url\((fonts/[^)]+\.woff2)\)", css))
    assert (proc/site["website"]["image"]).exists()

def test_every_equation_shows_that_it_runs(pages):
    "Each display is a block that opens the cells that check it; from there a link leads to the cell, and from the cell one leads back"
    for page, nb in pages.items():
        text = "\n\n".join(src(c) for c in nb.cells)
        assert not [d for d in re.findall(r"\$\$(.+?)\$\$", shown(nb), re.S) if "\\tag" in d], page
        for e in equations(ROOT/"nbs"/page):
            tag, = tags(e)
            eq, check = anchor(tag), anchor(tag).replace("eq-", "check-", 1)
            block = text[text.index(f'<div class="equation" id="{eq}">'):].split("</details>")[0]
            assert f'<a class="equation-tag" href="#{eq}"' in block and '<details class="runs">' in block and f'href="#{check}"' in block, (page, tag)
            at = [i for i, c in enumerate(nb.cells) if f'<a id="{check}" href="#{eq}">' in src(c)]
            assert len(at) == 1 and nb.cells[at[0] + 1].cell_type == "code" and re.search(r"\bassert|\bholds\(", src(nb.cells[at[0] + 1])), (page, tag)
            assert "code-fold" not in src(nb.cells[at[0] + 1]), f"a check in a fold: {page} {tag}"

def test_links_on_the_site_lead_somewhere(pages):
    there = {}
    for page, nb in pages.items():
        text = shown(nb)
        slugs = {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", h.strip().lower())) for h in re.findall(r"^#+ (.*)$", text, re.M)}
        exact = {h.strip() for h in re.findall(r"^#+ (.*)$", text, re.M)}
        slugs |= {re.sub(r"^[\d-]+", "", s) for s in slugs}      # as Quarto does: "1. Write the bound" is write-the-bound
        there[page] = slugs | exact | set(a or b for a, b in re.findall(r'\bid="([^"]+)"|^:::+ \{#([\w-]+)', shown(nb, html=True), re.M))
    for page, nb in pages.items():
        found = re.findall(r'\]\(([^)\s]+)\)', shown(nb)) + re.findall(r'<a [^>]*href="([^"]+)"', shown(nb, html=True))
        assert found, page
        for target in found:
            if re.match(r"(https?|mailto):", target): continue
            path, _, frag = target.partition("#")
            other = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if other in {f"slides/{deck}.html" for deck in DECKS}: continue                     # made after the pages: tests/pages/test_slides.py
            if not other.endswith(".ipynb"): assert (ROOT/"nbs"/other).exists() or (ROOT/other).exists(), (page, target)
            else: assert other in there and (not frag or frag in there[other]), (page, target)

def test_cell_options_are_yaml_that_quarto_knows(pages):
    for page, nb in pages.items():
        for c in nb.cells:
            if c.cell_type != "code": continue
            opts = yaml.safe_load("\n".join(s[2:].strip() for s in src(c).splitlines() if s.startswith("#|"))) or {}
            assert opts.keys() <= {"fig-alt", "fig-cap", "echo", "output", "eval", "code-fold", "code-summary"}, (page, src(c)[:200])

def test_no_request_to_another_server(pages):
    "No picture, script or style from elsewhere, and no kind of output for which Quarto adds scripts from a CDN"
    for page, nb in pages.items():
        assert "widgets" not in nb.metadata, page
        kinds = {k for c in nb.cells if c.cell_type == "code" for o in c.get("outputs", []) for k in o.get("data", {})}
        assert kinds <= {"text/plain", "text/markdown", "text/latex", "image/png", "image/svg+xml"}, (page, kinds)
        text = shown(nb, html=True)
        assert not re.search(r"!\[[^\]]*\]\(https?:", text), page
        assert not re.search(r"""<(?:script|img|iframe|embed|source)[^>]*\ssrc=["']?(?:https?:)?//|<link[^>]*href=["']?(?:https?:)?//|@import|url\(["']?https?:|\bimport\b[^;\n]*["']https?:|fetch\(""", text), page

def formulas(text):
    "What Markdown sets as mathematics: (TeX, displayed?)"
    text = re.sub(r"`[^`\n]*`", "", text)
    for m in re.finditer(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)", text, re.S): yield m[1] or m[2], bool(m[1])

def test_katex_can_set_every_formula(proc, pages):
    "With the very file that the site loads, run by Node"
    node = shutil.which("node")
    if not node: pytest.skip("no Node")
    every = sorted({f for nb in pages.values() for f in formulas(shown(nb))})
    assert len(every) > 1000
    js = ("const k = require(process.argv[1]), bad = [];"
          "for (const [tex, displayMode] of JSON.parse(require('fs').readFileSync(0)))"
          "  try { k.renderToString(tex, {displayMode, strict: 'ignore'}) } catch (e) { bad.push(tex + '  ' + e.message) }"
          "console.log(JSON.stringify(bad))")
    r = subprocess.run([node, "-e", js, str(proc/"katex"/"katex.min.js")], input=json.dumps(every), capture_output=True, text=True)
    assert r.returncode == 0 and json.loads(r.stdout) == [], r.stderr + r.stdout

def exported(module): return [(n, getattr(module, n)) for n in module.__all__]

def modules():
    for nb in NBS:
        for c in code_cells(nb):
            if m := re.match(r"#\|\s*default_exp\s+([\w.]+)", src(c)): yield nb, import_module(f"vaegan.{m[1]}")

def test_library_pages_show_code_shapes_and_units(pages):
    "Every exported name has a section: what each parameter is, in the comments' own words, and below it the code"
    count = 0
    for nb, module in modules():
        cells = pages[nb_id(nb)].cells
        said = " ".join("\n\n".join(src(c) for c in cells).replace("#", " ").split())
        for name, f in exported(module):
            if not (isclass(f) or isfunction(f)) or f.__module__ != module.__name__: continue
            at = [i for i, c in enumerate(cells) if c.cell_type == "markdown" and re.match(rf"::: {{\.api[^}}]*}}\n\n#+ {name}$", src(c), re.M)]
            code = next((src(c) for i in at for c in cells[i:] if c.cell_type == "code"), "")
            assert at and re.search(rf"^(async )?(def|class) {name}\b", code, re.M), (nb_id(nb), name)
            for comment in docments(f).values():
                if isinstance(comment, str) and comment.strip(): assert " ".join(comment.replace("#", " ").split()) in said, (name, comment); count += 1
    assert count > 300

def test_list_of_the_library_is_complete_and_fresh():
    "api.ipynb links every exported name to its chapter; the site test above follows the links"
    text = "".join("".join(o["data"]["text/markdown"]) for c in code_cells(ROOT/"nbs"/"api.ipynb") for o in c.outputs if "text/markdown" in o.get("data", {}))
    blocks = text.split("\n\n")
    heads = [(i, *m.groups()) for i, block in enumerate(blocks) if (m := re.match(r"\*\*\[`(\w+)`\]\(([^)#]+)(?:#\w+)?\)\*\* (.*)(?:\n(.*))?", block))]
    want = [(n, nb_id(nb), f) for nb, module in modules() if nb.parent.name != "bank" for n, f in exported(module)]
    assert [h[1:3] for h in heads] == [w[:2] for w in want], "run `.venv/bin/nbdev-test nbs/api.ipynb --save`, then `make prepare`"
    def bare(said): return " ".join(re.sub(r"[\\`]", "", said).split())
    for (_, name, _, signature, line), (_, _, f) in zip(heads, want):
        if not isfunction(f): continue
        assert line and bare(f.__doc__).startswith(bare(line)) and signature.startswith("`(") and signature.endswith("`<br>"), name
        assert all(k in signature for k in inspect.signature(f).parameters), name
    for (i, *_), (_, _, f) in zip(heads, want):
        if not isfunction(f): continue
        unfolded = blocks[i + 2] if blocks[i + 1].startswith("<details><summary>Arguments") else ""
        told = [(what, bare(said)) for what, said in re.findall(r"^- `(.+?)`(?: (.*))?$", unfolded, re.M)]
        assert told == [(what, bare(said)) for what, said in arguments(f) if said or not what.startswith("returns ")], f"{f}: each argument with shape, meaning and unit"
    shown = re.findall(r"^```python\n(.*?)^```\n\n</details>$", text, re.S | re.M)
    assert len(shown) == len(re.findall(r"<summary>(?:Arguments, e|E)xample</summary>", text)) and "a constant" not in text
    prompts = ["\n".join(ln[4:] if ln.startswith((">>> ", "... ")) else f"# {ln}" for ln in e.splitlines()) for e in examples().values()]
    assert sorted(s.rstrip() for s in shown) == sorted(prompts), "the examples of the page are not those of vaegan/examples.md"

# -- the rest ----------------------------------------------------------------------------------------------------------
def test_notebooks_are_valid_json_with_ids():
    for nb in NBS:
        d = json.loads(nb.read_text(encoding="utf-8"))
        cell_ids = [c.get("id") for c in d["cells"]]
        assert all(cell_ids) and len(set(cell_ids)) == len(cell_ids), nb_id(nb)
