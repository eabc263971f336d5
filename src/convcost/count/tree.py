"""A count by parts: by the modules of its source, by ops, or its largest layers.

The modules are those that the source has (`Network.modules`). Where it has none, names of layers
tell them: ``features.0`` is part of ``features``, ``inception_3a/3x3`` of ``inception_3a``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from convcost.count.group import of_layer, of_parts, of_unused, ordered
from convcost.network.dataclass import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from convcost.count.group import By, Figure, Group, Grouping
    from convcost.count.rows import Count, CountedPhase
    from convcost.network.network import Network
    from convcost.network.parameter import Parameter

    Phases = tuple[CountedPhase, ...]

#: Modules in modules that names are asked for.
_DEEPEST = 50


def group(
    network: Network,
    counted: Count,
    by: By = "module",
    *,
    depth: int | None = None,
    sort: Figure | None = None,
    top: int | None = None,
) -> Grouping:
    """Take the rows of a count together. The groups add up to its totals exactly.

    Args:
        network: what was counted.
        counted: its count.
        by: modules, as a tree; ops; or layers, one by one.
        depth: how many levels of modules; default: all.
        sort: the largest first; default: ops by MACs, everything else in the source's order.
        top: keep so many of each whole and sum up the others; `sort` is MACs then by default.

    >>> from convcost.count import count
    >>> from convcost.zoo import load
    >>> vgg = load("vgg16")
    >>> found = group(vgg, count(vgg), depth=1)
    >>> [(x.name, x.layers, x.total.parameters) for x in found.groups if x.what == "module"]
    [('features', 31, 14714688), ('classifier', 7, 123642856)]
    """
    if by == "op" or top is not None:
        sort = sort or "macs"
    if by == "module":
        groups = _tree(network, counted)
    else:
        groups = _by_op(counted) if by == "op" else [of_layer(row) for row in counted.layers]
        unused = tuple(_unused(network).values())
        groups += [of_unused(unused, counted.total.phases)] if unused else []
    return ordered(groups, counted, by, depth=depth, sort=sort, top=top)


def _by_op(counted: Count) -> list[Group]:
    kinds: dict[str, list[Group]] = {}
    for row in counted.layers:
        kinds.setdefault(row.op, []).append(of_layer(row))
    return [replace(of_parts(x, what="op", path=kind), parts=()) for kind, x in kinds.items()]


def _unused(network: Network) -> dict[str, Parameter]:
    used = {id_ for layer in network.layers for id_ in layer.parameters}
    return {id_: parameter for id_, parameter in network.table.items() if id_ not in used}


@dataclass(slots=True)
class _Node:
    """A module while its parts are collected, in the order in which they run."""

    path: str
    kind: str = ""
    parts: list[_Node | Group] = field(default_factory=list)
    calls: list[int | None] = field(default_factory=list)
    unused: list[Parameter] = field(default_factory=list)


def _tree(network: Network, counted: Count) -> list[Group]:
    """The parts of the whole."""
    given = {module.path: module.kind for module in network.modules}
    kinds = given if any(given) else dict.fromkeys(_inferred(network), "")
    nodes = {"": _Node("")}
    rows = iter(counted.layers)
    for layer, row in zip(network.layers, rows, strict=False):
        origin = layer.origin
        path = origin.module if origin is not None and any(given) else _around(layer.name, kinds)
        node = _node(path, kinds, nodes)
        node.calls.append(None if origin is None else origin.call)
        node.parts.append(of_layer(row, _label(layer.name, path)))
    nodes[""].parts += [of_layer(row) for row in rows]  # the loss, which no module contains
    for id_, parameter in _unused(network).items():
        _node(_around(id_, kinds), kinds, nodes).unused.append(parameter)
    return _parts(nodes[""], counted.total.phases)


def _node(path: str, kinds: Mapping[str, str], nodes: dict[str, _Node]) -> _Node:
    """The node of a module; one that is not there yet is added to those around it."""
    if path not in nodes:
        nodes[path] = _Node(path, kinds.get(path, ""))
        around = next((x for x in _wholes(path) if x in kinds), "")
        _node(around, kinds, nodes).parts.append(nodes[path])
    return nodes[path]


def _parts(node: _Node, phases: Phases) -> list[Group]:
    parts = [_module(x, node.path, phases) if isinstance(x, _Node) else x for x in node.parts]
    return [*parts, of_unused(node.unused, phases)] if node.unused else parts


def _module(node: _Node, around: str, phases: Phases) -> Group:
    parts = _parts(node, phases)
    whole = of_parts(
        parts, what="module", path=node.path, name=_label(node.path, around), kind=node.kind
    )
    return replace(whole, parts=()) if _is_one(node) else whole


def _is_one(node: _Node) -> bool:
    """Whether a module does one thing at each of its calls, so that it has no parts to show."""
    if any(isinstance(part, _Node) for part in node.parts):
        return False
    if not node.parts:
        return True
    once = len(set(node.calls)) == len(node.calls) and (None not in node.calls)
    return (once or len(node.calls) == 1) and not node.unused


def _inferred(network: Network) -> Iterator[str]:
    """Modules that the names of layers tell: those of more than one layer."""
    # names of Keras's functions have dots: tf.nn.relu
    names = [x.name for x in network.layers if network.framework != "keras" or "/" in x.name]
    layers = Counter(path for name in names for path in (*_wholes(name), name))
    yield from (path for path, number in layers.items() if number > 1)


def _wholes(name: str) -> list[str]:
    """The paths of what is around a name, the innermost first.

    >>> _wholes("layer1.0.conv1"), _wholes("/layer1/layer1.0/Conv")
    (['layer1.0', 'layer1'], ['/layer1/layer1.0', '/layer1'])
    """
    separator = "/" if "/" in name else "."
    ends = [place for place, letter in enumerate(name) if letter == separator and place]
    return [name[:end] for end in ends[:_DEEPEST][::-1]]


def _around(name: str, kinds: Collection[str]) -> str:
    """The innermost module that holds what is so named; one of that very name holds it too."""
    return next((path for path in (name, *_wholes(name)) if path in kinds), "")


def _label(name: str, around: str) -> str:
    """A name without that of the module around it.

    >>> _label("layer1.0.conv1", "layer1.0"), _label("encoder/inner/conv", "encoder.inner")
    ('conv1', 'conv')
    """
    begin, rest = name[: len(around)], name[len(around) :]
    same = begin.replace("/", ".") == around.replace("/", ".")
    return rest[1:] if around and same and rest[:1] in {".", "/"} and rest[1:] else name
