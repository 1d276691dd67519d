"What is measured on held-out data"
import math

import pytest
import torch
import torch.nn.functional as F
from bad_input import DATA, INT, NAN, SHAPES, S, X, Y, bad_input_tests, judge, normals, row, vae
from helpers import Linear, coins, gen, linear_model, linear_vae, near, params, points, seeded, values
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfalls import pitfall_tests
from properties import ALL, about, exempt, many, property_tests, seeds
from scipy import linalg
from torch import nn
from torch.testing import assert_close

from vaegan import convergence, gan
from vaegan.compare import sample_scores
from vaegan.convergence import fresh_discriminator, precision_recall
from vaegan.data import Batches
from vaegan.datasets import ImageData
from vaegan.dists import bernoulli_log_prob, normal_log_prob
from vaegan.evaluate import (
    Classifier,
    active_units,
    bits_per_dim,
    class_shares,
    frechet,
    held_out_elbo,
    train_classifier,
)
from vaegan.iwae import iw_bound, log_weights, nll
from vaegan.nets import n_params
from vaegan.vae import VAE, mlp_vae


def test_weights_under_the_exact_posterior_are_the_evidence():
    model, exact = linear_model()
    x = exact.sample(7, gen())
    want = exact.log_prob(x)
    assert_close(log_weights(model, x, 3, gen()), want.expand(3, -1))
    for K, rows in ((1, 1), (7, 3), (7, 7), (4, 100), (5, 1), (6, 13)):
        sizes, total = [], []
        h = model.dec.register_forward_hook(lambda m, a, out: (sizes.append(len(out)), total.append(out.requires_grad)) and None)
        assert_close(nll(model, x, K, rows, gen()), -want)
        h.remove()
        per = max(1, rows//K)                                              # images at a time
        assert sum(sizes) == 7*K and max(sizes) <= rows and not any(total) and len(sizes) == -(-7//per)*-(-K//rows), (K, rows, sizes)
    bound = model.elbo(x, gen()).detach()
    assert held_out_elbo(model, x, generator=gen()) == pytest.approx((bound.mean().item(), bound.std().item()/7**.5))
    sure = VAE(Linear(torch.cat([torch.ones(4, 2), torch.zeros(4, 2)], 1).double(), torch.tensor([0., 0., -90., -90.]).double()), model.dec, 2, (4,), model.likelihood)
    for bs in (1, 3, 7): assert held_out_elbo(sure, x, bs=bs) == pytest.approx(held_out_elbo(sure, x))     # no chance in it
    assert held_out_elbo(sure, x[:2])[0] == pytest.approx(sure.elbo(x[:2]).mean().item())
    assert log_weights(model, x, 1, gen())[0].requires_grad

class Watched(nn.Module):
    "A network, and whether a graph was kept while it ran"
    def __init__(self, net):
        super().__init__()
        self.net, self.graphs = net, []
    def forward(self, x):
        self.graphs.append(torch.is_grad_enabled())
        return self.net(x)

def test_no_graph_where_only_a_number_is_asked(monkeypatch):
    "Evaluation in the memory that it needs"
    x = torch.rand(9, 4, generator=gen()).round()
    enc, dec, eye = Watched(nn.Linear(4, 4)), Watched(nn.Linear(2, 4)), Watched(nn.Linear(4, 6))
    model, judge = VAE(enc, dec, 2, (4,)), Classifier((4,), 3, 6)
    judge.features = eye
    graphs, cdist = [], torch.cdist
    monkeypatch.setattr(torch, "cdist", lambda *a, **k: (graphs.append(torch.is_grad_enabled()), cdist(*a, **k))[1])
    held_out_elbo(model, x); nll(model, x, 3); active_units(model, x); class_shares(judge, x); precision_recall(x, x)  # noqa: E702
    sample_scores(judge, x, x)
    assert len(enc.graphs) >= 3 and len(eye.graphs) >= 3 and len(graphs) >= 8
    assert not any(enc.graphs + dec.graphs + eye.graphs + graphs)
    seen, plain = [], convergence.value
    for module in (gan, convergence): monkeypatch.setattr(module, "value", lambda r, f: (seen.append(r.requires_grad or f.requires_grad), plain(r, f))[1])
    fresh_discriminator(x, x, x, x, hidden=(2,), steps=2, bs=3)
    assert seen == [True, True, False]                                         # two steps, then the measurement

def test_threshold_of_active_units():
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([x, 0*x], 1)
    model = VAE(Enc(), nn.Linear(2, 2), 2, (2,))
    x = torch.tensor([[0., 0.], [2., 1.]])                                 # variances 2 and ½ of two images
    assert active_units(model, x, .5).tolist() == [True, False] and active_units(model, x, .49).tolist() == [True, True]
    assert active_units(model, x, 2.).tolist() == [False, False] and active_units(model, x, 0.).tolist() == [True, True]
    assert not active_units(VAE(nn.Linear(2, 4), nn.Linear(2, 2), 2, (2,)), x).requires_grad
    with pytest.raises(ValueError, match="x: expected .*N>=2"): active_units(model, x[:1])

def test_classifier():
    net = seeded(Classifier, (1, 2, 3), 4, 5, seed=0)
    assert n_params(net) == 6*5 + 5 + 5*5 + 5 + 5*4 + 4
    x = torch.rand(9, 1, 2, 3, generator=gen())
    f = net.features(x)
    assert f.shape == (9, 5) and (f >= 0).all() and (f == 0).any()
    assert_close(net(x), net.head(f))
    assert Classifier((1,), 1, 1)(torch.ones(2, 1)).shape == (2, 1) and Classifier((2,)).head.out_features == 10
    assert not class_shares(net, x).requires_grad
    net.head.weight.data.zero_(); net.head.bias.data.copy_(torch.tensor([0., 2., 1., 0.]))
    assert class_shares(net, x).tolist() == [0., 1., 0., 0.]
    with pytest.raises(ValueError, match="x: expected shape"): class_shares(net, x[0].flatten())

def test_training_of_the_classifier():
    "Adam at 2e-3 on fresh gradients of the cross-entropy, in the order of `Batches`; the global dice stay where they are"
    g = gen()
    data = ImageData(torch.rand(150, 1, 3, 3, generator=g), torch.arange(150) % 3, torch.rand(3, 1, 3, 3, generator=g), torch.arange(3))
    before = torch.get_rng_state()
    net = train_classifier(data, epochs=2, seed=4)
    assert torch.equal(before, torch.get_rng_state()) and not net.training
    with torch.random.fork_rng(devices=[]):
        hand = seeded(Classifier, (1, 3, 3), 3, seed=4)
    opt = torch.optim.Adam(hand.parameters(), 2e-3)
    batches = Batches(data.x, data.y, seed=4)
    for _ in range(2):
        for x, y in batches:
            for p, gr in zip(hand.parameters(), torch.autograd.grad(F.cross_entropy(hand(x), y), params(hand))): p.grad = gr
            opt.step()
    for a, b in zip(values(net), values(hand)): assert_close(a, b)
    again = train_classifier(data, epochs=1)
    assert all(torch.equal(a, b) for a, b in zip(values(again), values(train_classifier(data, epochs=1, seed=0))))

def test_frechet_of_tensors_with_a_graph():
    a, b = points(0, 9, 2).requires_grad_(), points(1, 8, 2).requires_grad_()
    assert frechet(a, b) == pytest.approx(frechet(a.detach(), b.detach())) and frechet(a[:2], b[:2]) >= -1e-9

# --------------------------------------------------------------------------------------------------------- properties
def by_batch(seed, B, D):
    num = lambda *a: torch.tensor(a, device="cpu", dtype=torch.double)
    return {"evaluate.bits_per_dim": (lambda n: bits_per_dim(n, 7), (points(seed, B),), "l"),
            "evaluate.frechet": (lambda a, b: num(frechet(a, b)), (points(seed + 2, B, D), points(seed + 3, B, D)), "xx")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_batch=by_batch)

@about("values oracle", "iwae.log_weights", "iwae.nll", "evaluate.held_out_elbo")
@settings(many, max_examples=5)
@given(seed=st.integers(0, 1000))
def test_evaluation_of_a_vae(seed):
    torch.manual_seed(seed)
    model, x = mlp_vae((1, 2, 2), 1, (4,)).double(), coins(seed, 5, 1, 2, 2)
    z = torch.linspace(-12, 12, 4001, dtype=torch.double)[:, None]                                     # the truth by quadrature
    px_z = torch.stack([bernoulli_log_prob(xi.flatten()[None].expand(4001, -1), model.decode(z)) for xi in x])
    true = torch.trapezoid((px_z + normal_log_prob(z, 0*z, 0*z)).exp(), z[:, 0]).log()
    bound = iw_bound(log_weights(model, x, 4000, gen(seed)))
    assert_close(bound, true, atol=.1, rtol=0)
    assert_close(-nll(model, x, 500, 300, gen(seed)), true, atol=.3, rtol=0)
    corners = torch.cartesian_prod(*[torch.tensor([0., 1.]).double()]*4).view(16, 1, 2, 2)
    total = (-nll(model, corners, 2000, generator=gen(seed))).exp().sum().item()
    assert abs(total - 1) < .05, "probabilities of all images sum to one"
    m, se = held_out_elbo(model, x.repeat(300, 1, 1, 1), generator=gen(seed))
    assert m <= true.mean() + 5*se
    assert log_weights(model, x, 3).shape == (3, 5) and log_weights(model.float(), x.float(), 3).dtype == torch.float32

@about("values oracle", "evaluate.active_units")
def test_active_units():
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([x, torch.zeros_like(x)], 1)
    model = VAE(Enc(), nn.Linear(3, 3), 3, (3,))
    x = torch.tensor([[0., 5., 1.], [0., 5., -1.], [.1, 5., 0.]])
    assert active_units(model, x).tolist() == [False, False, True] and active_units(model, x, .001).tolist() == [True, False, True]
    assert_close(active_units(model, x + 7), active_units(model, x))

@about("values oracle", "evaluate.bits_per_dim")
@settings(many)
@given(nats=st.floats(-1e4, 1e4), m=st.integers(1, 3000), levels=st.integers(2, 256))
def test_bits_per_dim(nats, m, levels):
    assert bits_per_dim(nats, m) == pytest.approx(nats/m/math.log(2))
    assert bits_per_dim(nats, m, levels) == pytest.approx(bits_per_dim(nats, m) + math.log2(levels))
    assert bits_per_dim(m*math.log(levels), m) == pytest.approx(math.log2(levels))                     # even chances
    assert_close(bits_per_dim(torch.tensor([nats]).double(), m), torch.tensor([bits_per_dim(nats, m)]).double())

@about("values oracle", "evaluate.frechet")
@settings(many)
@given(seed=seeds, n=st.integers(2, 12), m=st.integers(2, 12), D=st.integers(1, 5), c=st.floats(.1, 10))
def test_frechet(seed, n, m, D, c):
    "A squared distance: not negative, symmetric, zero to itself, the same in turned coordinates, and scipy's"
    a, b = points(seed, n, D), points(seed + 1, m, D) + 1
    d, scale = frechet(a, b), 1 + a.square().sum().item() + b.square().sum().item()
    tol = dict(abs=1e-7*scale, rel=1e-6)
    assert d >= -1e-9*scale and frechet(a, a) == pytest.approx(0, **tol) and frechet(b, a) == pytest.approx(d, **tol)
    R, s = torch.linalg.qr(points(seed + 2, D, D))[0], points(seed + 3, D)
    assert frechet(a@R + s, b@R + s) == pytest.approx(d, **tol) and frechet(c*a, c*b) == pytest.approx(c*c*d, abs=1e-6*scale*c*c, rel=1e-5)
    assert frechet(a, a + s) == pytest.approx(s.square().sum().item(), **tol)
    if min(n, m) > D:
        ca, cb = (torch.cov(t.T).reshape(D, D).numpy() for t in (a, b))
        want = (a.mean(0) - b.mean(0)).square().sum().item() + (ca + cb - 2*linalg.sqrtm(ca@cb).real).trace()
        assert d == pytest.approx(want, abs=1e-5*scale)

@about("values", "evaluate.class_shares")
@settings(many)
@given(seed=seeds, n=st.integers(1, 40))
def test_class_shares(seed, n):
    torch.manual_seed(0)
    net = Classifier((4,), 3, 4)
    x = points(seed, n, 4).float()
    s = class_shares(net, x)
    assert s.shape == (3,) and (s >= 0).all() and s.sum().item() == pytest.approx(1)
    assert_close(class_shares(net, x.flip(0)), s)
    assert_close(class_shares(net, torch.cat([x, x])), s)

@about("oracle", "evaluate.class_shares")
def test_class_shares_are_counts():
    net = Classifier((4,), 3, 4)
    net.forward = lambda x: x[:, :3]
    assert class_shares(net, torch.tensor([[1., 0, 0, 9], [0, 1, 0, 9], [0, 2, 1, 9], [0, 3, 0, 9]])).tolist() == [.25, .75, 0.]

@about("extreme", "evaluate.active_units", "evaluate.class_shares")
def test_extreme_metrics():
    class Far(nn.Module):
        def forward(self, x): return torch.cat([1e4*x[:, :1], torch.full_like(x[:, :1], 1e4), x[:, :2]*120 - 60], 1)
    model = VAE(Far(), nn.Linear(2, 3), 2, (3,))
    assert active_units(model, coins(1, 9, 3).float()).tolist() == [True, False]
    s = class_shares(Classifier((4,), 3, 4), 1e4*points(0, 5, 4).float())
    assert s.sum().item() == pytest.approx(1)

exempt(   # names, kinds, why
    ("evaluate.active_units evaluate.class_shares evaluate.frechet evaluate.held_out_elbo iwae.nll", "gradient one dtype",
     "a figure for a set, made without gradients; nll by row: see log_weights"),
    ("evaluate.active_units evaluate.class_shares evaluate.held_out_elbo iwae.nll", "device",
     "what a network gives stays on its device; bad input tries two devices"),
    ("evaluate.bits_per_dim", "one dtype",
     "test_evaluation_of_a_vae; one number in, one out"),
    ("evaluate.Classifier evaluate.Classifier.forward evaluate.train_classifier", ALL,
     "a network, a training step or a picture: its chapter, its row, tests/whole/test_reproducible.py"),
)

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

LABELS = [Y[:2], Y.float(), Y]      # too few; no whole numbers; of a model without classes

ROWS = {
    "evaluate.held_out_elbo": row(dict(vae=vae, x=X, bs=2), x=[X+1, X[:1]], bs=INT(), y=LABELS),
    "iwae.nll": row(dict(vae=vae, x=X, K=2, rows=4), x=[X+1], K=INT(), rows=INT(), y=LABELS),
    "evaluate.active_units": row(dict(vae=vae, x=X, threshold=.01), x=[X[:1]], threshold=[-1., NAN], y=LABELS),
    "evaluate.bits_per_dim": row(dict(nats=80., m=16, levels=256), allow="nan", nats=None, m=INT(), levels=INT(2)),
    "evaluate.Classifier": row(dict(x_shape=S, n_classes=3, width=4), x_shape=SHAPES, n_classes=INT(), width=INT()),
    "evaluate.train_classifier": row(dict(data=DATA, epochs=1, seed=0), epochs=INT(), seed=[None, 1.5]),
    "evaluate.frechet": row(dict(a=rnd(9, 3), b=rnd(7, 3)), skip="device", a=[rnd(1, 3), rnd(9)], b=[rnd(9)]),
    "evaluate.class_shares": row(dict(classifier=judge, x=X), skip="short deeper"),
}
NO_ROW = {
    "evaluate.Classifier.forward": "a plain network: torch refuses a wrong shape",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
def nll_is_minus_the_evidence():
    model, exact, x = linear_vae()
    near((nll(model, x, 3000, generator=gen()) + exact.log_prob(x)).abs().max(), 0, .1)

def units_are_bits_per_pixel():
    near(bits_per_dim(784*math.log(2), 784), 1)
    near(bits_per_dim(torch.tensor(0.), 784, 256), 8, 1e-5)

def distance_of_two_normals():
    "Fréchet: N(0, 1) and N(1, 4) in one dimension are 2 apart"
    z = torch.randn(4000, 1, generator=gen(), dtype=torch.double)
    z = (z - z.mean())/z.std()
    near(frechet(z, 1 + 2*z), 2, 1e-6)

MISTAKES = [   # name, function, text, mistaken text, check
    ("an ELBO called nll", "iwae.nll", "-iw_bound(torch.cat(log_w))", "-torch.cat(log_w).mean(0)", nll_is_minus_the_evidence),
    ("nll that returns + log p", "iwae.nll", "return -iw_bound(", "return iw_bound(", nll_is_minus_the_evidence),
    ("nll that ignores its number of samples", "iwae.nll", "draw_eps((K, ", "draw_eps((1, ", nll_is_minus_the_evidence),
    ("bits from nats by the wrong logarithm", "evaluate.bits_per_dim", "/math.log(2)", "/math.log2(math.e)", units_are_bits_per_pixel),
    ("a distance without its cross term's factor", "evaluate.frechet", "- 2*cross", "- cross", distance_of_two_normals),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
