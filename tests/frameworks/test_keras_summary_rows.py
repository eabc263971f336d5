"""What Keras prints of a layer, read back: the same work as its configuration says."""

from __future__ import annotations

from typing import Any

import pytest

from convcost.count import count
from convcost.network.op import Call
from convcost.ops.unknown import Unknown
from convcost.read.axis_names import named
from convcost.read.keras.layers import Site, build
from convcost.read.source import read_source

pytestmark = pytest.mark.filterwarnings("ignore")

IMAGE = (12, 10, 6)
SEQUENCE = (9, 5)
VIDEO = (4, 8, 8, 3)

#: Layer of ``keras.layers`` -> what it is called on.
LAYERS = {
    "LSTM": (lambda kl: kl.LSTM(6), SEQUENCE),
    "LSTM of a sequence": (lambda kl: kl.LSTM(6, return_sequences=True), SEQUENCE),
    "LSTM without bias": (lambda kl: kl.LSTM(6, use_bias=False), SEQUENCE),
    "GRU": (lambda kl: kl.GRU(6), SEQUENCE),
    "GRU of Keras 2": (lambda kl: kl.GRU(6, reset_after=False), SEQUENCE),
    "SimpleRNN": (lambda kl: kl.SimpleRNN(6), SEQUENCE),
    "Bidirectional LSTM": (lambda kl: kl.Bidirectional(kl.LSTM(6)), SEQUENCE),
    "Bidirectional GRU": (
        lambda kl: kl.Bidirectional(kl.GRU(6, return_sequences=True), merge_mode="sum"),
        SEQUENCE,
    ),
    "TimeDistributed Dense": (lambda kl: kl.TimeDistributed(kl.Dense(3)), SEQUENCE),
    "TimeDistributed Conv2D": (lambda kl: kl.TimeDistributed(kl.Conv2D(3, 3)), VIDEO),
    "TimeDistributed MaxPooling2D": (lambda kl: kl.TimeDistributed(kl.MaxPooling2D()), VIDEO),
    "TimeDistributed Flatten": (lambda kl: kl.TimeDistributed(kl.Flatten()), VIDEO),
    "ConvLSTM1D": (lambda kl: kl.ConvLSTM1D(4, 3), IMAGE),
    "ConvLSTM2D": (lambda kl: kl.ConvLSTM2D(4, 3, padding="same", return_sequences=True), VIDEO),
    "Embedding": (lambda kl: kl.Embedding(100, 8), (9,)),
    **{
        f"Conv2DTranspose {kernel} {stride} {padding}": (
            lambda kl, k=kernel, s=stride, p=padding: kl.Conv2DTranspose(4, k, s, padding=p),
            IMAGE,
        )
        for kernel in (2, 3, 4)
        for stride in (1, 2)
        for padding in ("valid", "same")
    },
    "Conv1DTranspose": (lambda kl: kl.Conv1DTranspose(4, 3, 3, use_bias=False), SEQUENCE),
    "Conv3DTranspose": (lambda kl: kl.Conv3DTranspose(4, 2, 2), VIDEO),
    "UpSampling2D": (lambda kl: kl.UpSampling2D((2, 3)), IMAGE),
    "Cropping2D": (lambda kl: kl.Cropping2D(((1, 2), (3, 3))), IMAGE),
    "PReLU": (lambda kl: kl.PReLU(shared_axes=[1, 2]), IMAGE),
    "PReLU of every place": (lambda kl: kl.PReLU(), IMAGE),
    "LayerNormalization": (lambda kl: kl.LayerNormalization(), IMAGE),
    "GroupNormalization": (lambda kl: kl.GroupNormalization(3), IMAGE),
    "RMSNormalization": (lambda kl: kl.RMSNormalization(), IMAGE),
    "UnitNormalization": (lambda kl: kl.UnitNormalization(), IMAGE),
    "Normalization": (lambda kl: kl.Normalization(), IMAGE),
    "Rescaling": (lambda kl: kl.Rescaling(1 / 255.0), IMAGE),
    "Resizing": (lambda kl: kl.Resizing(5, 7), IMAGE),
    "Masking": (lambda kl: kl.Masking(), SEQUENCE),
    "Permute": (lambda kl: kl.Permute((3, 1, 2)), IMAGE),
    "RepeatVector": (lambda kl: kl.RepeatVector(4), (5,)),
    "AdaptiveAveragePooling2D": (lambda kl: kl.AdaptiveAveragePooling2D((3, 5)), IMAGE),
    "RandomFlip": (lambda kl: kl.RandomFlip(), IMAGE),
}


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", reason="the oracle is Keras itself: pip install keras")


@pytest.mark.parametrize("name", LAYERS)
def test_a_printed_layer_is_read_back(keras: Any, name: str) -> None:
    make, shape = LAYERS[name]
    layer = make(keras.layers)
    first = keras.Input(shape)
    model = keras.Model(first, layer(first))
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    (network,) = read_source("\n".join(lines))
    inputs = (named((1, *shape)),)
    op = build(type(layer).__name__, Site(layer.get_config(), inputs))
    assert op is not None
    expected = op.cost("forward", Call(inputs, op.outputs(*inputs)))
    assert expected is not None
    result = count(network)
    assert not [x.name for x in network.layers if isinstance(x.op, Unknown)], network.notes
    assert result.total.forward.macs == expected.macs
    assert result.total.parameters + result.total.statistics == model.count_params()
