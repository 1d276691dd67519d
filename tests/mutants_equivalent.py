"Mistakes that change nothing a caller could see: (function, the line with the mistake) -> why. tests/mutants.py reads it."
SIGHT = "only looked at, by a comparison: no gradient could leave it"
SQUARED = "squared before anyone sees its sign"
EQUIVALENT = {
    ("plot._spread", "if sa/len(a) + gap*len(a) < sb/len(b): break"): "groups that just touch may be merged: the positions stay the same",
    ("data.check_range", "a, b = (v.item() for v in x.aminmax()) # NaN if any value is"): SIGHT,
    ("dists._same_factor", 'if L.triu(1).any(): raise ValueError(f"{name}: expected lower-triangular Cholesky factors, got entries above the diagonal; is it a covariance?")'): SIGHT,
    ("dists._same_factor", 'if (L.diagonal(dim1=1, dim2=2) <= 0).any(): raise ValueError(f"{name}: expected Cholesky factors with a positive diagonal, got a diagonal entry of at most 0")'): SIGHT,
    ("dists.kl_mvn", "e = torch.linalg.solve_triangular(L_p, ((mu_p) - (mu))[..., None], upper=False)[..., 0]"): SQUARED,
    ("dists.mvn_log_prob", "e = torch.linalg.solve_triangular(L, ((mu) - (x))[..., None], upper=False)[..., 0]"): SQUARED,
}
