"""Measured times: those that the user gives, that convcost took, or that the sources tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.explain.ratio import MeasuredRatio
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Workload
    from convcost.explain.verification import Verification
    from convcost.measure import Measurements
    from convcost.network.network import Measured, Network


@dataclass(frozen=True, slots=True)
class Time:
    """A measured time of one network.

    Attributes:
        seconds: for all samples.
        samples: how many; None where nobody tells.
        remark: what to know about rates that are taken from it; empty where there is nothing.
        text: where it comes from, for the user; empty where he knows, or is told elsewhere.
        taken: whether convcost took it: surely of that pass, without the framework's own loop.
        trained: whether the source says that it is of training.
    """

    seconds: float
    samples: int | None
    remark: str = ""
    text: str = ""
    taken: bool = False
    trained: bool = False


def times_of(
    networks: Sequence[Network],
    workload: Workload,
    given: Sequence[float],
    verifications: Sequence[Verification],
) -> tuple[Time | None, ...]:
    """One time per network, None where it is not known; empty where nothing was measured.

    Args:
        networks: that are explained.
        workload: its samples are those of times that the user gives.
        given: by the user; empty for what the sources tell.
        verifications: one per network where convcost measured them; else none.

    Raises:
        UsageError: another number of times, or samples without times.
    """
    if verifications:
        return tuple(map(_taken, verifications))
    if given and len(given) != len(networks):
        raise UsageError(
            f"{len(given)} measured times for {len(networks)} networks",
            hint="give one time per network, in the order of the sources: --measured 4.6s,2.3s",
        )
    if workload.samples is not None and not given and not any(n.measured for n in networks):
        raise UsageError(
            "samples say what measured times are for, and there are none",
            hint="give --measured 4.6s,2.3s too; or predict --samples for a whole data set",
        )
    return _given(given, workload) if given else _told(networks, workload)


def ratios_of(
    times: Sequence[Time | None], measurements: Measurements | None
) -> tuple[MeasuredRatio, ...]:
    """Of each later network to the first; none where nothing was measured.

    Args:
        times: of the networks.
        measurements: by convcost, whose ratios are measured themselves; None without them.
    """
    if measurements is not None:
        return tuple(MeasuredRatio.of(ratio.times) for ratio in measurements.ratios)
    first, *later = (time for time in times if time is not None) if times else (None,)
    return tuple(MeasuredRatio(_ratio(time, first)) for time in later if first is not None)


def _taken(found: Verification) -> Time | None:
    """What convcost measured of that which is predicted."""
    seconds = found.compared
    if seconds is None:
        return None
    remark = "of the forward pass within the step" if found.forward_only else ""
    batch = found.measurement.workload.batch
    return Time(seconds.median, batch, remark, taken=True)


def _given(seconds: Sequence[float], workload: Workload) -> tuple[Time, ...]:
    """Times that the user gives: for the samples of the workload, or for one batch."""
    samples = workload.samples or workload.batch
    return tuple(Time(each, samples) for each in seconds)


def _told(networks: Sequence[Network], workload: Workload) -> tuple[Time, ...]:
    """Times that the sources tell, if each tells one; otherwise none.

    Of several times of a network the one that fits the workload is taken: of training, or not.
    """
    if not all(network.measured for network in networks):
        return ()
    return tuple(_told_by(network, workload) for network in networks)


def _ratio(a: Time, b: Time) -> float:
    """How many times longer a took than b, per sample where both tell their samples."""
    if a.samples is None or b.samples is None:
        return a.seconds / b.seconds
    return (a.seconds / a.samples) / (b.seconds / b.samples)


def _told_by(network: Network, workload: Workload) -> Time:
    chosen = min(network.measured, key=lambda m: abs((m.training is True) - workload.training))
    samples, how = _samples(chosen, workload)
    where = "" if chosen.line is None else f" from line {chosen.line}"
    text = (
        f"measured time of {network.name} read{where}: {format_seconds(chosen.seconds)}, "
        f"{chosen.what}, {how}"
    )
    return Time(chosen.seconds, samples, "", text, trained=chosen.training is True)


def _samples(measured: Measured, workload: Workload) -> tuple[int | None, str]:
    """The samples that a time is for, and how they are known."""
    if workload.samples is not None:
        return workload.samples, f"for {workload.samples:,} samples"
    if measured.samples is not None:
        return measured.samples, f"for {measured.samples:,} samples"
    if measured.steps is not None:
        samples = measured.steps * workload.batch
        return samples, f"for {measured.steps:,} steps, taken to be batches of {workload.batch}"
    return None, "for an unknown number of samples: give them with --samples"
