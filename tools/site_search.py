"""What search knows of a page (search.z, which tools/finish_site.py packs): prose by sections, each numbered equation by its
tag, no code and no answers, formulas as a reader says them. nbs/search.js looks in it and ranks."""
import html
import re
import unicodedata
from html.parser import HTMLParser

from site_tex import BAR, NO_BREAK

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
MUTE = {"script", "style", "pre", "details", "form", "nav", "button", "svg"}       # code, folds (answers are folded), controls
HEADS = {"h2", "h3"}
INLINE = {"a", "b", "code", "em", "i", "span", "strong", "sub", "sup"}
SAME = {"How this page works"}       # sections that stand alike on many pages

# -- formulas as text --------------------------------------------------------------------------------------------------
GREEK = {n: unicodedata.lookup(f"GREEK {size} LETTER {n.upper().replace('LAMBDA', 'LAMDA')}")
         for size, names in (("SMALL", "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"),
                             ("CAPITAL", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega")) for n in names.split()}
SIGNS = GREEK | dict(varepsilon="ε", varphi="φ", mid="|", vert="|", lvert="|", rvert="|", Vert="‖", lVert="‖", rVert="‖", le="≤", leq="≤", ge="≥", geq="≥", ne="≠", neq="≠",
                     approx="≈", sim="∼", to="→", mapsto="↦", infty="∞", times="×", cdot="·", dots="…", ldots="…", cdots="…", sum="∑", prod="∏", int="∫", nabla="∇", partial="∂",
                     sqrt="√", top="ᵀ", odot="⊙", circ="∘", in_="∈", pm="±", propto="∝", equiv="≡", ell="ℓ", ll="≪", gg="≫", langle="⟨", rangle="⟩", Rightarrow="⇒", Longrightarrow="⇒",
                     iff="⇔", forall="∀", subset="⊂", lbrace="\1", rbrace="\2", quad=" ", qquad=" ") | {"in": "∈", "|": "‖"}
STYLE = re.compile(r"\\(?:math[a-z]+|operatorname\*?|text[a-z]*|boldsymbol|bm|displaystyle|limits|tag\{[^}]*\}|(?:begin|end)\{[^}]*\}|[,;!: ])")
SIZE = re.compile(r"\\(?:left|right|middle|[bB]igg?[lrm]?|nobreak|allowbreak)(?![a-zA-Z]) ?")
FRACTION = re.compile(r"\\[td]?frac *(?:\{([^{}]*)\}|(\w)) *(?:\{([^{}]*)\}|(\w))")

def over(m):
    "One fraction, in brackets where they are needed"
    a, b = m[1] or m[2] or "", m[3] or m[4] or ""
    return "/".join(s if re.fullmatch(r"\\?[\w^]+", s) else f"({s})" for s in (a.strip(), b.strip()))

def words(tex):
    "A formula as text: E_q[log p(x|z)], ½ as 1/2, σ^2"
    tex = STYLE.sub(" ", SIZE.sub("", tex.translate({ord(NO_BREAK): None, ord(BAR): None})).replace(r"\{", r"\lbrace ").replace(r"\}", r"\rbrace ").replace(r"\\", " "))
    tex = re.sub(r"\\(?:hat|bar|tilde|vec|widehat|overline|underline|underbrace|overbrace)\b", " ", tex)
    while True:
        new = FRACTION.sub(over, tex)
        if new == tex: new = re.sub(r"(?<!frac)(?<!\})\{([^{}]*)\}", r"\1", tex, count=1)
        if new == tex: break
        tex = new
    tex = re.sub(r"\\([a-zA-Z]+|\|) *", lambda m: SIGNS.get(m[1], f" {m[1]} "), tex)
    tex = re.sub(r"[{}$&\\~]", " ", tex)
    tex = re.sub(r"\s*([_^])\s*", r"\1", tex)
    tex = re.sub(r"[ ]*([|‖/)\]])|([(\[|‖/])[ ]+", lambda m: m[1] or m[2], re.sub(r"\s+", " ", tex))
    tex = re.sub(r" ?([=≈≤≥∼≠]) ?", r" \1 ", tex)
    return tex.replace("^2", "²").replace("^ᵀ", "ᵀ").replace("\1", "{").replace("\2", "}").strip()

# -- a page ------------------------------------------------------------------------------------------------------------
class Sections(HTMLParser):
    "The text of a page's <main>, section by section: [anchor, heading, words]; and its equations: [tag, anchor, heading]"
    def __init__(self):
        super().__init__()
        self.stack, self.ids, self.found, self.title, self.equations = [], [], [["", "", []]], [], []

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag not in INLINE or (a.get("aria-label") or "").endswith(" in the repository"): self.found[-1][2].append(" ")
        if tag in VOID: return
        kinds = (a.get("class") or "").split()
        if "equation" in kinds and (name := re.fullmatch(r"eq-(.+)", a.get("id") or "")) and self.here():
            self.equations.append([name[1].upper(), a["id"], self.found[-1][1]])
        mute = tag in MUTE or {"help", "display", "equation", "checks", "visually-hidden"} & set(kinds)
        self.stack.append((tag, bool(mute), "math" in kinds))
        if tag == "section": self.ids.append(a.get("id", ""))
        if tag in HEADS and self.here(): self.found.append([a.get("id") or (self.ids or [""])[-1], "", []])

    def handle_endtag(self, tag):
        while self.stack:
            last = self.stack.pop()[0]
            if last == "section": self.ids.pop()
            if last == tag: break

    def here(self): return any(t == "main" for t, _, _ in self.stack) and not any(m for _, m, _ in self.stack)

    def handle_data(self, data):
        if not self.here(): return
        tags = {t for t, _, _ in self.stack}
        if any(k for _, _, k in self.stack): data = words(data)
        if "h1" in tags: self.title.append(data)
        elif HEADS & tags: self.found[-1][1] += data
        else: self.found[-1][2].append(data)

def plain(parts): return " ".join("".join(parts).split())

def entries(text, page, title="", kind=0):
    "What search knows of a page, in the form that Quarto's box shows; `kind` is the page's place in the ranking, 0 a lesson"
    p = Sections()
    p.feed(text)
    title = title or plain(p.title)
    def entry(anchor, head, said):
        href = f"{page}#{anchor}" if anchor else page
        return dict(href=href, title=title, section=plain([head]), text=html.escape(said, quote=False), kind=kind)
    for anchor, head, body in p.found:
        if (said := plain(body)) or head:
            if plain([head]) not in SAME: yield entry(anchor, head, said)
    for tag, anchor, head in p.equations: yield entry(anchor, f"({tag})", f"Equation ({tag}) in “{plain([head])}”")

def gathered(found):
    "The entries by pages, which say only once what all their parts share: nbs/search.js takes them apart"
    pages = {}
    for e in found:
        page, _, anchor = e["href"].partition("#")
        of = pages.setdefault(page, dict(href=page, title=e["title"], kind=e["kind"], parts=[]))
        of["parts"].append([anchor, e["section"], e["text"]])
    return list(pages.values())
