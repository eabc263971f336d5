"""Predict the time of a network on a device, as a runtime would execute it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from convcost.collector import without_collecting
from convcost.count import Workload
from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.cost import NOTHING
from convcost.predict.calibrated import by_profile
from convcost.predict.plan import plan_of
from convcost.predict.prediction import LayerPrediction, Prediction
from convcost.predict.rates import rates
from convcost.predict.roofline import by_data_sheet
from convcost.predict.step import step_of
from convcost.runtime import default_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from convcost.device import Device
    from convcost.network.cost import Cost
    from convcost.network.network import Layer, Network
    from convcost.predict.kernel import KernelTime
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime


def predict(
    network: Network,
    workload: Workload | None = None,
    *,
    device: Device | None = None,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
    beside: Cost = NOTHING,
) -> Prediction:
    """Predict the time of a batch: by a profile, or of a forward pass by data sheet.

    Args:
        network: what to run.
        workload: batch, mode, dtype, and the samples of a plan; default: one sample, inference.
        device: default: this machine.
        runtime: default: the runtime of the network's own framework.
        profile: what calibration learned about that runtime on that device in the workload's mode.
        beside: the forward cost of what else a batch consists of, where the network is a part of
            another one: a profile knows that kernels of a small network find their caches warm.

    Raises:
        NetworkError: no layer has a known cost.

    >>> from convcost.device import load as device
    >>> from convcost.zoo import load
    >>> p = predict(load("alexnet"), device=device("gtx-1080-ti"))
    >>> p.seconds.low < p.seconds.value < p.seconds.high
    True
    """
    with without_collecting():
        return _predict(network, workload or Workload(), device, runtime, profile, beside)


def _predict(
    network: Network,
    workload: Workload,
    device: Device | None,
    runtime: Runtime | None,
    profile: Profile | None,
    beside: Cost,
) -> Prediction:
    if device is None:
        from convcost.device import THIS_MACHINE, load

        device = load(THIS_MACHINE)
    runtime = runtime or default_for(
        network.framework, training=workload.training, device_kind=device.kind
    )
    step, parts = step_of(network, workload, runtime, device.kind, whole=profile is not None)
    if not parts.kernels:
        raise _nothing_known(network)
    rules, dtype = runtime.rules[device.kind], step.dtype
    if profile is None:
        timed = by_data_sheet(parts.kernels, workload, device, rules, dtype)
    else:
        parts = parts if beside is NOTHING else parts.beside(beside)
        timed = by_profile(parts, workload, profile, device, rules, dtype)
    return Prediction(
        source=network.name,
        device=device,
        runtime=runtime,
        workload=workload,
        seconds=timed.seconds,
        layers=_layers(step.layers, timed.times, timed.seconds.value),
        unknown=step.unknown,
        basis="data sheet" if profile is None else "calibrated",
        rates=rates((kernel.cost for kernel in parts.kernels), timed.seconds.value, device, dtype),
        loop=timed.loop,
        rest=timed.rest,
        assumptions=timed.remarks,
        plan=plan_of(workload, timed.seconds, timed.loop),
    )


def _nothing_known(network: Network) -> NetworkError:
    left_open = sorted(network.symbols - {str(BATCH)})
    sizes = " ".join(f"--dim {name}=224" for name in left_open)
    hint = f"give the sizes that are left open, for example {sizes}" if sizes else None
    return NetworkError(f"no layer of '{network.name}' has a cost that is known", hint=hint)


_SECONDS: Callable[[KernelTime], float] = attrgetter("seconds")


def _layers(
    layers: Iterable[Layer], times: Iterable[KernelTime], whole: float
) -> tuple[LayerPrediction, ...]:
    own: dict[str, list[KernelTime]] = {}
    fused: dict[str, str] = {}
    for time in times:
        first, *others = time.kernel.layers
        own.setdefault(first, []).append(time)
        fused.update(dict.fromkeys(others, first))
    rows = []
    for layer in layers:
        kernels = tuple(own.get(layer.name, ()))
        seconds = sum(map(_SECONDS, kernels))
        slowest = max(kernels, key=_SECONDS, default=None)
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
