"The last activation of a network against what its loss takes its numbers for"
import ast
import math

import pytest
import torch
import torch.nn.functional as F
from strangers import GAN, VAE, ForwardVAE, bce, bce_logits, made
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.loops import try_loops
from vaegan.diagnose.reach import Reach, data_range, misfit, reach_of

# what bounds it: the least and the largest number that can come out; None where nothing does, or where it cannot be known
ENDS = [
    (torch.tanh, (-1, 1)), (torch.sigmoid, (0, 1)), (F.relu, (0, math.inf)), (F.softplus, (0, math.inf)), (F.hardtanh, (-1, 1)), (F.relu6, (0, 6)), (F.hardsigmoid, (0, 1)),
    (F.elu, (-1, math.inf)), (F.logsigmoid, (-math.inf, 0)), (lambda t: t.clamp(-10, 10), (-10, 10)), (lambda t: t.clamp(min=0), (0, math.inf)), (torch.exp, (0, math.inf)),
    (lambda t: (t.tanh() + 1)/2, (0, 1)), (lambda t: 1 - t.sigmoid(), (0, 1)), (lambda t: 127.5*t.tanh() + 127.5, (0, 255)), (lambda t: 5*t.tanh().view(2, 12), (-5, 5)),
    (lambda t: torch.cat([t.tanh(), t.sigmoid()]), (-1, 1)), (lambda t: F.interpolate(t.tanh()[:, None], scale_factor=2), (-1, 1)), (lambda t: nn.ReLU(inplace=True)(t*1), (0, math.inf)),
    (F.leaky_relu, None), (lambda t: t*1., None), (lambda t: t + t.tanh(), None), (lambda t: t*t.tanh(), None), (lambda t: t.tanh()*torch.ones((), requires_grad=True), None),
    (lambda t: t.tanh()*torch.arange(6), None), (lambda t: t.detach().tanh(), None)]

@pytest.mark.parametrize("f, want", ENDS)
def test_bounds(f, want):
    t = f(torch.randn(4, 6, requires_grad=True, generator=torch.Generator().manual_seed(3)))
    found = reach_of(t)
    assert (found and (found.low, found.high)) == want
    if want: assert t.min() >= want[0] - 1e-4 and t.max() <= want[1] + 1e-4

def test_bounds_of_what_a_backward_has_used_up():
    "The numbers inside a graph are gone then; what they alone would tell is not guessed"
    a = torch.randn(4, 6, requires_grad=True)
    plain, moved = a.tanh(), 2*a.tanh()
    (plain.sum() + moved.sum()).backward()
    assert reach_of(plain) == Reach(-1., 1., "tanh") and reach_of(moved) is None

def test_a_softmax_says_how_many_share_a_sum():
    a = torch.randn(4, 6, requires_grad=True)
    rows = [reach_of(t).rows for t in (a.softmax(1), a.softmax(-1), a[:, :1].softmax(1), a.view(4, 2, 3).softmax(1))]
    assert rows == [6, 6, 1, 2] and [misfit(reach_of(t), "probability")[0] for t in (a.softmax(1), a[:, :1].softmax(1))] == [("out-softmax",)]*2

def by_hand(recon_x, x, mu, logvar): return -(x*recon_x.log() + (1 - x)*(1 - recon_x).log()).sum() - .5*torch.sum(1 + logvar - mu**2 - logvar.exp())
def squared(recon_x, x, mu, logvar): return (x - recon_x).square().sum() - .5*torch.sum(1 + logvar - mu**2 - logvar.exp())
def same(t): return t
TOGETHER = [
    (same, bce_logits, ""), (torch.sigmoid, bce, ""), (torch.sigmoid, by_hand, ""), (lambda t: (t.tanh() + 1)/2, bce, ""), (lambda t: t.clamp(-10, 10), bce_logits, ""),
    (torch.tanh, squared, ""), (F.relu, squared, ""), (torch.sigmoid, squared, ""), (lambda t: t.sigmoid().clamp(1e-6, 1 - 1e-6), bce, ""),
    (torch.tanh, bce_logits, "rec-bounded-logits"), (F.relu, bce_logits, "rec-bounded-logits"), (F.softplus, bce_logits, "rec-bounded-logits"), (F.hardtanh, bce_logits, "rec-bounded-logits"),
    (F.elu, bce_logits, "rec-bounded-logits"), (torch.sigmoid, bce_logits, "rec-sigmoid-twice"), (F.hardsigmoid, bce_logits, "rec-sigmoid-twice"), (lambda t: (t.tanh() + 1)/2, bce_logits, "rec-sigmoid-twice"),
    (torch.tanh, bce, "rec-no-sigmoid"), (torch.tanh, by_hand, "rec-no-sigmoid"), (same, bce, "rec-no-sigmoid"), (same, by_hand, "rec-no-sigmoid"), (F.relu, bce, "rec-no-sigmoid"),
    (lambda t: t.softmax(1), bce, "out-softmax"), (lambda t: t.softmax(1), by_hand, "out-softmax")]

@pytest.mark.parametrize("last, loss, want", TOGETHER)
@pytest.mark.filterwarnings("ignore")
def test_a_decoder_and_a_loss(last, loss, want):
    "Each is right by itself"
    for model in (made(out=last), ForwardVAE(squash=last))[:1 if last is F.hardsigmoid else 2]:
        d = diagnose(dict(VAE=model, loss=loss))
        assert d.named() == {want} - {""} and d.code == bool(want), d
        assert any(" with " in f.subject for f in d.findings)

def test_a_loss_for_each_of_two_models_is_no_alarm():
    both = dict(OneVAE=made(), OtherVAE=made(out=same), loss=bce, logit_loss=bce_logits)
    d = diagnose(both)
    assert d.code == 0 and sum(" with " in f.subject for f in d.findings) == 2, d
    d = diagnose({k: v for k, v in both.items() if k in ("OneVAE", "logit_loss")})
    assert d.named() == {"rec-sigmoid-twice"}, d

@pytest.mark.parametrize("last, batch, want", [(torch.sigmoid, lambda x: 2*x - 1, {"out-of-reach"}), (torch.tanh, lambda x: 2*x - 1, set()), (torch.sigmoid, lambda x: x, set()),
                                               (torch.tanh, lambda x: x, set()), (same, lambda x: 9*x - 4, set()), (F.relu, lambda x: 2*x - 1, {"out-of-reach"})])
def test_images_and_outputs_have_one_range(last, batch, want):
    x = batch(torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    d = diagnose(dict(VAE=made(out=last), loss=squared, batch=x))
    assert d.named() == want, d

def test_the_range_of_a_files_images():
    def told(text): return data_range(ast.parse("ToTensor()\n" + text))
    assert told("T.Normalize((.5,), (.5,))") == told("Normalize(mean=[.5]*3, std=[.5]*3)") == told("Normalize(.5, .5)\nNormalize([.5], [.5])") == (-1., 1.)
    assert told("Normalize((.1307,), (.3081,))") == (-.424, 2.821)
    assert told("ToTensor()\nNormalize((.5,), (.5,))") is None     # two data sets: one as it is, one moved
    assert told("Normalize(mean, std)") is told("Normalize((.5,), (.5,))\nNormalize((0,), (1,))") is told("x = 1") is data_range(ast.parse("Normalize(.5, .5)")) is None

NORMED = "t = Compose([ToTensor(), Normalize((.5,), (.5,))])\n"
LOGITS = GAN.replace("nn.Linear(8, 1), nn.Sigmoid()", "nn.Linear(8, 1)").replace("BCELoss", "BCEWithLogitsLoss")
WASSERSTEIN = LOGITS.replace("criterion(D(x), ones) + criterion(D(fake.detach()), zeros)", "D(fake.detach()).mean() - D(x).mean()").replace(
    "criterion(D(G(torch.randn(len(x), 5))), ones)", "-D(G(torch.randn(len(x), 5))).mean()")
def ends(text, last): return text.replace("self.dec(z).sigmoid()", f"self.dec(z){last}").replace("nn.Linear(8, 1)", f"nn.Linear(8, 1){last}" if last[:1] == "," else "nn.Linear(8, 1)")
def with_logits(text): return text.replace("F.binary_cross_entropy(", "F.binary_cross_entropy_with_logits(")
def with_squares(text): return text.replace("F.binary_cross_entropy(", "F.mse_loss(")
LOOPS = {
    "vae": (VAE, ""), "logits": (ends(with_logits(VAE), ""), ""), "squares": (with_squares(VAE), ""), "squares of a tanh": (ends(with_squares(VAE), ".tanh()"), ""),
    "sigmoid twice": (with_logits(VAE), "rec-sigmoid-twice"), "tanh": (ends(with_logits(VAE), ".tanh()"), "rec-bounded-logits"), "relu": (ends(with_logits(VAE), ".relu()"), "rec-bounded-logits"),
    "no sigmoid": (ends(VAE, ""), "rec-no-sigmoid"), "tanh and bce": (ends(VAE, ".tanh()"), "rec-no-sigmoid"), "softmax": (ends(VAE, ".softmax(1)"), "out-softmax"),
    "bce of -1": (NORMED + VAE, "rec-outside"), "logits of -1": (NORMED + ends(with_logits(VAE), ""), "rec-outside"), "sigmoid for -1": (NORMED + with_squares(VAE), "out-of-reach"),
    "tanh for -1": (NORMED + ends(with_squares(VAE), ".tanh()"), ""),
    "gan": (GAN, ""), "gan of logits": (LOGITS, ""), "critic": (WASSERSTEIN, ""), "squares of D": (GAN.replace("BCELoss", "MSELoss"), ""), "gan for -1": (NORMED + GAN, ""),
    "D twice": (GAN.replace("BCELoss", "BCEWithLogitsLoss"), "d-sigmoid-twice"), "D tanh": (ends(LOGITS, ", nn.Tanh()"), "d-bounded-logits"), "D relu": (ends(LOGITS, ", nn.ReLU()"), "d-bounded-logits"),
    "D without": (LOGITS.replace("BCEWithLogitsLoss", "BCELoss"), "d-no-sigmoid"), "D without, far": (ends(LOGITS, ", nn.Linear(1, 1), nn.Hardtanh(-7, 7)").replace(
        "criterion = nn.BCEWithLogitsLoss()", "with torch.no_grad(): D[-2].weight.fill_(-40.)\ncriterion = nn.BCELoss()"), "d-no-sigmoid"),
    "critic sigmoid": (ends(WASSERSTEIN, ", nn.Sigmoid()"), "critic-squashed"), "critic tanh": (ends(WASSERSTEIN, ", nn.Tanh()"), "critic-squashed"),
    "G sigmoid for -1": (NORMED + GAN.replace("nn.Tanh()", "nn.Sigmoid()"), "out-of-reach"), "D softmax": (GAN.replace("nn.Sigmoid()", "nn.Softmax(1)"), "out-softmax")}

@pytest.mark.parametrize("case", LOOPS)
def test_in_a_loop(tmp_path, case):
    text, want = LOOPS[case]
    (tmp_path/"main.py").write_text(text, encoding="utf-8")
    found = try_loops(str(tmp_path/"main.py"))
    assert {m for f in found for m in f.mistakes} - {"step-g-feeds-d"} == {want} - {""}, found
    assert found[0].verdict == ("wrong" if want else "right"), found

def test_a_model_of_ours_that_stands_in_is_not_judged(tmp_path):
    "Who hands a model to a function may hand one that gives logits"
    (tmp_path/"a.py").write_text("import torch, torch.nn.functional as F\ndef train(model, optimizer, loader):\n    for x, _ in loader:\n        recon, mu, logvar = model(x)\n"
                                 "        loss = F.binary_cross_entropy_with_logits(recon, x, reduction='sum') + .5*(mu**2 + logvar.exp() - logvar - 1).sum()\n"
                                 "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n")
    assert [(f.verdict, f.mistakes) for f in try_loops(str(tmp_path/"a.py"))] == [("right", ())]
