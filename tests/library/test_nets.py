"Networks: how many numbers they learn, in which order their layers stand"
from functools import partial

import pytest
import torch
from bad_input import INT, SHAPES, S, bad_input_tests, row
from helpers import an_image_alone_and_in_a_batch
from pitfalls import pitfall_tests
from torch import nn

from vaegan.gan import conv_gan
from vaegan.nets import conv_decoder, conv_encoder, mlp, n_params
from vaegan.vae import conv_vae


@pytest.mark.parametrize("norm", [False, True])
def test_mlp(norm):
    net = mlp(6, 5, 4, 3, act=nn.Tanh, norm=norm, out=nn.Sigmoid)
    names = [type(m).__name__ for m in net]
    hidden = ["Linear"] + ["BatchNorm1d"]*norm + ["Tanh"]
    assert names == ["Flatten", *hidden, *hidden, "Linear", "Sigmoid"]
    assert n_params(net) == 6*5 + 5 + 5*4 + 4 + 4*3 + 3 + norm*2*(5 + 4)
    assert net(torch.rand(7, 2, 3)).shape == (7, 3) and [type(m).__name__ for m in mlp(2, 1)] == ["Flatten", "Linear"]
    assert mlp(1, 1)(torch.zeros(1, 1)).shape == (1, 1)
    net[1].weight.requires_grad_(False)
    assert n_params(net) == 5 + 5*4 + 4 + 4*3 + 3 + norm*2*(5 + 4)

@pytest.mark.parametrize("norm", [False, True])
def test_convolutions(norm):
    "Sizes of an image that is no square, of several channels; every weight counted"
    C, H, W, w = 3, 8, 12, 5
    enc, dec = conv_encoder((C, H, W), 7, w, act=nn.Tanh, norm=norm), conv_decoder(7, (C, H, W), w, out=nn.Sigmoid, act=nn.Tanh, norm=norm)
    assert n_params(enc) == 9*C*w + w + 9*w*2*w + 2*w + 2*w*6*7 + 7 + norm*2*3*w
    assert n_params(dec) == 7*2*w*6 + 2*w*6 + 16*2*w*w + w + 16*w*C + C + norm*2*3*w
    x = torch.rand(2, C, H, W)
    assert enc(x).shape == (2, 7) and dec(enc(x)).shape == x.shape and ((0 < dec(enc(x))) & (dec(enc(x)) < 1)).all()
    bn = ["BatchNorm2d"]*norm
    assert [type(m).__name__ for m in enc] == ["Conv2d", *bn, "Tanh", "Conv2d", *bn, "Tanh", "Flatten", "Linear"]
    assert [type(m).__name__ for m in dec] == ["Linear", "Unflatten", *bn, "Tanh", "ConvTranspose2d", *bn, "Tanh", "ConvTranspose2d", "Sigmoid"]
    assert type(conv_decoder(1, (1, 4, 4), 1)[-1]) is nn.ConvTranspose2d and not any("Norm" in type(m).__name__ for m in [*conv_encoder((1, 4, 4), 1), *conv_decoder(1, (1, 4, 4))])
    G, D = conv_gan((C, H, W), 7, w)
    assert n_params(G) == 7*2*w*6 + 2*w*6 + 2*2*w + 16*2*w*w + w + 2*w + 16*w*C + C
    assert n_params(D) == 16*C*w + w + 16*w*2*w + 2*w + 2*w*6 + 1
    assert G.sample(2).shape == G.net(G.noise(2)).shape == x.shape and D(x).shape == (2,)
    assert [type(m).__name__ for m in D.net] == ["Conv2d", "LeakyReLU", "Conv2d", "LeakyReLU", "Flatten", "Linear"] and [m.negative_slope for m in D.net if isinstance(m, nn.LeakyReLU)] == [.2, .2]
    assert [type(m).__name__ for m in G.net] == ["Linear", "Unflatten", "BatchNorm2d", "ReLU", "ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d", "Sigmoid"]
    for net in (enc, dec, G.net, D.net):
        assert {m.padding for m in net if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))} == {(1, 1)}   # no pixel is left out
    for bad in ((1, 6, 8), (1, 8, 6), (8, 8), (1, 1, 8, 8)):
        for make in (partial(conv_encoder, n_out=1), partial(conv_decoder, 1), conv_gan, partial(conv_vae, d_z=1)):
            with pytest.raises(ValueError, match="x_shape"): make(x_shape=bad)
    assert conv_gan((1, 4, 4), 1, 1) and conv_encoder((1, 4, 4), 1, 1) and conv_vae((1, 4, 4), 1, 1)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "nets.mlp": row(dict(sizes=(4, 2)), call=lambda sizes: mlp(*sizes), sizes=[(), (4,), (4, 0), (4, -1, 2), (4, 1.5, 2)]),
    "nets.conv_encoder": row(dict(x_shape=S, n_out=2, width=3), x_shape=SHAPES + [(1, 6, 4), (4, 4)], n_out=INT(), width=INT()),
    "nets.conv_decoder": row(dict(d_z=2, x_shape=S, width=3), x_shape=SHAPES + [(1, 6, 4), (4, 4)], d_z=INT(), width=INT()),
}
NO_ROW = {
    "nets.n_params": "takes a network",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

# ----------------------------------------------------------------------------------------------------------- pitfalls
MISTAKES = [   # name, function, text, mistaken text, check
    ("batch norm on the output", "nets.mlp", "    if out: layers.append(out())", "    if norm: layers.append(nn.BatchNorm1d(sizes[-1]))\n    if out: layers.append(out())", an_image_alone_and_in_a_batch),
]
test_the_check_passes, test_the_mistake_is_seen = pitfall_tests(MISTAKES)
