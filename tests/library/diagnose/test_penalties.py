"A penalty beside D's loss: which one, at which points, and whether it is added"
import pytest
from strangers import NETS, put

from vaegan.diagnose.load import load
from vaegan.diagnose.loops import try_loops
from vaegan.diagnose.penalty import try_penalty
from vaegan.diagnose.standins import Stage

SCRIPT = """
import torch
import torch.nn.functional as F
from torch import nn
class G_(nn.Module):
    def __init__(self, nz=8):
        super().__init__()
        self.l = nn.Linear(nz, 784)
    def forward(self, z): return torch.tanh(self.l(z)).view(-1, 1, 28, 28)
class D_(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(.2), nn.Conv2d(4, 8, 4, 2, 1), nn.LeakyReLU(.2), nn.Flatten(), nn.Linear(392, 1))
    def forward(self, x): return self.a(x)
G, D = G_(), D_()
opt_G = torch.optim.Adam(G.parameters(), 1e-4, betas=(0., .9))
opt_D = torch.optim.Adam(D.parameters(), 1e-4, betas=(0., .9))
def gp(D, real, fake):
    a = torch.rand(len(real), 1, 1, 1)
    x = (a*real + (1 - a)*fake).requires_grad_()
    g, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = g.flatten(1).norm(2, dim=1)
    return ((norm - 1)**2).mean()
def r1(D, real):
    real = real.detach().requires_grad_()
    g, = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return g.flatten(1).square().sum(1).mean()
for real, _ in loader:
    fake = G(torch.randn(len(real), 8)).detach()
    opt_D.zero_grad()
    loss = D(fake).mean() - D(real).mean() + 10*gp(D, real, fake)
    loss.backward()
    opt_D.step()
    opt_G.zero_grad()
    (-D(G(torch.randn(len(real), 8))).mean()).backward()
    opt_G.step()
"""
LOSS, CE = "D(fake).mean() - D(real).mean() + 10*gp(D, real, fake)", "F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()"
ONCE, NORM, W = "    loss = " + LOSS + "\n    loss.backward()\n", "g.flatten(1).norm(2, dim=1)", "torch.rand(len(real), 1, 1, 1)"
def loss(s): return (LOSS, s)
def scores(*s): return (ONCE, "".join(f"    {line}\n" for line in s))
def local(text):
    "All of it inside `main`"
    return "def main():\n" + "".join(f"    {line}\n" for line in text.strip().splitlines()) + "if __name__ == '__main__':\n    main()\n"

UP = ("opt_D = torch.optim.Adam(D.parameters(), 1e-4", "opt_D = torch.optim.Adam(D.parameters(), 1e-4, maximize=True")
LINEAR = ("nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(.2), nn.Conv2d(4, 8, 4, 2, 1), nn.LeakyReLU(.2), nn.Flatten(), nn.Linear(392, 1)", "nn.Flatten(), nn.Linear(784, 1)")
WAS = "Wasserstein loss and {} times a penalty, a slope of 1 between"
CASES = {      # text, mistakes, what is said
    "as it should be": (SCRIPT, "", WAS.format(10)), "in main": (local(SCRIPT), "", WAS.format(10)),
    "subtracted": (put(SCRIPT, ("+ 10*gp", "- 10*gp")), "penalty-sign", WAS.format(-10)), "subtracted in main": (local(put(SCRIPT, ("+ 10*gp", "- 10*gp"))), "penalty-sign", WAS.format(-10)),
    "inside a minus": (put(SCRIPT, loss("-(D(real).mean() - D(fake).mean() + 10*gp(D, real, fake))")), "penalty-sign", WAS.format(-10)),
    "three calls": (put(SCRIPT, scores("D(real).mean().backward(torch.tensor(-1.))", "D(fake).mean().backward()", "(10*gp(D, real, fake)).backward()")), "", WAS.format(10)),
    "three calls, one turned": (put(SCRIPT, scores("D(real).mean().backward(torch.tensor(-1.))", "D(fake).mean().backward()", "(-10*gp(D, real, fake)).backward()")), "penalty-sign", WAS.format(-10)),
    "R1": (put(SCRIPT, loss(CE + " + 5*r1(D, real)")), "", "10 times a penalty, ½ squared slope at real data"), "R1 subtracted": (put(SCRIPT, loss(CE + " - 5*r1(D, real)")), "penalty-sign", "-10 times"),
    "R2": (put(SCRIPT, loss(CE + " + 5*r1(D, fake)")), "", "½ squared slope at fakes"), "R2 subtracted": (put(SCRIPT, loss(CE + " - 5*r1(D, fake)")), "penalty-sign", "-10 times"),
    "both": (put(SCRIPT, loss(CE + " + 5*r1(D, real) + 5*r1(D, fake)")), "", "½ squared slope at real data and at fakes"), "both subtracted": (put(SCRIPT, loss(CE + " - 5*r1(D, real) - 5*r1(D, fake)")), "penalty-sign", "-10 times"),
    "to 0": (put(SCRIPT, loss(CE + " + 5*gp(D, real, fake)"), ("(norm - 1)**2", "norm**2")), "", "10 times a penalty, ½ squared slope between"), "to 0, subtracted": (put(SCRIPT, loss(CE + " - 5*gp(D, real, fake)"), ("(norm - 1)**2", "norm**2")), "penalty-sign", "-10 times"),
    "drift": (put(SCRIPT, (LOSS, LOSS + " + .001*D(real).square().mean()")), "", ""),
    "drift of one call": (put(SCRIPT, scores("r = D(real)", "loss = D(fake).mean() - r.mean() + 10*gp(D, real, fake) + .001*(r**2).mean()", "loss.backward()")), "", "with a drift term and 10 times"),
    "drift, subtracted": (put(SCRIPT, scores("r = D(real)", "loss = D(fake).mean() - r.mean() - 10*gp(D, real, fake) + .001*(r**2).mean()", "loss.backward()")), "penalty-sign", "with a drift term and -10 times"),
    "all called real": (put(SCRIPT, loss("-torch.mean(D(real) + torch.mean(D(fake)))")), "d-fakes-as-real", ""), "all called real, with a penalty": (put(SCRIPT, loss("-D(real).mean() - D(fake).mean() + 10*gp(D, real, fake)")), "d-fakes-as-real", "10 times a penalty"),
    "per pixel": (put(SCRIPT, (NORM, "g.norm(2, dim=1)")), "gp-per-pixel", "10 times a penalty, of another form between"), "the square to 1": (put(SCRIPT, (NORM, "g.flatten(1).square().sum(1)")), "gp-squared-norm", ""),
    "with an epsilon": (put(SCRIPT, (NORM, "(g.flatten(1).square().sum(1) + 1e-12).sqrt()")), "", WAS.format(10)),
    "a weight for each pixel": (put(SCRIPT, (W, "torch.rand_like(real)")), "gp-box", ""), "one weight": (put(SCRIPT, (W, "torch.rand(1)")), "gp-one-weight", ""),
    "other fakes": (put(SCRIPT, (LOSS, LOSS.replace("real, fake)", "real, G(torch.randn(len(real), 8)).detach())"))), "", WAS.format(10)),
    "about the data": (put(SCRIPT, loss(CE + " + 10*gp(D, real, real + .5*real.std()*torch.rand_like(real))")), "", "10 times a penalty, a slope of 1 between"),
    "an optimiser that ascends": (put(SCRIPT, loss("D(real).mean() - D(fake).mean() - 10*gp(D, real, fake)"), UP), "", WAS.format(10)), "one that ascends, added": (put(SCRIPT, loss("D(real).mean() - D(fake).mean() + 10*gp(D, real, fake)"), UP), "penalty-sign", WAS.format(-10)),
    "one that ascends a loss": (put(SCRIPT, loss("D(fake).mean() - D(real).mean()"), UP), "d-sign", ""), "one that ascends a value": (put(SCRIPT, loss("D(real).mean() - D(fake).mean()"), UP), "", "Wasserstein loss"),
    "one slope everywhere, to 0": (put(SCRIPT, LINEAR, ("(norm - 1)**2", "norm**2")), "", "20 times a penalty, ½ squared slope between"), "one slope everywhere": (put(SCRIPT, LINEAR), "", WAS.format(10)), "one slope everywhere, subtracted": (put(SCRIPT, LINEAR, ("+ 10*gp", "- 10*gp")), "penalty-sign", WAS.format(-10)),
    "to 750": (put(SCRIPT, ("(norm - 1)**2", "(norm - 750)**2/750**2")), "", "Wasserstein loss"), "no square": (put(SCRIPT, ("(norm - 1)**2", "(norm - 1)")), "gp-no-square", "10 times a penalty, of another form"), "the mean before the square": (put(SCRIPT, ("((norm - 1)**2).mean()", "(norm.mean() - 1)**2")), "gp-mean-first", "10 times"),
    "spectral norms": (put(SCRIPT, loss(CE), ("nn.Linear(392, 1)", "nn.utils.spectral_norm(nn.Linear(392, 1))")), "", "G's loss"), "spectral norms, turned": (put(SCRIPT, loss("F.softplus(D(real)).mean() + F.softplus(-D(fake)).mean()"), ("nn.Linear(392, 1)", "nn.utils.spectral_norm(nn.Linear(392, 1))")), "d-labels-swapped", ""),
    "whole numbers for betas": (put(SCRIPT, ("opt_D = torch.optim.Adam(D.parameters(), 1e-4, betas=(0., .9))", "opt_D = torch.optim.Adam(D.parameters(), 1e-4, betas=(0, .9))"),
                                    ("opt_G = torch.optim.Adam(G.parameters(), 1e-4, betas=(0., .9))", "opt_G = torch.optim.Adam(G.parameters(), 1e-4, betas=(0, .9))")), "", "as PyTorch once did it; today's stops: no optimiser")}

@pytest.mark.parametrize("case", CASES)
def test_beside_a_loss(tmp_path, case):
    (text, want, said), path = CASES[case], tmp_path/"main.py"
    path.write_text(text, encoding="utf-8")
    with Stage(): load(str(path))
    found = try_loops(str(path))
    print(found)
    assert {m for f in found for m in f.mistakes} - {"step-g-feeds-d"} == {want} - {""} and said in found[0].note, found
    assert found[0].verdict == ("wrong" if want else "right"), found

COND = put(NETS, ("torch.tanh(self.l(z))", "torch.tanh(self.l(z) + y.sum(1, keepdim=True))"), ("forward(self, z)", "forward(self, z, y)"), ("nn.Linear(784, 1)", "nn.Linear(11*784, 1)"),
           ("forward(self, x): return self.l(x.flatten(1))", "forward(self, x, label): return self.l(torch.cat([x, label], 1).flatten(1))")) + """
G, D = Generator(), Discriminator()
opt_G, opt_D = torch.optim.Adam(G.parameters(), 2e-4), torch.optim.Adam(D.parameters(), 2e-4)
bce = nn.BCEWithLogitsLoss()
for x, y in loader:
    row = torch.zeros(len(x), 10).scatter_(1, y[:, None], 1)
    plane = row[:, :, None, None].expand(len(x), 10, 28, 28)
    ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
    opt_D.zero_grad()
    (bce(D(x, plane), ones) + bce(D(G(torch.randn(len(x), 5), row).detach(), plane), zeros)).backward()
    opt_D.step()
    opt_G.zero_grad()
    bce(D(G(torch.randn(len(x), 5), row), plane), ones).backward()
    opt_G.step()
"""
@pytest.mark.parametrize("wrong", [False, True])
def test_planes_of_labels_that_are_larger_than_the_images(tmp_path, wrong):
    path = tmp_path/"main.py"
    path.write_text(put(COND, ("plane), zeros", "plane), ones")) if wrong else COND, encoding="utf-8")
    with Stage(): load(str(path))
    found = try_loops(str(path))
    assert found[0].came.startswith("1 times the gradient of −V") != wrong and ("d-fakes-as-real" in found[0].mistakes) == wrong, found

def test_a_penalty_with_a_minus_may_be_meant():
    "Whoever subtracts it elsewhere is right"
    import torch
    def gradient_penalty(D, real, fake):
        a = torch.rand(len(real), *[1]*(real.ndim - 1))
        x = (a*real + (1 - a)*fake).requires_grad_()
        g, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return -(g.flatten(1).norm(dim=1) - 1).square().mean()
    f = try_penalty(gradient_penalty)
    assert f.verdict == "scaled" and "only where it is subtracted" in f.note, f
