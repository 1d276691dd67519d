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

def values(tag, latex, moved):
    "The values of both sides of every relation, or nothing where one has none"
    display, found = read(latex), []
    try:
        for n, c in enumerate(display.clauses, 1):
            if not isinstance(c, Relation): return None
            sides = [float(s(ENV[tag](moved))) for s in says(display, n)]
            found += [[a, b] for a, b in zip(sides, sides[1:])]
    except Exception: return None
    return found
