"The bound: enumerated, and in a linear-Gaussian model"
import pytest
import torch
import torch.nn.functional as F
from bad_input import INF, B, L, X, Z, bad_input_tests, normals, ppca, row
from helpers import a_ppca, gauss, points
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import about, many, property_tests, seeds
from torch import distributions as td
from torch.testing import assert_close

from vaegan.elbo import elbo_enum, elbo_ppca
from vaegan.iwae import iw_bound
from vaegan.latent import PPCA


def test_enumerated_bound_in_any_shape():
    joint, q = points(0, 2, 3, 4), points(1, 2, 3, 4).softmax(-1)
    want = (q*(joint - q.log())).sum(-1)
    assert_close(elbo_enum(joint, q), want)
    assert_close(elbo_enum(joint[0, 0], q[0, 0]), want[0, 0])
    assert_close(elbo_enum(joint, q[0, 0]), torch.stack([torch.stack([elbo_enum(j, q[0, 0]) for j in js]) for js in joint]))
    for bad in (q*1.01, q*.99, torch.stack([1 + q[..., 0], -q[..., 0]], -1)):
        with pytest.raises(ValueError, match="q"): elbo_enum(joint[..., :bad.shape[-1]], bad)
    with pytest.raises(ValueError, match=r"q: expected shape \[\.\.\., 4\] like log_joint"): elbo_enum(joint, q[..., :3])
    with pytest.raises(ValueError, match="log_w"): iw_bound(torch.tensor(1.))
    assert_close(iw_bound(torch.tensor([1., 1.])), torch.tensor(1.))

def test_bound_of_a_linear_model_names_what_does_not_fit():
    m, L = PPCA(points(0, 3, 2), points(1, 3), .5), torch.eye(2).double().expand(4, -1, -1)
    x, mu = points(2, 4, 3), points(3, 4, 2)
    assert elbo_ppca(m, x.view(4, 1, 3), mu, L).shape == (4,)
    for args, who in (((x[:, :2], mu, L), "x"), ((x, mu[:3], L[:3]), "mu"), ((x, mu[:, :1], L[:, :1, :1]), "mu")):
        with pytest.raises(ValueError, match=f"{who}: expected"): elbo_ppca(m, *args)

# --------------------------------------------------------------------------------------------------------- properties
def by_row(seed, B, D):
    mu, _, L = gauss(seed, B, D)
    model = a_ppca(seed, D + 2, D)
    like = lambda t: PPCA(model.W.to(t.dtype), model.mean.to(t.dtype), model.var)
    return {"elbo.elbo_ppca": (lambda x, m, S: elbo_ppca(like(x), x, m, S), (points(seed + 5, B, D + 2), mu, L), "xmL"),
            "elbo.elbo_enum": (lambda l: elbo_enum(l, torch.softmax(mu[0], 0).to(l)), (points(seed + 2, B, D),), "l")}

(test_rows_do_not_know_each_other, test_gradients_against_finite_differences, test_dtype_is_kept_and_single_precision_is_near,
 test_device_is_kept, test_far_out_there_is_a_number) = property_tests(by_row)

@about("values oracle", "elbo.elbo_enum")
@settings(many)
@given(seed=seeds, K=st.integers(1, 6), c=st.floats(-20, 20))
def test_elbo_enum(seed, K, c):
    joint, q = points(seed, 4, K)*3, torch.softmax(points(seed + 1, 4, K), 1)
    log_p, post = joint.logsumexp(1), joint.softmax(1)
    kl = td.kl_divergence(td.Categorical(probs=q), td.Categorical(probs=post))
    assert_close(elbo_enum(joint, q) + kl, log_p)
    assert (elbo_enum(joint, q) <= log_p + 1e-9).all()
    assert_close(elbo_enum(joint, post), log_p)
    assert_close(elbo_enum(joint + c, q), elbo_enum(joint, q) + c)
    one = F.one_hot(q.argmax(1), K).double()
    assert_close(elbo_enum(joint, one), joint.gather(1, q.argmax(1, keepdim=True))[:, 0])             # 0 log 0 = 0
    assert_close(elbo_enum(torch.where(one > 0, joint, -INF), one), elbo_enum(joint, one))

# ---------------------------------------------------------------------------------------------------------- bad input
rnd = normals()

ROWS = {
    "elbo.elbo_enum": row(dict(log_joint=rnd(B, 4), q=torch.full((B, 4), .25)), skip="one", allow="nan shape", q=[torch.full((B, 4), .3), torch.tensor([2., -1., 0, 0])]),
    "elbo.elbo_ppca": row(dict(model=ppca, x=X, mu=Z, L=L[:, :2, :2]), allow="nan"),
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS)
