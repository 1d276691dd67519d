"Images on their way to files: all or nothing, and the same when they are read again"
import os
import stat

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests, row
from helpers import gen
from PIL import Image

from vaegan.images import images
from vaegan.pictures import sheet, write_images

BYTES = torch.randint(0, 256, (12, 3, 6, 7), dtype=torch.uint8, generator=gen())

@pytest.mark.parametrize("name", ["folder", "a.npz", "a.npy", "deep/er/a.npz"])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_is_read_again(tmp_path, name, channels):
    x = BYTES[:, :channels]
    back = images(write_images(tmp_path/name, x/255), held_out=.25)
    assert sorted(i.numpy().tobytes() for i in torch.cat([back.x, back.x_test])) == sorted(i.numpy().tobytes() for i in x)

def test_classes_are_kept(tmp_path):
    y = torch.arange(12) % 2
    write_images(tmp_path/"a.npz", BYTES/255, y)
    assert np.load(tmp_path/"a.npz")["y"].tolist() == y.tolist()
    write_images(tmp_path/"f", BYTES/255, y, ("cat", "dog"))
    assert images(tmp_path/"f").classes == ("cat", "dog") and len([*(tmp_path/"f/dog").iterdir()]) == 6

def test_a_sheet_shows_every_image(tmp_path):
    write_images(tmp_path/"s.png", BYTES/255)
    seen = np.asarray(Image.open(tmp_path/"s.png"))
    k = seen.shape[0]//8                                                       # one row of 6 + 2 pixels, enlarged
    assert seen.shape == (8*k, (12*8 + 1)*k, 3) and np.array_equal(seen[k:7*k:k, k:8*k:k], BYTES[0].permute(1, 2, 0)) and np.array_equal(seen[::k, ::k], sheet(BYTES/255)[::k, ::k])

def test_all_or_nothing(tmp_path):
    (tmp_path/"full").mkdir()
    (tmp_path/"full/mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="^to: .*is there already"): write_images(tmp_path/"full", BYTES/255)
    with pytest.raises(ValueError, match="^to: expected a folder, or a name that ends in .npz"): write_images(tmp_path/"a.mp3", BYTES/255)
    with pytest.raises(OSError, match="to: .*cannot be written"): write_images("/dev/null/x/a.npz", BYTES/255)
    assert [p.name for p in tmp_path.rglob("*")] == ["full", "mine.txt"]
    (tmp_path/"empty").mkdir()
    assert len([*write_images(tmp_path/"empty", BYTES/255).iterdir()]) == 12

@pytest.mark.skipif(os.name == "nt", reason="files work differently there")
def test_a_folder_has_the_rights_that_the_mask_leaves_and_the_mask_is_never_lifted(tmp_path, monkeypatch):
    was = os.umask(0o027)
    try:
        with monkeypatch.context() as m:
            m.setattr(os, "umask", lambda mask: pytest.fail("the mask was changed"))
            write_images(tmp_path/"f", BYTES[:2]/255)
    finally: os.umask(was)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path/"f", tmp_path/"f/0000.png")] == [0o750, 0o640] and os.listdir(tmp_path) == ["f"]

# ---------------------------------------------------------------------------------------------------------- bad input
X = BYTES/255
ROWS = {
    "pictures.sheet": row(dict(x=X, ncols=3), skip="short one lower double", x=[X[:, :2]], ncols=[0, 1.5]),
    "pictures.sheet_bytes": row(dict(x=X, end=".png"), skip="short one lower double", x=[X[:, :2]], end=[".gif", None]),
    "pictures.writable_form": row(dict(to="a.npz"), to=["a.mp3", 3]),
}
NO_ROW = {"pictures.write_images": "every form and every error in tests/library/test_pictures.py"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
