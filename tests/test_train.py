"Training that survives: resumed runs equal uninterrupted ones bit for bit; killed, cut, foreign and hostile files lose nothing."
import errno
import json
import math
import os
import random
import resource
import signal
import time
from functools import partial

import pytest
import torch
from safetensors.torch import save as to_bytes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from vaegan.data import Batches, digits
from vaegan.evaluate import iwae_step
from vaegan.gan import gan_step, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.nets import mlp
from vaegan.train import fit, load_run, save_run, vae_step, warmup
from vaegan.vae import Normal, mlp_vae

X = digits().x[:300]
S = (1, 8, 8)
adam = partial(torch.optim.Adam, lr=2e-3, fused=True)
cosine = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=30)
gen = lambda: torch.Generator().manual_seed(1)

def a_vae():
    vae = mlp_vae(S, 3, (16,))
    opt = adam(vae.parameters())
    return vae, vae_step(vae, opt, warmup(10), gen(), cosine(opt)), Batches(X, bs=64, stochastic=True)

def an_iwae():
    vae = mlp_vae(S, 3, (16,))
    return vae, iwae_step(vae, adam(vae.parameters()), 3, gen()), Batches(X, bs=64, stochastic=True)

def a_gan():
    G, D = mlp_gan(S, 4, (16,))
    opts = adam(G.parameters()), adam(D.parameters())
    return nn.ModuleList([G, D]), gan_step(G, D, *opts, loss="relativistic", r1=1., r2=1., generator=gen(), scheds=[cosine(o) for o in opts]), Batches(X, bs=64, drop_last=True)

def a_hybrid():
    vae = mlp_vae(S, 3, (16,), Normal())
    D = FeatureDiscriminator(mlp(64, 16), nn.Linear(16, 1))
    return nn.ModuleList([vae, D]), hybrid_step(vae, D, *(adam(n.parameters()) for n in (vae.enc, vae.dec, D)), generator=gen()), Batches(X, bs=64)

def with_global_chance():   # noise and order from the global state, batches of another library
    vae = mlp_vae(S, 3, (16,))
    step = vae_step(vae, adam(vae.parameters()))
    one = lambda batch: step(batch[0])
    one.state = step.state
    return vae, one, DataLoader(TensorDataset((X > .5).float()), 64, shuffle=True)

MAKERS = dict(vae=a_vae, iwae=an_iwae, gan=a_gan, hybrid=a_hybrid, global_chance=with_global_chance)

def new(kind):
    torch.manual_seed(0)
    return MAKERS[kind]()

def cut(step, after):
    "The step, until somebody presses the key"
    left = iter(range(after))
    def failing(x):
        if next(left, None) is None: raise KeyboardInterrupt
        return step(x)
    failing.state = step.state
    return failing

def same(a, b): return all(p.equal(q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))

quiet = partial(fit, progress=False)

@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("after", [1, 4, 5, 7, 11])
def test_resumed_equals_uninterrupted(kind, after, tmp_path):
    whole, step, batches = new(kind)
    hist = quiet(step, batches, 3)
    _, step, batches = new(kind)
    part = quiet(cut(step, after), batches, 3, save=tmp_path/"run", every=0)
    assert part.interrupted and part == {k: v[:after//len(batches)] for k, v in hist.items() if after >= len(batches)}
    torch.manual_seed(99)                  # a new process begins with another state
    net, step, batches = MAKERS[kind]()
    assert quiet(step, batches, 3, save=tmp_path/"run", resume=True) == hist
    assert same(net, whole)

@pytest.mark.parametrize("kind", MAKERS)
def test_same_seed_same_numbers(kind):
    runs = []
    for _ in range(2):
        net, step, batches = new(kind)
        runs.append((net, quiet(step, batches, 2)))
    assert runs[0][1] == runs[1][1] and same(runs[0][0], runs[1][0])

def test_saving_changes_nothing(tmp_path):
    runs = []
    for kw in ({}, dict(save=tmp_path/"run", every=0)):
        net, step, batches = new("vae")
        runs.append((net, quiet(step, batches, 2, **kw)))
    assert runs[0][1] == runs[1][1] and same(runs[0][0], runs[1][0])

def test_a_finished_run_has_nothing_to_do(tmp_path):
    net, step, batches = new("gan")
    hist = quiet(step, batches, 2, save=tmp_path/"run")
    before = [p.clone() for p in net.parameters()]
    assert quiet(step, batches, 2, save=tmp_path/"run", resume=True) == hist
    assert all(p.equal(q) for p, q in zip(net.parameters(), before))

def test_a_longer_run_goes_on(tmp_path):
    whole, step, batches = new("iwae")
    hist = quiet(step, batches, 4)
    net, step, batches = new("iwae")
    quiet(step, batches, 2, save=tmp_path/"run")
    net, step, batches = new("iwae")
    assert quiet(step, batches, 4, save=tmp_path/"run", resume=True) == hist and same(net, whole)

# ------------------------------------------------------------------------------------------------ killed at any moment
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_fifty_times(tmp_path):
    "SIGKILL at random moments: the file is always whole, what is in it is never older than the step before, the end is the same"
    whole, step, batches = new("vae")
    hist = quiet(step, batches, 120)
    path, rng, kills, reached = tmp_path/"run", random.Random(0), 0, -1
    while True:
        pid = os.fork()
        if not pid:
            try:
                net, step, batches = new("vae")
                quiet(step, batches, 120, save=path, resume=True, every=0)
                torch.save(net.state_dict(), tmp_path/"net")
                os._exit(0)
            finally: os._exit(1)
        if kills < 50:
            before = time.monotonic() + 5
            while time.monotonic() < before and (load_run(path)["epoch"]*5 + load_run(path)["batch"] if path.exists() else -1) <= reached: time.sleep(.002)
            time.sleep(rng.random()*.012)
            os.kill(pid, signal.SIGKILL)
            kills += 1
        _, status = os.waitpid(pid, 0)
        state = load_run(path)                      # never unreadable
        at = state["epoch"]*5 + state["batch"]
        assert at >= reached, "steps that had been saved were lost"
        reached = at
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
    assert kills == 50 or state["epoch"] == 120
    assert kills >= 20 and state["hist"] == hist
    assert all(a.equal(b) for a, b in zip(torch.load(tmp_path/"net").values(), whole.state_dict().values(), strict=True))

# ------------------------------------------------------------------------------------------------------- files refused
@pytest.fixture()
def kept(tmp_path):
    "A run that was kept, and a new one that would go on from it"
    _, step, batches = new("vae")
    quiet(step, batches, 2, save=tmp_path/"run")
    return tmp_path/"run", *new("vae")

def refused(path, step, batches, match, net=None, error=ValueError):
    before, rng = [p.clone() for p in net.parameters()], torch.get_rng_state()
    with pytest.raises(error, match=match): quiet(step, batches, 3, save=path, resume=True)
    assert all(p.equal(q) for p, q in zip(net.parameters(), before)), "the old state was touched"
    assert torch.get_rng_state().equal(rng)

def test_truncated_anywhere(kept):
    path, net, step, batches = kept
    data = path.read_bytes()
    for n in [0, 1, 7, 8, 9, 100, len(data)//3, len(data)//2, len(data) - 1]:
        path.write_bytes(data[:n])
        refused(path, step, batches, "is damaged or no file of this kind", net)

def test_flipped_bytes_never_crash(kept):
    "A flipped byte in the header is refused or read as another number; it never crashes and never half-loads"
    path, net, step, batches = kept
    data, rng = path.read_bytes(), random.Random(0)
    n = int.from_bytes(data[:8], "little")
    for _ in range(60):
        bad = bytearray(data)
        bad[rng.randrange(8 + n)] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        before = [p.clone() for p in net.parameters()]
        try: quiet(step, batches, 2, save=path, resume=True)
        except (ValueError, OSError): assert all(p.equal(q) for p, q in zip(net.parameters(), before))
        else: net, step, batches = new("vae")

def rewritten(path, change):
    state = load_run(path)
    change(state)
    save_run(path, state)

@pytest.mark.parametrize("change, match", [
    (lambda s: s["parts"].pop("opt"), "holds"),
    (lambda s: s["parts"]["vae"].pop("dec.1.bias"), "vae: "),
    (lambda s: s["parts"]["vae"].update({"dec.1.bias": torch.zeros(3)}), "vae: "),
    (lambda s: s["parts"]["vae"].update({"dec.1.bias": torch.full((16,), math.nan)}), "vae: .*finite"),
    (lambda s: s["parts"]["opt"]["state"][0].update(exp_avg=torch.zeros(2)), "opt: "),
    (lambda s: s["parts"]["opt"]["param_groups"][0].update(lr="much"), "opt: "),
    (lambda s: s["parts"]["opt"]["param_groups"][0].update(lr=math.nan), "opt: "),
    (lambda s: s["parts"]["opt"].update(param_groups=[]), "opt: "),
    (lambda s: s["parts"].update(generator=torch.zeros(3)), "generator: "),
    (lambda s: s["parts"].update(count=dict(steps="two")), "count: "),
    (lambda s: s.update(epoch=-1), "epoch: "),
    (lambda s: s.update(batch=99), "batch: "),
    (lambda s: s.update(epoch="2"), "epoch: "),
    (lambda s: s.pop("hist"), "hist"),
    (lambda s: s.update(hist=dict(elbo="rising")), "hist: "),
    (lambda s: s["rng"].update(torch=torch.zeros(5, dtype=torch.uint8)), "does not fit"),
], ids=range(16))
def test_hostile_states(kept, change, match):
    path, net, step, batches = kept
    rewritten(path, change)
    refused(path, step, batches, match, net)

def test_foreign_and_newer_files(kept):
    path, net, step, batches = kept
    good = path.read_bytes()
    path.write_bytes(to_bytes(dict(w=torch.zeros(2)), dict(format="pt")))
    refused(path, step, batches, "was not written by vaegan", net)
    path.write_bytes(b"PK\x03\x04 a pickle in a zip")
    refused(path, step, batches, "is damaged or no file of this kind", net)
    path.write_bytes(to_bytes({}, dict(vaegan="99", state="{}")))
    refused(path, step, batches, "format '99', this version of vaegan reads format 1", net)
    path.write_bytes(to_bytes({}, dict(vaegan="1", state="["*100_000)))
    refused(path, step, batches, "is damaged", net)
    path.write_bytes(to_bytes({}, dict(vaegan="1", state=json.dumps({"tensor": "nowhere"}))))
    refused(path, step, batches, "is damaged", net)
    path.write_bytes(good)
    assert len(quiet(step, batches, 3, save=path, resume=True)["elbo"]) == 3

def test_another_model_is_refused(kept):
    path = kept[0]
    for kind in ("gan", "hybrid", "iwae"):
        net, step, batches = new(kind)
        refused(path, step, batches, "does not fit this run", net)

def test_no_accidents(kept, tmp_path):
    path, net, step, batches = kept
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="save: .* is there already"): quiet(step, batches, 2, save=path)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="save: "): quiet(step, batches, 2, resume=True)
    with pytest.raises(TypeError, match="step: .*state"): quiet(lambda x: dict(n=1.), batches, 2, save=tmp_path/"other")
    step.state["count"]["f"] = print
    with pytest.raises(TypeError, match="save: expected numbers"): quiet(step, batches, 2, save=tmp_path/"other", every=0)
    with pytest.raises(ValueError, match="every: "): quiet(step, batches, 2, save=tmp_path/"other", every=-1.)

# ---------------------------------------------------------------------------------------------------------- disk full
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_disk_full(kept):
    "The limit on the size of a file stands for a full disk: the error says so, the old file is whole, nothing else is left"
    path, net, step, batches = kept
    before = path.read_bytes()
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try: quiet(step, batches, 3, save=path, resume=True, every=0)
        except OSError as e: os._exit(0 if e.errno == errno.EFBIG and "could not be written" in str(e) and "untouched" in str(e) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == [path.name]

def test_an_unwritable_place(tmp_path):
    _, step, batches = new("vae")
    (tmp_path/"file").write_text("no folder")
    with pytest.raises(OSError, match="save: "): quiet(step, batches, 1, save=tmp_path/"file"/"run")

# ------------------------------------------------------------------------------------------------------------ Ctrl-C
def test_ctrl_c_leaves_a_usable_model_and_history():
    net, step, batches = new("vae")
    signal.signal(signal.SIGINT, signal.default_int_handler)      # a process in the background of a shell ignores the key
    def pressing(x):
        if step.state["count"]["steps"] == 7: os.kill(os.getpid(), signal.SIGINT)
        return step(x)
    hist = quiet(pressing, batches, 10)
    assert hist.interrupted and len(hist["elbo"]) == 1
    assert len(quiet(step, batches, 1)["elbo"]) == 1 and net.elbo(X).isfinite().all()

# --------------------------------------------------------------------------------------------------------------- NaN
def poisoned(step, at):
    "The step, reporting NaN and spoiling the network as NaN does, at one moment"
    n = iter(range(10**9))
    def bad(x):
        out = step(x)
        if next(n) == at:
            with torch.no_grad():
                for p in step.state["vae"].parameters(): p.fill_(math.nan)
            out["elbo"] = torch.tensor(math.nan)
        return out
    bad.state = step.state
    return bad

@pytest.mark.parametrize("at", [0, 3, 5, 7, 124, 125, 126])
def test_nan_names_the_step_and_puts_back_the_last_good_state(at, tmp_path):
    net, step, batches = new("vae")
    epoch, batch = divmod(at, 5)
    with pytest.raises(FloatingPointError, match=rf"^epoch {epoch+1}, step {batch+1} of 5: elbo became NaN or infinite; all is back where it was after epoch \d+$") as e:
        quiet(poisoned(step, at), batches, 40, save=tmp_path/"run", every=1e9)
    back = int(str(e.value).split()[-1])
    assert epoch - 40 <= back <= epoch and len(e.value.history.get("elbo", [])) == epoch
    clean, step2, batches2 = new("vae")
    if back: quiet(step2, batches2, back)
    assert same(net, clean), "the last good state is that of an undisturbed run"
    _, step3, batches3 = new("vae")
    hist = quiet(step3, batches3, back + 1, save=tmp_path/"run", resume=True)   # and it is on disk
    assert len(hist["elbo"]) == back + 1

def test_nan_in_what_is_measured():
    _, step, batches = new("vae")
    with pytest.raises(FloatingPointError, match="epoch 1, .*: score became NaN"): quiet(step, batches, 2, lambda: dict(score=math.nan))

def test_infinite_loss_stops_a_plain_step_too():
    with pytest.raises(FloatingPointError, match="epoch 1, step 2 of 2: loss became NaN or infinite$"):
        quiet(lambda x: dict(loss=math.inf if x else 0.), [[], [1]], 1)
