"What public code taught: each in our own words, as it was met, and a neighbour of it"
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.kinds import kind_of


def test_a_model_of_handed_in_networks_is_the_one_that_the_file_makes(tmp_path):
    from vaegan.diagnose.atwork import own_models
    from vaegan.diagnose.load import load
    (tmp_path/"a.py").write_text("from torch import nn\nclass VAE(nn.Module):\n    def __init__(self, encoder, beta=2):\n        super().__init__()\n        self.encoder, self.beta = encoder, beta\n"
                                 "    def forward(self, x): return self.encoder(x)\nenc = nn.Linear(9, 4)\nif __name__ == '__main__':\n    model = VAE(encoder=enc, beta=3).cuda()\n")
    names = load(str(tmp_path/"a.py")).names
    own = own_models(str(tmp_path/"a.py"), names)["VAE"]
    assert isinstance(own, names["VAE"]) and own.encoder.in_features == 9 and own.beta == 3

def reparametrize(mean, var): return mean + var*torch.randn_like(mean)

@pytest.mark.parametrize("how, alarm", [("own", False), ("outside", False), ("wrong", True), ("idle", True)])
def test_a_width_by_another_name_is_no_mistake_where_the_model_hands_that(how, alarm):
    "To its own method, or to a function of the file; but not where z is wrong, and not where nobody calls it"
    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(64, 6), nn.Linear(3, 64)
        def forward(self, x):
            mean, logvar = self.encoder(x).chunk(2, 1)
            sd = (1.25 if how == "wrong" else 1)*(.5*logvar).exp()
            z = mean + sd*torch.randn_like(sd) if how == "idle" else reparametrize(mean, sd) if how == "outside" else self.reparameterize(mean, sd)
            return self.decoder(z).sigmoid(), mean, logvar
    def reparameterize(self, mean, var): return mean + var*torch.randn_like(mean)
    if how != "outside": VAE.reparameterize = reparameterize
    d = diagnose(dict(VAE=VAE) | (dict(reparametrize=reparametrize) if how == "outside" else {}))
    draw = next(f for f in d.findings if f.tried.startswith("the same noise"))
    assert (draw.mistakes, draw.verdict) == ((("z-width",), "wrong") if alarm else ((), "right")), d
    assert ("wrong" in [f.verdict for f in d.findings if f.subject == "VAE: z"]) == (how == "wrong"), d

def test_a_small_weight_of_the_kl_makes_a_mean_over_pixels_good():
    "Also beside a plain autoencoder, which has no KL; with no weight, or half a one, it is the mistake"
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(64, 4), nn.Linear(4, 64)
        def encode(self, x): return self.encoder(x)
        def decode(self, z): return self.decoder(z)
        def forward(self, x): return self.decode(self.encode(x))
    def loss(c): return lambda recon, x, mu, logvar: F.mse_loss(recon, x) + c*torch.mean(-.5*torch.sum(1 + logvar - mu**2 - logvar.exp(), 1))
    for c, want in ((.00025, "scaled"), (1., "wrong"), (.5, "wrong")):
        for beside in ({}, dict(PlainVAE=Plain)):
            rec = next(f for f in diagnose(dict(vae_loss=loss(c)) | beside).findings if f.subject == "vae_loss: reconstruction")
            assert rec.verdict == want and rec.mistakes == (("rec-mean-pixels",) if want == "wrong" else ()), (c, rec)

def test_what_is_called_a_kl_lacks_no_reconstruction():
    def kld_loss(inp, x):
        x_hat, mu, lv = inp
        return -.5*(1 + lv - mu**2 - lv.exp()).sum(1).mean()
    def bce_loss(inp, x):
        out, mu, lv = inp
        return F.binary_cross_entropy_with_logits(out, x, reduction="sum")/len(x)
    d = diagnose(dict(kld_loss=kld_loss, bce_loss=bce_loss))
    assert [(f.subject, f.verdict) for f in d.findings] == [("kld_loss: KL", "right"), ("bce_loss: reconstruction", "right")]
    assert "loss-no-rec" in diagnose(dict(vae_loss=kld_loss)).named()

class OnlyLoss(nn.Module):
    def __init__(self, enc=None, flaw=1.):
        super().__init__()
        self.encoder, self.decoder, self.flaw = nn.Linear(64, 6), nn.Linear(3, 64), flaw
    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (.5*logvar).exp()*torch.randn_like(mu)
        return (F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1) + self.flaw*.5*(mu**2 + logvar.exp() - 1 - logvar).sum(1)).mean()

def test_a_vae_that_has_a_loss_and_nothing_else():
    assert kind_of(type("MyVAE", (OnlyLoss,), dict(loss=OnlyLoss.loss)), "MyVAE") == "vae"
    assert diagnose(OnlyLoss(), "vae").findings[-1].verdict in ("right", "untried")
