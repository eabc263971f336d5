"""What the rules look at: networks counted and predicted, and how they compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from convcost.explain.align import Pairing, align
from convcost.network.dims import number
from convcost.predict.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.count import Count, LayerCount
    from convcost.explain.ratio import MeasuredRatio
    from convcost.explain.times import Time
    from convcost.explain.verification import Verification
    from convcost.network.network import Network
    from convcost.predict import Estimate, LayerPrediction, Prediction
    from convcost.predict.profile import Profile


@dataclass(frozen=True)
class Case:
    """One network with its count and its prediction under the same workload.

    Attributes:
        index: its place among the networks.
        network: the network.
        count: of a batch.
        prediction: of a batch.
        profile: that it is predicted by; None: by data sheet.
        time: measured by whomever; None without.
        verification: what convcost measured; None without.
    """

    index: int
    network: Network
    count: Count
    prediction: Prediction
    profile: Profile | None = None
    time: Time | None = None
    verification: Verification | None = None

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.network.name

    @property
    def macs(self) -> int:
        """Of the batch."""
        return number(self.count.total.forward.macs, "MACs")

    @property
    def parameters(self) -> int:
        """Learned ones."""
        return number(self.count.total.parameters, "parameters")

    @property
    def seconds(self) -> float:
        """Predicted, of the batch."""
        return self.prediction.seconds.value

    @cached_property
    def counted(self) -> dict[str, LayerCount]:
        """Ledger rows by layer."""
        return {row.name: row for row in self.count.layers}

    @cached_property
    def predicted(self) -> dict[str, LayerPrediction]:
        """Predicted rows by layer."""
        return {row.name: row for row in self.prediction.layers}

    def layer_parameters(self, name: str) -> int:
        """Learned weights that a layer adds; only asked where the count is complete."""
        stored = self.counted[name].parameters
        assert stored is not None  # noqa: S101 - a complete count has no layer that does not say
        return number(stored, "parameters")

    def layer_macs(self, names: Iterable[str]) -> int:
        """MACs of some layers."""
        costs = (self.counted[name].forward for name in names)
        return sum(number(cost.macs, "MACs") for cost in costs if cost is not None)


@dataclass(frozen=True)
class Pair:
    """A later network compared with the first one.

    Attributes:
        a: the later one.
        b: the first one.
        measured: time(a) / time(b) as it was measured; None without.
    """

    a: Case
    b: Case
    measured: MeasuredRatio | None = None

    @cached_property
    def pairings(self) -> tuple[Pairing, ...]:
        """Their layers, aligned."""
        return align(self.a.network, self.b.network)

    @property
    def parameters(self) -> float:
        """Parameters of a over those of b."""
        return self.a.parameters / max(1, self.b.parameters)

    @property
    def macs(self) -> float:
        """MACs of a over those of b."""
        return self.a.macs / max(1, self.b.macs)

    @property
    def seconds(self) -> float:
        """Predicted time of a over that of b."""
        return self.a.seconds / self.b.seconds

    @property
    def ratio(self) -> Estimate:
        """The predicted ratio with a 90 % band in which the errors of equal layers cancel."""
        shared = sum(
            self.a.predicted[p.a].seconds
            for p in self.pairings
            if p.a and p.b and self._same(p.a, p.b)
        )
        return ratio(self.a.prediction.seconds, self.b.prediction.seconds, shared)

    @property
    def compared(self) -> MeasuredRatio | None:
        """The measured ratio of what is predicted: it may be that of forward passes alone.

        None where it was not measured, or where the layers of such steps were not timed.
        """
        of_a, of_b = self.a.verification, self.b.verification
        if self.measured is None or of_a is None or of_b is None:
            return self.measured
        shares = (of_a.share_compared, of_b.share_compared)
        if not shares[0] or not shares[1]:
            return None
        return self.measured.times(shares[0] / shares[1])

    def _same(self, a: str, b: str) -> bool:
        return math.isclose(self.a.predicted[a].seconds, self.b.predicted[b].seconds)


@dataclass(frozen=True)
class Evidence:
    """Everything that the rules may look at.

    Attributes:
        cases: one per network.
        measured: ratios of each later network to the first; empty where nothing was measured.
    """

    cases: tuple[Case, ...]
    measured: tuple[MeasuredRatio, ...] = ()

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Each later network with the first one."""
        first, *others = self.cases
        measured = self.measured or (None,) * len(others)
        return tuple(Pair(a, first, ratio) for a, ratio in zip(others, measured, strict=True))
