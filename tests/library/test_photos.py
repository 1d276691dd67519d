"Recipes for images of one's own: any size, grey or colour, with classes or without"
import math

import pytest
import torch
from bad_input import INT, bad_input_tests, row
from helpers import gen

import vaegan.gan
import vaegan.hybrid
from vaegan.evaluate import bits_per_dim, held_out_elbo
from vaegan.likelihoods import DiscretisedLogistic, FullNormal, Normal
from vaegan.photos import LabelPlanes, as_levels, averaged, dequantise, photo_nets, photo_recipe, training_plan
from vaegan.runs import fit

BYTES = torch.randint(0, 256, (12, 3, 9, 10), dtype=torch.uint8, generator=gen())
Y = torch.arange(12) % 3

@pytest.mark.parametrize("kind, classes", [("vae", 0), ("vae", 3), ("gan", 0), ("gan", 3), ("hybrid", 0), ("diffusion", 0)])
@pytest.mark.parametrize("shape", [(3, 9, 10), (1, 8, 8)])
def test_every_kind_learns_bytes_of_any_shape(kind, classes, shape):
    x = torch.randint(0, 256, (12, *shape), dtype=torch.uint8, generator=gen())
    nets, step, batches = photo_recipe(kind, x, Y, classes, bs=4)
    before = [p.clone() for net in nets.values() for p in net.parameters()]
    assert len(batches) == 3 and all(v[0] == v[0] for v in fit(step, batches, progress=False).values())
    after = [p for net in nets.values() for p in net.parameters()]
    assert any((a - b).abs().max() > 1e-5 for a, b in zip(before, after))
    made = photo_nets(kind, shape, classes)                      # the same networks, without a step
    for k, net in made.items(): net.load_state_dict(nets[k].state_dict())

def test_a_class_changes_what_is_drawn_and_what_is_judged():
    nets = photo_nets("gan", (3, 9, 10), 3)
    a, b = (nets["G"].sample(4, gen(), torch.full((4,), k)) for k in (0, 1))
    assert a.shape == (4, 3, 9, 10) and not torch.allclose(a, b)
    x = torch.rand(2, 270, generator=gen())
    one, two = (torch.eye(3)[[k, k]] for k in (0, 1))
    assert not torch.allclose(nets["D"](torch.cat([x, one], 1)), nets["D"](torch.cat([x, two], 1)))
    seen = LabelPlanes(torch.nn.Identity(), (3, 9, 10))(torch.cat([x, two], 1))
    assert seen[:, :3].flatten(1).equal(x) and seen[:, 3:].mean((2, 3)).equal(two)

def test_dequantised_bytes_are_uniform_in_their_cell_and_bits_come_out_right():
    k = torch.arange(256, dtype=torch.uint8).repeat(40, 1)
    x = dequantise(k, gen())
    cell = 256*x.double() - k
    assert cell.min() > -1e-4 and cell.max() < 1 + 1e-4 and abs(cell.mean() - .5) < .02 and abs(cell.var() - 1/12) < .01
    assert x.equal(dequantise(k/255, gen()))                     # floats that stand for bytes
    assert bits_per_dim(0., 7, 256) == pytest.approx(8)          # the uniform density knows nothing: eight bits

def test_levels_are_those_of_bytes():
    k = torch.arange(256, dtype=torch.uint8)
    assert as_levels(k).equal(k/255) and as_levels(k/255).equal(k/255)
    assert as_levels((k/255 + .0015).clamp(0, 1)).equal(k/255) and as_levels(k.double()/255).dtype == torch.double

@pytest.mark.parametrize("likelihood", [None, Normal(-2.)])
@pytest.mark.parametrize("C", [1, 3])
def test_a_recipe_starts_where_the_pixels_are(likelihood, C):
    "Without a step, outputs are means and spread of each channel; bytes and the floats that stand for them are one"
    x = torch.randint(40, 90, (40, C, 9, 10), dtype=torch.uint8, generator=gen())
    if C == 3: x[:, 1] += 100
    vae = photo_recipe("vae", x, likelihood=likelihood)[0]["vae"]
    assert type(vae.likelihood) is (Normal if likelihood else DiscretisedLogistic)
    z = torch.randn(3, vae.d_z, generator=gen())*0
    bias = [m for m in vae.dec if isinstance(m, torch.nn.Conv2d)][-1].bias.view(-1, 4)
    mean = x.float().mean((0, 2, 3))/255
    torch.testing.assert_close(bias[:C], mean[:, None].expand(-1, 4).clone(), atol=1e-5, rtol=1e-4)
    assert (vae.mean(z).mean((0, 2, 3)) - mean).abs().max() < .1
    if not likelihood:
        bits = bits_per_dim(-held_out_elbo(vae, x[:8]/255, generator=gen())[0], x[0].numel())
        assert 5 < bits < 8                      # of 50 grey levels in use, it knows place and spread: log2(50) = 5.6
    a, b = (photo_recipe("vae", t, likelihood=likelihood, seed=3) for t in (x, x/255))
    if not likelihood: assert fit(*a[1:], progress=False) == fit(*b[1:], progress=False)

@pytest.mark.parametrize("kind", ["gan", "hybrid"])
def test_whatever_weights_there_are_a_discriminator_sees_no_dots(kind):
    "Random weights: pixels at even and at odd places have one mean (a PixelShuffle at the end gives each its own)"
    nets = photo_nets(kind, (3, 16, 16))
    net = nets["G"] if kind == "gan" else nets["vae"]
    for k, p in enumerate(net.parameters()): p.data = .1*torch.randn(p.shape, generator=gen(k))
    x = net.sample(200, gen())[..., 4:-4, 4:-4]
    places = torch.stack([x.mean(0)[:, a::2, b::2].mean((1, 2)) for a in (0, 1) for b in (0, 1)])
    assert ((places.amax(0) - places.amin(0))/x.std((0, 2, 3))).max() < .2

@pytest.mark.parametrize("kind, n", [("gan", 2), ("hybrid", 1)])
def test_penalties_come_at_every_fourth_step_with_four_times_the_weight(kind, n, monkeypatch):
    "Of 11 steps two; a run that goes on counts from where it stood"
    seen = []
    class Penalty:
        def __rmul__(self, weight): return seen.append(weight) or 0.
    for room in (vaegan.gan, vaegan.hybrid): monkeypatch.setattr(room, "grad_penalty", lambda D, x: Penalty())
    x, counts = torch.rand(4, 3, 8, 8, generator=gen()), []
    first, second = (photo_recipe(kind, x, bs=4)[1] for _ in range(2))
    for step, steps in ((first, 6), (second, 5)):
        step.state["steps"].update(first.state["steps"])
        for _ in range(steps): counts.append(step(x) and len(seen))
    assert counts == [0]*3 + [n]*4 + [2*n]*4 and seen == pytest.approx([.4]*2*n)

@pytest.mark.parametrize("kind", ["vae", "hybrid"])
def test_a_wild_step_does_not_end_in_infinities(kind):
    "Weights that a step has thrown far off: codes, KL and its gradient stay finite, and the next steps find back"
    x = torch.randint(256, (16, 3, 9, 10), dtype=torch.uint8, generator=gen())
    nets, step, batches = photo_recipe(kind, x, bs=8)
    live = step.state["vae_live"]
    with torch.no_grad():
        for p in live.enc.parameters(): p.mul_(100)
    mu, logvar = live.encode(x/255)
    assert max(mu.abs().max(), logvar.abs().max()) <= 10 and mu.abs().max() > 9.9
    assert all(math.isfinite(v) for vs in fit(step, batches, 2, progress=False).values() for v in vs)

def test_averages_follow_and_are_what_is_shown():
    x = torch.randint(256, (16, 1, 8, 8), dtype=torch.uint8, generator=gen())
    for kind, shown in (("vae", "vae"), ("gan", "G"), ("hybrid", "vae"), ("diffusion", "model")):
        nets, step, batches = photo_recipe(kind, x, bs=4)
        live = step.state[f"{shown}_live"]
        assert nets[shown] is step.state[shown] and nets[shown] is not live
        want = [p.detach().clone() for p in live.parameters()]
        for i, b in enumerate(batches):
            step(b)
            keep = (1 + i)/(10 + i)
            want = [keep*w + (1 - keep)*p.detach() for w, p in zip(want, live.parameters())]
        for w, p in zip(want, nets[shown].parameters()): torch.testing.assert_close(w, p.detach())
        assert not all(p.equal(q) for p, q in zip(live.parameters(), nets[shown].parameters()))
    net = torch.nn.BatchNorm1d(2)
    step = lambda b: net(b)
    step.state = dict(net=net)
    means, both = averaged(step, dict(net=net))
    both(torch.randn(8, 2, generator=gen()) + 3)
    assert means["net"].running_mean.equal(net.running_mean) and net.running_mean.abs().min() > .1

def test_plans_from_few_images_to_many():
    assert training_plan(50) == (8, 400) and training_plan(50_000) == (64, 20) and training_plan(1)[0] == 1
    for n in (1, 2, 3, 7, 54, 999, 10**6):
        bs, epochs = training_plan(n)
        assert 1 <= bs <= min(64, n) and 20 <= epochs <= 400
    assert training_plan(54, 32) == (32, 400)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "photos.photo_nets": row(dict(kind="vae", x_shape=(1, 8, 8), n_classes=0, seed=0, likelihood=None), kind=["cats", 3], x_shape=[(8, 8), None], n_classes=[-1, 1.5], seed=[None, 1.5], likelihood=["normal", FullNormal()]),
    "photos.as_levels": row(dict(x=torch.rand(3, 4, generator=gen())), skip="short one lower double deeper", x=[torch.rand(3, 4) + 1]),
    "photos.dequantise": row(dict(x=torch.rand(3, 4, generator=gen()), generator=None), skip="short one lower double deeper", x=[torch.rand(3, 4) + 1], generator=[3]),
    "photos.training_plan": row(dict(n=50, bs=None, most=64), n=INT(), bs=[0, 1.5], most=INT()),
    "photos.photo_recipe": row(dict(kind="gan", x=torch.rand(12, 1, 8, 8, generator=gen()), y=Y, n_classes=3, bs=4, seed=0, likelihood=None), skip="short one lower double", kind=["cats"],
                               x=[torch.rand(12, 1, 8, 8) + 1], y=[Y[:5], Y - 1, Y.float()], n_classes=[-1, 1.5], bs=[0, 13, 1.5], seed=[None, 1.5], likelihood=["normal", Normal()]),
}
NO_ROW = {"photos.averaged": "takes what a recipe makes", "photos.LabelPlanes.forward": "the pixels that it splits are checked by the models", "photos.LabelPlanes": "made by `photo_nets`, whose row names shapes and classes"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
