"""A training step: its phases beside each other, layer by layer and in total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.cost import total
from convcost.report.document import Table
from convcost.report.figures import (
    NOT_KNOWN,
    bounded,
    exact,
    number_column,
    shape,
    share_column,
    size_in_bytes,
    text_column,
)
from convcost.report.views.remarks import lost

if TYPE_CHECKING:
    from convcost.count import Count, LayerCount, Workload
    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.report.document import Row

_LAYERS = (
    text_column("layer", "layer"),
    text_column("op", "op", rank=4),
    text_column("output", "output", rank=7),
    number_column("parameters", "parameters", exact, rank=2),
    number_column("forward_macs", "forward MACs", exact),
    number_column("backward_macs", "backward MACs", exact),
    number_column("step_flops", "step FLOP", exact, rank=5),
    number_column("forward_bytes", "forward bytes", size_in_bytes, rank=3),
    number_column("backward_bytes", "backward bytes", size_in_bytes, rank=3),
    number_column("update_bytes", "update bytes", size_in_bytes, rank=6),
    share_column("of MACs", rank=1),
)

_PHASES = (
    text_column("phase", "phase"),
    number_column("macs", "MACs", exact),
    number_column("elementwise", "element-wise", exact, rank=2),
    number_column("flops", "FLOP", exact, rank=3),
    number_column("bytes", "bytes", size_in_bytes, rank=1),
    share_column("of FLOP", rank=4),
)

_TITLES = {
    "forward": "forward",
    "backward_data": "backward: inputs",
    "backward_weights": "backward: parameters",
    "update": "update",
}

_CONVENTION = (
    "backward: the gradients of the inputs, as far as parameters that are trained lie before them, "
    "and of those parameters; the same MACs as forward for each."
)


def layers_table(counted: Count) -> Table:
    """A row per layer: forward, backward and update beside each other."""
    whole = counted.total.step.macs
    rows = tuple(_row(layer, whole) for layer in counted.layers)
    sums, complete = counted.total, counted.complete
    back = total((sums.backward_data, sums.backward_weights))
    counts = (sums.forward.macs, back.macs, sums.step.flops)
    moved = (sums.forward.bytes, back.bytes, sums.update.bytes)
    footer = (
        *("total", None, None),
        bounded(sums.parameters, exact, whole=not lost(counted.unknown)),
        *(bounded(figure, exact, whole=complete) for figure in counts),
        *(bounded(figure, size_in_bytes, whole=complete) for figure in moved),
        None,
    )
    table = Table(columns=_LAYERS, rows=rows, footer=(footer,))
    unused = frozenset() if "update" in sums.phases else frozenset({"update_bytes"})
    return table.without(unused)


def _row(layer: LayerCount, whole: Dim) -> Row:
    stored = NOT_KNOWN if layer.parameters is None else layer.parameters
    shapes = ", ".join(map(shape, layer.outputs))
    name = (layer.name, layer.op, shapes, stored)
    forward, back, step = layer.forward, _backward(layer), layer.step
    return (
        *name,
        _figure(forward, "macs"),
        _figure(back, "macs"),
        _figure(step, "flops"),
        _figure(forward, "bytes"),
        _figure(back, "bytes"),
        _figure(layer.update, "bytes"),
        None if step is None else _share(step.macs, whole) or None,
    )


def _share(part: Dim, whole: Dim) -> float | None:
    """In 0..1; None where one of the two is not a number."""
    numbers = isinstance(part, int) and isinstance(whole, int)
    return part / whole if numbers and whole else None  # type: ignore[operator]


def _backward(layer: LayerCount) -> Cost | None:
    if layer.backward_data is None or layer.backward_weights is None:
        return None
    return layer.backward_data + layer.backward_weights


def _figure(cost: Cost | None, name: str) -> object:
    return NOT_KNOWN if cost is None else getattr(cost, name)


def phases_table(counted: Count) -> Table:
    """A row per phase, and the whole step."""
    sums = counted.total
    whole = sums.step
    more = "" if counted.complete else " (at least)"
    rows = tuple(
        _phase(_TITLES[phase] + more, getattr(sums, phase), whole) for phase in sums.phases
    )
    footer = _phase(f"training step{more}", whole, whole)
    return Table(columns=_PHASES, rows=rows, footer=(footer,))


def _phase(title: str, cost: Cost, whole: Cost) -> Row:
    share = _share(cost.flops, whole.flops)
    return (title, cost.macs, cost.elementwise, cost.flops, cost.bytes, share)


def state(counted: Count) -> tuple[str, ...]:
    """What the optimizer keeps."""
    name, kept = counted.workload.optimizer, counted.optimizer_state_bytes
    if name is None or kept is None:
        return ()
    from convcost.count.optimizers import optimizer_of

    states = ", ".join(optimizer_of(name).states) or "nothing per parameter"
    return (f"{name} keeps {size_in_bytes(kept)} between updates ({states})",)


def footnotes(workload: Workload) -> tuple[str, ...]:
    """What backward means, and what is left out of the step."""
    missing = [] if workload.loss else ["no loss is counted (--loss cross-entropy)"]
    missing += [] if workload.optimizer else ["no update is counted (--optimizer adam)"]
    return (_CONVENTION, *(["; ".join(missing) + "."] if missing else []))
