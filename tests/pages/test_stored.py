"The stored outputs of slow cells: those of the notebooks travel with the library, and nothing that a front end does loses one."
import copy
import json

import pytest
import write_stored
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from notebooks import NBS, nb_id
from write_stored import content, everything, path, read, settled, slow_cells, source, written

from vaegan.slow import is_replay, load_ipython_extension


def load(nb): return json.loads(nb.read_text(encoding="utf-8"))

SLOW = [nb for nb in NBS if slow_cells(load(nb))]
each_nb = pytest.mark.parametrize("nb", SLOW, ids=nb_id)

@each_nb
def test_the_library_holds_what_the_notebook_shows(nb):
    d, stored = load(nb), read(path(nb))
    assert [(e["notebook"], e["cell"], content(e["outputs"])) for e in stored] == [(nb_id(nb), c["id"], content(c["outputs"])) for c in slow_cells(d)], "run `make prepare`"
    assert settled(nb, copy.deepcopy(d), stored, everything())[0] == stored, "run `make prepare`"
    assert not any(is_replay(c["outputs"]) for c in slow_cells(d)), "a label in place of a run: run `make prepare`"

def test_nothing_else_is_stored():
    assert {p.name for p in write_stored.FOLDER.iterdir()} == {path(nb).name for nb in SLOW}
    codes = [e["code"] for nb in SLOW for e in read(path(nb))]
    assert len(codes) == len(set(codes)) >= 27, "two slow cells with the same code: which output is whose?"

@pytest.fixture
def shell(monkeypatch):
    "A front end's shell with the extension loaded"
    monkeypatch.delenv("VAEGAN_SLOW", raising=False)
    ip = InteractiveShell.instance()
    load_ipython_extension(ip)
    yield ip
    InteractiveShell.clear_instance()

def run_all(d, shell):
    "What Run all and Save make of the slow cells of a notebook"
    for c in slow_cells(d):
        with capture_output() as said: assert shell.run_cell(source(c)).success
        c["outputs"] = [dict(output_type="display_data", metadata={}, data={k: v.splitlines(keepends=True) for k, v in o.data.items()}) for o in said.outputs]

@each_nb
def test_run_all_and_save_lose_nothing(nb, shell, tmp_path, monkeypatch):
    "After Run all and save `make prepare` brings notebook and library back to what they were, and has nothing to do after that"
    copied, folder = tmp_path/nb.name, tmp_path/"stored"
    folder.mkdir()
    monkeypatch.setattr(write_stored, "FOLDER", folder)
    monkeypatch.setattr(write_stored, "nb_id", lambda _: nb_id(nb))
    before = load(nb)
    path(nb).write_text(written(entries := settled(nb, copy.deepcopy(before), [])[0]), encoding="utf-8")
    ran = copy.deepcopy(before)
    run_all(ran, shell)
    assert all(is_replay(c["outputs"]) for c in slow_cells(ran))
    assert all(content(r["outputs"])[1:] == content(c["outputs"]) for r, c in zip(slow_cells(ran), slow_cells(before))), "the stored picture is not shown"
    copied.write_text(written(ran), encoding="utf-8")
    assert write_stored.write(copied) == [f"{nb_id(nb)}: put the stored outputs back"]
    for _ in range(2):
        assert copied.read_text(encoding="utf-8") == nb.read_text(encoding="utf-8") and read(path(nb)) == entries
        assert write_stored.write(copied) == []

def a_notebook(*cells): return dict(cells=[dict(cell_type="code", id=str(i), metadata={}, source=s, outputs=o) for i, (s, o) in enumerate(cells)])
def text(s): return [dict(output_type="execute_result", metadata={}, data={"text/plain": s}, execution_count=None)]
NB = NBS[0]
OLD = settled(NB, a_notebook(("#| slow\nf(1)", text("1"))), [])[0]
LABEL = [dict(output_type="display_data", metadata={}, data={"text/markdown": "> **Stored output**, of the run"}), *text("1")]

def test_a_new_run_replaces_the_old_one():
    entries, said = settled(NB, a_notebook(("#| slow\nf(2)", text("2"))), OLD)
    assert entries[0]["code"] == "f(2)" and content(entries[0]["outputs"]) == [{"text/plain": "2"}] and not said

@pytest.mark.parametrize("outputs", [text("1"), LABEL], ids=["kept", "labelled"])
def test_a_cell_that_was_changed_but_not_run_is_named(outputs):
    d = a_notebook(("#| slow\nf(2)", outputs))
    entries, (said,) = settled(NB, d, OLD)
    assert entries == OLD and "has changed" in said and d["cells"][0]["outputs"] == text("1")
    entries, said = settled(NB, d, OLD, accept=True)
    assert entries[0]["code"] == "f(2)" and not said
    assert settled(NB, d, entries) == (entries, [])

def test_comments_and_captions_change_nothing():
    entries, said = settled(NB, a_notebook(("#| slow\n#| fig-cap: New.\nf(1)   # one", text("1"))), OLD)
    assert not said and entries[0]["code"] == "f(1)   # one" and entries[0]["outputs"] == OLD[0]["outputs"]

def test_what_was_cleared_comes_back():
    d = a_notebook(("#| slow\nf(1)", []))
    assert settled(NB, d, OLD) == (OLD, []) and d["cells"][0]["outputs"] == text("1")

def test_a_moved_cell_takes_its_output_along():
    d = a_notebook(("x = 1", []), ("#| slow\nf(1)", LABEL))
    entries, said = settled(NBS[1], d, [], {e["code"]: e for e in OLD})
    assert not said and d["cells"][1]["outputs"] == text("1")
    assert [(e["notebook"], e["cell"], e["code"]) for e in entries] == [(nb_id(NBS[1]), "1", "f(1)")]

def test_a_label_is_never_taken_for_an_output():
    d = a_notebook(("#| slow\ng()", LABEL))
    entries, (said,) = settled(NB, d, [])
    assert entries == [] and "vaegan/stored has no entry" in said and "git" in said
