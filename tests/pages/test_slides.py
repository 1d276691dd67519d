"The lecture's slides, as `make slides` writes them: what is marked, what stands on each, and how they behave in a lecture room."
import re
from pathlib import Path

import pytest
import slides
import slides_cells
import warm
from axe_playwright_python.sync_playwright import Axe
from fastcore.basics import AttrDict
from notebooks import ROOT
from paper import pages as pages_of

LOOK = (ROOT/"tests"/"support"/"slides.js").read_text(encoding="utf-8")
DECKS = slides_cells.DECKS
ALL = slides_cells.slides()
SMALL, IN_PICTURES = 24, 20       # pixels of type at 720 lines: words and formulas, labels in a picture
TIGHT = {"move-and-every-thread-of-noise-follows": 17, "one-loss-wherever-it-starts-descent-arrives": 18.5,
         "break-it-one-letter-wrong-and-it-no-longer-runs": 18.5}   # living pictures with so many controls that no more fits

def _written(folder):
    slides.main(folder/"slides")
    head, *sections, tail = re.split(r"(?=<section )|(?<=</section>)\n(?=</div>)", (folder/"slides"/"vae.html").read_text(encoding="utf-8"))
    kinds = {(re.search('class="([^"]*)"', s)[1], "live-box" in s): s for s in reversed(sections)}      # the first of each kind
    near = next(k for k, s in enumerate(sections) if 'id="the-evidence-lower-bound"' in s)
    kept = [s for s in sections if s in kinds.values() or s in sections[near:near + 2]]
    (folder/"slides"/"few.html").write_text("".join([head, *kept, tail]), encoding="utf-8")
    return str(folder/"slides")

@pytest.fixture(scope="session")
def folder(): return Path(warm.once("slides", _written))

@pytest.fixture
def opened(browser, folder):
    "A deck in a window of a projector's shape; nothing may go wrong or be asked of any server"
    made, trouble = [], []
    def go(deck, query="", **kw):
        tab = browser.new_context(**dict(viewport=dict(width=1280, height=720), reduced_motion="reduce") | kw).new_page()
        made.append(tab)
        tab.on("console", lambda m: m.type in ("error", "warning") and trouble.append(m.text))
        tab.on("pageerror", lambda e: trouble.append(str(e)))
        tab.on("request", lambda r: r.url.startswith(("file:", "data:", "blob:")) or trouble.append(r.url))
        tab.goto((folder/f"{deck}.html").as_uri() + query)
        tab.wait_for_function("() => 'ready' in document.documentElement.dataset")
        tab.add_script_tag(content=LOOK)
        return tab
    yield go
    for tab in made: tab.context.close()
    assert not trouble

HALF = dict(width=640, height=360)

def frames(tab): tab.evaluate("async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); }")
def at(tab): return tab.evaluate("() => Reveal.getIndices().h")
def to(tab, n): tab.evaluate("n => Reveal.slide(n)", n)
def ready(tab):
    "The slide on show; a living picture on it is alive"
    if tab.locator("section.present .live-box").count():
        tab.locator("section.present .live-box .live").wait_for(state="visible")
        tab.wait_for_function("() => lifeHasItsPlace()")
    return tab.evaluate("() => lookAtSlide()")

# -- what is marked ------------------------------------------------------------------------------------------------------
def cell(source, kind="markdown"): return AttrDict(cell_type=kind, source=source, id="a", outputs=[])

def test_marks():
    "A mark says deck, number, claim and what of the cell is shown; what is no mark is refused"
    both = "## A heading\n\n$$a \\tag{A}$$\n\n$$b \\tag{B}$$\n\n<!-- slide: vae 10 | A claim | B -->\n<!-- slide: gan 200 | section -->"
    assert list(slides_cells.marks(cell(both))) == [("vae", 10, "A claim", ["B"]), ("gan", 200, "", ["section"])]
    assert list(slides_cells.marks(cell("#| fig-cap: x\n#| slide: gan 3 | $D$ | code\nx = 1", "code"))) == [("gan", 3, "$D$", ["code"])]
    assert [(p.tag, p.text) for p in slides_cells.of_text(cell(both), ["B"], "06_elbo.ipynb", {})] == [("B", "b")]
    assert [p.tag for p in slides_cells.of_text(cell(both), [], "06_elbo.ipynb", {})] == ["A", "B"]
    assert slides_cells.unmarked(both).endswith("\\tag{B}$$\n\n")
    with pytest.raises(ValueError, match="no display C"): slides_cells.of_text(cell(both), ["C"], "06_elbo.ipynb", {})
    with pytest.raises(ValueError, match="expected `vae` or `gan`"): list(slides_cells.marks(cell("<!-- slide: cnn 10 | x -->")))

@pytest.mark.parametrize("deck", DECKS)
def test_a_deck(deck):
    "Sections in the lecture's words, one idea a slide, each formula checked, each slide with notes"
    own = [s for s in ALL if s.deck == deck]
    kinds = [{p.kind for p in s.parts} for s in own]
    assert kinds[0] == {"section"} and sum(k == {"section"} for k in kinds) == 5 and 25 <= len(own) <= 40
    for s, kind in zip(own, kinds):
        assert len(kind) == 1, f"{s.claim}: one thing a slide"
        if kind == {"section"}: continue
        assert s.notes and 10 < len(s.claim) <= 62, s.claim
        for p in s.parts:
            if p.kind == "display": assert p.checks and slides.compared(p.tag, list(p.checks))[0], f"({p.tag}) is not checked"
    at = 0
    moves = dict.fromkeys(range(1, 6), False)              # parts in which something moves: a living picture, panels or lines one after another
    for s, kind in zip(own, kinds):
        at += kind == {"section"}
        moves[at] |= len(s.parts) > 1 or any(p.kind == "picture" and p.text for p in s.parts)
    assert all(moves.values()), moves
    living = {p.cell.id for s in own for p in s.parts if p.kind == "picture" and p.text.endswith("0")}
    assert len(living) == dict(vae=5, gan=3)[deck]

@pytest.mark.parametrize("deck", DECKS)
def test_what_is_written(deck, folder):
    text = (folder/f"{deck}.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 600e3
    assert not re.search(r'(?:src|href)="(?!data:|#|https://vaegan\.github\.io/|(?:katex|fonts|reveal|pictures)/|deck\.)', text)
    assert all((folder/f).is_file() for f in re.findall(r'src="((?:katex|reveal|pictures)/[^"]+|deck\.js)"', text))
    assert len(re.findall("<h1>", text)) == 1 and len(re.findall("<h2>", text)) == len(re.findall("<section ", text)) - 1
    assert text.count('class="runs"') == sum(p.kind == "display" for s in ALL if s.deck == deck for p in s.parts)
    assert "<!-- slide" not in text and "#| " not in text
    words = re.sub(r"<(script|style|code|pre)\b.*?</\1>|<[^>]*>", " ", text, flags=re.S)
    assert not re.search(r"\*\*\w|\w\*\*|\]\(", words), "Markdown that nobody turned into HTML"
    assert text.count("fragment") == sum(len(s.parts) - 1 for s in ALL if s.deck == deck) + dict(vae=0, gan=3)[deck]    # panels that come later
    with pytest.raises(ValueError, match="`steps` needs a figure of panels"): slides.in_steps('<svg class="fig"><g/></svg>')

def test_beside_the_site(tmp_path):
    "On the site the pages' fonts and KaTeX are used, and links stay there"
    (tmp_path/"katex").mkdir()
    (tmp_path/"katex"/"katex.min.js").write_text("")
    slides.main(tmp_path/"slides")
    text = (tmp_path/"slides"/"gan.html").read_text(encoding="utf-8")
    assert 'src="../katex/katex.min.js"' in text and 'href="../minimax.html#eq-dstar"' in text and not (tmp_path/"slides"/"fonts").exists()
    assert all((tmp_path/"slides"/f).resolve().is_file() for f in re.findall(r'src="(\.\./pictures/[^"]+)"', text))

# -- what is seen ----------------------------------------------------------------------------------------------------------
def readable_from_the_last_row(tab):
    for n in range(tab.evaluate("() => Reveal.getTotalSlides()")):
        to(tab, n)
        seen = ready(tab)
        assert not seen["faults"], seen
        assert seen["smallest"].get("words", 99) >= SMALL - .1 and seen["smallest"].get("picture", 99) >= TIGHT.get(seen["id"], IN_PICTURES), seen

def complaints(tab): return Axe().run(tab, context=dict(exclude=[[".katex"]]), options=dict(preload=False, resultTypes=["violations"])).response["violations"]

def nothing_leaves(tab, axe=False):
    "Nothing leaves the page on a slide of each kind, and axe, if asked, finds nothing"
    for kind in ("part", "display", "picture", "code", "list", "picture:has(.live-box)"):
        to(tab, tab.evaluate("k => Reveal.getSlides().findIndex(s => s.matches(`.${k}`))", kind))
        assert not ready(tab)["faults"]
        if axe: assert not complaints(tab)

def living_pictures_move(tab):
    "Each follows the pointer exactly, though it is larger than drawn, and answers to arrow keys, which do not turn the page"
    for n in tab.evaluate("() => Reveal.getSlides().map((s, i) => s.querySelector('.live-box') ? i : -1).filter(i => i >= 0)"):
        to(tab, n)
        ready(tab)
        block = tab.locator("section.present .vaegan-living")
        numbers = lambda: block.locator("[data-name]").evaluate_all("all => all.map(e => e.dataset.number)")
        handle = block.locator("[role=slider]:visible").first
        if not handle.count():                              # without its plot
            block.get_by_text("Make a mistake").click()
            assert block.locator("[data-verdict=false]").is_visible()
            continue
        middle = lambda: (lambda b: (b["x"] + b["width"]/2, b["y"] + b["height"]/2))(handle.locator(".dot").bounding_box())
        (x, y), before = middle(), numbers()
        inwards = 25*handle.evaluate("(e, x) => { const b = e.ownerSVGElement.getBoundingClientRect(); return Math.sign(b.x + b.width/2 - x); }", x)
        tab.mouse.move(x, y); tab.mouse.down(); tab.mouse.move(x + inwards, y - 6, steps=3); tab.mouse.up()
        frames(tab)
        assert numbers() != before and abs(middle()[0] - (x + inwards)) < 1
        before = numbers()
        handle.focus(); tab.keyboard.press("ArrowRight"); frames(tab)
        assert numbers() != before and at(tab) == n
        block.locator("input[type=range]").first.focus(); tab.keyboard.press("ArrowRight")
        block.locator("button").first.focus(); tab.keyboard.press("Space")
        assert at(tab) == n

def keys_turn_the_pages(tab):
    total = tab.evaluate("() => Reveal.getTotalSlides()")
    tab.evaluate("() => { document.activeElement.blur(); Reveal.slide(0); }")
    for key, there in [("ArrowRight", 1), ("Space", 2), ("ArrowDown", 3), ("ArrowLeft", 2), ("End", total - 1), ("Home", 0), ("PageDown", 1)]:
        tab.keyboard.press(key)
        assert at(tab) == there, key
    tab.wait_for_function("() => location.hash === '#/from-cooperation-to-competition'")
    to(tab, tab.evaluate("() => Reveal.getSlides().findIndex(s => s.querySelector('.panels .fragment'))"))
    tab.evaluate("() => Reveal.slide(Reveal.getIndices().h, 0, -1)")       # before its first panel
    panel, here = tab.locator("section.present .fragment").first, at(tab)
    panel.wait_for(state="hidden")
    tab.keyboard.press("ArrowRight")
    panel.wait_for()                                        # the next key shows the next panel
    assert at(tab) == here
    to(tab, 1)
    for key, on in [("o", "() => Reveal.isOverview()"), ("d", "() => document.documentElement.dataset.theme === 'dark'"), ("f", "() => !!document.fullscreenElement")]:
        tab.keyboard.press(key)
        tab.wait_for_function(on)
        if key == "o": tab.keyboard.press(key)
    assert tab.locator(".aria-status").get_attribute("aria-live") == "polite" and tab.locator(".slide-number").inner_text() == f"2 / {total}"

dark = "() => +getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor.match(/\\d+/)[0] < 90"

def test_the_deck_of_the_first_half(opened):
    "In half the size, which reveal.js draws as the whole one"
    tab = opened("vae", viewport=HALF)
    readable_from_the_last_row(tab)
    living_pictures_move(tab)
    assert not complaints(tab)

def test_other_screens(opened):
    "A large one, and an old one in the dark"
    tab = opened("few")
    assert not tab.evaluate(dark)
    tab.set_viewport_size(dict(width=1920, height=1080))
    nothing_leaves(tab)
    tab.set_viewport_size(dict(width=1024, height=768))
    tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    tab.wait_for_function(dark)
    nothing_leaves(tab, axe=True)

def test_the_deck_of_the_second_half(opened):
    tab = opened("gan", viewport=HALF)
    readable_from_the_last_row(tab)
    living_pictures_move(tab)
    keys_turn_the_pages(tab)

def test_on_a_phone(opened):
    "Upright nothing leaves the page; lying down a finger turns the pages"
    tab = opened("few", viewport=dict(width=390, height=844), has_touch=True, is_mobile=True)
    nothing_leaves(tab)
    tab.set_viewport_size(dict(width=844, height=390))
    to(tab, 0)
    touch = tab.context.new_cdp_session(tab)
    for what, points in [("touchStart", [dict(x=600, y=200)]), ("touchMove", [dict(x=500, y=200)]), ("touchMove", [dict(x=400, y=200)]), ("touchEnd", [])]:
        touch.send("Input.dispatchTouchEvent", dict(type=what, touchPoints=points))
    assert at(tab) == 1

# -- in the lecture room -----------------------------------------------------------------------------------------------------
def test_the_speakers_window(opened):
    "Notes, clock and next slide in a window of their own, which turns the pages"
    tab = opened("few", "#/the-evidence-lower-bound")
    tab.keyboard.press("Shift+Slash")                       # the list of keys, and back
    tab.locator(".r-overlay").wait_for()
    tab.keyboard.press("Escape")
    with tab.context.expect_page() as opens: tab.keyboard.press("s")
    window = opens.value
    window.locator(".speaker-controls-notes:not(.hidden) math").first.wait_for(state="visible")
    assert "runs" not in (notes := window.locator(".speaker-controls-notes").inner_text()) and "(ELBO) is compared" in notes
    assert re.match(r"\d+:\d\d", window.locator(".clock-value").inner_text()) 
    window.locator("iframe").nth(1).wait_for(state="attached")      # this slide and the next
    here = at(tab)
    window.bring_to_front()
    window.locator(".speaker-controls-notes").click()
    window.keyboard.press("ArrowRight")
    tab.wait_for_function("n => Reveal.getIndices().h === n", arg=here + 1)

def test_on_paper(opened):
    "One slide a page, 16 by 9, in the light; with the notes when they are asked for"
    for deck, query in [("few", "?print-pdf&quiet"), ("gan", "?print-pdf&notes&quiet")]:
        tab = opened(deck, query, color_scheme="dark")
        total, noted = tab.evaluate("() => ['.pdf-page:not(:has(> .speaker-notes-pdf))', '.speaker-notes-pdf'].map(s => document.querySelectorAll(s).length)")
        assert total == len([s for s in ALL if s.deck == "gan"]) + 2 and noted > .8*total if deck == "gan" else total > 6 and not noted
        tab.wait_for_function("() => [...document.querySelectorAll('.pdf-page .equation .math')].every(e => e.scrollWidth <= e.clientWidth + 1)")
        assert tab.evaluate("() => [...document.querySelectorAll('.pdf-page > section .body')].every(b => b.clientHeight > 300)")
        pdf = tab.pdf(prefer_css_page_size=True, print_background=True)
        found = pages_of(pdf)
        assert len(found) == total + noted
        assert {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)} == {(0., 0., 960., 540.)}
        assert all(texts + pictures for texts, pictures in found), "an empty page"
        assert tab.evaluate("() => +getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor.match(/\\d+/)[0] > 200")
