"""Verbs about many networks: one whose attributes are varied, or several side by side."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from convcost.count import Workload
from convcost.verbs.named import (
    device_named,
    network_of,
    patterns,
    profile_for,
    runtime_named,
    store_path,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from convcost.compare import Comparison
    from convcost.network.network import Network
    from convcost.sweep import Sweep


def sweep(
    net: Network,
    vary: str | Mapping[str, Sequence[int | float | str]] | Sequence[str],
    *,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = 1,
    training: bool = False,
    optimizer: str | None = None,
    dtype: str | None = None,
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    pareto: Sequence[str] | None = None,
    measure: Sequence[int] = (),
    seconds: float = 30.0,
    threads: int | None = None,
    store: bool | str | os.PathLike[str] = True,
    executor: str | None = None,
    keep: str | os.PathLike[str] | None = None,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = warnings.warn,
) -> Sweep:
    """Count and predict a network at every combination of what is varied.

    Args:
        net: as it is read.
        vary: values by name, or one or more texts ``"conv*.kernel=1,3,5"``. Names: ``batch``;
            ``image``, both sides of the inputs; ``width``, a factor on all filters and units but
            the last ones'; an open size of the network; or a pattern of layers' names with one of
            their attributes (``conv*.kernel``, ``dense_1.units``, ``*.padding``).
        device: as in `predict`.
        runtime: as in `predict`.
        batch: samples per batch, where it is not varied.
        training: training steps.
        optimizer: of a training step.
        dtype: of the floating-point tensors; default: the source's.
        basis: as in `predict`.
        profile: as in `predict`.
        sample: draw so many points by chance instead of taking all combinations.
        seed: of the draw.
        pareto: two figures (``("seconds", "-macs")``): the points that nothing beats in both; less
            is better, with a minus in front more.
        measure: numbers of points, from 1, to measure in the framework too.
        seconds: to measure each of them.
        threads: as in `measure`.
        store: as in `measure`.
        executor: ``local``, ``local:4`` or ``dask://host:port``; default: this process.
        keep: a folder in which parts that are done are kept: a sweep that was ended goes on.
        say: told what is going on.
        warn: as in `measure`.

    Raises:
        UsageError: something cannot be varied, or there are too many points.
        NetworkError: a layer does not fit behind what was varied, whatever the sizes.
    """
    from pathlib import Path

    from convcost.runtime import default_for
    from convcost.sweep import parse
    from convcost.sweep import sweep as by_objects
    from convcost.sweep.vary import of_values

    net = network_of(net)
    workload = Workload(batch=batch, training=training, optimizer=optimizer, dtype=dtype)
    found, hardware = runtime_named(runtime), device_named(device)
    varies = (
        [of_values(name, values) for name, values in vary.items()]
        if isinstance(vary, Mapping)
        else [parse(text) for text in patterns(vary)]
    )
    swept = by_objects(
        net,
        varies,
        workload,
        device=hardware,
        runtime=found or default_for(net.framework, training=training, device_kind=hardware.kind),
        profile=profile_for(net, found, workload, device=device, basis=basis, path=profile),
        sample=sample,
        seed=seed,
        pareto=pareto,
        executor=executor,
        keep=None if keep is None else Path(keep),
        say=say,
    )
    if not measure:
        return swept
    from convcost.measure import Effort
    from convcost.measure.store import keeping
    from convcost.sweep.measured import with_measured

    return with_measured(
        swept,
        net,
        [number - 1 for number in measure],
        effort=Effort(seconds=seconds),
        threads=threads,
        say=say,
        keep=lambda measured, networks: keeping.keep(
            measured, networks, path=store_path(store), write=store is not False, against=None,
            warn=warn,
        ),
    )  # fmt: skip


def compare(
    *nets: Network,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = 1,
    training: bool = False,
    optimizer: str | None = None,
    dtype: str | None = None,
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    diff: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Put networks side by side: what each has, needs and takes, and its published accuracy.

    Args:
        nets: two or more.
        device: as in `predict`.
        runtime: of all of them; default: that of the first network's framework.
        batch: samples per batch.
        training: training steps.
        optimizer: of a training step.
        dtype: of the floating-point tensors; default: the source's.
        basis: as in `predict`.
        profile: as in `predict`.
        diff: also tell how two networks differ, layer by layer.
        say: told which network it is at.

    Raises:
        UsageError: there is only one network, or more than two to tell the difference of.
    """
    from convcost.compare import compare as by_objects

    found = [network_of(net) for net in nets]
    by, workload = runtime_named(runtime), Workload(
        batch=batch, training=training, optimizer=optimizer, dtype=dtype
    )  # fmt: skip
    return by_objects(
        found,
        workload,
        device=device_named(device),
        runtime=by,
        profile=profile_for(found[0], by, workload, device=device, basis=basis, path=profile)
        if found
        else None,
        diff=diff,
        say=say,
    )
