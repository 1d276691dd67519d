"The rendered site in _docs, served to a browser. Its tests carry the mark `site`: `make site-test` runs them."
from collections import Counter, defaultdict

import pytest
from browser import need, served
from site_files import ABSENT, DOCS, Site

HERE = Site(DOCS)

def pytest_generate_tests(metafunc):
    "One test for each page, where there are any"
    if "name" not in metafunc.fixturenames: return
    metafunc.parametrize("name", HERE.names or ["absent"], ids=lambda n: n.removesuffix(".html"))

@pytest.fixture(scope="session")
def site():
    need(HERE.names, ABSENT)
    return HERE

@pytest.fixture(autouse=True)
def rendered(request):
    "Nothing is tested of a site that is not there"
    if request.node.get_closest_marker("site"): request.getfixturevalue("site")

@pytest.fixture(scope="session")
def base(site):
    with served(DOCS) as address: yield address

def opened(browser, options):
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    page.set_default_navigation_timeout(60_000)      # a busy machine is slow, and that is no fault of the page
    return page

@pytest.fixture(scope="session")
def tab(browser):
    "A tab for each set of options, where pages are opened one after the other; no page remembers what was done on another"
    tabs = {}
    def get(**options):
        if (key := repr(options)) not in tabs:
            tabs[key] = opened(browser, options)
            tabs[key].add_init_script("try { localStorage.clear() } catch {}")
        return tabs[key]
    return get

@pytest.fixture
def fresh(browser):
    "A reader who comes for the first time: nothing is remembered"
    made = []
    def new(**options):
        made.append(opened(browser, options))
        return made[-1]
    yield new
    for page in made: page.context.close()

def pytest_terminal_summary(terminalreporter):
    "Over all pages: how many faults of each kind, and where most of them are"
    kinds = defaultdict(Counter)
    for report in terminalreporter.getreports("failed"):
        for key, (page, n) in report.user_properties: kinds[key][page] += n
    if kinds: terminalreporter.section("faults of the site")
    for kind, pages in sorted(kinds.items(), key=lambda kv: -kv[1].total()):
        terminalreporter.line(f"{pages.total():6} {kind} ({len(pages)} pages): " + ", ".join(f"{p} {n}" for p, n in pages.most_common(4)))
