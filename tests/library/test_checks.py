"The notation of signatures: each construct, each way to break it, and what must go on working around it"
import copy
import inspect
import math
import pickle
import pydoc
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from vaegan import checks
from vaegan.checks import (
    AnyPath,
    Bool,
    Count,
    Finite,
    Float,
    ImageShape,
    Int,
    NonNegative,
    Pixels,
    Positive,
    Seed,
    Shape,
    Shaped,
    Share,
    TorchSeed,
    Whole,
    Widths,
    any_device,
    any_dtype,
    between,
    checked,
    finite,
    isa,
    labels,
    like,
    marker,
    nonnegative,
    one_of,
    positive,
    unit,
)
from vaegan.vae import VAE, mlp_vae

NAN, INF = float("nan"), float("inf")
X = torch.rand(6, 3, generator=torch.Generator().manual_seed(0))

def takes(note, default=inspect.Parameter.empty):
    "A checked function of one argument v, so annotated; it gives v back"
    def f(v): return v
    f.__annotations__["v"] = note
    if default is not inspect.Parameter.empty: f.__defaults__ = (default,)
    return checked(f)

def error(f, *args, **kw):
    "What the guard says; None if it lets the call pass"
    try: f(*args, **kw)
    except (TypeError, ValueError) as e: return f"{type(e).__name__}: {e}"

@checked
def kl(
    mu:Float[Tensor, "B +D"],               # means of q
    logvar:Float[Tensor, "B +D"],           # log-variances of q
    mu_p:Float[Tensor, "B +D"]|None=None    # means of p; zeros by default
) -> Float[Tensor, "B"]: # nats per row
    "KL(q ‖ p)"
    return .5*((mu if mu_p is None else mu - mu_p)**2 + logvar.exp() - 1 - logvar).flatten(1).sum(1)

# ------------------------------------------------------------------------------------------------------------- tensors
@pytest.mark.parametrize("args, says", [
    (([[1.]], X), "TypeError: mu: expected a tensor, got list"),
    ((X.long(), X), "TypeError: mu: expected a float tensor, got torch.int64"),
    ((X > 0, X), "TypeError: mu: expected a float tensor, got torch.bool"),
    ((X + 0j, X), "TypeError: mu: expected a float tensor, got torch.complex64"),
    ((X[:0], X), "ValueError: mu: expected at least one value, got shape [0, 3]"),
    ((X[0], X[0]), "ValueError: mu: expected shape [B, +D], got [3]"),
    ((X[0, 0], X), "ValueError: mu: expected shape [B, +D], got []"),
    ((X, X[:, :2]), "ValueError: logvar: expected shape [6, 3] like mu, got [6, 2]"),
    ((X, X[None]), "ValueError: logvar: expected shape [6, 3] like mu, got [1, 6, 3]"),
    ((X, X, X[:2]), "ValueError: mu_p: expected shape [6, 3] like mu, got [2, 3]"),
    ((X, X, 0.), "TypeError: mu_p: expected a tensor, got float"),
    ((X, X.double()), "TypeError: logvar: expected torch.float32 like mu, got torch.float64"),
    ((X, X.to("meta")), "ValueError: logvar: expected cpu like mu, got meta")])
def test_each_way_to_be_wrong(args, says): assert error(kl, *args) == says

def test_what_is_right_passes_by_position_and_by_name():
    assert torch.equal(kl(X, X), kl(logvar=X, mu=X)) and torch.equal(kl(X, X, X), kl(X, X, mu_p=X))
    assert kl(X, X, None).shape == (6,) and kl(X.double(), X.double()).dtype == torch.double
    assert kl(X[None, None], X[None, None]).shape == (1,)

SHAPES = [("", [()], [(1,)]), ("B", [(1,), (7,)], [(), (1, 1)]), ("3 _", [(3, 1), (3, 9)], [(1, 3), (3,)]), ("...", [(), (1,), (2, 3)], []),
          ("B ...", [(1,), (2, 3, 4)], [()]), ("... 2", [(2,), (5, 2)], [(), (3,), (2, 5)]), ("B *D", [(1,), (4, 5)], [()]),
          ("B +D", [(1, 1), (4, 5, 6)], [(), (4,)]), ("+D", [(1,), (2, 3)], [()]), ("a *b c", [(1, 2), (1, 7, 8, 2)], [(1,)]),
          ("N>=2 F", [(2, 1), (9, 4)], [(1, 4), (2,)]), ("N>2", [(3,)], [(2,)]), ("N<=2", [(1,), (2,)], [(3,)]), ("N<2", [(1,)], [(2,)]), ("N==2 D", [(2, 3)], [(1, 3)]),
          ("B +D==6", [(1, 6), (4, 2, 3)], [(4, 5), (6,), (4, 2, 2)]), ("*D==1", [(), (1, 1)], [(2,)]), ("D N>D", [(2, 3)], [(2, 2)]),
          ("D D", [(2, 2)], [(2, 3)]), ("D 2*D+1", [(2, 5)], [(2, 4)]), ("D D//2 D%2", [(5, 2, 1)], [(5, 2, 2), (4, 1, 1)]), ("D D-1", [(3, 2)], [(3, 3)])]

@pytest.mark.parametrize("words, good, bad", SHAPES, ids=[repr(s) for s, *_ in SHAPES])
def test_shapes_in_words(words, good, bad):
    f = takes(Float[Tensor, words])
    for shape in good: assert f(torch.zeros(shape)) is not None
    for shape in bad: assert error(f, torch.zeros(shape)).startswith("ValueError: v: expected shape [")

sizes = st.integers(1, 4)
@given(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=5), st.dictionaries(st.sampled_from("ABCD"), sizes), st.lists(sizes, max_size=6))
def test_a_shape_passes_just_if_there_is_one_size_per_letter(words, fixed, shape):
    same = len(words) == len(shape) and len({(w, n) for w, n in zip(words, shape)}) == len(set(words))
    assert (error(takes(Float[Tensor, " ".join(words)]), torch.zeros(shape)) is None) == same

@given(st.lists(sizes, min_size=2, max_size=4), st.lists(sizes, min_size=2, max_size=4))
def test_letters_hold_across_arguments(a, b):
    for _ in range(2):   # the second time the glance decides
        assert (error(kl, torch.zeros(a), torch.zeros(b)) is None) == (a == b)

def test_the_message_names_who_fixed_the_size():
    @checked
    def f(a:Float[Tensor, "N"], b:Float[Tensor, "M"], c:Float[Tensor, "N M K"]): ...
    assert error(f, X[0], X[:, 0], X) == "ValueError: c: expected shape [3, 6, K] like a, b, got [6, 3]"

@pytest.mark.parametrize("words", ["*A *B", "A ... *B", "+A ..."])
def test_a_shape_that_cannot_be_read_is_refused_when_it_is_written(words):
    with pytest.raises(ValueError, match="expected one word with"): Float[Tensor, words]

@pytest.mark.parametrize("words", ["open('x')", "a.b()", "D/2", "[1]", "D**2", "lambda:0", "(D)and(1)", "D@D"])
def test_a_size_is_arithmetic_and_nothing_else(words):
    with pytest.raises((ValueError, SyntaxError)): Float[Tensor, words]

def test_sizes_from_other_arguments():
    @checked
    def tril(raw:Float[Tensor, "B D*(D+1)//2"], D:Count=2): return D
    assert tril(torch.zeros(4, 6), 3) == tril(torch.zeros(4, 6), D=3) == 3 and tril(torch.zeros(4, 3)) == 2
    assert error(tril, torch.zeros(4, 6)) == "ValueError: raw: expected shape [B, 3], got [4, 6]"
    assert error(tril, torch.zeros(4, 5), 3) == "ValueError: raw: expected shape [B, 6], got [4, 5]"
    assert error(tril, torch.zeros(4, 5), 1.5) == "TypeError: D: expected a whole number, got 1.5"
    assert error(tril, torch.zeros(4, 5), 0).startswith("ValueError: D: ")   # plain numbers come first
    @checked
    def rows(n:int, y:Int[Tensor, "n"], x_shape:Shape, x:Float[Tensor, "n *x_shape"], flat:Float[Tensor, "n prod(x_shape)"]): ...
    good = dict(n=2, y=torch.tensor([0, 1]), x_shape=(1, 3), x=torch.zeros(2, 1, 3), flat=torch.zeros(2, 3))
    assert rows(**good) is None
    assert error(rows, **good | dict(x=torch.zeros(2, 3))) == "ValueError: x: expected shape [2, 1, 3], got [2, 3]"
    assert error(rows, **good | dict(y=torch.tensor([0]))) == "ValueError: y: expected shape [2], got [1]"
    assert "flat: expected shape [2, 3]" in error(rows, **good | dict(flat=torch.zeros(2, 4)))

def test_a_letter_is_no_argument_that_has_no_size():
    @checked
    def penalty(D:Callable, x:Float[Tensor, "B D"]): return 1
    assert penalty(len, X) == 1 and error(penalty, 3, X) == "TypeError: D: expected a function, got 3"

def test_kinds_of_tensors():
    assert error(takes(Int[Tensor, "N"]), torch.zeros(3)) == "TypeError: v: expected whole numbers, got torch.float32"
    assert error(takes(Int[Tensor, "N"]), torch.zeros(3) + 0j).startswith("TypeError")
    for t in (torch.zeros(3, dtype=d) for d in (torch.uint8, torch.int32, torch.int64, torch.bool)): takes(Int[Tensor, "N"])(t)
    assert takes(Bool[Tensor, "..."])(X > 0) is not None and error(takes(Bool[Tensor, "..."]), X).startswith("TypeError: v: ")
    for t in (X, X > 0, X.long(), X + 0j): takes(Shaped[Tensor, "A B"])(t)
    assert error(takes(Float[nn.Parameter, "..."]), X).startswith("TypeError: v: ")

def test_bytes_stand_for_floats():
    "They lie in [0, 1] by what they stand for; sizes and devices are asked of them as of others, also at the second call"
    @checked
    def f(x:Pixels[Tensor, "N 3", unit, any_dtype], w:Float[Tensor, "N"]|None=None): return 1
    octets, w = torch.tensor([[0, 7, 255]]*2, dtype=torch.uint8), torch.zeros(2, dtype=torch.double)
    for _ in range(3):
        assert f(octets, w) and f(octets/255, w)
        assert error(f, octets/254) == f"ValueError: x: expected values in [0, 1], got [0, {255/254:g}]"
        assert error(f, octets/0*0) == "ValueError: x: expected values in [0, 1], got [nan, nan]"
        for other in (octets.long(), octets > 0, octets.to(torch.int8)): assert error(f, other) == f"TypeError: x: expected floats or bytes (uint8), got {other.dtype}"
        assert error(f, octets[:, :2]) == "ValueError: x: expected shape [N, 3], got [2, 2]" and error(f, octets, w[:1]) == "ValueError: w: expected shape [2] like x, got [1]"
    assert repr(Pixels[Tensor, "N 3", unit]) == 'Pixels[Tensor, "N 3", values in [0, 1]]'

def test_dtype_and_device():
    @checked
    def f(a:Float[Tensor, "N M"], b:Float[Tensor, "N M", any_dtype], y:Int[Tensor, "N"]|None=None, c:Float[Tensor, "...", any_device]|None=None): ...
    y = torch.arange(6)
    f(X, X.double(), y, X.to("meta"))
    assert error(f, X, X.to("meta")) == "ValueError: b: expected cpu like a, got meta"
    assert error(f, X, X, y.to("meta")) == "ValueError: y: expected cpu like a, got meta"
    assert error(f, X, X, y, X.double()) == "TypeError: c: expected torch.float32 like a, got torch.float64"

def test_autocast_mixes_precisions_and_leaves_no_trace():
    for _ in range(2):
        with torch.autocast("cpu", dtype=torch.bfloat16): kl(X, X.bfloat16())
        assert error(kl, X, X.bfloat16()).startswith("TypeError: logvar")

# -------------------------------------------------------------------------------------------------------------- values
RANGES = [(unit, [0., .5, 1.], [-.1, 1.1, NAN, INF]), (finite, [-3., 0.], [NAN, INF, -INF]), (positive, [1e-9, 7.], [0., -1., NAN, INF]),
          (nonnegative, [0., 2.], [-1e-9, NAN, INF]), (between(.5, 1, "(]"), [.51, 1.], [.5, 1.01, NAN]), (between(0, 1, "[)"), [0., .9], [1., -.1, NAN]),
          (between(-1, 1, "()"), [0.], [-1., 1.]), (between(0, INF, "[]"), [0., INF], [-1., NAN])]

@pytest.mark.parametrize("m, good, bad", RANGES, ids=[repr(m) for m, *_ in RANGES])
def test_ranges_for_numbers_and_for_tensors(m, good, bad):
    number, tensor = takes(Annotated[float, m]), takes(Float[Tensor, "...", m])
    for v in good:
        assert number(v) == v and number(np.float64(v)) == v and tensor(torch.tensor([good[0], v])) is not None
    for v in bad:
        assert re.match(r"ValueError: v: expected a (\w+ )?number.*, got ", error(number, v))
        for _ in range(2): assert re.match(r"ValueError: v: expected .*values.*, got ", error(tensor, torch.tensor([good[0], v])))
    for v in ("3", None, [1.], 1j): assert error(number, v).startswith("TypeError: v: expected a number, got ")

def test_messages_of_values():
    assert error(takes(Float[Tensor, "N", unit]), torch.tensor([0., 2.])) == "ValueError: v: expected values in [0, 1], got [0, 2]"
    assert error(takes(Float[Tensor, "N", finite]), torch.tensor([0., NAN])) == "ValueError: v: expected finite values, got NaN or infinity"
    assert error(takes(Float[Tensor, "N", unit]), torch.tensor([0., NAN])) == "ValueError: v: expected values in [0, 1], got [nan, nan]"
    assert error(takes(Positive), 0) == "ValueError: v: expected a positive number, got 0"
    assert error(takes(NonNegative), -1.) == "ValueError: v: expected a number of at least 0, got -1.0"
    assert error(takes(Annotated[int, between(10, 1787)]), 9) == "ValueError: v: expected a number in [10, 1787], got 9"

def test_values_are_looked_at_on_every_call():
    f = takes(Float[Tensor, "N", unit])
    for _ in range(3): assert f(torch.zeros(3)) is not None and error(f, torch.full((3,), 2.))
    @checked
    def g(x:Float[Tensor, "N"], y:Float[Tensor, "N", finite]|None=None): ...
    for _ in range(3): assert g(torch.zeros(2), None) is g(torch.zeros(2)) is None and error(g, torch.zeros(2), torch.full((2,), NAN)).startswith("ValueError: y")

def test_a_glance_takes_nothing_for_the_same_that_is_not():
    allowed = ["a"]
    f = takes(Annotated[str, marker("allowed now", lambda v: v in allowed)])
    assert f("a") == "a" and error(f, "b") and not allowed.append("b") and f("b") == "b" and not allowed.clear() and error(f, "a")
    shape = takes(Shape)
    assert shape((1, 4)) and error(shape, (1, 4.)) and error(shape, (1., 4)) and shape((True, 4)) and error(shape, (0, 4)) and shape([1, 4])
    count = takes(Count)
    assert count(1) == 1 and error(count, 1.) and count(True) and error(count, 0) and count(np.int64(1)) and error(count, np.int64(0)) and error(count, np.float64(1))
    class Of:
        def __init__(self, n): self.n = n
    @checked
    def pick(of, k:Annotated[int, between(1, "of.n")], x:Float[Tensor, "..."]|None=None): return k
    class Has(Of):
        @checked
        def pick(self, k:Annotated[int, between(1, "n")]): return k
    for _ in range(2):
        assert pick(Of(3), 3) == 3 and error(pick, Of(2), 3) and pick(Of(3), 3, X) == 3 and error(pick, Of(2), 3, X)
        assert Has(3).pick(3) == 3 and error(Has(2).pick, 3)
    few, more = Of([1, 2]), Of((1, 2, 3))
    @checked
    def rows(of, x:Float[Tensor, "*of.n"]): return x.shape
    for _ in range(2): assert rows(few, torch.zeros(1, 2)) and rows(more, torch.zeros(1, 2, 3)) and error(rows, more, torch.zeros(1, 2)) and error(rows, Of([1, 3]), torch.zeros(1, 2))
    few.n = np.int64(2)
    assert error(rows, few, torch.zeros(3)) is not None

ALIASES = [(Count, [1, np.int64(3), True], [0, -3], [1.5, "3", None]), (Whole, [0, 5], [-1], [.5]), (Seed, [0, 2**64 - 1], [-1, 2**64], [None, 1.5]), (TorchSeed, [-2**63, 2**64 - 1], [-2**63 - 1, 2**64], [None, 1.5]),
           (Share, [0, 1, .5], [1.1, -.1, NAN], ["x"]), (Finite, [-1e9], [INF, NAN], [None]), (Positive, [1], [0], ["x"]), (NonNegative, [0], [-1], ["x"]),
           (Shape, [(1, 4, 4), [3], torch.Size([2])], [(), (0, 4), (1, -4, 4), (1, 4.), 16, "x", None, X], []), (Widths, [(), (8, 8)], [(0,), (1.5,), 3], []),
           (ImageShape, [(1, 4, 4)], [(4, 4), (1, 0, 4), 16], []), (AnyPath, ["a", Path("a")], [], [3, b"x", True])]

@pytest.mark.parametrize("note, good, bad, other", ALIASES, ids=[str(i) for i in range(len(ALIASES))])
def test_aliases(note, good, bad, other):
    f = takes(note)
    for v in good: assert f(v) is v
    for v in bad: assert re.match(r"(ValueError|TypeError): v: expected .*, got ", error(f, v))
    for v in other: assert re.match(r"TypeError: v: expected .*, got ", error(f, v))

def test_words_tables_functions_classes():
    kind = takes(Literal["a", "b"])
    assert kind("a") == "a" and error(kind, "c") == "ValueError: v: expected 'a' or 'b', got 'c'" and error(kind, None) and error(kind, [1])
    name = takes(Annotated[str, one_of(dict(nll=1, elbo=2))])
    assert name("nll") and error(name, "x") == "ValueError: v: expected one of nll, elbo, got 'x'" and error(name, 3) and error(name, []) and error(name, X)
    beta = takes(NonNegative|Callable)
    assert beta(0) == 0 and beta(len) is len and error(beta, -1.) == "ValueError: v: expected a number of at least 0 or a function, got -1.0"
    assert error(takes(Callable[[int], int]), 3) == "TypeError: v: expected a function, got 3"
    model = nn.Linear(1, 1)
    assert takes(Annotated[nn.Module, isa])(model) is model and takes(nn.Module)(3) == 3   # a plain class promises nothing
    assert error(takes(Annotated[nn.Module, isa]), 3).startswith("TypeError: v: expected a ")
    g = torch.Generator()
    assert takes(torch.Generator|None)(None) is None and takes(torch.Generator)(g) is g
    assert error(takes(torch.Generator|None), 0) == "TypeError: v: expected a torch.Generator, got int"
    class Generator: "another one"
    assert takes(Generator)(3) == 3
    assert takes(torch.Generator, None)(None) is takes(Count, None)(None) is None   # None by default may be None
    nats = takes(Float[Tensor, "..."]|Finite)
    assert nats(2.) == 2. and nats(X) is X and error(nats, "x").startswith("TypeError: v: expected a tensor or a number")
    pair = takes(tuple[Float[Tensor, "B"], Float[Tensor, "B"]])
    assert pair((X[0], X[1])) and error(pair, (X[0], X[:, 0])).startswith("ValueError: v: expected shape [B]") and error(pair, 3) and error(pair, (X[0],))

def test_what_promises_nothing_is_not_looked_at():
    for note in (int, float, str, bool, tuple, dict, Tensor, nn.Module, "a name that is not there", inspect.Parameter.empty):
        assert takes(note)("anything") == "anything"

def test_own_markers():
    increasing = marker("a grid that increases", lambda x: (x.diff() > 0).all(), "one that does not")
    f = takes(Float[Tensor, "n>=2", finite, increasing])
    assert f(torch.arange(3.)) is not None and error(f, torch.zeros(3)) == "ValueError: v: expected a grid that increases, got one that does not"
    assert error(f, torch.tensor([1., NAN])) == "ValueError: v: expected finite values, got NaN or infinity"
    by4 = Annotated[ImageShape, marker("(C,H,W) with H and W divisible by 4", lambda s: s[1] % 4 == s[2] % 4 == 0)]
    assert takes(by4)((1, 8, 4)) and error(takes(by4), (1, 6, 4)) == "ValueError: v: expected (C,H,W) with H and W divisible by 4, got (1, 6, 4)"
    assert error(takes(by4), (4, 4)) == "ValueError: v: expected (C,H,W), got (4, 4)"
    long = takes(Annotated[str, marker("a sentence", lambda s: len(s) > 9)])
    assert long("long enough") and error(long, 3) == "TypeError: v: expected a sentence, got 3" and len(error(long, "\n")) < 99
    assert "\n" not in error(takes(Count), torch.zeros(40, 40)) and "\n" not in error(takes(Count), "a\nb") and len(error(takes(Count), "x"*999)) < 130

def test_bounds_that_name_others():
    @checked
    def f(k:Annotated[int, between(1, "N-1")], x:Float[Tensor, "N D"], y:Int[Tensor, "N", labels("K")], K:Count=3): ...
    y = torch.arange(6) % 3
    f(5, X, y)
    assert error(f, 6, X, y) == "ValueError: k: expected a number in [1, 5], got 6" and error(f, 1.5, X, y).startswith("TypeError: k")
    for _ in range(2):
        assert error(f, 1, X, y + 1) == "ValueError: y: expected values in [0, 2], got [1, 3]" and error(f, 1, X, y, 2) and not error(f, 1, X, y + 1, 4)
    assert error(takes(Int[Tensor, "N", labels(2)]), y).startswith("ValueError: v: expected values in [0, 1]")
    @checked
    def pieces(bs:Annotated[int, between(1, "len(x)")], x:list): ...
    assert pieces(2, [1, 2]) is None and error(pieces, 3, [1, 2]) == "ValueError: bs: expected a number in [1, 2], got 3"

# ---------------------------------------------------------------------------------------------- kinds of functions
class Net(nn.Module):
    @checked
    def __init__(self, d:Count, x_shape:Shape):
        super().__init__()
        self.d, self.x_shape, self.lin = d, tuple(x_shape), nn.Linear(math.prod(x_shape), d)

    @checked
    def forward(self, x:Float[Tensor, "B *x_shape", like("self")]) -> Float[Tensor, "B d"]: return self.lin(x.flatten(1))

    @classmethod
    @checked
    def small(cls, d:Count): return cls(d, (1, 2))

    @checked
    @staticmethod
    def twice(v:Count): return 2*v

    @checked
    @property
    def wide(self) -> Float[Tensor, "d"]: return torch.zeros(self.d)

def test_methods_read_their_object():
    a, b, x = Net.small(2), Net(3, [3]), torch.zeros(5, 1, 2)
    for _ in range(2):   # one guard serves two objects of different sizes
        assert a(x).shape == (5, 2) and b(torch.zeros(5, 3)).shape == (5, 3) and a(x=x).shape == (5, 2)
        assert error(a, torch.zeros(5, 3)) == "ValueError: x: expected shape [B, 1, 2], got [5, 3]"
        assert error(b, x) == "ValueError: x: expected shape [B, 3], got [5, 1, 2]"
        assert error(a, x.double()) == "TypeError: x: expected torch.float32 like self, got torch.float64"
        assert error(a, x.to("meta")) == "ValueError: x: expected cpu like self, got meta"
    assert Net.twice(2) == 4 and a.wide.shape == (2,)
    for bad in (lambda: Net.small(0), lambda: Net.twice(.5), lambda: Net(1, ())): assert error(bad)
    a.double()
    assert a(x.double()).dtype == torch.double and error(a, x).startswith("TypeError: x")
    a.x_shape = (2,)
    assert a(torch.zeros(5, 2).double()).shape == (5, 2) and error(a, x.double())
    assert torch.equal(copy.deepcopy(b)(torch.ones(1, 3)), b(torch.ones(1, 3)))

def test_as_many_values_as_the_object_says():
    class Line:
        def __init__(self, d): self.d = d
        @checked
        def score(self, x:Float[Tensor, "B +D==d"]): return len(x)
    @checked
    def outside(line, x:Float[Tensor, "N>line.d +D"]): return len(x)
    for _ in range(2):
        assert Line(4).score(torch.zeros(2, 2, 2)) == Line(6).score(torch.zeros(2, 6)) == 2 and outside(Line(1), torch.zeros(2, 2)) == 2
        assert error(Line(4).score, torch.zeros(2, 6)) == "ValueError: x: expected shape [B, +D==4], got [2, 6]"
        assert error(outside, Line(2), torch.zeros(2, 2)) == "ValueError: x: expected shape [N>2, +D], got [2, 2]"

def test_functions_on_a_model():
    @checked
    def score(net:Net, x:Float[Tensor, "N>=2 *net.x_shape", like("net")]): return len(x)
    a, b = Net.small(2), Net(3, (3,))
    for _ in range(2):
        assert score(a, torch.zeros(5, 1, 2)) == score(b, torch.zeros(5, 3)) == 5
        assert error(score, a, torch.zeros(5, 3)) == "ValueError: x: expected shape [N>=2, 1, 2], got [5, 3]" and error(score, b, torch.zeros(1, 3))
        assert error(score, a, torch.zeros(5, 1, 2).double()) == "TypeError: x: expected torch.float32 like net, got torch.float64"
    def step(net):
        @checked
        def inner(x:Float[Tensor, "B +D", like(net)]): return 1
        return inner
    assert step(a)(X) == 1 and step(nn.ReLU())(X.double()) == 1 and step(len)(X) == 1
    assert error(step(a), X.double()) == "TypeError: x: expected torch.float32 like the network, got torch.float64"

def test_stars_and_names():
    @checked
    def mlp(*sizes:Count, act=None, lr:Positive=1., **more:Finite): return sizes, more
    assert mlp() == ((), {}) and mlp(1, 2, lr=2, a=3.) == ((1, 2), dict(a=3.))
    assert error(mlp, 1, 0).startswith("ValueError: sizes: ") and error(mlp, 1, 1.5).startswith("TypeError: sizes: ")
    assert error(mlp, lr=0).startswith("ValueError: lr") and error(mlp, a=NAN).startswith("ValueError: a: ")

def test_python_s_own_complaints_stay():
    for call in (lambda: kl(X), lambda: kl(X, X, X, X), lambda: kl(X, X, nu=X), lambda: kl(X, X, mu=X)):
        with pytest.raises(TypeError, match="argument"): call()

def test_generators_and_contexts():
    @checked
    def count(n:Count) -> Iterator: yield from range(n)
    @contextmanager
    @checked
    def held(n:Count): yield n
    assert list(count(2)) == [0, 1] and error(count, 0)   # at the call, not at the first value
    with held(3) as n: assert n == 3
    assert error(lambda: held(0))

def test_no_grad_and_annotations_as_text():
    @torch.no_grad()
    @checked
    def f(x:Float[Tensor, "B"]): return 2*x
    assert not f(X[0].requires_grad_()).requires_grad and error(f, X)
    space = dict(vars(checks), Tensor=Tensor)
    exec("from __future__ import annotations\ndef g(x:Float[Tensor, 'B'], n:Count=1): return n\nchecked_g = checked(g)", space)
    assert space["checked_g"](X[0]) == 1 and error(space["checked_g"], X) and error(space["checked_g"], X[0], 0)

def test_an_argument_is_not_changed_and_errors_are_fresh():
    x = X.clone()
    assert error(kl, x, x[:2]) == error(kl, x, x[:2]) and torch.equal(x, X)

def test_a_capital_is_a_size_of_the_call_whatever_the_object_keeps_there():
    class Mine(VAE):
        def __init__(self, *args): super().__init__(*args); self.B, self.K, self.D = 64, 5, 3
    small = mlp_vae((4,), 2, (3,))
    x = torch.rand(5, 4)
    assert Mine(small.enc, small.dec, 2, (4,)).elbo(x).shape == (5,)

def test_an_argument_that_has_a_length_is_asked_at_every_call():
    class Sized(list): pass
    class Long:
        def __init__(self, n): self.n = n
        def __len__(self): return self.n
    @checked
    def f(s:Any, x:Float[Tensor, "B len(s)"]): return x
    for kind in (Long, lambda n: Sized([0]*n)):
        f(kind(3), torch.zeros(2, 3))
        with pytest.raises(ValueError, match=r"x: expected shape \[B, 4\], got \[2, 3\]"): f(kind(4), torch.zeros(2, 3))

def test_a_keyword_does_not_hide_an_argument_that_has_no_name():
    @checked
    def f(n:Count, /, **kw:Count): return n
    assert f(3, n=4) == 3
    with pytest.raises(ValueError, match="n: expected"): f(0, n=4)

# ---------------------------------------------------------------------------------------------------------- results
@pytest.mark.parametrize("on", [True, False])
def test_a_wrong_result_is_seen_where_it_is_switched_on(on, monkeypatch):
    monkeypatch.setattr(checks, "returns", on)
    @checked
    def short(x:Float[Tensor, "B D"]) -> Float[Tensor, "B"]: return x[1:, 0]
    @checked
    def two(x:Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "D"]]: return x[:, 0], x[:, 0]
    for _ in range(2):
        assert error(short, X) == ("ValueError: short returned: expected shape [6] like x, got [5]" if on else None)
        assert (error(two, X) is not None) == on
        assert kl(X, X).shape == (6,) and error(kl, X, X[:2])

# ------------------------------------------------------------------------------------------------- what goes on working
@checked
def tril(raw:Float[Tensor, "B D*(D+1)//2"], D:Count, L:Float[Tensor, "B D D"]|None=None) -> Float[Tensor, "B"]: return raw.sum(1)*D

def image(x:Float[Tensor, "B D", unit], k:Literal["a", "b"]="a"): return x.sum()
image = checked(image)

def test_vmap_sees_shapes_and_no_values():
    assert torch.equal(torch.func.vmap(kl)(X[:, None], X[:, None])[:, 0], kl(X, X))
    assert torch.func.vmap(image)(X[:, None]).shape == (6,) and torch.func.vmap(image)(X[:, None] + 5).shape == (6,)
    assert torch.func.jacrev(kl)(X, X).shape == (6, 6, 3)
    with pytest.raises(ValueError, match="logvar: expected shape"): torch.func.vmap(kl)(X[:, None], X[:, None, :2])

@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_whole(dynamic):
    torch.compiler.reset()
    for f, args in ((kl, (X, X)), (kl, (X, X, X)), (image, (X,)), (image, (X, "b")), (tril, (X, 2)), (tril, (X, 2, X[:, None, :2].expand(6, 2, 2))), (Net.small(2), (torch.zeros(3, 1, 2),)), (takes(Positive|Callable), (2.,))):
        compiled = torch.compile(f, fullgraph=True, backend="eager", dynamic=dynamic)
        assert torch.equal(torch.as_tensor(compiled(*args)), torch.as_tensor(f(*args)))

def test_a_model_compiles_whole_and_is_traced():
    class Bound(torch.nn.Module):
        def __init__(self): super().__init__(); self.vae = mlp_vae((4,), 2, (3,))
        def forward(self, x): return self.vae.elbo(x)
    net, x = Bound(), torch.rand(5, 4)
    torch._dynamo.reset()
    assert torch.compile(net, fullgraph=True, backend="eager")(x).shape == (5,)
    assert torch.jit.trace(net, (x,), check_trace=False)(x).shape == (5,)
    assert make_fx(lambda mu: kl(mu, mu), tracing_mode="symbolic")(torch.rand(5, 4)) is not None

def test_gradients_pass():
    x = X.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: kl(v, v), x)

def test_pickle_copy_and_signature():
    for f in (kl, image): assert pickle.loads(pickle.dumps(f)) is f and copy.deepcopy(f) is f
    plain = kl.__wrapped__
    assert inspect.signature(kl) == inspect.signature(plain) and kl.__name__ == "kl" and kl.__module__ == __name__
    assert str(inspect.signature(image)).startswith('(x: Float[Tensor, "B D", values in [0, 1]]')
    assert get_type_hints(kl, include_extras=True)["mu"].shape == "B +D"

def test_help_shows_the_comments():
    text = pydoc.render_doc(kl, renderer=pydoc.plaintext)
    for part in ('mu: Float[Tensor, "B +D"]', "means of q", "nats per row", "KL(q ‖ p)", "Anything else is a TypeError"): assert part in text
    assert kl.__doc__ == "KL(q ‖ p)" and str(kl.__doc__).startswith("KL(q ‖ p)\n\nmu: ") and inspect.getdoc(kl) == str(kl.__doc__) and "means of q" in str(kl.__doc__)
    assert all(words in str(kl.__doc__) for words in ("mu: Float[Tensor, ", "returns Float[Tensor, ")), str(kl.__doc__)
    assert "zeros by default" in pydoc.render_doc(Net, renderer=pydoc.plaintext) or inspect.getdoc(Net.forward) is not None
    namespace = dict(checked=checked, Count=Count)
    exec("@checked\ndef f(n:Count): 'no source'", namespace)
    assert inspect.getdoc(namespace["f"]).startswith("no source")

def test_docments_and_show_doc_read_through():
    from fastcore.docments import docments
    from nbdev.showdoc import show_doc
    assert docments(kl)["mu"] == "means of q" and docments(kl)["return"] == "nats per row"
    assert 'mu:Float[Tensor, "B +D"]' in str(show_doc(kl)._repr_markdown_())

def test_reads_no_source_and_no_torch_when_imported():
    code = "import sys, inspect; inspect.getsource = None; import vaegan.checks; print('torch' in sys.modules, 'fastcore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False", "False"]

def test_the_memory_of_calls_is_bounded():
    f = takes(Float[Tensor, "N"])
    guard = next(c.cell_contents for c in f.__closure__ if isinstance(c.cell_contents, checks._Guard))
    for n in range(1, 1100): f(torch.zeros(n))
    assert len(guard.passed) == 1000 and f(torch.zeros(5000)) is not None and error(f, X)

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {f"checks.{n}": "part of the language of signatures: read when a function is defined, and tried above" for n in
          "Marker Marker.fault between checked labels like like.fault marker one_of".split()}
bad_input_tests({}, NO_ROW)
