"""What a time that the user measured means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Achieved
from convcost.network.dims import number
from convcost.units import format_count, format_percent

if TYPE_CHECKING:
    from convcost.explain.evidence import Case

#: Achieved rates below these are those of a kind of device; fractions of typical peaks (data sheets
#: of `convcost devices`: one CPU core 10^10..10^11 FLOP/s, a desktop CPU up to 3*10^12).
_KINDS = (
    (2e9, "a fraction of one CPU core's rate, or a run that mostly waits"),
    (5e10, "what one to a few CPU cores reach"),
    (1e12, "what a CPU with all its cores, or a GPU that mostly waits, reaches"),
)


def achieved(case: Case, seconds: float, samples: int) -> Achieved:
    """Rates from a measured time.

    Args:
        case: the network, counted for its batch.
        seconds: measured for all samples.
        samples: how many.
    """
    batches = samples / case.prediction.workload.batch
    flops = number(case.count.total.forward.flops, "FLOP") * batches
    kernels = (time.kernel.cost for time in case.prediction.kernels)
    moved = sum(number(cost.bytes, "bytes") for cost in kernels) * batches
    loop = case.prediction.runtime.rules[case.prediction.device.kind].loop_seconds.value
    fraction = (case.seconds + loop) * batches / seconds
    return Achieved(
        network=case.index,
        seconds=seconds,
        samples=samples,
        flops_per_second=flops / seconds,
        bytes_per_second=moved / seconds,
        fraction_of_device=fraction,
        verdict=_verdict(case, flops / seconds, moved / seconds, fraction),
    )


def _verdict(case: Case, flops: float, moved: float, fraction: float) -> str:
    kind = next((text for most, text in _KINDS if flops < most), "what a GPU reaches")
    rates = f"{format_count(flops, 'FLOP/s')} and {format_count(moved, 'B/s')}: {kind}"
    device = case.prediction.device.title
    if fraction > 1:
        return f"{rates}; {fraction:.1f} times as fast as predicted for {device}"
    return f"{rates}; {format_percent(fraction)} of the speed predicted for {device}"
