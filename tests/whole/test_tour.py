"The tour as its user meets it: the command, its page, its pictures, and what it says when asked for the impossible."
import base64
import io
import json
import os
import re
import subprocess
from pathlib import Path

import matplotlib.image as mpimg
import pytest
import torch
import warm
from notebooks import ROOT

from vaegan.tour import tour

PICTURES = {"data.png", "vae_curve.png", "vae_reconstructions.png", "vae_samples.png", "vae_plane.png", "gan_curves.png",
            "gan_over_time.png", "gan_samples.png", "saddle.png", "cover.png"}

def command(*args): return subprocess.run([*warm.python(), "-m", "vaegan.cli", *map(str, args)], capture_output=True, text=True)

@pytest.fixture(scope="module")
def done():
    "The tour as a command, once in all: the folder, how it ended, what it said"
    def go(folder):
        r = command("tour", "--out", folder/"deep"/"page", "--epochs", 20, "--seed", 3)
        return str(folder/"deep"/"page"), r.returncode, r.stdout, r.stderr
    out, code, said, err = warm.once("tour", go)
    return Path(out), code, said, err

def test_it_ends_well(done):
    out, code, said, err = done
    assert code == 0, err
    assert {p.name for p in out.iterdir()} == PICTURES | {"index.html", "numbers.json"}
    for text in ("held-out ELBO", "probabilistic PCA", "−log 4 = -1.3863", "accuracy of D", "digit classes covered", "index.html"):
        assert text in said, text

def test_numbers_are_sane(done):
    n = json.loads((done[0]/"numbers.json").read_text())
    assert n["finished"] and n["seed"] == 3 and n["epochs"] == 20
    assert n["elbo"] > n["ppca_2"], "twenty epochs are enough to beat a plane"
    assert -1.6 < n["value"] < -1.0 and .5 <= n["accuracy"] <= 1 and 0 <= n["classes"] <= 10

def test_page_is_self_contained(done):
    html = (done[0]/"index.html").read_text(encoding="utf-8")
    pngs = [base64.b64decode(m) for m in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert len(pngs) == len(PICTURES)
    assert html.count('alt="') == len(pngs) and 'alt=""' not in html
    assert not re.search(r"<script|<link|url\(|https?://", html)
    files = {p.read_bytes() for p in done[0].glob("*.png")}
    assert set(pngs) == files

def test_pictures_are_not_blank(done):
    for p in done[0].glob("*.png"):
        img = mpimg.imread(io.BytesIO(p.read_bytes()))[..., :3]
        assert min(img.shape[:2]) >= 80 and img.std() > .05, p.name

def test_same_seed_same_numbers(tmp_path):
    quiet = dict(progress=False, log=lambda s: None, epochs=1)
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    a = tour(out=tmp_path/"a", **quiet)
    assert torch.equal(before, torch.random.get_rng_state()), "the global random state was touched"
    torch.manual_seed(456)
    b, c = tour(out=tmp_path/"b", **quiet), tour(out=tmp_path/"c", seed=1, **quiet)
    assert a == b
    assert a["elbo"] != c["elbo"] and a["value"] != c["value"]
    assert (tmp_path/"a"/"gan_samples.png").read_bytes() == (tmp_path/"b"/"gan_samples.png").read_bytes()

PRESSED = """
import os, signal, sys
from vaegan import tour
from vaegan.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
fit, n = tour.fit, iter(range(9))
def pressing(step, *args, **kw):
    if next(n) == 0: return fit(step, *args, **kw)          # the VAE; then the GAN begins
    def pressed(x):
        os.kill(os.getpid(), signal.SIGINT)
        return step(x)
    return fit(pressed, *args, **kw)
tour.fit = pressing
raise SystemExit(main(["tour", "--out", sys.argv[1], "--epochs", "10"]))
"""

def test_interruption_keeps_what_was_finished(tmp_path):
    p = subprocess.run([*warm.python(), "-c", PRESSED, str(tmp_path/"t")], capture_output=True, text=True)
    assert p.returncode == 130 and "Traceback" not in p.stderr, p.stderr[-2000:]
    assert "Interrupted" in p.stdout and "Finished and kept: data, VAE." in p.stdout
    html = (tmp_path/"t"/"index.html").read_text(encoding="utf-8")
    assert "Interrupted" in html and "variational autoencoder" in html and "adversarial" not in html
    names = {q.name for q in (tmp_path/"t").iterdir()}
    assert names == {q for q in PICTURES if q.startswith(("data", "vae"))} | {"index.html", "numbers.json"}
    assert json.loads((tmp_path/"t"/"numbers.json").read_text())["finished"] is False

@pytest.mark.slow
def test_mnist(tmp_path):
    if not os.environ.get("VAEGAN_DATA"): pytest.skip("no MNIST at hand: set VAEGAN_DATA")
    r = command("tour", "--data", "mnist", "--out", tmp_path/"t", "--epochs", 1)
    assert r.returncode == 0, r.stderr
    n = json.loads((tmp_path/"t"/"numbers.json").read_text())
    assert n["elbo"] > n["ppca_2"] and n["classes"] >= 5

@pytest.mark.slow
def test_readme_gives_the_numbers_to_expect(tmp_path):
    "What `make tour` finds here agrees with the table of the README, within what another machine may change"
    n = tour(out=tmp_path/"t", progress=False, log=lambda s: None)
    table = dict(re.findall(r"^\| ([^|]+?) +\| −?([\d.]+)", (ROOT/"README.md").read_text(encoding="utf-8"), re.M))
    said = {key: abs(float(next(v for k, v in table.items() if key in k))) for key in
            ("held-out ELBO", "2 dimensions: held-out log p", "20 dimensions", "value V", "accuracy of D on", "fresh D", "classes")}
    found = (n["elbo"], n["ppca_2"], n["ppca_20"], n["value"], n["accuracy"], n["fresh_accuracy"], n["classes"])
    for (key, s), f, tol in zip(said.items(), found, (1.5, .1, .1, .01, .08, .08, 0)): assert abs(s - abs(f)) <= tol, (key, s, f)
