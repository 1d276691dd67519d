"A training step in numbers: what it does, what it reports, and the recipes"
import pytest
import torch
from bad_input import IMGS, INF, INT, NAN, POS, X, Y, bad_input_tests, row, vae
from helpers import Count, descends, gen, linear, near, points, same_training, seeded, sgd, values
from pitfalls import pitfall_tests
from torch import nn
from torch.testing import assert_close
from torch.utils.data import DataLoader, TensorDataset

from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.iwae import iwae_step
from vaegan.runs import fit
from vaegan.train import vae_recipe, vae_step, warmup
from vaegan.vae import init_output_bias, mlp_vae


@pytest.mark.parametrize("beta", [None, 0., 1., 2.5, lambda n: .5 + n])
def test_vae_step(beta):
    model, sched = seeded(mlp_vae, (4,), 2, (3,)).double(), Count()
    batches = [(points(i, 5, 4) > 0).double() for i in range(3)]
    kw = {} if beta is None else dict(beta=beta)
    n, mine = iter(range(3)), gen(1)
    def loss(x):
        log_px_z, kl = model.terms(x, mine)
        b = 1. if beta is None else beta(next(n)) if callable(beta) else beta
        return b*kl.mean() - log_px_z.mean()
    twin = seeded(mlp_vae, (4,), 2, (3,)).double()
    outs = descends(vae_step(model, sgd(model), generator=gen(1), schedules=(sched,), **kw), [loss], batches, model)
    assert sched.n == 3
    log_px_z, kl = (t.mean() for t in twin.terms(batches[0], gen(1)))
    assert_close(outs[0], dict(elbo=log_px_z - kl, log_px_z=log_px_z, kl=kl), check_dtype=False)
    vae_step(model, sgd(model))(batches[0])                                # without a schedule, too

def test_a_step_takes_labels():
    model, y = seeded(mlp_vae, (4,), 2, (3,), n_classes=3).double(), torch.tensor([2, 0, 1, 1, 0])
    x = (points(0, 5, 4) > 0).double()
    elbo = model.elbo(x, gen(1), y).mean().detach()
    assert_close(vae_step(model, sgd(model), generator=gen(1))((x, y))["elbo"], elbo)
    with pytest.raises(ValueError, match="y: expected"): vae_step(model, sgd(model))(x)

def test_batches_may_come_from_pytorchs_loader():
    "which gives lists, not tuples; and means are weighted by images"
    model, x, y = seeded(mlp_vae, (4,), 2, (3,), n_classes=3), (points(0, 5, 4) > 0).float(), torch.tensor([2, 0, 1, 1, 0])
    for make in (vae_step, lambda *args: iwae_step(*args, 3)):
        assert fit(make(model, sgd(model)), DataLoader(TensorDataset(x, y), 3), 1, progress=False)
    with pytest.raises(TypeError, match="x: expected a tensor of images in the minibatch, got str"): vae_step(model, sgd(model))(["x"])
    hist = fit(lambda batch: dict(mean=batch[0].mean()), DataLoader(TensorDataset(x, y), 3), 1, progress=False)
    assert hist["mean"] == [pytest.approx(x.mean().item())]

def test_several_schedules():
    "Each moves once per minibatch"
    model, scheds = seeded(mlp_vae, (4,), 2, (3,)).double(), (Count(), Count())
    step = vae_step(model, sgd(model), schedules=scheds)
    for i in range(3): step((points(i, 5, 4) > 0).double())
    assert [s.n for s in scheds] == [3, 3] and step.state["sched"] is scheds[0] and step.state["sched_1"] is scheds[1]

def test_warmup():
    beta = warmup(8)
    assert [beta(n) for n in (0, 2, 8, 9, 100)] == [0., .25, 1., 1., 1.]
    assert [warmup(1)(n) for n in (0, 1)] == [0., 1.]

@pytest.mark.parametrize("name, d_z, hidden, act", [("nll-90", 50, (200, 200), nn.Tanh), ("elbo-97", 20, (400,), nn.ReLU)])
def test_vae_recipe(name, d_z, hidden, act):
    x, dice = digits().x[:300], torch.get_rng_state()
    vae, step, batches = vae_recipe(x, 3, name, seed=5)
    assert torch.equal(dice, torch.get_rng_state())
    hand = init_output_bias(seeded(mlp_vae, (1, 8, 8), d_z, hidden, act=act, seed=5), x)
    assert linear(vae) == linear(hand) and [type(m) for m in vae.modules()] == [type(m) for m in hand.modules()]
    opt = torch.optim.Adam(hand.parameters(), 2e-3, fused=True)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6)
    same_training((step, batches), (vae_step(hand, opt, generator=gen(5), schedules=(sched,)), Batches(x, seed=5, stochastic=True, drop_last=True)), (vae, hand))
    assert step.state["sched"].state_dict() == sched.state_dict()
    (a, *_), (b, *_) = vae_recipe(x, 3), vae_recipe(x, 3, "nll-90", seed=0)
    assert all(torch.equal(p, q) for p, q in zip(values(a), values(b), strict=True))

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "train.vae_step": row(dict(vae=vae, opt=sgd(vae), beta=1.), allow="nan", beta=[-1., NAN, INF]),
    "train.vae_step()": row(dict(batch=X), allow="nan", call=vae_step(vae, sgd(vae)), batch=[X+1, (X+1, Y)]),
    "train.vae_recipe": row(dict(x=IMGS, epochs=1, name="elbo-97", lr=1e-3, bs=32, seed=0), skip="short", x=[IMGS+1, IMGS[0]], epochs=INT(), name=["nll-1", 3], lr=POS, bs=INT() + [10**6], seed=[None, 1.5]),
    "train.warmup": row(dict(steps=3), steps=INT()),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def mean_over_the_batch_once():
    "The same images twice: the same step of training"
    def after(x):
        torch.manual_seed(0)
        model = mlp_vae((4,), 1, (3,)).double()
        model.enc[-1].weight.data[1:], model.enc[-1].bias.data[1:] = 0, -60.          # no variance: eps does not matter
        vae_step(model, torch.optim.SGD(model.parameters(), .1), generator=gen())(x)
        return torch.cat([p.detach().flatten() for p in model.parameters()])
    x = (torch.rand(3, 4, generator=gen()) > .5).double()
    near((after(x) - after(torch.cat([x, x]))).abs().max(), 0, 1e-7)

def vae_step_descends_minus_elbo():
    torch.manual_seed(0)
    model, x = mlp_vae((4,), 1, (3,)).double(), (torch.rand(3, 4, generator=gen()) > .5).double()
    before = [p.detach().clone() for p in model.parameters()]
    grads = torch.autograd.grad(-model.elbo(x, gen(3)).mean(), list(model.parameters()))
    out = vae_step(model, torch.optim.SGD(model.parameters(), .5), generator=gen(3))(x)
    for p, b, g in zip(model.parameters(), before, grads): near((b - .5*g - p).abs().max(), 0, 1e-9)
    near(out["elbo"], out["log_px_z"] - out["kl"])

MISTAKES = [   # name, function, text, mistaken text, check
    ("loss averaged over the batch twice, or never", "train.vae_step", "(t.mean() for t in", "(t.sum() for t in", mean_over_the_batch_once),
    ("the ELBO adds its KL in training", "train.vae_step", "*kl - log_px_z", "*(-kl) - log_px_z", vae_step_descends_minus_elbo),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
