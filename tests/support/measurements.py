"""Measurements made by hand: what a framework would have taken, without one."""

from convcost.count import Workload
from convcost.device import load
from convcost.measure import LayerTime, Measurement, Measurements, Ratio, Verdict
from convcost.measure.layers import Instrument
from convcost.measure.statistics import interval

#: Of as many samples an interval has the usual confidence.
TURNS = 8


def measurement(
    network, samples, rows=(), *, runtime="torch", workload=None, interrupted=False, threads=None
):
    """The measurement of a network.

    Args:
        network: any.
        samples: seconds of a batch, one per turn.
        rows: (names of layers, seconds per phase); names are empty for what belongs to no layer.
        runtime: that ran it.
        workload: default: a batch of 32.
        interrupted: whether Ctrl-C ended it.
        threads: of the framework; default: the cores of the device `i9-10940x`.
    """
    seconds = interval(samples)
    seen = {name for names, _ in rows for name in names}
    return Measurement(
        source=network.name,
        runtime=runtime,
        versions={runtime: "1.2.3"},
        machine={
            "model": "by hand",
            "cores": 14,
            "threads": threads or int(load("i9-10940x").cores.value),
            "system": "none",
        },
        workload=workload or Workload(batch=32),
        seconds=seconds,
        runs=len(samples),
        samples=tuple(samples),
        processes=(1,) * len(samples),
        verdict=Verdict("noisy", ("interrupted",)) if interrupted else Verdict("stable"),
        layers=tuple(_layer(names, phases, seconds.median) for names, phases in rows),
        idle=tuple(x.name for x in network.layers if x.name not in seen) if rows else (),
        instrument=Instrument(0.0, scaled=False) if rows else None,
        peak_bytes=None,
        predicted_peak_bytes=None,
        interrupted=interrupted,
    )


def _layer(names, phases, whole):
    seconds = sum(phases.values())
    name = names[0] if names else next(iter(phases))
    return LayerTime(
        name=name, layers=names, seconds=seconds, share=seconds / whole, phases=phases, kernels=()
    )


def side_by_side(*measured):
    """The measurements of several networks whose turns alternated."""
    first, *later = measured
    return Measurements(
        measured,
        tuple(
            Ratio(
                one.source,
                first.source,
                interval([x / y for x, y in zip(one.samples, first.samples, strict=True)]),
            )
            for one in later
        ),
    )
