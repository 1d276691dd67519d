"The file of other numbers beside a page of exercises."
import base64
import json
import re
import shutil
import subprocess
import zlib

import pytest
import site_numbers

from vaegan.exam.box import answer_script, box
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank


def unpacked(module): return json.loads(zlib.decompress(base64.b64decode(re.search(r'= "([^"]+)"', site_numbers.packed(module))[1])))

@pytest.mark.parametrize("module", ["convergence", "nets"])
def test_twenty_variants_of_each(module):
    told, text = unpacked(module), site_numbers.packed(module)
    assert told == json.loads(json.dumps(site_numbers.numbers(module))) and len(text) < 40_000
    for id, all in told.items():
        assert len(all) == 20 == len({v["asked"] for v in all}) and id not in text
        for v in all[:3]:
            ours = bank()[id].variant(v["seed"])
            assert len(v["hints"]) == len(ours.hints) and "$" not in v["asked"] + v["solution"]
            assert v["q"] is None and "What earns the points" in v["solution"] if ours.kind == "argued" else v["q"]["tol"] == ours.tol and judge(ours, ours.answer)

def test_only_pages_of_the_bank_have_other_numbers():
    form = box(bank()["kl-to-prior"].variant(1))
    assert 'class="vaegan-answer" data-numbers="elbo.numbers.js" hidden data-id="kl-to-prior"' in site_numbers.with_numbers(form, "exercises/elbo.html")
    form = box(bank()["argue-half"].variant(1))
    assert '<form class="vaegan-argued" data-numbers="minimax.numbers.js" data-id="argue-half"' in site_numbers.with_numbers(form, "exercises/minimax.html")
    for page in ("elbo.html", "exam/box.html", "exercises/linear_autoencoder.html", "exercises/../elbo.html"): assert site_numbers.with_numbers(form, page) == form

def test_a_formula_of_a_question_is_left_to_the_page(): assert site_numbers.shown("Is $a < b$?") == '<p>Is <span class="math inline">a &lt; b</span>?</p>'

@pytest.mark.skipif(not shutil.which("node"), reason="no node at hand")
def test_the_page_s_script_unpacks_the_file_once(tmp_path):
    (tmp_path/"t.mjs").write_text(site_numbers.packed("nets") + answer_script() + "globalThis.document = {createElement: () => ({}), head: {append: s => s.onload()}}; let times = 0;"
        "globalThis.DecompressionStream = class extends DecompressionStream { constructor(how) { super(how); times++; } };"
        "const found = await Promise.all(['conv-sizes', 'norm-floor', 'collapse-two', 'count-mlp'].map(id => variants('nets.numbers.js', id)));"
        "if (times !== 1) throw `unpacked ${times} times`;"
        "let cleared = 0, stopped = 0; const box = {querySelector: () => null, querySelectorAll: () => []}, text = {matches: s => s.includes('textarea'), closest: s => s.includes('argued') && {}};"
        "const form = area => ({closest: () => box, reset: () => cleared++, querySelector: s => s === 'textarea' ? area : s === 'output' ? {dataset: {}} : null});"
        "show(form(text), {seed: 2, hints: []}); if (cleared) throw 'what was written is gone'; show(form(null), {seed: 2, hints: []}); if (cleared !== 1) throw 'the old answer stays';"
        "keys({key: 'Enter', target: text, stopPropagation: () => stopped++, preventDefault: () => { throw 'no new line'; }}); if (!stopped) throw 'the notebook hears what is written';"
        "console.log(JSON.stringify(found.flat().filter(v => v.q).map(v => judge(v.q, v.q.letters ? v.q.answer : v.q.points ? v.q.answer : `(${v.q.answer.join(', ')})`)[0])));", encoding="utf-8")
    said = json.loads(subprocess.run(["node", tmp_path/"t.mjs"], capture_output=True, check=True).stdout)
    assert len(said) >= 40 and set(said) == {"right"}
