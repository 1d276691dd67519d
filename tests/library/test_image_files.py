"Folders as they are: every kind of file is read rightly or named with its reason, and nothing stops the reading"
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests, row
from PIL import Image, ImageDraw, ImageFile

from vaegan import image_files
from vaegan.image_files import find_files, look_at, read_image, read_images, to_bytes
from vaegan.image_values import Remarks

W, H = 40, 24

def face(mode="RGB", seed=0):
    "A blot with a mark at its top left: which way is up can be seen"
    im = Image.new("RGB", (W, H), (200, 120 + seed, 40))
    ImageDraw.Draw(im).ellipse([8, 4, 32, 20], fill=(30, 60, 220))
    ImageDraw.Draw(im).rectangle([0, 0, 6, 6], fill="black")
    return im.convert(mode)

FACE = torch.tensor(np.array(face())).permute(2, 0, 1)
GREY = torch.tensor(np.array(face("L")))[None]

def exif(turn):
    e = Image.Exif()
    e[0x0112] = turn
    return e

def veiled(mode="RGBA"):
    "Nothing in the right half"
    im, veil = face("RGBA"), Image.new("L", (W, H), 255)
    veil.paste(0, (W//2, 0, W, H))
    im.putalpha(veil)
    return im.convert(mode)

HALF = FACE.clone()
HALF[..., W//2:] = 255
DEEP = np.asarray(face("L")).astype(np.uint16)*257
UNDO = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}       # tag -> what was done to the picture before, in Pillow's numbers

# name -> picture, how to save it, what must come out, how far off, what is said
KINDS = {
    "plain.png": (face(), {}, FACE, 0, ""), "JPEG.JPG": (face(), dict(quality=98, subsampling=0), FACE, 9, ""), "w.webp": (face(), dict(lossless=True), FACE, 0, ""),
    "b.bmp": (face(), {}, FACE, 0, ""), "t.tiff": (face(), {}, FACE, 0, ""), "no suffix": (face(), dict(format="PNG"), FACE, 0, ""), "wrong.txt": (face(), dict(format="PNG"), FACE, 0, ""),
    "grey.png": (face("L"), {}, GREY, 0, ""), "bits.png": (face("1"), {}, torch.tensor(np.array(face("1")).astype(np.uint8)*255)[None], 0, ""),
    "palette.png": (face().quantize(8), {}, FACE, 12, ""), "palette.gif": (face().quantize(8), {}, FACE, 12, ""), "grey palette.png": (face("L").convert("P"), {}, GREY, 0, ""),
    "cmyk.jpg": (face("CMYK"), dict(quality=98, subsampling=0), FACE, 12, "CMYK"), "cmyk.tif": (face("CMYK"), {}, FACE, 3, "CMYK"),
    "alpha.png": (veiled(), {}, HALF, 0, "over white"), "la.png": (veiled("LA"), {}, None, 0, "over white"), "pa.png": (veiled().quantize(8), {}, HALF, 12, "over white"),
    "key.png": (face(), dict(transparency=(200, 120, 40)), torch.where((FACE == torch.tensor([200, 120, 40])[:, None, None]).all(0), 255, FACE), 0, "over white"),
    "opaque.png": (face("RGBA"), {}, FACE, 0, ""),
    "16.png": (Image.fromarray(DEEP), {}, GREY, 0, "16 bits"), "16.tif": (Image.fromarray(DEEP), {}, GREY, 0, "16 bits"), "16.pgm": (Image.fromarray(DEEP), {}, GREY, 0, "16 bits"),
    "float.tif": (Image.fromarray(np.asarray(face("L")).astype(np.float32)/255), {}, GREY, 0, "floats"),
    "moving.gif": (face().quantize(8), dict(save_all=True, append_images=[face(seed=99), face(seed=50)]), FACE, 12, "the first"),
    "pages.tif": (face(), dict(save_all=True, append_images=[face(seed=99)]), FACE, 0, "the first"),
    "lab.tif": (Image.new("LAB", (W, H), (128, 128, 128)), {}, None, 0, ""),
} | {f"turned {t}.{end}": (face().transpose(UNDO[t]), dict(exif=exif(t), **how), FACE, off, "" if end == "tif" else "upright")
     for t in UNDO for end, how, off in (("png", {}, 0), ("jpg", dict(quality=98, subsampling=0), 9), ("webp", dict(lossless=True), 0), ("tif", {}, 0))}

def said(f, *args, **kw):
    "What a function returns, and its remarks"
    remarks = Remarks()
    return f(*args, remarks, **kw), remarks.lines()

@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file(name, tmp_path):
    im, how, want, off, word = KINDS[name]
    im.save(tmp_path/name, **how)
    x = read_image(tmp_path/name)
    assert x.dtype == torch.uint8 and x.shape[1:] == (H, W) and (want is None or x.shape == want.shape and (x.int() - want.int()).abs().max() <= off)
    (found, kept), lines = said(lambda r: read_images(tmp_path, look_at(tmp_path, [name], r), r))
    assert kept == [name] and found[0].equal(x)
    assert len(lines) == bool(word) and word in "".join(lines)
    for channels in (1, 3): assert read_image(tmp_path/name, channels=channels).shape == (channels, H, W)
    assert read_image(tmp_path/name, (12, 20), channels=1).shape == (1, 12, 20) and read_image(tmp_path/name, 9, crop=True).shape[1:] == (9, 9)

def damaged():
    "What cannot be read: name -> how to make it, what is said"
    def cut(end, share, **how):
        def make(path):
            face().save(path, **how)
            data = path.read_bytes()
            path.write_bytes(data[:int(len(data)*share)])
        return make
    def text(words): return lambda path: path.write_bytes(words)
    return {"cut.png": (cut("png", .6), "broken"), "cut.jpg": (cut("jpg", .6), "broken"), "cut.gif": (cut("gif", .6), "broken"), "cut.tif": (cut("tif", .3), ""), "cut.webp": (cut("webp", .6), "broken"),
            "head.png": (text(b"\x89PNG\r\n\x1a\n"), ""), "empty.png": (text(b""), "empty"), "page.jpg": (text(b"<html>404</html>"), "not a picture"), "notes.txt": (text(b"hello"), "not a picture"),
            "zeros.jpg": (text(bytes(5000)), "not a picture"), "film.mov": (text(b"\0\0\0\x14ftypqt  " + bytes(99)), "not a picture"), "phone.HEIC": (text(b"\0\0\0\x18ftypheic" + bytes(99)), "pillow-heif"), "phone.jpg": (text(b"\0\0\0\x24ftypmif1" + bytes(99)), "pillow-heif"),
            "raw.DNG": (lambda path: face().save(path, "TIFF"), "raw file"), "raw.nef": (lambda path: face().save(path, "TIFF"), "raw file"),
            "script.eps": (text(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 48\nshowpage\n"), "not a picture"), "._x.png": (text(b"apple"), "hidden"), ".DS_Store": (text(b"apple"), "hidden"),
            "32.tif": (lambda path: Image.fromarray(DEEP.astype(np.int32)).save(path), "scale that is not known"), "250.tif": (lambda path: Image.fromarray(DEEP.astype(np.float32)).save(path), "scale that is not known"),
            "bomb.png": (lambda path: Image.new("1", (10_000, 10_000)).save(path), "89,478,485 pixels"), "huge.png": (lambda path: Image.new("1", (20_000, 20_000)).save(path), "89,478,485 pixels")}

DAMAGED = damaged()

@pytest.mark.parametrize("name", DAMAGED)
def test_what_cannot_be_read_is_named_with_its_reason(name, tmp_path):
    face().save(tmp_path/"good.png")
    DAMAGED[name][0](tmp_path/name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names, seen = said(lambda r: find_files(tmp_path, r))
        (x, kept), lines = said(lambda r: read_images(tmp_path, look_at(tmp_path, names, r), r, size=None if name[0] in "c" else 24))
    assert kept == ["good.png"] and len(x) == 1
    both = " ".join(seen + lines)
    assert "1 left out: 1 " in both and name in both and DAMAGED[name][1] in both
    if name[0] != "." and name != "empty.png":
        with pytest.raises(ValueError, match=r"file: expected a picture, got .*" + name): read_image(tmp_path/name)

def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError): read_image(tmp_path/"x.png")

@pytest.mark.parametrize("setting", [False, True])
def test_foreign_settings_do_not_let_half_a_picture_pass(setting, tmp_path, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", setting)
    DAMAGED["cut.png"][0](tmp_path/"cut.png")
    with pytest.raises(ValueError, match="broken"): read_image(tmp_path/"cut.png")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is setting

def test_whoever_lifts_the_limit_of_pixels_has_lifted_it(tmp_path, monkeypatch):
    Image.new("1", (300, 300), 1).save(tmp_path/"a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(ValueError, match="of over 10,000 pixels"): read_image(tmp_path/"a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert read_image(tmp_path/"a.png").unique().tolist() == [255]

@pytest.mark.parametrize("end", ["png", "jpg", "gif", "webp", "tif", "bmp"])
def test_any_damage_is_named_or_harmless(end, tmp_path):
    "Sixty files, each with some bytes changed: no other error, no picture of another size"
    face().save(tmp_path/f"good.{end}")
    data, dice = (tmp_path/f"good.{end}").read_bytes(), np.random.default_rng(0)
    for i in range(60):
        bad = bytearray(data)
        for at in dice.integers(0, len(bad), 1 + i//4): bad[at] = dice.integers(256)
        (tmp_path/f"{i}.{end}").write_bytes(bad)
    names, _ = said(lambda r: find_files(tmp_path, r))
    (x, kept), lines = said(lambda r: read_images(tmp_path, look_at(tmp_path, names, r), r, size=16, channels=3))
    assert x.shape == (len(kept), 3, 16, 16) and f"good.{end}" in kept
    assert len(kept) == 61 or f"{61 - len(kept)} left out: " in lines[0]

@pytest.mark.skipif(os.name == "nt", reason="other rules for names and links")
def test_what_else_lies_in_folders(tmp_path):
    deep = tmp_path/"a"/"b"
    deep.mkdir(parents=True)
    (tmp_path/".git").mkdir()
    for path in (tmp_path/"1.png", deep/"2.png", tmp_path/".git"/"3.png"): face().save(path)
    shutil.copy(tmp_path/"1.png", os.fsencode(tmp_path) + b"/\xe4\n.png")
    (deep/"up").symlink_to(tmp_path)
    (tmp_path/"self").symlink_to("self")
    (tmp_path/"link.png").symlink_to("1.png")
    (tmp_path/"dead.png").symlink_to("gone.png")
    (tmp_path/"z").symlink_to(tmp_path/"a")
    os.mkfifo(tmp_path/"pipe.png")
    names, lines = said(lambda r: find_files(tmp_path, r))
    assert names == sorted(["1.png", "a/b/2.png", "link.png", os.fsdecode(b"\xe4\n.png")])
    assert len(lines) == 1 and lines[0].startswith("5 left out: ")
    for word in ("2 linked to nowhere (dead.png, self)", "1 neither file nor folder (pipe.png)", "2 linked to a folder that is read already (z, a/b/up)"): assert word in lines[0]
    (x, kept), _ = said(lambda r: read_images(tmp_path, look_at(tmp_path, names, r), r))
    assert len(x) == len(kept) == 4 and all(i.equal(FACE) for i in x)

def test_folders_that_systems_make_are_not_looked_into(tmp_path):
    "Small copies of a network drive, halves of a Mac's files, what was thrown away: else they would be classes"
    for name in ("cat", "@eaDir", "cat/@eaDir/1.png", "__MACOSX/cat", "#recycle", "$RECYCLE.BIN", ".thumbnails"):
        (tmp_path/name).mkdir(parents=True)
        face().save(tmp_path/name/"1.jpg")
    assert said(lambda r: find_files(tmp_path, r)) == (["cat/1.jpg"], [])

def test_a_size_that_no_memory_holds_is_named(tmp_path):
    face().save(tmp_path/"a.png")
    with pytest.raises(MemoryError, match="size: no memory for 1 image of 10000000 × 10000000"): said(lambda r: read_images(tmp_path, look_at(tmp_path, ["a.png"], r), r, size=10**7))

@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0 and not hasattr(os, "seteuid"), reason="rights work differently there")
def test_what_may_not_be_read(tmp_path):
    (tmp_path/"shut").mkdir()
    face().save(tmp_path/"a.png")
    face().save(tmp_path/"b.png")
    for p in [tmp_path, *tmp_path.parents]:
        if "pytest-" in p.as_posix(): os.chmod(p, 0o755)
    (tmp_path/"b.png").chmod(0)
    (tmp_path/"shut").chmod(0)
    root = os.geteuid() == 0
    if root: os.seteuid(65534)
    try:
        names, seen = said(lambda r: find_files(tmp_path, r))
        heads, lines = said(lambda r: look_at(tmp_path, names, r))
    finally:
        if root: os.seteuid(0)
        (tmp_path/"shut").chmod(0o755)
    assert [*heads] == ["a.png"] and "unreadable (Permission denied) (shut)" in seen[0] and "unreadable (Permission denied) (b.png)" in lines[0]

def test_the_order_is_that_of_the_names_and_the_same_from_a_list(tmp_path):
    for i in (10, 9, 2): face(seed=i).save(tmp_path/f"{i}.png")
    names = find_files(tmp_path, Remarks())
    assert names == ["10.png", "2.png", "9.png"]
    x, kept = read_images(tmp_path, look_at(tmp_path, names, Remarks()), Remarks())
    assert [int(i[1, 0, -1]) - 120 for i in x] == [10, 2, 9] and kept == names

def test_sizes_that_differ(tmp_path):
    face().save(tmp_path/"a.png")
    face().resize((30, 50)).save(tmp_path/"b.png")
    heads = look_at(tmp_path, ["a.png", "b.png"], Remarks())
    with pytest.raises(ValueError) as e: read_images(tmp_path, heads, Remarks())
    assert str(e.value) == "size: expected images of one size, got 40 × 24 (a.png) and 30 × 50 (b.png), 2 sizes in all; size=16 makes all 16 × 16 (in the shell --size 16)"
    (x, _), lines = said(lambda r: read_images(tmp_path, heads, r, size=(28, 20)))
    assert x.shape == (2, 3, 28, 20) and lines == ["1 smaller than asked: enlarged (a.png)", "2 of other proportions: squeezed (crop=True, in the shell --crop, cuts the middle out instead) (a.png, b.png)"]
    (x, _), lines = said(lambda r: read_images(tmp_path, heads, r, size=24, crop=True))
    assert x.shape == (2, 3, 24, 24) and lines == []
    face().transpose(UNDO[6]).save(tmp_path/"c.jpg", exif=exif(6))                         # lies on its side, but stands in the head
    assert len(read_images(tmp_path, look_at(tmp_path, ["a.png", "c.jpg"], Remarks()), Remarks())[0]) == 2

def test_grey_among_colour(tmp_path):
    face().save(tmp_path/"a.png")
    face("L").save(tmp_path/"b.png")
    heads = look_at(tmp_path, ["a.png", "b.png"], Remarks())
    (x, _), lines = said(lambda r: read_images(tmp_path, heads, r))
    assert x.shape[1] == 3 and x[1].equal(GREY.expand(3, -1, -1)) and lines == ["1 grey among colour: three equal channels (b.png)"]
    (x, _), lines = said(lambda r: read_images(tmp_path, heads, r, channels=1))
    assert x.shape[1] == 1 and (x[0].int() - GREY.int()).abs().max() <= 1 and lines == []
    (x, _), lines = said(lambda r: read_images(tmp_path, {"b.png": heads["b.png"]}, r))
    assert x.shape[1] == 1

def test_a_large_photograph_is_not_decoded_whole(tmp_path):
    "And comes out as if it were"
    im = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)).resize((1600, 1200), Image.Resampling.BICUBIC)
    im.save(tmp_path/"a.jpg", quality=95)
    im.save(tmp_path/"a.png")
    sizes, load = [], image_files.to_bytes
    image_files.to_bytes = lambda im, note: (sizes.append(im.size), load(im, note))[1]
    try: a, b = (read_image(tmp_path/f"a.{end}", 32) for end in ("jpg", "png"))
    finally: image_files.to_bytes = load
    assert sizes == [(200, 150), (1600, 1200)] and (a.float() - b.float()).abs().mean() < 3

def test_one_can_stop_it(tmp_path, monkeypatch):
    "Ctrl-C is heard within one portion of files, not after all"
    for i in range(3): face().save(tmp_path/f"{i}.png")
    done = []
    def slow(file):
        done.append(file)
        if len(done) == 300: raise KeyboardInterrupt
        return 0
    with pytest.raises(KeyboardInterrupt): list(image_files._side_by_side(slow, [Path("x")]*5000, "reading"))
    assert len(done) <= 512

def test_a_picture_of_pillow(tmp_path):
    changed = []
    assert to_bytes(veiled(), lambda *what: changed.append(what)).equal(HALF) and changed == [("transparent in part: laid over white",)]
    assert to_bytes(face()).equal(FACE) and to_bytes(face("L")).equal(GREY)

# ---------------------------------------------------------------------------------------------------------- bad input
COVER = Path(__file__).resolve().parents[2]/"nbs"/"images"/"cover.png"
ROWS = {"image_files.read_image": row(dict(file=COVER, size=9), file=[3, None, b"x"], size=[0, 2.5, (3,), "3"], channels=[2, "1", 0])}
NO_ROW = {f"image_files.{n}": "what `images` makes of checked arguments" for n in ("find_files", "look_at", "read_images", "to_bytes")}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
