"""What of an ONNX graph nobody needs, and tensors under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: `AttributeProto.type` of a graph, and of several.
_GRAPH, _GRAPHS = 5, 10


def pruned(graph: Any, *, constants: bool) -> None:
    """Take out nodes whose results nobody reads, and stored tensors likewise.

    Args:
        graph: is changed.
        constants: whether stored tensors are no inputs of the graph any more.
    """
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        needed.update(read_by(node))
        kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    stored = {tensor.name for tensor in graph.initializer}
    _keep(graph.initializer, needed)
    left = needed - stored if constants else needed
    inputs = [each for each in graph.input if each.name not in stored or each.name in left]
    del graph.input[:]
    graph.input.extend(inputs)
    made = {name for node in graph.node for name in node.output}
    _keep(graph.value_info, made)


def _keep(parts: Any, names: set[str]) -> None:
    found = [each for each in parts if each.name in names]
    del parts[:]
    parts.extend(found)


def renamed(node: Any, names: Mapping[str, str]) -> None:
    """Have a node read other tensors, in the bodies of its loops too."""
    node.input[:] = [names.get(name, name) for name in node.input]
    for graph in subgraphs(node):
        for inner in graph.node:
            renamed(inner, names)


def read_by(node: Any) -> Iterator[str]:
    """The tensors that a node reads, in the bodies of its loops too."""
    yield from node.input
    for graph in subgraphs(node):
        for inner in graph.node:
            yield from read_by(inner)
        yield from (output.name for output in graph.output)


def subgraphs(node: Any) -> Iterator[Any]:
    """The bodies of a loop, the branches of a condition."""
    for attribute in node.attribute:
        if attribute.type == _GRAPH:
            yield attribute.g
        elif attribute.type == _GRAPHS:
            yield from attribute.graphs


def called(nodes: list[Any], name: str, wanted: str) -> str:
    """Give a result of some nodes another name."""
    from onnx import helper

    if not any(name in node.output for node in nodes):
        nodes.append(helper.make_node("Identity", [name], [wanted]))
        return wanted
    for node in nodes:
        for part in (node.input, node.output):
            part[:] = [wanted if each == name else each for each in part]
    return wanted


def all_names(graph: Any) -> set[str]:
    """All names of tensors and nodes, in bodies of loops too."""
    found = {each.name for part in (graph.input, graph.output, graph.initializer) for each in part}
    for node in graph.node:
        found.update([node.name, *node.input, *node.output])
        for inner in subgraphs(node):
            found |= all_names(inner)
    return found
