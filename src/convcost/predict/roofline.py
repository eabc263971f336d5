"""The time of a kernel from a data sheet: compute, memory and launch terms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dims import ceil_div, number

if TYPE_CHECKING:
    from convcost.device import Device, Figure
    from convcost.runtime import DeviceKind, Kernel, Rules

#: half of a normal distribution's 90 % interval, in standard deviations
_Z90 = 1.645

Bound: TypeAlias = Literal["compute", "memory", "launch"]


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

    @property
    def spread(self) -> float:
        """Standard deviation of log(measured / predicted) that the 90 % band corresponds to."""
        return math.log(self.high / self.low) / (2 * _Z90)


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


def interval(value: float, deviation: float) -> tuple[float, float]:
    """The 90 % interval of a figure whose logarithm has this standard deviation."""
    factor = math.exp(_Z90 * deviation)
    return value / factor, value * factor


def vector_fill(channels: int, lanes: int) -> float:
    """The fraction of the vector lanes in use when channels are laid along the vectors.

    Convolution libraries block channels by the vector length (oneDNN's nChw16c on AVX-512), so
    ``channels / (ceil(channels/lanes) * lanes)``.

    >>> vector_fill(4, 16), vector_fill(32, 16), vector_fill(43, 16) > 0.89
    (0.25, 1.0, True)
    """
    return channels / number(ceil_div(channels, lanes) * lanes, "vector fill")


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
    sheet = DATA_SHEETS[device.kind]
    cost = kernel.cost
    peak = device.peak_flops.get(dtype, device.peak_flops["float32"])  # type: ignore[call-overload]
    flops_per_second = _reachable(peak, sheet.compute)
    lanes = int(device.vector_lanes.value)
    fill = 1.0
    if kernel.channels is not None:
        fill = vector_fill(number(kernel.channels, "channels"), lanes)
    # element-wise steps are no multiply-accumulates: they reach half of the peak at best
    compute = (
        2 * number(cost.macs, "MACs") / (flops_per_second * fill)
        + 2 * number(cost.elementwise, "element-wise operations") / flops_per_second
    )
    memory = number(cost.bytes, "bytes") / _bandwidth(number(cost.bytes, "bytes"), device, sheet)
    launch = rules.launch_seconds.value
    busy = max(compute, memory)
    return KernelTime(
        kernel=kernel,
        compute=compute,
        memory=memory,
        launch=launch,
        seconds=max(launch, busy) if rules.launches_overlap else launch + busy,
        fill=fill,
    )


def _bandwidth(working_set: int, device: Device, sheet: DataSheet) -> float:
    """That of the L2 caches where a probe measured it and the kernel's tensors fit in."""
    l2 = device.caches.get("L2")
    if device.cache_bandwidth is not None and l2 is not None and working_set <= l2.value:
        return float(device.cache_bandwidth.value)
    return _reachable(device.memory_bandwidth, sheet.memory)


def _reachable(figure: Figure, efficiency: float) -> float:
    """A measured figure was reached by real code: no efficiency is applied to it again."""
    return float(figure.value) * (1.0 if figure.basis == "measured" else efficiency)
