"What is kept in the shell goes on, and says so when it cannot"
import csv
import errno
import inspect
import json
import math
import os
import re
import shutil
import signal
import subprocess

import matplotlib.image as mpimg
import numpy as np
import pytest
import torch
import warm
from bad_input import IMGS, INT, bad_input_tests, row, vae
from PIL import Image

from vaegan import recipes
from vaegan.catalog import RECIPES
from vaegan.cli import main
from vaegan.datasets import digits
from vaegan.image_files import read_image
from vaegan.recipes import build_recipe, draw_images, has_learned, kept_run, read_data, train
from vaegan.runs import History, load_run, save_run
from vaegan.stopping import Stopped

ENV = dict(os.environ, OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1")

def shell(*args): return subprocess.run([*warm.python(), "-m", "vaegan.cli", *map(str, args)], env=ENV, capture_output=True, text=True)

def table(folder): return [[float(v) for v in row] for row in list(csv.reader(open(folder/"history.csv")))[1:]]

def struck(fit, at, by):
    "`fit`, in whose n-th step something happens"
    def go(step, *args):
        n = iter(range(10**6))
        def striking(x):
            if next(n) == at: by()
            return step(x)
        striking.state = step.state
        return fit(striking, *args)
    return go

DIES = f"""
import os, signal, sys
from vaegan import recipes
from vaegan.cli import main
{inspect.getsource(struck)}
def by(): os.environ["RANK"] == "1" and os.kill(os.getpid(), signal.SIGKILL)
recipes.fit = struck(recipes.fit, 38, by)
raise SystemExit(main(sys.argv[1:]))
"""

@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be joined by gloo")
def test_a_process_dies_and_the_run_goes_on_with_another_number(tmp_path):
    args = ("train", "vae", "--recipe", "elbo-97", "--epochs", 6, "--every", 0)
    together = [*warm.python(), "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    p = subprocess.run([*together, *warm.python(), "-c", DIES, *map(str, args), "--out", tmp_path/"run"], env=ENV, capture_output=True, text=True)
    assert p.returncode != 0
    # torchrun reports the signal, the survivor that it is alone; whichever of the two is faster ends the other
    assert re.search(r"another process of this run has ended; start them again with resume|Signal 9 \(SIGKILL\)", p.stderr)
    assert load_run(tmp_path/"run"/"run.safetensors")["epoch"] == 3
    history = tmp_path/"run"/"history.csv"            # a survivor that torchrun ended with SIGTERM still wrote what it had
    assert not history.exists() or len(table(tmp_path/"run")) == 3
    run(*args, "--out", tmp_path/"run", "--resume")
    run(*args, "--out", tmp_path/"whole")
    got, want = table(tmp_path/"run"), table(tmp_path/"whole")
    assert len(got) == len(want) == 6
    assert max(abs(a - b) for g, w in zip(got, want) for a, b in zip(g, w)) < 5e-3   # rounding, grown over 66 steps
    assert all(abs(a - b) < 1e-4 for a, b in zip(got[0], want[0]))

@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    out = tmp_path_factory.mktemp("kept")/"deep"/"run"
    return out, shell("train", "gan", "--epochs", 2, "--seed", 3, "--out", out)

def test_train_leaves_what_it_says(kept):
    out, r = kept
    assert r.returncode == 0, r.stderr
    assert {p.name for p in out.iterdir()} == {"run.safetensors", "history.csv", "curves.png", "samples.png"}
    assert "gan (relativistic) on digits, 2 of 2 epochs" in r.stdout + r.stderr
    assert (out/"history.csv").read_text().startswith("epoch,value,accuracy,g_loss,held_out_value,held_out_accuracy\n1,") and len(table(out)) == 2
    assert mpimg.imread(out/"samples.png")[..., :3].std() > .02 and min(mpimg.imread(out/"curves.png").shape[:2]) > 100

def test_sample_draws_from_it(kept, tmp_path):
    out = kept[0]
    for run_, name in ((out, "a.png"), (out/"run.safetensors", "b.png")):
        assert main(["sample", str(run_), "--out", str(tmp_path/name), "--n", "10", "--seed", "5"]) == 0
    assert main(["sample", str(out), "--out", str(tmp_path/"c.png"), "--n", "10", "--seed", "6"]) == 0
    a, b, c = ((tmp_path/f"{n}.png").read_bytes() for n in "abc")
    assert a == b != c
    nets, *_ = build_recipe("gan", torch.zeros(256, 1, 8, 8), 1)
    nets["G"].load_state_dict(load_run(out/"run.safetensors")["parts"]["G"])
    assert draw_images(nets, 80, 3).std() > 0

def test_networks_of_another_version_are_not_half_loaded(kept, tmp_path):
    state = load_run(kept[0]/"run.safetensors")
    state["parts"]["G"].pop(next(iter(state["parts"]["G"])))
    save_run(tmp_path/"run", state)
    with pytest.raises(ValueError, match="^run: .*run holds other networks than .* the recipe relativistic"): kept_run(tmp_path/"run")

@pytest.mark.parametrize("args, what", [
    (("train", "gan", "--out", "RUN"), "is there already"),
    (("train", "gan", "--out", "RUN", "--resume", "--epochs", "1", "--seed", "3"), "epochs: the run in .* made for 2, got 1; --epochs 2 or more"),
    (("train", "gan", "--out", "RUN", "--resume", "--epochs", "2", "--seed", "0"), "seed: the run in .* has 3, got 0"),
    (("train", "gan", "--out", "RUN", "--resume", "--seed", "3", "--batch", "64"), "bs: the run in"),
    (("train", "gan", "--data", "nowhere", "--out", "NEW"), "data: .*nowhere"),
    (("train", "gan", "--data", "digits", "--download", "--out", "NEW"), "download: expected mnist or fashion-mnist"),
    (("train", "hybrid", "--classes", "--out", "NEW"), "classes: .*no --classes.*hybrid model is not told"),
    (("train", "gan", "--recipe", "lecture", "--classes", "--out", "NEW"), "n_classes: expected the recipe photos"),
    (("train", "gan", "--size", "0"), "argument --size: expected a number or HEIGHTxWIDTH"),
    (("train", "gan", "--batch", "5000", "--out", "NEW"), "bs: expected at most 1437"),
    (("sample", "RUN", "--class", "3", "--to", "NEW"), "label: expected none .no --class."),
    (("sample", "RUN", "--to", "NEW.mp3"), "to: .*mp3"),
    (("evaluate", "nowhere"), "run: nowhere.* could not be read"),
    (("evaluate", "RUN", "--data", "nowhere"), "data: .*nowhere"),
    (("train", "vae", "--out", "RUN", "--resume", "--epochs", "2", "--seed", "3"), "kind: the run in"),
    (("train", "gan", "--recipe", "cats"), "recipe: expected one of relativistic"),
    (("train", "cats"), "argument kind: invalid choice"),
    (("train", "vae", "--epochs", "0"), "argument --epochs: expected at least 1"),
    (("train", "vae", "--out", "/dev/null/run"), "cannot be made"),
    (("sample", "RUN/history.csv"), "error: run: .*damaged or no file of this kind"),
    (("sample", "nowhere"), "error: run: nowhere.* could not be read"),
    (("sample", "RUN", "--out", "/dev/null/x.png"), "to: .* cannot be written"),
    (("sample", "RUN", "--n", "0"), "argument --n: expected at least 1"),
])
def test_asked_for_the_impossible(kept, capsys, args, what):
    files = {p: p.read_bytes() for p in kept[0].iterdir()}
    new = kept[0].parent/"new"
    try: code = main([a.replace("RUN", str(kept[0])).replace("NEW", str(new)) for a in args])
    except SystemExit as e: code = e.code
    text = capsys.readouterr().err
    assert code == 2 and text.count("\n") == 1 and re.search(what, text), text
    assert {p: p.read_bytes() for p in kept[0].iterdir()} == files and not [*new.parent.glob("new*")]

def run(*args):
    assert main([*map(str, args)]) == 0

@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    "Colour pictures of two classes and of many sizes"
    folder, dice = tmp_path_factory.mktemp("own")/"photos", np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder/name).mkdir(parents=True)
        for i in range(14): Image.fromarray(dice.integers(0, 256, (*dice.integers(20, 40, 2), 3), "u1")).save(folder/name/f"{i}.png")
    return folder

def test_from_a_folder_to_samples_of_a_class_and_numbers(photos, tmp_path, capsys):
    out = tmp_path/"run"
    run("train", "gan", "--data", photos, "--size", "12x16", "--classes", "--batch", 4, "--epochs", 1, "--out", out)
    said = capsys.readouterr().out
    assert "28 colour images of 12 × 16, 2 classes: 25 to learn from, 3 held out" in said and "minibatches of 4, 1 epoch of 6 steps" in said
    run("sample", out, "--n", 7, "--class", "dog", "--to", tmp_path/"dogs")
    assert len([*(tmp_path/"dogs/dog").iterdir()]) == 7 and mpimg.imread(tmp_path/"dogs/dog/0000.png").shape[:2] == (12, 16)
    run("sample", out, "--n", 5, "--to", tmp_path/"all.npz")
    z = np.load(tmp_path/"all.npz")
    assert z["x"].shape == (5, 12, 16, 3) and z["x"].dtype == np.uint8 and z["y"].tolist() == [0, 1, 0, 1, 0]
    run("sample", out, "--n", 5, "--class", 1, "--to", tmp_path/"one.npz")
    assert np.load(tmp_path/"one.npz")["y"].tolist() == [1]*5
    capsys.readouterr()
    shutil.copytree(photos, tmp_path/"again")
    run("evaluate", out, "--data", tmp_path/"again", "--json")
    scores = json.loads(capsys.readouterr().out)
    assert main(["evaluate", str(out), "--data", str(photos/"cat")]) == 2      # of which class are they?
    assert "data: expected images in subfolders named after the classes that the run was told: cat, dog; got none" in capsys.readouterr().err
    there = dict(held_out=28, learned_from=25, known=25, shape=[3, 12, 16], data=str(tmp_path/"again"))
    assert scores["images"].items() >= there.items() and scores["samples"]["frechet"] > 0

def test_a_folder_that_changes_after_training(photos, tmp_path, capsys):
    "What was learned judges nothing; a run goes on with its own images only"
    args = ("--data", tmp_path/"changing", "--size", 8, "--held-out", ".4", "--out", tmp_path/"run")
    shutil.copytree(photos, tmp_path/"changing")
    run("train", "vae", *args, "--epochs", 1)
    learned = {x.tobytes() for x in read_data(tmp_path/"changing", size=8, held_out=.4).x.numpy()}
    for i in range(6): (tmp_path/f"changing/cat/{i}.png").unlink()
    now = read_data(tmp_path/"changing", size=8, held_out=.4)
    new = [x.tobytes() not in learned for x in now.x_test.numpy()]
    assert 2 <= sum(new) < len(new)
    capsys.readouterr()
    run("evaluate", tmp_path/"run", "--json", "--draws", 3)
    assert json.loads(capsys.readouterr().out)["images"] == dict(
        held_out=sum(new), learned_from=len(learned), known=0, shape=[3, 8, 8], data=str(tmp_path/"changing"), notes=[])
    about = kept_run(tmp_path/"run")[1]
    assert has_learned(about, now.x_test/255).tolist() == [not n for n in new] and not has_learned(dict(about, learned=torch.empty(0, 8)), now.x).any()
    assert main([*map(str, ("train", "vae", *args, "--epochs", 2, "--resume"))]) == 2
    assert "learned from 17 images, and " in (err := capsys.readouterr().err) and "has changed since" in err
    for name in (*now.names, *now.names_test):
        if not has_learned(about, read_image(tmp_path/"changing"/name, 8)[None]): (tmp_path/"changing"/name).unlink()
    assert main(["evaluate", str(tmp_path/"run")]) == 2 and re.search("not learned from; .* has changed, and there are 0 of", capsys.readouterr().err)

def test_numbers_of_a_vae_on_bytes(photos, tmp_path, capsys):
    run("train", "vae", "--data", photos, "--size", 8, "--epochs", 1, "--held-out", ".3", "--out", tmp_path/"run")
    capsys.readouterr()
    run("evaluate", tmp_path/"run", "--json", "--draws", 5)
    l = json.loads(capsys.readouterr().out)["likelihood"]
    assert l["bits_per_dim"] == pytest.approx(l["nll"]/192/math.log(2)) and 6 < l["bits_per_dim"] < 12 and l["pixels"] == "integers 0 to 255"

def test_numbers_and_samples_of_a_diffusion_model(photos, tmp_path, capsys):
    "On bytes nats become bits; grey digits have seventeen levels, so there are none; resumed, it is the run that was longer"
    how = "train", "diffusion", "--data", photos, "--size", 8, "--held-out", ".3"
    for name, epochs in (("own", 1), ("longer", 2)): run(*how, "--epochs", epochs, "--out", tmp_path/name)
    run("train", "diffusion", "--resume", "--epochs", 2, "--out", tmp_path/"own")
    assert table(tmp_path/"own") == table(tmp_path/"longer")
    run("train", "diffusion", "--epochs", 1, "--out", tmp_path/"digits")
    run("sample", tmp_path/"own", "--n", 3, "--to", tmp_path/"three.npz")
    assert np.load(tmp_path/"three.npz")["x"].shape == (3, 8, 8, 3)
    capsys.readouterr()
    own, grey = (json.loads((run("evaluate", tmp_path/name, "--json"), capsys.readouterr().out)[1])["likelihood"] for name in ("own", "digits"))
    assert own["bits_per_dim_elbo"] == pytest.approx((math.log(256) - own["elbo"]/192)/math.log(2)) and 5 < own["bits_per_dim_elbo"] < 8    # noise, made smaller and so less
    assert grey["elbo_images"] == 360 and -100 < grey["elbo"] < 100 and "bits_per_dim_elbo" not in grey
    run("evaluate", tmp_path/"own")
    assert re.search(r"held-out ELBO .*, 8 of them\n +bits per dimension +[567]\.\d+, from the bound\n", capsys.readouterr().out)

@pytest.mark.parametrize("kind, recipe", [("gan", "photos"), ("hybrid", "larsen")])
def test_a_longer_run_is_the_run_that_was_longer_from_the_start(kind, recipe, tmp_path):
    args = ("train", kind, "--recipe", recipe, "--batch", 400, "--seed", 7)
    run(*args, "--epochs", 1, "--out", tmp_path/"a")
    run("train", kind, "--resume", "--epochs", 2, "--out", tmp_path/"a")           # its other settings are remembered
    run(*args, "--epochs", 2, "--out", tmp_path/"b")
    assert (tmp_path/"a/history.csv").read_bytes() == (tmp_path/"b/history.csv").read_bytes()
    run("train", kind, "--resume", "--out", tmp_path/"a")                          # nothing is left to do
    assert len(table(tmp_path/"a")) == 2 and has_learned(kept_run(tmp_path/"a")[1], digits().x).all()

def test_a_schedule_is_stretched(tmp_path):
    "After two of five epochs of five steps the rate is that of the longer cosine"
    args = ("train", "gan", "--out", tmp_path/"a")
    run(*args, "--epochs", 2)
    run(*args, "--resume", "--epochs", 5)
    state = load_run(tmp_path/"a/run.safetensors")
    sched = state["parts"]["sched_0"]
    assert sched["T_max"] == sched["last_epoch"] == 25 and abs(state["parts"]["opt_G"]["param_groups"][0]["lr"]) < 1e-9 and state["parts"]["about"]["epochs"] == 5
    run(*args, "--resume", "--epochs", 6)
    lr = load_run(tmp_path/"a/run.safetensors")["parts"]["opt_G"]["param_groups"][0]["lr"]
    assert abs(lr) < 1e-9 and len(table(tmp_path/"a")) == 6

def test_interrupted_by_hand_and_resumed(tmp_path, monkeypatch, capsys):
    args = ("train", "hybrid", "--epochs", 4, "--every", 0, "--out")
    was = signal.signal(signal.SIGINT, signal.default_int_handler)      # the background of a shell ignores the key
    with monkeypatch.context() as m:
        m.setattr(recipes, "fit", struck(recipes.fit, 30, lambda: os.kill(os.getpid(), signal.SIGINT)))
        assert main([*map(str, args), str(tmp_path/"run")]) == 130 and "with --resume goes on" in "".join(capsys.readouterr())
    signal.signal(signal.SIGINT, was)
    assert len(table(tmp_path/"run")) == 2
    run(*args, tmp_path/"run", "--resume")
    run(*args, tmp_path/"whole")
    assert table(tmp_path/"run") == table(tmp_path/"whole")                    # bit for bit

def test_stopped_before_anything_was_finished_is_not_finished(monkeypatch, tmp_path):
    for history in (History(), None):
        lines, stopped = [], Stopped(143)
        stopped.history = history
        def end(*args): raise stopped  # noqa: B023
        monkeypatch.setattr(recipes, "fit", end)
        with pytest.raises(Stopped): train("vae", epochs=1, out=tmp_path/"run", log=lines.append, progress=False)
        assert lines[-1].startswith("Stopped; the same command with --resume") and "nothing finished" in " ".join(lines)

def test_pictures_without_space_leave_the_run(monkeypatch, tmp_path, capsys):
    def full(*args): raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(recipes, "write_files", full)
    assert main(["train", "vae", "--epochs", "1", "--out", str(tmp_path/"run")]) == 2
    assert re.search(r"error: out: history.csv, .*No space left.* run itself is in .*run.safetensors, .*--resume writes them\n$", capsys.readouterr().err)
    monkeypatch.undo()
    run("train", "vae", "--resume", "--out", tmp_path/"run")
    assert len(table(tmp_path/"run")) == 1

IMAGES = digits().x[:516]

def test_every_recipe_can_be_named(): assert all(build_recipe(k, IMAGES, 1, r)[1].state for k, names in RECIPES.items() for r in names)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "recipes.build_recipe": row(dict(kind="gan", x=IMGS, epochs=1, recipe="lecture", seed=0), skip="short", x=[IMGS+1], kind=["cats", 3], epochs=INT(), recipe=["best", 3], seed=[None, 1.5], bs=[0, 1.5], y=[3], n_classes=[-1, 1.5]),
    "recipes.draw_images": row(dict(nets=dict(vae=vae), n=3, seed=0), nets=None, n=INT(), seed=[None, 1.5], y=[torch.zeros(2), 3]),
    "recipes.as_trained": row(dict(recipe="nll-90", x=IMGS, generator=torch.Generator()), skip="short deeper lower", x=[IMGS+1], recipe=["best", 3], generator=[3, None]),
    "recipes.has_learned": row(dict(about={}, x=IMGS), skip="short deeper lower", x=[IMGS+1], about=None),
    "recipes.hidden_widths": row(dict(x_shape=(1, 8, 8)), x_shape=[(), 3, (1, 8), (0, 8, 8), None]),
    "recipes.source_name": row(dict(data="digits"), data=[3, None]),
}
NO_ROW = {
    "recipes.recipe_nets": "as `build_recipe`, whose row names kind, recipe and seed",
    "recipes.train": "the command line, and every wrong option in tests/library/test_recipes.py",
    "recipes.sample": "as recipes.train",
    "recipes.kept_run": "as recipes.train",
    "recipes.read_data": "as recipes.train",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
