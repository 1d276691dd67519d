"What `help` says: of every exported name what it takes, in shapes and units, what comes, an example, and where it is explained."
import importlib
import inspect
import pkgutil
import pydoc
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args

import pytest
import torch
from bad_input import bad_input_tests
from exported import NAMES
from torch import nn

import vaegan
from vaegan import checks
from vaegan import help as told
from vaegan.checks import Count, Float, between, checked
from vaegan.help import count, documented
from vaegan.latent import PPCA
from vaegan.vae import VAE

each = pytest.mark.parametrize("module, name, f", NAMES, ids=[f"{m}.{n}" for m, n, _ in NAMES])

def parts(name, f):
    "A function, or the methods of a class that its user meets"
    if not inspect.isclass(f): return [(name, f)]
    own = {k: getattr(m, "__func__", m) for k, m in vars(f).items() if k[0] != "_" or k == "__init__" and not told._is_record(f)}
    own |= {k: m.fget for k, m in own.items() if isinstance(m, property)}
    return [(f"{name}.{k}", m) for k, m in own.items() if inspect.isfunction(m)] + [(name, f)]*told._is_record(f)

@each
def test_every_argument_is_told(module, name, f):
    for what, m in parts(name, f):
        text = inspect.getdoc(m) or ""
        lines = " ".join(text.split())
        for k, p in inspect.signature(m).parameters.items():
            if k in ("self", "cls"): continue
            line = " ".join(str(p).split())
            assert line in lines, f"{what}: help does not show {line}\n{text}"
            after = lines[lines.index(line) + len(line):].lstrip()
            assert after and not after.startswith(("returns ", "Explained", "Anything")), f"{what}: nothing is said of {k}\n{text}"

@each
def test_help_says_where_it_is_explained(module, name, f):
    text = inspect.getdoc(f)
    assert text.splitlines()[0].strip() and f"/{module.replace('.', '/')}.html#{name.lower()}" in text
    assert "typing." not in text and "torch._C" not in text and "<class" not in text

def test_what_comes_back_is_told():
    "A return that is annotated or commented is in the help; nothing says only `tuple`"
    for module, name, f in NAMES:
        if inspect.isclass(f): continue
        back = inspect.signature(f).return_annotation
        if back not in (inspect.Signature.empty, None): assert "\nreturns " in "\n" + str(f.__doc__), f"{module}.{name}"
    bare = {f"{m}.{n}" for m, n, f in NAMES if not inspect.isclass(f) and inspect.signature(f).return_annotation is tuple}
    vague = {f"{m}.{n}" for m, n, f in NAMES if not inspect.isclass(f) and inspect.signature(f).return_annotation in (Callable, typing.Callable)}
    assert vague <= {"exam.exercise.exercise"}, vague     # a decorator; all others say what the function takes or gives
    assert get_args(inspect.signature(PPCA.posterior).return_annotation) == (torch.Tensor, torch.Tensor)
    assert bare <= {"exam.judge.answer_values", "widgets.latent.encoded", "widgets.latent.explorable"}, bare     # of any length, or None

def test_methods_and_signatures():
    text = pydoc.render_doc(VAE, renderer=pydoc.plaintext)
    for part in ("x: Float[Tensor, \"B *x_shape\", like self]", "nats per image", "where eps comes from", "d_z: Count", "Count is an int: values of at least 1."):
        assert part in text, part
    assert "torch._C" not in text.split("Methods inherited")[0].split("Static methods")[0]

WRITTEN = [(int, "int"), (int|None, "int or None"), (Union[int, str], "int or str"), (nn.Module, "nn.Module"), (torch.Tensor, "Tensor"), (torch.Generator, "torch.Generator"),
           (torch.optim.Optimizer, "torch.optim.Optimizer"), (tuple[int, float], "tuple[int, float]"), (tuple[float, ...], "tuple[float, ...]"), (dict[str, VAE], "dict[str, VAE]"),
           (Literal["a", "b"], "'a' or 'b'"), (Count, "Count"), (Count|None, "Count or None"), ("in words", "in words"), (None, "None"), (Any, "Any"),
           (Float[torch.Tensor, "... K"], 'Float[Tensor, "... K"]')]

@pytest.mark.parametrize("note, text", WRITTEN, ids=[t for _, t in WRITTEN])
def test_an_annotation_in_few_words(note, text): assert told._written(note, dict(Count=Count)) == text

def test_an_annotation_without_a_name_tells_its_conditions_with_the_meaning():
    def f(n:Annotated[int, between(1, 9)], m:Count): "Count"   # both
    assert str(inspect.signature(documented(f))) == "(n: int, m: Count)"
    assert "both; values in [1, 9]" in inspect.getdoc(f) and "Count is an int: values of at least 1." in inspect.getdoc(f)

CHECKED = [(m, n, f) for m, n, f in NAMES if not inspect.isclass(f) and hasattr(f, "__wrapped__")]

@pytest.mark.parametrize("module, name, f", CHECKED, ids=[f"{m}.{n}" for m, n, _ in CHECKED])
def test_what_help_says_of_bad_arguments_is_so(module, name, f):
    "Only the arguments that something is asked of are named, and of each an object of no kind is refused"
    guard, text = checks._Guard(inspect.unwrap(f)), inspect.getdoc(f)
    every = [k for k in inspect.signature(f).parameters]
    said = re.search(r"^A wrong (.*) is a TypeError or a ValueError that names it\.$", text, re.M)
    named = re.findall(r"`(\w+)`", said[1]) if said else every*("Anything else is a TypeError" in text)
    asked = {k: test for k, test in [*guard.tests, *guard.rest]}
    stars = [k for k, p in inspect.signature(f).parameters.items() if p.kind == p.VAR_KEYWORD and guard.others]
    assert sorted(named) == sorted([*asked, *stars])
    call = checks._Call({}, {})
    for k in asked:
        try: fault = asked[k](k, object(), call)
        except LookupError: continue       # its bound is another argument
        assert fault and fault[0] in (TypeError, ValueError), k

def test_a_promise_is_made_of_some_arguments_or_of_all():
    def f(n:Count, m:int, *, k:Count): "Count"
    def g(n:Count): "Count"
    def h(n): "Count"
    for of in (f, g, h): of.__qualname__ = of.__name__    # as at the top of a module
    assert "A wrong `n` or `k` is a" in inspect.getdoc(checked(f)) and "Anything else" in inspect.getdoc(checked(g))
    assert "TypeError" not in inspect.getdoc(checked(h))

def test_nothing_is_said_twice():
    "Conditions of a condition are told once, and a type is not told as a condition"
    from vaegan.nets import conv_encoder
    assert "ConvShape is a tuple: whole numbers above 0, (C,H,W) with H and W divisible by 4." in inspect.getdoc(conv_encoder)
    for module, name, f in NAMES: assert "of this class" not in inspect.getdoc(f) and not re.search(r"\d{15}", inspect.getdoc(f)), f"{module}.{name}"

def kinds(a, /, b:int, *c:float, d=1, e:type=nn.ReLU, f:int|None=None, **g): ...
def bare(a, *, b): ...
def first(a, /): ...

@pytest.mark.parametrize("f", [kinds, bare, first])
def test_a_signature_prints_as_it_is_typed(f):
    s = told._shown(f)
    assert s == inspect.signature(f) and [p.kind for p in s.parameters.values()] == [p.kind for p in inspect.signature(f).parameters.values()]
    want = {"kinds": "(a, /, b: int, *c: float, d=1, e: type = nn.ReLU, f: int = None, **g)", "bare": "(a, *, b)", "first": "(a, /)"}
    assert str(s) == s.format() == want[f.__name__]

class Point(NamedTuple):
    "A point"
    x:float      # to the right
    y:float=0.   # up

@dataclass
class Bag:
    "A bag"
    size:int                               # in litres
    things:list=field(default_factory=list)   # in it

class Net(nn.Module):
    "A net"
    def __init__(self,
        n:Count   # nodes
    ): super().__init__()

    @property
    def size(self) -> int: # nodes
        "How large it is"
        return 1

    @torch.no_grad()
    def forward(self,
        x:torch.Tensor, y:torch.Tensor,   # two rows
        *more:int                         # and so on
    ) -> torch.Tensor: # one
        "Run"

def test_records_classes_and_stars():
    documented(Point), documented(Bag), documented(Net)
    assert "x: float        to the right" in inspect.getdoc(Point) and "y: float = 0.0  up" in inspect.getdoc(Point)
    assert "in litres" in inspect.getdoc(Bag) and "in it" in inspect.getdoc(Bag)
    assert "nodes" in inspect.getdoc(Net.__init__) and "returns int" in inspect.getdoc(Net.size)
    text = inspect.getdoc(Net.forward)
    assert text.count("two rows") == 2 and "*more: int" in text and "and so on" in text and "returns Tensor" in text
    assert Point(1.).y == 0 and Bag(2).things == [] and Net(3)(X := torch.ones(1), X) is None

def test_nothing_is_read_before_somebody_asks():
    def f(n:int): "Count"
    assert documented(f) is f and f.__doc__ == "Count" and "whole" not in vars(f.__doc__)
    assert str(f.__doc__).startswith("Count\n\nn: int")
    exec("def g(n:int): 'no source'", space := {})
    assert inspect.getdoc(documented(space["g"])).startswith("no source")

def test_one_thing_or_several():
    assert [count(n, "point") for n in (0, 1, 2, 1437)] == ["0 points", "1 point", "2 points", "1,437 points"]
    assert [count(n, "class") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]

def test_a_name_means_one_thing():
    "A name is exported by one room; the formulas, which speak of signs and words, are a house of their own"
    rooms = {}
    for m in pkgutil.walk_packages(vaegan.__path__, "vaegan."):
        if m.ispkg or m.name.startswith("vaegan._"): continue
        for n in set(importlib.import_module(m.name).__all__) - {"PAGE"}:     # of each page of exercises
            rooms.setdefault((n, "formula" in m.name), []).append(m.name)
    assert len(rooms) > 1000 and not {n: found for n, found in rooms.items() if len(found) > 1}

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"help.count": "a number and a word", "help.documented": "read when a function is defined, and tried above", "help.examples": "takes nothing", "help.arguments": "what has no signature is refused by `inspect`"}
bad_input_tests({}, NO_ROW)
