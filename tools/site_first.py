"""The first screen of a page: the part of the course, the number and the title, the question of the chapter, what there is (equations
that run, exercises, Colab), the picture worth remembering, and then what you need and will be able to do. The first lines go into the
page's front matter, from which nbs/title-block.html makes the head of the page."""
import re
from copy import deepcopy

import yaml
from fastcore.nbio import read_nb
from notebooks import ROOT, src
from site_folds import folded
from site_markup import escaped, markdown, raw

from vaegan.contents import PAGES, lessons, module_of

COLAB = re.compile(r"^\[!\[[^\]]*\]\([^)]*colab-badge\.svg\)\]\((?P<url>[^)]+)\)\s*$", re.M)
CONTRACT = ("You need", "You will be able to")
TITLES = {p.path: p for p in PAGES}
LESSONS = {p.path for p in lessons()}

def number(path):
    "The chapter's number, or none"
    return int(path[:2]) if path in LESSONS else None

def part(path):
    "The part of the course that a page belongs to"
    if path in TITLES: return "" if TITLES[path].section == "Start here" else TITLES[path].section
    return {"exercises": "Exercises", "bank": "For teachers: the bank"}.get(path.split("/")[0], "")

def exercises(path):
    "The page of a chapter's exercises and how many it has"
    page = ROOT/"nbs"/"exercises"/f"{module_of(path)}.ipynb"
    if path not in LESSONS or not page.exists(): return None
    n = sum(len(re.findall(r"^## \d+\. ", src(c), re.M)) for c in read_nb(page).cells if c.cell_type == "markdown")
    return f"exercises/{page.name}", n

def split(text, path):
    "The parts of a page's second cell: question, link to Colab, contract, and the rest"
    badge = COLAB.search(text)
    before, after = (text[:badge.start()], text[badge.end():]) if badge else ("", text)
    question = before.strip() if path in LESSONS else ""
    paragraphs = re.split(r"\n\s*\n", ("" if question else before.strip() + "\n\n") + after.strip())
    contract = {name: p.strip()[len(name) + 4:].strip() for p in paragraphs for name in CONTRACT if p.strip().startswith(f"**{name}**")}
    rest = [p for p in paragraphs if p.strip() and not any(p.strip().startswith(f"**{name}**") for name in CONTRACT)]
    return question, badge["url"] if badge else "", contract, "\n\n".join(rest).strip()

def facts(path, up, equations, colab):
    "The short list under the question"
    out = []
    if equations: out.append(f"[{equations} equation{'s run' if equations > 1 else ' runs'}]{{.runs-mark}}")
    if known := exercises(path): out.append(f"[{known[1]} more exercise{'s' if known[1] > 1 else ''}]({up}{known[0]})")
    if colab: out.append(f"[Open in Colab]({colab})")
    return out

def contract_list(contract):
    "What you need and will be able to, as a list of two terms"
    if not contract: return ""
    items = "\n\n".join("\n\n".join([raw(f"<div><dt>{name}</dt><dd>"), words, raw("</dd></div>")]) for name, words in contract.items())
    return "\n\n".join([raw('<dl class="contract">'), items, raw("</dl>")])

def front(cell):
    "The front matter of a page"
    return yaml.safe_load(re.match(r"\s*---\n(.*?)\n---", src(cell), re.S)[1])

def put_front(cell, matter): cell.source = f"---\n{yaml.safe_dump(matter, allow_unicode=True, sort_keys=False, width=10**6)}---\n"

def front_matter(cell, path, up, question, listed):
    "The front matter with what the head of the page needs"
    matter = front(cell)
    if part(path): matter["kicker"] = f"[{part(path)}]({up}index.ipynb)"
    if number(path): matter["chapter-number"] = number(path)
    if question: matter["question"] = question
    if listed: matter["facts"] = listed
    put_front(cell, matter)

# -- the picture worth remembering -------------------------------------------------------------------------------------
def lifted(cells, open_ids=()):
    "The picture of the cell marked `#| cover` for the first screen, and the cells without it there"
    at = next((i for i, c in enumerate(cells) if c.cell_type == "code" and "cover" in getattr(c, "directives_", {})), None)
    if at is None: return [], cells
    cell = cells[at]
    picture = deepcopy(cell)
    picture.id, picture.source, cell.outputs = "cover-cell", "#| echo: false\n# the picture worth remembering", []
    if cell.id not in open_ids: folded(cell, "Code of the picture at the top")
    up = markdown(raw('<p class="cover-link"><a href="#cover">The picture at the top of the page</a> is drawn here.</p>'))
    return [markdown("::: {#cover .cover}"), picture, markdown(":::")], [*cells[:at], up, *cells[at:]]

# -- the home page -----------------------------------------------------------------------------------------------------
BADGE = re.compile(r"\[!\[[^\]]*\]\([^)]*colab-badge\.svg\)\]\(([^)]+)\)")
HERO = re.compile(r'<div class="hero">\s*(?P<inside>.*?)\s*</div>', re.S)

def fenced_div(kind, text): return f"::: {{.{kind}}}\n{text}\n:::"

def action(m):
    "A link of the first screen as a button"
    return f"[{m[1]}]({m[2]}){{.btn}}"

def hero_text(title, inside):
    "Title, what this is, for whom, and where to start; a picture that stands in the notebook only"
    what, *who, links = [p for p in re.split(r"\n\s*\n", BADGE.sub(r"[Open in Colab](\1)", inside)) if not p.startswith("![")]
    buttons = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", action, links.replace(" · ", " ")).replace("{.btn}", "{.btn .btn-primary}", 1)
    name = re.sub(r"\bruns$", "<em>runs</em>", escaped(title))
    parts = [raw(f'<h1 class="title">{name}</h1>'), fenced_div("what", what), *(fenced_div("who", p) for p in who), fenced_div("actions", buttons)]
    return "\n\n".join(parts)

def home(cells, cover):
    "The home page: its first cell and its living picture side by side, with the title in between"
    at = next((i for i, c in enumerate(cells) if c.cell_type == "markdown" and HERO.search(c.source)), None)
    if at is None: return [*cells[:1], *cover, *cells[1:]]
    matter = front(cells[0]) | {"home": True}
    put_front(cells[0], matter)
    inside = HERO.search(cells[at].source)["inside"]
    picture = cover or [markdown(p) for p in re.findall(r"^!\[.*\)$", inside, re.M)]
    start = markdown(f":::: {{.hero}}\n\n::: {{.hero-text}}\n\n{hero_text(matter['title'], inside)}\n\n:::")
    return [*cells[:at], start, *picture, markdown("::::"), markdown(HERO.sub("", cells[at].source)), *cells[at + 1:]]

# -- every page --------------------------------------------------------------------------------------------------------
def opened(cells, cover, path, up, equations, new_symbols="", more=()):
    "A page with its first screen; `cover`: the cells that show its picture, `more`: further facts for its head"
    if path == "index": return home(cells, cover)
    head = next((i for i, c in enumerate(cells) if c.cell_type == "markdown" and COLAB.search(c.source)), None)
    if head is None or cells[0].cell_type != "raw": return [*cover, *cells]
    question, colab, contract, rest = split(cells[head].source, path)
    front_matter(cells[0], path, up, question, [*facts(path, up, equations, colab), *more])
    below = [markdown(t) for t in (contract_list(contract), new_symbols, rest) if t]
    return [*cells[:head], *cover, *below, *cells[head + 1:]]
