"What the letters of the five displays of vaegan/js/broken.js stand for, in Python: the same numbers, other ways to them."
import math

import torch
import torch.distributions as td

from vaegan.formula import grid, says
from vaegan.formula.displays import latex_of
from vaegan.formula.read import read
from vaegan.formula.tree import Relation
from vaegan.formula.wrong import wrong_versions

TAGS = ("KL-NORMAL", "BOUND", "DSTAR", "VKL", "PATHWISE")
MOVED = {"KL-NORMAL": .4, "BOUND": .2, "DSTAR": .6, "VKL": 1.2, "PATHWISE": .7}

class Density:
    def __call__(self, x): return self.log_prob(x).exp()
class Bell(Density, td.Normal): pass
class Mixed(Density, td.MixtureSameFamily): pass

Z = torch.linspace(-14, 14, 5601, dtype=torch.double)
def t(*v): return torch.tensor(v, dtype=torch.double)
def bell(mu, sd): return Bell(t(mu)[0], t(sd)[0])
def integral(y): return torch.trapezoid(y, Z)
def kl(a, b):
    "By quadrature, of densities that torch has no closed form for"
    return integral(torch.where(a(Z) > 0, a(Z)*(a.log_prob(Z) - b.log_prob(Z)), 0.))

def kl_normal(m): return dict(mu_q=m, sigma_q=.8, mu_p=-.3, sigma_p=1.3)

def bound(m):
    q = td.Normal(t(m)[0], t(math.sqrt(.36/1.36))[0])
    return {"x": 1.2, "p(z)": td.Normal(t(0)[0], t(1)[0]), "q(z|x)": q, "E_q(z|x)": grid("z", -9, 9, q),
            "p(x|z)": lambda z: td.Normal(z, .6).log_prob(t(1.2)[0]).exp(), "p(x)": td.Normal(t(0)[0], t(math.sqrt(1.36))[0]).log_prob(t(1.2)[0]).exp()}

def dstar(x):
    p, q = bell(-.5, .8), bell(.9, 1.2)
    return {"x": x, "p": p, "q": q, "D*": lambda v: torch.sigmoid(p.log_prob(v) - q.log_prob(v))}

def vkl(at):
    p, q = bell(-.5, .8), bell(at, 1.2)
    m = Mixed(td.Categorical(t(1, 1)), td.Normal(t(-.5, at), t(.8, 1.2)))
    logit = p.log_prob(Z) - q.log_prob(Z)
    V = integral(p(Z)*torch.nn.functional.logsigmoid(logit) + q(Z)*torch.nn.functional.logsigmoid(-logit))
    return {"p": p, "q": q, "m": m, "KL": kl, "V(D*,G)": V}

def pathwise(mu):
    def f(z): return torch.sin(2*z) + .3*z**2
    z, w = grid("z", -8, 8, td.Normal(0., 1.)).points[0], grid("z", -8, 8, td.Normal(0., 1.)).weights
    return {"mu": mu, "sigma": .6, "f": f, "f'": lambda z: 2*torch.cos(2*z) + .6*z, "E_eps": grid("eps", -8, 8, td.Normal(0., 1.)),
            "E[f(z)]": lambda mu, sigma: (f(mu + sigma*z)*w).sum()}

ENV = dict(zip(TAGS, (kl_normal, bound, dstar, vkl, pathwise)))

def versions(tag): return [latex_of(tag), *(w.latex for w in wrong_versions(latex_of(tag)))]

# What people write and the displays do not hold: a tag and what stands before "= 1", or a whole statement
TYPED = {"KL-NORMAL": [r"\log(\sigma_p)^2", r"\log[\sigma_p]^2", r"\log (\sigma_p)^2\mu_q", r"\log\,(\sigma_p)^2", r"\log\sigma_p^2", r"\log^2\sigma_p", r"\log^2(\sigma_p)", r"\exp(\mu_q)^2", r"\log(\sigma_p)\mu_q",
    r"\sigma_q/\sigma_p", r"\sigma_q/2\sigma_p", r"1/2 \mu_q", r"1/2\,\mu_q", r"\log\sigma_q/\sigma_p", r"\log(\sigma_q)/\sigma_p", r"\sigma_q/2\cdot\sigma_p", r"\mu_q\sigma_q/(2\sigma_p)", r"2\times\mu_q/3", r"2\,3", r"2\frac12", r"2\,\frac12", r"2\cdot 3", r"{2}3", r"\log\sigma_p\cdot\mu_q", r"\sin\,3\cdot\pi", r"\mu_q\cdot\cdot 2", r"\sigma_q/(2\sigma_p)", r"\sigma_q/\sigma_p/2", r"\sigma_q^2/\sigma_p^2", r"2-\mu_q/2+1",
    r"\log_2\sigma_p", r"\log_{10}\sigma_p", r"\log_2(\sigma_p)^2", r"\log_{2}\sigma_p^2", r"\ln_2\sigma_p", r"2\pi", r"\pi\sigma_p", r"\pi(\sigma_p)", r"e^{\mu_q}", r"\sin\mu_q", r"\cos(\mu_q)^2", r"\log\mu_p", r"\sqrt{\mu_p}",
    r"|\mu_p|", r"\left|\mu_p\right|^2", r"|\mu_p|\sigma_p", r"2|\mu_p-\mu_q|", r"\lvert\mu_p\rvert", r"(|\mu_p|)", r"\log|\mu_p|", r"\frac{|\mu_p|}2", r"\sigma^2_q", r"\sigma^{2}_{q}+\mu^2_p", r"\mu_q^{-2}", r"-\mu_q^2", r"\mu_q'", r"\mu_q^2^2",
    r"\sigma(\mu_q)", r"\frac{d}{d\mu_q}\mu_q^2", r"\frac{\partial}{\partial\mu_q}(\mu_q^2)", r"\frac{\partial\mu_q^2}{\partial\mu_q}", r"\frac{d\mu_q^2}{d\mu_q}", r"\nabla_{\mu_q}\mu_q^2", r"\partial_{\mu_q}\mu_q^2",
    r"\nabla_{\mu_q}\mu_q^2\sigma_p", r"\frac{d}{d\mu_q}\mu_q^2\sigma_p", r"\frac{d}{d\mu_q}\mu_q^2+\mu_q", r"3\frac{d}{d\mu_q}\mu_q^2", r"\text{constructor}(3)", r"\mathrm{toString}", r"\mu_q^", r"\mu_q \ne \mu_p",
    r"{\mu_q+\sigma_q}\sigma_p", r"\sigma_q-{\sigma_p-\mu_q}", r"{\mu_q-\mu_p}^2", r"{\sigma_q\sigma_p}^2", r"1/{2\sigma_q}", r"{\sigma_q}^2", r"\log{\sigma_q+\sigma_p}", r"{-1}^2", r"\frac{\sigma_q}{\sigma_p+1}", r"{2}\mu_q"],
  "BOUND": [r"[\log p(x|z)]", r"\log p(x) \ge [\log p(x|z)]", r"p(z)", r"\mathbb{E}_{q(z|x)}[\log p(x|z)+\log p(z)-\log q(z|x)]", r"\mathbb{E}_{q(z|x)}\left[\log\frac{p(x|z)p(z)}{q(z|x)}\right]", r"\mathbb{E}_{q(z|x)}[|\log p(x|z)|]",
    r"\mathbb{E}_{z\sim q(z|x)}[\log p(x|z)]", r"\mathbb{E}_{q(z|x)}[\log p(x|z)-\mathrm{KL}(q(z|x)\|p(z))]", r"\mathbb{E}_{q(z|x)}[z^2]-\mathbb{E}_{q(z|x)}[z]^2", r"\mathbb{E}_q[\log p(x|z)]", r"\mathbb{E}_{q(z|x)}[\log p(x,z)]"],
  "DSTAR": [r"\sigma(\log p(x)-\log q(x))", r"\sigma(\log p-\log q)", r"D^*", r"p(x)/(p(x)+q(x))", r"1/(1+q(x)/p(x))", r"\frac{1}{1+e^{\log q(x)-\log p(x)}}", r"1-\frac{q}{p+q}", r"D^*(0)", r"D^\star(x)^2", r"D^*(x) \ne p(x)"],
  "VKL": [r"-\log 2^2+\mathrm{KL}(p\|m)", r"V(D^*,G)/2", r"2\mathrm{JS}(p\|q)", r"|V(D^*,G)|"],
  "PATHWISE": [r"\frac{\partial\mathbb E[f(z)]}{\partial\mu}", r"\frac{d}{d\mu}\mathbb E[f(z)]", r"\nabla_\mu\mathbb E[f(z)]", r"\partial_\mu\mathbb E[f(z)]", r"\frac{d\mathbb E[f(z)]}{d\mu}", r"\nabla_\mu\mathbb E_\varepsilon[f(\mu+\sigma\varepsilon)]",
    r"\frac{\partial}{\partial\sigma}\mathbb E[f(z)]", r"\sigma(\mu)", r"\mathbb E_\varepsilon[f(\mu+\sigma\varepsilon)]/2", r"\mathbb E_\varepsilon(\varepsilon)^2", r"\mathbb E_\varepsilon[\varepsilon, 7]", r"\mathbb E_\varepsilon(f(\varepsilon))"]}

def typed(tag): return [t if any(r in t for r in (r"\ne ", r"\ge ")) or t.endswith("^") else f"{t} = 1" for t in TYPED[tag]]

def values(tag, latex, moved):
    "The values of both sides of every relation, or nothing where one has none"
    found = []
    try:
        display = read(latex)
        for n, c in enumerate(display.clauses, 1):
            if not isinstance(c, Relation): return None
            sides = [float(s(ENV[tag](moved))) for s in says(display, n)]
            found += [[a, b] for a, b in zip(sides, sides[1:])]
    except Exception: return None
    return None if any(map(math.isnan, sum(found, []))) else found
