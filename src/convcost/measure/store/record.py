"""A measurement as the store has it: the plain values of `Measurement.to_dict`, checked.

A damaged file may hold anything: what does not fit here makes no `Measurement`. Keys that follow
from others (`layers_over_whole`, `fused_with`, `per`) are known and not used.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal

import msgspec

from convcost.count import Workload
from convcost.measure.layers import Instrument, LayerTime
from convcost.measure.measurement import Measurement
from convcost.measure.statistics import Interval, Verdict
from convcost.runtime.runners.runner import Loop  # noqa: TC001 - msgspec reads annotations

#: What only one answer says of a measurement: nothing to keep.
_NOT_KEPT = ("run", "against", "earlier")


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Only the keys that are named."""


class _Machine(_Known, frozen=True):
    model: str
    cores: int
    threads: int
    system: str


class _Workload(_Known, frozen=True):
    batch: int
    mode: Literal["inference", "training"]
    dtype: str | None
    samples: int | None
    epochs: int
    optimizer: str | None = None
    loss: str | None = None
    freeze: tuple[str, ...] = ()
    input_gradient: bool = False
    accumulate: int = 1


class _Seconds(_Known, frozen=True):
    median: float
    low: float
    high: float
    confidence: float
    runs: int
    per: str
    samples: tuple[float, ...]
    processes: tuple[int, ...]


class _Layer(_Known, frozen=True):
    name: str
    layers: tuple[str, ...]
    seconds: float
    share: float
    phases: dict[str, float]
    kernels: tuple[str, ...]
    fused_with: tuple[str, ...] = ()


class _Instrument(_Known, frozen=True):
    overhead: float
    scaled: bool


class _Record(_Known, frozen=True):
    source: str
    runtime: str
    versions: dict[str, str]
    machine: _Machine
    workload: _Workload
    seconds: _Seconds
    verdict: Literal["stable", "noisy"]
    reasons: tuple[str, ...]
    advice: str
    interrupted: bool
    loop: Loop
    layers: tuple[_Layer, ...]
    idle: tuple[str, ...]
    layers_over_whole: float | None
    instrument: _Instrument | None
    peak_bytes: int | None
    predicted_peak_bytes: int | None


def kept(measurement: Measurement) -> dict[str, Any]:
    """The plain values of a measurement that a store keeps."""
    return {key: value for key, value in measurement.to_dict().items() if key not in _NOT_KEPT}


def restored(values: Any, run: int | None) -> Measurement:
    """A measurement from what `kept` made of it.

    Args:
        values: as JSON has them.
        run: its id in the store; None where it is not stored.

    Raises:
        ValueError: they are something else (`msgspec.ValidationError` is one).
        ConvcostError: of a workload that cannot be.
    """
    found = msgspec.convert(values, _Record)
    turns = found.seconds.processes
    if min(turns, default=0) < 1 or sum(turns) != len(found.seconds.samples):
        raise ValueError(f"{len(found.seconds.samples)} samples of processes with {turns}")
    return Measurement(
        source=found.source,
        runtime=found.runtime,
        versions=found.versions,
        machine=msgspec.structs.asdict(found.machine),
        workload=_as(Workload, found.workload, training=found.workload.mode == "training"),
        seconds=_as(Interval, found.seconds),
        runs=found.seconds.runs,
        samples=found.seconds.samples,
        processes=found.seconds.processes,
        verdict=Verdict(found.verdict, found.reasons, found.advice),
        layers=tuple(_as(LayerTime, layer) for layer in found.layers),
        idle=found.idle,
        instrument=_as(Instrument, found.instrument) if found.instrument else None,
        peak_bytes=found.peak_bytes,
        predicted_peak_bytes=found.predicted_peak_bytes,
        interrupted=found.interrupted,
        loop=found.loop,
        run=run,
    )


def written(values: Any) -> Measurement:
    """A measurement from what `Measurement.to_dict` made of it; what is not kept is lost.

    Raises:
        ValueError: they are something else.
        ConvcostError: of a workload that cannot be.
    """
    found = msgspec.convert(values, dict[str, Any])
    run = msgspec.convert(found.get("run"), int | None)
    return restored({key: found[key] for key in found if key not in _NOT_KEPT}, run)


def _as(kind: type[Any], found: _Known, **more: object) -> Any:
    """A dataclass whose fields have the names of keys, but for those given."""
    names = [field.name for field in fields(kind) if field.name not in more]
    return kind(**{name: getattr(found, name) for name in names}, **more)
