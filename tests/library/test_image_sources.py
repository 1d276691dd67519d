"Folders, files of arrays, data sets and loaders: the same images and labels come out of each, in the same order"
import pickle
import warnings
from collections import namedtuple

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests
from helpers import gen
from PIL import Image
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)
from torchvision.datasets import FakeData
from torchvision.transforms import ToTensor

from vaegan.image_sources import pieces
from vaegan.image_values import Remarks, Wanted

X = torch.randint(0, 256, (30, 3, 6, 7), dtype=torch.uint8, generator=gen())
Y = torch.arange(30) % 4
HWC = X.permute(0, 2, 3, 1).contiguous().numpy()

def got(source, size=None, crop=False, channels=None, held_out=None):
    remarks = Remarks()
    return pieces(source, Wanted(size, crop, channels, held_out, remarks)), remarks.lines()

def one(source, **kw):
    found, lines = got(source, **kw)
    assert len(found) == 1 and not lines
    return found[0]

class Items(Dataset):
    "A map-style data set of anything"
    def __init__(self, items): self.items = items
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]

Pair = namedtuple("Pair", "image label")
PICTURES = [Image.fromarray(a) for a in HWC]
FORMS = {
    "array": (HWC, Y.numpy()), "tensor": (X, Y), "list of labels": (X, Y.tolist()), "column of labels": (X, Y[:, None]), "floats": (X/255, Y), "doubles": (HWC/255, Y), "one byte labels": (X, Y.byte()),
    "whole floats": (X, Y.double()), "tensors": TensorDataset(X, Y), "pictures": Items([*zip(PICTURES, Y.tolist())]), "channels last": Items([*zip(HWC, Y.numpy())]), "dicts": Items([dict(image=p, label=int(c)) for p, c in zip(PICTURES, Y)]),
    "other keys": Items([dict(label=c, pixel_values=x) for x, c in zip(X, Y)]), "named": Items([Pair(x, c) for x, c in zip(X/255, Y)]), "three": Items([(x, c, "more") for x, c in zip(X, Y)]),
    "pictures and labels": (PICTURES, Y), "subsets": ConcatDataset([Subset(TensorDataset(X, Y), range(9)), Subset(TensorDataset(X, Y), range(9, 30))]),
    "loader": DataLoader(TensorDataset(X, Y), 7), "shuffled": DataLoader(TensorDataset(X, Y), 7, shuffle=True, drop_last=True), "no batches": DataLoader(TensorDataset(X, Y), None),
    "batches": DataLoader(TensorDataset(X, Y), batch_sampler=BatchSampler(RandomSampler(X), 4, True)), "of dicts": DataLoader(Items([dict(image=x, label=c) for x, c in zip(X, Y)]), 8),
    "of floats": DataLoader(TensorDataset(X/255, Y), 1), "collated": DataLoader(Items([*zip(PICTURES, Y.tolist())]), 4, collate_fn=lambda items: ([np.asarray(p) for p, _ in items], [c for _, c in items])),
}

@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same(form):
    was = torch.random.get_rng_state()
    p = one(FORMS[form])
    x = p.x if p.x.dtype == torch.uint8 else (p.x*255).round().byte()
    assert len(x) == 30 and torch.random.get_rng_state().equal(was), "the caller's dice were thrown"
    numbers = [int(n) for n in p.names]
    assert numbers == sorted(numbers) and x.equal(X[numbers]) and p.y == Y[numbers].tolist()

def test_without_labels():
    for source in (X, HWC, Items(list(X)), Items(PICTURES), Items([(x,) for x in X]), DataLoader(X, 4), DataLoader(TensorDataset(X), 4), PICTURES):
        assert one(source).y is None and len(one(source).x) == 30

def test_loaders_keep_what_they_choose_and_stay_as_they_were():
    dice = gen(3)
    loader = DataLoader(TensorDataset(X, Y), 4, sampler=torch.utils.data.SubsetRandomSampler([7, 3, 20], generator=dice))
    before = dice.get_state()
    assert one(loader).names == ["3", "7", "20"] and dice.get_state().equal(before)
    with_copies = DataLoader(TensorDataset(X), 4, sampler=WeightedRandomSampler([1.]*2 + [0.]*28, 50))
    assert one(with_copies).names == ["0", "1"], "each image once"
    T, torch_was = TensorDataset(X, Y), torch.random.get_rng_state()
    for sampler in (WeightedRandomSampler([.1]*30, 30), RandomSampler(T, True, 30), RandomSampler(T, num_samples=4)):
        for loader in (DataLoader(T, 4, sampler=sampler), DataLoader(T, batch_sampler=BatchSampler(sampler, 4, True)), DataLoader(T, None, sampler=sampler)): assert one(loader).x.equal(X) and one(loader).y == Y.tolist(), "all that it may draw, whatever it draws today"
    assert torch.random.get_rng_state().equal(torch_was)

class Stream(IterableDataset):
    def __iter__(self): return iter(zip(X, Y))

def test_streams_of_unknown_length():
    for loader in (DataLoader(Stream(), 7), DataLoader(Stream(), None)):
        assert one(loader).x.equal(X) and one(loader).y == Y.tolist()
    class Long(IterableDataset):
        def __iter__(self): return (torch.full((1, 2, 2), i % 256, dtype=torch.uint8) for i in range(2500))
    assert one(DataLoader(Long(), 64)).x[:, 0, 0, 0].tolist() == [i % 256 for i in range(2500)]

def test_torchvision():
    fake = FakeData(12, (3, 9, 8), 5)
    a, b = one(fake), one(FakeData(12, (3, 9, 8), 5, ToTensor()))
    assert a.x.equal(b.x) and a.x.dtype == torch.uint8 and a.x.shape == (12, 3, 9, 8) and a.y == b.y == [int(c) for _, c in fake]
    assert one(fake, size=(5, 4), channels=1).x.shape == (12, 1, 5, 4)

def test_bytes_until_one_is_none():
    "Floats that stand for bytes become bytes; with one image that does not, all are floats, and the others lose nothing"
    mixed = [*(X[:4]/255), X[4]/256, X[5]/255]
    p = one(Items(mixed))
    assert p.x.dtype == torch.float32 and p.x.equal(torch.stack(mixed)) and one(Items(mixed[:4])).x.equal(X[:4])
    with pytest.raises(ValueError, match=r"floats from -0.99.* to 0.99.*; \(x . 1\)/2"): got(Items([x/127.5 - 1 for x in X]), size=(4, 4))
    with pytest.raises(ValueError, match="x/255 if 255 is white"): got(DataLoader(X.float(), 4), size=(4, 4))
    with pytest.raises(TypeError, match="got torch.int64"): got(Items(list(X.long())))

def test_images_that_do_not_fit_together():
    with pytest.raises(ValueError, match=r"size: .* got 7 × 6 and, item 2, 5 × 6; size=64 .*--size 64"): got(Items([X[0], X[1], X[2, :, :, :5]]))
    with pytest.raises(ValueError, match="channels: .* got 3 channels and, item 1, 1; channels=3"): got(Items([X[0], X[0, :1]]))
    assert one(Items([X[0], X[1, :, :, :5]]), size=(6, 7)).x.shape == (2, 3, 6, 7) and one(Items([X[0], X[0, :1]]), channels=3).x.shape == (2, 3, 6, 7)
    with pytest.raises(ValueError, match="30 labels, one for each image, got 29"): got((X, Y[:29]))

def test_an_item_that_fails_is_left_out_unless_it_is_the_first():
    class Broken(Items):
        def __getitem__(self, i):
            if i in self.bad: raise OSError("half a\nfile")
            return X[i], Y[i]
    some = Broken(X)
    some.bad = {4, 9}
    (p,), lines = got(some)
    assert p.x.equal(X[[i for i in range(30) if i not in some.bad]]) and lines == ["2 left out: 2 broken (item 4 (OSError: half a file), item 9 (OSError: half a file))"] and p.names[4] == "5"
    some.bad = {0}
    with pytest.raises(ValueError, match="source: expected items that can be read, got OSError: half a file from item 0"): got(some)
    class Huge(Items):
        def __getitem__(self, i):
            if i == 3: raise MemoryError
            return X[i]
    with pytest.raises(MemoryError): got(Huge(X))

def test_what_is_no_class_is_left_aside_in_every_source():
    y = torch.rand(30)
    for source in (Items([*zip(X, y)]), (X, y), DataLoader(TensorDataset(X, y), 7), dict(x=X, y=y)):
        (p,), lines = got(source)
        assert p.y is None and len(lines) == 1 and "no classes: not used" in lines[0]

def test_one_hot_labels_in_every_source():
    hot = torch.eye(4)[Y]
    for source in (Items([*zip(X, hot)]), (X, hot), (X, hot.numpy()), DataLoader(TensorDataset(X, hot), 7), dict(x=X, y=hot), Items([dict(img=x, fine_label=h) for x, h in zip(X, hot)])): assert one(source).y == Y.tolist()

def test_labels_as_they_come():
    "A column of a table is neither array nor list"
    class Column(list):
        ndim = 1
        def __array__(self, dtype=None, copy=None): return np.array(list(self), dtype)
    for y in (list(Y.numpy()), Column(Y.tolist()), tuple(Y.tolist())): assert one((X, y)).y == Y.tolist()
    assert one((X, range(30))).y == list(range(30)) and one((X, None)).y is None

def test_a_dict_of_arrays_or_of_parts():
    assert one(dict(x=X, y=Y)).y == Y.tolist() and one({"images": HWC}).x.equal(X) and not one(dict(x=X)).ours
    for parts in (dict(train=(X, Y), test=(X[:9], Y[:9])), dict(train=TensorDataset(X, Y), validation=TensorDataset(X[:9], Y[:9])), dict(x_train=X, y_train=Y, x_test=X[:9], y_test=Y[:9]), dict(x_train=X, y_train=Y, x_val=X[:9], y_val=Y[:9])):
        (a, b), lines = got(parts)
        assert a.x.equal(X) and a.y == Y.tolist() and b.x.equal(X[:9]) and b.y == Y[:9].tolist() and not lines
    assert got(dict(train=X, val=X[:5], test=X[:9]))[1] == ["1 left out: 1 not used (val)"]
    with pytest.raises(ValueError, match="source: expected arrays named x, .* got pictures, more"): got(dict(pictures=X, more=Y))

@pytest.mark.parametrize("source", [[], (X[:0], Y[:0]), X[:0], Items([]), DataLoader(Items([]), 4), DataLoader(TensorDataset(X[:0]), 4), {}, dict(x=X[:0])], ids=lambda s: type(s).__name__)
def test_nothing_is_named(source):
    with pytest.raises(ValueError, match="^source: expected .*(images|arrays).*"): got(source)

class Nothing(IterableDataset):
    def __iter__(self): return iter(())

def test_a_stream_of_nothing():
    with pytest.raises(ValueError, match="source: expected images, got a loader that gives none"): got(DataLoader(Nothing(), 4))

def test_words_are_classes(): assert one(Items([*zip(X, ["cat", "dog"]*15)])).y == ["cat", "dog"]*15 == one((X, np.array(["cat", "dog"]*15))).y

# ---------------------------------------------------------------------------------------------------- files of arrays
def test_npy_is_mapped_and_stays_as_it_is(tmp_path):
    for a in (HWC, X.numpy(), np.asfortranarray(HWC), HWC[..., 0], X.numpy().astype(">u2"), (X/256).numpy()):
        np.save(tmp_path/"a.npy", a)
        data = (tmp_path/"a.npy").read_bytes()
        p = one(tmp_path/"a.npy")
        assert np.asarray(p.x).reshape(-1).tolist() == np.asarray(one(a).x).reshape(-1).tolist() and p.ours and len(p.names) == 30
        if a.dtype == np.uint8: p.x[:] = 0                     # whatever is done to it
        assert (tmp_path/"a.npy").read_bytes() == data

@pytest.mark.parametrize("keys", ["x_train y_train x_test y_test", "x y x_test y_test", "train_images train_labels test_images test_labels", "X y", "images labels", "arr_0 arr_1", "faces", "X_train Y_train X_test Y_test"])
def test_npz_by_the_names_in_use(keys, tmp_path):
    arrays = dict(zip(keys.split(), (HWC, Y.numpy(), HWC[:5], Y[:5].numpy())))
    for save in (np.savez, np.savez_compressed):
        save(tmp_path/"a.npz", **arrays)
        found, lines = got(str(tmp_path/"a.npz"))
        assert not lines and len(found) == 1 + (len(arrays) == 4) and found[0].x.equal(X) and found[0].y == (Y.tolist() if len(arrays) > 1 else None)
        if len(arrays) == 4: assert found[1].x.equal(X[:5]) and found[1].y == Y[:5].tolist()

def test_files_that_hold_something_else(tmp_path):
    np.savez(tmp_path/"a.npz", x=HWC, y=Y.numpy(), val_images=HWC)
    assert got(tmp_path/"a.npz")[1] == ["1 left out: 1 not used (val_images)"]
    np.savez(tmp_path/"b.npz", left=HWC, right=HWC)
    with pytest.raises(ValueError, match="got left, right"): got(tmp_path/"b.npz")
    whole = (tmp_path/"a.npz").read_bytes()
    np.save(tmp_path/"o.npy", np.array([{}, []], dtype=object))
    bad = {"cut.npz": whole[:-200], "empty.npy": b"", "text.npy": b"hello", "pickle.npy": pickle.dumps(3), "bits.npz": whole[:500] + bytes(200) + whole[700:], "o.npy": (tmp_path/"o.npy").read_bytes()}
    for name, data in bad.items():
        (tmp_path/name).write_bytes(data)
        with pytest.raises(ValueError, match=f"source: .*{name} cannot be read"): got(tmp_path/name)
    for name in ("a.png", "b.zip", "c.csv"):
        (tmp_path/name).write_bytes(b"data")
        with pytest.raises(ValueError, match="a folder, or a file .npy or .npz, got"): got(tmp_path/name)
    np.save(tmp_path/"words.npy", np.array(["a", "b"]))
    with pytest.raises(TypeError, match="an array of numbers"): got(tmp_path/"words.npy")

def test_arrays_of_every_make():
    for a in (HWC[::-1][::-1], HWC.astype(">f8")/255, torch.nn.Parameter(X/255), X.permute(0, 2, 3, 1), np.ma.array(HWC)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert one(a).x.shape == (30, 3, 6, 7)
    frozen = HWC.copy()
    frozen.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one(frozen).x.equal(X) and not one(frozen).ours

# ------------------------------------------------------------------------------------------------------------ folders
def lay(folder, *names):
    for i, name in enumerate(names):
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(HWC[i]).save(folder/name)

def plan(found): return [dict(zip(p.names, p.y or [None]*len(p.names))) for p in found]

@pytest.mark.parametrize("held_out,names,want", [
    (None, "b.png a.png", [{"a.png": None, "b.png": None}]), (None, "x/b.png x/a.png", [{"x/a.png": None, "x/b.png": None}]),
    (None, "cat/1.png cat/old/2.png dog/1.png", [{"cat/1.png": "cat", "cat/old/2.png": "cat", "dog/1.png": "dog"}]), 
    (None, "in/cat/1.png in/dog/2.png", [{"in/cat/1.png": "cat", "in/dog/2.png": "dog"}]),
    (None, "train/1.png train/2.png test/3.png", [{"train/1.png": None, "train/2.png": None}, {"test/3.png": None}]),
    (None, "Train/a/1.png Train/b/2.png VAL/a/3.png", [{"Train/a/1.png": "a", "Train/b/2.png": "b"}, {"VAL/a/3.png": "a"}]),
    (None, "set/train/a/1.png set/train/b/2.png set/valid/b/3.png", [{"set/train/a/1.png": "a", "set/train/b/2.png": "b"}, {"set/valid/b/3.png": "b"}]),
    (None, "train/1.png plane/2.png", [{"plane/2.png": "plane", "train/1.png": "train"}]), (None, "train/a/1.png train/b/2.png", [{"train/a/1.png": "a", "train/b/2.png": "b"}]),
    ("p2", "p1/1.png p2/1.png p3/1.png", [{"p1/1.png": "p1", "p3/1.png": "p3"}, {"p2/1.png": "p2"}]), ("new", "a/1.png b/2.png new/a/3.png new/b/4.png", [{"a/1.png": "a", "b/2.png": "b"}, {"new/a/3.png": "a", "new/b/4.png": "b"}]),
    *((None, f"{a}/cat/1.png {a}/dog/2.png {b}/dog/3.png", [{f"{a}/cat/1.png": "cat", f"{a}/dog/2.png": "dog"}, {f"{b}/dog/3.png": "dog"}]) for a, b in (("training_set", "test_set"), ("seg_train/seg_train", "seg_test/seg_test"), ("train_images", "valid-images"), ("Training", "Testing"), ("images_train", "images_val"), ("train2017", "val2017"))),
    (None, "cat/train/1.png dog/train/2.png cat/test/3.png", [{"cat/train/1.png": "cat", "dog/train/2.png": "dog"}, {"cat/test/3.png": "cat"}]),
    (None, "cat/train/1.png dog/old/2.png", [{"cat/train/1.png": "cat", "dog/old/2.png": "dog"}]), (None, "bullet_train/1.png crash_test/2.png", [{"bullet_train/1.png": "bullet_train", "crash_test/2.png": "crash_test"}]),
    ("test", "1.png 2.png test/3.png", [{"1.png": None, "2.png": None}, {"test/3.png": None}]),
    ("held", "learn/1.png learn/2.png held/3.png", [{"learn/1.png": None, "learn/2.png": None}, {"held/3.png": None}]),
    ("held", "learn/a/1.png learn/b/2.png held/b/3.png", [{"learn/a/1.png": "a", "learn/b/2.png": "b"}, {"held/b/3.png": "b"}])])
def test_subfolders(held_out, names, want, tmp_path):
    lay(tmp_path, *names.split())
    found, lines = got(tmp_path, held_out=held_out)
    assert plan(found) == want and not lines
    for p in found:
        for name, x in zip(p.names, p.x): assert x.equal(X[names.split().index(name)])

@pytest.mark.parametrize("more", ["logo.png", "sample/1.png", "docs/a/b.png logo.png"])
def test_what_lies_beside_two_parts_is_left_out_and_said(more, tmp_path):
    "and does not make classes of them, nor learns from what is to be held out"
    lay(tmp_path, *(f"{part}/{c}/{i}.png" for part in ("train", "test") for c in "ab" for i in (1, 2)), *more.split())
    found, (line,) = got(tmp_path)
    assert [{*p.y} for p in found] == [{"a", "b"}]*2 and all(n.startswith("test/") for n in found[1].names)
    assert line.startswith(f"{len(more.split())} left out") and "neither learned from nor held out" in line and more.split()[0] in line

def test_a_picture_beside_the_classes_is_said(tmp_path):
    lay(tmp_path, "cat/1.png", "dog/1.png", "2.png")
    (p,), lines = got(tmp_path)
    assert p.y is None and lines == ["1 in no subfolder: so there are no classes (2.png)"]

def test_three_parts(tmp_path):
    "Test comes before val; the one that is not used is said"
    lay(tmp_path, *(f"{part}/{i}.png" for part in ("train", "val", "test") for i in range(2)))
    found, lines = got(tmp_path)
    assert [p.names for p in found] == [["train/0.png", "train/1.png"], ["test/0.png", "test/1.png"]] and lines == ["2 left out: 2 neither learned from nor held out (val/0.png, val/1.png)"]
    found, lines = got(tmp_path, held_out="val")
    assert found[1].names == ["val/0.png", "val/1.png"] and "test/0.png" in lines[0]
    with pytest.raises(ValueError, match="held_out: expected the name of a subfolder, since there is test/, got 0.2"): got(tmp_path, held_out=.2)
    with pytest.raises(ValueError, match=r"held_out: expected a subfolder with pictures \(test, train, val\), got 'valid'"): got(tmp_path, held_out="valid")

def test_folders_without_pictures(tmp_path):
    with pytest.raises(ValueError, match="source: expected pictures, got .*; no file"): got(tmp_path)
    (tmp_path/"notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"1 left out: 1 not a picture \(notes.txt\)"): got(tmp_path)
    (tmp_path/"a.png").write_bytes(b"")
    with pytest.raises(ValueError, match="1 empty .a.png."): got(tmp_path)

def test_files_one_by_one_and_paths_from_home(tmp_path, monkeypatch):
    lay(tmp_path, "b.png", "d/a.png")
    p = one([tmp_path/"b.png", str(tmp_path/"d"/"a.png")])
    assert p.x.equal(X[:2]) and p.y is None
    monkeypatch.setenv("HOME", str(tmp_path))
    assert got("~")[0][0].x.equal(X[:2]) and one(("~/d", [3])).y == [3]
    (q,), lines = got([tmp_path/"b.png", tmp_path/"gone.png"])
    assert len(q.x) == 1 and "unreadable (No such file or directory)" in lines[0]

def test_two_sources(tmp_path):
    lay(tmp_path, "a/1.png", "b/2.png")
    for pair in ((tmp_path/"a", tmp_path/"b"), (X, X[:3]), ((X, Y), (X[:3], Y[:3])), (TensorDataset(X, Y), DataLoader(TensorDataset(X, Y), 4))): assert len(got(pair)[0]) == 2
    assert len(got((X, Y, X[:3], Y[:3]))[0]) == 2
    with pytest.raises(ValueError, match="hold nothing out themselves"): got((X, "digits"))

def test_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (a, b), lines = got("digits")
    assert a.x.shape == (1437, 1, 8, 8) and b.y[0] in range(10) and not lines
    lay(tmp_path, "digits/1.png", "digits/2.png")
    assert got("digits")[1] == ["1 a data set's name: ./digits is the folder (digits)"] and len(one("./digits").x) == 2
    with pytest.raises(FileNotFoundError, match="one of digits, mnist, fashion-mnist, got 'gone', which is not there"): got("gone")
    for empty in ("", "~/gone", "~nobody-of-this-name/x"):
        with pytest.raises(FileNotFoundError, match=f"got '{empty}', which is not there"): got(empty)
    for bad in (3, None, object(), {1, 2}):
        with pytest.raises(TypeError, match="source: expected a folder, .*, got " + type(bad).__name__): got(bad)

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"image_sources.Piece": "a plain tuple", "image_sources.pieces": "takes anything: tried above"}
bad_input_tests({}, NO_ROW)
