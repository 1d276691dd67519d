"The room `diagrams`: every part where it belongs, words that stay inside their boxes on a phone, gradients that stop where they do"
import itertools

import matplotlib.pyplot as plt
import pytest
from bad_input import INT, bad_input_tests, row
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from properties import ALL, exempt

from vaegan.diagrams import draw_gan, draw_vae
from vaegan.plot import COLORS, use_style

PHONE = 1.07     # words stand 11.5 pixels high in 345 for 331 points, and the page's font is .86 as wide as matplotlib's

@pytest.fixture(autouse=True)
def house_style():
    with plt.rc_context():
        use_style()
        yield
    plt.close("all")

def kinds(f, **kw): return (f(**dict(zip(kw, v))) for v in itertools.product(*kw.values()))
def every_one(): return itertools.chain(kinds(draw_vae, m=[9, 3072], d_z=[2, 100], trick=[True, False], grads=[True, False]), kinds(draw_gan, m=[9, 3072], d_z=[2, 128], step=[None, "D", "G"]))

def boxes(ax): return [p for p in ax.patches if isinstance(p, FancyBboxPatch) and to_hex(p.get_edgecolor(), True) != "#00000000" and p.get_facecolor()[3] == 0]
def backwards(ax): return [p for p in ax.patches if isinstance(p, FancyArrowPatch) and to_hex(p.get_edgecolor()) == COLORS["accent"].lower()]
def touched(ax, word):
    "How many gradients begin or end at the box of a word"
    x, y = next(t.get_position() for t in ax.texts if t.get_text() == word)
    near = next(p for p in boxes(ax) if abs(p.get_y() + p.get_height()/2 - y) < 1 and p.get_x() < x < p.get_x() + p.get_width() < x + 15)
    at = near.get_x() - 2, near.get_x() + near.get_width() + 2
    return sum(any(at[0] < u < at[1] and abs(v - y) < 14 for u, v in p._posA_posB) for p in backwards(ax))
def stops(ax): return [ln for ln in ax.lines if ln.get_marker() == "x"]

def test_words_stay_in_their_boxes():
    "Also on a phone, where they are larger than drawn; and no two of them touch"
    for ax in every_one():
        ax.figure.canvas.draw()
        inv, places = ax.transData.inverted(), []
        assert boxes(ax)
        for t in ax.texts:
            b = t.get_window_extent().transformed(inv)
            w, h, (x, y) = b.width*PHONE, b.height, ((b.x0 + b.x1)/2, (b.y0 + b.y1)/2)
            assert -6 <= x - w/2 and x + w/2 <= 336, f"{t.get_text()} leaves the picture"     # a figure is cut out with the words at its ends
            for p in boxes(ax):
                if p.get_x() < x < p.get_x() + p.get_width() and p.get_y() < y < p.get_y() + p.get_height():
                    assert w <= p.get_width() and h <= p.get_height(), f"{t.get_text()} leaves its box"
            places.append((t.get_text(), x - w/2, x + w/2, y - h/2, y + h/2))
        for (s, a0, a1, b0, b1), (t, c0, c1, d0, d1) in itertools.combinations(places, 2):
            assert min(a1, c1) < max(a0, c0) + 1 or min(b1, d1) < max(b0, d0) + 1, f"{s} touches {t}"
        plt.close(ax.figure)

def test_shapes_are_those_asked_for():
    words = {t.get_text() for t in draw_vae(64, 3, grads=True).texts}
    assert {"[B, 64]", "[B, 3] each", "z  [B, 3]", "[B, 3], from outside", "ε ⊙ σ + μ", "log p(x | z)"} <= words
    assert {"[B, 64]", "[B, 5]", "D(x)", "D(G(z))"} <= {t.get_text() for t in draw_gan(64, 5).texts}

def test_gradients_go_as_far_as_they_do():
    "Without the trick the likelihood's gradient stops at z; D's step stops at G(z); G's step goes through D and not to x"
    assert not backwards(draw_vae()) and not stops(draw_vae()) and not backwards(draw_gan())
    whole, broken = draw_vae(grads=True), draw_vae(grads=True, trick=False)
    assert not stops(whole) and len(stops(broken)) == 2 and len(backwards(whole)) == len(backwards(broken)) + 2
    assert [touched(ax, name) for ax in (whole, broken) for name in ("μ", "σ²")] == [2, 2, 1, 1]     # into it and out of it; without the trick out alone
    D, G = draw_gan(step="D"), draw_gan(step="G")
    assert [len(backwards(ax)) for ax in (D, G)] == [2, 3] and [len(stops(ax)) for ax in (D, G)] == [1, 0]

@pytest.mark.parametrize("f, parts", [(draw_vae, ["x", "encoder", "code", "noise", "z", "decoder", "output"]), (draw_gan, ["z", "G", "fake", "real", "D", "output"])])
def test_highlighting_changes_that_part(f, parts):
    def look(part): return tuple(p.get_linewidth() for p in f(highlight=part).patches)
    plain, seen = look(None), [look(part) for part in parts]
    assert len(set(seen)) == len(parts) and all(a >= b for s in seen for a, b in zip(s, plain)) and plain not in seen

# --------------------------------------------------------------------------------------------------------- properties
exempt(("diagrams.draw_vae diagrams.draw_gan", ALL, "a picture: the tests above"))

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "diagrams.draw_vae": row(dict(m=64, d_z=2, trick=True, grads=False, highlight="z"), m=INT(), d_z=INT(), highlight=["prior", 1]),
    "diagrams.draw_gan": row(dict(m=64, d_z=2, step="D", highlight="z"), m=INT(), d_z=INT(), step=["x", 1], highlight=["prior", 1]),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
