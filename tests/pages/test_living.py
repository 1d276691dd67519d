"""The living pictures, in a real browser: the outputs stored in the notebooks come alive, answer to pointer, touch and keys,
show the library's numbers, can be read by everybody, and ask nothing of any server."""
import base64
import itertools
import json
import math
import re
from functools import cache

import broken_scenes as scenes
import matplotlib.pyplot as plt
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from notebooks import NBS, ROOT, code_cells, nb_id
from renew_living import renewed
from scipy.integrate import solve_ivp
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal
from torch.testing import assert_close

from vaegan.autoencoder import ae_descend, ae_loss
from vaegan.data import ring_modes
from vaegan.divergences import kl_normal
from vaegan.dynamics import dirac_step, eigenvalues, play
from vaegan.elbo import elbo_ppca
from vaegan.latent import PPCA
from vaegan.living import living
from vaegan.living import program as source_of
from vaegan.minimax import grid_js, grid_value, optimal_logits
from vaegan.nets import mlp
from vaegan.plot import COLORS
from vaegan.reparam import pathwise_grad, score_grad

JS = ROOT/"vaegan"/"js"

# ------------------------------------------------------------------------------------------------------- the pictures
def stored(nb):
    "Every living picture stored in a notebook: HTML and data bundle"
    for o in itertools.chain(*(c.outputs for c in code_cells(nb))):
        text = "".join(o.get("data", {}).get("text/html", ""))
        if 'class="vaegan-living"' in text: yield text, o["data"]

PICTURES = {f"{nb_id(nb)}-{i}": out for nb in NBS for i, out in enumerate(stored(nb))}
program = lambda text: re.search(r'data-living="(.*)-\w{8}"', text)[1]
each = pytest.mark.parametrize("picture", PICTURES)
PAGE = ('<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<style>:root {color-scheme: light dark} body {color: light-dark(#212529, #eee); background: light-dark(#fff, #383838)}</style></head><body><main><h1>A page</h1>%s</main></body></html>')

# -------------------------------------------------------------------------------------------------------- the browser
@pytest.fixture(scope="session")
def tab(browser):
    "A tab for each set of options, where tests open their pages one after the other: a new one is half of what a test costs"
    return cache(lambda **options: browser.new_context(**options).new_page())

@pytest.fixture
def opened(tab):
    "Open some HTML as a page; at the end nothing may have gone wrong on it or asked for anything"
    used, trouble = {}, []
    watch = dict(console=lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None, pageerror=lambda e: trouble.append(str(e)),
                 request=lambda r: trouble.append(r.url) if not r.url.startswith("data:") else None)
    def go(text, width=760, **kw):
        page = tab(**kw)
        assert page not in used, "one page of a kind at a time"
        used[page] = dict(color_scheme="light", reduced_motion="no-preference") | {k: v for k, v in kw.items() if k in ("color_scheme", "reduced_motion")}
        page.set_viewport_size(dict(width=width, height=900))
        for event, f in watch.items(): page.on(event, f)
        page.set_content(PAGE % text)
        if kw.get("java_script_enabled", True):
            for block in page.locator(".vaegan-living").all():
                block.scroll_into_view_if_needed()                   # it starts when it comes into view
                page.wait_for_function("r => 'alive' in r.dataset", arg=block.element_handle())
            page.evaluate("scrollTo(0, 0)")
        return page
    yield go
    for page, was in used.items():
        for event, f in watch.items(): page.remove_listener(event, f)
        page.emulate_media(media="null", **was)
        page.mouse.move(0, 0)
        page.goto("about:blank")             # nothing of it runs any more
    assert not trouble

def numbers(page): return dict(page.locator("[data-name]").evaluate_all("all => all.map(e => [e.dataset.name, +e.dataset.number])"))
def frames(page): page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

# ------------------------------------------------------------------------------------------------- what is stored
def test_there_are_pictures(): assert {program(t) for t, _ in PICTURES.values()} == {p.stem for p in JS.glob("*.js")} - {"base"}

@each
def test_stored_program_is_the_one_in_the_library(picture):
    text, data = PICTURES[picture]
    assert text == renewed(text), "run `make prepare`: vaegan/js has changed since"
    assert "```" not in text and len(text) < 500_000
    alt = re.search(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]{30,})"', text)
    assert alt and alt[1] == "".join(data["image/png"]).strip(), "the static picture is in the block and beside it"

def test_programs_import_only_the_base():
    for f in JS.glob("*.js"):
        imports = re.findall(r'^import .*?from "(.*?)";$', f.read_text(encoding="utf-8"), re.M | re.S)
        assert imports == ([] if f.stem == "base" else ["./base.js"]), f.name
        assert not re.search(r"^\s*(import|export \{)", source_of(f.stem) if f.stem != "base" else "", re.M)

# ------------------------------------------------------------------------------------------------- it comes alive
def sticking_out(page):
    "What is wider than its page or its picture"
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"): return ["the page itself"]
    return page.evaluate("""() => [...document.querySelectorAll('.vaegan-living')].flatMap(root => {
        const r = root.getBoundingClientRect();
        return [...root.shadowRoot.querySelectorAll('svg text, button, label, .numbers span, canvas')].filter(e => {
            const b = e.getBoundingClientRect(); return b.width && (b.left < r.left - 6 || b.right > r.right + 6); }).map(e => e.textContent || e.tagName); })""")

SIZES = """() => [...document.querySelector('.vaegan-living').shadowRoot.querySelectorAll('.live *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())).map(e => parseFloat(getComputedStyle(e).fontSize)*(e.ownerSVGElement?.getScreenCTM().a ?? 1))"""

def theme(page, name): page.wait_for_function("name => document.querySelector('.vaegan-living').dataset.theme == name", arg=name)

@each
def test_it_can_be_seen_by_everybody(picture, opened):
    "In place of the static picture, by light and in the dark, on a screen and on a phone; on paper the static one"
    page = opened(PICTURES[picture][0], 1200)
    live, static = page.locator(".live"), page.locator(".vaegan-living > img")
    assert live.is_visible() and not static.is_visible()
    assert all(math.isfinite(v) for v in numbers(page).values()) and numbers(page)
    frames(page)
    assert not sticking_out(page)
    for name in ("light", "dark"):
        page.emulate_media(color_scheme=name)
        theme(page, name)
        found = Axe().run(page).response["violations"]
        assert not found, [(name, v["id"], n["target"], n["failureSummary"]) for v in found for n in v["nodes"]]
    for width in (390, 360):
        page.set_viewport_size(dict(width=width, height=900))
        frames(page); frames(page)
        assert not sticking_out(page), width
        assert (sizes := page.evaluate(SIZES)) and min(sizes) >= 11, f"words too small at {width}"
    page.emulate_media(media="print")
    assert static.is_visible() and not live.is_visible()

def by_hand(page):
    "Each handle follows the mouse and the finger"
    cdp, handles = page.context.new_cdp_session(page), page.locator("[role=slider]")
    assert handles.count(), "nothing to take hold of"
    for i in range(handles.count()):
        for kind in ("mouse", "touch"):
            before, box = numbers(page), handles.nth(i).locator(".dot").bounding_box()
            x, y = box["x"] + box["width"]/2, box["y"] + box["height"]/2
            if kind == "mouse":
                page.mouse.move(x, y); page.mouse.down(); page.mouse.move(x - 30, y - 12, steps=3); page.mouse.up()
            else:
                for what, points in [("touchStart", [dict(x=x, y=y)]), ("touchMove", [dict(x=x + 20, y=y + 8)]), ("touchMove", [dict(x=x + 40, y=y + 12)]), ("touchEnd", [])]:
                    cdp.send("Input.dispatchTouchEvent", dict(type=what, touchPoints=points))
            assert numbers(page) != before, kind
            after = handles.nth(i).locator(".dot").bounding_box()
            assert abs(after["x"] - box["x"]) > 10 or abs(after["y"] - box["y"]) > 10, "the handle follows the hand"

def by_keys(page):
    "Each control answers to arrow keys, and says in words where it is"
    controls = page.locator("[role=slider], input[type=range]")
    for i in range(controls.count()):
        c = controls.nth(i)
        before, words = numbers(page), c.get_attribute("aria-valuetext")
        c.focus()
        page.keyboard.press("ArrowRight"); page.keyboard.press("ArrowUp")
        assert numbers(page) != before and c.get_attribute("aria-valuetext") != words, i
        if c.get_attribute("role"): assert float(c.get_attribute("aria-valuemin")) <= float(c.get_attribute("aria-valuenow")) <= float(c.get_attribute("aria-valuemax"))
    for b in page.locator(".buttons button").all(): b.focus(); page.keyboard.press("Enter")
    said = page.locator("[aria-live=polite]")
    page.wait_for_function("e => e.textContent.length > 10", arg=said.element_handle())
    assert len(said.text_content()) < 160, "modest"

@each
def test_it_answers_to_everybody(picture, opened):
    "To mouse, touch and keys; for readers who asked for less motion it moves at once or not at all"
    page = opened(PICTURES[picture][0], has_touch=True)
    by_hand(page)
    page.emulate_media(reduced_motion="reduce")
    for b in page.locator(".buttons button").all():
        b.click()
        there = numbers(page)
        frames(page); frames(page)
        assert numbers(page) == there, "it went on moving"
    assert not page.evaluate("document.getAnimations().length")
    by_keys(page)

# ---------------------------------------------------------------------------------------- among others, and elsewhere
def test_all_on_one_page_and_one_twice(opened):
    texts = [t for t, _ in PICTURES.values()]
    page = opened("".join(texts + texts[:1]), 360)
    assert page.locator(".live").count() == len(texts) + 1
    frames(page)
    assert not sticking_out(page), "on a phone from the start"
    first, again = page.locator(".vaegan-living").first, page.locator(".vaegan-living").last
    read = lambda block: block.locator("[data-name]").evaluate_all("all => all.map(e => e.dataset.number)")
    before = read(again)
    first.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    assert read(first) != before == read(again), "each has a state of its own"

def test_static_pictures_without_javascript(opened):
    page = opened("".join(t for t, _ in PICTURES.values()), java_script_enabled=False)
    for img in page.locator(".vaegan-living > img").all(): assert img.is_visible() and img.bounding_box()["width"] > 300

def test_each_starts_when_it_comes_into_view(tab):
    "Until then it is its static picture, and its program has drawn nothing"
    page, far = tab(), "<div style='height: 3000px'></div>"
    page.set_viewport_size(dict(width=760, height=900))
    page.goto("about:blank")
    page.set_content(PAGE % "".join(far + t for t, _ in PICTURES.values()))
    blocks = page.locator(".vaegan-living").all()
    page.wait_for_function("n => document.querySelectorAll('[data-awaited]').length == n", arg=len(blocks))
    frames(page); frames(page)
    for block in blocks:
        assert block.get_attribute("data-alive") is None and block.locator("> img").is_visible() and not block.evaluate("e => e.shadowRoot")
        block.scroll_into_view_if_needed()
        block.locator(".live").wait_for()
        assert block.get_attribute("data-alive") == ""
    page.goto("about:blank")

def test_takes_fonts_and_colours_from_the_page(opened):
    "The site's custom properties where there are some (tested above: its own where there are none)"
    tokens = "--sans: 'Some Face'; --paper: rgb(1, 2, 3); --fig-model: rgb(4, 5, 6); --run: rgb(7, 8, 9)"
    page = opened(f"<style>:root {{{tokens}}}</style>" + next(t for t, _ in PICTURES.values() if program(t) == "elbo"))
    style = lambda css, of: page.locator(css).first.evaluate(f"e => getComputedStyle(e).{of}")
    assert style(".live", "fontFamily") == '"Some Face"' and style(".handle .dot", "stroke") == "rgb(1, 2, 3)"
    assert style("rect.model", "fill") == "rgb(4, 5, 6)" and style("svg text.model-ink", "fill") == "rgb(7, 8, 9)"

def test_follows_the_page_into_the_dark(opened):
    page = opened("<style>body.dusk {background: #222; color: #ddd}</style>" + next(iter(PICTURES.values()))[0])
    block = page.locator(".vaegan-living")
    assert block.get_attribute("data-theme") == "light"
    page.evaluate("document.body.className = 'dusk'")
    theme(page, "dark")
    assert opened(next(iter(PICTURES.values()))[0], color_scheme="dark").locator(".vaegan-living").get_attribute("data-theme") == "dark", "from the start"

def test_off_the_page_for_a_moment(opened):
    "As slides are while they are paged for printing, and outputs that a notebook moves: it goes wrong in nothing, and is right when it comes back"
    page = opened("<style>body.dusk {background: #222; color: #ddd}</style>" + next(iter(PICTURES.values()))[0])
    page.evaluate("""async () => {
        const e = document.querySelector('.vaegan-living'), later = ms => new Promise(done => setTimeout(done, ms));
        document.body.className = 'a';
        await later(0);                     // it has seen the change, and looks once more in 300 ms
        e.remove();
        document.body.className = 'dusk';
        await later(800);
        document.querySelector('main').append(e); }""")
    theme(page, "dark")
    assert page.locator(".live").is_visible()

def test_comes_alive_when_put_on_the_page_late(opened):
    "JupyterLab makes the output first, runs copies of its scripts, and may put it on the page later"
    page = opened("")
    page.evaluate("""text => {
        const host = document.createElement('div'); host.innerHTML = text;
        for (const old of host.querySelectorAll('script')) {
            const s = document.createElement('script'); for (const a of old.attributes) s.setAttribute(a.name, a.value);
            s.textContent = old.textContent; old.replaceWith(s);
        }
        const run = [...host.querySelectorAll('script[type=module]')]; for (const s of run) document.body.append(s);
        setTimeout(() => document.body.append(host), 300); }""", next(iter(PICTURES.values()))[0])
    page.wait_for_selector(".live")

def test_a_program_that_fails_leaves_the_static_picture(browser):
    text = next(iter(PICTURES.values()))[0]
    page = browser.new_page()
    with page.expect_event("pageerror") as error:
        page.set_content(PAGE % re.sub(r"launch\((\"[^\"]*\"), mount\)", r"launch(\1, (root, data) => { mount(root, data); throw new Error('on purpose'); })", text))
    page.wait_for_selector(".vaegan-living > img")
    assert "on purpose" in str(error.value)
    page.close()

# ------------------------------------------------------------------------------------------------- the same numbers
@pytest.fixture(scope="session")
def js(browser):
    "Call a function of a program on many arguments"
    page = browser.new_page()
    page.route("http://vaegan.test/**", lambda route: route.fulfill(
        body="" if route.request.url.endswith("/") else (JS/route.request.url.split("/")[-1]).read_text(encoding="utf-8"),
        content_type="text/html" if route.request.url.endswith("/") else "text/javascript"))
    page.goto("http://vaegan.test/")
    yield lambda name, f, args: page.evaluate("""async ([name, f, args]) => {
        const m = await import(`/${name}.js`); return args.map(a => m[f](...a)); }""", [name, f, [list(a) for a in args]])
    page.close()

def test_colors(js, browser):
    page = browser.new_page()
    page.set_content(f'<script type="module">{(JS/"base.js").read_text(encoding="utf-8")} window.C = COLORS;</script>')
    page.wait_for_function("window.C")
    C = page.evaluate("C")
    assert C["light"] == COLORS and set(C["dark"]) == set(C["ink"]) == set(COLORS)
    page.close()

def test_tensors_arrive(js):
    v = torch.tensor([[1.5, -2., 1e-30], [3.1415927, 1e30, 0.]])
    plt.figure().subplots()
    text = living("phi", dict(z=1., v=v), "A figure that nobody will see, with a tensor").html
    f32 = re.search(r'"f32": "([^"]*)"', text)[1]
    assert list(js("base", "floats", [[dict(f32=f32)]])[0]) == v.flatten().tolist()

def shown(opened, name, settings):
    "What the stored picture shows at the given positions of its sliders"
    text = next(t for t, _ in PICTURES.values() if program(t) == name)
    page = opened(text)
    for values in settings:
        for key, v in values.items(): page.locator(f"input[data-key={key}]").fill(str(v))
        yield values, numbers(page)

def near(a, b, tol=1e-5): assert set(a) == set(b) and all(abs(a[k] - float(b[k])) <= tol*max(1., abs(float(b[k]))) for k in b), (a, b)

def test_phi(js, opened):
    zs = torch.linspace(-3, 3, 61, dtype=torch.double)
    assert_close(torch.tensor(js("phi", "Phi", zs[:, None].tolist()), dtype=torch.double), Normal(0., 1.).cdf(zs), atol=1e-5, rtol=0)
    for v, n in shown(opened, "phi", [dict(z=z) for z in (-2.5, 0, 1.96)]): near(n, dict(z=v["z"], u=Normal(0., 1.).cdf(torch.tensor(v["z"]))))

def test_the_evaluator_of_broken_is_that_of_vaegan_formula(js):
    "On the five displays, on all of their wrong versions and on what people type: the same numbers on both sides, or no value in both"
    todo = [(tag, latex, scenes.MOVED[tag]) for tag in scenes.TAGS for latex in scenes.versions(tag) + scenes.typed(tag)]
    found = js("broken", "sides", todo)
    assert len(todo) > 230 and sum(isinstance(f, list) for f in found) > 190
    for (tag, latex, at), mine in zip(todo, found):
        truth = scenes.values(tag, latex, at)
        here = [[r["left"], r["right"]] for r in mine] if isinstance(mine, list) else None
        if latex in scenes.typed(tag): assert (truth is None) == (here is None), (tag, latex, mine)
        if truth is None: assert here is None or any(v is None for r in here for v in r), (tag, latex)
        else: assert here == [[pytest.approx(v, rel=1e-5, abs=1e-5) for v in r] for r in truth], (tag, latex)

def test_broken_judges_as_holds_does(js):
    "The right ones are true, the wrong ones are not, save what says the same; a bound that is too generous is called so"
    for tag in scenes.TAGS:
        right, *wrong = scenes.versions(tag)
        verdicts = js("broken", "verdict", [(tag, latex, scenes.MOVED[tag]) for latex in (right, *wrong)])
        assert verdicts[0] == "true"
        alive = [latex for latex, v in zip(wrong, verdicts[1:]) if v == "true"]
        assert len(alive) <= (4 if tag == "PATHWISE" else 0), alive       # there the noise is symmetric about 0
    generous = r"\log p(x) \ge \mathbb E_{q(z|x)}[\log p(x|z)] - 2\,\mathrm{KL}(q(z|x)\,\|\,p(z))"
    assert js("broken", "verdict", [("BOUND", generous, .2)]) == ["loose"]

@pytest.mark.parametrize("tex, what", [("", "nothing is left"), ("D^*(x)", "a relation is missing"), ("D^*(x) = \\frac{p(x)}{", "something is missing"), ("D^*(x) = p(x", "expected )"), ("D^*(x) = \\wat", "not known here"),
                                       ("D^*(x) = r(x)", "nothing is known of r"), ("D^*(x) = = 2", "nothing before ="), ("D^*(x) = p(x))", "out of place"), ("D^*(x) = #", "out of place"), ("D^*(x) = p", "p: expected a number, got a distribution"),
                                       ("x^", "something is missing"), ("x^{", "something is missing"), ("x_", "something is missing"), ("\\mathrm{", "expected }"), ("D^* = 1", "D^*: expected a number, got a function"), ("\\text{constructor}(3) = 1", "nothing is known of constructor"),
                                       ("D^*(x) = " + "("*3000 + "1" + ")"*3000, "nested deeper"), ("D^*(x) = " + "{"*3000, "nested deeper"), ("\\frac"*9000, "nested too deeply"), ("D^*(x) = |x", "expected |"), ("D^*(x) ≤ 1", "≤ is typed as a sign"), ("D^*(x) = μ", "μ is typed as a sign"), ("D^*(x) = {x+1}x", "braces do not show"), ("D^*(x) = \\log(x - 9)", "log (x-9) is no number")])
def test_broken_says_what_it_cannot_read(js, tex, what):
    found, = js("broken", "sides", [("DSTAR", tex, .6)])
    assert what in found["error"] and 0 <= found["at"][0] <= found["at"][1] <= len(tex)

E_BOUND = r"\mathbb E_{q(z|x)}[\log p(x|z)] - \mathrm{KL}(q(z|x)\,\|\,p(z))"

@pytest.mark.parametrize("tag, tex, what", [("BOUND", rf"\log p(x) \ge {E_BOUND}", "true"), ("BOUND", rf"\log p(x) > {E_BOUND}", "false"), ("BOUND", rf"{E_BOUND} < \log p(x)", "false"), ("BOUND", rf"{E_BOUND} \le \log p(x)", "true"),
    ("BOUND", r"\log p(x) \ge \mathbb E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", "true"), ("BOUND", r"\log p(x) \ge [\log p(x|z)]", "none"), ("BOUND", rf"\log p(x) \ne {E_BOUND}", "false"),
    ("DSTAR", r"D^*(x) = \sigma(\log p(x) - \log q(x))", "true"), ("DSTAR", r"D^*(x) = D^*(x)", "aside"), ("DSTAR", r"p(x) = p(x)", "aside"), ("KL-NORMAL", r"\log(\sigma_p)^2 = 2\log\sigma_p", "false"),
    ("PATHWISE", r"\nabla_\mu\mathbb E[f(z)] = \mathbb E_\varepsilon[f'(\mu + \sigma\varepsilon)]", "true"), *((tag, "1 = 1", "aside") for tag in scenes.TAGS)])
def test_broken_judges_what_people_write(js, tag, tex, what): assert js("broken", "verdict", [(tag, tex, scenes.MOVED[tag])]) == [what]

def test_broken_says_where_a_version_fails(js, opened):
    "A strict bound is true nearly everywhere: the place where it is not is named, with its numbers"
    found, = js("broken", "judge", [("BOUND", rf"\log p(x) > {E_BOUND}", .2)])
    assert found["at"] == pytest.approx(1.2/1.36) and found["rows"][0]["left"] == pytest.approx(found["rows"][0]["right"])
    page = opened(BROKEN())
    page.get_by_role("button", name="the bound").click()
    page.locator("textarea").fill(rf"\log p(x) > {E_BOUND}")
    assert page.locator(".verdict").inner_text() == "False, though true here: at the mean of q = 0.88 the two sides are equal."
    here, there = page.locator(".numbers > span").all_inner_texts()
    assert "✓" in here and there.startswith("At the mean of q = 0.88: −1.6021 > −1.6021") and "✗" in there
    page.locator("textarea").fill(rf"\log p(x) \le {E_BOUND}")
    assert page.locator(".verdict").inner_text() == "False: the left side is the larger one."

BROKEN = lambda: next(t for t, _ in PICTURES.values() if program(t) == "broken")
WIDE = """globalThis.katex = {render(tex, node) {
    if (tex.includes("deep")) throw new RangeError("Maximum call stack size exceeded");
    node.innerHTML = `<div style="width: ${tex.includes("wide") ? 150 : tex.includes("=") && tex[0] !== "=" ? 32 : 22}em">a line</div><math><mi mathvariant="double-struck">E</mi></math>`;
}}"""

def test_broken_typesets_no_line_that_is_cut(opened):
    "Before its relations a display goes on in a new line; what is still a little too wide gets smaller, what is much too wide can be scrolled; what cannot be typeset says so"
    page = opened(BROKEN(), 390)
    page.evaluate(WIDE)
    lines, box = page.locator(".set > div"), page.locator("textarea")
    line = lines.first
    cut = lambda: line.evaluate("e => e.scrollWidth - e.clientWidth")
    box.fill("[x = y]")
    assert lines.count() == 1 and cut() > 0, "a relation in brackets parts no lines"
    box.fill("1 + z = 1 \\le 2")
    assert lines.count() == 3 and cut() <= 0 and [t.text_content() for t in lines.locator("mi").all()] == ["𝔼"]*3
    assert lines.evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize) >= 11.5)") == [True]*3
    box.fill("wide")
    assert cut() > 0 and line.evaluate("e => getComputedStyle(e).overflowX") == "auto"
    box.fill("deep")
    assert "cannot be typeset" in line.inner_text()

def test_broken_on_a_touch_screen(opened):
    "No tap calls the keyboard, and what is tapped is as large as a finger"
    page = opened(BROKEN(), 390, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Make a mistake").tap()
    assert "What was done:" in page.locator(".verdict").inner_text()
    assert page.evaluate("document.querySelector('.vaegan-living').shadowRoot.activeElement?.tagName") != "TEXTAREA"
    assert all(b.bounding_box()["height"] >= 44 for b in page.locator(".live button").all())

def test_broken_tells_what_can_be_written(opened):
    page = opened(BROKEN(), 390)
    page.get_by_role("button", name="best D").click()
    assert not page.get_by_text("Known in this display").is_visible()
    page.get_by_text("What can be written here").click()
    assert page.get_by_text("Known in this display").is_visible() and "p(x), q(x), D^*(x)" in page.locator("details code").first.inner_text()

def test_broken_answers_to_what_is_typed(opened):
    text = next(t for t, _ in PICTURES.values() if program(t) == "broken")
    page = opened(text, 390)
    verdict, box = page.locator(".verdict"), page.locator("textarea")
    for name in ("KL of two normals", "the bound", "best D", "value at equilibrium", "pathwise gradient"):
        page.get_by_role("button", name=name).click()
        assert verdict.get_attribute("data-verdict") == "true" and not page.locator(".where").is_visible()
    page.get_by_role("button", name="best D").click()
    box.fill(r"D^*(x) = \frac{q(x)}{p(x) + q(x)}")
    assert verdict.get_attribute("data-verdict") == "false" and "off by" in page.locator(".numbers").inner_text()
    box.press("End")
    box.press_sequentially(" + r")
    assert "nothing is known of r" in verdict.inner_text() and page.locator(".where mark").inner_text() == "r"
    page.get_by_role("button", name="Make a mistake").click()
    assert "What was done:" in verdict.inner_text() and verdict.get_attribute("data-verdict") != "true"
    page.get_by_role("button", name="Put it right").click()
    assert verdict.get_attribute("data-verdict") == "true"

def elbo_terms(W, sigma, x, mu, s):
    d = lambda *v: torch.tensor(v, dtype=torch.double).view(1, -1)
    m, X, post = PPCA(d(W), d(0.)[0], sigma**2), d(x), None
    post = m.posterior(X)
    kl = kl_normal(d(mu), d(2*math.log(s)))
    elbo = elbo_ppca(m, X, d(mu), d(s)[None])
    return {k: v.item() for k, v in dict(evidence=m.log_prob(X), elbo=elbo, klPrior=kl, rec=elbo + kl,
            gap=kl_normal(d(mu), d(2*math.log(s)), post[0], post[1].log())).items()}

def test_elbo(js, opened):
    grid = list(itertools.product((1.5, -.4), (.6, 1.3), (1.2, -2.), (-1., .2, 1.8), (.1, .7, 2.)))
    for a, b in zip(js("elbo", "terms", grid), grid):
        near(a, elbo_terms(*b))
        assert abs(a["elbo"] + a["gap"] - a["evidence"]) < 1e-9
    settings = [dict(mu=m, s=s) for m in (-.4, .69, 1.5) for s in (.3, .37, 1.2)]
    for v, n in shown(opened, "elbo", settings): near(n, elbo_terms(1.5, .6, 1.2, *v.values()))

def minimax_values(m, s, n=2001, L=20.):
    x = torch.linspace(-L, L, n, dtype=torch.double)
    lp, lq = Normal(0., 1.).log_prob(x), Normal(m, s).log_prob(x)
    p, q = lp.exp(), lq.exp()
    js = grid_js(p, q, x)
    return dict(V=grid_value(optimal_logits(lp, lq), p, q, x), js=js, bound=2*js - math.log(4), accuracy=.5*(1 + .5*torch.trapezoid((p - q).abs(), x)))

def test_minimax(js, opened):
    x = torch.linspace(-20, 20, 2001, dtype=torch.double)
    grid = list(itertools.product((-5., -.5, 0., 1.5, 4.), (.4, 1., 2.5)))
    for a, b in zip(js("minimax", "values", [(*b, x.tolist()) for b in grid]), grid):
        near(a, minimax_values(*b))
        near(a, minimax_values(*b, 40_001, 30.), 5e-5)                            # the grid is fine and wide enough
        assert abs(a["V"] - a["bound"]) < 1e-7
    at = list(itertools.product(x[::50].tolist(), (-3., 1.5), (.5, 2.)))
    want = [optimal_logits(*(Normal(*d).log_prob(torch.tensor(t).double()) for d in ((0., 1.), (m, s)))).sigmoid() for t, m, s in at]
    assert_close(torch.tensor(js("minimax", "dStar", at), dtype=torch.double), torch.stack(want), atol=1e-5, rtol=0)
    for v, n in shown(opened, "minimax", [dict(m=m, s=s) for m, s in ((0, 1), (-3, .4), (5, 2.5))]): near(n, minimax_values(float(v["m"]), v["s"]))

def data_of(name): return json.loads(re.search(r'<script type="application/json">(.*?)</script>', next(t for t, _ in PICTURES.values() if program(t) == name), re.S)[1])
def tensor(packed): return torch.frombuffer(bytearray(base64.b64decode(packed["f32"])), dtype=torch.float32).clone()

def test_reparam(js, opened):
    settings, n = list(itertools.product((-2., .3, 1.), (.2, 1., 1.7), (0., 4.))), 500
    eps = torch.randn(n, generator=torch.Generator().manual_seed(3), dtype=torch.double)
    g = lambda: torch.Generator().manual_seed(3)
    close = lambda a, b: assert_close(torch.tensor(a, dtype=torch.double), b, atol=1e-5, rtol=1e-7)
    for a, (m, s, b) in zip(js("reparam", "pathwise", [(eps.tolist(), m, s) for m, s, _ in settings]), settings): close(a, pathwise_grad(torch.square, m, s, n, g()))
    for a, (m, s, b) in zip(js("reparam", "score", [(eps.tolist(), m, s, b) for m, s, b in settings]), settings): close(a, score_grad(torch.square, m, s, n, g(), b))
    e = torch.linspace(-12, 12, 4001, dtype=torch.double)                         # the exact variances, by quadrature
    E = lambda f: torch.trapezoid(Normal(0., 1.).log_prob(e).exp()*f, e)
    for a, (m, s, b) in zip(js("reparam", "exact", settings), settings):
        z = m + s*e
        path, score = 2*z, (z**2 - b)*e/s
        near(a, dict(grad=2*m, varPath=E(path**2) - E(path)**2, varScore=E(score**2) - E(score)**2, best=E(z**2*e**2)/E(e**2)))
        assert abs(E(score) - 2*m) < 1e-6
    v = torch.cat([eps*9, torch.tensor([-16., 20., 19.999]).double()])
    near(js("reparam", "moments", [[v.tolist()]])[0], dict(mean=v.mean(), var=v.var()))
    h = js("reparam", "histogram", [[v.tolist(), -16, 20, 48]])[0]
    inside = v[(v >= -16) & (v < 20)]
    close(h["h"], torch.histc(inside, 48, -16, 20).double()/len(v)/.75)
    assert abs(h["below"] - (v < -16).double().mean()) < 1e-9 and abs(h["above"] - (v >= 20).double().mean()) < 1e-9
    eps = tensor(data_of("reparam")["eps"]).double()
    for v, n in shown(opened, "reparam", [dict(mu=-1.5, sigma=.2, b=0), dict(mu=2, sigma=2, b=16)]):
        m, s, b = map(float, v.values())
        path, score = 2*(m + s*eps), ((m + s*eps)**2 - b)*eps/s
        theory = js("reparam", "exact", [(m, s, b)])[0]
        near(n, dict(varPath=theory["varPath"], varScore=theory["varScore"], seenPath=path.var(), seenScore=score.var(), meanPath=path.mean(), meanScore=score.mean()))

def test_latent(js, opened):
    data = data_of("latent")
    pairs = [(tensor(W), tensor(b)) for W, b in data["layers"]]
    net = mlp(2, *(len(b) for _, b in pairs))
    for l, (W, b) in zip((l for l in net if isinstance(l, torch.nn.Linear)), pairs): l.weight.data, l.bias.data = W.view(len(b), -1), b
    zs = torch.cartesian_prod(torch.linspace(-4, 4, 9), torch.linspace(-4, 4, 9))
    want = net(zs).sigmoid().detach()
    assert_close(torch.tensor(js("latent", "decodeAll", [(data["layers"], zs.tolist())])[0]), want, atol=1e-5, rtol=0)
    codes = tensor(data["points"]).view(-1, 2)
    assert js("latent", "nearest", [(codes.flatten().tolist(), z) for z in zs[::9].tolist()]) == torch.cdist(zs[::9], codes).argmin(1).tolist()
    assert len(data["labels"]) == len(codes) > 1000 and sorted(set(data["labels"])) == list(range(10))
    for v, n in shown(opened, "latent", [dict(x=x, y=y) for x, y in ((0, 0), (-3.25, 2.), (1.25, -.75))]):
        pixels = net(torch.tensor([[float(v["x"]), float(v["y"])]])).sigmoid()[0]
        near(n, dict(z1=v["x"], z2=v["y"], ink=pixels.sum().item()))

def test_latent_draws_what_the_decoder_says(js, opened):
    data = data_of("latent")
    page = opened(next(t for t, _ in PICTURES.values() if program(t) == "latent"))
    ink = "c => { const {width: w, height: h} = c; return [...c.getContext('2d').getImageData(0, 0, w, h).data].filter((_, i) => i % 4 == 3); }"
    seen = page.locator("canvas[role=img]").evaluate(ink)
    want = torch.tensor(js("latent", "decodeAll", [(data["layers"], [data["z"]])])[0][0])*255
    assert (torch.tensor(seen) - want).abs().max() <= 1
    under = page.locator("canvas[aria-hidden]")
    assert not under.is_visible()
    page.get_by_label("map of the decoder").check()
    assert under.is_visible() and sum(under.evaluate(ink)) > 1e5
    before = numbers(page)
    page.locator("svg").click(position=dict(x=120, y=90))
    page.wait_for_function("z => document.querySelector('.vaegan-living').shadowRoot.querySelector('[data-name=z1]').dataset.number != z", arg=str(before["z1"]))

def dirac_numbers(h, gamma, theta, psi, n, alternating=False):
    step = dirac_step(h, alternating, gamma)
    lam = eigenvalues(step, torch.zeros(2, dtype=torch.double))
    first = max(lam.tolist(), key=lambda v: (round(abs(v), 9), v.imag))
    return dict(modulus=lam.abs().max(), re=first.real, im=first.imag, dist=play(step, torch.tensor([theta, psi], dtype=torch.double), n)[-1].norm())

def test_dirac(js, opened):
    grid = list(itertools.product((.1, .3, 1., 3., 4.4), (0., .3, 1., 1.7), (False, True)))
    for got, (h, gamma, alternating) in zip(js("dirac", "eigenvalues", grid), grid):
        lam = eigenvalues(dirac_step(h, alternating, gamma), torch.zeros(2, dtype=torch.double))
        for a, b in got: assert (lam - complex(a, b)).abs().min() < 1e-5
        assert abs(got[0][0] + got[1][0] - lam.real.sum().item()) < 1e-5 and math.hypot(*got[0]) > lam.abs().max() - 1e-5
    starts = [(t, p, h, g, a, 40) for t, p in ((1., 0.), (-1.5, 2.), (2., 2.)) for h, g, a in grid if h < 2]
    for got, (t, p, h, g, a, n) in zip(js("dirac", "path", starts), starts):
        assert_close(torch.tensor(got, dtype=torch.double), play(dirac_step(h, a, g), torch.tensor([t, p], dtype=torch.double), n), atol=1e-5, rtol=1e-5)
    settings = [dict(h=h, gamma=g, n=n) for h, g, n in ((.3, 0, 60), (.3, .6, 100), (1.5, .2, 20), (.05, 2, 0))]
    for v, n in shown(opened, "dirac", settings): near(n, dirac_numbers(v["h"], v["gamma"], 1., 0., v["n"]))

def test_dirac_alternates_and_plays(opened):
    page = opened(next(t for t, _ in PICTURES.values() if program(t) == "dirac"), reduced_motion="reduce")
    toggle = page.get_by_role("button", name="alternating updates")
    near(numbers(page), dirac_numbers(.3, 0., 1., 0., 60))
    assert toggle.get_attribute("aria-pressed") == "false"
    toggle.click()
    near(numbers(page), dirac_numbers(.3, 0., 1., 0., 60, True))
    assert toggle.get_attribute("aria-pressed") == "true" and "it circles" in page.locator(".live").text_content()
    page.locator("input[data-key=n]").fill("0")
    near(numbers(page), dirac_numbers(.3, 0., 1., 0., 0, True))
    page.get_by_role("button", name="back to the start").click()
    near(numbers(page), dirac_numbers(.3, 0., 1., 0., 60))

def test_the_path_is_played_step_by_step(opened):
    page = opened(next(t for t, _ in PICTURES.values() if program(t) == "dirac"))
    page.evaluate("() => { performance.now = () => 1000; window.requestAnimationFrame = f => { window.drawNext = f; }; }")     # time goes when the test says so
    page.get_by_role("button", name="play the rounds").click()
    at = lambda ms: page.evaluate("ms => { drawNext(1000 + ms); return +document.querySelector('.vaegan-living').shadowRoot.querySelector('input[data-key=n]').value; }", ms)
    seen = [at(ms) for ms in (0, 400, 1000, 1e5)]
    assert 0 <= seen[0] < seen[1] < seen[2] < seen[3] == 60, seen

def test_diffusion(js, opened):
    "Score, velocity, guess and way of the noised ring: by torch's mixture, by autograd and by SciPy; what the slider shows"
    ring, places = dict(modes=8, radius=2., std=.1), [(1.1, .8, .5), (-.2, 1.7, .06), (2.4, -1.9, 1.3), (.3, .1, .9)]
    def law(phi):
        sd = math.hypot(.1*math.cos(phi), math.sin(phi))
        return MixtureSameFamily(Categorical(torch.ones(8)), Independent(Normal(math.cos(phi)*ring_modes().double(), torch.full((8, 2), sd).double()), 1))
    def slope(x, phi): return torch.func.grad(lambda x: law(phi).log_prob(x))(torch.as_tensor(x).double())
    def flow(phi, x): return (-math.tan(phi)*(torch.as_tensor(x) + slope(x, phi))).numpy()
    calls = [(x, y, phi, ring) for x, y, phi in places]
    names = "logDensity", "score", "velocity", "guess"
    for (x, y, phi), logq, score, v, guess in zip(places, *(js("diffusion", name, calls) for name in names)):
        at = torch.tensor([x, y]).double()
        assert abs(logq - law(phi).log_prob(at).item()) < 1e-4
        assert_close(torch.tensor(score).double(), slope(at, phi), rtol=1e-4, atol=1e-4)
        assert_close(torch.tensor(v).double(), torch.tensor(flow(phi, at)), rtol=1e-4, atol=1e-4)
        assert_close(torch.tensor(guess).double(), (at + math.sin(phi)**2*slope(at, phi))/math.cos(phi), rtol=1e-4, atol=1e-4)
    for (x, y, phi), got in zip(places, js("diffusion", "way", [(x, y, phi, to, ring) for (x, y, phi), to in zip(places, (.03, 1.5, .03, 1.2))])):
        end = solve_ivp(flow, (phi, dict(zip(places, (.03, 1.5, .03, 1.2)))[x, y, phi]), [x, y], rtol=1e-8, atol=1e-9).y[:, -1]
        assert_close(torch.tensor(got[-1]).double(), torch.tensor(end), rtol=0, atol=2e-3)
    page = opened(next(t for t, _ in PICTURES.values() if program(t) == "diffusion"), reduced_motion="reduce")
    at = torch.tensor([.9, .2]).double()
    near(numbers(page), dict(abar=math.cos(.6)**2, logq=law(.6).log_prob(at), s1=slope(at, .6)[0], s2=slope(at, .6)[1]), 1e-4)
    page.get_by_role("button", name="noise on").click()
    assert abs(numbers(page)["abar"] - math.cos(1.5)**2) < 1e-6

def surface_numbers(m, w1, w2, lr, n):
    path = ae_descend(w1, w2, m, lr, n)
    (a, b), c = path[-1].tolist(), w1*w1 - w2*w2
    land = math.copysign(math.sqrt((c + math.sqrt(c*c + 4))/2), w1 + w2) if w1 + w2 else 0.     # (LANDING)
    return dict(n=n, loss=ae_loss(a, b, m), product=a*b, c0=c, c1=a*a - b*b, land1=land, land2=1/land if land else 0.)

def test_surface(js, opened):
    grid = list(itertools.product((-2.4, -1., .3, 2.), (-1.9, -.3, 0., 1., 2.4), (.5, 1.5), (.002, .02, .05), (0, 1, 300)))
    for got, (a, b, m, lr, n) in zip(js("surface", "descend", grid), grid):
        assert_close(torch.tensor(got, dtype=torch.double), ae_descend(a, b, m, lr, n), atol=1e-5, rtol=1e-5)
    pairs = [g[:3] for g in grid[::9]]
    for got, (a, b, m) in zip(js("surface", "loss", pairs), pairs): assert abs(got - ae_loss(a, b, m)) < 1e-5*max(1, abs(got))
    for got, (a, b, m) in zip(js("surface", "landing", pairs), pairs):
        flow = solve_ivp(lambda t, w: 2*(1 - w[0]*w[1])*w[::-1], (0, 60), (a, b), rtol=1e-11, atol=1e-12).y[:, -1]
        assert_close(torch.tensor(got, dtype=torch.double), torch.tensor(flow), atol=1e-5, rtol=0)
    for got, (a, b, m) in zip(js("surface", "invariant", [(a, b, 2.5) for a, b, _ in pairs]), pairs):
        w = torch.tensor(got, dtype=torch.double)
        assert_close(w[:, 0]**2 - w[:, 1]**2, torch.full((len(w),), a*a - b*b, dtype=torch.double), atol=1e-9, rtol=0)
        assert a*a == b*b or (w - torch.tensor([a, b])).norm(dim=1).min() < .05, "it passes through the start"
    settings = [dict(w1=a, w2=b, lr=lr, n=n) for a, b, lr, n in ((-1.9, 2.3, .01, 400), (1., .5, .05, 100), (-2, -.25, .002, 1000), (.5, -.5, .02, 0))]
    for v, n in shown(opened, "surface", settings): near(n, surface_numbers(1.5, **v))

def test_a_click_is_a_start(opened):
    page = opened(next(t for t, _ in PICTURES.values() if program(t) == "surface"))
    box = page.get_by_role("group", name="The loss over both weights").bounding_box()
    page.mouse.click(box["x"] + .4*box["width"], box["y"] + .6*box["height"])
    w1, w2 = (float(page.locator(f"input[data-key={k}]").input_value()) for k in ("w1", "w2"))
    dot = page.locator(".handle .dot").bounding_box()
    assert abs(dot["x"] + dot["width"]/2 - box["x"] - .4*box["width"]) < 2 and abs(dot["y"] + dot["height"]/2 - box["y"] - .6*box["height"]) < 2
    assert w1 < 0 and w2 < 0 and numbers(page)["land1"] < 0
