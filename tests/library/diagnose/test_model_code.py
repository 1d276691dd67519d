"Whole models: what z is, what gradients reach, what batch norm touches, and whether model and loss mean the same"
import pytest
import torch
import torch.nn.functional as F
from strangers import ForwardVAE, bce, bce_logits, made
from torch import nn

from vaegan.diagnose import diagnose
from vaegan.diagnose.kinds import kind_of
from vaegan.diagnose.model import try_vae

MODELS = {
    "right": made(), "std": made(lambda m, s: m + s*torch.randn_like(m), names=("mu", "std")),
    "softplus": made(lambda m, s: m + F.softplus(s)*torch.randn_like(m), names=("a", "b")), "logits": made(out=lambda o: o),
    "z-exp-logvar": made(lambda m, s: m + s.exp()*torch.randn_like(m)), "z-swapped": made(lambda m, s: s + (.5*m).exp()*torch.randn_like(m)),
    "z-cut-off": made(lambda m, s: (m + (.5*s).exp()*torch.randn_like(m)).detach()), "z-no-noise": made(lambda m, s: m),
    "q-batch-norm": made(last=lambda self, m: self.bn(m)), "q-clipped": made(last=lambda self, m: F.relu(m)),
    "out-batch-norm": made(last_out=lambda self, o: self.bo(o))}

@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    found = try_vae(MODELS[name])
    named = {m for f in found for m in f.mistakes}
    assert not any(f.verdict == "untried" for f in found), found
    assert named == ({name} if "-" in name else set()), found

def several(way, c=1.):
    "A VAE that draws five z for each image, and keeps them in this order; its encoder drops out"
    class Model(made()):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(.3)
        def encode(self, x):
            h = self.drop(F.relu(self.h(x)))
            return self.m(h), self.l(h)
        def forward(self, x):
            mu, s = (way(t) for t in self.encode(x.view(-1, 64)))
            z = mu + c*(.5*s).exp()*torch.randn_like(mu)
            return self.decode(z), mu, s
    return Model

@pytest.mark.parametrize("c", [1., 1.25])
@pytest.mark.parametrize("way", [lambda t: t[:, None].expand(-1, 5, -1), lambda t: t.repeat(5, 1, 1), lambda t: t.repeat(5, 1), lambda t: t.repeat_interleave(5, 0)],
                         ids=["BSD", "SBD", "repeat", "interleave"])
def test_several_draws_for_each_image(way, c):
    "The form of a draw is known to all digits, its scale to 5 standard errors: a quarter more is seen"
    found = try_vae(several(way, c))[0]
    assert (found.verdict, found.mistakes) == (("right", ()) if c == 1 else ("wrong", ("z-width",))), found

def objects(flaw=1., one=False):
    "A VAE that hands distributions about, or gives one tensor only"
    class Model(made()):
        def encode(self, x):
            h = F.relu(self.h(x.flatten(1)))
            return torch.distributions.Normal(self.m(h), F.softplus(self.l(h)) + .01)
        def decode(self, z): return torch.distributions.Bernoulli(logits=self.o(F.relu(self.d(z))), validate_args=False)
        def forward(self, x):
            q = self.encode(x)
            p = self.decode(q.mean + flaw*q.stddev*torch.randn_like(q.mean))
            return p.mean if one else (p, q)
    return Model

@pytest.mark.parametrize("one", [False, True])
def test_distributions_and_single_tensors(one):
    assert [(f.verdict, f.mistakes) for f in try_vae(objects(1., one))] == [("right", ())]
    assert [(f.verdict, f.mistakes) for f in try_vae(objects(1.5, one))] == [("wrong", ("z-width",))]

@pytest.mark.parametrize("name, args, want", [
    ("kl_loss", "q, p", "kl_pair"), ("kl_divergence", "posterior, prior", "kl_pair"), ("kl", "mu, logvar", "kl"), ("kl_loss", "q_mean, q_logvar", "kl"),
    ("kl", "mu_q, std_q, mu_p, std_p", "kl"), ("slerp", "val, low, high", "path"), ("interpolate_latents", "a, b, n", "path"),
    ("linear_interpolation", "a, b, t", "path"), ("gradient_penalty", "D, real, fake", "penalty")])
def test_what_a_function_is(name, args, want): assert kind_of(eval(f"lambda {args}: 0"), name) == want

@pytest.mark.parametrize("name, args", [("save_reconstructed_images", "data, outputs, epoch, path"), ("plot_reconstructions", "recon, x"), ("test_bce", "model, x"), ("load_recommendations", "a, b")])
def test_a_deed_is_no_loss(name, args): assert kind_of(eval(f"lambda {args}: 0"), name) is None

class Features(nn.Module):
    "Its encoder and its decoder speak of feature maps; means, widths and z are between them"
    def __init__(self, flaw=1.):
        super().__init__()
        self.flaw, self.encoder, self.decoder = flaw, nn.Conv2d(1, 8, 4, 2, 1), nn.Sequential(nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())
        self.q_mean, self.q_logvar, self.project = nn.Linear(8*14*14, 5), nn.Linear(8*14*14, 5), nn.Linear(5, 8*14*14)
    def forward(self, x):
        h = F.relu(self.encoder(x)).flatten(1)
        mean, logvar = self.q_mean(h), self.q_logvar(h)
        z = mean + self.flaw*(.5*logvar).exp()*torch.randn_like(mean)
        return (mean, logvar), self.decoder(self.project(z).view(-1, 8, 14, 14))

@pytest.mark.parametrize("flaw, want", [(1., ("right", ())), (1.5, ("wrong", ("z-width",)))])
def test_a_decoder_of_feature_maps(flaw, want): assert [(f.verdict, f.mistakes) for f in try_vae(Features(flaw))] == [want]

def test_a_loop_that_decodes_samples_beside_its_batch(tmp_path):
    import inspect

    from vaegan.diagnose.loops import try_loops
    text = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n" + inspect.getsource(Features) + """
model = Features()
adam = torch.optim.Adam(model.parameters())
for x, _ in loader:
    (mean, logvar), out = model(x)
    loss = F.binary_cross_entropy(out, x, reduction="sum") - .5*(1 + logvar - mean**2 - logvar.exp()).sum()
    adam.zero_grad()
    loss.backward()
    adam.step()
    seen = model.decoder(model.project(torch.randn(64, 5)).view(-1, 8, 14, 14))
"""
    for new, want in (("(.5*logvar).exp()*torch", ("right", ())), ("logvar.exp()*torch", ("wrong", ("conventions-differ",)))):
        path = tmp_path/f"a{len(new)}.py"
        path.write_text(text.replace("(.5*logvar).exp()*torch", new))
        f, = try_loops(str(path))
        assert (f.verdict, f.mistakes) == want, f

def test_a_codebook_that_moves_is_no_chance():
    class VQVAE(made()):
        def __init__(self):
            super().__init__()
            self.register_buffer("book", torch.randn(16, 4))
        def quantised(self, m):
            near = torch.cdist(m, self.book).argmin(1)
            if self.training: self.book[near] += .3*(m.detach() - self.book[near])
            return m + (self.book[near] - m).detach()
        def encode(self, x):
            h = F.relu(self.h(x))
            q = self.quantised(self.m(h))
            return q, self.l(h)
        def forward(self, x):
            q, _ = self.encode(x.view(-1, 64))
            return self.decode(q), q
    f, = try_vae(VQVAE)
    assert f.verdict == "untried" and "a codebook that moves" in f.note

def test_a_rectified_width_is_the_one_mistake():
    "Where it is 0 nothing is drawn, and nothing is known of the draw; elsewhere it is a standard deviation"
    class Clipped(made(lambda m, s: m + s*torch.randn_like(m), names=("a", "b"))):
        def encode(self, x): return {k: F.relu(v) for k, v in super().encode(x).items()}
    assert {m for f in try_vae(Clipped) for m in f.mistakes} == {"q-clipped"}

class Wider(made()):
    def __init__(self):
        super().__init__()
        self.d = nn.Linear(7, 16)
    def forward(self, x):
        mu, s = self.encode(x.view(-1, 64)).values()
        return self.decode(torch.cat([mu + (.5*s).exp()*torch.randn_like(mu), torch.rand(len(mu), 3)], 1)), mu, s

def test_a_z_with_something_beside_it_is_not_tried():
    found = try_vae(Wider)[0]
    assert found.verdict == "untried" and "something else than a z" in found.note

@pytest.mark.parametrize("model, loss, want", [
    ("right", bce, set()), ("logits", bce_logits, set()), ("right", bce_logits, {"rec-sigmoid-twice"}), ("softplus", bce, {"conventions-differ"})])
def test_a_model_and_its_loss(model, loss, want):
    "Each is right by itself; together they need not be"
    d = diagnose(dict(VAE=MODELS[model], loss=loss))
    assert d.named() == want and any("with" in f.subject for f in d.findings), d

@pytest.mark.parametrize("loss, change, want", [
    (bce, lambda x: x.round(), set()), (bce, lambda x: x, {"rec-grey"}), (bce, lambda x: 2*x - 1, {"rec-outside"}), (bce, lambda x: x/0, {"rec-outside"}),
    (lambda x_hat, x: (x_hat - x).square().sum(), lambda x: 2*x - 1, set())])
def test_pixels_beside_a_cross_entropy(loss, change, want):
    "Grey ones are remarked on; outside 0 and 1 is wrong; a squared error takes any"
    x = change(torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    d = diagnose(dict(loss=loss, batch=x))
    assert d.named() == want and d.code == ("rec-outside" in want), d
    assert ("its least is 32.3, not 0" in str(d)) == ("rec-grey" in want)

class Weird(nn.Module):
    def __init__(self, foo): super().__init__()
    def encode(self, x): return x
    def decode(self, z): return z

@pytest.mark.parametrize("thing, kw, said", [
    (Weird, {}, "no value is known for `foo`"), (len, {}, "say kind="), (lambda mu, logvar, foo: mu, dict(kind="kl"), "no value is known for `foo`"),
    (lambda mu, logvar: "x", dict(kind="kl"), "not a number"), (lambda mu, logvar: 1/0, dict(kind="kl"), "ZeroDivisionError")])
def test_what_cannot_be_tried_says_why(thing, kw, said):
    d = diagnose(thing, **kw)
    assert d.code == 2 and said in str(d), d

def test_an_unknown_kind():
    with pytest.raises(ValueError, match="kind: expected vae or one of kl, "): diagnose(bce, kind="nonsense")

def test_another_objective_is_no_alarm():
    "A guess that nothing explains is untried; who says what it is has it held to that"
    def other_loss(recon_x, x, mu, logvar): return (recon_x - x).cosh().log().sum() + (mu.abs() + logvar.sin()).sum()
    d = diagnose(dict(other_loss=other_loss))
    assert d.code == 2 and not d.named() and "another objective?" in str(d), d
    assert diagnose(other_loss).code == 2 and diagnose(other_loss, kind="loss").code == 1

class Plain(nn.Module):
    "An autoencoder without chance"
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3)), nn.Linear(3, 64)
    def encode(self, x): return self.encoder(x)
    def decode(self, z): return self.decoder(z).sigmoid()
    def forward(self, x): return self.decode(self.encode(x))

class VQVAE(Plain):
    def __init__(self):
        super().__init__()
        self.codebook = nn.Embedding(8, 3)
    def encode(self, x):
        z = self.encoder(x)
        i = torch.cdist(z, self.codebook.weight).argmin(1)
        return z, self.codebook(i), i
    def forward(self, x):
        z, q, i = self.encode(x)
        return self.decode(z + (q - z).detach()), F.mse_loss(q, z.detach())

class After(Plain):
    "Its decoder has another layer of the size of z"
    def __init__(self):
        super().__init__()
        self.decoder = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 64))

class Unnamed(Plain):
    "Two heads, no name, no draw"
    def __init__(self):
        super().__init__()
        self.other = nn.Linear(64, 3)
    def encode(self, x): return self.encoder(x), self.other(x)
    def forward(self, x):
        a, b = self.encode(x)
        return self.decode(a), a, b

def pixel_loss(recon, x): return F.mse_loss(recon, x)
def kl_loss(mu, logvar): return .5*(mu**2 + logvar.exp() - logvar - 1).sum(1).mean()

@pytest.mark.parametrize("things, named", [
    (dict(Auto=Plain), set()), (dict(VQVAE=VQVAE), set()), (dict(Auto=After), set()), (dict(Auto=Unnamed), {"z-no-noise"}), (dict(Auto=Plain, pixel_loss=pixel_loss), set()),
    (dict(Auto=Plain, pixel_loss=pixel_loss, kl_loss=kl_loss), {"rec-mean-pixels"}), (dict(VAE=MODELS["z-no-noise"], pixel_loss=pixel_loss), {"z-no-noise", "rec-mean-pixels"})])
def test_an_autoencoder_without_chance_is_no_alarm(things, named):
    "Where neither a name nor a width speaks of a q; with a KL or a q beside it a mean over pixels is one"
    d = diagnose(things)
    assert {m for f in d.findings for m in f.mistakes} == named and d.has("wrong") == bool(named), d

class Strict(made()):
    "A Bernoulli that checks its arguments, and labels in rows"
    def __init__(self, feature_size, class_size):
        super().__init__()
        self.h, self.c = nn.Linear(feature_size, 16), nn.Linear(class_size, 16)
        self.o = nn.Linear(16, feature_size)
    def elbo(self, x, y=None):
        h = F.relu(self.h(x) + (0 if y is None else self.c(y)))
        q = torch.distributions.Normal(self.m(h), F.softplus(self.l(h)))
        self.z = z = q.rsample()
        p = torch.distributions.Bernoulli(logits=self.o(F.relu(self.d(z))))
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0., 1.))
        return p.log_prob(x).sum(1) - kl.sum(1)

def test_sizes_by_name_and_checked_arguments():
    "`class_size` is ten classes and `feature_size` pixels; grey pixels pass a Bernoulli that asks for bits, and its check is as before"
    from vaegan.diagnose.building import built, image_shape
    net = built(Strict)
    assert net.c.in_features == 10 and net.h.in_features == 784
    assert image_shape(net, net.elbo) == (784,)
    cell = built(nn.RNNCell)
    assert (cell.input_size, cell.hidden_size) == (784, 32)
    with pytest.raises(ValueError): net.elbo(torch.rand(2, 784))

class KLAndRest(nn.Module):
    "A loss in the shape of a class"
    def __init__(self, beta=1.):
        super().__init__()
        self.beta = beta
    def forward(self, logits, x, mu, logvar): return bce_logits(logits, x, mu, logvar)

@pytest.mark.parametrize("net, loss, names", [(ForwardVAE(squash=lambda t: t), "bce_logits", set()), (ForwardVAE(), "bce_logits", {"rec-sigmoid-twice"}), (ForwardVAE(), "bce", set()),
                                              (ForwardVAE(noise=0.), "bce", {"z-no-noise"}), (ForwardVAE(width=1.), "bce", {"conventions-differ"})])
def test_a_model_without_a_decoder(net, loss, names):
    "z is seen where chance enters, or where the means are taken for it"
    assert diagnose(dict(VAE=net, loss_function=globals()[loss])).named() == names

def test_a_loss_that_is_a_class(): assert diagnose(dict(ELBOLoss=KLAndRest)).code == 0

def test_names_inside():
    "What is taken out of a parameter, whatever else the code holds: an empty tuple, a method, a shape"
    from vaegan.diagnose.names import names_of
    def f(out, x, axes=()):
        a = ()
        return out["mu"].mean(()) + x.mean() + x.shape[0] + len(a)
    assert names_of(f) == ["x", "axes", "mu"]
