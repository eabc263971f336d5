"""Samples of the ops that layers of Keras need besides: sequences, attention, preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.augmentation import Augmentation
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.embedding import Embedding
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.norm import BatchNorm
from convcost.ops.permute import Permute, Repeat
from convcost.ops.pool import AdaptivePool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
    Masking,
    Normalization,
    Rescaling,
)
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Resize, Upsample
from convcost.ops.scale import Scale
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.window import window
from support.op_sample import MODES, Sample, image, sequence, vector, video

if TYPE_CHECKING:
    from convcost.network.op import Op

LSTM = Recurrent(cells=(Cell(function="lstm", units=3),), return_sequences=True)

SAMPLES: dict[type[Op], list[Sample]] = {
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
        Sample(
            lambda n: (
                Normalization(stored=False, mean=(0.5, 1.0, 0.0, 2.0), variance=(1.0,) * 4),
                (image(n),),
            )
        ),
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
    Rescaling: [
        Sample(lambda n: (Rescaling(), (image(n),))),
        Sample(lambda n: (Rescaling((0.5, 1.0, 2.0, 1.0), -1.0), (image(n),))),
    ],
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
