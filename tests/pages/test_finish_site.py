"The last step of `make docs`, on pages as Quarto writes them: the shell around a page, what search finds, each page as Markdown"
import json
import posixpath
import re
import zlib
from html.parser import HTMLParser

import finish_site
import pytest
from finish_site import (
    BANK,
    ROOMS,
    address,
    boxed,
    chapters,
    contents,
    documented,
    finished,
    groups,
    index,
    known_as,
    main,
    markdown,
    paths,
    sidebar,
    swapped,
    titles,
    turning,
)
from site_search import VOID, entries, words
from site_tex import breakable
from site_weight import quoted
from write_contents import sections

from vaegan.contents import PAGES, lessons

PAGE = """<!DOCTYPE html>
<html lang="en"><head>
<meta name="quarto:offset" content="./">
<script src="site_libs/quarto-nav/quarto-nav.js"></script>
<script src="site_libs/clipboard/clipboard.min.js"></script>
<script src="site_libs/quarto-html/quarto.js" type="module"></script>
<script src="site_libs/bootstrap/bootstrap.min.js"></script>
<link href="site_libs/bootstrap/bootstrap-icons.css" rel="stylesheet">
<link href="site_libs/bootstrap/bootstrap-0.min.css" rel="stylesheet" id="quarto-bootstrap">
</head>

<body class="nav-sidebar floating nav-fixed quarto-light">
<div id="quarto-search-results"></div>
  <header id="quarto-header" class="headroom fixed-top">
    <nav class="navbar" data-bs-theme="dark"><a class="navbar-brand" href="./index.html">vaegan</a><div id="quarto-search"></div></nav>
  </header>
<!-- content -->
<div id="quarto-content" class="page-columns">
<!-- sidebar -->
  <nav id="quarto-sidebar" class="sidebar"><ul><li>Quarto's own list</li></ul></nav>
<div id="quarto-sidebar-glass"></div>
<!-- margin-sidebar -->
    <div id="quarto-margin-sidebar" class="sidebar margin-sidebar">
        <nav id="TOC" role="doc-toc" class="toc-active">
    <h2 id="toc-title">On this page</h2>

  <ul>
  <li><a href="#one" id="toc-one" class="nav-link active" data-scroll-target="#one">One</a>
  <ul class="collapse">
  <li><a href="#kl_normal" id="toc-kl_normal" class="nav-link">kl_normal</a></li>
  </ul></li>
  <li><a href="#two" id="toc-two" class="nav-link" data-scroll-target="#two">Two</a></li>
  </ul>
</nav>
    </div>
<!-- main -->
<main class="content" id="quarto-document-content">
<header id="title-block-header"><h1 class="title">A title of its own</h1></header>
<p>Before &amp; between, with <span class="math inline">\\mathbf z</span> and <code>kl_normal</code>.</p>
<section id="one" class="level2"><h2 data-anchor-id="one">One</h2>
<p>Reparameterization moves the noise.<br>A break.</p>
<span class="math display">\\int \\hidden</span><pre><code>secret_code()</code></pre>
<details><summary>Solution</summary><p>The answer is 42.</p></details>
<div class="help"><p>A hint.</p></div>
<form class="vaegan-answer"><label>Your answer</label></form>
<table class="table"><thead><tr><th>a</th></tr></thead></table>
</section>
<section id="two" class="level2"><h2>Two</h2><section class="level3" id="kl_normal"><h3>kl_normal</h3><p>Closed form.</p></section></section>
</main> <!-- /main -->
<nav class="page-navigation"><div class="nav-page">Quarto's own</div></nav>
</div> <!-- /content -->
<footer class="footer"><div>Quarto's own</div></footer></body></html>
"""

CELLS, ROWS = {"td", "th"}, {"tr", "tbody", "thead"}
ENDS = dict(li={"li"}, td=CELLS, th=CELLS, tr=CELLS | {"tr"}, tbody=CELLS | ROWS)       # what HTML lets end where the next begins
INSIDE = dict(ul={"li"}, ol={"li"}, tr=CELLS, thead=CELLS | {"tr"}, tbody=CELLS | {"tr"}, table=CELLS | ROWS)       # and with what it stands in

class Tree(HTMLParser):
    "Are the tags of a page nested rightly, and which landmarks and links are there?"
    def __init__(self, text):
        super().__init__()
        self.open, self.landmarks, self.links, self.ids = [], [], [], []
        self.feed(text)
        assert self.open == [], self.open
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag in ("nav", "header", "footer", "main"): self.landmarks.append((tag, a.get("aria-label") or a.get("id") or a.get("class")))
        if tag == "a" and "href" in a: self.links.append((a["href"], a.get("class", "")))
        if "id" in a: self.ids.append(a["id"])
        while self.open and self.open[-1] in ENDS.get(tag, ()): self.open.pop()
        if tag not in VOID and tag not in ("path", "circle"): self.open.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag):
        if tag in ("path", "circle"): return
        while self.open and self.open[-1] in INSIDE.get(tag, ()) and tag not in self.open[-1:]: self.open.pop()
        assert self.open and self.open.pop() == tag, (tag, self.open[-3:])

def test_a_finished_page_is_ours_and_well_formed():
    text = finished(PAGE, "elbo.html")
    t = Tree(text)
    assert "Quarto's own" not in text and text.count("Quarto") == 0
    assert [label for tag, label in t.landmarks if tag == "nav"] == ["Site", "Chapters", "On this page", "Next and previous page"]
    assert len(t.ids) == len(set(t.ids)) and {"quarto-search", "quarto-sidebar", "TOC", "quarto-document-content"} <= set(t.ids)
    assert t.links[0] == ("#quarto-document-content", "skip")
    assert not re.search("bootstrap-icons|bootstrap.min.js|quarto-nav|headroom", text) and "bootstrap-0.min.css" in text
    assert '<script defer src="site_libs/clipboard/clipboard.min.js">' in text and 'quarto.js" type="module"' in text
    assert '<div class="table-box"><table class="table">' in text

def test_finishing_twice_changes_nothing():
    once = finished(PAGE, "elbo.html")
    assert finished(once, "elbo.html") == once
    moved = '<meta http-equiv="refresh" content="0">'
    assert finished(moved, "old.html") == moved

def test_a_changed_quarto_is_noticed():
    for part in ("<!-- sidebar -->", '<header id="quarto-header"', "<!-- main -->", "</div> <!-- /content -->"):
        with pytest.raises(ValueError, match="its markup has changed"): finished(PAGE.replace(part, ""), "elbo.html")
    with pytest.raises(ValueError, match="has 2 of"): swapped("aa", "a", "b")

def test_links_of_a_page_in_a_folder_lead_up():
    t = Tree(finished(PAGE, "exercises/elbo.html"))
    inner = {h.split("#")[0] for h, kind in t.links if h.startswith("../")}
    own = {p for name, found in sections().items() if name not in (*finish_site.LISTED, BANK) or name == "Exercises" for p in found}
    assert inner == {f"../{address(p)}" for p in own}
    assert any(h == "../index.html" for h, kind in t.links if kind == "brand")
    inside = Tree(finished(PAGE, "bank/elbo.html"))
    assert {h for h, kind in inside.links} >= {f"../{page}" for page, path in paths().items() if path.startswith("bank/")}

def test_only_the_current_group_is_open_and_holds_the_contents():
    text = sidebar("06_elbo", "", contents(PAGE))
    folds = re.findall(r"<details( open| data-pages=\"[\w ]+\")?><summary>(.*?)</summary>", text)
    assert [name for how, name in folds] == list(sections())[:-1] and [name for how, name in folds if how == " open"] == ["Variational autoencoders"]
    current = re.findall(r'<a class="sidebar-link active" aria-current="page" href="elbo.html"><b>6</b>.*?</a><nav id="TOC".*?</nav>', text)
    assert len(current) == 1 and re.findall(r'href="(#\w+)"', current[0]) == ["#one", "#two"]
    assert text.count("aria-current") == 1 and list(sections())[-1] == BANK

def test_long_groups_come_when_they_are_opened():
    "On other pages a long group is a link to the home page's list, which is there; what look.js puts in its place is the whole group"
    text, home, room = sidebar("06_elbo", "../"), sidebar("index", ""), sidebar("42_plot", "../")
    parts = {p.section for p in lessons()}
    for name in sections().keys() & finish_site.LISTED.keys():
        if name in parts:      # from lesson to lesson the list is whole
            assert f'data-pages="{name}"' in room and all(f'href="../{address(p)}"' in text for p in sections()[name])
            continue
        inside = re.search(rf'<details data-pages="{name}"><summary>{name}</summary><ul>(.*?)</ul>', text, re.S)[1]
        assert re.findall(r'href="(.*?)"', inside) == [f"../index.html#{finish_site.LISTED[name]}"]
    pages = {name: re.findall(r'href="([^"]*html)"', lines) for name, lines in groups().items()}
    for name in ("Exercises", "Exams for a class", "Your own code", "Your own images"): assert pages[name] == [address(p) for p in sections()[name]]
    assert "data-pages" not in home
    rooms = [page for name in ROOMS.values() for page in pages[name]]
    assert sorted(pages["Workshop"] + rooms) == sorted(address(p) for p in sections()["Workshop"])
    assert set(re.findall(r'href="([^"#]*html)"', home)) == {page for page, path in paths().items() if not path.startswith("bank/")} | {"index.html"}

def test_links_of_long_groups_are_on_the_home_page():
    home = (finish_site.ROOT/"nbs"/"index.ipynb").read_text(encoding="utf-8")
    heads = {re.sub(r"\W+", "-", h.strip().lower()) for h in re.findall(r'"##+ (.*?)(?:\\n)?"', home)}
    assert set(finish_site.LISTED.values()) <= heads

def test_folders_of_the_workshop_are_folds_of_their_own():
    text = sidebar("widgets/view", "../")
    assert re.findall(r'<li class="sub"><details(.*?)><summary>(.*?)<', text) == [
        (" open" if folder == "widgets" else f' data-pages="{name}"', name) for folder, name in ROOMS.items()]
    assert all(f'href="../{address(p)}"' in text for p in sections()["Workshop"] if p.partition("/")[0] not in ROOMS.keys() - {"widgets"})

def test_contents_of_a_page_are_its_headings_of_level_two():
    "Quarto hides a list that has one level only, too"
    flat = PAGE.replace("<ul>\n  <li><a href=\"#one\"", "<ul class=\"collapse\">\n  <li><a href=\"#one\"")
    assert flat != PAGE and contents(flat) == contents(PAGE) and contents(PAGE).count("<li>") == 2 and contents("<main></main>") == ""

def test_chapters_carry_the_numbers_of_their_files():
    for p in lessons(): assert chapters()[p.path] == str(int(p.path[:2]))
    assert chapters()["exercises/elbo"] == chapters()["06_elbo"] and titles()["exercises/elbo"] == titles()["06_elbo"]
    assert not {"index", "api", "40_checks", "exam/index"} & chapters().keys() and titles()["index"] == "Home"
    assert {p.path for p in PAGES} <= titles().keys() and address("06_elbo") == "elbo.html" and address("exam/box") == "exam/box.html"

def test_readers_turn_pages_past_the_bank():
    order = [p for name, found in sections().items() if name != BANK for p in found]
    assert '<a href="reparam.html" rel="next">Chapter 7<b>The reparameterization trick</b>' in turning("06_elbo", "")
    assert "Before<b>Exercises: " in turning("exercises/elbo", "../") and "Next<b>Exercises: " in turning("exercises/elbo", "../")
    assert turning("index", "").count("<a ") == 1 and turning(order[-1], "").count("<a ") == 1 and "bank/" not in turning(order[-1], "")

def test_search_finds_lessons_and_no_answers():
    found = list(entries(finished(PAGE, "elbo.html"), "elbo.html"))
    assert [e["href"] for e in found] == ["elbo.html", "elbo.html#one", "elbo.html#two", "elbo.html#kl_normal"]
    assert [e["section"] for e in found] == ["", "One", "Two", "kl_normal"] and {e["title"] for e in found} == {"A title of its own"}
    said = " ".join(e["text"] for e in found)
    assert "Reparameterization moves the noise. A break." in said and "Before &amp; between, with z and kl_normal." in said and "Closed form." in said
    for hidden in ("42", "Solution", "hint", "secret", "Your answer", "int", "Quarto"): assert not re.search(rf"\b{hidden}\b", said), hidden
    assert "How this page works" not in {e["section"] for e in entries(finished(PAGE.replace("Two<", "How this page works<"), "exercises/elbo.html"), "exercises/elbo.html")}

def test_search_knows_pages_by_title_and_module_and_ranks_lessons_first():
    assert known_as("06_elbo") == ("The evidence lower bound (elbo)", 0) and known_as("exercises/elbo") == ("Exercises: The evidence lower bound", 1)
    assert known_as("api")[1] > known_as("40_checks")[1] == known_as("formula/tree")[1] == 2 and 0 < known_as("notation")[1] < known_as("index")[1] < 2

def test_an_equation_is_found_by_its_tag():
    block = '<h2 id="a">A name</h2><div class="equation" id="eq-kl-std"><span class="math display">\\secret</span></div>'
    found = list(entries(f"<main>{block}</main>", "x.html"))
    assert [(e["href"], e["section"]) for e in found] == [("x.html#a", "A name"), ("x.html#eq-kl-std", "(KL-STD)")]
    assert "A name" in found[1]["text"] and "secret" not in str(found)
    head = '<code>kl(mu) <span class="returns">→ [B]</span></code><a href="x" aria-label="kl in the repository">vaegan.x</a>'
    assert [e["text"] for e in entries(f"<main><p>{head}</p></main>", "x.html")] == ["kl(mu) → [B] vaegan.x"]

@pytest.mark.parametrize(("tex", "said"), [
    (r"\mathbb{E}_q\big[\log p(x\mid z)\big]", "E_q[log p(x|z)]"), (r"\mathbb{E}_{q_\phi}[\log p_\theta(\mathbf x{\;\mid\;}\mathbf z)]", "E_q_φ[log p_θ(x|z)]"),
    (r"\tfrac12(\sigma^2-1)", "1/2(σ²-1)"), (r"\frac{a+b}{\sqrt{2\pi}}", "(a+b)/(√2π)"), (r"\mathcal N\big(ax,\;s^2\big)", "N(ax, s²)"),
    (r"\mathrm{KL}\big(q\,\|\,p\big)", "KL(q‖p)"), (r"-\nobreak 1.7", "-1.7"), (r"\{0, 1\}^{784}", "{0, 1}^784"), (r"x\in\mathbb R^D", "x∈R^D")])
def test_formulas_are_found_as_they_are_said(tex, said): assert words(tex) == words(breakable(tex)) == said

def test_the_bank_is_not_searched(tmp_path):
    for page in ("elbo.html", "bank/elbo.html", "exercises/elbo.html"):
        (tmp_path/page).parent.mkdir(exist_ok=True)
        (tmp_path/page).write_text(PAGE, encoding="utf-8")
    (tmp_path/"site_libs"/"quarto-nav").mkdir(parents=True)
    (tmp_path/"site_libs"/"quarto-nav"/"quarto-nav.js").write_text("")
    (tmp_path/"slides").mkdir()
    (tmp_path/"slides"/"vae.html").write_text("a deck is no page")
    pages = ("elbo.html", "bank/elbo.html")
    (tmp_path/"sitemap.xml").write_text("<urlset>" + "".join(f"<url><loc>https://x.org/{p}</loc><lastmod>1</lastmod></url>" for p in pages) + "</urlset>")
    main(tmp_path)
    assert "x.org/elbo" in (tmp_path/"sitemap.xml").read_text() and "bank" not in (tmp_path/"sitemap.xml").read_text()
    noindex = [finish_site.UNLISTED in quoted((tmp_path/p).read_text(encoding="utf-8")) for p in pages]
    assert noindex == [False, True] and set(json.loads((tmp_path/"scripts"/"chapters.json").read_text(encoding="utf-8"))) == set(finish_site.LISTED)
    known = json.loads(zlib.decompress((tmp_path/"search.z").read_bytes()))
    found = [e["href"] + f"#{at}"*bool(at) for e in known for at, _, _ in e["parts"]]
    assert found == [e["href"] for e in index(tmp_path)] and "elbo.html#one" in found and "exercises/elbo.html#one" in found
    assert (tmp_path/"slides"/"vae.html").read_text() == "a deck is no page"
    assert not any("bank" in h for h in found) and not (tmp_path/"site_libs"/"quarto-nav"/"quarto-nav.js").exists()
    assert "\\tag{ELBO}" in (tmp_path/"elbo.html.md").read_text(encoding="utf-8") and "Skip to the text" in (tmp_path/"bank"/"elbo.html").read_text(encoding="utf-8")

def test_a_table_is_boxed_once():
    once = boxed("<p>x</p><table><tr></tr></table>")
    assert once == '<p>x</p><div class="table-box"><table><tr></tr></table></div>' and boxed(once) == once

def test_a_comma_stays_with_a_linked_formula():
    link = '<a href="n.html#z" aria-label="z"><span class="math inline">z</span></a>'
    once = finish_site.bound(f"{link}, {link} and {link}.")
    assert once == f'<span class="nobreak">{link},</span> {link} and <span class="nobreak">{link}.</span>' and finish_site.bound(once) == once
    words = finish_site.bound('<a href="n.html">raising it in <span class="math inline">z</span></a>. Then')
    assert words == '<a href="n.html">raising it in <span class="nobreak"><span class="math inline">z</span>.</span></a> Then' == finish_site.bound(words)

def test_a_number_and_its_error_stay_on_a_line():
    said = "<td>6.66 ± 0.04</td><pre>6.66 ± 0.04, β = 1</pre> ± 1, σ² = .01 or a = 1"
    assert finish_site.bound(said) == "<td>6.66\u00a0±\u00a00.04</td><pre>6.66 ± 0.04, β = 1</pre> ± 1, σ²\u00a0=\u00a0.01 or a = 1"

def test_what_is_printed_in_columns_says_so():
    "It scrolls on a phone; what is narrow, prose and nested lists fold"
    def page(text): return f'<div class="cell-output cell-output-stdout">\n<pre><code>{text}</code></pre>'
    table = "verdict  whose  tried                   came\n───────  ─────  ──────────────────────  ────\nright    kl     three points"
    assert finish_site.columned(page(table)) == page(table).replace("<pre>", '<pre class="columns">')
    for same in ("a  b\nc  d", "a long line of words that goes on.  And on.\nAnd another one, which is not below it", "{'a':  [1,\n       2, and a line that is much too long for a phone]}"):
        assert finish_site.columned(page(same)) == page(same)

def test_an_option_stays_on_its_line():
    said = "<p><code>vaegan train vae --held-out .2 a--b</code></p><pre><code>x --y</code></pre>"
    assert finish_site.optioned(said) == said.replace("--held-out", '<span class="nobreak">--held-out</span>') == finish_site.optioned(finish_site.optioned(said))

@pytest.mark.parametrize(("tex", "kept"), [("K = 5", True), (r"F \ge 64", True), ("x &lt; 1", True), (r"q=(1,\,0)", True), ("z", False), (r"x_1, \dots, x_n", False),
    (r"\mathrm{KL}(q\,\|\,p) = \log\sigma - 1", False), (r"V = -\log 4 + 2\,\mathrm{JS}", False)])
def test_a_short_formula_stays_on_its_line(tex, kept):
    once = finish_site.bound(f'for <span class="math inline">{tex}</span> on')
    assert once == f'for <span class="math inline{" nobreak"*kept}">{tex}</span> on' == finish_site.bound(once)

def test_a_page_as_markdown():
    from fastcore.basics import AttrDict
    cell = lambda kind, source, **more: AttrDict(cell_type=kind, source=source, **more)
    nb = AttrDict(cells=[cell("markdown", "# A"), cell("code", "#| hide\nimport os", outputs=[]), cell("code", "#| checks: A\n1 + 1", outputs=[AttrDict(data={"text/plain": "2"})]),
                         cell("code", "holds(A)", outputs=[AttrDict(data={"text/markdown": "| a |\n\n<details><summary>Wrong</summary>\n\n| b |\n\n</details>\n"})]),
                         cell("code", "plot()", outputs=[AttrDict(data={"text/plain": "<Figure>", "image/png": "AAAA"})]),
                         cell("code", "#| fig-alt: A line.\n#| fig-cap: How it goes.\nplot(2)", outputs=[AttrDict(data={"text/plain": "<Figure>", "image/svg+xml": "<svg/>"})]),
                         cell("code", "holds('B')", outputs=[AttrDict(data={"text/markdown": "| (B) holds here | value |\n|:--|--:|\n| $a$ | 1 |"})]),
                         cell("markdown", '<a id="b"></a>\n\n## B\n\n[![Open in Colab](a.svg)](https://x.org/a.ipynb)\n\n<!-- slide: vae 1 -->\n\n`<a id="c"></a>`')])
    assert markdown(nb) == ("# A\n\n```python\n1 + 1\n```\n\n```\n2\n```\n\n```python\nholds(A)\n```\n\n| a |\n\n```python\nplot()\n```\n\n"
        "**Figure.** How it goes. A line.\n\n```python\nholds('B')\n```\n\n## B\n\n`<a id=\"c\"></a>`\n")

def test_an_address_that_is_no_page(tmp_path):
    "The page for it stands at any depth: its links are counted from the site's root, it is in no search"
    home = finished(PAGE.replace("</head>", "<title>Home</title></head>"), "index.html")
    text = finish_site.lost(home, "/vaegan/")
    links = re.findall(r'\s(?:href|src)="([^"]+)"', text)
    assert text.index('<base href="/vaegan/">') < text.index("href=\"", text.index("<base") + 10)
    assert len(links) > 30 and not [link for link in links[1:] if link.startswith(("/", "#"))], links
    assert "elbo.html" in links and "noindex" in text and 'content="/vaegan/"' in text
    assert text.count("<h1") == 1 and "This page does not exist" in text and "home " not in re.search("<body[^>]*>", text)[0]
    assert "404.html" not in finish_site.paths()

def test_what_is_exported_stands_in_the_markdown_by_name():
    assert finish_site.listing("#| export\ndef kl(a):\n    return a") == "`kl`: in the module"
    assert finish_site.listing("#| export\nimport math\nfrom torch import nn") == "" and finish_site.listing("import math") == "```python\nimport math\n```"
    assert finish_site.listing("#| checks: A\nassert kl(1)") == "```python\nassert kl(1)\n```"

@pytest.mark.parametrize(("path", "link", "led"), [("06_elbo", "07_reparam.ipynb#eq-a", "reparam.html#eq-a"), ("06_elbo", "exam/box.ipynb", "exam/box.html"), ("06_elbo", "#eq-a", "#eq-a"),
    ("bank/elbo", "../06_elbo.ipynb", "../elbo.html"), ("diagnose/loss", "draw.ipynb", "draw.html"), ("06_elbo", "https://x.org/06_elbo.ipynb", "https://x.org/06_elbo.ipynb")])
def test_links_of_a_page_as_markdown_lead_to_pages(path, link, led): assert finish_site.led(f"[a]({link}) `[a]({link})`", path) == f"[a]({led}) `[a]({link})`"

def test_no_page_as_markdown_leads_nowhere():
    there = {finish_site.address(p) for p in [*finish_site.titles(), "index"]}
    for page, path in documented().items():
        cells = [c for c in finish_site.read_nb(finish_site.ROOT/"nbs"/f"{path}.ipynb").cells if c.cell_type == "markdown"]
        links = re.findall(r"\]\((?!\w+:|#)([^()\s#]+\.(?:ipynb|html))", "".join(finish_site.led("".join(c.source), path) for c in cells))
        gone = [link for link in links if posixpath.normpath(posixpath.join(posixpath.dirname(page), link)) not in there]
        assert not gone, (path, gone)

def test_docstrings_lead_to_pages_as_markdown():
    found = documented()
    assert found["elbo.html"] == "06_elbo" and found["exam/box.html"] == "exam/box" and "exercises/elbo.html" not in found and len(found) > 60
