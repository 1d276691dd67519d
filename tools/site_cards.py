"""A table of prose that is too wide for a phone is shown there row by row, as small cards: each cell below the one before it, the column's
title in front of it. Which tables these are is found by their longest words; site.scss lays them out."""
import html
import re

TABLE = re.compile(r'<table class="(?P<class>table[^"]*)"(?P<more>[^>]*)>(?P<inside>.*?)</table>', re.S)
WIDE, PROSE = 44, 18     # letters that the longest words of all columns may have side by side; a column whose cells have more on average is prose

def cells(row): return [" ".join(html.unescape(re.sub(r"<[^>]*>", "", c)).split()) for c in re.split(r"<t[dh]\b[^>]*>", row)[1:]]
def rows(inside): return [cells(row) for row in re.split(r"<tr\b[^>]*>", inside)[1:]]

def is_wide_prose(inside):
    "Three columns or more, of which two are prose, and words that do not stand side by side on a phone"
    head, *body = found = rows(inside)
    if len(head) < 3 or len(body) < 2 or any(len(r) != len(head) for r in found) or "right" in re.sub(r">[^<]*<", "><", inside): return False
    longest = sum(max(len(word) for r in found for word in (r[k].split() or [""])) for k in range(len(head)))
    return longest > WIDE and sum(sum(len(r[k]) for r in body) > PROSE*len(body) for k in range(len(head))) >= 2

def carded(text):
    "A page whose wide tables of prose know the titles of their columns"
    def card(m):
        own = 'class="map"' in text[max(0, m.start() - 60):m.start()]      # the lecture's tables are laid out by hand
        if own or m["class"] != "table" or not is_wide_prose(m["inside"]): return m[0]
        titles = ";".join(f"--h{k}:'{title}{':'*title[-1].isalnum()} '" for k, title in enumerate(rows(m["inside"])[0], 1) if k > 1 and title and "'" not in title)
        return f'<table class="table cards"{m["more"]} style="{html.escape(titles)}">{m["inside"]}</table>'
    return TABLE.sub(card, text)
