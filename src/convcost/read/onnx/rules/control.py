"""Graphs inside nodes: branches, loops, functions of the file's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.copy import Copy
from convcost.read.limits import MAX_GRAPH_DEPTH, MAX_WRITTEN_OUT
from convcost.read.onnx.arithmetic.known import Known
from convcost.read.onnx.arithmetic.scalars import Undecided, truth
from convcost.read.onnx.file.messages import Graph
from convcost.read.onnx.scope import Scope, layer_name
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step, view
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.read.onnx.site import Rule, Site


def _inner(site: Site, part: str, *, sees: bool = True, **changes: Any) -> Scope:
    """A scope inside the node's.

    Raises:
        NetworkError: there are too many inside each other.
    """
    outer = site.scope
    if outer.depth >= MAX_GRAPH_DEPTH:
        raise NetworkError(f"more than {MAX_GRAPH_DEPTH} graphs and functions inside each other")
    prefix = f"{layer_name(site.node, outer)}/{part}"
    parent = outer if sees else None
    fields = {"opsets": outer.opsets, "attributes": outer.attributes, **changes}
    return Scope(parent=parent, prefix=prefix, depth=outer.depth + 1, **fields)


def _require_room(site: Site, nodes: int) -> None:
    if site.building.written_out + nodes > MAX_WRITTEN_OUT:
        raise NetworkError(f"functions and loops of more than {MAX_WRITTEN_OUT:,} nodes")


def _charge(site: Site, nodes: int) -> None:
    _require_room(site, nodes)
    site.building.written_out += nodes


def _function(site: Site) -> tuple[Value, ...]:
    """A function's nodes in place of the node that calls it."""
    node = site.node
    function = site.building.model.functions[node.domain, node.op_type]
    _charge(site, len(function.nodes))
    scope = _inner(
        site,
        "",
        sees=False,
        opsets=function.opsets or site.scope.opsets,
        attributes={**function.attributes, **node.attributes},
    )
    for name, value in zip(function.inputs, site.given, strict=False):
        if value is not None:
            scope.values[name] = value
    missing = [name for name in function.inputs if name and name not in scope.values]
    scope.left_out.update(missing)
    site.building.run(function.nodes, scope, f"function '{node.op_type}'")
    return _outputs(scope, function.outputs)


def _outputs(scope: Scope, names: Sequence[str]) -> tuple[Value, ...]:
    found = []
    for name in names:
        value = scope.find(name)
        found.append(value or Value(name, None, "float32", AxisNames(())))
    return tuple(found)


def _body(site: Site, name: str) -> Graph:
    graph = site.attribute(name)
    if not isinstance(graph, Graph):
        raise NetworkError(f"its attribute '{name}' is no graph")
    return graph


def _run(site: Site, graph: Graph, part: str, values: Mapping[str, Value]) -> tuple[Value, ...]:
    _charge(site, len(graph.nodes) + 1)
    scope = _inner(site, part)
    site.building.initializers(graph, scope, overridable=False)
    scope.values.update(values)
    site.building.run(graph.nodes, scope, f"graph '{graph.name}'")
    return _outputs(scope, [info.name for info in graph.outputs])


def _branch(site: Site) -> tuple[Value, ...]:
    """The branch that is taken, where that is known."""
    found = site.building.known(site.value(0), setting=True)
    then, other = _body(site, "then_branch"), _body(site, "else_branch")
    if found is None or len(found.items) != 1:
        raise NetworkError(
            f"which branch is taken is decided at run time: one has {len(then.nodes)} nodes, "
            f"the other {len(other.nodes)}"
        )
    try:
        taken = truth(found.items[0])
    except Undecided:
        raise NetworkError("which branch is taken depends on open sizes") from None
    return _run(site, then if taken else other, "", {})


def _loop(site: Site) -> tuple[Value, ...]:
    """Written out, where the number of rounds is known."""
    body = _body(site, "body")
    rounds = _rounds(site)
    carried = [value for value in site.given[2:] if value is not None]
    count = len(carried)
    _require_room(site, rounds * (len(body.nodes) + 1))
    gathered: list[list[Value]] = [[] for _ in range(len(body.outputs) - 1 - count)]
    go_on = _number(True, "bool")
    for number in range(rounds):
        inputs = (_number(number, "int64"), go_on, *carried)
        names = [info.name for info in body.inputs]
        results = _run(site, body, f"{number}/", dict(zip(names, inputs, strict=False)))
        for rows, value in zip(gathered, results[1 + count :], strict=True):
            rows.append(value)
        carried = list(results[1 : 1 + count])
        if not _goes_on(site, results[0]):
            break
    stacked = [_stacked(site, rows, 0) for rows in gathered]
    return (*carried, *stacked)


def _rounds(site: Site) -> int:
    trips, condition = site.given[0], site.given[1] if len(site.given) > 1 else None
    if condition is not None:
        found = site.building.known(condition, setting=True)
        if found is None:
            raise NetworkError("whether its first round runs is decided at run time")
        if not truth(found.items[0]):
            return 0
    if trips is None:
        raise NetworkError("how many rounds it makes is decided at run time")
    known = site.building.known(trips, setting=True)
    rounds = None if known is None else known.items[0]
    if not isinstance(rounds, int):
        why = "is decided at run time" if known is None else "depends on open sizes"
        raise NetworkError(f"how many rounds it makes {why}")
    if rounds > MAX_WRITTEN_OUT:
        raise NetworkError(f"a loop of {rounds:,} rounds")
    return max(rounds, 0)


def _goes_on(site: Site, condition: Value) -> bool:
    known = site.building.known(condition, setting=True)
    if known is None:
        raise NetworkError("after how many rounds it ends is decided at run time")
    return truth(known.items[0])


def _number(value: Any, dtype: str) -> Value:
    return Value("", (), dtype, AxisNames(()), known=Known((), (value,)))


def _stacked(site: Site, rows: Sequence[Value], axis: int) -> Value:
    """The results of all rounds along a new axis."""
    if not rows or any(row.shape is None for row in rows):
        return Value("", None, "float32", AxisNames(()))
    shape = list(rows[0].sizes)
    if any(row.sizes != rows[0].sizes for row in rows):
        raise NetworkError("its rounds give results of different shapes")
    shape.insert(axis, len(rows))
    result = Value("", tuple(shape), rows[0].dtype, AxisNames([None] * len(shape)))
    step = Step(lambda out: Copy(function="stack", result=out[0]), tuple(rows), (result,))
    site.building.layer("stack", step, site.scope, site.node)
    return result


def _scan(site: Site) -> tuple[Value, ...]:
    """As a loop over the steps of sequences."""
    body = _body(site, "body")
    if site.opset < 9:
        raise NetworkError("a scan over batches, as opset 8 had it")
    count = site.integer("num_scan_inputs")
    states = [site.value(place) for place in range(len(site.given) - count)]
    sequences = [site.value(place) for place in range(len(states), len(site.given))]
    axes = site.integers("scan_input_axes") or (0,) * count
    if count < 1 or len(axes) != count:
        raise NetworkError(f"{count} sequences and axes {axes}")
    places = [place_of(axis, value.rank) for axis, value in zip(axes, sequences, strict=True)]
    rounds = sequences[0].sizes[places[0]]
    if not isinstance(rounds, int):
        raise NetworkError("how many rounds it makes depends on open sizes")
    _require_room(site, rounds * (len(body.nodes) + 1))
    gathered: list[list[Value]] = [[] for _ in range(len(body.outputs) - len(states))]
    names = [info.name for info in body.inputs]
    for number in range(rounds):
        steps = [_step_of(site, v, p) for v, p in zip(sequences, places, strict=True)]
        given = dict(zip(names, (*states, *steps), strict=False))
        results = _run(site, body, f"{number}/", given)
        for rows, value in zip(gathered, results[len(states) :], strict=True):
            rows.append(value)
        states = list(results[: len(states)])
    out_axes = site.integers("scan_output_axes") or (0,) * len(gathered)
    stacked = []
    for axis, rows in zip(out_axes, gathered, strict=True):
        rank = rows[0].rank + 1 if rows and rows[0].shape is not None else 1
        stacked.append(_stacked(site, rows, place_of(axis, rank)))
    return (*states, *stacked)


def _step_of(site: Site, value: Value, place: int) -> Value:
    shape = (*value.sizes[:place], *value.sizes[place + 1 :])
    names = value.names
    result = Value(value.name, shape, value.dtype, AxisNames([None] * len(shape)))
    result.axes.take((*names[:place], *names[place + 1 :]))
    site.building.layer("step", view(value, result), site.scope, site.node)
    return result


RULES: Mapping[str, Rule] = {"If": _branch, "Loop": _loop, "Scan": _scan, "function": _function}
