"The widgets, driven as a hand would drive them: set a value, press a button, look at the picture and the numbers."
import html
import importlib
import io
import json
import math
import pkgutil
import re
import time

import ipywidgets as iw
import numpy as np
import pytest
import torch
from bad_input import PUBLIC, bad_input_tests
from IPython.core.formatters import DisplayFormatter
from notebooks import NBS, nb_id
from PIL import Image
from torch.testing import assert_close

import vaegan.widgets
from vaegan.data import Batches
from vaegan.datasets import digits
from vaegan.elbo import elbo_ppca
from vaegan.exam.judge import judge
from vaegan.exam.learner import bank
from vaegan.exam.variant import LETTERED
from vaegan.latent import PPCA
from vaegan.likelihoods import Normal
from vaegan.minimax import grid_js
from vaegan.photos import photo_nets
from vaegan.runs import fit
from vaegan.train import vae_step
from vaegan.vae import conv_vae, mlp_vae
from vaegan.widgets import monitor
from vaegan.widgets.cards import Card, deck
from vaegan.widgets.games import dirac_view, game_view
from vaegan.widgets.inference import INTEGRANDS, gap_view, gradient_draws, gradient_numbers, gradient_view
from vaegan.widgets.latent import latent_view
from vaegan.widgets.monitor import Monitor, draw_history
from vaegan.widgets.paths import explorer, interpolate, path_view, traversal_view
from vaegan.widgets.view import View, cell_text, figure

DATA = digits()
X, Y = DATA.x[:60], DATA.y[:60]

def pixels(view): return torch.from_numpy(np.array(Image.open(io.BytesIO(view.png)).convert("L")))
def changed(view, before): return (pixels(view).shape != before.shape) or bool((pixels(view) != before).any())

def model(kind="mlp", d_z=3):
    torch.manual_seed(0)
    vae = dict(mlp=lambda: mlp_vae((1, 8, 8), d_z, (16,)), conv=lambda: conv_vae((1, 8, 8), d_z, 4), normal=lambda: mlp_vae((1, 8, 8), d_z, (16,), Normal()),
               conditional=lambda: mlp_vae((1, 8, 8), d_z, (16,), n_classes=10))[kind]()
    with torch.no_grad():
        for p in vae.parameters(): p.mul_(2.)      # codes and pictures that differ
    return vae

class Spy:
    "Records what a function was asked to draw, in a room of the wing"
    def __init__(self, monkeypatch, room, name):
        room = importlib.import_module(f"vaegan.widgets.{room}")
        self.seen, f = [], getattr(room, name)
        monkeypatch.setattr(room, name, lambda *a, **k: (self.seen.append(a), f(*a, **k))[1])

# --------------------------------------------------------------------------------------------------------------- views
VIEWS = {"gap": gap_view, "gradients": gradient_view, "game": game_view, "dirac": dirac_view}

@pytest.mark.parametrize("name", VIEWS)
def test_every_control_moves_picture_and_numbers(name):
    "Each control, moved alone, changes the picture; the table and the description show the numbers"
    view = VIEWS[name]()
    for k, c in view.controls.items():
        before, numbers = pixels(view), dict(view.numbers)
        c.value = next(v for v in ([v for _, v in c._options_full] if isinstance(c, iw.Dropdown) else [c.min + .37*(c.max - c.min), c.max]) if v != c.value)
        if (name, k) == ("dirac", "loss"): assert view.values["loss"] == "nonsaturating"    # the same at the equilibrium; the path differs
        assert changed(view, before) or (name, k) == ("gradients", "baseline"), k
        assert view.numbers != numbers, k
        for label, v in view.numbers.items():
            assert label in view.alt and cell_text(v) in view.alt
            assert cell_text(v) in re.sub("<.*?>", "|", view.table.value)
        assert view.alt.replace("'", "&#x27;") in view.picture.value or html.escape(view.alt) in view.picture.value

@pytest.mark.parametrize("name", VIEWS)
def test_extreme_values_are_drawn(name):
    "Nothing breaks at the ends of the sliders, and no number is NaN"
    view = VIEWS[name]()
    sliders = {k: c for k, c in view.controls.items() if not isinstance(c, iw.Dropdown)}
    for ends in ("min", "max"):
        view.set(**{k: getattr(c, ends) for k, c in sliders.items()})
        assert "role='alert'" not in view.table.value
        assert all(math.isfinite(v) for v in view.numbers.values() if isinstance(v, float))

def test_gap_numbers_are_the_library_s():
    view = gap_view()
    view.set(mu=.4, sigma=.8, x=-.7)
    m = PPCA(torch.tensor([[1.5]]), torch.zeros(1), .36)
    x = torch.tensor([[-.7]])
    assert abs(view.numbers["log p(x)"] - m.log_prob(x).item()) < 1e-5
    assert abs(view.numbers["ELBO"] - elbo_ppca(m, x, torch.tensor([[.4]]), torch.tensor([[[.8]]])).item()) < 1e-5
    assert abs(view.numbers["E log p(x|z)"] - view.numbers["KL(q‖p)"] - view.numbers["ELBO"]) < 1e-9

def test_gradients_share_their_noise():
    "For f = z² one draw gives 2z by the path and z² eps/sigma by the score: the same eps must stand in both"
    d = gradient_draws("z²", .7, 1.3, n=50, seed=3)
    z = d["pathwise"]/2
    assert_close(d["score"], z**2*(z - .7)/1.3**2)
    for f in INTEGRANDS:
        n = gradient_numbers(f, .7, .9, n=100_000)
        for k in ("pathwise", "score"):
            m, se = map(float, n[f"{k}: mean"].split(" ± "))
            assert abs(m - n["true gradient"]) < 4.5*se
            assert abs(n[f"{k}: variance of these draws"]/n[f"{k}: variance"] - 1) < .1

def test_game_numbers_are_the_library_s():
    x = torch.linspace(-20, 20, 4001, dtype=torch.double)
    normal = lambda m, s: torch.distributions.Normal(m, s).log_prob(x).exp()
    js = grid_js(.5*normal(-2., .6) + .5*normal(2., .6), normal(.5, 2.), x).item()
    view = game_view().set(data="two hills", mu=.5, sigma=2.)
    assert abs(view.numbers["JS"] - js) < 1e-7 and abs(view.numbers["V(D*, G)"] - 2*js + math.log(4)) < 1e-6

def test_dirac_says_where_the_path_goes():
    for alternating, gamma, h, fate in [(False, 0., .3, "is thrown out"), (True, 0., .3, "circles"), (True, 0., 4.2, "is thrown out"), (False, .6, .3, "arrives")]:
        n = dirac_view().set(alternating=alternating, gamma=gamma, h=h, theta=.1, n=200).numbers
        assert n["near the equilibrium it"] == fate
        ratio = n["distance after 200 rounds"]/n["distance at the start"]
        assert ratio < .1 if fate == "arrives" else .7 < ratio < 1.5 if fate == "circles" else ratio > 2

def test_an_error_is_shown_and_not_swallowed():
    def numbers(a):
        if a > 1: raise ValueError("a: expected at most 1, got more")
        return dict(a=a)
    def draw(a):
        with figure(2, 2) as (fig, ax): ax.plot([a], [a], "o")
        return fig
    view = View("A dot", draw, numbers, a=iw.FloatSlider(value=0., min=0, max=2))
    png = view.png
    view.controls["a"].value = 1.5
    assert "a: expected at most 1" in view.table.value and "alert" in view.table.value and view.png == png
    view.controls["a"].value = .5
    assert "alert" not in view.table.value and view.png != png

def test_set_draws_once(monkeypatch):
    view = gap_view()
    spy = Spy(monkeypatch, "view", "to_png")
    view.set(mu=1., sigma=.5, x=0.)
    assert len(spy.seen) == 1
    with pytest.raises(ValueError, match="nu: expected controls among mu, sigma, x"): view.set(nu=1.)

def test_matplotlib_s_settings_are_left_alone():
    import matplotlib
    before = dict(matplotlib.rcParams)
    gap_view().set(mu=1.)
    assert dict(matplotlib.rcParams) == before

# ------------------------------------------------------------------------------------------------- without and with a kernel
def test_a_still_without_a_kernel():
    view = gap_view()
    bundle = view._repr_mimebundle_()
    assert Image.open(io.BytesIO(__import__("base64").b64decode(bundle["image/png"]))).width > 300 and bundle["text/plain"] == view.alt
    assert "widget-view" not in str(bundle.keys())
    assert DisplayFormatter().format(view)[0] == bundle, "with ipywidgets 7 too, whose widgets show themselves in another way"

def test_the_widget_itself_with_a_kernel(monkeypatch):
    import IPython
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": object()})())
    for widget in (gap_view(), Card("tight-q"), Monitor(lambda b: {})):
        assert widget._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id

@pytest.mark.parametrize("nb", NBS, ids=nb_id)
def test_no_widget_is_stored(nb):
    "A stored widget needs a kernel, and a script from elsewhere: pages hold the still picture"
    d = json.loads(nb.read_text(encoding="utf-8"))
    assert "widgets" not in d["metadata"]
    assert not [o for c in d["cells"] for o in c.get("outputs", []) if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]

# ------------------------------------------------------------------------------------------------------------- monitor
def run(watch=None, measure=None, epochs=4):
    vae = model("mlp", 2)
    step = vae_step(vae, torch.optim.Adam(vae.parameters(), 1e-3), generator=torch.Generator().manual_seed(0))
    batches = Batches(X, bs=25)                      # the last batch is smaller
    if watch is None: return fit(step, batches, epochs, measure, progress=False), vae
    m = Monitor(step, measure, **watch)
    return m, m.fit(batches, epochs), vae

def test_the_monitor_changes_nothing_and_keeps_what_fit_keeps():
    count = iter(range(100))
    plain, a = run(measure=lambda: dict(n=next(count)))
    count = iter(range(100))
    m, hist, b = run({}, lambda: dict(n=next(count)))
    assert hist == plain == m.history and hist["n"] == [0, 1, 2, 3]
    assert all(map(torch.equal, a.parameters(), b.parameters()))
    assert "finished" in m.status.value and m.stop.disabled and not m.running

def test_the_monitor_draws_while_it_runs(monkeypatch):
    seen, clock = [], [0.]
    def step(b):
        clock[0] += 10                       # seconds: every step is drawn
        return dict(loss=torch.tensor(float(b[0])))
    m = Monitor(step)
    monkeypatch.setattr(monitor, "draw_history", lambda h, refs, together, live, f=draw_history: (seen.append(({k: list(v) for k, v in h.items()}, dict(live))), f(h, refs, together, live))[1])
    monkeypatch.setattr(monitor, "time", type("Clock", (), dict(monotonic=staticmethod(lambda: clock[0]))))
    m.fit([torch.tensor([1.]), torch.tensor([4.])], 2)
    assert ({}, dict(loss=(.5, 1.))) in seen and ({}, dict(loss=(1., 2.5))) in seen and any(h.get("loss") == [2.5] for h, _ in seen)

def test_curves_stand_beside_theory():
    fig = draw_history(dict(value=[-1.2, -1.3], accuracy=[.8, .7], kl=[3., 4.], log_px_z=[1., 2.]), dict(value=("−log 4", -math.log(4))), (("kl", "log_px_z"),))
    titles = [ax.get_title(loc="left") for ax in fig.axes if ax.axison]
    assert titles == ["value", "accuracy", "kl, log_px_z"]
    value = fig.axes[0]
    assert any(line.get_linestyle() == "--" and line.get_ydata()[0] == -math.log(4) for line in value.lines)
    assert list(value.lines[0].get_ydata()) == [-1.2, -1.3]
    with pytest.raises(ValueError, match="history: expected at least one"): draw_history({})

def test_stop_in_the_middle_of_an_epoch():
    calls = []
    def step(b):
        calls.append(b)
        if len(calls) == 8: m.stop.click()
        return dict(loss=torch.tensor(1.))
    m = Monitor(step)
    hist = m.fit([torch.zeros(2)]*3, 50)
    assert hist.interrupted and len(calls) == 8 and m.epochs == 2 == len(hist["loss"]) and "stopped by hand" in m.status.value
    assert not m.fit([torch.zeros(2)]*3, 2).interrupted and m.epochs == 4      # goes on

def test_stop_before_a_run_does_not_stop_the_next():
    m = Monitor(lambda b: dict(loss=torch.tensor(1.)))
    m.stop.click()
    assert not m.fit([torch.zeros(2)], 3).interrupted and m.epochs == 3

def test_in_the_background():
    slow = lambda b: (time.sleep(.005), dict(loss=torch.tensor(1.)))[1]
    m = Monitor(slow, every=.01)
    future = m.fit([torch.zeros(2)]*2, 10_000, background=True)
    with pytest.raises(ValueError, match="background: expected no run under way"): m.fit([torch.zeros(2)], 1)
    while m.epochs < 3 and not future.done(): time.sleep(.01)
    assert m.running and not m.stop.disabled and not future.done()
    m.stop.click()
    hist = future.result(timeout=600)
    assert hist.interrupted and 3 <= len(hist["loss"]) < 10_000 and hist == m.history and m.stop.disabled

@pytest.mark.parametrize("make", [latent_view, path_view, traversal_view, explorer])
def test_colour_images_are_shown_in_colour(make):
    torch.manual_seed(0)
    vae = photo_nets("vae", (3, 8, 8))["vae"]
    with torch.no_grad(): list(vae.dec.parameters())[-1].copy_(torch.tensor([.9, .2, .1, -3., -3., -3.]).repeat_interleave(4))
    x = torch.rand(20, 3, 8, 8)*torch.tensor([1., .2, .1])[:, None, None]
    view = make(vae, x)
    png = next(iter(view.views.values())).png if make is explorer else view.png
    red, green, blue = torch.from_numpy(np.array(Image.open(io.BytesIO(png)).convert("RGB"))).float().movedim(-1, 0)
    assert ((red - green > 60) & (red - blue > 60)).float().mean() > .005

def test_nan_breaks_off_and_says_so():
    losses = iter([1., 2., math.nan])
    m = Monitor(lambda b: dict(loss=torch.tensor(next(losses))))
    with pytest.raises(FloatingPointError): m.fit([torch.zeros(2)], 5)
    assert m.history == dict(loss=[1., 2.]) and "broke off" in m.status.value and not m.running
    future = Monitor(lambda b: dict(loss=torch.tensor(math.nan))).fit([torch.zeros(2)], 1, background=True)
    with pytest.raises(FloatingPointError): future.result(timeout=600)

def test_wrong_steps_are_fit_s_to_complain_about():
    with pytest.raises(TypeError, match="step: expected a dict"): Monitor(lambda b: 1.).fit([torch.zeros(2)])
    with pytest.raises(ValueError, match="every: expected a positive number"): Monitor(lambda b: {}, every=0.)

# ------------------------------------------------------------------------------------------------------------ explorer
@pytest.mark.parametrize("kind", ["mlp", "conv", "normal", "conditional"])
def test_the_point_is_what_the_decoder_gives(kind, monkeypatch):
    vae = model(kind).train()
    view = latent_view(vae, X, Y)
    spy = Spy(monkeypatch, "latent", "show_images")
    before = pixels(view)
    view.set(z1=1.5, z2=-.5, z3=.25, **({"label": 4} if kind == "conditional" else {}))
    z = torch.tensor([[1.5, -.5, .25]])
    with torch.no_grad(): wanted = vae.mean(z, torch.tensor([4])) if kind == "conditional" else vae.mean(z)
    assert_close(spy.seen[-1][0], wanted)
    assert changed(view, before) and vae.training
    assert_close(view.point(), z[0])
    assert abs(view.numbers["length of z"] - z.norm().item()) < 1e-5

def test_two_dimensions_need_no_menu_and_many_get_one():
    assert set(latent_view(model(d_z=2)).controls) == {"z1", "z2"}
    view = latent_view(model(d_z=5), X, most=3)
    assert set(view.controls) == {"z1", "z2", "z3", "across", "up"}
    view.go(torch.arange(5.)/5)
    assert_close(view.point(), torch.arange(5.)/5)           # the two without a slider, too
    view.controls["z1"].value = -1.
    assert_close(view.point(), torch.tensor([-1., .2, .4, .6, .8]))

def test_buttons_go_to_the_prior_and_to_an_image():
    vae = model()
    view = latent_view(vae, X, Y)
    with torch.no_grad(): mu = vae.encode(X)[0]
    points = []
    for b in (0, 0, 1, 1): view.buttons[b].click(); points.append(view.point())
    assert (points[0] != points[1]).any()
    for p in points[2:]: assert (mu - p).abs().amax(1).min() < 1e-5
    assert len(latent_view(vae).children[0].children) == len(latent_view(vae).controls) + 1      # no images, no second button

def test_the_plane_can_be_chosen(monkeypatch):
    view = latent_view(model(), X, Y)
    asked = Spy(monkeypatch, "latent", "draw_point")
    view.set(across=2, up=0)
    assert asked.seen[-1][4] == (2, 0)

@pytest.mark.parametrize("kind", ["line", "arc"])
def test_the_way_between(kind, monkeypatch):
    vae = model()
    view = path_view(vae, X)
    spy = Spy(monkeypatch, "paths", "show_images")
    view.set(first=3, second=7, kind=kind, t=.3)
    with torch.no_grad():
        a, b = vae.encode(X[[3, 7]])[0]
        wanted, strip = vae.mean(interpolate(a, b, .3, kind)[None]), vae.mean(interpolate(a, b, torch.linspace(0, 1, 9), kind))
    images = [s[0] for s in spy.seen]
    assert_close(images[-1], wanted)
    assert_close(images[-2], torch.cat([X[3:4], strip, X[7:8]]))
    assert abs(view.numbers["length of z"] - interpolate(a, b, .3, kind).norm().item()) < 1e-5

def test_interpolate():
    a, b = torch.tensor([1., 0.]), torch.tensor([0., 3.])
    assert_close(interpolate(a, b, .5), torch.tensor([.5, 1.5]))
    assert_close(interpolate(a, b, .5, "arc"), 2*torch.tensor([1., 1.])/2**.5)
    assert_close(interpolate(a, 2*a, torch.tensor([0., .25, 1.]), "arc"), torch.tensor([[1., 0.], [1.25, 0.], [2., 0.]]))
    assert interpolate(a, b, torch.zeros(2, 3)).shape == (2, 3, 2)
    for bad, name in [((a, b, .5, "bow"), "kind"), ((a, -b*0, .5, "arc"), "a, b"), ((a, -2*a, .5, "arc"), "a, b"), ((a, torch.zeros(3), .5), "b"), (([1.], b, .5), "a")]:
        with pytest.raises((ValueError, TypeError), match=f"^{name}: .*expected.*got"): interpolate(*bad)

def test_one_coordinate(monkeypatch):
    vae = model()
    view = traversal_view(vae, X)
    spy = Spy(monkeypatch, "paths", "show_images")
    view.set(image=5, dim=1)
    with torch.no_grad():
        z = vae.encode(X[5:6])[0].repeat(11, 1)
        z[:, 1] = torch.linspace(-3, 3, 11)
        assert_close(spy.seen[-1][0], vae.mean(z))
    with torch.no_grad(): mu, logvar = vae.encode(X)
    kl = .5*(mu**2 + logvar.exp() - 1 - logvar).mean(0)
    assert abs(view.numbers["average KL, nats"] - kl[1].item()) < 1e-4
    assert [v for _, v in view.controls["dim"]._options_full] == kl.argsort(descending=True).tolist()

def test_the_explorer_switches():
    space = explorer(model("conditional"), X, Y)
    for name, view in space.views.items():
        space.which.value = name
        assert space.children[1] is view and space.still() == view.still()

def test_what_cannot_be_explored():
    for make in (latent_view, path_view, traversal_view, explorer):
        for args, name in [((torch.nn.Linear(1, 1), X), "vae"), ((model(d_z=1), X), "vae"), ((mlp_vae((2, 4, 4), 2, (4,)), X), "vae"), ((model(), X.tolist()), "x"),
                           ((model(), X, Y[1:]), "y"), ((model("conditional"), X), "y"), ((model(), X[:, :, :4]), "x")]:
            with pytest.raises((ValueError, TypeError), match=f"^{name}: .*expected.*got"): make(*args)
    with pytest.raises(ValueError, match=r"^second: expected a number in \[0, 59\], got 60"): path_view(model(), X, second=60)

# --------------------------------------------------------------------------------------------------------------- cards
def said(v, a): return a if v.kind in LETTERED else str(a)

# four of each kind, from all over the bank; that the formulas of all can be drawn is tested in tests/library/exam/test_typeset.py
SOME = [id for kind in sorted({e.kind for e in bank().values()}) for of_kind in [sorted(i for i, e in bank().items() if e.kind == kind)] for id in of_kind[::-(-len(of_kind)//4)]]

@pytest.mark.parametrize("id", SOME)
def test_an_exercise_on_a_card(id):
    "The right answer is right; every mistake that the exercise knows is named; hints come one by one; the solution holds the answer"
    card = Card(id, seed=2)
    v = card.variant
    assert not card.question.value.count("<script") and v.title.split()[0] in re.sub("<.*?>", "", card.question.value)
    card.check.click()
    assert card.verdict.status == "pending"
    if v.kind == "code": return
    for name, (wrong, message) in v.mistakes.items():
        card.answer.value = said(v, wrong)
        card.check.click()
        assert card.verdict.mistake == name and html.escape(message) in card.said.value
    card.answer.value = said(v, v.answer)
    card.check.click()
    assert "Yours to judge" in card.said.value if v.kind == "argued" else card.verdict and "Right." in card.said.value
    for i in range(len(v.hints) + 1):
        card.hint.click()
        assert card.help.value.count("<em>Hint") == min(i + 1, len(v.hints))
    assert "Answer:" not in card.help.value
    card.solve.click()
    assert "Answer:" in card.help.value

def test_code_on_a_card():
    id = next(i for i, e in bank().items() if e.kind == "code")
    card = Card(id)
    v = card.variant
    name = re.search(r"def (\w+)", v.start)[1]
    card.answer.value = f"def {name}(*args, **kwargs): return 1/0"
    card.check.click()
    assert card.verdict.status == "wrong" and "ZeroDivisionError" in card.said.value
    card.answer.value = "def broken(:"
    card.check.click()
    assert card.verdict.status == "unreadable" and "SyntaxError" in card.said.value
    card.answer.value = "x = 1"
    card.check.click()
    assert card.verdict.status == "pending"

def test_other_numbers():
    card = Card("tight-q", seed=1)
    first = card.question.value
    card.answer.value = str(card.variant.answer)
    card.hint.click(); card.again.click()
    assert card.variant == bank()["tight-q"].variant(2) and card.question.value != first and card.answer.value == card.help.value == card.said.value == ""
    with pytest.raises(ValueError, match="id: expected the id of an exercise"): Card("no-such")

def test_enter_checks():
    card = Card("tight-q", seed=1)
    card.answer.value = str(card.variant.answer)
    card.answer._handle_custom_msg(dict(event="submit"), [])
    assert card.verdict

def test_a_hostile_answer_stays_text():
    card = Card("tight-q", seed=1)
    card.answer.value = "<img src=x onerror=alert(1)>"
    card.check.click()
    assert card.verdict.status == "unreadable" and "<img" not in card.said.value and "&lt;" in card.said.value

def test_a_deck_counts():
    pile = deck("elbo", n=3, seed=5)
    assert {bank()[c.id].chapter for c in pile.cards} == {"elbo"} and pile.score() == 0
    for k, c in enumerate(pile.cards, 1):
        assert pile.children[1] is c
        c.answer.value = said(c.variant, c.variant.answer)
        c.check.click()
        assert pile.score() == k and f"{k} right" in pile.say.value
        pile.on.click()
    assert pile.at == 0
    pile.back.click()
    assert pile.at == 2
    with pytest.raises(ValueError, match="topics: expected"): deck("cooking")
    with pytest.raises(ValueError, match="n: expected a number of at least 1"): deck(n=0)

def test_the_still_of_a_card_shows_no_answer():
    card = Card("tight-q", seed=1)
    assert judge(card.variant, card.variant.answer) and str(card.variant.answer[0])[:6] not in card.still()["text/markdown"]

# ---------------------------------------------------------------------------------------------------------- bad input
ROOMS = [importlib.import_module(f"vaegan.widgets.{m.name}") for m in pkgutil.iter_modules(vaegan.widgets.__path__)]
WIDGETS = [f"{m.__name__.removeprefix('vaegan.')}.{n}" for m in ROOMS for n in m.__all__ if callable(getattr(m, n))]
WIDGETS += [n for n in PUBLIC if n.rpartition(".")[0] in WIDGETS]
NO_ROW = {n: "a view over the library's functions, which check; bad input above" for n in WIDGETS}
bad_input_tests({}, NO_ROW)
