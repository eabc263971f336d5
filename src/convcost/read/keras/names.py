"""Keras class names: cut ones completed, old ones renamed, lost ones taken from automatic names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.read.keras.classes import MODELS
from convcost.read.keras.signatures import CLASS_ALIASES, SIGNATURES
from convcost.read.keras.snake_case import snake_case, snake_case_2

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Class names that Keras has used for what is another class today, models' included.
_RENAMED: Mapping[str, str] = {
    **CLASS_ALIASES,
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Input": "InputLayer",
    "Merge": "Concatenate",
}
_CLASSES = (*SIGNATURES, *sorted(MODELS))
#: Words that people put into names of layers, and the beginning of the classes that they mean; the
#: later word of a name is the stronger: "conv1_bn" is a BatchNorm.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "separable": ("SeparableConv",),
    "sepconv": ("SeparableConv",),
    "depthwise": ("DepthwiseConv",),
    "dwconv": ("DepthwiseConv",),
    "conv": ("Conv", "DepthwiseConv", "SeparableConv"),
    "bn": ("BatchNormalization",),
    "norm": ("BatchNormalization", "LayerNormalization"),
    "relu": ("ReLU", "Activation"),
    "act": ("Activation",),
    "activation": ("Activation",),
    "pad": ("ZeroPadding",),
    "padding": ("ZeroPadding",),
    "crop": ("Cropping",),
    "pool": ("MaxPooling", "AveragePooling", "Global"),
    "dense": ("Dense",),
    "fc": ("Dense",),
    "add": ("Add",),
    "concat": ("Concatenate",),
    "drop": ("Dropout",),
    "dropout": ("Dropout",),
}
_WORD = re.compile(r"[a-z]+")
#: Automatic instance names of Keras 3 and 2 (``max_pooling2d``) and of Keras 1 (``maxpooling2d``).
_BY_INSTANCE = (
    {name.lower(): _RENAMED.get(name, name) for name in (*_RENAMED, *_CLASSES)}
    | {snake_case_2(name): name for name in _CLASSES}
    | {snake_case(name): name for name in _CLASSES}
    | {"input": "InputLayer"}
)


def class_of(kind: str, name: str, *, cut: bool = False) -> str | None:
    """The Keras class that a row shows, completed where the column cut it off.

    Args:
        kind: the class as printed, perhaps cut or empty.
        name: the layer's name, which tells the class where Keras chose it.
        cut: whether letters of the class may be missing.

    Returns:
        The class by its Keras 3 name; for a custom class the name itself; None where nothing fits.

    >>> class_of("Batch", "batch_normalization_1", cut=True)
    'BatchNormalization'
    >>> class_of("MaxPooling", "pool1", cut=True), class_of("CapsuleLayer", "digitcaps")
    ('MaxPooling2D', 'CapsuleLayer')
    >>> class_of("ConvLSTM", "conv_lstm1d", cut=True), class_of("", "conv_lst_m2d_7")
    ('ConvLSTM1D', 'ConvLSTM2D')
    """
    known = _RENAMED.get(kind, kind)
    if known in _CLASSES and not cut:
        return known
    by_name = _BY_INSTANCE.get(re.sub(r"[_-]?\d+$|_(Conv|Dense|Flatten|[A-Z]\w*)\d*$", "", name))
    by_name = by_name or _BY_INSTANCE.get(name)
    if not kind:
        return by_name
    if not cut:
        return known
    names = [full for full in (*_CLASSES, *_RENAMED) if full.startswith(kind)]
    if by_name is not None and by_name in {_RENAMED.get(full, full) for full in names}:
        return by_name
    if known in _CLASSES and len(names) == 1:
        return known
    # of several completions the two-dimensional one is the usual case
    two = _by_words(kind, name) or [full for full in names if full.endswith("2D")]
    return _RENAMED.get((two or names or [kind])[0], (two or names or [kind])[0])


def classes_of(kind: str, name: str) -> tuple[str, ...]:
    """Every class that a cut one may be, by its letters and by the layer's name, likeliest first.

    >>> classes_of("R", "block_1_relu")[:2], classes_of("", "separable_conv_1_bn")[0]
    (('ReLU', 'RMSNormalization'), 'BatchNormalization')
    """
    first = class_of(kind, name, cut=True)
    by_letters = [full for full in _CLASSES if kind and full.startswith(kind)]
    ordered = [*([first] if first else []), *_by_words(kind, name), *by_letters]
    return tuple(dict.fromkeys(ordered))


def _by_words(kind: str, name: str) -> list[str]:
    """Classes that begin with some letters and that the words of a name mean, likeliest first."""
    begins = [start for word in _words(name) for start in _WORDS[word]]
    found = [
        full
        for start in begins
        for full in _CLASSES
        if full.startswith(start) and full.startswith(kind)
    ]
    return sorted(found, key=lambda full: bool(re.search(r"[13]D", full)))


def _words(name: str) -> list[str]:
    """Words of a name that tell its class, the last one first; one compound counts as a whole."""
    found = [word for word in _WORD.findall(name.lower()) if word in _WORDS]
    compound = found[-2:] in (["separable", "conv"], ["depthwise", "conv"])
    return [found[-2]] if compound else found[::-1]
