"The files of the rendered site: links, weights, what is stored, what the search knows."
import re

import pytest
from notebooks import ROOT

pytestmark = pytest.mark.site

def test_links_and_ids(name, site):
    found = list(site.faults(name))
    assert not found, found

def test_style_sheets(site): assert not list(site.css_faults())

def test_whole_site_is_light(site):
    "Lessons' slides are not counted"
    sizes = {f: f.stat().st_size for f in site.files() if "slides" not in f.parts}
    assert sum(sizes.values()) <= 15e6, (sum(sizes.values()), sorted(sizes.items(), key=lambda kv: -kv[1])[:8])

def test_nothing_is_stored_twice(site): assert not site.twins()

def test_where_the_docstrings_say(site):
    "Every module says where its page is as plain Markdown; it is there, and is text only"
    said = {m[1] for f in (ROOT/"vaegan").rglob("*.py") if (m := re.search(r"^Docs: ([^\s\"]+)", f.read_text(encoding="utf-8"), re.M))}
    assert len(said) > 50
    assert not [link for link in said if not (site.root/site.at("index.html", link)[0]).is_file()]
    assert not [f.name for f in site.files() if f.suffix == ".md" and re.search(r"base64,[\w+/]{500}", f.read_text(encoding="utf-8"))]

def test_head(name, site):
    "What a link to the page shows elsewhere: title, description, a picture that is not a button"
    page = site.page(name)
    assert page.title.strip() and page.lang == "en" and page.icon
    image = page.meta.get("og:image", "")
    assert image and "colab" not in image, "the picture of the page"

# ------------------------------------------------------------------------------------------------- the search
def test_search_does_not_tell(site):
    "What a page folds away as a hint or a solution is not in what the search knows of that page"
    known, found = {}, 0
    for href, text in site.index().items(): known[href.partition("#")[0]] = known.get(href.partition("#")[0], "") + " " + " ".join(text.split())
    for name in site.names:
        told = site.page(name).secrets()
        assert not [s for s in told if s in known.get(name, "")], name
        found += len(told)
    assert found > 100, "hints and solutions are there"
    assert not [href for href in known if href.startswith("bank/")]
