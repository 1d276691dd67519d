"The living pictures on the site's own pages: each is there, starts when it comes into view, and answers to mouse, touch and keys."
import re

import pytest
from notebooks import ROOT
from site_files import DOCS, Site
from site_views import STILL, Visit, soon

pytestmark = pytest.mark.site
PROGRAMS = {p.stem for p in (ROOT/"vaegan"/"js").glob("*.js")} - {"base"}
BLOCK = re.compile(r'class="?vaegan-living"? data-living="?(\w+)-\w{8}')

def on(name): return BLOCK.findall((DOCS/name).read_text(encoding="utf-8")) if (DOCS/name).exists() else []

PAGES = {n: on(n) for n in Site(DOCS).names if on(n)} or {"absent": []}
each = pytest.mark.parametrize("page", PAGES, ids=lambda n: n.removesuffix(".html"))

def test_each_is_somewhere(): assert {p for found in PAGES.values() for p in found} == PROGRAMS

def numbers(block): return block.locator("[data-name]").evaluate_all("all => all.map(e => [e.dataset.name, e.dataset.number])")
def alive(block): return block.evaluate("e => 'alive' in e.dataset")

def started(tab, block):
    "Bring a picture into view, where it comes alive"
    block.evaluate("e => e.scrollIntoView({block: 'center'})")
    block.locator(".live").wait_for(state="visible", timeout=10_000)
    tab.evaluate(STILL)
    assert soon(tab, lambda: numbers(block) and not block.locator("> img").is_visible())

def changes(tab, block, do):
    "What is done must be seen: other pixels, other numbers"
    before, was = block.screenshot(), numbers(block)
    do()
    assert soon(tab, lambda: numbers(block) != was and block.screenshot() != before)

def middle(handle):
    box = handle.locator(".dot").bounding_box()
    return box["x"] + box["width"]/2, box["y"] + box["height"]/2

@each
def test_starts_when_it_comes_into_view(page, tab, base):
    tab = tab(reduced_motion="reduce")
    visit = Visit(tab, base).go(page)
    far = "e => e.getBoundingClientRect().top > 2*innerHeight"
    for block in tab.locator(".vaegan-living").all():
        if block.evaluate(far):
            assert not alive(block) and block.locator("> img").is_visible()
        started(tab, block)
    visit.done()
    assert not visit.trouble and not visit.elsewhere()

@each
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_mouse_and_keys(page, dark, tab, base):
    tab = tab(reduced_motion="reduce")
    visit = Visit(tab, base).go(page, dark=dark)
    for block in tab.locator(".vaegan-living").all():
        started(tab, block)
        assert block.get_attribute("data-theme") == ("dark" if dark else "light")
        for handle in block.locator("[role=slider]").all():
            def drag():
                x, y = middle(handle)
                tab.mouse.move(x, y); tab.mouse.down(); tab.mouse.move(x - 30, y - 12, steps=4); tab.mouse.up()
            changes(tab, block, drag)
        for control in block.locator("[role=slider], input[type=range]").all():
            end = control.evaluate("e => e.type === 'range' ? +e.value >= +e.max : +e.getAttribute('aria-valuenow') >= +e.getAttribute('aria-valuemax')")
            changes(tab, block, lambda: (control.focus(), [tab.keyboard.press("ArrowLeft" if end else "ArrowRight") for _ in range(3)]))
    visit.done()
    assert not visit.trouble

@each
def test_touch(page, tab, base):
    tab = tab(reduced_motion="reduce", has_touch=True, is_mobile=True, viewport=dict(width=390, height=844))
    visit, cdp = Visit(tab, base).go(page, width=390), tab.context.new_cdp_session(tab)
    for block in tab.locator(".vaegan-living").all():
        started(tab, block)
        small = block.evaluate("""e => [...e.shadowRoot.querySelectorAll('*')].filter(t => t.getClientRects().length && [...t.childNodes].some(n => n.nodeType === 3 && n.data.trim())
            && t.tagName !== 'STYLE' && parseFloat(getComputedStyle(t).fontSize) < 11).map(t => t.textContent)""")
        assert not small, f"too small to read on a phone: {small}"
        for handle in block.locator("[role=slider]").all():
            def drag():
                x, y = middle(handle)
                for what, points in [("touchStart", [dict(x=x, y=y)]), ("touchMove", [dict(x=x + 15, y=y + 6)]), ("touchMove", [dict(x=x + 35, y=y + 10)]), ("touchEnd", [])]:
                    cdp.send("Input.dispatchTouchEvent", dict(type=what, touchPoints=points))
            changes(tab, block, drag)
    visit.done()
    assert not visit.trouble
