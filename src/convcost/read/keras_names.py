"""Keras class names: cut ones completed, old ones renamed, lost ones taken from automatic names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.read.code.signatures import CLASS_ALIASES, SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODELS = ("Sequential", "Functional", "Model")
#: Class names that Keras has used for what is another class today, models' included.
_RENAMED: Mapping[str, str] = {
    **CLASS_ALIASES,
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Input": "InputLayer",
    "Merge": "Concatenate",
}
_CLASSES = (*SIGNATURES, *_MODELS)


def _snake(name: str) -> str:
    """Keras's automatic instance name of a class: ``MaxPooling2D`` -> ``max_pooling2d``."""
    spaced = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


#: Automatic instance names of Keras 2 and 3 (``max_pooling2d``) and of Keras 1 (``maxpooling2d``).
_BY_INSTANCE = (
    {name.lower(): _RENAMED.get(name, name) for name in (*_RENAMED, *_CLASSES)}
    | {_snake(name): name for name in _CLASSES}
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
    two = [full for full in names if full.endswith("2D")]
    return _RENAMED.get((two or names or [kind])[0], (two or names or [kind])[0])
