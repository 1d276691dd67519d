"""What the home page says in numbers and lists, from the pages themselves: the minutes of the thirty-minute path, the chapters, the
bank, the pages about exams, own code and own images, the rooms of the workshop, and how many equations and exercises there are. `python tools/write_home.py` writes them into
nbs/index.ipynb (`make prepare`); a test compares."""
import re
from functools import cache, partial

from fastcore.nbio import read_nb, write_nb
from notebooks import NBS, ROOT, equations, md_cells, src, tags

from vaegan.contents import PAGES, lessons, module_of
from vaegan.exam.learner import exercises_of

INDEX = ROOT/"nbs"/"index.ipynb"
SECONDS = dict(word=.3, equation=30, picture=20, cell=10)    # 200 words a minute; the path says so, too

# -- the minutes of a section ------------------------------------------------------------------------------------------
def slug(heading): return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))

def reading(text):
    "Seconds for a piece of Markdown: its words and its displays, without what is folded away"
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
    words = re.sub(r"\$\$.+?\$\$|<[^>]+>|\]\([^)]*\)|^## [^\n]*", " ", text, flags=re.S | re.M).split()
    return SECONDS["word"]*len(words) + SECONDS["equation"]*len(re.findall(r"\$\$.+?\$\$", text, re.S))

def looking(cell):
    "Seconds for a code cell, or for its picture, whose code is folded on the site; imports, and what is hidden, cost nothing"
    if re.match(r"(#\|.*\n)*(import|from|!)", src(cell)): return 0
    pictures = sum(any(k.startswith("image/") for k in o.get("data", {})) for o in cell.get("outputs", []))
    return SECONDS["picture"]*pictures or SECONDS["cell"]

@cache
def sections(page):
    "Anchor of each section -> the seconds that it takes"
    out, now = {}, None
    for c in read_nb(ROOT/"nbs"/page).cells:
        if c.cell_type == "markdown":
            for part in re.split(r"(?=^## )", src(c), flags=re.M):
                if m := re.match(r"## (.*)", part): now = slug(m[1]); out[now] = 0
                if now: out[now] += reading(part)
        elif now: out[now] += looking(c)
    return out

def minutes(item):
    "The minutes of the sections that an item of the path links to, at least one"
    return max(1, round(sum(sections(page or INDEX.name)[at] for page, at in re.findall(r"\]\(([^)#]*)#([^)]+)\)", item))/60))

def with_minutes(source):
    "The path with the minutes of each stop"
    def stop(m): return f"{m[1]}<br>{minutes(m[0])} min · {m[2]}"
    def path(m): return re.sub(r"^(\d+\. \[.+?\]\(.+?\))<br>(?:\d+ min · )?(.*)$", stop, m[0], flags=re.M)
    return re.sub(r'<div class="path">.*?</div>', path, source, flags=re.S)

# -- lists of pages ----------------------------------------------------------------------------------------------------
def exercises(page):
    module = module_of(page.path)
    return f"\u00a0· [exercises](exercises/{module}.ipynb)" if (ROOT/"nbs"/"exercises"/f"{module}.ipynb").exists() else ""

def chapters():
    "The lessons, part by part, each with its number, its title and what its reader will be able to do"
    out, part = [], None
    for p in lessons():
        if p.section != part: out.append(f"\n### {p.section}\n")
        part = p.section
        out.append(f"{int(p.path[:2])}. [{p.title}]({p.path}.ipynb)<br>{p.able}{exercises(p)}")
    return "\n".join(out).strip()

def bank(): return ", ".join(f"[{p.stem}](bank/{p.name})" for p in bank_pages())
def bank_pages():
    found = {p.stem: p for p in NBS if p.parent.name == "bank"}
    order = [module_of(p.path) for p in lessons()]
    return [found[n] for n in sorted(found, key=lambda n: (order.index(n) if n in order else len(order), n))]

TABLES = dict(rooms="Workshop", exams="Exams for a class", code="Your own code", own="Your own images")       # class of a list -> its part of the course

def rooms(part):
    "The pages of a part as a table"
    rows = ["| room | you will be able to |", "|---|---|"]
    return "\n".join(rows + [f"| [{p.title}]({p.path}.ipynb) | {p.able} |" for p in PAGES if p.section == part])

def with_list(source, name, made):
    return re.sub(rf'(<div class="{name}">\n).*?(</div>)', lambda m: f"{m[1]}\n{made()}\n\n{m[2]}", source, flags=re.S)

# -- counts ------------------------------------------------------------------------------------------------------------
def n_equations(): return sum(len(tags(e)) for nb in NBS for e in equations(nb))
def n_exercises(): return sum(len(exercises_of(p.stem)) for p in bank_pages())

def with_counts(source):
    source = re.sub(r"\d+(?= numbered equations)", lambda m: str(n_equations()), source)
    return re.sub(r"\d+(?= exercises whose numbers)", lambda m: str(n_exercises()), source)

# -- the page ----------------------------------------------------------------------------------------------------------
def written(source):
    "A Markdown cell of the home page as it should be"
    made = dict(chapters=chapters, bank=bank) | {name: partial(rooms, part) for name, part in TABLES.items()}
    for name, text in made.items(): source = with_list(source, name, text)
    return with_minutes(with_counts(source))

def path_minutes(): return sum(int(n) for n in re.findall(r"<br>(\d+) min · ", "\n".join(md_cells(INDEX))))

if __name__ == "__main__":
    nb = read_nb(INDEX)
    for c in nb.cells:
        if c.cell_type == "markdown": c.source = written(src(c))
    write_nb(nb, INDEX)
