"""The activations that a summary does not print, from code, from names, or assumed aloud."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.network.network import Note
from convcost.ops.activation import ACTIVATIONS, activation_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.keras.solve.items import Item

#: Recurrent layers are not among them: theirs are Keras's defaults, tanh and sigmoid.
_WEIGHTED = re.compile(r"(Depthwise|Separable)?Conv\dD(Transpose)?$|LocallyConnected\dD$|Dense$")
_ACTIVATIONS = frozenset(
    ("Activation", "ReLU", "LeakyReLU", "PReLU", "ThresholdedReLU", "ELU", "Softmax")
)
#: Layers that pass through what they are given, so that an activation may stand behind them.
_TRANSPARENT = frozenset(
    ("BatchNormalization", "GroupNormalization", "LayerNormalization", "Dropout")
) | {"Flatten", "Reshape"}


def activations(items: list[Item]) -> tuple[Mapping[str, str], list[Note]]:
    """The activation of every layer that can have one, and what was assumed.

    Code decides. Otherwise a layer that is followed by an activation layer, a BatchNorm perhaps in
    between, has none of its own; the last layer has a softmax (a sigmoid for one unit) where it is
    dense; every other one is taken to have a ReLU, since without it two layers would be one.
    """
    functions: dict[str, str] = {}
    assumed: dict[str, list[str]] = {}
    consumers: dict[str, list[Item]] = {}
    for item in items:
        for source in item.inputs:
            consumers.setdefault(source, []).append(item)
    for item in items:
        kind = item.class_name or ""
        if kind != "Activation" and not _WEIGHTED.match(kind):
            continue
        stated = item.config.get("activation")
        by_code = activation_name(stated) if isinstance(stated, str) else None
        by_name = _in_name(item.name) if kind == "Activation" else None
        if item.config and kind != "Activation" and stated is None:
            functions[item.name] = "linear"
        elif by_code or by_name:
            functions[item.name] = by_code or by_name or ""
        else:
            functions[item.name] = _assumed(item, consumers)
            if functions[item.name] != "linear":
                assumed.setdefault(functions[item.name], []).append(item.name)
    return functions, [_note(function, names) for function, names in assumed.items()]


def _assumed(item: Item, consumers: Mapping[str, list[Item]]) -> str:
    following = consumers.get(item.name, [])
    if item.class_name != "Activation" and _leads_to_activation(following, consumers):
        return "linear"
    units = item.shape[-1] if item.shape else None
    if not following and item.rank == 2:
        return "sigmoid" if units == 1 else "softmax"
    return "relu"


def _leads_to_activation(
    following: list[Item], consumers: Mapping[str, list[Item]], depth: int = 0
) -> bool:
    for item in following:
        if item.class_name in _ACTIVATIONS or item.class_name in ("Add", "Multiply"):
            return True
        behind = consumers.get(item.name, [])
        if (
            item.class_name in _TRANSPARENT
            and depth < 4
            and _leads_to_activation(behind, consumers, depth + 1)
        ):
            return True
    return False


def _in_name(name: str) -> str | None:
    """An activation that the layer's name mentions: ``block1_relu``."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return next((word for word in words if word in ACTIVATIONS), None)


def _note(function: str, names: list[str]) -> Note:
    listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return Note("assumed", f"a summary does not print activations: {function} for {listed}")
