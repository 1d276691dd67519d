"A stranger's file leaves its names behind in the process that it was run in; here the next test must not find them"
import sys

import pytest


@pytest.fixture(autouse=True)
def nobody_before():
    yield
    sys.modules.pop("__stranger__", None)
