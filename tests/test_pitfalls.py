"""What published VAE and GAN code gets wrong, done to our own code: each mistake is put in, and a short check must see it.

A row is a function of the package, a piece of its text, the mistaken text, and the check. The check passes on the code as
it is, fails by an assertion on the mistaken code, and passes again on the code put back. A row whose text is no longer
there fails: change it together with the code."""
import ast
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mutants import graft
from scipy import integrate, optimize, stats
from torch import distributions as td
from torch import nn

import vaegan
from vaegan import data, dists, dynamics, elbo, evaluate, gan, hybrid, latent, minimax, nets, reparam, train, vae


def gen(seed=0): return torch.Generator().manual_seed(seed)
def full(v, *shape): return torch.full(shape, float(v), dtype=torch.double)
def near(a, b, tol=1e-6):
    a, b = (float(v.detach() if torch.is_tensor(v) else v) for v in (a, b))
    assert abs(a - b) <= tol, f"{a} against {b}"
def slope(f, l):
    "df/dl at l"
    l = torch.tensor([l], dtype=torch.double, requires_grad=True)
    return torch.autograd.grad(f(l), l)[0].item()

# --------------------------------------------------------------------------------------------------------- VAE: the checks
def kl_by_quadrature():
    "KL against an integral, in both directions, far from the prior"
    for mu, logvar, mu_p, logvar_p in ((.7, math.log(.3), 0., 0.), (0., -1., 0., 0.), (0., -1., .5, .8)):
        q, p = (stats.norm(m, math.exp(.5*v)) for m, v in ((mu, logvar), (mu_p, logvar_p)))
        kl = integrate.quad(lambda z: q.pdf(z)*(q.logpdf(z) - p.logpdf(z)), -12, 12, points=(mu, mu_p))[0]
        near(dists.kl_normal(*(full(a, 1, 1) for a in (mu, logvar, mu_p, logvar_p))), kl)
        near(dists.kl_mvn(full(mu, 1, 1), full(math.exp(.5*logvar), 1, 1, 1), full(mu_p, 1, 1), full(math.exp(.5*logvar_p), 1, 1, 1)), kl)

def draws_have_their_variance():
    "The spread of z is the one that the KL is told of"
    for logvar in (-1., 1.5):
        z = reparam.rsample(full(0, 20_000, 1), full(logvar, 20_000, 1), gen())
        near(z.var()/math.exp(logvar), 1, .06)

def weights_have_the_exact_evidence():
    "Importance sampling in a linear-Gaussian model meets the evidence in closed form, and the bound without samples"
    model, exact, x = linear_vae()
    w = evaluate.log_weights(model, x, 4000, gen())
    near((elbo.iw_bound(w) - exact.log_prob(x)).abs().max(), 0, .1)
    mu, logvar = model.encode(x)
    near((w.mean(0) - elbo.elbo_ppca(exact, x, mu, torch.diag_embed((.5*logvar).exp()))).abs().max(), 0, .1)

def linear_vae():
    "A VAE whose evidence is known: linear decoder, fixed noise, a q that is only roughly right"
    exact = latent.PPCA(torch.tensor([[1.5], [-.4], [.8]]).double(), torch.tensor([.3, 0., -.2]).double(), .36)
    class Enc(nn.Module):
        def forward(self, x): return torch.cat([(x - exact.mean)@exact.W*.3 + .2, full(-1.2, len(x), 1)], 1)
    class Dec(nn.Module):
        def forward(self, z): return exact.decode(z)
    model = vae.VAE(Enc(), Dec(), 1, (3,), vae.Normal(math.log(.36)).double())
    return model, exact, exact.sample(6, gen(1))

def nll_is_minus_the_evidence():
    model, exact, x = linear_vae()
    near((evaluate.nll(model, x, 3000, generator=gen()) + exact.log_prob(x)).abs().max(), 0, .1)

def elbo_is_not_the_evidence():
    "The bound lies below by KL(q ‖ posterior)"
    model, exact, x = linear_vae()
    mu, logvar = model.encode(x)
    post_mu, post_cov = exact.posterior(x)
    gap = sum(td.kl_divergence(td.Normal(mu, (.5*logvar).exp()), td.Normal(post_mu, post_cov.sqrt())).T)
    got = exact.log_prob(x) - model.elbo(x.repeat(4000, 1), gen()).view(4000, 6).mean(0)
    near((got - gap).abs().max(), 0, .1)

def loss_of_an_example_by_hand():
    "Two pixels, two latents: −ELBO of an encoder and a decoder without weights, on paper"
    class Enc(nn.Module):
        def forward(self, x): return torch.tensor([[.5, -1., -40., -40.]]).double().expand(len(x), -1)   # no variance to speak of
    class Dec(nn.Module):
        def forward(self, z): return z*2.
    model = vae.VAE(Enc(), Dec(), 2, (2,))
    x = torch.tensor([[1., 0.]]).double()
    want = math.log(1/(1 + math.exp(-1))) + math.log(1 - 1/(1 + math.exp(2)))
    kl = .5*(.25 + 1 + 2*(math.exp(-40) - 1 + 40))
    log_px_z, k = model.terms(x, gen())
    near(log_px_z, want, 1e-6)
    near(k, kl, 1e-6)
    near(model.elbo(x, gen()), want - kl, 1e-6)

def an_image_alone_and_in_a_batch():
    "In training mode too: the outputs that are parameters of a density know nothing of the other images"
    torch.manual_seed(0)
    x = torch.rand(5, 1, 8, 8, generator=gen())
    enc = nets.mlp(64, 16, 4)
    model = vae.mlp_vae((1, 8, 8), 2, (16,)).train()
    for f in (enc, lambda x: torch.cat(model.encode(x), 1), lambda x: model.decode(x[:, 0, 0, :2])):
        near((torch.cat([f(xi[None]) for xi in x]) - f(x)).abs().max(), 0, 1e-5)
    out = nets.mlp(64, 16, 4, norm=True).train()(x)
    assert (out.mean(0).abs() > 1e-3).any(), "the output is normalised"

def densities_are_those_of_torch():
    x, mu, logvar = (torch.randn(4, 3, generator=gen(s), dtype=torch.double) for s in range(3))
    near((dists.normal_log_prob(x, mu, logvar) - td.Normal(mu, (.5*logvar).exp()).log_prob(x).sum(1)).abs().max(), 0, 1e-9)
    b = (x > 0).double()
    near((dists.bernoulli_log_prob(b, mu) - td.Bernoulli(logits=mu).log_prob(b).sum(1)).abs().max(), 0, 1e-9)
    grey = b*.3 + .35
    near((vae.ContinuousBernoulli().log_prob(grey, mu) - td.ContinuousBernoulli(logits=mu).log_prob(grey).sum(1)).abs().max(), 0, 1e-4)

def q_is_made_by_the_encoder():
    "The KL trains the encoder and nothing else; the reconstruction trains both"
    torch.manual_seed(0)
    model = vae.mlp_vae((2,), 2, (4,), vae.DiagNormal())
    x = torch.rand(3, 2, generator=gen())
    log_px_z, kl = model.terms(x, gen())
    reached = lambda out: {n.split(".")[0] for n, p in model.named_parameters() if (g := torch.autograd.grad(out.sum(), p, retain_graph=True, allow_unused=True)[0]) is not None and g.abs().sum() > 0}
    assert reached(kl) == {"enc"}, reached(kl)
    assert reached(log_px_z) == {"enc", "dec"}, reached(log_px_z)

def mean_over_the_batch_once():
    "The same images twice: the same step of training"
    def after(x):
        torch.manual_seed(0)
        model = vae.mlp_vae((4,), 1, (3,)).double()
        model.enc[-1].weight.data[1:], model.enc[-1].bias.data[1:] = 0, -60.          # no variance: eps does not matter
        train.vae_step(model, torch.optim.SGD(model.parameters(), .1), generator=gen())(x)
        return torch.cat([p.detach().flatten() for p in model.parameters()])
    x = (torch.rand(3, 4, generator=gen()) > .5).double()
    near((after(x) - after(torch.cat([x, x]))).abs().max(), 0, 1e-7)

def vae_step_descends_minus_elbo():
    torch.manual_seed(0)
    model, x = vae.mlp_vae((4,), 1, (3,)).double(), (torch.rand(3, 4, generator=gen()) > .5).double()
    before = [p.detach().clone() for p in model.parameters()]
    grads = torch.autograd.grad(-model.elbo(x, gen(3)).mean(), list(model.parameters()))
    out = train.vae_step(model, torch.optim.SGD(model.parameters(), .5), generator=gen(3))(x)
    for p, b, g in zip(model.parameters(), before, grads): near((b - .5*g - p).abs().max(), 0, 1e-9)
    near(out["elbo"], out["log_px_z"] - out["kl"])

def more_samples_tighten_the_bound():
    "log of the mean, not mean of the log: K = 1, 5, 50 climb towards log p"
    w = torch.randn(50, 4000, generator=gen(), dtype=torch.double)
    b1, b5, b50 = w[0].mean(), elbo.iw_bound(w[:5]).mean(), elbo.iw_bound(w).mean()
    assert b1 + .2 < b5 and b5 + .05 < b50, (b1, b5, b50)
    near(elbo.iw_bound(w.flatten()), .5, .05)                              # log E e^w = ½ for w ~ N(0, 1)

def units_are_bits_per_pixel():
    near(evaluate.bits_per_dim(784*math.log(2), 784), 1)
    near(evaluate.bits_per_dim(torch.tensor(0.), 784, 256), 8, 1e-5)

# --------------------------------------------------------------------------------------------------------- GAN: the checks
def saturation_lies_at_small_d():
    "Slopes in the logit of a fake: flat where D is sure that it is fake, for the saturating loss alone"
    s = lambda l, kind: slope(lambda t: gan.g_loss(t, kind), l)
    sig = lambda l: 1/(1 + math.exp(-l))
    for l in (-5., -4., 5.):
        near(s(l, "saturating"), -sig(l))
        near(s(l, "nonsaturating"), sig(l) - 1)
    near(s(-4., "saturating"), -.018, 1e-3)
    near(s(-4., "nonsaturating"), -.982, 1e-3)

def best_d(loss):
    "The constant D that is best where data and generator agree"
    return 1/(1 + math.exp(-optimize.minimize_scalar(lambda l: float(loss(full(l, 3), full(l, 3))), bounds=(-4, 4), method="bounded", options=dict(xatol=1e-7)).x))

def best_d_is_a_half(): near(best_d(gan.d_loss), .5, 1e-4)

def best_d_under_smoothing():
    "Labels α on real data only: D = α/2 at p = q, and V itself at α = 1"
    for alpha in (.9, .95): near(best_d(lambda r, f: dynamics.smoothed_d_loss(r, f, alpha)), alpha/2, 1e-4)
    r, f = torch.randn(2, 7, generator=gen())
    near(dynamics.smoothed_d_loss(r, f, 1.), -minimax.value(r, f))

def value_of_a_blind_d():
    near(minimax.value(full(0, 4), full(0, 9)), -math.log(4))
    near(minimax.value(full(3, 4), full(-3, 9)), -2*math.log1p(math.exp(-3)))
    near(minimax.accuracy(full(1, 5), torch.tensor([1., -1.])), .75)

def divergences_on_a_grid():
    "Two normals: KL in closed form and with its direction, JS against −log 4"
    x = torch.linspace(-12, 14, 4001, dtype=torch.double)
    P, Q = td.Normal(full(0), 1.), td.Normal(full(1.5), full(2.))
    p, q = P.log_prob(x).exp(), Q.log_prob(x).exp()
    near(minimax.grid_kl(p, q, x), td.kl_divergence(P, Q))
    V = minimax.grid_value(minimax.optimal_logits(P.log_prob(x), Q.log_prob(x)), p, q, x)
    near(V, 2*minimax.grid_js(p, q, x) - math.log(4))
    near(minimax.optimal_logits(P.log_prob(x), Q.log_prob(x)).sigmoid()[1700], p[1700]/(p[1700] + q[1700]))

def game(k=1, l=1, loss="nonsaturating", n=12):
    torch.manual_seed(0)
    G, D = gan.mlp_gan((2,), 2, (4,), norm=False)
    opts = [torch.optim.SGD(net.parameters(), .1) for net in (G, D)]
    return G, D, opts, torch.rand(n, 2, generator=gen()), gan.gan_step(G, D, *opts, k=k, l=l, loss=loss, generator=gen(1))

def only_the_player_in_turn_learns():
    "A step changes both players; afterwards D's gradients are those of its own loss, untouched by G's"
    G, D, _, x, step = game()
    before = [p.detach().clone() for p in G.parameters()], [p.detach().clone() for p in D.parameters()]
    g = gen(1)
    fake = G(G.noise(len(x), g)).detach()
    want = torch.autograd.grad(gan.d_loss(D(x), D(fake)), list(D.parameters()))
    step(x)
    assert any(not torch.equal(a, b) for a, b in zip(before[0], G.parameters())), "G stood still"
    for p, b, w in zip(D.parameters(), before[1], want):
        near((p.grad - w).abs().max(), 0, 1e-6)
        near((b - .1*w - p).abs().max(), 0, 1e-6)

def the_value_is_reported_not_the_generators_loss():
    G, D, _, x, step = game()
    with torch.no_grad():
        fake = G(G.noise(len(x), gen(1)))
        want = minimax.value(D(x), D(fake))
    near(step(x)["value"], want)

def d_moves_k_times_on_fresh_data():
    G, D, (_, opt_D), x, step = game(k=3)
    seen, moves = [], []
    D.register_forward_pre_hook(lambda net, args: seen.append(args[0].detach().clone()))
    opt_D.register_step_post_hook(lambda *_: moves.append(1))
    step(x)
    assert len(moves) == 3, f"{len(moves)} updates of D for k = 3"
    real = torch.cat([s[:len(s)//2] for s in seen[:3]])
    assert torch.equal(real, x), "each update sees its own part of the batch"

def penalty_is_half_the_squared_slope():
    w = torch.tensor([3., 4.]).double()
    near(gan.grad_penalty(lambda x: x@w, torch.rand(5, 2, generator=gen()).double()), 12.5)
    near(dynamics.lipschitz_penalty(lambda x: x@w, *torch.rand(2, 5, 2, generator=gen()).double(), gen()), 16.)

def the_encoder_of_the_hybrid_is_not_in_the_game():
    "Encoder: KL and features. Decoder: gamma times features, and the game; never the KL"
    torch.manual_seed(0)
    model = vae.mlp_vae((3,), 2, (4,), vae.Normal())
    D = hybrid.FeatureDiscriminator(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1))
    nets_ = model.enc, model.dec, D
    x = torch.rand(6, 3, generator=gen())
    mu, logvar = model.encode(x)
    z = mu + (.5*logvar).exp()*torch.randn(mu.shape, generator=(g := gen(1)))
    fake = model.mean(torch.cat([z, torch.randn(z.shape, generator=g)]))
    D0 = [p.clone() for p in D.parameters()]
    loss_D = -minimax.value(D(x), D(fake.detach())) + 1.*gan.grad_penalty(D, x)
    for p, d in zip(D.parameters(), torch.autograd.grad(loss_D, list(D.parameters()))): p.data -= .1*d
    feat = hybrid.feature_nll(D, x, fake[:6], .5).mean()
    want = torch.autograd.grad(dists.kl_normal(mu, logvar).mean() + feat, list(model.enc.parameters()), retain_graph=True) \
        + torch.autograd.grad(.3*feat - F.logsigmoid(D(fake)).mean(), list(model.dec.parameters()))
    for p, d in zip(D.parameters(), D0): p.data.copy_(d)
    hybrid.hybrid_step(model, D, *(torch.optim.SGD(n.parameters(), .1) for n in nets_), gamma=.3, var=.5, r1=1., generator=gen(1))(x)
    for p, w in zip([*model.enc.parameters(), *model.dec.parameters()], want): near((p.grad - w).abs().max(), 0, 1e-6)

# ------------------------------------------------------------------------------------------------------- small worlds, steps
def circle_by_its_formula():
    "The k-th centre is r (cos 2πk/n, sin 2πk/n)"
    import sympy as sp
    k, n, r = 1, 8, 2
    for c, f in zip(data.ring_modes(n, float(r))[k], (sp.cos, sp.sin)): near(c, sp.N(r*f(2*sp.pi*k/n)), 1e-6)
    near(data.ring_modes(8)[3, 0], 2*math.cos(3*math.pi/4), 1e-6)

def toys_integrate_to_one():
    a, b = torch.linspace(-5, 5, 201, dtype=torch.double), torch.linspace(-5, 15, 401, dtype=torch.double)
    for f in (data.ring_log_prob, data.banana_log_prob): near(f(torch.cartesian_prod(a, b)).exp().sum()*.05**2, 1, 1e-4)

def coins_have_their_probability():
    x = torch.tensor([.1, .5, .9]).repeat(20_000, 1)
    near((data.binarize(x, gen()).mean(0) - x[0]).abs().max(), 0, .02)

def players_take_turns():
    "Simultaneous steps grow by √(1 + h²) a round, alternating ones turn on an ellipse"
    s, h = torch.tensor([1., 0.]).double(), .1
    near(dynamics.play(dynamics.game_step(dynamics.bilinear_field, h), s, 10)[-1].square().sum(), 1.01**10)
    near(dynamics.eigenvalues(dynamics.game_step(dynamics.bilinear_field, h, alternating=True), torch.zeros(2).double()).abs().max(), 1.)

def evidence_of_principal_components():
    "The constant once per datum, not once per component; the variance is the mean of what is left out"
    x = torch.randn(60, 4, generator=gen(), dtype=torch.double)@torch.randn(4, 4, generator=gen(1), dtype=torch.double)
    m = latent.PPCA.fit(x, 2)
    lam = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    near(m.var, lam[2:].mean())
    near(m.log_prob(x).mean(), -.5*(4*math.log(2*math.pi) + lam[:2].log().sum() + 2*lam[2:].mean().log() + 4))

def both_estimators_of_a_gradient():
    "d E[z²]/dμ = 2μ, from both; the score has variance 30 at μ = σ = 1, or 14 with the best baseline"
    path, score, base = (f(torch.square, 1., 1., 200_000, gen(), *b) for f, b in ((reparam.pathwise_grad, ()), (reparam.score_grad, ()), (reparam.score_grad, (4.,))))
    for draws, var in ((path, 4), (score, 30), (base, 14)):
        near(draws.mean(), 2, .06)
        near(draws.var()/var, 1, .1)

def distance_of_two_normals():
    "Fréchet: N(0, 1) and N(1, 4) in one dimension are 2 apart"
    z = torch.randn(4000, 1, generator=gen(), dtype=torch.double)
    z = (z - z.mean())/z.std()
    near(evaluate.frechet(z, 1 + 2*z), 2, 1e-6)

# --------------------------------------------------------------------------------------------------------------- the table
MISTAKES = [   # name, function, text, mistaken text, check
    ("the generator's loss is said to be flat at D ≈ 1", "gan.g_loss", "F.logsigmoid(-fake_logits)", "-F.logsigmoid(fake_logits).neg()", saturation_lies_at_small_d),
    ("log(1−D) derived, −log D coded", "gan.g_loss", "return F.logsigmoid(-fake_logits).mean()", "return -F.logsigmoid(fake_logits).mean()", saturation_lies_at_small_d),
    ("−log D derived, log(1−D) coded", "gan.g_loss", "return -F.logsigmoid(fake_logits).mean()", "return F.logsigmoid(-fake_logits).mean()", saturation_lies_at_small_d),
    ("z drawn with σ = exp(logvar)", "reparam.rsample", "(.5*logvar).exp()", "logvar.exp()", draws_have_their_variance),
    ("the KL reads a log-σ", "dists.kl_normal", "return .5*(d.exp()", "return .5*((2*d).exp()", kl_by_quadrature),
    ("the KL halves its log-variance", "dists.kl_normal", "- 1 - d)", "- 1 - .5*d)", kl_by_quadrature),
    ("log-weights with σ = exp(logvar)", "evaluate.log_weights", "eps*(.5*logvar).exp() + mu", "eps*logvar.exp() + mu", weights_have_the_exact_evidence),
    ("KL averaged over the latents", "dists.kl_normal", ".flatten(1).sum(1)", ".flatten(1).mean(1)", loss_of_an_example_by_hand),
    ("cross-entropy averaged over the pixels", "dists.bernoulli_log_prob", "F.softplus(logits).flatten(1).sum(1)", "F.softplus(logits).flatten(1).mean(1)", loss_of_an_example_by_hand),
    ("KL in the other direction", "dists.kl_normal", "    d, e2 = logvar,", "    if logvar_p is not None: (mu, logvar), (mu_p, logvar_p) = (mu_p, logvar_p), (mu, logvar)\n    d, e2 = logvar,", kl_by_quadrature),
    ("KL of full covariances in the other direction", "dists.kl_mvn", "M = torch", "mu, L, mu_p, L_p = mu_p, L_p, mu, L; M = torch", kl_by_quadrature),
    ("loss averaged over the batch twice, or never", "train.vae_step", "(t.mean() for t in", "(t.sum() for t in", mean_over_the_batch_once),
    ("batch norm on the output", "nets.mlp", "if i < len(sizes) - 2: layers +=", "layers += [nn.BatchNorm1d(b)]*norm if i == len(sizes) - 2 else", an_image_alone_and_in_a_batch),
    ("batch norm on the mean and the log-variance", "vae.VAE.encode", "self.enc(self._check_x(x))", "F.batch_norm(self.enc(self._check_x(x)), None, None, training=True) if len(x) > 1 else self.enc(x)", an_image_alone_and_in_a_batch),
    ("batch norm on the logits", "vae.VAE.decode", "self.dec(self._check_z(z))", "F.batch_norm(self.dec(z), None, None, training=True) if len(z) > 1 else self.dec(z)", an_image_alone_and_in_a_batch),
    ("D log 2π per dimension, then summed", "dists.normal_log_prob", "math.log(2*math.pi)", "x[0].numel()*math.log(2*math.pi)", densities_are_those_of_torch),
    ("log 2π left out", "dists.normal_log_prob", "math.log(2*math.pi) + logvar", "logvar", densities_are_those_of_torch),
    ("the continuous Bernoulli without its constant", "vae.ContinuousBernoulli.log_prob", " + (F.softplus(out) - _log_area(out)).sum(1)", "", densities_are_those_of_torch),
    ("an ELBO called nll", "evaluate.nll", "-iw_bound(torch.cat([log_weights(vae, b, n, generator) for n in chunks]))", "-torch.cat([log_weights(vae, b, n, generator) for n in chunks]).mean(0)", nll_is_minus_the_evidence),
    ("nll that returns + log p", "evaluate.nll", "lambda b: -iw_bound(", "lambda b: iw_bound(", nll_is_minus_the_evidence),
    ("nll that ignores its number of samples", "evaluate.nll", "chunks = [min(rows, K - k) for k in range(0, K, rows)]", "chunks = [1]", nll_is_minus_the_evidence),
    ("the ELBO without its KL", "vae.VAE.elbo", "log_px_z - kl", "log_px_z", elbo_is_not_the_evidence),
    ("the ELBO adds its KL in training", "train.vae_step", "*kl - log_px_z", "*(-kl) - log_px_z", vae_step_descends_minus_elbo),
    ("mean of the log instead of log of the mean", "elbo.iw_bound", "torch.logsumexp(log_w, 0) - math.log(len(log_w))", "log_w.mean(0)", more_samples_tighten_the_bound),
    ("sum of the weights instead of their mean", "elbo.iw_bound", " - math.log(len(log_w))", "", more_samples_tighten_the_bound),
    ("a Monte Carlo figure as the true value", "dists.kl_normal", "return .5*(d.exp()",
     "z = mu + (.5*logvar).exp()*torch.randn(100_000, *mu.shape, dtype=mu.dtype)\n    return (normal_log_prob(z[:, 0], mu.expand_as(z[:, 0]), logvar.expand_as(z[:, 0])) - normal_log_prob(z[:, 0], mu_p.expand_as(z[:, 0]), logvar_p.expand_as(z[:, 0]))).mean(0, keepdim=True)\n    return .5*(d.exp()", kl_by_quadrature),
    ("sin for cos", "data.ring_modes", "[a.cos(), a.sin()]", "[a.sin(), a.cos()]", circle_by_its_formula),
    ("μ and σ of q from the decoder", "vae.VAE.encode", "self.enc(self._check_x(x))", "self.dec(self._check_x(x))", q_is_made_by_the_encoder),
    ("σ as μ, μ as σ", "vae.VAE.terms", "z = rsample(mu, logvar, generator)", "z = rsample(logvar, mu, generator)", loss_of_an_example_by_hand),
    ("z cut off from the encoder", "vae.VAE.terms", "z = rsample(mu, logvar, generator)", "z = rsample(mu, logvar, generator).detach()", q_is_made_by_the_encoder),
    ("bits from nats by the wrong logarithm", "evaluate.bits_per_dim", "/math.log(2)", "/math.log2(math.e)", units_are_bits_per_pixel),
    ("PCA's variance from all components", "latent.PPCA.fit", "lam[k:].clamp(min=0).mean()", "lam.clamp(min=0).mean()", evidence_of_principal_components),
    ("the score without its 1/σ²", "reparam.score_grad", "*(z - mu)/sigma**2", "*(mu - z)/sigma**2", both_estimators_of_a_gradient),
    ("the baseline added", "reparam.score_grad", "f(z) - baseline", "f(z) + baseline", both_estimators_of_a_gradient),
    ("progress read off the generator's loss", "gan.gan_step", "dict(value=value(*logits)", "dict(value=lossG.detach()", the_value_is_reported_not_the_generators_loss),
    ("smoothing that drops the second term", "dynamics.smoothed_d_loss", "F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, alpha))", "alpha*F.softplus(-real_logits).mean()", best_d_under_smoothing),
    ("fake labels smoothed too", "dynamics.smoothed_d_loss", "F.softplus(fake_logits).mean()", "F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, 1 - alpha))", best_d_under_smoothing),
    ("D ascends only on real data", "gan.d_loss", "return -value(real_logits, fake_logits)", "return -F.logsigmoid(real_logits).mean()", best_d_is_a_half),
    ("V with log D on the fakes", "minimax.value", "F.logsigmoid(-fake_logits)", "F.logsigmoid(fake_logits)", value_of_a_blind_d),
    ("accuracy weighted by how many there are", "minimax.accuracy", ".5*(right(real_logits) + right(-fake_logits))", "right(torch.cat([real_logits, -fake_logits.to(real_logits)]))", value_of_a_blind_d),
    ("D* with p and q exchanged", "minimax.optimal_logits", "log_p - log_q", "log_q - log_p", divergences_on_a_grid),
    ("KL on the grid in the other direction", "minimax.grid_kl", "_on_grid(x=x, p=p, q=q)", "p, q = q, p", divergences_on_a_grid),
    ("JS without its half", "minimax.grid_js", "return .5*(", "return (", divergences_on_a_grid),
    ("G's step also fills D's gradients", "gan.gan_step", "with frozen(D):", "if True:", only_the_player_in_turn_learns),
    ("D's gradients pile up", "gan.gan_step", "opt_D.zero_grad(); lossD.backward()", "[p.grad is None or p.grad.fill_(1.) for p in D.parameters()]; lossD.backward(); [p.grad.add_(1.) for p in D.parameters()]", only_the_player_in_turn_learns),
    ("k steps made one", "gan.gan_step", "for real in x.tensor_split(k):", "for real in [x]:", d_moves_k_times_on_fresh_data),
    ("k steps on the same images", "gan.gan_step", "for real in x.tensor_split(k):", "for real in [x.tensor_split(k)[0]]*k:", d_moves_k_times_on_fresh_data),
    ("the penalty on the norm, not on its square", "gan.grad_penalty", ".square().sum(1).mean()", ".square().sum(1).sqrt().mean()", penalty_is_half_the_squared_slope),
    ("the penalty without its half", "gan.grad_penalty", "return .5*g", "return g", penalty_is_half_the_squared_slope),
    ("a slope of at most 1 taken for a slope of 0", "dynamics.lipschitz_penalty", ".norm(dim=1) - 1)", ".norm(dim=1))", penalty_is_half_the_squared_slope),
    ("the hybrid's KL reaches no one", "hybrid.hybrid_step", "torch.autograd.grad(kl + feat, enc,", "torch.autograd.grad(feat, enc,", the_encoder_of_the_hybrid_is_not_in_the_game),
    ("the hybrid's encoder plays the game", "hybrid.hybrid_step", "torch.autograd.grad(kl + feat, enc,", "torch.autograd.grad(kl + feat + adv, enc,", the_encoder_of_the_hybrid_is_not_in_the_game),
    ("the ring's density without its modes", "data.ring_log_prob", "std**2*modes)", "std**2)", toys_integrate_to_one),
    ("coins with the chances exchanged", "data.binarize", " < x)", " > x)", coins_have_their_probability),
    ("both at once, called in turn", "dynamics.game_step", "in_turn if alternating else both", "both", players_take_turns),
    ("a distance without its cross term's factor", "evaluate.frechet", "- 2*cross", "- cross", distance_of_two_normals),
]
ROOT = Path(vaegan.__file__).parent

def source(module): return (ROOT/f"{module}.py").read_text(encoding="utf-8")

def mistaken(func, old, new):
    "The source of a module with one mistake in one function"
    module, *path = func.split(".")
    text = source(module)
    node = ast.parse(text)
    for name in path:
        node = next((n for n in node.body if getattr(n, "name", "") == name), None)
        assert node is not None, f"{func} is no longer there"
    lines = text.splitlines(keepends=True)
    a, body, b = "".join(lines[:node.lineno-1]), "".join(lines[node.lineno-1:node.end_lineno]), "".join(lines[node.end_lineno:])
    assert body.count(old) == 1, f"{func}: expected {old!r} once in its text, found {body.count(old)}: adapt this row to the new code"
    return module, a + body.replace(old, new) + b

@pytest.mark.parametrize("check", dict.fromkeys(m[-1] for m in MISTAKES), ids=lambda f: f.__name__)
def test_the_check_passes(check): check()

@pytest.mark.parametrize("func, old, new, check", [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_the_mistake_is_seen(func, old, new, check):
    module, text = mistaken(func, old, new)
    try:
        graft(module, text)
        with pytest.raises(AssertionError): check()
    finally: graft(module, source(module))
    check()

def test_names_are_used_once():
    assert len({m[0] for m in MISTAKES}) == len(MISTAKES) and len({m[1:4] for m in MISTAKES}) == len(MISTAKES)
