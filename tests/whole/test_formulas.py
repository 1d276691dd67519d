"""The displays of the course are evaluated as they are printed, by the cells that check them, or it is said why not. A named sample of wrong versions must turn its check red; `make mutants-formulas` tries all."""
import os
import re
import sys
from functools import cache
from types import SimpleNamespace

import mutants_formulas
import pytest
import torch
from execnb.shell import CaptureShell
from fastcore.nbio import mk_cell, new_nb, write_nb
from formula_checks import NOT_EVALUATED, PARTLY, SAMPLE, page, sample
from formulas_equivalent import EQUIVALENT, SURVIVORS
from fresh import fresh
from nbdev.test import nb_test_cells
from needed import needed
from notebooks import NBS, ROOT, checks, code_cells, prose, src

from vaegan.formula.claims import holds
from vaegan.formula.conditions import conditions
from vaegan.formula.displays import latex_of, page_of, tags
from vaegan.formula.read import read
from vaegan.formula.tree import Relation
from vaegan.formula.write import plain, shown_op


def test_every_display_is_evaluated_or_says_why_not():
    "By its cell in the notebook, which names its tag; or it stands in the table with its reason"
    cells, every = mutants_formulas.evaluated(), set(tags())
    assert not every - set(cells) - set(NOT_EVALUATED), "neither evaluated nor in NOT_EVALUATED"
    assert not set(NOT_EVALUATED) - every and not set(cells) - every, "of no display"
    assert not set(cells) & set(NOT_EVALUATED), "evaluated after all"
    assert all(NOT_EVALUATED.values())
    assert len(NOT_EVALUATED) <= .02*len(every)

def test_the_page_names_what_is_not_evaluated():
    "With the same reasons"
    rows = re.findall(r"^\| (\[\(.+\)) \| (.+) \|$", prose(ROOT/"nbs"/"formula"/"index.ipynb"), re.M)
    assert {tag: why for tags_, why in rows for tag in re.findall(r"\[\(([^)]+)\)\]", tags_)} == NOT_EVALUATED | PARTLY

def test_what_counts_as_evaluating():
    for source in ('holds("A-1", x=2)', "left, right = says('A-1')", 'for t in ("A-1", "B"):\n    holds(t, x=2)'): assert mutants_formulas.evaluates(source, "A-1")
    for source in ("assert x == 1", 'holds("A-12", x=2)', 'latex_of("A-1")', '# "A-1"\nthresholds(x)'): assert not mutants_formulas.evaluates(source, "A-1")

@cache
def claims(tag):
    "The relations of a display and its conditions, as `holds` tells them"
    clauses = read(latex_of(tag)).clauses
    relations = [c for c in clauses if isinstance(c, Relation)] + [r for c in clauses for r in conditions(c)]
    return [f"{shown_op(op)} {plain(side)}" for c in relations for op, side in zip(c.ops, c.sides[1:])]

@cache
def told():
    "tag -> the relations that the stored outputs of its cells tell; nothing, if a cell asks `says` about it"
    found = {}
    for nb, c in ((nb, c) for nb in NBS for c in code_cells(nb)):
        for tag in (t for t in checks(src(c)) if mutants_formulas.evaluates(src(c), t)):
            text = "\n".join("".join(o.get("data", {}).get("text/plain", "")) for o in c.get("outputs", []))
            found.setdefault(tag, set()).update(r for r in claims(tag) if f"{r}:  " in text)
    return found

def test_what_is_left_out_stands_in_the_table():
    "Whole are all displays but those of the tables; the stored outputs, which equal a fresh run, say which of their relations were evaluated"
    partly = {t for t, links in told().items() if set(claims(t)) - links}
    assert partly == set(PARTLY)
    whole = [t for t in told() if t not in PARTLY and claims(t)]
    assert len(whole) >= .8*len(tags()), f"{len(whole)} of {len(tags())} displays"
    there, asked = sum(len(claims(t)) for t in tags()), sum(sum(r in links for r in claims(t)) for t, links in told().items())
    assert asked >= .85*there, f"{asked} of {there} relations"

def test_every_table_has_three_wrong_versions():
    "In the stored outputs; of several checks of a display the last one has them"
    rows = {}
    for nb, c in ((nb, c) for nb in NBS for c in code_cells(nb)):
        text = "\n".join("".join(o.get("data", {}).get("text/markdown", "")) for o in c.get("outputs", []))
        for name, table in re.findall(r"^\| \(([A-Z0-9-]+)\) holds here(.*?)(?=^\| \([A-Z0-9-]+\) holds|\Z)", text, re.S | re.M):
            found = re.findall(r"^\| .+ \| .+ \| .+ \| .+ \|$", table.partition("<details>")[2], re.M)
            rows[name] = max(rows.get(name, 0), len(found) - 1)     # without the titles
    assert len(rows) > 300 and not {name: n for name, n in rows.items() if n < 3}

# pages whose own cells, which run in seconds, meet all wrong versions of their displays
LIGHT = ["formula/authors", "03_divergences"]

@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("nb", sorted({page(tag) for tag, _, _ in SAMPLE} - {ROOT/"nbs"/f"{p}.ipynb" for p in LIGHT}), ids=lambda nb: nb.stem)
def test_wrong_versions_turn_the_cells_of_a_page_red(nb):
    "As they were judged while the page ran, once for all tests"
    verdicts = fresh(nb)["verdicts"]
    for tag, words, piece in sample(nb):
        these = [v for v in mutants_formulas.met([vs for t, vs in verdicts if t == tag]) if v.words == words and piece in (None, v.piece)]
        assert these, f"no such wrong version: {tag}, {words}, {piece}"
        for v in these: assert v.outcome in ("a difference", "no value"), f"{v.key}: {v.latex}"

def test_what_a_cell_needs():
    "What binds its names, what changes them, and what these need; neither training nor figures of others"
    cells = [mk_cell(s) for s in ("import math", "torch.manual_seed(0)", "a = 1", "b = a + 1", "c = train(a)", "b.append(3)", "plot(c)", "for i in range(3): d[i] = b", "print(b, d)")]
    later = [mk_cell(s) for s in ("def f(x): return g(x)", "def g(x): return x", "h = 3", "f(2)")]
    assert needed(later, 3) == [0, 1, 3]
    assert needed(cells, 8) == [0, 1, 2, 3, 5, 7, 8] and needed(cells, 3) == [0, 1, 2, 3]

def test_the_right_formula_does_not():
    calls = [(("KL-NORMAL",), dict(mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3))]
    assert mutants_formulas.outcome(None, "KL-NORMAL", latex_of("KL-NORMAL"), calls) == "survives"

@pytest.mark.parametrize("page", LIGHT)
def test_the_cells_of_a_page_notice_wrong_versions(page):
    cells = {t: nb for t, nb in mutants_formulas.evaluated().items() if nb == ROOT/"nbs"/f"{page}.ipynb"}
    assert len(cells) >= 3, "no cell of this page evaluates its displays"
    found = mutants_formulas.run(list(cells), 1)
    alive = [f"{v.key}: {v.latex}" for v in found if v.outcome in ("survives", "fails")]
    noticed = {(v.tag, v.words) for v in found if v.outcome in ("a difference", "no value")}
    assert {(tag, words) for tag, words, _ in SAMPLE if tag in cells} <= noticed
    assert not alive, "\n".join(alive)
    assert {v.tag for v in found} == set(cells) and sum(v.outcome == "a difference" for v in found) >= .6*len(found) and len(found) > 60

def test_a_weak_cell_is_seen(tmp_path):
    "A check at a point where a wrong formula says the same lets it survive; an assertion beside `holds` may catch it all the same"
    main, only = sys.modules["__main__"], [("KL-NORMAL", words, None) for words in ("½ missing", "σ for σ²")]
    def alive(verdicts): return {v.words for v in verdicts if v.outcome == "survives"}
    def beside(nb):
        with mutants_formulas.apart(tmp_path):
            after, found = mutants_formulas.beside(shell := CaptureShell(nb), only)
            shell.run_all(SimpleNamespace(cells=nb_test_cells(nb, ())), exc_stop=True, postproc=after)
            return mutants_formulas.met([vs for _, vs in found])
    def survivors(*more):
        cells = [mk_cell("from vaegan.formula import holds, says"), mk_cell("\n".join(("#| checks: KL-NORMAL", "holds('KL-NORMAL', mu_q=.5, sigma_q=1., mu_p=.5, sigma_p=1.)", *more)))]
        write_nb(new_nb(cells), nb := tmp_path/"page.ipynb")
        found = alive(mutants_formulas.of_page((nb, ["KL-NORMAL"]), only))
        assert not hasattr(os, "fork") or alive(beside(nb)) == found, "while the page runs, and by itself"
        return found
    assert survivors() == {"½ missing", "σ for σ²"}
    assert not survivors("holds('KL-NORMAL', mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3)")
    assert "½ missing" not in survivors("assert abs(says('KL-NORMAL')[1](mu_q=.4, sigma_q=.8, mu_p=.4, sigma_p=1.6) - .3181) < 1e-3")
    assert sys.modules["__main__"] is main, "a page has taken the name, and no verdict of the machine could be handed to another process"

def test_the_table_of_equivalents_has_reasons():
    assert not set(EQUIVALENT) & set(SURVIVORS)
    for key, reason in (EQUIVALENT | SURVIVORS).items():
        assert key.split(" | ")[0] in tags() and len(key.split(" | ")) in (3, 4) and len(reason) > 10, key

def test_the_rules_count_what_the_table_holds():
    text = " ".join((ROOT/"CONTRIBUTING.md").read_text(encoding="utf-8").split())
    said, = re.findall(r"(\d+) say the same", text)
    alive, = re.findall(r"(\d+) survive \(`SURVIVORS`\)", text)
    assert (int(said), int(alive)) == (len(EQUIVALENT), len(SURVIVORS))

def test_what_the_machine_says():
    V = mutants_formulas.Verdict
    found = [V("KL", "a", "b", "c", 1, o) for o in ("a difference", "no value", "survives", "equivalent", "not asked")]
    assert "| 03_divergences | 1 | 5 | 1 | 1 | 1 | 1 | 1 | 66.7 % | 33.3 % |" in mutants_formulas.table(found) and page_of("KL") == "03_divergences"
    assert V("KL", "a", "b", "c", 2, "").key == "KL | a | b | 2" and mutants_formulas.stale([], whole=False) == []
    assert mutants_formulas.place(read("a = b,\\qquad c = d"), (15, 16)) == 2 and mutants_formulas.place(read(r"a = b \sim c"), (11, 12)) == (1, r"\sim")
    law = holds(r"z \sim \mathcal U(0, 1)", {"z ~": torch.distributions.Uniform(0., 1.)})
    assert mutants_formulas.evaluated_places(law.links) == {1, (1, r"\sim")} and mutants_formulas.evaluated_places(holds("x = 1", x=1.).links) == {1}
    assert holds("x = 1", x=1.).links
