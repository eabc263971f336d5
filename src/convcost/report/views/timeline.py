"""Predictions and measurements as traces: what runs when, kernel by kernel or layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from convcost.count.rows import cost_to_dict
from convcost.report.figures import exact, plural
from convcost.report.trace import Event, Process, Trace, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcost.explain.explanation import Explanation
    from convcost.measure import Measurement
    from convcost.predict import Prediction
    from convcost.report.trace import Phase

#: What the positions of events mean.
_PREDICTED = "predicted seconds of each kernel, one after the other in the network's order"
_MEASURED = (
    "medians of a few runs: an event lasts as long as its layers took in the median; the order is "
    "that of the network, the backward pass in reverse, and an event begins at the sum of the "
    "medians before it, which is no time that was seen"
)


def of_predictions(predictions: Sequence[Prediction]) -> Callable[[], Trace]:
    """A trace of predicted batches, made when it is asked for: one process per network."""
    return lambda: Trace(tuple(map(predicted, predictions)))


def of_measurements(
    found: Sequence[Measurement], ops: Sequence[Mapping[str, str]] = ()
) -> Callable[[], Trace]:
    """A trace of measured runs, made when it is asked for: one process per network.

    Args:
        found: the measurements.
        ops: kinds of ops by layer, for each of the networks; none where they are not known.
    """
    known = ops or [{}] * len(found)
    return lambda: Trace(tuple(map(measured, found, known)))


def of_explanation(explanation: Explanation) -> Callable[[], Trace]:
    """What was predicted of each network, and what was measured of it right below."""

    def processes() -> Iterator[Process]:
        for place, prediction in enumerate(explanation.predictions):
            yield predicted(prediction)
            if explanation.verifications:
                ops = {layer.name: layer.op for layer in prediction.layers}
                yield measured(explanation.verifications[place].measurement, ops)

    return lambda: Trace(tuple(processes()))


def predicted(prediction: Prediction) -> Process:
    """The kernels of a batch; with a plan, of one of its steps, the framework's loop included."""
    runtime, device = prediction.runtime.name, prediction.device.name
    plan, workload = prediction.plan, prediction.workload
    about: dict[str, Any] = {
        "source": prediction.source,
        "runtime": runtime,
        "device": device,
        "workload": workload.to_dict(),
        "basis": prediction.basis,
        "seconds": {**prediction.seconds.to_dict(), "per": "batch"},
        "times": _PREDICTED,
        "unknown": [part.layer for part in prediction.unknown],
        "assumptions": list(prediction.assumptions),
    }
    if plan is not None:
        shown = f"one of {plural(plan.steps, 'step')}, which are taken to be alike"
        about["plan"] = {**plan.to_dict(), "shown": shown}
    where = f"{runtime} on {device}, batch {exact(workload.batch)}"
    return Process(
        name=f"{prediction.source}, predicted: {where}",
        kind="predicted",
        events=in_order(_kernels(prediction)),
        about=about,
    )


def _kernels(prediction: Prediction) -> Iterator[Event]:
    ops = {layer.name: layer.op for layer in prediction.layers}
    whole = prediction.seconds.value
    for time in prediction.kernels:
        layers = time.kernel.layers
        details = {
            **_whose(layers, ops),
            "bound": time.bound,
            "share": time.seconds / whole,
            "vector_fill": time.fill,
            **cost_to_dict(time.kernel.cost),
        }
        yield _event(time.kernel.name, time.kernel.phase, time.seconds, details)
    for phase, seconds in prediction.rest.items():
        yield _event(phase, phase, seconds, {"share": seconds / whole})
    if prediction.plan is not None:
        yield _event("loop", "loop", prediction.plan.loop_seconds / prediction.plan.steps, {})


def measured(one: Measurement, ops: Mapping[str, str]) -> Process:
    """The layers of a run, phase by phase; one event where only the whole is known.

    Args:
        one: the measurement.
        ops: kinds of ops by layer, as far as they are known.
    """
    whole, workload = one.seconds, one.workload
    of = "one batch"
    if one.loop != "step":
        steps = plural(workload.steps or 0, "step")
        of = f"{one.loop} of {plural(workload.samples or 0, 'sample')}: {steps}, added up"
    about: dict[str, Any] = {
        "source": one.source,
        "runtime": one.runtime,
        "versions": dict(one.versions),
        "machine": dict(one.machine),
        "workload": workload.to_dict(),
        "seconds": {
            "median": whole.median, "low": whole.low, "high": whole.high, "per": one.per,
        },
        "of": of,
        "verdict": one.verdict.name,
        "times": _MEASURED if one.layers else "the median of the whole: its layers were not timed",
        "idle": list(one.idle),
    }  # fmt: skip
    return Process(
        name=f"{one.source}, measured: {one.runtime}, batch {exact(workload.batch)}",
        kind="measured",
        events=in_order(_layers(one, ops)),
        about=about,
    )


def _layers(one: Measurement, ops: Mapping[str, str]) -> Iterator[Event]:
    whole = one.seconds.median
    if not one.layers:
        yield _event("whole", "whole", whole, {"share": 1.0})
    for layer in one.layers:
        for phase, seconds in layer.phases.items():
            details = {
                **(_whose(layer.layers, ops) if layer.layers else {}),
                **({"kernels": list(layer.kernels)} if layer.kernels else {}),
                "share": seconds / whole,
            }
            yield _event(layer.name, cast("Phase", phase), seconds, details)


def _whose(layers: Sequence[str], ops: Mapping[str, str]) -> dict[str, Any]:
    kinds = [ops[name] for name in layers if name in ops]
    return {"layers": list(layers), **({"ops": kinds} if kinds else {})}


def _event(name: str, phase: Phase, seconds: float, details: Mapping[str, Any]) -> Event:
    shown = {"phase": phase, "seconds": seconds, **details}
    return Event(name=name, phase=phase, seconds=seconds, details=shown)
