"""Bad input, over the whole public API: each bad argument gets a ValueError or TypeError that names it, and says what was
expected and what came; none gives a silent wrong number.

A row is a call that works; then one argument at a time is made bad. A tensor is made bad in the ways of `spoil`, all else
by the values in the row. Every file of tests/library holds the rows of its module, and its exemptions, and hands both to
`bad_input_tests`. The table grows by itself: a new exported function or method, or a new argument of one, fails a test of
tests/whole/test_tables.py until it stands there.

What a row allows, as words in `allow`:
  nan    inside the training step a look at every value would cost time: NaN in, NaN out, and `fit` stops there. Densities keep to it
  inf    besides, an infinite number means something: a verdict beyond doubt, no spread, no weight
  shape  tensors of any shape are taken"""
import copy
import importlib
import inspect
import json
import math
import pkgutil
import re
import typing
from collections.abc import Callable

import pytest
import torch
from torch import nn

import vaegan
from vaegan.compare import twins
from vaegan.datasets import ImageData
from vaegan.evaluate import Classifier
from vaegan.exam.draw import Draw
from vaegan.exam.exercise import Exercise
from vaegan.exam.key import to_key
from vaegan.exam.learner import bank as exercises
from vaegan.exam.secret import derived
from vaegan.exam.variant import Variant
from vaegan.gan import Generator, mlp_gan
from vaegan.hybrid import FeatureDiscriminator
from vaegan.latent import PPCA
from vaegan.likelihoods import ContinuousBernoulli, DiagNormal, DiscretisedLogistic, FullNormal, Normal
from vaegan.nets import mlp
from vaegan.vae import Bernoulli, mlp_vae

# Objects have no value to be wrong: given something else, Python stops at the first use of it.
OBJECTS = (nn.Module, torch.optim.Optimizer, torch.Generator, ImageData, PPCA, bool, Variant, Exercise)
LOOKS = {"ax", "title", "xlabel", "ylabel", "rows", "cols", "refs", "fill", "scale", "words", "device", "act", "out", "schedules", "log", "generator", "norm"}
ALIAS = {"hidden": "sizes", "x": "out", "batch": "x y", "out": "logits mu logvar x raw", "xy": "x y", "y": "labels", "names": "topics", "path": "students key bank again makeup", "makeups": "makeup"}   # named by the function that looks at it

# -------------------------------------------------------------------------------------------- what the rows are made of
def normals(seed=0):
    "A function that draws normal numbers of a shape, of its own"
    dice = torch.Generator().manual_seed(seed)
    return lambda *s: torch.randn(*s, generator=dice)

torch.manual_seed(0)
dice = torch.Generator().manual_seed(0)
rnd = lambda *s: torch.randn(*s, generator=dice)
B, S, NAN, INF = 6, (1, 4, 4), float("nan"), float("inf")
X, Z, MU, LV = torch.rand(B, *S, generator=dice), rnd(B, 2), rnd(B, 3), rnd(B, 3)
Y, BINARY = torch.arange(B) % 3, (rnd(B, 16) > 0).float()
L = torch.tril(rnd(B, 3, 3), -1) + torch.eye(3)
GRID = torch.linspace(-6, 6, 101)
P, Q = torch.exp(-.5*GRID**2)/(2*torch.pi)**.5, torch.exp(-.5*(GRID - 1)**2)/(2*torch.pi)**.5
DATA = ImageData(torch.rand(130, 1, 5, 5, generator=dice), torch.arange(130) % 3, torch.rand(6, 1, 5, 5, generator=dice), Y)
vae, cvae, (G, D) = mlp_vae(S, 2, (8,)), mlp_vae(S, 2, (8,), n_classes=3), mlp_gan(S, 2, (8,))
cG = Generator(mlp(2+3, 8, 16), 2, S, n_classes=3)
ppca = PPCA(rnd(16, 2), rnd(16), .5)
judge = Classifier(S, 3, 8)
eyes = FeatureDiscriminator(mlp(16, 8, 4), nn.Linear(4, 1))
tVAE, tG, tD = twins(S, 2, (8,))
kl_question = exercises()["kl-to-prior"]
IMGS = torch.rand(260, *S, generator=dice)
INT = lambda lo=1: [lo-1, -3, 1.5, "3"]           # a count of at least lo
POS = [0., -1., NAN, INF]                         # a positive number
SHAPES = [(), (0, 4, 4), (1, -4, 4), (1, 4., 4), 16]

INSTANCES = {"vae.VAE": vae, "vae.Bernoulli": Bernoulli(), "likelihoods.Normal": Normal(), "likelihoods.DiagNormal": DiagNormal(),
             "likelihoods.FullNormal": FullNormal(), "likelihoods.ContinuousBernoulli": ContinuousBernoulli(),
             "likelihoods.DiscretisedLogistic": DiscretisedLogistic(), "gan.Generator": G,
             "gan.Discriminator": D, "latent.PPCA": ppca, "evaluate.Classifier": judge,
             "hybrid.FeatureDiscriminator": eyes, "exam.draw.Draw": Draw(0), "exam.exercise.Exercise": kl_question}

CLEAN = [(net, copy.deepcopy(net.state_dict())) for net in (vae, cvae, G, D, cG, judge, eyes, tVAE, tG, tD)]
def restore():
    "Rows train these networks, some on NaN: as good as new"
    for net, was in CLEAN: net.load_state_dict(was)

OWN = """from vaegan.exam.exercise import exercise
@exercise("dists", "NORMAL", "choice")
def my_choice(r):
    "A choice"
    return dict(question="Which?", answer="this", check="this", mistakes=dict(that=("that", "No.")), hints=["?"], solution=["This."])
"""

def lay_out(folder):
    "What a row may ask for: a roster, a file of questions, a key, and networks as good as new"
    restore()
    (folder/"roster.csv").write_text("id\nada\n")
    (folder/"my_questions.py").write_text(OWN)
    key = dict(exam="e", roster=True, students=dict(ada=[to_key(kl_question.variant(0))]))
    (folder/"key.json").write_text(json.dumps(key))
    secret = "07"*32
    key["students"]["ada"] = [to_key(kl_question.variant(derived(secret, "ada", kl_question.id)))]
    (folder/"secret_key.json").write_text(json.dumps(key | dict(secret=secret)))

# ------------------------------------------------------------------------------------------------------------ the table
ROWS, NO_ROW = {}, {}     # of the modules whose tests have been imported; `tables` imports them all

def row(good, skip="", allow="", call=None, **bad): return good, set(skip.split()), call, bad, set(allow.split())

def spoil(t):
    "The ways in which a float tensor is made bad"
    nan, inf, low = t.clone(), t.clone(), t.clone()
    nan.view(-1)[0], inf.view(-1)[0], low.view(-1)[0] = NAN, INF, -INF
    return {"list": t.tolist(), "int": t.long(), "complex": t + 0j, "bool": t > 0, "empty": t[:0], "nan": nan, "inf": inf, "-inf": low, "short": t[..., :-1],
            "scalar": t.flatten()[0], "deeper": t[None], "device": t.to("meta"), "double": t.double()} | (
            {"one": t[:1]} if t.ndim and len(t) > 1 else {}) | ({"lower": t[..., :-1, :]} if t.ndim > 2 else {})

# ------------------------------------------------------------------------------------------- what the package exports
def public():
    "name -> callable, for every function, class and public method that the package exports"
    out = {}
    for m in pkgutil.walk_packages(vaegan.__path__, "vaegan."):
        module = m.name.removeprefix("vaegan.")
        if any(part.startswith("_") for part in module.split(".")): continue
        mod = importlib.import_module(m.name)
        for n in getattr(mod, "__all__", ()):
            f = getattr(mod, n)
            if not (inspect.isclass(f) or inspect.isroutine(f)): continue     # not aliases of types, nor markers
            out[f"{module}.{n}"] = f
            if not inspect.isclass(f): continue
            own = {k for c in f.__mro__ if c.__module__.startswith("vaegan") for k in vars(c)}
            for k in own:
                if (k[0] != "_") and inspect.isroutine(getattr(f, k)): out[f"{module}.{n}.{k}"] = getattr(f, k)
    return out

PUBLIC = public()

def parameters(name):
    "The arguments that have a value to be wrong"
    f = PUBLIC[name]
    for p in list(inspect.signature(f).parameters.values()):
        t = typing.get_origin(p.annotation) or p.annotation
        if p.name == "self" or p.name in LOOKS or t is Callable or inspect.isclass(t) and issubclass(t, OBJECTS): continue
        yield p.name

def target(name):
    if ROWS[name][2]: return ROWS[name][2]
    owner, _, m = name.rpartition(".")
    return getattr(INSTANCES[owner], m) if owner in INSTANCES else PUBLIC[name]

def cases(name):
    "(argument, what is wrong with it, value)"
    good, skip, _, bad, allow = ROWS[name]
    many = sum(torch.is_tensor(v) and v.is_floating_point() for v in good.values()) > 1
    several = sum(torch.is_tensor(v) for v in good.values()) > 1 or name.split(".")[1] in ("VAE", "Generator")
    for arg in {**good, **bad}:
        for v in bad.get(arg) or []: yield arg, "NaN" if isinstance(v, float) and v != v else repr(v), v
        if torch.is_tensor(good.get(arg)) and good[arg].is_floating_point():
            for what, v in spoil(good[arg]).items():
                if what in ("scalar", "deeper") and "shape" in allow or what in ("bool", "complex") and "int" in skip: continue
                if what == "one" and (not many or "one" in skip) or what == "lower" and "short" in skip: continue     # one row among many must not be stretched
                if what not in skip and (what != "device" or several): yield arg, what, v

def numbers(out):
    "All numbers in a result"
    if torch.is_tensor(out): return out.detach().double().flatten().tolist() if out.device.type == "cpu" and not out.is_complex() else []
    if isinstance(out, dict): return numbers(list(out.values()))
    if isinstance(out, (tuple, list)): return [n for o in out for n in numbers(o)]
    return [float(out)] if isinstance(out, (int, float)) else []

def has_nan(out): return any(n != n for n in numbers(out))

def complaint(name, arg, what, value):
    "What is wrong with the way in which a bad argument is met; None where it is met well"
    allow = ROWS[name][4]
    try: out = target(name)(**{**ROWS[name][0], arg: value})
    except (ValueError, TypeError) as e:
        head, _, rest = str(e).partition(":")
        names = {*re.findall(r"\w+", head), *re.findall(r" like (\w+)", rest)}
        if not names & {arg, *ALIAS.get(arg, "").split()}: return f"not named in: {e}"
        return None if "expected" in rest and "got" in rest and "\n" not in str(e) else f"says too little: {e}"
    except Exception as e: return f"{type(e).__name__}: {e}"
    if what == "double": return same_number(name, out)      # taken as it is, or promoted: the same number comes out
    if what in ("nan", "NaN", "inf", "-inf") and "nan" in allow:
        if not all(map(math.isfinite, numbers(out))): return None
        return None if "inf" in what and "inf" in allow else f"silently gives {out}"
    return "accepted"

def same_number(name, out):
    "With the argument in double precision a function that leaves nothing to chance gives what it gives in single precision"
    once, twice = (numbers(target(name)(**ROWS[name][0])) for _ in range(2))
    return None if once != twice or numbers(out) == pytest.approx(once, rel=1e-3, abs=1e-4) else f"gives {out}, in single precision {once}"

# ------------------------------------------------------------------------------------------------------------ the tests
def tried_on(names):
    "Parametrise a test by rows, if there are any"
    def mark(f): return pytest.mark.usefixtures("at_hand")(pytest.mark.parametrize("name", names)(f)) if names else None
    return mark

def bad_input_tests(rows, no_row={}):
    "Put the rows and the exemptions of a module into the table; the three tests of its rows"
    assert not (ROWS.keys() | NO_ROW.keys()) & (rows.keys() | no_row.keys()), "two rows, or a row and an exemption"
    ROWS.update(rows)
    NO_ROW.update(no_row)

    @tried_on([n for n in rows if n not in ("tour.tour", "datasets.mnist", "datasets.fashion_mnist")])
    def test_the_row_itself_works(name):
        good = ROWS[name][0]
        before = {k: v.clone() for k, v in good.items() if torch.is_tensor(v)}
        assert not has_nan(target(name)(**good))
        assert all(torch.equal(v, good[k]) for k, v in before.items()), "an argument was changed"

    @tried_on(list(rows))
    def test_bad_arguments(name):
        found = [f"{arg} = {what[:60]}: {c}" for arg, what, v in cases(name) if (c := complaint(name, arg, what, v))]
        assert not found, "\n".join(found)

    @tried_on([n for n in rows if n in PUBLIC])
    def test_every_argument_has_its_values(name):
        good, skip, _, bad, _ = ROWS[name]
        for p in parameters(name):
            assert p in bad or torch.is_tensor(good.get(p)), f"{name}: nothing bad is tried for {p}"

    return test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values
