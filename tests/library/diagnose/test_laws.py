"A decoder that gives a distribution of PyTorch, and losses that take one: judged by its own density"
import pytest
import torch
import torch.distributions as D
from torch import nn

from vaegan.diagnose import diagnose

LAWS = {"Student's t": lambda o: D.StudentT(3., o, .5), "Laplace": lambda o: D.Laplace(o, .5), "normal": lambda o: D.Normal(o, .5), "coins": lambda o: D.Bernoulli(logits=o),
        "continuous coins": lambda o: D.ContinuousBernoulli(logits=o), "rows": lambda o: D.Independent(D.Normal(o, 1.), 1), "beta": lambda o: D.Beta(o.exp() + 1, 2.), "Cauchy": lambda o: D.Cauchy(o, 1.), "log-normal": lambda o: D.LogNormal(o, 1.)}

def kl(mu, logvar): return -.5*torch.sum(1 + logvar - mu**2 - logvar.exp())

def model(law, loss):
    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.h, self.m, self.l, self.d = nn.Linear(784, 16), nn.Linear(16, 4), nn.Linear(16, 4), nn.Linear(4, 784)
        def encode(self, x):
            h = self.h(x.view(-1, 784)).relu()
            return self.m(h), self.l(h)
        def decode(self, z): return law(self.d(z))
        def forward(self, x):
            mu, logvar = self.encode(x)
            return self.decode(mu + (.5*logvar).exp()*torch.randn_like(mu)), mu, logvar
        def loss(self, x): return loss(*self(x), x.view(-1, 784))
    return VAE

LOSSES = {"": lambda p, mu, logvar, x: -p.log_prob(x).sum() + kl(mu, logvar), "loss-kl-subtracted": lambda p, mu, logvar, x: -p.log_prob(x).sum() - kl(mu, logvar), "rec-sign": lambda p, mu, logvar, x: p.log_prob(x).sum() + kl(mu, logvar),
          "kl-no-half": lambda p, mu, logvar, x: -p.log_prob(x).sum() + 2*kl(mu, logvar), "loss-no-kl": lambda p, mu, logvar, x: -p.log_prob(x).sum()}

@pytest.mark.parametrize("wrong", LOSSES)
@pytest.mark.parametrize("law", LAWS)
def test_a_decoder_that_gives_a_distribution(law, wrong):
    found = next(f for f in diagnose(model(LAWS[law], LOSSES[wrong])).findings if f.subject.endswith(".loss"))
    if wrong == "kl-no-half": assert found.verdict == "scaled" and abs(found.factor - 2) < 1e-2, found
    else: assert found.verdict == ("wrong" if wrong else "right") and set(found.mistakes) == {wrong} - {""}, found
    assert wrong or "by the decoder's own density" in found.note or law == "rows"

def loss_of_p(p, x, mu, logvar): return -p.log_prob(x).sum() + kl(mu, logvar)
def loss_of_px(px, x, mu, logvar): return -px.log_prob(x).sum(-1).mean() + kl(mu, logvar)/len(x)
def nll(p, x): return -p.log_prob(x).sum()
def loss_laplace(recon_x, x, mu, logvar): return -D.Laplace(recon_x, .5).log_prob(x).sum() + kl(mu, logvar)
@pytest.mark.parametrize("f", [loss_of_p, loss_of_px, nll, loss_laplace])
def test_functions_of_a_distribution(f):
    d = diagnose(f)
    assert d.code == 0 and not d.has("untried") and not d.has("scaled"), d

def reparameterize(dist): return dist.rsample()
def test_what_takes_a_distribution_and_cannot_be_tried_says_so():
    assert "it takes a distribution, and asks it for rsample" in diagnose(reparameterize, "draw").findings[0].note

class Keeps(nn.Module):
    "Its KL is left in the model by the last call"
    def __init__(self, wide=1.):
        super().__init__()
        self.enc, self.dec, self.kl, self.wide = nn.Linear(784, 8), nn.Linear(4, 784), 0., wide
    def encode(self, x): return self.enc(x.flatten(1)).chunk(2, 1)
    def decode(self, z): return torch.sigmoid(self.dec(z))
    def forward(self, x):
        mu, log_sigma = self.encode(x)
        self.kl = .5*(log_sigma.mul(2).exp() + mu**2 - 2*log_sigma - 1).sum()
        return self.decode(mu + (self.wide*log_sigma).exp()*torch.randn_like(mu))
def test_a_model_that_keeps_its_kl():
    assert diagnose(Keeps(), "vae").code == 0 and diagnose(Keeps(3.), "vae").findings[0].mistakes == ("z-width",)

def loss_t(recon_x, x, mu, logvar): return -D.StudentT(3., recon_x, .5).log_prob(x).sum() + kl(mu, logvar)
def loss_t_minus(recon_x, x, mu, logvar): return -D.StudentT(3., recon_x, .5).log_prob(x).sum() - kl(mu, logvar)
def test_a_density_that_is_not_known_is_no_mistake():
    "Its KL is judged alone; with a minus nothing is said of it"
    assert [f.verdict for f in diagnose(loss_t).findings] == ["untried", "right"]
    assert [f.verdict for f in diagnose(loss_t_minus).findings] == ["untried", "untried"]
    assert "with a minus" in diagnose(loss_t_minus).findings[1].note
