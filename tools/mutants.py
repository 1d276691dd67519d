"""How sharp are the tests? Make one small mistake at a time in the exported mathematics and see whether a test notices.

    python tools/mutants.py [MODULE…] [--quick] [--sample N] [--jobs N] [--only TEXT] [--equivalents] [--list]   (`make mutants`)

A mistake is one edit of one expression: a sign flipped, a half dropped, arguments swapped, a sum made a mean, k turns made
one … (`changes`), or of one signature: a dimension dropped, a marker removed … (`looser`). One warm process has imported torch, the tools and the tests; it forks per mutant, so that none pays for the
imports and none can harm the next. A mutant goes through three stages until one notices it:
1. grafted: its code is put into the functions that the collected tests hold, and those tests run that were seen to run the
   changed line, first those that noticed another mutant of the function, then the quickest;
2. imported: vaegan and the tests are imported anew, with the mistaken text in place of the module;
3. notebook: the module's own notebook runs from the top, with the mistake in its cell, as in tests/whole/test_notebooks.py.
A mutant that fails a check, crashes or runs out of time is killed. `--quick` stops after the first stage: a lower bound.
EQUIVALENT lists mistakes that change nothing, each with its reason; an entry that matches no mutant any more is an error.

Needs a system with `fork`, such as Linux. Exit status 1: survivors, or an entry that has to go."""
import argparse
import ast
import gc
import importlib.machinery
import importlib.util
import inspect
import io
import itertools
import json
import mmap
import os
import random
import re
import signal
import sys
import tempfile
import time
import types
from bisect import bisect
from collections import Counter, defaultdict, namedtuple
from contextlib import redirect_stdout, suppress
from pathlib import Path

from mutants_equivalent import EQUIVALENT

ROOT = Path(__file__).resolve().parents[1]
# module -> functions that are left alone, since a picture or the network is all they make
MODULES = {"checks": "", "processes": "join_torchrun", "runs": "", "plot": "show_images _name_sheet plot_curves use_style plot_ring score_table",
           "datasets": "mnist fashion_mnist mnist_root _fetch _files _four_files", "autoencoder": "plot_ae_surface _arrow _draw_surface _draw_critical _draw_path"} | dict.fromkeys(
           "data dists divergences latent elbo reparam nets vae likelihoods train iwae evaluate minimax gan convergence dynamics failures compare hybrid".split(), "")
# asked are the tests of the library and what tries all of it; not those that read files rather than run the mathematics, or
# start processes that would not see the mutant
NOT_ASKED, WHOLE = "test_tour test_cli test_living".split(), "test_reproducible test_tables".split()
PUT_IN = "test_the_mistake_is_seen"                                                         # of `pitfall_tests`: makes mistakes of its own
PARTS, MAX_LINES = sorted((ROOT/"vaegan").glob("*.py")), 4096
TESTS = sorted([p for p in (ROOT/"tests"/"library").glob("test_*.py") if p.stem not in NOT_ASKED] + [ROOT/"tests"/"whole"/f"{n}.py" for n in WHOLE])
SUPPORT = {p.stem for p in (ROOT/"tests"/"support").glob("*.py")}

# ------------------------------------------------------------------------------------------------------------ the mistakes
OPS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%", ast.MatMult: "@", ast.Lt: "<", ast.LtE: "<=",
       ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.And: "and", ast.Or: "or"}
OTHER = {"+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "//": "*", "%": "//", "@": "", "<": "<= >=", "<=": "< >", ">": ">= <=", ">=": "> <", "==": "!=",
         "!=": "==", "and": "or", "or": "and", "is": "is_not", "is not": "is", "in": "not_in", "not in": "in"}
RENAME = dict(sum="mean", mean="sum", any="all", all="any", min="max", max="min", cos="sin", sin="cos", var="std", std="var", prod="sum",
              argmax="argmin", eval="train", triu="tril", expm1="exp", log1p="log", randn="rand", rand="randn", ceil="floor", zeros_like="ones_like",
              ones_like="zeros_like", no_grad="enable_grad", tril_indices="triu_indices", logsumexp="sum", logsigmoid="sigmoid", eye="ones")
DROP = {"exp", "log", "sqrt", "square", "abs", "sigmoid", "detach", "clamp", "flip", "logit", "softplus", "erfinv", "logdet"}
LIBS = {"torch", "math", "F", "nn", "torch.linalg", "torch.random"}
NO_SUCH = {"math.prod", "sum", "F.logsigmoid"}                                             # renamed, these would only crash
EVEN = {"square", "abs"}                                                                   # of a − b and of b − a they are the same
UNSWAPPED = {"isinstance", "hasattr", "getattr", "check_int", "check_range", "ValueError", "TypeError", "_kind", "_same_factor", "torch.equal", "min", "max", "allclose"}

class Text:
    "Source as bytes, in which nodes of its syntax tree know their place"
    def __init__(self, source):
        self.raw, self.starts = source.encode(), [0]
        for ln in self.raw.split(b"\n"): self.starts.append(self.starts[-1] + len(ln) + 1)
    def a(self, n): return self.starts[n.lineno-1] + n.col_offset
    def b(self, n): return self.starts[n.end_lineno-1] + n.end_col_offset
    def __getitem__(self, n): return self.raw[self.a(n):self.b(n)].decode() if isinstance(n, ast.AST) else self.raw[n].decode()
    def between(self, left, right, old):
        "Where the operator `old` stands between two nodes"
        i = self.b(left) + re.search(rf"(?<![\w]){re.escape(old)}(?![\w])" if old.isalpha() else re.escape(old), self[self.b(left):self.a(right)]).start()
        return i, i + len(old)

def changes(n, t, parent=None):
    "The small mistakes that can be made at one node of the syntax tree, each an edit: from, to, new text"
    a, b, u = t.a(n), t.b(n), ast.unparse
    swap = lambda x, y: (t.a(x), t.b(y), t[y] + t[t.b(x):t.a(y)] + t[x])
    match n:
        case ast.BinOp(x, op, y) if type(op) in OPS:
            o = OPS[type(op)]
            for new in OTHER[o].split(): yield *t.between(x, y, o), new
            if o in "-/@" and not (o == "-" and getattr(parent, "attr", "") in EVEN): yield a, b, f"({u(y)}) {o} ({u(x)})"                          # these read differently from the right
            for v in (x, y):                                                             # log sigma taken for log sigma²
                if isinstance(v, (ast.Name, ast.Attribute)) and "logvar" in u(v): yield t.a(v), t.b(v), f"(2*{u(v)})"
        case ast.UnaryOp(ast.USub(), _): yield a, a + 1, ""
        case ast.UnaryOp(ast.Not(), _): yield a, a + 4, ""
        case ast.Compare(x, ops, ys):
            for left, op, right in zip([x, *ys], ops, ys):
                for new in OTHER[OPS[type(op)]].split(): yield *t.between(left, right, OPS[type(op)]), new.replace("_", " ")
        case ast.BoolOp(op, vs):
            for x, y in zip(vs, vs[1:]): yield *t.between(x, y, OPS[type(op)]), OTHER[OPS[type(op)]]
        case ast.IfExp(_, x, y): yield swap(x, y)
        case ast.Constant(bool(v)): yield a, b, str(not v)
        case ast.Constant(int(v) | float(v)): yield a, b, {0: "1", 1: "0", .5: "1.", 2: "1"}.get(v, str(v + 1) if isinstance(v, int) and v < 100 else repr(2*v))
        case ast.Call(f, args):
            method = isinstance(f, ast.Attribute) and u(f.value) not in LIBS
            name, end = (f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "")), t.b(f)
            if name in RENAME and u(f) not in NO_SUCH: yield end - len(name), end, RENAME[name]
            if name in DROP and (method or args): yield (end - len(name) - 1, b, "") if method else (a, end, "")
            if name == "exp" and method and "logvar" in u(f): yield end - 4, end, ".mul(.5).exp"
            if name == "frozen": yield a, end, "__import__('contextlib').nullcontext"
            i = int(name == "where")                                                     # p for q, mu for logvar, real for fake
            if len(args) > i + 1 and name not in UNSWAPPED and not any(isinstance(v, ast.Starred) for v in args):
                orders = [(i + 1, i)] + [(2, 3, 0, 1)]*(name.startswith("kl") and len(args) == 4)
                for order in orders:
                    old, new = args[i:i + len(order)], [args[j] for j in order]
                    if not all(isinstance(v, ast.Constant) for v in new): yield t.a(old[0]), t.b(old[-1]), ", ".join(t[v] for v in new)
        case ast.Attribute(_, "T" | "mT", ast.Load()): yield b - len(n.attr) - 1, b, ""
        case ast.Tuple() if isinstance(parent, ast.Compare) or isinstance(parent, ast.Call) and u(parent.func) == "isinstance": pass
        case ast.Tuple([ast.Name() | ast.Attribute() as x, ast.Name() | ast.Attribute() as y]) | ast.Return(ast.Tuple([x, y])): yield swap(x, y)
        case ast.Expr(ast.Call()) if not t[n].startswith("bar."): yield a, b, "pass"
        case ast.AugAssign(x, op, y):
            yield a, b, "pass"
            for new in OTHER[OPS[type(op)]].split() if type(op) in OPS else (): yield *t.between(x, y, OPS[type(op)]), new
        case ast.For(): yield t.a(n.iter), t.b(n.iter), f"list({t[n.iter]})[:1]"         # k turns into one

WEAKER = dict(Count="Whole", Whole="int", Seed="int", TorchSeed="int", Positive="NonNegative", NonNegative="float", Finite="float", Share="Finite", Widths="tuple", ImageShape="Shape", Shape="tuple")
TENSORS = ("Float", "Int", "Bool", "Shaped", "Pixels")

def dims(spec): return [n for part in spec.split() for n in re.findall(r"[A-Za-z]\w*", part)]

def looser(n, t, names):
    """The small mistakes in one annotation of a checked function: a dimension dropped or no longer bound to the others of its
    name, a marker removed, a kind of number exchanged for a wider one, a word or a limit gone. names: how often each dimension
    is named in the signature"""
    a, b = t.a(n), t.b(n)
    match n:
        case ast.Name(id) if id in WEAKER: yield a, b, WEAKER[id]
        case ast.Subscript(ast.Name(kind), ast.Tuple([_, ast.Constant(str(spec)) as s, *marks])) if kind in TENSORS:
            parts, quote = spec.split(), t[s][0]
            for i, part in enumerate(parts):
                yield t.a(s), t.b(s), quote + " ".join(parts[:i] + parts[i+1:]) + quote
                if re.fullmatch(r"[+*]?[A-Za-z]\w*", part) and names[part.lstrip("+*")] > 1:
                    yield t.a(s), t.b(s), quote + " ".join([*parts[:i], re.sub(r"\w+", "other", part), *parts[i+1:]]) + quote
            for x, y in zip([s, *marks], marks): yield t.b(x), t.b(y), ""
        case ast.Subscript(ast.Name("Literal"), ast.Tuple(words)) if len(words) > 1: yield t.b(words[-2]), t.b(words[-1]), ""
        case ast.Subscript(ast.Name("Annotated"), ast.Tuple([kind, *_])): yield a, b, t[kind]
    for c in ast.iter_child_nodes(n):
        number = isinstance(c, ast.Constant) and isinstance(c.value, (int, float)) and not isinstance(c.value, bool)
        if number: yield from changes(c, t)
        elif isinstance(c, ast.expr) and (isinstance(n, (ast.BinOp, ast.Call)) or isinstance(n, (ast.Subscript, ast.Tuple)) and isinstance(c, (ast.Tuple, ast.Call))): yield from looser(c, t, names)

def signature(f, t):
    "All of them in the signature of a function that `checked` guards"
    if not any("checked" in ast.unparse(d) for d in f.decorator_list): return
    notes = [p.annotation for p in [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs] if p.annotation]
    specs = [c.value for n in notes for c in ast.walk(n) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
    names = Counter(d for s in specs for d in dims(s))
    for n in notes: yield from looser(n, t, names)

Mutant = namedtuple("Mutant", "module func line old new source cell_id cell lines")   # old, new: texts of the line; lines: which a test must run

def _plain(n):
    "The children of a node in which a mistake would be one of mathematics: no annotations, messages or docstrings"
    for field, v in ast.iter_fields(n):
        for c in v if isinstance(v, list) else [v]:
            if field in ("annotation", "returns") or field == "decorator_list" and "no_grad" not in ast.unparse(c): continue
            if isinstance(c, ast.AST) and not isinstance(c, (ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom)): yield field, c

def mutants(module, source=None):
    "All mutants of a module, in the order of its lines"
    source = source or (ROOT/"vaegan"/f"{module}.py").read_text(encoding="utf-8")
    t, lines, seen, out = Text(source), source.split("\n"), {source}, []
    heads = [(i, *m.groups()) for i, ln in enumerate(lines) if (m := re.match(r"# %% (\S+) #(\w+)$", ln))]
    squeeze = lambda s: re.sub(r"\s+", " ", s).strip()
    def put(n, func, run, a, b, new):
        text = t[slice(0, a)] + new + t[slice(b, None)]
        if text in seen: return
        seen.add(text)
        try: compile(text, module, "exec")
        except SyntaxError: return
        lo, hi = (bisect(t.starts, i) - 1 for i in (a, max(a, b-1)))            # lines of the edit, from 0
        h = max((k for k in heads if k[0] < lo), default=None)
        if h is None: return
        end = next((k[0] for k in heads if k[0] > h[0]), len(lines))
        around = lambda i, j: t[slice(t.starts[i], a)] + new + t[slice(b, t.starts[j])]
        out.append(Mutant(module, func, lo + 1, squeeze(" ".join(lines[lo:hi+1])), squeeze(around(lo, hi+1)) + f" instead of {squeeze(t[slice(a, b)])}"*(new == "pass"), text, h[2], around(h[0]+1, end), run))
    def walk(n, name, func, run, default=False, parent=None):
        "name, func: of the function around, and its lines; run: the lines of which one must run"
        if isinstance(n, (ast.FunctionDef, ast.ClassDef)):
            if n.name in MODULES.get(module, "").split(): return
            if not func: name = f"{name}.{n.name}"
        if isinstance(n, ast.stmt) and not isinstance(n, (ast.FunctionDef, ast.ClassDef)) and func:
            run = range(n.lineno, max(n.lineno + 1, n.body[0].lineno) if getattr(n, "body", None) else n.end_lineno + 1)
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) in ("__all__", "_STARTS", "STYLE", "COLORS", "MNIST_MD5"): return
        if isinstance(n, ast.Call) and re.match(r"tqdm\(|bar\.", t[n]): return             # the progress bar
        number = isinstance(n, ast.Constant) and isinstance(n.value, (int, float))
        # a default of 128 is a choice, one of 0 or 1 a claim; 1e-5 is a tolerance
        if hasattr(n, "lineno") and not (number and (default and n.value not in (0, 1) or 0 < n.value < 1e-3)):
            for edit in changes(n, t, parent): put(n, name, run, *edit)
        if isinstance(n, ast.FunctionDef) and not func: func = run = range(n.body[0].lineno, n.end_lineno + 1)
        if isinstance(n, ast.FunctionDef):
            for edit in signature(n, t): put(n, name, run, *edit)
        for field, c in _plain(n):
            if not (isinstance(c, ast.Expr) and isinstance(c.value, ast.Constant)): walk(c, name, func, run, default or isinstance(n, ast.arguments), n)
    walk(ast.parse(source), module, None, range(1, len(lines) + 1))
    return sorted(out, key=lambda m: m.line)

# ----------------------------------------------------------------------------------------------------------- one experiment
def forget_vaegan():
    "Take vaegan, and the tests that have imported it, out of this process"
    for m in [m for m in sys.modules if m.split(".")[0] in {"vaegan", "tests"} | SUPPORT]: del sys.modules[m]

def import_instead(module, source):
    "From now on `import vaegan.<module>` runs this source"
    name, path = f"vaegan.{module}", str(ROOT/"vaegan"/f"{module}.py")
    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname): return compile(source, path, "exec", dont_inherit=True)
    class Finder:
        @staticmethod
        def find_spec(fullname, path_=None, target=None):
            return importlib.util.spec_from_file_location(name, path, loader=Loader(name, path)) if fullname == name else None
    forget_vaegan()
    sys.meta_path.insert(0, Finder)

def _functions(ns, inside):
    "name -> function, for all functions of a module and methods of its classes, out of their wrappings"
    for k, f in list(ns.items()):
        if isinstance(f, type) and f.__module__ == inside: yield from ((f"{k}.{n}", g) for n, g in _functions(vars(f), inside))
        f = inspect.unwrap(getattr(f, "__func__", getattr(f, "fget", f)))
        if isinstance(f, types.FunctionType) and f.__module__ == inside: yield k, f

def graft(module, source):
    "Put the code of `source` into the functions of a module that is already imported, and so into all who hold them; does it differ?"
    old = importlib.import_module(f"vaegan.{module}")
    new = dict(__name__=old.__name__, __package__="vaegan", __file__=old.__file__)
    exec(compile(source, old.__file__, "exec", dont_inherit=True), new)
    fs, changed = dict(_functions(new, old.__name__)), False
    plain = lambda f: [v for v in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()) if isinstance(v, (int, float, str, tuple))]
    for k, f in _functions(vars(old), old.__name__):
        if k not in fs: continue
        changed |= f.__code__ != fs[k].__code__ or plain(f) != plain(fs[k])
        f.__code__, f.__defaults__, f.__kwdefaults__ = fs[k].__code__, fs[k].__defaults__, fs[k].__kwdefaults__
    return changed

class Watch:
    "A plugin for pytest. With `order`, only these tests, in this order; with `loop`, hands the collected tests to it; remembers who fails"
    def __init__(self, order=None, loop=None): self.order, self.loop, self.failed = order, loop, []
    def pytest_collection_modifyitems(self, items):
        items[:] = [i for i in items if PUT_IN not in i.nodeid]
        if self.order is not None: items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda i: self.order[i.nodeid])
    def pytest_runtestloop(self, session):
        if not self.loop: return None
        self.loop(session.items, self)
        return True
    def pytest_runtest_logreport(self, report):
        if report.failed: self.failed.append(report.nodeid)

def pytest_run(files, plugin):
    import pytest
    return pytest.main([*map(str, files), "-x", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception",
                        "--assert=plain", "--tb=native", "--rootdir", str(ROOT), "-W", "ignore"], plugins=[plugin])

def protocol(items, watch, before=lambda i: None, after=lambda i: None):
    "Run tests that are already collected, until one fails; its name"
    for item, following in zip(items, [*items[1:], None]):
        before(item)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        after(item)
        if watch.failed: return watch.failed[0]

def traced(items, watch):
    "Run all tests: [name of one that failed, lines of vaegan that each test runs, seconds of each]"
    runs, secs, starts, seen = {}, {}, {str(p): i*MAX_LINES for i, p in enumerate(PARTS)}, set()
    hit = mmap.mmap(-1, MAX_LINES*len(PARTS))                              # a byte per line; processes that a test forks write here too
    def call(frame, event, arg):
        code = frame.f_code
        start = starts.get(code.co_filename)
        if start is None or code in seen: return None
        def local(frame, event, arg):
            hit[start + frame.f_lineno] = 1
            if event == "return" and all(hit[start + n] for *_, n in code.co_lines() if n): seen.add(code)
            return local
        hit[start + frame.f_lineno] = 1
        return local
    def before(item):
        hit[:] = bytes(len(hit))
        seen.clear()
        secs[item.nodeid] = time.perf_counter()
        sys.settrace(call)
    def after(item):
        sys.settrace(None)
        runs[item.nodeid] = [(PARTS[m.start()//MAX_LINES].stem, m.start() % MAX_LINES) for m in re.finditer(b"\1", hit)]
        secs[item.nodeid] = time.perf_counter() - secs[item.nodeid]
    return protocol(items, watch, before, after), runs, secs

def notebook_of(module):
    text = (ROOT/"vaegan"/f"{module}.py").read_text(encoding="utf-8")
    return ROOT/"nbs"/re.search(r"^# %% \.\./nbs/(\S+) #", text, re.M)[1]

def notebook_run(nb, cell_id=None, cell=None):
    "Run a notebook as tests/whole/test_notebooks.py does, with one exported cell replaced; None, or what stopped it"
    from execnb.shell import CaptureShell
    from fastcore.nbio import read_nb
    doc = read_nb(nb)
    if cell_id:
        c, = [c for c in doc.cells if c.get("id") == cell_id]
        c.source = "\n".join(ln for ln in "".join(c.source).split("\n") if ln.startswith("#|")) + "\n" + cell
    skip = lambda c: c.cell_type != "code" or bool(re.search(r"^#[|] *(slow|eval: *false|notest)", "".join(c.source), re.M))
    os.chdir(nb.parent)
    os.environ["IN_TEST"] = "1"
    k = CaptureShell(nb)
    try: k.run_all(doc, exc_stop=True, preproc=skip)
    except BaseException as e: return f"cell {k._cell_idx} of {nb.name}: {type(e).__name__} {e}"[:200].replace("\n", " ")

def fork(work, limit):
    "Run `work()` in a child of this process; process id and the file that will hold what it returns"
    fd, out = tempfile.mkstemp(dir=SCRATCH.name)
    os.close(fd)
    sys.stdout.flush()
    pid = os.fork()
    if pid: return pid, out
    try:
        import resource
        os.setpgid(0, 0)                                                   # what it starts can be ended with it
        log = os.open(os.environ.get("MUTANTS_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for i in (1, 2): os.dup2(log, i)
        resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(limit) + 1)
        os.chdir(tempfile.mkdtemp(dir=SCRATCH.name))
        Path(out).write_text(json.dumps(work()))
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)

def reap(pid, status, out):
    "(what the child returned, None) or (None, how it ended)"
    text = Path(out).read_text()
    os.unlink(out)
    with suppress(ProcessLookupError): os.killpg(pid, signal.SIGKILL)
    if os.WIFSIGNALED(status): return None, "time" if os.WTERMSIG(status) == signal.SIGALRM else f"signal {os.WTERMSIG(status)}"
    return (json.loads(text), None) if text else (None, "crash")

def wait(pid, out): return reap(*os.waitpid(pid, 0), out)

def warm():
    "Import all that the children need, except vaegan itself"
    os.environ |= dict(OMP_NUM_THREADS="1", MPLBACKEND="agg", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", WARM_PYTHON="")   # no server for each mutant
    sys.path[:0] = [str(ROOT), str(ROOT/"tools"), str(ROOT/"tests"/"support")]
    for name in ("torch torch.optim.swa_utils torchvision.datasets scipy.stats scipy.linalg scipy.optimize scipy.integrate hypothesis.strategies pytest "
                 "sklearn.datasets sklearn.model_selection sklearn.decomposition matplotlib.pyplot sympy IPython execnb.shell fastcore.nbio "
                 "matplotlib_inline.backend_inline http.server tqdm.auto").split(): importlib.import_module(name)
    from hypothesis import Phase, settings
    settings.register_profile("mutants", database=None, phases=[Phase.explicit, Phase.generate])   # a first counterexample is enough
    settings.load_profile("mutants")
    with tempfile.TemporaryDirectory() as d:                              # hypothesis does much at its first use
        first = Path(d)/"test_first.py"
        first.write_text("from hypothesis import given, strategies as st\n@given(st.floats(-1, 1), st.integers(0, 9), st.booleans(), st.lists(st.text()))\ndef test(*a): pass\n")
        with redirect_stdout(io.StringIO()): pytest_run([first], Watch())

SCRATCH = None

def measure(items, watch, nbs):
    "What passes without any mutant: lines and seconds of each test, seconds of each notebook"
    got, how = wait(*fork(lambda: traced(items, watch), 1800))
    if how or got[0]: sys.exit(f"the tests fail without any mutant: {how or got[0]}")
    nb_secs = {}
    for nb in nbs:
        t = time.perf_counter()
        bad, how = wait(*fork(lambda: forget_vaegan() or notebook_run(nb), 1800))
        if bad or how: sys.exit(f"{nb.name} fails without any mutant: {bad or how}")
        nb_secs[nb] = time.perf_counter() - t
    runs, secs = {k: {(m, n) for m, n in v} for k, v in got[1].items()}, got[2]
    print("the longest: " + ", ".join(f"{t.split('/')[-1]} {secs[t]:.0f} s" for t in sorted(secs, key=secs.get)[:-9:-1]))
    return runs, secs, nb_secs

STAGES = ("grafted", "imported", "notebook")

def experiment(m, stage, items, watch, runs, secs, noticed, budget):
    "What to run for one mutant at one stage; returns who noticed"
    mine = f"[{m.func.removesuffix('.__init__')}"                          # who is refused by a signature never runs the function
    order = {t: (-noticed[m.module, m.func][t], s*len(runs[t])) for t, s in secs.items() if mine in t or any((m.module, n) in runs[t] for n in m.lines)}
    if budget:
        ranked = sorted(order, key=order.get)
        spent = itertools.accumulate((secs[t] for t in ranked), initial=0)
        order = {t: order[t] for t, s in zip(ranked, spent) if s < budget}
    def grafted():
        if not graft(m.module, m.source): return imported()                # a constant, a field or a decorator: not in a function's code
        return protocol(sorted((i for i in items if i.nodeid in order), key=lambda i: order[i.nodeid]), watch)
    def imported():
        if not order: return None
        import_instead(m.module, m.source)
        w = Watch(order)
        code = pytest_run(sorted({ROOT/t.split("::")[0] for t in order}), w)
        return (w.failed or [f"pytest: {int(code)}"])[0] if code else None
    def notebook():
        import_instead(m.module, m.source)
        return notebook_run(notebook_of(m.module), m.cell_id, m.cell)
    return dict(grafted=grafted, imported=imported, notebook=notebook)[stage], sum(secs[t] for t in order)

def run_all(todo, jobs, stages, items, watch, runs, secs, nb_secs, budget, report):
    "Every mutant through the stages until one notices; `report(mutant, who, how)` once for each, both None for a survivor"
    queue, live, noticed = [(m, 0) for m in reversed(todo)], {}, defaultdict(Counter)
    while queue or live:
        while queue and len(live) < jobs:
            m, i = queue.pop()
            work, t = experiment(m, stages[i], items, watch, runs, secs, noticed, budget)
            pid, out = fork(work, 60 + 4*(nb_secs[notebook_of(m.module)] if stages[i] == "notebook" else t))
            live[pid] = m, i, out
        pid, status = os.wait()
        m, i, out = live.pop(pid)
        who, how = reap(pid, status, out)
        if who in secs: noticed[m.module, m.func][who] += 1
        if who or how or i + 1 == len(stages): report(m, who, how)
        else: queue.append((m, i + 1))

def show(m): return f"{m.module}.py:{m.line} in {m.func}\n  - {m.old}\n  + {m.new}"

def main(argv=None):
    global SCRATCH
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {' '.join(MODULES)}; all by default")
    p.add_argument("--sample", type=int, metavar="N", help="only N mutants of each module, chosen by a fixed seed")
    p.add_argument("--jobs", type=int, default=1, metavar="N", help="children at a time")
    p.add_argument("--only", default="", metavar="TEXT", help="only mutants with this text in their line")
    p.add_argument("--equivalents", action="store_true", help="try the mutants of the table of equivalents instead: none may be killed")
    p.add_argument("--quick", action="store_true", help="only the first of the three stages: a lower bound, in a fraction of the time")
    p.add_argument("--budget", type=float, default=0, metavar="S", help="give up on a mutant after tests that take S seconds: a lower bound, too")
    p.add_argument("--list", action="store_true", help="list the mutants, run none")
    p.add_argument("--verbose", action="store_true", help="say who killed each mutant")
    a = p.parse_args(argv)
    if not hasattr(os, "fork"): sys.exit("tools/mutants.py needs a system with fork, such as Linux")
    if unknown := set(a.modules) - set(MODULES): p.error(f"MODULE: expected some of {' '.join(MODULES)}, got {' '.join(sorted(unknown))}")
    modules = a.modules or list(MODULES)
    everyone = {mod: mutants(mod) for mod in modules}
    key = lambda m: (m.func, m.new)
    stale = [k for k in EQUIVALENT if k[0].split(".")[0] in modules and k not in {key(m) for ms in everyone.values() for m in ms}]
    for k in stale: print(f"EQUIVALENT, but matches no mutant any more: {k}")
    todo, equal = [], Counter()
    for mod, ms in everyone.items():
        same = [m for m in ms if key(m) in EQUIVALENT]
        equal[mod] = len(same)
        ms = same if a.equivalents else [m for m in ms if key(m) not in EQUIVALENT]
        ms = [m for m in ms if a.only in m.old]
        if a.sample and a.sample < len(ms): ms = sorted(random.Random(0).sample(ms, a.sample), key=lambda m: m.line)
        todo += ms
    if a.list:
        for m in todo: print(show(m))
        return print(f"{len(todo)} mutants")
    start = time.time()
    warm()
    SCRATCH = tempfile.TemporaryDirectory(prefix="mutants-")
    stages = STAGES[:1] if a.quick else STAGES
    killed, late, survivors = Counter(), Counter(), []
    def report(m, who, how):
        n = killed.total() + len(survivors) + 1
        if n % 100 == 0: print(f"… {n} of {len(todo)} after {time.time()-start:.0f} s", flush=True)
        if who or how:
            killed[m.module] += 1
            late[m.module] += how == "time"
            if a.verbose: print(f"killed by {who or how}\n{show(m)}", flush=True)
        else:
            survivors.append(m)
            print(f"survived\n{show(m)}", flush=True)
    def loop(items, watch):
        gc.collect(); gc.freeze(); gc.disable()                            # the children share the memory of what is already there
        print(f"\n{len(todo)} mutants; tests collected after {time.time()-start:.0f} s; first everything without a mutant …", flush=True)
        runs, secs, nb_secs = measure(items, watch, [] if a.quick else sorted({notebook_of(m.module) for m in todo}))
        print(f"{len(secs)} tests {sum(secs.values()):.0f} s, {len(nb_secs)} notebooks {sum(nb_secs.values()):.0f} s; after {time.time()-start:.0f} s", flush=True)
        run_all(todo, a.jobs, stages, items, watch, runs, secs, nb_secs, a.budget, report)
    code = pytest_run(TESTS, Watch(loop=loop))
    SCRATCH.cleanup()
    if code: sys.exit(f"pytest ended with {int(code)}")
    print(f"\n{'module':10s} mutants  killed  (by time)  survived  score   equivalent, not counted")
    total = Counter(m.module for m in todo)
    rows = [(mod, total[mod], killed[mod], late[mod], equal[mod]) for mod in modules] + [("all", *(sum(c.values()) for c in (total, killed, late, equal)))]
    for mod, n, k, t, e in rows: print(f"{mod:10s} {n:7d} {k:7d} {t:10d} {n-k:9d}  {100*k/max(n, 1):5.1f} %  {e}")
    print(f"\n{time.time()-start:.0f} seconds with {a.jobs} job(s), {sum(os.times()[:4]):.0f} of them the processor's")
    if survivors: print("\nsurvivors:")
    for m in sorted(survivors, key=lambda m: (modules.index(m.module), m.line)): print(show(m))
    sys.exit(bool(stale or (killed if a.equivalents else survivors)))

if __name__ == "__main__": main()
