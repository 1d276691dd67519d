"Who cites what: `python tools/write_references.py` writes on nbs/references.ipynb which pages cite each work; tests/pages/test_pages.py compares."
import re
import unicodedata
from functools import cache
from typing import NamedTuple

from fastcore.nbio import read_nb, write_nb
from notebooks import NBS, ROOT, nb_id, prose, src

PAGE = ROOT/"nbs"/"references.ipynb"
NAME = r"(?:van den |van der |von |de )?[A-ZÀ-Ž][a-zà-ž'’][\w'’-]*"
CITE = re.compile(rf"(?P<first>{NAME})(?P<more>(?:, {NAME})*(?:,? (?:and|&) {NAME}| et al\.)?)(?:['’]s \w+)?,? \(?(?P<year>(?:19|20)\d\d)\b")
MONTHS = "January February March April May June July August September October November December".split()

class Work(NamedTuple):
    key: str      # surname-year, the anchor on the page; `whitehill` and `cs230` for the lecture and the exam
    authors: int
    url: str
    text: str

def slug(name):
    ascii = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("Ø", "O")).encode("ascii", "ignore").decode()
    return re.sub(r"(?:van den |van der |von |de )|'s$", "", ascii).lower()

def works(path=PAGE):
    "The entries of the page, in its order"
    for line in re.findall(r'^- <a id="[^"]+">.*$', prose(path), re.M):
        line = re.sub(r" Cited in .*", "", line)
        key, text = re.fullmatch(r'- <a id="([^"]+)"></a>(.*)', line).groups()
        link = re.search(r"\]\((\S+)\)$", text)
        yield Work(key, len(text.split(" (")[0].split(", ")), link[1] if link else "", text)

def citations(text):
    "What the prose cites as `Surname et al. (2014)` or the like: (surname, year, three authors or more, the match)"
    for m in CITE.finditer(text):
        if m["first"] in MONTHS: continue
        yield slug(m["first"]), m["year"], "et al" in m["more"] or m["more"].count(",") + (" and " in m["more"] or " & " in m["more"]) > 1, m

def lookup(name, year, many, known):
    "The one work meant, or None"
    found = [w for w in known if re.fullmatch(rf"{re.escape(name)}-{year}(-\w+)?", w.key)]
    if len(found) > 1: found = [w for w in found if (w.authors > 2) == many]
    return found[0] if len(found) == 1 else None

def split(path):
    "A page's running text, and the entries of its further reading"
    body, _, further = prose(path).partition("## Further reading")
    return body, re.findall(r"^- .*$", further, re.M)

def cited(path, known):
    "The works that a page cites, by link or by name"
    body, entries = split(path)
    by_name = {lookup(*c[:3], known) for c in citations(body)} - {None}
    by_link = {w for w in known if w.url and f"({w.url})" in body + "\n".join(entries)}
    by_anchor = {w for w in known if re.search(rf"references\.ipynb#{re.escape(w.key)}\)", body)}
    by_entry = {w for w in known for e in entries for y in re.findall(r"-(\d{4})\b", w.key) or re.findall(r"\((\d{4})\)", w.text)
                if f"({y})" in e and w.key.split("-" + y)[0] in slug(e.split(f"({y})")[0]) and w.text.split("*")[1][:20].lower() in e.lower()}
    return by_name | by_link | by_anchor | by_entry

@cache
def title(page):
    "The title of a page's notebook"
    return re.match(r"# (.*)", src(read_nb(ROOT/"nbs"/page).cells[0]))[1]

def render():
    "The Markdown cells of the page, with the pages that cite each work"
    known, where = list(works()), {}
    for nb in NBS:
        if nb != PAGE:
            for w in cited(nb, known): where.setdefault(w.key, []).append(nb_id(nb))
    def line(m):
        w = next(w for w in known if w.key == m[1])
        pages = ", ".join(f"[{title(p)}]({p})" for p in where.get(w.key, []))
        return f'- <a id="{w.key}"></a>{w.text}' + f" Cited in {pages}."*bool(pages)
    return [re.sub(r'^- <a id="([^"]+)">.*$', line, src(c), flags=re.M) for c in read_nb(PAGE).cells]

if __name__ == "__main__":
    nb = read_nb(PAGE)
    for c, s in zip(nb.cells, render()): c.source = s
    write_nb(nb, PAGE)
