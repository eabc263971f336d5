"""The tables that `model.summary()` of Keras 2 printed, for a model of today's Keras.

Keras before TensorFlow 2.8 cuts a cell where its column ends: `cut`. TensorFlow 2.8 to 2.15, and
`tf_keras` since, goes on with it on the next line: `wrapped`.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

#: Line length and where its columns end: a chain of layers, and a graph before and since 2.8.
CHAIN = 65, (0.45, 0.85, 1.0)
GRAPH = 98, (0.33, 0.55, 0.67, 1.0)
WIDE_GRAPH = 98, (0.3, 0.6, 0.7, 1.0)
HEADER = ("Layer (type)", "Output Shape", "Param #", "Connected to")


def cut(model: Any) -> str:
    """As Keras 2.0 to 2.7 printed it: cells cut, connections on lines of their own, rules."""
    length, shares = CHAIN if is_chain(model) else GRAPH
    ends = [int(length * share) for share in shares]
    lines = [*_title(model, length), _cut_line(HEADER[: len(ends)], ends), "=" * length]
    layers = _layers(model)
    for layer in layers:
        cells, connections = _cells(layer), _connections(model, layer)
        first, *others = connections or [""]
        lines.append(_cut_line([*cells, first][: len(ends)], ends))
        if len(ends) > 3:
            lines += [_cut_line(["", "", "", other], ends) for other in others]
        lines.append(("=" if layer is layers[-1] else "_") * length)
    return "\n".join([*lines, *_totals(model, length)]) + "\n"


def wrapped(model: Any) -> str:
    """As TensorFlow 2.8 to 2.15 printed it: cells go on below, no rules between the rows."""
    chain = is_chain(model)
    length, shares = CHAIN if chain else WIDE_GRAPH
    ends = [int(length * share) for share in shares]
    lines = [*_title(model, length), *_wrapped_lines(HEADER[: len(ends)], ends), "=" * length]
    for layer in _layers(model):
        cells = _cells(layer)
        if not chain:
            cells.append(str(_connections(model, layer)))
        lines += [*_wrapped_lines(cells, ends), " " * length]
    lines[-1] = "=" * length
    return "\n".join([*lines, *_totals(model, length)]) + "\n"


def is_chain(model: Any) -> bool:
    """Whether Keras prints no connections: every layer takes just what the one before gives."""
    if type(model).__name__ == "Sequential":
        return True
    depths = list(model._nodes_by_depth.values())  # noqa: SLF001 - what Keras's own table asks
    if any(len(nodes) > 1 or len(nodes[0].input_tensors) > 1 for nodes in depths):
        return False
    nodes = [node for (node,) in depths]
    return all(sum(node in nodes for node in _nodes(layer)) <= 1 for layer in model.layers)


def _layers(model: Any) -> list[Any]:
    """The layers, and what Keras 2 made layers of: operations such as ``x + y``."""
    return list(model.layers if type(model).__name__ == "Sequential" else model.operations)


def _title(model: Any, length: int) -> list[str]:
    return [f'Model: "{model.name}"', "_" * length]


def _cells(layer: Any) -> list[str]:
    parameters = layer.count_params() if hasattr(layer, "count_params") else 0
    return [f"{layer.name} ({type(layer).__name__})", _shape(layer), str(parameters)]


def _shape(layer: Any) -> str:
    """The output shape; ``multiple`` where the calls of a shared layer differ in theirs."""
    shapes = [[tuple(tensor.shape) for tensor in node.output_tensors] for node in _nodes(layer)]
    if any(other != shapes[0] for other in shapes):
        return "multiple"
    (first, *others) = shapes[0]
    # Keras 2 prints the input's shape as a list since TensorFlow 2
    return str([first, *others] if others or type(layer).__name__ == "InputLayer" else first)


def _connections(model: Any, layer: Any) -> list[str]:
    relevant = {id(n) for nodes in model._nodes_by_depth.values() for n in nodes}  # noqa: SLF001
    histories = (
        tensor._keras_history  # noqa: SLF001
        for node in _nodes(layer)
        if id(node) in relevant
        for tensor in node.input_tensors
    )
    return [f"{h.operation.name}[{h.node_index}][{h.tensor_index}]" for h in histories]


def _nodes(layer: Any) -> list[Any]:
    return list(layer._inbound_nodes)  # noqa: SLF001 - there is no public way to the graph


def _totals(model: Any, length: int) -> list[str]:
    def elements(weights: Any) -> int:
        return sum(prod(weight.shape) for weight in weights)

    trainable, other = elements(model.trainable_weights), elements(model.non_trainable_weights)
    return [
        f"Total params: {trainable + other:,}",
        f"Trainable params: {trainable:,}",
        f"Non-trainable params: {other:,}",
        "_" * length,
    ]


def _cut_line(cells: Any, ends: list[int]) -> str:
    """Each cell ends where its column does; the last letter of a full one becomes a space."""
    line = ""
    for number, (cell, end) in enumerate(zip(cells, ends, strict=True)):
        if number:
            line = f"{line[:-1]} "
        line = f"{line}{cell}"[:end].ljust(end)
    return line


def _wrapped_lines(cells: Any, ends: list[int]) -> list[str]:
    """A cell breaks behind ``),``, ``',`` and their like, or where its column ends."""
    left, lines = list(cells), []
    starts = [0, *ends]
    while any(left):
        line = ""
        for column, (start, end) in enumerate(pairwise(starts)):
            room = end - start - (3 if column < len(cells) - 1 else 0)
            cell = left[column]
            breaks = [cell[:room].find(mark) + 2 for mark in ("),", "},", "],", "',")]
            room = min([room, *(place for place in breaks if place > 1)])
            line = (" " if column == 0 else "") + line + cell[:room]
            left[column] = cell[room:]
            line = line.ljust(end)
        lines.append(line)
    return lines
