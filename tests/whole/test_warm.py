"The warm Python of tools/warm.py behaves as a new one."
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm
from notebooks import ROOT

pytestmark = pytest.mark.skipif(warm.python() == [sys.executable], reason="plain Pythons on this system")

def run(*args, **kw): return subprocess.run([*warm.python(), *args], capture_output=True, text=True, **kw)

STATE = """
import json, os, random, sys, threading, torch
import numpy as np
print(json.dumps(dict(argv=sys.argv, path=sys.path, cwd=os.getcwd(), env=dict(os.environ), name=__name__, threads=threading.active_count(), umask=os.umask(0),
    ours=[m for m in sys.modules if m.startswith("vaegan")], main=sorted(k for k in globals() if k[0] != "_"), backend=__import__("matplotlib").rcParams["backend"], threads_of_torch=torch.get_num_threads(),
    chance=[torch.rand(1).item(), np.random.rand(), random.random()])))
"""

def test_it_begins_as_a_new_one(tmp_path):
    env = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", MPLBACKEND="agg", X="x")
    new, once, again = (json.loads(subprocess.run([*p, "-c", STATE, "a", "b c"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout)
                        for p in ([sys.executable], warm.python(), warm.python()))
    assert len({v for a in (new, once, again) for v in a.pop("chance")}) == 9, "chance that nobody has fixed is another one each time"
    assert new == once == again

@pytest.mark.parametrize("code", ["print(input())", "import sys; print('x', file=sys.stderr); sys.exit(7)", "raise SystemExit('a reason')", "import os; os._exit(3)",
                                  "import os; os.kill(os.getpid(), 9)", "import os; os.kill(os.getpid(), 15)", "import atexit; atexit.register(print, 'end')",
                                  "print('ü', end=''); raise SystemExit", "raise SystemExit(-1)"])
def test_streams_and_ends(code):
    new, ours = (subprocess.run([*p, "-c", code], input="a line\n", capture_output=True, text=True) for p in ([sys.executable], warm.python()))
    assert (ours.returncode, ours.stdout, ours.stderr) == (new.returncode, new.stdout, new.stderr)

def test_an_error_is_shown():
    r = run("-c", "1/0")
    assert r.returncode == 1 and r.stderr.endswith('File "<string>", line 1, in <module>\nZeroDivisionError: division by zero\n')

def test_a_module_and_its_arguments(tmp_path):
    (tmp_path/"mine.py").write_text("import sys; print(__name__, sys.argv[1:], sys.argv[0])")
    assert run("-m", "mine", "a", cwd=tmp_path).stdout == f"__main__ ['a'] {tmp_path/'mine.py'}\n"

@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_signals_reach_it(sign):
    p = subprocess.Popen([*warm.python(), "-u", "-c", "import os, time; print(os.getpid()); time.sleep(600)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    pid = int(p.stdout.readline())
    p.send_signal(getattr(signal, sign))
    err = p.communicate(timeout=600)[1]
    assert p.returncode == -getattr(signal, sign) and ("KeyboardInterrupt" in err) == (sign == "SIGINT")
    until = time.monotonic() + 600
    while Path(f"/proc/{pid}").exists(): assert time.monotonic() < until, "it outlived who stood for it"

@pytest.mark.parametrize("listens", [False, True])
def test_who_is_deaf_to_the_key_stays_deaf_unless_it_listens(listens):
    "As a process in the background of a shell, which begins with the signal ignored"
    code = "import signal; " + "signal.signal(signal.SIGINT, signal.default_int_handler); "*listens + "print('here'); print(input())"
    p = subprocess.Popen([*warm.python(), "-u", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert p.stdout.readline() == "here\n"
    p.send_signal(signal.SIGINT)
    if listens: p.wait(600)          # first the signal, then the end of its input: they go different ways
    out = p.communicate("on\n" if not listens else None, timeout=600)[0]
    assert (out, p.returncode) == (("", -signal.SIGINT) if listens else ("on\n", 0))

def test_they_run_side_by_side():
    meet = "import sys; print('here', flush=True); print(input())"
    a, b = (subprocess.Popen([*warm.python(), "-c", meet], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2))
    assert a.stdout.readline() == b.stdout.readline() == "here\n"
    assert b.communicate("b\n")[0] == "b\n" and a.communicate("a\n")[0] == "a\n"

def test_what_is_asked_for_once_is_made_once():
    made = []
    make = lambda folder: [made.append(folder), (folder/"file").write_text("x"), str(folder)][2]
    first = warm.once("test of once", make)
    assert warm.once("test of once", make) == first and len(made) == 1 and (Path(first)/"file").read_text() == "x"
