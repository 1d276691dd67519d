"""The picture on the home page: an equation, the code that computes it, the cell that checks it, and what it draws.
`python tools/draw_cover.py tour/cover.png` writes nbs/images/cover.png around the picture that `make tour` made."""
import sys

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from notebooks import ROOT
from PIL import Image

from vaegan.plot import COLORS

CODE = "log_px_z = -bce(dec(z), x).sum(1)\nkl = .5*(mu**2 + logvar.exp() - 1 - logvar).sum(1)\nelbo = log_px_z - kl"
CHECK = "assert elbo < log_px   # by quadrature\nassert_close(log_px - elbo, gap)"

def card(fig, x, y, w, h, title, color):
    "A box with a title, in figure coordinates"
    pad = .008
    fig.add_artist(FancyBboxPatch((x + pad, y + pad), w - 2*pad, h - 2*pad, boxstyle=f"round,pad={pad}", mutation_aspect=12/8.35, lw=1.4, ec=color, fc=color + "12"))
    fig.text(x + .014, y + h - .018, title, color=color, size=13, weight="bold", va="top")

def draw(panels):
    fig = plt.figure(figsize=(12, 8.35), dpi=110, constrained_layout=False)
    blue, red, green = COLORS["real"], COLORS["fake"], COLORS["model"]
    card(fig, .01, .79, .98, .2, "Every equation", blue)
    fig.text(.5, .867, r"$\log p(x)\;\geq\;\mathbb{E}_{q(z|x)}[\,\log p(x|z)\,]\;-\;\mathrm{KL}(\,q(z|x)\,\Vert\,p(z)\,)$", size=25, ha="center", va="center", color=COLORS["truth"])
    card(fig, .01, .55, .535, .2, "has the code that computes it", red)
    fig.text(.028, .682, CODE, family="monospace", size=13.5, va="top", color=COLORS["truth"], linespacing=1.45)
    card(fig, .585, .55, .405, .2, "and a cell that would fail if it were wrong  ✓", green)
    fig.text(.603, .682, CHECK, family="monospace", size=12.5, va="top", color=COLORS["truth"], linespacing=1.45)
    for a, b in (((.28, .79), (.28, .752)), ((.547, .65), (.583, .65)), ((.28, .55), (.28, .512))):
        fig.add_artist(FancyArrowPatch(a, b, arrowstyle="-|>", mutation_scale=20, lw=1.6, color="#666666"))
    h = .97*12/8.35*panels.shape[0]/panels.shape[1]
    ax = fig.add_axes([.015, .5 - h, .97, h])
    ax.imshow(panels, interpolation="lanczos"); ax.set_axis_off()
    return fig

if __name__ == "__main__":
    fig = draw(plt.imread(sys.argv[1]))
    file = ROOT/"nbs"/"images"/"cover.png"
    fig.savefig(file, facecolor="white", metadata={"Software": None})
    with Image.open(file) as drawn: small = drawn.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(file, optimize=True)      # 256 colours, and even areas: a quarter as heavy
