"One call for any images: what is held out, which classes there are, what is said, and how much memory it takes"
import copy
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests, row
from helpers import gen
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from vaegan.data import Batches
from vaegan.datasets import FASHION_CLASSES, ImageData, digits
from vaegan.evaluate import train_classifier
from vaegan.images import ImageSet, _class_order, images
from vaegan.runs import fit

X = torch.randint(0, 256, (60, 3, 6, 7), dtype=torch.uint8, generator=gen())
Y = torch.arange(60) % 3

def quiet(*args, **kw):
    "Without the warning"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return images(*args, **kw)

@settings(max_examples=60, deadline=None)
@given(n=st.integers(2, 60), share=st.floats(.01, .99), seed=st.integers(0, 2**32 - 1), labels=st.booleans(), copies=st.integers(0, 3))
def test_nothing_is_lost_doubled_or_mislabelled(n, share, seed, labels, copies):
    x, y = torch.cat([X[:n], X[:copies]]), torch.cat([Y[:n], Y[:copies]])
    a = quiet((x, y) if labels else x, held_out=share, seed=seed)
    numbers = [int(i) for i in a.names + a.names_test]
    assert sorted(numbers) == list(range(len(x))) and torch.cat([a.x, a.x_test]).equal(x[numbers]) and len(a.x) == len(a.y) and len(a.x_test) == len(a.y_test) > 0 < len(a.x)
    if labels and a.classes: assert torch.cat([a.y, a.y_test]).equal(y[numbers]) and a.classes == tuple(str(i) for i in y.unique().tolist())
    else: assert not torch.cat([a.y, a.y_test]).any() and a.classes == ()
    learned = {i.numpy().tobytes() for i in a.x}
    assert not any(i.numpy().tobytes() in learned for i in a.x_test), "a copy of a held-out image was learned"
    groups = min(n, len(x))
    assert copies or len(a.x_test) == min(max(round(share*groups), 1 + (groups > 3)), groups - 1)

def test_the_seed_chooses_and_only_the_seed():
    a, b, c = images(X), images(X, seed=0), images(X, seed=1)
    assert all(t.equal(u) for t, u in zip(a, b)) and not a.x_test.equal(c.x_test) and len(a.x_test) == 6
    for source in (X.permute(0, 2, 3, 1).numpy(), X/255, DataLoader(TensorDataset(X), 7, shuffle=True)): assert all(t.equal(u) for t, u in zip(a, images(source)))

def test_in_each_class_its_share():
    y = torch.tensor([0]*30 + [1]*20 + [2]*10)
    assert images((X, y), held_out=.2).y_test.bincount().tolist() == [6, 4, 2]
    y[50:] = torch.arange(2, 12)
    a = quiet((X, y), held_out=.2)
    assert "split without regard to classes: one is too small (12 of 60 held out)" in a.notes[0] and len(a.x_test) == 12

def test_the_callers_images_stay_where_they_are(tmp_path):
    x, a = X.clone(), X.numpy().copy()
    images(x, held_out=.5), images(a, held_out=.5), images((x, Y), held_out=.5)
    assert x.equal(X) and (a == X.numpy()).all()
    np.save(tmp_path/"a.npy", a)
    data = images(tmp_path/"a.npy", held_out=.5)
    assert (np.load(tmp_path/"a.npy") == a).all() and torch.cat([data.x, data.x_test]).equal(X[[int(i) for i in data.names + data.names_test]])

def test_copies_are_told():
    with pytest.warns(UserWarning, match=r"2 copies: on the same side as the first \(60, 61\)"): images(torch.cat([X, X[3:5]]))
    with pytest.warns(UserWarning, match=r"1 held out, and learned from as well \(1\)"): a = images((X, torch.stack([X[0] + 1, X[5]])))
    assert len(a.x_test) == 2, "who splits by hand keeps the parts"
    with pytest.raises(ValueError, match="source: expected at least two different images, got 1"): images(X[:1].expand(9, -1, -1, -1))

@pytest.mark.parametrize("y,classes,first", [(["10", "9", "2"]*20, ("2", "9", "10"), 2), (["b", "a", "C"]*20, ("C", "a", "b"), 2), ([7, -1, 3]*20, ("-1", "3", "7"), 2), ([True, False]*30, ("0", "1"), 1),
                                             ([4]*60, (), 0), (list(range(60)), (), 0), (None, (), 0), (np.arange(60, dtype=np.uint8) % 2, ("0", "1"), 0), (torch.tensor([2., 5.]*30), ("2", "5"), 0)], ids=str)
def test_classes(y, classes, first):
    a = images((X, y) if y is not None else X)
    back = dict(zip(a.names + a.names_test, torch.cat([a.y, a.y_test]).tolist()))
    assert a.classes == classes and back["0"] == first and a.y.dtype == a.y_test.dtype == torch.int64

def test_names_of_classes_that_the_source_knows():
    class Known(TensorDataset): classes = ["ant", "bee", "cat", "dog"]
    for source in (Known(X, Y), DataLoader(Known(X, Y), 5), torch.utils.data.Subset(Known(X, Y), range(60)), (Known(X, Y), Known(X + 1, Y))):
        a = quiet(source)
        assert a.classes == ("ant", "bee", "cat", "dog") and a.y.max() == 2
    assert len(FASHION_CLASSES) == 10
    with pytest.warns(UserWarning, match=r"classes only among held-out images \(2\)"): a = images((X, Y % 2, X + 1, Y))
    assert a.classes == ("0", "1", "2")

def test_classes_in_the_same_order_everywhere():
    "Names that are the same number are told apart by their letters, not by Python's hashes"
    names = ["1", "01", "001", "2", "-1", "a", "A"]
    for order in (names, names[::-1], sorted(names)): assert sorted(order, key=_class_order) == ["-1", "001", "01", "1", "2", "A", "a"]

def test_labels_that_are_not_used_are_said():
    "All 0 without a word would be wrong"
    half = (X[:20], Y[:20]), X[20:]
    for source, said in ((half, "1 part without labels: so there are no classes (40 images)"), (dict(x_train=X[:20], y_train=Y[:20], x_test=X[20:]), "1 part without labels"), ((X, range(60)), "nearly all different: 60 labels"), ((X, torch.rand(60)), "no classes: not used (float32, 60)")):
        with pytest.warns(UserWarning, match="class"): a = images(source)
        assert a.classes == () and a.y.unique().tolist() == [0] and said in a.notes[0]

def test_digits_by_their_name():
    a, b = images("digits"), digits()
    assert all(t.equal(u) for t, u in zip(a, b)) and a.classes == tuple("0123456789") and not a.notes
    assert all(t.equal(u) for t, u in zip(images(b), b)) and images("digits", size=12, channels=3).x.shape == (1437, 3, 12, 12)
    with pytest.raises(ValueError, match="held_out: expected None, since the source holds images out itself, got 0.1"): images("digits", held_out=.1)

def test_what_came_back_says_what_it_is(tmp_path):
    a = images((X, Y))
    assert isinstance(a, ImageData) and repr(a) == str(a) == "60 colour images of 6 × 7, 3 classes: 54 to learn from, 6 held out"
    assert repr(images(X[:, :1])) == "60 grey images of 6 × 7: 54 to learn from, 6 held out"
    for b in (pickle.loads(pickle.dumps(a)), copy.deepcopy(a)): assert b.classes == a.classes and b.names == a.names and b.x.equal(a.x) and repr(b) == repr(a)
    assert ImageSet.classes == ImageSet.names == ImageSet.notes == () and a._replace(y=a.y).classes == ()

def folder(tmp_path):
    for i in range(20):
        place = tmp_path/"pics"/f"{'ab'[i % 2]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(X[i].permute(1, 2, 0).numpy()).save(place/f"{i}.png")
    return tmp_path/"pics"

def test_one_warning_says_it_all_and_points_here(tmp_path):
    pics = folder(tmp_path)
    (pics/".DS_Store").write_bytes(b"x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a = images(pics)                                     # what the system hides is no news
    assert a.notes == ("1 left out: 1 hidden (.DS_Store)",) and a.classes == ("a", "b") and a.x.dtype == torch.uint8
    (pics/"a"/"list.txt").write_text("x")
    (pics/"a"/"0.png").write_bytes((pics/"a"/"0.png").read_bytes()[:60])
    Image.fromarray(X[2].permute(1, 2, 0).numpy()).convert("RGBA").rotate(45).save(pics/"a"/"2.png")
    with pytest.warns(UserWarning) as seen: a = images(pics)
    assert len(seen) == 1 and seen[0].filename == __file__
    assert str(seen[0].message).splitlines()[0] == str(a) == "19 colour images of 6 × 7, 2 classes: 17 to learn from, 2 held out"
    assert [w in " ".join(a.notes) for w in ("a/list.txt", "a/0.png", "1 transparent in part: laid over white (a/2.png)")] == [True]*3 and str(seen[0].message).splitlines()[1:] == ["  " + n for n in a.notes]

def test_a_subfolder_is_held_out_by_its_name(tmp_path):
    a = quiet(folder(tmp_path), held_out="b")
    assert {n[0] for n in a.names} == {"a"} and {n[0] for n in a.names_test} == {"b"} and len(a.x) == len(a.x_test) == 10
    for source in (X, "digits"):
        with pytest.raises(ValueError, match="held_out: expected a share, since this is no folder, got 'b'"): images(source, held_out="b")

def test_they_can_be_trained_on(tmp_path):
    "Any size, bytes as floats: the classifier and the loop ask nothing about where they came from"
    a = quiet(folder(tmp_path), size=(5, 9), channels=1)
    judge = train_classifier(a, epochs=1)
    assert judge.features(torch.zeros(2, 1, 5, 9)).shape[0] == 2
    seen = []
    fit(lambda b: (seen.append(b), dict(m=b.mean()))[1], Batches(a.x, bs=4), progress=False)
    assert all(b.dtype == torch.float32 and b.max() <= 1 for b in seen)

MEMORY = """
import json, sys
import numpy as np, torch, sklearn.model_selection, torchvision
from vaegan.data import Batches
from vaegan.images import images
def gigabytes(what):
    with open("/proc/self/status") as f: return next(int(line.split()[1]) for line in f if line.startswith(what))*1024/1e9
class Items:
    def __len__(self): return 100_000
    def __getitem__(self, i): return torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
kind, file = sys.argv[1:]
source = dict(npy=lambda: file, array=lambda: np.load(file), items=Items)[kind]()
before = gigabytes("VmRSS")
with open("/proc/self/clear_refs", "w") as f: f.write("5")       # the peak begins here
data = images(source)
for batch in Batches(data.x): pass
print(json.dumps([len(data.x), str(data.x.dtype), str(batch.dtype), gigabytes("VmHWM") - before]))
"""

@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the peak of its memory")
def test_a_hundred_thousand_images_take_a_gigabyte_and_a_half(tmp_path):
    "Of 64 × 64 in colour, 1.23 GB as bytes; measured on 2026-11-29: 1.33 GB more at the peak, with one epoch of batches, from each of the three"
    a = np.lib.format.open_memmap(tmp_path/"a.npy", mode="w+", dtype=np.uint8, shape=(100_000, 64, 64, 3))
    for i in range(0, len(a), 1000): a[i:i + 1000] = np.random.default_rng(i).integers(0, 256, a[i:i + 1000].shape, dtype=np.uint8)
    del a
    for kind in ("npy", "array", "items"):
        r = subprocess.run([sys.executable, "-c", MEMORY, kind, str(tmp_path/"a.npy")], capture_output=True, text=True, check=True)
        n, kept, used, more = json.loads(r.stdout)
        assert (n, kept, used) == (90_000, "torch.uint8", "torch.float32") and more < 1.5, (kind, more)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"images.images": row(dict(source=X, size=None, held_out=.1, seed=0), source=[None, 3, X[0], X[:, 0, 0], X.float(), X//200],
                             size=[0, -1, 2.5, (3,), (3, 0), (1, 2, 3), "3"], held_out=[0., 1., -1., float("nan"), 3, "b", b"b"], seed=[-1, 2**32, 1.5, None], channels=[0, 2, "1"])}
NO_ROW = {"images.ImageSet": "comes from `images`"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
