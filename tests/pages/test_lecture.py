"The map of the lecture: every section, equation and exercise that it names exists, and nothing of the two sources is left out."
import re

import pytest
from notebooks import NBS, ROOT, anchor, cells_of, equations, md_cells, nb_id, src, tags
from write_home import slug

from vaegan.exam.learner import bank

PAGE = ROOT/"nbs"/"lecture.ipynb"
CELLS = cells_of(PAGE)
TABLES = ["".join(o["data"]["text/markdown"]) for c in CELLS if c.cell_type == "code" for o in c.outputs if "text/markdown" in o.get("data", {})]
ROWS = [[cell.strip() for cell in ln.strip("|").split("|")] for t in TABLES for ln in t.splitlines() if ln.startswith("| ") and not ln.startswith("| The lecture")]
LINK = re.compile(r"\[(?P<words>(?:[^\[\]]|\[[^\]]*\])+)\]\((?P<page>[^)#]+)#(?P<at>[^)]+)\)")

def sections(page):
    "Anchor on the site -> heading: pandoc drops what stands before the first letter"
    return {slug(h).lstrip("-0123456789"): h for c in md_cells(ROOT/"nbs"/page) for h in re.findall(r"^#+ (.*)$", c, re.M)}

def where(tag): return next(nb_id(nb) for nb in NBS if tag in {t for e in equations(nb) for t in tags(e)})

@pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{slug(r[0])[:24]}" for i, r in enumerate(ROWS)])
def test_a_row_leads_where_it_says(row):
    says, taught, checked, practised = row
    assert len(says) > 10 and taught, "a statement, and where it is taught"
    for m in LINK.finditer(taught):
        assert sections(m["page"]).get(m["at"], "").replace("$", "") == m["words"], m[0]
    for m in LINK.finditer(checked):
        tag = m["words"].strip("()")
        assert (m["page"], m["at"]) == (where(tag), "eq-" + anchor(tag).removeprefix("eq-"))
    for m in LINK.finditer(practised):
        found = sections(m["page"]).get(m["at"])
        assert found and found.partition(". ")[2] == m["words"], m[0]
        assert m["words"] in {e.title for e in bank().values()}
    assert sum(map(taught.count, ("](", "<br>"))) == 2*taught.count("](") - 1 and checked.count("](") == len(LINK.findall(checked))

def test_the_map_is_whole():
    "All parts of the lecture and all questions of the exam; the page shows what stands in its source"
    assert len(TABLES) == 9 and len(ROWS) >= 65 and len({r[0] for r in ROWS}) == len(ROWS)
    text = " ".join(r[0] for r in ROWS)
    said = ("encoder", "prior", "sigmoid", "covariance", "maximum likelihood", "training set", "Line 7", "diagonal", "positive", "outside the graph", "minibatch",
            "One draw only", "cross-entropy", "PCA", "cooperate", "zero-sum", "uniform", "784", "disentangled", "\\theta_D", "\\min_G \\max_D", "half of the time",
            "Algorithm 1", "k = 1", "momentum", "Tanh", "Logistic", "ReLU", "saddle")
    assert not [w for w in said if w not in text]
    assert sum(int(n) for n in re.findall(r"\((\d) points\)", text)) == 2 + 2 + 2 + 2 + 3
    stored = [src(c) for c in CELLS if src(c).startswith("#| echo: false\nshow(")]
    first = [re.search(r'r"""\n(.{20})', s)[1] for s in stored]
    assert len(stored) == len(TABLES) and all(f in t for f, t in zip(first, TABLES)), "run the notebook"

def test_statements_are_checked_and_practised():
    "All but one, which is history"
    assert all(r[2] for r in ROWS) and ["2020" in r[0] for r in ROWS if not r[3]] == [True]
