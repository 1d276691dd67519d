"tools/site_figures.py, without Quarto: what becomes of a matplotlib figure on the site"
import base64
import io
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
import site_figures
from notebooks import NBS, code_cells
from PIL import Image
from site_figures import drawn

from vaegan.plot import COLORS, STYLE, _plain

ALT = 'A "line" & <dots>'

def svg(draw, n=1, **kw):
    with plt.rc_context(STYLE):
        fig, axs = plt.subplots(1, n, **dict(figsize=(6, 3)) | kw)
        draw(*np.atleast_1d(axs))
        buf = io.StringIO()
        fig.savefig(buf, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), bbox_inches="tight")
        plt.close(fig)
    return _plain(buf.getvalue())

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
    assert "var(--wrong)" in words["fake"].get("style") and "fill" not in words["nats"].get("style", ""), "every word is in the page's second ink"
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
        return parsed(drawn(_plain(buf.getvalue()), ALT))
    assert grid(2, 2).tag == "svg" and len(grid(2, 4)) == 4

def test_words_that_grow_on_a_phone_get_room():
    "Labels of a wide figure, on the side where they stick out; none where all is well"
    room = lambda draw: re.findall(r"--([lr]):([\d.]+)", parsed(drawn(svg(draw, figsize=(8, 3)), ALT)).get("style"))
    def labels(ax): ax.set_yticks([0, 1], ["a rather long label", "another long label of a row"])
    def ends(ax): ax.plot([0, 1]), ax.annotate("a rather long name at the end", (1, .5), xycoords="axes fraction")
    (side, left), = room(labels)
    assert side == "l" and .02 < float(left) < .25
    behind = {side: float(v) for side, v in room(ends)}
    assert behind.get("l", 0) < .03 < behind["r"] and not room(lambda ax: ax.plot([0, 1]))

def test_ticks_that_look_alike_are_one_line():
    "Each where it was; lines across the axes are no ticks"
    ends = lambda e: [tuple(float(v) for v in p.split()) for p in re.findall(r"[\d.]+ [\d.]+", e.get("d"))]
    def three(ax): ax.set(xlim=(0, 2), xticks=[0, 1, 2], yticks=[]), ax.grid(axis="x")
    text = svg(three)
    before = [e for e in ET.fromstring(text).iter(f"{site_figures.SVG}path") if len(ends(e)) == 2 and not e.get("clip-path") and ends(e)[0][0] == ends(e)[1][0]]
    ticks = [e for e in parsed(drawn(text, ALT)).iter("path") if len(ends(e)) == 6]
    assert len(ticks) == 1 and {(round(x, 1), round(y, 1)) for x, y in ends(ticks[0])} <= {(round(x, 1), round(y, 1)) for e in before for x, y in ends(e)}
    assert len([e for e in parsed(drawn(text, ALT)).iter("path") if e.get("clip-path")]) == 3

def test_pixels_become_files_where_there_is_a_place_for_them():
    "The same pixels as in the notebook, once; a few stay in the page"
    rng, files = np.random.default_rng(0), {}
    def keep(data, form): return files.setdefault(data, f"a/{len(files)}.{form}")
    shades, flat = rng.random((40, 40)), np.eye(3)
    def draw(*axs):
        for ax, z in zip(axs, (shades, flat, shades)): ax.imshow(z, cmap="viridis")
    text = svg(draw, 3)
    found = [e.get("href") for e in parsed(drawn(text, ALT, keep)).iter("image")]
    assert [h[:10] for h in found] == ["a/0.webp", "data:image", "a/0.webp"]
    pixels = lambda data: np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    (kept,), was = files, base64.b64decode(next(ET.fromstring(text).iter(f"{site_figures.SVG}image")).get(site_figures.XLINK).split(",")[1])
    assert (pixels(kept) == pixels(was)).all()
    assert all(e.get("href").startswith("data:image/") for e in parsed(drawn(text, ALT)).iter("image"))

def test_only_a_photograph_loses_its_last_bits():
    "Within two of 255 levels, white and black as they were, and a sheet of decoded greys; with no more colours than a drawing has, every pixel stays"
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    noise[:2] = [[[0]], [[255]]]
    again = lambda pixels: np.asarray(Image.open(io.BytesIO(site_figures.lossless(Image.fromarray(pixels)))).convert("RGB")).astype(int)
    assert 0 < abs(again(noise) - noise).max() <= 2 and (again(noise)[:2] == noise[:2]).all()
    drawing = np.zeros((400, 400, 3), np.uint8)
    drawing[:70, :70] = noise[2:72, :70]                        # many colours, and not many for its size
    for same in (noise[2:62, :60], drawing): assert (again(same) == same).all()
    greys = np.repeat(noise[:, :, :1], 3, 2)
    assert 0 < abs(again(greys) - greys).max() <= 2 and (again(greys//4) == greys//4).all(), "decoded greys, and a sheet of few"
    opaque = np.concatenate([noise, np.full((160, 160, 1), 255, np.uint8)], -1)
    assert (again(opaque) == again(noise)).all()

def test_names_on_the_left_stay_in_the_column():
    "A figure drawn wider than the column is smaller there, its words are not: long names get room, short ones need none"
    def draw(words): return lambda ax: ax.set_yticks([0, 1], words)
    style = lambda words, wide: parsed(drawn(svg(draw(words), figsize=(wide, 3)), ALT)).get("style")
    long = ["relativistic, no penalty", "saturating, both penalties"]
    (left, zoom), = ((float(re.search(r"--c:([\d.]+)", s)[1]), float(re.search(r"--z:([\d.]+)", s)[1])) for s in [style(long, 11)])
    assert .02 < left < .15 and zoom > 11*96/site_figures.COLUMN
    assert "--c" not in style(long, 6) and "--c" not in style(["a", "b"], 11)

# -- what is stored ----------------------------------------------------------------------------------------------------
STORED = [(nb, c["id"], "".join(o["data"]["image/svg+xml"])) for nb in NBS for c in code_cells(nb) for o in c.outputs if "image/svg+xml" in o.get("data", {})]

def test_stored_figures_need_no_trust():
    "GitHub's viewer drops `use` and style sheets; a figure stands on its own white ground, and none exceeds what CONTRIBUTING says"
    assert len(STORED) > 50
    for nb, cell, text in STORED:
        root = ET.fromstring(text)
        assert not {e.tag.split("}")[1] for e in root.iter()} - {"svg", "g", "path", "circle", "text", "tspan", "image", "defs", "clipPath", "rect"}, (nb.name, cell)
        ground = next(e for e in root.iter() if e.tag.endswith("path"))
        w, h = (float(v) for v in root.get("viewBox").split()[2:])
        at = [float(v) for v in re.findall(r"[\d.]+", ground.get("d"))]
        assert "fill: #ffffff" in ground.get("style") and abs(max(at[::2]) - w) < .01 and abs(max(at[1::2]) - h) < .01, (nb.name, cell)
        assert len(text) < 280_000, (nb.name, cell)

def test_plain_is_what_was_drawn():
    "Every dot, tick and other mark at its place, in its colours, and nothing by name"
    with plt.rc_context(STYLE):
        fig, ax = plt.subplots(figsize=(4, 3))
        ax.plot([.25, .75], [.5, .5], "o", color=COLORS["fake"], ms=6)
        ax.plot([.5], [.5], "s", color=COLORS["model"], ms=8, mec="#123456")
        ax.scatter([.1, .2], [.3, .4], s=16, color=COLORS["real"], alpha=.5)
        ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, .5, 1])
        buf = io.StringIO()
        fig.savefig(buf, format="svg")
        plt.close(fig)
    raw, root = buf.getvalue(), parsed(_plain(buf.getvalue()))
    ns = "{http://www.w3.org/2000/svg}"
    places = [[float(v) for v in m] for m in re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', raw)]
    dots = [e for e in root.iter(ns + "circle")]
    assert [float(e.get("r")) for e in dots] == [2, 2, 3, 3] and len(places) > 10 and not root.findall(f".//{ns}use")
    for e in dots: assert any(abs(float(e.get("cx")) - x) < .006 and abs(float(e.get("cy")) - y) < .006 for x, y in places)
    assert [COLORS[k].lower() in e.get("style") for e, k in zip(dots, ("real", "real", "fake", "fake"))] == [True]*4 and "opacity: 0.5" in dots[0].get("style")
    square = next(e for e in root.iter(ns + "path") if "#123456" in e.get("style", ""))
    assert f'fill: {COLORS["model"].lower()}' in square.get("style")
    (x0, y0), (x1, y1) = ([f(np.array(re.findall(r"[\d.]+", square.get("d")), float)[i::2]) for i in (0, 1)] for f in (min, max))
    assert abs(x1 - x0 - 8) < .02 and abs(y1 - y0 - 8) < .02 and abs((x0 + x1)/2 - (float(dots[2].get("cx")) + float(dots[3].get("cx")))/2) < .02
    ticks = [e for e in root.iter(ns + "path") if e.get("d").count("L") == 1 and "#666666" in e.get("style")]
    assert len(dots) + 1 + len(ticks) - 2 == len(places), "two of the lines are spines"

def test_legends_stay_on_their_axes_on_a_phone():
    "Larger words would run off to the right: all of the legend goes to the left, its rows keep apart, and no room is taken from the picture"
    def draw(ax):
        for words in ("log p(x|z), the divergence in closed form", "short"): ax.plot([0, 1], label=words)
        ax.legend(loc="upper right")
    root = parsed(drawn(svg(draw, figsize=(7, 3)), ALT))
    assert not re.findall(r"--[lr]:", root.get("style"))
    by = [tuple(float(v) for v in m) for g in root.iter("g") for m in re.findall(r"--a:-([\d.]+)px;--b:(-?[\d.]+)px", g.get("style") or "")]
    assert len(by) == 4 and len({a for a, _ in by}) == 1 and 10 < by[0][0] < 150, "two lines and their words, all by the same"
    (first, second), size = (float(texts(root)[w].get("y")) for w in ("log p(x|z), the divergence in closed form", "short")), site_figures.size_on_a_phone(0, 500)
    assert by[0][1] == by[1][1] == 0 and second + by[2][1] - first >= 1.05*size > second - first
    assert not re.search("--a:", drawn(svg(lambda ax: (ax.plot([0, 1], label="short"), ax.legend(loc="upper left"))), ALT))

def test_ticks_and_names_keep_apart_on_a_phone():
    "Of words at ticks that would run into each other every second or third is left, and the name below goes further down"
    def many(ax): ax.set(xlim=(0, 1000), xticks=range(0, 1001, 50), xlabel="a name")
    wide = parsed(drawn(svg(many, figsize=(8, 3)), ALT))
    spare = [float(w) for w, t in texts(wide).items() if t.get("class") == "spare"]
    assert spare == [50. + 100*i for i in range(10)]
    assert 2 < float(re.search(r"--y:([\d.]+)px", texts(wide)["a name"].get("style"))[1]) < 9
    values = parsed(drawn(svg(lambda ax: ax.set(xlim=(0, 1000), xticks=range(0, 1001, 50), xticklabels=[i*i for i in range(21)]), figsize=(8, 3)), ALT))
    assert not [t for t in texts(values).values() if t.get("class")], "what does not count on in equal steps is not left out"
    small = parsed(drawn(svg(lambda ax: ax.set(xlim=(0, 2), xticks=[0, 1, 2]), figsize=(3, 3)), ALT))
    assert not [t for t in texts(small).values() if t.get("class")] and not any(set(e.keys()) & {"tick", "name", "axis", "legend"} for e in [*small.iter(), *wide.iter()])

@pytest.mark.parametrize("off", [False, True])
def test_names_of_rows_beside_a_sheet_follow_the_page(off):
    "Only what stands on the white of a sheet keeps its dark ink in the dark"
    def draw(ax):
        ax.imshow(np.eye(4), cmap="gray_r")
        ax.text(-1.2, 1, "a row", ha="right")
        ax.text(1.5, 1, "on it")
        ax.set_title("above")
        if off: ax.set_axis_off()
    root = parsed(drawn(svg(draw), ALT))
    inside = {id(e) for g in root.iter() if (g.get("class") or "").startswith("ground") for e in g.iter()}
    assert id(texts(root)["on it"]) in inside and not {id(texts(root)[w]) for w in ("a row", "above")} & inside

def test_clouds_are_known():
    "Dots drawn as pixels grow brighter in the dark; a sheet does not"
    cloud = lambda draw: 'class="cloud"' in drawn(svg(draw), ALT)
    assert cloud(lambda ax: ax.scatter(*np.random.default_rng(0).normal(size=(2, 300)), s=3, rasterized=True))
    assert not cloud(lambda ax: ax.imshow(np.eye(4)))
    def corner(ax):
        ax.plot(np.linspace(0, .05, 999), np.linspace(0, .05, 999), ".", ms=9, rasterized=True)
        ax.set(xlim=(0, 1), ylim=(0, 1))
    assert "ground" not in drawn(svg(corner), ALT), "a few dots close together are no shades"

def test_words_keep_apart_on_a_phone():
    "Names below each other, and the name of an axis beside the words at its ticks; the words at the ticks stay"
    def draw(ax):
        ax.plot([0, 1], [1000., 1001.])
        ax.set(ylabel="a quantity", yticks=[1000, 1000.5, 1001])
        for y, name in ((1000.5, "first"), (1000.53, "second"), (1000., "far away")): ax.annotate(name, (1, y), xytext=(4, 0), textcoords="offset points", annotation_clip=False)
    words = texts(parsed(drawn(svg(draw, figsize=(7, 3)), ALT)))
    moved = {k: dict(re.findall(r"--([xy]):(-?[\d.]+)px", t.get("style", ""))) for k, t in words.items()}
    up, down = (float(moved[k]["y"]) for k in ("second", "first"))
    at = {k: float(t.get("y") or re.search(r" ([\d.]+)\)", t.get("transform"))[1]) for k, t in words.items() if k in ("first", "second")}
    assert up < 0 < down and at["first"] + down - at["second"] - up > 11.5*.75*7*96/345
    assert float(moved["a quantity"]["x"]) < -2
    assert not any(m for k, m in moved.items() if k not in ("first", "second", "a quantity"))

def corners(image):
    "Where the corners of some pixels lie, in points of the figure"
    x, y, w, h = (float(image.get(k, 0)) for k in ("x", "y", "width", "height"))
    at = np.array([[x, x + w], [y, y + h], [1, 1]])
    for name, inside in reversed(re.findall(r"(\w+)\(([^)]*)\)", image.get("transform", ""))):
        v = [float(n) for n in re.split(r"[ ,]+", inside.strip())]
        if name == "scale": m = [v[0], 0, 0, v[-1], 0, 0]
        elif name == "translate": m = [1, 0, 0, 1, v[0], (*v, 0)[1]]
        else: m = v
        at = np.array([[m[0], m[2], m[4]], [m[1], m[3], m[5]], [0, 0, 1]]) @ at
    return at[:2]

def test_pixels_lie_where_the_notebook_put_them(monkeypatch):
    "A density drawn as pixels stays under the samples that are drawn on it: no stored picture moves or grows by .3 points"
    def unpacked(root, keep):
        for e in root.iter(f"{site_figures.SVG}image"): e.set("href", e.attrib.pop(site_figures.XLINK)[:9])
    monkeypatch.setattr(site_figures, "set_pixels", unpacked)
    n = 0
    for nb, cell, text in STORED:
        if "<image" not in text: continue
        before, after = (sorted((corners(e) for e in parsed(t).iter() if e.tag.endswith("image")), key=lambda at: at.round().ravel().tolist()) for t in (text, drawn(text, ALT)))
        assert len(before) == len(after), (nb.name, cell)
        off = max(abs(a - b).max() for a, b in zip(before, after, strict=True))
        n += "matrix(" in text
        assert off < .3, (nb.name, cell, off)
    assert n > 5
