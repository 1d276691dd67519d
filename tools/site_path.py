"""The thirty-minute path on the pages that it crosses. The home page lists its stops; here each of their sections says that it is one,
what the path leaves out, and where it goes on, so that nobody has to go back to the list."""
import re
from functools import cache
from typing import NamedTuple

from notebooks import ROOT, md_cells
from site_markup import markdown
from write_home import slug

HOME = "index.ipynb"
PATH = f"{HOME}#the-thirty-minute-path"

class Place(NamedTuple):
    "A section of a stop: its page, its anchor, and what a reader of the path should know there"
    page: str
    anchor: str
    note: str

class Stop(NamedTuple):
    "A stop of the path"
    number: int
    title: str
    minutes: int
    places: list

LINK = re.compile(r"\]\((?P<page>[^)#]*)#(?P<anchor>[^)]+)\)(?:[^\[(]*\((?P<note>[^)]*)\))?")

def places(item):
    "The sections that an item of the list links to, in its order"
    return [Place(m["page"] or HOME, m["anchor"], m["note"] or "") for m in LINK.finditer(item)]

def listed(text):
    "The stops of a home page"
    path = re.search(r'<div class="path">(.*?)</div>', text, re.S)
    found = re.finditer(r"^(\d+)\. \[([^\]]+)\]\([^)]*\)<br>(\d+) min · .*$", path[1] if path else "", re.M)
    return [Stop(int(m[1]), m[2], int(m[3]), places(m[0])) for m in found]

@cache
def stops(): return listed("\n".join(md_cells(ROOT/"nbs"/HOME)))

def stop_on(page): return next((s for s in stops() if s.places[0].page == page), None)

def fact(page):
    "What the head of a page says, if the page is a stop"
    s = stop_on(page) if page != HOME else None
    return [f"[stop {s.number} of {len(stops())}](#{s.places[0].anchor}) of the thirty-minute path"] if s else []

# -- the lines ---------------------------------------------------------------------------------------------------------
def line(text): return f"::: {{.stop}}\n{text}\n:::"

def address(s): return f"{s.places[0].page}#{s.places[0].anchor}"

def begins(s, i):
    "The line below the heading of a stop's section; the home page's first needs none, the list stands above it"
    note = s.places[i].note and f" {s.places[i].note[0].upper()}{s.places[i].note[1:]}."
    if i: return line(f"Stop {s.number}, continued.{note}") if note else ""
    if s.places[0].page == HOME: return ""
    to = stops()[s.number] if s.number < len(stops()) else None
    after = f" · next: [{to.title}]({address(to)})" if to else ""
    return line(f"**Stop {s.number} of {len(stops())}** of [the thirty-minute path]({PATH}) · {s.minutes} min{after}.{note}")

def ends(s, i, heads):
    "The line at the end of a stop's section; `heads`: anchor -> heading of this page, in order"
    here, last = s.places[i].anchor, i == len(s.places) - 1
    if last and s.number == len(stops()): return line(f"**The path ends here.** What it left out: [the chapters]({HOME}#the-chapters), from the first.")
    if last:
        to = stops()[s.number]
        return line(f"**Stop {s.number} ends here.** Next on the path: [{to.number}. {to.title}]({address(to)}), {to.minutes} min.")
    order, on = list(heads), s.places[i + 1].anchor
    if order.index(on) == order.index(here) + 1: return ""
    return line(f"On the path, go on at [{heads[on]}](#{on}); what stands between can wait.")

def headings(cells):
    "anchor -> heading of the sections of a page"
    return {slug(h): h for c in cells if c.cell_type == "markdown" for h in re.findall(r"^## (.*)$", c.source, re.M)}

def with_stops(cells, page):
    "The cells of a page with the path's lines in its sections"
    s = stop_on(page)
    if not s: return cells
    at, heads, now, out = {p.anchor: i for i, p in enumerate(s.places)}, headings(cells), None, []
    for c in cells:
        if c.cell_type == "markdown":
            parts = []
            for part in re.split(r"(?=^## )", c.source, flags=re.M):
                if m := re.match(r"## (.*)\n?", part):
                    if now is not None: parts.append(ends(s, now, heads))
                    now = at.get(slug(m[1]))
                    if now is not None: part = "\n\n".join(filter(None, [m[0].strip(), begins(s, now), part[m.end():].strip()]))
                parts.append(part.strip("\n"))
            c.source = "\n\n".join(filter(None, parts))
        out.append(c)
    return out if now is None else [*out, markdown(ends(s, now, heads))]
