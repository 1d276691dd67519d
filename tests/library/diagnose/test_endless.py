"A loop that counts its steps and takes each batch by hand: `next`, an iterator begun anew, a generator without end"
import pytest
from strangers import NETS, VAE, put

from vaegan.diagnose.loops import try_loops

NEXT = {   # how a batch is taken -> what stands before the loop, the line
    "next(iter(…))": ("", "{} = next(iter(loader))"),
    "begun anew at its end": ("it = iter(loader)\n", "try: {0} = next(it)\n{1}except StopIteration:\n{1}    it = iter(loader)\n{1}    {0} = next(it)"),
    "a generator": ("def endless(dl):\n    while True:\n        for batch in dl: yield batch\nbatches = endless(loader)\n", "{} = next(batches)"),
    "cycle": ("import itertools\nbatches = itertools.cycle(loader)\n", "{} = next(batches)"),
    "its own method": ("it = iter(loader)\n", "{} = it.next()"),
    "a loader that fails": ("train_loader = torch.utils.data.DataLoader(MNIST('data', download=True), 64)\nsome, _ = next(iter(train_loader))\nassert some.shape[0] == len(some)\n", "{} = next(iter(train_loader))")}
SLIPS = {"": ("", "right", set()), "rec + kl": ("rec - kl", "wrong", {"loss-kl-subtracted"}), 'reduction="sum"': ('reduction="mean"', "wrong", {"rec-mean-pixels"}),
         "-.5*torch.sum(": ("-.5*torch.mean(", "wrong", {"kl-mean-latents"})}
FIRST, *OTHERS = NEXT

@pytest.mark.parametrize("way, old", [(FIRST, old) for old in SLIPS] + [(way, old) for way in OTHERS for old in [*SLIPS][:2]])
def test_each_pass_has_another_batch(tmp_path, way, old):
    "Whoever holds the loader, its iterator or its batch; a stale one would explain nothing"
    (before, line), (new, verdict, names) = NEXT[way], SLIPS[old]
    text = put(VAE, ("for epoch in range(10):\n    for i, (images, _) in enumerate(loader):\n", f"{before}for epoch in range(10):\n    for step in range(1000):\n        {line.format('images, _', 8*' ')}\n"))
    if old: text = put(text, (old, new))
    path = tmp_path/"main.py"
    path.write_text(text, encoding="utf-8")
    found = try_loops(str(path))
    assert found[0].verdict == verdict and {m for f in found for m in f.mistakes} == names, found

@pytest.mark.parametrize("head", ["if step >= 0:", "with torch.autograd.set_detect_anomaly(False):", "try:", "for _ in range(1):"])
def test_a_block_around_all_of_it_runs_once(tmp_path, head):
    "Also where a name is missing at its end: what has moved must not move again"
    start = VAE.index("        x = images.view")
    inside = "".join(f"    {line}\n" for line in VAE[start:].splitlines())
    text = put(VAE[:start], ("i, (images", "step, (images")) + f"        {head}\n{inside}" + "        except KeyboardInterrupt: pass\n"*(head == "try:")
    path = tmp_path/"main.py"
    for change, verdict, names in ((lambda t: t, "right", set()), (lambda t: t.replace("rec + kl", "rec - kl"), "wrong", {"loss-kl-subtracted"})):
        path.write_text(change(text), encoding="utf-8")
        found = try_loops(str(path))
        assert found[0].verdict == verdict and {m for f in found for m in f.mistakes} == names, found

WGAN = NETS + """
from torch.utils.data import DataLoader
from torchvision import datasets
def cycle(dl):
    while True:
        for x, _ in dl: yield x
ds = datasets.FashionMNIST('data', download=True)
dl = cycle(DataLoader(ds, batch_size=64, shuffle=True, drop_last=True))
G, D = Generator(), Discriminator()
opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-4), torch.optim.Adam(D.parameters(), 1e-4)
for it in range(100):
    for _ in range(5):
        x = next(dl)
        fake = G(torch.randn(len(x), 5))
        a = torch.rand(len(x), 1, 1, 1)
        between = (a*x + (1 - a)*fake.detach()).requires_grad_()
        slope, = torch.autograd.grad(D(between).sum(), between, create_graph=True)
        penalty = ((slope.flatten(1).norm(2, dim=1) - 1)**2).mean()
        d_loss = D(fake).mean() - D(x).mean() + 10*penalty
        D.zero_grad()
        d_loss.backward()
        opt_D.step()
    fake = G(torch.randn(len(x), 5))
    g_loss = -D(fake).mean()
    G.zero_grad()
    g_loss.backward()
    opt_G.step()
"""
MADE = ("dl = cycle(DataLoader(ds, batch_size=64, shuffle=True, drop_last=True))", "loader = DataLoader(ds, batch_size=64, drop_last=True)\nit = iter(loader)")
@pytest.mark.parametrize("names, changes", [
    (set(), []), (set(), [MADE, ("x = next(dl)", "x, _ = next(it)"), ("for it in", "for i in")]),
    (set(), [("D(fake).mean() - D(x).mean()", "D(x).mean() - D(fake).mean()"), ("-D(fake).mean()\n", "D(fake).mean()\n")]),
    ({"d-sign"}, [("D(fake).mean() - D(x).mean()", "D(x).mean() - D(fake).mean()")]), ({"penalty-sign"}, [("+ 10*penalty", "- 10*penalty")]),
    ({"penalty-batch-norm"}, [("norm(2, dim=1)", "norm(2)")]), ({"step-g-still"}, [("-D(fake).mean()\n", "-D(fake.detach()).mean().requires_grad_()\n")])],
    ids=["right", "by hand", "real is low in both", "sign", "subtracted", "norm of the batch", "G never moves"])
def test_five_turns_of_a_critic_on_data_that_are_not_there(tmp_path, names, changes):
    "A loader of what could not be loaded is a stand-in too, also where a generator was made of it at once"
    path = tmp_path/"main.py"
    path.write_text(put(WGAN, *changes), encoding="utf-8")
    found = try_loops(str(path))
    assert {m for f in found for m in f.mistakes} - {"step-g-feeds-d"} == names and found[0].verdict == ("wrong" if names else "right"), found
