"One run on many processes is the same run; what is kept in the shell goes on, and says so when it cannot."
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image as mpimg
import pytest
import torch
import torch.distributed as dist

from vaegan.cli import main
from vaegan.data import Batches, digits
from vaegan.evaluate import held_out_elbo, nll, over_rows
from vaegan.growing import RECIPES, draw, setting
from vaegan.train import fit, load_run

X = digits().x[:516]

def on_processes(world, f, folder):
    "What f(rank) returns on each of `world` forked processes that are connected by gloo"
    pids = []
    for rank in range(world):
        pid = os.fork()
        pids.append(pid)
        if not pid:
            code = 1
            try:
                dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
                dist.barrier()                     # all are connected before the first one may be done and leave
                torch.save(f(rank), folder/f"{rank}.pt")
                dist.destroy_process_group()
                code = 0
            finally: os._exit(code)
    assert [os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in pids] == [0]*world
    return [torch.load(folder/f"{r}.pt", weights_only=False) for r in range(world)]

def run(kind, recipe, **kw):
    nets, step, batches = setting(kind, X, 2, recipe)
    hist = fit(step, batches, 2, progress=False, **kw)
    return dict(hist), {k: n.state_dict() for k, n in nets.items()}

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

@forks
@pytest.mark.parametrize("kind, recipe, world", [("vae", "nll-90", 2), ("vae", "elbo-97", 4), ("gan", "relativistic", 2), ("gan", "nonsaturating", 4),
                                                 ("gan", "lecture", 2), ("hybrid", "larsen", 2)])
def test_the_same_curve_on_many_processes(kind, recipe, world, tmp_path):
    hist, nets = run(kind, recipe)
    for got, theirs in on_processes(world, lambda r: run(kind, recipe), tmp_path):
        for k, v in hist.items():
            tol = 6e-3 if k == "accuracy" else 1e-4*max(1., abs(v[-1]))      # an accuracy moves by one image in 256 when a logit is at 0
            assert all(abs(a - b) < tol for a, b in zip(got[k], v, strict=True)), (k, got[k], v)
        for name, net in nets.items():
            for k, t in net.items(): assert (theirs[name][k] - t).abs().max() < 2e-3, (name, k)

@forks
def test_all_start_from_the_first_and_move_by_the_mean(tmp_path):
    "Of two networks with two numbers each; afterwards every process is on its own again"
    def f(rank):
        nets = [torch.nn.BatchNorm1d(1).requires_grad_(False), torch.nn.Linear(1, 1)]
        for t in (t for net in nets for t in net.state_dict().values()): t.fill_(10*rank + 1)
        opts = [torch.optim.SGD(net.parameters(), .1) for net in nets]
        def step(x):
            for p in nets[1].parameters(): p.grad = torch.full_like(p, float(rank))
            opts[1].step()
            return dict(n=1.)
        step.state = dict(a=nets[0], b=nets[1], opt_a=opts[0], opt_b=opts[1])
        fit(step, [torch.zeros(4, 1)], 1, progress=False)
        together = [[t.item() for t in net.state_dict().values()] for net in nets]
        step(None)
        hooks = [o._optimizer_step_pre_hooks for o in opts]
        return together, [p.item() for p in nets[1].parameters()], [len(h) for h in hooks]
    for rank, (together, alone, hooks) in enumerate(on_processes(2, f, tmp_path)):
        assert together[0] == [1.]*5 and together[1] == pytest.approx([.95, .95])
        assert alone == pytest.approx([.95 - .1*rank]*2) and hooks == [0, 0]

@forks
@pytest.mark.parametrize("world", [2, 3, 4])
def test_each_its_own_rows_and_none_twice(world, tmp_path):
    ids = torch.arange(1., 121.)[:, None]
    def seen(rank):
        rows, batches = [], Batches(ids, bs=24, seed=3)
        fit(lambda x: rows.append(x.flatten().tolist()) or dict(n=float(len(x))), batches, 2, progress=False)
        return rows
    per_process = on_processes(world, seen, tmp_path)
    alone = seen(0)
    for parts in zip(*per_process):                                            # step by step
        assert len({len(p) for p in parts}) == 1
    for epoch in range(2):
        got = [sorted(i for p in per_process for rows in p[5*epoch:5*epoch + 5] for i in rows)]
        assert got == [sorted(ids.flatten().tolist())]
    assert [sorted(sum(parts, [])) for parts in zip(*per_process)] == [sorted(r) for r in alone]

@forks
def test_a_batch_that_cannot_be_shared_is_refused(tmp_path):
    def f(rank):
        try: fit(lambda x: dict(n=1.), Batches(X, bs=129), 1, progress=False)
        except ValueError as e: return str(e)
    assert all("2 processes can share evenly, got 129" in m for m in on_processes(2, f, tmp_path))

@forks
@pytest.mark.parametrize("world", [2, 3])
def test_evaluation_is_gathered(world, tmp_path):
    nets, *_ = setting("vae", X, 1, "elbo-97")
    x, g = (X[:101] > .5).float(), lambda: torch.Generator().manual_seed(0)
    def f(rank):
        calls = []
        ink = over_rows(lambda b: calls.append(len(b)) or b.sum((1, 2, 3)), x, 16)
        return ink, sum(calls), held_out_elbo(nets["vae"], x, generator=g()), nll(nets["vae"], x[:5], 200, 100, g())
    ink, n, elbo, bound = f(0)
    assert n == 101
    for theirs, m, e, b in on_processes(world, f, tmp_path):
        assert theirs.equal(ink) and 101/world <= m <= 101/world + 2          # an equal part of the work each
        assert abs(e[0] - elbo[0]) < 3*(elbo[1] + e[1]) and b.shape == bound.shape
        assert (b - bound).abs().max() < 2                                    # other noise, the same images in the same order

@forks
def test_only_the_first_writes_and_any_number_goes_on(tmp_path):
    path = tmp_path/"run"
    whole = run("gan", "nonsaturating")
    def first(rank):
        nets, step, batches = setting("gan", X, 2, "nonsaturating")
        out = fit(step, batches, 1, progress=False, save=path)
        return dict(out), os.stat(path).st_ino if rank == 0 else None
    on_processes(2, first, tmp_path)
    assert load_run(path)["epoch"] == 1 and not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]
    kept = path.read_bytes()
    for world in (1, 4):
        path.write_bytes(kept)
        (tmp_path/"meet").unlink(missing_ok=True)
        go_on = lambda rank: run("gan", "nonsaturating", save=path, resume=True)
        for hist, _ in on_processes(world, go_on, tmp_path) if world > 1 else [go_on(0)]:
            assert all(abs(a - b) < 6e-3 for k in hist for a, b in zip(hist[k], whole[0][k], strict=True))

@forks
def test_a_bad_file_is_refused_by_all(tmp_path):
    (tmp_path/"run").write_bytes(b"nothing")
    def f(rank):
        try: run("vae", "elbo-97", save=tmp_path/"run", resume=True)
        except ValueError as e: return str(e)
    assert all("is damaged or no file of this kind" in m for m in on_processes(2, f, tmp_path))

# --------------------------------------------------------------------------------------------------------- in the shell
ENV = dict(os.environ, OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1")
def command(*args, processes=1, **kw):
    start = [sys.executable, "-m"] + (["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"] if processes > 1 else [])
    return [*start, "vaegan.cli", *map(str, args)]
def shell(*args, **kw): return subprocess.run(command(*args, **kw), env=ENV, capture_output=True, text=True)
def table(folder): return [[float(v) for v in row] for row in list(csv.reader(open(folder/"history.csv")))[1:]]

def children(pid): return [int(p) for t in Path(f"/proc/{pid}/task").glob("*/children") for p in t.read_text().split()]

@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the processes in /proc")
def test_a_process_dies_and_the_run_goes_on_with_another_number(tmp_path):
    args = ("train", "vae", "--recipe", "elbo-97", "--epochs", "15", "--every", "0")
    p = subprocess.Popen(command(*args, "--out", tmp_path/"run", processes=2), env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    file, until = tmp_path/"run"/"run.safetensors", time.monotonic() + 180
    while time.monotonic() < until and not (file.exists() and load_run(file)["epoch"] >= 3): time.sleep(.1)
    os.kill(max(children(p.pid)), signal.SIGKILL)                              # the last of the two
    out, err = p.communicate(timeout=180)
    assert p.returncode != 0
    # torchrun reports the signal, the survivor that it is alone; whichever of the two is faster ends the other
    assert re.search(r"another process of this run has ended; start them again with resume|Signal 9 \(SIGKILL\)", err)
    at = load_run(file)["epoch"]
    assert at >= 3 and not (tmp_path/"run"/"history.csv").exists()
    r = shell(*args, "--out", tmp_path/"run", "--resume")
    assert r.returncode == 0, r.stderr
    assert shell(*args, "--out", tmp_path/"whole").returncode == 0
    got, want = table(tmp_path/"run"), table(tmp_path/"whole")
    assert len(got) == len(want) == 15
    assert max(abs(a - b) for g, w in zip(got, want) for a, b in zip(g, w)) < 5e-3   # rounding, grown over 165 steps
    assert all(abs(a - b) < 1e-4 for a, b in zip(got[0], want[0]))

@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    out = tmp_path_factory.mktemp("kept")/"deep"/"run"
    return out, shell("train", "gan", "--epochs", 2, "--seed", 3, "--out", out)

def test_train_leaves_what_it_says(kept):
    out, r = kept
    assert r.returncode == 0, r.stderr
    assert {p.name for p in out.iterdir()} == {"run.safetensors", "history.csv", "curves.png", "samples.png"}
    assert "gan (relativistic) on digits, 2 of 2 epochs" in r.stdout + r.stderr
    assert (out/"history.csv").read_text().startswith("epoch,value,accuracy,g_loss,held_out_value,held_out_accuracy\n1,") and len(table(out)) == 2
    assert mpimg.imread(out/"samples.png")[..., :3].std() > .02 and min(mpimg.imread(out/"curves.png").shape[:2]) > 100

def test_sample_draws_from_it(kept, tmp_path):
    out = kept[0]
    for run_, name in ((out, "a.png"), (out/"run.safetensors", "b.png")):
        assert main(["sample", str(run_), "--out", str(tmp_path/name), "--n", "10", "--seed", "5"]) == 0
    assert main(["sample", str(out), "--out", str(tmp_path/"c.png"), "--n", "10", "--seed", "6"]) == 0
    a, b, c = ((tmp_path/f"{n}.png").read_bytes() for n in "abc")
    assert a == b != c
    nets, *_ = setting("gan", torch.zeros(256, 1, 8, 8), 1)
    nets["G"].load_state_dict(load_run(out/"run.safetensors")["parts"]["G"])
    assert draw(nets, 80, 3).std() > 0

@pytest.mark.parametrize("args, what", [
    (("train", "gan", "--out", "RUN"), "is there already"),
    (("train", "gan", "--out", "RUN", "--resume", "--epochs", "3", "--seed", "3"), "epochs: the run in"),
    (("train", "gan", "--out", "RUN", "--resume", "--epochs", "2"), "seed: the run in"),
    (("train", "vae", "--out", "RUN", "--resume", "--epochs", "2", "--seed", "3"), "kind: the run in"),
    (("train", "gan", "--recipe", "cats"), "recipe: expected one of lecture"),
    (("train", "cats"), "argument kind: invalid choice"),
    (("train", "vae", "--epochs", "0"), "argument --epochs: expected at least 1"),
    (("train", "vae", "--out", "/dev/null/run"), "cannot be made"),
    (("sample", "RUN/history.csv"), "damaged or no file of this kind"),
    (("sample", "nowhere"), "could not be read"),
    (("sample", "RUN", "--out", "/dev/null/x.png"), "out: .* cannot be written"),
    (("sample", "RUN", "--n", "0"), "argument --n: expected at least 1"),
])
def test_asked_for_the_impossible(kept, capsys, args, what):
    files = {p: p.read_bytes() for p in kept[0].iterdir()}
    try: code = main([a.replace("RUN", str(kept[0])) for a in args])
    except SystemExit as e: code = e.code
    text = capsys.readouterr().err
    assert code == 2 and text.count("\n") == 1 and re.search(what, text), text
    assert {p: p.read_bytes() for p in kept[0].iterdir()} == files

def test_interrupted_by_hand_and_resumed(tmp_path):
    args = ("train", "hybrid", "--epochs", "30", "--every", "0", "--out", tmp_path/"run")
    p = subprocess.Popen(command(*args), env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))     # the background of a shell ignores the key
    file, until = tmp_path/"run"/"run.safetensors", time.monotonic() + 180
    while time.monotonic() < until and not (file.exists() and load_run(file)["epoch"] >= 2): time.sleep(.05)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=180)
    assert p.returncode == 130 and "with --resume goes on" in out + err
    assert 2 <= len(table(tmp_path/"run")) < 30
    assert shell(*args, "--resume").returncode == 0 and shell(*args[:-1], tmp_path/"whole").returncode == 0
    assert table(tmp_path/"run") == table(tmp_path/"whole")                    # bit for bit
    shutil.rmtree(tmp_path/"whole")

def test_every_recipe_can_be_named(): assert all(setting(k, X, 1, r)[1].state for k, names in RECIPES.items() for r in names)
