"The home page: its path, lists and counts come from the pages, and it leads to every one of them."
import re
from types import SimpleNamespace

import pytest
import write_home
from notebooks import NBS, ROOT, code_cells, has_flag, md_cells, nb_id, prose, src
from write_readme import render

INDEX = ROOT/"nbs"/"index.ipynb"
PATH = ["index", "05_autoencoder", "06_elbo", "07_reparam", "09_vae", "14_minimax", "15_gan"]

def stops():
    path = re.search(r'<div class="path">.*?</div>', prose(INDEX), re.S)[0]
    return re.findall(r"^\d+\. .*$", path, re.M)

def test_what_is_made_of_the_pages_is_fresh():
    cells = md_cells(INDEX)
    assert cells == [write_home.written(c) for c in cells], "run `make prepare`"

def test_home_leads_to_every_page():
    for nb in NBS:
        if nb != INDEX: assert f"]({nb_id(nb)})" in prose(INDEX), nb_id(nb)

def test_the_path_leads_from_here_to_both_models():
    firsts = [re.search(r"\]\(([^)#]*)#", s)[1].removesuffix(".ipynb") or "index" for s in stops()]
    assert firsts == PATH
    for s in stops():
        pages = {page or "index.ipynb" for page in re.findall(r"\]\(([^)#]*)#", s)}
        assert len(pages) == 1, f"one page for each stop: {s}"

def test_the_path_takes_about_thirty_minutes(): assert 27 <= write_home.path_minutes() <= 33, write_home.path_minutes()

def test_first_screen_says_for_whom_and_where_to_start():
    title, hero, *rest = md_cells(INDEX)
    assert len(hero.split("![")[0].split()) < 130 and "For students" in hero
    start = re.search(r"^\[[^\]]*\]\(#([\w-]+)\)", hero, re.M)[1]
    assert write_home.slug(re.search(r"^## (.*)", rest[0], re.M)[1]) == start
    heads = re.findall(r"^## (.*)$", prose(INDEX), re.M)
    others = ["Exams for a class", "Your own code", "Your own images"]      # what other people come for: one look, one click
    for head in others: assert f"](#{write_home.slug(head)})" in hero
    order = ["The chapters", "Exercises", *others, "Take it home", "Two commands"]
    assert [h for h in heads if h in order] == order

def test_home_has_one_living_picture():
    found = [c for c in code_cells(INDEX) if has_flag(src(c), "cover")]
    assert len(found) == 1 and any('class="vaegan-living"' in "".join(o.get("data", {}).get("text/html", "")) for o in found[0].outputs)

def test_readme_shows_no_cell_whose_picture_it_cannot_show(): assert "living(" not in render() and "Try it" not in render()

# -- the rule for minutes ----------------------------------------------------------------------------------------------
def test_seconds_of_a_text():
    words = " ".join(100*["word"])
    assert write_home.reading(words) == write_home.reading(f"## A heading\n\n[{words}](06_elbo.ipynb)") == 30
    assert write_home.reading(f"{words}\n\n$$a = b \\tag{{A}}$$") == 60
    assert write_home.reading(f"{words}\n\n<details><summary>More</summary>{words}</details>") == 30

@pytest.mark.parametrize("source, outputs, seconds", [
    ("x = 1", [], 10), ("plot()", [dict(data={"image/png": "p"})], 20), ("1", [dict(data={"text/plain": "1"})], 10),
    ("import math", [], 0), ("#| export\nfrom torch import nn", [], 0), ("#| hide\n!pip", [], 0)])
def test_seconds_of_a_cell(source, outputs, seconds):
    cell = SimpleNamespace(source=source, get=lambda k, d=None: outputs)
    assert write_home.looking(cell) == seconds

def test_minutes_are_those_of_the_linked_sections():
    all_of = write_home.sections("05_autoencoder.ipynb")
    one, two = list(all_of)[:2]
    item = f"1. [a](05_autoencoder.ipynb#{one}) and [b](05_autoencoder.ipynb#{two})"
    assert write_home.minutes(item) == round((all_of[one] + all_of[two])/60) > write_home.minutes(item.split(" and ")[0])
    with pytest.raises(KeyError): write_home.minutes("1. [a](05_autoencoder.ipynb#no-such-section)")

def test_an_old_number_is_replaced():
    item = '<div class="path">\n\n1. [a](05_autoencoder.ipynb#what-does-an-autoencoder-try-to-do)<br>99 min · b\n\n</div>'
    assert "99" not in (new := write_home.with_minutes(item)) and write_home.with_minutes(new) == new
    assert write_home.with_counts("all 1 numbered equations") == f"all {write_home.n_equations()} numbered equations"
    assert write_home.with_list('<div class="bank">\nold\n</div>', "bank", lambda: "new") == '<div class="bank">\n\nnew\n\n</div>'
