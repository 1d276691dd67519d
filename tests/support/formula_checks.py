"""The displays of the course, evaluated as they are printed, each against a truth that does not know the formula: a distribution of
torch, quadrature, enumeration, autograd, a generic point. `CHECKS` is tag -> the check, one to four lines that may stand in a cell."""
import math

import torch
import torch.distributions as td
import torch.nn.functional as F

from vaegan.formula import Over, holds

CHECKS = {}
def of(tag):
    "The check of a display; one function may serve one tag"
    def keep(f):
        assert tag not in CHECKS, tag
        CHECKS[tag] = f
        return f
    return keep

# -- what the checks share ---------------------------------------------------------------------------------------------
td.Distribution.set_default_validate_args(False)     # values inside of vmap cannot be looked at

def t(*v): return torch.tensor(v, dtype=torch.double)
def dice(seed=0): return torch.Generator().manual_seed(seed)
def draw(*shape, seed=0): return torch.randn(*shape, generator=dice(seed), dtype=torch.double)
def at(values, i):
    "values[i], for i that stands for many indices at once"
    return values.index_select(0, torch.as_tensor(i).long().reshape(-1)).reshape(torch.as_tensor(i).shape + values.shape[1:])
def share(*shape, seed=0): return torch.rand(*shape, generator=dice(seed), dtype=torch.double)
def spd(n, seed=0):
    A = draw(n, n, seed=seed)
    return A@A.T + .5*torch.eye(n, dtype=torch.double)

Z = torch.linspace(-12, 12, 2401, dtype=torch.double)
H = .01
dz = Over("z", Z, torch.full_like(Z, H))
def over(q, name="z", at=Z): return Over(name, at, q(at)*(at[1] - at[0]))
def coin(p, name="b"): return Over(name, t(0, 1), t(1 - p, p))
def mean_of(f, q): return (f(Z)*q(Z)).sum()*H

def lowest(f, a, b):
    "Where a function of one number is smallest, by search"
    from scipy.optimize import minimize_scalar
    return minimize_scalar(lambda v: float(f(v)), bounds=(a, b), method="bounded", options=dict(xatol=1e-10)).x

class Density:
    "A distribution of torch that is its density, too"
    def __call__(self, z): return self.log_prob(z).exp()
class Bell(Density, td.Normal):
    def __init__(self, mu, var): td.Normal.__init__(self, torch.as_tensor(mu).double(), torch.as_tensor(var).double().sqrt())
class Cloud(Density, td.MultivariateNormal):
    def __init__(self, mu, cov): td.MultivariateNormal.__init__(self, mu, cov)
class Bumps(Density, td.MixtureSameFamily):
    "A density that no formula of the course assumes"
    def __init__(self, *at, weights=None, sd=.6):
        w = torch.ones(len(at)) if weights is None else torch.tensor(weights, dtype=torch.double)
        td.MixtureSameFamily.__init__(self, td.Categorical(w.double()), td.Normal(t(*at), torch.full((len(at),), sd, dtype=torch.double)))
def kl(a, b): return td.kl_divergence(a, b)
def kl_grid(a, b): return torch.special.xlogy(a(Z), a(Z)/b(Z)).nan_to_num().sum()*H
def bern(p): return td.Bernoulli(torch.as_tensor(p).double())

mu_q, var_q, mu_p, var_p = .7, .3, -.4, .8
q, p = Bell(mu_q, var_q), Bell(mu_p, var_p)

EDGES = math.sqrt(3)*torch.cat([torch.eye(3).double(), -torch.eye(3).double()]).double()      # six points with mean 0 and covariance I
L3 = t([1.2, 0, 0], [-.9, .5, 0], [.3, .7, 1.1])

M_Q, M_P, S_Q, S_P = draw(3), draw(3, seed=1), spd(3), spd(3, seed=1)

# ======================================================================================== 04 Latent variable models
W1, X1, SD = 1.5, 1.2, .6                                                   # x = W z + noise, in one dimension
EVID = Bell(0, W1**2 + SD**2)(t(X1))[0]
POST = Bell(W1*X1/(W1**2 + SD**2), SD**2/(W1**2 + SD**2))
def prior(z): return Bell(0, 1)(z)
def lik(z): return Bell(W1*z, SD**2)(t(X1))
MODEL = {"p(x)": EVID, "p(z)": prior, "p(x|z)": lik, "p(x,z)": lambda z: prior(z)*lik(z), "p(z|x)": POST, "dz": dz}

Y = draw(40, 5, seed=3)@draw(5, 5, seed=4)                                  # data in five dimensions
R = Y - Y.mean(0)
S5 = torch.cov(Y.T, correction=0)
LAM, U5 = (v.flip(-1) for v in torch.linalg.eigh(S5))

def spread(n, *sizes):
    "2n points in n dimensions with mean 0 and covariance I, cut into vectors"
    pts = math.sqrt(n)*torch.cat([torch.eye(n), -torch.eye(n)]).double()
    return pts.split(sizes, 1) if sizes else pts, torch.full((2*n,), .5/n, dtype=torch.double)

W5, MU5, SD5 = draw(5, 2, seed=7), draw(5, seed=8), .7
C5, M5, I5 = W5@W5.T + .49*torch.eye(5).double(), W5.T@W5 + .49*torch.eye(2).double(), torch.eye(5).double()
X5 = draw(5, seed=9)
R5 = X5 - MU5
def px5(z): return td.Normal(z@W5.T + MU5, SD5).log_prob(X5).sum(-1).exp()

# ====================================================================================== 05 and the exercise on it

def lae(W_1, W_2): return (R - R@W_1.mT@W_2.mT).square().sum((-2, -1))/len(R)

# ================================================================================= 06 The evidence lower bound
G = Bell(.2, .5)                                                            # a q that is not the posterior
def log_w(q, z=Z): return (prior(z)*lik(z)/q(z)).log()
def bound_of(q): return EVID.log() - kl_grid(q, POST)                       # by the gap, no integral of log w

# ================================================================================= 10 What the decoder says
# ================================================================================================ 11 Training
def lhat(z): return lik(z).log() - kl(G, Bell(0, 1))                        # one draw of the bound

W_GRID = torch.linspace(0, 1.4, 14001, dtype=torch.double)
def best_w2(S, s2, beta=1.):
    "Square of the best weight, by search; q at its own best"
    score = -.5*(torch.log(2*math.pi*(W_GRID**2 + s2*beta)) + S/(W_GRID**2 + s2*beta))
    return W_GRID[score.argmax()]**2

def elbo_best(w, S, var, beta):
    "The bound at the best v and the best variance of q, for a weight w"
    v = lowest(lambda v: -elbo_1d(t(w)[0], t(v)[0], S, var, t(beta)[0]), -3, 9)
    return elbo_1d(t(w)[0], t(v)[0], S, var, t(beta)[0])

def elbo_1d(w, v, S, var, beta):
    "The bound for x̂ = w z, q(z|x) = N(v x, its own best variance), averaged over x with second moment S"
    c = beta/(beta + w**2/var)
    return -.5*(math.log(2*math.pi*var) + (S*(1 - w*v)**2 + w**2*c)/var) - beta*.5*(v**2*S + c - 1 - torch.log(c))

# ========================================================================================== 12 Tighter bounds
PZ3, PX3, Q3 = t(.5, .3, .2), t(.1, .4, .7), t(.2, .2, .6)                  # three states of z
P3 = (PZ3*PX3).sum()
STATES = torch.arange(3)
W3 = PZ3*PX3/Q3
def draws(K):
    "All ways to draw K states from q: indices [3^K, K] and their probabilities"
    i = torch.cartesian_prod(*[STATES]*K) if K > 1 else STATES[:, None]
    return i, Q3[i].prod(1)
def iw(K):
    i, w = draws(K)
    return (w*W3[i].mean(1).log()).sum()

# ================================================================================================ 13 Evaluation
FOUR = [Bell(m, s**2) for m, s in zip((-1.5, -.2, .4, 2), (.3, .9, .5, .2))]
def aggregate(z): return sum(f(z) for f in FOUR)/4

# ========================================================================================== 14 The minimax game
REAL, FAKE = Bell(-.3, 1.2), Bell(1.5, .7)
def L_any(x): return .8 - .6*x                                              # the logit of D: any will do
def L_best(x): return REAL.log_prob(x) - FAKE.log_prob(x)
def V_of(logit): return mean_of(lambda x: F.logsigmoid(logit(x)), REAL) + mean_of(lambda x: F.logsigmoid(-logit(x)), FAKE)
def js(p, q):
    p, q = (getattr(v, "dist", v) for v in (p, q))
    def m(z): return .5*(p(z) + q(z))
    return .5*(kl_grid(p, m) + kl_grid(q, m))
dx = Over("x", Z, torch.full_like(Z, H))
E_REAL = over(REAL, "x")

# ========================================================================================= the workshop and the paths
ND = td.Normal(t(0)[0], t(1)[0])

def all_reduce_time(W, c, b, beta): return c/W + sum(b/W/beta for _ in range(2*(W - 1)))

# ============================================================================ what took more thought, in any chapter
@of("MINIMUM")
def _():
    noise = [(U5[:, :2].T + .1*draw(2, 5, seed=s), U5[:, :2] + .1*draw(5, 2, seed=s + 1)) for s in range(10)]
    a, b = zip(*noise, (U5[:, :2].T, U5[:, :2]))
    env = {"L": lae, "min_W_1,W_2": Over("W_1 W_2", (torch.stack(a), torch.stack(b))), "lambda": LAM, "k": 2}
    holds("MINIMUM", env | {"W_2": U5[:, :2], "U_k": U5[:, :2]})

@of("SUBSETS")
def _():
    U = U5[:, [0, 2]]
    holds("SUBSETS", {"W_1": U.T, "W_2": U, "U_I": U, "L": lae, "lambda": LAM, "I": [1, 3], "i": range(1, 6)}, atol=1e-8)

# ------------------------------------------------------------------------------------------------------ what is left out
# tag -> why its display is not evaluated
NOT_EVALUATED = {
    "PPCA": "two distribution statements: nothing in it is a number",
    "UPDATE": "an assignment of a program, no claim",
    "BLUR": "two recipes in words; the letter x means another thing in each",
    "SHARED-GRAD": "a sum over the indices congruent to r mod W",
}
LAW, RANGE = "a distribution statement (∼) stands beside it", "the range of its index is a list, i = 0, …, n − 1"
# tag -> what is left out of a display that is evaluated but for that; all others are evaluated whole
PARTLY = dict.fromkeys("RELU-HALF CRITIC REPARAM FULL LINE ARC TURN".split(), LAW) | dict.fromkeys(("LAYER", "MIDPOINTS"), RANGE) | {
    "EPOCH-MEAN": "the sum over i ∈ b, a set of indices"}
# tag -> what is wrong with the display as it is printed; its check states the right formula and must fail until the page is mended
WRONG_AS_PRINTED = {
}
