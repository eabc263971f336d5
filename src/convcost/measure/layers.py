"""From the spans of a few instrumented runs to the times of layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

#: The layers' times are scaled where a run with the instrument differs from one without by more: by
#: the instrument's own work, or by a moment in which the machine was slower or quicker.
_NOTICEABLE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTime:
    """The measured time of layers that run as one, or of what belongs to no layer.

    Attributes:
        name: of the first layer; of the phase, where it is none (``loss``, ``update``, ``loop``).
        layers: names in the network.
        seconds: of a batch.
        share: of the whole batch.
        phases: seconds per phase; they add up to `seconds`.
        kernels: what the framework calls them.
    """

    name: str
    layers: tuple[str, ...]
    seconds: float
    share: float
    phases: Mapping[str, float]
    kernels: tuple[str, ...]

    @property
    def is_loop(self) -> bool:
        """Whether it is what the framework does between the layers."""
        return not self.layers and set(self.phases) == {"loop"}

    @property
    def fused_with(self) -> tuple[str, ...]:
        """The other layers that run in the same kernels."""
        return self.layers[1:]

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "name": self.name,
            "layers": list(self.layers),
            "seconds": self.seconds,
            "share": self.share,
            "phases": dict(self.phases),
            "kernels": list(self.kernels),
            **({"fused_with": list(self.fused_with)} if self.fused_with else {}),
        }


@dataclass(frozen=True, slots=True)
class Instrument:
    """What looking at the layers costs.

    Attributes:
        overhead: how much longer a run takes with it, as a share.
        scaled: whether the layers' times were brought down to a run without it.
    """

    overhead: float
    scaled: bool


def instrument(watched: Mapping[str, Any]) -> Instrument:
    """The overhead, from runs with and without it that were taken in turns.

    >>> instrument({"plain": [1.0, 2.0], "watched": [1.25, 2.5]})
    Instrument(overhead=0.25, scaled=True)
    """
    pairs = zip(watched["watched"], watched["plain"], strict=True)
    overhead = median(seconds / plain for seconds, plain in pairs) - 1
    return Instrument(overhead, abs(overhead) > _NOTICEABLE)


def layer_times(
    network: Network, watched: Mapping[str, Any], found: Instrument, whole: float
) -> tuple[LayerTime, ...]:
    """The times of layers in the network's order; what belongs to no layer comes last.

    A time is the median share of a run, times the whole. The share is that of the plain run beside
    the instrumented one, so that a slow moment meets both alike; where the instrument takes much
    time itself, it is the share of the instrumented run.

    Args:
        network: whose layers they are.
        watched: what the worker answered.
        found: the instrument's overhead.
        whole: seconds of a run without the instrument.
    """
    wholes = watched["watched" if found.scaled else "plain"]
    rows: dict[tuple[bool, str], _Row] = {}
    for number, (run, seconds) in enumerate(zip(watched["spans"], wholes, strict=True)):
        for span in run:
            key = (not span["layers"], span["layers"][0] if span["layers"] else span["phase"])
            row = rows.setdefault(key, _Row())
            shares = row.phases.setdefault(span["phase"], [0.0] * len(wholes))
            shares[number] += span["seconds"] / seconds
            row.layers.update(dict.fromkeys(span["layers"]))
            row.kernels.update(dict.fromkeys(filter(None, [span["kernel"]])))
    place = {layer.name: number for number, layer in enumerate(network.layers)}
    ordered = sorted(rows, key=lambda key: (key[0], place.get(key[1], len(place))))
    return tuple(rows[key].finished(key[1], whole) for key in ordered)


@dataclass(slots=True)
class _Row:
    """A layer's shares of each run while they are collected.

    The keys of `layers` and `kernels` are ordered sets.
    """

    phases: dict[str, list[float]] = field(default_factory=dict)
    layers: dict[str, None] = field(default_factory=dict)
    kernels: dict[str, None] = field(default_factory=dict)

    def finished(self, name: str, whole: float) -> LayerTime:
        phases = {phase: median(shares) * whole for phase, shares in self.phases.items()}
        seconds = sum(phases.values())
        return LayerTime(
            name=name,
            layers=tuple(self.layers),
            seconds=seconds,
            share=seconds / whole,
            phases=phases,
            kernels=tuple(self.kernels),
        )
