"""The lecture's two halves as slides, from the cells of the lessons that carry a mark (tools/slides_cells.py): `make slides`.

    python tools/slides.py [FOLDER]      FOLDER is _slides; beside the pages of the site its fonts and KaTeX are used

Writes vae.html and gan.html: no server is asked for anything, a copy of the folder on a stick is a lecture. reveal.js (nbs/reveal) turns the
pages, shows the speaker's notes and prints; nbs/slides/ is our look and what sets the formulas."""
import html
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from nbconvert.filters import markdown2html
from nbdev.config import nbpath2html
from notebooks import ROOT, cfg, src
from site_equations import clauses, compared
from site_markup import MATH, bare, escaped, outside_code, plain_html
from site_outputs import fig_options, picture
from site_tex import breakable
from slides_cells import DECKS, slides

from vaegan.contents import PAGES

NBS, SITE = ROOT/"nbs", cfg["doc_host"] + cfg["doc_baseurl"] + "/"
TITLES = dict(vae=("Variational autoencoders", "From latent variable models to a trained VAE"),
              gan=("Generative adversarial networks", "From the minimax game to the hybrid"))

# -- words -------------------------------------------------------------------------------------------------------------
def address(page, at=""): return nbpath2html(page).as_posix() + f"#{at}"*bool(at)

def inline(text):
    "A line of words in which formulas stand between dollars and code between backticks"
    held = []
    def hold(m):
        held.append(f'<span class="math">{escaped(breakable(m[1]))}</span>')
        return f"\x01{len(held) - 1}\x02"
    return re.sub("\x01(\\d+)\x02", lambda m: held[int(m[1])], plain_html(re.sub(r"\$([^$]+)\$", hold, text)))

def prose(text, page, base):
    "Markdown as HTML, with formulas for deck.js and links that lead to the site"
    held = []
    def hold(m):
        held.append(f'<span class="math{" display"*bool(m["display"])}">{escaped(m["display"] or m["inline"])}</span>')
        return f"\x01{len(held) - 1}\x02"
    out = markdown2html(outside_code(text, lambda t: MATH.sub(hold, t)))
    def lead(m):
        to, _, at = html.unescape(m[1]).partition("#")
        if "://" in to: return m[0]
        there = urljoin(page, to) if to else page
        return f'href="{base}{address(there, at) if there.endswith(".ipynb") else there}"'
    out = re.sub(r'href="([^"]*)"', lead, out)
    return re.sub("\x01(\\d+)\x02", lambda m: held[int(m[1])], out).replace("<a class=\"anchor-link\"", "<a hidden")

# -- what a slide shows ------------------------------------------------------------------------------------------------
NUMBER = re.compile(r"-?\d[\d.]*(?:e-?\d+)?")

def values(part):
    "The first claim of a display with its numbers, −1.674 = −1.674, as the check has shown them"
    sides = [s.sides for check in part.checks for s in check.shown if s.tag == part.tag and len(s.sides) > 1]
    (_, a), (relation, b) = sides[-1][:2] if sides else (("", ""), ("", ""))
    sign = re.match(r"\$\\displaystyle\s*(=|\\[gl]eq?\b|\\approx|<|>)", relation)
    if not (sign and NUMBER.fullmatch(a) and NUMBER.fullmatch(b)): return ""
    sign = {"\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "\\approx": "≈"}.get(sign[1], sign[1])
    return escaped(f"{a} {sign} {b}").replace("-", "−")

def display(part, base, later=False):
    "A formula and the mark that it runs: the two numbers, and how many wrong versions the check has noticed; what is not the first comes with the next key"
    maths = "".join(f'<div class="math display">{escaped(breakable(c))}</div>' for c in clauses(part.text))
    _, more, _ = compared(part.tag, list(part.checks))
    link = f'<a class="tag" href="{base}{address(part.page, part.at)}">({escaped(part.tag)})</a>'
    return f'<div class="equation{" fragment"*later}">{maths}<p class="mark">{link} <span class="runs">runs</span> {f"<b>{v}</b>" if (v := values(part)) else ""} · {escaped(more)}</p></div>'

def ratio(drawn):
    "Width and height of a figure, of its panels beside each other; and its height in parts of its width, should they stand below each other"
    boxes = [(float(w), float(h)) for w, h in re.findall(r'viewBox="\S+ \S+ (\S+) (\S+)"', drawn)] or [tuple(map(float, re.search(r'width="(\d+)" height="(\d+)"', drawn).groups()))]
    return sum(w for w, _ in boxes) + 6*.75*(len(boxes) - 1), max(h for _, h in boxes), sum(h/w for w, h in boxes)

LAYOUTS = "above", "beside", "words"        # of a living picture: nbs/slides/deck.js

def in_steps(drawn):
    "A figure whose panels appear one after another: `fragments` of reveal.js"
    root = ET.fromstring(drawn)
    if root.tag != "div": raise ValueError("slide: `steps` needs a figure of panels beside each other")
    for panel in root[1:]: panel.set("class", f"{panel.get('class', '')} fragment".strip())
    return ET.tostring(root, encoding="unicode")

def shown(part, folder, up):
    "The picture of a cell"
    source, words = fig_options(src(part.cell))
    found = [p for o in part.cell.outputs if (p := picture(o.get("data", {}), words.get("fig-alt", words.get("fig-cap", "")), folder, up))]
    if not found: raise ValueError(f"{part.page}: the marked cell that begins {bare(source)[:50]!r} has no picture")
    if "vaegan-living" in found[0]:
        layout, _, wide = part.text.partition(" ")
        if layout not in LAYOUTS or not wide.isdigit(): raise ValueError(f"{part.page}: slide: a living picture needs {' or '.join(LAYOUTS)} and a width, got {part.text!r}")
        return f'<div class="live-box" data-layout="{layout}" data-width="{wide}" data-prevent-swipe>{found[0]}</div>'
    if part.text not in ("", "steps"): raise ValueError(f"{part.page}: slide: a figure is shown whole or in `steps`, got {part.text!r}")
    wide, high, stack = ratio(found[0])
    if part.text: found[0] = in_steps(found[0])
    return f'<div class="figure{" wide"*(wide/high > 2.1)}{" tall"*(wide < 1.1*high)}" style="--wide:{wide:.0f};--high:{high:.0f};--stack:{stack + .05:.2f}">{found[0]}</div>'

def code(part): return f'<pre tabindex="0"><code>{escaped(bare(part.text).strip())}</code></pre>'

def body(slide, folder, up, base):
    made = dict(display=lambda p: display(p, base, p is not slide.parts[0]), picture=lambda p: shown(p, folder, up), code=code, list=lambda p: f'<div class="list">{prose(p.text, p.page, base)}</div>')
    return "\n".join(made[p.kind](p) for p in slide.parts)

# -- the speaker's notes ---------------------------------------------------------------------------------------------------
@cache
def title_of(page): return {p.path: p.title for p in PAGES}.get(page.removesuffix(".ipynb"), page)

def notes(slide, base):
    "The lesson's own words around what the slide shows, and where they stand"
    captions = [(p.page, c.replace("**", "")) for p in slide.parts if p.kind == "picture" and (c := fig_options(src(p.cell))[1].get("fig-cap"))]
    checked = [f"<p>({escaped(p.tag)}) is compared: {plain_html(compared(p.tag, list(p.checks))[0])}.</p>" for p in slide.parts if p.kind == "display"]
    said = [prose(text, page, base) for page, text in [*((page, f"**{c}**") for page, c in captions), *slide.notes]] + checked
    where = {p.page: f'<a href="{base}{address(p.page, p.at)}">{escaped(title_of(p.page))}</a>' for p in slide.parts if p.kind != "section"}
    return "\n".join([*said, f"<p>From: {', '.join(where.values())}</p>"*bool(where)])

# -- a deck --------------------------------------------------------------------------------------------------------------
def slug(text): return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\\[a-zA-Z]+|\$", "", text).lower()).strip("-")

def begins(slide): return slide.parts[0].kind == "section"

def section(slide, ident, folder, up, base, place=""):
    heading = inline(slide.claim or slide.parts[0].text)
    if begins(slide): inside, kind = f'<h2>{heading}</h2>\n<p class="sub">{place}</p>', "part"
    else: inside, kind = f'<h2>{heading}</h2>\n<div class="body">\n{body(slide, folder, up, base)}\n</div>', "-".join(dict.fromkeys(p.kind for p in slide.parts))
    return f'<section id="{ident}" class="{kind}">\n{inside}\n<aside class="notes">{notes(slide, base)}</aside>\n</section>'

KEYS = "Arrow keys or space turn the page, S opens the notes with clock and next slide, O shows all slides, F fills the screen, D darkens, P prints (Shift-P with notes), ? lists the rest."

def ends(deck, own, base):
    "The title and the last slide: the chapters that the deck is made of"
    name, sub = TITLES[deck]
    first = f'<section id="title" class="part"><h1>{name}</h1>\n<p class="sub">{sub}</p>\n<p class="course">vaegan, the course in which every equation runs</p>\n<aside class="notes"><p>{KEYS}</p></aside></section>'
    pages = dict.fromkeys(p.page for s in own for p in s.parts if p.page[:1].isdigit())
    items = "".join(f'<li><a href="{base}{address(p)}">{escaped(title_of(p))}</a></li>' for p in sorted(pages))
    last = f'<section id="read-on" class="list"><h2>Read on, and run it</h2>\n<div class="body"><div class="list chapters"><ul>{items}</ul></div></div>\n<aside class="notes"><p>Each chapter has exercises with fresh numbers.</p></aside></section>'
    return first, last

def tokens():
    "The site's colours, light and dark"
    found = re.findall(r'"([\w-]+)": \((#\w+), (#\w+)\)', (NBS/"site.scss").read_text(encoding="utf-8"))
    return ":root {\n" + "\n".join(f"  --{k}: light-dark({a}, {b});" for k, a, b in found) + "\n}\n"

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="{libs}fonts/fonts.css"><link rel="stylesheet" href="{libs}katex/katex.min.css">
<link rel="stylesheet" href="reveal/reveal.css"><link rel="stylesheet" href="deck.css"></head>
<body><main><div class="reveal" aria-label="{title}: slides"><div class="slides">
{slides}
</div></div></main>
<script src="{libs}katex/katex.min.js"></script><script src="reveal/reveal.js"></script><script src="reveal/notes.js"></script><script src="deck.js"></script>
</body></html>
"""

def deck_html(deck, own, folder, libs, base):
    "A deck as one page"
    idents, parts = {}, []
    for s in own:
        ident = slug(s.claim or s.parts[0].text)
        idents[ident] = idents.get(ident, 0) + 1
        place = f"Part {sum(map(begins, own[:own.index(s) + 1]))} of {sum(map(begins, own))}"
        parts.append(section(s, ident + f"-{idents[ident]}"*(idents[ident] > 1), folder, libs, base, place))
    first, last = ends(deck, own, base)
    return PAGE.format(title=TITLES[deck][0], libs=libs, slides="\n".join([first, *parts, last]))

def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    on_site = (folder.parent/"katex"/"katex.min.js").exists()      # beside the pages of the site
    for name in ("reveal", *(() if on_site else ("katex", "fonts"))): shutil.copytree(NBS/name, folder/name, dirs_exist_ok=True)
    shutil.copy(NBS/"slides"/"deck.js", folder)
    (folder/"deck.css").write_text(tokens() + (NBS/"slides"/"deck.css").read_text(encoding="utf-8"), encoding="utf-8")
    found = slides()
    libs, base = ("../", "../") if on_site else ("", SITE)
    for deck in DECKS:
        own = [s for s in found if s.deck == deck]
        text = deck_html(deck, own, folder.parent if on_site else folder, libs, base)
        (folder/f"{deck}.html").write_text(text, encoding="utf-8")
        print(f"{folder/deck}.html: {len(own) + 2} slides, {len(text.encode())/1e3:.0f} kB")

if __name__ == "__main__": main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT/"_slides"))
