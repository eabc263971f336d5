"""Measure the networks that are explained: in the runtime that is explained, where it can run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.device import THIS_MACHINE, load
from convcost.errors import UsageError
from convcost.measure import measure
from convcost.measure.measuring import runtime_for
from convcost.runtime import default_for, runtimes
from convcost.runtime.runners.registry import runner, runners

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.count import Workload
    from convcost.measure import Effort, Measurements
    from convcost.network.network import Network

#: What a training step minimises where nothing else is asked for, as `convcost measure` has it.
_USUAL_LOSS = "cross-entropy"


def verified(
    networks: Sequence[Network],
    workload: Workload,
    *,
    device: str | None,
    runtime: str | None,
    measured: Sequence[float],
    threads: int | None,
    effort: Effort | None,
    say: Callable[[str], None],
) -> Measurements:
    """Measure networks side by side, under the workload for which they are explained.

    Args:
        networks: one or more.
        workload: as for `convcost.explain.explain.explain`.
        device: the name of the one that is explained; this machine, or None for it.
        measured: times that the user gives: none.
        runtime: the name of what runs them. Default: the runtime that is explained, where it can
            be run and is installed; else what `runtime_for` gives, or the first that is installed.
        threads: as for `convcost.measure.measure`, as are effort and say.
        effort: how long to measure.
        say: told what is going on.

    Raises:
        UsageError: that runtime cannot be run here, or something cannot be measured.
        MissingFramework: what would run them is not installed.
        ConvcostError: as `convcost.measure.measure`.
    """
    if not networks:
        raise UsageError("there is no network to explain")
    _check(workload, device, measured)
    if workload.training and workload.loss is None:
        workload = replace(workload, loss=_USUAL_LOSS)
    chosen = _chosen(networks, runtime, training=workload.training)
    return measure(networks, workload, runtime=chosen, threads=threads, effort=effort, say=say)


def explained(runtime: str | None) -> str | None:
    """The runtime to predict where the networks are measured in the named one.

    It is the same where its rules are known; None, which is the source's own, where not.

    >>> explained("torch"), explained("keras-jax")
    ('torch', None)
    """
    return runtime if runtime in runtimes() else None


def _check(workload: Workload, device: str | None, measured: Sequence[float]) -> None:
    """Only what can be verified.

    Raises:
        UsageError: something cannot.
    """
    if measured:
        raise UsageError(
            "times that you measured, and measuring them here, exclude each other",
            hint="leave out --measured or --verify",
        )
    if device is not None and load(device).name != THIS_MACHINE:
        raise UsageError(
            f"what is measured is this machine, not {device}",
            hint="leave out --device to verify, or --verify to explain another device",
        )
    if workload.samples is not None:
        raise UsageError(
            "samples say what times that you measured are for; here batches are measured",
            hint="leave out --samples",
        )
    if workload.input_gradient:
        raise UsageError(
            "the gradient of the inputs is counted, but cannot be measured",
            hint="leave out --input-gradient",
        )


def _chosen(networks: Sequence[Network], runtime: str | None, *, training: bool) -> str:
    """The named runtime; without a name the one that is explained, else the first that is there.

    Where none is installed it is the one that is explained, or that `runtime_for` gives: measuring
    in it says what to install.
    """
    if runtime is not None:
        if runtime in runtimes() and runtime not in runners():
            raise UsageError(
                f"{runtime} cannot be run here, so that nothing can be verified in it",
                hint=f"these can: --runtime {' or '.join(runners())}",
            )
        return runner(runtime).name
    able = {name: each for name, each in runners().items() if each.trains or not training}
    own = default_for(networks[0].framework, training=training).name
    wanted = [*([own] if own in able else []), runtime_for(networks, training=training), *able]
    return next((name for name in wanted if able[name].installed), wanted[0])
