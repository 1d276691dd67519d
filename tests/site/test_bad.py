"""What the tests of the site count is counted: a page on which nothing is wrong, and the same with faults of all kinds. Part of
`make test`, so that a test of the site which can no longer fail is noticed where no site was rendered."""
import json
import zlib

import pytest
from browser import served
from paper import pages as paper
from site_files import HOST, Site
from site_views import faults

HEAD = """<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>
:root { color-scheme: light dark } body { margin: 1rem; color: light-dark(#111, #eee); background: light-dark(#fff, #181818) }
a { color: light-dark(#004a80, #9cf); text-decoration: underline } pre { overflow-x: auto; max-width: 40rem } .bare { text-decoration: none }
.equation { display: flex; gap: 1rem } .equation-math { overflow-x: auto; flex: 1 } .over { position: absolute; left: 30px } td { overflow-wrap: anywhere }
.grey { color: #999; background: #fff }</style></head><body>"""
FORMULA = '<span class="math display"><span class="katex-display"><span class="katex"><span class="katex-html">log p(x) = E + KL</span></span></span></span>'
EQUATION = f'<div class="equation" id="eq-a"><div class="equation-math">{FORMULA}</div><a class="equation-tag" href="#eq-a">(A)</a></div>'
GOOD = f"""<header>A site</header><main><h1>A page</h1><p>The idea, with <a href="other.html#there">a way on</a>.</p><h2>First</h2>{EQUATION}
<pre class="sourceCode" tabindex="0"><code>x = 1</code></pre><img src="dot.svg" alt="A dot" width="20" height="20"><h2>Second</h2><p>And <em>so</em>, on.</p></main></body></html>"""
OTHER = HEAD + '<main><h1 id="there">Another</h1><p>Words.</p></main></body></html>'
DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><circle r="2" cx="2" cy="2"/></svg>'
INLINE = '<span class="math inline"><span class="katex"><span class="katex-html" style="display: inline-block">x = y</span></span></span>'
WIDE = "<p><span style='display: inline-block; width: 1500px'>wide</span></p>"

# name -> what stands in place of what, and the kinds of faults that must be found then (and no other)
BAD = {
    "tag over its formula": (dict(a='class="equation-tag"', b='class="equation-tag over"'), "equation tags over their equations"),
    "tag off the page": (dict(a='class="equation-tag"', b='class="equation-tag" style="position: absolute; left: -90px"'), "equation tags over their equations"),
    "formula that fails": (dict(a="And <em>", b='And <span class="katex-error">oops</span> <em>'), "formulas that are not set"),
    "sideways": (dict(a="<h2>Second", b=WIDE + "<h2>Second"), "page goes sideways"),
    "code cut off": (dict(a="x = 1", b="x = " + "1 + "*40), "code that is cut off"),
    "code out of reach": (dict(a='<pre class="sourceCode" tabindex="0"><code>x = 1', b='<pre class="sourceCode" style="overflow: hidden; max-width: 370px"><code>x = ' + "1 + "*12),
                          "code that is cut off", "code that no one can scroll to"),
    "raw Markdown": (dict(a="And <em>", b="And **more** <em>"), "raw markup"),
    "raw HTML": (dict(a="And <em>", b="And &lt;/details&gt; <em>"), "raw markup"),
    "raw TeX": (dict(a="And <em>", b="And $x$ <em>"), "raw markup"),
    "code first": (dict(a="<h2>First", b='<pre class="sourceCode" tabindex="0"><code>import x</code></pre><h2>First'), "code before the first idea"),
    "nothing under a heading": (dict(a="<h2>First", b="<h2>Empty</h2><h2>First"), "headings"),
    "nothing but a link to the source": (dict(a="<h2>First", b='<h2>Empty</h2><p><a href="#eq-a">source</a></p><h2>First'), "headings"),
    "code as a heading": (dict(a="Second", b="Exercise(id='x', kind='code')"), "headings"),
    "picture without words": (dict(a=' alt="A dot"', b=""), "without a name", "axe: image-alt"),
    "link without words": (dict(a=">a way on<", b="><"), "without a name", "axe: link-name"),
    "comma torn off": (dict(a="And <em>so</em>, on", b="<span style='display: block; width: 46px'><em style='display: inline-block; width: 44px'>so</em>, on</span>"),
                       "punctuation alone at the start of a line"),
    "word broken": (dict(a="<h2>Second", b="<table><tr><th>Name</th><td style='width: 50px; max-width: 50px'>reparameterization</td></tr></table><h2>Second"), "words that a table breaks"),
    "id twice": (dict(a="<em>", b='<em id="eq-a">'), "ids and places"),
    "place gone": (dict(a='href="#eq-a"', b='href="#eq-b"'), "ids and places"),
    "broken picture": (dict(a="dot.svg", b="gone.svg"), "broken pictures", "errors in the console"),
    "console": (dict(a="</main>", b="<script>console.error('on purpose')</script></main>"), "errors in the console"),
    "exception": (dict(a="</main>", b="<script>throw Error('on purpose')</script></main>"), "errors in the console"),
    "asks elsewhere": (dict(a="</main>", b='<script>fetch("http://127.0.0.1:9/x").catch(() => 0)</script></main>'), "asked of another host", "errors in the console"),
    "pale words": (dict(a="<em>", b='<em class="grey">'), "axe: color-contrast"),
    "not dark": (dict(a="</main>", b="<style>:root { color-scheme: light }</style></main>"), "does not follow the system into the dark"),
    "picture twice": (dict(a="<h2>Second", b=f'<img alt="A" src="data:image/svg+xml,{"x"*3000}">'*2 + "<h2>Second"), "pictures twice on a page", "broken pictures"),
}

def packed(rows):
    "Few pages with many faults: on each, every kind at most once"
    pages = []
    for change, *kinds in rows.values():
        page = next((p for p in pages if change["a"] in p[0] and not p[1] & set(kinds)), None)
        if not page: pages.append(page := [GOOD, set()])
        page[0] = page[0].replace(change["a"], change["b"], 1)
        page[1] |= set(kinds)
    return pages

@pytest.fixture(scope="module")
def seen(tmp_path_factory, browser):
    "The faults of a page with this body"
    folder = tmp_path_factory.mktemp("site")
    (folder/"other.html").write_text(OTHER)
    (folder/"dot.svg").write_text(DOT)
    tab = browser.new_context(reduced_motion="reduce").new_page()
    def see(body):   # under a name of its own: a server's dates have whole seconds, so that a browser may keep the last page of this name
        page = folder/f"page{len(list(folder.iterdir()))}.html"
        page.write_text(HEAD + body)
        return faults(tab, base, page.name, widths=(1440, 390))
    with served(folder) as base: yield see
    tab.context.close()

def test_a_good_page(seen): assert seen(GOOD) == {}

@pytest.mark.parametrize("body, kinds", packed(BAD), ids=lambda x: None if isinstance(x, str) else f"{len(x)} kinds")
def test_a_bad_page(seen, body, kinds): assert set(seen(body)) == kinds

# ------------------------------------------------------------------------------------------------- without a browser
LINKS = {"": [], "a.html": [], "a.html#x": [], "#own": [], "b/c.html": [], "b/": [], "/vaegan/a.html": [], HOST + "a.html#x": [], "https://example.org/": [],
         "d.html": ["no such page: d.html"], "a.html#y": ["no such place: a.html#y"], "#y": ["no such place: #y"], "/a.html": ["no such page: /a.html"],
         HOST + "d.html": [f"no such page: {HOST}d.html"], "../a.html": ["no such page: ../a.html"]}

def folder(at, **files):
    for name, text in files.items():
        (at/name).parent.mkdir(exist_ok=True, parents=True)
        (at/name).write_text(text)
    return Site(at)

@pytest.mark.parametrize("link", LINKS)
def test_links(tmp_path, link):
    site = folder(tmp_path, **{"index.html": f'<p id="own"><a href="{link}">on</a></p>', "a.html": '<p id="x">x</p>', "b/c.html": "", "b/index.html": ""})
    assert list(site.faults("index.html")) == LINKS[link]
    (tmp_path/"b"/"c.html").write_text(f'<a href="{HOST}a.html#x">up</a><a href="c.html#x">here</a>')
    assert list(site.faults("b/c.html")) == ["no such place: c.html#x"]

def test_ids_and_needs(tmp_path):
    page = """<link rel="stylesheet" href="a.css"><link rel="icon" href="gone.ico"><img id="i" src="https://example.org/x.png"><img id="i" srcset="gone.webp 2x">
        <script src="//example.org/x.js"></script><link rel="canonical" href="https://example.org/"><svg><image href="gone.png"/></svg>"""
    site = folder(tmp_path, **{"index.html": page, "a.css": "@font-face { src: url(f.woff2) } a { background: url('https://example.org/a.png') } b { background: url(data:,) }"})
    assert list(site.faults("index.html")) == ["id twice: i", "no such file: gone.ico", "from another site: https://example.org/x.png", "no such file: gone.webp",
                                               "from another site: //example.org/x.js", "no such file: gone.png"]
    assert list(site.css_faults()) == ["a.css: no such file: f.woff2", "a.css: from another site: https://example.org/a.png"]

def test_twins_and_weights(tmp_path):
    site = folder(tmp_path, **{"a.svg": "x"*1000, "b/a.svg": "x"*1000, "c.svg": "y"*1000, "d.png": "z"*1000})
    assert site.twins() == [["a.svg", "b/a.svg"]]
    assert site.weight("c.svg") < 100 and site.weight("d.png") == 1000

def test_index(tmp_path):
    entries = [dict(href="a.html", title="A", kind=0, parts=[["", "", "one"], ["s", "S", "two"]])]
    (tmp_path/"search.z").write_bytes(zlib.compress(json.dumps(entries).encode()))
    assert folder(tmp_path).index() == {"a.html": " A  one", "a.html#s": " A S two"}

# ------------------------------------------------------------------------------------------------- paper
def test_paper(browser):
    "A blank page between two others, a picture alone on a page"
    page = browser.new_page()
    page.set_content("<p>one</p><p style='break-before: page; height: 90vh'></p><p style='break-before: page'>three</p>"
                     "<canvas width=50 height=50 style='break-before: page; display: block'></canvas>")
    page.evaluate("document.querySelector('canvas').getContext('2d').fillRect(0, 0, 40, 40)")
    drawn = paper(page.pdf(format="A4"))
    page.context.close()
    assert [bool(words) for words, _ in drawn] == [True, False, True, False] and [bool(p) for _, p in drawn] == [False, False, False, True]
