"""Samples of every op, and how they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.augmentation import Augmentation
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.bilinear import Bilinear
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.computed import ComputedWeights
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.elementwise import Elementwise, Glu
from convcost.ops.embedding import Embedding
from convcost.ops.grid_sample import GridSample
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.loss import Loss
from convcost.ops.matmul import MatMul
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
    Masking,
    Normalization,
    Rescaling,
)
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.reduce import Cumulate, Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.resize import Resize, Upsample
from convcost.ops.scale import Scale
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.scatter import ScatterAdd
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.view import View
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.dims import Dim

MODES = ("inference", "training")


def image(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, height=6, width=5, channel=channels)


def vector(n: Dim) -> Tensor:
    return Tensor.of(batch=n, feature=12)


@dataclass(frozen=True)
class Sample:
    """An op and inputs for any batch, with what the general rule does not tell.

    Attributes:
        make: batch -> op and inputs.
        view_in: modes in which nothing is read or written.
        known: whether there is a cost.
        written_in_training: bytes written besides the results.
        weights_read: bytes of weights read for a batch of two, where that is not all of them.
        targets_read: bytes read for a batch of two that are no input.
        trains_by_products: whether training adds products.
        trains_unknown: whether the cost of training is not known.
        partial_products: whether the products are not yet the layer's results.
    """

    make: Callable[[Any], tuple[Op, tuple[Tensor, ...]]]
    view_in: tuple[str, ...] = ()
    known: bool = True
    weights_read: int | None = None
    targets_read: int = 0
    trains_by_products: bool = False
    trains_unknown: bool = False
    partial_products: bool = False
    written_in_training: int = 0


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


def sequence(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, time=5, channel=channels)


def video(n: Dim) -> Tensor:
    return Tensor.of(batch=n, time=3, height=6, width=5, channel=4)


LSTM = Recurrent(cells=(Cell(function="lstm", units=3),), return_sequences=True)

SAMPLES |= {
    AdaptivePool: [
        Sample(
            lambda n, f=f: (
                AdaptivePool(function=f, parts=(("height", 4), ("width", 2))),
                (image(n),),
            )
        )
        for f in ("max", "average")
    ],
    AdditiveAttention: [
        Sample(lambda n, s=s: (AdditiveAttention(scale=s), (sequence(n), sequence(n))))
        for s in (True, False)
    ],
    Attention: [
        Sample(lambda n: (Attention(), (sequence(n), sequence(n)))),
        Sample(lambda n: (Attention(score="concat", scale=True), (sequence(n),) * 3)),
    ],
    Augmentation: [
        Sample(
            lambda n: (Augmentation("RandomFlip"), (image(n),)),
            view_in=("inference",),
            trains_unknown=True,
        )
    ],
    Bidirectional: [
        Sample(
            lambda n, m=m: (Bidirectional(forward=LSTM, backward=LSTM, merge=m), (sequence(n),)),
            partial_products=True,
        )
        for m in ("concat", "ave", None)
    ],
    CategoryEncoding: [
        Sample(lambda n, m=m: (CategoryEncoding(categories=9, mode=m), (vector(n),)))
        for m in ("one_hot", "multi_hot")
    ],
    Chain: [
        Sample(
            lambda n: (
                Chain((Conv(filters=2, windows=window(3)), Flatten(), Dense(units=3))),
                (image(n),),
            )
        ),
        Sample(lambda n: (Chain((Flatten(), Activation("linear"))), (image(n),)), view_in=MODES),
    ],
    ConvLSTM: [
        Sample(
            lambda n: (ConvLSTM(filters=2, windows=window(3, 2), return_state=True), (video(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                ConvLSTM(
                    filters=2, windows=window(3, padding="same"), return_sequences=True, bias=False
                ),
                (video(n),),
            ),
            partial_products=True,
        ),
    ],
    ConvTranspose: [
        Sample(
            lambda n: (ConvTranspose(filters=8, windows=window(3, 2, padding="same")), (image(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                ConvTranspose(
                    filters=6,
                    windows=window(2, 3, padding=(1, 0)),
                    groups=2,
                    output_padding=(1, 0),
                    bias=False,
                    activation="relu",
                ),
                (image(n),),
            ),
            partial_products=True,
        ),
    ],
    Cropping: [Sample(lambda n: (Cropping((("height", 1, 2),)), (image(n),)))],
    Discretization: [Sample(lambda n: (Discretization(7), (vector(n),)))],
    Dot: [
        Sample(lambda n: (Dot(axes=("channel", "channel")), (sequence(n), sequence(n)))),
        Sample(
            lambda n: (Dot(axes=("feature", "feature"), normalize=True), (vector(n), vector(n)))
        ),
    ],
    EinsumDense: [
        Sample(
            lambda n: (
                EinsumDense(
                    equation="abc,cde->abde",
                    sizes=(("d", 2), ("e", 3)),
                    bias_axes="e",
                    activation="relu",
                ),
                (sequence(n),),
            )
        )
    ],
    Embedding: [
        Sample(
            lambda n: (Embedding(entries=5000, units=3), (vector(n),)), weights_read=2 * 12 * 3 * 4
        )
    ],
    GroupNorm: [Sample(lambda n: (GroupNorm(groups=2), (image(n),)))],
    LayerNorm: [
        Sample(lambda n: (LayerNorm(), (sequence(n),))),
        Sample(lambda n: (LayerNorm(axes=("height", "channel"), scale=False), (image(n),))),
    ],
    LocallyConnected: [
        Sample(
            lambda n: (LocallyConnected(filters=3, windows=window(3, padding="same")), (image(n),))
        )
    ],
    Masking: [Sample(lambda n: (Masking(), (sequence(n),)))],
    MultiHeadAttention: [
        Sample(
            lambda n: (
                MultiHeadAttention(heads=2, key_size=3, value_size=5, gate=True),
                (sequence(n),),
            )
        ),
        Sample(
            lambda n: (
                MultiHeadAttention(
                    heads=4, key_heads=2, key_size=3, value_size=3, output_size=7, bias=False
                ),
                (sequence(n), sequence(n, 6), sequence(n, 2)),
            )
        ),
        Sample(
            lambda n: (
                MultiHeadAttention(heads=2, key_size=3, value_size=3, axes=("width",)),
                (image(n),),
            )
        ),
    ],
    Normalization: [
        Sample(lambda n: (Normalization(), (image(n),))),
        Sample(lambda n: (Normalization(axes=(), stored=False), (image(n),))),
    ],
    PRelu: [Sample(lambda n: (PRelu(("height", "width")), (image(n),)))],
    Permute: [Sample(lambda n: (Permute((0, 2, 1)), (sequence(n),)))],
    RMSNorm: [Sample(lambda n: (RMSNorm(), (sequence(n),)))],
    Recurrent: [
        Sample(lambda n: (LSTM, (sequence(n),)), partial_products=True),
        Sample(
            lambda n: (
                Recurrent(
                    cells=(
                        Cell(function="gru", units=3, biases=2),
                        Cell(function="simple", units=2),
                    ),
                    return_state=True,
                ),
                (sequence(n),),
            ),
            partial_products=True,
        ),
    ],
    RecurrentStep: [
        Sample(
            lambda n: (
                RecurrentStep(cells=(Cell(function="lstm", units=3, biases=0),)),
                (vector(n),),
            ),
            partial_products=True,
        )
    ],
    Repeat: [Sample(lambda n: (Repeat(4), (vector(n),)))],
    Rescaling: [Sample(lambda n: (Rescaling(), (image(n),)))],
    Resize: [Sample(lambda n: (Resize(sizes=(("height", 9), ("width", 2))), (image(n),)))],
    Scale: [Sample(lambda n: (Scale(), (image(n),)))],
    SpectralNorm: [
        Sample(
            lambda n: (SpectralNorm(op=Conv(filters=2, windows=window(3))), (image(n),)),
            written_in_training=4 * (9 * 4 * 2 + 2),
            trains_by_products=True,
        )
    ],
    TimeDistributed: [
        Sample(
            lambda n: (
                TimeDistributed(op=Conv(filters=2, windows=window(3, padding="same"))),
                (video(n),),
            )
        ),
        Sample(
            lambda n: (TimeDistributed(op=BatchNorm()), (video(n),)), written_in_training=2 * 4 * 4
        ),
        Sample(lambda n: (TimeDistributed(op=Flatten()), (video(n),)), view_in=MODES),
    ],
    UnitNorm: [Sample(lambda n: (UnitNorm(), (vector(n),)))],
    Upsample: [
        Sample(
            lambda n, i=i: (
                Upsample(factors=(("height", 2), ("width", 3)), interpolation=i),
                (image(n),),
            )
        )
        for i in ("nearest", "bilinear")
    ],
}


SAMPLES |= {
    Bilinear: [
        Sample(lambda n, b=b: (Bilinear(units=3, bias=b), (vector(n), vector(n))))
        for b in (True, False)
    ],
    ComputedWeights: [
        Sample(
            lambda n: (
                ComputedWeights(op=Conv(filters=6, windows=window(3)), given=("kernel",)),
                (image(n), Tensor.of(a=3, b=3, c=4, d=6)),
            )
        ),
    ],
    Constant: [
        Sample(lambda _: (Constant(tensor=vector(2), parameter=True), ()), view_in=MODES),
        Sample(lambda _: (Constant(tensor=vector(2)), ()), view_in=MODES),
    ],
    Copy: [Sample(lambda n: (Copy(function="roll", result=image(n)), (image(n),)))],
    Cumulate: [Sample(lambda n: (Cumulate(function="sum"), (image(n),)))],
    Elementwise: [
        Sample(lambda n: (Elementwise(function="rsqrt"), (image(n),))),
        Sample(
            lambda n: (
                Elementwise(function="divide"),
                (image(n), Tensor.of(height=6, width=1, channel=1)),
            )
        ),
    ],
    Fill: [Sample(lambda n: (Fill(function="zeros", result=image(n)), ()))],
    Gather: [
        Sample(
            lambda n: (
                Gather(result=Tensor.of(batch=n, feature=12, head=4)),
                (Tensor.of(row=3, head=4), vector(n)),
            )
        )
    ],
    GridSample: [
        Sample(
            lambda n: (
                GridSample(result=Tensor.of(batch=n, channel=4, height=2, width=3)),
                (
                    Tensor.of(batch=n, channel=4, height=6, width=5),
                    Tensor.of(batch=n, height=2, width=3, place=2),
                ),
            )
        )
    ],
    Glu: [Sample(lambda n: (Glu(position=3), (image(n),)))],
    MatMul: [
        Sample(lambda n: (MatMul(), (sequence(n), Tensor.of(row=4, column=7)))),
        Sample(
            lambda n: (
                MatMul(addend=True, scale=True),
                (sequence(n), Tensor.of(batch=n, row=4, column=7), Tensor.of(column=7)),
            )
        ),
        Sample(lambda n: (MatMul(), (Tensor.of(summed=5), sequence(n)))),
        Sample(lambda n: (MatMul(), (vector(n), Tensor.of(summed=12)))),
    ],
    RecurrentStack: [
        Sample(
            lambda n: (
                RecurrentStack(function="lstm", units=3, levels=2, directions=2, projection=2),
                (sequence(n),),
            ),
            partial_products=True,
        ),
        Sample(
            lambda n: (RecurrentStack(function="gru", units=3, bias=False), (sequence(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                RecurrentStack(function="simple", units=3, activation="relu", time=None),
                (vector(n), Tensor.of(batch=n, feature=3)),
            ),
        ),
    ],
    Reduce: [
        Sample(
            lambda n, f=f: (
                Reduce(function=f, positions=(1, 2), keep_axes=f == "mean"),
                (image(n),),
            )
        )
        for f in ("sum", "mean", "deviation")
    ]
    + [Sample(lambda n: (Reduce(function="max", positions=(3,), second="float32"), (image(n),)))],
    ScaledAttention: [
        Sample(lambda n: (ScaledAttention(), (sequence(n), sequence(n), sequence(n)))),
        Sample(
            lambda n: (
                ScaledAttention(),
                (*(sequence(n),) * 3, Tensor.of(batch=n, query=5, key=5)),
            )
        ),
    ],
    ScatterAdd: [
        Sample(lambda n: (ScatterAdd(result=image(n)), (sequence(n, 27),))),
        Sample(
            lambda n: (ScatterAdd(result=vector(n), source=1), (vector(n), vector(n), vector(n)))
        ),
    ],
    View: [Sample(lambda n: (View((vector(n), image(n))), (image(n),)), view_in=MODES)],
}


each_op = pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
each_sample = pytest.mark.parametrize(
    "sample",
    [
        pytest.param(sample, id=f"{kind.__name__}-{position}")
        for kind, samples in SAMPLES.items()
        for position, sample in enumerate(samples)
    ],
)
each_mode = pytest.mark.parametrize("mode", MODES)


def call_of(sample: Sample, batch: Any, mode: str = "inference") -> tuple[Op, Call]:
    op, inputs = sample.make(batch)
    parameters = tuple(
        Parameter(w.name, w.shape, learned=w.learned, trainable=w.learned)
        for w in op.weights(*inputs)
    )
    return op, Call(inputs, op.outputs(*inputs), parameters, mode)  # type: ignore[arg-type]
