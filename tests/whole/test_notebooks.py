"""Every notebook runs from top to bottom, from a clean state, and leaves nothing behind; what it shows is what comes out. In the
default run each is run once (tests/support/fresh.py)."""
import base64
import io
import math
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fresh import fresh, run
from notebooks import NBS, ROOT, cells_of, has_flag, nb_id, src
from PIL import Image, ImageDraw

from vaegan.images import images

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id, scope="module")     # both tests of a notebook come one after the other

@pytest.fixture
def ran(nb): return fresh(nb)

@each_nb
def test_notebook(nb, ran):
    assert ran["code"] == 0, ran["err"]
    assert not [f for f in ran["left"] if Path(f).exists()]     # what a neighbour had there for a moment is gone
    assert nb.exists()

# Stored outputs against a fresh run on the same versions. Text must be the same but for its numbers; a number may differ by
# REL of itself, or by one unit of its last printed digit; a picture by PIXEL of its range on average. Another processor rounds
# sums in another order, and training carries that on: hence REL, and hence only ROUGHLY so in the default run, which has to pass
# on any machine, where a page trains networks. Cells that measure time are left out, and so are slow ones.
REL, ROUGHLY, PIXEL, TRAINS_NOTHING = .02, .2, .02, ("06_elbo.ipynb",)
ROUNDING = 1e-14    # what is left of a difference of equal numbers is another on another machine
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
TIMED = re.compile(r"perf_counter|process_time|timeit|\btime\.time\b|^%+time|\bseconds?\b.*=|_ms\b", re.M)

@pytest.mark.parametrize("rel", [ROUGHLY, pytest.param(REL, marks=pytest.mark.slow)])
@each_nb
def test_stored_outputs_are_what_comes_out(nb, ran, rel):
    if ran["outputs"] is None: pytest.fail("it did not run to its end")
    if nb_id(nb) in TRAINS_NOTHING: rel = REL
    faults, seen = [], 0
    for c in cells_of(nb):
        if c.cell_type != "code" or c.id not in ran["outputs"] or TIMED.search(src(c)) or has_flag(src(c), "timed"): continue
        seen += 1
        faults += [f"cell {c.id}: {f}" for f in compare(c.outputs, ran["outputs"][c.id], rel)]
    assert not faults, f"{len(faults)} of {seen} cells\n" + "\n".join(faults)

@pytest.fixture(scope="session")
def real(tmp_path_factory):
    "Colour images from the registries, by the script that a reader would run"
    if not shutil.which("npm"): pytest.skip("no npm at hand: set VAEGAN_REAL to what tools/real_images.py has written")
    where = tmp_path_factory.mktemp("real")
    subprocess.run([sys.executable, ROOT/"tools/real_images.py", where], check=True)
    return where

@pytest.mark.slow
def test_real_images_are_cut_counted_and_licensed(real):
    found = {f"{p.parent.name}/{p.name}": len(list(p.iterdir())) for p in real.glob("*/*")}
    assert found == {"photos/learn": 1337, "photos/held_out": 386, "emoji/learn": 3423, "emoji/held_out": 344}
    assert "Apache License 2.0" in (real/"SOURCES.md").read_text(encoding="utf-8")
    photos = images(real/"photos", held_out="held_out")
    assert photos.x.shape == (1337, 3, 32, 32) and not {Path(n).name.split("-")[0] for n in photos.names} & {Path(n).name.split("-")[0] for n in photos.names_test}

@pytest.mark.slow
@each_nb
def test_notebook_with_slow_cells(nb, tmp_path, monkeypatch, request):
    if "#| slow" not in nb.read_text(encoding="utf-8"): pytest.skip("no slow cells")
    if "VAEGAN_DATA" not in os.environ: pytest.skip("no MNIST at hand: set VAEGAN_DATA")
    if "VAEGAN_REAL" in nb.read_text(encoding="utf-8") and "VAEGAN_REAL" not in os.environ: monkeypatch.setenv("VAEGAN_REAL", str(request.getfixturevalue("real")))
    r = run(nb, "notest", tmp_path/"out.json")
    assert r.returncode == 0, r.stderr[-4000:]

# -- the comparison ----------------------------------------------------------------------------------------------------
def shown(outputs):
    "(kind, content) of everything that a reader sees"
    text = lambda v: "".join(v) if isinstance(v, list) else v
    streams = "".join(text(o["text"]) for o in outputs if o["output_type"] == "stream" and o.get("name") == "stdout")
    out = [("text", streams)] if streams.strip() else []
    for o in outputs:
        d = o.get("data", {})
        if "image/png" in d: out.append(("picture", text(d["image/png"])))
        elif "image/svg+xml" in d: out.append(("drawing", text(d["image/svg+xml"])))
        elif any(k in d for k in ("text/html", "application/javascript", "application/vnd.jupyter.widget-view+json")): out.append(("page", ""))
        elif k := next((k for k in ("text/markdown", "text/latex", "text/plain") if k in d), None): out.append(("text", re.sub(r"0x[0-9a-f]+", "0x", text(d[k]))))
    return out

def last_digit(s):
    "One unit of the last digit of a printed number"
    mantissa, _, e = s.lower().partition("e")
    return 10.**(int(e or 0) - len(mantissa.partition(".")[2]))

def differs(a, b, rel=REL):
    "What is different between two texts, beyond the tolerance; empty if nothing is"
    if re.sub(r"\s+", " ", NUMBER.sub("#", a)).strip() != re.sub(r"\s+", " ", NUMBER.sub("#", b)).strip(): return f"stored {a[:300]!r}, fresh {b[:300]!r}"
    for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)):
        u, v = (float(s.replace("−", "-")) for s in (x, y))
        if abs(u - v) > rel*abs(u) + 1.001*max(last_digit(x), last_digit(y)) + ROUNDING: return f"stored {x}, fresh {y} in {b[:300]!r}"
    return ""

def picture(s): return np.asarray(Image.open(io.BytesIO(base64.b64decode(s))).convert("RGB"), dtype=float)/255

def pictures_differ(a, b):
    a, b = picture(a), picture(b)
    if any(abs(m - n) > 3 for m, n in zip(a.shape, b.shape)): return f"a picture of {a.shape[1]}×{a.shape[0]} has become {b.shape[1]}×{b.shape[0]}"
    h, w = np.minimum(a.shape[:2], b.shape[:2])
    d = np.abs(a[:h, :w] - b[:h, :w]).mean()
    return f"a picture differs by {d:.3f} on average" if d > PIXEL else ""

def traced(svg):
    "A drawing as its words without numbers, its pixels, and its lines and dots traced roughly on a sheet of points"
    tree = ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", svg))
    size = tuple(math.ceil(float(v)) for v in tree.get("viewBox").split()[2:])
    sheet, images = Image.new("RGB", size, "white"), []
    draw, floats = ImageDraw.Draw(sheet), lambda s: [float(v) for v in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", s)]
    windows = {id(p) for defs in tree.iter(SVG + "defs") for p in defs.iter()}
    for e in tree.iter():
        style = dict(re.findall(r"(fill|stroke): (#\w{6})", e.get("style", "")))
        if e.tag == SVG + "circle": draw.circle((float(e.get("cx")), float(e.get("cy"))), 1.5, fill=style.get("fill", "black"))
        elif e.tag == SVG + "image": images.append(e.get("{http://www.w3.org/1999/xlink}href").split(",", 1)[1])
        elif e.tag == SVG + "path" and id(e) not in windows and len(at := floats(e.get("d", ""))) > 3:
            at = list(zip(at[::2], at[1::2]))
            if "fill" in style: draw.polygon(at, fill=style["fill"])
            width = re.search(r"stroke-width: ([\d.]+)", e.get("style", ""))
            if "stroke" in style: draw.line(at, fill=style["stroke"], width=max(2, round(float(width[1]))) if width else 2)
    words = [re.sub(r"#[\s#]*", "# ", NUMBER.sub("#", " ".join(t.itertext()))).strip() for t in tree.iter(SVG + "text")]
    return sorted({w for w in words if w != "#"}), sheet, images

def drawings_differ(a, b):
    (words, sheet, images), (others, other, pixels) = traced(a), traced(b)
    if words != others: return f"a drawing with the words {words} has become one with {others}"
    if len(images) != len(pixels): return f"a drawing with {len(images)} images has become one with {len(pixels)}"
    if any(abs(m - n) > 3 for m, n in zip(sheet.size, other.size)): return f"a drawing of {sheet.size} points has become one of {other.size}"
    small = lambda s: np.asarray(s.resize((200, 120)), dtype=float)/255
    d = np.abs(small(sheet) - small(other)).mean()
    return f"a drawing differs by {d:.3f} on average" if d > PIXEL else next(filter(None, map(pictures_differ, images, pixels)), "")

def compare(stored, fresh, rel=REL):
    a, b = shown(stored), shown(fresh)
    if [k for k, _ in a] != [k for k, _ in b]: return [f"stored {[k for k, _ in a]}, fresh {[k for k, _ in b]}"]
    judge = dict(text=partial(differs, rel=rel), picture=pictures_differ, drawing=drawings_differ, page=lambda a, b: "")
    return list(filter(None, (judge[k](u, v) for (k, u), (_, v) in zip(a, b))))

def test_the_comparison_sees():
    assert not differs("{'a': 1.234, 'n': 10}", "{'a': 1.235, 'n': 10}") and not differs("a   1.0", "a 1.01") and not differs("−1.5e-3", "−1.6e-3")
    assert differs("a 1.23", "b 1.23") and differs("1.234", "1.334") and differs("[1, 2]", "[1, 2, 3]") and differs("True", "False") and differs("7", "9")
    out = lambda s: [dict(output_type="execute_result", data={"text/plain": s})]
    assert not compare(out("1.0"), out(["1", ".0"])) and compare(out("1.0"), []) and compare(out("1.0"), out("1.5"))
    def png(v):
        f = io.BytesIO()
        Image.fromarray(np.full((20, 30, 3), v, dtype=np.uint8)).save(f, "png")
        return [dict(output_type="display_data", data={"image/png": base64.b64encode(f.getvalue()).decode()})]
    assert not compare(png(100), png(102)) and compare(png(100), png(130)) and compare(png(100), out("1"))

def test_the_comparison_sees_drawings():
    import matplotlib.pyplot as plt
    def svg(slope, word="nats", dots=0., shade=.5):
        fig, ax = plt.subplots(figsize=(4, 3))
        ax.plot([0, 1], [0, slope], lw=3)
        ax.plot(np.linspace(.2, .8, 300), np.linspace(.1, .3, 300) + dots, lw=40)
        ax.imshow(np.full((4, 4), shade), vmin=0, vmax=1, extent=(.5, .6, .5, .6), aspect="auto")
        ax.set(ylim=(0, 1), xlim=(0, 1), ylabel=word)
        f = io.StringIO()
        with plt.rc_context({"svg.fonttype": "none"}): fig.savefig(f, format="svg")
        plt.close(fig)
        return [dict(output_type="display_data", data={"image/svg+xml": f.getvalue().splitlines(keepends=True)})]
    assert not compare(svg(.5), svg(.5)) and not compare(svg(.5), svg(.505))
    others = [svg(.5, dots=.6), svg(.5, "bits"), svg(.5, shade=.9)]
    assert [bool(compare(svg(.5), other)) for other in others] == [True, True, True]
