"""GitHub shows notebooks and the README with its own renderer, which knows less than Jupyter's: what it is known to break does not
occur. Collected from public reports (github/markup 1688 on macros that Markdown files may not use, nschloe/github-math-bugs on where
mathematics is taken for Markdown or HTML, github/markup 1547 and 1746 on backslashes that a `.md` file loses, nbconvert 204 on style and
script, which are stripped)."""
import re

import pytest
from notebooks import NBS, ROOT, code_cells, md_cells, nb_id, src
from write_readme import in_fences

each_nb = pytest.mark.parametrize("nb", NBS, ids=nb_id)
README = (ROOT/"README.md").read_text(encoding="utf-8")
TEXTS = {f.name: f.read_text(encoding="utf-8") for f in [*ROOT.glob("*.md"), ROOT/"vaegan"/"examples.md"]}     # as Markdown files, not as notebooks
# may override other macros, hide text, load or link something; GitHub answers "The following macros are not allowed"
REFUSED = r"\\(newcommand|renewcommand|providecommand|def|gdef|edef|let|require|href|url|html\w+|cssId|class|style|unicode|includegraphics|mbox|h?phantom|vphantom)\b"
REFUSED_IN_MARKDOWN = REFUSED + r"|\\operatorname\b"     # in .md files only

LOST = r"\\[!-/:-@\[-`{-~]"      # Markdown takes the backslash off `\,` `\;` `\|` `\{` `\\`, unless the mathematics is fenced: $`…`$, ```math
FENCED = r"\$`([^`\n]+)`\$|^```math\n(.*?)^```$"

def formulas(text):
    "What Markdown sets as mathematics: (TeX, displayed?, the character behind it)"
    text = re.sub(r"\$`[^`\n]*`\$|`[^`\n]*`", "", text)
    for m in re.finditer(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)", text, re.S): yield m[1] or m[2], bool(m[1]), text[m.end():m.end() + 1]

def faults(text):
    "What GitHub would not set, in a piece of Markdown"
    text = re.sub(r"^(`{3,}).*?^\1", "", text, flags=re.S | re.M)
    for f, displayed, behind in formulas(text):
        if not displayed and re.match("[A-Za-z]", behind): yield f"a letter right behind mathematics: {f}"
        if m := re.search(REFUSED, f): yield f"a macro that is refused: {m[0]}"
        if re.search(r"<[A-Za-z/!?]", f): yield f"taken for HTML, write a space behind <: {f}"
        if displayed and re.search(r"\n\s*\n", f): yield f"an empty line ends the paragraph: {f}"
        if displayed and re.search(r"^\s*([-+*#>]|\d+\.)\s", f, re.M): yield f"a line that begins like a list: {f}"
        if not displayed and "](" in f: yield f"taken for a link: {f}"
        if not f.isascii(): yield f"a sign for which TeX has a name (KaTeX warns, and sets it in another font): {f}"
    bare = re.sub(r"\$\$.+?\$\$", "", re.sub(r"\$`[^`\n]*`\$|`[^`\n]*`", "", text), flags=re.S)
    for m in re.findall(r"\[[^\[\]\n]*\$[^\[\]\n]*\]\(", bare): yield f"mathematics inside of a link: {m}"
    for m in re.findall(r"\\text\w*\{[^}$]*\$", bare): yield f"a dollar inside of \\text: {m}"

@each_nb
def test_markdown_is_set(nb):
    shown = ["".join(o["data"]["text/markdown"]) for c in code_cells(nb) for o in c.outputs if "text/markdown" in o.get("data", {})]
    found = [f for text in [*md_cells(nb), *shown] for f in faults(text)]
    assert not found, "\n".join(found)

def faults_of_a_file(text):
    "What GitHub would not set in a `.md` file, which Markdown reads before the mathematics is looked for"
    yield from faults(text)
    unfenced = re.sub(r"^(`{3,}).*?^\1", "", text, flags=re.S | re.M)
    every = [f for f, *_ in formulas(unfenced)]
    for f in every:
        if m := re.search(LOST, f): yield f"a backslash that is lost: {m[0]} in {f}"
    for f in [*every, *(m[1] or m[2] for m in re.finditer(FENCED, text, re.S | re.M))]:
        if m := re.search(REFUSED_IN_MARKDOWN, f): yield f"a macro that is refused: {m[0]}"

@pytest.mark.parametrize("name", TEXTS)
def test_markdown_files_are_set(name): assert not list(faults_of_a_file(TEXTS[name]))

def test_the_readme_fences_its_mathematics():
    assert re.search(r"^```math\n.*\\tag\{BOUND\}\n```$", README, re.M) and "$`" in README
    assert in_fences("a $x$ and $a\\,b$,\n\n$$a \\; b$$\n\n`$a\\,b$`") == "a $x$ and $`a\\,b`$,\n\n```math\na \\; b\n```\n\n`$a\\,b$`"

@each_nb
def test_every_picture_is_there_without_javascript(nb):
    "GitHub runs no script: an output of HTML brings a picture along, or is plain HTML, or says nothing that the page needs"
    for c in code_cells(nb):
        for o in c.outputs:
            data = o.get("data", {})
            assert not data.keys() & {"application/javascript", "application/vnd.plotly.v1+json"}, src(c)[:80]
            html = "".join(data.get("text/html", ""))
            if "vaegan-living" in html: assert "image/png" in data or re.search(r'<img [^>]*src="data:image/', html), src(c)[:80]

def test_the_test_sees():
    bad = [r"$\newcommand{\a}{b}$", "$a<b$", r"$x \text{ if $y$}$", "$$a\n\n+ b$$", "$$a\n+ b$$", "$[a](b)$", "[the rate $1/K$](a.ipynb)", "$-$ELBO"]
    assert all(list(faults(b)) for b in bad)
    lost = [r"$\{a\}$", r"$$a \; b$$", r"$a\,b$", r"$\|a\|$", "$$a \\\\\n b$$", "$`\\operatorname{a}`$", "```math\n\\def\\a{b}\n```"]
    assert all(list(faults_of_a_file(b)) for b in lost)
    assert not list(faults_of_a_file("$`a\\,b`$ and $`\\{c\\}`$, $\\alpha$\n\n```math\na \\; b\n```\n"))
    assert not list(faults("$a < b$, [the rate](a.ipynb) $1/K$ and\n\n$$a\n  b - c$$\n\n`$a<b$`\n\n```\n$a<b$\n```\n")) and not list(faults("costs 3$ or 4$"))
