"Which number is the channel, what is white, how a set gets another size: nothing guessed, nothing lost, nothing in memory twice"
import os
import sys

import numpy as np
import pytest
import torch
from bad_input import bad_input_tests, row
from helpers import gen
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaegan.image_values import (
    OVER_WHITE,
    SIXTEEN,
    Remarks,
    Wanted,
    are_bytes,
    channels_first,
    class_labels,
    height_width,
    in_parts,
    pixel_values,
    plain_tensor,
    printable,
    resized,
)

OCTETS = torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(256, 3, 5, 7)
SIZES = st.sampled_from([1, 2, 3, 4, 5, 8, 28])

@settings(max_examples=200, deadline=None)
@given(n=SIZES, a=SIZES, b=SIZES, c=SIZES)
def test_channels_are_found_or_an_error_says_that_they_are_not(n, a, b, c):
    "The rule, once more in words: of four sizes exactly one of the second and the last is 1, 3 or 4"
    x = torch.arange(n*a*b*c).view(n, a, b, c)
    may = {1, 3, 4}
    if (a in may) == (c in may):
        with pytest.raises(ValueError, match="which may mean either" if a in may else "source: expected"): channels_first(x)
    else:
        out = channels_first(x)
        assert out.shape == ((n, a, b, c) if a in may else (n, c, a, b)) and out.data_ptr() == x.data_ptr(), "a copy"
        assert out[n-1, 0, 0, 0] == x[n-1, 0, 0, 0]

def test_other_ranks():
    assert channels_first(torch.zeros(9, 28, 27)).shape == (9, 1, 28, 27)
    for shape, said in {(28, 28, 3): "one image?", (3, 28, 28): "one image?", (1, 28, 28): r"\[N,1,H,W\]", (9, 784): r"reshape\(-1, 1, 28, 28\)$", (9, 3072): r"reshape\(-1, 3, 32, 32\)$", (9, 783): r"reshape\(-1, C, H, W\)$", (9,): "got .9.$",
                        (2, 2, 2, 2, 2): r"got \[2, 2, 2, 2, 2\]$"}.items():
        with pytest.raises(ValueError, match=said): channels_first(torch.zeros(shape))

def test_all_bytes_survive():
    for x in (OCTETS, OCTETS.float()/255, OCTETS.double()/255, OCTETS.long(), OCTETS.int(), OCTETS.to(torch.uint16)):
        out = pixel_values(x, Remarks())
        assert out.dtype == torch.uint8 and out.equal(OCTETS), x.dtype
    assert pixel_values(OCTETS, Remarks()) is OCTETS, "a copy"
    assert pixel_values(OCTETS > 100, Remarks()).unique().tolist() == [0, 255]
    from torchvision.transforms.functional import to_tensor
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8))
    assert pixel_values(to_tensor(image)[None], Remarks()).permute(0, 2, 3, 1).numpy()[0].tolist() == np.asarray(image).tolist()

def test_floats_that_are_no_bytes_stay_what_they_are():
    x = torch.rand(5, 1, 4, 4, generator=gen())
    assert pixel_values(x, Remarks()) is x and not are_bytes(x)
    assert pixel_values(x.double(), Remarks()).equal(x) and pixel_values(x.bfloat16(), Remarks()).dtype == torch.float32
    late = torch.cat([OCTETS.float()/255]*5)
    late[-1, 0, 0, 0] = .5                                  # behind the first thousand
    assert pixel_values(late, Remarks()).equal(late) and are_bytes(late[:-1])

def test_sixteen_bits_are_scaled_and_said():
    r = Remarks()
    x = torch.tensor([0, 257, 256*257 - 257, 65535, 300]).to(torch.uint16).view(5, 1, 1, 1)
    assert pixel_values(x, r).flatten().tolist() == [0, 1, 255, 255, 1] and r.lines() == [f"1 {SIXTEEN} (up to 65535)"]

@pytest.mark.parametrize("x,said", [
    (OCTETS.float(), "floats from 0 to 255; x/255"), (OCTETS/127.5 - 1, r"\(x \+ 1\)/2 if -1 is black"), (OCTETS/255 - 3, "floats from -3 to -2$"), (OCTETS.float()*9, "from 0 to 2295$"),
    (OCTETS/255/255, "divided by 255 twice"), (OCTETS//255, "torch.uint8 from 0 to 1; if 1 is white"), (OCTETS.long()//255, "torch.int64 from 0 to 1"), (OCTETS.long() - 1, "from -1 to 254$"),
    (OCTETS.long() + 1, "from 1 to 256$"), (OCTETS.float().log(), "from -inf to"), (OCTETS/OCTETS, "from nan to nan")])
def test_what_would_come_out_black_or_burnt_is_refused(x, said):
    with pytest.raises(ValueError, match="source: expected .*" + said): pixel_values(x.contiguous(), Remarks())

def test_a_pixel_just_above_white_is_shown_as_one():
    "Resizing and decoding do that; the message has the digits that tell, and does not speak of 255"
    for v, said in ((1.0000001, "to 1.00000012; x.clip"), (-1e-8, "from -9.99999994e-09 to 0; x.clip"), (1.5, "to 1.5; x/255"), (-.5, r"from -0.5 to 0; \(x . 1\)/2")):
        with pytest.raises(ValueError, match=f"source: expected floats in .0, 1., got floats .*{said}"): pixel_values(torch.tensor([0., v]).view(2, 1, 1, 1), Remarks())

NUMBERS = [0, 3, 255]

@pytest.mark.parametrize("a", [np.array(NUMBERS, t) for t in "u1 u2 u4 u8 i2 i4 i8 f4 f8 >u4 >f8".split()] + [np.array(NUMBERS, np.longdouble), np.array(NUMBERS[::-1])[::-1], NUMBERS, np.ma.array(NUMBERS), torch.tensor(NUMBERS).to(torch.uint32), torch.tensor(NUMBERS).to(torch.uint64),
                               torch.tensor(NUMBERS).to_sparse(), torch.tensor(NUMBERS, dtype=torch.float32).requires_grad_()], ids=lambda a: f"{type(a).__name__} {getattr(a, 'dtype', '')}")
def test_numbers_of_every_type(a):
    t = plain_tensor(a)
    assert t.tolist() == NUMBERS and t.layout == torch.strided and not t.requires_grad and t.int().amax() == 255, "and all can be done with it"

def test_half_a_byte_and_what_is_no_number():
    assert plain_tensor(torch.tensor([0., 1.]).to(torch.float8_e5m2)).equal(torch.tensor([0., 1.]))
    for bad, said in ((np.ma.masked_equal(NUMBERS, 3), "masked"), (torch.empty(3, device="meta"), "without"), (np.array([None]), "got object"), (["cat"], "got <U3"), (np.zeros(3, complex), "complex")):
        with pytest.raises((ValueError, TypeError), match=f"source: expected .*{said}"): plain_tensor(bad)

EVERY = [0, 2, 1, 2]
LABELS = {"list": EVERY, "column": np.array(EVERY)[:, None], "one-hot": torch.eye(3)[EVERY], "one-hot bytes": np.eye(3, dtype=np.uint8)[EVERY], "one-hot truth": np.eye(3, dtype=bool)[EVERY], "floats": torch.tensor(EVERY).bfloat16().float(), "objects": np.array(EVERY, object), "unsigned": torch.tensor(EVERY).to(torch.uint16), "numpy ints": list(np.array(EVERY))}
WORDS = {"list": list("acbc"), "array": np.array(list("acbc")), "objects": np.array(list("acbc"), object), "bytes": np.array([b"a", b"c", b"b", b"c"])}

@pytest.mark.parametrize("form", [*LABELS])
def test_labels_of_every_form(form):
    r = Remarks()
    assert class_labels(LABELS[form], 4, r) == EVERY and not r.lines()

@pytest.mark.parametrize("form", [*WORDS])
def test_words_of_every_form(form):
    r = Remarks()
    assert class_labels(WORDS[form], 4, r) == list("acbc") and not r.lines()

@pytest.mark.parametrize("y", [torch.rand(4), torch.zeros(4, 2), torch.ones(4, 2), [[1], [1, 2]]*2, np.array([{}]*4), [float("nan")]*4, [0., float("inf")]*2, [1, None, 2, 3], np.array(["2020-01-01"]*4, "M8[D]"), np.zeros((4, 2, 2))], ids=lambda y: " ".join(str(y).split()))
def test_what_is_no_class_is_left_aside_and_said(y):
    r = Remarks()
    assert class_labels(y, 4, r) is None and "labels that are no classes" in r.lines()[0]
    with pytest.raises(ValueError, match="source: expected 5 labels"): class_labels(EVERY, 5, r)

def test_without_labels_nothing_is_said():
    r = Remarks()
    assert class_labels(None, 4, r) is class_labels([None]*4, 4, r) is None and not r.lines()

def test_black_is_black():
    for x in (OCTETS*0, OCTETS.float()*0): assert pixel_values(x, Remarks()).unique().tolist() == [0]
    with pytest.raises(TypeError, match="complex64"): pixel_values(OCTETS + 0j, Remarks())

def test_parts_are_put_together():
    x = torch.arange(2503.)[:, None]
    sizes = []
    def f(part): sizes.append(len(part)); return part*2
    assert in_parts(f, x).equal(2*x) and sizes == [1, 1000, 1000, 503]

@pytest.mark.parametrize("h,w", [(40, 30), (30, 40), (33, 33), (7, 100), (64, 64), (1, 1)])
@pytest.mark.parametrize("size", [16, (16, 24), (64, 64), (1, 1), 33])
def test_every_size_from_every_size(h, w, size):
    H, W = height_width(size)
    for x in (torch.randint(0, 256, (3, 3, h, w), dtype=torch.uint8, generator=gen()), torch.rand(3, 1, h, w, generator=gen())):
        for crop in (False, True):
            out = resized(x, size, crop)
            assert out.shape == (3, x.shape[1], H, W) and out.dtype == x.dtype and 0 <= out.min() and out.max() <= (1 if x.is_floating_point() else 255)
            if (h, w) == (H, W): assert out.equal(x)
            assert resized(x[0], size, crop).equal(out[0])

def test_resizing_averages_and_keeps_the_middle():
    "Stripes of one pixel become grey; a cut keeps what is in the middle, squeezing keeps everything"
    stripes = (torch.arange(128) % 2*255).byte().expand(1, 1, 128, 128)
    assert (resized(stripes, 16).float() - 127.5).abs().max() < 16
    wide = torch.zeros(1, 1, 32, 96, dtype=torch.uint8)
    wide[..., :32], wide[..., 32:64] = 255, 128
    assert (resized(wide, 16, crop=True)[..., 2:-2] - 128.).abs().max() <= 1 and resized(wide, 16)[0, 0, 8, 0] > 200

def test_one_place_for_all_wishes():
    rgba = torch.zeros(2, 4, 6, 6, dtype=torch.uint8)
    rgba[0, 3], rgba[0, 0] = 255, 200                          # red, opaque; the second is not there at all
    r = Remarks()
    out = Wanted((3, 5), False, None, None, r).finish(rgba)
    assert out.shape == (2, 3, 3, 5) and out[0, :, 0, 0].tolist() == [200, 0, 0] and out[1].unique().tolist() == [255] and list(r.changed) == [OVER_WHITE]
    assert Wanted(None, False, None, None, r).finish(rgba/255).equal(Wanted(None, False, None, None, r).finish(rgba)/255)
    grey = Wanted(None, False, 1, None, r).finish(out)
    assert grey.shape == (2, 1, 3, 5) and abs(int(grey[0, 0, 0, 0]) - .299*200) < 1 and Wanted(None, False, 3, None, r).finish(grey).shape == (2, 3, 3, 5)
    opaque = Remarks()
    assert Wanted(None, False, None, None, opaque).finish(torch.cat([OCTETS, OCTETS[:, :1]*0 + 255], 1)).equal(OCTETS) and not opaque.changed

def test_remarks_count_and_name_three():
    r = Remarks()
    assert r.lines() == []
    for i in range(1200): r.change("turned", f"{i}.png")
    r.leave("broken", "x\ny.png")
    r.leave("empty", "z")
    assert r.lines() == ["2 left out: 1 broken (x\\ny.png); 1 empty (z)", "1,200 turned (0.png, 1.png, 2.png, …)"]

@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_any_name_can_be_printed():
    for raw in (b"plain", "Zo\u00eb \u732b.png".encode(), b"\xff\xfe", b"a\nb\tc\x1b[31m", "\u202egnp".encode()):
        shown = printable(os.fsdecode(raw))
        assert shown.isprintable() and shown.encode("utf-8")
    assert printable("Zo\u00eb.png") == "Zo\u00eb.png" and printable(os.fsdecode(b"\xe4")) == "\\xe4"

# ---------------------------------------------------------------------------------------------------------- bad input
U = torch.randint(0, 256, (3, 1, 6, 6), dtype=torch.uint8, generator=gen())
ROWS = {
    "image_values.resized": row(dict(x=U, size=3), x=[U.long(), U.tolist(), None], size=[0, -1, 2.5, True, (3, True), (3,), (3, 0), (1, 2, 3), "3", None]),
    "image_values.are_bytes": row(dict(x=U/255), skip="int nan inf -inf short deeper double one lower scalar", allow="shape nan", x=[U.long(), None]),
}
NO_ROW = dict.fromkeys("image_values.Remarks image_values.Remarks.leave image_values.Remarks.change image_values.Remarks.lines image_values.printable".split(), "text")
NO_ROW |= dict.fromkeys("image_values.Wanted image_values.Wanted.finish image_values.height_width image_values.in_parts image_values.with_channels".split(), "what `images` makes of checked arguments")
NO_ROW |= dict.fromkeys("image_values.source_error image_values.channels_first image_values.pixel_values image_values.unit_floats image_values.plain_tensor image_values.class_labels image_values.two_shapes".split(), "makes the error about a bad source: tried above")
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
