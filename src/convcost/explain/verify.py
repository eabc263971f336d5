"""Measure the networks that are explained: in the runtime that is explained, where it can run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from convcost.count.workload import DEFAULT_LOSS
from convcost.device import THIS_MACHINE, load
from convcost.errors import UsageError
from convcost.measure import Effort, measure
from convcost.measure.measuring import runtime_for
from convcost.runtime import default_for, runtimes
from convcost.runtime.runners.registry import runner, runners

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.count import Workload
    from convcost.measure import Measurements
    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """What measures the networks that are explained, and those without one cause of their time.

    Attributes:
        workload: as for `convcost.explain.explain.explain`; a training step has a loss.
        runtime: the name of what runs them.
        threads: as for `convcost.measure.measure`, as is say.
        effort: how long to measure, all calls together.
        say: told what is going on.
        keep: what happens to a measurement when it is done.
    """

    workload: Workload
    runtime: str
    threads: int | None = None
    effort: Effort = field(default_factory=Effort)
    say: Callable[[str], None]
    keep: Callable[[Measurements, Sequence[Network]], Measurements]

    def __call__(self, networks: Sequence[Network], *, share: float = 1.0) -> Measurements:
        """Measure networks side by side.

        Args:
            networks: one or more.
            share: of the effort.

        Raises:
            ConvcostError: as `convcost.measure.measure`.
        """
        return self._measured(networks, self.workload, "step", share)

    @property
    def loop(self) -> Loop:
        """The framework's own loop over batches of the workload."""
        return "fit" if self.workload.training else "evaluate"

    @property
    def loops(self) -> bool:
        """Whether the runtime has that loop, and what it needs is given."""
        wanted = self.workload.optimizer is not None or not self.workload.training
        return wanted and self.loop in runner(self.runtime).loops

    def in_loop(
        self, networks: Sequence[Network], batches: int, *, share: float = 1.0
    ) -> Measurements:
        """Measure networks in the framework's own loop, side by side.

        Args:
            networks: one or more.
            batches: of a loop.
            share: of the effort.

        Raises:
            UsageError: the runtime has no such loop, or it trains without an optimizer.
            ConvcostError: as `convcost.measure.measure`.
        """
        workload = replace(self.workload, samples=batches * self.workload.batch)
        return self._measured(networks, workload, self.loop, share)

    def _measured(
        self, networks: Sequence[Network], workload: Workload, loop: Loop, share: float
    ) -> Measurements:
        found = measure(
            networks,
            workload,
            runtime=self.runtime,
            threads=self.threads,
            loop=loop,
            effort=replace(self.effort, seconds=share * self.effort.seconds),
            say=self.say,
        )
        return self.keep(found, networks)


def verifier(
    networks: Sequence[Network],
    workload: Workload,
    *,
    device: str | None,
    runtime: str | None,
    measured: Sequence[float],
    threads: int | None,
    effort: Effort | None,
    say: Callable[[str], None],
    keep: Callable[[Measurements, Sequence[Network]], Measurements],
) -> Verifier:
    """What measures networks under the workload for which they are explained.

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
        keep: what happens to a measurement when it is done.

    Raises:
        UsageError: that runtime cannot be run here, or something cannot be measured.
    """
    if not networks:
        raise UsageError("there is no network to explain")
    _check(workload, device, measured)
    if workload.training and workload.loss is None:
        workload = replace(workload, loss=DEFAULT_LOSS)
    return Verifier(
        workload=workload,
        runtime=_chosen(networks, runtime, training=workload.training),
        threads=threads,
        effort=effort or Effort(),
        say=say,
        keep=keep,
    )


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
