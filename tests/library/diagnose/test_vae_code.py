"What people write for a VAE, in many styles: right code raises no alarm, each mistake is called by its name"
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from styles import called, ids, styles

from vaegan.diagnose.between import try_path
from vaegan.diagnose.divergence import try_kl, try_kl_pair
from vaegan.diagnose.draw import try_draw
from vaegan.diagnose.evidence import try_nll, try_weights
from vaegan.diagnose.likelihood import try_log_prob, try_reconstruction
from vaegan.diagnose.loss import try_loss
from vaegan.diagnose.measures import try_bits, try_frechet

CODE, code = styles()

@code(try_kl)
def kl_a(mu, logvar): return -0.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_kl)
def kl_b(mean, log_var): return torch.mean(-0.5*torch.sum(1+log_var-mean**2-log_var.exp(),dim=1),dim=0)
@code(try_kl)
def kl_c(z_mean, sigma): return 0.5*(z_mean**2+sigma**2-1-2*torch.log(sigma)).sum(-1)
@code(try_kl)
def kl_d(mu, log_std): return 0.5*(mu**2+(2*log_std).exp()-1-2*log_std).sum(-1).mean()
@code(try_kl)
def kl_e(a, b): return {"kld": (-.5*(1+b-a**2-b.exp()).sum(1)).mean(), "foo": a.mean()}
@code(try_kl)
def kl_f(mu, rho):
    s=F.softplus(rho); return torch.distributions.kl_divergence(torch.distributions.Normal(mu,s),torch.distributions.Normal(0.,1.)).sum(1)
@code(try_kl)
def kl_g(mu_q, logvar_q, mu_p, logvar_p): return .5*(logvar_p-logvar_q+((mu_q-mu_p)**2+logvar_q.exp())/logvar_p.exp()-1).sum(1)
@code(try_kl)
def kl_h(mu, logvar): return -0.5*np.sum(1+logvar-mu**2-np.exp(logvar),axis=-1)
@code(try_kl)
def kl_i(mu, var): return .5*(var+mu**2-1-var.log()).sum(1).mean()
@code(try_kl)
def kl_fixed(mu, logvar):
    x=mu.view(-1,20); return (-0.5*(1+logvar-x.pow(2)-logvar.exp()).sum(1)).mean()
@code(try_kl, "kl-mean-latents")
def kl_m1(mu, logvar): return -0.5*torch.mean(1+logvar-mu.pow(2)-logvar.exp())
@code(try_kl, "kl-sign")
def kl_m2(mu, logvar): return 0.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_kl, "kl-no-half")
def kl_m3(mu, logvar): return -torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_kl, "kl-log-std")
def kl_m4(mu, logvar): return 0.5*(mu**2+(2*logvar).exp()-1-2*logvar).sum(-1).mean()
@code(try_kl, "scaled")
def kl_m5(mu, logvar): return -0.5*4e-3*torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_kl, "kl-no-exp")
def kl_m6(mu, logvar): return -0.5*torch.sum(1+logvar-mu.pow(2)-logvar)
@code(try_kl, "kl-reversed")
def kl_m7(mu, logvar): return 0.5*(( -logvar).exp()*(1+mu**2)-1+logvar).sum(1).mean()
@code(try_kl, "kl-mu-linear")
def kl_m8(mu, logvar): return -0.5*torch.sum(1+logvar-mu-logvar.exp())
@code(try_kl, "kl-monte-carlo")
def kl_m9(mu, logvar):
    std=(.5*logvar).exp(); z=mu+std*torch.randn(500,*mu.shape)
    return (torch.distributions.Normal(mu,std).log_prob(z)-torch.distributions.Normal(0.,1.).log_prob(z)).sum(-1).mean(0)
@code(try_kl, "kl-mu-linear", "kl-no-half")
def kl_m12(mu, logvar): return -(1 + logvar - mu - logvar.exp()).sum(1).mean()
@code(try_kl, "kl-no-var", "kl-mean-latents")
def kl_m13(mu, logvar): return .5*torch.mean(mu**2 + logvar - 1 - 2*logvar)
@code(try_kl, "kl-half-once")
def kl_m14(mu, sigma): return (sigma**2 + mu**2 - torch.log(sigma) - 1/2).sum()
@code(try_kl, "kl-half-once")
def kl_m15(mu, logvar): return (mu**2).sum() + .5*(logvar.exp() - 1 - logvar).sum()
@code(try_kl, "kl-half-once")
def kl_m16(mu, logvar): return .5*(mu**2).sum() + (logvar.exp() - 1 - logvar).sum()
@code(try_kl, "kl-half-once")
def kl_m17(mu, logvar): return (.5*(mu**2 + logvar.exp()) - 1 - logvar).sum(1).mean()
@code(try_kl, "kl-exp-sign")
def kl_m18(mu, logvar): return -.5*torch.sum(1 + logvar - mu**2 + logvar.exp())
@code(try_kl, "kl-log-sign")
def kl_m19(mu, logvar): return -.5*torch.sum(1 - logvar - mu**2 - logvar.exp())
@code(try_kl, "kl-one-sign")
def kl_m20(mu, logvar): return -.5*torch.sum(-1 + logvar - mu**2 - logvar.exp())
@code(try_kl, "kl-no-one")
def kl_m21(mu, logvar): return -.5*torch.sum(logvar - mu**2 - logvar.exp())
@code(try_kl, "kl-no-mean")
def kl_m22(mu, logvar): return -.5*torch.sum(1 + logvar - logvar.exp())
@code(try_kl, "kl-mean-latents")
def kl_m23(mu, logvar): return -.5*(1 + logvar - mu**2 - logvar.exp()).mean(1).mean(0)
@code(try_kl, "wrong")
def kl_m10(mu, logvar): return (mu.abs()+logvar.sin()).sum()
@code(try_kl, "untried")
def kl_m11(mu, logvar, foo): return mu

@code(try_kl_pair)
def pair_a(q, p): return torch.distributions.kl_divergence(q, p).sum(-1).mean()
@code(try_kl_pair)
def pair_b(p, q): return torch.distributions.kl_divergence(p, q).sum()
@code(try_kl_pair)
def pair_c(prior, posterior): return torch.distributions.kl_divergence(posterior, prior)
@code(try_kl_pair)
def pair_d(q): return .5*(q.mean**2 + q.var - 1 - q.logvar).sum(-1)
@code(try_kl_pair, "kl-reversed")
def pair_m1(prior, posterior): return torch.distributions.kl_divergence(prior, posterior).sum(-1)
@code(try_kl_pair, "kl-mean-latents")
def pair_m2(q, p): return torch.distributions.kl_divergence(q, p).mean()
@code(try_kl_pair, "kl-std-as-variance")
def pair_m3(dist): return .5*(dist.mean**2 + dist.stddev - 1 - dist.stddev.log()).sum(-1)
@code(try_kl_pair, "kl-ignores-p")
def pair_m4(q, p): return (.5*(q.scale**2 + q.loc**2 - 1) - q.scale.log()).sum(-1)
@code(try_kl_pair, "kl-monte-carlo")
def pair_m5(q, p):
    z = q.rsample(); return (q.log_prob(z) - p.log_prob(z)).sum(-1).mean()
@code(try_kl_pair, "untried")
def pair_m6(q, p, r): return q

def _omega(a, b): return torch.acos(F.cosine_similarity(a, b, dim=-1))[..., None]
@code(try_path)
def slerp_a(val, low, high):
    o = _omega(low, high); return ((1 - val)*o).sin()/o.sin()*low + (val*o).sin()/o.sin()*high
@code(try_path)
def slerp_b(p0, p1, t):
    o = np.arccos(np.dot(p0/np.linalg.norm(p0), p1/np.linalg.norm(p1))); return (np.sin((1 - t)*o)*p0 + np.sin(t*o)*p1)/np.sin(o)
@code(try_path)
def lerp_a(z1, z2, alpha): return alpha*z1 + (1 - alpha)*z2
@code(try_path)
def walk_a(start, end, n_steps=10): return [start + w*(end - start) for w in torch.linspace(0, 1, n_steps)]
@code(try_path)
def walk_b(start, end, steps): return torch.stack([start + (end - start)*i/steps for i in range(steps)])
@code(try_path)
def my_way(u, v, t): return u + t*(v - u)
@code(try_path)
def interpolate(vae, x1, x2, n_steps=8):
    mu1, mu2 = vae.encode(x1)[0], vae.encode(x2)[0]
    return [vae.decode(mu1 + a*(mu2 - mu1)) for a in torch.linspace(0, 1, n_steps)]
@code(try_path)
def slerp_c(netG, z1, z2, t): return netG(slerp_a(t, z1, z2))
@code(try_path, "path-in-pixels")
def lerp_m7(model, x1, x2, steps=10): return torch.stack([x1 + a*(x2 - x1) for a in torch.linspace(0, 1, steps)])
@code(try_path, "path-in-pixels")
def lerp_m8(G, z1, z2, alpha): return (1 - alpha)*G(z1) + alpha*G(z2)
@code(try_path, "path-is-line")
def slerp_m9(G, z1, z2, alpha): return G((1 - alpha)*z1 + alpha*z2)
@code(try_path, "path-raw-angle")
def slerp_m1(z1, z2, t):
    o = (z1*z2).sum(-1, keepdim=True).acos(); return (((1 - t)*o).sin()*z1 + (t*o).sin()*z2)/o.sin()
@code(try_path, "path-one-angle")
def slerp_m2(z1, z2, t):
    o = ((z1*z2).sum()/z1.norm()/z2.norm()).acos(); return (((1 - t)*o).sin()*z1 + (t*o).sin()*z2)/o.sin()
@code(try_path, "path-is-line")
def slerp_m3(z1, z2, t): return torch.lerp(z1, z2, t)
@code(try_path, "path-no-sine")
def slerp_m4(a, b, t): return ((1 - t)*_omega(a, b)).sin()*a + (t*_omega(a, b)).sin()*b
@code(try_path, "path-no-difference")
def lerp_m5(a, b, t): return a + t*b
@code(try_path, "wrong")
def lerp_m6(a, b, t): return a*b*t

def _log_w(model, x, K, log_p):
    mu, logvar = model.encode(x)
    q, prior = torch.distributions.Normal(mu, (.5*logvar).exp()), torch.distributions.Normal(0., 1.)
    return torch.stack([log_p(model.decode(z), x) + (prior.log_prob(z) - q.log_prob(z)).sum(-1) for z in q.sample((K,))])
def _coins(p, x): return torch.distributions.Bernoulli(p).log_prob(x).sum(-1)
def _odds(out, x): return -F.binary_cross_entropy_with_logits(out, x, reduction="none").sum(-1)
@code(try_nll)
def nll_a(model, x, n_samples=100): return -(_log_w(model, x, n_samples, _coins).logsumexp(0) - math.log(n_samples)).mean()
@code(try_nll)
def nll_b(model, x, n): return -(_log_w(model, x, n, _odds).logsumexp(0) - math.log(n)).sum()
@code(try_nll, "nll-sign")
def nll_m1(model, x, n): return _log_w(model, x, n, _coins).logsumexp(0) - math.log(n)
@code(try_nll, "iw-sum")
def nll_m2(model, x, n): return -_log_w(model, x, n, _odds).logsumexp(0).mean()
@code(try_nll, "nll-is-elbo")
def nll_m3(model, x, n): return -_log_w(model, x, n, _odds).mean()
@code(try_nll, "wrong")
def nll_m4(model, x, n): return -3*_log_w(model, x, n, _odds).mean()
@code(try_nll, "nll-ignores-samples")
def nll_m5(model, x, n): return -_log_w(model, x, 1, _coins)[0].mean()
@code(try_weights)
def log_weights_a(model, x, n): return _log_w(model, x, n, _coins)
@code(try_weights, "iw-width")
def log_weights_m1(model, x, n):
    mu, logvar = model.encode(x)
    z = mu + logvar.exp()*torch.randn(n, *mu.shape)
    return _odds(model.decode(z), x.expand(n, *x.shape)) + .5*((z - mu)**2/logvar.exp() + logvar - z**2).sum(-1)
@code(try_weights, "wrong")
def log_weights_m2(model, x, n): return 2*_log_w(model, x, n, _coins)
@code(try_frechet, "frechet-elementwise")
def fid_m1(mu1, sigma1, mu2, sigma2): return ((mu1 - mu2)**2).sum() + np.trace(sigma1 + sigma2 - 2*np.sqrt(sigma1.dot(sigma2) + 0j).real)
@code(try_reconstruction)
def r1(recon_x,x): return F.binary_cross_entropy(recon_x,x.view(-1,784),reduction='sum')
@code(try_reconstruction)
def r2(x,x_logits): return F.binary_cross_entropy_with_logits(x_logits,x,reduction='none').flatten(1).sum(1)
@code(try_reconstruction)
def r3(x_hat,x): return F.mse_loss(x_hat,x,reduction='sum')/x.size(0)
@code(try_reconstruction)
def r4(a,b): return .5*((a-b)**2).sum(dim=(1,2,3)).mean()
@code(try_reconstruction, "rec-mean-pixels")
def w1(x_hat,x): return F.mse_loss(x_hat,x)
@code(try_reconstruction, "rec-mean-pixels")
def w2(x_hat,x): return F.binary_cross_entropy(x_hat,x)
@code(try_reconstruction, "rec-sign")
def w3(x_hat,x): return (x*x_hat.log()+(1-x)*(1-x_hat).log()).sum(1).mean()
@code(try_reconstruction, "rec-swapped")
def w4(x_hat,x): return F.binary_cross_entropy(x,x_hat,reduction='sum')
@code(try_reconstruction, "rec-one-term")
def w5(x_hat,x): return -(x*torch.log(x_hat)).sum(1).mean()
@code(try_reconstruction, "rec-sigmoid-twice")
def w6(logits,x): return F.binary_cross_entropy_with_logits(torch.sigmoid(logits),x,reduction='sum')
@code(try_reconstruction, "rec-mean-channels")
def w7(x_hat,x):
    assert x.ndim==4
    return F.binary_cross_entropy(x_hat,x,reduction='none').mean(1).sum((1,2)).mean()
@code(try_log_prob)
def l1(x,mu,logvar): return -.5*(math.log(2*math.pi)+logvar+(x-mu)**2/logvar.exp()).sum(1)
@code(try_log_prob)
def l2(x,mu,std): return torch.distributions.Normal(mu,std).log_prob(x).sum(-1)
@code(try_log_prob, "lik-no-constant")
def l3(x,mu,logvar): return -.5*(logvar+(x-mu)**2/logvar.exp()).sum(1)
@code(try_log_prob, "lik-log-std")
def l4(x,mu,logvar): return torch.distributions.Normal(mu,logvar.exp()).log_prob(x).sum(-1)
@code(try_log_prob)
def gaussian_nll(x, mu, sigma): return .5*np.log(2*np.pi) + np.log(sigma) + .5*((x - mu)/sigma)**2
@code(try_log_prob, "rec-sign")
def neg_log_likelihood(x, mu, sigma): return torch.distributions.Normal(mu, sigma).log_prob(x).sum(1)
@code(try_log_prob, "lik-no-constant", "lik-no-logvar")
def nll_l5(x, mu, logvar): return .5*((x - mu)**2/logvar.exp()).sum(1)
@code(try_log_prob)
def log_bernoulli(x, p, dim=None): return x*torch.log(p.clamp(1e-5, 1 - 1e-5)) + (1. - x)*torch.log(1. - p.clamp(1e-5, 1 - 1e-5))
@code(try_log_prob, "rec-sign")
def nll_bernoulli(x, probs): return (x*torch.log(probs) + (1. - x)*torch.log(1. - probs)).sum(1)
@code(try_bits, "bits-are-nats")
def bits_m1(nll, dims): return nll/dims
@code(try_bits)
def bits_b(nats, shape=(3, 32, 32)): return nats/(np.prod(shape)*np.log(2))
@code(try_bits, "bits-are-nats")
def bits_m2(nats): return nats/784
@code(try_draw)
def z16(mu, log_sigma): return mu + np.exp(log_sigma)*np.random.randn(*mu.shape)
@code(try_draw)
def z1(mu,logvar): return mu+torch.exp(.5*logvar)*torch.randn_like(mu)
@code(try_draw)
def z2(mu,std): return torch.distributions.Normal(mu,std).rsample()
@code(try_draw)
def z3(mu,std):
    e=torch.randn_like(std); return mu+e*std,e
@code(try_draw)
def z4(mu,log_var): return mu+torch.exp(log_var/2)*torch.randn(64,100)
@code(try_draw, "z-exp-logvar")
def z5(mu,logvar): return mu+torch.exp(logvar)*torch.randn_like(mu)
@code(try_draw, "z-uniform")
def z6(mu,logvar): return mu+torch.exp(.5*logvar)*torch.rand_like(mu)
@code(try_draw, "z-detached")
def z7(mu,logvar): return (mu+torch.exp(.5*logvar)*torch.randn_like(mu)).detach()
@code(try_draw, "z-sigma-detached")
def z8(mu,logvar): return mu+torch.exp(.5*logvar).detach()*torch.randn_like(mu)
@code(try_draw, "z-shared-noise")
def z9(mu,logvar): return mu+torch.exp(.5*logvar)*torch.randn(1)
@code(try_draw, "z-shared-noise")
def z10(mu,logvar): return mu+torch.exp(.5*logvar)*torch.randn(mu.shape[1])
@code(try_draw, "z-no-noise")
def z11(mu,logvar): return mu
@code(try_draw, "z-no-noise")
def z12(mu,logvar): return mu+0*logvar
@code(try_draw, "z-swapped")
def z13(mu,logvar): return logvar+torch.exp(.5*mu)*torch.randn_like(mu)
@code(try_draw, "z-width")
def z14(mu,std): return mu+torch.exp(.5*std)*torch.randn_like(mu)*2
@code(try_draw, "z-no-noise")
def z15(mu,logvar): return mu+torch.exp(.5*logvar)

@code(try_loss)
def parts_a(x_hat, x, mu, log_var): return F.binary_cross_entropy(x_hat, x, reduction="sum"), -.5*torch.sum(1+log_var-mu**2-log_var.exp())
@code(try_loss, "rec-mean-pixels", "kl-mean-latents", "scaled")
def parts_b(x_hat, x, mu, log_var): return dict(rec=F.binary_cross_entropy(x_hat, x), kl=-.5*torch.mean(1+log_var-mu**2-log_var.exp()))
@code(try_loss)
def by_pixels(recon_x, x, mu, logvar): return F.binary_cross_entropy(recon_x, x.view(-1, 784)) - .5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())/(len(x)*784)
@code(try_loss)
def fixed_size(rec, images, means, logvars):
    flat = images.view(-1, 784)
    coins = -(flat*rec.log() + (1 - flat)*torch.log1p(-rec))
    return coins.sum() + .5*(logvars.exp() + means*means - logvars - 1).sum()
@code(try_loss)
def loss_l2(x, x_hat, mean, log_var):
    r=F.binary_cross_entropy(x_hat,x,reduction='sum'); k=-.5*torch.sum(1+log_var-mean.pow(2)-log_var.exp())
    return r+k
@code(try_loss)
def loss_l3(logits, x, mu, logvar, beta):
    r=F.binary_cross_entropy_with_logits(logits,x,reduction='none').flatten(1).sum(1); k=-.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp(),1)
    return {"loss":(r+beta*k).mean(),"kl":k.mean()}
@code(try_loss)
def loss_l4(recon, x, mu, std):
    return F.mse_loss(recon,x,reduction='sum')/x.size(0)/2 + .5*(mu**2+std**2-1-2*std.log()).sum(1).mean()
@code(try_loss)
def elbo(x, recon, mu, logvar):
    r=F.binary_cross_entropy(recon,x,reduction='none').sum((1,2,3)); k=-.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp(),1)
    return -r-k
@code(try_loss, "rec-mean-pixels", "kl-mean-latents", "scaled")
def loss_m1(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x)-.5*torch.mean(1+logvar-mu.pow(2)-logvar.exp())
@code(try_loss, "rec-mean-pixels", "scaled")
def by_position(*given, **kw):
    rec, x, mu, lv = given
    err, kl = (rec - x).square().mean(), .5*(mu**2 + lv.exp() - lv - 1).sum(1).mean()
    return dict(total=err + kw["share"]*kl, err=err.detach())
@code(try_loss, "loss-kl-subtracted")
def loss_m3(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x,reduction='sum')+.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_loss, "loss-no-kl")
def loss_m4(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x,reduction='sum')
@code(try_loss, "loss-is-elbo")
def loss_m5(recon,x,mu,logvar): return -F.binary_cross_entropy(recon,x,reduction='sum')+.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())
@code(try_loss, "loss-batch-twice")
def loss_m6(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x,reduction='sum')-.5*torch.sum(1+logvar-mu.pow(2)-logvar.exp())/len(x)
@code(try_loss, "kl-log-std")
def loss_m7(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x,reduction='sum')+.5*torch.sum(mu**2+(2*logvar).exp()-1-2*logvar)
@code(try_loss, "scaled")
def loss_m8(recon,x,mu,logvar): return F.binary_cross_entropy(recon,x,reduction='sum')-torch.sum(1+logvar-mu.pow(2)-logvar.exp())
def _elbo(x_hat, x, mu, log_var, mean=False): return F.mse_loss(x_hat, x, reduction="sum") + (
    .5/(mu.shape[1]*len(mu) if mean else 1)*(mu**2 + log_var.exp() - log_var - 1).sum())
@code(try_loss)
def of_a_dict(out, x): return _elbo(out["recon"], x, out["mu"], out["logvar"])
@code(try_loss, "kl-mean-latents", "loss-batch-twice")
def of_a_dict_m(x, out): return _elbo(out["x_hat"], x, out["z_mean"], out["z_log_var"], True)
@code(try_loss)
def of_a_tuple(results, target):
    recon, mu, log_var = results
    return _elbo(recon, target, mu, log_var)
@code(try_loss, "kl-mean-latents", "loss-batch-twice")
def of_places(y, x): return _elbo(y[0], x, y[1], y[2], True)
@code(try_loss)
def of_names(batch: Any, output: Any): return _elbo(output.recon, batch["image"], output.mean, 2*output.std.log())
@code(try_loss)
def nested(x, out):
    recon, (mu, logvar) = out
    return _elbo(recon, x, mu, logvar)
@code(try_loss)
def of_a_law(x, out):
    kl = torch.distributions.kl_divergence(out["posterior"], torch.distributions.Normal(0., 1.)).sum()
    return F.binary_cross_entropy_with_logits(out["logits"], x, reduction="sum") + kl
@code(try_loss)
def three_numbers(x_hat, x, mu, log_var, z):
    r = F.binary_cross_entropy(x_hat, x, reduction="none").flatten(1).sum(1)
    k = .5*(mu**2 + log_var.exp() - log_var - 1).sum(1)
    return (r + k).mean(), r.mean(), k.mean()

def test_a_way_from_a_code_to_itself():
    assert "nan between a code and itself" in try_path(slerp_a, "slerp").note and "nan" not in try_path(lerp_a, "lerp").note

@pytest.mark.parametrize("f, probe, want", CODE, ids=ids(CODE))
@pytest.mark.filterwarnings("ignore")
def test_it_is_called_what_it_is(f, probe, want):
    found, named = called(f, probe)
    assert named == want, found
