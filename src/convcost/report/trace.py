"""What runs one after the other, as values: networks, each with its events in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.runtime.runners.runner import RunPhase

#: A phase of a step; ``whole`` where its parts are not known.
Phase: TypeAlias = "RunPhase | Literal['whole']"

#: As they run.
_ORDER: tuple[Phase, ...] = ("forward", "loss", "backward", "update", "loop", "whole")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What runs as one piece.

    Attributes:
        name: of a kernel, or of layers.
        phase: of the step.
        seconds: that it takes.
        details: plain values that are shown beside it.
    """

    name: str
    phase: Phase
    seconds: float
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a network does: one event after the other, without gaps.

    Attributes:
        name: of the network, where it runs, and on how many samples.
        kind: ``predicted`` or ``measured``.
        events: in order of execution.
        about: plain values: what is shown, and how it was found.
    """

    name: str
    kind: str
    events: tuple[Event, ...]
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """Networks beside each other, all beginning at zero."""

    processes: tuple[Process, ...]


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events as they run: phase by phase, the backward pass from the last layer to the first.

    Args:
        events: those of each phase in the network's order.

    >>> both = [("a", "forward"), ("a", "backward"), ("b", "forward"), ("b", "backward")]
    >>> made = (Event(name=name, phase=x, seconds=1.0, details={}) for name, x in both)
    >>> [f"{event.name} {event.phase}" for event in in_order(made)]
    ['a forward', 'b forward', 'b backward', 'a backward']
    """

    def place(numbered: tuple[int, Event]) -> tuple[int, int]:
        number, event = numbered
        return _ORDER.index(event.phase), -number if event.phase == "backward" else number

    return tuple(event for _, event in sorted(enumerate(events), key=place))
