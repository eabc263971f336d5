"""The predicted time of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.errors import UsageError
from convcost.network.dataclass import dataclass, field, replace
from convcost.predict.plan import Judgement
from convcost.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import UnknownCost, Workload
    from convcost.device import Device
    from convcost.predict.batches import Batches
    from convcost.predict.estimate import Estimate
    from convcost.predict.kernel import Bound, KernelTime
    from convcost.predict.plan import LoopTime, Plan
    from convcost.predict.rates import Rates
    from convcost.runtime import Runtime
    from convcost.runtime.runners.runner import RunPhase

#: What a predicted time comes from.
Basis: TypeAlias = Literal["calibrated", "data sheet"]


def forward_only(workload: Workload, basis: Basis) -> bool:
    """Whether a predicted time is that of a training step's forward pass, not of the whole step.

    >>> from convcost.count import Workload
    >>> forward_only(Workload(training=True), "data sheet"), forward_only(Workload(), "data sheet")
    (True, False)
    """
    return workload.training and basis == "data sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPrediction:
    """The predicted time of a layer.

    Attributes:
        name: the layer's.
        op: the kind of its op.
        seconds: of its kernels; 0 for a view, or where another layer's kernel computes it.
        share: of the whole batch.
        bound: what limits its slowest kernel; None without a kernel of its own.
        kernels: its kernels' times.
        fused_into: the layer whose kernel computes it.
    """

    name: str
    op: str
    seconds: float
    share: float
    bound: Bound | None
    kernels: tuple[KernelTime, ...]
    fused_into: str | None = None

    @property
    def forward_kernels(self) -> tuple[KernelTime, ...]:
        """Those of the forward pass."""
        return tuple(time for time in self.kernels if time.kernel.phase == "forward")

    @property
    def phases(self) -> dict[str, float]:
        """Seconds per phase; ``forward`` is always there."""
        found = {"forward": 0.0}
        for time in self.kernels:
            found[time.kernel.phase] = found.get(time.kernel.phase, 0.0) + time.seconds
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "name": self.name,
            "op": self.op,
            "seconds": self.seconds,
            "share": self.share,
            "bound": self.bound,
            "phases": self.phases,
            "kernels": [
                {
                    "name": time.kernel.name,
                    "seconds": time.seconds,
                    "bound": time.bound,
                    "read_bytes": time.kernel.cost.read_bytes,
                    "write_bytes": time.kernel.cost.write_bytes,
                    "vector_fill": time.fill,
                }
                for time in self.kernels
            ],
            "fused_into": self.fused_into,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction(Result):
    """The predicted time of a batch, layer by layer.

    Attributes:
        source: the network's name.
        device: that runs it.
        runtime: that it runs in.
        workload: batch, mode, dtype, samples.
        seconds: of a batch.
        layers: in the network's order.
        unknown: whose time is not contained.
        rates: FLOP/s and bytes per second of the kernels in the predicted time.
        loop: what the framework's own loop over a data set adds to every batch.
        plan: of a data set; None where no samples are given.
        basis: a ``calibrated`` profile of this machine, or the device's ``data sheet``; by data
            sheet a training step is its forward pass only.
        rest: seconds of what belongs to no layer, where the basis knows it: loss, update, loop.
        assumptions: what to know about the figures.
        batches: the same at several batches; None where they are not asked for.
        judgement: of a measured time; None without one.
    """

    source: str
    device: Device
    runtime: Runtime
    workload: Workload
    seconds: Estimate
    layers: tuple[LayerPrediction, ...]
    unknown: tuple[UnknownCost, ...]
    rates: Rates
    loop: LoopTime
    plan: Plan | None = None
    basis: Basis = "data sheet"
    rest: Mapping[RunPhase, float] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    batches: Batches | None = None
    judgement: Judgement | None = None

    @property
    def complete(self) -> bool:
        """Whether every layer's time is contained."""
        return not self.unknown

    @property
    def of_step(self) -> bool:
        """Whether the time is that of a whole training step; by data sheet it is forward only."""
        return self.workload.training and not self.forward_only

    @property
    def forward_only(self) -> bool:
        """Whether it is that of a training step's forward pass."""
        return forward_only(self.workload, self.basis)

    @property
    def kernels(self) -> tuple[KernelTime, ...]:
        """All kernels in order of execution."""
        return tuple(time for layer in self.layers for time in layer.kernels)

    def judged(self, seconds: float) -> Prediction:
        """With a judgement of a time that was measured.

        Args:
            seconds: of the plan's data set with all epochs; without a plan, of a batch.

        Raises:
            UsageError: the data sheet says nothing of training steps.
        """
        if self.forward_only:
            raise UsageError(
                "a measured training step has nothing to be compared with: the data sheet "
                "predicts its forward pass only",
                hint=f"convcost calibrate --runtime {self.runtime.name} --training, once",
            )
        plan = self.plan
        predicted = self.seconds if plan is None else plan.seconds
        in_kernels = predicted.value - (0.0 if plan is None else plan.loop_seconds)
        found = Judgement(
            seconds=seconds,
            per="batch" if plan is None else "plan",
            predicted=predicted,
            rates=self.rates.faster(in_kernels / seconds),
        )
        return replace(self, judgement=found)

    def __repr__(self) -> str:
        where = f"{self.runtime.name} on {self.device.name}, batch {self.workload.batch}"
        return f"<Prediction of {self.source}: {self.seconds.value:.3g} s per batch, {where}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract, one NETWORK of `convcost/predict/1`."""
        return {
            "source": self.source,
            "device": self.device.name,
            "runtime": self.runtime.name,
            "workload": self.workload.to_dict(),
            "basis": self.basis,
            "complete": self.complete,
            "unknown": [part.to_dict() for part in self.unknown],
            "assumptions": list(self.assumptions),
            "seconds": {**self.seconds.to_dict(), "per": "batch"},
            "layers": [layer.to_dict() for layer in self.layers],
            "rest": dict(self.rest),
            "rates": self.rates.to_dict(),
            **{
                name: part.to_dict()
                for name, part in (
                    ("plan", self.plan),
                    ("batches", self.batches),
                    ("judgement", self.judgement),
                )
                if part is not None
            },
        }
