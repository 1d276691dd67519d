"Output that cannot be printed never destroys work: encodings, closed pipes, full disks, no terminal, no stream at all"
import io
import os
import sys
import threading

import pytest
import torch
from bad_input import bad_input_tests
from tqdm import tqdm

from vaegan import image_files
from vaegan.cli import main
from vaegan.image_values import Remarks
from vaegan.pictures import write_images
from vaegan.printing import patient, progress_bar, say, settle
from vaegan.runs import fit


class Stream(io.TextIOWrapper):
    def __init__(self, encoding): super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
    def said(self): return self.buffer.getvalue().decode(self.encoding)

@pytest.mark.parametrize("encoding, want", [("utf-8", "−log 4 ≈ −1.386 ± ½ läufe 数"), ("cp1252", "-log 4 ~ -1.386 ± ½ läufe \\u6570"), ("latin-1", "-log 4 ~ -1.386 ± ½ läufe \\u6570"),
                                            ("ascii", "-log 4 ~ -1.386 +- 1/2 l\\xe4ufe \\u6570")])
def test_what_an_encoding_lacks_is_written_out(encoding, want):
    out = Stream(encoding)
    say("−log 4 ≈ −1.386 ± ½ läufe 数", out)
    assert out.said() == want + "\n"

def test_names_of_files_that_are_no_text():
    out = Stream("utf-8")
    say(os.fsdecode(b"l\xe4ufe"), out)
    assert out.said() == "l\\udce4ufe\n"

def failing(error):
    class Broken(io.StringIO):
        def write(self, text): raise error
    return Broken()

ERRORS = [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device"), OSError(5, "Input/output error"), ValueError("I/O operation on closed file")]

@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_stream_that_is_gone(error, monkeypatch):
    say("text", failing(error))
    monkeypatch.setattr(sys, "stdout", failing(error))
    say("text"), settle(), patient(print)("text")
    closed = Stream("utf-8")
    closed.close()
    say("text", closed)

def test_no_stream_at_all(monkeypatch):
    "A program without a console, such as pythonw"
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("text"), settle(), patient(print)("text")
    assert fit(lambda x: dict(a=1.), [[1]], 2)["a"] == [1., 1.]

def test_only_what_cannot_be_printed_is_forgiven():
    def wrong(text): raise KeyError(text)
    with pytest.raises(KeyError): patient(wrong)("a")
    lines = []
    patient(lines.append)("−")
    assert lines == ["−"]
    with pytest.raises(TypeError, match="log: expected a function"): patient(3)

class Terminal(io.StringIO):
    def isatty(self): return True

def test_bars_are_for_terminals(monkeypatch):
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        bar = progress_bar(tqdm, True, total=2)
        bar.update(), bar.close()
        assert bool(stream.getvalue()) == shown
    progress_bar(tqdm, False, total=2, file=Terminal()).update()

def gone(error):
    class Gone(Terminal):
        def write(self, text): raise error
    return Gone()

@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_terminal_that_goes_away_does_not_end_the_reading_of_pictures(error, monkeypatch, tmp_path):
    write_images(tmp_path/"a", torch.zeros(3, 1, 2, 2))
    monkeypatch.setattr(image_files, "tqdm", lambda **kw: tqdm(**kw | dict(delay=0)))       # not after three seconds
    monkeypatch.setattr(sys, "stderr", gone(error))
    heads = image_files.look_at(tmp_path/"a", ["0000.png", "0001.png"], Remarks())
    assert [tuple(h) for h in heads.values()] == [(2, 2, True)]*2

@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_terminal_that_goes_away_does_not_end_the_run(error, monkeypatch):
    monkeypatch.setattr(sys, "stderr", gone(error))
    assert fit(lambda x: dict(a=1.), [[1]]*3, 2)["a"] == [1., 1.]
    done = []
    thread = threading.Thread(target=lambda: done.append(fit(lambda x: dict(a=1.), [[1]]*3, 2)), daemon=True)
    thread.start(), thread.join(600)
    assert done, "the bar has kept a lock for which others wait"

# ------------------------------------------------------------------------------------------------------- from the shell
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

def stream(end):
    "A place that a shell may connect a command with"
    if end is None: return None
    if end != "pipe": return os.open(end, os.O_WRONLY | os.O_CREAT, 0o600)
    read, write = os.pipe()
    os.close(read)                                # as `| true` does
    return write

def command(*args, out=os.devnull, err=os.devnull, encoding="utf-8"):
    "The exit code of a command in a process of its own whose output goes there, with what Python does at the end of a process"
    pid = os.fork()
    if pid: return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        for n, (name, end) in enumerate((("stdout", out), ("stderr", err)), 1):
            fd = stream(end)
            if fd is None: os.close(n)
            else: os.dup2(fd, n)
            setattr(sys, name, fd and open(n, "w", encoding=encoding, errors="strict" if n == 1 else "backslashreplace", closefd=False))
        try: code = main([*map(str, args)])
        except SystemExit as e: code = e.code or 0
        try: sys.stdout and sys.stdout.flush()
        except OSError: code = 120
    finally: os._exit(code)

RUN = ["curves.png", "history.csv", "run.safetensors", "samples.png"]

@forks
@pytest.mark.parametrize("out, err", [("/dev/full", os.devnull), ("pipe", "err"), (None, "err"), ("/dev/full", "/dev/full"), (None, None), ("pipe", "pipe")])
def test_a_run_does_not_need_to_be_read(out, err, tmp_path, monkeypatch):
    "A full disk, a reader who has gone, nothing open: it has all its files, and its exit code says so; no bar, no complaint"
    if "/dev/full" in (out, err) and not os.path.exists("/dev/full"): pytest.skip("no /dev/full")
    monkeypatch.chdir(tmp_path)
    assert command("train", "vae", "--epochs", 1, "--out", "läufe", out=out, err=err) == 0 and sorted(os.listdir("läufe")) == RUN
    if err == "err": assert not (tmp_path/"err").read_text()

@forks
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_run_is_reported_in_any_letters(encoding, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("train", "vae", "--epochs", 1, "--out", "läufe", out="out", encoding=encoding) == 0 and sorted(os.listdir("läufe")) == RUN
    assert ("Finished: l\\xe4ufe" if encoding == "ascii" else "Finished: läufe") in (tmp_path/"out").read_text(encoding)

@forks
def test_the_tour_writes_its_page_for_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vaegan.tour._run_parts", lambda images, opts: (opts["log"]("V = −1.386 (½)"), ([], (), ""))[1])
    assert command("tour", "--out", "t", out="pipe") == command("tour", "--out", "u", out="log", encoding="cp1252") == 0
    assert all((tmp_path/name/"index.html").exists() for name in "tu") and "V = -1.386 (½)" in (tmp_path/"log").read_text("cp1252")

@forks
def test_exams_are_written_and_graded_for_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("exam", "--n", 1, "--out", "prüfung", out="out", err="err", encoding="ascii") == 0 and not (tmp_path/"err").read_text()
    assert command("grade", "prüfung/key.json", "prüfung/sheets", "--out", "noten", out="pipe") == 0 and {"scores.csv", "feedback.csv"} <= {*os.listdir(tmp_path/"noten")}
    for out, encoding in (("pipe", "utf-8"), ("/dev/full", "utf-8"), ("out", "ascii"), (None, "utf-8")): assert command("--help", out=out, encoding=encoding) == 0
    assert command("sample", "nöthing", err="why", encoding="ascii") == command("sample", "nothing", err=None) == 2 and (tmp_path/"why").read_text().count("\n") == 1

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "printing.say": "anything; above",
    "printing.patient": "a function; above",
    "printing.progress_bar": "what makes a bar; above",
    "printing.settle": "takes nothing",
}
bad_input_tests({}, NO_ROW)
