"What tools/site_*.py make of a page's cells on their way to Quarto, each transformation on a small example; no Quarto, no notebook run."
import json
import re

import pytest
import site_api
import site_equations as eqs
import site_exercises
import site_first
import site_folds
import site_held
import site_markup
import site_pages
import site_tex
import yaml
from fastcore.nbio import mk_cell
from notebooks import ROOT


def code(source, printed=None, markdown=None, **directives):
    "A code cell as nbdev hands it over"
    c = mk_cell(source)
    c.directives_ = directives
    data = {"text/plain": printed} if printed else {"text/markdown": markdown} if markdown else None
    c.outputs = [dict(output_type="execute_result", data=data, metadata={})] if data else []
    return c

def md(source): return mk_cell(source, "markdown")
def sources(cells): return [c.source for c in cells]
def text(cells): return "\n\n".join(sources(cells))

# -- links -------------------------------------------------------------------------------------------------------------
def test_a_lesson_leads_to_the_lecture_once():
    "From the first words that are no link, no heading, no code and no formula"
    cells = [md("## The lecture\n\nSee [the lecture](references.ipynb#whitehill), `the lecture` and $\\text{the lecture}$."), code("# the lecture"),
             md("<a id=\"the lecture\"></a>\n\nHere the lecture's step; again the lecture."), md("The lecture")]
    site_pages.to_the_lecture(cells, "06_elbo.ipynb")
    assert cells[2].source.endswith("Here [the lecture](lecture.ipynb)'s step; again the lecture.") and text(cells).count("(lecture.ipynb)") == 1
    site_pages.to_the_lecture(workshop := [md("The lecture")], "40_checks.ipynb")
    assert workshop[0].source == "The lecture"

# -- equations ---------------------------------------------------------------------------------------------------------
CHECK = eqs.Check("check-a", "# against a sum over both states\nassert f(2) == 4", "4")

def test_a_display_is_one_block_with_its_tag_beside_it():
    out = eqs.with_blocks('Before.\n\n<a id="eq-a"></a>\n\n$$x = y \\tag{A}$$\n\nAfter.', {"A": [CHECK]})
    assert out.startswith("Before.\n\n```{=html}\n<div class=\"equation\" id=\"eq-a\">") and out.endswith("\n\nAfter.")
    assert "\n\n$$x = y$$\n\n" in out and "\\tag" not in out and "<a id=" not in out
    assert out.count('id="eq-a"') == 1 and '<a class="equation-tag" href="#eq-a" aria-label="(A): link to this equation">' in out
    assert out.count("<div") == out.count("</div>") and out.count("<details") == out.count("</details>") == 1

def test_the_block_opens_its_checks_and_leads_to_them():
    out = eqs.with_blocks("$$x \\tag{A}$$", {"A": [CHECK, CHECK._replace(id="check-a-2", printed="")]})
    assert 'class="runs-what">against a sum over both states</span>' in out and 'class="runs-more">2 assertions in 2 cells</span>' in out
    assert out.count('<code class="sourceCode python"># against a sum') == 2 and 'href="#check-a"' in out and 'href="#check-a-2"' in out
    assert "Cell 1 of 2" in out and "Cell 2 of 2" in out and out.count("<pre><code>4</code></pre>") == 1

def test_what_is_compared_is_said_in_html():
    "A name in backticks is code, a link its words: the line opens a fold and leads nowhere else"
    out = eqs.with_blocks("$$x \\tag{A}$$", {"A": [CHECK._replace(source="# `kl` against [(FACC)](#eq-facc), a < b\nassert f(2) == 4")]})
    assert 'class="runs-what"><code>kl</code> against (FACC), a &lt; b</span>' in out

def test_a_display_without_tag_or_check_is_a_plain_block():
    assert '<div class="equation plain">' in (out := eqs.with_blocks("$$x$$", {})) and "<details" not in out and "<a " not in out
    assert "<details" not in eqs.with_blocks("$$x \\tag{A}$$", {}), "no mark without a check"

def test_long_displays_have_brackets_that_break():
    "As tall as \\left and \\right would draw them; short pieces, matrices, code and formulas in a line stay the author's"
    long = r"p(x) \log D(x) + q(x) \log(1 - D(x))"
    assert site_tex.loosened(rf"$$V = \left[{long}\right]$$") == rf"$$V = \bigl[{long}\bigr]$$"
    assert site_tex.loosened(rf"$$V = \left[\frac a b + {long} + \left(c\right)\right]$$") == rf"$$V = \Bigl[\frac a b + {long} + \left(c\right)\Bigr]$$"
    assert site_tex.loosened(r"$$\left\| aaaaaaaaaa + bbbbbbbbbb + cccccccccc \right\|$$") == r"$$\| aaaaaaaaaa + bbbbbbbbbb + cccccccccc \|$$"
    for same in (r"$$V = \left[a + b\right]$$", rf"`$$\left[{long}\right]$$`", rf"in $\left[{long}\right]$ a line", rf"$$\left[\begin{{matrix}}{long}\end{{matrix}}\right]$$"):
        assert site_tex.loosened(same) == same

@pytest.mark.parametrize("before, rest", [("- ", "  "), ("2. ", "   "), ("> ", "> "), ("  - ", "    "), ("> - ", ">   ")])
def test_a_display_in_a_list_or_a_quotation_keeps_its_place(before, rest):
    lines = eqs.with_blocks(f"{before}$$x \\tag{{A}}$$", {"A": [CHECK]}).split("\n")
    assert lines[0] == before + "```{=html}" and all(s.startswith(rest) or s == rest.rstrip() for s in lines[1:])
    assert f"{rest}$$x$$" in lines and f"{rest}assert f(2) == 4</code></pre></div>" in lines

def test_a_display_in_the_middle_of_a_line_or_in_details():
    out = eqs.with_blocks("So $$x \\tag{A}$$ follows.", {})
    assert out.startswith("So\n\n```{=html}") and out.endswith("```\n\nfollows.")
    folded = eqs.with_blocks("<details><summary>S</summary>\n\n<a id=\"eq-a\"></a>\n\n$$x \\tag{A}$$\n\n</details>", {})
    assert folded.startswith("<details><summary>S</summary>\n\n```{=html}\n<div class=\"equation\" id=\"eq-a\">") and folded.endswith("\n\n</details>")

def test_a_display_in_a_table_stays_in_its_row():
    row = eqs.with_blocks("| a | b |\n|---|---|\n| $$x \\tag{A}$$ | 1 |", {"A": [CHECK]}).split("\n")[2]
    assert row == '| $\\displaystyle x$ <a class="equation-tag" id="eq-a" href="#eq-a">(A)</a> | 1 |'

def test_code_is_no_display():
    for text in ("```\n$$x \\tag{A}$$\n```", "`$$x$$`", "~~~\n$$x$$\n~~~"): assert eqs.with_blocks(text, {}) == text == eqs.formulas(text) == eqs.bound(text)

def test_long_displays_come_apart_between_clauses_and_after_relations():
    assert eqs.clauses(r"a = b,\qquad c = d") == ["a = b,", "c = d"]
    assert eqs.clauses(r"\begin{cases} a & \qquad b \end{cases}") == [r"\begin{cases} a & \qquad b \end{cases}"]
    assert eqs.clauses(r"f_{a \qquad b} \left( c \qquad d \right) e") == [r"f_{a \qquad b} \left( c \qquad d \right) e"]
    assert site_tex.breakable(r"p(x \mid z)") == "p(x \u2062\\mid z)"
    assert site_tex.breakable(r"E_{q(z \mid x)} \left[ p(x \mid z) \right]") == r"E_{q(z \mid x)} \left[ p(x \mid z) \right]", "nothing breaks in there"
    assert site_tex.breakable(r"y = a + (1 - x) = b") == "y = a +\u2060 (1 -\u2060 x) = b", "short pieces stay whole between relations"
    long = r"[\log p(x) - \log q(x) - \log r(x) - \log s(x) + c]"
    assert site_tex.breakable(long) == long and site_tex.breakable(f"y = {long} + f(a = b)") == f"y = {long} + f(a =\u2060 b)"
    assert site_tex.breakable(r"\ge " + long) == "\\ge\u2060 " + long, "no sign alone on a line"
    norm = r"y = a + b + c + d + e + f + g + h + \|r - Wz\|^2 + \mathrm{KL}(q \| p - r) + k + l + m"
    assert site_tex.breakable(norm) == norm.replace("r -", "r -\u2060").replace("p -", "p -\u2060"), "a norm and a bracket stay whole"
    assert site_tex.breakable(r"\midpoint \\ \mid") == "\\midpoint \\\\ \u2062\\mid"
    assert eqs.formulas("so $p(x \\mid z)$ and `$a \\mid b$`") == "so $p(x \u2062\\mid z)$ and `$a \\mid b$`"

def test_the_build_writes_no_tex_of_its_own():
    "Without JavaScript, and in what is copied, a formula is the author's: only letters that nobody sees are added, and site.js knows them"
    for tex in (r"p(x \mid z) = a - (1 - x) \cdot b", r"\log p \ge \mathbb E_q[\log p(x \mid z)] - b"):
        out = site_tex.breakable(tex)
        assert site_tex.breakable(out) == out != tex and out.translate({ord(site_tex.NO_BREAK): None, ord(site_tex.BAR): None}) == tex
    js = (ROOT/"nbs"/"site.js").read_text(encoding="utf-8")
    for letter, tex in ((site_tex.NO_BREAK, r"\\nobreak"), (site_tex.BAR, r"{\\;#1\\;}")): assert f'__defineMacro("\\u{ord(letter):04x}", "{tex}")' in js
    katex = (ROOT/"nbs"/"katex"/"katex.min.js").read_text(encoding="utf-8")
    assert "__defineMacro" in katex

def test_every_checking_cell_has_a_place_and_the_way_back():
    cells = [code("#| checks: A, B-1\nassert 1 < x"), code("assert x < 1", printed="2", checks="A"), code("x = 1"), md("$$y \\tag{A}$$")]
    found, heads = eqs.checks_of(cells)
    assert [c.id for c in found["A"]] == ["check-a", "check-a-2"] and [c.id for c in found["B-1"]] == ["check-b-1"]
    assert found["A"][0].source == "assert 1 < x" and found["A"][1].printed == "2"
    assert set(heads) == {cells[0].id, cells[1].id} and '<a id="check-a-2" href="#eq-a">(A)</a>' in heads[cells[1].id]

def test_only_short_text_is_shown_again_in_the_block():
    assert eqs.printed(code("x", printed="1\n2")) == "1\n2" and eqs.printed(code("x", printed="1\n"*20)) == ""
    assert eqs.printed(code("x", markdown="**b**")) == "" == eqs.printed(code("x"))

def test_what_a_check_showed_stands_in_the_mark_and_at_the_cell():
    "The sides at both, the wrong versions of this page's equations in the mark alone, those of others folded at the cell"
    from vaegan.formula import holds
    at = dict(mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3)
    both = holds("KL-NORMAL", at) & holds(r"\log x^2 = 2\log x, \qquad n > 0", x=3., skip={2: "counts nothing here"})
    cell = code("#| checks: KL-NORMAL\n# quadrature against the formula\nholds('KL-NORMAL', at)", markdown=both._repr_markdown_())
    (check,), _ = found = eqs.checks_of([cell])[0]["KL-NORMAL"], 0
    mine, other = check.shown
    assert mine.tag == "KL-NORMAL" and other.tag == "" and len(mine.sides) == 2 and len(mine.wrong) == 5 and other.notes and len(other.wrong) >= 3
    what, more, body = eqs.compared("KL-NORMAL", found[0])
    assert (what, more) == ("quadrature against the formula", "5 wrong versions tried") and [len(re.findall("<tr><td>", t)) for t in body.split("<table")[1:]] == [2, 5]
    assert r'<span class="math inline">\displaystyle \operatorname{KL}' in body and "</td><td>= 0.3198</td></tr>" in body and "<small>½ missing</small>" in body
    there = cell.outputs[0]["data"]["text/markdown"]
    assert there.startswith("```{=html}") and there.count("<details>") == there.count("</details>") == 1 and there.count('class="mutants sides"') == 2 and there.count('class="mutants wrong"') == 1
    assert [site_held.note(f"not evaluated: {t}") for t in ("dx/dt = u_t(x) (by hand)", "for  varphi (a remark)")] == [
        "Not evaluated: <code>dx/dt = u_t(x)</code> (by hand)", "Not evaluated: for φ (a remark)"]
    assert site_held.formula(r"$\displaystyle = a$") == '<span class="math inline">\\displaystyle =\u2060 a</span>', "no line ends after the sign"
    assert list(site_held.shown("| a | b |\n|---|---|\n| 1 | 2 |")) == [], "a table of another kind"

def test_assertions_are_counted():
    assert eqs.assertions("assert a\nassert_close(a, b)\nfor x in y: assert x\ntest_fail(f)\nprint(1)") == 4
    assert eqs.assertions("!ls\nx = 1") == 0

@pytest.mark.parametrize("before, after", [
    ("for $x$, and", 'for <span class="nobreak">$x$,</span> and'), ("so ($x$).", 'so <span class="nobreak">($x$).</span>'),
    ("$x$-th", "$x$-th"), ("*the best $x$*. So", '*the best <span class="nobreak">$x$.</span>* So'), ("**$x$** and", "**$x$** and"), ("$x$ and", "$x$ and"), ("it costs $5, or $6.", "it costs $5, or $6."), ("\\$x$, y", "\\$x$, y"), ("# Why $x$?\n\nAs $x$.", '# Why $x$?\n\nAs <span class="nobreak">$x$.</span>'), ("![so $x$.](a.png)", "![so $x$.](a.png)"),
    (r"$p(x) = \frac{a}{b} + \log q(z) - \log r(z) + c + d$.", r'<span class="nobreak long">$p(x) = \frac{a}{b} + \log q(z) - \log r(z) + c + d$.</span>')])
def test_punctuation_does_not_stand_alone(before, after): assert eqs.bound(before) == after

# -- folds -------------------------------------------------------------------------------------------------------------
def test_imports_that_follow_one_another_are_one_fold():
    cells = site_folds.with_folds([md("# A"), code("import math"), code("from a import b"), code("use_style()\ntorch.manual_seed(0);"), code("x = 1"), code("import sys")])
    assert len(cells) == 4
    assert cells[1].source == '#| code-fold: true\n#| code-summary: "Imports and settings"\nimport math\n\nfrom a import b\n\nuse_style()\ntorch.manual_seed(0);'
    assert cells[2].source == "x = 1" and cells[3].source.startswith('#| code-fold: true\n#| code-summary: "Imports"\n')

def test_folds_that_say_the_same_are_one():
    "Only neighbours of which the first shows nothing; a check keeps its own"
    fold = lambda text, **more: code(f'#| code-fold: true\n#| code-summary: "How"\n{text}', **more)
    cells = [fold("a = 1"), fold("b = 2", printed="2"), fold("c = 3"), md("then"), fold("d = 4"), fold("e = 5")]
    got = site_folds.with_folds(cells, open_ids={cells[5].id})
    assert [c.source.split("\n")[-1] for c in got] == ["b = 2", "c = 3", "then", "d = 4", "e = 5"]
    assert got[0].source == '#| code-fold: true\n#| code-summary: "How"\na = 1\n\nb = 2' and got[0].outputs

def test_settings_are_only_what_prepares_the_page():
    assert site_folds.prepares(code("# eight digits\ntorch.set_default_dtype(torch.double)")) and not site_folds.prepares(code("x = use_style()"))
    assert not site_folds.prepares(code("# nothing")) and not site_folds.prepares(code("import a\na.run()")) and not site_folds.prepares(code("not python"))

def test_the_code_of_a_figure_is_folded_and_a_check_is_not():
    figure = "```{=html}\n<figure class=\"figure\"><svg></svg></figure>\n```"
    drawing, check, plain, table = code("plot(x)", markdown=figure), code("assert f(x)", markdown=figure), code("x", printed="1"), code("t", markdown="| a |\n|---|\n| 1 |")
    site_folds.with_folds([drawing, check, plain, table], open_ids={check.id})
    assert drawing.source == '#| code-fold: true\n#| code-summary: "Code of this figure"\nplot(x)'
    assert check.source == "assert f(x)" and plain.source == "x" and table.source == "t"

def test_plotting_code_without_a_picture_is_folded_too():
    cells = site_folds.with_folds([code("def show(x):\n    ax.plot(x)\n    plt.show()"), code("def f(x): return x*x")])
    assert '"Plotting code: <code>show</code>"' in cells[0].source and cells[1].source == "def f(x): return x*x"

def test_what_does_not_show_code_needs_no_fold():
    c = code("#| echo: false\nplot()", markdown="![a](b.png)")
    assert site_folds.with_folds([c])[0].source == "#| echo: false\nplot()"

# -- the library -------------------------------------------------------------------------------------------------------
FUNCTION = '''@checked
def f(
    mu:Float[Tensor, "B *D", nonnegative, like("x")],   # means, in `nats`
    k:int|None=None,             # how many
    *,
    how:Annotated[str, one_of(WAYS)]="fast",   # which
) -> Float[Tensor, "B"]:         # nats
    "What it does & more"
    a = mu + 1
    b = a*k
    c = b/2
    return c.sum(1)'''

def test_a_function_is_read_from_its_source():
    e, = site_api.entries(FUNCTION)
    assert (e.name, e.signature, e.returns, e.doc, e.lines) == ("f", "mu, k=None, *, how='fast'", "[B]", "What it does & more", 4)
    assert [tuple(r) for r in e.rows] == [("mu", "[B, *D], nonnegative", "means, in `nats`", ""), ("k", "int or None", "how many", "None"),
                                          ("how", "str, one_of(WAYS)", "which", "'fast'"), ("returns", "[B]", "nats", "")]

def test_a_class_is_read_from_its_source():
    e, = site_api.entries('class A(nn.Module):\n    "A net"\n    def __init__(\n        self,\n        d:int=2,  # size\n    ):\n        pass\n    def step(self, x):\n        "One step"\n    def _own(self): pass\n')
    assert (e.signature, [tuple(r) for r in e.rows], e.methods) == ("d=2", [("d", "int", "size", "2")], [("step", "x", "One step")])
    assert site_api.method_list(e) == '<ul class="methods" aria-label="A: methods">\n<li><code>step(x)</code> One step</li>\n</ul>'
    wide = site_api.table(e._replace(rows=[site_api.Row("a", "tuple[" + "Generator, "*4 + "dict]", "all")]))
    assert '<td class="long">tuple[' in wide and "long" not in site_api.table(e), "a long type may go on in the next line"
    n, = site_api.entries('class P(NamedTuple):\n    "A pair"\n    a:Int[Tensor, "N"]   # labels\n    b:float=.5           # share\n    c:list=field(default_factory=list)\n')
    assert n.signature == "a, b=0.5, c=[]" and [tuple(r)[:3] for r in n.rows] == [("a", "int [N]", "labels"), ("b", "float", "share"), ("c", "list", "")]

@pytest.mark.parametrize("annotation, said", [
    ('Float[Tensor, ""]', "one number"), ('Int[Tensor, "N"] | None', "int [N] or None"), ('Float[Tensor, "... K", unit]', "[..., K], unit"),
    ('Float[Tensor, f"B>={k} +D", like(D)]', "[B>={k}, +D]"), ("tuple[Generator, Discriminator]", "tuple[Generator, Discriminator]"), ("'A'", "A"),
    ('Int[Tensor, "B", labels("n_classes")]', "int [B], labels('n_classes')")])
def test_shapes_are_said_as_shapes(annotation, said): assert site_api.shape(site_api.ast.parse(annotation).body[0].value) == said

def test_the_section_of_a_function_and_its_folded_source():
    cell = code(FUNCTION, export="")
    head, source, end = site_api.section(cell, {"f": "https://github.com/o/r/blob/main/vaegan/m.py#L3"}, 3, lesson=True)
    assert head.source.startswith("::: {.api}\n\n### f\n\n") and end.source == ":::"
    assert "<b>f</b>(mu, k=None, *, how=&#x27;fast&#x27;)" in head.source and ">vaegan.m</a>" in head.source
    assert '<tr><th scope="row"><code>mu</code></th><td>[B, *D], nonnegative</td><td>means, in <code>nats</code></td></tr>' in head.source
    assert "<p>What it does &amp; more</p>" in head.source
    assert source.source.startswith('#| code-fold: true\n#| code-summary: "Source of <code>f</code>"\n@checked')

def test_a_lesson_shows_a_function_of_three_lines_open():
    short = 'def kl(mu):   # nats\n    "The divergence"\n    return mu**2'
    head, source, _ = site_api.section(code(short), {}, 2, lesson=True)
    assert source.source == short and "{.api .open}" in head.source and "## kl" in head.source and "<table" not in head.source
    assert "code-fold" in site_api.section(code("K = 1\n" + short), {}, 2, lesson=True)[1].source, "not alone in its cell"
    assert "code-fold" in site_api.section(code(short), {}, 2, lesson=False)[1].source, "in the workshop it is folded"
    assert "code-fold" in site_api.section(code(short.replace("    return", "    a\n    b\n    c\n    return")), {}, 2, lesson=True)[1].source

def test_no_heading_without_anything_under_it():
    cells = site_api.section(code("def a(): 'A'\ndef b(): 'B'\ndef _c(): pass"), {}, 3, lesson=False)
    assert re.findall(r"^#+ (\w+)$|<p>(\w)</p>", text(cells), re.M) == [("a", ""), ("", "A"), ("b", ""), ("", "B")]
    assert text(cells).count("::: {") == len(re.findall(r"^:::$", text(cells), re.M)) == 2 and "Source of <code>a</code> and <code>b</code>" in text(cells)
    private, = site_api.section(code("def _c():\n" + "    x\n"*9), {}, 3, lesson=False)
    assert "Source of <code>_c</code>" in private.source
    assert site_api.section(code("X = 1"), {}, 3, lesson=False)[0].source == "X = 1"
    for rows in ("X = dict(\n{})", "X: dict[str, int] = dict(\n{})", "X.update(more(\n{}))", "X.extend([\n{}])"):
        table, = site_api.section(code(rows.format("    1,\n"*9)), {}, 3, lesson=False)
        assert "Source of <code>X</code>" in table.source, rows

def test_a_name_of_two_modules_leads_to_the_one_of_its_page():
    for page, module in (("14_minimax", "minimax"), ("formula/claims", "formula/claims")):
        url = site_api.source_url("value", page)
        path, line = re.search(r"/blob/main/(.*)#L(\d+)$", url).groups()
        assert path == f"vaegan/{module}.py" and (ROOT/path).read_text().splitlines()[int(line) - 1].startswith("def value(")
    assert site_api.source_url("no_such_name", "14_minimax") == site_api.source_url("value", "index") == ""
    assert "vaegan/formula/__init__.py" == site_api.file_of("formula/index")

def test_links_to_a_name_follow_the_page_and_its_imports():
    where = site_pages.imported([code("from vaegan.minimax import value, grid_value\nfrom torch import nn")], "18_failures.ipynb")
    assert where["value"] == where["grid_value"] == "14_minimax.ipynb" and "nn" not in where
    assert site_pages.imported([], "14_minimax.ipynb")["value"] == "14_minimax.ipynb"
    wrong = "[`value`](https://vaegan.github.io/vaegan/formula/claims.html#value)"
    assert site_pages.at_home(wrong, "", where) == "[`value`](14_minimax.ipynb#value)"
    assert site_pages.at_home(wrong, "", {}) == "[`value`](formula/claims.ipynb#value)"

def test_examples_in_docstrings_are_code():
    parts = site_api.words_of("Add them.\n\n>>> add(1, 2)\n3")
    assert parts == ["```{=html}\n<p>Add them.</p>\n```", "```python\n>>> add(1, 2)\n3\n```"]

def test_levels_of_headings_do_not_skip():
    assert site_api.last_level([md("text")]) == 1 and site_api.last_level([md("## A\n\n```\n# no heading\n```")]) == 2

# -- the first screen --------------------------------------------------------------------------------------------------
BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/x.ipynb)"
SECOND = f"Why is $x$ so? We ask.\n\n{BADGE}\n\n**You need** [a](a.ipynb).\n\n**You will be able to** say why.\n\nAnd more."

def test_the_second_cell_comes_apart():
    question, colab, contract, rest = site_first.split(SECOND, "06_elbo")
    assert (question, colab, rest) == ("Why is $x$ so? We ask.", "https://colab.research.google.com/x.ipynb", "And more.")
    assert contract == {"You need": "[a](a.ipynb).", "You will be able to": "say why."}
    assert site_first.split(SECOND, "44_files")[0] == "" and site_first.split(SECOND, "44_files")[3].startswith("Why is"), "only lessons have a question"
    assert site_first.split(SECOND.partition("\n\n")[2], "06_elbo")[0] == ""

def test_the_first_screen():
    cover = [md("::: {#cover .cover}")]
    cells = site_first.opened([mk_cell("---\ntitle: T\n---\n", "raw"), md("<!-- w -->"), md(SECOND), md("## First")], cover, "06_elbo", "", 24, "**New symbols** a")
    matter = yaml.safe_load(cells[0].source.strip().strip("-"))
    assert matter["chapter-number"] == 6 and matter["question"] == "Why is $x$ so? We ask." and matter["kicker"] == "[Variational autoencoders](index.ipynb)"
    n = len(re.findall(r"^## \d+\. ", "\n".join("".join(c["source"]) for c in json.loads((ROOT/"nbs/exercises/elbo.ipynb").read_text())["cells"]), re.M))
    assert n and matter["facts"] == ["[24 equations run]{.runs-mark}", f"[{n} more exercises](exercises/elbo.ipynb)", "[Open in Colab](https://colab.research.google.com/x.ipynb)"]
    rest = sources(cells[2:])
    assert rest[0] == "::: {#cover .cover}" and '<dl class="contract">' in rest[1] and "[a](a.ipynb)." in rest[1]
    assert rest[2:] == ["**New symbols** a", "And more.", "## First"] and "colab-badge" not in text(cells)

def test_the_cover_is_lifted_and_its_code_stays():
    cell = code("draw()\nmore()", markdown="<figure>", cover="")
    cover, cells = site_first.lifted([md("a"), cell, md("b")])
    assert cover[0].source == "::: {#cover .cover}" and cover[1].outputs[0]["data"]["text/markdown"] == "<figure>" and "echo: false" in cover[1].source
    assert [c.cell_type for c in cells] == ["markdown", "markdown", "code", "markdown"] and 'href="#cover"' in cells[1].source
    assert cells[2].outputs == [] and cells[2].source == '#| code-fold: true\n#| code-summary: "Code of the picture at the top"\ndraw()\nmore()'
    cells = [md("a")]
    assert site_first.lifted(cells) == ([], cells)

def test_home_has_its_title_beside_the_picture():
    hero = f'<div class="hero">\n\nWhat it is.\n\nFor whom.\n\n[Path](#p) · [One](a.ipynb) · {BADGE}\n\n![A picture](images/cover.png)\n\n</div>'
    cells = site_first.opened([mk_cell("---\ntitle: Every equation runs\n---\n", "raw"), md(hero), md("## P")], [md("COVER")], "index", "", 1)
    assert yaml.safe_load(cells[0].source.strip().strip("-"))["home"] is True
    assert '<h1 class="title">Every equation <em>runs</em></h1>' in cells[1].source and "cover.png" not in text(cells) and "colab-badge" not in text(cells)
    assert "[Path](#p){.btn .btn-primary} [One](a.ipynb){.btn} [Open in Colab](https://colab.research.google.com/x.ipynb){.btn}" in cells[1].source
    assert sources(cells[2:4]) == ["COVER", "::::"] and cells[-1].source == "## P"

# -- exercises ---------------------------------------------------------------------------------------------------------
FORM = '```{=html}\n<form class="vaegan-answer"></form>\n```'
HELP = "<details><summary>Hint 1</summary>\n\nTry $x$.\n\n</details>\n\n<details><summary>Solution</summary>\n\n7\n\n</details>"

def exercise(with_form):
    ask = code('ask("a", seed=1)', markdown="**A title** (`a`, seed 1)\n\nHow many?")
    if with_form: ask.outputs.append(dict(output_type="display_data", data={"text/markdown": FORM}, metadata={}))
    check = code('answer = ...\ncheck("a", 1, answer)', markdown="… **No answer yet.** Answer in the box, or put your answer in place of the dots.")
    return [md("Intro"), md("## 1. A title\n\nKind: number."), ask, md("Your answer, in place of the dots:"), check, md(HELP), md("## Further reading\n\nx")]

def test_an_exercise_is_one_box():
    cells = site_exercises.with_boxes(exercise(True))
    assert [c.cell_type for c in cells] == ["markdown", "markdown", "markdown", "code", "markdown", "markdown"]
    box, cells = text(cells[1:3]), [cells[0], *cells[2:]]
    assert box.startswith("::: {.question-box}\n\n## 1. A title\n\nKind: number.\n\n::: {.asked}\nHow many?\n:::\n\n") and FORM in box and cells[3].source == ":::"
    assert "No answer yet" not in text(cells) and "place of the dots" not in text(cells) and not cells[2].outputs
    assert '<details class="hint"><summary>Hint 1</summary>' in box and '<details class="solution"><summary>Solution</summary>' in box
    assert box.count("<details") == box.count("</details>") == 2 and box.index('<div class="help"') < box.index("<details")
    assert cells[2].source.startswith('#| code-fold: true\n#| code-summary: "The same question in Python"\nask("a", seed=1)\n\nanswer = ...')

def test_the_script_of_the_boxes_stands_once_on_a_page():
    cells = [*exercise(True), *exercise(True)]
    for c in cells:
        for o in c.get("outputs", []):
            if "form" in str(o): o["data"]["text/markdown"] = FORM.replace("</form>", '</form><script>(() => { // The answer box of an exercise\nf("`")})();</script>')
    out = site_exercises.with_boxes(cells)
    assert text(out).count("<form") == 2 and text(out).count("<script") == 1 and "<script" in out[-1].source

def test_an_exercise_without_a_box_shows_the_code_that_answers_it():
    cells = site_exercises.with_boxes(exercise(False))
    assert cells[2].source.startswith('ask("a", seed=1)') and '<div class="help"' in cells[3].source and cells[4].source == ":::"

def test_the_form_of_an_answer_is_marked_and_no_other_paragraph():
    cell = code('ask("a", seed=1)', markdown="**T** (`a`, seed 1)\n\nHow much, *summed*?\n\n*Answer with a number, exact.*")
    assert site_exercises.question_of(cell, "T") == ["::: {.asked}\nHow much, *summed*?\n:::\n\n::: {.how}\n*Answer with a number, exact.*\n:::"]

def test_a_solutions_code_stands_in_its_fold():
    text_of = md("**1. Why?**\n\n<details><summary>Solution</summary>\n\nSo.\n\n</details>")
    cells = [text_of, code("check()"), md("And again:"), code("more()"), md("**2. How?**\n\n<details><summary>Solution</summary>\n\nThus.\n\n</details>"), md("## Further"), code("x")]
    out = sources(site_exercises.solved(cells))
    assert out[0].endswith("So.") and out[1:4] == ["check()", "And again:", "more()"] and out[4] == "```{=html}\n</details>\n```"
    assert out[5].startswith("**2.") and out[5].endswith("</details>"), "nothing follows it"
    assert out[6:] == ["## Further", "x"] and "\n".join(out).count("<details>") == "\n".join(out).count("</details>")
    hint = [md("<details><summary>Hint</summary>\n\nh\n\n</details>"), code("x")]
    assert sources(site_exercises.solved(hint)) == ["<details><summary>Hint</summary>\n\nh\n\n</details>", "x"]

def test_other_pages_have_no_boxes():
    cells = [md("## 1. Not an exercise"), code("x = 1"), md("## Two")]
    assert site_exercises.with_boxes(cells) == cells

# -- links and tables --------------------------------------------------------------------------------------------------
def test_links_to_the_library_stay_on_the_site():
    base = "https://vaegan.github.io/vaegan"
    assert site_pages.at_home(f"[`f`]({base}/elbo.html#elbo_enum)", "../") == "[`f`](../06_elbo.ipynb#elbo_enum)"
    assert site_pages.at_home(f"[`f`]({base}/latent.html#ppca.log_prob)", "") == "[`f`](04_latent.ipynb#ppca)"
    assert site_pages.at_home(f"[`f`]({base}/checks.html#_own) [g](https://example.org/elbo.html)", "") == "`f` [g](https://example.org/elbo.html)"
    assert site_pages.at_home(f"[`f`]({base}/nowhere.html)", "") == f"[`f`]({base}/nowhere.html)"

def test_a_link_to_an_equation_has_one_pair_of_brackets():
    assert site_pages.single("so ([(MC)](a.ipynb#eq-mc)), [(B)](#b), ([(C)](#c) says)") == "so [(MC)](a.ipynb#eq-mc), [(B)](#b), ([(C)](#c) says)"
    assert site_pages.single("`([(MC)](a))`") == "`([(MC)](a))`"

def test_the_corner_of_a_table_has_a_name():
    table = "| | a |\n|---|---|\n| | 1 |"
    assert site_pages.named_corners(table) == '| <span class="visually-hidden">item</span> | a |\n|---|---|\n| | 1 |'
    assert site_pages.named_corners(f"```\n{table}\n```") == f"```\n{table}\n```"

def test_a_cited_year_in_raw_html_stays_as_it_is():
    raw = "```{=html}\n<p>after Kingma and Welling (2014)</p>\n```"
    out = site_pages.written(f"Kingma and Welling (2014) say.\n\n{raw}", "06_elbo.ipynb", {})
    assert out.startswith("Kingma and Welling ([2014](references.ipynb#") and out.endswith(raw)

def test_new_symbols_can_be_heard():
    assert site_pages.spoken(r"$q_\phi(\mathbf z)$") == "q_ phi z in the notation"
    assert all('aria-label="' in s for s in site_pages.legend("06_elbo.ipynb").split("](")[1:])

def test_no_line_of_new_symbols_begins_with_a_comma():
    line = site_pages.legend("09_vae.ipynb")
    assert line.count("](") > 1 and line.count(",]{.nobreak}") == line.count("](") - 1 and "}, [" not in line

def test_words_of_a_comment_as_html():
    assert site_markup.plain_html(r"a \tag{X} or `\mid`, not a/b & c") == r"a <code>\tag{X}</code> or <code>\mid</code>, not a/b &amp; c"

def test_raw_html_outlasts_backticks():
    assert site_markup.raw("a ``` b") == "````{=html}\na ``` b\n````"

def test_script_of_the_site_is_small_and_plain():
    js = (ROOT/"nbs"/"site.js").read_text(encoding="utf-8")
    assert max(map(len, js.splitlines())) <= 100 and len(js) < 8000 and "import " not in js and "http" not in js

def test_an_anchor_that_notebooks_need_is_no_second_id():
    both = '<a id="why-a-bound"></a>\n\n## Why a bound?\n\nText.\n\n<a id="eq-a"></a>\n\n$$a$$\n\n<a id="other"></a>\n\n## Why?'
    assert site_pages.without_doubles(both) == '## Why a bound?\n\nText.\n\n<a id="eq-a"></a>\n\n$$a$$\n\n<a id="other"></a>\n\n## Why?'
