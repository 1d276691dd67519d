"The command line: what is said when asked for the impossible"
import os
import shutil
import subprocess
import sys

import pytest
from bad_input import bad_input_tests

from vaegan.cli import main

BAD = {"--data cats": "--data", "--epochs 0": "--epochs", "--epochs x": "--epochs", "--seed -1": "--seed", "--seed 1.5": "--seed",
       "--sed 1 --fast": "--fast", f"--seed {2**64}": "seed"}

@pytest.mark.parametrize("args", BAD)
def test_bad_options(args, tmp_path, capfd):
    out = tmp_path/"out"
    try: code = main(["tour", "--out", str(out), *args.split()])
    except SystemExit as e: code = e.code
    err = capfd.readouterr().err
    assert code == 2 and err.count("\n") == 1 and BAD[args] in err and "Traceback" not in err
    assert not out.exists()

def command(*args, **kw):
    exe = shutil.which("vaegan", path=os.path.dirname(sys.executable))
    return subprocess.run([exe, *map(str, args)], capture_output=True, text=True, **kw)

def test_no_command():
    r = command()
    assert r.returncode == 2 and r.stderr.count("\n") == 1

def test_a_module_is_the_command(tmp_path):
    "`python -m vaegan` says what `vaegan` says, and means its exit code"
    def run(*args): return subprocess.run([sys.executable, "-m", "vaegan", *args], capture_output=True, text=True, cwd=tmp_path)
    assert run("--version").stdout == command("--version").stdout != ""
    r = run("tour", "--epochs", "0")
    assert r.returncode == 2 and r.stderr == command("tour", "--epochs", "0", cwd=tmp_path).stderr and "--epochs" in r.stderr

def shell(line, cwd, **env):
    "Exit code of the first command of a pipe, and what it said"
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    r = subprocess.run(["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"], cwd=cwd, capture_output=True, text=True, errors="replace", env=os.environ | dict(PATH=path) | env)
    return r.returncode, r.stderr

@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_a_reader_that_leaves_ends_no_work(tmp_path):
    for line in ("vaegan exam --n 1 --out e | true", "vaegan grade e/key.json e/sheets --out g | true", "vaegan exam --list | head -1"):
        code, err = shell(line, tmp_path)
        assert code == 0 and not err, (line, code, err)
    assert (tmp_path/"e/key.json").is_file() and (tmp_path/"g/scores.csv").is_file()

@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_umlauts_ends_no_work(encoding, tmp_path):
    "What it cannot print it spells; the files are the same"
    for line in ("vaegan exam --n 1 --out prüfung", "vaegan exam --preview exam-tanh; vaegan exam --topics kätzchen --out x || [ $? = 2 ]"):
        code, err = shell(line, tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert code == 0 and "codec" not in err, (line, code, err)
    assert (tmp_path/"prüfung/key.json").is_file() and not (tmp_path/"x").exists()

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "cli.parser": "takes nothing",
    "cli.main": "a command line: one line says what is wrong, exit code 2; tests/library/test_cli.py and tests/library/exam",
}
bad_input_tests({}, NO_ROW)
