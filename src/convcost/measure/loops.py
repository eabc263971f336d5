"""What can be measured in a runtime: a step, or the framework's own loop over many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.runtime.runners.registry import runners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Workload
    from convcost.runtime.runners.runner import Loop, Runner


def check(runner: Runner, workload: Workload, loop: Loop) -> None:
    """Refuse what a runtime cannot run.

    Raises:
        UsageError: it runs no training steps or has no such loop, the loop needs something that is
            missing, or something belongs to a loop that is not asked for.
    """
    if not runner.trains and workload.training:
        able = [each for each in runners().values() if each.trains]
        raise UsageError(f"{runner.name} runs no training steps", hint=_one_of(able))
    if loop not in runner.loops:
        able = [each for each in runners().values() if loop in each.loops]
        raise UsageError(f"{runner.name} has no loop '{loop}'", hint=_one_of(able))
    if loop == "step":
        if workload.samples is not None:
            raise UsageError("samples belong to a loop over them",
                             hint="--loop evaluate or --loop fit (loop=)")  # fmt: skip
        return
    if workload.samples is None:
        raise UsageError(f"the loop '{loop}' goes over samples in memory: how many is not said",
                         hint="--samples 10000 (samples=)")  # fmt: skip
    if loop == "evaluate" and workload.training:
        raise UsageError("evaluate trains nothing", hint="--loop fit, or without --training")
    if loop == "fit" and not (workload.training and workload.optimizer):
        raise UsageError("fit trains with an optimizer", hint="--optimizer rmsprop")


def _one_of(able: Sequence[Runner]) -> str:
    """Those that are installed, where some are."""
    there = [each for each in able if each.installed] or able
    return f"--runtime {' or '.join(each.name for each in there)}"
