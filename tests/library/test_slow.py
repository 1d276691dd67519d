"Slow cells are passed over"
import types

import pytest
from bad_input import bad_input_tests

from vaegan.slow import load_ipython_extension


@pytest.mark.parametrize("env, runs", [(None, False), ("0", False), ("1", True)])
def test_slow_cells_are_passed_over(env, runs, monkeypatch):
    monkeypatch.setenv("VAEGAN_SLOW", env) if env else monkeypatch.delenv("VAEGAN_SLOW", raising=False)
    ip = types.SimpleNamespace(input_transformers_cleanup=[])
    load_ipython_extension(ip)
    skip, = ip.input_transformers_cleanup
    slow, other = ["#| slow\n", "x = 1\n"], ["x = 1\n", "#| slow\n"]
    assert skip(other) == other and skip([]) == [] and (skip(slow) == slow) == runs
    if not runs: assert len(skip(slow)) == 1 and skip(slow)[0].startswith("print('Skipped")

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "slow.load_ipython_extension": "called by IPython",
}
bad_input_tests({}, NO_ROW)
