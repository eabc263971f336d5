"""Predict the time of a network on a device, as a runtime would execute it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.count import UnknownCost, Workload, unknown_costs
from convcost.count.prepare import prepared
from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.predict.calibrated import calibrated, remarks
from convcost.predict.roofline import DATA_SHEETS, Bound, KernelTime, kernel_time
from convcost.predict.work import Works
from convcost.runtime import default_for, lower, lower_step
from convcost.runtime.runners.losses import DEFAULT_LOSS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime
    from convcost.runtime.runners.runner import RunPhase


#: What a predicted time comes from.
Basis: TypeAlias = Literal["calibrated", "data sheet"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds with a 90 % band."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """The estimate of doing it that many times."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, seconds: float) -> Estimate:
        """The estimate with a known duration added."""
        return Estimate(self.value + seconds, self.low + seconds, self.high + seconds)

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


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
class Plan:
    """The time of a whole data set.

    Attributes:
        samples: in the data set.
        steps: batches over all epochs, the last of each perhaps smaller.
        epochs: passes.
        seconds: everything, the framework's loop included.
        loop_seconds: the framework's loop alone.
    """

    samples: int
    steps: int
    epochs: int
    seconds: Estimate
    loop_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "samples": self.samples,
            "steps": self.steps,
            "epochs": self.epochs,
            "seconds": self.seconds.to_dict(),
            "loop_seconds": self.loop_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The predicted time of a batch, layer by layer.

    Attributes:
        source: the network's name.
        device: that runs it.
        runtime: that it runs in.
        workload: batch, mode, dtype, samples.
        seconds: of a batch.
        layers: in the network's order.
        unknown: whose time is not contained.
        plan: of a data set; None where no samples are given.
        basis: a ``calibrated`` profile of this machine, or the device's ``data sheet``; by data
            sheet a training step is its forward pass only.
        rest: seconds of what belongs to no layer, where the basis knows it: loss, update, loop.
        assumptions: what to know about the figures.
    """

    source: str
    device: Device
    runtime: Runtime
    workload: Workload
    seconds: Estimate
    layers: tuple[LayerPrediction, ...]
    unknown: tuple[UnknownCost, ...]
    plan: Plan | None = None
    basis: Basis = "data sheet"
    rest: Mapping[RunPhase, float] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every layer's time is contained."""
        return not self.unknown

    @property
    def kernels(self) -> tuple[KernelTime, ...]:
        """All kernels in order of execution."""
        return tuple(time for layer in self.layers for time in layer.kernels)

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
            **({} if self.plan is None else {"plan": self.plan.to_dict()}),
        }


def predict(
    network: Network,
    workload: Workload | None = None,
    *,
    device: Device | None = None,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
) -> Prediction:
    """Predict the time of a batch: by a profile, or of a forward pass by data sheet.

    Args:
        network: what to run.
        workload: batch, mode, dtype, and the samples of a plan; default: one sample, inference.
        device: default: this machine.
        runtime: default: the runtime of the network's own framework.
        profile: what calibration learned about that runtime on that device in the workload's mode.

    Raises:
        NetworkError: no layer has a known cost.

    >>> from convcost.device import load as device
    >>> from convcost.zoo import load
    >>> p = predict(load("alexnet"), device=device("gtx-1080-ti"))
    >>> p.seconds.low < p.seconds.value < p.seconds.high
    True
    """
    if device is None:
        from convcost.device import THIS_MACHINE, load

        device = load(THIS_MACHINE)
    workload = workload or Workload()
    runtime = runtime or default_for(
        network.framework, training=workload.training, device_kind=device.kind
    )
    bound = prepared(network, replace(workload, loss=None)).bind({str(BATCH): workload.batch})
    works = Works(bound, workload)
    found = works.costs
    known = {part.layer.name for part in found if part.cost is not None}
    if profile is None:
        lowered = lower(bound, runtime, device.kind, workload.mode)
    else:
        # what the workload asks of the network itself is done already
        step = replace(workload, dtype=None, freeze=())
        if workload.training:
            step = replace(step, loss=workload.loss or DEFAULT_LOSS)
        lowered = lower_step(bound, step, runtime, device.kind)
    kernels = [kernel for kernel in lowered if known.issuperset(kernel.layers)]
    if not kernels:
        raise _nothing_known(network)
    rules, dtype = runtime.rules[device.kind], _dtype(bound)
    rest: Mapping[RunPhase, float] = {}
    if profile is None:
        times = tuple(kernel_time(kernel, device, rules, dtype) for kernel in kernels)
        whole = sum(time.seconds for time in times)
        sheet = DATA_SHEETS[device.kind]
        seconds = Estimate(whole, whole * sheet.low, whole * sheet.high)
        assumptions = _assumptions(device, dtype, workload)
    else:
        lanes = int(device.vector_lanes.value)
        by = calibrated(works, kernels, workload, profile, lanes)
        times, rest, whole = by.times, by.rest, by.seconds
        seconds = Estimate(whole, by.low, by.high)
        assumptions = remarks(profile, by, dtype)
    return Prediction(
        source=network.name,
        device=device,
        runtime=runtime,
        workload=workload,
        seconds=seconds,
        layers=_layers(bound, times, whole),
        unknown=unknown_costs(network, found),
        basis="data sheet" if profile is None else "calibrated",
        rest=rest,
        assumptions=assumptions,
        plan=_plan(workload, seconds, rules.loop_seconds.value),
    )


def _nothing_known(network: Network) -> NetworkError:
    left_open = sorted(network.symbols - {str(BATCH)})
    sizes = " ".join(f"--dim {name}=224" for name in left_open)
    hint = f"give the sizes that are left open, for example {sizes}" if sizes else None
    return NetworkError(f"no layer of '{network.name}' has a cost that is known", hint=hint)


def _dtype(network: Network) -> str:
    """The floating-point dtype that most of a network's tensors have."""
    found = [tensor.dtype for layer in network.layers for tensor in layer.outputs]
    floats = [dtype for dtype in found if "float" in dtype]
    return max(sorted(set(floats)), key=floats.count) if floats else "float32"


def _assumptions(device: Device, dtype: str, workload: Workload) -> tuple[str, ...]:
    found = []
    if dtype not in device.peak_flops:
        found.append(f"{device.name} lists no peak for {dtype}: arithmetic at the rate of float32")
    if workload.training:
        found.append("of training the forward pass only: no backward pass, no update")
    return tuple(found)


def _layers(
    network: Network, times: Iterable[KernelTime], whole: float
) -> tuple[LayerPrediction, ...]:
    own: dict[str, list[KernelTime]] = {}
    fused: dict[str, str] = {}
    for time in times:
        first, *others = time.kernel.layers
        own.setdefault(first, []).append(time)
        fused.update(dict.fromkeys(others, first))
    rows = []
    for layer in network.layers:
        kernels = tuple(own.get(layer.name, ()))
        seconds = sum(time.seconds for time in kernels)
        slowest = max(kernels, key=lambda time: time.seconds, default=None)
        rows.append(
            LayerPrediction(
                name=layer.name,
                op=layer.op.kind,
                seconds=seconds,
                share=seconds / whole,
                bound=None if slowest is None else slowest.bound,
                kernels=kernels,
                fused_into=fused.get(layer.name),
            )
        )
    return tuple(rows)


def _plan(workload: Workload, batch: Estimate, loop_seconds: float) -> Plan | None:
    """Whole batches at the batch's time; a last smaller batch is charged by its share."""
    if workload.samples is None or workload.steps is None:
        return None
    loop = workload.steps * loop_seconds
    batches = workload.epochs * workload.samples / workload.batch
    return Plan(
        samples=workload.samples,
        steps=workload.steps,
        epochs=workload.epochs,
        seconds=batch.times(batches).plus(loop),
        loop_seconds=loop,
    )
