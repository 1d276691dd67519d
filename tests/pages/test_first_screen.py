"""What a page shows first, in Jupyter, Colab and on the site: the idea, before any import. A lesson opens with its question, in
two sentences, and names one picture worth remembering."""
import re
from types import SimpleNamespace

import pytest
from fastcore.nbio import mk_cell
from notebooks import NBS, ROOT, cells_of, directive, has_flag, nb_id, src

from vaegan.contents import lessons

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id)
LESSONS = [ROOT/"nbs"/f"{p.path}.ipynb" for p in lessons()]
WORDS = 45

def seen(cell):
    "Is this a code cell that a reader sees? Not the module's name, and not the cell that installs"
    return cell.cell_type == "code" and not src(cell).startswith("#| default_exp") and not has_flag(src(cell), "hide")

def starts_with_code(cells):
    "Does code stand before the first heading?"
    for c in cells:
        if c.cell_type == "markdown" and re.search(r"^## \S", src(c), re.M): return False
        if seen(c): return True
    return False

def question(cells): return src([c for c in cells if c.cell_type == "markdown"][1]).split("\n\n")[0]
def sentences(text): return re.findall(r"[^.?!]+[.?!](?=\s|$)", text)

def faults(text):
    "What keeps a paragraph from being the question of a chapter"
    if text.startswith(("[", "!", "**", "#", "|")): return "no question"
    if len(text.split()) > WORDS: return f"{len(text.split())} words"
    if len(sentences(text)) != 2: return f"{len(sentences(text))} sentences"
    if "?" not in text: return "nothing is asked"
    if re.search(r"\b(chapter|page|notebook|lesson)\b", text): return "it speaks of the page, not of the world"
    return ""

def covers(cells): return [c for c in cells if c.cell_type == "code" and has_flag(src(c), "cover")]

def described(cell):
    "Has the cell a picture with a text: a living one, or an image with alternative text and caption?"
    data = [o.get("data", {}) for o in cell.outputs]
    if any('class="vaegan-living"' in "".join(d.get("text/html", "")) for d in data): return True
    image = any(k.startswith("image/") for d in data for k in d)
    return bool(image and directive(src(cell), "fig-alt") and directive(src(cell), "fig-cap"))

@each_nb
def test_the_first_idea_stands_before_the_first_code(nb): assert not starts_with_code(cells_of(nb))

@pytest.mark.parametrize("nb", LESSONS, ids=nb_id)
def test_a_lesson_opens_with_its_question(nb):
    text = question(cells_of(nb))
    assert not faults(text), (faults(text), text)

@pytest.mark.parametrize("nb", LESSONS, ids=nb_id)
def test_a_lesson_has_one_picture_worth_remembering(nb):
    found = covers(cells_of(nb))
    assert len(found) == 1, f"{len(found)} cells with `#| cover`"
    assert described(found[0]) and not has_flag(src(found[0]), "slow")

@each_nb
def test_only_lessons_and_the_home_page_have_a_cover(nb):
    if nb not in LESSONS and nb_id(nb) != "index.ipynb": assert not covers(cells_of(nb))

# -- can these tests fail? ---------------------------------------------------------------------------------------------
def page(*cells): return [mk_cell(s, kind) for kind, s in cells]

def test_code_before_the_first_heading_is_found():
    title, idea, code = ("markdown", "# T\n\n> t"), ("markdown", "An idea.\n\n## A heading"), ("code", "import math")
    hidden = ("code", "#| default_exp t"), ("code", "#| hide\n#| eval: false\n!pip")
    assert starts_with_code(page(title, *hidden, code, idea)) and starts_with_code(page(title, ("markdown", "No heading."), code))
    assert not starts_with_code(page(title, *hidden, idea, code)) and not starts_with_code(page(title, idea))

@pytest.mark.parametrize("text, fault", [
    ("How far? Not far at all.", ""), ("Its value is 0.5. Is that so?", ""),
    ("[![Open in Colab](x)](y)", "no question"), ("**You need** nothing.", "no question"), ("How far?", "1 sentences"),
    ("How? So. And so on.", "3 sentences"), ("Not far. Not near.", "nothing is asked"), ("How " + 45*"very " + "far? So far.", "49 words"),
    ("What is this? This chapter says it.", "it speaks of the page, not of the world")])
def test_faults_of_a_question(text, fault): assert faults(text) == fault

def test_a_cover_without_a_picture_or_a_text_is_found():
    image, living = dict(data={"image/png": "x"}), dict(data={"text/html": '<div class="vaegan-living">'})
    said = "#| cover\n#| fig-alt: a\n#| fig-cap: c.\ndraw()"
    def made(source, *outputs): return SimpleNamespace(cell_type="code", source=source, outputs=list(outputs))
    assert described(made(said, image)) and described(made("#| cover\ndraw()", living))
    assert not described(made(said)) and not described(made("#| cover\ndraw()", image))
    assert covers([made(said, image), made("#| fig-cap: c\ndraw()", image)]) == [made(said, image)]
