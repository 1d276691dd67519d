"A stranger's models and scripts, right as they stand; each test changes a part of one"
import torch
import torch.nn.functional as F
from torch import nn


def put(text, *pairs):
    "The text with each of these exchanged, that stand in it once"
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text

def made(draw=None, last=None, last_out=None, out=torch.sigmoid, names=("mu", "logvar")):
    "A VAE as people write it; each argument changes one part"
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.h, self.m, self.l = nn.Linear(64, 16), nn.Linear(16, 4), nn.Linear(16, 4)
            self.d, self.o = nn.Linear(4, 16), nn.Linear(16, 64)
            self.bh, self.bn, self.bo = nn.BatchNorm1d(16), nn.BatchNorm1d(4), nn.BatchNorm1d(64)
        def encode(self, x):
            h = F.relu(self.bh(self.h(x)))
            m = self.m(h)
            return dict(zip(names, (last(self, m) if last else m, self.l(h))))
        def decode(self, z):
            o = self.o(F.relu(self.d(z)))
            return out(last_out(self, o) if last_out else o)
        def forward(self, x):
            mu, s = self.encode(x.view(-1, 64)).values()
            z = (draw or (lambda mu, s: mu + (.5*s).exp()*torch.randn_like(mu)))(mu, s)
            return self.decode(z), mu, s
    return Model

def bce(recon_x, x, mu, logvar): return F.binary_cross_entropy(recon_x, x, reduction="sum") - .5*torch.sum(1 + logvar - mu**2 - logvar.exp())
def bce_logits(recon_x, x, mu, logvar): return F.binary_cross_entropy_with_logits(recon_x, x, reduction="sum") - .5*torch.sum(1 + logvar - mu**2 - logvar.exp())

class ForwardVAE(nn.Module):
    "All of it in one method"
    def __init__(self, width=.5, noise=1., squash=torch.sigmoid):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(64, 9), nn.Linear(9, 3), nn.Linear(9, 3), nn.Linear(3, 64)
        self.width, self.noise, self.squash = width, noise, squash
    def forward(self, x):
        h = self.a(x.flatten(1)).relu()
        mu, logvar = self.b(h), self.c(h)
        return self.squash(self.d(mu + self.noise*torch.randn_like(mu)*(self.width*logvar).exp())), mu, logvar

VAE = """
import torch
import torch.nn.functional as F
from torch import nn
raise RuntimeError("a download")
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(784, 6), nn.Linear(3, 784)
    def encode(self, x): return self.enc(x).chunk(2, 1)
    def decode(self, z): return self.dec(z).sigmoid()
    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 784))
        return self.decode(mu + (.5*logvar).exp()*torch.randn_like(mu)), mu, logvar
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for i, (images, _) in enumerate(loader):
        x = images.view(-1, 784)
        recon, mu, logvar = model(x)
        rec = F.binary_cross_entropy(recon, x, reduction="sum")
        kl = -.5*torch.sum(1 + logvar - mu**2 - logvar.exp())
        loss = rec + kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, len(loader), writer.add_scalar("loss", loss))
"""
GAN = """
import torch
from torch import nn
D = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.LeakyReLU(.2), nn.Linear(8, 1), nn.Sigmoid())
G = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 784), nn.Tanh())
criterion = nn.BCELoss()
opt_D, opt_G = (torch.optim.Adam(net.parameters(), 2e-4) for net in (D, G))
for x, _ in loader:
    ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
    fake = G(torch.randn(len(x), 5))
    d_loss = criterion(D(x), ones) + criterion(D(fake.detach()), zeros)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()
    g_loss = criterion(D(G(torch.randn(len(x), 5))), ones)
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()
"""
NETS = """
import torch
from torch import nn
class Generator(nn.Module):
    def __init__(self, nz=5):
        super().__init__()
        self.l = nn.Linear(nz, 784)
    def forward(self, z): return torch.tanh(self.l(z)).view(-1, 1, 28, 28)
class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(784, 1)
    def forward(self, x): return self.l(x.flatten(1))
"""
