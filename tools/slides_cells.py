"""What the slides are made of: cells of the notebooks that carry a mark, which nobody sees on a page.

    #| slide: vae 250 | What the slide claims | code          a code cell: its picture, or with `code` its source
    #| slide: gan 110 | What the slide claims | steps         its figure's panels one after another
    #| slide: vae 255 | What the slide claims | above 720     a living picture: its plots `above` or `beside` its controls, or `words` alone; how wide
    <!-- slide: vae 240 | What the slide claims | L1 L2 -->   a text: its displays, only those named, or its `list`
    <!-- slide: vae 200 | section -->                         its heading begins a new section; or `| A heading | section`

The number gives the order in the deck `vae` or `gan`; cells of one number share a slide, and the claim stands in one of them. The words around
what is shown become the speaker's notes: those of a text itself, for a picture its caption and the text before it."""
import re
from dataclasses import dataclass, field

from fastcore.nbio import read_nb
from notebooks import NBS, anchor, nb_id, src, tags
from site_equations import DISPLAY, checks_of

TEXT = re.compile(r"[ \t]*<!--\s*slide:\s*(.*?)\s*-->\n?", re.S)
CODE = re.compile(r"^#\|\s*slide:\s*(.*)$\n?", re.M)
DECKS = "vae", "gan"

@dataclass
class Part:
    "Something that a slide shows: its kind, the page that it is from, what it holds, and where to read on"
    kind: str           # display, picture, code, list or section
    page: str           # of the notebook, as 06_elbo.ipynb
    at: str = ""        # the anchor there
    tag: str = ""
    text: str = ""      # TeX, code or Markdown; of a picture how it is shown
    cell: object = None
    checks: tuple = ()  # what checks a display

@dataclass
class Slide:
    deck: str
    number: int
    claim: str = ""
    parts: list = field(default_factory=list)
    notes: list = field(default_factory=list)     # (page, Markdown)

def marks(cell):
    "(deck, number, claim, what) for each mark of a cell"
    for line in (TEXT if cell.cell_type == "markdown" else CODE).findall(src(cell)):
        place, claim, what = (*map(str.strip, line.split(" | ")), "", "")[:3]
        m = re.fullmatch(r"(\w+) (\d+)", place)
        if not m or m[1] not in DECKS: raise ValueError(f"slide: expected `vae` or `gan` and a number, then claim and what is shown between bars, got {line!r}")
        if claim == "section": claim, what = "", claim
        yield m[1], int(m[2]), claim, what.split()

def unmarked(text): return TEXT.sub("", text)

def displays(text):
    "tag -> TeX of the displays in a text"
    return {t: re.sub(r"\\tag\*?\{[^}]*\}", "", m["tex"]).strip() for m in DISPLAY.finditer(text) for t in tags(m["tex"])}

def words(text):
    "A text from its last heading on, without what the slide shows: anchors and marks go, a display is named by its tag"
    text = re.split(r"^#+ .*$", text, flags=re.M)[-1]
    text = DISPLAY.sub(lambda m: f"({tags(m['tex'])[0]})" if tags(m["tex"]) else "", unmarked(text))
    return re.sub(r"<a id=\"[^\"]*\"></a>|</?(?:details|summary|div)[^>]*>", "", text, flags=re.M).strip()

def listed(text):
    "The first list of a text"
    return re.search(r"(?:^(?:\d+\.|-) .*\n?(?:^ +.*\n?)*)+", text, re.M)[0]

def of_text(cell, what, page, found):
    "What a marked text shows"
    text = src(cell)
    if what == ["section"]: return [Part("section", page, text=(re.findall(r"^#+ (.*)$", text, re.M) or [""])[0])]
    if what == ["list"]: return [Part("list", page, text=unmarked(listed(text)))]
    known = displays(text)
    if lost := [t for t in what if t not in known]: raise ValueError(f"{page}: no display {', '.join(lost)} in the marked cell that begins {text[:40]!r}")
    return [Part("display", page, anchor(t), t, known[t], checks=tuple(found.get(t, ()))) for t in what or known]

def of_code(cell, what, page):
    "What a marked cell shows"
    if what == ["code"]: return [Part("code", page, text=src(cell))]
    return [Part("picture", page, text=" ".join(what), cell=cell)]

def slides():
    "All slides of both decks, in their order"
    out = {}
    for nb in NBS:
        if "slide:" not in nb.read_text(encoding="utf-8"): continue
        cells, page, before = read_nb(nb).cells, nb_id(nb), ""
        found, _ = checks_of(cells)
        for c in cells:
            for deck, number, claim, what in marks(c):
                s = out.setdefault((deck, number), Slide(deck, number))
                s.claim = s.claim or claim
                s.parts += of_text(c, what, page, found) if c.cell_type == "markdown" else of_code(c, what, page)
                said = "" if what == ["section"] else words(src(c) if c.cell_type == "markdown" else before)
                if said and (page, said) not in s.notes: s.notes.append((page, said))
            if c.cell_type == "markdown": before = src(c)
    return [out[k] for k in sorted(out)]
