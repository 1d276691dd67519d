import json

import pytest

from vaegan.exam.sheets import write_exam


@pytest.fixture
def roster(tmp_path):
    f = tmp_path/"roster.csv"
    f.write_text("name,id\nAda,ada\nBob,bob\nCleo,cleo\n")
    return f

@pytest.fixture
def klass(tmp_path, roster):
    write_exam(["kl", "elbo"], 6, 7, students=roster, out=tmp_path/"e")
    key = json.loads((tmp_path/"e/key.json").read_text())
    truth = {s: {f"q{i}": repr(q["answer"]) for i, q in enumerate(qs, 1)} for s, qs in key["students"].items()}
    return tmp_path, key, truth
