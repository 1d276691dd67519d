"""The last step of `make docs`, on the pages that Quarto wrote: the shell around each page (header, list of chapters with the
page's own contents in it, foot) in markup that works without JavaScript and names its landmarks, an index of search that
finds lessons and no answers, and each page as plain Markdown, where its module's docstring says it is.

    python tools/finish_site.py [FOLDER]      FOLDER is _docs; running it twice changes nothing"""
import base64
import html
import json
import os
import re
import sys
import zlib
from functools import cache
from pathlib import Path

import site_held
import site_numbers
from fastcore.nbio import read_nb
from nbdev.config import nbpath2html
from notebooks import cfg
from site_cards import carded
from site_markup import fenced, outside_code
from site_search import entries, gathered, words
from site_weight import (
    bare,
    lighter,
    outside,
    packed,
    pruned,
    quoted,
    seen_words,
    shared,
    unset,
    without_faces,
    without_idle,
)
from write_contents import ROOT, sections

from vaegan.contents import PAGES, lessons, module_of

SOURCE = "https://github.com/vaegan/vaegan"
TAGLINE = "the course in which every equation runs"
BANK = "For teachers: the bank"
DONE = "<!-- the shell of tools/finish_site.py -->"

# -- what the table of pages says --------------------------------------------------------------------------------------
def address(path):
    "Where Quarto puts a page: 06_elbo -> elbo.html"
    return nbpath2html(f"{path}.ipynb").as_posix()

@cache
def chapters():
    "lessons and the pages of their exercises -> number of the chapter"
    numbers = {module_of(p.path): str(int(p.path[:2])) for p in lessons()}
    return {path: numbers[name] for paths in sections().values() for path in paths
            if (name := module_of(path).split(".")[-1]) in numbers and (path[0].isdigit() or path.startswith(("exercises/", "bank/")))}

@cache
def titles():
    "path -> title as the list of chapters shows it"
    out = {p.path: p.title for p in PAGES} | {"index": "Home"}
    of = {module_of(p.path): p.title for p in lessons()} | {"exam": out["exercises/exam"]}
    return out | {path: of[module_of(path).split(".")[-1]] for paths in sections().values() for path in paths if path not in out}

@cache
def paths():
    "Page of the site -> path of its notebook"
    return {address(path): path for found in sections().values() for path in found}

# -- the shell ---------------------------------------------------------------------------------------------------------
def header(up):
    return f"""{DONE}
<header id="quarto-header"><div class="bar">
<button class="btn btn-quiet menu" type="button" aria-label="Chapters" aria-expanded="false" aria-controls="quarto-sidebar"></button>
<a class="brand" href="{up}index.html"><span>vaegan</span><small>{TAGLINE}</small></a>
<div id="quarto-search"></div>
<nav aria-label="Site"><a class="plain to-list" href="#quarto-sidebar">Chapters</a><a class="plain" href="{up}api.html">Library</a><a class="plain" href="{SOURCE}">Source</a></nav>
<button class="btn btn-quiet theme" type="button" aria-label="Light or dark"></button>
</div></header>"""

def entry(path, here, up, toc):
    "A line of the list; under the current one the contents of its page"
    number, active = chapters().get(path, ""), path == here
    label = html.escape(titles()[path], quote=False)
    if path in chapters() or path[:2].isdigit() or path.startswith(("exercises/", "bank/")): label = f"<b>{number}</b>{label}"
    state = ' class="sidebar-link active" aria-current="page"' if active else ""
    return f'<li><a{state} href="{up}{address(path)}">{label}</a>{toc if active else ""}'

ROOMS = {"formula": "Formulas", "widgets": "Widgets"}
LISTED = {"Exercises": "exercises", "Exams for a class": "exams-for-a-class", "Workshop": "the-workshop", "Your own code": "your-own-code", "Your own images": "your-own-images"}
LISTED |= {room: "the-workshop" for room in ROOMS.values()}       # where the home page lists them
LISTED |= {p.section: re.sub(r"\W+", "-", p.section.lower()) for p in lessons()}

WHOLE = ("index", "")      # pages whose list is written out: home, and what is not in the list at all

def in_course(path): return bool(path) and path[0].isdigit() and path in chapters()      # from lesson to lesson the list is whole

def lines(found, here, up, toc): return "\n".join(entry(p, here, up, toc) for p in found)

def fold(name, found, inside, here, up):
    """A group of the list. A long one, and outside of the lessons theirs, is on other pages a link to the home page's list of it, and
    nbs/look.js puts the pages there when it is opened, from scripts/chapters.json: written out they would be a tenth of the site."""
    if here not in found and here not in WHOLE and not (in_course(here) and in_course(found[0])) and (at := LISTED.get(name)):
        known, inside = f' data-pages="{name}"', f'<li><a href="{up}index.html#{at}">All of these pages</a>'
    else: known = " open" if here in found else ""
    return f"<details{known}><summary>{name}</summary><ul>\n{inside}\n</ul></details>"

def rooms(found, here, up, toc):
    "The pages of a group; each folder of the workshop is a fold of its own"
    out = [lines([p for p in found if p.partition("/")[0] not in ROOMS], here, up, toc)]
    for folder, name in ROOMS.items():
        inside = [p for p in found if p.startswith(folder + "/")]
        if inside: out.append('<li class="sub">' + fold(name, inside, lines(inside, here, up, toc), here, up))
    return "\n".join(out)

def section(name, found, here, up, toc):
    kind = "" if any(p in chapters() for p in found) else ' class="plain-section"'
    return f"<li{kind}>" + fold(name, found, rooms(found, here, up, toc), here, up)

def groups():
    "What nbs/look.js fills the folds with: name of a group or room -> its lines, addresses from the site's root"
    out = {name: rooms(found, None, "", "") for name, found in sections().items() if name in LISTED}
    for folder, name in ROOMS.items(): out[name] = lines([p for p in paths().values() if p.startswith(folder + "/")], None, "", "")
    return out

def sidebar(here, up, toc=""):
    "The list of all pages in groups, of which only the current one is open; outside of it the bank is one link"
    found = [section(name, found, here, up, toc) for name, found in sections().items() if name != BANK or here in found]
    if len(found) < len(sections()): found.append(f'<li class="to-bank"><a href="{up}index.html#exercises">{BANK}</a>')
    return f'<nav id="quarto-sidebar" aria-label="Chapters"><ul>\n{chr(10).join(found)}\n</ul></nav>\n'

def contents(text):
    "Quarto's table of contents of a page, named, with its headings of level two"
    found = re.search(r'<nav id="TOC".*?</nav>', text, re.S)
    links, depth = [], 0
    for tag, link in re.findall(r"(</?ul\b|<li>(<a .*?</a>)?)", found[0], re.S) if found else ():
        depth += (tag == "<ul") - (tag == "</ul")
        if link and depth == 1: links.append(link)
    if not links: return ""
    return ('<nav id="TOC" role="doc-toc" class="toc-active" aria-label="On this page"><ul>'
            + "".join("<li>" + re.sub(r' (?:id|data-scroll-target)="[^"]*"', "", a) for a in links) + "</ul></nav>")      # nbs/look.js says the targets again

def turning(here, up):
    "The page before and the page after"
    order = [p for name, found in sections().items() for p in found if (name == BANK) == here.startswith("bank/")]
    at = order.index(here)
    def link(side, way, other):
        number = chapters().get(other, "") if other[0].isdigit() else ""
        above = f"Chapter {number}" if number else way
        title = "Exercises: "*(other.startswith("exercises/") and other in chapters()) + titles()[other]
        return f'<div class="nav-page-{side}"><a href="{up}{address(other)}" rel="{side[:4]}">{above}<b>{html.escape(title, quote=False)}</b></a></div>'
    before = link("previous", "Before", order[at - 1]) if at else "<div></div>"
    after = link("next", "Next", order[at + 1]) if at + 1 < len(order) else ""
    return f'<nav class="page-navigation" aria-label="Next and previous page">{before}{after}</nav>'

def footer(here):
    page = f"{SOURCE}/blob/main/nbs/{here}.ipynb" if here else SOURCE
    return (f'<footer class="footer"><p>Apache 2.0 · fonts SIL OFL 1.1 · <a href="{page}">this page’s notebook</a> · '
            f'<a href="{SOURCE}/issues/new">report a mistake</a></p></footer>')

# dark or light, before anything is seen; and what was searched, q: nbs/search.js shows it and leaves formulas whole
HEAD = """<script>document.documentElement.classList.add("js");
try { const s = localStorage.getItem("quarto-color-scheme");
if (s) document.documentElement.dataset.theme = s === "alternate" ? "dark" : "light" } catch {}
{ const u = new URL(location), q = u.searchParams.get("q");
  if (q) { document.documentElement.dataset.q = q; u.searchParams.delete("q"); history.replaceState(history.state, "", u) } }</script>
<link rel="preload" as="font" type="font/woff2" crossorigin href="{up}fonts/source-serif-4-400-latin.woff2">
<link rel="preload" as="font" type="font/woff2" crossorigin href="{up}fonts/source-serif-4-600-latin.woff2">
<link rel="preload" as="font" type="font/woff2" crossorigin href="{up}fonts/source-sans-3-400-latin.woff2">
</head>"""
UNLISTED = '<meta name="robots" content="noindex">'      # the bank holds the answers: search engines leave it out, as our search does
UNUSED = ("bootstrap-icons.css", "bootstrap-icons.woff", "headroom.min.js", "quarto-nav.js", "bootstrap.min.js", "fuse.min.js",
          "popper.min.js", "tippy.umd.min.js", "tippy.css", "quarto-syntax-highlighting-*.css")      # files of Quarto's that our shell does without
FILES = "|".join(re.escape(name).replace("\\*", "[^/]*") for name in UNUSED)
ASKED = rf'\n? *<(?:link|script)[^>]*(?:{FILES}|/tabsets\.js)"[^>]*>(?:</script>)?'      # quarto.js imports tabsets.js by itself

def swapped(text, pattern, new):
    "One part of Quarto's page for ours; an error if it is not there, or there twice"
    out, n = re.subn(pattern, lambda m: new, text, flags=re.S)
    if n != 1: raise ValueError(f"Quarto's page has {n} of {pattern!r}, expected 1: its markup has changed")
    return out

def boxed(text):
    "Each table in a box of its own, which scrolls where the page does not"
    return re.sub(r"(?<!<div class=\"table-box\">)<table\b.*?</table>", lambda m: f'<div class="table-box">{m[0]}</div>', text, flags=re.S)

ERROR_BAR = re.compile(r"(<pre\b.*?</pre>)|(?<=\d) (?P<sign>±) (?=\d)|(?<=[α-ω²]) (?P<is>=) (?=[.\d])", re.S)

def bound(text):
    """A comma stays on the line of the linked formula before it; where words stand before that in the link, inside it. A number and its
    error stay together, and β = 1, too"""
    text = outside(lambda t: ERROR_BAR.sub(lambda m: m[1] or f"\u00a0{m['sign'] or m['is']}\u00a0", t), text)
    text = re.sub(r'(?<!>)(<span class="math inline">[^<]*</span>)</a>([,.;:!?)]+)', r'<span class="nobreak">\1\2</span></a>', text)
    text = re.sub(r'(?<!<span class="nobreak">)(<a [^>]*><span class="math inline">[^<]*</span></a>[,.;:!?)]+)', r'<span class="nobreak">\1</span>', text)
    return re.sub(r'(?<=<span class="math inline)(?=">([^<]*)</span>)', lambda m: " nobreak"*short(m[1]), text)

OPTION = re.compile(r"(?<![\w-])--\w[\w-]*")

def optioned(text):
    "Options of a command among words do not break behind one of their hyphens"
    def whole(m): return m[0] if m[1] else OPTION.sub(r'<span class="nobreak">\g<0></span>', m[0])
    return re.sub(r"(<pre[^>]*>)?<code>[^<]*--\w[^<]*</code>", whole, text)

PRINTED = re.compile(r'(<div class="cell-output[^"]*"[^>]*>\s*<pre)(?=><code>(?P<text>.*?)</code></pre>)', re.S)
NARROW = 40    # letters of a line that a phone shows

def aligned(text):
    "Whether a text has columns: two lines, one below the other, that go on at one place behind two blanks or more"
    def places(line): return {m.end() for m in re.finditer(r"(?<=\S) {2,}(?=\S)", line)}
    lines = text.splitlines()
    return max(map(len, lines), default=0) > NARROW and any(places(a) & places(b) for a, b in zip(lines, lines[1:]))

def columned(text):
    "What is printed in columns says so: where it is too wide it scrolls, for in folded lines nobody finds a column again"
    def said(m): return m[1] + ' class="columns"'*aligned(html.unescape(re.sub(r"<[^>]*>", "", m["text"])))
    return PRINTED.sub(said, text)

SHORT = 14     # letters of a formula that stay on one line: nobody reads K =, and 5 a line below

def short(tex): return bool(re.search(r"[=<>]|\\(?:[lg]eq?|sim|approx|in|to|cdot|times)\b", said := html.unescape(tex))) and len(words(said)) <= SHORT

def finished(text, page):
    "A page as Quarto wrote it, in our shell"
    if DONE in text or "http-equiv=\"refresh\"" in text: return text
    up, here, toc = "../"*page.count("/"), paths().get(page, ""), contents(text)
    text = swapped(text, r"</head>", HEAD.replace("{up}", up))
    text = re.sub(ASKED, "", text)
    text = re.sub(r"<script (src=\"[^\"]*site_libs/[^\"]*\")>", r"<script defer \1>", text)
    text = swapped(text, r"(?<=<body)", ' id="top"')
    text = swapped(text, r"<header id=\"quarto-header\".*?</header>", '<a class="skip" href="#quarto-document-content">Skip to the text</a>\n' + header(up))
    text = swapped(text, r"<!-- sidebar -->.*?(?=<!-- main -->)", sidebar(here, up, toc))
    text = re.sub(r"<nav class=\"page-navigation\">.*?</nav>\n?", "", text, flags=re.S)
    if here: text = swapped(text, r"(?=</div> <!-- /content -->)", turning(here, up) + "\n")
    text = re.sub(r"<footer class=\"footer\">.*?</footer>", "", text, flags=re.S)
    text = swapped(text, r"(?=</body>)", footer(here))
    if here.startswith("bank/"): text = text.replace("</head>", f"{UNLISTED}\n</head>", 1)
    if here == "index": text = re.sub(r"(<body[^>]*class=\")", r"\1home ", text, count=1)
    return boxed(carded(columned(optioned(bound(lighter(text))))))

# -- an address that is no page ---------------------------------------------------------------------------------------
LOST = """<header id="title-block-header" class="quarto-title-block default"><h1 class="title">This page does not exist</h1>
<p class="description">The address is mistyped, or the page has moved.</p></header>
<p>The search at the top (key <code>/</code>) knows every page by its words, and every equation by its tag. You can also start at <a href="index.html">the home page</a>,
look a name up in <a href="api.html">the library</a>, or go to a chapter:</p>
<ol>{chapters}</ol>
"""

def lost(home, base):
    """What a server shows for an address that is no page (404.html), at whatever depth: the home page's shell, whose links
    are counted from the site's root"""
    found = "\n".join(f'<li value="{int(p.path[:2])}"><a href="{address(p.path)}">{html.escape(p.title, quote=False)}</a></li>' for p in lessons())
    main = re.search(r"<main\b[^>]*>", home)[0]
    text = swapped(home, r"<main\b[^>]*>.*?(?=</main>)", f"{main}\n{LOST.format(chapters=found)}")
    text = re.sub(r'<nav (?:id="TOC"|class="page-navigation").*?</nav>\n?', "", text, flags=re.S).replace(' class="sidebar-link active" aria-current="page"', "")
    text = swapped(text, r"<title>.*?</title>", "<title>This page does not exist – vaegan</title>")
    text = re.sub(r'<link[^>]* rel="(?:canonical|alternate)"[^>]*>\n?', "", text)
    text = re.sub(r'(<body[^>]*class=")home ', r"\1", text, count=1).replace("</head>", f"{UNLISTED}\n</head>", 1)
    text = re.sub(r'(<meta name="quarto:offset" content=")[^"]*', rf"\g<1>{base}", text)
    text = text.replace('href="#', 'href="404.html#')      # a place on this page: behind <base>, "#" alone is one of the home page
    return swapped(text, r"<head>", f'<head>\n<base href="{base}">')

# -- search ------------------------------------------------------------------------------------------------------------
def known_as(path):
    "What search calls a page, and its place in the ranking: lessons, then exercises, then the library and the workshop"
    title, name = titles().get(path, ""), module_of(path).split(".")[-1] if path else ""
    if path[:2].isdigit() and path in chapters(): return title + f" ({name})"*(name not in title.lower()), 0
    if path.startswith("exercises/"): return "Exercises: "*(path in chapters()) + title, 1
    return title, {"notation": .5, "lecture": .6, "index": 1, "api": 4}.get(path, 2)

LISTING = re.compile(r"<p><strong><a [^>]*><code>.*?</p>", re.S)      # what the library's list says of a name, its own page says, too

def index(folder):
    "The index of search: all pages in reading order, without the bank"
    out = {}
    for page, path in paths().items():
        file = folder/page
        if path.startswith("bank/") or not file.exists(): continue
        text = file.read_text(encoding="utf-8")
        if path == "api": text = LISTING.sub(" ", text)
        for e in entries(text, page, *known_as(path)): out.setdefault(e["href"], e)
    return list(out.values())

# -- each page as plain Markdown -----------------------------------------------------------------------------------------
def output(o):
    "What a cell showed, without pictures, the sides of a check that holds and what is folded there: the page has them"
    data = o.get("data", {})
    if site_held.HEAD.search("".join(data.get("text/markdown", ""))): return ""
    if "text/markdown" in data: return re.sub(r"\n*<details>.*?</details>\n*", "\n", "".join(data["text/markdown"]), flags=re.S).strip("\n")
    if any(k.startswith("image/") or k == "text/html" for k in data): return ""
    text = "".join(o.get("text", "") or data.get("text/plain", ""))
    return fenced(text.strip(), "") if text.strip() else ""

DRAWS = re.compile(r"^#\|\s*(fig-cap|fig-alt)\s*:\s*(.*\S)", re.M)

def told(source):
    "Of a cell that draws, in place of the picture and of the code that makes it: its caption, and what is to be seen"
    said = dict(DRAWS.findall(source))
    return " ".join(filter(None, [f"**Figure.** {said['fig-cap']}" if "fig-cap" in said else "**Figure.**", said.get("fig-alt")]))

def listing(source):
    "A cell's code without directives; of what is exported only its name, and nothing of what the module imports"
    exported = re.search(r"^#\|\s*export", source, re.M)
    name = exported and re.search(r"^(?:def|class) (\w+)|^(\w+) *=", source, re.M)
    if exported and not name and re.search(r"^(?:from|import) ", source, re.M): return ""
    return f"`{name[1] or name[2]}`: in the module" if name else fenced(re.sub(r"^#\|.*\n?", "", source, flags=re.M).strip(), "python")

ONLY_THERE = re.compile(r'<a id="[^"]*"></a>\n*|<!-- slide: .*?-->\n*|\[!\[Open in Colab\]\([^()]*\)\]\([^()]*\)\n*')     # anchors, marks of slides, a button

TO_NOTEBOOK = re.compile(r"\]\((?!\w+:)([^()\s#]+)\.ipynb(#[^()\s]*)?\)")

def led(text, path):
    "Prose whose links between notebooks lead to the pages of the site, as seen from the page of `path`"
    here = os.path.dirname(path)
    def there(m):
        page = address(os.path.normpath(os.path.join(here, m[1])))
        return f"]({Path(os.path.relpath(page, here or '.')).as_posix()}{m[2] or ''})"
    return outside_code(text, lambda t: TO_NOTEBOOK.sub(there, t))

def markdown(nb, path="", outputs=True):
    "A notebook's prose, code and printed outputs; what is exported stands in the module, whose docstring leads here"
    parts = []
    for c in nb.cells:
        source = "".join(c.source)
        if c.cell_type == "markdown": parts.append(led(outside_code(source, lambda t: ONLY_THERE.sub("", t)), path).strip())
        elif c.cell_type == "code" and not re.search(r"^#\|\s*(hide|default_exp)", source, re.M):
            shown = c.get("outputs", []) if outputs else []
            draws = DRAWS.search(source) and any(k.startswith("image/") for o in shown for k in o.get("data", {}))
            parts += [told(source) if draws else listing(source), *filter(None, map(output, shown))]
    return "\n\n".join(filter(None, parts)) + "\n"

# -- all of it -----------------------------------------------------------------------------------------------------------
def documented():
    "The pages that docstrings of modules name: nbdev writes there the address of the page as Markdown"
    found = {m for f in (ROOT/"vaegan").rglob("*.py") for m in re.findall(r"^Docs: \S+?//[^/]+/[^/]+/(\S+)\.md", f.read_text(encoding="utf-8"), re.M)}
    return {page: path for page, path in paths().items() if page in found}

def main(folder):
    (folder/"scripts").mkdir(exist_ok=True)
    for f in sorted(folder.rglob("*.html")):
        if f.relative_to(folder).parts[0] in ("site_libs", "slides"): continue
        text, page = f.read_text(encoding="utf-8"), f.relative_to(folder).as_posix()
        new, scripts = shared(site_numbers.with_numbers(finished(text, page), page), "../"*page.count("/"))
        for name, body in scripts.items(): (folder/"scripts"/name).write_text(body, encoding="utf-8")
        new, folded = packed(new, f"{f.stem}.code.z")
        if folded: (f.parent/f"{f.stem}.code.z").write_bytes(site_numbers.small(folded))
        if (new := bare(new)) != text: f.write_text(new, encoding="utf-8")
        if module := site_numbers.module_of_page(page): (f.parent/site_numbers.name(module)).write_text(site_numbers.packed(module), encoding="utf-8")
    (folder/"scripts"/"chapters.json").write_text(json.dumps(groups(), ensure_ascii=False), encoding="utf-8")
    (folder/"search.z").write_bytes(site_numbers.small(gathered(index(folder))))      # nbs/search.js unpacks it
    (folder/"search.json").unlink(missing_ok=True)
    if (listed := folder/"sitemap.xml").exists():
        listed.write_text(re.sub(r"\s*<url>\s*<loc>[^<]*/bank/[^<]*</loc>.*?</url>", "", listed.read_text(encoding="utf-8"), flags=re.S), encoding="utf-8")
    for page, path in documented().items():
        if (folder/page).exists(): (folder/f"{page}.md").write_text(markdown(read_nb(ROOT/"nbs"/f"{path}.ipynb"), path, not path.startswith("bank/")), encoding="utf-8")
    for name in UNUSED:
        for f in (folder/"site_libs").rglob(name): os.remove(f)
    if (page := folder/"index.html").exists():
        (folder/"404.html").write_text(bare(lost(quoted(page.read_text(encoding="utf-8")), cfg["doc_baseurl"] + "/")), encoding="utf-8")
    sheets(folder)

def sheets(folder):
    "Style sheets without what no page asks for, and the faces of formulas without those that none is set in"
    css = [*folder.rglob("*.css")]
    said = "\n".join(f.read_text(encoding="utf-8") for kind in ("*.html", "*.js") for f in folder.rglob(kind))
    seen = seen_words(said)
    packs = "".join(zlib.decompress(f.read_bytes()).decode() for f in folder.rglob("*.code.z"))
    idle = unset(said + packs + "".join(zlib.decompress(base64.b64decode(b)).decode() for b in re.findall(r'numbers\.js"\] = "([^"]+)"', said)))
    for f in css:
        sheet = f.read_text(encoding="utf-8")
        new = without_faces(sheet, idle)
        if f.name.startswith("bootstrap-"): new = without_idle(pruned(sheet, seen), said + packs + "".join(g.read_text(encoding="utf-8") for g in css if g != f))
        if new != sheet: f.write_text(new, encoding="utf-8")
    for f in folder.glob("katex/fonts/*"):
        if any(face in f.name for face in idle): f.unlink()

if __name__ == "__main__": main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT/"_docs"))
