"MNIST: what would spoil a page without showing on it, such as damaged files and dishonest servers"
import gzip
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import warm
from bad_input import INT, bad_input_tests, row
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import ALL, exempt
from sklearn.datasets import load_digits
from torchvision.datasets import MNIST

from vaegan import datasets
from vaegan.datasets import as_float, digits, fashion_mnist, load_data, mnist, mnist_root

NAMES = list(datasets.MNIST_MD5)

TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = NAMES

def idx(a):
    "An array of bytes in MNIST's file format: magic number with the rank, sizes, values"
    return struct.pack(f">{a.ndim+1}I", 0x800 + a.ndim, *a.shape) + a.astype(np.uint8).tobytes()

@pytest.fixture
def files(monkeypatch):
    "Four small files in MNIST's format, and checksums that belong to them"
    rng = np.random.default_rng(0)
    arrays = {TRAIN_X: rng.integers(0, 256, (12, 28, 28)), TRAIN_Y: rng.integers(0, 10, 12),
              TEST_X: rng.integers(0, 256, (5, 28, 28)), TEST_Y: rng.integers(0, 10, 5)}
    out = {k: idx(v) for k, v in arrays.items()}
    monkeypatch.setattr(datasets, "MNIST_MD5", {k: hashlib.md5(v).hexdigest() for k, v in out.items()})
    return out

@pytest.fixture
def root(files, tmp_path):
    "A folder that holds them"
    raw = tmp_path/"MNIST"/"raw"
    raw.mkdir(parents=True)
    for k, v in files.items(): (raw/k).write_bytes(v)
    return tmp_path

def check_content(d, files):
    for x, y, fx, fy in ((d.x, d.y, TRAIN_X, TRAIN_Y), (d.x_test, d.y_test, TEST_X, TEST_Y)):
        assert x.dtype == torch.float32 and y.dtype == torch.int64 and x.shape[1:] == (1, 28, 28)
        assert (x*255).round().to(torch.uint8).numpy().tobytes() == files[fx][16:]
        assert y.to(torch.uint8).numpy().tobytes() == files[fy][8:]
        assert 0 <= x.min() and x.max() <= 1

def test_reads_what_the_files_say(root, files):
    check_content(mnist(root), files)
    check_content(mnist(str(root)), files)

def damage(raw, kind, name):
    f = raw/name
    old = f.read_bytes()
    if kind == "missing": f.unlink()
    if kind == "empty": f.write_bytes(b"")
    if kind == "truncated": f.write_bytes(old[:-1])
    if kind == "longer": f.write_bytes(old + b"\0")
    if kind == "one bit": f.write_bytes(old[:-1] + bytes([old[-1] ^ 1]))
    if kind == "html": f.write_bytes(b"<html>404 Not Found</html>")
    if kind == "folder": f.unlink(); f.mkdir()

@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["missing", "empty", "truncated", "longer", "one bit", "html", "folder"])
def test_refuses_a_bad_file_and_names_it(root, kind, name):
    raw = root/"MNIST"/"raw"
    damage(raw, kind, name)
    with pytest.raises(FileNotFoundError) as e: mnist(root)
    message = str(e.value)
    assert name in message and str(raw) in message
    assert "VAEGAN_DATA" in message and "download=True" in message
    assert not any(n in message for n in NAMES if n != name), "blames a good file"
    assert "\n" not in message

@pytest.mark.parametrize("a,b", [(TRAIN_X, TEST_X), (TRAIN_Y, TEST_Y), (TRAIN_X, TRAIN_Y)])
def test_refuses_swapped_files(root, a, b):
    raw = root/"MNIST"/"raw"
    a_bytes, b_bytes = (raw/a).read_bytes(), (raw/b).read_bytes()
    (raw/a).write_bytes(b_bytes)
    (raw/b).write_bytes(a_bytes)
    with pytest.raises(FileNotFoundError, match=f"{a} damaged.*{b} damaged|{b} damaged.*{a} damaged"): mnist(root)

DOTTED = {n: n.replace("-idx", ".idx") for n in NAMES}

@pytest.mark.parametrize("fashion", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_packed_files_and_dotted_names_are_read(files, tmp_path, monkeypatch, fashion, dotted, packed):
    "Also some of each; packed by whichever program, since the content is what counts"
    load, kind = (fashion_mnist, "FashionMNIST") if fashion else (mnist, "MNIST")
    if fashion: monkeypatch.setattr(datasets, "FASHION_MD5", datasets.MNIST_MD5)
    raw = tmp_path/kind/"raw"
    raw.mkdir(parents=True)
    for i, (name, data) in enumerate(files.items()):
        end = ".gz" if packed and i != 1 else ""
        (raw/((DOTTED[name] if dotted and i != 2 else name) + end)).write_bytes(gzip.compress(data, i, mtime=i) if end else data)
    check_content(load(tmp_path), files)

@pytest.mark.parametrize("damage", ["cut", "no .gz", "empty", "one bit", "other"])
def test_a_bad_packed_file_is_refused_unless_there_is_a_good_one(root, files, damage):
    raw = root/"MNIST"/"raw"
    (raw/TEST_X).rename(raw/"kept")
    good = gzip.compress(files[TEST_X])
    bad = dict(cut=good[:-20], empty=b"", other=gzip.compress(files[TEST_Y])) | {"no .gz": files[TEST_X], "one bit": good[:40] + bytes([good[40] ^ 1]) + good[41:]}
    (raw/f"{TEST_X}.gz").write_bytes(bad[damage])
    with pytest.raises(FileNotFoundError, match=f"{TEST_X}.gz damaged") as e: mnist(root)
    assert not any(n in str(e.value) for n in NAMES if n != TEST_X)
    (raw/"kept").rename(raw/DOTTED[TEST_X])
    check_content(mnist(root), files)

def test_mnist_is_no_fashion(root, files, monkeypatch):
    "The files of the two have the same names: only their content tells them apart"
    with pytest.raises(FileNotFoundError, match="Fashion-MNIST is not usable in .*FashionMNIST.raw: .*missing.* Call fashion_mnist.download=True."): fashion_mnist(root)
    shutil.copytree(root/"MNIST", root/"FashionMNIST")
    with pytest.raises(FileNotFoundError, match=f"{TRAIN_X} damaged .wrong checksum."): fashion_mnist(root)
    monkeypatch.setattr(datasets, "FASHION_MD5", datasets.MNIST_MD5)
    monkeypatch.setenv("VAEGAN_DATA", str(root))
    check_content(load_data("fashion-mnist"), files)

def test_the_checksums_of_fashion_are_those_of_its_files():
    "Of the labels, once more, from what torchvision downloads: theirs are of the packed files"
    from torchvision.datasets import FashionMNIST
    assert [name for name, _ in FashionMNIST.resources] == [f"{n}.gz" for n in datasets.FASHION_MD5] and tuple(FashionMNIST.classes) == datasets.FASHION_CLASSES
    assert len({*datasets.FASHION_MD5.values(), *datasets.MNIST_MD5.values()}) == 8 and all(len(v) == 32 for v in datasets.FASHION_MD5.values())

def test_nothing_there(files, tmp_path):
    with pytest.raises(FileNotFoundError) as e: mnist(tmp_path/"nowhere")
    assert all(n + " missing" in str(e.value) for n in NAMES)
    assert not (tmp_path/"nowhere").exists(), "looking must not create folders"

def test_root_is_a_file(files, tmp_path):
    (tmp_path/"file").write_text("x")
    with pytest.raises(FileNotFoundError, match="missing"): mnist(tmp_path/"file")
    with pytest.raises(RuntimeError, match="could not be downloaded"): mnist(tmp_path/"file", download=True)
    assert (tmp_path/"file").read_text() == "x"

def test_old_processed_files_are_not_trusted(root, files):
    "torchvision prefers MNIST/processed/*.pt, whose content nobody has verified"
    old = root/"MNIST"/"processed"
    old.mkdir()
    for f in ("training.pt", "test.pt"): torch.save((torch.zeros(3, 28, 28), torch.zeros(3)), old/f)
    check_content(mnist(root), files)

def test_where_it_looks(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path/"cache"))
    monkeypatch.setenv("VAEGAN_DATA", "~/mine")
    assert mnist_root() == tmp_path/"mine"
    monkeypatch.setenv("VAEGAN_DATA", "")
    assert mnist_root() == tmp_path/"cache"/"vaegan"
    monkeypatch.delenv("VAEGAN_DATA")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert mnist_root() == tmp_path/".cache"/"vaegan"
    def nobody(self): raise RuntimeError("Could not determine home directory.")
    monkeypatch.setattr(Path, "expanduser", nobody)          # a container with a user that it does not know
    assert mnist_root() == Path(tempfile.gettempdir())/"vaegan"
    with pytest.raises(FileNotFoundError, match="VAEGAN_DATA"): mnist()

def test_environment_variable_is_used(root, files, monkeypatch):
    monkeypatch.setenv("VAEGAN_DATA", str(root))
    check_content(mnist(), files)
    monkeypatch.setenv("VAEGAN_DATA", str(root/"elsewhere"))
    with pytest.raises(FileNotFoundError, match="elsewhere"): mnist()

@pytest.mark.parametrize("bad", [5, ["a"], True])
def test_root_must_be_a_path(bad):
    with pytest.raises(TypeError, match="root: expected a path, got"): mnist(bad)

@pytest.fixture
def serve(files, monkeypatch):
    "Start a server on this machine and make torchvision ask it; returns the list of paths asked for"
    servers = []

    def start(answer):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                answer(self, self.path.rsplit("/", 1)[-1])

            def log_message(self, *_): pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(.05,), daemon=True).start()
        servers.append(server)
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        return asked

    packed = {k + ".gz": gzip.compress(v, mtime=0) for k, v in files.items()}
    monkeypatch.setattr(MNIST, "resources", [(k, hashlib.md5(v).hexdigest()) for k, v in packed.items()])
    for var in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"): monkeypatch.delenv(var, raising=False)
    start.packed = packed
    yield start
    for s in servers:
        s.shutdown()
        s.server_close()

def send(handler, body, status=200, length=None, kind="application/gzip"):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)

def contents(folder):
    "Every file below a folder, with what is in it"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

def good_files(files): return {f"MNIST/raw/{k}": v for k, v in files.items()}

def honest(serve): return lambda handler, name: send(handler, serve.packed[name])

def test_download(serve, files, tmp_path):
    asked = serve(honest(serve))
    check_content(mnist(tmp_path, download=True), files)
    assert {a.lstrip("/") for a in asked} == set(serve.packed)
    assert contents(tmp_path) == good_files(files), "something else was left behind"
    assert not list(tmp_path.rglob("download-*"))
    check_content(mnist(tmp_path), files)      # and from now on without a network

def test_download_of_fashion(serve, files, tmp_path, monkeypatch):
    from torchvision.datasets import FashionMNIST
    asked = serve(honest(serve))
    monkeypatch.setattr(FashionMNIST, "mirrors", MNIST.mirrors)
    monkeypatch.setattr(FashionMNIST, "resources", MNIST.resources)
    with pytest.raises(RuntimeError, match="Fashion-MNIST could not be downloaded .the server sent other files: train-images"): fashion_mnist(tmp_path, download=True)
    assert contents(tmp_path) == {} and asked
    monkeypatch.setattr(datasets, "FASHION_MD5", datasets.MNIST_MD5)
    check_content(fashion_mnist(tmp_path, download=True), files)
    assert contents(tmp_path) == {f"FashionMNIST/raw/{k}": v for k, v in files.items()}

def test_no_download_when_all_is_there_or_not_allowed(serve, files, root, tmp_path):
    asked = serve(honest(serve))
    mnist(root, download=True)
    with pytest.raises(FileNotFoundError): mnist(tmp_path/"empty")
    assert asked == []

@pytest.mark.parametrize("kind", ["missing", "truncated", "one bit", "html"])
def test_download_repairs(serve, files, root, kind):
    serve(honest(serve))
    damage(root/"MNIST"/"raw", kind, TEST_X)
    check_content(mnist(root, download=True), files)
    assert contents(root) == good_files(files)

def half_then_good(serve):
    "The first two files are right; then the server breaks down"
    def answer(handler, name):
        if name.startswith("train"): send(handler, serve.packed[name])
        else: send(handler, b"gone", 503)
    return answer

BAD_SERVERS = {
    "html page": lambda serve: lambda h, name: send(h, b"<html><body>Please log in to this network</body></html>", kind="text/html"),
    "not found": lambda serve: lambda h, name: send(h, b"no such file", 404),
    "breaks down": half_then_good,
    "cut short": lambda serve: lambda h, name: send(h, serve.packed[name][:-20], length=len(serve.packed[name])),
    "hangs up": lambda serve: lambda h, name: h.connection.close(),
    "empty": lambda serve: lambda h, name: send(h, b""),
    "other file": lambda serve: lambda h, name: send(h, serve.packed[TRAIN_Y + ".gz"]),
}

@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("kind", BAD_SERVERS)
def test_bad_server(serve, files, tmp_path, kind):
    serve(BAD_SERVERS[kind](serve))
    with pytest.raises(RuntimeError) as e: mnist(tmp_path, download=True)
    assert "MNIST could not be downloaded" in str(e.value) and "VAEGAN_DATA" in str(e.value)
    assert str(tmp_path/"MNIST"/"raw") in str(e.value)
    assert contents(tmp_path) == {} and not list(tmp_path.rglob("download-*")), "something half-written was left"
    with pytest.raises(FileNotFoundError): mnist(tmp_path)
    serve(honest(serve))                                           # a later try succeeds
    check_content(mnist(tmp_path, download=True), files)

def test_bad_server_leaves_good_files_alone(serve, files, root):
    serve(BAD_SERVERS["html page"](serve))
    damage(root/"MNIST"/"raw", "truncated", TEST_X)
    before = contents(root)
    with pytest.raises(RuntimeError): mnist(root, download=True)
    assert contents(root) == before
    with pytest.raises(FileNotFoundError, match=f"{TEST_X} damaged"): mnist(root)

def test_archive_is_right_but_its_content_is_not(serve, files, tmp_path, monkeypatch):
    other = gzip.compress(idx(np.zeros((5, 28, 28))), mtime=0)
    packed = serve.packed | {TEST_X + ".gz": other}
    monkeypatch.setattr(MNIST, "resources", [(k, hashlib.md5(v).hexdigest()) for k, v in packed.items()])
    serve(lambda h, name: send(h, packed[name]))
    with pytest.raises(RuntimeError, match=f"other files: {TEST_X}"): mnist(tmp_path, download=True)
    assert contents(tmp_path) == {}

def test_offline(files, tmp_path, monkeypatch):
    with socket.socket() as s:                     # a port that nobody listens on, nor can while this has it
        s.bind(("127.0.0.1", 0))
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{s.getsockname()[1]}/"])
        with pytest.raises(RuntimeError) as e: mnist(tmp_path, download=True)
    assert "Without a network" in str(e.value) and str(tmp_path/"MNIST"/"raw") in str(e.value)
    assert contents(tmp_path) == {}

def test_interrupted_download(files, tmp_path, monkeypatch):
    def stop(self):
        os.makedirs(self.raw_folder)
        Path(self.raw_folder, TRAIN_X).write_bytes(files[TRAIN_X][:100])
        raise KeyboardInterrupt
    monkeypatch.setattr(MNIST, "download", stop)
    with pytest.raises(KeyboardInterrupt): mnist(tmp_path, download=True)
    assert contents(tmp_path) == {}

CHILD = """
import json, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)      # a process in the background would ignore Ctrl-C
root, mirror, md5, resources = json.loads(sys.argv[1])
from torchvision.datasets import MNIST
from vaegan import datasets
datasets.MNIST_MD5, MNIST.mirrors, MNIST.resources = md5, [mirror], [tuple(r) for r in resources]
print("ready", flush=True); sys.stdin.readline()
try: print(len(datasets.mnist(root, download=True).x))
except (RuntimeError, KeyboardInterrupt) as e: print(type(e).__name__, e)
"""

@pytest.fixture
def child(tmp_path):
    "Start a Python that downloads when told to"
    started = []

    def start(root=tmp_path, **env):
        env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()} | env
        args = json.dumps([str(root), MNIST.mirrors[0], datasets.MNIST_MD5, MNIST.resources])
        p = subprocess.Popen([*warm.python(), "-c", CHILD, args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        started.append(p)
        return p

    yield start
    for p in started:
        p.kill()
        p.communicate()

def go(*ps):
    for p in ps: assert p.stdout.readline() == "ready\n"
    for p in ps:
        p.stdin.write("\n")
        p.stdin.flush()

def test_two_processes_at_once_download_once(serve, files, child, tmp_path):
    def slow(handler, name):
        time.sleep(.3)
        send(handler, serve.packed[name])
    asked = serve(slow)
    ps = [child(), child()]
    go(*ps)
    assert [p.communicate(timeout=600)[0] for p in ps] == ["12\n", "12\n"]
    assert len([a for a in asked if TRAIN_X in a]) in (1, 2)     # asked for a redirect, then for the file: by one process
    assert sorted(asked) == sorted(2*[f"/{n}" for n in serve.packed]) or sorted(asked) == sorted(f"/{n}" for n in serve.packed)
    assert contents(tmp_path) == good_files(files)

@pytest.mark.parametrize("kind", ["SIGKILL", "SIGINT"])
def test_a_process_that_is_stopped_leaves_nothing_in_the_way(serve, files, child, tmp_path, kind):
    reached, over, free = (threading.Event() for _ in range(3))

    def stuck(handler, name):
        if name.startswith("t10k") and not over.is_set():          # the first process gets half of the third file
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(serve.packed[name])))
            handler.end_headers()
            handler.wfile.write(serve.packed[name][:50])
            handler.wfile.flush()
            reached.set()
            free.wait(600)
        else: send(handler, serve.packed[name])
    serve(stuck)
    p, waiting = child(), child()
    go(p)
    assert reached.wait(600)
    go(waiting)                                                    # it waits for the lock
    time.sleep(.5)
    assert waiting.poll() is None
    with pytest.raises(FileNotFoundError): mnist(tmp_path)         # nothing is there before all of it is
    over.set()
    p.send_signal(getattr(signal, kind))
    out = p.communicate(timeout=600)[0]
    assert out == ("" if kind == "SIGKILL" else "KeyboardInterrupt \n")
    free.set()
    assert waiting.communicate(timeout=600)[0] == "12\n", "the lock outlived the process that held it"
    check_content(mnist(tmp_path), files)
    assert contents(tmp_path) == good_files(files) and not list(tmp_path.rglob("download*"))

def test_what_a_killed_process_left_is_swept(serve, files, tmp_path):
    for k in "123": (tmp_path/"MNIST"/f"download-{k}").mkdir(parents=True)
    old = tmp_path/"MNIST"/"download-abc"/"MNIST"/"raw"
    old.mkdir(parents=True)
    (old/TRAIN_X).write_bytes(b"half")
    (tmp_path/"MNIST"/"download.lock").write_text("")
    serve(honest(serve))
    check_content(mnist(tmp_path, download=True), files)
    assert contents(tmp_path) == good_files(files) and not list(tmp_path.rglob("download*"))
    (tmp_path/"MNIST"/"download-notes").write_text("no folder: not ours, and in nobody's way")
    (tmp_path/"MNIST"/"raw"/TEST_X).unlink()
    check_content(mnist(tmp_path, download=True), files)

@pytest.mark.parametrize("page", ["a", "b"])
def test_one_web_page_among_files(tmp_path, page):
    for name in "ab": (tmp_path/name).write_bytes(b"\n<HTML>" if name == page else b"data")
    assert datasets._web_page(tmp_path).startswith(f"a web page came instead of {page}: ")
    (tmp_path/page).write_bytes(b"data <html>")
    assert datasets._web_page(tmp_path) is None

def test_no_endless_waiting(serve, files, tmp_path, monkeypatch):
    (tmp_path/"MNIST").mkdir()
    serve(honest(serve))
    monkeypatch.setattr(datasets._fetch, "__defaults__", (.2, 60))
    with FileLock(tmp_path/"MNIST"/"download.lock"):
        with pytest.raises(RuntimeError, match="another process has been downloading into .*MNIST for 0.2 s"): mnist(tmp_path, download=True)
    check_content(mnist(tmp_path, download=True), files)

@pytest.mark.parametrize("sent", [0, 9])
def test_a_server_that_falls_silent(serve, files, tmp_path, monkeypatch, sent):
    "It is not waited for without end; the process's own time limit stays as it was"
    over = threading.Event()
    def silent(handler, name):
        if sent: send(handler, serve.packed[name][:sent], length=len(serve.packed[name]))
        over.wait(600)
    serve(silent)
    monkeypatch.setattr(datasets._fetch, "__defaults__", (1800, .3))
    try:
        for limit in (None, 77.):
            socket.setdefaulttimeout(limit)
            with pytest.raises(RuntimeError, match="MNIST could not be downloaded .*the server sent nothing for 0.3 s.*VAEGAN_DATA"): mnist(tmp_path, download=True)
            assert socket.getdefaulttimeout() == limit and contents(tmp_path) == {}
    finally:
        socket.setdefaulttimeout(None)
        over.set()
    monkeypatch.setattr(datasets._fetch, "__defaults__", (1800, 60))     # 0.3 s may be too little for an honest server on a busy machine
    serve(honest(serve))
    check_content(mnist(tmp_path, download=True), files)

def test_a_proxy_that_answers_with_a_page(serve, files, child, tmp_path):
    "The name of the mirror does not exist: only a proxy can answer"
    def portal(handler, name): send(handler, b"  <!DOCTYPE html><title>Please log in</title>", kind="text/html")
    asked = serve(portal)
    proxy, MNIST.mirrors[0] = MNIST.mirrors[0], "http://mirror.invalid/mnist/"
    p = child(http_proxy=proxy)
    go(p)
    out = p.communicate(timeout=600)[0]
    assert any("mirror.invalid" in a for a in asked)
    assert out.startswith("RuntimeError MNIST could not be downloaded (a web page came instead of") and out.count("\n") == 1
    assert "VAEGAN_DATA" in out and contents(tmp_path) == {}

@pytest.mark.parametrize("kind", ["html page", "not found", "hangs up", "empty"])
def test_the_message_is_one_line(serve, tmp_path, kind):
    serve(BAD_SERVERS[kind](serve))
    with pytest.raises(RuntimeError) as e: mnist(tmp_path, download=True)
    assert "\n" not in str(e.value)
    if kind == "html page": assert "a web page came instead of" in str(e.value)

@pytest.fixture
def as_nobody():
    "The rights of a user who is not root, for whom read-only means something"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)

@pytest.fixture
def public_folder():
    "A folder that everybody can reach; the ones of pytest are closed"
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for p in (folder, *folder.rglob("*")):
        if p.is_dir(): p.chmod(0o755)
    shutil.rmtree(folder)

@pytest.mark.skipif(os.name == "nt", reason="rights work differently there")
def test_read_only_cache(serve, files, public_folder, request):
    asked = serve(honest(serve))
    raw = public_folder/"MNIST"/"raw"
    raw.mkdir(parents=True)
    for k, v in files.items(): (raw/k).write_bytes(v)
    for d in (raw, raw.parent, public_folder): d.chmod(0o555)
    request.getfixturevalue("as_nobody")
    check_content(mnist(public_folder, download=True), files)      # reading needs no right to write
    assert asked == []

@pytest.mark.skipif(os.name == "nt", reason="rights work differently there")
@pytest.mark.parametrize("there", ["nothing", "a damaged file"])
def test_read_only_and_not_complete(serve, files, public_folder, there, request):
    serve(honest(serve))
    raw = public_folder/"MNIST"/"raw"
    if there != "nothing":
        raw.mkdir(parents=True)
        for k, v in files.items(): (raw/k).write_bytes(v[:-1] if k == TEST_X else v)
        for d in (raw, raw.parent): d.chmod(0o555)
    public_folder.chmod(0o555)
    before = contents(public_folder)
    request.getfixturevalue("as_nobody")
    with pytest.raises(RuntimeError) as e: mnist(public_folder, download=True)
    assert "Permission denied" in str(e.value) and str(public_folder) in str(e.value) and "VAEGAN_DATA" in str(e.value)
    assert contents(public_folder) == before

def test_no_room_on_the_disk(serve, files, tmp_path, monkeypatch):
    "The disk fills up while the files move into place: those that are there are whole, and the next call works"
    serve(honest(serve))
    count, real = itertools.count(), os.replace

    def full(a, b):
        if next(count) == 2: raise OSError(28, "No space left on device")
        real(a, b)
    with monkeypatch.context() as m:
        m.setattr(os, "replace", full)
        with pytest.raises(RuntimeError, match="No space left"): mnist(tmp_path, download=True)
    assert contents(tmp_path).items() <= good_files(files).items() and not list(tmp_path.rglob("download*"))
    with pytest.raises(FileNotFoundError, match="missing"): mnist(tmp_path)
    check_content(mnist(tmp_path, download=True), files)

REAL = Path(os.environ.get("VAEGAN_DATA") or Path(__file__).resolve().parents[3]/"shared"/"data")

@pytest.mark.skipif(not (REAL/"MNIST"/"raw"/TRAIN_X).is_file(), reason=f"no MNIST in {REAL}; set VAEGAN_DATA to test with it")
def test_real_mnist():
    d = mnist(REAL)
    assert d.x.shape == (60_000, 1, 28, 28) and d.x_test.shape == (10_000, 1, 28, 28)
    assert d.y.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert d.y_test.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(d.x.mean() - .1307) < 5e-5 and abs(d.x.std() - .3081) < 5e-5     # the constants that everyone normalises by
    assert d.y[:5].tolist() == [5, 0, 4, 1, 9]

RAW = load_digits()

@settings(max_examples=15, deadline=None)
@given(n_test=st.integers(10, 1787), seed=st.integers(0, 2**32 - 1))
def test_digits_split(n_test, seed):
    d = digits(n_test, seed)
    assert len(d.x_test) == len(d.y_test) == n_test and len(d.x) == len(d.y) == 1797 - n_test
    key = lambda x, y: sorted((im.tobytes(), int(c)) for im, c in zip(x, y))
    both = (torch.cat([d.x, d.x_test])[:, 0]*16).double().numpy()
    assert key(both, torch.cat([d.y, d.y_test])) == key(RAW.images, RAW.target)   # nothing lost, doubled, or mislabelled
    for y in (d.y, d.y_test):    # each class within one image of its share
        assert ((y.bincount(minlength=10) - torch.tensor(RAW.target).bincount()*len(y)/1797).abs() <= 1).all()

def test_labels_of_any_integer_type(monkeypatch):
    "NumPy before 2 on Windows gave int32"
    for kind in (np.int32, np.uint8):
        monkeypatch.setattr("sklearn.datasets.load_digits", lambda return_X_y: (RAW.data, RAW.target.astype(kind)))
        assert digits().y.dtype == digits().y_test.dtype == torch.int64

def test_digits_seed():
    a, b, c = digits(seed=3), digits(seed=3), digits(seed=4)
    assert all(u.equal(v) for u, v in zip(a, b)) and not a.x.equal(c.x)

def test_digits_at_the_edges():
    assert torch.equal(digits().x_test, digits(360, 0).x_test) and len(digits(10, 2**32 - 1).x_test) == 10
    assert len(digits(10).x_test) == 10 and len(digits(1787).x) == 10
    with pytest.raises(ValueError, match="seed: expected"): digits(10, 2**32)

MESSAGES = {
    "n_test too small": (lambda: digits(9), ValueError, "n_test: expected a number in [10, 1787], got 9"),
    "n_test too large": (lambda: digits(1788), ValueError, "n_test: expected a number in [10, 1787], got 1788"),
    "n_test a share": (lambda: digits(.2), TypeError, "n_test: expected a whole number, got 0.2"),
    "n_test a word": (lambda: digits("100"), TypeError, "n_test: expected a whole number, got '100'"),
    "digits seed": (lambda: digits(seed=-1), ValueError, "seed: expected a number in [0, 2**32-1], got -1"),
    "digits no seed": (lambda: digits(seed=None), TypeError, "seed: expected a whole number, got None"),
}

@pytest.mark.parametrize("case", MESSAGES)
def test_messages_of_bad_input(case):
    call, kind, message = MESSAGES[case]
    with pytest.raises(kind) as e: call()
    assert message in str(e.value) and "\n" not in str(e.value)

# --------------------------------------------------------------------------------------------------------- properties
def test_bytes_as_floats():
    "All 256 of them, as NumPy divides; what is not a byte stays itself"
    octets = torch.arange(256, dtype=torch.uint8)
    assert as_float(octets).numpy().tobytes() == (np.arange(256, dtype=np.float32)/np.float32(255)).tobytes()
    assert as_float(octets[7]).item() == np.float32(7)/np.float32(255) and as_float(octets[:1].view(1, 1)).shape == (1, 1)
    for other in (octets.long(), octets.double(), octets > 3, octets.to(torch.int8)): assert as_float(other) is other
    with torch.device("meta"): assert as_float(octets).device.type == "cpu"

exempt(   # names, kinds, why
    ("datasets.ImageData datasets.as_float datasets.digits datasets.mnist datasets.fashion_mnist datasets.mnist_root", ALL,
     "reads, guards or draws data: the tests above, its row"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "datasets.as_float": row(dict(x=torch.tensor([0, 255], dtype=torch.uint8)), x=[[0, 255], None]),
    "datasets.digits": row(dict(n_test=360, seed=0), n_test=[9, 1788, .2, "x"], seed=INT(0)),
    "datasets.mnist": row(dict(), call=None, root=[3, b"x"]),
    "datasets.fashion_mnist": row(dict(), call=None, root=[3, b"x"]),
}
NO_ROW = {
    "datasets.mnist_root": "takes nothing",
    "datasets.load_data": "looks a name up by `catalog.named`",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
