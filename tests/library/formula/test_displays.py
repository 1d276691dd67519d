"The displays that travel with the package are those of the notebooks, and a tag leads to the text of its page."
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile

import pytest
import write_displays
from bad_input import bad_input_tests, row
from notebooks import NBS, ROOT, equations, nb_id, tags

from vaegan.formula import displays
from vaegan.formula.displays import before, displays_in, instead, latex_of, page_of, written


def test_what_ships_is_what_the_notebooks_show():
    assert write_displays.OUT.read_text(encoding="utf-8") == write_displays.render(), "run `make prepare`"

def test_every_display_of_every_notebook_is_known():
    "Counted by the regular expressions of tools/notebooks.py, which know nothing of this module"
    there = {t: (nb_id(nb).removesuffix(".ipynb"), re.sub(r"\\tag\*?\{[^}]*\}", "", e).strip()) for nb in NBS for e in equations(nb) for t in tags(e)}
    assert {t: (page_of(t), latex_of(t)) for t in displays.tags()} == there and len(there) > 250

def test_tags_are_used_once_in_the_course(): assert sum(len(equations(nb)) for nb in NBS) == len(displays.tags())

def notebook(path, *markdown):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(cells=[dict(cell_type="markdown", source=m) for m in markdown])))

@pytest.fixture
def clone(tmp_path, monkeypatch):
    "A clone of another course: its package ships one display, its notebook has moved on"
    (tmp_path/"pkg").mkdir()
    (tmp_path/"pkg"/"displays.json").write_text(json.dumps({"OLD": ["01_a", "x = 1"], "GONE": ["01_a", "y = 2"]}))
    notebook(tmp_path/"nbs"/"48_contents.ipynb", "nothing displayed")
    monkeypatch.setattr(displays, "PACKAGE", tmp_path/"pkg")
    displays._shipped.cache_clear()
    yield tmp_path/"nbs"/"01_a.ipynb"
    displays._shipped.cache_clear()

def test_the_page_comes_before_what_was_shipped(clone):
    assert latex_of("OLD") == "x = 1"
    notebook(clone, r"$$x = 3 \tag{OLD}$$", r"$$z = 4 \tag{NEW}$$")
    assert latex_of("OLD") == "x = 3" and latex_of("NEW") == "z = 4"
    assert displays.tags() == ("OLD", "NEW", "GONE"), "the order of the page, then what only was shipped"
    notebook(clone, r"$$x = 5 \tag{OLD}$$")
    assert latex_of("OLD") == "x = 5", "seen as soon as it is saved"

def test_a_notebook_that_is_being_written(clone):
    clone.write_text('{"cells": [')
    with pytest.warns(UserWarning, match="01_a.ipynb cannot be read just now"): assert latex_of("OLD") == "x = 1"

def test_without_notebooks_the_shipped_text(clone):
    notebook(clone, r"$$x = 3 \tag{OLD}$$")
    (clone.parent/"48_contents.ipynb").unlink()
    assert latex_of("OLD") == "x = 1", "some other folder named nbs"

def test_a_folder_of_ones_own_comes_first(clone, tmp_path, monkeypatch):
    monkeypatch.setattr(displays, "_folders", [])
    notebook(tmp_path/"mine"/"loan.ipynb", r"$$x = 7 \tag{OLD}$$", r"$$k = 8 \tag{LOAN}$$")
    with pytest.warns(UserWarning, match="yours counts, the course has these tags, too: OLD"): assert displays.look_in(tmp_path/"mine") == ("OLD", "LOAN")
    assert (latex_of("OLD"), latex_of("LOAN"), latex_of("GONE"), page_of("LOAN")) == ("x = 7", "k = 8", "y = 2", "loan")
    with pytest.raises(ValueError, match="^folder: expected a folder, got .*nowhere"): displays.look_in(tmp_path/"nowhere")

def test_hidden_folders_are_no_pages(tmp_path):
    notebook(tmp_path/".ipynb_checkpoints"/"a.ipynb", r"$$x = 1\tag{A}$$")
    notebook(tmp_path/"_proc"/"a.ipynb", r"$$x = 2\tag{B}$$")
    notebook(tmp_path/"wing"/"a.ipynb", r"$$x = 3\tag{C}$$")
    assert written(tmp_path) == {"C": ["wing/a", "x = 3"]}

@pytest.mark.parametrize("tag, hint", [("KL-NORMLA", "KL-NORMAL"), ("elbo", "ELBO"), ("DSTR", "DSTAR"), ("no such thing", "tags()")])
def test_an_unknown_tag_names_its_neighbours(tag, hint):
    with pytest.raises(ValueError, match=f"^tag: expected .*{re.escape(hint)}.*got {tag!r}$"): latex_of(tag)

def test_a_derivation_goes_on():
    assert [before(t) for t in ("L2", "L5", "L7", "S2", "S3", "BERN-LOGITS")] == ["L1", "L4", "L6", "S1", "S2", "LOG-SIGMOID"]
    first = displays.tags()[0]
    with pytest.raises(ValueError, match=f"^tag: expected one that follows another, got {first!r}$"): before(first)

def test_instead_ends_with_its_block():
    right = latex_of("ELBO")
    with instead("ELBO", "a = b"):
        with instead("ELBO", "a = c"), instead("GAP", ""): assert (latex_of("ELBO"), latex_of("GAP")) == ("a = c", "")
        assert latex_of("ELBO") == "a = b"
    with pytest.raises(ZeroDivisionError), instead("ELBO", "a = b"): 1/0
    assert latex_of("ELBO") == right

def test_fences_and_untagged_displays():
    assert displays_in("$$a$$ $$b \\tag{B}$$ ```\n$$c \\tag{C}$$\n```\n$$d\\tag*{D}$$") == {"B": "b", "D": "d"}

def test_wheel_and_sdist_carry_them(built):
    wheel, sdist = built
    assert json.loads(zipfile.ZipFile(wheel).read("vaegan/displays.json")) == write_displays.collected()
    with tarfile.open(sdist) as t: assert any(n.endswith("/vaegan/displays.json") for n in t.getnames())

def test_it_runs_where_no_notebook_is(tmp_path, built):
    zipfile.ZipFile(built[0]).extractall(tmp_path)
    code = "from vaegan.formula.displays import *; assert len(tags()) > 250; print(latex_of('KL-NORMAL'))"
    r = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.strip() == latex_of("KL-NORMAL"), r.stderr

def run_in(folder, code):
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})

KL_AT = "from vaegan.formula import holds; print(holds('KL-NORMAL', mu_q=.4, sigma_q=.8, mu_p=-.3, sigma_p=1.3))"

def test_an_edited_copy_beside_an_installed_package_turns_red(tmp_path, built):
    "Also where nobody says which notebook runs: nbconvert, papermill, nbdev-test"
    zipfile.ZipFile(built[0]).extractall(tmp_path)
    right = latex_of("KL-NORMAL")
    assert "as shipped" in run_in(tmp_path, KL_AT).stdout, "no notebook lies here"
    (tmp_path/"broken.ipynb").write_text("{")
    notebook(tmp_path/"other.ipynb", r"$$x = 1\tag{TWICE}$$ $$x = 1\tag{TWICE}$$")
    notebook(tmp_path/"copy.ipynb", rf"$$ {right} \tag{{KL-NORMAL}} $$")
    notebook(tmp_path/"again.ipynb", rf"$${right}\tag{{KL-NORMAL}}$$")
    same = run_in(tmp_path, KL_AT)
    assert same.returncode == 0 and "as shipped" not in same.stdout and "Warning" not in same.stderr, same.stderr
    notebook(tmp_path/"copy.ipynb", rf"$${right.replace('-1-', '+1-')}\tag{{KL-NORMAL}}$$")
    assert "the tag KL-NORMAL stands on two pages: again and copy" in run_in(tmp_path, KL_AT).stderr
    (tmp_path/"again.ipynb").unlink()
    assert "Fails: not =" in (said := run_in(tmp_path, KL_AT)).stderr and said.returncode == 1

def test_an_editor_names_the_notebook(tmp_path, monkeypatch):
    notebook(tmp_path/"copy.ipynb", r"$$k = 8 \tag{KL}$$")
    shell = type("Shell", (), dict(user_ns={"__vsc_ipynb_file__": str(tmp_path/"copy.ipynb")}))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert latex_of("KL") == "k = 8" and displays.source_of("KL") == ""

# ---------------------------------------------------------------------------------------------------------- bad input
TAG = [1, None, "no such tag"]
ROWS = {
    "formula.displays.displays_in": row(dict(markdown="$$a \\tag{A}$$"), markdown=[1, None, ["a"]]),
    "formula.displays.written": row(dict(nbs=ROOT/"nbs"), nbs=[1, None, "no such folder"]),
    "formula.displays.look_in": row(dict(folder=ROOT/"nbs"), folder=[1, None, "no such folder"]),
    "formula.displays.latex_of": row(dict(tag="KL"), tag=TAG),
    "formula.displays.source_of": row(dict(tag="KL"), tag=TAG[:2]),
    "formula.displays.page_of": row(dict(tag="KL"), tag=TAG),
    "formula.displays.before": row(dict(tag="L2"), tag=TAG),
    "formula.displays.instead": row(dict(tag="KL", latex="a = b"), tag=TAG[:2], latex=[1, None]),
}
NO_ROW = {"formula.displays.tags": "takes nothing"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
