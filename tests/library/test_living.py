"A living picture shows its figure; tests/pages/test_living.py opens them in a browser"
import base64
import io
import json
import math
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bad_input import INF, NAN, bad_input_tests, row

from vaegan.living import living


def test_a_living_picture_shows_its_figure(monkeypatch):
    "At twice the resolution and the figure's own size; the figure is gone from the notebook; tensors keep their bits"
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1])
    fig.canvas.draw()
    before = plt.get_fignums()
    weights, alt = torch.tensor([1., -.1], requires_grad=True), "x"*29 + "."
    with pytest.raises(ValueError, match="alt: expected"): living("dirac", {}, alt[1:], fig)
    with pytest.raises(ValueError, match="one of broken, diffusion, dirac, elbo, .*reparam, surface"): living("base", {}, alt, fig)
    with pytest.raises(ValueError, match="data: expected finite"): living("dirac", dict(w=torch.tensor([1., math.nan])), alt, fig)
    shown = living("dirac", dict(w=weights), alt, fig)._repr_mimebundle_()
    assert set(before) - set(plt.get_fignums()) == {fig.number} and shown["text/plain"] == alt
    pixels = plt.imread(io.BytesIO(base64.b64decode(shown["image/png"])))
    assert pixels.shape[1::-1] == (3*220, 2*220) and pixels.std() > 0
    assert shown["image/png"] in shown["text/html"] and 'width="330"' in shown["text/html"]
    sent = re.search(r'<script type="application/json">(.*?)</script>', shown["text/html"])[1]
    assert np.frombuffer(base64.b64decode(json.loads(sent)["w"]["f32"]), "<f4").tolist() == weights.tolist()

# ---------------------------------------------------------------------------------------------------------- bad input
bell = lambda: plt.figure().subplots().figure

ROWS = {
    "living.living": row(dict(name="phi", data=dict(z=1.), alt="The bell curve of a standard normal", fig=bell()),
        name=["no such picture", 3, None, "base"], data=[[1.], None, dict(z=NAN), dict(z=torch.tensor([INF])), dict(z=object())], alt=["", "short", None],
        fig=[plt.figure(), "a picture"]),
    "living.pack_tensor": row(dict(data=torch.ones(2, 3)), skip="int empty short", allow="shape"),
    "living.program": row(dict(name="phi"), name=["no such picture", 3, None, "base", "../js/phi"]),
}
NO_ROW = {
    "living.LivingPicture": "a plain record", "living.html_block": "strings that `living` has made; its `name` is that of `program`",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
