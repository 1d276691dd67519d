"""What a page and the site need not carry: anchors and colours of code, styles and scripts of others, the same script on every page,
rules of style for markup that stands on no page, quotes that HTML can spare. tools/finish_site.py uses it; a reader loses nothing."""
import hashlib
import html
import json
import re

from notebooks import ROOT

LINE = re.compile(r'^<span id="cb[\w-]+"><a href="#cb[\w-]+" aria-hidden="true" tabindex="-1"></a>(.*)</span>$', re.M)
PLAIN = re.compile(r'<span class="(?:op|ot|va|cn|pp|ex|er|al|in|re|sc|dt|wa)">([^<]*)</span>')      # what site.scss leaves uncoloured
COLORS = dict(b="kw cf im", em="st ss ch vs", i="dv fl bn", cite="co do an cv", var="fu at bu")     # site.scss: five colours
COLOR = {kind: element for element, kinds in COLORS.items() for kind in kinds.split()}
COLORED = re.compile(r'<span class="(' + "|".join(COLOR) + r')">([^<]*)</span>')
ONCE = re.compile(r'<script(?P<kind>[^>]*)>(?P<body>(?:(?!</script>).)*?'
                  r'(?:const anchorJS|The answer box of an exercise|mathElements|"search-no-results-text").*?)</script>\n?', re.S)
NAMED = re.compile(r'id="(?P<id>[^"]+)" type="application/json"')      # data that a script of Quarto looks for
CODE = re.compile(r'(?P<copy>runs-code"><pre[^>]*>)?<code class="sourceCode(?P<kind>[^"]*)"[^>]*>(?P<text>.*?)</code>', re.S)
COPY = re.compile(r'<button title="[^"]*" class="code-copy-button"><i class="bi"></i></button>')     # nbs/look.js brings it
OTHERS = (re.compile(r"<style>\s*/\* Default styles provided by pandoc.*?</style>\n?", re.S),
          re.compile(r' data-quarto-private-\d+="[^"]*"'), re.compile(r' data-quarto-table-cell-role="\w+"'), COPY,
          re.compile(r'(?<=class="sourceCode) python code-with-copy(?=")'), re.compile(r'(?<=<div class="sourceCode) cell-code(?=")'),
          re.compile(r'(?<=<div class="sourceCode") id="cb[\d-]+"(?=>)'), re.compile(r' data-execution_count="\d*"'),
          re.compile(r' data-quarto-disable-processing="true"'),
          re.compile(r'\s*</t[dh]>\s*(?=<t[dh][ >]|</tr>)|\s*</(?:tr|tbody|thead)>\s*(?=<t[rbh]|</t(?:body|head|able)>)'),     # what HTML takes as said
          re.compile(r'(?<=<html) xmlns="[^"]*"'), re.compile(r'(?<=lang="en") xml:lang="en"(?=>)'), re.compile(r' append-hash="true"'),
          re.compile(r'<meta name="generator"[^>]*>\n?'), re.compile(r'<meta property="og:site_name"[^>]*>\n?'),
          re.compile(r'<meta property="og:image:(?:height|width)"[^>]*>\n?'), re.compile(r'<meta name="twitter:(?!card)[^>]*>\n?'))               # these repeat og:…, which is read in their place

BOX = re.compile(r'<div class="code-copy-outer-scaffold">(<div class="sourceCode[^>]*>.*?</div>)</div>', re.S)
HEAD = re.compile(r'(<section id="([^"]+)"[^>]*>\s*<h\d class="[^"]*\banchored\b[^"]*") data-anchor-id="\2"')      # nbs/look.js says it again
LEVEL = re.compile(r'(<section id="[^"]+") class="level\d"')
NOTE = re.compile(r"<!--(?! the shell).*?-->\n?", re.S)
MATH = re.compile(r'(?<=<span class="math) inline')      # nbs/look.js says it again
CELL = re.compile(r'<div id="([0-9a-f]{8}(?:-\d+)?)" class="cell')

def coloured(code):
    "Code with an element of its own for each colour, the shortest for the most frequent, for Quarto's spans; neighbours are one"
    code = PLAIN.sub(r"\1", LINE.sub(r"\1", code))
    code = COLORED.sub(lambda m: f"<{COLOR[m[1]]}>{m[2]}</{COLOR[m[1]]}>", code)
    return re.sub(rf"<({'|'.join(COLORS)})>[^<]*</\1>(?:<\1>[^<]*</\1>)+", lambda m: f"<{m[1]}>{re.sub('<[^>]*>', '', m[0])}</{m[1]}>", code)

def uncoloured(code):
    "Python without the marks of its colours, which nbs/code.js gives in the reader's browser"
    return html.escape(html.unescape(re.sub("<[^>]*>", "", code)), quote=False)

def in_code(m):
    """The inside of a box of code: Python uncoloured, another language coloured. What long lines need, where the page is too narrow
    for them, is nbs/code.js's to make, and the copy of a cell in its equation's block nbs/site.js's"""
    if m["copy"]: return m["copy"] + "<code></code>"
    python = m["kind"].split()[:1] in ([], ["python"])
    return f'<code>{uncoloured(m["text"]) if python else coloured(m["text"])}</code>'

FOLDED = re.compile(r'(?P<fold><details class="code-fold">\s*<summary>(?:(?!</summary>).)*</summary>)\s*'
                    r'<div class="sourceCode"><pre class="sourceCode"><code>(?P<code>[^<]+)</code></pre></div>\s*(?=</details>)'
                    r'|(?P<mark><div class="runs-body">)\s*(?P<held><p class="label">(?:(?!</details>|runs-code| (?:id|href)=).)*?<table(?:(?!</details>|runs-code| (?:id|href)=).)*?)'
                    r'(?=<p class="label">[^<]*</p>\s*<div class="sourceCode runs-code">)', re.S)

def packed(text, file):
    """A page without the code that is folded and the tables in the marks of its equations: together a quarter of the site, and a fifth
    of that when they are packed; and those parts. nbs/code.js puts them back from `file`, beside the page, as soon as the page is there"""
    found = [html.unescape(m["code"]) if m["fold"] else m["held"].strip() for m in FOLDED.finditer(text)]
    first = iter([f' data-from="{file}"'])
    def empty(m):
        tag = "code" if m["fold"] else "div"
        return f'{m["fold"] or m["mark"]}<{tag} class="packed"{next(first, "")}></{tag}>'
    return FOLDED.sub(empty, text), found

LINES = re.compile(r'(?<= d=")M[-\d. LMzZ]+(?=")')

def straight(a, b, points):
    "Whether all points lie on the way from a to b, to a twentieth of a point: they are written to a tenth"
    dx, dy = b[0] - a[0], b[1] - a[1]
    long = dx*dx + dy*dy
    return long > 0 and all(abs(dx*(y - a[1]) - dy*(x - a[0])) <= .05*long**.5 and 0 <= dx*(x - a[0]) + dy*(y - a[1]) <= long for x, y in points)

def thinned(points):
    "A line without the points that do not bend it"
    kept, at = points[:1], 0
    for i in range(1, len(points)):
        if i - at > 1 and not straight(points[at], points[i], points[at + 1:i]):
            at = i - 1
            kept.append(points[at])
    return kept + points[-1:]*(len(points) > 1)

def number(v):
    "0.50 -> .5"
    return re.sub(r"^(-?)0(?=\.)", r"\1", f"{v:.2f}".rstrip("0").rstrip(".")) if round(v, 2) else "0"

def put(out, v):
    "A number behind others, as SVG reads them: no space where a sign or a second point parts them"
    s = number(v)
    apart = not out or out[-1] in "Mlhv" or s[0] == "-" or s[0] == "." and "." in re.split("[ a-zM-]", out)[-1]
    return out + ("" if apart else " ") + s

def path(m):
    "A drawn line of a figure, M x y L x y …, as short as it can be said: from point to point, h and v along an axis"
    out = ""
    for piece in re.findall(r"M[^M]*", m[0]):
        at = [float(n) for n in re.findall(r"-?[\d.]+", piece)]
        (a, b), *points = thinned(list(zip(at[::2], at[1::2])))
        out, last = put(put(out + "M", a), b), ""
        for x, y in points:
            way, by = ("h", [x - a]) if x != a and y == b else ("v", [y - b]) if x == a and y != b else ("l", [x - a, y - b])
            if way != last: out += way
            for v in by: out = put(out, v)
            a, b, last = x, y, way
        out += "z"*(piece.rstrip()[-1] in "zZ")
    return out

SHAPES = "circle|ellipse|image|line|path|polygon|polyline|rect|use"
RUN = re.compile(rf'<(?:{SHAPES})\b[^>]*? (?P<same>(?:clip-path="[^"]*" )?style="[^"]*")/>(?:<(?:{SHAPES})\b[^>]*? (?P=same)/>){{2,}}')

def together(m):
    "Neighbours that look alike as a group that says it once; a group's opacity would be another thing than that of its shapes"
    look = m["same"]
    if re.search(r"(?<![\w-])opacity:", look):
        if re.search(r"(?<![\w-])stroke:(?!none)", look): return m[0]
        look = re.sub(r"(?<![\w-])opacity:", "fill-opacity:", look)
    return f"<g {look}>{m[0].replace(' ' + m['same'], '')}</g>"

def drawn(svg):
    "A figure without groups that group nothing and without tags that close nothing"
    out, kept = [], []
    for part in re.split(r"(</?g\b[^>]*>)", svg):
        if part == "</g>":
            if not kept.pop(): continue
        elif part.startswith("<g"):
            kept.append(part != "<g>")
            if not kept[-1]: continue
        out.append(part)
    text = re.sub(rf"<({SHAPES})\b([^>]*[^/>])></\1>", r"<\1\2/>", "".join(out))
    return RUN.sub(together, text)

UNSAID = {"caption-top", "table-sm", "table-striped", "small", "odd", "even", "header"}      # classes of tables that site.scss does not ask for

def bare_table(m):
    "The tag of a table or a row with the classes that are asked for"
    kept = [c for c in m[2].split() if c not in UNSAID]
    return f'<{m[1]} class="{" ".join(kept)}"' if kept else f"<{m[1]}"

def lighter(text):
    "A page without what Quarto and pandoc write for others"
    for pattern in OTHERS: text = pattern.sub("", text)
    for pattern in (BOX, HEAD, LEVEL): text = pattern.sub(r"\1", text)
    text = outside(lambda t: NOTE.sub("", t), text)
    text = CELL.sub(lambda m: m[0] if f'#{m[1]}"' in text else '<div class="cell', text)
    text = re.sub(r'<(table|tr) class="([^"]*)"', bare_table, text)
    text = re.sub(r"(<script id=\"quarto-search-options\"[^>]*>)(.*?)(?=</script>)", lambda m: m[1] + re.sub(r"\n\s*", "", m[2]), text, flags=re.S)
    text = re.sub(r'<svg class="fig".*?</svg>', lambda m: drawn(LINES.sub(path, m[0])), text, flags=re.S)
    return CODE.sub(in_code, text)

def outside(change, text):
    "A page changed outside of its scripts, styles and boxes of text"
    parts = re.split(r"(<(?:script|style|textarea)\b.*?</(?:script|style|textarea)>)", text, flags=re.S)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))

TAG = re.compile(r"<[a-zA-Z][^<>]*[^<>/]>")
UNQUOTED = re.compile(r"""(\s[\w:-]+)="([^\s"'=<>`]*[^\s"'=<>`/])"(?=[\s>])""")
QUOTED = re.compile(r"""(\s[\w:-]+)=([^\s"'=<>`]+)(?=[\s>])""")

def bare(text):
    "A page whose attributes have the quotes that HTML asks for, and no others"
    return outside(lambda t: TAG.sub(lambda m: UNQUOTED.sub(r"\1=\2", MATH.sub("", m[0])), t), text)

def quoted(text):
    "The same with all of them"
    return outside(lambda t: TAG.sub(lambda m: QUOTED.sub(r'\1="\2"', m[0]), t), text)

PUT = 'document.head.append(Object.assign(document.createElement("script"), {{id: "{id}", type: "application/json", textContent: {text}}}));\n'

BASE = (ROOT/"vaegan"/"js"/"base.js").read_text(encoding="utf-8").strip()
NAMES = re.findall(r"^export (?:async )?(?:const|function) (\w+)", BASE, re.M)
LIVING = re.compile(r'(?<=<script type="module">)\s*' + re.escape(BASE) + r"(?P<own>.*?)(?=</script>)", re.S)

def named(body): return f"{hashlib.sha256(body.encode()).hexdigest()[:12]}.js"

def shared(text, up):
    """A page whose large scripts stand in files that all pages share, and those files: name -> script. Of a living picture it is
    what all of them begin with"""
    files = {}
    def living(m):
        files[name := named(BASE)] = BASE
        used = [n for n in NAMES if re.search(rf"(?<![\w.]){n}\b", m["own"])]
        return f'\nimport {{{", ".join(used)}}} from "{up or "./"}scripts/{name}";{m["own"]}'
    text = LIVING.sub(living, text)
    def out(m):
        body = m["body"]
        if data := NAMED.search(m["kind"]): body = PUT.format(id=data["id"], text=json.dumps(body, ensure_ascii=False))
        name = named(body)
        if name in files: return ""
        files[name] = body
        module = 'type="module" ' if "module" in m["kind"] else "defer "
        return f'<script {module}src="{up}scripts/{name}"></script>\n'
    return ONCE.sub(out, text), files

# -- a sheet of style without the rules that nothing asks for -----------------------------------------------------------
TOKEN = re.compile(r"[\w-]+")
NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")

def rules(css):
    "A sheet as (head, body) pairs, body None for a statement such as @import"
    at, depth, start, head = 0, 0, 0, ""
    for m in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|url\([^"\')]*\)|/\*.*?\*/|[{};]', css, re.S):
        if m[0] == "{":
            depth += 1
            if depth == 1: head, start = css[at:m.start()], m.end()
        elif m[0] == "}":
            depth -= 1
            if depth == 0: yield head.strip(), css[start:m.start()]
            if depth == 0: at = m.end()
        elif m[0] == ";" and depth == 0:
            yield css[at:m.end()].strip(), None
            at = m.end()

def parts(selector):
    "a, b:is(c, d) -> a | b:is(c, d)"
    out, depth = [""], 0
    for piece in re.split(r"([()\[\],])", selector):
        depth += (piece in "([" and piece != "") - (piece in ")]" and piece != "")
        if piece == "," and not depth: out.append("")
        else: out[-1] += piece
    return [s.strip() for s in out]

def asked(selector, seen):
    "Whether markup with these classes and ids may stand somewhere; what stands in brackets, :not(.x), asks for nothing"
    while (bare := re.sub(r"\([^()]*\)|\[[^\]]*\]", "", selector)) != selector: selector = bare
    return all(name in seen for name in NAME.findall(selector))

def pruned(css, seen):
    "A sheet without the rules whose classes and ids are none of the words `seen`"
    out = []
    css = re.sub(r"/\*(?!!).*?\*/", "", css, flags=re.S)
    for head, body in rules(css):
        comment = "".join(re.findall(r"/\*!.*?\*/", head, re.S))
        bare = re.sub(r"/\*!.*?\*/", "", head, flags=re.S).strip()
        if body is None: out.append(head)
        elif bare.startswith(("@media", "@supports", "@layer", "@container")):
            inner = pruned(body, seen)
            if inner: out.append(f"{comment}{bare}{{{inner}}}")
        elif bare.startswith("@"): out.append(f"{head}{{{body}}}")
        else:
            kept = [s for s in parts(bare) if asked(s, seen)]
            if kept: out.append(f"{comment}{','.join(kept)}{{{body}}}")
            elif comment: out.append(comment)
    return "".join(out)

def seen_words(text):
    "All words of pages and scripts: whatever a rule of style may be for"
    return set(TOKEN.findall(text))

PROPERTY = re.compile(r"(?<=[{;])\s*(--[\w-]+)\s*:[^;{}]*(?:;|(?=\}))")

def without_idle(css, others):
    "A sheet without the properties of its own, such as --bs-teal, that neither it nor the text `others` asks for"
    asks = re.compile(r"(?:var\(\s*|[\"'`])(--[\w-]+)")
    elsewhere = set(asks.findall(others))
    while True:
        used = elsewhere | set(asks.findall(css))
        new = PROPERTY.sub(lambda m: m[0] if m[1] in used else "", css)
        if new == css: return re.sub(r"[^{}]*\{\}", "", css)
        css = new

FORMULA = re.compile(r'class=\\?"?math[^>]*>([^<]*)')
FACES = dict(Fraktur="mathfrak|frak", SansSerif="mathsf|textsf|sf", Script="mathscr", Typewriter="mathtt|texttt|tt|verb")     # KaTeX's, and what asks for them

def unset(text):
    "The faces of KaTeX that no formula in some text asks for"
    tex = "\n".join(FORMULA.findall(text))
    return [face for face, commands in FACES.items() if not re.search(rf"\\(?:{commands})(?![a-zA-Z])", tex)]

def without_faces(css, faces):
    "A sheet that does not ask for these faces"
    return re.sub(r"@font-face\{[^}]*\}", lambda m: "" if any(f"KaTeX_{face}" in m[0] for face in faces) else m[0], css)
