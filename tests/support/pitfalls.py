"""What published VAE and GAN code gets wrong, done to our own code: each mistake is put in, and a short check must see it.

A row is the name of a mistake, a function of the package, a piece of its text, the mistaken text, and the check. The check
passes on the code as it is, fails by an assertion on the mistaken code, and passes again on the code put back. A row whose
text is no longer there fails: change it together with the code."""
import ast
from pathlib import Path

import pytest
from mutants import graft

import vaegan

ROOT = Path(vaegan.__file__).parent
MISTAKES = []     # of the modules whose tests have been imported; `tables` imports them all

def source(module): return (ROOT/f"{module}.py").read_text(encoding="utf-8")

def mistaken(func, old, new):
    "The source of a module with one mistake in one function"
    module, *path = func.split(".")
    text = source(module)
    node = ast.parse(text)
    for name in path:
        node = next((n for n in node.body if getattr(n, "name", "") == name), None)
        assert node is not None, f"{func} is no longer there"
    lines = text.splitlines(keepends=True)
    a, body, b = "".join(lines[:node.lineno-1]), "".join(lines[node.lineno-1:node.end_lineno]), "".join(lines[node.end_lineno:])
    assert body.count(old) == 1, f"{func}: expected {old!r} once in its text, found {body.count(old)}: adapt this row to the new code"
    return module, a + body.replace(old, new) + b

def pitfall_tests(mistakes):
    "Put the mistakes of a module into the table; the two tests of each"
    MISTAKES.extend(mistakes)

    @pytest.mark.parametrize("check", dict.fromkeys(m[-1] for m in mistakes), ids=lambda f: f.__name__)
    def test_the_check_passes(check): check()

    @pytest.mark.parametrize("func, old, new, check", [m[1:] for m in mistakes], ids=[m[0] for m in mistakes])
    def test_the_mistake_is_seen(func, old, new, check):
        module, text = mistaken(func, old, new)
        try:
            graft(module, text)
            with pytest.raises(AssertionError): check()
        finally: graft(module, source(module))
        check()

    return test_the_check_passes, test_the_mistake_is_seen
