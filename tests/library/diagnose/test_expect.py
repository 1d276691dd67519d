"What people call: orders that make no sense are refused by name, a table says what came, a line in a foreign test suite fails as it should"
import sys

import pytest
import torch
import torch.nn.functional as F
from bad_input import bad_input_tests, row
from torch import nn

from vaegan.diagnose import assert_gan_losses, assert_kl_exact, diagnose
from vaegan.diagnose.mistakes import MISTAKES
from vaegan.diagnose.runner import diagnose_file
from vaegan.diagnose.verdict import Diagnosis, Finding


def kl(mu, logvar): return -.5*torch.sum(1 + logvar - mu**2 - logvar.exp())
def bce(logits, x): return F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
def loss(logits, x, mu, logvar): return bce(logits, x) + kl(mu, logvar)
def draw(mu, std): return mu + std*torch.randn_like(std)
def frechet(mu1, sigma1, mu2, sigma2):
    lam, U = torch.linalg.eigh(sigma1)
    root = (U*lam.clamp(min=0).sqrt())@U.T
    cross = torch.linalg.eigvalsh(root@sigma2@root).clamp(min=0).sqrt().sum()
    return (mu1 - mu2).square().sum() + sigma1.trace() + sigma2.trace() - 2*cross
def penalty(D, real):
    real = real.detach().requires_grad_()
    g, = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return .5*g.flatten(1).square().sum(1).mean()
def d_loss(real, fake): return F.softplus(-real).mean() + F.softplus(fake).mean()
def g_loss(fake): return F.softplus(-fake).mean()
def step(G, D, opt_G, opt_D, x):
    opt_D.zero_grad()
    d_loss(D(x), D(G(torch.randn(len(x), 6)).detach())).backward()
    opt_D.step()
    opt_G.zero_grad()
    g_loss(D(G(torch.randn(len(x), 6)))).backward()
    opt_G.step()
def nll(vae, x, K):
    mu, logvar = vae.encode(x)
    q, prior = torch.distributions.Normal(mu, (.5*logvar).exp()), torch.distributions.Normal(0., 1.)
    z = q.sample((K,))
    log_w = torch.stack([vae.likelihood.log_prob(vae.decode(s), x) for s in z]) + (prior.log_prob(z) - q.log_prob(z)).sum(-1)
    return -(log_w.logsumexp(0) - torch.tensor(K).log()).mean()
class VAE(nn.Module):
    def __init__(self, m=6, d=2):
        super().__init__()
        self.enc, self.dec = nn.Linear(m, 2*d), nn.Linear(d, m)
    def encode(self, x): return self.enc(x).chunk(2, 1)
    def reparameterize(self, mu, logvar): return draw(mu, (.5*logvar).exp())
    def decode(self, z): return self.dec(z)
    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar

# ---------------------------------------------------------------------------------------------------------- bad input
GIVEN = [3, [1], {1: 2}]
ROWS = {"diagnose.kinds.diagnose": row(dict(thing=kl, kind="kl", name="kl", given={}), thing=[3, None, {}, []], kind=["foo", 3], name=[3], given=GIVEN),
        **{f"diagnose.expect.assert_{n}": row({k: v, "given": {}}, **{k: [3, None], "given": GIVEN}) for n, k, v in (
            ("kl_exact", "kl", kl), ("reparameterized", "draw", draw), ("reconstruction_exact", "term", bce), ("loss_exact", "loss", loss), ("elbo_exact", "vae", VAE),
            ("penalty", "penalty", penalty), ("step_separate", "step", step), ("nll_exact", "nll", nll), ("frechet_exact", "distance", frechet))},
        "diagnose.expect.assert_gan_losses": row(dict(d_loss=d_loss, g_loss=g_loss), d_loss=[3, "x"], g_loss=[3, "x"])}
TRIES = dict(
    adversarial="d_loss g_loss", between="path", divergence="kl kl_full kl_pair", draw="draw", elbo="elbo together", games="grid accuracy round score", kinds="model",
    likelihood="reconstruction log_prob pixels", loops="loops", loss="loss", measures="bound bits frechet", evidence="nll weights", model="norms vae", penalty="penalty", steps="step", training="vae_step")
INSIDE = dict(
    names="part_of laws_of meaning width_mistake is_deed of_another role_of taken_apart names_of same_role flat is_law orders_of Packed Packed.get Packed.keys", building="roles_of looks_like_vae methods_of sizes_of of_shape built candidates image_shape unchecked", slopes="explained_by least", adapt="as_written parts CannotCall free_role Plan plans call working", adversarial="player_role coefficients games", divergence="kl_hypotheses of_distributions",
    elbo="runs two_parts", kinds="kind_of each", reach="data_range Reach reach_of is_ours chances misfit out_of_reach", moves="moves left_behind differs cleared", beside="handed softened beside", players="values_of networks sides is_d game_of strict wrong_networks never_asked", atwork="held_by_kernel own_models left_out work so_far", cadence="Passes Passes.used Passes.first lost tidy one_optimiser judged_shared unmoved_d", likelihood="rec_hypotheses output_said", load="neighbours few_images is_guard main_guard unguarded patiently is_there is_plain needed defined Loaded parsed load execute", findloops="prepare calls_of trains Loop loops feed body no_half", scenes="as_called bound options_of made Scene Scene.step scene_of lightning_scene", standins="stand_in refill Anything likely Stage", shown="likeliest Call Call.again noted kinds_of of_kind turned game_told labels_told labels_behind beside_scores end_of_d pushes",
    loss="simplest_or_none weighed Handed handed_plan", match="Hypothesis Reduction Match fitted explain simplest made_of plain_weight penalty_said", measures="compared assigned", evidence="linear_model", mistakes_gan="Mistake by_page", model="width_used",
    penalty="where mixed_so penalties penalty_told", points="Size point other_sizes", runner="buckle", training="judged_update", loops="each_loop", tried="dice_kept on_average used_by upward still arrivals added in_line dice Trial Trial.part Trial.names trials recognised shown Names finding untried",
    updates="Log Log.of weights listen finished reported judged_step", verdict="reconciled Finding Finding.also Diagnosis Diagnosis.lines Diagnosis.to_json Diagnosis.add Diagnosis.named Diagnosis.has",
    watching="moved Seen watch codes_of decoded decode_of")
WING = "diagnose diagnose_file assert_elbo_exact assert_frechet_exact assert_gan_losses assert_kl_exact assert_loss_exact assert_nll_exact assert_penalty assert_reconstruction_exact " \
       "assert_reparameterized assert_step_separate"
NO_ROW = {
    **{f"diagnose.{room}.try_{n}": "takes whatever a stranger has, bad input above all: what cannot be tried is said" for room, names in TRIES.items() for n in names.split()},
    **{f"diagnose.{room}.{n}": "takes what the rooms make of a stranger's code" for room, names in INSIDE.items() for n in names.split()},
    **{f"diagnose.{n}": "handed on by the wing; its row stands under its room" for n in WING.split()},
    "diagnose.runner.diagnose_file": "starts a process; its bad orders are refused before that, below"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

@pytest.mark.parametrize("bad", [dict(path="nowhere.py"), dict(path=3), dict(wanted=[3]), dict(wanted={1: "kl"}), dict(given={"x": torch}), dict(given="x"), dict(seconds=0), dict(gigabytes=.5)])
def test_orders_that_no_process_is_started_for(monkeypatch, bad):
    monkeypatch.setattr("vaegan.diagnose.runner._told", None)
    with pytest.raises((ValueError, TypeError), match=f"^(diagnose_file: )?{next(iter(bad))}: .*expected"): diagnose_file(**dict(path=__file__) | bad)

# ---------------------------------------------------------------------------------------------------------- the table
def test_one_table_and_each_mistake_once():
    d = Diagnosis()
    d.add(Finding("f: KL", "what changes in the loss with the code", "averaged over everything", "KL(q ‖ p), summed", "wrong", ("kl-mean-latents",)),
          Finding("g", "three points", "0.1, 0.2, 0.3", "0.1, 0.2, 0.3", "right", note="as it should be"), Finding("the loop in line 3", "one pass", "x"*40, "y", "wrong", ("kl-mean-latents",)),
          Finding("h", "a step", "", "", "untried", note="no value is known for `loader`"), Finding("k", "three points", "1", "2", "wrong"))
    lines = list(d.lines())
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 88 and lines[-1] == "1 right, 3 wrong, 1 untried"
    assert text.count("[kl-mean-latents]") == 1 and "1. f: KL; the loop in line 3" in text and "2. k\n   this is none" in text
    assert f"see     https://vaegan.github.io/vaegan/{MISTAKES['kl-mean-latents'].page}" in text and MISTAKES["kl-mean-latents"].repair in text
    head = lines[0].split()
    assert head == ["verdict", "whose", "tried", "came", "expected"] and [line.split()[0] for line in lines[2:20] if line[:1].strip()][:2] == ["WRONG", "right"]
    assert "g: as it should be" in text and "h: no value is known" in text

@pytest.mark.parametrize("columns, most", [(80, 80), (60, 60), (20, 60), (200, 88)])
def test_lines_fit_the_terminal(monkeypatch, columns, most):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = str(diagnose(half_mean, "kl")).splitlines()
    assert max(len(line) for line in lines if "https" not in line) <= most and len(lines) > 8

def half_mean(mu, logvar): return kl(mu, logvar).mean()/len(mu.T)

def test_nothing_is_no_table(): assert list(Diagnosis().lines()) == ["nothing found"] and Diagnosis().code == 2

# --------------------------------------------------------------------------------------------- in somebody's own tests
def test_a_foreign_suite(tmp_path, capsys, monkeypatch):
    "Right code passes; wrong code fails with the mistake by name and without our frames"
    (tmp_path/"test_their_kl.py").write_text(
        "from vaegan.diagnose import assert_kl_exact\n"
        "def good(mu, logvar): return .5*(mu**2 + logvar.exp() - 1 - logvar).sum(1)\ndef half(mu, logvar): return 2*good(mu, logvar)\n"
        "def test_good(): assert_kl_exact(good)\ndef test_half(): assert_kl_exact(half)\n")
    monkeypatch.setattr(sys, "path", [*sys.path])      # pytest would leave their folder there
    assert pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "1 failed, 1 passed" in out and "[kl-no-half]" in out and "expect.py" not in out

def test_a_factor_is_allowed_where_it_is_meant():
    def weighed(logits, x, mu, logvar): return bce(logits, x) + 4*kl(mu, logvar)
    with pytest.raises(AssertionError, match="β is 4"): assert_loss(weighed)
    assert assert_loss(weighed, scaled=True).code == 0

def assert_loss(f, **kw):
    from vaegan.diagnose import assert_loss_exact
    return assert_loss_exact(f, **kw)

def test_no_loss_at_all():
    with pytest.raises(ValueError, match="d_loss, g_loss: expected"): assert_gan_losses()
    assert assert_gan_losses(g_loss=g_loss).code == 0 and assert_kl_exact(kl).code == 0 and diagnose(dict(kl=kl)).code == 0
