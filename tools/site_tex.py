"TeX for narrow columns: where KaTeX may break a line."
import re

from site_markup import MATH, outside_code


def top_level(tex):
    "Each token of a formula, and whether it stands outside of braces, environments and \\left … \\right"
    depth = 0
    for token in re.findall(r"\\(?:begin|end)\{[^}]*\}|\\[a-zA-Z]+|\\.|.", tex, re.S):
        closes = token == "}" or token.startswith(("\\end{",)) or token == "\\right"
        depth -= closes
        yield token, depth == 0 and not closes
        depth += token == "{" or token.startswith("\\begin{") or token == "\\left"

RELATIONS = {"=", "<", ">", "\\le", "\\ge", "\\sim", "\\to", "\\in", "\\approx", "\\ne"}
OPERATORS = {"+", "-", "\\cdot", "\\times", "\\pm", "\\odot"}
TOGETHER = 24    # letters and signs, of a bracket or of what stands between two relations, that stay on one line

def width(tex):
    "About how many letters and signs a formula sets"
    tex = re.sub(r"\\(log|exp|sin|cos|min|max)\b", "xxx", tex)
    return len(re.sub(r"\\(mathbf|mathrm|mathbb|mathcal|boldsymbol|operatorname|text|[bB]igg?[lr]?|left|right|t?frac|hat|bar|tilde)\b|\\[,;!]|[{}\\\s^_\u2060\u2062]", "", tex))

def short(tokens, start, end): return width("".join(t for t, _ in tokens[start:end])) <= TOGETHER

def whole(tokens):
    "Where a line should not end: in short round or square brackets, and in a short piece between two relations"
    open_at, out, start = [], set(), 0
    out.update(next(([i] for i, (t, _) in enumerate(tokens) if not t.isspace() and t != "\\displaystyle"), []))       # a sign that a formula begins with
    for i, (t, top) in enumerate([*tokens, ("=", True)]):
        norm = t == "\\|" and open_at and tokens[open_at[-1]][0] == "\\|"      # ‖a − b‖, and not KL(q ‖ p)
        if top and (t in (")", "]") and open_at or norm):
            at = open_at.pop()
            while not norm and open_at and tokens[at][0] == "\\|": at = open_at.pop()
            if short(tokens, at, i + 1): out.update(range(at, i))
        elif top and t in ("(", "[", "\\|"): open_at.append(i)
        if top and not open_at and t in RELATIONS:
            if short(tokens, start, i): out.update(range(start, i))
            start = i + 1
    return out

NO_BREAK, BAR = "\u2060", "\u2062"    # a word joiner after a sign: \\nobreak; an invisible times before \\mid: {\\;\\mid\\;}

def breakable(tex):
    """KaTeX may break a line after any relation or operator. It should not in p(x | z), nor in (1 − x), nor just before the last two
    letters: there the bar is made no relation, and short pieces stay whole. Both are written as letters that nobody sees, which
    nbs/site.js explains to KaTeX, so that a reader without JavaScript, or who copies, gets the author's own TeX"""
    tokens = list(top_level(tex.translate({ord(NO_BREAK): None, ord(BAR): None})))    # done twice is done once
    together = whole(tokens)
    def written(i, t, top):
        if not top: return t
        if t == "\\mid": return BAR + t
        return t + NO_BREAK if i in together and t in RELATIONS | OPERATORS else t
    return "".join(written(i, t, top) for i, (t, top) in enumerate(tokens))

# -- brackets between which a line may break -------------------------------------------------------------------------
PAIR = re.compile(r"\\left\s*(?P<open>\\[a-zA-Z|{]+|[(\[|])(?P<inside>(?:(?!\\left\b|\\right\b).)*)\\right\s*(?P<close>\\[a-zA-Z|}]+|[)\]|])", re.S)

def tall(inside):
    "How large brackets around this are drawn: as \\left and \\right would"
    if re.search(r"\\(d?frac|sum|int|prod|begin)\b", inside): return "Big"
    return "big" if re.search(r"\\tfrac\b|[()\[\]{}](?![^{]*\})", inside) else ""

def loose(tex):
    """A formula with \\bigl[ and \\bigr] for \\left[ and \\right] around what is long: between those KaTeX breaks no line, and on a phone
    it would scroll"""
    def sized(m):
        size = tall(m["inside"])
        return f"\\{size}l{m['open']}{m['inside']}\\{size}r{m['close']}" if size else f"{m['open']}{m['inside']}{m['close']}"
    def pair(m): return sized(m) if width(m["inside"]) > TOGETHER else m[0].replace("\\left", "\\LEFT").replace("\\right", "\\RIGHT")
    if "\\begin" in tex: return tex
    for _ in range(4): tex = PAIR.sub(pair, tex)
    return tex.replace("\\LEFT", "\\left").replace("\\RIGHT", "\\right")

def loosened(text):
    "The same for the long displays of a page"
    def display(m): return f"$${loose(m['display'])}$$" if m["display"] else m[0]
    return outside_code(text, lambda t: MATH.sub(display, t))
