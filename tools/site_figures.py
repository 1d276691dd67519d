"""A figure of matplotlib, stored as SVG, as a part of the page: its words in the page's font, its colours the page's own in light
and dark, its panels beside each other where there is room and below each other where there is not.

What a notebook stores is left as it is: there the same SVG stands on its own white ground."""
import base64
import hashlib
import html
import io
import math
import re
from functools import cache
from xml.etree import ElementTree as ET

from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font
from PIL import Image

from vaegan.plot import COLORS, _spread

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
INKS = dict(real="link", fake="wrong", model="run", truth="ink", prior="prior", accent="hint", faint="ink-3")   # roles of words
GREYS = {"#333333": "ink-2", "#666666": "ink-3", "#000000": "ink", "#ffffff": "paper"}
LINES = {COLORS[k].lower(): f"fig-{k}" for k in COLORS} | GREYS
WORDS = {COLORS[k].lower(): ink for k, ink in INKS.items()} | GREYS
ET.register_namespace("", SVG[1:-1])
PX = 4/3                        # pixels of the page in a point of the figure
COLUMN, PHONE = 640, 345         # pixels of the text column, here and there
WORD, NARROW = 11.5, .86        # pixels of a word on a phone; how wide the page's font is in parts of matplotlib's

# -- small things ------------------------------------------------------------------------------------------------------
def kind(e): return e.tag.removeprefix(SVG)
def style_of(e): return dict(re.findall(r"([\w-]+):\s*([^;]+)", e.get("style", "")))
def floats(s): return [float(v) for v in re.findall(r"-?[\d.]+(?:e-?\d+)?", s or "")]

def put_style(e, style):
    if style: e.set("style", ";".join(f"{k}:{v}" for k, v in style.items()))
    else: e.attrib.pop("style", None)

def rounded(s, digits=2):
    "Numbers to so many digits, and no more white space than needed"
    def short(m):
        v = f"{float(m[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if v == "-0" else v
    s = re.sub(r"-?\d+\.\d+", short, s)
    return re.sub(r"\s*([MLQCVHZz])\s*", r"\1", re.sub(r"\s+", " ", s)).strip()

def scaled(s):
    "A transform: lengths to a tenth, factors that stretch or turn a whole picture to four digits"
    def short(m):
        numbers = [*re.finditer(r"-?[\d.]+(?:e-?\d+)?", m[2])]
        fine = {"matrix": 4, "scale": len(numbers)}.get(m[1], 0)
        return f"{m[1]}({' '.join(rounded(f'{float(n[0]):.9f}', 4 if i < fine else 1) for i, n in enumerate(numbers))})"
    return re.sub(r"(\w+)\(([^)]*)\)", short, " ".join(s.split()))

@cache
def face():
    font = FT2Font(findfont("DejaVu Sans"))
    font.set_size(10, 72)
    return font

def advance(text, size):
    "How wide matplotlib took some text to be"
    return size/10*sum(face().load_char(ord(c)).linearHoriAdvance/65536 for c in text)

# -- words -------------------------------------------------------------------------------------------------------------
def size_of(style): return float(re.search(r"([\d.]+)px", style.get("font-size", style.get("font", "9px")))[1])

def anchor_of(path):
    "Which end of some mathematics stays in its place: matplotlib says so for plain words only"
    ids = [e.get("id", "") for e in path]
    if any(i.startswith("ytick") for i in ids): return "end"
    return "middle" if any(i.startswith("matplotlib.axis") for i in ids) else "start"

def pieces(text):
    "The pieces of some mathematics from left to right: (x, y, size, slanted, words), neighbours of a kind together"
    glyphs = []
    for t in text.iter(f"{SVG}tspan"):
        style = style_of(t)
        xs, y = floats(t.get("x")), floats(t.get("y"))[0]
        glyphs += [(x, y, size_of(style), style.get("font-style") == "oblique", c) for x, c in zip(xs, t.text or "")]
    out = []
    for x, y, size, slanted, c in sorted(glyphs):
        if out and out[-1][2:4] == (size, slanted) and abs(out[-1][1] - y) < .5: out[-1] = (*out[-1][:4], out[-1][4] + c)
        else: out.append((x, y, size, slanted, c))
    return out

def flowing(group, path):
    "Mathematics as one line of text in the page's fonts, in place of glyphs nailed to the places of another font"
    text = group.find(f"{SVG}text")
    parts = pieces(text)
    full = max(p[2] for p in parts)
    base = next(p[1] for p in parts if p[2] == full)
    end = max(x + advance(words, size) for x, _, size, _, words in parts)
    how = anchor_of(path)
    line = ET.Element(f"{SVG}text", {"transform": group.get("transform", ""), "text-anchor": how, "x": str({"start": 0, "middle": end/2, "end": end}[how]), "y": str(base)})
    put_style(line, dict(style_of(group), **{"font-size": f"{full}px"}))
    up = 0.
    for _, y, size, slanted, words in parts:
        want = 0. if abs(y - base) < .5 or size == full else (-.38 if y < base else .22)
        t = ET.SubElement(line, f"{SVG}tspan", {"class": " ".join(filter(None, ["math" if slanted else "", "sub" if size < full else ""]))})
        if want != up: t.set("dy", f"{want - up:.2f}em") if size == full else t.set("dy", f"{(want - up)/.75:.2f}em")
        t.text, up = words, want
        if not t.get("class"): t.attrib.pop("class")
    return line

def set_mathematics(root):
    def walk(e, path):
        for i, child in enumerate(list(e)):
            if kind(child) == "g" and len(child) and kind(child[0]) == "text" and child[0].find(f"{SVG}tspan") is not None: e[i] = flowing(child, [*path, e])
            else: walk(child, [*path, e])
    walk(root, [])

def align(root):
    "Lines of one text keep their alignment in another font: the ends that stand below each other stay so"
    for g in root.iter(f"{SVG}g"):
        lines = [t for t in g if kind(t) == "text" and re.fullmatch(r"translate\([^)]*\)", t.get("transform", ""))]
        if len(lines) < 2: continue
        starts = [floats(t.get("transform"))[0] for t in lines]
        wide = [advance(t.text or "", size_of(style_of(t))) for t in lines]
        ends = {how: [x + share*w for x, w in zip(starts, wide)] for how, share in (("start", 0), ("end", 1), ("middle", .5))}
        how = min(ends, key=lambda k: max(ends[k]) - min(ends[k]))
        for t, x in zip(lines, ends[how]):
            t.set("transform", f"translate({x:.2f} {floats(t.get('transform'))[1]:.2f})")
            t.set("text-anchor", how)

def set_words(root):
    "Plain words: the page's font and its size, the page's inks"
    for e in root.iter(f"{SVG}text"):
        style = style_of(e)
        size = size_of(style)
        keep = {k: v for k, v in style.items() if k in ("fill", "opacity", "fill-opacity")}
        keep["fill"] = WORDS.get(keep.get("fill", "#000000").lower(), keep.get("fill"))
        keep["fill"] = keep["fill"] if keep["fill"].startswith("#") else f"var(--{keep['fill']})"
        if anchor := style.get("text-anchor"): e.set("text-anchor", anchor)
        if not .8 < size/9 < 1.3: keep["--t"] = f"{size/9:.2f}"
        if style.get("font-weight") == "bold" or "bold" in style.get("font", ""): keep["font-weight"] = "600"
        if e.get("transform", "").startswith("rotate(-0"): e.attrib.pop("transform")
        if keep == {"fill": "var(--ink-2)"}: keep = {}      # site.scss says so of every word
        put_style(e, keep)

# -- colours -----------------------------------------------------------------------------------------------------------
def patch(group):
    "The white that matplotlib puts behind a figure or some axes"
    first = next((c for c in group if kind(c) == "g"), None)
    if first is not None and first.get("id", "").startswith("patch_") and style_of(first[0]).get("fill") == "#ffffff": return first

def filled(image):
    "Which part of some pixels is drawn on"
    png = Image.open(io.BytesIO(base64.b64decode(image.get(XLINK).split(",", 1)[1]))).convert("RGBA")
    return sum(png.getchannel("A").histogram()[1:])/(png.width*png.height)

def covers(image): return filled(image) > .7

def place_of_pixels(image):
    "Left, right, top and bottom: matplotlib turns pixels upside down, or stretches them by a matrix"
    x, y, w, h = (float(image.get(k, 0)) for k in ("x", "y", "width", "height"))
    numbers = floats(image.get("transform"))
    if "matrix" in image.get("transform", ""): (x, w), (y, h) = ((v*f + m, u*f) for v, u, f, m in ((x, w, numbers[0], numbers[4]), (y, h, numbers[3], numbers[5])))
    elif "scale(1 -1)" in image.get("transform", ""): y = -y
    return min(x, x + w), max(x, x + w), min(y, y + h), max(y, y + h)

def extent(axes):
    "Left, right, top and bottom of some axes, or of the pixels on them"
    behind = patch(axes)
    if behind is not None:
        at = floats(behind[0].get("d"))
        return min(at[::2]), max(at[::2]), min(at[1::2]), max(at[1::2])
    places = [place_of_pixels(e) for e in axes.iter(f"{SVG}image")] or [(0., math.inf, 0., math.inf)]
    return tuple(f(p[i] for p in places) for i, f in enumerate((min, max, min, max)))

def is_ground(axes):
    "Shades of a colour map keep their white ground also in the dark, and what is drawn on them its dark ink; dots in a corner are no shades"
    area = lambda a, b, c, d: (b - a)*(d - c)
    large = lambda e: area(*place_of_pixels(e)) > .2*area(*extent(axes))
    return any(kind(e) == "image" and large(e) and covers(e) or e.get("id", "").startswith("QuadContourSet") for e in axes.iter())

def place_of(text):
    moved = re.match(r"translate\(([\d.-]+) ([\d.-]+)", text.get("transform", ""))
    x, y = float(text.get("x", "0")), float(text.get("y", "0"))
    return (float(moved[1]) + x, float(moved[2])) if moved else (x, y)

def stands_on(text, left, right, top, bottom):
    x, y = place_of(text)
    return left <= x <= right and top <= y <= bottom

def set_grounds(root):
    for axes in root.iter(f"{SVG}g"):
        if not axes.get("id", "").startswith("axes_") or not is_ground(axes): continue
        behind = patch(axes)
        place = extent(axes)
        for child in axes:
            around = child.get("id", "").startswith("matplotlib.axis") or not all(stands_on(t, *place) for t in child.iter(f"{SVG}text"))
            if not around: child.set("class", "ground")       # ticks, titles, names and a legend outside are no part of it
        if behind is not None: behind.set("class", "ground white")

def white_grounds(root):
    "The other white behind the figure and behind its axes goes: the page is the paper"
    for group in list(root.iter(f"{SVG}g")):
        white = patch(group) if re.fullmatch(r"(figure|axes)_\d+", group.get("id", "")) else None
        if white is not None and not white.get("class"): group.remove(white)

def set_colours(root):
    white = {e for g in root.iter() if g.get("class") == "ground white" for e in g}
    for e in root.iter():
        if kind(e) == "text" or "style" not in e.attrib or e in white: continue
        style = style_of(e)
        for k in ("fill", "stroke"):
            if token := LINES.get(style.get(k, "").lower()): style[k] = f"var(--{token})"
        put_style(e, style)

# -- weight ------------------------------------------------------------------------------------------------------------
def hoist(root):
    "What all children of a group share is said once"
    for g in root.iter(f"{SVG}g"):
        if len(g) > 1 and len({(c.tag, c.get("style"), c.get("clip-path")) for c in g}) == 1 and kind(g[0]) in ("path", "circle") and not any(g.get(k) for k in ("style", "clip-path") if g[0].get(k)):
            for k in ("style", "clip-path"):
                if g[0].get(k): g.set(k, g[0].get(k))
                for c in g: c.attrib.pop(k, None)

def join_ticks(root):
    "The ticks of an axis that look alike as one line"
    for axis in root.iter(f"{SVG}g"):
        if not axis.get("id", "").startswith("matplotlib.axis"): continue
        kinds = {}
        for parent in list(axis.iter()):
            for e in [e for e in parent if kind(e) == "path" and e.attrib.keys() == {"d", "style"}]:
                first = kinds.setdefault(e.get("style"), e)
                if first is e: continue
                first.set("d", f"{first.get('d')} {e.get('d')}")
                parent.remove(e)

PHOTO, GREYS = 16_000, 128     # colours, greys: no drawing and no sheet of digits has so many

def noisy(image):
    "Is this a photograph, or a sheet of decoded greys? By its colours: very many, many for its size, or nearly all greys"
    colours = image.getcolors(image.width*image.height)
    grey = all(r == g == b for _, (r, g, b) in colours)
    return len(colours) > (GREYS if grey else min(PHOTO, max(PHOTO/4, image.width*image.height/20)))

EFFORT = dict(quality=75, method=5)     # how hard WebP tries to be small

def lossless(image):
    """A picture as WebP, every pixel as it was; of a photograph or of decoded greys within two of 255 levels, which nobody sees: their
    last bits are noise, and half of the file"""
    if image.mode == "RGBA" and image.getextrema()[3][0] == 255: image = image.convert("RGB")
    if image.mode == "RGB" and noisy(image): image = image.point([min(4*round(v/4), 255) for v in range(256)]*3)
    buf = io.BytesIO()
    image.save(buf, "WEBP", lossless=True, **EFFORT)
    return buf.getvalue()

SMALL = 1000     # bytes of pixels that a page carries itself: fewer than it takes to ask for them

def set_pixels(root, keep=None):
    "Pixels as lossless WebP where that is shorter; `keep` makes files of what is not small"
    for e in root.iter(f"{SVG}image"):
        png = base64.b64decode(e.attrib.pop(XLINK).split(",", 1)[1])
        data, form = min((png, "png"), (lossless(Image.open(io.BytesIO(png))), "webp"), key=lambda v: len(v[0]))
        e.set("href", keep(data, form) if keep and len(data) > SMALL else f"data:image/{form};base64,{base64.b64encode(data).decode()}")

def mark(root):
    "What the page treats in its own way: clouds of dots on no ground, words at free places"
    grounds = {id(e) for g in root.iter() if g.get("class") == "ground" for e in g.iter()}
    for e in root.iter(f"{SVG}image"):
        if id(e) not in grounds and filled(e) < .35: e.set("class", "cloud")
    for g in (g for axes in root.iter(f"{SVG}g") if axes.get("id", "").startswith("axes_") for g in axes):
        if g.get("id", "").startswith("text_"):
            for t in g.iter(f"{SVG}text"): t.set("free", "")

def tidy(root, key):
    "Names that nobody calls go, the others become this figure's own; numbers are rounded, empty groups dropped"
    called = set(re.findall(r"#([\w.-]+)", ET.tostring(root, encoding="unicode")))
    own = {e.get("id"): f"{key}{i}" for i, e in enumerate(e for e in root.iter() if e.get("id") in called)}
    for e in root.iter():
        if e.get("id") in called: e.set("id", own[e.get("id")])
        else: e.attrib.pop("id", None)
        for k in ("href", "clip-path", "style"):
            if k in e.attrib: e.set(k, re.sub(r"(^|(?<=url\())#([\w.-]+)", lambda m: f"#{own.get(m[2], m[2])}", e.get(k)))
        for k in e.attrib.keys() - {"href", "id", "style", "class", "legend"}: e.set(k, scaled(e.get(k)) if k == "transform" else rounded(e.get(k), 2 if k == "r" else 1))     # a dot is smaller than a tenth of a figure's point
        if kind(e) not in ("text", "tspan"): e.text = None
        e.tail = None
    for parent in list(root.iter())[::-1]:
        for child in list(parent):
            if kind(child) in ("metadata", "style", "title") or (kind(child) in ("g", "defs") and not len(child)): parent.remove(child)

# -- panels ------------------------------------------------------------------------------------------------------------
def box(axes):
    "Left and right end of the frame of some axes; None if they have none"
    for e in axes.iter():
        if kind(e) in ("path", "image"):
            if kind(e) == "image": return None
            xs = floats(e.get("d"))[::2]
            return min(xs), max(xs)

def reach(axes, ends):
    "How far axes reach to both sides with their words"
    lo, hi = ends
    for e in axes.iter(f"{SVG}text"):
        style, turned = style_of(e), floats(e.get("transform"))
        w, moved = advance("".join(e.itertext()), size_of(style)), e.get("transform", "").startswith("translate")
        at = (turned[0] if moved else 0) + floats(e.get("x", "0"))[0]
        if "rotate(-90" in e.get("transform", ""):
            at = turned[0] if moved else floats(e.get("x"))[0]
            lo, hi = min(lo, at - 12), max(hi, at + 4)
            continue
        how = style.get("text-anchor", "start")
        left = at - dict(start=0., middle=w/2, end=w)[how]
        lo, hi = min(lo, left), max(hi, left + w)
    return lo - 3, hi + 3

def columns(root):
    "The axes of each column of panels and where it begins and ends; nothing where a figure is better left whole"
    figure = next((g for g in root if (g.get("id") or "").startswith("figure")), None)
    groups = [g for g in figure or [] if kind(g) == "g"]
    if not all((g.get("id") or "").startswith(("axes_", "patch_")) for g in groups): return []
    axes = [g for g in groups if g.get("id").startswith("axes_")]
    ends = [box(g) for g in axes]
    if None in ends or any(b - a < 60 for a, b in ends): return []
    out = []
    for g, e in sorted(zip(axes, ends), key=lambda v: v[1]):
        if out and e[0] < out[-1][1][1] - 1: out[-1][0].append(g); out[-1][1] = (out[-1][1][0], max(e[1], out[-1][1][1]))
        else: out.append([[g], e])
    if len(out) < 2 or len(out) == 2 and len(out[0][0]) == len(out[1][0]) > 1: return []      # a square is read row by row
    return [(gs, reach_all(gs, e)) for gs, e in out]

def reach_all(groups, ends):
    each = [reach(g, ends) for g in groups]
    return min(a for a, _ in each), max(b for _, b in each)

# -- the whole ---------------------------------------------------------------------------------------------------------
def flat(group): return [t for t in group.iter(f"{SVG}text") if not re.search(r"rotate\((?!-0 )", t.get("transform", ""))]

def sides(inside):
    "Names of vertical axes with the words at their ticks, on the left (-1) or right (1): (name, its place, words, side)"
    for axis in (a for group in inside for a in group.iter(f"{SVG}g")):
        turned = [t for g in axis for t in g if kind(t) == "text" and "rotate(-90" in t.get("transform", "") and "free" not in t.attrib]
        if len(turned) != 1 or not (ticks := flat(axis)): continue
        moved = re.match(r"translate\(([\d.-]+)", turned[0].get("transform"))
        x = float(moved[1] if moved else turned[0].get("x"))
        side = 1 if x > max(place_of(t)[0] for t in ticks) else -1
        yield turned[0], x, ticks, side

def spill(inside, lo, hi, moved):
    "The room on the left and right that words need on a phone, where they are larger than drawn, in parts of the width"
    words, room = [], min(PHONE, (hi - lo)*PX)
    behind_ticks = {id(t): side for _, _, ticks, side in sides(inside) for t in ticks}      # where the axis' name stands behind a tick's words
    for e in (t for group in inside for t in flat(group)):
        at = (place_of(e)[0] - moved.get(id(e), 0) - lo)/(hi - lo)
        wide = written(e, WORD*float(style_of(e).get("--t", 1)))/room
        before = wide*dict(start=0, middle=.5, end=1)[e.get("text-anchor", "start")]
        name = 1.5*WORD/room
        words.append((at, before + name*(behind_ticks.get(id(e)) == -1), wide - before + name*(behind_ticks.get(id(e)) == 1)))
    left = right = 0.
    for at, before, behind in 8*words:                        # what is given to one end moves the words at the other
        x = left + at*(1 - left - right)
        left = min(.25, left + max(0, before - x)/max(1 - at, .1))
        right = min(.25, right + max(0, x + behind - 1)/max(at, .1))
    return {k: f"{v:.2f}" for k, v in (("--l", left), ("--r", right)) if v > .01}

TEXT = 13       # pixels of a word in the text column

def beside(inside, lo, hi, zoom):
    "The share of the width that words on the left need in the column, where a figure that was drawn wider is smaller and they are not"
    room, share = (hi - lo)*PX/zoom, dict(start=0, middle=.5, end=1)
    over = max((share[t.get("text-anchor", "start")]*written(t, TEXT*float(style_of(t).get("--t", 1))) - (place_of(t)[0] - lo)/(hi - lo)*room
                for group in inside for t in flat(group)), default=0)
    return {"--c": f"{over/(room + over):.2f}"} if over > .02*room else {}

def moved_by(e, how):
    "An element with the way that it goes on a phone"
    put_style(e, style_of(e) | {k: f"{v:.1f}px" for k, v in how.items() if abs(v) > .5})

def size_on_a_phone(lo, hi, room=None):
    "How large a word is there, in points of the figure"
    return WORD/PX*max(1, (hi - lo)*PX/PHONE)/(1 - sum(map(float, (room or {}).values())))

def written(t, size): return NARROW*advance("".join(t.itertext()), size)

def note(root):
    "While a figure has its names: which words are an axis' ticks and its name, and on which axes a legend stands"
    for axes in (g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("axes_")):
        place = " ".join(f"{v:.1f}" for v in extent(axes))
        for g in axes.iter(f"{SVG}g"):
            if g.get("id", "").startswith("legend_"): g.set("legend", place)
            if not g.get("id", "").startswith("matplotlib.axis"): continue
            ticks, names = ([t for part in g if re.match(kind, part.get("id", "")) for t in flat(part)] for kind in ("[xy]tick_", "text_"))
            if len({round(place_of(t)[1]) for t in ticks}) != 1 or len(ticks) < 2: continue      # not from left to right
            g.set("axis", "")
            for t in ticks: t.set("tick", "")
            for t in names: t.set("name", "")

def rows_of(legend):
    "The rows of a legend from above: height -> its signs and words"
    rows, signs = {}, []
    for g in legend:
        signs.append(g)
        if texts := flat(g):
            rows.setdefault(round(place_of(texts[0])[1]), []).extend(signs)
            signs = []
    return dict(sorted(rows.items()))

def set_legends(inside, lo, hi):
    "On a phone a legend that would run off its axes goes to the left, and its rows keep apart; each word with how far it goes"
    size, out = size_on_a_phone(lo, hi), {}
    for legend in (g for group in inside for g in group.iter() if "legend" in g.attrib):
        left, right, top, bottom = floats(legend.attrib.pop("legend"))
        if not (rows := rows_of(legend)): continue
        texts = flat(legend)
        begin = min(floats(e.get("d") or e.get("cx"))[0] for g in legend for e in g.iter() if e.get("d") or e.get("cx"))
        over = max(place_of(t)[0] + written(t, size) for t in texts) - right if begin < right - 10 else 0
        by = max(0, min(over, begin - left - 3))
        upper = sum(rows)/len(rows) < (top + bottom)/2
        new = list(rows)
        for i in range(1, len(new)):
            if upper: new[i] = max(new[i], new[i - 1] + 1.1*size)
            else: new[-1 - i] = min(new[-1 - i], new[-i] - 1.1*size)
        for (y, group), at in zip(rows.items(), new):
            if by > .5 or abs(at - y) > .5:
                for g in group: put_style(g, style_of(g) | {"--a": f"{-by:.1f}px", "--b": f"{at - y:.1f}px"})
        out |= {id(t): by for t in texts}
    return out

def stepping(ticks):
    "Do the words at some ticks count on in equal steps, so that those between two of them are known?"
    try: at = [float("".join(t.itertext()).replace("−", "-")) for t in ticks]
    except ValueError: return False
    return len({round(b - a, 6) for a, b in zip(at, at[1:])}) == 1

def set_ticks(inside, size):
    "On a phone words at ticks that would run into each other are fewer, and the axis' name below them keeps its distance"
    for axis in (g for group in inside for g in group.iter() if g.attrib.pop("axis", None) is not None):
        ticks = sorted((t for t in axis.iter() if t.attrib.pop("tick", None) is not None), key=lambda t: place_of(t)[0])
        names = sorted((t for t in axis.iter() if t.attrib.pop("name", None) is not None), key=lambda t: place_of(t)[1])
        apart = lambda some: all(place_of(b)[0] - place_of(a)[0] > (written(a, size) + written(b, size))/2 + .3*size for a, b in zip(some, some[1:]))
        every = next((k for k in range(1, len(ticks)) if apart(ticks[::k])), len(ticks))
        for i, t in enumerate(ticks if stepping(ticks) else []):
            if i % every: t.set("class", " ".join(filter(None, [t.get("class"), "spare"])))
        last = place_of(ticks[0])[1]
        if not names or place_of(names[0])[1] < last: continue
        for t in names:
            y = place_of(t)[1]
            last = max(y, last + 1.15*size)
            moved_by(t, {"--y": last - y})

def keep_apart(inside, lo, hi, room):
    "How far words move on a phone, where they are larger than drawn: those below each other, and names beside an axis"
    size = size_on_a_phone(lo, hi, room)
    set_ticks(inside, size)
    columns, names = {}, list(sides(inside))
    for e in (t for group in inside for t in group.iter(f"{SVG}text")):
        if e.attrib.pop("free", None) is not None and "rotate" not in e.get("transform", ""): columns.setdefault(round(place_of(e)[0]), []).append(e)
    for texts in columns.values():
        ys = [place_of(t)[1] for t in texts]
        for t, y, new in zip(texts, ys, _spread(ys, 1.1*size)): moved_by(t, {"--y": new - y})
    for name, x, ticks, side in names:
        ends = [side*place_of(t)[0] + written(t, size) for t in ticks]
        moved_by(name, {"--x": side*max(0, max(ends) + (.4 if side < 0 else 1)*size - side*x)})

def window(inside, lo, hi, height, zoom, **label):
    "The part of a figure between two places as one SVG; `zoom` is how much smaller than drawn it stands in the text column"
    width = (hi - lo)*PX
    left = beside(inside, lo, hi, zoom)
    zoom /= 1 - float(left.get("--c", 0))
    new = ET.Element("svg", {"class": "fig", "viewBox": rounded(f"{lo:.2f} 0 {hi - lo:.2f} {height:.2f}"), **label})
    put_style(new, {"--w": f"{width:.0f}", "--z": f"{zoom:.3f}"} | left | (room := spill(inside, lo, hi, set_legends(inside, lo, hi))))
    keep_apart(inside, lo, hi, room)
    new.extend(inside)
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", ET.tostring(new, encoding="unicode"))

def side_by_side(root, panels, wide, high, alt):
    "Panels in one row, each as wide as it was drawn in proportion; below each other where a page's style says so"
    panels = [(gs, max(a, 0), min(b, wide)) for gs, (a, b) in panels]
    zoom = max(1, sum(b - a for _, a, b in panels)*PX/(COLUMN - 6*(len(panels) - 1)))
    shared = [d for d in root if kind(d) == "defs"]
    parts = [window([*(() if i else shared), *gs], a, b, high, zoom, **{"aria-hidden": "true"}) for i, (gs, a, b) in enumerate(panels)]
    room = " ".join(f"minmax(0,{b - a:.0f}fr)" for _, a, b in panels)
    total = sum(b - a for _, a, b in panels)*PX + 6*(len(panels) - 1)
    return f'<div class="panels" role="img" aria-label="{html.escape(alt, quote=True)}" style="--p:{total/len(panels):.0f}px;grid-template-columns:{room};max-width:{total:.0f}px">\n' + "\n".join(parts) + "\n</div>"

def drawn(text, alt, keep=None):
    "The SVG of a notebook as HTML of the page; `keep(bytes, form)` makes a file of the page's own and says where it is"
    root = ET.fromstring(re.sub(r"<!--.*?-->|<!DOCTYPE[^>]*>|<\?xml[^>]*\?>", "", text, flags=re.S))
    _, _, wide, high = floats(root.get("viewBox"))
    set_mathematics(root)
    align(root)
    panels = columns(root) if wide*PX > 420 else []
    for step in (note, set_grounds, white_grounds, set_words, set_colours, mark, hoist, join_ticks): step(root)
    set_pixels(root, keep)
    tidy(root, f"f{hashlib.sha1(text.encode()).hexdigest()[:5]}-")
    if panels: return side_by_side(root, panels, wide, high, alt)
    return window(list(root), 0, wide, high, max(1, wide*PX/COLUMN), **{"role": "img", "aria-label": alt})
