"The examples that `help` and the page of the library show: each is run as it stands there, and no name that a user calls is without one."
import doctest
import inspect

import matplotlib.pyplot as plt
import pytest
import torch
from exported import NAMES

from vaegan.contents import lessons, module_of
from vaegan.help import examples

EXAMPLES = examples()
WITH = {module_of(p.path) for p in lessons()} | {"datasets", "images", "runs", "recipes", "plot", "slow", "help", "catalog", "contents", "files", "exam", "diagnose.expect"}
RUN = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)

def test_every_name_that_is_called_has_an_example():
    "Of the lessons, the data, the runs, the recipes, the figures and the exam: all; of the other rooms those that a user would call"
    missing = [f"{m}.{n}" for m, n, _ in NAMES if f"{m}.{n}" not in EXAMPLES and (m in WITH or m.partition(".")[0] in WITH)]
    assert not missing, f"write an example into vaegan/examples.md: {missing}"
    assert set(EXAMPLES) <= {f"{m}.{n}" for m, n, _ in NAMES}, "an example of nothing"
    order = [k.rpartition(".")[0] for k in EXAMPLES]
    assert len(EXAMPLES) > 200 and len({k for k, j in zip(order, ["", *order]) if k != j}) == len(set(order)), "the examples of a module stand together"

@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_it_says(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(EXAMPLES[name], {}, name, "examples.md", 0)
    said, style = [], dict(plt.rcParams)
    torch.manual_seed(0)
    result = RUN.run(test, out=said.append)
    plt.close("all")
    plt.rcParams.update(style)
    assert result.attempted and not result.failed, "".join(said)
    assert not list(tmp_path.iterdir()), "leaves something behind"

@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_calls_what_it_shows(name):
    test = doctest.DocTestParser().get_examples(EXAMPLES[name])
    lines = [line for e in test for line in e.source.splitlines()]
    lines = [line for line in lines if not line.startswith(("from ", "import "))]
    assert 1 <= len(lines) <= 6 and max(map(len, EXAMPLES[name].splitlines())) <= 100, name
    assert any(e.want for e in test) or name in ("plot.use_style", "help.documented"), "shows nothing"
    word = {"catalog.DataSet": "DATA_SETS", "catalog.Recipe": "RECIPES", "contents.Page": "page", "datasets.ImageData": "digits", "images.ImageSet": "images", "exam.exercise.Exercise": "bank",
            "exam.judge.Verdict": "judge", "exam.variant.Variant": "variant"}.get(name, name.rpartition(".")[2])     # records come from somewhere
    assert any(word in line for line in lines)

def test_help_shows_the_example():
    for m, n, f in NAMES:
        if (example := EXAMPLES.get(f"{m}.{n}")): assert "Example:\n\n" + example.rstrip() in inspect.getdoc(f), f"{m}.{n}"

def test_a_wrong_example_fails():
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", "", 0)
    assert RUN.run(test, out=lambda s: None).failed == 1
