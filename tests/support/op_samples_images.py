"""Samples of the ops of convolutional networks of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.loss import Loss
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from support.op_sample import MODES, Sample, image, vector

if TYPE_CHECKING:
    from convcost.network.op import Op

SAMPLES: dict[type[Op], list[Sample]] = {
    Activation: [
        Sample(lambda n: (Activation("relu"), (image(n),))),
        Sample(lambda n: (Activation("softmax"), (vector(n),))),
        Sample(lambda n: (Activation("linear"), (vector(n),)), view_in=MODES),
    ],
    BatchNorm: [
        Sample(lambda n: (BatchNorm(), (image(n),)), written_in_training=2 * 4 * 4),
        Sample(
            lambda n: (BatchNorm(axis="feature", scale=False), (vector(n),)),
            written_in_training=2 * 12 * 4,
        ),
    ],
    Concatenate: [
        Sample(lambda n: (Concatenate("channel"), (image(n), image(n, 7), image(n)))),
        Sample(lambda n: (Concatenate("height"), (image(n), image(n)))),
    ],
    Conv: [
        Sample(lambda n: (Conv(filters=8, windows=window(3, padding="same")), (image(n),))),
        Sample(
            lambda n: (
                Conv(filters=6, windows=window((1, 3), 2, dilation=2), groups=2, bias=False),
                (image(n),),
            )
        ),
        Sample(
            lambda n: (
                Conv(filters=2, windows=window((3,), padding="causal"), activation="tanh"),
                (Tensor.of(batch=n, channel=3, time=9),),
            )
        ),
    ],
    Dense: [
        Sample(lambda n: (Dense(units=7), (vector(n),))),
        Sample(
            lambda n: (
                Dense(units=3, bias=False, activation="softmax"),
                (Tensor.of(batch=n, time=5, feature=2),),
            )
        ),
    ],
    DepthwiseConv: [
        Sample(lambda n: (DepthwiseConv(windows=window(3, padding=(1, 1))), (image(n),))),
        Sample(
            lambda n: (DepthwiseConv(windows=window(2, 2), multiplier=3, bias=False), (image(n),))
        ),
    ],
    Dropout: [Sample(lambda n: (Dropout(0.3), (vector(n),)), view_in=("inference",))],
    Flatten: [Sample(lambda n: (Flatten(), (image(n),)), view_in=MODES)],
    GlobalPool: [
        Sample(lambda n: (GlobalPool(function="max", axes=("height", "width")), (image(n),))),
        Sample(
            lambda n: (
                GlobalPool(function="average", axes=("height",), keep_axes=True),
                (image(n),),
            )
        ),
    ],
    Input: [Sample(lambda n: (Input(image(n)), ()), view_in=MODES)],
    LocalResponseNorm: [Sample(lambda n: (LocalResponseNorm(), (image(n),)))],
    Loss: [
        Sample(lambda n: (Loss(function="cross-entropy"), (vector(n),)), targets_read=2 * 8),
        Sample(
            lambda n: (Loss(function="binary-cross-entropy", probabilities=True), (image(n),)),
            targets_read=image(2).bytes,
        ),
    ],
    Merge: [
        Sample(lambda n: (Merge("add"), (image(n), image(n), image(n)))),
        Sample(
            lambda n: (
                Merge("multiply"),
                (image(n), Tensor.of(batch=n, height=1, width=1, channel=4)),
            )
        ),
        Sample(lambda n: (Merge("average"), (image(n), image(n)))),
    ],
    Pool: [
        Sample(lambda n: (Pool(function="max", windows=window(2, 2)), (image(n),))),
        Sample(
            lambda n: (Pool(function="average", windows=window(3, padding="same")), (image(n),))
        ),
    ],
    Reshape: [
        Sample(
            lambda n: (Reshape((Axis("time", 3), Axis("feature", 4))), (vector(n),)), view_in=MODES
        )
    ],
    SeparableConv: [
        Sample(
            lambda n: (
                SeparableConv(filters=5, windows=window(3, padding="same"), multiplier=2),
                (image(n),),
            )
        )
    ],
    Unknown: [
        Sample(
            lambda n: (Unknown(name="Capsule", results=(vector(n),), parameters=9), (image(n),)),
            known=False,
        )
    ],
    ZeroPadding: [Sample(lambda n: (ZeroPadding((("height", 1, 2),)), (image(n),)))],
}
