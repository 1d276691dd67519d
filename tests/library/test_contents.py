"One table of pages: every notebook stands in it once; tests/pages compares sidebar, chapter list and imports with it"
from bad_input import bad_input_tests
from notebooks import NBS, nb_id

from vaegan.contents import PAGES, import_order, lessons, module_of


def test_every_page_is_listed_once():
    paths = [p.path for p in PAGES]
    assert len(paths) == len(set(paths))
    pages = {nb_id(nb).removesuffix(".ipynb") for nb in NBS}
    seeded = {p for p in pages if p.startswith(("bank/", "exercises/"))}
    assert set(paths) <= pages and pages - set(paths) <= seeded, pages ^ set(paths)

def test_names():
    assert [module_of(p) for p in ("06_elbo", "bank/elbo", "exam/answers", "index")] == ["elbo", "bank.elbo", "exam.answers", "index"]
    order = import_order()
    assert len(order) == len(set(order)) and order[:2] == ["help", "checks"] and order.index("dists") < order.index("elbo") < order.index("vae")
    numbers = [p.path[:2] for p in lessons()]
    assert numbers == sorted(numbers) and "01" in numbers and all(p.able for p in lessons())

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"contents.Page": "a plain record", "contents.module_of": "text in, text out", "contents.import_order": "takes nothing", "contents.lessons": "takes nothing"}
bad_input_tests({}, NO_ROW)
