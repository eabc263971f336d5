"""Keras models, and what TensorFlow's profiler and our convention say of each: run as a script.

A process of its own, since Keras keeps the backend that it is first imported with: the profiler
sees TensorFlow's graphs only. Prints one JSON object: model -> batch -> [profiler, ours, whether
ours is complete, layers that differ without a reason].
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _keras() -> Any:
    import keras

    return keras


class _Layers:
    """`keras.layers`, imported when the first layer is made."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # whoever looks for tests in this file asks for these
            raise AttributeError(name)
        return getattr(_keras().layers, name)


L: Any = _Layers()

IMAGE, SEQUENCE, FEATURES = (16, 16, 8), (10, 16), (7,)


def chained(*layers: Any, shape: tuple[int, ...] = IMAGE) -> Any:
    first = result = _keras().Input(shape)
    for layer in layers:
        result = layer(result)
    return _keras().Model(first, result)


def merged(layer: Any, *, inputs: int = 2, shape: tuple[int, ...] = (8, 8, 4)) -> Any:
    given = [_keras().Input(shape) for _ in range(inputs)]
    return _keras().Model(given, layer(given))


def attention() -> Any:
    given = _keras().Input(SEQUENCE)
    return _keras().Model(given, L.MultiHeadAttention(2, 8)(given, given))


def seed000(*, batch_norm: bool) -> Any:
    norm = [L.BatchNormalization()] if batch_norm else []
    return chained(
        L.Conv2D(32, 3, padding="same", activation="relu"), *norm, L.Flatten(),
        L.Dense(43, activation="softmax"), shape=(32, 32, 3),
    )  # fmt: skip


def seed001_mlp() -> Any:
    return chained(
        L.Dense(512, activation="relu"), L.Dropout(0.2), L.Dense(512, activation="relu"),
        L.Dropout(0.2), L.Dense(10, activation="softmax"), shape=(784,),
    )  # fmt: skip


def seed001_cnn() -> Any:
    return chained(
        L.Conv2D(32, 3, activation="relu"), L.Conv2D(64, 3, activation="relu"),
        L.MaxPooling2D(2), L.Dropout(0.25), L.Flatten(), L.Dense(10, activation="softmax"),
        shape=(28, 28, 1),
    )  # fmt: skip


def alexnet_like() -> Any:
    return chained(
        L.Conv2D(96, 11, strides=4, activation="relu"), L.MaxPooling2D(3, 2),
        L.Conv2D(256, 5, padding="same", groups=2, activation="relu"), L.MaxPooling2D(3, 2),
        L.Conv2D(384, 3, padding="same", activation="relu"), L.MaxPooling2D(3, 2), L.Flatten(),
        L.Dense(512, activation="relu"), L.Dropout(0.5), L.Dense(1000, activation="softmax"),
        shape=(227, 227, 3),
    )  # fmt: skip


MODELS: dict[str, Callable[[], Any]] = {
    "seed 000": lambda: seed000(batch_norm=True),
    "seed 000 without BatchNorm": lambda: seed000(batch_norm=False),
    "seed 001, dense": seed001_mlp,
    "seed 001, convolutions": seed001_cnn,
    "as AlexNet": alexnet_like,
    "convolution": lambda: chained(L.Conv2D(4, 3, padding="same")),
    "grouped": lambda: chained(L.Conv2D(4, 3, groups=4)),
    "grouped in one dimension": lambda: chained(L.Conv1D(4, 3, groups=4), shape=SEQUENCE),
    "dilated": lambda: chained(L.Conv2D(4, 3, dilation_rate=2)),
    "dilated by blocks that do not fit": lambda: chained(
        L.Conv2D(4, 3, dilation_rate=(3, 2)), shape=(17, 16, 8)
    ),
    "dilated, same": lambda: chained(L.Conv2D(4, 3, dilation_rate=3, padding="same")),
    "causal": lambda: chained(L.Conv1D(4, 3, dilation_rate=4, padding="causal"), shape=(15, 8)),
    "in three dimensions": lambda: chained(L.Conv3D(4, 3, use_bias=False), shape=(6, 6, 6, 3)),
    "depthwise": lambda: chained(L.DepthwiseConv2D(3, strides=2, depth_multiplier=2)),
    "depthwise, dilated": lambda: chained(
        L.DepthwiseConv2D(3, dilation_rate=3), shape=(17, 16, 8)
    ),
    "separable": lambda: chained(L.SeparableConv2D(5, 3, dilation_rate=2), shape=(17, 16, 8)),
    "separable in one dimension": lambda: chained(L.SeparableConv1D(5, 3), shape=SEQUENCE),
    "transposed, same": lambda: chained(L.Conv2DTranspose(4, 4, strides=2, padding="same")),
    "transposed": lambda: chained(L.Conv2DTranspose(4, 3, strides=2)),
    "transposed, fractions of a stride": lambda: chained(
        L.Conv2DTranspose(4, 4, strides=3), shape=(7, 7, 3)
    ),
    "transposed in one dimension": lambda: chained(
        L.Conv1DTranspose(4, 3, strides=2), shape=SEQUENCE
    ),
    "transposed in three dimensions": lambda: chained(
        L.Conv3DTranspose(4, 3), shape=(6, 6, 6, 3)
    ),
    "dense on a sequence": lambda: chained(L.Dense(5), shape=SEQUENCE),
    "dense, GELU": lambda: chained(L.Dense(5, activation="gelu"), shape=FEATURES),
    "einsum": lambda: chained(
        L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d"), shape=SEQUENCE
    ),
    "BatchNorm": lambda: chained(L.BatchNormalization()),
    "BatchNorm without scale": lambda: chained(L.BatchNormalization(scale=False)),
    "BatchNorm of features": lambda: chained(L.BatchNormalization(), shape=FEATURES),
    "LayerNorm": lambda: chained(L.LayerNormalization()),
    "LayerNorm without scale": lambda: chained(L.LayerNormalization(scale=False)),
    "LayerNorm without shift": lambda: chained(L.LayerNormalization(center=False)),
    "LayerNorm of three axes": lambda: chained(L.LayerNormalization(axis=[1, 2, 3])),
    "RMSNorm": lambda: chained(L.RMSNormalization()),
    "UnitNorm": lambda: chained(L.UnitNormalization()),
    "maximum pool": lambda: chained(L.MaxPooling2D(2)),
    "average pool": lambda: chained(L.AveragePooling2D(3, strides=2, padding="same")),
    "maximum pool in three dimensions": lambda: chained(L.MaxPooling3D(2), shape=(6, 6, 6, 3)),
    "global average": lambda: chained(L.GlobalAveragePooling2D()),
    "global maximum": lambda: chained(L.GlobalMaxPooling2D()),
    "PReLU": lambda: chained(L.PReLU()),
    "embedding": lambda: chained(L.Embedding(20, 4), shape=FEATURES),
    "embedding that masks": lambda: chained(L.Embedding(20, 4, mask_zero=True), shape=FEATURES),
    "repeated": lambda: chained(L.RepeatVector(3), shape=FEATURES),
    "upsampled": lambda: chained(L.UpSampling2D(2)),
    "upsampled bilinearly": lambda: chained(L.UpSampling2D(2, interpolation="bilinear")),
    "rescaled": lambda: chained(L.Rescaling(1 / 255, offset=-1)),
    "normalised": lambda: chained(
        L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 2.0, 1.0]), shape=(4, 4, 3)
    ),
    "moved only": lambda: chained(
        L.ZeroPadding2D(1), L.Cropping2D(2), L.Permute((2, 1, 3)), L.Flatten(), L.Dropout(0.2)
    ),
    "LSTM": lambda: chained(L.LSTM(32), shape=SEQUENCE),
    "LSTM without bias": lambda: chained(
        L.LSTM(8, use_bias=False, return_sequences=True), shape=SEQUENCE
    ),
    "LSTM unrolled": lambda: chained(L.LSTM(8, unroll=True), shape=SEQUENCE),
    "GRU": lambda: chained(L.GRU(32), shape=SEQUENCE),
    "GRU that resets before": lambda: chained(L.GRU(32, reset_after=False), shape=SEQUENCE),
    "simple recurrent": lambda: chained(L.SimpleRNN(32), shape=SEQUENCE),
    "both ways": lambda: chained(
        L.Bidirectional(L.GRU(8), merge_mode="ave"), shape=SEQUENCE
    ),
    "time distributed": lambda: chained(
        L.TimeDistributed(L.Conv2D(3, 3)), shape=(4, 8, 8, 2)
    ),
    "added": lambda: merged(L.Add(), inputs=3),
    "averaged": lambda: merged(L.Average()),
    "maximum": lambda: merged(L.Maximum()),
    "concatenated": lambda: merged(L.Concatenate()),
    "dot": lambda: merged(L.Dot(axes=2), shape=SEQUENCE),
    "attention": lambda: merged(L.Attention(), shape=SEQUENCE),
    "attention in heads": attention,
    "GroupNorm": lambda: chained(L.GroupNormalization(4)),
    "ConvLSTM": lambda: chained(L.ConvLSTM2D(4, 3), shape=(3, 8, 8, 2)),
    "cells in a stack": lambda: chained(L.RNN([L.LSTMCell(4), L.LSTMCell(3)]), shape=(5, 4)),
    "MobileNet": lambda: _keras().applications.MobileNet(weights=None),
    "InceptionV3": lambda: _keras().applications.InceptionV3(weights=None),
    "EfficientNetB0": lambda: _keras().applications.EfficientNetB0(weights=None),
    **{
        name: lambda name=name: chained(L.Activation(name))
        for name in (
            "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "sigmoid", "tanh", "softmax",
            "log_softmax", "gelu", "silu", "hard_sigmoid", "hard_silu", "softplus", "softsign",
            "exponential", "mish",
        )
    },
}  # fmt: skip


#: Parameters above which one batch is enough.
_LARGE = 1_000_000


def profiled(model: Any, batch: int) -> int:
    """What the profiler says of the model's graph at inference."""
    import tensorflow as tf

    signature = [tf.TensorSpec((batch, *x.shape[1:]), x.dtype) for x in model.inputs]

    def call(*inputs: Any) -> Any:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    graph = tf.function(call).get_concrete_function(*signature).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(tf.compat.v1.profiler.profile(graph, options=options).total_float_ops)


def compared(model: Any) -> dict[int, tuple[int, int, bool, list[str]]]:
    """Both figures at one or two batches."""
    import convcost
    from convcost.count import Workload
    from convcost.count.conventions.difference import count_as

    network = convcost.read(model)
    found = {}
    for batch in (1,) if model.count_params() > _LARGE else (1, 3):
        other = count_as(network, "tf.profiler", Workload(batch=batch))
        unexplained = [x.name for x in other.layers if x.differs and not x.because]
        figures = profiled(model, batch), other.operations
        found[batch] = (*figures, other.complete, unexplained)
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump({name: compared(make()) for name, make in MODELS.items()}, sys.stdout)
