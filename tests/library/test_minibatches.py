"Minibatches in every form that people bring, counted right and trained on: lists, tuples, dicts, bytes, a last one of one image"
import copy
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests
from helpers import gen, seeded, sgd
from torch import nn
from torch.testing import assert_close
from torch.utils.data import DataLoader, Dataset, TensorDataset

from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.evaluate import train_classifier
from vaegan.gan import Discriminator, Generator, gan_step, join_labels, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.iwae import iwae_step
from vaegan.likelihoods import Normal
from vaegan.minibatches import count_images, images_and_labels
from vaegan.nets import mlp
from vaegan.runs import fit
from vaegan.train import vae_step
from vaegan.vae import VAE, mlp_vae
from vaegan.widgets.monitor import _Means

D = digits()
Pair, Named = namedtuple("Pair", "image label"), namedtuple("Named", "label image index")

def forms(x, y):
    "One minibatch as different people bring it"
    return {"pair": (x, y), "list": [x, y], "dict": dict(x=x, y=y), "names of the web": dict(label=y, pixel_values=x), "other names": dict(klass=y, photo=x),
            "ordered": OrderedDict(img=x, target=y), "named": Pair(x, y), "named, turned": Named(y, x, torch.arange(len(x))), "and an index": [x, y, torch.arange(len(x))],
            "numpy": (x.numpy(), y.numpy()), "nested": [[x, x], y], "bytes": ((255*x).round().byte(), y), "int32": [x, y.int()], "uint8": [x, y.byte()]}

@pytest.mark.parametrize("n", [1, 2, 5])
def test_every_form_is_counted(n):
    x, y = D.x[:n], D.y[:n]
    for name, batch in forms(x, y).items(): assert count_images(batch) == n, name
    for batch in (x, [x], (x,), dict(x=x), x.numpy(), x[:, 0], y, [*range(n)], [*zip(x, y)], (["path"]*n, x), (torch.tensor(3.), x), [("a", 1)]*n, dict(names=["a"]*n)):
        assert count_images(batch) == n
    for batch in (dict(size=torch.tensor([8, 8, 1]), image=x), dict(pixel_mask=torch.ones(7, 8), pixel_values=x), Named(torch.zeros(9), x, torch.arange(3)), [dict(image=a, label=b) for a, b in zip(x, y)], tuple(zip(x, y))):
        assert count_images(batch) == n
    for batch in (((x, y),), [(x, y)], ((x, y), (x, y)), [dict(image=x, label=y)], [(x,)], [dict(image=a) for a in x], [(a, np.eye(10)[b]) for a, b in zip(x, y)], [(a, a > .5) for a in x]):
        assert count_images(batch) == n, "what stands inside is a minibatch, if its parts have as many rows"
    assert count_images([]) == 0
    with pytest.raises(TypeError, match="batches: expected minibatches with a number of images, got int"): count_images(3)

def step_of_mean(b):
    x, _ = images_and_labels(b)
    return dict(mean=x.mean())

class Dicts(Dataset):
    def __init__(self, x, y): self.x, self.y = x, y
    def __len__(self): return len(self.x)
    def __getitem__(self, i): return dict(image=self.x[i], label=self.y[i])

@pytest.mark.parametrize("bs", [96, 99, 1])
def test_an_epochs_mean_is_that_of_the_images(bs):
    "From a DataLoader (lists), from tuples, dicts, bare tensors: .04, in `fit` and in what the monitor shows, with a short last minibatch or one of one image"
    x, y = torch.cat([torch.zeros(96, 1), torch.ones(4, 1)]), torch.zeros(100).long()
    loader = DataLoader(TensorDataset(x, y), bs)
    for batches in (loader, [tuple(t) for t in loader], DataLoader(Dicts(x, y), bs), DataLoader(TensorDataset(x), bs), x.split(bs), [Pair(*t) for t in loader],
                    DataLoader([*zip(x, y)], bs, collate_fn=lambda rows: tuple(map(torch.stack, zip(*rows))))):
        assert fit(step_of_mean, batches, progress=False)["mean"][0] == pytest.approx(.04)
        means = _Means()
        for b in batches: means.add(step_of_mean(b), b)
        assert means.values()["mean"] == pytest.approx(.04) and means.n == 100
    rows = DataLoader([*zip(x, y)], bs, collate_fn=list)                        # nobody has collated anything
    assert fit(lambda b: dict(mean=torch.stack([r[0] for r in b]).mean()), rows, progress=False)["mean"][0] == pytest.approx(.04)

def a_vae(n_classes=0): return seeded(mlp_vae, (1, 8, 8), 2, (4,), n_classes=n_classes)

def a_game(n_classes=0):
    torch.manual_seed(0)
    if not n_classes: return mlp_gan((1, 8, 8), 3, (4,))
    G = Generator(nn.Sequential(nn.Linear(3 + n_classes, 64), nn.Sigmoid()), 3, (1, 8, 8), n_classes)
    return G, Discriminator(nn.Linear(64 + n_classes, 1))

def trainers(n_classes):
    vae, iw, (G, D), noise = a_vae(n_classes), a_vae(n_classes), a_game(n_classes), lambda: gen(3)
    yield vae, vae_step(vae, sgd(vae), generator=noise())
    yield iw, iwae_step(iw, sgd(iw), 2, noise())
    yield nn.ModuleList([G, D]), gan_step(G, D, sgd(G), sgd(D), generator=noise())
    if not n_classes:
        vae, D = seeded(mlp_vae, (1, 8, 8), 2, (4,), Normal()), FeatureDiscriminator(seeded(mlp, 64, 4), nn.Linear(4, 1, bias=False))
        with torch.no_grad(): D.net[-1].weight.fill_(.1)
        yield nn.ModuleList([vae, D]), hybrid_step(vae, D, sgd(vae.enc), sgd(vae.dec), sgd(D), generator=noise())

@pytest.mark.parametrize("n_classes", [0, 10])
def test_every_step_takes_every_form(n_classes):
    "And makes of it what it makes of plain tensors; without classes nobody looks at the labels"
    x, y = (D.x[:5] > .5).float(), D.y[:5]
    plain = (x, y) if n_classes else x
    for i in range(3 if n_classes else 4):
        net, step = list(trainers(n_classes))[i]
        want = step(plain), [p.clone() for p in net.parameters()]
        for name, batch in forms(x, y).items():
            net, step = list(trainers(n_classes))[i]
            assert_close(step(batch), want[0], msg=lambda m: f"{name}, {i}: {m}")  # noqa: B023
            for p, q in zip(net.parameters(), want[1]): assert_close(p, q)
    if n_classes:
        G, Dis = a_game(10)
        joined = gan_step(G, Dis, sgd(G), sgd(Dis), generator=gen(3))(join_labels(x, y, 10))
        assert_close(joined, list(trainers(10))[2][1]((x, y)))                 # pairs are joined, what is joined already is taken as it is

def adam(net): return torch.optim.Adam(net.parameters())

def normed_vae(): return VAE(seeded(mlp, 64, 16, 4, norm=True), seeded(mlp, 2, 16, 64, norm=True), 2, (1, 8, 8))

@pytest.mark.parametrize("loader", [False, True])
def test_a_last_minibatch_of_one_image_trains(loader):
    "The default players have batch norm, 1437 = 4·359 + 1: the single image is normalised by what has been seen"
    x = (D.x > .5).float()
    batches = DataLoader(TensorDataset(x), 359) if loader else Batches(x, bs=359)
    G, Dis = mlp_gan((1, 8, 8))
    vae = normed_vae()
    for net, step in ((G, gan_step(G, Dis, adam(G), adam(Dis))), (vae, vae_step(vae, adam(vae))), (vae, iwae_step(vae, adam(vae)))):
        hist = fit(step, batches, 2, progress=False)
        assert all(map(np.isfinite, sum(hist.values(), []))) and all(m.training for m in net.modules())
        tracked = [m.num_batches_tracked.item() for m in net.modules() if isinstance(m, nn.BatchNorm1d)]
        assert tracked and {*tracked} <= {8, 16}              # four of five minibatches, in two epochs, once or twice each

def test_where_there_is_nothing_to_normalise_by_the_error_says_what_to_do():
    G, Dis = mlp_gan((1, 8, 8))
    for bs, n, k in ((1, 1, 1), (2, 2, 2)):
        with pytest.raises(ValueError, match=f"batches: minibatch 1 of .* has {n} images?, too few for batch norm: take another bs, or drop_last=True"):
            fit(gan_step(G, Dis, adam(G), adam(Dis), k=k), Batches(D.x[:4], bs=bs), progress=False)

# -------------------------------------------------------------------------------------------------------------- labels
INTS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64)

@pytest.mark.parametrize("dtype", INTS, ids=str)
def test_labels_of_any_integer_type(dtype):
    y, few = D.y.to(dtype), D._replace(x=D.x[:100], y=D.y[:100])
    assert join_labels(D.x[:5], y[:5], 10).equal(join_labels(D.x[:5], D.y[:5], 10))
    judge, other = (train_classifier(few._replace(y=labels), 1) for labels in (few.y, few.y.to(dtype)))
    assert all(p.equal(q) for p, q in zip(judge.parameters(), other.parameters()))
    vae = a_vae(10)
    assert vae.elbo(D.x[:5], gen(), y[:5]).equal(vae.elbo(D.x[:5], gen(), D.y[:5]))
    G, _ = a_game(10)
    assert G.sample(5, gen(), y[:5]).equal(G.sample(5, gen(), D.y[:5]))

def test_two_classes_may_be_true_and_false():
    y = D.y > 4
    assert join_labels(D.x, y, 2).equal(join_labels(D.x, y.long(), 2)) and train_classifier(D._replace(x=D.x[:50], y=y[:50]), 1).head.out_features == 2

@pytest.mark.parametrize("change, match", [(lambda y: y[:, None], r"y: expected shape"), (lambda y: y - 1, "y: expected values of at least 0"), (lambda y: y.float(), "y: expected whole numbers"),
                                           (lambda y: y[:9], "y: expected shape")])
def test_labels_that_are_none_are_named(change, match):
    with pytest.raises((TypeError, ValueError), match=match): train_classifier(D._replace(y=change(D.y)), 1)

def test_images_in_double_precision_have_a_judge_in_double_precision():
    few = D._replace(x=D.x[:50].double(), y=D.y[:50])
    assert next(train_classifier(few, 1).parameters()).dtype == torch.float64

def test_a_form_does_not_change_what_was_brought():
    batch = forms(D.x[:3], D.y[:3])["bytes"]
    was = copy.deepcopy(batch)
    x, y = images_and_labels(batch)
    assert x.dtype == torch.float32 and x.max() <= 1 and batch[0].equal(was[0]) and y is batch[1]
    for bad in ([], {}, dict(a=3), "x", None, [[1., 2.]]):
        with pytest.raises(TypeError, match="x: expected a tensor of images in the minibatch, got"): images_and_labels(bad)

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "minibatches.count_images": "whatever is a minibatch: above",
    "minibatches.images_and_labels": "whatever is a minibatch: above",
}
bad_input_tests({}, NO_ROW)
