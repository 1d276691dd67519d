"One constant between what came and what a hypothesis says; all hypotheses at once are each by itself"
import math

import pytest
import torch

from vaegan.diagnose.match import Hypothesis, explain, fitted

points = [dict(x=torch.randn(b, d, generator=torch.Generator().manual_seed(b), dtype=torch.float64)) for b, d in ((3, 2), (2, 5), (4, 3))]
def square(p): return p["x"]**2

@pytest.mark.parametrize("c", [1., 2., -.5, 1e-6, 3e5])
def test_the_constant_is_found(c):
    "To all digits, over all points together, whatever the type of numbers and the axes of one"
    wanted = [square(p).sum(1) for p in points]
    assert fitted([c*w for w in wanted], wanted) == pytest.approx(c, rel=1e-12)
    assert fitted([(c*w)[:, None] for w in wanted], wanted) == pytest.approx(c, rel=1e-12)
    assert fitted([(c*w).float() for w in wanted], wanted) == pytest.approx(c, rel=1e-6)

@pytest.mark.parametrize("change", [lambda w: w + 1e-3, lambda w: w*torch.arange(1., len(w) + 1), lambda w: w[:-1], lambda w: w*0, lambda w: w*math.nan, lambda w: w*math.inf, lambda w: w[:0]],
                         ids=["shifted", "scaled row by row", "a row less", "nothing but 0", "NaN", "infinite", "empty"])
def test_there_is_none(change):
    "In either of both, and if one point of three says so"
    wanted = [square(p).sum(1) for p in points]
    for i in range(3):
        other = [change(w) if k == i else w for k, w in enumerate(wanted)]
        assert fitted(other, wanted) is None and fitted(wanted, other) is None
    whole = [change(w) for w in wanted]
    assert fitted(whole, wanted) is None and fitted(wanted, whole) is None

def test_all_at_once_are_each_by_itself():
    "Some right in several ways, some of other shapes, some not finite, some wrong; the order is that of the costs, then theirs"
    hs = [Hypothesis(square, ("a",)), Hypothesis(lambda p: 3*p["x"]**2, ("b",), cost=.5), Hypothesis(lambda p: p["x"]), Hypothesis(lambda p: p["x"]**2, ("c",)), Hypothesis(lambda p: p["x"].log()),
          Hypothesis(lambda p: p["x"][:, None]**2, ("d",)), Hypothesis(lambda p: (p["x"]**2).float(), ("e",), cost=.1), Hypothesis(lambda p: p["x"][:1]**2)]
    for got in ([square(p).sum() for p in points], [square(p).mean(1) for p in points], [-square(p).sum(1).mean() for p in points], [square(p) for p in points], [p["x"].sin() for p in points]):
        found = explain(got, points, hs, tol=1e-5)
        alone = sorted((m for h in hs for m in explain(got, points, [h], tol=1e-5)), key=lambda m: m.cost)
        assert found == alone
    assert not found
    found = explain([square(p).sum() for p in points], points, hs)
    assert found[0].hypothesis is hs[0] and found[0].factor == 1 and {m.hypothesis.mistakes for m in found} == {("a",), ("b",), ("c",), ("d",), ("e",)}
