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

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "cli.parser": "takes nothing",
    "cli.main": "a command line: one line says what is wrong, exit code 2; tests/library/test_cli.py and tests/library/exam",
}
bad_input_tests({}, NO_ROW)
