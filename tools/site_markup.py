"Small pieces that the site's build writes into Markdown: raw HTML in a fence of its own, code, and what is not code."
import html
import re

from fastcore.nbio import mk_cell

CODE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n.*?^[ \t>]*\1[^\n]*$|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.S | re.M)
MATH = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?!\s)(?P<inline>[^$\n]+?)(?<![\s\\])\$(?!\d)", re.S)

def markdown(source): return mk_cell(source, "markdown")
def text_of(cell): return "".join(cell.source)
def output_text(output): return "".join(output.get("data", {}).get("text/markdown", ""))
def escaped(text): return html.escape(text, quote=True)

def fenced(text, language):
    "A fenced block whose fence is longer than any inside"
    fence = "`"*max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"

def raw(text): return fenced(text, "{=html}")
def python(source): return fenced(source, "python")

def plain_html(text):
    "Words of a comment or a docstring as HTML: what stands in backticks is code, and so is a command of TeX; of a link the words stay"
    text = re.sub(r"\[([^\[\]]+)\]\([^()\s]+\)", r"\1", text)
    return re.sub(r"`([^`]+)`|(\\[A-Za-z]+(?:\{[^{}]*\})?)", lambda m: f"<code>{m[1] or m[2]}</code>", html.escape(" ".join(text.split()), quote=False))

RAW = re.compile(r"^(`{3,})\{=html\}\n.*?^\1$", re.S | re.M)

def outside(pattern, text, change):
    "`change` everything between the matches of a pattern"
    out, at = [], 0
    for m in pattern.finditer(text):
        out += [change(text[at:m.start()]), m[0]]
        at = m.end()
    return "".join([*out, change(text[at:])])

def outside_code(text, change): return outside(CODE, text, change)
def outside_raw(text, change): return outside(RAW, text, change)

MARKUP = re.compile(rf"{MATH.pattern}|<[^<>]*>|\]\([^()\s]*\)", re.S)
HYPHEN = re.compile(r"(?<![^\s(\[|,;:=±])-(?=\.?\d)")

def signed(text):
    "A hyphen before a number, where a word may begin, is a minus sign; code, formulas, tags and addresses stay as they are"
    return outside_code(text, lambda t: outside(MARKUP, t, lambda u: HYPHEN.sub("−", u)))

WHOLE = re.compile(rf"{MARKUP.pattern}|^#+ [^\n]*$|\[[^\[\]]*\]|\{{[^{{}}]*\}}", re.S | re.M)
COMPOUND = re.compile(r"(?<![\w\-./&#])(?:\w-\w{2,}|\w{2,}-\w)(?![\w\-/])")

def unbroken(text):
    "No line ends in a short compound such as U-Net, L-BFGS or k-th; headings, links, code, formulas and tags stay as they are"
    return outside_code(text, lambda t: outside(WHOLE, t, lambda u: COMPOUND.sub(r'<span class="nobreak">\g<0></span>', u)))

def bare(source):
    "A cell's source without its directives"
    return "\n".join(s for s in source.split("\n") if not s.startswith("#|"))

def prefixed(text, first, rest):
    "Lines with a prefix: that of a list's item or of a quotation"
    lines = text.split("\n")
    return "\n".join([first + lines[0]] + [(rest + s).rstrip() for s in lines[1:]])
