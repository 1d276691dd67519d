"Measuring changes nothing and depends on nothing: modes, buffers, chance, portions, mixed precision, default dtype; seeds stay at home"
import copy

import pytest
import torch
from bad_input import bad_input_tests
from helpers import gen
from torch import nn
from torch.testing import assert_close

from vaegan.compare import sample_scores
from vaegan.convergence import precision_recall
from vaegan.data import Batches, binarize
from vaegan.datasets import digits
from vaegan.evaluate import active_units, class_shares, frechet, held_out_elbo, train_classifier
from vaegan.gan import Generator, gan_step, mlp_gan
from vaegan.iwae import log_weights, nll
from vaegan.likelihoods import ContinuousBernoulli, DiagNormal, DiscretisedLogistic, FullNormal, Normal
from vaegan.measuring import bare, from_seed, in_full, measured, measuring, resting
from vaegan.nets import conv_decoder, conv_encoder, mlp
from vaegan.recipes import _scores, build_recipe, draw_images, recipe_nets
from vaegan.runs import fit
from vaegan.train import vae_recipe, vae_step
from vaegan.vae import VAE, Bernoulli, mlp_vae
from vaegan.widgets.latent import encoded

D = digits()
INK = binarize(D.x_test, gen())

def normed(dropout=.3):
    "A VAE whose networks behave differently in training"
    torch.manual_seed(0)
    enc = nn.Sequential(conv_encoder((1, 8, 8), 4, 4, norm=True), nn.Dropout(dropout))
    vae = VAE(enc, conv_decoder(2, (1, 8, 8), 4, norm=True), 2, (1, 8, 8))
    vae(INK)                                       # there are statistics to keep
    vae.dec[2].eval()                              # a part that its owner has frozen
    return vae

def test_the_mean_is_a_part_of_training():
    "As its docstring says: in training mode it moves batch norm's statistics, in evaluation nothing; drawing never does"
    vae, z = normed(), torch.randn(6, 2, generator=gen())
    def kept(): return [b.clone() for b in vae.buffers()]
    def same(a, b): return all(x.equal(y) for x, y in zip(a, b, strict=True))
    was = kept()
    vae.sample(6, gen()), vae.reconstruct(INK[:6]), vae.eval().mean(z)  # noqa: B018
    assert same(was, kept())
    assert vae.train().mean(z).requires_grad and not same(was, kept())

class Broken(VAE):
    "Breaks off in the middle of a measurement"
    def decode(self, z, y=None): raise KeyboardInterrupt

def players():
    torch.manual_seed(0)
    G, Dis = mlp_gan((1, 8, 8), 3, (8,))
    Dis.net.insert(2, nn.Dropout(.5))
    return G, Dis

JUDGE = train_classifier(D._replace(x=D.x[:200], y=D.y[:200]), 1)
REAL, FAKE = JUDGE.features(D.x_test[:90]).detach(), JUDGE.features(1 - D.x_test[90:180]).detach()

ABOUT = dict(recipe="nll-90", classes=[])
MEASURES = {    # with a generator or without, of a network in training mode
    "elbo": lambda vae: held_out_elbo(vae, INK), "elbo, seeded": lambda vae: held_out_elbo(vae, INK, generator=gen()),
    "nll": lambda vae: nll(vae, INK[:9], 20).tolist(), "nll, seeded": lambda vae: nll(vae, INK[:9], 20, 7, gen()).tolist(),
    "units": lambda vae: active_units(vae, INK).tolist(), "codes": lambda vae: encoded(vae, INK)[0].tolist(),
    "reconstructions": lambda vae: vae.reconstruct(INK).tolist(), "draw": lambda vae: draw_images(dict(vae=vae), 4).tolist(),
    "scores": lambda vae: _scores("vae", dict(vae=vae), D, ABOUT, 0)}

def traces(net):
    return ([v.clone() for v in net.state_dict().values()], [m.training for m in net.modules()], torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled(),
            torch.is_autocast_enabled("cpu"), [p.requires_grad for p in net.parameters()])

def same(a, b):
    return all(p.equal(q) for p, q in zip(a[0], b[0], strict=True)) and a[2].equal(b[2]) and a[1] == b[1] and a[3:] == b[3:]

@pytest.mark.parametrize("name", MEASURES)
def test_measuring_leaves_no_trace_and_says_the_same_in_any_circumstances(name):
    vae, measure = normed(), MEASURES[name]
    was, rng = traces(vae), torch.get_rng_state()
    first = measure(vae)
    assert same(traces(vae), was) and measure(vae) == first
    vae.eval()
    torch.set_rng_state(rng)
    assert measure(vae) == first, "it depends on the mode"
    vae.train()
    with torch.autocast("cpu", torch.bfloat16):
        assert measure(vae) == first, "it depends on mixed precision"
        assert torch.is_autocast_enabled("cpu")
    torch.set_default_dtype(torch.float64)
    try: assert measure(vae) == first and torch.get_default_dtype() == torch.float64
    finally: torch.set_default_dtype(torch.float32)
    with torch.inference_mode(): assert measure(vae) == first

@pytest.mark.parametrize("name", [n for n in MEASURES if n not in ("units", "codes")])
def test_a_measurement_that_breaks_off_leaves_no_trace(name):
    vae = normed()
    vae.__class__ = Broken
    was = traces(vae)
    with pytest.raises(KeyboardInterrupt): MEASURES[name](vae)
    assert same(traces(vae), was)

def test_portions_are_a_question_of_memory():
    "An image's number depends neither on how many are looked at at a time nor on its neighbours"
    vae = normed()
    whole = held_out_elbo(vae, INK, generator=gen())
    for bs in (1, 7, 100, 359, 360, 5000): assert held_out_elbo(vae, INK, bs, gen()) == pytest.approx(whole, rel=1e-5)
    whole = nll(vae, INK[:20], 50, generator=gen())
    for rows in (1, 7, 50, 99, 100, 999, 10**5): assert_close(nll(vae, INK[:20], 50, rows, gen()), whole)
    long = nll(vae, INK[:3], 3000, generator=gen())
    for rows in (500, 3000, 10**5): assert_close(nll(vae, INK[:3], 3000, rows, gen()), long)
    many = INK.repeat(4, 1, 1, 1)[:1100]                        # more than a block
    want = held_out_elbo(vae, many, generator=gen())
    for bs in (300, 1000, 1100): assert held_out_elbo(vae, many, bs, gen()) == pytest.approx(want, rel=1e-5)
    labelled = mlp_vae((1, 8, 8), 2, (4,), n_classes=10)
    a, b = (held_out_elbo(labelled, INK, bs, gen(), D.y_test) for bs in (360, 7))
    assert a == pytest.approx(b, rel=1e-5)

def test_bytes_are_measured_as_the_numbers_that_they_stand_for():
    octets = (255*D.x_test).round().byte()
    x, vae = octets.float()/255, normed()
    assert held_out_elbo(vae, octets, 7, gen()) == held_out_elbo(vae, x, 7, gen()) and nll(vae, octets[:3], 5, 9, gen()).equal(nll(vae, x[:3], 5, 9, gen()))
    assert active_units(vae, octets).equal(active_units(vae, x)) and class_shares(JUDGE, octets).equal(class_shares(JUDGE, x))

def test_players_are_looked_at_at_rest():
    G, Dis = players()
    G(G.noise(9)), Dis(D.x[:9])
    nets, was = dict(G=G, D=Dis), (traces(G), traces(Dis))
    looks = [lambda: draw_images(nets, 5).tolist(), lambda: _scores("gan", nets, D, ABOUT, 0), lambda: G.sample(3, gen()).tolist(), lambda: class_shares(JUDGE, G.sample(50, gen())).tolist()]
    for look in looks:
        first = look()
        with torch.autocast("cpu", torch.bfloat16): assert look() == first
        assert same(traces(G), was[0]) and same(traces(Dis), was[1])
    assert not G.sample(3).equal(G.sample(3)), "a sampler draws new images every time"
    assert not mlp_vae((4,), 2, (3,)).sample(3).equal(mlp_vae((4,), 2, (3,)).sample(3))

def test_draw_leaves_a_vae_in_training():
    nets, *_ = build_recipe("vae", D.x[:200])
    nets["vae"].train()
    draw_images(nets, 4)
    assert nets["vae"].training

def test_a_run_that_is_measured_is_the_run_that_is_not():
    "Whatever `measure` draws from the global numbers, and in whatever mode it leaves the networks"
    def run(measure):
        torch.manual_seed(0)
        vae = VAE(mlp(64, 8, 4, norm=True), mlp(2, 8, 64, norm=True), 2, (1, 8, 8))
        seen = measure and (lambda: measure(vae))
        fit(vae_step(vae, torch.optim.Adam(vae.parameters())), Batches((D.x[:200] > .5).float(), bs=50), 3, seen, progress=False)
        return vae
    def careless(vae):
        vae.eval()
        torch.manual_seed(int(vae.sample(5).sum()))
        return dict(elbo=vae.elbo(INK).mean())
    plain, looked_at = run(None), run(careless)
    assert looked_at.training and all(p.equal(q) for p, q in zip(plain.state_dict().values(), looked_at.state_dict().values()))

# ---------------------------------------------------------------------------------------------------- mixed precision
LIKELIHOODS = (Bernoulli, Normal, DiagNormal, FullNormal, ContinuousBernoulli, DiscretisedLogistic)

@pytest.mark.parametrize("L", LIKELIHOODS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_networks_are_half_and_sums_are_not(L, dtype):
    "Every likelihood trains; a log-weight is a float32 that is right to a hundredth of what a network's rounding may move"
    torch.manual_seed(0)
    vae, x = mlp_vae((1, 3, 3), 2, (16,), L()), torch.rand(8, 1, 3, 3).mul(255).round()/255
    want = vae.elbo(x, gen())
    with torch.autocast("cpu", dtype):
        got, w = vae.elbo(x, gen()), log_weights(vae, x, 3, gen())
        assert vae.enc(x).dtype == dtype and got.dtype == w.dtype == torch.float32
        got.mean().backward()
        out = vae.decode(torch.zeros(8, 2))
    assert_close(got, want, atol=.15, rtol=.02)
    assert all(p.grad.isfinite().all() for p in vae.parameters()) and out.dtype == torch.float32

def test_a_large_log_probability_is_not_rounded_to_half_a_nat():
    vae, step, batches = vae_recipe(nn.functional.interpolate(D.x[:200], scale_factor=4), 1)
    xb = binarize(nn.functional.interpolate(D.x_test[:20], scale_factor=4), gen())
    a = nll(vae, xb, 50, generator=gen())
    with torch.autocast("cpu", torch.bfloat16): b, w = nll(vae, xb, 50, generator=gen()), log_weights(vae, xb[:5], 40, gen())
    assert b.equal(a) and b.dtype == torch.float32 and a.min() > 300
    assert not w.equal(w.bfloat16().float())

def test_the_game_under_autocast_is_told_in_full():
    G, Dis = mlp_gan((1, 8, 8), 3, (8,))
    with torch.autocast("cpu", torch.bfloat16):
        out = gan_step(G, Dis, torch.optim.Adam(G.parameters()), torch.optim.Adam(Dis.parameters()), r1=1., generator=gen())(D.x[:30])
    assert {v.dtype for v in out.values()} <= {torch.float32, torch.float64} and all(v.isfinite() for v in out.values())
    assert in_full(torch.ones(2).bfloat16()).dtype == torch.bfloat16             # a model that is half on purpose stays so

# ------------------------------------------------------------------------------------------------------------- metrics
@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e-8, 1., 1e8, 1e30, 1e140])
@pytest.mark.parametrize("N, F", [(2, 1), (3, 5), (40, 5), (6, 40)])
def test_a_distance_is_never_negative_and_scales(scale, N, F):
    "Of equal sets it is 0 but for rounding, in any scale and rank"
    a, b = torch.randn(2, N, F, generator=gen(), dtype=torch.double)
    d = frechet(a, b)
    assert d > 0 and frechet(a*scale, b*scale) == pytest.approx(d*scale*scale, rel=1e-6)
    for same_set in (a, a.flip(0), a[:, :1].expand(-1, F), torch.ones_like(a)):
        assert 0 <= frechet(same_set*scale, same_set*scale) <= 1e-6*max((same_set*scale).square().sum().item(), 1e-300)

@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_shares_are_between_none_and_all(dtype):
    a, b = REAL.to(dtype), FAKE.to(dtype)
    assert frechet(a, b) == pytest.approx(frechet(REAL, FAKE), rel=.05) and frechet(a, a) >= 0
    for pair in ((a, b), (a, a), (a*0, a*0), (a*1e-4, b*1e4)):
        if all(t.isfinite().all() for t in pair): assert all(0 <= v <= 1 for v in precision_recall(*pair).values())
    shares = class_shares(JUDGE, D.x_test)
    assert shares.sum() == pytest.approx(1) and (shares >= 0).all()
    torch.set_default_dtype(torch.float16)
    try: assert class_shares(JUDGE, D.x_test).equal(shares)
    finally: torch.set_default_dtype(torch.float32)
    scores = sample_scores(JUDGE, D.x_test[:90], D.x_test[:90])
    assert scores["frechet"] >= 0 and scores["precision"] == scores["recall"] == 1

def test_probabilities_are_probabilities():
    far = torch.tensor([[-1e4, -88., -1e-8, 0., 1e-8, .0999, 17., 88., 1e4]])
    for L in (Bernoulli, ContinuousBernoulli): assert ((L().mean(far) >= 0) & (L().mean(far) <= 1)).all()

# --------------------------------------------------------------------------------------------------------------- seeds
def test_a_seed_stays_at_home():
    torch.manual_seed(5)
    after = torch.rand(3)
    for make in (lambda: recipe_nets("gan", (1, 8, 8)), lambda: train_classifier(D._replace(x=D.x[:30], y=D.y[:30]), 1), lambda: build_recipe("hybrid", D.x[:200])):
        torch.manual_seed(5)
        make()
        assert torch.rand(3).equal(after)
        torch.manual_seed(5)
        torch.set_default_dtype(torch.float64)
        try: make(); assert torch.get_default_dtype() == torch.float64
        finally: torch.set_default_dtype(torch.float32)
    torch.set_default_dtype(torch.float64)
    try: net = recipe_nets("vae", (1, 8, 8))["vae"]
    finally: torch.set_default_dtype(torch.float32)
    assert all(p.equal(q) for p, q in zip(net.parameters(), recipe_nets("vae", (1, 8, 8))["vae"].parameters()))
    with pytest.raises(ZeroDivisionError), from_seed(3): 1/0
    with pytest.raises(ValueError, match="seed: expected"), from_seed(-1): pass

def test_a_seed_does_not_touch_the_cards(monkeypatch):
    "`torch.manual_seed` would seed all of them"
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("the cards were seeded"))
    with from_seed(3): torch.rand(1)

def test_wrapped_networks_are_found():
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    for wrapped in (nn.DataParallel(net), torch.compile(net), nn.DataParallel(torch.compile(net)), net):
        assert bare(wrapped) is net
        with measuring(dict(a=[wrapped])): assert not net[1].training
        assert net[1].training
    vae = normed()
    with measuring(vae.mean): assert not vae.training
    with resting([net[1]]): assert net.training and not net[1].training
    assert vae.training and bare(3) == 3
    @measured
    def look(x, net=None): return net.training, torch.is_grad_enabled(), x
    assert look(4, net=net) == (False, False, 4) and net.training

def test_a_generators_shares_go_where_it_goes():
    G = Generator(nn.Linear(5, 4), 3, (4,), 2, torch.tensor([1., 3.]))
    assert G.double().shares.dtype == torch.float64 and "shares" not in G.state_dict() and copy.deepcopy(G).shares.tolist() == [1., 3.]

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "measuring.bare": "any object: above",
    "measuring.resting": "networks: above",
    "measuring.measuring": "networks, and things that hold some: above",
    "measuring.measured": "a function: above", "measuring.sampled": "a function: test_players_are_looked_at_at_rest",
    "measuring.in_full": "what a network returned: above",
    "measuring.from_seed": "a seed: test_a_seed_stays_at_home",
}
bad_input_tests({}, NO_ROW)
