"""Counts: exact figures per layer and in total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.report.document import (
    Document,
    LaterData,
    LaterRows,
    Lines,
    Report,
    Section,
    Table,
)
from convcost.report.figures import (
    COST_KEYS,
    NOT_KNOWN,
    bounded,
    exact,
    number_column,
    plural,
    rounded,
    shape,
    share_column,
    size_in_bytes,
    text_column,
)
from convcost.report.views import training
from convcost.report.views.remarks import at_least, lost, remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.count import Count, LayerCount
    from convcost.report.document import Block, Row

_CONVENTIONS = (
    (
        "1 MAC = one multiply-accumulate, products with zero padding included; "
        "FLOP = 2 MAC + element-wise operations."
    ),
    "bytes = operands read once + results written once; figures are for the whole batch N.",
)

_FORMULAS = "time = MACs; space = parameters + output values; formulas are of one sample."

_COLUMNS = (
    text_column("layer", "layer"),
    text_column("op", "op", rank=3),
    text_column("output", "output", rank=2),
    number_column("parameters", "parameters", exact),
    number_column("macs", "MACs", exact),
    number_column("elementwise", "element-wise", exact, rank=4),
    number_column("read_write_bytes", "bytes", size_in_bytes, rank=1),
    share_column("of MACs", rank=5),
)

_SYMBOLIC_COLUMNS = (
    text_column("layer", "layer"),
    text_column("op", "op", rank=3),
    text_column("output", "output", rank=2),
    text_column("time_formula", "time per sample"),
    text_column("space_formula", "space per sample"),
)

_RECORD_KEYS = (
    *("network", "layer", "op", "inputs", "output", "batch", "parameters"),
    *("trainable_parameters", "statistics", *COST_KEYS, "padding_macs", "shared_with"),
    *("time_formula", "space_formula"),
)


def report(
    counts: Sequence[Count], *, symbolic: bool = False, verbose: bool = False, next_: str = ""
) -> Report:
    """Counts as a report.

    Args:
        counts: one per network.
        symbolic: they hold formulas; show those of time and space.
        verbose: show every note.
        next_: the command to propose.
    """
    headings = len(counts) > 1
    data = LaterData(
        lambda: {
            "schema": "convcost/count/1",
            "networks": [counted.to_dict() for counted in counts],
        }
    )
    return Report(
        Document(
            answers=tuple(answer(counted, symbolic=symbolic) for counted in counts),
            sections=tuple(
                Section(
                    counted.source if headings else "",
                    _blocks(counted, symbolic=symbolic, verbose=verbose),
                )
                for counted in counts
            ),
            records=_records(counts, data),
            footnotes=_footnotes(counts, symbolic=symbolic),
            next=next_,
        ),
        data,
    )


def answer(counted: Count, *, symbolic: bool = False) -> str:
    """The first line.

    >>> from convcost.count import count
    >>> from convcost.zoo import load
    >>> answer(count(load("vgg16")))
    'vgg16: 138,357,544 parameters, 15,470,264,320 MACs per sample (15.5 G)'
    """
    macs = counted.total.step.macs
    bound, reason = at_least(counted.unknown)
    batch = counted.workload.batch
    per = "batch of N" if symbolic else "sample" if batch == 1 else f"batch of {exact(batch)}"
    if counted.workload.training:
        per = f"training step on a {per}"
    details = [rounded(macs)] if isinstance(macs, int) and macs >= 10_000 else []
    details += [reason] if reason else []
    more = f" ({'; '.join(details)})" if details else ""
    parameters = f"{bound if lost(counted.unknown) else ''}{exact(counted.total.parameters)}"
    text = f"{counted.source}: {parameters} parameters, {bound}{exact(macs)} MACs per {per}{more}"
    return ", ".join([text, *_definitions(counted)]) if symbolic else text


def _blocks(counted: Count, *, symbolic: bool, verbose: bool) -> tuple[Block, ...]:
    trains = counted.workload.training
    table = _symbolic_table(counted) if symbolic else _table(counted)
    if trains and not symbolic:
        table = training.layers_table(counted)
    definitions = _definitions(counted)
    return (
        table,
        *([training.phases_table(counted)] if trains else []),
        *([Lines("where", definitions)] if definitions else []),
        Lines("totals", _totals(counted)),
        *remarks(counted.notes, counted.unknown, verbose=verbose),
    )


def _table(counted: Count) -> Table:
    whole, complete = counted.total.forward, counted.complete
    rows = tuple(_row(layer, whole.macs) for layer in counted.layers)
    sums = (
        bounded(counted.total.parameters, exact, whole=not lost(counted.unknown)),
        bounded(whole.macs, exact, whole=complete),
        bounded(whole.elementwise, exact, whole=complete),
        bounded(whole.bytes, size_in_bytes, whole=complete),
        None,
    )
    return Table(columns=_COLUMNS, rows=rows, footer=(("total", None, None, *sums),))


def _row(layer: LayerCount, whole: Any) -> Row:
    stored = NOT_KNOWN if layer.parameters is None else layer.parameters
    name = (layer.name, layer.op, _shapes(layer), stored)
    cost = layer.forward
    if cost is None:
        return (*name, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, None)
    share = cost.macs / whole if isinstance(cost.macs, int) and cost.macs else None
    return (*name, cost.macs, cost.elementwise, cost.bytes, share)


def _definitions(counted: Count) -> tuple[str, ...]:
    return tuple(f"{name} = {size}" for name, size in counted.definitions.items())


def _symbolic_table(counted: Count) -> Table:
    rows = tuple(
        (layer.name, layer.op, _shapes(layer), layer.formulas.time, layer.formulas.space)
        for layer in counted.layers
    )
    return Table(columns=_SYMBOLIC_COLUMNS, rows=rows)


def _totals(counted: Count) -> tuple[str, ...]:
    total, cost = counted.total, counted.total.forward
    bound, _ = at_least(counted.unknown)
    stored = total.parameters + total.statistics
    more = "at least " if lost(counted.unknown) else ""
    forward = "forward " if counted.workload.training else ""
    lines = [
        (
            f"parameters: {more}{exact(total.parameters)}, {_trainable(counted)}; statistics: "
            f"{exact(total.statistics)}; Keras's 'Total params': {exact(stored)}"
        ),
        *training.state(counted),
        (
            f"{forward}FLOP: {bound}{exact(cost.flops)} = 2 x MACs + "
            f"{exact(cost.elementwise)} element-wise"
        ),
        (
            f"{forward}bytes: {bound}{exact(cost.read_bytes)} read, "
            f"{exact(cost.weight_bytes)} of them weights; {exact(cost.write_bytes)} written"
        ),
    ]
    padding = [layer.padding_macs for layer in counted.layers if layer.forward is not None]
    if isinstance(cost.macs, int) and None not in padding and any(padding):
        zeros = sum(macs for macs in padding if macs is not None)
        lines.append(
            f"{forward}MACs without those on zero padding: {bound}{exact(cost.macs - zeros)}"
        )
    shared = sum(layer.shared_with is not None for layer in counted.layers)
    if shared:
        lines.append(f"{plural(shared, 'call')} of shared layers: parameters counted once")
    return tuple(lines)


def _trainable(counted: Count) -> str:
    total = counted.total
    if total.trainable_parameters == total.parameters:
        return "all trainable"
    return f"{exact(total.trainable_parameters)} of them trainable"


def _shapes(layer: LayerCount) -> str:
    return ", ".join(map(shape, layer.outputs))


def _footnotes(counts: Sequence[Count], *, symbolic: bool) -> tuple[str, ...]:
    trained = dict.fromkeys(x.workload for x in counts if x.workload.training)
    more = [text for workload in trained for text in training.footnotes(workload)]
    return (*_CONVENTIONS, *more, *([_FORMULAS] if symbolic else []))


def _records(counts: Sequence[Count], data: Mapping[str, Any]) -> Table:
    """A row per layer; the figures of a training step in columns of their own.

    Args:
        counts: one per network.
        data: the same as plain values.
    """
    phases = dict.fromkeys(phase for counted in counts for phase in counted.total.phases[1:])
    more = [(phase, key) for phase in phases for key in COST_KEYS]
    keys = (*_RECORD_KEYS, *(f"{phase}_{key}" for phase, key in more))

    def rows() -> Iterator[Row]:
        for counted, network in zip(counts, data["networks"], strict=True):
            for layer, row in zip(counted.layers, network["layers"], strict=True):
                yield (*_record(counted, layer, row), *_more(row, more))

    return Table(columns=tuple(text_column(key, key) for key in keys), rows=LaterRows(rows))


def _more(row: dict[str, Any], keys: Sequence[tuple[str, str]]) -> Row:
    return tuple((row.get(phase) or {}).get(key) for phase, key in keys)


def _record(counted: Count, layer: LayerCount, row: dict[str, Any]) -> Row:
    cost = row["forward"] or {}
    return (
        counted.source,
        *(layer.name, layer.op, " ".join(layer.inputs), _shapes(layer), counted.workload.batch),
        *(row["parameters"], row["trainable_parameters"], row["statistics"]),
        *(cost.get(key) for key in COST_KEYS),
        *(layer.padding_macs, layer.shared_with, row["time_formula"], row["space_formula"]),
    )
