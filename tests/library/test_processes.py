"One run on many processes is the same run"
import os
import subprocess
import sys

import pytest
import torch
import torch.distributed as dist
from bad_input import INT, X, Y, bad_input_tests, row
from helpers import gen
from properties import ALL, exempt

from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.evaluate import held_out_elbo
from vaegan.iwae import nll
from vaegan.processes import draw_eps, my_rows, over_rows, shared
from vaegan.recipes import build_recipe
from vaegan.runs import fit, load_run


def test_shares():
    "Every process gets its own rows of the same noise; alone, one gets everything, without a copy"
    x = torch.arange(12.).view(4, 3)
    assert my_rows(x) is x and my_rows(x, -2) is x and my_rows(x, 1) is x
    for dim in (-3, 2):
        with pytest.raises(ValueError, match="dim: expected"): my_rows(x, dim)
    whole = [draw_eps((4, 2), x, gen()), draw_eps((3, 4), x, gen(), dim=1)]
    for rank in (0, 1):
        with shared(rank, 2) as world:
            assert world == 2 and torch.equal(my_rows(x), x[rank::2])
            assert torch.equal(draw_eps((2, 2), x, gen()), whole[0][rank::2])
            assert torch.equal(draw_eps((3, 2), x, gen(), dim=1), whole[1][:, rank::2])
    assert torch.equal(draw_eps((4, 2), x, gen()), whole[0]) and draw_eps((1,), x).shape == (1,)
    with pytest.raises(ValueError, match="shape: expected"): draw_eps((2, 0), x)

IMAGES = digits().x[:516]

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
    nets, step, batches = build_recipe(kind, IMAGES, 2, recipe)
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
        try: fit(lambda x: dict(n=1.), Batches(IMAGES, bs=129), 1, progress=False)
        except ValueError as e: return str(e)
    assert all("2 processes can share evenly, got 129" in m for m in on_processes(2, f, tmp_path))

@forks
@pytest.mark.parametrize("world", [2, 3])
def test_evaluation_is_gathered(world, tmp_path):
    nets, *_ = build_recipe("vae", IMAGES, 1, "elbo-97")
    x, g = (IMAGES[:101] > .5).float(), lambda: torch.Generator().manual_seed(0)
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

ENV = dict(os.environ, OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1")

def command(*args, processes=1, **kw):
    start = [sys.executable, "-m"] + (["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"] if processes > 1 else [])
    return [*start, "vaegan.cli", *map(str, args)]

def shell(*args, **kw): return subprocess.run(command(*args, **kw), env=ENV, capture_output=True, text=True)

@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    out = tmp_path_factory.mktemp("kept")/"deep"/"run"
    return out, shell("train", "gan", "--epochs", 2, "--seed", 3, "--out", out)

@forks
def test_only_the_first_writes_and_any_number_goes_on(tmp_path):
    path = tmp_path/"run"
    whole = run("gan", "nonsaturating")
    def first(rank):
        nets, step, batches = build_recipe("gan", IMAGES, 2, "nonsaturating")
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

# --------------------------------------------------------------------------------------------------------- properties
exempt(   # names, kinds, why
    ("processes.draw_eps processes.my_rows processes.shared processes.over_rows processes.rank_and_world processes.join_torchrun"
     " processes.training_as_one processes.mean_over_processes processes.from_first", ALL,
     "which process does what, and for how long: above, and on the pages of processes and runs"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "processes.my_rows": row(dict(x=X, dim=0), skip="short deeper nan inf -inf int bool complex double half", dim=[9, "0"]),
    "processes.draw_eps": row(dict(shape=(3, 2), like=X), skip="short deeper scalar empty nan inf -inf double half device", shape=[(-1, 2), (1.5,), "3"], like=None, dim=None),
    "processes.over_rows": row(dict(f=lambda b: b.flatten(1).sum(1), x=X, bs=2), skip="short deeper nan inf -inf double half", f=None, bs=INT(), block=INT(), y=[Y[:2], Y.float()]),
    "processes.from_first": row(dict(f=lambda: 1), f=[3]),
}
NO_ROW = {
    "processes.rank_and_world": "takes nothing",
    "processes.join_torchrun": "the device that its caller has chosen; tests/library/test_recipes.py starts torchrun",
    "processes.training_as_one": "the parts of a step, which `fit` has checked",
    "processes.mean_over_processes": "numbers that `fit` has read",
    "processes.given": "noise; test_noise_of_ones_own",
    "processes.shared": "the process's own number, given by torchrun or by a test",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
