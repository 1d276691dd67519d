"Mistakes that change nothing a caller could see: (function, the line with the mistake) -> why. tools/mutants.py reads it."
SIGHT = "only looked at, by a comparison: no gradient could leave it"
SQUARED = "squared before anyone sees its sign"
LAW = "noise that is as likely as its negative: the same law"
EITHER = "both branches say the same there"
UNTAKEN = "a number for the branch that is not taken"
BOTH = "the distance from a to b is that from b to a"
GUARD = "against rounding on other machines: does nothing on this one, and must not do more"
PIECE = "the size of a piece, for the sake of memory"
ALONE = "of one process, the rank is never read"
SYMMETRIC = "the normal density is symmetric in x and mean"
NOUGHT = "a zero or NaN, either way"
LEAF = "x is a leaf of this graph: only its own gradient, which nobody reads, would change"
EQUIVALENT = {
    ("plot._spread", "if sa/len(a) + gap*len(a) < sb/len(b): break"): "groups that just touch may be merged: the positions stay the same",
    ("processes.rank_and_world", "if not (dist.is_available() and dist.is_initialized()): return 1, 1"): ALONE,
    ("processes._Share", "class _Share: rank, world = 1, 1 # of the process inside `shared`"): ALONE,
    ("datasets._web_page", 'with open(f, "rb") as page: start = page.read(600).lstrip().lower()'): "how far to look for the start of a page, about",
    ("checks._Array", "late = True"): "an array is looked at in its turn, whatever this says",
    ("checks._admit", "if glance and strict and len(guard.passed) <= 1000: guard.passed.add(glance)"): "how many calls are remembered, about",
    ("datasets._fault", "got = hashlib.file_digest(f, lambda: hashlib.md5(usedforsecurity=True))"): "matters only where md5 is forbidden",
    ("latent.PPCA.log_prob", 'x:Float[Tensor, "+D", any_dtype] # data'): "`posterior`, called first, asks the same",
    ("latent.PPCA.log_prob", 'x:Float[Tensor, "B +D"] # data'): "the only tensor of the call: there is nothing to differ from",
    ("data.ring", "return ring_modes(modes, radius)[k] - std*torch.randn(n, 2, generator=generator)"): LAW,
    ("data.banana_log_prob", "across = ((bend * (x[:, 0].square() - 1)) - (x[:, 1]))/std"): SQUARED,
    ("divergences.kl_mvn", "e = torch.linalg.solve_triangular(L_p, ((mu_p) - (mu))[..., None], upper=False)[..., 0]"): SQUARED,
    ("dists.mvn_log_prob", "e = torch.linalg.solve_triangular(L, ((mu) - (x))[..., None], upper=False)[..., 0]"): SQUARED,
    ("divergences.kl_normal", "d, e2 = logvar, (mu if mu_p is None else (mu_p) - (mu)).square()"): SQUARED,
    ("latent.PPCA.fit", "var = lam[k:].mean()"): "what is below zero is below the smallest that counts, of which there is one at least",
    ("latent.PPCA.sample", "return self.decode(z) - self.var**.5*eps"): LAW,
    ("likelihoods._errors", "return ((mu) - (x.flatten(1))).flatten(0, -2)"): SQUARED,
    ("likelihoods.Normal.log_prob", "log_p = normal_log_prob(torch.zeros_like(e), e, self.logvar.expand_as(e))"): SYMMETRIC,
    ("likelihoods.DiagNormal.log_prob", "log_p = normal_log_prob(torch.zeros_like(e), e, logvar.flatten(0, -2))"): SYMMETRIC,
    ("likelihoods.FullNormal.log_prob", "log_p = mvn_log_prob(torch.zeros_like(e), e, L.flatten(0, -3))"): SYMMETRIC,
    ("likelihoods.FullNormal.split", "m = round((math.sqrt(10 + 8*out.shape[-1]) - 3)/2)"): "rounded to the same whole number for every m >= 1",
    ("likelihoods._log_area", "near, s = l.abs() <= .1, l.square()"): EITHER,
    ("likelihoods._log_area", "a = torch.where(near, torch.zeros_like(l), l.abs())"): UNTAKEN,
    ("likelihoods.ContinuousBernoulli.mean", "near = out.abs() <= .1"): EITHER,
    ("likelihoods.ContinuousBernoulli.mean", "a = torch.where(near, torch.zeros_like(out), out.abs())"): UNTAKEN,
    ("likelihoods.ContinuousBernoulli.mean", "far = torch.where(out >= 0, -1/e - 1/a, 1/a + (-a).exp()/e)"): UNTAKEN,
    ("likelihoods.ContinuousBernoulli.sample", "x = (-torch.log1p(u*torch.expm1(-a))/a)"): GUARD,
    ("likelihoods.ContinuousBernoulli.sample", "return torch.where(out >= 0, 1 - x, x)"): "at 0 the law is that of a coin's mirror image: the same",
    ("runs._put_back", 'for k, v in state["hist"].items(): _alike([1]*state["epoch"], v, f"hist: {k}")'): "an example of a number, any will do",
    ("runs._check_moments", "like = params[i] if v.ndim else v.new_zeros(())"): SIGHT,
    ("runs._pack", "tensors[name] = v.cpu().contiguous().clone()"): "a file holds numbers, no graph",
    ("evaluate.train_classifier", "return dict(loss=loss)"): "`fit` reads the number at once and lets go of the graph",
    ("evaluate.frechet", "b, a = a.double(), b.double()"): BOTH,
    ("evaluate.frechet", "cb, ca = torch.atleast_2d(torch.cov(a.T), torch.cov(b.T)) # a number if F = 1"): BOTH,
    ("evaluate.frechet", "ca, cb = torch.atleast_2d(torch.cov(b.T), torch.cov(a.T)) # a number if F = 1"): BOTH,
    ("compare.sample_scores", "return dict(frechet=mean([frechet(r, f) for f in pieces]),"): BOTH,
    ("gan.grad_penalty", "g = g - 0*x.detach() # NaN in x stays NaN, though a ReLU's slope does not show it"): NOUGHT,
    ("gan.grad_penalty", "g = g + 0*x # NaN in x stays NaN, though a ReLU's slope does not show it"): LEAF,
    ("convergence._radius", "return torch.cat([_dist(c, a).kthvalue(k+1, 1).values for c in a.split(2000)])"): PIECE,
    ("convergence._inside", "inside = torch.cat([(_dist(c, a) <= radius).any(1) for c in b.split(2000)])"): PIECE,
    ("autoencoder.ae_loss", "return m*((w1 * w2) - (1))**2"): SQUARED,
    ("failures.lipschitz_penalty", "g = g - 0*x.detach() # NaN in x stays NaN, though a ReLU's slope does not show it"): NOUGHT,
    ("failures.lipschitz_penalty", "g = g + 0*x # NaN in x stays NaN, though a ReLU's slope does not show it"): LEAF,
}
