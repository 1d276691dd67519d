"Who moves, when, and by whose optimiser: what people write around two losses"
import pytest
from strangers import GAN, NETS, VAE, put

from vaegan.diagnose.load import load
from vaegan.diagnose.loops import try_loops
from vaegan.diagnose.standins import Stage

VAE = VAE.replace('        print(epoch, len(loader), writer.add_scalar("loss", loss))\n', "")
OPTS = "opt_D, opt_G = (torch.optim.Adam(net.parameters(), 2e-4) for net in (D, G))"
BOTH = "opt = torch.optim.Adam([*G.parameters(), *D.parameters()], 2e-4)"
D_STEP, G_STEP = (f"    opt_{k}.zero_grad()\n    {k.lower()}_loss.backward()\n    opt_{k}.step()\n" for k in "DG")
G_LOSS = "    g_loss = criterion(D(G(torch.randn(len(x), 5))), ones)\n"
STEP = "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n"
LOOP, NUMBERED = "for x, _ in loader:", "for i, (x, _) in enumerate(loader):"

def in_block(text, at, head, tail=""):
    "From this line on inside a block"
    i = text.index(at)
    return text[:i] + head + "\n" + "".join(f"    {line}\n" for line in text[i:].splitlines()) + tail

def frozen(yes): return f"    for p in D.parameters(): p.requires_grad_({yes})\n"
def one(d, g): return put(GAN, (OPTS, BOTH), (D_STEP, d.replace("opt_D", "opt")), (G_STEP, g.replace("opt_G", "opt")))
def every(n, *lines): return f"        if (i + 1) % {n} == 0:\n" + "".join(f"            {line}\n" for line in lines)

CASES = {
    "D is never asked": (put(GAN, ("    opt_D.step()\n", "")), "step-d-still"), "G is never asked": (put(GAN, ("    opt_G.step()\n", "")), "step-g-still"),
    "with a schedule": (put(GAN, ("    opt_G.step()\n", ""), (OPTS, OPTS + "\nlr = torch.optim.lr_scheduler.StepLR(opt_G, 9)")), "step-g-still"),
    "asked elsewhere": (put(GAN, ("    opt_G.step()\n", "    if other: move(opt_G)\n")), ""),
    "D is in no optimiser": (put(GAN, (OPTS, "opt_G = torch.optim.Adam(G.parameters(), 2e-4)"), (D_STEP, "    d_loss.backward()\n")), "step-d-still"),
    "one for both, one step": (put(GAN, (OPTS, BOTH), (D_STEP, ""), (G_STEP, "    opt.zero_grad()\n    (d_loss + g_loss).backward()\n    opt.step()\n")), "step-one-optimiser"),
    "one for both, two steps": (one(D_STEP, G_STEP), "step-g-moves-d"), "one for both, D frozen": (one(D_STEP + frozen(False), G_STEP + frozen(True)), ""),
    "one for both, fakes not detached": (put(one(D_STEP, frozen(False) + G_STEP + frozen(True)), ("fake.detach()", "fake")), "step-d-moves-g"),
    "both hold G": (put(GAN, ("for net in (D, G))", "for net in (G, G))")), "opt-wrong-network"), "exchanged": (put(GAN, ("for net in (D, G))", "for net in (G, D))")), "opt-wrong-network"),
    "G in every fifth": (put(GAN, (LOOP, NUMBERED), ("    opt_G.step()\n", "    if i % 5 == 4: opt_G.step()\n")), ""),
    "G's loss in every fifth": (put(GAN, (LOOP, NUMBERED), (G_LOSS + G_STEP, "    if (i + 1) % 5 == 0:\n" + (G_LOSS + G_STEP).replace("    ", "        "))), ""),
    "one fake, a graph kept": (put(GAN, ("d_loss.backward()", "d_loss.backward(retain_graph=True)"), ("fake.detach()", "fake"), ("D(G(torch.randn(len(x), 5)))", "D(fake)")), ""),
    "a graph kept for nothing": (put(GAN, ("d_loss.backward()", "d_loss.backward(retain_graph=True)")), ""),
    "a graph kept, not cleared": (put(GAN, ("d_loss.backward()", "d_loss.backward(retain_graph=True)"), ("fake.detach()", "fake"), ("D(G(torch.randn(len(x), 5)))", "D(fake)"), ("    opt_G.zero_grad()\n", ""),
                                      ("    opt_G.step()\n", "    opt_G.step()\n    opt_G.zero_grad()\n")), "step-d-feeds-g"),
    "cleared after use": (put(GAN, ("    opt_D.zero_grad()\n", ""), ("    opt_G.zero_grad()\n", ""), ("    opt_G.step()\n", "    opt_G.step()\n    opt_G.zero_grad()\n    opt_D.zero_grad()\n")), ""),
    "D cleared after its step, then fed": (put(GAN, ("    opt_D.zero_grad()\n", ""), ("    opt_D.step()\n", "    opt_D.step()\n    opt_D.zero_grad()\n")), "step-pile-up"),
    "D cleared too early": (put(GAN, ("    d_loss.backward()\n", "    d_loss.backward()\n    opt_D.zero_grad()\n")), "step-cleared"),
    "G cleared too early": (put(GAN, ("    g_loss.backward()\n", "    g_loss.backward()\n    G.zero_grad()\n")), "step-cleared"),
    "four batches": (put(VAE, (STEP, "        (loss/4).backward()\n" + every(4, "optimizer.step()", "optimizer.zero_grad()"))), ""),
    "four, cleared before": (put(VAE, (STEP, "        if i % 4 == 0: optimizer.zero_grad()\n        (loss/4).backward()\n" + every(4, "optimizer.step()"))), ""),
    "four, never cleared": (put(VAE, (STEP, "        loss.backward()\n" + every(4, "optimizer.step()"))), "step-pile-up"),
    "four, three lost": (put(VAE, (STEP, "        optimizer.zero_grad()\n        loss.backward()\n" + every(4, "optimizer.step()"))), "step-batches-lost"),
    "four, lost at the end": (put(VAE, (STEP, "        loss.backward()\n" + every(4, "optimizer.step()") + "        optimizer.zero_grad()\n")), "step-batches-lost"),
    "cleared too early": (put(VAE, (STEP, "        loss.backward()\n        optimizer.zero_grad()\n        optimizer.step()\n")), "step-cleared"),
    "never asked": (put(VAE, (STEP, "        optimizer.zero_grad()\n        loss.backward()\n")), "step-never"),
    "no half": (put(VAE, ("-.5*torch.sum(", "-torch.sum(")), "kl-no-half"), "no half, by hand": (put(VAE, ("-.5*torch.sum(1 + logvar - mu**2 - logvar.exp())", "(mu**2 + logvar.exp() - 1 - logvar).sum(1).sum()")), "kl-no-half"),
    "half, twice": (put(VAE, ("-.5*torch.sum(", "-.5*2*torch.sum(")), None), "weighed by 2": (put(VAE, ("rec + kl", "rec + 2*kl")), None), "a weight of 2": (put(VAE, ("-.5*torch.sum(", "-beta*torch.sum("), ("for epoch", "beta = 1.\nfor epoch")), None),
    "clipped": (put(VAE, (STEP, "        optimizer.zero_grad()\n        loss.backward()\n        torch.nn.utils.clip_grad_norm_(model.parameters(), 1e-3)\n        optimizer.step()\n")), ""),
    "clipped, a mean": (put(VAE, (STEP, "        optimizer.zero_grad()\n        loss.backward()\n        torch.nn.utils.clip_grad_norm_(model.parameters(), 1e-3)\n        optimizer.step()\n"), ('reduction="sum"', 'reduction="mean"'), ("rec + kl", "rec + kl/len(x)")), "rec-mean-pixels"),
    "in the guard": (in_block(GAN, "D = nn", "if __name__ == '__main__':"), ""), "in main": (in_block(GAN, "D = nn", "def main():", "main()\n"), ""),
    "wrong in the guard": (in_block(put(VAE, ("rec + kl", "rec - kl")), "model = VAE", "if __name__ == '__main__':"), "loss-kl-subtracted"),
    "wrong in main": (in_block(put(GAN, ("(fake.detach()), zeros", "(fake.detach()), ones")), "D = nn", "def main():", "main()\n"), "d-fakes-as-real")}

def found_in(tmp_path, text):
    path = tmp_path/"main.py"
    path.write_text(text, encoding="utf-8")
    with Stage(): load(str(path))
    return try_loops(str(path))

def held(found, want):
    "None is a weight that may be meant"
    assert {m for f in found for m in f.mistakes} - {"step-g-feeds-d"} == {want} - {"", None}, found
    assert found[0].verdict == ("scaled" if want is None else "wrong" if want else "right"), found

@pytest.mark.parametrize("case", CASES)
def test_whose_turn(tmp_path, case):
    text, want = CASES[case]
    held(found_in(tmp_path, text), want)

def test_a_gradient_that_may_be_reversed_is_no_alarm(tmp_path):
    text = "class Back(torch.autograd.Function): pass\n" + CASES["one for both, one step"][0].lstrip()
    assert [f.verdict for f in found_in(tmp_path, text)] == ["untried"]

OWNER = NETS + """
class GAN:
    def __init__(self, lr=2e-4):
        self.netG, self.netD = Generator(), Discriminator()
        self.optimizerG = torch.optim.Adam(self.netG.parameters(), lr)
        self.optimizerD = torch.optim.Adam(self.netD.parameters(), lr)
        self.criterion = nn.BCEWithLogitsLoss()
    def train_step(self, batch):
        real, _ = batch
        n = real.size(0)
        self.optimizerD.zero_grad()
        fake = self.netG(torch.randn(n, 5))
        lossD = self.criterion(self.netD(real), torch.ones(n, 1)) + self.criterion(self.netD(fake.detach()), torch.zeros(n, 1))
        lossD.backward()
        self.optimizerD.step()
        self.optimizerG.zero_grad()
        lossG = self.criterion(self.netD(fake), torch.ones(n, 1))
        lossG.backward()
        self.optimizerG.step()
        return dict(d=lossD.item(), g=lossG.item())
"""
USED = OWNER + "gan = GAN()\nfor epoch in range(3):\n    for batch in loader:\n        stats = gan.train_step(batch)\n"
MODULE = OWNER.replace("class GAN:", "class GAN(nn.Module):").replace("        self.netG, self", "        super().__init__()\n        self.netG, self").replace(
    "def train_step(self, batch)", "def training_step(self, batch, batch_idx)")
INDEXED = NETS.replace("from torch import nn", "import pytorch_lightning as pl\nfrom torch import nn") + """
class GAN(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = Generator(), Discriminator()
    def loss(self, out, y): return nn.functional.binary_cross_entropy_with_logits(out, torch.full_like(out, y))
    def training_step(self, batch, batch_idx, optimizer_idx):
        imgs, _ = batch
        fake = self.generator(torch.randn(len(imgs), 5).type_as(imgs))
        if optimizer_idx == 0: return self.loss(self.discriminator(fake), 1.)
        if optimizer_idx == 1: return self.loss(self.discriminator(imgs), 1.) + self.loss(self.discriminator(fake.detach()), torch.zeros(1, 1).item())
    def configure_optimizers(self): return [torch.optim.Adam(n.parameters(), 2e-4) for n in (self.generator, self.discriminator)], []
"""
BY_HAND = put(INDEXED, ("        super().__init__()\n        self.generator", "        super().__init__()\n        self.automatic_optimization = False\n        self.generator"),
              ("batch_idx, optimizer_idx", "batch_idx"), ("        imgs, _ = batch\n", "        (imgs, _), (g, d) = batch, self.optimizers()\n"),
              ("        if optimizer_idx == 0: return ", "        g.zero_grad()\n        self.manual_backward("), ("(fake), 1.)", "(fake), 1.))\n        g.step()\n        d.zero_grad()"),
              ("        if optimizer_idx == 1: return ", "        self.manual_backward("), ("torch.zeros(1, 1).item())", "torch.zeros(1, 1).item()))\n        d.step()"))

@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("text", [OWNER, USED, MODULE, INDEXED, BY_HAND], ids=["a step alone", "an object in a loop", "a module", "lightning", "lightning by hand"])
def test_networks_inside_objects(tmp_path, text, wrong):
    text = put(text, ("torch.zeros(", "torch.ones(")) if wrong else text
    held(found_in(tmp_path, text), "d-fakes-as-real" if wrong else "")
