"Sheets: the same for a seed, without answers, and all or none on the disk."
import json
import os
import subprocess
import sys

import pytest
from bad_input import INT, bad_input_tests, kl_question, row
from exam_class import cli, tree

from vaegan.exam.sheets import FORMATS, write_exam, write_new


@pytest.mark.parametrize("format", FORMATS)
def test_same_seed_same_sheet(format, tmp_path, roster, capfd):
    for d, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", seed, "--format", format, "--solutions", "--students", roster, "--out", tmp_path/d)[0] == 0
    a, b, c = (tree(tmp_path/d) for d in "abc")
    assert a == b and a.keys() == c.keys() == {"key.json", *(f"{k}/{s}.{format}" for k in ("sheets", "solutions") for s in ("ada", "bob", "cleo"))}
    assert all(a[k] != c[k] for k in a) and len(set(a.values())) == len(a)
    roster.write_text("id\nzoe\nada\n")
    cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", 7, "--format", format, "--students", roster, "--out", tmp_path/"d")
    assert tree(tmp_path/"d")[f"sheets/ada.{format}"] == a[f"sheets/ada.{format}"], "a sheet depends on the seed and the student alone"

def test_a_known_sheet(tmp_path, capfd):
    "The same in every process and whatever the hash seed"
    code = f"from vaegan.cli import main; main(['exam', '--n', '4', '--seed', '3', '--out', {str(tmp_path)!r} + '/' + __import__('sys').argv[1]])"
    for h in ("1", "2"): subprocess.run([sys.executable, "-c", code, h], check=True, env=dict(os.environ, PYTHONHASHSEED=h), stdout=subprocess.DEVNULL)
    assert tree(tmp_path/"1") == tree(tmp_path/"2")

def test_sheets_hold_no_answers(tmp_path, roster):
    write_exam(["kl", "elbo"], 5, 7, students=roster, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text())
    for s, qs in key["students"].items():
        sheet = (tmp_path/"e/sheets"/f"{s}.ipynb").read_text()
        for q in qs:
            assert not any(m in sheet for _, m in q["mistakes"].values())
            if q["kind"] == "numeric" and isinstance(q["answer"], float): assert f"{q['answer']:.4f}" not in sheet

@pytest.mark.parametrize("args, word", {
    "--topics cats": "cats", "--topics ,": "--topics", "--n 0": "--n", "--n 999": "--n", "--n x": "--n", "--seed -1": "--seed", "--format pdf": "--format",
    "--students nobody.csv": "nobody.csv", "--wat": "--wat", "--out /dev/null/x": "/dev/null"}.items())
def test_bad_options(args, word, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = cli(capfd, "exam", *args.split())
    assert code == 2 and err.count("\n") == 1 and word in err and "Traceback" not in err and not tree(tmp_path) and not list(tmp_path.iterdir())

ROSTERS = {"empty": (b"", "id"), "header only": (b"id\n", "nobody"), "blank": (b"id\n\n , \n", "nobody"), "no id": (b"name\nAda\n", "id"), "two ids": (b"id,id\na,b\n", "id"),
           "collision": (b"id\nada\nbob\nAda\n", "collides with line 2"), "ragged": (b"id,name\nada\n", "line 2"), "path": (b"id\n../ada\n", "line 2"), "dots": (b"id\n..\n", "line 2"),
           "slash": (b"id\na/b\n", "line 2"), "not text": (b"id\n\xff\xfe\n", "UTF-8"), "nul": (b"id\na\0b\n", "line 2"), "long": (b"id\n" + b"a"*65 + b"\n", "line 2"),
           "quote": (b'id\n"ada\n', "CSV"), "excel": (b"PK\x03\x04\xff", "UTF-8")}

@pytest.mark.parametrize("name", ROSTERS)
def test_bad_rosters(name, tmp_path, capfd):
    data, word = ROSTERS[name]
    (tmp_path/"r.csv").write_bytes(data)
    code, _, err = cli(capfd, "exam", "--n", 2, "--students", tmp_path/"r.csv", "--out", tmp_path/"e")
    assert code == 2 and err.count("\n") == 1 and word in err and not (tmp_path/"e").exists(), err

def test_nothing_is_overwritten(tmp_path, capfd):
    args = ("exam", "--n", 2, "--out", tmp_path/"e")
    assert cli(capfd, *args)[0] == 0
    before = tree(tmp_path)
    code, _, err = cli(capfd, *args, "--seed", 1)
    assert code == 2 and err.count("\n") == 1 and "--force" in err and tree(tmp_path) == before
    assert cli(capfd, *args, "--seed", 1, "--force")[0] == 0
    assert tree(tmp_path) != before and tree(tmp_path).keys() == before.keys()

@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_nothing_is_half_written(step, tmp_path, monkeypatch):
    count, real = iter(range(99)), getattr(os, step)
    def fail(*args):
        if next(count) == (2 if step == "fsync" else 0): raise OSError("disk full")
        return real(*args)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError): write_new(tmp_path/"a", {f"{i % 2}/{i}.txt": b"x" for i in range(4)})
    assert not list(tmp_path.iterdir())

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.sheets.choose": row(dict(names=["elbo"], n=2, seed=0), names=["elbo", ["cats"], 3], n=INT() + [999], seed=[-1, 1.5, "3", None]),
    "exam.sheets.read_roster": row(dict(path="roster.csv"), path=[3, None]),
    "exam.sheets.sheet_cells": row(dict(vs=[kl_question.variant(0)], exam="e", student="ada"), vs=[[], [3]], exam=None, student=None),
    "exam.sheets.render_sheet": row(dict(cells=[("markdown", "# a")], format="html"), cells=[[]], format=["pdf", None]),
    "exam.sheets.write_exam": row(dict(topics=["elbo"], n=2, seed=0, format="md", students="roster.csv", out="sheets", force=True), topics=["elbo", ["cats"], 3], n=INT() + [999],
        seed=[-1, 1.5, "3", None], format=["pdf", None], students=[3], out=[3, None]),
}
NO_ROW = {
    "exam.sheets.topics": "takes nothing",
    "exam.sheets.write_new": "whatever is in the way is named; test_nothing_is_overwritten in tests/library/exam/test_sheets.py",
    "exam.sheets.count": "text in, text out",
    "files.write_files": "whatever is in the way is named; test_nothing_is_half_written in tests/library/exam/test_sheets.py",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
