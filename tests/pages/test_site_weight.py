"tools/site_weight.py: what a page and the site need not carry, and that nothing is lost with it"
import json
import re
import shutil
import subprocess

import pytest
import site_weight
from notebooks import ROOT
from site_weight import BASE, PLAIN, bare, coloured, drawn, lighter, packed, parts, pruned, quoted, rules, shared


def test_a_page_is_lighter_and_says_the_same():
    line = '<span id="cb1-{0}"><a href="#cb1-{0}" aria-hidden="true" tabindex="-1"></a>{1}</span>'
    code = "\n".join([line.format(1, 'x <span class="op">=</span> <span class="dv">1</span>'), line.format(2, ""), line.format(3, '<span class="co"># done</span>')])
    heavy = ("<style>\n/* Default styles provided by pandoc. */ a {}\n</style>\n<style>mine</style>"
             f'<div class="cell" data-quarto-private-1="{{&quot;key&quot;}}"><code class="sourceCode python">{code}</code></div>')
    assert lighter(heavy) == '<style>mine</style><div class="cell"><code>x = 1\n\n# done</code></div>'
    other = heavy.replace("sourceCode python", "sourceCode bash")
    assert lighter(other).endswith("<code>x = <i>1</i>\n\n<cite># done</cite></code></div>") and lighter(lighter(other)) == lighter(other)
    assert lighter(lighter(heavy)) == lighter(heavy) and PLAIN.sub("", "<span class=\"im\">import</span>") == "<span class=\"im\">import</span>"

def in_node(tmp_path, call):
    "What a call of a function of nbs/code.js gives"
    (tmp_path/"try.mjs").write_text((ROOT/"nbs"/"code.js").read_text(encoding="utf-8") + f"\nconsole.log(JSON.stringify({call}))", encoding="utf-8")
    return json.loads(subprocess.run(["node", tmp_path/"try.mjs"], capture_output=True, text=True, check=True).stdout)

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_long_lines_of_code_hang(tmp_path):
    "A line that a phone folds goes on four letters deeper than it began; the others stay as they are, and no letter is lost"
    long = "    value = <var>log_prob</var>(x, mu, logvar) - kl_normal(mu_q, logvar_q)"
    code = f"x = 1\n\n{long}\nassert a &lt; b\n{long.strip()}"
    deep = "f(x,\n" + " "*48 + "<i>1</i>, y)\n" + " "*13 + "z"*40
    short = "a"*44 + " &lt;&lt;&lt; 1"      # 50 letters as they are read, 59 as they are written
    python = f"x = 1e-3 # short\n{'y'*40} = '<&>' # far"
    shell = "vaegan train vae <var>--data</var> ./photos --held-out .2 # a--b"
    every = f"[{json.dumps(code)}, {json.dumps(deep)}, {json.dumps(short)}, marked({json.dumps(python)}), {json.dumps(shell)}]"
    hung, low, kept, noted, optioned = in_node(tmp_path, f"{every}.map(hanging)")
    assert re.findall(r'<span class="nobreak">(.*?)</span>', optioned) == ["--data", "--held-out"]
    assert re.findall("<u([^>]*)>", hung) == [' style="--i:8"', ' style="--i:4"'] and "x = 1\n\n<u style" in hung and "</u>assert a &lt; b\n<u" in hung
    assert re.sub("</?u[^>]*>", "", hung) == code and kept == short
    assert re.sub("</?[us][^>]*>", "", low) == deep and low.count('<u style="--i:16">') == 2, "no line hangs where a phone has no room"
    assert f"{' '*12}<s>{' '*36}</s><i>1</i>" in low and f"{' '*12}<s> </s>zz" in low, "nor begins there: the spaces in <s> are narrow"
    assert noted == f"x = <i>1e-3</i> # short\n<u style=\"--i:4\">{'y'*40} = '&lt;&amp;&gt;' <cite># far</cite></u>", "in Python marked is what a long line needs"

def test_folded_code_is_packed():
    "Each box once and in order, and only what is folded; a second time there is nothing to pack"
    box = lambda code: f'<div class="sourceCode"><pre class="sourceCode"><code>{code}</code></pre></div>'
    fold = lambda said, code: f'<details class="code-fold">\n<summary>{said}</summary>\n{box(code)}\n</details>'
    page = fold("Source of <code>f</code>", "def f(): return 1 &lt; 2") + box("f()") + fold("Imports", "import x") + "<details><summary>Hint</summary>" + box("1") + "</details>"
    text, code = packed(page, "f.code.z")
    assert code == ["def f(): return 1 < 2", "import x"] and box("f()") in text and box("1") in text
    assert re.findall(r"<summary>(.*?)</summary>(<code class=.*?></code>)", text) == [
        ("Source of <code>f</code>", '<code class="packed" data-from="f.code.z"></code>'), ("Imports", '<code class="packed"></code>')]
    assert packed(text, "f.code.z") == (text, [])

def test_tables_of_a_mark_are_packed():
    "Up to the cell that would fail, whose link stays, as does what is no table and what others may link to"
    body = lambda held: f'<details class="runs"><summary>x</summary>\n<div class="runs-body">\n{held}<p class="label">The cell</p>\n<div class="sourceCode runs-code"></div><a href="#c">Go</a></div></details>'
    held = '<p class="label">(A), as it stands</p>\n<div class="table-box"><table><tr><td>1</table></div>\n<p>Not evaluated: x.</p>\n'
    text, found = packed(body(held) + body("") + body(held.replace("<td>", '<td id="x">')), "f.code.z")
    assert found == [held.strip()] and text.count('class="packed"') == 1 and text.count("Go</a>") == 3 and '<td id="x">' in text
    assert text.startswith('<details class="runs"><summary>x</summary>\n<div class="runs-body"><div class="packed" data-from="f.code.z"></div><p class="label">The cell')

def test_tables_keep_the_classes_that_the_sheet_asks_for():
    heavy = '<table class="mutants wrong caption-top table table-sm table-striped small"><tr class="mutant odd"></tr><tr class="even"></tr></table>'
    assert lighter(heavy) == '<table class="mutants wrong table"><tr class="mutant"><tr></table>' == lighter(lighter(heavy))
    whole = '<table>\n<thead>\n<tr>\n<th>a b</th>\n<th>c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1 <b>2</b></td>\n<td></td>\n</tr>\n</tbody>\n</table>'
    assert lighter(whole) == "<table>\n<thead>\n<tr>\n<th>a b<th>c<tbody>\n<tr>\n<td>1 <b>2</b><td></table>" == lighter(lighter(whole))

def test_neighbours_of_one_colour_are_one():
    assert coloured('<span class="st">a</span><span class="ch">b</span> <span class="st">c</span>') == "<em>ab</em> <em>c</em>"
    assert coloured('<span class="kw">not</span><span class="dv">1</span>') == "<b>not</b><i>1</i>"

def test_quotes_are_spared_where_HTML_does_not_ask_for_them():
    full = ('<a class="a" href="../b/c.html#d" title="two words" alt="" data-x="a=b"><script>x = \'<p class="q">\'</script><path d="M1" id="z"/>'
            '<link href="d/"><p lang="en">1 < 2 and class="a" > 0</p></a>')
    spared = bare(full)
    assert '<a class=a href=../b/c.html#d title="two words" alt="" data-x="a=b"><script>x = \'<p class="q">' in spared
    assert '<path d="M1" id="z"/><link href="d/"><p lang=en>1 < 2 and class="a" > 0</p></a>' in spared
    assert quoted(spared) == full and bare(spared) == spared

def test_shapes_that_look_alike_are_a_group():
    shape = '<g><path d="M1" style="fill:red{}"></path></g>'
    assert drawn("<svg><g id=\"a\">" + 3*shape.format("") + "</g></svg>") == '<svg><g id="a"><g style="fill:red">' + 3*'<path d="M1"/>' + "</g></g></svg>"
    assert '<g style="fill:red;fill-opacity:.5">' in drawn("<svg>" + 3*shape.format(";opacity:.5") + "</svg>"), "opacity is of each shape"
    both = drawn("<svg>" + 3*shape.format(";stroke:blue;opacity:.5") + "</svg>")
    assert both == "<svg>" + 3*'<path d="M1" style="fill:red;stroke:blue;opacity:.5"/>' + "</svg>" == drawn(both), "of its line over its area, too"

CSS = """/* a note */ @import url("a;b.css"); .on, a:not(.off), .never > .on { color: red } .never { content: "}" } @media (width > 1px) { .never { a: b } }
@media print { :is(.on, p:not(.never), .x) b { c: d } .gone { e: f } } @font-face { src: url(data:x;y) } #top > *, [class=never] { g: h }"""

def test_a_sheet_keeps_what_some_page_may_ask_for():
    out = pruned(CSS, {"on", "top"})
    assert out == ('@import url("a;b.css");.on,a:not(.off){ color: red }@media print{:is(.on, p:not(.never), .x) b{ c: d }}'
                   "@font-face{ src: url(data:x;y) }#top > *,[class=never]{ g: h }")
    assert pruned(out, {"on", "top"}) == out and ".never" in pruned(CSS, {"never"}) and len(list(rules(CSS))) == 7
    assert parts(":is(a, b:not(c, d)) e, [f='g,h'] i") == [":is(a, b:not(c, d)) e", "[f='g,h'] i"]

def test_scripts_of_all_pages_are_stored_once():
    box = '<script type="module">// The answer box of an exercise\nwire()</script>'
    after = '<script id="quarto-html-after-body" type="application/javascript">const anchorJS = 1;</script>'
    text, files = shared(f"<form></form>{box}<form></form>{box}<script>small()</script>{after}", "../")
    assert sorted(files.values()) == ["// The answer box of an exercise\nwire()", "const anchorJS = 1;"]
    assert re.findall(r'<script (type="module"|defer) src="../scripts/(\w+\.js)">', text) == [(kind, name) for kind, name in zip(('type="module"', "defer"), files)]
    assert "<script>small()</script>" in text and text.count("<form>") == 2 and shared(text, "../")[1] == {}

def test_what_living_pictures_begin_with_is_stored_once():
    block = f'<script type="module">\n{BASE}\n// A figure.\nexport function mount(root) {{ set(root, el("p")) }}\nlaunch("phi-12345678", mount);\n</script>'
    text, files = shared(block + block, "")
    assert list(files.values()) == [BASE] and text.count(f'import {{set, el, launch}} from "./scripts/{next(iter(files))}";') == 2
    assert "What the living pictures share" not in text and text.count("// A figure.") == 2 and shared(text, "")[0] == text

def test_a_copy_of_a_cell_is_left_to_the_reader_s_browser():
    copy = '<div class="sourceCode runs-code"><pre class="sourceCode python"><code class="sourceCode python">x = 1</code></pre></div>'
    assert lighter(copy) == '<div class="sourceCode runs-code"><pre class="sourceCode python"><code></code></pre></div>' == lighter(lighter(copy))

CODE = """@checked
def f(x, n=1e-3):   # of 2
    "Half of x, 'as is'"
    y = torch.arange(10.)[:n] if x.range else f"a {x!r}"   # "no text"
    if y: return len(y)
        "x is no docstring", None"""

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_colours_of_python(tmp_path):
    "nbs/code.js gives them in the reader's browser: a name is whole, what belongs to something is not the language's, a docstring is a note"
    found = in_node(tmp_path, f"colored({json.dumps(CODE)})")
    of = {}
    for color, start, end in found: of.setdefault(color, []).append(CODE[start:end])
    assert of == dict(known=["@checked", "len"], word=["def", "if", "else", "if", "return"], number=["1e-3", "10."], text=['f"a {x!r}"', '"x is no docstring"'],
                      note=["# of 2", '"Half of x, \'as is\'"', '# "no text"'])

def test_properties_and_faces_that_nobody_asks_for_go():
    css = ":root{--bs-teal: red;--a: 1px;--b: var(--a);--c: 2}p{margin:var(--b)}q{--d: 1}@font-face{font-family:KaTeX_Fraktur;src:url(f)}@font-face{font-family:KaTeX_Main;src:url(m)}"
    assert site_weight.without_idle(css, "style.setProperty('--c', 3)").startswith(":root{--a: 1px;--b: var(--a);--c: 2}p{margin:var(--b)}@font-face")
    idle = site_weight.unset('<span class="math inline">\\mathsf A</span> <span class=math>x</span> <span class=\\"math inline\\">\\mathtt B</span> \\mathscr L')
    assert idle == ["Fraktur", "Script"] and site_weight.without_faces(css, idle).count("@font-face") == 1
