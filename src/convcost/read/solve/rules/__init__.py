"""One file per family of layers: a row of a summary -> its op, with what was inferred.

A module of this package defines ``RULES``, from Keras class names to rules, and has a row in
`_FAMILIES`: most tables need few families, and only these are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.solve.site import Rule

#: Module -> the class names whose rules it has, as a pattern.
_FAMILIES = {
    "batch_norm": r"BatchNormalization",
    "conv_lstm": r"ConvLSTM\dD",
    "convolution": r"(Depthwise|Separable)?Conv\dD",
    "dense": r"Dense",
    "elementwise": (
        r"Activation|(Leaky|Thresholded)?ReLU|ELU|Softmax|Identity|ActivityRegularization|Masking"
        r"|Rescaling|(Alpha|Gaussian|Spatial)?Dropout(\dD)?|GaussianNoise"
        r"|Random(Brightness|Contrast|Flip|Rotation|Translation|Zoom)"
    ),
    "embedding": r"Embedding|(Additive)?Attention|Dot",
    "merge": r"Concatenate|Add|Subtract|Multiply|Average|Maximum|Minimum",
    "normalization": r"((Layer|Group|RMS|Unit)?Normalization)|LayerScale|PReLU",
    "pooling": r"(Global)?(Max|Average)Pooling\dD",
    "recurrent": r"LSTM|GRU|SimpleRNN|Bidirectional",
    "resampling": r"(UpSampling|Cropping|Adaptive\w+Pooling)\dD|CenterCrop|RandomCrop|Resizing",
    "shape": r"Flatten|Reshape|Permute|RepeatVector|ZeroPadding\dD",
    "time_distributed": r"TimeDistributed",
    "transposed": r"Conv\dDTranspose|LocallyConnected\dD",
}


class _Rules(Mapping[str, "Rule"]):
    """Rules by Keras class name, loaded when they are asked for."""

    def __getitem__(self, class_name: str) -> Rule:
        for module, pattern in _FAMILIES.items():
            if re.fullmatch(pattern, class_name):
                return family(module)[class_name]
        raise KeyError(class_name)

    def __iter__(self) -> Iterator[str]:
        for module in _FAMILIES:
            yield from family(module)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def family(module: str) -> Mapping[str, Rule]:
    """The rules of one module."""
    found: Mapping[str, Rule] = import_module(f"{__name__}.{module}").RULES
    return found


_ALL = _Rules()


def rules() -> Mapping[str, Rule]:
    """The rule of every Keras class that has one.

    >>> "Conv2D" in rules(), "CapsuleLayer" in rules()
    (True, False)
    """
    return _ALL
