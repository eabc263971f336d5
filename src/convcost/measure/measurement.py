"""Measured times as values: of each network, and their ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import Workload
    from convcost.measure.layers import Instrument, LayerTime
    from convcost.measure.statistics import Interval, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The measured time of a batch, layer by layer.

    Attributes:
        source: the network's name.
        runtime: that ran it.
        versions: of what ran.
        machine: processor, cores, threads, system.
        workload: what was run.
        seconds: of a batch, with the interval of the median.
        runs: that were timed.
        samples: seconds of a batch, in the order in which they were taken: the median of a turn.
        verdict: whether to believe it.
        layers: in the network's order; empty where the measurement was interrupted before.
        idle: layers that no time was seen of: views, and what the runtime folded away.
        instrument: what looking at the layers costs; None without layers.
        interrupted: Ctrl-C ended it early.
    """

    source: str
    runtime: str
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    workload: Workload
    seconds: Interval
    runs: int
    samples: tuple[float, ...]
    verdict: Verdict
    layers: tuple[LayerTime, ...]
    idle: tuple[str, ...]
    instrument: Instrument | None
    interrupted: bool

    @property
    def layers_over_whole(self) -> float | None:
        """All but the framework's loop over the time of the whole; None without layers."""
        if not self.layers:
            return None
        seconds = sum(layer.seconds for layer in self.layers if not layer.is_loop)
        return seconds / self.seconds.median

    def __repr__(self) -> str:
        where = f"{self.runtime}, batch {self.workload.batch}, {self.verdict}"
        return f"<Measurement of {self.source}: {self.seconds.median:.3g} s per batch, {where}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract, one NETWORK of `convcost/measure/1`."""
        found = self.instrument
        return {
            "source": self.source,
            "runtime": self.runtime,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "workload": self.workload.to_dict(),
            "seconds": {
                "median": self.seconds.median,
                "low": self.seconds.low,
                "high": self.seconds.high,
                "confidence": self.seconds.confidence,
                "runs": self.runs,
                "per": "batch",
                "samples": list(self.samples),
            },
            **self.verdict.to_dict(),
            "interrupted": self.interrupted,
            "layers": [layer.to_dict() for layer in self.layers],
            "idle": list(self.idle),
            "layers_over_whole": self.layers_over_whole,
            "instrument": found and {"overhead": found.overhead, "scaled": found.scaled},
        }


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one network takes as another.

    Attributes:
        a: the later one.
        b: the first one.
        times: time(a) / time(b), from samples that were taken side by side.
    """

    a: str
    b: str
    times: Interval

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        found = self.times
        return {
            "a": self.a,
            "b": self.b,
            "value": found.median,
            "low": found.low,
            "high": found.high,
            "confidence": found.confidence,
        }


@dataclass(frozen=True, slots=True)
class Measurements:
    """Networks that were measured side by side.

    Attributes:
        networks: in the order in which they were given.
        ratios: of each later network to the first one.
    """

    networks: tuple[Measurement, ...]
    ratios: tuple[Ratio, ...]

    @property
    def seconds(self) -> Interval:
        """Of a batch of the first network."""
        return self.networks[0].seconds

    @property
    def layers(self) -> tuple[LayerTime, ...]:
        """Of the first network."""
        return self.networks[0].layers

    @property
    def verdict(self) -> Verdict:
        """Of the first network."""
        return self.networks[0].verdict

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it early."""
        return any(network.interrupted for network in self.networks)

    def __repr__(self) -> str:
        return f"<Measurements: {', '.join(map(repr, self.networks))}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/measure/1`."""
        return {
            "schema": "convcost/measure/1",
            "networks": [network.to_dict() for network in self.networks],
            "ratios": [ratio.to_dict() for ratio in self.ratios],
        }
