"""The time of kernels by a profile: what calibration learned on this machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.network.tensor import dtype_bytes
from convcost.predict import columns as c
from convcost.predict.estimate import Estimate
from convcost.predict.groups import grouped, rest_of
from convcost.predict.kernel import KernelTime
from convcost.predict.plan import LoopTime
from convcost.predict.profile import UNSEEN
from convcost.predict.profiles import changes
from convcost.predict.timed import Timed
from convcost.predict.vectors import vector_fill
from convcost.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.count import Workload
    from convcost.device import Device
    from convcost.predict.profile import Profile
    from convcost.predict.step import Parts
    from convcost.predict.work import Work
    from convcost.runtime import Kernel, Rules


def by_profile(
    parts: Parts,
    workload: Workload,
    profile: Profile,
    device: Device,
    rules: Rules,
    dtype: str,
) -> Timed:
    """The times of kernels, and of what belongs to no layer.

    Args:
        parts: of the batch; kernels of the same layers and phase have one time together.
        workload: what is run.
        profile: of the runtime and the workload's mode.
        device: this machine.
        rules: the runtime's.
        dtype: of most tensors.
    """
    groups = grouped(parts.kernels)
    rest, found, number_of_groups = rest_of(workload), parts.works, len(groups)
    seconds, terms = _seconds(found, profile)
    lanes = int(device.vector_lanes.value)
    times = [
        time
        for group, shares, value in zip(
            groups.values(), terms[:number_of_groups], seconds[:number_of_groups], strict=True
        )
        for time in _times(group, shares, value, lanes)
    ]
    others = dict(zip(rest, seconds[number_of_groups:], strict=True))
    said = []
    shared = workload.accumulate
    if shared > 1:
        update = dict(zip(rest, found[number_of_groups:], strict=True))["update"]
        elements = number(update.elements, "parameters")
        others["update"] = with_shared_update(others["update"], elements, workload, device)
        said.append(
            f"{shared} batches share an update; adding their gradients is no part of a profile"
        )
    unseen = [place for place, work in enumerate(found) if not profile.knows(work)]
    whole = sum([time.seconds for time in times]) + sum(others.values())
    low, high = bounds(whole, sum([seconds[place] for place in unseen]), profile)
    return Timed(
        times=tuple(times),
        seconds=Estimate(whole, max(low, 0.0), high, profile.common),
        loop=_loop(parts, workload, profile, rules),
        remarks=(*_remarks(profile, found, [found[place] for place in unseen], dtype), *said),
        rest=others,
    )


def _seconds(works: Sequence[Work], profile: Profile) -> tuple[list[float], list[list[float]]]:
    """Of each work, and the terms of its mechanistic time.

    Held-out networks took so many times as long as the sum of their parts' predictions: works that
    were measured themselves need no such correction.
    """
    learned, terms = profile.model.seconds_and_terms(works)
    bias = math.exp(profile.whole.middle)
    seconds = [
        float(value) * bias if (known := profile.refined_seconds(work)) is None else known
        for work, value in zip(works, learned, strict=True)
    ]
    return seconds, terms.tolist()


def bounds(seconds: Any, unseen: Any, profile: Profile) -> tuple[Any, Any]:
    """The range of held-out networks, wider for works whose kind was never seen.

    Args:
        seconds: of a batch; a number or an array.
        unseen: of which such works take.
        profile: whose networks.
    """
    band = profile.whole
    low = seconds * math.exp(band.low - band.middle) - unseen * (1 - 1 / UNSEEN)
    high = seconds * math.exp(band.high - band.middle) + unseen * (UNSEEN - 1)
    return low, high


def _times(
    kernels: Sequence[Kernel], terms: Sequence[float], seconds: float, lanes: int
) -> list[KernelTime]:
    """The time of a group divided among its kernels by what they move, and what it consists of.

    The terms are those of the mechanistic time, scaled to the whole of it.
    """
    scale = seconds / max(sum(terms), 1e-12)
    compute, memory = scale * sum(terms[c.COMPUTE]), scale * sum(terms[c.MEMORY])
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
        for kernel, share in zip(kernels, [x / sum(moved) for x in moved], strict=True)
    ]


def with_shared_update(seconds: Any, elements: Any, workload: Workload, device: Device) -> Any:
    """What a batch pays of an update that several share; numbers, or arrays of them.

    All batches but the first of an update add their gradients to those that are there: two tensors
    are read and one is written, of the size of the parameters.

    Args:
        seconds: of the update.
        elements: of the parameters.
        workload: how many batches share it.
        device: that adds the gradients.
    """
    shared = workload.accumulate
    adding = 3 * elements * dtype_bytes("float32") / device.memory_bandwidth.value
    return (seconds + (shared - 1) * adding) / shared


def _loop(parts: Parts, workload: Workload, profile: Profile, rules: Rules) -> LoopTime:
    """As it was calibrated, or else as the runtime's rules have it."""
    found = profile.loops.get("fit" if workload.training else "evaluate")
    if found is None:
        return LoopTime(rules.loop_seconds.value, rules.loop_seconds.source)
    seconds = found.batch + found.byte * number(parts.input_bytes, "bytes of the inputs")
    return LoopTime(seconds, f"calibrated on {profile.date}")


def _remarks(
    profile: Profile, found: Sequence[Work], unseen: Sequence[Work], dtype: str
) -> Iterator[str]:
    """What to know about times that come from a profile."""
    threads = profile.setting.threads
    yield f"calibrated on {profile.date} with {profile.networks} networks, {threads} threads"
    yield from changes(profile)
    yield from (f"the profile is of a noisy machine: {reason}" for reason in profile.noise)
    refined = sum(profile.refined_seconds(work) is not None for work in found)
    if refined:
        yield f"{refined} of {len(found)} parts were measured themselves (--refine)"
    kinds: dict[str, list[str]] = {}
    for work in unseen:
        kinds.setdefault(work.kind, []).extend(work.layers)
    for kind, layers in kinds.items():
        where = f" ({format_names(layers)})" if layers else ""
        yield f"calibration has not seen {kind}{where}: the range is wider for it"
    if dtype != "float32":
        yield f"calibration ran float32: nothing is known of {dtype}"
