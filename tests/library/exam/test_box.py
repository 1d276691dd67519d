"The box in the browser gives the verdicts that Python gives."
import base64
import json
import re

import pytest
from bad_input import bad_input_tests
from write_exercises import AGAIN, SCRIPT

from vaegan.exam.box import answer_script, box, box_data
from vaegan.exam.learner import bank

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

def sealed(v): return json.loads(base64.b64decode(re.search(r'data-q="([^"]+)"', box(v))[1]))

@each
def test_what_the_page_knows_is_sealed(ex):
    "Neither an answer nor what is said of a mistake can be read in passing"
    v = ex.variant(1)
    if v.kind in ("code", "argued"): return
    shown = re.sub(r'data-q="[^"]+"|<script>.*</script>', "", box(v), flags=re.S)
    assert sealed(v) == json.loads(json.dumps(box_data(v))) and not any(m in shown for _, m in v.mistakes.values())
    assert v.kind != "symbolic" or v.answer not in shown

@each
def test_box(ex):
    h = box(ex.variant(1))
    if ex.kind == "code": return
    if ex.kind == "argued":
        assert h.count("<textarea") == h.count("</textarea>") == h.count("<label") == h.count("</form>") == 1 and 'class="vaegan-argued" data-id="' + ex.id in h and "hidden" not in h and h.count("<script") == 1 and len(h) < 1500 and "style" not in h and ex.variant(1).answer not in h
        return
    assert h.count("<form") == h.count("</form>") == h.count("<script") == 1 and "<legend" in h and 'aria-live="polite"' in h and "http" not in h
    assert h.count("<input") == h.count("<label") == max(1, len(ex.variant(1).options))

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.box.box": "takes a Variant, which is checked when it is made",
    "exam.box.box_data": "takes a Variant, which is checked when it is made",
    "exam.box.answer_script": "takes nothing",
}
bad_input_tests({}, NO_ROW)

def test_the_form_leaves_its_look_to_the_page():
    "No inline style; the script brings a style for pages without one, before the page's own, and once"
    for v in (bank()["elbo-two-states"].variant(1), next(e for e in bank().values() if e.variant(1).kind == "choice").variant(1)):
        form = box(v).split("<script")[0]
        assert "style" not in form and form.count("<label") >= 1 and 'aria-live="polite"' in form and "<div" not in form
    script = answer_script()
    assert "head.prepend" in script and script.count("vaegan-answer-style") == 2 and ".style." not in script

# ---------------------------------------------------------------------------------------------------- in a browser
LAB = "document.addEventListener('keydown', e => { (window.kept ??= []).push(e.key); e.preventDefault(); e.stopPropagation(); }, true);"

def test_in_a_notebook(browser):
    "JupyterLab hears every key first, at the document, and keeps Enter; several outputs bring the script again"
    v, w = bank()["kl-to-prior"].variant(1), bank()["weighted-discriminator"].variant(1)
    tab = browser.new_page()
    broken = []
    tab.on("pageerror", lambda e: broken.append(str(e)))
    tab.set_content(f"<script>{LAB}</script>{box(v)}{box(w)}")
    for form, right, name in ((tab.locator("form").nth(0), f"{v.answer:.3g}", "number"), (tab.locator("form").nth(1), w.answer.replace("*", ""), "expression")):
        field, said = form.locator("input"), form.locator("output")
        for typed, told in ((right, "✓ Right."), ("1/2(3)", "Not readable: a/b c may mean"), ("", "Type an answer first.")):
            field.fill("")
            field.press_sequentially(typed)
            field.press("Enter")
            assert said.text_content().startswith(told), (name, typed, said.text_content())
    assert not broken and tab.evaluate("() => window.kept") is None and not tab.locator(".vaegan-unscripted:visible").count()
    tab.locator("form").nth(0).locator("input").press("Shift+Enter")
    assert tab.evaluate("() => window.kept.join()").endswith("Enter"), "running the cell stays the notebook's"
    tab.close()

def test_an_argued_box_alone_in_a_notebook(browser):
    "Without a box that is judged beside it, it keeps the keys that are typed into it, too; running the cell stays the notebook's"
    tab = browser.new_page()
    tab.set_content(f"<script>{LAB}</script>{box(bank()['argue-two-losses'].variant(1))}")
    text = tab.locator("textarea")
    text.press_sequentially("so\nj")
    assert text.input_value() == "so\nj" and tab.evaluate("() => window.kept") is None
    text.press("Shift+Enter")
    assert tab.evaluate("() => window.kept.join()").endswith("Enter")
    tab.close()

def test_boxes_that_share_a_script(browser):
    "As stored: the first box of a page brings the script, the others call it, in whichever order an editor shows them"
    v, w = bank()["kl-to-prior"].variant(1), bank()["weighted-discriminator"].variant(1)
    late = SCRIPT.sub(lambda m: AGAIN, box(w))
    assert AGAIN in late and len(late) < 3000 and len(box(v)) > 20_000
    put = "html => document.body.append(document.createRange().createContextualFragment(html))"      # runs scripts, as notebooks do
    for first, then in ((box(v), late), (late, box(v))):
        tab = browser.new_page()
        tab.set_content(first)
        assert tab.locator("form:visible").count() == (first != late) == 1 - tab.locator(".vaegan-unscripted:visible").count()
        tab.evaluate(put, then)
        assert tab.locator("form:visible").count() == 2 and not tab.locator(".vaegan-unscripted:visible").count()
        for title, right in ((v.title, f"{v.answer:.3g}"), (w.title, w.answer)):
            form = tab.locator("form", has_text=title)
            form.locator("input").fill(right)
            form.locator("button").click()
            assert form.locator("output").text_content().startswith("✓ Right.")
        tab.close()

def test_in_a_notebook_that_is_not_trusted(browser):
    "Scripts and attributes that act are gone: the line says what to do, and the box does not pretend"
    tab = browser.new_page()
    tab.set_content(re.sub(r"<script>.*?</script>", "", box(bank()["kl-to-prior"].variant(1)), flags=re.S))
    assert "trust this notebook" in tab.locator(".vaegan-unscripted:visible").text_content() and not tab.locator("form:visible").count()
    tab.close()
