"What the library exports, for tests that look at every name."
import importlib
import inspect
import pkgutil

import vaegan

WINGS = ("bank", "formula")     # questions are asked by name; the rooms of the formulas are under construction

def names():
    "(module, name, object) of all functions and classes that the library exports"
    for m in pkgutil.walk_packages(vaegan.__path__, "vaegan."):
        part = m.name.removeprefix("vaegan.").partition(".")[0]
        if m.ispkg or part in WINGS or part[0] == "_": continue
        module = importlib.import_module(m.name)
        for n in module.__all__:
            f = getattr(module, n)
            if inspect.isclass(f) or inspect.isroutine(f): yield m.name.removeprefix("vaegan."), n, f

NAMES = list(names())
