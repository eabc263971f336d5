"""The time of kernels by a profile: what calibration learned on this machine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.network.dims import number
from convcost.predict import columns as c
from convcost.predict.profiles import changes
from convcost.predict.roofline import KernelTime, vector_fill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.count import Workload
    from convcost.predict.profile import Profile
    from convcost.predict.work import Works
    from convcost.runtime import Kernel
    from convcost.runtime.runners.runner import RunPhase

#: A work whose kind was never seen may take so many times as long, or so many times less.
_UNSEEN = 3.0
#: Layers that a remark names.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a profile says about a batch.

    Attributes:
        times: of the kernels.
        rest: seconds of what belongs to no layer: loss, update, loop.
        seconds: of the whole.
        low: 5 % of the networks that were held out took less, as shares of the prediction.
        high: 5 % took more.
        unseen: kinds of works that calibration never saw, with the layers that are one.
    """

    times: tuple[KernelTime, ...]
    rest: Mapping[RunPhase, float]
    seconds: float
    low: float
    high: float
    unseen: Mapping[str, tuple[str, ...]]


def calibrated(
    works: Works, kernels: Sequence[Kernel], workload: Workload, profile: Profile, lanes: int
) -> Calibrated:
    """The times of kernels, and of what belongs to no layer.

    Args:
        works: of the network, bound and prepared for the workload.
        kernels: that run; those of the same layers and phase have one time together.
        workload: what is run.
        profile: of the runtime and the workload's mode.
        lanes: numbers in a vector register.
    """
    groups: dict[tuple[tuple[str, ...], RunPhase], list[Kernel]] = {}
    for kernel in kernels:
        groups.setdefault((kernel.layers, kernel.phase), []).append(kernel)
    rest: tuple[RunPhase, ...] = ("loop",)
    if workload.training:
        rest = ("loss", "update", "loop") if workload.optimizer else ("loss", "loop")
    found = [works.of(*group) for group in groups] + [works.of((), phase) for phase in rest]
    # held-out networks took so many times as long as the sum of their parts' predictions
    bias = math.exp(profile.whole.middle)
    seconds = [float(value) * bias for value in profile.model.seconds(found)]
    terms = profile.model.terms(found).tolist()
    times = [
        time
        for group, parts, value in zip(groups.values(), terms, seconds, strict=False)
        for time in _times(group, parts, value, lanes)
    ]
    whole = sum(seconds)
    low = whole * math.exp(profile.whole.low - profile.whole.middle)
    high = whole * math.exp(profile.whole.high - profile.whole.middle)
    unseen: dict[str, tuple[str, ...]] = {}
    for work, value in zip(found, seconds, strict=True):
        if not profile.model.knows(work):
            unseen[work.kind] = (*unseen.get(work.kind, ()), *work.layers)
            low -= value * (1 - 1 / _UNSEEN)
            high += value * (_UNSEEN - 1)
    return Calibrated(
        times=tuple(times), rest=dict(zip(rest, seconds[len(groups) :], strict=True)),
        seconds=whole, low=max(low, 0.0), high=high, unseen=unseen,
    )  # fmt: skip


def _times(
    kernels: Sequence[Kernel], terms: Sequence[float], seconds: float, lanes: int
) -> list[KernelTime]:
    """The time of a group divided among its kernels by what they move, and what it consists of.

    The terms are those of the mechanistic time, scaled to the whole of it.
    """
    scale = seconds / max(sum(terms), 1e-12)
    compute, memory = (scale * sum(terms[part]) for part in (c.COMPUTE, c.MEMORY))
    moved = [number(kernel.cost.bytes, "bytes") + 1 for kernel in kernels]
    return [
        KernelTime(
            kernel=kernel,
            compute=compute * share,
            memory=memory * share,
            launch=(seconds - compute - memory) * share,
            seconds=seconds * share,
            fill=1.0
            if kernel.channels is None
            else vector_fill(number(kernel.channels, "channels"), lanes),
        )
        for kernel, share in zip(kernels, (x / sum(moved) for x in moved), strict=True)
    ]


def remarks(profile: Profile, found: Calibrated, dtype: str) -> tuple[str, ...]:
    """What to know about times that come from a profile."""
    threads = profile.setting.threads
    said = [f"calibrated on {profile.date} with {profile.networks} networks, {threads} threads"]
    said += changes(profile)
    said += [f"the profile is of a noisy machine: {reason}" for reason in profile.noise]
    for kind, layers in found.unseen.items():
        where = f" ({', '.join(layers[:_NAMED])})" if layers else ""
        said.append(f"calibration has not seen {kind}{where}: the range is wider for it")
    if dtype != "float32":
        said.append(f"calibration ran float32: nothing is known of {dtype}")
    return tuple(said)
