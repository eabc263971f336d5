"""Nodes in an order in which they can run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from convcost.errors import SourceError
from convcost.read.onnx.file.messages import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcost.read.onnx.file.messages import Node


def ordered(nodes: Sequence[Node], given: Callable[[str], bool], where: str) -> Sequence[Node]:
    """The nodes, each behind those whose results it takes; as they are where they are so already.

    Args:
        nodes: of one graph.
        given: whether a value is there before the first node runs.
        where: the graph, for messages.

    Raises:
        SourceError: a value is made twice or nowhere, or nodes wait for each other.
    """
    made: set[str] = set()
    sorted_already = True
    for node in nodes:
        if sorted_already:
            for name in taken(node):
                if name not in made and not given(name):
                    sorted_already = False
        for name in node.outputs:
            if name and name in made:
                raise SourceError(f"{where}: two nodes make the value '{name}'",
                                  hint="check the file with onnx.checker.check_model")  # fmt: skip
            made.add(name)
    return nodes if sorted_already else _sorted(nodes, given, made, where)


def taken(node: Node) -> list[str]:
    """Names of all values that a node needs, those that its inner graphs take from outside too."""
    names = [name for name in node.inputs if name]
    for value in node.attributes.values():
        if type(value) is Graph:
            names.extend(outer_names(value))
    return names


def outer_names(graph: Graph) -> Iterator[str]:
    """Values that a graph takes from the one around it."""
    own = {value.name for value in graph.inputs} | set(graph.initializers)
    for node in graph.nodes:
        own.update(node.outputs)
    for node in graph.nodes:
        yield from (name for name in taken(node) if name not in own)
    yield from (value.name for value in graph.outputs if value.name not in own)


def _sorted(
    nodes: Sequence[Node], given: Callable[[str], bool], made: set[str], where: str
) -> list[Node]:
    waiting = [0] * len(nodes)
    readers: dict[str, list[int]] = {}
    for place, node in enumerate(nodes):
        for name in set(taken(node)):
            if name in made:
                waiting[place] += 1
                readers.setdefault(name, []).append(place)
            elif not given(name):
                raise SourceError(
                    f"{where}: node '{node.name or node.op_type}' ({node.op_type}) takes "
                    f"'{name}', which nothing in the file makes",
                    hint="check the file with onnx.checker.check_model",
                )
    ready = deque(place for place, count in enumerate(waiting) if not count)
    found = []
    while ready:
        node = nodes[ready.popleft()]
        found.append(node)
        for name in node.outputs:
            for place in readers.get(name, ()):
                waiting[place] -= 1
                if not waiting[place]:
                    ready.append(place)
    if len(found) < len(nodes):
        stuck = nodes[next(place for place, count in enumerate(waiting) if count)]
        raise SourceError(
            f"{where}: node '{stuck.name or stuck.op_type}' ({stuck.op_type}) waits for its own "
            "result: the graph has a cycle",
            hint="check the file with onnx.checker.check_model",
        )
    return found
