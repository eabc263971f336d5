"""The parts of a difference in time: layer by layer, and cause by cause."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from convcost.runtime.runners.runner import RunPhase

#: What time goes into: arithmetic, memory traffic, starting kernels; what a kernel saves where it
#: computes several layers, and costs where it does not; and what belongs to no layer.
Cause: TypeAlias = "Literal['compute', 'memory', 'launch', 'fusion'] | RunPhase"

#: What the causes are, in words.
MEANINGS: Mapping[Cause, str] = {
    "compute": "arithmetic",
    "memory": "reading and writing tensors",
    "launch": "starting kernels",
    "fusion": "layers that run in one kernel in only one of the two",
    "loss": "the loss",
    "update": "the optimizer's update",
    "loop": "the framework between the layers",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of the difference in time between two networks; the parts add up to the whole.

    Attributes:
        a: index of the network whose layer it is, or to which the layer belongs in both.
        b: index of the network it is compared with.
        layer: the layer's name (in a, or in b where a lacks it); of what belongs to no layer, the
            phase: ``loss``, ``update``, ``loop``.
        cause: ``compute``, ``memory``, ``launch``, ``fusion``, or the phase.
        seconds: time(a) - time(b) of it.
        only_in: index of the network that alone has the layer; None where both have it, and of a
            phase.
    """

    a: int
    b: int
    layer: str
    cause: Cause
    seconds: float
    only_in: int | None = None

    def to_dict(self, sources: Sequence[str]) -> dict[str, Any]:
        """Plain values.

        Args:
            sources: the names of the networks.
        """
        return {
            "a": sources[self.a],
            "b": sources[self.b],
            "layer": self.layer,
            "cause": self.cause,
            "seconds": self.seconds,
            **({} if self.only_in is None else {"only_in": sources[self.only_in]}),
        }


@dataclass(frozen=True, slots=True)
class CauseSum:
    """What one cause makes of the difference between two networks, over all layers.

    Attributes:
        a: index of the later network.
        b: index of the network it is compared with.
        cause: as of `Difference`.
        seconds: time(a) - time(b) by it.
    """

    a: int
    b: int
    cause: Cause
    seconds: float

    def to_dict(self, sources: Sequence[str]) -> dict[str, Any]:
        """Plain values.

        Args:
            sources: the names of the networks.
        """
        return {
            "a": sources[self.a],
            "b": sources[self.b],
            "cause": self.cause,
            "seconds": self.seconds,
        }


def by_cause(parts: Iterable[Difference]) -> tuple[CauseSum, ...]:
    """The parts summed up by pair and cause, the largest of each pair first.

    >>> parts = [Difference(1, 0, "c", "memory", 2.0), Difference(1, 0, "d", "launch", -3.0),
    ...          Difference(1, 0, "e", "memory", 0.5)]
    >>> [(each.cause, each.seconds) for each in by_cause(parts)]
    [('launch', -3.0), ('memory', 2.5)]

    What is smaller than the rounding of the times is nothing:

    >>> parts = [Difference(1, 0, "c", "compute", 9.0), Difference(1, 0, "c", "launch", 0.3),
    ...          Difference(1, 0, "d", "launch", 0.1 - 0.4)]
    >>> [(each.cause, each.seconds) for each in by_cause(parts)]
    [('compute', 9.0), ('launch', 0.0)]
    """
    found: dict[tuple[int, int], dict[Cause, list[float]]] = {}
    for part in parts:
        of_pair = found.setdefault((part.a, part.b), {})
        of_pair.setdefault(part.cause, []).append(part.seconds)
    return tuple(each for pair, causes in found.items() for each in _sums(*pair, causes))


def _sums(a: int, b: int, causes: Mapping[Cause, list[float]]) -> list[CauseSum]:
    rounding = sys.float_info.epsilon * math.fsum(abs(x) for each in causes.values() for x in each)
    sums = [(cause, math.fsum(seconds)) for cause, seconds in causes.items()]
    told = [CauseSum(a, b, cause, 0.0 if abs(x) <= rounding else x) for cause, x in sums]
    return sorted(told, key=lambda each: -abs(each.seconds))
