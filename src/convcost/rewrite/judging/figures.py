"""What a network costs, as far as rewrites are judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.count import totals
from convcost.count.prepare import at_batch
from convcost.count.receptive_field import receptive_field
from convcost.network.cost import NOTHING
from convcost.network.dims import number
from convcost.runtime.memory import known_peak

if TYPE_CHECKING:
    from convcost.count.field import Field
    from convcost.network.cost import Cost
    from convcost.network.network import Network
    from convcost.predict import Estimate, Prediction
    from convcost.rewrite.judging.setting import Setting

#: Under which a network keeps the fields of all its layers: each candidate asks for one.
_FIELDS = "receptive fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of a batch's forward pass, or of a training step.

    Attributes:
        macs: multiply-accumulates.
        parameters: learned numbers.
        statistics: stored numbers that are not learned.
        bytes: that its layers read and write.
        seconds: predicted; by data sheet, of a training step, those of its forward pass.
        complete: whether every layer's cost is known; else the others are lower bounds.
        memory_bytes: the most at one time; None where it was not asked for, or is not known.
        field: what one position of a layer reads of the network's input; None likewise.
    """

    macs: int
    parameters: int
    statistics: int
    bytes: int
    seconds: Estimate
    complete: bool
    memory_bytes: int | None = None
    field: Field | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "macs": self.macs,
            "parameters": self.parameters,
            "statistics": self.statistics,
            "bytes": self.bytes,
            "memory_bytes": self.memory_bytes,
            "seconds": {**self.seconds.to_dict(), "per": "batch"},
            "complete": self.complete,
            **({} if self.field is None else {"receptive_field": self.field.to_dict()}),
        }


@dataclass(frozen=True, slots=True)
class Priced:
    """A network with what it costs.

    Attributes:
        network: as it was given.
        bound: the same with its batch in numbers.
        figures: of it.
        prediction: of its time, layer by layer.
        forward: the cost of its forward pass.
    """

    network: Network
    bound: Network
    figures: Figures
    prediction: Prediction
    forward: Cost


def priced(network: Network, setting: Setting, beside: Cost = NOTHING) -> Priced:
    """Count a network, and predict it; without its memory and receptive field.

    Args:
        network: or a part of one.
        setting: what it is predicted for.
        beside: the forward cost of the rest, where it is a part.

    Raises:
        NetworkError: no layer has a known cost, or a size is open.
    """
    bound = at_batch(network, setting.workload.batch)
    total, unknown = totals(bound, setting.workload)
    prediction = setting.predicted(bound, beside)
    cost = total.step if setting.workload.training else total.forward
    figures = Figures(
        macs=number(cost.macs, "MACs"),
        parameters=number(total.parameters, "parameters"),
        statistics=number(total.statistics, "statistics"),
        bytes=number(cost.bytes, "bytes"),
        seconds=prediction.seconds,
        complete=not unknown,
    )
    return Priced(network, bound, figures, prediction, total.forward)


def memory_of(network: Network, setting: Setting) -> int | None:
    """Bytes that a batch needs at one time; None where a layer's are not known."""
    return known_peak(network, setting.workload, setting.runtime)


def field_of(network: Network, layer: str) -> Field | None:
    """What one position of a layer reads of the network's input; None where that is not known."""
    fields = network.memo.get(_FIELDS)
    if fields is None:
        fields = network.memo[_FIELDS] = receptive_field(network)
    found: Field = fields[layer]
    return found if found.axes else None
