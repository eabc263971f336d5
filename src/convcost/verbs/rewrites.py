"""The verb that makes networks cheaper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.count import Workload
from convcost.device import THIS_MACHINE
from convcost.errors import UsageError
from convcost.verbs.named import (
    device_named,
    network_of,
    profile_for,
    runtime_named,
    usual_batch,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.measure import Effort
    from convcost.network.network import Network
    from convcost.rewrite import Choice, Rewriting


def rewrite(
    net: Network,
    names: str | Choice | Sequence[str | Choice] = (),
    *,
    layers: str | None = None,
    size: int | None = None,
    device: str | None = None,
    runtime: str | None = None,
    batch: int | None = None,
    training: bool = False,
    optimizer: str | None = None,
    dtype: str | None = None,
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    verify: bool | Effort = False,
    data: str | os.PathLike[str] | None = None,
    recalibrate: str | os.PathLike[str] | None = None,
    train: str | os.PathLike[str] | None = None,
    epochs: int = 10,
    seeds: int = 5,
    threads: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Rewriting:
    """Rewrite a network (`.network`, `.steps`), or tell what could be done (`.candidates`).

    Each rewrite says what stays: ``exact`` ones keep what the network computes, ``approximate``
    ones carry its weights over, after ``retrain`` ones it has to be trained. What each saves is
    predicted first: `.verdict` and `.reason` of each candidate and step.

    Args:
        net: what to rewrite, as it is at inference.
        names: of rewrites, in order (``"fold-batch-norm"``); none: list what could be done.
        layers: a pattern of names of layers (``"conv*"``): only places with such a layer, worth it
            or not; default: exact rewrites everywhere, others where they are worth it.
        size: the rank or width of rewrites that have one; default: the largest that is worth it by
            predicted time.
        device: as in `predict`.
        runtime: as in `predict`; a network is verified in it, too.
        batch: samples per batch; default: 1, or 32 in training.
        training: judge by training steps, and refuse what is for inference only.
        optimizer: of a training step.
        dtype: of the floating-point tensors; default: the source's.
        basis: as in `predict`.
        profile: as in `predict`.
        verify: run both networks: compare outputs, and measure them side by side on this machine,
            for as long as `measure` does or as an `Effort` says.
        data: an ``.npz`` file with samples ``x``, perhaps with labels ``y``: how much the outputs
            agree on them, and the accuracy.
        recalibrate: such a file without labels: BatchNorm statistics are estimated anew from it.
        train: such a file with labels: both networks are trained on it, alike.
        epochs: of this training.
        seeds: how often each network is trained.
        threads: as in `measure`; where networks are run.
        say: told what is going on.

    Raises:
        UsageError: a rewrite is unknown, a pattern fits no layer, a size is given to what has none,
            or another machine's times are to be verified.
        NetworkError: a size is open, or something does not fit behind a change.

    >>> import convcost
    >>> net = convcost.read("zoo:resnet18")
    >>> found = convcost.rewrite(net, "fold-batch-norm", device="laptop-cpu")
    >>> found.steps[0].verdict, convcost.count(found.network).total.statistics
    ('worth it', 0)
    """
    from convcost.rewrite import (
        Choice,
        Rewriting,
        Setting,
        Wanted,
        applied,
        candidates,
        verified,
    )

    net, by = network_of(net), runtime_named(runtime)
    if verify and device not in (None, THIS_MACHINE):
        raise UsageError(
            f"what is measured is this machine, not {device}", hint="leave out --device (device=)"
        )
    workload = Workload(
        batch=usual_batch(batch, many=training),
        training=training,
        optimizer=optimizer,
        dtype=dtype,
    )
    setting = Setting.chosen(
        net,
        workload,
        device=device_named(device),
        runtime=by,
        profile=profile_for(net, by, workload, device=device, basis=basis, path=profile),
    )
    chosen = [names] if isinstance(names, str | Choice) else list(names)
    if not chosen:
        found = candidates(net, setting, pattern=layers, say=say)
        return Rewriting(source=net.name, setting=setting, network=net, candidates=found)
    choices = [x if isinstance(x, Choice) else Choice(x, layers, size) for x in chosen]
    made = applied(net, choices, setting)
    rewriting = Rewriting(
        source=net.name, setting=setting, network=made.network, steps=made.steps, ratio=made.ratio
    )
    wanted = Wanted(
        measured=bool(verify),
        effort=None if isinstance(verify, bool) else verify,
        data=_path(data),
        recalibrate=_path(recalibrate),
        train=_path(train),
        epochs=epochs,
        seeds=seeds,
    )
    if not wanted.anything or not rewriting.changed:
        return rewriting
    return verified(net, rewriting, wanted, runtime=runtime, threads=threads, say=say)


def _path(given: str | os.PathLike[str] | None) -> Path | None:
    from pathlib import Path

    return None if given is None else Path(given)
