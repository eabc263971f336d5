"""The ledger: parameters and cost of every layer, and their sums."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from convcost.count.workload import Workload
from convcost.network.builder import BATCH
from convcost.network.cost import Cost, total
from convcost.network.dims import free_symbols, summed
from convcost.network.equation import power_product
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network, Note
    from convcost.network.op import Call, Mode, Op
    from convcost.network.parameter import Parameter


_NOT_SAID = dict.fromkeys(("parameters", "trainable_parameters", "statistics"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCount:
    """One row of the ledger.

    Attributes:
        name: the layer's.
        op: the kind of its op.
        inputs: names of the layers it reads.
        outputs: shapes in the source's axis order, symbols not bound.
        parameters: learned weights that this layer adds (a later call of a shared layer adds none);
            None, like the next two, where the source does not say how many there are.
        trainable_parameters: those of them that are not frozen.
        statistics: stored numbers that are not learned.
        forward: the cost of the forward pass; None where it is not known.
        padding_macs: the part of the MACs that multiplies padding zeros, where it can be told.
        time_formula: the MACs per sample as a product of loop sizes; empty without MACs.
        space_formula: parameters + output values per sample (seed 004's space complexity).
        shared_with: the layer whose parameters this call uses again.
        line: where the source mentions it.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[tuple[Dim, ...], ...]
    parameters: Dim | None
    trainable_parameters: Dim | None
    statistics: Dim | None
    forward: Cost | None
    padding_macs: int | None = None
    time_formula: str = ""
    space_formula: str = ""
    shared_with: str | None = None
    line: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        row: dict[str, Any] = {
            "name": self.name,
            "op": self.op,
            "inputs": list(self.inputs),
            "outputs": [[_plain(size) for size in shape] for shape in self.outputs],
            "parameters": _plain(self.parameters),
            "trainable_parameters": _plain(self.trainable_parameters),
            "statistics": _plain(self.statistics),
            "forward": None if self.forward is None else cost_to_dict(self.forward),
            "padding_macs": self.padding_macs,
            "time_formula": self.time_formula,
            "space_formula": self.space_formula,
        }
        return row if self.shared_with is None else {**row, "shared_with": self.shared_with}


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Sums over the layers; lower bounds where something is unknown."""

    parameters: Dim
    trainable_parameters: Dim
    statistics: Dim
    forward: Cost

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "parameters": _plain(self.parameters),
            "trainable_parameters": _plain(self.trainable_parameters),
            "statistics": _plain(self.statistics),
            "forward": cost_to_dict(self.forward),
        }


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """A layer, or a part of the source, that the totals do not contain."""

    layer: str | None
    what: str
    why: str
    parameters_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The exact cost of a network under a workload. All figures are for the whole batch."""

    source: str
    workload: Workload
    layers: tuple[LayerCount, ...]
    total: Total
    unknown: tuple[UnknownCost, ...]
    notes: tuple[Note, ...]
    definitions: Mapping[str, Dim]

    @property
    def complete(self) -> bool:
        """Whether the totals contain everything."""
        return not self.unknown

    def __repr__(self) -> str:
        at_least = "" if self.complete else "at least "
        stored = "" if all(part.parameters_known for part in self.unknown) else "at least "
        parameters, macs = _grouped(self.total.parameters), _grouped(self.total.forward.macs)
        figures = f"{stored}{parameters} parameters, {at_least}{macs} MACs"
        return f"<Count of {self.source}: {figures} at batch {self.workload.batch}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract, one NETWORK of `convcost/count/1`."""
        return {
            "source": self.source,
            "workload": self.workload.to_dict(),
            "complete": self.complete,
            "layers": [layer.to_dict() for layer in self.layers],
            "total": self.total.to_dict(),
            "unknown": [{"layer": u.layer, "what": u.what, "why": u.why} for u in self.unknown],
            "notes": [note_to_dict(note) for note in self.notes],
            "definitions": {name: str(size) for name, size in self.definitions.items()},
        }


def count(network: Network, workload: Workload | None = None, *, symbolic: bool = False) -> Count:
    """Count a network exactly.

    Args:
        network: what to count.
        workload: batch, mode and dtype; default: one sample, inference.
        symbolic: leave the batch ``N`` and all other symbols in the figures instead of binding the
            batch and reporting what else is not known.

    >>> from convcost.zoo import load
    >>> count(load("seed001-cnn")).total.forward.macs
    10903680
    """
    workload = workload or Workload()
    if workload.dtype is not None:
        network = network.with_dtype(workload.dtype)
    bound = network if symbolic else network.bind({str(BATCH): workload.batch})
    found = costs(bound, workload.mode, symbolic=symbolic)
    rows = []
    added: set[str] = set()
    for shown, known in zip(network.layers, found, strict=True):
        own = tuple(bound.table[id_] for id_ in shown.parameters if id_ not in added)
        added.update(shown.parameters)
        rows.append(_row(known, network, shown, own, workload.mode))
    return Count(
        source=network.name,
        workload=workload,
        layers=tuple(rows),
        total=Total(
            **_parameter_sums(bound.table.values()),
            forward=total(row.forward for row in rows if row.forward is not None),
        ),
        unknown=unknown_costs(network, found),
        notes=network.notes,
        definitions=network.definitions,
    )


@dataclass(frozen=True, slots=True)
class LayerCost:
    """A layer's call and its cost; where the cost is not known, why."""

    layer: Layer
    call: Call
    cost: Cost | None
    why: str | None


def costs(network: Network, mode: Mode, *, symbolic: bool = False) -> tuple[LayerCost, ...]:
    """The cost of every layer's forward pass, without the rest of the ledger.

    Args:
        network: bound to a batch, unless symbolic.
        mode: inference or training.
        symbolic: let symbols stand in the costs, instead of calling these unknown.
    """
    return tuple(_cost(network.call(x, mode), x, symbolic=symbolic) for x in network.layers)


def unknown_costs(network: Network, found: Iterable[LayerCost]) -> tuple[UnknownCost, ...]:
    """What sums over these costs do not contain."""
    layers = [
        UnknownCost(x.layer.name, x.layer.op.kind, x.why, not _is_unsaid(x.layer.op))
        for x in found
        if x.why is not None
    ]
    missing = [
        UnknownCost(None, "part of the source", why, parameters_known=False)
        for why in network.missing
    ]
    return (*layers, *missing)


def _cost(call: Call, layer: Layer, *, symbolic: bool) -> LayerCost:
    cost = layer.op.cost("forward", call)
    why = getattr(layer.op, "why", "no rule") if cost is None else None
    if cost is not None and not symbolic:
        open_names = free_symbols(*(getattr(cost, field.name) for field in fields(cost)))
        if open_names:
            cost, why = None, f"the source does not give {', '.join(sorted(open_names))}"
    return LayerCost(layer, call, cost, why)


def cost_to_dict(cost: Cost) -> dict[str, Any]:
    """Plain values by the JSON contract; symbolic figures as text."""
    figures = {field.name: _plain(getattr(cost, field.name)) for field in fields(cost)}
    return {"macs": figures["macs"], "elementwise": figures["elementwise"],
            "flops": _plain(cost.flops), **figures}  # fmt: skip


def note_to_dict(note: Note) -> dict[str, Any]:
    """Plain values by the JSON contract."""
    return {
        "layer": note.layer,
        "line": note.line,
        "kind": note.kind,
        "text": note.text,
        "alternatives": list(note.alternatives),
    }


def _row(
    known: LayerCost, network: Network, shown: Layer, own: Iterable[Parameter], mode: Mode
) -> LayerCount:
    """The row of a layer; shapes and formulas from the network before it was bound."""
    layer, cost = known.layer, known.cost
    equations = shown.op.equations(network.call(shown, mode))
    return LayerCount(
        name=layer.name,
        op=layer.op.kind,
        inputs=tuple(ref.layer for ref in layer.inputs),
        outputs=tuple(tensor.shape for tensor in shown.outputs),
        **(_NOT_SAID if _is_unsaid(layer.op) else _parameter_sums(own)),
        forward=cost,
        padding_macs=None if cost is None else layer.op.padding_macs(known.call),
        time_formula=" + ".join(equation.per_sample for equation in equations),
        space_formula=_space_formula(shown, own),
        shared_with=layer.shared_with,
        line=layer.line,
    )


def _space_formula(layer: Layer, own: Iterable[Parameter]) -> str:
    parts = [power_product(parameter.shape) for parameter in own]
    per_sample = ((a.size for a in t.axes if a.name != "batch") for t in layer.outputs)
    parts += [power_product(sizes) for sizes in per_sample]
    return " + ".join(parts)


def _parameter_sums(parameters: Iterable[Parameter]) -> dict[str, Any]:
    parameters = tuple(parameters)

    def elements(chosen: Iterable[Parameter]) -> Dim:
        return summed(p.elements for p in chosen)

    return {
        "parameters": elements(p for p in parameters if p.learned),
        "trainable_parameters": elements(p for p in parameters if p.trainable),
        "statistics": elements(p for p in parameters if not p.learned),
    }


def _grouped(size: Dim) -> str:
    return f"{size:,}" if isinstance(size, int) else f"({size})"


def _is_unsaid(op: Op) -> bool:
    return isinstance(op, Unknown) and op.parameters is None


def _plain(size: Dim | None) -> int | str | None:
    return size if size is None or isinstance(size, int) else str(size)
