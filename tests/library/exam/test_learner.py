"What a learner calls."
import subprocess
import sys

import pytest
from bad_input import INT, bad_input_tests, row

from vaegan.exam.learner import ask, hint


@pytest.mark.parametrize("call", [lambda: ask("kl-to-pior"), lambda: hint("kl-to-prior", 0, 9)])
def test_bad_calls(call):
    with pytest.raises(ValueError, match="kl-to-prior|step"): call()

def test_importing_is_quick():
    code = "import vaegan.exam.grading, vaegan.exam.learner, sys; assert not {'torch', 'sympy', 'numpy', 'matplotlib'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.learner.exercises_of": row(dict(module="elbo"), module=["cats", None, "../elbo"]),
    "exam.learner.ask": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
    "exam.learner.check": row(dict(id="kl-to-prior", seed=0, answer="1/2"), id=["cats", None, 3], seed=[-1, 1.5, "3", None], answer=None),
    "exam.learner.hint": row(dict(id="kl-to-prior", seed=0, step=1), id=["cats", None, 3], seed=[-1, 1.5, "3", None], step=INT() + [9]),
    "exam.learner.solution": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
}
NO_ROW = {
    "exam.learner.bank": "takes nothing",
    "exam.learner.bank_modules": "takes nothing",
    "exam.learner.nearest": "text in, text out",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
