"A stranger's file in a process of its own: whatever it does, no result is faked, nothing is written, nobody waits for ever"
import json
import os
import sys

import pytest

from vaegan.cli import _DIAGNOSED, main
from vaegan.diagnose.kinds import KINDS
from vaegan.diagnose.load import load
from vaegan.diagnose.runner import diagnose_file

RIGHT = "import torch\ndef kl(mu, logvar): return -.5*torch.sum(1 + logvar - mu**2 - logvar.exp())\n"
FAKE = '{"rows": [{"subject": "kl", "tried": "", "came": "", "expected": "", "verdict": "right"}], "left_out": []}'

def file(tmp_path, text, name="stranger.py"):
    path = tmp_path/name
    path.write_text(text, encoding="utf-8")
    return path

@pytest.fixture
def light(monkeypatch):
    "A child without PyTorch, for what never gets so far"
    monkeypatch.setattr("vaegan.diagnose.runner._WARM", "pass")

def refused(tmp_path, text, seconds=600):
    with pytest.raises(ValueError) as e: diagnose_file(file(tmp_path, text), dict(kl="kl"), seconds=seconds, gigabytes=1)
    return str(e.value)

@pytest.mark.parametrize("text, said", [
    ("import os\nkl = os._exit(0)", "ended by itself with status 0"),
    (f"import os\nprint('''{FAKE}''')\nkl = [os.write(fd, b'''{FAKE}''') for fd in range(3, 12) if not os.isatty(fd)]\nkl = os._exit(0)", "ended by itself"),
    ("kl = sum(1 for _ in iter(int, 1))", "more than 1 second"),
    ("kl = [print('x'*1000) for _ in iter(int, 1)]", "more than 1 second"),
    ("kl = [bytearray(2**26) for _ in range(2**10)]", "more than 1 GB of memory"), ("kl = bytearray(5*2**30)", "more than 1 GB of memory"),
    ("import sys\nkl = sys.exit(0)", "defines no 'kl'"),
    ("def kl(:", "line 1"), ("x = 1", "defines no 'kl'")])
def test_a_hostile_file_gives_no_result(light, tmp_path, text, said):
    assert said in refused(tmp_path, text, 1 if "iter(int" in text else 600)

MISCHIEFS = [
    "open({there!r}, 'w').write('x')", "import os; os.mkdir({there!r})", "import pathlib; pathlib.Path({there!r}).touch()",
    "import os; os.close(os.open({there!r}, os.O_CREAT | os.O_WRONLY))", "import os; os.system('touch ' + {there!r})",
    "import subprocess; subprocess.run(['touch', {there!r}])", "import os; os.rename({here!r}, {there!r})", "import os; os.remove({here!r})",
    "import shutil; shutil.copy({here!r}, {there!r})", "import os; os.fork() or open({there!r}, 'w')",
    "import socket; socket.create_connection(('127.0.0.1', 9)); kl = 1", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    "import multiprocessing as m; m.Process(target=print).start()", "import os; os.kill(os.getppid(), 9)",
    "import ctypes; ctypes.CDLL(None).system(b'true')", "import ctypes; ctypes.pythonapi.system(b'true')", "import resource as r, os; r.prlimit(os.getppid(), r.RLIMIT_CPU, (1, 1))",
    "import _posixsubprocess as p; p.fork_exec()", "import signal, os; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "import ctypes; ctypes.CDLL('libc.so.6').system(b'true')", "import os; os.symlink({here!r}, {there!r})",
    "import vaegan.diagnose.runner as r; r._REFUSED, r._writes = (), lambda *a: False; open({there!r}, 'w')", "import os; os.devnull = {there!r}; open({there!r}, 'w')",
    "import sys; sys.modules.pop('_posixsubprocess', None); import _posixsubprocess as p; p.fork_exec()",
    "import gc, types; own = [o for o in gc.get_objects() if isinstance(o, types.FunctionType) and o.__qualname__ == '_hook.<locals>.hook']; own[0].__code__ = (lambda e, a: None).__code__"]

def test_nothing_is_written_sent_or_started(light, tmp_path):
    "Each in a function of one file; each must be refused, also where it changes names of the belt or of Python"
    here, there = file(tmp_path, "keep", "here"), tmp_path/"there"
    lines = [f"def f{i}():\n" + "\n".join("    " + part for part in text.format(here=str(here), there=str(there)).split("; ")) for i, text in enumerate(MISCHIEFS)]
    asked = "def refused(f):\n    try: f()\n    except PermissionError as e: return 'vaegan diagnose' in str(e)\n"
    told = f"made = [f.__name__ for f in ({', '.join(f'f{i}' for i in range(len(MISCHIEFS)))}) if not refused(f)]\nresult = int(f'made {{made}}')\n"
    with pytest.raises(ValueError, match=r"made \[\]"): diagnose_file(file(tmp_path, "\n".join(lines) + "\n" + asked + told), dict(result="kl"), seconds=600)
    assert here.read_text() == "keep" and not there.exists() and not list(tmp_path.glob("*.pyc"))

MISCHIEF = """
import atexit, builtins, os, sys, threading
assert 'SECRET_KEY' not in os.environ
os.environ.clear()
atexit.register(lambda: print('late'))
threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
sys.settrace(lambda *a: None)
sys.stdout = sys.stderr = builtins.print = None
"""

SAVES = """
import torch
KEPT, NEW = {here!r}, {there!r}
def kl(mu, logvar):
    net = torch.nn.Linear(2, 2)
    for save in (lambda: torch.save(net.state_dict(), KEPT), lambda: torch.jit.script(net).save(KEPT), lambda: torch.from_file(NEW, shared=True, size=9),
                 lambda: torch.distributed.TCPStore("127.0.0.1", 0, 1, True), lambda: torch._C.PyTorchFileWriter(NEW)):
        try: save()
        except (PermissionError, RuntimeError): pass
        else: return mu
    import copy, io
    torch.save(copy.deepcopy(net).state_dict(), io.BytesIO())
    return -.5*torch.sum(1 + logvar - mu**2 - logvar.exp())
"""

def test_a_checkpoint_of_the_user_is_not_touched(tmp_path):
    "PyTorch writes in C++, where no audit hook hears of it; into memory it may"
    here, there = file(tmp_path, "keep", "here.pt"), tmp_path/"there.pt"
    d = diagnose_file(file(tmp_path, SAVES.format(here=str(here), there=str(there))))
    assert [f.verdict for f in d.findings] == ["right"], d
    assert here.read_text() == "keep" and not there.exists()

TRAPS = """
class Sealed(type):
    def __getattr__(cls, name): raise KeyError(name)
class Class(metaclass=Sealed): pass
class Trap:
    def __getattr__(self, name): raise KeyError(name)
    def __call__(self, *_): raise SystemExit
kl_object = Trap()
def kl_bell(mu, logvar): raise ValueError("\\x1b]0;title\\x07 \\ud800")
"""

def test_what_cannot_be_looked_at_costs_no_other_its_verdict(tmp_path):
    "And no message moves the cursor of a terminal"
    d = diagnose_file(file(tmp_path, TRAPS + RIGHT))
    said = {f.subject: f for f in d.findings}
    assert said["kl"].verdict == "right" and said["kl_bell"].verdict == "untried" and said["kl_bell"].note.endswith("ValueError: �]0;title� �")
    str(d).encode()

def test_windows_has_another_pipe(monkeypatch):
    "There a pipe is inherited as a handle; no session, no list of descriptors"
    import types

    from vaegan.diagnose import runner
    told = {}
    fake = types.SimpleNamespace(get_osfhandle=lambda fd: fd + 1000, open_osfhandle=lambda h, flags: h - 1000)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(runner.os, "set_handle_inheritable", lambda h, yes: told.update({h: yes}), raising=False)
    monkeypatch.setattr(runner.subprocess, "STARTUPINFO", lambda **kw: kw, raising=False)
    monkeypatch.setattr(runner, "_WINDOWS", True)
    number, options = runner._inherited(7)
    assert (number, told) == (1007, {1007: True}) and options == dict(startupinfo=dict(lpAttributeList=dict(handle_list=[1007]))) and runner._descriptor(number) == 7
    monkeypatch.setattr(runner, "_WINDOWS", False)
    assert runner._inherited(7) == (7, dict(pass_fds=[7], start_new_session=True)) and runner._descriptor(7) == 7

def test_only_what_is_needed_is_run(tmp_path):
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--d', default=3)\nopt = p.parse_args()\nhere = open('nowhere.txt')\n" \
           "raise_it = 1/0\ndef f(x): return g(x) + opt.d\ndef g(x): return x\nfor _ in range(3): here.write()\nif __name__ == '__main__': f()\n"
    old = sys.argv
    try:
        sys.argv = ["x"]
        loaded = load(file(tmp_path, text), ["f"])
    finally: sys.argv = old
    assert loaded.names["f"](1) == 4 and loaded.left_out == []

def test_a_notebook_is_a_file(tmp_path):
    cell = dict(cell_type="code", source=["%matplotlib inline\n", "def f(x): return 2*x\n"])
    assert load(file(tmp_path, json.dumps(dict(cells=[cell])), "a.ipynb"), ["f"]).names["f"](2) == 4

ORDERS = ["!pip install -q torch \\\n    einops\n%matplotlib inline\nhere = !ls\ntorch?\n", "%%bash\nif true; then echo hi; fi\n", "%%time\nif True:\n    !ls\n    x = 3\n",
          "def f(x):\n    return ('%d'\n            % 2) + x\n"]

def test_what_only_a_notebook_understands(tmp_path):
    "Orders to the shell, over several lines, in a block, in an assignment; a cell in another language; a line that begins with an operator"
    book = dict(cells=[dict(cell_type="code", source=s) for s in ORDERS])
    old = dict(worksheets=[dict(cells=[dict(cell_type="code", input=s) for s in ORDERS])])
    for b in (book, old):
        loaded = load(file(tmp_path, json.dumps(b), "a.ipynb"), ["f"])
        assert loaded.names["f"]("3") == "23" and not loaded.left_out

@pytest.mark.parametrize("text", ["", "no", "3", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{}]}'])
def test_what_is_no_notebook(tmp_path, text):
    with pytest.raises(ValueError, match="a.ipynb: no notebook: expected JSON with a list of cells"): load(file(tmp_path, text, "a.ipynb"))

def test_a_cell_that_is_no_python_costs_no_more_than_itself(tmp_path):
    cells = [dict(cell_type="code", source=s) for s in ("%%bash\nls -l | (wc", "print 'once'", "%%time\ndef f(x): return 3*x", "!pip install this\ng = f(2))", "def h(x): return f(x) + 1/0")]
    loaded = load(file(tmp_path, json.dumps(dict(cells=cells)), "a.ipynb"))
    assert loaded.names["f"](2) == 6 and "h" in loaded.names
    with pytest.raises(ValueError, match="line 1: no Python"): load(file(tmp_path, json.dumps(dict(cells=cells[1:2])), "b.ipynb"))

def test_the_command(monkeypatch, tmp_path, capsys):
    """One file with a right and a wrong function; what it prints is nobody's business; late callers, threads
    without end, traces, lost streams, a cleared environment change nothing; keys are not handed on; nothing is left behind"""
    monkeypatch.setenv("SECRET_KEY", "x")
    wrong = "def kl_loss(mu, logvar): return -.5*torch.mean(1 + logvar - mu**2 - logvar.exp())\nprint('hello')\n"
    path = file(tmp_path, MISCHIEF + RIGHT + wrong)
    assert main(["diagnose", str(path), "--json", "--seconds", "250"]) == 1
    out = json.loads(capsys.readouterr().out)
    assert out["code"] == 1 and {f["subject"]: f["verdict"] for f in out["findings"]} == dict(kl="right", kl_loss="wrong")
    assert out["mistakes"]["kl-mean-latents"]["page"] == "divergences.html#eq-kl-normal"
    assert sorted(os.listdir(tmp_path)) == ["stranger.py"]

ENDS = {"hangs": "for _ in iter(int, 1): pass", "leaves": "import os; os._exit(3)", "exits": "import sys; sys.exit()", "crashes": "import ctypes; ctypes.string_at(0)",
        "fills": "bytearray(2**36)", "fails": "raise KeyboardInterrupt"}
SAYS = {"hangs": "more than 6 seconds", "leaves": "ended by itself with status 3", "exits": "SystemExit", "crashes": "crashed: SIGSEGV", "fills": "MemoryError", "fails": "KeyboardInterrupt"}

def test_one_that_never_comes_back_costs_no_other_its_verdict(tmp_path):
    "Before it and after it all is tried; it is named with what ended it; a line, a function, a loop"
    text = "import time\nimport torch\nwidth = sum(time.sleep(.01) or 1 for _ in iter(int, 1))\n" + RIGHT + "".join(f"def kl_{n}(mu, logvar):\n    {line}\n" for n, line in ENDS.items())
    text += RIGHT.replace("def kl(", "def last_kl(").replace("torch.sum", "torch.mean") + "def kl_of_line(mu, logvar): return width*kl(mu, logvar)\n"
    text += "opt = torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), .1)\nfor x in loader:\n    while True: time.sleep(.01)\n    x.sum().backward()\n"
    d = diagnose_file(file(tmp_path, text), seconds=18, gigabytes=1)
    said = {f.subject: (f.verdict, f.note) for f in d.findings}
    for n, why in SAYS.items():
        verdict, note = said[f"kl_{n}"]
        assert verdict == "untried" and why in note, (n, note)
    assert said["kl"][0] == "right" and said["last_kl"][0] == "wrong" and d.named() == {"kl-mean-latents"}
    assert any("line 3: it took more than 6 seconds" in note for _, note in said.values())
    assert "name 'width' is not defined" in said["kl_of_line"][1]

def test_what_all_attempts_have_found_is_put_together(monkeypatch):
    "Each child is told what is done and what ended those before it; when the time is up, the rest is said to be missing"
    from vaegan.diagnose import runner
    from vaegan.diagnose.verdict import Finding
    def row(n): return [vars(Finding(n, "", "", "", "right"))]
    told, answers = [], [([dict(kinds=dict(a="kl", b="kl")), dict(at="a"), dict(about="a", rows=row("a")), dict(at="b")], "it took more than 3 seconds", 3.),
                         ([dict(at="c")], "it crashed: SIGSEGV", 1.), ([dict(end=row("a") + row("d"), left_out=["line 1"])], "it ended", 1.)]
    monkeypatch.setattr(runner, "_answered", lambda job, seconds, each: told.append((dict(job["skip"]), seconds)) or answers[len(told) - 1])
    def job(): return dict(path="a.py", rows={}, skip={})
    found, lines = runner._told(job(), 9)
    assert [f.subject for f in found] == ["a", "d"] and lines == ["line 1"]
    assert told == [({}, 9), ({"b": "it took more than 3 seconds"}, 6), ({"b": "it took more than 3 seconds", "c": "it crashed: SIGSEGV"}, 5)]
    told.clear()
    found, lines = runner._told(job(), 3)
    assert [(f.subject, f.verdict) for f in found] == [("a", "right"), ("b", "untried")] and len(told) == 1
    answers[0] = ([dict(at="line 1")], "it took more than 3 seconds", 3.)
    told.clear()
    with pytest.raises(ValueError, match="line 1: it took more than 3 seconds"): runner._told(job(), 3)

def test_what_comes_is_waited_for(monkeypatch):
    "By what was said last, by the time in all, and not before the first word"
    import queue

    from vaegan.diagnose import runner
    clock, chunks = [0.], queue.Queue()
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock[0])
    said = [(50, b"aTO"), (2, b"KEN"), (2, b"b"), (9, b"c")]      # seconds until it comes
    def get(timeout):
        wait, chunk = said.pop(0)
        clock[0] += min(wait, timeout)
        if wait > timeout: raise queue.Empty
        return chunk
    monkeypatch.setattr(chunks, "get", get)
    text, end, spent = runner._waited(chunks, b"TOKEN", 9, 3)
    assert text == b"aTOKENb" and end == "it took more than 3 seconds" and spent < 9
    said[:], clock[0] = [(999, b"")], 0.
    assert runner._waited(chunks, b"TOKEN", 9, 3) == (b"", "it did not start", 0.)

def test_a_declared_coding(tmp_path):
    path = tmp_path/"old.py"
    path.write_bytes("# -*- coding: latin-1 -*-\ndef größe(x): return 2*x\n".encode("latin-1"))
    assert load(path, ["größe"]).names["größe"](2) == 4
    path.write_bytes("x = 1".encode("utf-16"))
    with pytest.raises(ValueError, match="no Python that this interpreter reads"): load(path)

@pytest.mark.parametrize("args, said", [(["nowhere.py"], "expected a file"), (["{path}", "--kl", "nobody"], "defines no 'nobody', but kl"),
                                        (["{path}", "--given", "x"], "expected NAME=VALUE"), (["{path}", "--seconds", "0"], "expected at least 1")])
def test_bad_orders(light, tmp_path, capsys, args, said):
    path = str(file(tmp_path, "def kl(mu, logvar): return mu\n"))
    try: code = main(["diagnose", *(a.replace("{path}", path) for a in args)])
    except SystemExit as e: code = e.code
    assert code == 2 and said in capsys.readouterr().err

@pytest.mark.parametrize("order, said", [(["diagnose", "nowhere.py", "--json"], "path: expected a file .py or .ipynb"), (["diagnose", "--json", "{path}", "--kl", "nobody"], "defines no 'nobody', but kl"),
                                         (["diagnose", "{path}", "--given", "x", "--js"], "expected NAME=VALUE"), (["diagnose", "{path}", "--json", "--seconds", "0"], "expected at least 1"), (["diagnose", "--json"], "required: FILE"),
                                         (["diagnose", "{path}", "--json", "--foo", "3"], "unrecognized arguments: --foo 3"), (["evaluate", "nowhere", "--json"], "nowhere"), (["evaluate", "--json"], "required")])
def test_bad_orders_of_a_program(light, tmp_path, capsys, order, said):
    "One JSON object on stdout; the line for people and the exit code as ever"
    path = str(file(tmp_path, "def kl(mu, logvar): return mu\n"))
    try: code = main([a.replace("{path}", path) for a in order])
    except SystemExit as e: code = e.code
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert code == 2 and [*told] == ["error"] and said in told["error"] and told["error"].split()[-1] in err

def test_the_command_knows_every_kind(): assert set(_DIAGNOSED) == {*KINDS, "vae"}

def test_where_nothing_is_known_it_is_said_where_to_look(tmp_path):
    file(tmp_path, "x = 1", "train.py")
    path = file(tmp_path, "import os\nfrom train import x\ndef foo(a): return a\n", "main.py")
    d = diagnose_file(path, seconds=600)
    assert d.code == 2 and [f.verdict for f in d.findings] == ["untried"] and "train.py from beside it" in d.findings[0].note and "os" not in d.findings[0].note.split()
