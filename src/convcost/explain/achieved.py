"""What a time that the user measured means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.device import THIS_MACHINE, load, names
from convcost.explain.explanation import Achieved
from convcost.network.dims import number
from convcost.predict import predict
from convcost.units import format_count, format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from convcost.explain.evidence import Case
    from convcost.explain.times import Time
    from convcost.predict import Prediction

#: What else a time that convcost did not take may be, where it is far too long or too short.
_MORE = (
    "more than this forward pass was timed (a training step takes about three of them; was "
    "--samples given?), or "
)
_LESS = "was less than the forward pass of all samples timed? (check --samples and the units)"
#: A measured time within this factor of a device's predicted one is like that device's.
_LIKE = 3.0


def achieved(case: Case, time: Time, samples: int) -> Achieved:
    """Rates from a measured time, and the kind of device that they are typical of.

    Args:
        case: the network, counted for its batch.
        time: measured for all samples.
        samples: how many.
    """
    seconds, batches = time.seconds, samples / case.prediction.workload.batch
    if not case.count.complete:
        more = f"; {time.remark}" if time.remark else ""
        return Achieved(
            network=case.index,
            seconds=seconds,
            samples=samples,
            flops_per_second=None,
            bytes_per_second=None,
            fraction_of_device=None,
            verdict=f"not all of the network's cost is known: no rates{more}",
        )
    total = case.count.total
    cost = total.step if case.prediction.of_step else total.forward
    flops = number(cost.flops, "FLOP") * batches
    kernels = (time.kernel.cost for time in case.prediction.kernels)
    moved = sum(number(cost.bytes, "bytes") for cost in kernels) * batches
    fraction = _whole(case.prediction, batches, time) / seconds
    rates = f"{format_count(flops / seconds, 'FLOP/s')} and {format_count(moved / seconds, 'B/s')}"
    part = time.trained and not case.prediction.of_step
    remark = "it trains: the rates count the forward pass only" if part else time.remark
    more = f"; {remark}" if remark else ""
    return Achieved(
        network=case.index,
        seconds=seconds,
        samples=samples,
        flops_per_second=flops / seconds,
        bytes_per_second=moved / seconds,
        fraction_of_device=fraction,
        verdict=f"{rates}: {_like(case, time, batches)}{_speed(case, fraction)}{more}",
    )


def _whole(prediction: Prediction, batches: float, time: Time) -> float:
    """Predicted seconds of so many batches, the framework's loop included where the time has it."""
    loop = 0.0 if time.taken else prediction.loop.seconds
    return (prediction.seconds.value + loop) * batches


def _like(case: Case, time: Time, batches: float) -> str:
    """The kind of device; of whole training steps no data sheet says what they take."""
    return "" if case.prediction.of_step else f"{_kind(case, time, batches)}; "


def _kind(case: Case, time: Time, batches: float) -> str:
    """The device of the catalogue whose predicted time is nearest."""
    old, seconds = case.prediction, time.seconds
    times = []
    for device in (load(name) for name in names() if name != THIS_MACHINE):
        if device.kind in old.runtime.rules:
            on_it = predict(case.network, old.workload, device=device, runtime=old.runtime)
            times.append((_whole(on_it, batches, time), device))
    predicted, nearest = min(times, key=lambda pair: abs(math.log(pair[0] / seconds)))
    ratio = seconds / predicted
    where = f"{nearest.title} ({format_seconds(predicted)} predicted)"
    if ratio > _LIKE:
        slow = f"{format_ratio(ratio)} the time of even the slowest device of the catalogue"
        return f"{slow}, {where}: {'' if time.taken else _MORE}the run mostly waits"
    if ratio < 1 / _LIKE:
        fast = f"faster than the fastest device of the catalogue, {where}"
        return fast if time.taken else f"{fast}: {_LESS}"
    kind = "CPU" if nearest.kind == "cpu" else "GPU"
    return f"what a {kind} such as {where} reaches"


def _speed(case: Case, fraction: float) -> str:
    device = case.prediction.device.name
    if fraction > 1:
        return f"{fraction:.1f} times as fast as predicted for {device}"
    return f"{format_percent(fraction)} of the speed predicted for {device}"
