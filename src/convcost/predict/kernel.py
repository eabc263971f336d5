"""The time of a kernel, and what it is spent on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.runtime import Kernel

Bound: TypeAlias = Literal["compute", "memory", "launch"]
BOUNDS: tuple[Bound, ...] = get_args(Bound)

#: Of a kernel's seconds: what is left below it is left of rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTime:
    """Seconds that a kernel takes, and what it spends them on.

    Attributes:
        kernel: which.
        compute: arithmetic at the rate that the filled vector units reach.
        memory: compulsory traffic at the reachable bandwidth.
        launch: starting it.
        seconds: the time charged.
        fill: the fraction of each vector that holds a channel (1 for streams).
    """

    kernel: Kernel
    compute: float
    memory: float
    launch: float
    seconds: float
    fill: float

    @property
    def bound(self) -> Bound:
        """The term that limits it."""
        if self.launch >= max(self.compute, self.memory):
            return "launch"
        return "compute" if self.compute >= self.memory else "memory"

    @property
    def parts(self) -> Mapping[Bound, float]:
        """Its seconds by what it spends them on; they add up to the seconds.

        What limits the kernel is charged first, then its launch, then the rest, each with its own
        term as long as seconds are left: what is done meanwhile is hidden and costs nothing. By
        data sheet traffic and arithmetic hide each other, on a GPU launches too; by a profile all
        terms add up.
        """
        terms: dict[Bound, float] = {
            "compute": self.compute, "memory": self.memory, "launch": self.launch
        }  # fmt: skip
        busy: tuple[Bound, ...] = ("compute", "memory")
        if self.memory > self.compute:
            busy = ("memory", "compute")
        found: dict[Bound, float] = {}
        left = self.seconds
        for term in dict.fromkeys((self.bound, "launch", *busy)):
            if left > _ROUNDING * self.seconds:
                found[term] = min(terms[term], left)
                left -= found[term]
        found[self.bound] = found.get(self.bound, 0.0) + left
        return found


def parts_of(times: Iterable[KernelTime]) -> dict[Bound, float]:
    """The seconds of kernels by what they spend them on, each term of `Bound` among them."""
    found: dict[Bound, list[float]] = {bound: [] for bound in BOUNDS}
    for time in times:
        for bound, seconds in time.parts.items():
            found[bound].append(seconds)
    return {bound: math.fsum(seconds) for bound, seconds in found.items()}
