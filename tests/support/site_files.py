"What the files of the rendered site say without a browser: pages, links, ids, weights."
import gzip
import hashlib
import json
import os
import re
import zlib
from collections import Counter, defaultdict
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

from notebooks import ROOT, cfg

DOCS = Path(os.environ.get("VAEGAN_SITE", ROOT/"_docs"))
ABSENT = "no rendered site in _docs: `make docs` first"
BASE = cfg["doc_baseurl"] + "/"                                          # /vaegan/
HOST = cfg["doc_host"] + BASE
SQUEEZED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt"}     # what a server sends compressed

class Page(HTMLParser):
    "What stands in a page: ids, links to pages, files that it needs, its head, its folds"
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.needs, self.meta, self.folds, self.title, self.lang, self.icon = [], [], [], {}, [], "", "", False
        self._open, self._in = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        d = {k: v or "" for k, v in attrs}
        if d.get("id") and not (tag == "link" and d["id"].startswith("quarto-")): self.ids.append(d["id"])    # Quarto: light and dark
        if tag == "html": self.lang = d.get("lang", "")
        elif tag == "meta": self.meta[d.get("property") or d.get("name")] = d.get("content", "")
        elif tag == "a":
            self.links += [d["href"]] if d.get("href") else []
            if d.get("name") and d["name"] != d.get("id"): self.ids.append(d["name"])
        elif tag == "link":
            self.icon |= "icon" in d.get("rel", "").split()
            if not {"canonical", "alternate"} & set(d.get("rel", "").split()): self.needs.append(d.get("href", ""))
        elif tag in ("img", "image", "script", "source", "iframe", "audio", "video", "use"):
            self.needs += [d[k] for k in ("src", "href", "poster") if d.get(k)] + [s.split()[0] for s in d.get("srcset", "").split(",") if s.strip()]
        elif tag == "details":
            self.folds.append(dict(summary="", text=""))
            self._open.append(self.folds[-1])
        if tag in ("title", "summary", "script", "style"): self._in.append(tag)

    def handle_endtag(self, tag):
        if tag == "details": self._open.pop()
        if self._in and self._in[-1] == tag: self._in.pop()

    def handle_data(self, data):
        place = self._in[-1] if self._in else ""
        if place == "title": self.title += data
        elif place == "summary": self._open[-1]["summary"] += data
        elif not place:
            for fold in self._open: fold["text"] += data

    def secrets(self):
        "Sentences of hints and solutions, without those that hold formulas: they stand in the search in another form"
        told = (" ".join(f["text"].split()) for f in self.folds if re.match(r"\s*(Solution|Answer|Hint)", f["summary"]))
        return [s for text in told for s in re.split(r"(?<=[.!?])\s+", text) if len(s) > 50 and "\\" not in s]

class Site:
    "A folder with the pages of a site"
    def __init__(self, root): self.root = Path(root)

    @property
    def names(self):     # without the slides, which tests/pages/test_slides.py looks at
        return sorted(n for f in self.root.rglob("*.html") if not (n := f.relative_to(self.root).as_posix()).startswith("slides/"))

    @cache
    def page(self, name): return Page((self.root/name).read_text(encoding="utf-8"))

    def files(self): return [f for f in sorted(self.root.rglob("*")) if f.is_file()]

    def at(self, name, link):
        "The file that a link on this page leads to, and the place in it; None for another site"
        if link.startswith(HOST): link = BASE + link.removeprefix(HOST)
        if urlparse(link).scheme or link.startswith("//"): return None
        path, place = urldefrag(link)
        path = unquote(path.partition("?")[0])
        if path.startswith(BASE): to = os.path.normpath(path.removeprefix(BASE) or ".")
        elif path.startswith("/"): to = "outside" + path
        else: to = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        return (os.path.join(to, "index.html") if (self.root/to).is_dir() else to), unquote(place)

    def faults(self, name):
        "What is broken on one page: links, files that it needs, ids"
        p = self.page(name)
        for i, n in Counter(p.ids).items():
            if n > 1: yield f"id twice: {i}"
        for link in p.links:
            to = self.at(name, link)
            if not to: continue
            file, place = to
            if not (self.root/file).is_file(): yield f"no such page: {link}"
            elif place and file.endswith(".html") and place not in self.page(file).ids: yield f"no such place: {link}"
        for need in filter(None, p.needs):
            if need.startswith("data:"): continue
            to = self.at(name, need)
            if not to: yield f"from another site: {need}"
            elif not (self.root/to[0]).is_file(): yield f"no such file: {need}"

    def css_faults(self):
        "Files that style sheets ask for"
        for f in self.root.rglob("*.css"):
            for url in re.findall(r"""(?:url\(|@import\s+)["']?([^"')\s]+)""", f.read_text(encoding="utf-8")):
                if url.startswith(("data:", "#")): continue
                if url.endswith((".ttf", ".woff")) and (f.parent/url).with_suffix(".woff2").is_file(): continue     # for browsers of long ago
                here = f.parent/unquote(urlparse(url).path)
                if urlparse(url).scheme or url.startswith("//"): yield f"{f.name}: from another site: {url}"
                elif not here.is_file(): yield f"{f.name}: no such file: {url}"

    def weight(self, url_path):
        "Bytes on the wire of one file"
        return on_the_wire(self.root/url_path)

    def twins(self):
        "Files with the same content, and pictures on different pages with the same content"
        same = defaultdict(set)
        for f in self.files():
            if f.stat().st_size > 200: same[hashlib.sha1(f.read_bytes()).hexdigest()].add(f.relative_to(self.root).as_posix())
        return [sorted(names) for names in same.values() if len(names) > 1]

    def index(self):
        "What the search knows: address -> words"
        out = defaultdict(str)
        for page in json.loads(zlib.decompress((self.root/"search.z").read_bytes())):
            for at, section, text in page["parts"]: out[page["href"] + f"#{at}"*bool(at)] += f" {page['title']} {section} {text}"
        return out

@cache
def on_the_wire(file):
    raw = file.read_bytes()
    return len(gzip.compress(raw, 6)) if file.suffix in SQUEEZED else len(raw)
