"Our own code with each published mistake put in is recognised by name, wherever a function shows it; the right code is left alone"
import importlib

import pytest
import tables  # noqa: F401
from mutants import graft
from pitfalls import MISTAKES, mistaken, source

from vaegan.diagnose import diagnose
from vaegan.diagnose.mistakes import MISTAKES as KNOWN

# what no call of a single function shows: toy data, principal components, the hybrid's step of three optimisers
NOT_SHOWN = {"sin for cos", "the ring's density without its modes", "coins with the chances exchanged", "PCA's variance from all components",
             "the hybrid's KL reaches no one", "the hybrid's encoder plays the game"}
OTHER = {"first_stage", "diffusion", "uses"}   # modules of which `vaegan diagnose` takes nothing
NAMES = {
    "cross-entropy averaged over the pixels": "rec-mean-pixels", "D log 2π per dimension, then summed": "lik-constant-per-dim", "log 2π left out": "lik-no-constant",
    "the KL reads a log-σ": "kl-exp-doubled", "the KL halves its log-variance": "kl-log-halved", "KL averaged over the latents": "kl-mean-latents",
    "KL in the other direction": "kl-reversed", "KL of full covariances in the other direction": "kl-reversed",
    "a Monte Carlo figure as the true value": "kl-monte-carlo", "both at once, called in turn": "game-simultaneous", "an ELBO called nll": "nll-is-elbo",
    "nll that returns + log p": "nll-sign", "nll that ignores its number of samples": "nll-ignores-samples",
    "bits from nats by the wrong logarithm": "bits-wrong-log", "a distance without its cross term's factor": "frechet-no-factor",
    "smoothing that drops the second term": "smoothing-dropped", "fake labels smoothed too": "smoothing-both",
    "a slope of at most 1 taken for a slope of 0": "gp-target-zero", "the generator's loss is said to be flat at D ≈ 1": "g-flat-at-one",
    "log(1−D) derived, −log D coded": "g-nonsaturating", "−log D derived, log(1−D) coded": "g-saturating",
    "progress read off the generator's loss": "value-is-g-loss", "D ascends only on real data": "d-real-only", "G's step also fills D's gradients": "step-g-feeds-d",
    "D's gradients pile up": "step-pile-up", "k steps made one": "step-k-once", "k steps on the same images": "step-k-same",
    "the penalty on the norm, not on its square": "penalty-norm", "the penalty without its half": "penalty-no-half",
    "log-weights with σ = exp(logvar)": "iw-width", "mean of the log instead of log of the mean": "iw-mean-of-logs",
    "sum of the weights instead of their mean": "iw-sum", "the continuous Bernoulli without its constant": "cb-no-constant", "V with log D on the fakes": "v-fakes",
    "accuracy weighted by how many there are": "acc-one-mean", "D* with p and q exchanged": "dstar-swapped", "KL on the grid in the other direction": "grid-kl-reversed",
    "JS without its half": "js-no-half", "batch norm on the output": "out-batch-norm", "z drawn with σ = exp(logvar)": "z-exp-logvar",
    "the score without its 1/σ²": "score-sign", "the baseline added": "score-baseline", "loss averaged over the batch twice, or never": "loss-wrong-batch",
    "the ELBO adds its KL in training": "step-vae-kl", "batch norm on the mean and the log-variance": "q-batch-norm", "batch norm on the logits": "out-batch-norm",
    "the ELBO without its KL": "loss-no-kl", "μ and σ of q from the decoder": "q-from-decoder", "σ as μ, μ as σ": "z-swapped", "z cut off from the encoder": "z-cut-off"}

def model(func, name):
    "A VAE of ours, small; where the decoder is to stand in for the encoder, one whose sizes allow it"
    from vaegan.likelihoods import DiagNormal
    from vaegan.nets import mlp
    from vaegan.vae import VAE, mlp_vae
    if func == "nets.mlp": return VAE(mlp(6, 5, 4, norm=True), mlp(2, 5, 6, norm=True), 2, (6,))
    return mlp_vae((2,), 2, (4,), DiagNormal()) if "decoder" in name else mlp_vae((6,), 2, (5,))

def thing(func, name):
    "(what is handed over, its name)"
    module, *path = func.split(".")
    if func.startswith("vae.") or func == "nets.mlp": return model(func, name), "VAE"
    found = getattr(importlib.import_module(f"vaegan.{module}"), path[0])
    return (found().log_prob, "ContinuousBernoulli.log_prob") if path[0] == "ContinuousBernoulli" else (found, path[0])

def test_every_published_mistake_is_listed():
    shown = {m[0] for m in MISTAKES if m[1].partition(".")[0] not in OTHER}
    assert shown == NAMES.keys() | NOT_SHOWN and len(NAMES) == 50
    assert set(NAMES.values()) <= KNOWN.keys()

@pytest.mark.parametrize("name, func, old, new", [m[:4] for m in MISTAKES if m[0] in NAMES], ids=[m[0] for m in MISTAKES if m[0] in NAMES])
def test_it_is_named(name, func, old, new):
    module, text = mistaken(func, old, new)
    try:
        graft(module, text)
        found = diagnose(*thing(func, name)[:1], name=thing(func, name)[1])
    finally: graft(module, source(module))
    assert NAMES[name] in found.named(), found

RIGHT = sorted({m[1] for m in MISTAKES if m[0] in NAMES and not m[1].startswith(("nets.", "vae."))})

@pytest.mark.parametrize("func", RIGHT)
def test_right_code_raises_no_alarm(func):
    f, name = thing(func, "")
    d = diagnose(f, name=name)
    assert {x.verdict for x in d.findings} == {"right"} and not d.named(), d

def test_a_right_model_raises_no_alarm():
    d = diagnose(model("", ""), name="VAE")
    assert {x.verdict for x in d.findings} == {"right"} and len(d.findings) == 2 and d.code == 0, d

def test_every_mistake_leads_to_an_equation():
    "The page, and an anchor on it"
    from notebooks import NBS
    text = {f"{nb.parent.name}/{nb.stem}".removeprefix("nbs/").lstrip("0123456789_"): nb.read_text(encoding="utf-8") for nb in NBS}
    for name, m in KNOWN.items():
        page, anchor = m.page.split(".html#")
        assert f'id=\\"{anchor}\\"' in text[page], (name, m.page)
        assert m.title and m.repair and len(m.title) < 100
