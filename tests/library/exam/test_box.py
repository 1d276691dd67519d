"The box in the browser gives the verdicts that Python gives."
import base64
import json
import re
import shutil
import subprocess

import pytest
from bad_input import bad_input_tests
from notebooks import ROOT

from vaegan.exam.box import box
from vaegan.exam.exercise import right_forms
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank

BANK = bank()
each = pytest.mark.parametrize("ex", BANK.values(), ids=BANK)

def sealed(v): return json.loads(base64.b64decode(re.search(r'data-q="([^"]+)"', box(v))[1]))

@each
def test_box(ex):
    h = box(ex.variant(1))
    if ex.kind == "code": return
    assert h.count("<form") == h.count("</form>") == h.count("<script") == 1 and "<legend" in h and 'aria-live="polite"' in h and "http" not in h
    assert h.count("<input") == h.count("<label") == max(1, len(ex.variant(1).options)) and "eval(" not in h and "Function(" not in h

def test_browser_and_python_agree(tmp_path):
    if not shutil.which("node"): pytest.skip("no node at hand")
    todo, want = [], []
    for ex in BANK.values():
        if ex.kind == "code": continue
        for seed in range(3):
            v = ex.variant(seed)
            text = lambda a: f"({', '.join(map(repr, a))})" if isinstance(a, (tuple, list)) else str(a)
            for a in [text(v.answer), *map(str, right_forms(v)), *(text(w) for w, _ in v.mistakes.values()), "", "x(", "12345", "1/0", "−1"]:
                todo.append((sealed(v), a)); want.append(judge(v, a))
    js = tmp_path/"t.mjs"
    js.write_text((ROOT/"vaegan"/"js"/"exam"/"answer.js").read_text() + "import {readFileSync} from 'fs'; const todo = JSON.parse(readFileSync(process.argv[2]));"
                  "console.log(JSON.stringify(todo.map(([q, a]) => judge(q, a))));")
    (tmp_path/"t.json").write_text(json.dumps(todo))
    got = json.loads(subprocess.run(["node", js, tmp_path/"t.json"], capture_output=True, text=True, check=True).stdout)
    for (q, a), (status, message), v in zip(todo, got, want):
        if q["letters"] and v.status == "unreadable": continue            # a radio button cannot be mistyped
        assert status == dict(mistake="wrong").get(v.status, v.status), (a, message, v)
        if v.status == "mistake": assert message == str(v)

def test_a_decimal_comma_is_named(tmp_path):
    if not shutil.which("node"): pytest.skip("no node at hand")
    js = tmp_path/"t.mjs"
    js.write_text((ROOT/"vaegan"/"js"/"exam"/"answer.js").read_text() + "console.log(JSON.stringify(['-0,8955', '(1, 2)', '-0.8955'].map(a => judge("
                  "{answer: [-.8955], wrong: [], tol: 1e-4, letters: null, points: null}, a))));")
    comma, pair, right = json.loads(subprocess.run(["node", js], capture_output=True, text=True, check=True).stdout)
    assert comma == pair == ["unreadable", "Not readable: expected 1 number(s). Decimals take a point: 0.5."] and right[0] == "right"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.box.box": "takes a Variant, which is checked when it is made",
}
bad_input_tests({}, NO_ROW)

def test_the_form_leaves_its_look_to_the_page():
    "No inline style; the script brings a style for pages without one, before the page's own, and once"
    for v in (bank()["elbo-two-states"].variant(1), next(e for e in bank().values() if e.variant(1).kind == "choice").variant(1)):
        form = box(v).split("<script")[0]
        assert "style" not in form and form.count("<label") >= 1 and 'aria-live="polite"' in form and "<div" not in form
    script = (ROOT/"vaegan"/"js"/"exam"/"answer.js").read_text(encoding="utf-8")
    assert "head.prepend" in script and script.count("vaegan-answer-style") == 2 and ".style." not in script
