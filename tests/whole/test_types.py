"""Type checkers read the signatures as we mean them: pyright, in basic mode, finds nothing in the library, nothing in a program
that uses it well (tests/types/right.py), and every mistake of one that does not (tests/types/wrong.py)."""
import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from notebooks import ROOT


@pytest.fixture(scope="module")
def found():
    "What pyright says, with the settings in pyproject.toml: file -> its complaints"
    env = os.environ | dict(PYRIGHT_PYTHON_IGNORE_WARNINGS="1")
    r = subprocess.run([sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert r.returncode in (0, 1), r.stdout[-2000:] + r.stderr[-2000:]
    report, out = json.loads(r.stdout), {}
    assert report["summary"]["filesAnalyzed"] >= sum(1 for _ in (ROOT/"vaegan").rglob("*.py")), "not all of the library was looked at"
    for d in report["generalDiagnostics"]:
        at = os.path.relpath(d["file"], ROOT).replace(os.sep, "/")
        out.setdefault(at, []).append(f"{at}:{d['range']['start']['line'] + 1}: {d['message'].splitlines()[0]} ({d.get('rule')})")
    return out

def test_the_library_is_clean(found):
    mine = {f: v for f, v in found.items() if f.startswith("vaegan/")}
    assert not mine, f"{Counter({f: len(v) for f, v in mine.items()})}\n" + "\n".join(line for v in mine.values() for line in v)

def test_a_good_program_is_clean(found): assert not found.get("tests/types/right.py"), "\n".join(found["tests/types/right.py"])

def test_mistakes_are_seen(found): assert not found.get("tests/types/wrong.py"), "\n".join(found["tests/types/wrong.py"])
