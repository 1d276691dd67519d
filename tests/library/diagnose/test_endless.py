"A loop that counts its steps and takes each batch by hand: `next`, an iterator begun anew, a generator without end"
import pytest
from strangers import VAE, put

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
