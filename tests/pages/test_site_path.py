"The thirty-minute path on the pages that it crosses (tools/site_path.py): every stop says what it is, where it ends and where the next is."
import re

import pytest
import site_path
from fastcore.nbio import mk_cell, read_nb
from notebooks import ROOT, src


def md(source): return mk_cell(source, "markdown")
def page_of(page): return [mk_cell(src(c), c.cell_type) for c in read_nb(ROOT/"nbs"/page).cells if c.cell_type in ("markdown", "code")]

HOME = """<div class="path">

1. [Here](#a)<br>3 min · b
2. [There](06_elbo.ipynb#one)<br>5 min · c, and [more](06_elbo.ipynb#three) of it (mind the gap)

</div>"""

def test_the_list_of_the_home_page_is_read():
    one, two = site_path.listed(HOME)
    assert (one.title, one.minutes, one.places) == ("Here", 3, [("index.ipynb", "a", "")])
    assert two.places == [("06_elbo.ipynb", "one", ""), ("06_elbo.ipynb", "three", "mind the gap")]
    assert site_path.listed("no path") == []

def test_seven_stops_are_found(): assert [s.number for s in site_path.stops()] == [1, 2, 3, 4, 5, 6, 7]

@pytest.mark.parametrize("stop", site_path.stops(), ids=lambda s: s.places[0].page)
def test_each_stop_leads_to_the_next(stop):
    page = stop.places[0].page
    text = "\n\n".join(c.source for c in site_path.with_stops(page_of(page), page))
    found = dict(re.findall(r"^## ([^\n]*)$(.*?)(?=^## |\Z)", text, re.M | re.S))
    sections = {site_path.slug(h): body for h, body in found.items()}
    order, lines = list(sections), [p.anchor for p in stop.places]
    for i, anchor in enumerate(lines):
        ends = re.findall(r"::: \{\.stop\}\n(.*?)\n:::", sections[anchor], re.S)
        if i + 1 == len(lines): assert ends[-1].startswith("**The path ends here" if stop.number == 7 else f"**Stop {stop.number} ends here"), anchor
        elif order.index(lines[i + 1]) > order.index(anchor) + 1: assert f"](#{lines[i + 1]})" in ends[-1]
        if not i and page != "index.ipynb": assert ends[0].startswith(f"**Stop {stop.number} of 7** of [the thirty-minute path](index.ipynb#the-thirty-minute-path)")
    assert ".stop" not in "".join(body for anchor, body in sections.items() if anchor not in lines), "a line stands outside of the path's sections"
    if stop.number < 7:
        following = site_path.stops()[stop.number]
        assert f"]({following.places[0].page}#{following.places[0].anchor})" in sections[lines[-1]]

def test_pages_off_the_path_stay_as_they_are():
    cells = [md("## A\n\ntext")]
    assert site_path.with_stops(cells, "12_iwae.ipynb") is cells and site_path.fact("12_iwae.ipynb") == []

def test_the_head_of_a_stop_leads_to_its_section():
    assert site_path.fact("07_reparam.ipynb") == ["[stop 4 of 7](#how-do-the-dice-leave-the-graph) of the thirty-minute path"]
    assert site_path.fact("index.ipynb") == []
