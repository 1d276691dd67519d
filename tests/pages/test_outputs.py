"tools/site_outputs.py, without Quarto: what becomes of a cell's outputs on the site"
import base64
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
import site_figures
from fastcore.nbio import read_nb
from notebooks import NBS, nb_id, src
from PIL import Image
from site_outputs import show_outputs

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)

def png(pixels=PIXELS):
    buf = io.BytesIO()
    Image.fromarray(pixels).save(buf, "png")
    return base64.b64encode(buf.getvalue()).decode()

class Cell(SimpleNamespace):
    "As fastcore's cells: attributes, and `get`"
    def get(self, k, d=None): return getattr(self, k, d)

def shown(site, source="x", up="", **data):
    cell = Cell(source=source, outputs=[dict(output_type="display_data", data={k.replace("_", "/", 1): v for k, v in data.items()})])
    show_outputs(cell, site, up)
    return cell.source, ["".join(o["data"]["text/markdown"]) for o in cell.outputs]

def test_pixels_become_a_lossless_file(tmp_path):
    "Named by what is in it: the same picture on two pages is one file"
    for up in ("", "../"):
        source, (text,) = shown(tmp_path, '#| fig-cap: A "noise" of $x < 1$.\n#| fig-alt: Coloured "noise" & more\nplot()', up, image_png=png(), text_plain="<Figure>")
        assert source == "plot()"
        file, = (tmp_path/"pictures").iterdir()
        assert (np.asarray(Image.open(file)) == PIXELS).all() and file.suffix == ".webp"
        assert f'<img class="plate" src="{up}pictures/{file.name}" alt="Coloured &quot;noise&quot; &amp; more" width="5" height="7" loading="lazy"' in text
        assert text.count('<figure class="figure">') == 1 and "\n```\n\nA \"noise\" of $x < 1$.\n\n```{=html}\n</figcaption>" in text
    assert 'class="plate wide"' in shown(tmp_path, image_png=png(np.zeros((300, 900, 3), np.uint8)))[1][0], "a phone scrolls it"
    shown(tmp_path, image_png=png(PIXELS[::-1]))
    assert len(list((tmp_path/"pictures").iterdir())) == 3

def test_a_living_picture_stays_alive(tmp_path):
    "Beside a PNG, too: its static picture becomes a file, its program and numbers stay as they are"
    block = (f'<div class="vaegan-living" data-living="phi-12345678"><img src="data:image/png;base64,{png()}" alt="A &lt;b&gt; &amp; c" width="3">'
             '<script type="application/json">{"z": 1}</script></div>\n<script type="module">\nlaunch("phi-12345678", mount);\n</script>')
    _, (text,) = shown(tmp_path, "living()", text_html=block, image_png=png(), text_plain="words")
    file, = (tmp_path/"pictures").iterdir()
    assert f'data-living="phi-12345678"><img class="plate" src="pictures/{file.name}" alt="A &lt;b&gt; &amp; c" width="2" height="4"' in text
    assert block[block.index("<script"):] in text and "data:" not in text

def test_hyphens_of_an_output_are_no_dash(tmp_path):
    "A table's rule, code, formulas and comments stay as they are"
    said = "| a | b |\n|---|---:|\n| say --size 64 | `--out` $1--2$ <!-- x --> |"
    assert shown(tmp_path, text_markdown=said)[1] == [said.replace("say --", r"say \-\-")]

def test_print_begins_with_its_words(tmp_path):
    cell = Cell(source="1", outputs=[dict(output_type="stream", name="stdout", text=["\n", "  a\n"])])
    show_outputs(cell, tmp_path, "")
    assert cell.outputs[0]["text"] == "  a\n"

def test_html_and_widgets(tmp_path):
    "HTML passes as it is, Markdown beside it wins, a widget without another form is nothing"
    assert shown(tmp_path, text_html="<b>``` x</b>")[1] == ["````{=html}\n<b>``` x</b>\n````\n"]
    assert shown(tmp_path, text_html="<b>x</b>", text_markdown="**x**")[1] == ["**x**"]
    assert shown(tmp_path, **{"application_vnd.jupyter.widget-view+json": {"model_id": "1"}, "text_plain": "View()"})[1] == []

def spaced(text):
    "Formulas with a blank behind the first or before the last dollar: Jupyter sets them, pandoc and GitHub take the dollars as they are"
    text = re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\\\$", "", text, flags=re.S)
    return [tex for paragraph in text.split("\n\n") for tex in paragraph.split("$")[1::2] if tex != tex.strip()]

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_formulas_begin_and_end_at_their_dollars(nb):
    assert spaced("a $x = $ `1`") == ["x = "] and not spaced("`$ ` $x$ and $0 <= y$\n\n5 $")
    for c in read_nb(nb).cells:
        said = [c.source] if c.cell_type == "markdown" else ["".join(o.data.get("text/markdown", "")) for o in c.get("outputs", []) if "data" in o]
        assert not [tex for text in said for tex in spaced(text)]

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_every_picture_of_the_notebooks(nb, tmp_path, monkeypatch):
    "Has words for those who do not see it, and every living one reaches the page"
    monkeypatch.setattr(site_figures, "EFFORT", dict(quality=0, method=0))       # how small it gets is not asked here
    for c in read_nb(nb).cells:
        if c.cell_type != "code" or not c.get("outputs"): continue
        alive = sum("vaegan-living" in "".join(o.get("data", {}).get("text/html", "")) for o in c.outputs)
        c.before = [dict(o) for o in c.outputs]
        show_outputs(c, tmp_path, "")
        text = "\n".join("".join(o.get("data", {}).get("text/markdown", "")) for o in c.outputs)
        assert text.count('class="vaegan-living"') == text.count("launch(\"") == alive, src(c)
        assert not any("image/" in k for o in c.outputs for k in o.get("data", {})), src(c)
        for tag in re.findall(r"<img [^>]*>|<svg [^>]*>|<div class=.panels[^>]*>", text):
            least = 1 if "vertical-align" in tag else 15          # a formula on its line has its TeX
            assert 'aria-hidden="true"' in tag or re.search(r'(?:alt|aria-label)="[^"]{%d,}"' % least, tag), (tag[:300], src(c))
        assert text.count('role="img"') >= sum("image/svg+xml" in o.get("data", {}) for o in c.get("before", [])), src(c)
