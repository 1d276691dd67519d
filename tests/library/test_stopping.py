"Told to stop, by hand, by the system or by a closed terminal, a run is kept and goes on as if nobody had stopped it"
import os
import signal
import sys
import threading
import time

import pytest
import torch
from bad_input import bad_input_tests
from helpers import gen

from vaegan.cli import main
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.recipes import sample
from vaegan.runs import fit, load_run
from vaegan.stopping import Stopped, stopping
from vaegan.train import vae_step
from vaegan.vae import mlp_vae

posix = pytest.mark.skipif(os.name == "nt", reason="signals work differently there")
SIGNALS = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
X = (digits().x > .5).float()

@pytest.fixture(autouse=True)
def usual():
    "A process in the background of a shell ignores Ctrl-C; afterwards all is as it was"
    was = {n: signal.getsignal(getattr(signal, n)) for n in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for n in SIGNALS[1:]: signal.signal(getattr(signal, n), signal.SIG_DFL)
    yield
    for n, h in was.items(): signal.signal(getattr(signal, n), h)

def new():
    torch.manual_seed(0)
    vae = mlp_vae((1, 8, 8), 2, (8,))
    step = vae_step(vae, torch.optim.Adam(vae.parameters()), generator=gen())
    return vae, step, Batches(X, bs=128, drop_last=True)

def pressed(step, at, do):
    "The step, in whose n-th call something happens, before it or in its middle"
    n = iter(range(10**6))
    def pressing(x):
        if next(n) == at: do()
        return step(x)
    pressing.state = step.state
    return pressing

def press(): raise KeyboardInterrupt

def told(name): return lambda: os.kill(os.getpid(), getattr(signal, name))

def stopped(name, step, batches, measure=None, **kw):
    "The history of six epochs that a signal cuts short: `fit` gives it after Ctrl-C, an exception brings it after others"
    if name == "SIGINT": return fit(step, batches, 6, measure, progress=False, **kw)
    with pytest.raises(Stopped) as e: fit(step, batches, 6, measure, progress=False, **kw)
    assert e.value.code == 128 + getattr(signal, name) and isinstance(e.value, SystemExit)
    return e.value.history

def goes_on(file, epochs=6):
    "The run in a file ends as one that nobody stopped"
    whole, step, batches = new()
    hist = fit(step, batches, epochs, progress=False)
    net, step, batches = new()
    torch.manual_seed(99)
    assert fit(step, batches, epochs, progress=False, save=file, resume=True) == hist
    assert all(p.equal(q) for p, q in zip(net.parameters(), whole.parameters()))

@pytest.mark.parametrize("at", [0, 5, 11, 40])
def test_ctrl_c_keeps_the_run_before_its_first_write(at, tmp_path):
    "In the first half minute nothing had been written: the history was kept, the run was not"
    _, step, batches = new()
    hist = fit(pressed(step, at, press), batches, 6, progress=False, save=tmp_path/"run")
    state = load_run(tmp_path/"run")
    assert hist.interrupted and (state["epoch"], state["batch"]) == divmod(at, 11) and len(hist.get("elbo", [])) == at//11
    goes_on(tmp_path/"run")

@posix
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_waits_for_the_end_of_the_step(name, tmp_path):
    "The step that was begun is in the run; the handlers are the old ones again"
    _, step, batches = new()
    before = [signal.getsignal(getattr(signal, n)) for n in SIGNALS]
    hist = stopped(name, pressed(step, 40, told(name)), batches, save=tmp_path/"run")
    state = load_run(tmp_path/"run")
    assert hist.interrupted and len(hist["elbo"]) == 3 and state["batch"] == 8 and state["parts"]["count"]["steps"] == 41
    assert [signal.getsignal(getattr(signal, n)) for n in SIGNALS] == before
    goes_on(tmp_path/"run")

@posix
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_something_is_measured(name, tmp_path):
    "That may take long, so it is broken off; the run stands at the end of the epoch and measures again"
    _, step, batches = new()
    def measure():
        told(name)()
        time.sleep(5)
        pytest.fail("it waited")
    assert stopped(name, step, batches, measure, save=tmp_path/"run").interrupted
    assert (load_run(tmp_path/"run")["epoch"], load_run(tmp_path/"run")["batch"]) == (0, 11)
    goes_on(tmp_path/"run")

@posix
def test_the_second_time_at_once():
    def twice(): told("SIGINT")(), told("SIGINT")(), pytest.fail("it waited")
    _, step, batches = new()
    assert fit(pressed(step, 3, twice), batches, progress=False).interrupted

@posix
def test_what_others_have_decided_stays():
    "A signal that is ignored (`nohup`), a handler of somebody's own, another thread"
    seen = []
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: seen.append("mine"))
    _, step, batches = new()
    def both(): told("SIGHUP")(), told("SIGTERM")()
    assert len(fit(pressed(step, 3, both), batches, progress=False)["elbo"]) == 1 and seen == ["mine"]
    hists = []
    _, step, batches = new()
    thread = threading.Thread(target=lambda: hists.append(fit(step, batches, progress=False)))
    thread.start(), thread.join()
    assert len(hists[0]["elbo"]) == 1

def test_without_a_step_a_signal_is_obeyed_at_once_and_errors_come_first():
    with pytest.raises(KeyboardInterrupt), stopping() as stop: stop(signal.SIGINT, None)
    with pytest.raises(ZeroDivisionError), stopping() as stop, stop.later():
        stop(signal.SIGINT, None)
        1/0  # noqa: B018

@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_run_of_the_shell_is_usable_whoever_stops_it(name, code, tmp_path):
    "Its folder has the run, the table and the pictures of what was done; samples are drawn from it; --resume goes on"
    out = tmp_path/"run"
    pid = os.fork()
    if not pid:
        done = 1
        try:
            sys.stdout = open(tmp_path/"said", "w")
            done = main(["train", "vae", "--epochs", "5000", "--every", "0", "--out", str(out)])
        except SystemExit as e: done = e.code
        finally: os._exit(done)
    while not ((out/"run.safetensors").exists() and load_run(out/"run.safetensors")["epoch"]):
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it ended by itself"
        time.sleep(.05)
    os.kill(pid, getattr(signal, name))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code and "Stopped; the same command with --resume goes on" in (tmp_path/"said").read_text()
    epoch = load_run(out/"run.safetensors")["epoch"]
    assert epoch >= 1 and len((out/"history.csv").read_text().splitlines()) == 1 + epoch
    assert sorted(f.name for f in out.iterdir()) == ["curves.png", "history.csv", "run.safetensors", "samples.png"]
    assert sample(out, tmp_path/"more.png", 3).shape == (3, 1, 8, 8)

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"stopping.Stopped": "an exception", "stopping.stopping": "takes nothing"}
bad_input_tests({}, NO_ROW)
