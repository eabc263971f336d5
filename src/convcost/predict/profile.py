"""Profiles: what calibration learned about a runtime on a machine, as portable data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from convcost.predict.columns import exact_sizes
from convcost.predict.model import key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.predict.model import Model
    from convcost.predict.work import Work

#: Of bands.
LEVEL = 0.9
#: A work whose kind was never seen may take so many times as long, or so many times less.
UNSEEN = 3.0


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is calibrated: networks that a runtime runs on a machine.

    Attributes:
        runtime: its name.
        training: training steps, not inference.
        threads: of the framework.
    """

    runtime: str
    training: bool = False
    threads: int = 1


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tells two machines apart.

    Attributes:
        model: the processor's own name.
        cores: physical ones that this process may use.
        features: instruction sets that decide the width of vectors.
    """

    model: str
    cores: int
    features: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.model}, {self.cores} cores"


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measured over predicted time of what was held out of the fit, as logarithms.

    Attributes:
        low: 5 % are below.
        middle: the median.
        high: 5 % are above.
        number: of what was held out.
    """

    low: float
    middle: float
    high: float
    number: int


class LoopCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a framework's own loop adds to every batch.

    Attributes:
        batch: seconds, whatever the batch is.
        byte: seconds per byte of the inputs that are fed.
    """

    batch: float
    byte: float


class Refined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A work that was measured itself.

    Attributes:
        key: its kind and phase.
        sizes: all of its sizes.
        seconds: that it took.
    """

    key: str
    sizes: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What calibration learned.

    Attributes:
        setting: of what.
        machine: on which.
        versions: of what ran.
        date: ISO 8601.
        networks: that were run.
        model: seconds of works.
        whole: of networks that were held out.
        kinds: of works that were held out, by their key.
        common: the share of the variance of these networks' errors, as logarithms, that parts of a
            network have in common.
        noise: why the machine was too noisy for a good profile; empty where it was not.
        loops: what the framework's own loops add to a batch, by their names; those that it has.
        refined: works that were measured themselves.
    """

    setting: Setting
    machine: Machine
    versions: dict[str, str]
    date: str
    networks: int
    model: Model
    whole: Band
    kinds: dict[str, Band]
    common: float = 0.0
    noise: tuple[str, ...] = ()
    loops: dict[str, LoopCost] = field(default_factory=dict)
    refined: tuple[Refined, ...] = ()

    def refined_seconds(self, work: Work) -> float | None:
        """What a work took that was measured itself; None where it was not."""
        return self._refined.get((key(work), exact_sizes(work))) if self.refined else None

    def knows(self, work: Work) -> bool:
        """Whether calibration has seen such a work, or this one was measured."""
        return self.model.knows(work) or self.refined_seconds(work) is not None

    @cached_property
    def _refined(self) -> Mapping[tuple[str, tuple[object, ...]], float]:
        return {(each.key, each.sizes): each.seconds for each in self.refined}


def band(residuals: Sequence[float]) -> Band:
    """The band that a new residual falls into with the probability `LEVEL`.

    Split conformal prediction (Vovk et al., Algorithmic Learning in a Random World): of n residuals
    and a new one, each is the largest with the same probability, so that the k-th smallest with
    ``k = ceil((n + 1) * q)`` is above the new one with probability q. Where k is above n the
    largest one has to do.

    >>> band([0.3, -0.1, 0.1, 0.0, -0.3])
    Band(low=-0.3, middle=0.0, high=0.3, number=5)
    """
    ordered = sorted(residuals)
    number = len(ordered)
    place = min(number, math.ceil((number + 1) * (1 + LEVEL) / 2))
    middle = (ordered[(number - 1) // 2] + ordered[number // 2]) / 2
    return Band(ordered[-place], middle, ordered[place - 1], number)


def in_common(halves: Sequence[tuple[float, float]]) -> float:
    """The share of the variance of errors that the halves of a network have in common, 0 to 1.

    Errors x and y of the same variance v and the correlation c have sums of the variance 2v(1 + c)
    and differences of 2v(1 - c). Both are taken from the width of their 90 % bands, since a few
    networks are far off.

    Args:
        halves: residuals of the two halves of each network.

    >>> in_common([(-0.3, -0.2), (-0.1, 0.0), (0.1, 0.1), (0.2, 0.1), (0.3, 0.3)]) > 0.9
    True
    >>> in_common([(-0.3, 0.3), (0.1, -0.1), (0.2, -0.2)])
    0.0
    """
    if not halves:
        return 0.0
    together, apart = (
        (found.high - found.low) ** 2
        for found in (band([x + y for x, y in halves]), band([x - y for x, y in halves]))
    )
    whole = together + apart
    return max(0.0, (together - apart) / whole) if whole else 0.0
