"""A Python that has imported torch and all that already, for tests that start many.

`[*warm.python(), "-c", code, …]` is a command like `[sys.executable, "-c", code, …]`, and so is one with `-m module`. What is
asked for runs in a process of its own, from a clean state: its own folder, environment, arguments, modules of ours, standard
streams and exit status; signals reach it. But it is forked from a server that has imported `COMMON` (nothing of vaegan), so that
it begins in a hundredth of a second instead of four. One server serves all processes of a test run; `started()` begins it, and it
imports nothing until it is asked. It has no threads and draws no random numbers. `PYTHONHASHSEED` and Python's own options but
`-u` are the server's. On other systems than Linux the command is a plain Python."""
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

COMMON = ("torch torch._dynamo torchvision.datasets torch.distributed matplotlib.pyplot matplotlib_inline.backend_inline sklearn.datasets "
          "scipy.stats scipy.integrate sympy IPython ipywidgets execnb.shell nbdev.test safetensors.torch tqdm.auto").split()
FOLDER = "WARM_PYTHON"    # the environment variable that names the folder of a test run: the server's socket, what is made `once`
FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")

def folder(*names): return os.path.join(os.environ[FOLDER], *names) if os.environ.get(FOLDER) else None

def python():
    "The command that stands for Python: a warm one if there is a server"
    return [sys.executable, "-I", "-S", __file__] if FORKS and folder() else [sys.executable]

@contextmanager
def started():
    "A folder and a server for this process and all that it starts; they end with it"
    if FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="warm-") as os.environ[FOLDER], serving() if FORKS else nullcontext(): yield
    del os.environ[FOLDER]

@contextmanager
def serving():
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    env |= dict(OMP_NUM_THREADS="1", MPLBACKEND="agg", PYTHONDONTWRITEBYTECODE="1")
    server = subprocess.Popen([sys.executable, __file__, "serve"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server.stdout.readline()                     # it listens
    try: yield
    finally: server.communicate()                # the end of its input is the end of it

def once(name, make):
    "What `make(folder)` gave (something for JSON) to whichever process of the test run came first; the folder stays to its end"
    from filelock import FileLock
    if not folder(): return make(Path(tempfile.mkdtemp()))
    place = Path(folder(re.sub(r"\W+", "-", name)))
    with FileLock(f"{place}.lock"):
        if not (file := place/"once.json").exists():
            place.mkdir(exist_ok=True)
            (place/"part").write_text(json.dumps(make(place)), encoding="utf-8")
            (place/"part").rename(file)
    return json.loads(file.read_text(encoding="utf-8"))

# ---------------------------------------------------------------------------------------------------------- the server
def serve():
    "Fork a process for everyone who calls, and tell them how it ended"
    import selectors
    del sys.path[0]                              # the folder of this file
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sel, door, ready = selectors.DefaultSelector(), socket.socket(socket.AF_UNIX), False
    door.bind(folder("socket"))
    door.listen(64)
    sel.register(door, selectors.EVENT_READ, "door")
    sel.register(0, selectors.EVENT_READ, "end")
    print("ready", flush=True)
    children = {}                                # pid -> (its file descriptor, who asked)
    def ended(pid):
        fd, conn = children.pop(pid)
        status = os.waitpid(pid, 0)[1]
        with suppress(OSError): conn.sendall(f"{status}\n".encode())
        sel.unregister(fd)
        os.close(fd)
        sel.unregister(conn)
        conn.close()
    while True:
        for key, _ in sel.select():
            match key.data:
                case "end":
                    for pid in children: os.kill(pid, signal.SIGKILL)
                    os._exit(0)                  # without the farewell of the many modules
                case "door":
                    if not ready: ready = imported()
                    conn = door.accept()[0]
                    text, fds = received(conn)
                    if not text: continue
                    if not (pid := os.fork()):
                        sel.close()
                        for s in (door, conn, *(c for _, c in children.values())): s.close()
                        behave(json.loads(text), fds)
                    for fd in fds: os.close(fd)
                    children[pid] = os.pidfd_open(pid), conn
                    sel.register(children[pid][0], selectors.EVENT_READ, ("ended", pid))
                    sel.register(conn, selectors.EVENT_READ, ("left", pid))
                    with suppress(OSError): conn.sendall(f"{pid}\n".encode())
                case "ended", pid if pid in children: ended(pid)
                case "left", pid if pid in children:     # who asked was killed
                    os.kill(pid, signal.SIGKILL)
                    ended(pid)

def imported():
    import gc
    import importlib
    for name in COMMON: importlib.import_module(name)
    assert len(os.listdir("/proc/self/task")) == 1, "a thread would be lost in a fork"
    gc.freeze()                                  # the children share this memory
    return True

def received(conn):
    "A line of JSON and three file descriptors"
    text, fds = b"", []
    while not text.endswith(b"\n"):
        part, some, *_ = socket.recv_fds(conn, 1 << 16, 3)
        if not part: break
        text, fds = text + part, fds + list(some)
    return text, fds

def behave(job, fds):
    "As the Python that was asked for, to the end of this process"
    import random
    import runpy
    import types

    import numpy as np
    import torch
    code = 1
    try:
        for new, fd in enumerate(fds): os.dup2(fd, new)
        for fd in fds: os.close(fd)
        os.environ.clear()
        os.environ.update(job["env"])
        os.chdir(job["cwd"])
        os.umask(job["umask"])
        signal.signal(signal.SIGINT, signal.SIG_IGN if job["deaf"] else signal.default_int_handler)
        args = list(job["args"])
        at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
        while args[0] not in ("-c", "-m"):
            assert args[0] == "-u", f"no option of the warm Python: {args[0]}"
            at_once = bool(args.pop(0))
        sys.stdin = open(0, closefd=False)
        sys.stdout = stream(1, at_once)
        sys.stderr = stream(2, True, errors="backslashreplace")
        sys.path[:0] = ["" if args[0] == "-c" else job["cwd"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        random.seed()                            # as in every new Python, chance that nobody has fixed is another one
        np.random.seed(None)
        torch.default_generator.seed()
        sys.argv = [args[0], *args[2:]]
        try:
            if args[0] == "-m": runpy.run_module(args[1], run_name="__main__", alter_sys=True)
            else:
                main = sys.modules["__main__"] = types.ModuleType("__main__")
                exec(compile(args[1], "<string>", "exec"), main.__dict__)
            code = 0
        except SystemExit as e:
            if isinstance(e.code, str): print(e.code, file=sys.stderr)
            code = e.code if isinstance(e.code, int) else int(e.code is not None)
        except KeyboardInterrupt:
            sys.excepthook(*sys.exc_info())
            code = -signal.SIGINT
        except BaseException: sys.excepthook(*sys.exc_info())
        leave()
    finally:
        if code == -signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(code & 255)

def stream(fd, at_once, **kw):
    "A text stream to a file descriptor, which keeps nothing back if `at_once`"
    return io.TextIOWrapper(open(fd, "wb", 0 if at_once else -1, closefd=False), write_through=at_once, **kw)

def leave():
    "What Python does at its end"
    import atexit
    import threading
    with suppress(Exception): threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError): stream.flush()

# ------------------------------------------------------------------------------------------------------ who stands for it
def ask(args):
    "Ask the server, hand it the standard streams, pass signals on, and end as the process ended"
    deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    early = []                                   # before anything runs: it may call for a signal before its number is known here
    both = signal.SIGTERM, signal.SIGINT
    for n in both: signal.signal(n, lambda n, _: early.append(n))
    conn = socket.socket(socket.AF_UNIX)
    conn.connect(folder("socket"))
    old = os.umask(0)
    os.umask(old)
    job = json.dumps(dict(args=args, env=dict(os.environ), cwd=os.getcwd(), umask=old, deaf=deaf)).encode() + b"\n"
    sent = socket.send_fds(conn, [job], [0, 1, 2])
    conn.sendall(job[sent:])
    answer = conn.makefile()
    pid = int(answer.readline())
    def pass_on(n, _):
        with suppress(ProcessLookupError): os.kill(pid, n)
    for n in both: signal.signal(n, pass_on)     # even where SIGINT is ignored: the program may have thought better of it
    for n in early: pass_on(n, None)
    status = os.waitstatus_to_exitcode(int(answer.readline() or 256))
    if status >= 0: os._exit(status)
    with suppress(OSError): signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)

if __name__ == "__main__":
    if sys.argv[1] == "serve": serve()
    else: ask(sys.argv[1:])
