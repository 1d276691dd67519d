"""What users of such software met elsewhere, as tests here: wrapped networks, optimizers of every kind, runs that change machines,
several writers, several cards. Paths, figures and messages: test_where_people_work.py. Minibatches, measuring, stopping and
printing have rooms, and tests, of their own."""
import copy
import io
import multiprocessing
import os
import pickle
import warnings

import numpy as np
import pytest
import torch
from helpers import gen
from torch import nn
from torch.testing import assert_close

from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.gan import Generator, conv_gan, gan_step, mlp_gan
from vaegan.likelihoods import FullNormal, Normal
from vaegan.measuring import bare
from vaegan.processes import draw_eps, given, join_torchrun, mean_over_processes, shared
from vaegan.recipes import _device, sample, train
from vaegan.runs import fit, load_run, save_run
from vaegan.train import vae_step
from vaegan.vae import VAE, conv_vae, mlp_vae

X = (digits().x[:300] > .5).float()

def adam(net, **kw): return torch.optim.Adam(net.parameters(), 2e-3, **kw)

# ---------------------------------------------------------------------------------------------------- wrapped networks
def vaes():
    torch.manual_seed(0)
    return [mlp_vae((1, 8, 8), 2, (8,)), mlp_vae((1, 8, 8), 2, (8,), Normal(-2.)), conv_vae((1, 8, 8), 2, 4), mlp_vae((1, 8, 8), 2, (8,), n_classes=3), mlp_vae((1, 2, 2), 1, (3,), FullNormal())]

def players():
    torch.manual_seed(0)
    return [*mlp_gan((1, 8, 8), 3, (8,)), *conv_gan((1, 8, 8), 3, 4), Generator(nn.Sequential(nn.Linear(5, 64), nn.Sigmoid()), 3, (1, 8, 8), 2, torch.tensor([1., 2.]))]

def eager(net): return torch.compile(net, backend="eager")

def as_replica(net):
    "What DataParallel makes of a network on each card: no parameters of its own, only tensors in their places"
    twin = net._replicate_for_data_parallel()
    for k, p in net._parameters.items():
        if p is not None: setattr(twin, k, p*1)
    for k, m in net._modules.items(): twin._modules[k] = as_replica(m)
    return twin

def through_bytes(net):
    buf = io.BytesIO()
    torch.save(net, buf)
    buf.seek(0)
    return torch.load(buf, weights_only=False)

COPIES = dict(deepcopy=copy.deepcopy, pickle=lambda net: pickle.loads(pickle.dumps(net)), save=through_bytes, parallel=nn.DataParallel, replica=as_replica)

def net_input(net):
    if isinstance(net, VAE): return (torch.rand(4, *net.x_shape, generator=gen()) > .5).float()
    return net.noise(4, gen()) if isinstance(net, Generator) else torch.rand(4, 1, 8, 8, generator=gen())

@pytest.mark.parametrize("how", [*COPIES])
@pytest.mark.parametrize("i", range(5))
def test_a_vae_goes_anywhere(how, i):
    "`forward` is `terms`, with the same noise, whatever calls it"
    vae = vaes()[i]
    x, y = net_input(vae), torch.tensor([0, 2, 1, 1]) if vae.n_classes else None
    want, other = vae.terms(x, gen(), y), COPIES[how](vae)
    assert_close(other(x, gen(), y), want)
    (want[1] - want[0]).sum().backward()
    grads = [p.grad.clone() for p in vae.parameters()]
    vae.zero_grad()
    log_px_z, kl = other(x, gen(), y)
    (kl - log_px_z).sum().backward()
    if how not in ("deepcopy", "pickle", "save"):
        for p, g in zip(vae.parameters(), grads): assert_close(p.grad, g)

@pytest.mark.parametrize("how", [*COPIES])
@pytest.mark.parametrize("i", range(5))
def test_players_go_anywhere(how, i):
    net = players()[i].eval()
    x = net_input(net)
    other = COPIES[how](net)
    assert_close(other(x), net(x))
    if isinstance(net, Generator) and how in ("deepcopy", "pickle", "save"): assert other.sample(3, gen()).equal(net.sample(3, gen()))

def test_models_compile():
    torch.compiler.reset()
    vae, (G, D, *_) = vaes()[0], (p.eval() for p in players())
    x, z = net_input(vae), net_input(G)
    for got, want in zip(eager(vae)(x, gen()), vae.terms(x, gen())): assert_close(got, want)
    assert_close(eager(G)(z), G(z))
    assert_close(nn.DataParallel(eager(D))(x), D(x))
    step = vae_step(eager(vae), adam(vae), generator=gen())
    assert step(x)["elbo"].isfinite() and "enc.1.weight" in bare(step.state["vae"]).state_dict()

def test_wrapped_networks_train_as_bare_ones_and_their_runs_go_on_without_the_wrapping(tmp_path, wrap=nn.DataParallel):
    def run(wrap, epochs, file):
        torch.manual_seed(0)
        vae = mlp_vae((1, 8, 8), 2, (8,))
        hist = fit(vae_step(wrap(vae), adam(vae), generator=gen()), Batches(X), epochs, progress=False, save=tmp_path/f"vae{file}", resume=True)
        torch.manual_seed(0)
        G, D = mlp_gan((1, 8, 8), 3, (8,))
        game = gan_step(wrap(G), wrap(D), adam(G), adam(D), generator=gen(), loss="relativistic", r1=1.)
        return hist, fit(game, Batches(X), epochs, progress=False, save=tmp_path/f"gan{file}", resume=True)
    plain = run(bare, 2, "a")
    for a, b in zip(run(wrap, 2, "b"), plain): assert_close(a, b, rtol=1e-4, atol=1e-4)
    run(wrap, 1, "c")
    for a, b in zip(run(bare, 2, "c"), plain): assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert "enc.1.weight" in load_run(tmp_path/"vaec")["parts"]["vae"]

# ------------------------------------------------------------------------------------------- optimizers and schedules
O, S = torch.optim, torch.optim.lr_scheduler
OPTIMIZERS = [O.SGD, O.Adam, O.AdamW, O.Adamax, O.NAdam, O.RAdam, O.RMSprop, O.Rprop, O.Adagrad, O.Adadelta, O.ASGD, O.LBFGS] + [getattr(O, n) for n in ("Adafactor", "Muon") if hasattr(O, n)]

class Shared(O.SGD):
    "Keeps something that is of no parameter, and something of another shape than its own"
    def step(self, closure=None):
        self.state["of all"] = dict(turns=self.state.get("of all", {}).get("turns", 0) + 1, names=("a", np.int64(3), np.float32(.5)))
        for p in self.param_groups[0]["params"]: self.state[p]["rows"] = torch.ones(7)
        super().step(closure)

SCHEDULES = [lambda o: S.StepLR(o, 2), lambda o: S.MultiStepLR(o, [2, 5]), lambda o: S.OneCycleLR(o, 1e-3, 99), lambda o: S.CyclicLR(o, 1e-4, 1e-3, cycle_momentum=False),
             lambda o: S.CosineAnnealingWarmRestarts(o, 4), lambda o: S.SequentialLR(o, [S.ConstantLR(o), S.ExponentialLR(o, .9)], [3]), lambda o: S.ChainedScheduler([S.LinearLR(o), S.ExponentialLR(o, .9)]),
             lambda o: S.LambdaLR(o, lambda n: .9**n), lambda o: S.PolynomialLR(o, 50), lambda o: O.swa_utils.SWALR(o, 1e-3), lambda o: Plateau(o)]

class Plateau(S.ReduceLROnPlateau):
    def step(self, metrics=1., epoch=None): super().step(metrics, epoch)

def a_run(make_opt, make_schedule):
    torch.manual_seed(0)
    net, noise = nn.Sequential(nn.Flatten(), nn.Linear(64, 4, bias=False), nn.Linear(4, 64, bias=False)), gen(1)
    opt = make_opt([dict(params=list(net[1].parameters()))] if make_opt is O.LBFGS else [dict(params=list(net[1].parameters()), lr=1e-3), dict(params=list(net[2].parameters()))])
    sched = make_schedule(opt)
    def step(x):
        seen = x + .1*torch.randn(x.shape, generator=noise)
        def closure():
            opt.zero_grad()
            loss = (net(seen) - x.flatten(1)).square().mean()
            loss.backward()
            return loss
        loss = opt.step(closure)
        sched.step()
        return dict(loss=loss.detach() if loss is not None else closure().detach())
    step.state = dict(net=net, opt=opt, sched=sched, noise=noise)
    return net, step

@pytest.mark.parametrize("make", OPTIMIZERS + [Shared], ids=lambda c: c.__name__)
def test_a_run_goes_on_with_any_optimizer(make, tmp_path): goes_on(lambda params: make(params, lr=1e-3), lambda o: S.StepLR(o, 2), tmp_path) if make is not O.LBFGS else goes_on(O.LBFGS, lambda o: S.StepLR(o, 2), tmp_path)

@pytest.mark.parametrize("i", range(len(SCHEDULES)))
def test_a_run_goes_on_with_any_schedule(i, tmp_path): goes_on(lambda params: O.SGD(params, lr=1e-3, momentum=.9), SCHEDULES[i], tmp_path)

def goes_on(make_opt, make_schedule, tmp_path):
    "Cut in the second of three epochs, the run ends with the same bits"
    whole, step = a_run(make_opt, make_schedule)
    hist = fit(step, Batches(X, bs=100), 3, progress=False)
    _, step = a_run(make_opt, make_schedule)
    n = iter(range(99))
    def cut(x):
        if next(n) == 4: raise KeyboardInterrupt
        return step(x)
    cut.state = step.state
    fit(cut, Batches(X, bs=100), 3, progress=False, save=tmp_path/"run")
    net, step = a_run(make_opt, make_schedule)
    assert fit(step, Batches(X, bs=100), 3, progress=False, save=tmp_path/"run", resume=True) == hist
    assert all(p.equal(q) for p, q in zip(net.parameters(), whole.parameters())) and len(hist["loss"]) == 3

def test_what_a_state_may_hold_comes_back(tmp_path):
    "Named tuples, shapes, numbers of NumPy, keys that are no words; what is none of these is refused before anything is written"
    state = dict(parts={3: np.float64(.5), (1, "a"): torch.Size([2, 3]), None: [np.int32(4)]}, where=torch.finfo(torch.float32).max, big=2**127)
    save_run(tmp_path/"run", state)
    back = load_run(tmp_path/"run")
    assert back == dict(parts={3: .5, (1, "a"): (2, 3), None: [4]}, where=torch.finfo(torch.float32).max, big=2**127)
    with pytest.raises(TypeError, match="save: expected numbers"): save_run(tmp_path/"run", dict(parts=object()))
    assert load_run(tmp_path/"run") == back
    def step(x): return dict(a=1.)
    step.state = dict(a=object())
    with pytest.raises(TypeError, match="step: expected networks, optimizers.* got object"): fit(step, [X], progress=False, save=tmp_path/"other")

def test_a_step_says_numbers():
    for bad in (torch.ones(3), "much", None, [1.]):
        with pytest.raises(TypeError, match="step: expected one number for 'a'"): fit(lambda x: dict(a=bad), [X], progress=False)  # noqa: B023
    w = torch.ones((), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit(lambda x: dict(a=w*2, b=torch.tensor([3.]), c=True), [X], 1, lambda: dict(d=w), False) == dict(a=[2.], b=[3.], c=[1.], d=[1.])

# ----------------------------------------------------------------------------------------------- from machine to machine
def quiet(**kw): return dict(progress=False, log=lambda s: None, **kw)

@pytest.mark.parametrize("kind", ["vae", "gan", "hybrid"])
def test_a_run_of_a_card_goes_on_without_one(kind, tmp_path):
    "Its generator's state has 16 bytes, its optimizers say that they were fused; it goes on with other noise, the same each time, and says so"
    train(kind, epochs=1, out=tmp_path/"a", **quiet())
    file = tmp_path/"a"/"run.safetensors"
    state = load_run(file)
    state["parts"]["generator"], state["rng"]["cuda"] = torch.arange(16, dtype=torch.uint8), [torch.zeros(16, dtype=torch.uint8)]*8
    for name, part in state["parts"].items():
        if name.startswith("opt"): part["param_groups"][0].update(capturable=True, foreach=False, fused=None)
    ends = []
    for out in ("b", "c"):
        (tmp_path/out).mkdir()
        save_run(tmp_path/out/"run.safetensors", state)
        with pytest.warns(UserWarning, match="other noise"): ends.append(train(kind, epochs=1, out=tmp_path/out, resume=True, **quiet()))
        assert sample(tmp_path/out, tmp_path/"x.png", 4).shape == (4, 1, 8, 8)
    assert ends[0] == ends[1]
    state["parts"]["generator"] = torch.zeros(3, dtype=torch.uint8)
    save_run(file, state)
    with pytest.raises(ValueError, match="generator: its state: expected"): train(kind, epochs=1, out=tmp_path/"a", resume=True, **quiet())

def test_a_generator_that_stood_elsewhere_really_goes_on(tmp_path):
    def run(epochs, change=None):
        torch.manual_seed(0)
        vae = mlp_vae((1, 8, 8), 2, (8,))
        hist = fit(vae_step(vae, adam(vae), generator=gen()), Batches(X), epochs, progress=False, save=tmp_path/"run", resume=True)
        return hist, vae
    run(1)
    state = load_run(tmp_path/"run")
    state["parts"]["generator"] = torch.arange(16, dtype=torch.uint8)
    save_run(tmp_path/"run", state)
    with pytest.warns(UserWarning, match="other noise"): hist, vae = run(3)
    assert len(hist["elbo"]) == 3 and hist["elbo"][0] == state["hist"]["elbo"][0] and hist["elbo"][2] > hist["elbo"][0]

def test_runs_of_older_and_newer_pytorchs_go_on(tmp_path):
    "A setting that the optimizer of then did not have, one that today's does not know"
    torch.manual_seed(0)
    vae = mlp_vae((1, 8, 8), 2, (8,))
    fit(vae_step(vae, adam(vae), generator=gen()), Batches(X), 1, progress=False, save=tmp_path/"run")
    state = load_run(tmp_path/"run")
    group = state["parts"]["opt"]["param_groups"][0]
    del group["maximize"]
    group["of_2030"] = "yes"
    group["lr"] = torch.tensor(2e-3)
    save_run(tmp_path/"run", state)
    assert len(fit(vae_step(vae, adam(vae), generator=gen()), Batches(X), 2, progress=False, save=tmp_path/"run", resume=True)["elbo"]) == 2

def write_often(path, i):
    for _ in range(60): save_run(path, dict(parts={"x": torch.full((50_000,), float(i))}))

def test_two_writers_and_a_reader(tmp_path):
    "No write fails, no read finds a damaged file, nothing is left beside it"
    ctx, seen = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn"), set()
    ps = [ctx.Process(target=write_often, args=(tmp_path/"run", i)) for i in (1, 2)]
    for p in ps: p.start()
    while any(p.is_alive() for p in ps):
        try: seen.add(load_run(tmp_path/"run")["parts"]["x"].unique().item())
        except OSError as e: assert "No such file" in str(e)
    assert [p.exitcode for p in ps] == [0, 0] and seen <= {1., 2.} and os.listdir(tmp_path) == ["run"]

# ----------------------------------------------------------------------------------------------------------- several cards
class Cards:
    "What is called of PyTorch where there are cards, in order"
    def __init__(self, monkeypatch, n, rank, world):
        self.calls, self.current = [], 0
        env = dict(LOCAL_RANK=rank, LOCAL_WORLD_SIZE=world, WORLD_SIZE=world, RANK=rank)
        for k, v in env.items(): monkeypatch.setenv(k, str(v))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: n)
        monkeypatch.setattr(torch.cuda, "set_device", lambda d: (self.calls.append(("set_device", d)), setattr(self, "current", torch.device(d).index)))
        monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend, **kw: self.calls.append((backend, kw, self.current)))
        monkeypatch.setattr(torch.distributed, "get_rank", lambda: rank)
        monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: self.calls.append("end"))

@pytest.mark.parametrize("rank", [0, 1, 3])
def test_every_process_sends_from_its_own_card(rank, monkeypatch):
    "It is chosen before the processes are connected, and the group is told; else all collectives would use card 0"
    cards, device = Cards(monkeypatch, 4, rank, 4), torch.device("cuda", rank)
    assert _device() == device
    with pytest.raises(ZeroDivisionError), join_torchrun(device) as mine:
        assert mine == rank
        1/0  # noqa: B018
    assert cards.calls == [("set_device", device), ("nccl", dict(device_id=device), rank), "end"]

def test_one_process_with_a_card_and_several_without(monkeypatch):
    cards = Cards(monkeypatch, 1, 0, 1)
    with join_torchrun(_device()) as rank: assert rank == 0
    assert cards.calls == [("set_device", torch.device("cuda", 0))]
    cards = Cards(monkeypatch, 1, 1, 2)             # two processes, one card
    with join_torchrun(_device()) as rank: assert rank == 1 and _device().type == "cpu"
    assert cards.calls == [("gloo", {}, 0), "end"] and mean_over_processes(dict(a=1.)) == dict(a=1.)

def test_noise_of_ones_own():
    like, eps = torch.zeros(1), torch.arange(6.).view(3, 2)
    with given(eps):
        assert draw_eps((3, 2), like, gen()).equal(eps)
        assert draw_eps((4, 2), like, gen()).equal(torch.randn(4, 2, generator=gen()))
        with shared(0, 1): assert draw_eps((3, 2), like, gen()).equal(eps)
    assert draw_eps((3, 2), like, gen()).equal(torch.randn(3, 2, generator=gen()))
