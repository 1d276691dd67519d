"Reading the site: folds, code, light and dark, search, equations, exercises, paper, and a browser without JavaScript."
import base64
import json
import keyword
import re

import pytest
from paper import pages as paper
from site_files import DOCS, Site
from site_views import SET, Visit, soon
from site_weight import quoted

from vaegan.contents import lessons, module_of

pytestmark = pytest.mark.site
LESSONS = [f"{module_of(p.path)}.html" for p in lessons()]
EXERCISES = [n for n in Site(DOCS).names if n.startswith("exercises/")] or ["absent"]
short = lambda n: n.removesuffix(".html")
in_view = "e => { const b = e.getBoundingClientRect(); return b.top >= -2 && b.top < innerHeight && b.height > 0; }"

@pytest.fixture
def read(fresh, base):
    "Open a page as a reader who comes for the first time"
    visits = []
    def go(name, width=1440, dark=False, **options):
        visits.append(Visit(fresh(**options), base).go(name, width, dark))
        return visits[-1].tab
    yield go
    for v in visits: assert not v.elsewhere() and not v.trouble

def again(page):
    page.reload(wait_until="load")
    page.wait_for_function(SET)

# ------------------------------------------------------------------------------------------------- code
def test_a_fold_opens_by_keyboard_and_stays_so(read):
    page = read("elbo.html")
    fold = page.locator("main details.code-fold").first
    for state in (True, False):
        fold.locator("> summary").focus()
        page.keyboard.press("Enter")
        assert fold.evaluate("d => d.open") is state and fold.locator("pre").first.is_visible() is state
        page.wait_for_function("open => Object.entries(localStorage).some(([k, v]) => k.startsWith('vaegan-code:') && (JSON.parse(v).open ?? []).length > 0) === open", arg=state)
        again(page)
        assert fold.evaluate("d => d.open") is state, "remembered"

def test_every_fold_says_what_is_inside(name, site):
    assert all(fold["summary"].strip() for fold in site.page(name).folds)

def test_all_code_or_none(read):
    page = read("elbo.html")
    code = lambda: page.locator("main .cell pre.sourceCode").evaluate_all("all => all.filter(e => e.checkVisibility()).length")
    total = page.locator("main .cell pre.sourceCode").evaluate_all(
        "all => all.filter(e => !e.closest('details:not(.code-fold)')).length")      # a solution stays closed: it is no fold of code
    some = code()
    assert 0 < some < total
    for name, n in (("all", total), ("no", 0)):
        page.get_by_role("button", name=f"Show {name} code").focus()
        page.keyboard.press("Enter")
        assert code() == n
        again(page)
        assert code() == n, "remembered"
    page.get_by_role("button", name="Show some code").click()
    assert code() == some

def test_without_code_no_printed_result_stays_alone(read):
    page = read("elbo.html")
    seen = lambda what: page.locator(what).evaluate_all("all => all.filter(e => e.checkVisibility()).length")
    printed, figures = "main .cell:has(.sourceCode) .cell-output:not(:has(figure, img, svg, table, form)) pre", "main figure"
    assert seen(printed) > 10 and (n := seen(figures)) > 3
    page.get_by_role("button", name="Show no code").click()
    assert seen(printed) == 0 and seen(figures) == n
    page.get_by_role("button", name="Show some code").click()
    assert seen(printed) > 10

@pytest.mark.parametrize("lesson", LESSONS, ids=short)
def test_solutions_stand_closed_with_their_code(read, lesson):
    page = read(lesson)
    after = page.locator("main section#exercises .cell").evaluate_all(
        "all => all.filter(e => e.checkVisibility() && !e.closest('details')).map(e => e.textContent.slice(0, 60))")
    assert after == [], "code or results of a solution stand open"

def test_a_heading_is_called_by_its_words(read):
    page = read("elbo.html")
    page.wait_for_function("document.querySelector('.anchorjs-link')")
    assert page.get_by_role("heading", name="Why a bound?", exact=True).count() == 1

def test_formulas_are_the_authors(read, fresh, base):
    "Without JavaScript, and in what is copied, no TeX of the build stands"
    page = fresh(java_script_enabled=False)
    page.goto(base + "elbo.html")
    assert not re.search(r"nobreak|\\;\\mid|\\tag", page.locator("main").inner_text())
    page = read("elbo.html")
    page.wait_for_selector(".katex annotation", state="attached")
    assert not re.search("[\u2060\u2062]|nobreak", "".join(page.locator(".katex annotation").all_text_contents()))

def test_the_path_leads_through_its_seven_stops(read):
    page, stops = read("index.html"), ["autoencoder", "elbo", "reparam", "vae", "minimax", "gan"]
    for name in stops:
        page.locator(".stop", has_text="ends here").locator("a").click()
        page.wait_for_url(f"**/{name}.html#*")
        first = page.locator(".stop").first
        assert first.evaluate(in_view) and "thirty-minute path" in first.inner_text()
    assert page.locator(".stop", has_text="The path ends here").count() == 1

# ------------------------------------------------------------------------------------------------- light, dark
def dark(page, wanted):
    "Whether the page is as it is wanted, once its colours have changed; then words stand out"
    def light(): return page.evaluate("""() => ['backgroundColor', 'color'].map(k => getComputedStyle(document.body)[k].match(/[\\d.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b))""")
    ground, ink = soon(page, light, lambda seen: (seen[0] < seen[1]) is wanted and abs(seen[0] - seen[1]) > 380)
    assert abs(ground - ink) > 380, "words stand out"
    return (ground < ink) is wanted

@pytest.mark.parametrize("system", [False, True], ids=["light", "dark"])
def test_light_and_dark(read, system):
    page = read("elbo.html", dark=system)
    assert dark(page, system)
    page.emulate_media(color_scheme="light" if system else "dark")
    assert dark(page, not system), "follows the system"
    page.emulate_media(color_scheme="dark" if system else "light")
    page.locator("button.theme").focus()
    page.keyboard.press("Enter")
    assert dark(page, not system), "the switch has the last word"
    again(page)
    assert dark(page, not system), "remembered"

# ------------------------------------------------------------------------------------------------- ways
SHOWN = ".aa-Panel a[href], .aa-DetachedContainer a[href]"

def sought(page, words):
    "The addresses that the search shows"
    page.keyboard.press("/")
    field = page.locator(".aa-Input:visible")
    field.wait_for(timeout=5000)
    field.fill("")
    field.press_sequentially(words)
    page.wait_for_function("([shown, words]) => [...document.querySelectorAll(shown)].some(a => decodeURIComponent(a.href.replaceAll('+', ' ')).includes(`q=${words}`))", arg=[SHOWN, words.strip()])
    return page.locator(SHOWN).evaluate_all("all => all.map(a => a.getAttribute('href'))")

def test_search_finds_lessons(read):
    page = read("index.html")
    found = sought(page, "reparameterization")
    assert found and "reparam.html" in found[0].split("#")[0] and not [h for h in found if "bank/" in h]
    page.keyboard.press("Enter")
    page.wait_for_url("**/reparam.html**", timeout=5000)

@pytest.mark.parametrize(("words", "first"), [("ELBO", "elbo.html"), ("saddle", "autoencoder.html|minimax.html|dynamics.html"), ("KL-STD", "divergences.html#eq-kl-std")])
def test_search_puts_lessons_first(read, words, first):
    found = sought(read("index.html"), words)[0]
    assert re.search(rf"(?:{first.replace('#', '[^#]*#')})", found), found

def test_what_was_searched_is_shown_and_formulas_stay_whole(read):
    page = read("elbo.html?q=log")
    page.wait_for_function("CSS.highlights.get('found')?.size > 5")
    assert page.locator("mark").count() == 0 and "q=" not in page.url
    inside = page.evaluate("() => [...CSS.highlights.get('found')].map(r => r.startContainer.parentElement.closest('.katex') === null && r.toString().toLowerCase())")
    assert len(inside) > 5 and set(inside) == {"log"}

def test_a_copied_formula_comes_once(read):
    page = read("elbo.html")
    copied = page.evaluate("""() => { const p = [...document.querySelectorAll('main p')].find(e => e.querySelectorAll('.katex').length > 1), r = new Range();
        r.selectNodeContents(p); getSelection().removeAllRanges(); getSelection().addRange(r);
        const e = new ClipboardEvent('copy', {clipboardData: new DataTransfer(), bubbles: true, cancelable: true});
        p.dispatchEvent(e); return [e.clipboardData.getData('text/plain'), p.querySelectorAll('.katex').length] }""")
    assert copied[0].count("$") == 2*copied[1] and "\n" not in copied[0]

def test_long_groups_of_the_list_come_when_opened(read):
    page = read("exercises/elbo.html")
    fold = page.locator("#quarto-sidebar details[data-pages=Workshop]")
    fold.locator("> summary").focus()
    page.keyboard.press("Enter")
    page.locator("#quarto-sidebar a", has_text="What help() says").wait_for(timeout=3000)
    links = page.locator("#quarto-sidebar details:has(> summary:text-is('Workshop')) > ul > li > a").evaluate_all("all => all.map(a => a.href)")
    assert len(links) > 10 and all(page.request.get(link).ok for link in links)

def test_type_obeys_the_browser(read):
    "The root has the size that the reader chose; what the keyboard has reached is outlined"
    page = read("elbo.html")
    rules = page.evaluate("""() => [...document.styleSheets].flatMap(s => { try { return [...s.cssRules] } catch { return [] } })
        .filter(r => /^(:root|html)/.test(r.selectorText ?? '') && r.style.fontSize).map(r => r.style.fontSize)""")
    assert rules and rules[-1] == "100%"
    page.locator("#quarto-header nav a").last.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => [document.activeElement.className.includes('theme'), getComputedStyle(document.activeElement).outlineStyle]") == [True, "solid"]

def test_search_does_not_find_answers(read, site):
    "Who looks for a sentence of a solution finds pages that have most of its words, and on none of them the sentence, nor the bank"
    known = " ".join(site.index().values())
    told = next(s for n in EXERCISES for s in site.page(n).secrets() if s not in known)
    begins = told[:45].rpartition(" ")[0]
    page = read("index.html")
    found = sought(page, begins)
    said = [" ".join(t.split()) for t in page.locator(SHOWN).all_inner_texts()]
    assert begins not in known and not [t for t in said if begins in t] and not [h for h in found if "bank/" in h]

def test_an_address_that_is_no_page(fresh, base, site):
    "GitHub shows 404.html there, however deep: it has its look, and its links lead to pages"
    tab, body = fresh(), (site.root/"404.html").read_text(encoding="utf-8")
    asked = []
    tab.on("requestfailed", lambda r: asked.append(r.url))
    tab.on("response", lambda r: r.status >= 400 and "no/such" not in r.url and asked.append(r.url))
    tab.route("**/no/such/page", lambda route: route.fulfill(status=404, body=body, content_type="text/html"))
    tab.goto(base + "no/such/page")
    assert tab.get_by_role("heading", name="This page does not exist").is_visible() and not asked
    assert tab.locator("main ol a").evaluate_all("all => all.map(a => a.href)") == [base + n for n in LESSONS]
    assert tab.evaluate("() => getComputedStyle(document.querySelector('main h1')).fontFamily").startswith('"Source Serif 4"')
    found = sought(tab, "reparameterization")
    assert found and "/vaegan/reparam.html" in found[0]
    tab.keyboard.press("Escape")
    tab.locator("a.brand").click()
    tab.wait_for_url("**/vaegan/index.html")

def test_long_lines_of_code_fold_and_are_copied_whole(read):
    "On a phone no code scrolls, and what is selected in it is the code as it was written"
    page = read("elbo.html", width=390)
    assert page.evaluate("() => looks.cut(false)") == [] and page.locator("main pre u").count() > 50
    line = page.locator("main .cell pre u").filter(visible=True).first
    assert line.evaluate("e => e.getClientRects().length && e.getBoundingClientRect().height > 1.5*parseFloat(getComputedStyle(e).lineHeight)")
    copied, written = line.evaluate("""e => { const code = e.closest('code'), r = new Range(); r.selectNodeContents(code);
        getSelection().removeAllRanges(); getSelection().addRange(r); return [getSelection().toString(), code.textContent] }""")
    assert copied.strip().split("\n") == written.strip().split("\n")

def test_code_has_its_colours_and_no_marks(read):
    "They come with the view, also to what is opened later; a docstring is a note, a string in the code is none"
    page = read("elbo.html")
    painted = """() => Object.fromEntries(['word', 'text', 'number', 'note', 'known'].map(k => [k, [...CSS.highlights.get('code-' + k) ?? []].map(r => r.toString())]))"""
    before = page.evaluate(painted)
    page.locator("button[aria-label='Show all code']").click()
    for box in page.locator("main pre.sourceCode").all()[::6]: box.scroll_into_view_if_needed()
    all_of = soon(page, lambda: page.evaluate(painted), lambda seen: {"def", "return", "import"} <= set(seen["word"]) and len(seen["text"]) > 50 and {"len", "range"} & set(seen["known"]))
    assert len(all_of["word"]) > len(before["word"]) and {"def", "return", "import"} <= set(all_of["word"]) <= set(keyword.kwlist)
    assert all(t.startswith(("#", '"')) for t in all_of["note"]) and any(t.startswith('"') for t in all_of["note"])
    assert all(t.lstrip("rbfuRBFU")[0] in "\"'" for t in all_of["text"]) and len(all_of["text"]) > 50
    assert all(re.fullmatch(r"[\d._]+(e[-+]?\d+)?j?|0x\w+", t) for t in all_of["number"]) and {"len", "range"} & set(all_of["known"])
    assert page.locator("main pre.sourceCode > code :is(b, em, var, span)").count() == 0

def test_sidebar_shows_where_one_is(read):
    page = read("elbo.html")
    active = page.locator("#quarto-sidebar a.sidebar-link.active")
    assert active.count() == 1 and active.is_visible()
    groups = page.locator("#quarto-sidebar li:has(a.sidebar-link.active) > details"), page.locator("#quarto-sidebar details[open]")
    assert groups[0].count() == groups[1].count() == 1, "only the current group is open"
    assert page.locator("#quarto-sidebar a:visible").evaluate_all("all => all.filter(a => a.href.includes('/bank/')).length") == 0, "out of the reader's way"

def test_drawer_on_the_phone(read):
    page = read("elbo.html", width=390, has_touch=True, is_mobile=True)
    link = page.locator("#quarto-sidebar a.sidebar-link.active")
    assert not link.is_visible()
    page.locator("button.menu").click()
    link.wait_for(state="visible")
    assert soon(page, lambda: page.evaluate("() => document.activeElement.closest('#quarto-sidebar') !== null"))
    page.keyboard.press("Escape")
    link.wait_for(state="hidden")
    assert soon(page, lambda: page.locator("button.menu").evaluate("b => b === document.activeElement"))
    assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")

def test_equation_opens_and_leads_to_its_cell_and_back(read):
    page = read("elbo.html")
    block = page.locator("div.equation:has(> details.runs)").nth(1)
    runs = block.locator("details.runs")
    runs.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert runs.locator(".runs-body pre").first.is_visible()
    jump = runs.locator("a[href^='#check-']").first
    jump.focus()
    page.keyboard.press("Enter")
    cell = page.locator(jump.get_attribute("href"))
    assert soon(page, lambda: cell.evaluate(in_view))
    back = page.locator(f"a[href='#{block.get_attribute('id')}']").filter(visible=True)
    nearest = back.evaluate_all("(all, y) => all.map((a, i) => [Math.abs(a.getBoundingClientRect().top - y), i]).sort((a, b) => a[0] - b[0])[0][1]", cell.bounding_box()["y"])
    back.nth(nearest).click()
    assert soon(page, lambda: block.evaluate(in_view))

@pytest.mark.parametrize("lesson", LESSONS, ids=short)
def test_every_equation_runs(lesson, site):
    "Each tag of a lesson stands in a block, and each block opens to what checks it"
    text = quoted((site.root/lesson).read_text(encoding="utf-8"))
    blocks = re.findall(r'<div class="equation" id="(eq-[^"]+)"', text)
    assert blocks and "\\tag" not in text
    assert text.count('<details class="runs"') == len(blocks)

# ------------------------------------------------------------------------------------------------- exercises
@pytest.mark.parametrize("exercises", EXERCISES, ids=short)
def test_boxes_answer(read, exercises):
    page = read(exercises)
    forms = page.locator("form.vaegan-answer")
    for form in forms.all():
        q, said = json.loads(base64.b64decode(form.get_attribute("data-q"))), form.locator("output")
        assert form.is_visible()
        def answer(value):
            if q["letters"]: form.locator(f"input[value='{value}']").check()
            else: form.locator("input[type=text]").fill(value)
            form.locator("button[type=submit]").focus() if q["letters"] else form.locator("input[type=text]").focus()
            page.keyboard.press("Enter")
            return said.text_content()
        form.locator("button[type=submit]").click()
        assert said.text_content() == "Type an answer first."
        if q["letters"]:
            for letter, why in q["wrong"]: assert why in answer(letter)
            assert "Right." in answer(q["answer"])
        elif q["points"]: assert "Not readable" in answer("2 +") and "Right." in answer(q["answer"])
        else:
            assert "Not yet" in answer(", ".join(str(x + 1000) for x in q["answer"]))
            assert "Right." in answer(", ".join(map(str, q["answer"])))
    assert page.locator(":text('in place of the dots'):visible").count() == 0 or not forms.count()

@pytest.mark.parametrize("exercises", EXERCISES, ids=short)
def test_other_numbers(read, exercises):
    "The button asks again, and question, options, hints, solution and judge belong together"
    page = read(exercises)
    for form in page.locator("form.vaegan-answer[data-numbers]").all()[:3]:
        box, seen = form.locator("xpath=ancestor::*[contains(@class, 'question-box')]"), set()
        for _ in range(3):
            form.locator("button.other").click()
            form.locator("output", has_text="Other numbers").wait_for()
            seen.add(box.locator(".asked").inner_text() + box.locator("details.solution").text_content())
            assert box.locator(".asked .katex-error").count() == 0 and "$" not in box.locator(".asked").inner_text() and not form.locator("output[data-verdict]").count()
        assert len(seen) > 1

def test_numbers_beside_the_page_hold_what_is_promised(site):
    "Twenty variants of each question, small, and no answer in plain sight or in the search"
    import zlib
    files = sorted(site.root.glob("exercises/*.numbers.js"))
    assert files and all(f.stat().st_size < 40_000 for f in files)
    for f in files:
        text = f.read_text(encoding="utf-8")
        found = json.loads(zlib.decompress(base64.b64decode(re.search(r'= "([^"]+)"', text)[1])))
        ids = set(re.findall(r'data-id="?([^\s">]+)', (f.parent/f.name.replace(".numbers.js", ".html")).read_text(encoding="utf-8")))
        assert ids == set(found) and all(len(v) >= 20 for v in found.values()) and not any(i in text for i in ids)

def test_enter_answers_where_an_editor_keeps_it(fresh, base):
    "JupyterLab hears keys at the document before anything else, and keeps Enter for itself"
    tab = fresh()
    tab.add_init_script("document.addEventListener('keydown', e => { (window.kept ??= []).push(e.key); e.preventDefault(); e.stopPropagation(); }, true);")
    tab.goto(base + "exercises/elbo.html")
    field = tab.locator("form.vaegan-answer input[type=text]").first
    field.click()
    field.press_sequentially("x(")
    field.press("Enter")
    assert field.input_value() == "x(" and "Not readable" in tab.locator("form.vaegan-answer output", has_text="Not").first.text_content() and not tab.evaluate("() => window.kept")

# ------------------------------------------------------------------------------------------------- paper, no JavaScript
@pytest.mark.parametrize("page", ["index.html", "elbo.html", "gan.html", "api.html", "exercises/elbo.html"], ids=short)
def test_on_paper(read, page):
    tab = read(page)
    tab.set_viewport_size(dict(width=680, height=1000))       # A4 less 15 mm at either side
    tab.emulate_media(media="print")
    assert not soon(tab, lambda: tab.evaluate("() => looks.lost()"), lambda lost: not lost)
    assert not tab.locator("nav:visible, button.theme:visible").count(), "only what can be read"
    dark_ground = tab.evaluate("() => looks.ground()")
    assert dark_ground > 230, "on white"
    tab.evaluate("() => document.querySelectorAll('img[loading=lazy]').forEach(i => { i.loading = 'eager'; })")
    tab.wait_for_function("() => [...document.images].every(i => i.complete)")
    drawn = paper(tab.pdf(format="A4", margin={s: "15mm" for s in ("top", "right", "bottom", "left")}, print_background=False))
    assert len(drawn) >= (1 if page == "index.html" else 3)
    assert not [i for i, (words, pictures) in enumerate(drawn, 1) if not words and not pictures], "blank pages"

@pytest.mark.parametrize("page", ["index.html", "elbo.html", "exercises/elbo.html", "api.html"], ids=short)
def test_without_javascript(fresh, base, page):
    tab = fresh(java_script_enabled=False)
    tab.goto(base + page)
    assert tab.locator("h1").first.is_visible() and len(tab.locator("main").inner_text().split()) > 200
    for math in tab.locator("main span.math").all()[:20]:
        if math.is_visible(): assert "\\" in math.inner_text() or len(math.inner_text()) < 40
    for picture in tab.locator("main img").all()[:6]: assert picture.is_visible() or picture.locator("xpath=ancestor::details").count()
    for block in tab.locator(".vaegan-living").all(): assert block.locator("> img").is_visible()
    fold = tab.locator("main details:not(details details)").first
    if fold.count():
        body = fold.locator("> :not(summary)").first
        assert not body.is_visible()
        fold.locator("> summary").click()
        assert body.is_visible()
    assert tab.locator("#quarto-sidebar a.sidebar-link.active").is_visible() or page == "index.html"

# ------------------------------------------------------------------------------------------------- weight
def test_weight_and_speed(name, site, base, browser):
    "What is fetched before anyone scrolls, as a server sends it, and when the first words are there: the best of three"
    first = []
    for _ in range(3):
        context = browser.new_context(viewport=dict(width=1440, height=900))
        tab, asked = context.new_page(), []
        tab.on("request", lambda r: asked.append(r.url))
        tab.goto(base + name, wait_until="load")
        tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        first.append(tab.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        context.close()
        if first[-1] <= 1000: break
    files = {u.removeprefix(base).partition("?")[0].partition("#")[0] or "index.html" for u in asked if u.startswith(base)}
    sizes = {f: site.weight(f) for f in files if (site.root/f).is_file()}
    assert name in sizes and sum(sizes.values()) <= 1.2e6, (sum(sizes.values()), sorted(sizes.items(), key=lambda kv: -kv[1])[:6])
    fonts = {f: n for f, n in sizes.items() if re.search(r"\.(woff2?|ttf|otf)$", f) and not f.startswith("katex/")}
    assert sum(fonts.values()) <= 150e3, fonts
    assert min(first) <= 1000, f"first words after {min(first):.0f} ms"
