"""The calls of a model's layers in an order in which they can run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from convcost.errors import SourceError

if TYPE_CHECKING:
    from convcost.read.keras.config import LayerCall, LayerConfig, ModelConfig

    Step = tuple[LayerConfig, int, LayerCall]


def schedule(model: ModelConfig) -> list[Step]:
    """Every call after those that it reads, otherwise in the order of the model's layers.

    Raises:
        SourceError: a tensor is read that no layer makes, or layers read each other in a circle.
    """
    steps = [(x, number, call) for x in model.layers for number, call in enumerate(x.calls)]
    made = {(layer.name, number) for layer, number, _ in steps}
    done: set[tuple[str, int]] = set()
    waiting: dict[tuple[str, int], list[Step]] = {}
    order: list[Step] = []
    for first in steps:
        ready = deque([first])
        while ready:
            step = ready.popleft()
            layer, number, call = step
            needed = next((ref[:2] for ref in call.inputs if ref[:2] not in done), None)
            if needed is None:
                done.add((layer.name, number))
                order.append(step)
                ready.extend(waiting.pop((layer.name, number), ()))
            elif needed in made:
                waiting.setdefault(needed, []).append(step)
            else:
                raise SourceError(
                    f"layer {layer.name!r:.80} reads call {needed[1]} of {needed[0]!r:.80}, "
                    "which is not in the model"
                )
    if waiting:
        names = sorted({step[0].name for steps in waiting.values() for step in steps})[:3]
        raise SourceError(f"layers read each other in a circle: {', '.join(map(repr, names)):.200}")
    return order
