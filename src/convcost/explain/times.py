"""Measured times: those that the user gives, or those that the sources tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Workload
    from convcost.network.network import Measured, Network


@dataclass(frozen=True, slots=True)
class Time:
    """A measured time of one network.

    Attributes:
        seconds: for all samples.
        samples: how many; None where nobody tells.
        trained: whether the run trained.
        text: where it comes from, for the user; empty for a time that he gave himself.
    """

    seconds: float
    samples: int | None
    trained: bool = False
    text: str = ""


def given(seconds: Sequence[float], workload: Workload) -> tuple[Time, ...]:
    """Times that the user gives: for the samples of the workload, or for one batch."""
    samples = workload.samples or workload.batch
    return tuple(Time(each, samples) for each in seconds)


def told(networks: Sequence[Network], workload: Workload) -> tuple[Time, ...]:
    """Times that the sources tell, if each tells one; otherwise none.

    Of several times of a network the one that fits the workload is taken: of training, or not.
    """
    if not all(network.measured for network in networks):
        return ()
    return tuple(_told(network, workload) for network in networks)


def ratio(a: Time, b: Time) -> float:
    """How many times longer a took than b, per sample where both tell their samples."""
    if a.samples is None or b.samples is None:
        return a.seconds / b.seconds
    return (a.seconds / a.samples) / (b.seconds / b.samples)


def _told(network: Network, workload: Workload) -> Time:
    chosen = min(network.measured, key=lambda m: abs((m.training is True) - workload.training))
    samples, how = _samples(chosen, workload)
    where = "" if chosen.line is None else f" from line {chosen.line}"
    text = (
        f"measured time of {network.name} read{where}: {format_seconds(chosen.seconds)}, "
        f"{chosen.what}, {how}"
    )
    return Time(chosen.seconds, samples, chosen.training is True, text)


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
