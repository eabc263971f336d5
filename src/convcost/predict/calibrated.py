"""The time of kernels by a profile: what calibration learned on this machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.predict import columns as c
from convcost.predict.estimate import Estimate
from convcost.predict.plan import Loop
from convcost.predict.profiles import changes
from convcost.predict.roofline import KernelTime, vector_fill
from convcost.predict.timed import Timed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from convcost.count import Workload
    from convcost.device import Device
    from convcost.predict.profile import Profile
    from convcost.predict.step import Parts
    from convcost.predict.work import Group, Work
    from convcost.runtime import Kernel, Rules
    from convcost.runtime.runners.runner import RunPhase

#: A work whose kind was never seen may take so many times as long, or so many times less.
_UNSEEN = 3.0
#: Layers that a remark names.
_NAMED = 3


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
    rest, found = rest_of(workload), parts.works
    seconds, terms = _seconds(found, profile)
    lanes = int(device.vector_lanes.value)
    times = [
        time
        for group, parts, value in zip(groups.values(), terms, seconds, strict=False)
        for time in _times(group, parts, value, lanes)
    ]
    others = dict(zip(rest, seconds[len(groups) :], strict=True))
    said = []
    if workload.accumulate > 1:
        others["update"], text = _shared_update(others["update"], found[-2], workload, device)
        said.append(text)
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


def grouped(kernels: Iterable[Kernel]) -> Mapping[tuple[Group, RunPhase], list[Kernel]]:
    """The kernels of the same layers in the same phase, in order."""
    groups: dict[tuple[Group, RunPhase], list[Kernel]] = {}
    for kernel in kernels:
        groups.setdefault((kernel.layers, kernel.phase), []).append(kernel)
    return groups


def rest_of(workload: Workload) -> tuple[RunPhase, ...]:
    """What a batch takes besides its layers."""
    if not workload.training:
        return ("loop",)
    return ("loss", "update", "loop") if workload.optimizer else ("loss", "loop")


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
    low = seconds * math.exp(band.low - band.middle) - unseen * (1 - 1 / _UNSEEN)
    high = seconds * math.exp(band.high - band.middle) + unseen * (_UNSEEN - 1)
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


def _shared_update(
    seconds: float, update: Work, workload: Workload, device: Device
) -> tuple[float, str]:
    """What a batch pays of an update that several share, and what is to be said of it.

    All batches but the first of an update add their gradients to those that are there: two tensors
    are read and one is written, of the size of the parameters.
    """
    shared = workload.accumulate
    moved = 3 * number(update.elements, "parameters") * _FLOAT32
    adding = moved / device.memory_bandwidth.value
    each = (seconds + (shared - 1) * adding) / shared
    return each, f"{shared} batches share an update; adding their gradients is no part of a profile"


#: Bytes.
_FLOAT32 = 4


def _loop(parts: Parts, workload: Workload, profile: Profile, rules: Rules) -> Loop:
    """As it was calibrated, or else as the runtime's rules have it."""
    found = profile.loops.get("fit" if workload.training else "evaluate")
    if found is None:
        return Loop(rules.loop_seconds.value, rules.loop_seconds.source)
    seconds = found.batch + found.byte * number(parts.input_bytes, "bytes of the inputs")
    return Loop(seconds, f"calibrated on {profile.date}")


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
        where = f" ({', '.join(layers[:_NAMED])})" if layers else ""
        yield f"calibration has not seen {kind}{where}: the range is wider for it"
    if dtype != "float32":
        yield f"calibration ran float32: nothing is known of {dtype}"
