"""Bad input, over the whole public API: each bad argument gets a ValueError or TypeError that names it, and says what
was expected and what came; none gives a silent wrong number.

A row is a call that works; then one argument at a time is made bad. A tensor is made bad in the ways of `spoil`, all else
by the values in the row. The table grows by itself: a new exported function or method, or a new argument of one, fails a
test until it stands here or among the exemptions."""
import copy
import importlib
import inspect
import json
import math
import pkgutil
import re
import typing
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

import vaegan.bank
import vaegan.compare
import vaegan.widgets
from vaegan.data import ImageData
from vaegan.dynamics import wgan_gp_step
from vaegan.evaluate import Classifier, iwae_step
from vaegan.exam import Draw, Exercise, Variant, exercise, to_key
from vaegan.exam import bank as exercises
from vaegan.gan import ConditionalGenerator, gan_step, mlp_gan
from vaegan.hybrid import FeatureDiscriminator, hybrid_step
from vaegan.latent import PPCA
from vaegan.nets import mlp
from vaegan.train import vae_step
from vaegan.vae import Bernoulli, ContinuousBernoulli, DiagNormal, FullNormal, Normal, mlp_cvae, mlp_vae

# --------------------------------------------------------------------------------------------------------- exemptions
WIDGETS = [f"widgets.{n}" for n in vaegan.widgets.__all__ if callable(getattr(vaegan.widgets, n))]
WIDGETS += [f"{n}.{m}" for n in WIDGETS if inspect.isclass(c := getattr(vaegan.widgets, n.split(".")[1])) for k in c.__mro__ if k.__module__ == "vaegan.widgets"
            for m in vars(k) if m[0] != "_" and inspect.isroutine(getattr(c, m))]
NO_ROW = {
    "plot.use_style": "takes nothing", "data.mnist_root": "takes nothing", "nets.n_params": "takes a network",
    "data.ImageData": "a plain tuple: whoever uses one checks it", "train.History": "a plain dictionary",
    "gan.frozen": "takes a network", "dynamics.spectral": "takes a network",
    "data.shared": "the process's own number, given by torchrun or by a test", "plot.load_ipython_extension": "called by IPython",
    "train.save_run": "whatever the state holds is refused by type; tests/test_train.py", "train.load_run": "a file: cut, foreign, newer, hostile in tests/test_train.py",
    "data.check_images": "its own rows are those of the recipes", "growing.train": "the command line, and every wrong option in tests/test_growing.py", "growing.sample": "as growing.train",
    "evaluate.Classifier.forward": "a plain network: torch refuses a wrong shape", "gan.Discriminator.forward": "a plain network",
    "dynamics.ae_loss": "one formula in plain arithmetic", "tour.page": "text in, text out; tests/test_tour.py",
    "hybrid.FeatureDiscriminator.forward": "a plain network: torch refuses a wrong shape", "hybrid.FeatureDiscriminator.features": "a plain network",
    "cli.parser": "takes nothing", "cli.main": "a command line: one line says what is wrong, exit code 2; tests/test_tour.py and test_exam.py",
    "exam.Draw": "a seed is anything that prints", "exam.Draw.sign": "takes nothing", "exam.bank": "takes nothing", "exam.topics": "takes nothing",
    "exam.Exercise": "a plain record; `exercise` checks and `audit` tries it", "exam.Variant": "a plain record; made and checked by `Exercise.variant`",
    "exam.Verdict": "a plain record", "exam.Unreadable": "an exception", "exam.Shown": "text in, text out", "exam.anchor": "text in, text out",
    "exam.fold": "text in, text out", "exam.to_html": "text in, text out; tests/test_exam.py",
    "exam.evaluate": "takes a tree that `read_expr` let through", "exam.to_sympy": "takes a tree that `read_expr` let through",
    "exam.write_all": "whatever is in the way is named; test_nothing_is_overwritten in tests/test_exam.py",
} | {f"exam.{f}": "takes a learner's answer, and says what cannot be read in it; HOSTILE in tests/test_exam.py" for f in ("read_expr", "read_numbers", "judge")
} | {f"exam.{f}": "takes a Variant, which is checked when it is made" for f in ("how", "text", "box", "to_key", "shown_answer", "right_forms")
} | {n: "a view over the library's functions, which check; bad input in tests/test_widgets.py" for n in WIDGETS
} | {f"vae.{c}.n_out": "arithmetic on a count that its caller has checked" for c in ("Bernoulli", "Normal", "DiagNormal", "FullNormal", "ContinuousBernoulli")}
# Objects have no value to be wrong: given something else, Python stops at the first use of it.
OBJECTS = (nn.Module, torch.optim.Optimizer, torch.Generator, ImageData, PPCA, bool, Variant, Exercise)
LOOKS = {"ax", "title", "xlabel", "ylabel", "rows", "cols", "refs", "fill", "scale", "vmax", "device", "act", "out", "sched", "scheds", "log", "generator", "norm"}
# Inside the training step a look at every value would cost time: NaN in, NaN out, and `fit` stops there. Densities keep to it.
NAN_OUT = re.compile(r"dists\.|latent\.PPCA\.(log_prob|posterior|decode)|elbo\.|reparam\.|vae\.(\w+)\.|minimax\.|data\.(ring_log_prob|banana)|plot.tile"
                     r"|gan\.(d_loss|g_loss|grad_penalty|centre|parzen_log_prob|Generator|ConditionalGenerator|pairs)|\w+\.\w+_step|evaluate\.(log_weights|bits_per_dim)"
                     r"|hybrid\.|dynamics\.(ae_descend|bilinear_field|play|dirac_field|smoothed_d_loss|lipschitz_penalty)")
# An infinite logit is a verdict beyond doubt; a sigmoid at the end of a network makes a pixel of it.
INF_MEANS = re.compile(r"minimax\.(value|accuracy|grid_value)|gan\.(d_loss|g_loss|Generator|ConditionalGenerator|mlp_gan)|dynamics\.smoothed_d_loss|vae\.(VAE|CVAE)\.mean|plot\.tile"
                       r"|dists\.tril|elbo\.iw_bound|reparam\.rsample")   # log 0: no spread, no weight
ANY_SHAPE = re.compile(r"data\.(check_|binarize)|minimax\.(value|accuracy)|gan\.(d_loss|g_loss|centre)|dynamics\.(smoothed_d_loss|bilinear_field|play)|elbo\.(elbo_enum|iw_bound)")
ALIAS = {"hidden": "sizes", "out": "logits mu logvar x raw", "xy": "x y", "y": "labels", "names": "topics", "path": "students key"}   # named by the function that looks at it

# ----------------------------------------------------------------------------------------------------------- the table
torch.manual_seed(0)
g = torch.Generator().manual_seed(0)
rnd = lambda *s: torch.randn(*s, generator=g)
B, S, NAN, INF = 6, (1, 4, 4), float("nan"), float("inf")
X, Z, MU, LV = torch.rand(B, *S, generator=g), rnd(B, 2), rnd(B, 3), rnd(B, 3)
Y, BINARY = torch.arange(B) % 3, (rnd(B, 16) > 0).float()
L = torch.tril(rnd(B, 3, 3), -1) + torch.eye(3)
GRID = torch.linspace(-6, 6, 101)
P, Q = torch.exp(-.5*GRID**2)/(2*torch.pi)**.5, torch.exp(-.5*(GRID - 1)**2)/(2*torch.pi)**.5
DATA = ImageData(torch.rand(130, 1, 5, 5, generator=g), torch.arange(130) % 3, torch.rand(6, 1, 5, 5, generator=g), Y)
vae, cvae, (G, D) = mlp_vae(S, 2, (8,)), mlp_cvae(S, 2, 3, (8,)), mlp_gan(S, 2, (8,))
cG = ConditionalGenerator(mlp(2+3, 8, 16), 2, 3, S)
ppca = PPCA(rnd(16, 2), rnd(16), .5)
judge = Classifier(S, 3, 8)
eyes = FeatureDiscriminator(mlp(16, 8, 4), nn.Linear(4, 1))
tVAE, tG, tD = vaegan.compare.twins(S, 2, (8,))
kl_question = exercises()["kl-to-prior"]
IMGS = torch.rand(260, *S, generator=g)
def quick(epochs):
    v = copy.deepcopy(vae)
    return v, vae_step(v, sgd(v), generator=torch.Generator().manual_seed(0)), [X]
sgd = lambda net: torch.optim.SGD(net.parameters(), 1e-3)
bell = lambda: plt.figure().subplots().figure
frames = lambda z: z.new_zeros(len(z), 1, 2, 2)
INT = lambda lo=1: [lo-1, -3, 1.5, "3"]           # a count of at least lo
POS = [0., -1., NAN, INF]                         # a positive number
SHAPES = [(), (0, 4, 4), (1, -4, 4), (1, 4., 4), 16]

INSTANCES = {"vae.VAE": vae, "vae.CVAE": cvae, "vae.Bernoulli": Bernoulli(), "vae.Normal": Normal(), "vae.DiagNormal": DiagNormal(),
             "vae.FullNormal": FullNormal(), "vae.ContinuousBernoulli": ContinuousBernoulli(), "gan.Generator": G,
             "gan.ConditionalGenerator": cG, "gan.Discriminator": D, "latent.PPCA": ppca, "evaluate.Classifier": judge,
             "hybrid.FeatureDiscriminator": eyes, "exam.Draw": Draw(0), "exam.Exercise": kl_question}

def titled(r): "A title"
CLEAN = [(net, copy.deepcopy(net.state_dict())) for net in (vae, cvae, G, D, cG, judge, eyes, tVAE, tG, tD)]
def restore():
    "Rows train these networks, some on NaN: as good as new"
    for net, was in CLEAN: net.load_state_dict(was)

def row(good, skip="", call=None, **bad): return good, set(skip.split()), call, bad

ROWS = {
    # plot
    "plot.tile": row(dict(imgs=X, ncols=3, pad=1), skip="int device short", ncols=INT(), pad=INT(0), imgs=[rnd(3, 2, 4, 4), rnd(4, 4)]),
    "plot.show_images": row(dict(imgs=X, ncols=3, pad=1), skip="int short", ncols=INT(), pad=INT(0), imgs=[rnd(3, 2, 4, 4), rnd(4, 4)]),
    "plot.latent_plane": row(dict(decode=frames, n=3), n=INT(), decode=["no function", lambda z: frames(z)[1:]]),
    "plot.plot_curves": row(dict(curves=dict(a=[1., 2.]), x=[1, 2]), curves=[{}, dict(a=[]), dict(a=[NAN])], x=[[1], [1, 2, 3]]),
    "plot.living": row(dict(name="phi", data=dict(z=1.), alt="The bell curve of a standard normal", fig=bell()),
                       name=["no such picture", 3, None, "base"], data=[[1.], None, dict(z=NAN), dict(z=torch.tensor([INF])), dict(z=object())], alt=["", "short", None],
                       fig=[plt.figure(), "a picture"]),
    # data
    "data.my_rows": row(dict(x=X, dim=0), skip="short deeper nan inf -inf int bool complex double half", dim=[9, "0"]),
    "data.draw_eps": row(dict(shape=(3, 2), like=X), skip="short deeper scalar empty nan inf -inf double half device", shape=[(-1, 2), (1.5,), "3"], like=None, dim=None),
    "data.check_float": row(dict(x=X, y=X), call=vaegan.data.check_float, skip="short nan inf -inf", tensors=None),
    "data.check_finite": row(dict(x=X, y=X), call=vaegan.data.check_finite, skip="short", tensors=None, y=[X*INF]),
    "data.check_range": row(dict(name="x", x=X), skip="short", name=None, lo=None, hi=None, x=[X+1]),
    "data.check_int": row(dict(v=3), call=lambda v: vaegan.data.check_int("v", v, 1, 5), name=None, lo=None, hi=None, v=INT() + [6]),
    "data.check_positive": row(dict(v=3.), call=lambda v: vaegan.data.check_positive(v=v), values=None, v=POS + ["3", None]),
    "data.check_shape": row(dict(x_shape=S), x_shape=SHAPES),
    "data.check_labels": row(dict(y=Y, n_classes=3, n=B), y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]], n_classes=None, n=None),
    "data.digits": row(dict(n_test=360, seed=0), n_test=[9, 1788, .2, "x"], seed=INT(0)),
    "data.binarize": row(dict(x=X, generator=g), skip="short", x=[X+1, X-1], generator=[None, 0]),
    "data.Batches": row(dict(x=X, y=Y, bs=2, seed=0), skip="int short device deeper", bs=INT(), seed=[None, 1.5], y=[Y[:5], Y.tolist(), Y.to("meta")]),
    "data.mnist": row(dict(), call=None, root=[3, b"x"]),
    "data.ring_modes": row(dict(modes=3, radius=1.), modes=INT(), radius=POS),
    "data.ring": row(dict(n=5, modes=3, radius=1., std=.1), n=INT(), modes=INT(), radius=POS, std=POS),
    "data.ring_log_prob": row(dict(x=Z, modes=3, radius=1., std=.1), modes=INT(), radius=POS, std=POS),
    "data.banana": row(dict(n=5, bend=.6, std=.1), n=INT(), bend=[NAN], std=POS),
    "data.banana_log_prob": row(dict(x=Z, bend=.6, std=.1), bend=[NAN], std=POS),
    # dists
    "dists.bernoulli_log_prob": row(dict(x=BINARY, logits=rnd(B, 16)), x=[BINARY+1, -BINARY, BINARY.flatten()]),
    "dists.normal_log_prob": row(dict(x=rnd(B, 3), mu=MU, logvar=LV)),
    "dists.tril": row(dict(raw=rnd(B, 6), D=3), D=INT()),
    "dists.mvn_log_prob": row(dict(x=rnd(B, 3), mu=MU, L=L), L=[L@L.mT, -L, L[0], torch.zeros_like(L)]),
    "dists.mean_se": row(dict(samples=rnd(9)), skip="short", samples=[rnd(1), rnd(3, 3)]),
    "dists.kl_normal": row(dict(mu=MU, logvar=LV, mu_p=rnd(B, 3), logvar_p=rnd(B, 3)), mu=[MU[0]], mu_p=[MU[0]]),
    "dists.kl_mvn": row(dict(mu=MU, L=L, mu_p=rnd(B, 3), L_p=L+torch.eye(3)), L=[L@L.mT, -L], L_p=[L@L.mT, -L]),
    # latent, elbo, reparam
    "latent.PPCA": row(dict(W=rnd(16, 2), mean=rnd(16), var=.5), skip="nan inf -inf short", W=[rnd(16)], var=POS),
    "latent.PPCA.fit": row(dict(x=X, k=2), skip="short", k=INT() + [5, 16], x=[X[:1], X*INF]),
    "latent.PPCA.log_prob": row(dict(x=X)),
    "latent.PPCA.posterior": row(dict(x=X)),
    "latent.PPCA.decode": row(dict(z=Z)),
    "latent.PPCA.sample": row(dict(n=3), n=INT()),
    "elbo.elbo_enum": row(dict(log_joint=rnd(B, 4), q=torch.full((B, 4), .25)), q=[torch.full((B, 4), .3), torch.tensor([2., -1., 0, 0])]),
    "elbo.elbo_ppca": row(dict(model=ppca, x=X, mu=Z, L=L[:, :2, :2])),
    "elbo.iw_bound": row(dict(log_w=rnd(5, B)), skip="short"),
    "reparam.rsample": row(dict(mu=MU, logvar=LV)),
    "reparam.rsample_mvn": row(dict(mu=MU, L=L), L=[L@L.mT]),
    "reparam.pathwise_grad": row(dict(f=torch.sin, mu=0., sigma=1., n=5), mu=[NAN], sigma=POS, n=INT()),
    "reparam.score_grad": row(dict(f=torch.sin, mu=0., sigma=1., n=5, baseline=0.), mu=[NAN], sigma=POS, n=INT(), baseline=[NAN]),
    # nets
    "nets.mlp": row(dict(sizes=(4, 2)), call=lambda sizes: vaegan.nets.mlp(*sizes), sizes=[(), (4,), (4, 0), (4, -1, 2), (4, 1.5, 2)]),
    "nets.conv_encoder": row(dict(x_shape=S, n_out=2, width=3), x_shape=SHAPES + [(1, 6, 4), (4, 4)], n_out=INT(), width=INT()),
    "nets.conv_decoder": row(dict(d_z=2, x_shape=S, width=3), x_shape=SHAPES + [(1, 6, 4), (4, 4)], d_z=INT(), width=INT()),
    # vae
    "vae.VAE": row(dict(enc=vae.enc, dec=vae.dec, d_z=2, x_shape=S), d_z=INT(), x_shape=SHAPES),
    "vae.VAE.encode": row(dict(x=X), x=[X[0], X[:, 0]]),
    "vae.VAE.decode": row(dict(z=Z), z=[Z[0]]),
    "vae.VAE.terms": row(dict(x=X), x=[X+1, X*INF]),
    "vae.VAE.elbo": row(dict(x=X), x=[X+1, X*INF]),
    "vae.VAE.mean": row(dict(z=Z)),
    "vae.VAE.sample": row(dict(n=3), n=INT()),
    "vae.VAE.reconstruct": row(dict(x=X)),
    "vae.mlp_vae": row(dict(x_shape=S, d_z=2, hidden=(8,)), x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)]),
    "vae.conv_vae": row(dict(x_shape=S, d_z=2, width=2), x_shape=SHAPES, d_z=INT(), width=INT(), likelihood=[FullNormal()]),
    "vae.mlp_cvae": row(dict(x_shape=S, d_z=2, n_classes=3, hidden=(8,)), x_shape=SHAPES, d_z=INT(), n_classes=INT(), hidden=[(0,), (1.5,)]),
    "vae.init_output_bias": row(dict(vae=mlp_vae(S, 2, (8,)), x=X), x=[X+1, X-1]),
    "vae.Normal": row(dict(logvar=0.), logvar=[NAN, INF]),
    "vae.CVAE": row(dict(enc=cvae.enc, dec=cvae.dec, d_z=2, x_shape=S, n_classes=3), d_z=INT(), x_shape=SHAPES, n_classes=INT()),
    "vae.CVAE.sample": row(dict(y=Y), y=[Y+1, Y-1, Y.float(), Y.tolist()]),
    "vae.Bernoulli.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper", x=[X+1]),
    "vae.ContinuousBernoulli.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper", x=[X+1]),
    "vae.Normal.log_prob": row(dict(x=X, out=rnd(B, 16)), skip="deeper"),
    "vae.DiagNormal.log_prob": row(dict(x=X, out=rnd(B, 32)), skip="deeper"),
    "vae.FullNormal.log_prob": row(dict(x=X, out=rnd(B, 16+16*17//2)), skip="deeper"),
    # train
    "train.fit": row(dict(step=lambda b: dict(loss=1.), batches=[X], epochs=1, progress=False, every=1.), epochs=INT(), save=[3, True], resume=None, every=[-1., NAN, "soon"], batches=[[], iter([X])],
                     step=[lambda b: 1.], measure=None),
    "train.vae_step": row(dict(vae=vae, opt=sgd(vae), beta=1.), beta=[-1., NAN, INF]),
    "train.vae_step()": row(dict(x=X), call=vae_step(vae, sgd(vae)), x=[X+1]),
    "train.vae_recipe": row(dict(x=IMGS, epochs=1, name="elbo-97", lr=1e-3, bs=32, seed=0), skip="short", x=[IMGS+1, IMGS[0]], epochs=INT(), name=["nll-1", 3], lr=POS, bs=INT() + [10**6], seed=[None, 1.5]),
    "train.warmup": row(dict(steps=3), steps=INT()),
    # evaluate
    "evaluate.over_rows": row(dict(f=lambda b: b.flatten(1).sum(1), x=X, bs=2), skip="short deeper nan inf -inf double half", f=None, bs=INT()),
    "evaluate.fit_for": row(dict(make=quick, minutes=1e-6, measure=lambda *_: dict(a=1.), save="kept"), make=None, measure=None, minutes=POS, save=[3]),
    "evaluate.held_out_elbo": row(dict(vae=vae, x=X, bs=2), x=[X+1, X[:1]], bs=INT()),
    "evaluate.log_weights": row(dict(vae=vae, x=X, K=2), x=[X+1], K=INT()),
    "evaluate.nll": row(dict(vae=vae, x=X, K=2, rows=4), x=[X+1], K=INT(), rows=INT()),
    "evaluate.active_units": row(dict(vae=vae, x=X, threshold=.01), x=[X[:1]], threshold=[-1., NAN]),
    "evaluate.bits_per_dim": row(dict(nats=80., m=16, levels=256), nats=None, m=INT(), levels=INT(2)),
    "evaluate.Classifier": row(dict(x_shape=S, n_classes=3, width=4), x_shape=SHAPES, n_classes=INT(), width=INT()),
    "evaluate.train_classifier": row(dict(data=DATA, epochs=1, seed=0), epochs=INT(), seed=[None, 1.5]),
    "evaluate.frechet": row(dict(a=rnd(9, 3), b=rnd(7, 3)), skip="device", a=[rnd(1, 3), rnd(9)], b=[rnd(9)]),
    "evaluate.class_shares": row(dict(classifier=judge, x=X), skip="short deeper"),
    "evaluate.iwae_step": row(dict(vae=vae, opt=sgd(vae), K=2), K=INT()),
    "evaluate.iwae_step()": row(dict(x=X), call=iwae_step(vae, sgd(vae), 2), x=[X+1]),
    # minimax
    "minimax.value": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short"),
    "minimax.accuracy": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short"),
    "minimax.optimal_logits": row(dict(log_p=P.log(), log_q=Q.log())),
    "minimax.grid_value": row(dict(logits=GRID, p=P, q=Q, x=GRID), p=[-P, P*NAN], q=[-Q], x=[GRID.flip(0), GRID*0]),
    "minimax.grid_kl": row(dict(p=P, q=Q, x=GRID), p=[-P], q=[-Q], x=[GRID.flip(0)]),
    "minimax.grid_js": row(dict(p=P, q=Q, x=GRID), p=[-P], q=[-Q], x=[GRID.flip(0)]),
    # gan
    "gan.Generator": row(dict(net=G.net, d_z=2, x_shape=S), d_z=INT(), x_shape=SHAPES),
    "gan.Generator.forward": row(dict(z=Z), z=[Z[0]]),
    "gan.Generator.noise": row(dict(n=3), n=INT()),
    "gan.Generator.sample": row(dict(n=3), n=INT()),
    "gan.Discriminator": row(dict(net=D.net)),
    "gan.mlp_gan": row(dict(x_shape=S, d_z=2, hidden=(8,)), x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)]),
    "gan.conv_gan": row(dict(x_shape=S, d_z=2, width=2), x_shape=SHAPES + [(1, 6, 4), (4, 4)], d_z=INT(), width=INT()),
    "gan.d_loss": row(dict(real_logits=rnd(B), fake_logits=rnd(B), kind="saturating"), skip="short", kind=["wasserstein", None]),
    "gan.d_loss relativistic": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), call=lambda **k: vaegan.gan.d_loss(kind="relativistic", **k), fake_logits=[rnd(B, 1), rnd(1)]),
    "gan.g_loss": row(dict(fake_logits=rnd(B), kind="saturating"), skip="short", kind=["wasserstein", None], real_logits=None),
    "gan.g_loss relativistic": row(dict(fake_logits=rnd(B), real_logits=rnd(B)), call=lambda **k: vaegan.gan.g_loss(kind="relativistic", **k), real_logits=[None, rnd(B, 1), rnd(1)]),
    "gan.grad_penalty": row(dict(D=D, x=X), skip="short deeper"),
    "gan.centre": row(dict(real_logits=rnd(B), fake_logits=rnd(B)), skip="short"),
    "gan.gan_recipe": row(dict(x=IMGS, epochs=1, name="nonsaturating", d_z=2, hidden=(8,), seed=0), skip="short", x=[IMGS+1], epochs=INT(), name=["best", 3], d_z=INT(), hidden=[(0,)], seed=[None, 1.5]),
    "gan.gan_step": row(dict(G=G, D=D, opt_G=sgd(G), opt_D=sgd(D), k=1, l=1, loss="saturating", r1=0., r2=0.),
                        k=INT(), l=INT(), loss=["wasserstein"], r1=[-1., NAN], r2=[-1., NAN]),
    "gan.gan_step()": row(dict(x=X), skip="short", call=gan_step(G, D, sgd(G), sgd(D), k=2), x=[X[:1]]),
    "gan.fresh_discriminator": row(dict(real=X, fake=X, real_test=X, fake_test=X, hidden=(4,), steps=1, bs=2, seed=0), hidden=[(0,)],
                                   steps=INT(), bs=INT(), seed=[None, 1.5]),
    "gan.precision_recall": row(dict(real=rnd(9, 3), fake=rnd(8, 3), k=2), k=INT()),
    "gan.parzen_log_prob": row(dict(x=X, samples=X, std=.2), std=POS),
    "gan.pairs": row(dict(x=X, y=Y, K=3), skip="short device deeper", y=[Y+1, Y-1, Y[1:], Y.float(), Y.tolist()], K=INT()),
    "gan.ConditionalGenerator": row(dict(net=cG.net, d_z=2, K=3, x_shape=S), d_z=INT(), K=INT(), x_shape=SHAPES),
    "gan.ConditionalGenerator.noise": row(dict(n=6, y=Y), n=INT(), y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]]),
    "gan.ConditionalGenerator.forward": row(dict(z=rnd(B, 5))),
    "gan.ConditionalGenerator.images": row(dict(y=Y), y=[Y+1, Y-1, Y.float(), Y.tolist()]),
    # dynamics
    "dynamics.ae_descend": row(dict(w1=1., w2=.5, m=1., lr=.02, n=3), w1=[NAN], w2=[NAN], m=POS, lr=POS, n=INT(0)),
    "dynamics.plot_ae_surface": row(dict(m=1., starts=((.1, .2),), span=2.), m=POS, starts=None, span=POS),
    "dynamics.bilinear_field": row(dict(s=rnd(2)), skip="empty"),
    "dynamics.game_step": row(dict(field=lambda s: s, h=.1), h=POS),
    "dynamics.play": row(dict(step=lambda s: s+1, s=rnd(2), n=3), skip="int short empty", n=INT(0)),
    "dynamics.eigenvalues": row(dict(step=lambda s: 2*s, s=rnd(2)), skip="short", s=[rnd(2, 2)]),
    "dynamics.dirac_field": row(dict(s=rnd(2), gamma=0., loss="saturating"), gamma=[-1., NAN], loss=["wasserstein"]),
    "dynamics.dirac_step": row(dict(h=.1, gamma=0., loss="saturating"), h=POS, gamma=[-1., NAN], loss=["wasserstein"]),
    "dynamics.ema": row(dict(net=mlp(2, 2), decay=.9), decay=[-.1, 1., NAN]),
    "dynamics.smoothed_d_loss": row(dict(real_logits=rnd(B), fake_logits=rnd(B), alpha=.9), skip="short", alpha=[.5, 1.1, NAN]),
    "dynamics.covered_modes": row(dict(x=Z, modes=3, radius=1., std=.1, least=.1), modes=INT(), radius=POS, std=POS, least=[-.1, 1.1, NAN]),
    "dynamics.plot_ring": row(dict(x=Z, modes=3, radius=1., std=.1), modes=INT(), radius=POS, std=POS),
    "dynamics.lipschitz_penalty": row(dict(D=D, real=X, fake=torch.rand(B, *S, generator=g))),
    "dynamics.wgan_gp_step": row(dict(G=G, D=D, opt_G=sgd(G), opt_D=sgd(D), k=1, lam=10.), k=INT(), lam=[-1., NAN]),
    "dynamics.wgan_gp_step()": row(dict(x=X), skip="short", call=wgan_gp_step(G, D, sgd(G), sgd(D), 2), x=[X[:1]]),
    # compare, hybrid
    "compare.twins": row(dict(x_shape=S, d_z=2, hidden=(8,), seed=0), x_shape=SHAPES + [(4, 4)], d_z=INT(), hidden=[(0,), (1.5,)], seed=[None, 1.5, -1]),
    "compare.train_twins": row(dict(vae=tVAE, G=tG, D=tD, x=X, epochs=1, lr=1e-3, r1=1., bs=3, seed=0), x=[X[0], X[:, 0], X*INF], epochs=INT(),
                               lr=POS, r1=[-1., NAN], bs=INT() + [7], seed=[None, 1.5]),
    "compare.train_twins G": row(dict(G=tG), call=lambda G: vaegan.compare.train_twins(tVAE, G, tD, X, 1, bs=3), G=[mlp_gan((1, 5, 5), 2, (8,))[0]]),
    "compare.sample_scores": row(dict(judge=judge, x=torch.cat([X, X]), ref=X), x=[X[:4]]),
    "compare.score_table": row(dict(rows=dict(a=dict(b=1., c=None), d=dict(c=2))), rows=[{}, [], dict(a=1.), "x"]),
    "hybrid.FeatureDiscriminator": row(dict(body=mlp(16, 8), head=nn.Linear(8, 1))),
    "hybrid.feature_nll": row(dict(D=eyes, x=X, x_rec=torch.rand(B, *S, generator=g), var=.5), x=[X[0]], x_rec=[X[:3]], var=POS),
    "hybrid.hybrid_nets": row(dict(x_shape=S, d_z=2, hidden=(8,), seed=0), x_shape=SHAPES, d_z=INT(), hidden=[(0,), (1.5,)], seed=[None, 1.5]),
    "hybrid.hybrid_recipe": row(dict(x=IMGS, d_z=2, hidden=(8,), gamma=.1, var=.1, lr=1e-3, bs=32, seed=0), skip="short", x=[IMGS+1], d_z=INT(), hidden=[(0,)], gamma=[-1., NAN], var=POS,
                                lr=POS, bs=INT() + [10**6], seed=[None, 1.5]),
    "hybrid.hybrid_step": row(dict(vae=vae, D=eyes, opt_enc=sgd(vae.enc), opt_dec=sgd(vae.dec), opt_D=sgd(eyes), gamma=.01, var=.01, r1=1.),
                              gamma=[-1., NAN], var=POS, r1=[-1., NAN]),
    "hybrid.hybrid_step()": row(dict(x=X), call=hybrid_step(vae, eyes, sgd(vae.enc), sgd(vae.dec), sgd(eyes)), x=[X[0]]),
    # exam
    "exam.Draw.whole": row(dict(lo=1, hi=5), lo=[6, 1.5, "1"], hi=[0, 1.5, "5"]),
    "exam.Draw.num": row(dict(lo=.1, hi=.5, step=.1), lo=[NAN, "0"], hi=[0., NAN, INF], step=POS),
    "exam.Draw.pick": row(dict(options=(1, 2)), options=[(), 3]),
    "exam.Draw.perm": row(dict(xs=(1, 2)), xs=[3, None]),
    "exam.Exercise.variant": row(dict(seed=0), seed=[-1, 1.5, "3", None]),
    "exam.exercise": row(dict(chapter="elbo", tags="ELBO", kind="numeric", topics="bound", points=1), chapter=["cats", None], tags=["", "A,", 3],
                         kind=["cats", None], topics=[3, ["bound"]], points=INT()),
    "exam.exercise()": row(dict(f=titled), call=exercise("elbo", "ELBO", "numeric"), f=[3, lambda r: r]),
    "exam.integral": row(dict(f=math.exp, lo=0., hi=1., n=4), lo=[NAN, -INF, "0"], hi=[NAN, INF], n=INT(2) + [3]),
    "exam.derivative": row(dict(f=math.exp, x=1., h=1e-3), x=[NAN, INF, "1"], h=POS),
    "exam.normal_pdf": row(dict(x=0., mu=0., var=1.), x=[NAN, INF], mu=[NAN, "0"], var=POS),
    "exam.identical": row(dict(a="2*x", b="x + x", symbols=dict(x=(0, 1)), seconds=9.), a=["x +", "y", 3, "__import__('os')"], b=["", None], symbols=None, seconds=POS),
    "exam.ask": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
    "exam.check": row(dict(id="kl-to-prior", seed=0, answer="1/2"), id=["cats", None, 3], seed=[-1, 1.5, "3", None], answer=None),
    "exam.hint": row(dict(id="kl-to-prior", seed=0, step=1), id=["cats", None, 3], seed=[-1, 1.5, "3", None], step=INT() + [9]),
    "exam.solution": row(dict(id="kl-to-prior", seed=0), id=["cats", None, 3], seed=[-1, 1.5, "3", None]),
    "exam.audit": row(dict(ex=kl_question, seeds=[0, 1]), seeds=[[], 3, [-1], [1.5], None]),
    "exam.review": row(dict(ex=kl_question, seed=1), seed=[-1, 1.5, "3", None]),
    "exam.exercise_page": row(dict(module="elbo", seed=1, repo="a/b"), module=["cats", None, "../elbo"], seed=[-1, 1.5, "3", None], repo=None),
    "exam.notebook": row(dict(cells=[("markdown", "# a"), ("code", "1")]), cells=[[("prose", "a")], [("code", 3)], ["# a"]], old=None),
    "exam.choose": row(dict(names=["elbo"], n=2, seed=0), names=["elbo", ["cats"], 3], n=INT() + [999], seed=[-1, 1.5, "3", None]),
    "exam.read_roster": row(dict(path="roster.csv"), path=[3, None]),
    "exam.from_key": row(dict(d=to_key(kl_question.variant(0))), d=[{}, 3, to_key(kl_question.variant(0)) | dict(kind="code")]),
    "exam.sheet_cells": row(dict(vs=[kl_question.variant(0)], exam="e", student="ada"), vs=[[], [3]], exam=None, student=None),
    "exam.render_sheet": row(dict(cells=[("markdown", "# a")], format="html"), cells=[[]], format=["pdf", None]),
    "exam.tex_svg": row(dict(tex="x^2", size=16.), tex=None, size=POS),
    "exam.exam": row(dict(topics=["elbo"], n=2, seed=0, format="md", students="roster.csv", out="sheets", force=True), topics=["elbo", ["cats"], 3], n=INT() + [999],
                     seed=[-1, 1.5, "3", None], format=["pdf", None], students=[3], out=[3, None]),
    "exam.read_key": row(dict(path="key.json"), path=[3, None, "roster.csv"]),
    "exam.grade": row(dict(key="key.json", submissions=["roster.csv"], out="grades", force=True), key=[3, "roster.csv"], submissions=["roster.csv", 3, [], ["nowhere"]], out=[3, None]),
    # tour
    "growing.setting": row(dict(kind="gan", x=IMGS, epochs=1, recipe="lecture", seed=0), skip="short", x=[IMGS+1], kind=["cats", 3], epochs=INT(), recipe=["best", 3], seed=[None, 1.5]),
    "growing.draw": row(dict(nets=dict(vae=vae), n=3, seed=0), nets=None, n=INT(), seed=[None, 1.5]),
    "tour.train_tour_vae": row(dict(data=DATA, epochs=1, seed=0, progress=False), epochs=INT(), seed=[None, 1.5]),
    "tour.train_tour_gan": row(dict(data=DATA, epochs=1, seed=0, progress=False), epochs=INT(), seed=[None, 1.5]),
    "tour.tour": row(dict(data="digits", epochs=1, seed=0), data=["cats", None], epochs=INT(), seed=[-1, 1.5, "3", 2**63]),
}
for c in ("Bernoulli", "Normal", "DiagNormal", "FullNormal", "ContinuousBernoulli"):
    NO_ROW |= {f"vae.{c}.mean": "reads the decoder's output, which the VAE has checked", f"vae.{c}.sample": "reads the decoder's output, which the VAE has checked"}
    if c != "Normal": NO_ROW[f"vae.{c}"] = "takes nothing"
NO_ROW |= {"vae.FullNormal.split": "reads the decoder's output, which the VAE has checked"}
for m in ("encode", "terms", "elbo", "reconstruct"):
    pair = lambda x=X, y=Y, f=getattr(cvae, m): f((x, y))
    ROWS[f"vae.CVAE.{m} pair"] = row(dict(x=X, y=Y), call=pair, y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]])
    ROWS[f"vae.CVAE.{m}"] = row(dict(xy=(X, Y)), xy=[X, X[:2], (X,), None]) if m != "elbo" else row(dict(x=(X, Y)), x=None)
for m in ("decode", "mean"): ROWS[f"vae.CVAE.{m}"] = row(dict(z=Z, y=Y), y=[Y+1, Y-1, Y.float(), Y.tolist(), Y[1:]])
ROWS["gan.ConditionalGenerator.sample"] = row(dict(n=3), n=INT())

def spoil(t):
    "The ways in which a float tensor is made bad"
    nan, inf, low = t.clone(), t.clone(), t.clone()
    nan.view(-1)[0], inf.view(-1)[0], low.view(-1)[0] = NAN, INF, -INF
    return {"list": t.tolist(), "int": t.long(), "complex": t + 0j, "bool": t > 0, "empty": t[:0], "nan": nan, "inf": inf, "-inf": low, "short": t[..., :-1],
            "scalar": t.flatten()[0], "deeper": t[None], "device": t.to("meta"), "double": t.double()}

# ----------------------------------------------------------------------------------------------- what the package exports
def public():
    "name -> callable, for every function, class and public method that the package exports"
    out = {}
    for m in [*pkgutil.iter_modules(vaegan.__path__), *pkgutil.iter_modules(vaegan.bank.__path__, "bank.")]:
        if m.name.startswith("_"): continue
        mod = importlib.import_module(f"vaegan.{m.name}")
        for n in getattr(mod, "__all__", ()):
            f = getattr(mod, n)
            if not callable(f): continue
            out[f"{m.name}.{n}"] = f
            if not inspect.isclass(f): continue
            own = {k for c in f.__mro__ if c.__module__.startswith("vaegan") for k in vars(c)}
            for k in own:
                if (k[0] != "_") and inspect.isroutine(getattr(f, k)): out[f"{m.name}.{n}.{k}"] = getattr(f, k)
    return out

PUBLIC = public()

def parameters(name):
    "The arguments that have a value to be wrong"
    f = PUBLIC[name]
    for p in list(inspect.signature(f).parameters.values()):
        t = typing.get_origin(p.annotation) or p.annotation
        if p.name == "self" or p.name in LOOKS or t is Callable or inspect.isclass(t) and issubclass(t, OBJECTS): continue
        yield p.name

def target(name):
    if ROWS[name][2]: return ROWS[name][2]
    owner, _, m = name.rpartition(".")
    return getattr(INSTANCES[owner], m) if owner in INSTANCES else PUBLIC[name]

def cases(name):
    "(argument, what is wrong with it, value)"
    good, skip, _, bad = ROWS[name]
    several = sum(torch.is_tensor(v) for v in good.values()) > 1 or name.split(".")[1] in ("VAE", "Generator", "ConditionalGenerator")
    for arg in {**good, **bad}:
        for v in bad.get(arg) or []: yield arg, "NaN" if isinstance(v, float) and v != v else repr(v), v
        if torch.is_tensor(good.get(arg)) and good[arg].is_floating_point():
            for what, v in spoil(good[arg]).items():
                if what in ("scalar", "deeper") and ANY_SHAPE.match(name) or what in ("bool", "complex") and "int" in skip: continue
                if what not in skip and (what != "device" or several): yield arg, what, v

def numbers(out):
    "All numbers in a result"
    if torch.is_tensor(out): return out.detach().double().flatten().tolist() if out.device.type == "cpu" and not out.is_complex() else []
    if isinstance(out, dict): return numbers(list(out.values()))
    if isinstance(out, (tuple, list)): return [n for o in out for n in numbers(o)]
    return [float(out)] if isinstance(out, (int, float)) else []

def has_nan(out): return any(n != n for n in numbers(out))

@pytest.fixture(autouse=True)
def aside(monkeypatch, tmp_path):
    "Files and figures go away; a roster and a key lie at hand"
    restore()
    monkeypatch.chdir(tmp_path)
    Path("roster.csv").write_text("id\nada\n")
    Path("key.json").write_text(json.dumps(dict(exam="e", roster=True, students=dict(ada=[to_key(kl_question.variant(0))]))))
    yield
    plt.close("all")

@pytest.mark.parametrize("name", [n for n in ROWS if n not in ("tour.tour", "data.mnist")])
def test_the_row_itself_works(name):
    good = ROWS[name][0]
    before = {k: v.clone() for k, v in good.items() if torch.is_tensor(v)}
    assert not has_nan(target(name)(**good))
    assert all(torch.equal(v, good[k]) for k, v in before.items()), "an argument was changed"

def complaint(name, arg, what, value):
    "What is wrong with the way in which a bad argument is met; None where it is met well"
    try: out = target(name)(**{**ROWS[name][0], arg: value})
    except (ValueError, TypeError) as e:
        head, _, rest = str(e).partition(":")
        names = {*re.findall(r"\w+", head), *re.findall(r" like (\w+)", rest)}
        if not names & {arg, *ALIAS.get(arg, "").split()}: return f"not named in: {e}"
        return None if "expected" in rest and "got" in rest and "\n" not in str(e) else f"says too little: {e}"
    except Exception as e: return f"{type(e).__name__}: {e}"
    if what == "double": return same_number(name, out)      # taken as it is, or promoted: the same number comes out
    if what in ("nan", "NaN", "inf", "-inf") and NAN_OUT.match(name):
        if not all(map(math.isfinite, numbers(out))): return None
        return None if "inf" in what and INF_MEANS.match(name) else f"silently gives {out}"
    return "accepted"

def same_number(name, out):
    "With the argument in double precision a function that leaves nothing to chance gives what it gives in single precision"
    once, twice = (numbers(target(name)(**ROWS[name][0])) for _ in range(2))
    return None if once != twice or numbers(out) == pytest.approx(once, rel=1e-3, abs=1e-4) else f"gives {out}, in single precision {once}"

@pytest.mark.parametrize("name", ROWS)
def test_bad_arguments(name):
    found = [f"{arg} = {what[:60]}: {c}" for arg, what, v in cases(name) if (c := complaint(name, arg, what, v))]
    assert not found, "\n".join(found)

def test_every_export_has_its_row():
    rows = {n.split()[0].removesuffix("()") for n in ROWS}
    missing = set(PUBLIC) - rows - set(NO_ROW)
    assert not missing, f"give these a row in tests/test_bad_input.py: {sorted(missing)}"
    gone = (rows | set(NO_ROW)) - set(PUBLIC)
    assert not gone, f"no longer exported: {sorted(gone)}"
    assert not rows & set(NO_ROW)

@pytest.mark.parametrize("name", [n for n in ROWS if n in PUBLIC])
def test_every_argument_has_its_values(name):
    good, skip, _, bad = ROWS[name]
    for p in parameters(name):
        assert p in bad or torch.is_tensor(good.get(p)), f"{name}: nothing bad is tried for {p}"
