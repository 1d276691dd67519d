"Distances between sets, against values that are known or typed from the papers"
import json
import math

import pytest
import torch
from bad_input import INT, bad_input_tests, row
from helpers import gen

from vaegan.evaluate import held_out_elbo
from vaegan.images import images
from vaegan.photos import as_levels
from vaegan.pictures import write_images
from vaegan.recipes import kept_run, train
from vaegan.scores import coverage, evaluate_run, kernel_distance, score_lines, set_scores, untrained_features

A, B = torch.randn(30, 4, generator=gen()), torch.randn(20, 4, generator=gen()) + 1

def test_the_kernel_distance_pair_by_pair():
    def k(u, v): return (sum(float(a)*float(b) for a, b in zip(u, v))/4 + 1)**3
    n, m = len(A), len(B)
    ab = sum(k(u, v) for u in A for v in B)/(n*m)
    aa, bb = ([[k(u, v) for v in S] for u in S] for S in (A, B))
    biased = sum(map(sum, aa))/n**2 + sum(map(sum, bb))/m**2 - 2*ab
    off = lambda t: sum(t[i][j] for i in range(len(t)) for j in range(len(t)) if i != j)/(len(t)*(len(t) - 1))
    got = kernel_distance(A, B)
    assert got["kernel"] == pytest.approx(biased, rel=1e-5) and got["kernel_unbiased"] == pytest.approx(off(aa) + off(bb) - 2*ab, rel=1e-5)

def test_coverage_by_hand():
    real = torch.tensor([[0.], [1.], [3.], [6.], [10.]])
    # the second-nearest neighbours are 3, 2, 3, 4 and 7 away
    for fake, want in ((real, 1.), (real + 100, 0.), (torch.tensor([[-3.], [-3.]]), .2), (torch.tensor([[4.5], [4.5]]), .6)):
        by_hand = sum(any(abs(r - f) <= d for f in fake.flatten()) for r, d in zip(real.flatten(), (3, 2, 3, 4, 7)))/5
        assert coverage(real, fake, 2) == pytest.approx(by_hand)
        if want != .6: assert by_hand == pytest.approx(want)

def test_equal_sets_are_at_no_distance():
    s = set_scores(A, A)
    assert s["frechet"] < 1e-6 and s["precision"] == s["recall"] == s["coverage"] == 1 and s["kernel"] < 1e-9

def test_features_see_colour_and_place_and_follow_the_seed():
    f, x = untrained_features(3), torch.rand(4, 3, 17, 20, generator=gen())
    assert f(x).shape == (4, 152) and f(x).equal(untrained_features(3)(x)) and not torch.allclose(f(x), untrained_features(3, 1)(x))
    assert not torch.allclose(f(x), f(x.flip(1))) and not torch.allclose(f(x), f(x.flip(3)))
    byte = (x*255).byte()
    assert torch.allclose(f(byte), f(byte/255))

@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("scored")/"run"
    train("vae", out=out, epochs=1, recipe="elbo-97", progress=False, log=lambda line: None)
    return out

def test_a_run_in_numbers_again_the_same(run):
    s = evaluate_run(run, K=5, most=50)
    assert s == evaluate_run(run, K=5, most=50) and json.loads(json.dumps(s, allow_nan=False)) == s
    assert s["images"] == dict(data="digits", notes=[], held_out=360, learned_from=1437, known=0, shape=[1, 8, 8])
    l = s["likelihood"]
    assert l["bits_per_dim"] == pytest.approx(l["nll"]/64/math.log(2)) and l["elbo"] < 0 and l["pixels"] == "painted black and white"
    assert 0 < s["training_images"]["frechet"] < s["samples"]["frechet"]
    text = "\n".join(score_lines(s))
    assert f"{l['elbo']:.2f}" in text and "unbiased" in text and "training images" in text

def test_images_of_another_shape_are_no_data_for_it(run, tmp_path):
    with pytest.raises(ValueError, match=r"^data: expected images \[1, 8, 8\]"): evaluate_run(run, write_images(tmp_path/"a.npz", torch.rand(9, 3, 6, 6, generator=gen())))

def _folder(at, **classes):
    for k, (name, n) in enumerate(classes.items()):
        write_images(at/name, torch.rand(n, 3, 8, 8, generator=gen(k + n)))
    return at

@pytest.fixture(scope="module")
def told(tmp_path_factory):
    at = tmp_path_factory.mktemp("told")
    train("vae", _folder(at/"own", a=8, b=8, c=8), out=at/"run", epochs=1, bs=8, classes=True, held_out=.3, progress=False, log=lambda line: None)
    return at

def test_classes_of_other_images_are_those_of_the_run_by_name(told):
    "Ultralytics #13936: without one class, the next ones were taken for those before"
    other, (nets, _) = images(_folder(told/"other", b=5, c=6)), kept_run(told/"run")
    x, y = torch.cat([other.x, other.x_test]), torch.cat([other.y, other.y_test])
    def elbo(y): return held_out_elbo(nets["vae"], as_levels(x), generator=gen(0), y=y)[0]
    got = evaluate_run(told/"run", told/"other", K=1)
    assert got["likelihood"]["elbo"] == elbo(y + 1) != elbo(y)
    assert got["images"]["data"] == str(told/"other") in [*score_lines(got)][0]
    assert any("held-out images of 8 × 8" in line for line in score_lines(evaluate_run(told/"run", K=1)))
    for classes, said in (dict(b=5, d=5), "expected the classes that the run was told: a, b, c; got d"), (dict(d=9), "a, b, c; got none"):
        with pytest.raises(ValueError, match=f"^data: .*{said}"): evaluate_run(told/"run", _folder(told/"-".join(classes), **classes))

def test_two_pictures_of_one_class_are_enough_to_be_judged(told):
    "All of other images count, so nothing is to be held out; the folder's name says which class it is"
    other, (nets, _) = images(_folder(told/"two", b=2)), kept_run(told/"run")
    x, got = torch.cat([other.x, other.x_test]), evaluate_run(told/"run", told/"two", K=1)
    elbos = [held_out_elbo(nets["vae"], as_levels(x), generator=gen(0), y=torch.full((2,), k))[0] for k in range(3)]
    assert got["likelihood"]["elbo"] == elbos[1] not in elbos[::2] and got["images"]["held_out"] == 2
    assert [*score_lines(got)][-1] == "  Fewer than five images: no distances"

def test_other_images_are_read_in_their_own_way(told, tmp_path):
    for split in "train", "test": _folder(tmp_path/"split"/split, a=4, b=4, c=4)     # the run itself has held_out=.3
    assert evaluate_run(told/"run", tmp_path/"split", K=1)["images"]["held_out"] == 24
    for k, name in enumerate("abc"): write_images(tmp_path/"grey"/name, torch.rand(4, 1, 9, 12, generator=gen(k)))
    with pytest.raises(ValueError, match=r"^data: .*size=8 \(in the shell --size 8\) and channels=3 .* makes them so"): evaluate_run(told/"run", tmp_path/"grey")
    got = evaluate_run(told/"run", tmp_path/"grey", K=1, size=8, channels=3)
    assert got["images"]["shape"] == [3, 8, 8] and got["images"]["notes"] == [*score_lines(got)][:2]
    assert "grey" in got["images"]["notes"][0] and "squeezed" in got["images"]["notes"][1]
    with pytest.raises(ValueError, match="^size: expected none, the run's own"): evaluate_run(told/"run", size=8)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "scores.untrained_features": row(dict(channels=3, seed=0), channels=INT(), seed=[None, 1.5]),
    "scores.kernel_distance": row(dict(a=A, b=B), skip="short lower double", ),
    "scores.coverage": row(dict(real=A, fake=B, k=3), skip="short lower double", k=[0, 1.5]),
    "scores.set_scores": row(dict(real=A, fake=B), skip="short lower double"),
}
NO_ROW = {"scores.evaluate_run": "the command line, in tests/library/test_scores.py", "scores.score_lines": "takes what `evaluate_run` gives"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
