"The tables of bad input, properties and pitfalls in full: importing this imports every file of tests/library, as pytest does."
import importlib.util
import sys
from pathlib import Path

import bad_input
import matplotlib.pyplot as plt  # noqa: F401
from bad_input import *  # noqa: F403
from bad_input import to_key  # noqa: F401
from helpers import sgd  # noqa: F401
from pitfalls import MISTAKES  # noqa: F401
from properties import ABOUT, EXEMPT  # noqa: F401

LIBRARY = Path(__file__).resolve().parents[1]/"library"

def loaded(path):
    "A file of tests under the name that pytest gives to it, and with its assertions rewritten where pytest is there"
    name = ".".join(["tests", "library", *path.relative_to(LIBRARY).with_suffix("").parts])
    if name in sys.modules: return sys.modules[name]
    specs = (finder.find_spec(name, [str(path.parent)]) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec = next(s for s in specs if s)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try: spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module

for path in sorted(LIBRARY.rglob("test_*.py")): loaded(path)
ROWS, NO_ROW = bad_input.ROWS, bad_input.NO_ROW
