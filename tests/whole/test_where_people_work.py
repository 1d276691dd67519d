"Where people work: behind links and masks, in home folders, on full or read-only disks, with a matplotlib that somebody else set up, without docstrings"
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from vaegan.checks import Float, between, checked
from vaegan.cli import main
from vaegan.datasets import digits
from vaegan.dists import bernoulli_log_prob
from vaegan.files import home, write_file, write_files
from vaegan.plot import figure_bytes, png_bytes, quiet_plots, show_images
from vaegan.recipes import sample, train
from vaegan.runs import fit, load_run

X = (digits().x[:300] > .5).float()
posix = pytest.mark.skipif(os.name == "nt", reason="files work differently there")

def quiet(**kw): return dict(progress=False, log=lambda s: None, **kw)

# ------------------------------------------------------------------------------------------------------ paths and files
@posix
@pytest.mark.parametrize("mask, mode", [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664), (0o777, 0)])
def test_new_files_have_the_rights_that_the_mask_leaves(mask, mode, tmp_path):
    was = os.umask(mask)
    try: write_files(tmp_path, {"a": b"1", "b": b"2"})
    finally: os.umask(was)
    assert {stat.S_IMODE((tmp_path/n).stat().st_mode) for n in "ab"} == {mode}

def test_the_mask_is_never_lifted(tmp_path, monkeypatch):
    "Not even for a moment: another thread would make its files for everybody"
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the mask was changed"))
    write_file(tmp_path/"a", b"1")

@posix
def test_a_run_behind_a_link_stays_there(tmp_path, monkeypatch):
    "A link to a larger disk, a link to a folder, a link to a file that is not there yet; rights stay"
    big, out = tmp_path/"big disk", tmp_path/"a"
    big.mkdir(), out.mkdir()
    (out/"run.safetensors").symlink_to("../big disk/run.safetensors")
    train("vae", epochs=1, out=out, **quiet())
    assert (out/"run.safetensors").is_symlink() and (big/"run.safetensors").is_file()
    (big/"run.safetensors").chmod(0o640)
    (tmp_path/"link").symlink_to("a")
    train("vae", epochs=1, out=tmp_path/"link", resume=True, **quiet())
    assert (out/"run.safetensors").is_symlink() and stat.S_IMODE((big/"run.safetensors").stat().st_mode) == 0o640 and os.listdir(big) == ["run.safetensors"]

@posix
def test_no_file_takes_the_place_of_what_is_none(tmp_path):
    "A pipe, a device (/dev/null, too, of a user who may do all), a folder; what may not be written stays"
    os.mkfifo(tmp_path/"pipe")
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path/"pipe").read_bytes()))
    reader.start()
    write_file(tmp_path/"pipe", b"through")
    reader.join()
    assert got == [b"through"] and stat.S_ISFIFO((tmp_path/"pipe").stat().st_mode)
    (tmp_path/"null").symlink_to("/dev/null")
    write_file(tmp_path/"null", b"away")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and (tmp_path/"null").is_symlink()
    (tmp_path/"folder").mkdir()
    with pytest.raises(OSError, match="directory"): write_file(tmp_path/"folder", b"1")
    assert sorted(os.listdir(tmp_path)) == ["folder", "null", "pipe"]

def test_a_file_that_may_not_be_written_stays(tmp_path, monkeypatch):
    write_file(tmp_path/"a", b"mine")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="Permission denied"): write_file(tmp_path/"a", b"yours")
    assert (tmp_path/"a").read_bytes() == b"mine"

def test_a_place_where_nothing_can_be_written_is_named_before_the_work(tmp_path, monkeypatch):
    "A folder that is read-only: not after half a minute of training"
    def refuse(*args, **kw): raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    def step(x): pytest.fail("it began")
    step.state = dict(n=dict(a=1))
    with pytest.raises(OSError, match=r"save: .* cannot be made or written to \(Permission denied\)"): fit(step, [X], progress=False, save=tmp_path/"run")

def test_a_path_is_meant_as_a_shell_means_it(tmp_path, monkeypatch):
    "`~` in quotes, in Python, in an option; a user whom nobody knows; spaces, dots and letters of any kind; a long name"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert home("~/a") == tmp_path/"a" and home("a/~/b") == Path("a/~/b") and home("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")
    def step(x): return dict(a=1.)
    step.state = dict(n=dict(a=1))
    for name in ("~/deep er/läufe/数.safetensors", "n"*200, Path("~")/"b..c"): fit(step, [X], progress=False, save=name), load_run(name)
    assert main(["train", "vae", "--epochs", "1", "--out", "~/my run"]) == 0
    assert main(["sample", "~/my run", "--out", "~/pictures of it/a.png"]) == 0
    assert (tmp_path/"my run"/"history.csv").exists() and (tmp_path/"pictures of it"/"a.png").exists() and not Path("~").exists()

# --------------------------------------------------------------------------------------------------------------- figures
STARTS = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "pdf": b"%PDF", "svg": b"<?xml", "PNG": b"\x89PNG", "webp": b"RIFF", "tif": b"II*\x00"}

def test_the_name_of_a_file_decides_what_is_in_it(tmp_path):
    train("vae", epochs=1, out=tmp_path/"run", **quiet())
    for kind, start in STARTS.items():
        sample(tmp_path/"run", tmp_path/f"a.{kind}", 4)
        assert (tmp_path/f"a.{kind}").read_bytes().startswith(start), kind
    sample(tmp_path/"run", tmp_path/"none", 4)
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in (tmp_path/"none").iterdir()) and len(list((tmp_path/"none").iterdir())) == 4, "no ending: a folder"
    with pytest.raises(ValueError, match=r"to: expected a name with one of .*\.png.*, got \.doc"): sample(tmp_path/"run", tmp_path/"a.doc", 4)
    assert not (tmp_path/"a.doc").exists()
    for kind in ("png", "svg", "pdf", "jpg"):
        with quiet_plots(): a, b = (figure_bytes(show_images(X[:4]).figure, kind) for _ in range(2))
        assert a == b, f"{kind}: the same figure, other bytes"

FOREIGN = [{"text.usetex": True}, {"image.origin": "lower", "image.aspect": "auto", "image.cmap": "viridis"}, {"axes.grid": True, "savefig.bbox": "tight", "savefig.transparent": True},
           {"figure.autolayout": True, "savefig.facecolor": "red", "savefig.dpi": 30, "figure.facecolor": "black", "text.color": "white", "font.size": 30, "font.family": "no such font"}]

def picture():
    with quiet_plots(): return png_bytes(show_images(X[:6], 3, "title").figure)

@pytest.mark.parametrize("rc", FOREIGN, ids=[next(iter(rc)) for rc in FOREIGN])
def test_pictures_do_not_depend_on_somebody_elses_settings(rc):
    want = picture()
    with plt.rc_context(rc):
        before = {k: v for k, v in plt.rcParams.items()}
        assert picture() == want and {k: v for k, v in plt.rcParams.items()} == before
    with plt.style.context("dark_background"): assert picture() == want

def test_images_are_the_right_way_up_in_any_settings():
    with plt.rc_context({"image.origin": "lower", "axes.grid": True}):
        ax = show_images(X[:1])
        assert ax.images[0].origin == "upper" and not any(line.get_visible() for line in ax.get_xgridlines())
    plt.close("all")

def test_somebody_elses_figures_stay_open_and_current():
    a, b = plt.figure(), plt.figure()
    plt.figure(a.number)
    picture()
    assert plt.get_fignums()[:2] == [a.number, b.number] and plt.gcf() is a and "agg" in matplotlib.get_backend().lower()
    plt.close("all")

def test_a_backend_that_cannot_be_loaded_does_no_harm(tmp_path):
    "MPLBACKEND=TkAgg on a machine without a screen: nothing is lost when the pictures are done"
    text = "import matplotlib; matplotlib.rcParams['backend'] = 'tkagg'\nfrom vaegan.plot import *; import torch\nwith quiet_plots(): print(len(png_bytes(show_images(torch.rand(4, 1, 4, 4)).figure)))"
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")} | dict(MPLBACKEND="tkagg")
    r = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, cwd=tmp_path)
    assert r.returncode == 0 and int(r.stdout) > 500, r.stderr

# -------------------------------------------------------------------------------------------------------------- messages
@checked
def three(x:Float[torch.Tensor, "N", between(0, 3)]): return x

@pytest.mark.parametrize("x, got", [(torch.full((4,), 1.0000001), "[1.00000012, 1.00000012]"), (torch.tensor([0., 1 + 1e-15], dtype=torch.double), "[0, 1.0000000000000011]"),
                                    (torch.tensor([-1e-9, .5]), "[-1e-09, 0.5]"), (torch.tensor([.1, 7.5]), "[0.1, 7.5]"), (torch.tensor([0., 1.0078125]).bfloat16(), "[0, 1.00781]")])
def test_a_message_has_the_digits_that_tell_what_is_wrong(x, got):
    with pytest.raises(ValueError) as e: bernoulli_log_prob(x[None], torch.zeros_like(x[None]))
    assert str(e.value) == f"x: expected values in [0, 1], got {got}"

def test_other_bounds_too():
    for value, got in ((3.0000002, "3.00000024"), (3.5, "3.5")):
        with pytest.raises(ValueError, match=rf"expected values in \[0, 3\], got \[{got}, {got}\]"): three(torch.tensor([value]))

def test_titles_without_docstrings(tmp_path):
    "`python -OO` drops them, and the titles of the exercises are docstrings"
    r = subprocess.run([sys.executable, "-OO", "-m", "vaegan", "exam", "--topics", "kl", "--n", "1", "--out", str(tmp_path/"e")], capture_output=True, text=True)
    assert r.returncode == 0 and (tmp_path/"e"/"key.json").exists(), r.stderr

def test_a_seed_that_no_generator_takes_is_named(capsys, tmp_path):
    train("vae", epochs=1, out=tmp_path/"run", **quiet())
    for words in (["sample", str(tmp_path/"run")], ["train", "vae"], ["tour"]):
        assert main([*words, "--seed", str(2**64), "--out", str(tmp_path/"x")]) == 2
        assert "seed: expected" in capsys.readouterr().err
