import types

import pytest
from bad_input import bad_input_tests, row
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from vaegan import slow
from vaegan.slow import (
    code_of,
    is_replay,
    is_slow,
    load_ipython_extension,
    nearest_stored,
    show_stored,
    stored_outputs,
    unload_ipython_extension,
)


@pytest.fixture(autouse=True)
def shell():
    "Outside of IPython nothing is displayed"
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()

def instead(lines):
    "What the extension makes of a cell"
    ip = types.SimpleNamespace(input_transformers_cleanup=[])
    load_ipython_extension(ip)
    return ip.input_transformers_cleanup[0](lines)

def shown(source):
    "What `show_stored` displays: label, and the data of what follows"
    with capture_output() as c: show_stored(source)
    label, *rest = c.outputs
    return label.data["text/markdown"], [o.data for o in rest], c.stdout

@pytest.mark.parametrize("env, runs", [(None, False), ("0", False), ("", False), ("false", False), ("No", False), ("off", False), ("1", True), ("yes", True)])
def test_slow_cells_are_not_run(env, runs, monkeypatch):
    monkeypatch.setenv("VAEGAN_SLOW", env) if env is not None else monkeypatch.delenv("VAEGAN_SLOW", raising=False)
    other = ["x = 1\n", "print('#| slow')\n"]
    assert instead(other) == other and instead([]) == []
    for cell in (["#| slow\n", "x = 1\n"], ["#|slow\n", "x = 1"], ["#| fig-cap: A picture.\n", "#| slow  \n", "x = 1\n"],
                 ["  #| slow\n", "x = 1\n"], ["#| slow  # hours\n", "x = 1\n"], ["%%time\n", "#| slow\n", "x = 1\n"]):
        assert is_slow("".join(cell)) and (instead(cell) == cell) == runs
    assert not is_slow("#| slower\n") and not is_slow("# slow\n")

def test_what_is_put_in_the_place_of_a_cell_shows_its_output(monkeypatch):
    monkeypatch.delenv("VAEGAN_SLOW", raising=False)
    entry = next(e for e in stored_outputs() if "image/png" in e["outputs"][0].get("data", {}))
    line, = instead([ln + "\n" for ln in ("#| slow\n#| fig-cap: Any.\n" + entry["code"]).splitlines()])
    with capture_output() as c: exec(line, {})
    label, picture = c.outputs
    assert label.data["text/markdown"].startswith("> **Stored output**, of the run") and "VAEGAN_SLOW=1" in label.data["text/plain"] and "*" not in label.data["text/plain"]
    assert picture.data["image/png"] == "".join(entry["outputs"][0]["data"]["image/png"])

@pytest.mark.parametrize("env", ["0", "1"])
def test_a_cell_may_say_it_itself(env, monkeypatch):
    monkeypatch.setenv("VAEGAN_SLOW", env)
    for said in ("0", "1"):
        cell = [f"%env VAEGAN_SLOW={said}\n", "#| slow\n", "x = 1\n"]
        assert (instead(cell) == cell) == (said == "1")

def test_loaded_twice_it_is_there_once_and_it_can_be_unloaded():
    ip = types.SimpleNamespace(input_transformers_cleanup=[other := len])
    load_ipython_extension(ip), load_ipython_extension(ip)
    assert len(ip.input_transformers_cleanup) == 2
    unload_ipython_extension(ip), unload_ipython_extension(ip)
    assert ip.input_transformers_cleanup == [other]

@pytest.mark.parametrize("n", [3, 6, 12])
def test_a_shortened_cell_finds_itself(n):
    "The first lines of every cell lead to it and to no other chapter's, wherever no other cell begins with the same three"
    starts = [e["code"].splitlines()[:3] for e in stored_outputs()]
    for e in stored_outputs():
        lines = e["code"].splitlines()
        if len(lines) < 3 or starts.count(lines[:3]) > 1: continue
        assert nearest_stored("\n".join(lines[:n]))["code"] == e["code"], (e["notebook"], e["cell"])

def test_the_label_of_a_similar_cell_names_its_notebook():
    e = next(e for e in stored_outputs() if e["outputs"])
    assert f"most like this one**, from `{e['notebook']}`" in shown(e["code"] + "\nmore = 1")[0]

def test_how_to_run_them_is_told_once_and_speaks_of_mnist_where_it_is_wanted():
    of = {nb: [e["code"] for e in stored_outputs() if e["notebook"] == nb] for nb in ("45_datasets.ipynb", "70_recipes.ipynb", "20_hybrid.ipynb")}
    for nb, codes in of.items():
        InteractiveShell.clear_instance()
        InteractiveShell.instance()      # a page, run from its top
        labels = [shown(c)[0] for c in codes]
        assert ["VAEGAN_SLOW" in label for label in labels] == [True] + [False]*(len(codes) - 1)
        assert ("MNIST" in labels[0]) == (nb != "70_recipes.ipynb")
        assert shown(codes[0])[0] == labels[0], "run again, it is told again"

def test_the_label_says_which_names_have_no_value():
    label = shown("big, (a, b) = 1, (2, 3)\nc[0] = d = big\ndef f(): inside = 1\nfor i in a: pass")[0]
    assert "gave no value to `big`, `a`, `b`, `d`." in label
    assert "no value" not in shown("print(1)")[0] and "no value" not in shown("1 +")[0]

def test_every_entry_is_found_and_labelled():
    assert len(stored_outputs()) >= 27
    for e in stored_outputs():
        assert nearest_stored("#| slow\n" + e["code"] + "  \n")["code"] == e["code"]
        label, data, _ = shown(e["code"])
        assert len(data) == len(e["outputs"])
        assert label.startswith("> **Stored output**, of the run" if e["outputs"] else "> **Stored output: none.**")

def test_a_changed_cell_says_so_and_an_unknown_one_shows_nothing():
    e = next(e for e in stored_outputs() if e["outputs"])
    label, data, _ = shown(e["code"].replace("=", "= 0*", 1))
    assert label.startswith("> **Stored output of the stored cell most like this one**, from") and len(data) == len(e["outputs"])
    label, data, _ = shown("an_hour_of_my_own()")
    assert label.startswith("> **No stored output.**") and data == []

def test_printed_text_is_printed_again(monkeypatch):
    entry = dict(notebook="a.ipynb", cell="1", code="print('ab')", outputs=[dict(output_type="stream", name="stdout", text=["a\n", "b\n"])])
    monkeypatch.setattr(slow, "stored_outputs", lambda: [entry])
    label, data, said = shown("print('ab')")
    assert said == "a\nb\n" and data == []

def test_a_label_is_known_again():
    with capture_output() as c: show_stored(stored_outputs()[0]["code"])
    as_saved = [dict(output_type="display_data", data={k: v.splitlines(keepends=True) for k, v in o.data.items()}) for o in c.outputs]
    assert is_replay(as_saved) and not is_replay(as_saved[1:]) and not is_replay([])
    assert not any(is_replay(e["outputs"]) for e in stored_outputs())

def test_only_the_code_counts():
    assert code_of("#| slow\n#| fig-cap: A\nx = 1  \n\n") == code_of("#|slow\nx = 1") == code_of("%%time\n#| slow\nx = 1") == code_of("  #| slow\nx = 1") == "x = 1" != code_of("x = 2")

# ---------------------------------------------------------------------------------------------------------- bad input
WORDS = dict(source=[None, 3, ["x"]])
ROWS = {f"slow.{name}": row(dict(source="x = 1"), **WORDS) for name in ("is_slow", "code_of", "nearest_stored", "show_stored")} | {
    "slow.is_replay": row(dict(outputs=[]), outputs=[None, "x", 3])}
NO_ROW = {
    "slow.stored_outputs": "takes nothing",
    "slow.load_ipython_extension": "called by IPython",
    "slow.unload_ipython_extension": "called by IPython",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
