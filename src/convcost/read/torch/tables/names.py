"""PyTorch's classes: what they compute, what only holds others, how they lay out an axis order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.tables.table import Shape

#: Modules that only hold others and print no computation of their own.
CONTAINERS = frozenset(
    ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "DataParallel")
) | {"DistributedDataParallel"}

#: Activation classes -> functions.
ACTIVATIONS: Mapping[str, str] = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "Hardtanh": "relu6",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "SELU": "selu",
    "CELU": "celu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Swish": "silu",
    "MemoryEfficientSwish": "silu",
    "Hardswish": "hard_silu",
    "Sigmoid": "sigmoid",
    "Hardsigmoid": "hard_sigmoid",
    "LogSigmoid": "log_sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "LogSoftmax": "log_softmax",
    "Identity": "linear",
}

DROPOUTS = frozenset(
    ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
) | {"DropPath", "StochasticDepth", "DropBlock2d"}

#: Classes that take their features from the last axis.
_FEATURES_LAST = frozenset(
    ("Linear", "Embedding", "LayerNorm", "LSTM", "GRU", "RNN", "MultiheadAttention")
) | {"LSTMCell", "GRUCell", "RNNCell", "TransformerEncoderLayer", "NonDynamicallyQuantizableLinear"}
_FEATURES_FIRST = re.compile(
    r"(?:Lazy)?(?:Conv(?:Transpose)?|BatchNorm|InstanceNorm|(?:Adaptive)?(?:Max|Avg)Pool|Dropout"
    r"|\w+Pad|Upsampling\w*)[123]d$|GroupNorm$|SyncBatchNorm$|Upsample$|PixelShuffle$"
)


def channels_first(kind: str) -> bool | None:
    """Whether a class takes channels before positions; None where it takes any order.

    >>> channels_first("Conv2d"), channels_first("Linear"), channels_first("ReLU")
    (True, False, None)
    """
    if kind in _FEATURES_LAST:
        return False
    return True if _FEATURES_FIRST.match(kind) else None


def class_by_name(name: str, *, shape: Shape, parameters: int, same_shape: bool, work: int) -> str:
    """The class of a row that prints a module's name only, from its name and its figures.

    Args:
        name: of the module: ``layer1.0.conv1``.
        shape: of the output, without the batch.
        parameters: learned ones.
        same_shape: output and input have the same shape.
        work: the operations that the tool counted.

    >>> class_by_name("features.1", shape=(64, 9, 9), parameters=128, same_shape=True, work=1)
    'BatchNorm2d'
    """
    word = name.lower().rpartition(".")[2]
    image = len(shape) == 3
    if parameters:
        if same_shape and parameters == 2 * shape[0] and not word.startswith(("conv", "fc")):
            return "BatchNorm2d" if image else "BatchNorm1d"
        return "Conv2d" if image else "Linear"
    if "drop" in word or (same_shape and not work):
        return "Dropout"
    if same_shape and "pool" not in word:
        return next((kind for kind in ACTIVATIONS if kind.lower() in word), "ReLU")
    if not image:
        return "Flatten"
    if shape[1:] == (1, 1):
        return "AdaptiveAvgPool2d"
    return "AvgPool2d" if "avg" in word else "MaxPool2d"
