"""Receptive fields: published figures, branches, formulas, and a forward pass that agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from convcost import zoo
from convcost.count.field import Field, Span
from convcost.count.receptive_field import receptive_field
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.evaluation import evaluate
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.unknown import Unknown
from convcost.ops.window import Window, window

if TYPE_CHECKING:
    from convcost.network.network import Network

#: Size, stride and padding (the offset's opposite) of google-research/receptive_field,
#: RECEPTIVE_FIELD_TABLE.md: vgg_16, mobilenet_v1 at 224, inception_v3 at any size.
PUBLISHED = [
    ("vgg16", "features.0", 3, 1, 1),
    ("vgg16", "features.4", 6, 2, 2),
    ("vgg16", "features.9", 16, 4, 6),
    ("vgg16", "features.16", 44, 8, 18),
    ("vgg16", "features.23", 100, 16, 42),
    ("vgg16", "features.30", 212, 32, 90),
    ("mobilenet", "conv1_relu", 3, 2, 0),
    ("mobilenet", "conv_pw_2_relu", 11, 4, 2),
    ("mobilenet", "conv_pw_6_relu", 59, 16, 14),
    ("mobilenet", "conv_pw_12_relu", 251, 32, 94),
    ("mobilenet", "conv_pw_13_relu", 315, 32, 126),
    ("inception-v3", "max_pooling2d_1", 31, 8, 2),
    ("inception-v3", "mixed0", 63, 8, 18),
    ("inception-v3", "mixed3", 159, 16, 58),
    ("inception-v3", "mixed7", 927, 16, 442),
    ("inception-v3", "mixed8", 1055, 32, 490),
    ("inception-v3", "mixed10", 1311, 32, 618),
]


@pytest.mark.parametrize(("network", "layer", "size", "stride", "padding"), PUBLISHED)
def test_published_figures(network: str, layer: str, size: int, stride: int, padding: int) -> None:
    field = receptive_field(zoo.load(network))[layer]
    assert field.axes == {axis: Span(size, stride, -padding) for axis in ("height", "width")}
    assert field.notes == ()


def test_every_layer_has_a_field() -> None:
    for name in zoo.names():
        network = zoo.load(name)
        fields = receptive_field(network)
        assert list(fields) == [layer.name for layer in network.layers]
        assert all(field.why is None for field in fields.values())


def test_what_leaves_no_position_reads_the_whole_axis() -> None:
    fields = receptive_field(zoo.load("mobilenet"))
    for layer in ("global_average_pooling2d", "conv_preds", "predictions"):
        assert all(span.whole for span in fields[layer].axes.values())
    assert receptive_field(zoo.load("vgg16"))["flatten"].to_dict() == {
        axis: {"size": None, "stride": None, "offset": None} for axis in ("height", "width")
    }
    assert receptive_field(zoo.load("seed001-mlp"))["dense_35"] == Field({})


def _image(**sizes: int) -> tuple[Builder, object]:
    builder = Builder("net")
    return builder, builder.add(Input(Tensor.of(batch=BATCH, **sizes, channel=4)), name="x")


def test_padding_and_cropping_move_the_field() -> None:
    builder, x = _image(height=9, width=9)
    x = builder.add(Conv(filters=4, windows=window(1, 2)), x)
    x = builder.add(ZeroPadding((("height", 1, 0),)), x, name="pad")
    builder.add(Cropping((("height", 3, 0), ("width", 1, 1))), x, name="crop")
    fields = receptive_field(builder.build())
    assert fields["pad"].axes == {"height": Span(1, 2, -2), "width": Span(1, 2, 0)}
    assert fields["crop"].axes == {"height": Span(1, 2, 4), "width": Span(1, 2, 2)}


def test_normalisation_reads_what_it_normalises_over() -> None:
    builder, x = _image(height=9, width=9)
    builder.add(LayerNorm(), x, name="channels")
    builder.add(LayerNorm(axes=("width", "channel")), x, name="rows")
    builder.add(GroupNorm(groups=2), x, name="groups")
    fields = receptive_field(builder.build())
    one = Span(1, 1, 0)
    assert fields["channels"].axes == {"height": one, "width": one}
    assert fields["rows"].axes == {"height": one, "width": Span()}
    assert fields["groups"].axes == {"height": Span(), "width": Span()}


def test_axes_have_fields_of_their_own() -> None:
    builder, x = _image(height=9, width=9)
    builder.add(Conv(filters=4, windows=window((1, 7), (2, 1), padding="same")), x, name="conv")
    assert receptive_field(builder.build())["conv"].axes == {
        "height": Span(1, 2, 0),
        "width": Span(7, 1, -3),
    }


def test_centres_that_differ_are_told() -> None:
    """A pooling of stride 2 beside a 1x1 convolution of stride 2: as in Xception's third block."""
    builder, x = _image(height=8, width=9)
    pool = builder.add(Pool(function="max", windows=window(3, 2, padding="same")), x)
    conv = builder.add(Conv(filters=4, windows=window(1, 2, padding="same")), x)
    builder.add(Merge("add"), pool, conv, name="add")
    field = receptive_field(builder.build())["add"]
    assert field.axes == {"height": Span(3, 2, 0), "width": Span(3, 2, -1)}
    assert field.notes == ("height: branches centred on 1 and 0 meet; the span holds all of them",)


def test_strides_that_differ_are_told() -> None:
    builder, x = _image(time=3)
    slow = builder.add(Conv(filters=4, windows=window((1,), 2)), x)
    fast = builder.add(Conv(filters=4, windows=window((2,))), x)
    builder.add(Concatenate("channel"), slow, fast, name="join")
    field = receptive_field(builder.build())["join"]
    assert field.axes == {"time": Span(2, 2, 0)}
    assert "strides 2 and 1 meet" in field.notes[0]


def test_a_gate_from_global_pooling_reads_everything() -> None:
    builder, x = _image(height=8, width=8)
    pool = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    gate = builder.add(Activation("sigmoid"), builder.add(pool, x))
    builder.add(Merge("multiply"), x, gate, name="scaled")
    field = receptive_field(builder.build())["scaled"]
    assert all(span.whole for span in field.axes.values())
    assert field.notes == ()


def test_softmax_over_positions_reads_them_all() -> None:
    builder = Builder("net")
    x = builder.add(Input(Tensor.of(batch=BATCH, channel=4, height=8, width=8)))
    builder.add(Activation("softmax"), x, name="softmax")
    axes = receptive_field(builder.build())["softmax"].axes
    assert axes == {"height": Span(1, 1, 0), "width": Span()}


def test_dense_layers_keep_other_axes() -> None:
    builder = Builder("net")
    x = builder.add(Input(Tensor.of(batch=BATCH, time=8, feature=3)))
    builder.add(Dense(units=2), x, name="dense")
    assert receptive_field(builder.build())["dense"].axes == {"time": Span(1, 1, 0)}


def test_no_rule_is_no_field() -> None:
    builder, x = _image(height=8, width=8)
    same = Tensor.of(batch=BATCH, height=8, width=8, channel=4)
    x = builder.add(Unknown(name="Lambda", results=(same,)), x, name="odd")
    builder.add(Conv(filters=4, windows=window(3)), x, name="after")
    fields = receptive_field(builder.build())
    for layer in ("odd", "after"):
        assert fields[layer].why == "no rule for unknown (layer 'odd')"
        assert fields[layer].to_dict() is None


def test_joining_along_positions_has_no_single_field() -> None:
    builder, x = _image(height=8, width=8)
    builder.add(Concatenate("height"), x, x, name="join")
    assert "no rule for concatenate" in (receptive_field(builder.build())["join"].why or "")


def test_formulas() -> None:
    fields = receptive_field(zoo.load("seed004"))
    assert fields["conv"].to_dict() == {
        axis: {"size": "K", "stride": "S", "offset": "-P"} for axis in ("height", "width")
    }


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 3))
def test_formulas_with_numbers_are_the_figures(size: int, kernel: int, stride: int) -> None:
    values = {"X": size, "K": kernel, "S": stride}

    def field(**sizes: object) -> Field:
        builder = Builder("net")
        x = builder.add(Input(Tensor.of(batch=1, time=sizes["X"], channel=1)))  # type: ignore[arg-type]
        windows = (Window("time", sizes["K"], sizes["S"], padding="same"),)  # type: ignore[arg-type]
        for _ in range(2):
            x = builder.add(Conv(filters=1, windows=windows), x)
        builder.add(Merge("add"), x, x, name="sum")
        return receptive_field(builder.build())["sum"]

    formula = field(**{name: symbol(name) for name in values}).axes["time"]
    figures = field(**values).axes["time"]
    for name in ("size", "stride", "offset"):
        assert evaluate(getattr(formula, name), values) == getattr(figures, name)


INPUTS = 60
_PADDINGS = st.sampled_from(["valid", "same", "causal", (1, 2), (0, 3)])
_WINDOWS = st.builds(
    Window, st.just("time"), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), _PADDINGS
)


@settings(deadline=None, max_examples=200)
@given(st.lists(_WINDOWS, min_size=1, max_size=4), _WINDOWS, st.tuples(*2 * [st.integers(0, 3)]))
def test_a_forward_pass_agrees(windows: list[Window], last: Window, pads: tuple[int, int]) -> None:
    """One input at a time is moved: exactly the outputs whose field holds it may move."""
    try:
        network = _branched(windows, last, pads)
    except NetworkError:
        reject()
    output = network.outputs[0].layer
    span = receptive_field(network)[output].axes["time"]
    for position, moved in enumerate(_moved(network, output)):
        first = span.offset + position * span.stride
        final = first + span.size - 1
        read = np.flatnonzero(moved)
        assert all(first <= i <= final for i in read)
        assert first < 0 or final >= INPUTS or (read[0], read[-1]) == (first, final)


def _branched(windows: list[Window], last: Window, pads: tuple[int, int]) -> Network:
    """Windows after each other, padding, and two branches where their sizes agree."""
    builder = Builder("net")
    x = builder.add(Input(Tensor.of(batch=1, time=INPUTS, channel=1)))
    for number, each in enumerate(windows):
        pool = Pool(function="average", windows=(each,))
        x = builder.add(pool if number % 2 else Conv(filters=1, windows=(each,)), x)
    x = builder.add(ZeroPadding((("time", *pads),)), x)
    narrow = builder.add(BatchNorm(), builder.add(Conv(filters=1, windows=(last,)), x))
    wide = builder.add(Conv(filters=1, windows=(replace(last, dilation=last.dilation + 1),)), x)
    if builder.tensor(narrow) == builder.tensor(wide):
        narrow = builder.add(Merge("add"), narrow, wide)
    return builder.build([narrow])


def _moved(network: Network, name: str) -> np.ndarray:
    """By output position: which inputs move it, all weights being one."""
    values: dict[str, np.ndarray] = {}
    for layer in network.layers:
        inputs = [values[ref.layer] for ref in layer.inputs]
        match layer.op:
            case Input():
                values[layer.name] = np.eye(INPUTS)
            case Conv() | Pool() as op:
                values[layer.name] = _sums(inputs[0], op.windows[0])
            case ZeroPadding(((_, before, after),)):
                values[layer.name] = np.pad(inputs[0], ((before, after), (0, 0)))
            case _:
                values[layer.name] = np.sum(inputs, axis=0)
    return values[name] > 0


def _sums(x: np.ndarray, window: Window) -> np.ndarray:
    outputs = window.output(len(x))
    x = np.pad(x, (window.pads(len(x)), (0, 0)))
    taps = np.arange(window.kernel) * window.dilation
    return np.stack([x[i * window.stride + taps].sum(axis=0) for i in range(outputs)])
