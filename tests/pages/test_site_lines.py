"What a figure's lines weigh on the site (tools/site_weight.py): every way to say them shorter says the same"
import math
import random
import re

from site_weight import lighter, thinned


def points(d):
    "The lines of a path as SVG's own grammar has them: [(x, y), …] each, z as itself"
    lines, x, y, way = [], 0., 0., ""
    rest = re.findall(r"[a-zA-Z]|-?(?:\d+\.\d*|\.\d+|\d+)", d)
    while rest:
        if rest[0].isalpha(): way = rest.pop(0)
        if way == "M": lines.append([])
        if way in "zZ": lines[-1].append("z")
        else:
            a, b = (0. if way == "v" else float(rest.pop(0))), (0. if way == "h" else float(rest.pop(0)))
            x, y, way = (a, b, "L") if way in "ML" else (x + a, y + b, way)
            lines[-1].append((round(x, 2), round(y, 2)))
    return lines

def test_lines_of_figures_lose_only_points_that_do_not_bend_them():
    flat = "M0 5L1 5L2 5L3 5L4 4L5 3L5 9z"
    assert lighter(f'<svg class="fig"><path d="{flat}"/></svg>') == '<svg class="fig"><path d="M0 5h3l2-2v6z"/></svg>'
    assert lighter('<svg class="fig"><path d="M.5 5L1 5.5L.2 -.3L-3 -.1zM1 1L10 2L1 1"/></svg>') == '<svg class="fig"><path d="M.5 5l.5.5-.8-5.8-3.2.2zM1 1l9 1-9-1"/></svg>'
    back = '<svg class="fig"><path d="M0 0h4-2M1 1l0 0"/><path d="M0 0C1 1 2 2 3 3"/></svg>'
    assert lighter(back.replace("h4-2M1 1l0 0", " 4 0 2 0M1 1 1 1")) == back == lighter(back) and lighter(f"<svg>{flat}</svg>") == f"<svg>{flat}</svg>"
    rng, figure = random.Random(0), '<svg class="fig"><path d="{}"/></svg>'.format
    for _ in range(50):
        lines = [[(round(rng.uniform(-3, 300), rng.choice([0, 1, 2])), rng.choice([0., .5, 7.])) for _ in range(9)] + ["z"]*rng.choice([0, 1]) for _ in range(3)]
        said = "".join("M" + "L".join(f"{p[0]:g} {p[1]:g}" for p in line if p != "z") + "z"*(line[-1] == "z") for line in lines)
        assert points(said) == lines
        kept = [thinned([p for p in line if p != "z"]) + ["z"]*(line[-1] == "z") for line in lines]
        assert points(re.search(' d="([^"]*)', lighter(figure(said)))[1]) == kept
    bow = [(x, round(20*math.sin(x/60), 1)) for x in range(600)]
    kept = thinned(bow)
    assert len(kept) < 200 and kept[0] == bow[0] and kept[-1] == bow[-1] and set(kept) <= set(bow)
    for x, y in bow: assert min(abs(y - (b + (x - a)*(d - b)/(c - a))) for (a, b), (c, d) in zip(kept, kept[1:]) if a <= x <= c) < .08
