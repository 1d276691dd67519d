"What the site says better than the notebooks can: minus signs, tables that say their case, headings that a cell wrote."
import json
import re

import site_api
import site_held
from fastcore.nbio import mk_cell
from notebooks import ROOT
from site_markup import signed, unbroken


def shows(source, *texts):
    "A code cell with Markdown outputs"
    c = mk_cell(source)
    c.outputs = [dict(output_type="display_data", data={"text/markdown": t}, metadata={}) for t in texts]
    return c

def test_a_hyphen_before_a_number_is_a_minus_sign():
    assert signed("**Answer:** (-0.52, -.8) from -1 to 3, at x=-2") == "**Answer:** (−0.52, −.8) from −1 to 3, at x=−2"
    for same in ("$-1$, $$x = -1$$", "`-1`", "```\n-1\n```", "[a](b.html#-1)", '<b data-at="-1">', "2020-11, 1-2, a-1", "|--:|\n- 1", "−1 – 2"):
        assert signed(same) == same

def test_a_short_compound_stays_on_one_line():
    assert unbroken("a U-Net by L-BFGS, the k-th (β-VAE), step-g.") == "a {} by {}, the {} ({}), {}.".format(*(f'<span class="nobreak">{w}</span>' for w in ("U-Net", "L-BFGS", "k-th", "β-VAE", "step-g")))
    for same in ("well-known", "## The U-Net", "[U-Net](a.html#b-cd)", "`U-Net`", "$a-bc$", "```\nk-th\n```", '<i data-k="k-th">', "state-of-a-kind", "https://x-ab.org/k-th/", "a - bc", "2020-11-29", "[x]{.a-bc}"):
        assert unbroken(same) == same

HEAD = "| ({}) holds here | value |\n|:--|--:|\n| $a$ | 1 |"

def cases(source, *tags): return [s.case for s in site_held.of_cell(shows(source, "\n\n".join(map(HEAD.format, tags))))]

def test_two_tables_of_one_display_say_which_is_which():
    assert cases('holds("X", A) & holds("X", B)', "X", "X") == ["with <code>A</code>", "with <code>B</code>"]
    assert cases('holds("X", at, b=1) & holds("X", at, b=-4, tight=True)', "X", "X") == ["with <code>b=1</code>", "with <code>b=-4</code>"]
    assert cases('a = holds("X", first)\nholds("X", A)', "X") == [""], "one table needs no case"
    assert cases('a = holds("X", first)\na & holds("X", {"p": 1})', "X", "X") == ["case 1 of 2", "case 2 of 2"]
    assert cases('holds("X", A) & holds("Y", B) & holds("X", f(c, 2))', "X", "Y", "X") == ["with <code>A</code>", "", "with <code>f(c, 2)</code>"]

def test_the_title_of_a_table_says_its_case():
    cell = shows('holds("X", A) & holds("X", B)', "\n\n".join([HEAD.format("X")]*2))
    site_held.on_the_page(cell, ["X"])
    shown = cell.outputs[0]["data"]["text/markdown"]
    assert "(X), evaluated as it stands, with <code>A</code></p>" in shown and ", with <code>B</code></p>" in shown
    one = [site_held.of_cell(shows('holds("X", A)', HEAD.format("X")))]
    assert "as it stands</p>" in site_held.body("X", one)[0]
    assert "as it stands, cell 1 of 2</p>" in (both := site_held.body("X", 2*one)[0]) and "cell 2 of 2" in both

def test_headings_that_a_cell_wrote_stand_on_the_page():
    cell = shows("f()", "## data\n\ntext", "```python\n## no heading\n```")
    out = site_api.on_the_page([cell])
    assert [c.cell_type for c in out] == ["code", "markdown"] and out[1].source == "## data\n\ntext"
    assert [o["data"]["text/markdown"][:3] for o in cell.outputs] == ["```"]

def test_the_list_of_the_library_has_a_heading_for_each_module_and_folds_its_arguments():
    cells = json.loads((ROOT/"nbs"/"api.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(o.get("data", {}).get("text/markdown", "")) for c in cells for o in c.get("outputs", []))
    unfolded = re.sub(r"^<details>.*?^</details>$", "", text, flags=re.S | re.M)
    heads = re.findall(r"^## (.+)$", unfolded, re.M)
    assert len(heads) > 70 and {"data", "elbo", "exam.learner", "formula.claims"} <= set(heads)
    assert text.count("\n- `") > 1000 and "\n- `" not in unfolded and "```" not in unfolded
