"tools/site_figures.py, without Quarto: what becomes of a matplotlib figure on the site"
import io
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from site_figures import drawn

from vaegan.plot import COLORS, STYLE

ALT = 'A "line" & <dots>'

def svg(draw, n=1, **kw):
    with plt.rc_context(STYLE):
        fig, axs = plt.subplots(1, n, **dict(figsize=(6, 3)) | kw)
        draw(*np.atleast_1d(axs))
        buf = io.StringIO()
        fig.savefig(buf, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), bbox_inches="tight")
        plt.close(fig)
    return buf.getvalue()

def parsed(text): return ET.fromstring(text)
def texts(root): return {"".join(t.itertext()).replace("\xa0", " "): t for t in root.iter("text")}

def line(ax, *_):
    ax.plot([0, 1, 2], [1, 3, 2], color=COLORS["model"], label="ELBO")
    ax.plot([1], [3], "o", color=COLORS["fake"])
    ax.set(xlabel="$z_1^2$ of $\\theta$", ylabel="nats", title="A title")
    ax.text(1, 2, "fake", color=COLORS["fake"])
    ax.legend()

def test_words_and_colours_are_the_pages(): 
    text = svg(line)
    root = parsed(drawn(text, ALT))
    assert root.get("role") == "img" and root.get("aria-label") == ALT
    words = texts(root)
    assert {"nats", "A title", "ELBO", "fake", "z12 of θ"} <= words.keys()
    assert "var(--wrong)" in words["fake"].get("style") and "var(--ink-2)" in words["nats"].get("style")
    out = ET.tostring(root, encoding="unicode").lower()
    assert "var(--fig-model)" in out and "var(--fig-fake)" in out and "font-family" not in out and "dejavu" not in out
    assert not re.search("|".join([*COLORS.values(), "#ffffff", "#333333", "#666666"]).lower(), out), "no colour of its own"
    assert len(out) < .6*len(text)

def test_mathematics_flows_in_the_pages_fonts():
    math = texts(parsed(drawn(svg(line), ALT)))["z12 of θ"]
    spans = [(t.text.replace("\xa0", " "), t.get("class"), t.get("dy")) for t in math.iter("tspan")]
    assert [s[0] for s in spans] == ["z", "1", "2", " of ", "θ"] and [s[1] for s in spans] == ["math", "sub", "sub", None, "math"]
    assert [float((s[2] or "0").removesuffix("em")) > 0 for s in spans] == [False, True, False, True, False], "down, up, and back on the line"
    assert math.get("text-anchor") == "middle" and not any(t.get("x") for t in math.iter("tspan"))

@pytest.mark.parametrize("ha, how", [("left", "start"), ("center", "middle"), ("right", "end")])
def test_lines_of_one_text_keep_their_alignment(ha, how):
    words = texts(parsed(drawn(svg(lambda ax: ax.text(.5, .5, "one line\nand a much longer one\nwww", ha=ha)), ALT)))
    lines = [words[w] for w in ("one line", "and a much longer one", "www")]
    assert {t.get("text-anchor") for t in lines} == {how}
    at = [float(re.match(r"translate\(([\d.]+)", t.get("transform"))[1]) for t in lines]
    assert max(at) - min(at) < .3

def test_names_are_the_figures_own():
    "Two figures on one page share no id; what is called is there"
    a, b = (drawn(svg(lambda ax: (line(ax), ax.set(ylim=(0, top)))), ALT) for top in (4, 5))
    ids = [set(re.findall(r'\bid="([^"]+)"', t)) for t in (a, b)]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    for text, own in zip((a, b), ids): assert set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text)) == own

def test_panels_stand_side_by_side():
    "Each an SVG of its own that shows its axes and their words whole; together one picture for who does not see it"
    def draw(*axs):
        for i, ax in enumerate(axs): line(ax); ax.set_title(f"panel {i}")
    root = parsed(drawn(svg(draw, 3, figsize=(9, 3)), ALT))
    assert root.get("class") == "panels" and root.get("role") == "img" and root.get("aria-label") == ALT and len(root) == 3
    assert [any(w == f"panel {i}" for w in texts(p)) for i, p in enumerate(root)] == [True]*3
    boxes = [[float(v) for v in p.get("viewBox").split()] for p in root]
    assert all(a[0] + a[2] <= b[0] + 12 for a, b in pairwise(boxes)) and all(p.get("aria-hidden") == "true" for p in root)
    zooms = {re.search(r"--z:([\d.]+)", p.get("style"))[1] for p in root}
    assert len(zooms) == 1 and 1.2 < float(*zooms) < 1.5
    assert root.get("style").count("fr)") == 3

@pytest.mark.parametrize("draw", [lambda a, b: a.figure.suptitle("above both"), lambda a, b: a.figure.colorbar(a.imshow(np.eye(4)), ax=[a, b])], ids=["title", "colorbar"])
def test_what_belongs_together_stays_together(draw):
    assert parsed(drawn(svg(draw, 2, figsize=(7, 3)), ALT)).tag == "svg"

def test_shades_keep_their_white_ground_in_the_dark():
    def draw(ax):
        ax.contourf(np.add.outer(np.arange(9.), np.arange(9.)), cmap="Greens").set_rasterized(True)
        ax.plot([0, 8], [0, 8], color=COLORS["truth"])
        ax.set(title="above", xlabel="x")
        ax.plot([], label="$w_1$, above, too")
        ax.legend(loc="lower center", bbox_to_anchor=(.5, 1.1))
    root = parsed(drawn(svg(draw), ALT))
    ground = [e for e in root.iter() if (e.get("class") or "").startswith("ground")]
    inside = {id(e) for g in ground for e in g.iter()}
    assert any("fig-truth" in (e.get("style") or "") for g in ground for e in g.iter()) and any("#ffffff" in ET.tostring(g, encoding="unicode") for g in ground)
    assert not any(id(t) in inside for t in texts(root).values()), "the words around it follow the page"
    dots = parsed(drawn(svg(lambda ax: ax.scatter(*np.random.default_rng(0).normal(size=(2, 300)), s=3, rasterized=True)), ALT))
    assert not any(e.get("class") == "ground" for e in dots.iter()), "a cloud of dots is no ground"

def test_it_is_the_same_every_time():
    assert svg(line) == svg(line) and drawn(svg(line), ALT) == drawn(svg(line), ALT)

def test_a_square_of_panels_is_read_row_by_row():
    def draw(*axs):
        for row in axs:
            for ax in np.atleast_1d(row): line(ax)
    def grid(rows, cols):
        with plt.rc_context(STYLE):
            fig, axs = plt.subplots(rows, cols, figsize=(8, 4))
            draw(*axs)
            buf = io.StringIO()
            fig.savefig(buf, format="svg")
            plt.close(fig)
        return parsed(drawn(buf.getvalue(), ALT))
    assert grid(2, 2).tag == "svg" and len(grid(2, 4)) == 4

def test_words_that_grow_on_a_phone_get_room():
    "Labels of a wide figure, on the side where they stick out; none where all is well"
    room = lambda draw: re.findall(r"--([lr]):([\d.]+)", parsed(drawn(svg(draw, figsize=(8, 3)), ALT)).get("style"))
    def labels(ax): ax.set_yticks([0, 1], ["a rather long label", "another long label of a row"])
    def ends(ax): ax.plot([0, 1]), ax.annotate("a rather long name at the end", (1, .5), xycoords="axes fraction")
    (side, left), = room(labels)
    assert side == "l" and .02 < float(left) < .25
    (side, _), = room(ends)
    assert side == "r" and not room(lambda ax: ax.plot([0, 1]))
