"""Measured times as values: of each network, and their ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.measure.statistics import of_processes
from convcost.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.count import Workload
    from convcost.measure.layers import Instrument, LayerTime
    from convcost.measure.statistics import Interval, Verdict
    from convcost.measure.store.against import Against
    from convcost.runtime.runners.runner import Loop

#: Of measurements as JSON.
SCHEMA = "convcost/measure/1"
#: What the seconds are of, by what was run.
PER: Mapping[Loop, str] = {"step": "batch", "evaluate": "evaluate", "fit": "epoch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The measured time of a batch, or of the framework's loop over many, layer by layer.

    Attributes:
        source: the network's name.
        runtime: that ran it.
        versions: of what ran.
        machine: processor, cores, threads, system.
        workload: what was run.
        seconds: of a run, with the interval of the median, which holds the medians of earlier runs
            where there are some.
        runs: that were timed.
        samples: seconds of a run, in the order in which they were taken: the median of a turn.
        processes: how many of the samples each process gave, in order; `seconds` is of their
            medians.
        verdict: whether to believe it.
        layers: in the network's order; empty where the measurement was interrupted before.
        idle: layers that no time was seen of: views, and what the runtime folded away.
        instrument: what looking at the layers costs; None without layers.
        peak_bytes: the most memory that a run took, by the framework's own record; None where it
            has none, or where the measurement was interrupted before.
        predicted_peak_bytes: the same by `convcost.runtime.memory`; None where that is not known.
        interrupted: Ctrl-C ended it early.
        loop: what a run is: a step, or the framework's own loop over the workload's samples.
        run: its id in the store; None where it is not stored.
        against: how it compares with an earlier run; None where there is none, or none was asked
            for.
        earlier: runs of the same network, workload and versions on this machine whose medians the
            interval holds.
    """

    source: str
    runtime: str
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    workload: Workload
    seconds: Interval
    runs: int
    samples: tuple[float, ...]
    processes: tuple[int, ...]
    verdict: Verdict
    layers: tuple[LayerTime, ...]
    idle: tuple[str, ...]
    instrument: Instrument | None
    peak_bytes: int | None
    predicted_peak_bytes: int | None
    interrupted: bool
    loop: Loop = "step"
    run: int | None = None
    against: Against | None = None
    earlier: int = 0

    @property
    def layers_over_whole(self) -> float | None:
        """All but the framework's loop over the time of the whole; None without layers."""
        if not self.layers:
            return None
        seconds = sum(layer.seconds for layer in self.layers if not layer.is_loop)
        return seconds / self.seconds.median

    @property
    def per(self) -> str:
        """What the seconds are of: ``batch``, ``evaluate``, ``epoch``."""
        return PER[self.loop]

    def __repr__(self) -> str:
        where = f"{self.runtime}, batch {self.workload.batch}, {self.verdict}"
        return (
            f"<Measurement of {self.source}: {self.seconds.median:.3g} s per {self.per}, {where}>"
        )

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
                **self.seconds.to_dict(),
                "runs": self.runs,
                "per": self.per,
                "samples": list(self.samples),
                "processes": list(self.processes),
            },
            **self.verdict.to_dict(),
            "interrupted": self.interrupted,
            "loop": self.loop,
            "layers": [layer.to_dict() for layer in self.layers],
            "idle": list(self.idle),
            "layers_over_whole": self.layers_over_whole,
            "instrument": found and {"overhead": found.overhead, "scaled": found.scaled},
            "peak_bytes": self.peak_bytes,
            "predicted_peak_bytes": self.predicted_peak_bytes,
            "run": self.run,
            "against": self.against and self.against.to_dict(),
            "earlier": self.earlier,
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
        return {"a": self.a, "b": self.b, **self.times.to_dict("value")}


def ratios(measured: Sequence[Measurement]) -> tuple[Ratio, ...]:
    """Of every later network to the first, turn by turn: they were measured side by side."""
    first, *later = measured
    return tuple(Ratio(one.source, first.source, _times(one, first)) for one in later)


def _times(a: Measurement, b: Measurement) -> Interval:
    return of_processes([x / y for x, y in zip(a.samples, b.samples, strict=True)], a.processes)


@dataclass(frozen=True, slots=True)
class Measurements(Result):
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
            "schema": SCHEMA,
            "networks": [network.to_dict() for network in self.networks],
            "ratios": [ratio.to_dict() for ratio in self.ratios],
        }
