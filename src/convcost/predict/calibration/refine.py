"""Measure the parts of a network that its profile is least sure of, and keep what they take.

A part runs between the layers before and behind it, as it does in the network: a kernel that runs
alone finds its operands in the caches, and others in another layout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from convcost.count.prepare import without_loss
from convcost.errors import ConvcostError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.ops.input import Input
from convcost.predict.calibration.design import Drawn
from convcost.predict.calibration.sampling import Sampler
from convcost.predict.columns import exact_sizes
from convcost.predict.groups import grouped
from convcost.predict.model import key
from convcost.predict.profile import UNSEEN, Refined
from convcost.predict.profile_file import save
from convcost.predict.work import Works, as_it_runs
from convcost.runtime import lower_step
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from convcost.count import Workload
    from convcost.network.network import Network, Ref
    from convcost.predict.groups import Group
    from convcost.predict.profile import Profile
    from convcost.predict.work import Work
    from convcost.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Layers that run as one.

    Attributes:
        layers: names.
        works: of its phases.
        seconds: by which its predicted time may be off.
    """

    layers: Group
    works: tuple[Work, ...]
    seconds: float


def refine(
    network: Network,
    workload: Workload,
    *,
    runtime: Runtime,
    profile: Profile,
    path: Path,
    seconds: float,
    say: Callable[[str], None] = lambda _: None,
) -> Profile:
    """Measure a network's least certain parts.

    Args:
        network: that is predicted.
        workload: of the prediction.
        runtime: that runs it.
        profile: of that runtime and mode; it says how sure it is of which kind.
        path: where the profile is kept: it is written again with what was measured, also where
            Ctrl-C ends it.
        seconds: to measure for, about.
        say: told what is going on.

    Returns:
        The profile with what was measured.

    Raises:
        UsageError: the workload has another dtype than the profile.
        MissingFramework: the runtime is not installed.
    """
    if workload.dtype not in (None, "float32"):
        raise UsageError(f"profiles are of float32; nothing of {workload.dtype} can be refined")
    left = uncertain(network, workload, runtime, profile)
    if not left:
        return profile
    sampler = Sampler(profile.setting)
    found: list[Refined] = []
    end, failed = monotonic() + seconds, 0
    try:
        for number, part in enumerate(left, 1):
            if monotonic() >= end:
                break
            left_over = format_seconds(end - monotonic())
            say(f"part {number} of {len(left)}: {part.layers[0]}, {left_over} left")
            try:
                measured = _measured(network, workload, runtime, part, sampler)
            except ConvcostError:
                measured = []
            failed += not measured
            found += measured
    except KeyboardInterrupt:
        say("interrupted")
    finally:
        sampler.close()
    if failed:
        say(f"{failed} parts run in another way by themselves: they stay as predicted")
    new = {(each.key, each.sizes): each for each in (*profile.refined, *found)}
    profile = replace(profile, refined=tuple(new.values()))
    if found:
        save(profile, path)
    return profile


def uncertain(
    network: Network, workload: Workload, runtime: Runtime, profile: Profile
) -> Sequence[Part]:
    """The parts of a network that were not measured themselves, the least certain one first."""
    bound = without_loss(network, workload).bind({str(BATCH): workload.batch})
    works = Works(bound, workload)
    known = {part.layer.name for part in works.costs if part.cost is not None}
    kernels = lower_step(bound, as_it_runs(workload), runtime, "cpu")
    groups: dict[Group, list[Work]] = {}
    found = grouped(kernel for kernel in kernels if known.issuperset(kernel.layers))
    for (layers, phase), of_group in found.items():
        groups.setdefault(layers, []).append(works.of(layers, phase, of_group))
    parts = []
    for layers, of_phases in groups.items():
        if all(profile.refined_seconds(work) is not None for work in of_phases):
            continue
        seconds = profile.model.seconds(of_phases).tolist()
        both = zip(of_phases, seconds, strict=True)
        off = sum(value * _error(work, profile) for work, value in both)
        parts.append(Part(layers=layers, works=tuple(of_phases), seconds=off))
    return sorted(parts, key=lambda part: -part.seconds)


def _error(work: Work, profile: Profile) -> float:
    """How far off the logarithm of a work's time may be."""
    found = profile.kinds.get(key(work))
    return math.log(UNSEEN) if found is None else max(abs(found.low), abs(found.high))


def _measured(
    network: Network, workload: Workload, runtime: Runtime, part: Part, sampler: Sampler
) -> list[Refined]:
    """A part's phases, as far as they run in the segment as they do in the network."""
    cut = segment(network, part.layers, trained=workload.training)
    sample = sampler.sample(Drawn(cut, workload.batch, workload.optimizer, ()))
    works = Works(cut.bind({str(BATCH): workload.batch}), workload)
    kernels = grouped(lower_step(cut, as_it_runs(workload), runtime, "cpu"))
    wanted = {(work.phase, exact_sizes(work)): work for work in part.works}
    found = []
    for each in sample.parts:
        if each.layers != part.layers:
            continue
        of_group = kernels.get((each.layers, each.phase), ())
        here = works.of(each.layers, each.phase, of_group)
        work = wanted.get((each.phase, exact_sizes(here)))
        if work is not None:
            sizes = exact_sizes(work)
            found.append(Refined(key(work), tuple(map(int, sizes)), each.seconds))  # type: ignore[arg-type]
    return found


def segment(network: Network, group: Iterable[str], *, trained: bool) -> Network:
    """Layers with those before and behind them; what these read is given.

    Args:
        network: with an open batch.
        group: layers that run as one.
        trained: with what else reads the same tensors, and back to layers with parameters, so that
            gradients pass through the group as they do in the network.

    >>> from convcost.zoo import load
    >>> found = segment(load("seed000"), ["batch_normalization_1"], trained=False)
    >>> [layer.name for layer in found.layers]
    ['given_0', 'conv2d_1', 'batch_normalization_1', 'flatten_1']
    """
    names = set(group)
    behind = {reader for name in names for reader in network.consumers[name]}
    before = {ref.layer for name in names for ref in network.layer(name).inputs} - names
    # gradients of a tensor that others read as well are added up
    beside = {reader for name in before for reader in network.consumers[name]} if trained else set()
    kept = names | before | behind | beside
    while trained and before:
        bare = {name for name in before if not network.layer(name).parameters}
        before = {ref.layer for name in bare for ref in network.layer(name).inputs} - kept
        kept |= before
    builder = Builder(network.name, framework=network.framework)
    given: dict[Ref, Ref] = {}
    for layer in network.layers:
        if layer.name not in kept:
            continue
        for ref in layer.inputs:
            if ref.layer not in kept and ref not in given:
                tensor = network.tensor(ref)
                given[ref] = builder.add(Input(tensor), name=_free(network, len(given)))
        inputs = (given.get(ref, ref) for ref in layer.inputs)
        shared = layer.shared_with if layer.shared_with in kept else None
        builder.add(layer.op, *inputs, name=layer.name, shared_with=shared)
    return builder.build()


def _free(network: Network, number: int) -> str:
    """A name that no layer has."""
    name = f"given_{number}"
    while any(layer.name == name for layer in network.layers):
        name += "_"
    return name
