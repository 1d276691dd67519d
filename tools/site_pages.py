"""What the site shows and the notebooks need not hold. nbdev calls `Site` on every page on its way to Quarto (`doc_procs` in
pyproject.toml; `make docs` puts this folder on the path): marks at checked equations, the source of the library beside the
prose, links from years to the bibliography, symbols to the notation page, and nothing that a reader's browser must fetch elsewhere."""
import json
import re
from functools import cache
from pathlib import Path

from fastcore.nbio import mk_cell, read_nb
from nbdev.process import Processor
from notebooks import ROOT, anchor, checks, src, tags
from site_outputs import show_outputs, unnested
from write_references import citations, lookup, works

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
OURS = {"checks", "slow", "timed", "notest", "hide", "default_exp", "export", "exports", "exporti"}    # nbdev and the tests have read them

# -- equations and their checks ----------------------------------------------------------------------------------------
def marked(text, check_ids):
    "After each equation: a link to itself, and a link to the cells that check it"
    def mark(m):
        tag, = tags(m[0])
        ids = check_ids.get(tag, [])
        links = [f'<a class="permalink" href="#{anchor(tag)}" aria-label="Link to equation {tag}">¶</a>']
        if ids: links.append(f'<a href="#{ids[0]}">✓ checked<span class="visually-hidden">: to the cell that checks {tag}</span></a>')
        links += [f'<a href="#{i}">and again<span class="visually-hidden">: another cell that checks {tag}</span></a>' for i in ids[1:]]
        return f'{m[0]}\n\n<div class="checked">{" ".join(links)}</div>'
    return re.sub(r"\$\$.+?\$\$", mark, text, flags=re.S)

def checks_of(cells):
    "tag -> the anchors of its checking cells; and what stands before each such cell"
    ids, heads = {}, {}
    for c in cells:
        if c.cell_type != "code": continue
        links = []
        for tag in checks(c.source) or [t.strip() for t in c.directives_.get("checks", "").split(",") if t.strip()]:
            found = ids.setdefault(tag, [])
            found.append(anchor(tag).replace("eq-", "check-", 1) + (f"-{len(found) + 1}" if found else ""))
            links.append(f'<a id="{found[-1]}" href="#{anchor(tag)}">({tag})</a>')
        if links: heads[c.id] = f'<div class="checks">✓ This cell checks {", ".join(links)}</div>'
    return ids, heads

# -- the library's source ----------------------------------------------------------------------------------------------
def heading(cell):
    "The heading and the link to the source that nbdev's `show_doc` wrote, without the signature: the code follows"
    out = "".join(cell.outputs[0]["data"]["text/markdown"]).split("```python")[0].strip()
    name = re.search(r"show_doc\((\w+)\)", cell.source)[1]
    return mk_cell(re.sub(r"^(#+) .*$", rf"\1 {name}", out, count=1, flags=re.M), "markdown")   # an exercise is an object

def with_source(cells):
    "An exported cell stands on the page as it stands in the notebook, under a heading for each name that it defines"
    out, cells = [], [c for c in cells if c.cell_type != "code" or options(c.source).strip()]
    while cells:
        c = cells.pop(0)
        if c.cell_type == "code" and c.directives_.keys() & {"export", "exports"}:
            while cells and getattr(cells[0], "has_sd", False): out.append(heading(cells.pop(0)))
        out.append(c)
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
            out.setdefault(cols[-2], []).append((cols[0], "#" + re.sub(r"[^\w-]", "", section.lower().replace(" ", "-"))))
    return out

def legend(page):
    "One line for the top of a chapter: the symbols that are new here, each a link to its row's table"
    new = symbols().get(page.removesuffix(".ipynb"), [])
    return "**New symbols** " + ", ".join(f"[{s}](notation.ipynb{at})" for s, at in new) if new else ""

# -- the page ----------------------------------------------------------------------------------------------------------
class Site(Processor):
    def begin(self):
        nb = self.nb
        page = Path(nb.path_).resolve().relative_to(ROOT/"nbs").as_posix()
        up = "../"*page.count("/")
        cells = with_source(nb.cells)
        ids, heads = checks_of(cells)
        out = []
        for c in cells:
            if c.cell_type == "markdown":
                c.source = marked(unnested(c.source), ids)
                if page != "references.ipynb": c.source = with_references(c.source, up)
                if BADGE in c.source: c.source = "\n\n".join(filter(None, [c.source.replace(BADGE, up + "images/colab.svg"), legend(page)]))
            elif c.cell_type == "code":
                if c.id in heads: out.append(mk_cell(heads[c.id], "markdown"))
                if "slow" in c.directives_: out.append(mk_cell('<div class="slow">This cell takes minutes or longer. Shown is a stored run.</div>', "markdown"))
                show_outputs(c, ROOT/"_proc", up)
                c.source = options(c.source)
            out.append(c)
        nb.cells = out
        nb.metadata.pop("widgets", None)

    def cell(self, cell): pass
