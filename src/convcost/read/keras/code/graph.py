"""Which layers, and which of their calls, a model is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.read.keras.code.values import Layer, Model


def nodes_of(model: Model) -> dict[Layer, set[int]]:
    """The layers of a model and which of their calls belong to it, from its outputs back."""
    # A model may begin at a tensor inside another one; the layer that makes it is not part of it.
    borders = {tensor for tensor in model.inputs if tensor.layer.class_name != "InputLayer"}
    found: dict[Layer, set[int]] = {}
    waiting = [*model.outputs, *model.inputs]
    while waiting:
        tensor = waiting.pop()
        nodes = found.get(tensor.layer, set())
        if tensor in borders or tensor.node in nodes:
            continue
        found.setdefault(tensor.layer, nodes).add(tensor.node)
        waiting.extend(tensor.layer.calls[tensor.node].inputs)
    return found


def layers_of(model: Model) -> list[Layer]:
    """A model's layers in the order of their first calls, which is one they can run in."""
    found = nodes_of(model)
    return sorted(found, key=lambda layer: layer.calls[min(found[layer])].order)
