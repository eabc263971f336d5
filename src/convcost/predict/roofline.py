"""The time of a kernel from a data sheet: compute, memory and launch terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass
from convcost.network.dims import number
from convcost.predict.estimate import Estimate
from convcost.predict.kernel import KernelTime
from convcost.predict.plan import LoopTime
from convcost.predict.timed import Timed
from convcost.predict.vectors import vector_fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.count import Workload
    from convcost.device import Device, Figure
    from convcost.network.evaluation import Evaluation
    from convcost.runtime import DeviceKind, Kernel, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSheet:
    """How far published measurements are from the figures on data sheets.

    Attributes:
        compute: the fraction of peak FLOP/s that a well-filled convolution or product reaches.
        memory: the fraction of peak bandwidth that a streaming pass reaches.
        low: factor on a network's predicted time that 5 % of the measurements fall below.
        high: factor that 95 % of them stay below.
        source: which measurements.
    """

    compute: float
    memory: float
    low: float
    high: float
    source: str


DATA_SHEETS: dict[DeviceKind, DataSheet] = {
    "cpu": DataSheet(
        compute=0.61,
        memory=0.22,
        low=0.78,
        high=2.61,
        source=(
            "benchmarks/data_sheet/results.md: convolutions of DeepBench on a Xeon Phi 7250 "
            "(94 rows), bandwidth and band of 366 timm networks on an i9-10940X at batch 1"
        ),
    ),
    "gpu": DataSheet(
        compute=0.59,
        memory=0.66,
        low=0.80,
        high=2.44,
        source=(
            "benchmarks/data_sheet/results.md: convolutions of DeepBench on 8 GPUs (752 rows), "
            "Caffe's ReLU rows on a Titan X, band of 366 timm networks on an RTX 3090"
        ),
    ),
}


def by_data_sheet(
    kernels: Iterable[Kernel], workload: Workload, device: Device, rules: Rules, dtype: str
) -> Timed:
    """The time of a forward pass.

    Args:
        kernels: of it, with sizes bound to numbers.
        workload: what is run.
        device: its figures.
        rules: the runtime's on this kind of device.
        dtype: of the arithmetic.
    """
    times = tuple(kernel_time(kernel, device, rules, dtype) for kernel in kernels)
    whole, sheet = sum(time.seconds for time in times), DATA_SHEETS[device.kind]
    remarks = []
    if dtype not in device.peak_flops:
        remarks.append(
            f"{device.name} lists no peak for {dtype}: arithmetic at the rate of float32"
        )
    if workload.training:
        remarks.append("of training the forward pass only: no backward pass, no update")
    return Timed(
        times=times,
        seconds=Estimate(whole, whole * sheet.low, whole * sheet.high),
        loop=LoopTime(rules.loop_seconds.value, rules.loop_seconds.source),
        remarks=tuple(remarks),
    )


def kernel_time(kernel: Kernel, device: Device, rules: Rules, dtype: str) -> KernelTime:
    """The data-sheet time of a kernel.

    CPU: ``launch + max(compute, memory)``. Where launches overlap with execution (GPUs):
    ``max(launch, compute, memory)``.

    Args:
        kernel: with sizes bound to numbers.
        device: its figures.
        rules: the runtime's launch cost on this kind of device.
        dtype: of the arithmetic.
    """
    cost = kernel.cost
    moved = number(cost.bytes, "bytes")
    fill = 1.0
    if kernel.channels is not None:
        fill = vector_fill(number(kernel.channels, "channels"), int(device.vector_lanes.value))
    compute = _compute(number(cost.macs, "MACs"),
                       number(cost.elementwise, "element-wise operations"),
                       fill, device, dtype)  # fmt: skip
    memory = moved / (_near(device) if _fits(moved, device) else _far(device))
    launch, busy = rules.launch_seconds.value, max(compute, memory)
    return KernelTime(
        kernel=kernel,
        compute=compute,
        memory=memory,
        launch=launch,
        seconds=max(launch, busy) if rules.launches_overlap else launch + busy,
        fill=fill,
    )


def kernel_seconds(
    kernels: Iterable[Kernel], number: Evaluation, device: Device, rules: Rules, dtype: str
) -> Any:
    """The seconds of `kernel_time` for many variants at once, over all kernels.

    Args:
        kernels: with open sizes.
        number: the sizes' values, arrays of one length.
        device: its figures.
        rules: the runtime's.
        dtype: of the arithmetic.
    """
    import numpy as np

    whole: Any = 0.0
    for kernel in kernels:
        cost, fill = kernel.cost, 1.0
        if kernel.channels is not None:
            fill = vector_fill(number(kernel.channels), int(device.vector_lanes.value))
        compute = _compute(number(cost.macs), number(cost.elementwise), fill, device, dtype)
        moved = number(cost.bytes)
        memory = moved / np.where(_fits(moved, device), _near(device), _far(device))
        launch, busy = rules.launch_seconds.value, np.maximum(compute, memory)
        whole = whole + (np.maximum(launch, busy) if rules.launches_overlap else launch + busy)
    return whole


def _compute(macs: Any, elementwise: Any, fill: Any, device: Device, dtype: str) -> Any:
    """Seconds of arithmetic."""
    sheet = DATA_SHEETS[device.kind]
    peak = device.peak_flops.get(dtype, device.peak_flops["float32"])  # type: ignore[call-overload]
    flops_per_second = _reachable(peak, sheet.compute)
    # element-wise steps are no multiply-accumulates: they reach half of the peak at best
    return 2 * macs / (flops_per_second * fill) + 2 * elementwise / flops_per_second


def _fits(moved: Any, device: Device) -> Any:
    """Whether a kernel's tensors fit into the L2 caches, where a probe measured their bandwidth."""
    l2 = device.caches.get("L2")
    if device.cache_bandwidth is None or l2 is None:
        return False
    return moved <= l2.value


def _near(device: Device) -> float:
    """Bandwidth of the L2 caches."""
    found = device.cache_bandwidth or device.memory_bandwidth
    return float(found.value)


def _far(device: Device) -> float:
    """Bandwidth of the main memory, as far as it is reached."""
    return _reachable(device.memory_bandwidth, DATA_SHEETS[device.kind].memory)


def _reachable(figure: Figure, efficiency: float) -> float:
    """A measured figure was reached by real code: no efficiency is applied to it again."""
    return float(figure.value) * (1.0 if figure.basis == "measured" else efficiency)
