"""Every layer class of Keras with the inputs that it is called on: `CASES[name]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = (9, 7, 6)
VOLUME = (5, 6, 7, 4)
SEQUENCE = (7, 5)


@dataclass(frozen=True)
class Case:
    """A layer and what it is called on.

    Attributes:
        make: of ``keras.layers``.
        shapes: of the inputs, without the batch.
        listed: whether Keras takes the inputs as one list.
        runs: whether Keras's PyTorch backend can run it.
        extra_step: whether Keras runs the cells once more, outside the sequence: it calls stacked
            ones to prepare their dropout, even without any.
        whole: inputs are whole numbers below this.
    """

    make: Callable[[Any], Any]
    shapes: tuple[tuple[int, ...], ...]
    listed: bool = False
    runs: bool = True
    extra_step: bool = False
    whole: int | None = None


def case(make: Callable[[Any], Any], *shapes: tuple[int, ...], **more: Any) -> Case:
    return Case(make, shapes, **more)


_RANKED = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}


def _convolutions() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    configs = (
        {"kernel_size": 3},
        {"kernel_size": 2, "strides": 2, "padding": "same"},
        {"kernel_size": 3, "dilation_rate": 2, "padding": "same", "use_bias": False},
        {"kernel_size": 1, "strides": 3, "activation": "relu"},
    )
    for rank, shape in _RANKED.items():
        for prefix, suffix in (("", ""), ("Separable", ""), ("Depthwise", ""), ("", "Transpose")):
            name = f"{prefix}Conv{rank}D{suffix}"
            if prefix and rank == 3:
                continue
            extra = {} if prefix == "Depthwise" else {"filters": 8}
            found[name] = [
                case(lambda kl, n=name, c=config | extra: getattr(kl, n)(**c), shape)
                for config in configs
            ]
    found["Conv2D"].append(case(lambda kl: kl.Conv2D(6, (1, 3), groups=3), IMAGE))
    found["Conv1D"].append(case(lambda kl: kl.Conv1D(6, 3, padding="causal"), SEQUENCE))
    found["DepthwiseConv2D"].append(
        case(lambda kl: kl.DepthwiseConv2D(3, depth_multiplier=2), IMAGE)
    )
    return found


def _transposed() -> list[Case]:
    return [
        case(
            lambda kl, k=kernel, s=stride, p=padding, o=added: kl.Conv2DTranspose(
                4, k, strides=s, padding=p, output_padding=o
            ),
            (5, 4, 3),
        )
        for kernel in (1, 2, 3, 4, 5)
        for stride in (1, 2, 3)
        for padding in ("valid", "same")
        for added in (None, 0, 1)
        if added is None or added < stride
    ]


def _pools() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for rank, shape in _RANKED.items():
        for function in ("Max", "Average"):
            name = f"{function}Pooling{rank}D"
            found[name] = [
                case(lambda kl, n=name: getattr(kl, n)(2), shape),
                case(lambda kl, n=name: getattr(kl, n)(3, strides=2, padding="same"), shape),
            ]
            found[f"Global{name}"] = [
                case(lambda kl, n=f"Global{name}", k=keep: getattr(kl, n)(keepdims=k), shape)
                for keep in (False, True)
            ]
            found[f"Adaptive{name}"] = [
                case(lambda kl, n=f"Adaptive{name}", r=rank: getattr(kl, n)((3,) * r), shape)
            ]
    return found


def _resampling() -> dict[str, list[Case]]:
    return {
        "UpSampling1D": [case(lambda kl: kl.UpSampling1D(3), SEQUENCE)],
        "UpSampling2D": [
            case(lambda kl: kl.UpSampling2D((2, 3)), IMAGE),
            case(lambda kl: kl.UpSampling2D(interpolation="bilinear"), IMAGE),
        ],
        "UpSampling3D": [case(lambda kl: kl.UpSampling3D((1, 2, 3)), VOLUME)],
        "Cropping1D": [case(lambda kl: kl.Cropping1D((1, 2)), SEQUENCE)],
        "Cropping2D": [case(lambda kl: kl.Cropping2D(((1, 2), (0, 3))), IMAGE)],
        "Cropping3D": [case(lambda kl: kl.Cropping3D(1), VOLUME)],
        "ZeroPadding1D": [case(lambda kl: kl.ZeroPadding1D((1, 2)), SEQUENCE)],
        "ZeroPadding2D": [case(lambda kl: kl.ZeroPadding2D(((1, 2), (0, 3))), IMAGE)],
        "ZeroPadding3D": [case(lambda kl: kl.ZeroPadding3D(2), VOLUME)],
        "Resizing": [case(lambda kl: kl.Resizing(4, 13), IMAGE)],
        "CenterCrop": [
            case(lambda kl: kl.CenterCrop(4, 5), IMAGE),
            case(lambda kl: kl.CenterCrop(12, 5), IMAGE),
        ],
        "RandomCrop": [case(lambda kl: kl.RandomCrop(4, 5), IMAGE)],
    }


def _recurrent() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    configs = (
        {},
        {"return_sequences": True, "use_bias": False},
        {"return_state": True, "activation": "relu"},
    )
    for name in ("SimpleRNN", "LSTM", "GRU"):
        found[name] = [
            case(lambda kl, n=name, c=config: getattr(kl, n)(6, **c), SEQUENCE)
            for config in configs
        ]
        found[f"{name}Cell"] = [
            case(lambda kl, n=f"{name}Cell": kl.RNN(getattr(kl, n)(6)), SEQUENCE)
        ]
    found["GRU"].append(case(lambda kl: kl.GRU(6, reset_after=False), SEQUENCE))
    found["RNN"] = [
        case(lambda kl: kl.RNN(kl.GRUCell(6), return_sequences=True), SEQUENCE),
        case(lambda kl: kl.RNN([kl.LSTMCell(6), kl.SimpleRNNCell(4)]), SEQUENCE, extra_step=True),
    ]
    found["StackedRNNCells"] = [
        case(
            lambda kl: kl.RNN(kl.StackedRNNCells([kl.LSTMCell(6), kl.GRUCell(3)])),
            SEQUENCE,
            extra_step=True,
        )
    ]
    found["Bidirectional"] = [
        case(
            lambda kl, m=mode, s=sequences: kl.Bidirectional(
                kl.LSTM(6, return_sequences=s), merge_mode=m
            ),
            SEQUENCE,
        )
        for mode in ("concat", "sum", "mul", "ave", None)
        for sequences in (False, True)
    ]
    found["Bidirectional"] += [
        case(lambda kl: kl.Bidirectional(kl.GRU(6, return_state=True)), SEQUENCE),
        case(
            lambda kl: kl.Bidirectional(kl.LSTM(6), backward_layer=kl.LSTM(6, go_backwards=True)),
            SEQUENCE,
        ),
    ]
    found["TimeDistributed"] = [
        case(lambda kl: kl.TimeDistributed(kl.Dense(3)), SEQUENCE),
        case(lambda kl: kl.TimeDistributed(kl.Conv1D(3, 2)), IMAGE),
        case(lambda kl: kl.TimeDistributed(kl.Conv2D(3, 2)), VOLUME),
        case(lambda kl: kl.TimeDistributed(kl.Flatten()), VOLUME),
        case(lambda kl: kl.TimeDistributed(kl.GlobalAveragePooling2D()), VOLUME),
        case(lambda kl: kl.TimeDistributed(kl.LSTM(3)), IMAGE),
        case(lambda kl: kl.TimeDistributed(kl.BatchNormalization()), IMAGE),
    ]
    for rank, shape in _RANKED.items():
        name = f"ConvLSTM{rank}D"
        found[name] = [
            case(
                lambda kl, n=name, c=config: getattr(kl, n)(3, **c),
                (3, *shape),
            )
            for config in (
                {"kernel_size": 2, "padding": "same", "return_sequences": True},
                {"kernel_size": 3, "strides": 2, "return_state": True},
                {"kernel_size": 1, "use_bias": False},
            )
        ]
    return found


def _attention() -> dict[str, list[Case]]:
    query, value, key = (4, 6), (7, 6), (7, 6)
    return {
        "Attention": [
            case(lambda kl: kl.Attention(), query, value, listed=True),
            case(lambda kl: kl.Attention(use_scale=True), query, (7, 6), key, listed=True),
            case(lambda kl: kl.Attention(score_mode="concat"), query, value, listed=True),
        ],
        "AdditiveAttention": [
            case(lambda kl, u=use: kl.AdditiveAttention(use_scale=u), query, value, listed=True)
            for use in (True, False)
        ],
        "MultiHeadAttention": [
            case(lambda kl: kl.MultiHeadAttention(3, 4, dropout=0.1), query, value),
            case(
                lambda kl: kl.MultiHeadAttention(2, 4, value_dim=5, output_shape=9, dropout=0.1),
                query,
                (7, 5),
                (7, 8),
            ),
            case(
                lambda kl: kl.MultiHeadAttention(2, 4, use_bias=False, use_gate=True, dropout=0.1),
                query,
                value,
            ),
            case(lambda kl: kl.MultiHeadAttention(2, 4, attention_axes=(2,)), (3, 4, 6), (3, 7, 6)),
            case(lambda kl: kl.MultiHeadAttention(2, 4), (3, 4, 6), (3, 5, 6)),
            case(lambda kl: kl.MultiHeadAttention(2, 4, attention_axes=-3), (3, 4, 6), (3, 4, 6)),
        ],
        "GroupQueryAttention": [
            case(lambda kl: kl.GroupQueryAttention(4, 6, 2, dropout=0.1), query, value),
            case(
                lambda kl: kl.GroupQueryAttention(4, 3, 3, use_gate=True, dropout=0.1), query, value
            ),
        ],
    }


def _dense() -> dict[str, list[Case]]:
    return {
        "Dense": [
            case(lambda kl: kl.Dense(3), (5,)),
            case(lambda kl: kl.Dense(3, use_bias=False), IMAGE),
        ],
        "EinsumDense": [
            case(lambda kl: kl.EinsumDense("ab,bc->ac", output_shape=8, bias_axes="c"), (5,)),
            case(
                lambda kl: kl.EinsumDense("abc,cd->abd", output_shape=(7, 8), activation="relu"),
                SEQUENCE,
            ),
            case(
                lambda kl: kl.EinsumDense("abc,cde->abde", output_shape=(7, 2, 3), bias_axes="e"),
                SEQUENCE,
            ),
            case(
                lambda kl: kl.EinsumDense("...x,xy->...y", output_shape=4, bias_axes="y"), SEQUENCE
            ),
            case(lambda kl: kl.EinsumDense("ab...,bc->ac...", output_shape=4), IMAGE),
        ],
        "Embedding": [case(lambda kl: kl.Embedding(20, 6), (7,), whole=20)],
        "ReversibleEmbedding": [
            case(lambda kl, t=tied: kl.ReversibleEmbedding(20, 6, tie_weights=t), (7,), whole=20)
            for tied in (True, False)
        ],
        "Dot": [
            case(lambda kl: kl.Dot(axes=1), (5,), (5,), listed=True),
            case(lambda kl: kl.Dot(axes=(2, 1)), (4, 5), (5, 6), listed=True),
            case(lambda kl: kl.Dot(axes=-1, normalize=True), (4, 5), (3, 5), listed=True),
            case(lambda kl: kl.Dot(axes=(3, 1)), (2, 4, 5), (5,), listed=True),
        ],
        **{
            name: [case(lambda kl, n=name: getattr(kl, n)(), IMAGE, IMAGE, listed=True)]
            for name in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply")
        },
        "Subtract": [case(lambda kl: kl.Subtract(), IMAGE, IMAGE, listed=True)],
    }


def _elementwise() -> dict[str, list[Case]]:
    same = (
        *("ELU", "Identity", "LeakyReLU", "ReLU", "Softmax", "Masking", "PReLU"),
        *("BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        *("ActivityRegularization", "Normalization"),
        *("AugMix", "CutMix", "MixUp", "RandAugment", "RandomElasticTransform", "RandomGrayscale"),
        *("RandomColorJitter", "RandomErasing", "RandomFlip", "RandomGaussianBlur"),
        *("RandomPerspective", "RandomShear", "Equalization", "Solarization", "RandomInvert"),
    )
    factor = (
        *("RandomBrightness", "RandomContrast", "RandomColorDegeneration", "RandomHue"),
        *("RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness"),
        *("RandomTranslation", "RandomZoom"),
    )
    arguments = {"RandomTranslation": (0.1, 0.1), "RandomPosterization": (4,)}
    rgb = (9, 7, 3)
    found = {name: [case(lambda kl, n=name: getattr(kl, n)(), rgb)] for name in same}
    for name in factor:
        given = arguments.get(name, (0.1,))
        if name in ("RandomHue", "RandomSaturation"):
            given = (0.1,)
        found[name] = [case(lambda kl, n=name, a=given: getattr(kl, n)(*a), rgb)]
    for name in ("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"):
        found[name] = [case(lambda kl, n=name: getattr(kl, n)(0.3), rgb)]
    for rank, shape in _RANKED.items():
        name = f"SpatialDropout{rank}D"
        found[name] = [case(lambda kl, n=name: getattr(kl, n)(0.3), shape)]
    found["Activation"] = [case(lambda kl: kl.Activation("gelu"), rgb)]
    found["PReLU"].append(case(lambda kl: kl.PReLU(shared_axes=[1, 2]), rgb))
    found["BatchNormalization"] += [
        case(lambda kl: kl.BatchNormalization(axis=1, center=False, scale=False), rgb),
    ]
    found["LayerNormalization"] += [
        case(lambda kl: kl.LayerNormalization(axis=(1, 3), center=False), rgb),
        case(lambda kl: kl.LayerNormalization(axis=[3, 2, 1]), rgb),
    ]
    found["RMSNormalization"].append(case(lambda kl: kl.RMSNormalization(axis=2), rgb, runs=False))
    found["GroupNormalization"] = [
        case(lambda kl: kl.GroupNormalization(3), IMAGE),
        case(lambda kl: kl.GroupNormalization(-1, center=False), IMAGE),
    ]
    found["Normalization"] += [
        case(lambda kl: kl.Normalization(axis=(1, 3)), rgb),
        case(lambda kl: kl.Normalization(axis=None), rgb),
        case(lambda kl: kl.Normalization(mean=1.0, variance=2.0), rgb),
    ]
    found["SpectralNormalization"] = [
        case(lambda kl: kl.SpectralNormalization(kl.Conv2D(4, 3)), rgb),
        case(lambda kl: kl.SpectralNormalization(kl.Dense(4)), (5,)),
    ]
    found["Rescaling"] = [case(lambda kl: kl.Rescaling(1 / 255.0), rgb)]
    found["Pipeline"] = [
        case(lambda kl: kl.Pipeline([kl.Rescaling(0.1), kl.CenterCrop(4, 4)]), rgb),
    ]
    found["Flatten"] = [case(lambda kl: kl.Flatten(), rgb)]
    found["Reshape"] = [case(lambda kl: kl.Reshape((-1, 3)), rgb)]
    found["Permute"] = [case(lambda kl: kl.Permute((3, 1, 2)), rgb)]
    found["RepeatVector"] = [case(lambda kl: kl.RepeatVector(4), (5,))]
    found["Discretization"] = [case(lambda kl: kl.Discretization([0.0, 1.0, 2.0]), (5,))]
    found["CategoryEncoding"] = [
        case(lambda kl, m=mode: kl.CategoryEncoding(9, output_mode=m), (5,), whole=9)
        for mode in ("one_hot", "multi_hot", "count")
    ]
    return found


CASES: dict[str, list[Case]] = {
    **_convolutions(),
    **_pools(),
    **_resampling(),
    **_recurrent(),
    **_attention(),
    **_dense(),
    **_elementwise(),
}
CASES["Conv2DTranspose"] += _transposed()
