"Sheets: the same for a seed, without answers, and all or none on the disk."
import json
import os
import subprocess
import sys

import pytest
from bad_input import INT, bad_input_tests, kl_question, row
from exam_class import cli, tree

from vaegan.exam.paper import Head
from vaegan.exam.sheets import FORMATS, write_exam, write_new


@pytest.mark.parametrize("format", FORMATS)
def test_same_seed_same_sheet(format, tmp_path, roster, capfd):
    for d, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", seed, "--format", format, "--solutions", "--students", roster, "--out", tmp_path/d)[0] == 0
    a, b, c = (tree(tmp_path/d) for d in "abc")
    assert a == b and a.keys() == c.keys() == {"key.json", *(f"{k}/{s}.{format}" for k in ("sheets", "solutions") for s in ("ada", "bob", "cleo"))}
    assert all(a[k] != c[k] for k in a) and len(set(a.values())) == len(a)
    roster.write_text("name;id\nZoe;zoe\nAda;ada\n")
    cli(capfd, "exam", "--topics", "kl,elbo", "--n", 5, "--seed", 7, "--format", format, "--students", roster, "--out", tmp_path/"d")
    assert tree(tmp_path/"d")[f"sheets/ada.{format}"] == a[f"sheets/ada.{format}"], "a sheet depends on the seed and the student alone, however the list is written"

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

def test_nothing_is_overwritten(tmp_path, capfd):
    args = ("exam", "--n", 2, "--out", tmp_path/"e")
    assert cli(capfd, *args)[0] == 0
    before = tree(tmp_path)
    code, _, err = cli(capfd, *args, "--seed", 1)
    assert code == 2 and err.count("\n") == 1 and "--force" in err and tree(tmp_path) == before
    code, out, _ = cli(capfd, *args, "--seed", 1, "--force")
    after = tree(tmp_path)
    new, = after.keys() - before.keys()
    assert code == 0 and after[new] == before["e/key.json"] != after["e/key.json"] and str(tmp_path/new) in out, "the old key is kept, and that is said"
    assert all(after[k] != before[k] for k in before)
    cli(capfd, *args, "--seed", 1, "--force")
    assert tree(tmp_path) == after, "the same key once more is no other key"
    (tmp_path/"e/key.json").write_text("no key")
    cli(capfd, *args, "--force")
    assert tree(tmp_path)["e/key-old.json"] == b"no key"

def test_sheets_of_another_exam_are_named(tmp_path, roster, capfd):
    "Forced into the same folder, an exam for fewer students leaves sheets that no longer count"
    cli(capfd, "exam", "--n", 1, "--students", roster, "--out", tmp_path/"e")
    _, out, _ = cli(capfd, "exam", "--n", 1, "--students", roster, "--out", tmp_path/"e", "--force")
    assert "another exam" not in out
    roster.write_text("id\nbob\n")
    _, out, _ = cli(capfd, "exam", "--n", 1, "--students", roster, "--out", tmp_path/"e", "--force")
    assert "sheets of another exam, too, as ada.ipynb" in out

def test_a_seed_by_hand_is_said_to_be_guessable(tmp_path, capfd):
    _, out, _ = cli(capfd, "exam", "--n", 2, "--seed", 0, "--out", tmp_path/"a")
    assert "seed 0 is for practice" in out and "guesses" in out
    _, out, _ = cli(capfd, "exam", "--n", 2, "--out", tmp_path/"b")
    assert "practice" not in out and "Keep the key" in out
    _, out, _ = cli(capfd, "exam", "--help")
    assert "whoever guesses it has every answer" in " ".join(out.split())

def test_the_heading(tmp_path, roster, capfd):
    args = ("exam", "--n", 2, "--title", "Midterm", "--date", "2 December 2026")
    for format in FORMATS:
        cli(capfd, *args, "--format", format, "--students", roster, "--out", tmp_path/format)
        cli(capfd, *args, "--format", format, "--out", tmp_path/f"{format}_all")
        cli(capfd, *args, "--format", format, "--out", tmp_path/f"{format}_no", "--no-name-line")
        cli(capfd, *args, "--format", format, "--students", roster, "--out", tmp_path/f"{format}_line", "--name-line")
        named, everyone, bare, line = (next((tmp_path/d/"sheets").iterdir()).read_text(encoding="utf-8") for d in (format, f"{format}_all", f"{format}_no", f"{format}_line"))
        assert all("Midterm" in t and "2 December 2026" in t for t in (named, everyone, bare, line))
        lines = dict(ipynb=lambda t: t.count("_"*40), md=lambda t: t.count("_"*40) - 2, html=lambda t: t.count("Name:</strong> <span"))[format]
        assert [*map(lines, (named, everyone, bare, line))] == [0, 1, 0, 1], "in Markdown each question has a line, too"
        assert any(n in named for n in ("Ada", "Bob", "Cleo")) and "Name:" not in bare

def test_many_students_are_quick(tmp_path):
    "A second or two for a class of a hundred: the secret costs nothing"
    (tmp_path/"r.csv").write_text("id\n" + "\n".join(f"s{i}" for i in range(100)))
    paths = write_exam(["kl"], 3, students=tmp_path/"r.csv", out=tmp_path/"e")
    assert len(paths) == 101

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
    "exam.sheets.sheet_cells": row(dict(vs=[kl_question.variant(0)], exam="e", student="ada", head=Head()), vs=[[], [3]], exam=None, student=None, head=[3, None]),
    "exam.sheets.render_sheet": row(dict(cells=[("markdown", "# a")], format="md"), cells=[[]], format=["pdf", "html", None]),
    "exam.sheets.write_exam": row(dict(topics=["elbo"], n=2, seed=0, format="md", students="roster.csv", out="sheets", force=True), topics=["elbo", ["cats"], 3], n=INT() + [999],
        seed=[-1, 1.5, "3"], format=["pdf", 3], students=[3], out=[3, None], questions=[3, ["cats"], ["kl-slope"]], bank=[3, "roster.csv"], points=[3, {"cats": 1}],
        date=["a\nb", "x"*999], name_line=None, id_column=None, again=[3, "roster.csv", "key.json"], makeup=[3, "roster.csv", "secret_key.json"]),
}
NO_ROW = {
    "exam.sheets.write_new": "whatever is in the way is named; test_nothing_is_overwritten in tests/library/exam/test_sheets.py",
    "files.write_files": "whatever is in the way is named; test_nothing_is_half_written in tests/library/exam/test_sheets.py",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
