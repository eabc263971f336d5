"""The time of a batch as one basis tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.predict.estimate import Estimate
    from convcost.predict.kernel import KernelTime
    from convcost.predict.plan import LoopTime
    from convcost.runtime.runners.runner import RunPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """The times of kernels, and what else a batch takes.

    Attributes:
        times: of the kernels.
        seconds: of the batch.
        loop: what the framework's own loop adds to every batch of a data set.
        remarks: what to know about the figures.
        rest: seconds of what belongs to no layer, where the basis knows it.
    """

    times: tuple[KernelTime, ...]
    seconds: Estimate
    loop: LoopTime
    remarks: tuple[str, ...]
    rest: Mapping[RunPhase, float] = field(default_factory=dict)
