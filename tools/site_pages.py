"""What the site shows and the notebooks need not hold. nbdev calls `Site` on every page on its way to Quarto (`doc_procs` in
pyproject.toml; `make docs` puts this folder on the path): marks at checked equations, the source of the library beside the
prose, links from years to the bibliography, symbols to the notation page, and nothing that a reader's browser must fetch elsewhere."""
import json
import re
from functools import cache
from pathlib import Path

from fastcore.nbio import read_nb
from nbdev.config import nbpath2html
from nbdev.process import Processor
from notebooks import NBS, ROOT, cfg, nb_id, src
from site_api import last_level, lines_of, on_the_page, section, source_url
from site_equations import bound, checks_of, formulas, with_blocks
from site_exercises import solved, with_boxes
from site_first import LESSONS, lifted, opened
from site_folds import prepares, with_folds
from site_markup import markdown, outside_code, outside_raw, raw, signed, unbroken
from site_outputs import show_outputs, unnested
from site_path import fact, with_stops
from site_tex import loosened
from slides_cells import unmarked
from write_home import slug
from write_references import citations, lookup, works

from vaegan.contents import module_of

OURS = {"checks", "slow", "timed", "notest", "hide", "default_exp", "export", "exports", "exporti", "cover", "slide"}    # nbdev and the tests have read them

# -- the library's source ----------------------------------------------------------------------------------------------
def with_source(cells, page):
    "An exported cell in a section of its own: a heading for each name that it defines, and the source"
    out, cells = [], [c for c in cells if c.cell_type != "code" or c.source.strip()]
    while cells:
        c = cells.pop(0)
        if c.cell_type != "code" or not c.directives_.keys() & {"export", "exports", "exporti"} or prepares(c):
            out.append(c)
            continue
        urls = {}
        while cells and getattr(cells[0], "has_sd", False):
            shown = cells.pop(0)
            name = re.search(r"show_doc\((\w+)\)", shown.source)[1]
            urls[name] = source_url(name, page)
        out += section(c, urls, min(3, last_level(out) + 1), page in LESSONS)
    return out

# -- options of cells --------------------------------------------------------------------------------------------------
def options(source):
    "Cell options as valid YAML, and only those meant for Quarto"
    lines = source.split("\n")
    for i, line in enumerate(lines):
        m = re.match(r"#\|\s*([\w-]+)\s*:\s*(.*)$", line)
        if not m: break
        lines[i] = None if m[1] in OURS else f"#| {m[1]}: {m[2] if m[2] in ('true', 'false') else json.dumps(m[2], ensure_ascii=False)}"
    return "\n".join(s for s in lines if s is not None)

# -- links -------------------------------------------------------------------------------------------------------------
@cache
def library(): return tuple(works())

def with_references(text, up):
    "The year of a cited work leads to its entry in the bibliography"
    body, sep, further = text.partition("## Further reading")
    for *who, m in reversed(list(citations(body))):
        work, at = lookup(*who, library()), m.span("year")
        inside = re.search(r"\[[^\]\n]*$", body[:at[0]]) and re.match(r"[^\[\n]*\]\(", body[at[1]:])     # already a link
        if work and not inside: body = f"{body[:at[0]]}[{m['year']}]({up}references.ipynb#{work.key}){body[at[1]:]}"
    if sep and not up: further = further.rstrip() + f"\n\nAll works that the course cites: [References]({up}references.ipynb)."
    return body + sep + further

@cache
def symbols():
    "Chapter -> the symbols that the notation page says it introduces, with the heading under which each stands"
    out, section = {}, ""
    for c in read_nb(ROOT/"nbs"/"notation.ipynb").cells:
        if c.cell_type == "markdown" and (h := re.findall(r"^## (.*)$", src(c), re.M)): section = h[-1]
        rows = re.search(r'= r"""\n(.*?)"""', src(c), re.S) if c.cell_type == "code" else None
        whole = re.sub(r"\s*\\\n\s*", " ", rows[1]).strip() if rows else ""   # a line that ends in a backslash goes on
        for row in whole.splitlines():
            cols = [x.strip() for x in row.split(" | ")]
            out.setdefault(cols[-2], []).append((cols[0], "#" + slug(section)))
    return out

LECTURE = re.compile(r"`[^`\n]*`|\$[^$]+\$|^#+ [^\n]*$|^#\|[^\n]*$|!?\[[^\]]*\]\([^)]*\)|<[^>\n]*>|(?P<words>\b[Tt]he lecture\b)", re.M)

def to_the_lecture(cells, page):
    "On a lesson, the first words `the lecture` that are no link lead to the page that goes through it slide by slide"
    if page.removesuffix(".ipynb") not in LESSONS: return
    for c in cells:
        found = next((m for m in LECTURE.finditer(c.source) if m["words"]), None) if c.cell_type == "markdown" else None
        if found:
            c.source = f"{c.source[:found.start()]}[{found[0]}](lecture.ipynb){c.source[found.end():]}"
            return

def spoken(symbol):
    "A symbol's name for those who listen: a formula in a link has none"
    return " ".join(re.findall(r"\w+", re.sub(r"\\(mathbf|mathrm|mathbb|mathcal|boldsymbol|operatorname|text)\b", " ", symbol))) + " in the notation"

def legend(page):
    "One line for the top of a chapter: the symbols that are new here, each a link to its row's table"
    new = symbols().get(page.removesuffix(".ipynb"), [])
    links = [f'[{s}](notation.ipynb{at}){{aria-label="{spoken(s)}"}}' for s, at in new]
    return "**New symbols** " + " ".join([f"[{a},]{{.nobreak}}" for a in links[:-1]] + links[-1:]) if new else ""

# -- links to the library ----------------------------------------------------------------------------------------------
@cache
def pages_of_site():
    "Address of a page on the site -> its notebook"
    return {nbpath2html(nb_id(p)).as_posix(): nb_id(p) for p in NBS}

def imported(cells, page):
    "name -> page of the site that defines it, for what a page defines or imports: nbdev knows one place for each name of the library"
    pages = {module_of(p.removesuffix(".ipynb")): p for p in pages_of_site().values()}
    out = {}
    for c in cells:
        for module, names in re.findall(r"^from vaegan\.([\w.]+) import ([\w, ]+)", src(c), re.M) if c.cell_type == "code" else []:
            if module in pages: out |= {n.split()[0]: pages[module] for n in names.split(",") if n.strip()}
    return out | dict.fromkeys(lines_of(page.removesuffix(".ipynb")), page)

def at_home(text, up, where={}):
    "nbdev's links to the library lead to the published site; here they lead to the page beside this one, to its sections"
    def change(m):
        if m["page"].startswith("slides/"): return f"[{m['name']}]({up}{m['page']})"
        page, at = pages_of_site().get(m["page"]), m["at"] or ""
        other = where.get(m["name"].strip("`"))
        if other and page and other != page: page, at = other, "#" + m["name"].strip("`").lower()
        if not page: return m[0]
        return m["name"] if at.startswith("#_") else f"[{m['name']}]({up}{page}{at.split('.')[0]})"     # what is private has no section
    base = re.escape(cfg["doc_host"] + cfg["doc_baseurl"])
    return re.sub(rf"\[(?P<name>[^\[\]]*)\]\({base}/(?P<page>[\w/.-]+?\.html)(?P<at>#[\w.]+)?\)", change, text)

# -- tables ------------------------------------------------------------------------------------------------------------
def named_corners(text):
    "The empty corner of a table gets a word for those who listen"
    corner = '| <span class="visually-hidden">item</span> |'
    return outside_code(text, lambda t: re.sub(r"^\|\s*\|(?=[^\n]*\n\|[ :|-]+\|\s*$)", corner, t, flags=re.M))

def single(text):
    "A link to an equation in brackets of its own, such as ((ELBO)), has one pair of brackets"
    return outside_code(text, lambda t: re.sub(r"\((\[\([^()\]\n]+\)\]\([^()\s]+\))\)", r"\1", t))

# -- the page ----------------------------------------------------------------------------------------------------------
SLOW = '<div class="slow">This cell takes minutes or longer. Shown is a stored run.</div>'

def written(text, page, found, where={}):
    "A text of the page: displays as blocks, links that stay here, citations, punctuation that does not stand alone"
    up = "../"*page.count("/")
    text = signed(single(at_home(unnested(text), up, where)))
    if page != "references.ipynb": text = outside_raw(text, lambda t: with_references(t, up))
    return unbroken(with_blocks(bound(formulas(loosened(named_corners(text)))), found))

def without_doubles(text):
    "A heading's own anchor, which notebooks need, is on the site the heading's own id"
    return re.sub(r'<a id="([^"]+)"></a>\n+(?=#+ ([^\n]+))', lambda m: "" if m[1] == slug(m[2]) else m[0], text)

class Site(Processor):
    def begin(self):
        nb = self.nb
        page = Path(nb.path_).resolve().relative_to(ROOT/"nbs").as_posix()
        path, up = page.removesuffix(".ipynb"), "../"*page.count("/")
        for c in nb.cells:
            if c.cell_type == "code" and not getattr(c, "has_sd", False): show_outputs(c, ROOT/"_proc", up)
        nb.cells = on_the_page(nb.cells)
        found, heads = checks_of(nb.cells)
        for c in nb.cells:
            c.metadata.pop("execution", None)    # when it ran is nobody's concern
            if c.cell_type == "code": c.source = options(c.source)
            if c.cell_type == "markdown": c.source = without_doubles(unmarked(c.source))
        to_the_lecture(nb.cells, page)
        cells = with_source(nb.cells, path)
        cover, cells = lifted(with_boxes(cells), heads)
        cells = with_folds(with_stops(cells, page), heads)
        if path in LESSONS: cells = solved(cells)
        cells = opened(cells, cover, path, up, len(found), legend(page), fact(page))
        where = imported(nb.cells, page)
        nb.cells = [d for c in cells for d in self.finished(c, page, found, heads, where)]
        nb.metadata.pop("widgets", None)

    def finished(self, c, page, found, heads, where):
        "A cell as Quarto gets it, with what stands before it"
        if c.cell_type == "markdown": c.source = written(c.source, page, found, where)
        elif c.cell_type == "code":
            for o in c.get("outputs", []):
                if "text/markdown" in o.get("data", {}): o["data"]["text/markdown"] = written("".join(o["data"]["text/markdown"]), page, {}, where)
            if c.id in heads: yield markdown(raw(heads[c.id]))
            if "slow" in getattr(c, "directives_", {}): yield markdown(raw(SLOW))
        yield c

    def cell(self, cell): pass
