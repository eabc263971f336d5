"""Configurations of layers as readers give them: inner layers, axis order, what is not stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from convcost.errors import NetworkError
from convcost.network.op import Call
from convcost.ops.activation import Activation
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.crop import Cropping
from convcost.ops.recurrent import Recurrent
from convcost.ops.resize import Resize
from convcost.read.axis_names import named
from convcost.read.keras.config import LayerCall, LayerConfig, ModelConfig, NotLiteral
from convcost.read.keras.layers import Site, build, rules
from convcost.read.keras.layers.undecidable import REASONS

if TYPE_CHECKING:
    from convcost.network.tensor import Tensor


def site(*shapes, channels_first=False, **config):
    inputs = tuple(named((2, *shape), channels_first=channels_first) for shape in shapes)
    return Site(config, inputs, channels_first)


def macs(op, *inputs: Tensor):
    return op.cost("forward", Call(inputs, op.outputs(*inputs))).macs


def test_no_class_has_two_rules():
    from importlib import import_module
    from pkgutil import iter_modules

    from convcost.read.keras import layers

    modules = [
        import_module(f"{layers.__name__}.{module.name}")
        for module in iter_modules(layers.__path__)
    ]
    names = [name for module in modules for name in getattr(module, "RULES", {})]
    assert len(names) == len(set(names)) == len(rules())


@pytest.mark.parametrize(
    "inner",
    [
        LayerConfig("Conv2D", "c", {"filters": 4, "kernel_size": (3, 3)}),
        {"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": [3, 3]}},
        {
            "class_name": "Sequential",
            "config": {
                "layers": [
                    {"class_name": "InputLayer", "config": {}},
                    {"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": [3, 3]}},
                ]
            },
        },
    ],
)
def test_an_inner_layer_is_read_in_every_form(inner):
    where = site((5, 8, 8, 3), layer=inner)
    op = build("TimeDistributed", where)
    assert op.op == Conv(filters=4, windows=op.op.windows)
    assert macs(op, *where.inputs) == 2 * 5 * 36 * 27 * 4


def chain(*layers, branch=False):
    calls = []
    for i, layer in enumerate(layers):
        before = ((layers[i - 1][1], 0, 0),) if i else ()
        before = ((layers[0][1], 0, 0),) if branch and i > 1 else before
        calls.append(LayerConfig(*layer, calls=(LayerCall(before),)))
    return ModelConfig("Sequential", "m", tuple(calls), (), ((layers[-1][1], 0, 0),))


LAYERS = (
    ("Conv2D", "c", {"filters": 4, "kernel_size": 3}),
    ("Flatten", "f", {}),
    ("Dense", "d", {"units": 6}),
)


def test_a_model_inside_a_wrapper_is_a_chain():
    model = LayerConfig("Sequential", "m", model=chain(*LAYERS))
    where = site((5, 8, 8, 3), layer=model)
    op = build("TimeDistributed", where)
    assert isinstance(op.op, Chain)
    assert op.outputs(*where.inputs)[0].shape == (2, 5, 6)
    assert op.outputs(*where.inputs)[0].names == ("batch", "time", "channel")
    assert macs(op, *where.inputs) == 2 * 5 * (36 * 27 * 4 + 144 * 6)


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (None, "'layer' is not stated"),
        (NotLiteral("make_layer()"), "'layer' is not stated"),
        (3, "'layer' is not a layer"),
        (LayerConfig("Capsule", "c"), "no rule for the inner layer Capsule"),
        (LayerConfig("Model", "m", model=chain(*LAYERS, branch=True)), "not a chain of layers"),
        ({"class_name": "Sequential", "config": {}}, "'layer' has no layers"),
    ],
)
def test_an_inner_layer_that_cannot_be_read_says_why(inner, message):
    with pytest.raises(NetworkError, match=message):
        build("TimeDistributed", site((5, 8, 8, 3), layer=inner))


def test_layers_inside_layers_end_somewhere():
    inner = {"class_name": "Dense", "config": {"units": 1}}
    for _ in range(40):
        inner = {"class_name": "Sequential", "config": {"layers": [inner]}}
    with pytest.raises(NetworkError, match="nested too deeply"):
        build("TimeDistributed", site((5, 8), layer=inner))


def test_time_is_the_second_axis_whatever_it_is_called():
    config = {"units": 6, "return_sequences": True}
    last, first = (
        build("LSTM", site((7, 5), channels_first=first, **config)) for first in (False, True)
    )
    assert (last.time, first.time) == ("time", "channel")
    for channels_first in (False, True):
        where = site((7, 5), channels_first=channels_first, **config)
        assert macs(build("LSTM", where), *where.inputs) == 2 * 7 * 4 * 6 * 11


def test_channels_first_goes_by_names():
    where = site((3, 8, 8), channels_first=True, filters=4, kernel_size=2, strides=2)
    op = build("Conv2DTranspose", where)
    assert op.outputs(*where.inputs)[0].shape == (2, 4, 16, 16)
    where = site((5, 3, 8, 8), channels_first=True, filters=4, kernel_size=3)
    op = build("ConvLSTM2D", where)
    assert op.outputs(*where.inputs)[0].shape == (2, 4, 6, 6)
    assert op.outputs(*where.inputs)[0].names == ("batch", "channel", "height", "width")


@pytest.mark.parametrize(
    ("stated", "function"),
    [
        (None, "linear"),
        ("swish", "silu"),
        (LayerConfig("LeakyReLU", "l"), "leaky_relu"),
        (LayerConfig("ThresholdedReLU", "t"), "threshold"),
    ],
)
def test_an_activation_may_be_none_or_a_layer(stated, function):
    cell = build("SimpleRNN", site((7, 5), units=6, activation=stated)).cells[0]
    assert cell.activation == function
    assert build("Activation", site((5,), activation=stated)) == Activation(function)


def test_stacked_cells_feed_each_other():
    cells = (
        LayerConfig("LSTMCell", "a", {"units": 6}),
        {"class_name": "GRUCell", "config": {"units": 3}},
    )
    op = build("RNN", site((7, 5), cell=cells))
    assert isinstance(op, Recurrent)
    assert [cell.function for cell in op.cells] == ["lstm", "gru"]
    stacked = LayerConfig("StackedRNNCells", "s", {"cells": cells})
    assert build("RNN", site((7, 5), cell=stacked)) == op
    with pytest.raises(NetworkError, match="no rule for the cell MyCell"):
        build("RNN", site((7, 5), cell=LayerConfig("MyCell", "m")))


def test_a_centre_larger_than_the_image_is_resized():
    assert isinstance(build("CenterCrop", site((9, 7, 3), height=4, width=7)), Cropping)
    assert isinstance(build("CenterCrop", site((9, 7, 3), height=4, width=8)), Resize)


@pytest.mark.parametrize(
    ("name", "shape", "config", "message"),
    [
        ("LocallyConnected2D", (9, 7, 3), {"filters": 2, "kernel_size": 3, "implementation": 2},
         "implementation 2 and 3"),
        ("UpSampling2D", (9, 7, 3), {"interpolation": "magic"}, "'magic' is not known"),
        ("Resizing", (9, 7, 3), {"height": 4, "width": 4, "antialias": True}, "antialiasing"),
        ("Attention", (7, 5), {"score_mode": "sum"}, "score mode 'sum'"),
        ("Bidirectional", (7, 5),
         {"layer": LayerConfig("LSTM", "l", {"units": 2}), "merge_mode": "max"}, "merge mode"),
        ("EinsumDense", (7, 5), {"equation": "ab,bc->ac", "output_shape": 3}, "does not fit"),
        ("EinsumDense", (7, 5), {"equation": "abc", "output_shape": 3}, "does not fit"),
        ("Permute", (7, 5), {"dims": (1, 3)}, None),
        ("PReLU", (7, 5), {"shared_axes": (4,)}, "has no axis 4"),
        ("GroupNormalization", (7, 5), {}, None),
        ("MultiHeadAttention", (7, 5), {"num_heads": 2}, "'key_dim' is not stated"),
        ("Discretization", (5,), {"num_bins": 3, "output_mode": "one_hot"}, "whole numbers"),
        ("Lambda", (5,), {}, "never run"),
    ],
)  # fmt: skip
def test_what_is_not_covered_is_refused(name, shape, config, message):
    where = site(shape, **config)
    with pytest.raises(NetworkError, match=message):
        build(name, where).outputs(*where.inputs)


@pytest.mark.parametrize("name", REASONS)
def test_what_is_not_covered_says_why(name):
    with pytest.raises(NetworkError) as caught:
        build(name, site((9, 7, 6)))
    assert caught.value.message == REASONS[name]
