"""Measure networks: choose the runtime, start the workers, make values of what they say."""

from __future__ import annotations

import platform
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING, Any

from convcost.count import Workload
from convcost.count.prepare import without_loss
from convcost.device.machine import cores, describe
from convcost.errors import UsageError
from convcost.measure import loops
from convcost.measure.layers import instrument, layer_times
from convcost.measure.measurement import Measurement, Measurements, ratios
from convcost.measure.process import order_of, started
from convcost.measure.protocol import Effort, take
from convcost.measure.statistics import MORE_TIME, Verdict, disturbed, of_processes, verdict
from convcost.ops.input import Input
from convcost.runtime import runtimes
from convcost.runtime.memory import known_peak
from convcost.runtime.runners.registry import runner, runners
from convcost.runtime.runners.runner import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.measure.layers import LayerTime
    from convcost.measure.protocol import Taken
    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Loop

#: What runs networks of any framework, the first first.
_ENGINES = ("onnxruntime", "torch")


def measure(
    networks: Sequence[Network],
    workload: Workload | None = None,
    *,
    runtime: str | None = None,
    threads: int | None = None,
    loop: Loop = "step",
    effort: Effort | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Measurements:
    """Run networks side by side in a framework and tell their times.

    Args:
        networks: one or several; parameters get random values.
        workload: batch, mode, dtype, what a training step consists of, and samples for a loop.
        runtime: the name of what runs them; default: see `runtime_for`.
        threads: of the framework; default: the physical cores.
        loop: time a step, or the framework's own loop over samples in memory.
        effort: how long to measure.
        say: told what is going on.

    Raises:
        UsageError: there is no such runtime, or it cannot run that: see `convcost.measure.loops`.
        MissingFramework: it is not installed.
        NetworkError: a layer has no counterpart in it, or a size is not known.
        ConvcostError: the framework failed, or took too long.
        KeyboardInterrupt: before every network was timed once.
    """
    workload, effort = workload or Workload(), effort or Effort()
    runtime = runtime or runtime_for(networks, training=workload.training, loop=loop)
    loops.check(runner(runtime), workload, loop)
    threads = threads or cores()
    job = Job(
        batch=workload.batch,
        training=workload.training,
        loss=workload.loss,
        optimizer=workload.optimizer,
        threads=threads,
        loop=loop,
        samples=workload.samples,
    )
    # the loss is the runner's affair, not a layer
    orders = [
        (network.name, order_of(without_loss(network, workload), runtime, job))
        for network in networks
    ]
    start = partial(started, orders, threads=threads, timeout=effort.timeout)
    say(f"measuring in {runtime}")
    taken, interrupted = take(start, len(networks), effort, say)
    machine = _machine(threads)
    measured = tuple(
        _measurement(
            network, one, runtime=runtime, machine=machine, workload=workload, loop=loop,
            interrupted=interrupted,
        )
        for network, one in zip(networks, taken, strict=True)
    )  # fmt: skip
    return Measurements(measured, ratios(measured))


def runtime_for(networks: Sequence[Network], *, training: bool, loop: Loop = "step") -> str:
    """The runtime of the networks' own framework; where it cannot be run here, one that can.

    Raises:
        UsageError: none can.
    """
    able = [
        name
        for name, each in runners().items()
        if (each.trains or not training) and loop in each.loops
    ]
    if not able:
        raise UsageError("no runtime that is known can run this")
    own = {network.framework for network in networks}
    for name in able:
        known = runtimes().get(name)
        if known is not None and own <= set(known.frameworks) and runners()[name].installed:
            return name
    return next((name for name in _ENGINES if name in able), able[0])


def _machine(threads: int) -> dict[str, Any]:
    found = describe()
    return {
        "model": found.model,
        "cores": int(found.cores.value),
        "threads": threads,
        "system": platform.platform(),
    }


def _measurement(
    network: Network,
    taken: Taken,
    *,
    runtime: str,
    machine: Mapping[str, Any],
    workload: Workload,
    loop: Loop,
    interrupted: bool,
) -> Measurement:
    seconds = of_processes(taken.samples, taken.processes)
    found = instrument(taken.watched) if taken.watched else None
    layers: tuple[LayerTime, ...] = ()
    if taken.watched and found:
        layers = layer_times(network, taken.watched, found, seconds.median)
    seen = {name for layer in layers for name in layer.layers}
    computed = [layer.name for layer in network.layers if not isinstance(layer.op, Input)]
    return Measurement(
        source=network.name,
        runtime=runtime,
        versions=taken.versions,
        machine=machine,
        workload=workload,
        seconds=seconds,
        runs=sum(taken.runs),
        samples=tuple(taken.samples),
        processes=tuple(taken.processes),
        verdict=_verdict(taken, interrupted=interrupted),
        layers=layers,
        idle=tuple(name for name in computed if name not in seen) if layers else (),
        instrument=found,
        peak_bytes=taken.peak_bytes,
        predicted_peak_bytes=_predicted_peak(network, workload, runtime),
        interrupted=interrupted,
        loop=loop,
    )


def _predicted_peak(network: Network, workload: Workload, runtime: str) -> int | None:
    """By the runtime's rules; None where it has none, or that is not known."""
    known = runtimes().get(runtime)
    return None if known is None else known_peak(network, workload, known)


def _verdict(taken: Taken, *, interrupted: bool) -> Verdict:
    """That of the samples, and what the protocol knows beside them."""
    probes = disturbed([probe for pair in taken.probes for probe in pair])
    slow = list(starmap(bool.__or__, zip(probes[::2], probes[1::2], strict=True)))
    found = verdict(taken.samples, taken.processes, slow)
    reasons, advice = list(found.reasons), found.advice
    if not taken.warm:
        reasons.append("it was not warm yet when the warm-up was over")
        advice = advice or MORE_TIME
    if interrupted:
        reasons.insert(0, "interrupted: these are the samples until then")
        advice = "measure again, to the end"
    return Verdict("noisy", tuple(reasons), advice) if reasons else found
