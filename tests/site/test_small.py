"The site on the smallest phone, tables of prose on a phone, a search that finds nothing, a caption without JavaScript."
import pytest
from site_views import Visit, soon, told

pytestmark = pytest.mark.site

@pytest.mark.parametrize("page", ["index.html", "elbo.html", "exercises/elbo.html", "diagnose/index.html", "api.html", "notation.html"], ids=lambda n: n.removesuffix(".html"))
def test_a_phone_of_320_or_a_page_four_times_as_large(fresh, base, page):
    "Nothing goes sideways, no tag lies on its formula, what leads on stands in one column"
    tab = Visit(fresh(), base).go(page, 320).tab
    found = {kind: where for kind, where in tab.evaluate("() => looks.see(['sideways', 'tags', 'lone', 'broken'])").items() if where}
    assert not found, told(found)
    seen = tab.locator("#quarto-header .bar > *").evaluate_all("all => all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).map(b => [b.left, b.right])")
    assert all(0 <= left < right <= 320 for left, right in seen) and all(a[1] <= b[0] for a, b in zip(seen, seen[1:]))
    ways = tab.locator(".page-navigation a").evaluate_all("all => all.map(e => e.getBoundingClientRect().left)")
    assert len({round(x) for x in ways}) <= 1

@pytest.mark.parametrize("page", ["diagnose/index.html", "failures.html"])
def test_wide_tables_of_prose_are_cards_on_a_phone(fresh, base, page):
    tab = Visit(fresh(), base).go(page, 390).tab
    tables = tab.locator("main table.cards")
    assert tables.count() and tables.evaluate_all("all => all.every(t => t.scrollWidth <= t.clientWidth + 1 && t.parentElement.scrollWidth <= t.parentElement.clientWidth + 1)")
    heads, said = tables.first.evaluate("""t => [[...t.rows[0].cells].slice(1).map(c => c.textContent.trim()),
        [...t.rows[1].cells].slice(1).map(c => getComputedStyle(c, '::before').content)]""")
    assert [s.strip('": ') for s in said] == heads and not tables.first.locator("thead").is_visible()
    tab.set_viewport_size(dict(width=1440, height=900))
    assert soon(tab, lambda: tables.first.locator("thead").is_visible()), "there is room for a table"

def test_a_search_that_finds_nothing_says_what_can_be_found(fresh, base):
    tab = Visit(fresh(), base).go("elbo.html").tab
    tab.keyboard.press("/")
    tab.locator(".aa-Input:visible").press_sequentially("xylophone")
    hint = tab.locator(".aa-Panel li", has_text="Nothing has these words")
    hint.wait_for()
    assert "vae_step" in hint.inner_text() and not tab.locator(".aa-Panel .search-result-header:visible").count()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/index.html**#the-chapters")
    assert tab.get_by_role("heading", name="The chapters").is_visible()

def test_a_picture_that_stands_still_says_so(fresh, base):
    still = "e => getComputedStyle(e, '::after').content"
    for js in (True, False):
        tab = fresh(java_script_enabled=js)
        tab.goto(base + "elbo.html")
        caption = tab.locator("main figcaption", has_text="Take hold").first.locator("> :last-child")
        if js: assert caption.evaluate(still) == "none"
        else: assert caption.is_visible() and tab.locator("main figure:has(figcaption:has-text('Take hold')) .vaegan-living > img").is_visible()
