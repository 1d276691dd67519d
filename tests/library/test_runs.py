"The one loop: resumed runs equal uninterrupted ones bit for bit; killed, cut, foreign and hostile files lose nothing"
import copy
import errno
import json
import math
import os
import random
import resource
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from bad_input import INT, NAN, POS, X, bad_input_tests, row, vae
from helpers import gen, sgd
from properties import ALL, exempt
from safetensors.torch import save as to_bytes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from vaegan import runs
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.gan import gan_step, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.iwae import iwae_step
from vaegan.likelihoods import Normal
from vaegan.nets import mlp
from vaegan.runs import _check_place, fit, fit_for, load_run, save_run, schedule_parts
from vaegan.train import vae_step, warmup
from vaegan.vae import mlp_vae


def test_fit_averages_over_images_not_over_batches():
    seen = []
    batches = [torch.zeros(3, 2), torch.zeros(1, 2)]
    def step(x):
        seen.append(len(x))
        return dict(a=torch.tensor(float(len(seen))), b=10.*len(x))
    hist = fit(step, batches, 2, measure=lambda: dict(m=torch.tensor(float(len(seen)))), progress=False)
    assert seen == [3, 1, 3, 1] and list(hist) == ["a", "b", "m"] and not hist.interrupted
    assert hist["a"] == [(1*3 + 2)/4, (3*3 + 4)/4] and hist["b"] == [(90 + 10)/4]*2 and hist["m"] == [2., 4.]
    assert all(isinstance(v, float) for vs in hist.values() for v in vs)
    pairs = [(torch.zeros(3, 2), torch.zeros(3)), (torch.zeros(1, 2), torch.zeros(1))]
    assert fit(lambda xy: dict(b=10.*len(xy[0])), pairs, progress=False)["b"] == [25.]          # one epoch unless told
    odd = [(torch.zeros(3, 2), [0]), (torch.zeros(1, 2), [0])]                                  # the first of a pair is counted
    assert fit(lambda xy: dict(b=10.*len(xy[0])), odd, progress=False)["b"] == [25.]

def test_fit_stops_at_nan_and_names_it():
    losses = iter([1., math.nan])
    with pytest.raises(FloatingPointError, match="bad"): fit(lambda x: dict(good=1., bad=next(losses)), [torch.zeros(2)], 2, progress=False)
    with pytest.raises(FloatingPointError, match="m"): fit(lambda x: dict(good=1.), [torch.zeros(2)], measure=lambda: dict(m=math.inf), progress=False)

def test_fit_keeps_its_history_when_interrupted():
    n = iter(range(9))
    def step(x):
        if next(n) == 5: raise KeyboardInterrupt
        return dict(a=2.)
    hist = fit(step, [torch.zeros(1)]*2, 9, progress=False)
    assert hist.interrupted and hist["a"] == [2., 2.]

IMAGES = digits().x[:300]

SHAPE = (1, 8, 8)

adam = partial(torch.optim.Adam, lr=2e-3, fused=True)

cosine = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=30)

def a_vae():
    vae = mlp_vae(SHAPE, 3, (16,))
    opt = adam(vae.parameters())
    return vae, vae_step(vae, opt, warmup(10), gen(), (cosine(opt),)), Batches(IMAGES, bs=64, stochastic=True)

def an_iwae():
    vae = mlp_vae(SHAPE, 3, (16,))
    return vae, iwae_step(vae, adam(vae.parameters()), 3, gen()), Batches(IMAGES, bs=64, stochastic=True)

def a_gan():
    G, D = mlp_gan(SHAPE, 4, (16,))
    opts = adam(G.parameters()), adam(D.parameters())
    return nn.ModuleList([G, D]), gan_step(G, D, *opts, loss="relativistic", r1=1., r2=1., generator=gen(), schedules=tuple(cosine(o) for o in opts)), Batches(IMAGES, bs=64, drop_last=True)

def a_hybrid():
    vae = mlp_vae(SHAPE, 3, (16,), Normal())
    D = FeatureDiscriminator(mlp(64, 16), nn.Linear(16, 1))
    return nn.ModuleList([vae, D]), hybrid_step(vae, D, *(adam(n.parameters()) for n in (vae.enc, vae.dec, D)), generator=gen()), Batches(IMAGES, bs=64)

def with_global_chance():   # noise and order from the global state, batches of another library
    vae = mlp_vae(SHAPE, 3, (16,))
    step = vae_step(vae, adam(vae.parameters()))
    one = lambda batch: step(batch[0])
    one.state = step.state
    return vae, one, DataLoader(TensorDataset((IMAGES > .5).float()), 64, shuffle=True)

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

def awaited(step, n):
    "The step, n times; then it waits to be killed, however late that comes"
    left = iter(range(n))
    def waiting(x):
        if next(left, None) is None: signal.pause()
        return step(x)
    waiting.state = step.state
    return waiting

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

@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_many_times(tmp_path):
    "SIGKILL at random moments: the file is always whole, what is in it is never older than the step before, the end is the same"
    whole, step, batches = new("vae")
    hist = quiet(step, batches, 60)
    path, rng, kills, reached, written = tmp_path/"run", random.Random(0), 0, -1, None
    def last(): return (s := path.stat()).st_ino, s.st_mtime_ns
    while True:
        pid = os.fork()
        if not pid:
            try:
                net, step, batches = new("vae")
                quiet(step if kills == 25 else awaited(step, 8), batches, 60, save=path, resume=True, every=0)
                torch.save(net.state_dict(), tmp_path/"net")
                os._exit(0)
            finally: os._exit(1)
        if kills < 25:
            while not path.exists() or last() == written:
                assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it ended by itself"
                time.sleep(.001)
            time.sleep(rng.random()*.012)
            os.kill(pid, signal.SIGKILL)
            kills += 1
        _, status = os.waitpid(pid, 0)
        state = load_run(path)                      # never unreadable
        at = state["epoch"]*5 + state["batch"]
        assert at >= reached, "steps that had been saved were lost"
        reached, written = at, last()
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
    assert kills == 25 and state["hist"] == hist
    assert all(a.equal(b) for a, b in zip(torch.load(tmp_path/"net").values(), whole.state_dict().values(), strict=True))

def an_old_vae():
    vae, x = mlp_vae((4,), 2, (3,)), torch.rand(40, 4, generator=gen(0))
    opt = torch.optim.Adam(vae.parameters(), 2e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 9)
    return vae, vae_step(vae, opt, warmup(5), gen(1), (sched,)), Batches(x, bs=16, stochastic=True)

def an_old_gan():
    (G, D), x = mlp_gan((4,), 2, (3,)), torch.rand(40, 4, generator=gen(0))
    opts = [torch.optim.Adam(net.parameters(), 2e-3) for net in (G, D)]
    scheds = tuple(torch.optim.lr_scheduler.CosineAnnealingLR(opt, 9) for opt in opts)
    return nn.ModuleList([G, D]), gan_step(G, D, *opts, generator=gen(1), schedules=scheds), Batches(x, bs=16)

@pytest.mark.parametrize("kind, maker", [("vae", an_old_vae), ("gan", an_old_gan)])
def test_a_run_of_before_the_house_was_redesigned_goes_on(kind, maker, tmp_path):
    "Written at commit 908ae78, after four of nine steps: it is read, and ends where a run of today ends"
    old = Path(__file__).parents[1]/"support"/f"kept_{kind}_908ae78.safetensors"
    path = tmp_path/"run"
    path.write_bytes(old.read_bytes())
    torch.manual_seed(0)
    whole, step, batches = maker()
    hist = quiet(step, batches, 3)
    net, step, batches = maker()
    assert load_run(path)["epoch"] == 1 and load_run(path)["batch"] == 1
    assert load_run(path)["parts"].keys() == {k for k, v in step.state.items() if v is not None}
    assert quiet(step, batches, 3, save=path, resume=True) == {k: pytest.approx(v, rel=1e-4) for k, v in hist.items()}
    for p, q in zip(net.parameters(), whole.parameters(), strict=True): torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-4)
    net, step, batches = MAKERS["iwae"]()
    path.write_bytes(old.read_bytes())
    refused(path, step, batches, "does not fit this run: it holds", net)

class Steps:
    def step(self): pass

def test_schedules_have_the_names_that_kept_runs_know():
    one, two = Steps(), Steps()
    assert schedule_parts(()) == {} and schedule_parts((one,)) == {"sched": one}
    assert schedule_parts((one, two)) == {"sched": one, "sched_1": two}
    for wrong in (one, (None,), 3):
        with pytest.raises(TypeError, match="schedules: expected a tuple of schedules"): schedule_parts(wrong)

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
    (lambda s: s.update(hist=dict(elbo="rising")), "hist: elbo"),
    (lambda s: s.update(hist=dict(elbo="r"*99)), f"got '{'r'*59}$"),              # no endless message
    (lambda s: s["hist"].update(kl=[1., math.nan]), "hist: kl.*finite"),
    (lambda s: s["hist"].update(kl=[1.]), "hist: kl"),
    (lambda s: s["parts"]["vae"]["dec.1.bias"][1:].fill_(math.inf), "vae: .*finite"),
    (lambda s: s["parts"]["opt"]["state"][3].update(exp_avg=torch.zeros(2)), "opt: state.3.exp_avg: expected finite values like Tensor.*, got Tensor.2"),
    (lambda s: s["parts"]["opt"]["state"][3]["exp_avg_sq"].fill_(math.nan), "opt: state.3.exp_avg_sq: .*finite"),
    (lambda s: s["parts"]["opt"]["state"][3].update(step=torch.tensor(math.nan)), "opt: state.3.step: .*finite"),
    (lambda s: s["rng"].update(torch=torch.zeros(5, dtype=torch.uint8)), "does not fit"),
], ids=range(23))
def test_hostile_states(kept, change, match):
    path, net, step, batches = kept
    rewritten(path, change)
    refused(path, step, batches, match, net)

def test_a_run_stands_at_whole_numbers():
    for k, place in dict(epoch=(-1, 0, 0), batch=(0, 4, 0), images=(0, 0, -1)).items():
        with pytest.raises(ValueError, match=f"^{k}: expected"): _check_place(*place, 3)
    _check_place(2, 3, 0, 3)


def test_foreign_and_newer_files(kept):
    path, net, step, batches = kept
    good = path.read_bytes()
    path.write_bytes(to_bytes(dict(w=torch.zeros(2)), dict(format="pt")))
    refused(path, step, batches, "was not written by vaegan", net)
    path.write_bytes(b"PK\x03\x04 a pickle in a zip")
    refused(path, step, batches, "is damaged or no file of this kind", net)
    for half in (dict(vaegan="1"), dict(state="{}")):
        path.write_bytes(to_bytes({}, half))
        refused(path, step, batches, "was not written by vaegan", net)
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

class Clock:
    "A clock that the test sets; it goes by ten seconds in every step"
    now = 5.
    def monotonic(self): return self.now
    process_time = monotonic

def timed(monkeypatch, tmp_path, every, between, batches=(0, 1, 2), epochs=2, save=True):
    "When a run of 10 s a step, with `between` seconds of measuring after an epoch, is written: (epoch, batch)"
    clock, written = Clock(), []
    monkeypatch.setattr(runs, "time", clock)
    monkeypatch.setattr(runs, "save_run", lambda path, state: written.append((state["epoch"], state["batch"])))
    def step(x):
        clock.now += 10
        return dict(a=1.)
    def measure():
        clock.now += between
        return {}
    step.state = dict(count=dict(steps=0))
    kw = dict(save=tmp_path/"run") | ({} if every is None else dict(every=every)) if save else {}
    quiet(step, [[b] for b in batches], epochs, measure, **kw)
    return written

def test_a_run_is_written_when_it_is_time(monkeypatch, tmp_path):
    "Once `every` seconds have passed since the last time, in the middle of an epoch or after it; and at the end"
    due = partial(timed, monkeypatch, tmp_path)
    assert due(20., 0.) == [(0, 2), (1, 1), (1, 3), (2, 0)]
    assert due(25., 0.) == [(0, 3), (1, 3), (2, 0)]
    assert due(None, 0.) == due(30., 0.) == [(0, 3), (1, 3), (2, 0)]           # every half minute unless told
    assert due(31., 0.) == [(1, 1), (2, 0)]
    assert due(35., 10.) == [(1, 0), (2, 0), (2, 0)]
    assert due(1e9, 0.) == [(2, 0)]
    assert due(0., 0., batches=(0,)) == [(0, 1), (1, 0), (1, 1), (2, 0), (2, 0)]
    assert due(0., 1e9, save=False) == []

def test_the_folder_is_made(tmp_path):
    _, step, batches = new("vae")
    quiet(step, batches, 1, save=str(tmp_path/"a"/"b"/"run"))
    assert load_run(tmp_path/"a"/"b"/"run")["epoch"] == 1

@pytest.mark.parametrize("kw, shown", [({}, True), (dict(progress=False), False), (dict(progress=True), True)])
def test_a_bar_is_shown_unless_told(kw, shown, bars):
    fit(lambda x: dict(a=1.), [[1]], **kw)
    assert bars == [shown]

def test_training_for_a_budget(monkeypatch, tmp_path, bars):
    "The speed is the better of two tries of at most 60 minibatches; what is measured after an epoch costs nothing; a kept run goes on"
    clock, made, asked = Clock(), [], []
    monkeypatch.setattr(runs, "time", clock)
    def make(epochs):
        made.append((epochs, []))
        steps = made[-1][1]
        def step(x):
            clock.now += 1. if len(made) == 1 and len(steps) < 60 else .5     # the first ones are slow
            steps.append(x)
            return dict(a=1.)
        step.state = dict(count=dict(steps=0))
        return f"model {epochs}", step, [[i] for i in range(100)]
    def measure(model, epoch, epochs):
        asked.append((model, epoch, epochs))
        clock.now += 7
        return dict(score=float(epoch) if epoch != 2 else None, other=-1.)
    model, hist = fit_for(make, 3.32, measure, tmp_path/"run")      # 199.2 s, 50 s an epoch
    assert model == "model 3" and [(e, len(s)) for e, s in made] == [(1, 120), (3, 300)] and made[0][1][60:] == [[i] for i in range(60)]
    assert asked == [("model 3", i, 3) for i in (1, 2, 3)] and bars and not any(bars)
    assert hist == dict(a=[1.]*3, minutes=pytest.approx([50/60, 100/60, 150/60]), score=[1., 1., 3.], other=[-1.]*3)
    assert fit_for(make, 3.32, measure, str(tmp_path/"run")) == (model, hist) and [(e, len(s)) for e, s in made[2:]] == [(3, 0)]
    rewritten(tmp_path/"run", lambda s: (s.update(epoch=1, hist={k: v[:1] for k, v in s["hist"].items()}), s["parts"].update(clock=dict(epochs=3, epoch=1, spent=50/60, last=dict(score=1., other=-1.)))))
    assert fit_for(make, 3.32, measure, tmp_path/"run")[1] == hist and asked[3:] == asked[1:3] and len(made[-1][1]) == 200
    assert fit_for(make, 1e-9, measure, tmp_path/"short")[1] == dict(a=[1.], minutes=[50/60], score=[1.], other=[-1.])
    for i, state in enumerate(([], {}, dict(parts=dict(vae={})), dict(parts=dict(clock=dict(spent=1.))))):
        save_run(tmp_path/f"{i}", state)
        with pytest.raises(ValueError, match=f"save: .*{i} was not written by fit_for"): fit_for(make, 1., measure, tmp_path/f"{i}")

class OnCard:
    "A number on a graphics card, as far as `fit` can tell: whoever reads it has to wait"
    is_cuda, reads = True, 0
    def __init__(self, v): self.v = v
    def __mul__(self, n): return OnCard(self.v*n)
    def __radd__(self, n): return OnCard(self.v + n)
    def __add__(self, n): return OnCard(self.v + n.v)
    def __float__(self):
        OnCard.reads += 1
        return self.v

def test_numbers_on_a_card_are_read_every_fifty_steps(monkeypatch):
    monkeypatch.setattr(OnCard, "reads", 0)
    hist = quiet(lambda x: dict(a=OnCard(2.), b=1.), [[1]]*120, 1)
    assert hist == dict(a=[2.], b=[1.]) and OnCard.reads == 3                    # after 50 and 100 steps, and at the end
    for at, seen in ((1, 50), (50, 50), (51, 100), (101, 120)):
        n = iter(range(1, 121))
        with pytest.raises(FloatingPointError, match=f"step {seen} of 120: a became NaN"):
            quiet(lambda x: dict(b=1., a=OnCard(math.nan if next(n) == at else 2.)), [[1]]*120, 1)  # noqa: B023
    n = iter(range(3))
    with pytest.raises(FloatingPointError, match="step 2 of 3: a became NaN"): quiet(lambda x: dict(a=math.nan if next(n) else 1.), [[1]]*3, 1)

def test_sums_are_kept_in_double_precision():
    values = iter(map(torch.tensor, (2.**24, 1., 1., 1.)))
    assert quiet(lambda x: dict(a=next(values)), [[1]]*4, 1)["a"] == [(2**24 + 3)/4]

def test_the_dice_of_the_cards_are_kept(monkeypatch, tmp_path):
    put, dice = [], [torch.arange(16, dtype=torch.uint8), torch.ones(16, dtype=torch.uint8)]
    _, step, batches = new("vae")
    quiet(step, batches, 1, save=tmp_path/"without")
    assert load_run(tmp_path/"without")["rng"]["cuda"] == []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: dice)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", put.append)
    _, step, batches = new("vae")
    quiet(step, batches, 1, save=tmp_path/"with")
    _, step, batches = new("vae")
    quiet(step, batches, 2, save=tmp_path/"without", resume=True)
    assert put == []
    quiet(step, batches, 2, save=tmp_path/"with", resume=True)
    assert len(put) == 1 and all(a.equal(b) for a, b in zip(put[0], dice, strict=True))
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)             # from a machine with cards to one without
    quiet(step, batches, 3, save=tmp_path/"with", resume=True)
    assert len(put) == 1

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

def fails(monkeypatch, *tries, wrong=errno.ENOSPC):
    "These writes of a run find no space; the seconds that are waited, and the numbers of all that were tried"
    seen, waited = [], []
    def write(path, data):
        seen.append(len(seen))
        if seen[-1] in tries: raise OSError(wrong, os.strerror(wrong))
        Path(path).write_bytes(data)
    monkeypatch.setattr(runs, "write_file", write)
    monkeypatch.setattr(runs.time, "sleep", waited.append)
    return seen, waited

def test_a_disk_that_is_full_for_a_moment(monkeypatch, tmp_path):
    "One warning for each time that it is full, the same numbers, and all of them kept; at the end it is waited for"
    whole, step, batches = new("vae")
    hist = quiet(step, batches, 2, save=tmp_path/"whole")
    seen, waited = fails(monkeypatch, 1, 2, 3, 5, 12, 13)             # twelve on the way: ten steps, two epochs
    net, step, batches = new("vae")
    with pytest.warns(UserWarning, match="run could not be written .No space left on device.; what was there .* goes on") as said:
        assert quiet(step, batches, 2, save=tmp_path/"run", every=0) == hist
    assert len(said) == 2 and waited == [5, 10] and len(seen) == 15 and same(net, whole)
    kept, plain = load_run(tmp_path/"run"), load_run(tmp_path/"whole")
    assert kept["epoch"] == 2 and kept["hist"] == hist and kept["parts"]["generator"].equal(plain["parts"]["generator"])

@pytest.mark.parametrize("wrong, waits", [(errno.ENOSPC, [5, 10, 15]), (errno.EROFS, [])])
def test_a_disk_that_stays_full(monkeypatch, tmp_path, wrong, waits):
    "The error at the end is loud, and has the history; so is that of whoever stops it, and NaN names both"
    _, waited = fails(monkeypatch, *range(99), wrong=wrong)
    _, step, batches = new("vae")
    with pytest.raises(OSError, match="could not be written") as e: quiet(step, batches, 2, save=tmp_path/"run")
    assert waited == waits and len(e.value.history["elbo"]) == 2 and not (tmp_path/"run").exists()
    with pytest.raises(OSError, match="could not be written"): quiet(cut(step, 2), batches, 2, save=tmp_path/"run")
    with pytest.raises(FloatingPointError, match="became NaN.* could not be written"): quiet(poisoned(step, 2), batches, 2, save=tmp_path/"run")

@pytest.mark.parametrize("error", [MemoryError, RuntimeError, SystemExit, torch.OutOfMemoryError, KeyError])
def test_an_error_in_a_step_keeps_the_run(error, tmp_path):
    "It is written as it stands, a note says so, and what goes on is the run that never failed"
    whole, step, batches = new("gan")
    hist = quiet(step, batches, 3)
    _, step, batches = new("gan")
    n = iter(range(99))
    def failing(x):
        if next(n) == 6: raise error("7 was too much")
        return step(x)
    failing.state = step.state
    with pytest.raises(error, match="7 was too much") as e: quiet(failing, batches, 3, save=tmp_path/"run", every=1e9)
    assert e.value.__notes__ == [f"{tmp_path/'run'} holds the run up to epoch 2, step 2; resume=True (in the shell --resume) goes on"]
    net, step, batches = new("gan")
    assert quiet(step, batches, 3, save=tmp_path/"run", resume=True) == hist and same(net, whole)

def test_an_error_never_replaces_what_is_sound(tmp_path):
    "NaN in a network, or nothing done: the file stays; an error in a measurement after the epoch keeps the epoch"
    _, step, batches = new("vae")
    def spoiling(x):
        if step.state["count"]["steps"] == 7:
            with torch.no_grad(): step.state["vae"].enc[1].weight.fill_(math.nan)
            raise RuntimeError("loss is NaN")
        return step(x)
    spoiling.state = step.state
    with pytest.raises(RuntimeError) as e: quiet(spoiling, batches, 3, save=tmp_path/"run", every=1e9)
    assert not (tmp_path/"run").exists() and not hasattr(e.value, "__notes__")
    with pytest.raises(ZeroDivisionError): quiet(new("vae")[1], batches, 3, lambda: 1/0, save=tmp_path/"run", every=1e9)
    assert (load_run(tmp_path/"run")["epoch"], load_run(tmp_path/"run")["batch"]) == (0, 5)

def test_an_unwritable_place(tmp_path):
    _, step, batches = new("vae")
    (tmp_path/"file").write_text("no folder")
    with pytest.raises(OSError, match="save: "): quiet(step, batches, 1, save=tmp_path/"file"/"run")
    with pytest.raises(OSError, match="save: .*run could not be written .No such file or directory.$"): save_run(tmp_path/"nowhere"/"run", {})

def test_all_of_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    "Else a power failure could leave a name without its bytes"
    done, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(os.fstat(fd).st_size), fsync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append(str(a)), replace(a, b))[1])
    x = torch.ones(2, requires_grad=True)
    save_run(tmp_path/"run", dict(x=x, y=x.detach()[::2]))
    size, part = done
    assert size == (tmp_path/"run").stat().st_size and part.startswith(str(tmp_path/".run-"))
    back = load_run(tmp_path/"run")
    assert back["x"].tolist() == [1, 1] and back["y"].tolist() == [1] and not back["x"].requires_grad

def test_ctrl_c_leaves_a_usable_model_and_history():
    net, step, batches = new("vae")
    signal.signal(signal.SIGINT, signal.default_int_handler)      # a process in the background of a shell ignores the key
    def pressing(x):
        if step.state["count"]["steps"] == 7: os.kill(os.getpid(), signal.SIGINT)
        return step(x)
    hist = quiet(pressing, batches, 10)
    assert hist.interrupted and len(hist["elbo"]) == 1
    assert len(quiet(step, batches, 1)["elbo"]) == 1 and net.elbo(IMAGES).isfinite().all()

@pytest.mark.parametrize("at, back", [(0, 0), (4, 0), (5, 0), (99, 0), (100, 0), (101, 20), (104, 20), (105, 20), (126, 20), (200, 20), (201, 40)])
def test_which_state_is_put_back(at, back):
    n = dict(steps=0)
    def step(x):
        n["steps"] += 1
        return dict(a=math.nan if n["steps"] == at + 1 else 1.)
    step.state = dict(n=n)
    with pytest.raises(FloatingPointError, match=f"a became NaN or infinite; all is back where it was after epoch {back}$"): quiet(step, [[1]]*5, 90)
    assert n["steps"] == 5*back

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

@pytest.mark.parametrize("at, back", [(0, 0), (7, 0), (101, 20), (126, 20)])
def test_nan_names_the_step_and_puts_back_the_last_good_state(at, back, tmp_path):
    "A copy is kept every hundred steps, when an epoch begins; it is good once a step has gone well from there"
    net, step, batches = new("vae")
    epoch, batch = divmod(at, 5)
    with pytest.raises(FloatingPointError, match=rf"^epoch {epoch+1}, step {batch+1} of 5: elbo became NaN or infinite; all is back where it was after epoch \d+$") as e:
        quiet(poisoned(step, at), batches, 40, save=tmp_path/"run", every=1e9)
    assert int(str(e.value).split()[-1]) == back and len(e.value.history.get("elbo", [])) == epoch
    clean, step2, batches2 = new("vae")
    if back: quiet(step2, batches2, back)
    assert same(net, clean), "the last good state is that of an undisturbed run"
    assert load_run(tmp_path/"run")["epoch"] == back                            # and it is on disk
    _, step3, batches3 = new("vae")
    assert len(quiet(step3, batches3, back + 1, save=tmp_path/"run", resume=True)["elbo"]) == back + 1

def test_nan_in_what_is_measured():
    _, step, batches = new("vae")
    with pytest.raises(FloatingPointError, match="epoch 1, .*: score became NaN"): quiet(step, batches, 2, lambda: dict(score=math.nan))

def test_infinite_loss_stops_a_plain_step_too():
    with pytest.raises(FloatingPointError, match="epoch 1, step 2 of 2: loss became NaN or infinite$"):
        quiet(lambda x: dict(loss=math.inf if x else 0.), [[], [1]], 1)

# --------------------------------------------------------------------------------------------------------- properties
exempt(   # names, kinds, why
    ("runs.fit_for runs.schedule_parts runs.kept_parts", ALL,
     "which process does what, and for how long: above, and on the pages of processes and runs"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
def quick(epochs):
    v = copy.deepcopy(vae)
    return v, vae_step(v, sgd(v), generator=torch.Generator().manual_seed(0)), [X]

ROWS = {
    "runs.fit": row(dict(step=lambda b: dict(loss=1.), batches=[X], epochs=1, progress=False, every=1.), epochs=INT(), save=[3, True], resume=None, every=[-1., NAN, "soon"], batches=[[], iter([X])],
        step=[lambda b: 1.], measure=None),
    "runs.fit_for": row(dict(make=quick, minutes=1e-6, measure=lambda *_: dict(a=1.), save="kept"), make=None, measure=None, minutes=POS, save=[3]),
}
NO_ROW = {
    "runs.History": "a plain dictionary",
    "runs.kept_parts": "a file: as `load_run`; a file of another kind in test_training_for_a_budget",
    "runs.save_run": "whatever the state holds is refused by type; tests/library/test_runs.py",
    "runs.load_run": "a file: cut, foreign, newer, hostile in tests/library/test_runs.py",
    "runs.schedule_parts": "test_schedules_have_the_names_that_kept_runs_know",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
