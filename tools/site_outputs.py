"""What the site shows of a cell's outputs: Markdown, tables and figures, nothing that asks another server for a script.

A figure leaves here as Markdown that stands by itself (`<figure class="figure">`, picture, caption), so that it may stand
anywhere on the page. Pictures of pixels become lossless WebP files in `pictures/` beside the pages, each stored once."""
import base64
import hashlib
import html
import io
import re
from functools import cache

from PIL import Image
from site_figures import drawn, lossless
from site_markup import fenced

LIVING = re.compile(r'(<div class="vaegan-living"[^>]*>)<img src="data:image/png;base64,([^"]*)" alt="([^"]*)"[^>]*>')
OPTION = re.compile(r"^#\|\s*(fig-cap|fig-alt)\s*:\s*(.*)\n?", re.M)

# -- text --------------------------------------------------------------------------------------------------------------
def unnested(text):
    "nbdev links every name of the library in backticks, also where it already stands in a link: the page's own link stays"
    while (new := re.sub(r"\[([^\[\]\n]*)\[(`[^`\n]+`)\]\([^)\n]*\)(?=[^\[\]\n]*(?:\[`[^`\n]+`\]\([^)\n]*\)[^\[\]\n]*)*\]\()", r"[\1\2", text)) != text: text = new
    return text

SAID = re.compile(r"```.*?```|`[^`\n]*`|\$[^$\n]+\$|<[^>]*>|^[ |:-]+$|(-{2,})", re.S | re.M)

def literal(text):
    "Markdown of an output, where two hyphens are what was said, `--size` in a message, and no dash"
    return SAID.sub(lambda m: m[0].replace("-", r"\-") if m[1] else m[0], text)

def raw(markup):
    "HTML that Quarto passes on as it is"
    return fenced(markup.strip(), "{=html}") + "\n"

# -- pictures ----------------------------------------------------------------------------------------------------------
@cache
def webp(png):
    "A PNG in base 64 as lossless WebP, and its size"
    with Image.open(io.BytesIO(base64.b64decode(png))) as img:
        img = img.convert("RGBA" if "A" in img.mode or "transparency" in img.info else "RGB")
        return lossless(img), img.size

def kept(data, form, site, up):
    "A file of the site for some pixels, which all pages share that show them; its address"
    file = site/"pictures"/f"{hashlib.sha1(data).hexdigest()[:12]}.{form}"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists(): file.write_bytes(data)
    return f"{up}pictures/{file.name}"

WIDE = 800    # pixels of a picture with words in it, which a phone would make too small to read: there it keeps them, and scrolls

def plate(png, alt, site, up, scale=1.):
    "An image tag for a picture drawn on white, which becomes a file of the site"
    data, (width, height) = webp(png)
    wide = " wide"*(scale == 1. and width > max(WIDE, 1.9*height))
    return (f'<img class="plate{wide}" src="{kept(data, "webp", site, up)}" alt="{html.escape(alt, quote=True)}" '
            f'width="{width/scale:.0f}" height="{height/scale:.0f}" loading="lazy" decoding="async">')

def figure(picture, caption):
    "A figure with its caption, which may hold Markdown"
    if not caption: return raw(f'<figure class="figure">\n{picture}\n</figure>')
    return "\n".join((raw(f'<figure class="figure">\n{picture}\n<figcaption>'), caption + "\n", raw("</figcaption>\n</figure>")))

def living(block, site, up):
    "A living picture whose static picture is a file"
    return LIVING.sub(lambda m: m[1] + plate(m[2], html.unescape(m[3]), site, up, scale=2.), block)

# -- a cell ------------------------------------------------------------------------------------------------------------
def fig_options(source):
    "The source without the options of its figure, and these"
    return OPTION.sub("", source), {k: v.strip() for k, v in OPTION.findall(source)}

def picture(data, alt, site, up):
    "The picture among the forms of an output, as HTML; none if there is none"
    block = "".join(data.get("text/html", ""))
    if "vaegan-living" in block: return living(block, site, up)
    if svg := "".join(data.get("image/svg+xml", "")): return drawn(svg, alt, lambda pixels, form: kept(pixels, form, site, up))
    if png := "".join(data.get("image/png", "")).strip(): return plate(png, alt, site, up)

def quiet(outputs, words, site, up):
    "Outputs as Markdown: Quarto answers HTML or widgets in a notebook with scripts from other servers"
    for o in outputs:
        data = o.get("data", {})
        if "text" in o: o["text"] = "".join(o["text"]).lstrip("\n")       # the arrow stands before words
        widget = data.pop("application/vnd.jupyter.widget-view+json", None)
        if shown := picture(data, words.get("fig-alt", words.get("fig-cap", "")), site, up):
            o["data"] = {"text/markdown": figure(shown, words.get("fig-cap"))}
        elif "text/markdown" in data: o["data"] = {"text/markdown": literal(unnested("".join(data["text/markdown"])))}
        elif "text/html" in data: o["data"] = {"text/markdown": raw("".join(data["text/html"]))}
        if not (widget and o.get("data", {}).keys() <= {"text/plain"}): yield o

def show_outputs(cell, site, up):
    "Turn the outputs of a code cell into what the site shows; `site` is the folder of its pages, `up` the way there"
    cell.source, words = fig_options(cell.source)
    cell.outputs = list(quiet(cell.get("outputs", []), words, site, up))
