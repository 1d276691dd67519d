"Folded code and the tables in the marks of equations lie packed beside their page: they come with it, and where they cannot, the page says where they are."
import pytest

pytestmark = pytest.mark.site

FOLD = "details.code-fold:has(> summary:has-text('Source of')) >> nth=0"

def test_folded_code_comes_with_the_page(fresh, base):
    "Unasked, so that who looks for a word on the page, or prints it, has all of it; a fold that is opened shows it with its colours"
    tab = fresh()
    tab.goto(base + "vae.html")
    tab.wait_for_function("() => !document.querySelector('.packed')")
    texts = tab.evaluate("() => [...document.querySelectorAll('details.code-fold')].map(e => e.querySelector('pre > code')?.textContent ?? '')")
    assert len(texts) > 10 and all(texts) and sum("def mlp_vae(" in t for t in texts) == 1
    tab.locator(FOLD).locator("> summary").click()
    assert tab.locator(FOLD).locator("pre").is_visible() and tab.locator(FOLD).locator(".code-copy-button").count() == 1
    tables = tab.evaluate("() => [...document.querySelectorAll('.runs-body .held-tables')].map(e => [e.querySelectorAll('table').length, e.querySelectorAll('.math:not(:has(.katex))').length])")
    assert len(tables) > 8 and all(n and not unset for n, unset in tables), "their formulas are set"
    tab.emulate_media(media="print")
    assert tab.locator(FOLD).locator("pre").is_visible(), "an open fold is printed"

@pytest.mark.parametrize("why", ["no server", "no script"])
def test_where_folded_code_cannot_come_it_says_where_it_is(fresh, base, why):
    tab = fresh(java_script_enabled=why != "no script")
    tab.route("**/*.code.z", lambda route: route.abort())
    tab.goto(base + "vae.html")
    fold = tab.locator(FOLD)
    if why == "no script": assert "notebook" in fold.locator("code.packed").evaluate("e => getComputedStyle(e, '::before').content")
    else:
        fold.locator("> summary").click()
        assert fold.get_by_text("could not be fetched").is_visible() and fold.locator("a").get_attribute("href").endswith("09_vae.ipynb")
    assert tab.locator("footer a").first.get_attribute("href").endswith("09_vae.ipynb")

def test_paper_waits_for_folded_code(fresh, base):
    "Who prints while the page still comes gets what is folded; where the browser does not ask first, the sheet says what is missing"
    tab, held = fresh(), {}
    tab.add_init_script("""window.print = () => { window.printed = !document.querySelector('.packed'); };
        addEventListener('DOMContentLoaded', () => document.body.append(Object.assign(new Image(), {src: 'late.png'})));""")
    def hold(route): held[route.request.url.rpartition(".")[2]] = route
    for name in ("late.png", "*.code.z"): tab.route(f"**/{name}", hold)
    def come(kind):
        for _ in range(3000):
            if kind in held: return
            tab.wait_for_timeout(20)
        raise AssertionError(f"nobody asked for a .{kind}")
    tab.goto(base + "vae.html", wait_until="domcontentloaded")
    come("png")
    tab.keyboard.press("Control+p")
    tab.emulate_media(media="print")
    assert "had not come" in tab.locator("code.packed").first.evaluate("e => getComputedStyle(e, '::before').content")
    held["png"].abort()
    come("z")
    assert tab.evaluate("() => window.printed === undefined")
    held["z"].continue_()
    tab.wait_for_function("() => window.printed")
