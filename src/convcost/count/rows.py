"""What a count consists of: a row per layer, their sums, what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.network.cost import FIGURES, NOTHING, Cost, total
from convcost.network.dataclass import dataclass, field
from convcost.network.equation import power_product
from convcost.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count.workload import Workload
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network, Note
    from convcost.network.parameter import Parameter

#: A part of a pass over a batch. Training has all of them, inference the first.
CountedPhase: TypeAlias = Literal["forward", "backward_data", "backward_weights", "update"]

FORWARD: tuple[CountedPhase, ...] = ("forward",)


@dataclass(frozen=True, slots=True)
class Formulas:
    """Time and space of a layer as formulas. Text is slow, so it is made when it is asked for.

    Attributes:
        network: not bound to a batch.
        layer: of the network.
        own: the parameters that it adds.
    """

    network: Network
    layer: Layer
    own: tuple[Parameter, ...]

    @property
    def time(self) -> str:
        """The MACs per sample as a product of loop sizes; empty without MACs."""
        equations = self.layer.op.equations(self.network.call(self.layer))
        return " + ".join(equation.per_sample for equation in equations)

    @property
    def space(self) -> str:
        """Parameters + output values per sample (seed 004's space complexity)."""
        parts = [power_product(parameter.shape) for parameter in self.own]
        per_sample = ((a.size for a in t.axes if a.name != "batch") for t in self.layer.outputs)
        return " + ".join([*parts, *map(power_product, per_sample)])


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
        forward: the cost of the forward pass; None, as for the other phases, where it is not known.
        backward_data: of the gradients of its inputs, as far as a layer before it waits for them.
        backward_weights: of the gradients of its parameters that are not frozen.
        update: of the optimizer's step on the parameters that this layer adds.
        phases: which of the four are counted.
        padding_macs: the part of the MACs that multiplies padding zeros, where it can be told.
        formulas: its time and space as formulas.
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
    backward_data: Cost | None = None
    backward_weights: Cost | None = None
    update: Cost | None = None
    phases: tuple[CountedPhase, ...] = FORWARD
    padding_macs: int | None = None
    formulas: Formulas = field(repr=False, compare=False)
    shared_with: str | None = None
    line: int | None = None

    @property
    def step(self) -> Cost | None:
        """All phases together; None where one is not known."""
        costs = [getattr(self, phase) for phase in self.phases]
        return None if None in costs else total(costs)

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
            **_phases_to_dict(self, self.phases),
            "padding_macs": self.padding_macs,
            "time_formula": self.formulas.time,
            "space_formula": self.formulas.space,
        }
        return row if self.shared_with is None else {**row, "shared_with": self.shared_with}


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Sums over the layers; lower bounds where something is unknown.

    Phases that are not counted are zero.
    """

    parameters: Dim
    trainable_parameters: Dim
    statistics: Dim
    forward: Cost
    backward_data: Cost = NOTHING
    backward_weights: Cost = NOTHING
    update: Cost = NOTHING
    phases: tuple[CountedPhase, ...] = FORWARD

    @property
    def step(self) -> Cost:
        """All phases together: a training step, or the forward pass alone."""
        return total(getattr(self, phase) for phase in self.phases)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "parameters": _plain(self.parameters),
            "trainable_parameters": _plain(self.trainable_parameters),
            "statistics": _plain(self.statistics),
            **_phases_to_dict(self, self.phases),
        }


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """A layer, or a part of the source, that the totals do not contain."""

    layer: str | None
    what: str
    why: str
    parameters_known: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {"layer": self.layer, "what": self.what, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Result):
    """The exact cost of a network under a workload. All figures are for the whole batch.

    Attributes:
        source: the network's name.
        workload: what is asked.
        layers: in the order in which they run; the loss, where one is asked for, is the last.
        total: their sums.
        unknown: what the sums do not contain.
        notes: what the reader of the source had to say.
        definitions: of named sizes.
        optimizer_state_bytes: what the optimizer keeps between updates; None without one.
    """

    source: str
    workload: Workload
    layers: tuple[LayerCount, ...]
    total: Total
    unknown: tuple[UnknownCost, ...]
    notes: tuple[Note, ...]
    definitions: Mapping[str, Dim]
    optimizer_state_bytes: Dim | None = None

    @property
    def complete(self) -> bool:
        """Whether the totals contain everything."""
        return not self.unknown

    def __repr__(self) -> str:
        at_least = "" if self.complete else "at least "
        stored = "" if all(part.parameters_known for part in self.unknown) else "at least "
        parameters, macs = _grouped(self.total.parameters), _grouped(self.total.step.macs)
        figures = f"{stored}{parameters} parameters, {at_least}{macs} MACs"
        of = "training at batch" if self.workload.training else "at batch"
        return f"<Count of {self.source}: {figures} {of} {self.workload.batch}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract, one NETWORK of `convcost/count/1`."""
        state = self.optimizer_state_bytes
        return {
            "source": self.source,
            "workload": self.workload.to_dict(),
            "complete": self.complete,
            "layers": [layer.to_dict() for layer in self.layers],
            "total": self.total.to_dict(),
            **({} if state is None else {"optimizer_state_bytes": _plain(state)}),
            "unknown": [part.to_dict() for part in self.unknown],
            "notes": [note_to_dict(note) for note in self.notes],
            "definitions": {name: str(size) for name, size in self.definitions.items()},
        }


def cost_to_dict(cost: Cost) -> dict[str, Any]:
    """Plain values by the JSON contract; symbolic figures as text."""
    figures = {name: _plain(getattr(cost, name)) for name in FIGURES}
    return {"macs": figures["macs"], "elementwise": figures["elementwise"],
            "flops": _plain(cost.flops), **figures}  # fmt: skip


def note_to_dict(note: Note) -> dict[str, Any]:
    """Plain values by the JSON contract."""
    return {
        "layer": note.layer,
        "line": note.line,
        "kind": note.kind,
        "text": note.text,
        "alternatives": [{"number": number, "text": other.text} for number, other in note.numbered],
    }


def _phases_to_dict(
    row: LayerCount | Total, phases: tuple[CountedPhase, ...]
) -> dict[str, dict[str, Any] | None]:
    costs = {phase: getattr(row, phase) for phase in phases}
    return {phase: None if cost is None else cost_to_dict(cost) for phase, cost in costs.items()}


def _grouped(size: Dim) -> str:
    return f"{size:,}" if isinstance(size, int) else f"({size})"


def _plain(size: Dim | None) -> int | str | None:
    return size if size is None or isinstance(size, int) else str(size)
