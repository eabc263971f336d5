"""The time of a kernel from a data sheet: compute, memory and launch terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dims import ceil_div, number

if TYPE_CHECKING:
    from convcost.device import Device, Figure
    from convcost.runtime import DeviceKind, Kernel, Rules

Bound: TypeAlias = Literal["compute", "memory", "launch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSheet:
    """How far published measurements are from the figures on data sheets.

    Attributes:
        compute: the fraction of peak FLOP/s that a well-filled convolution or product reaches.
        memory: the fraction of peak bandwidth that a streaming pass reaches.
        low: factor on a predicted time that 5 % of the measurements fall below.
        high: factor on a predicted time that 95 % of the measurements stay below.
        source: which measurements.
    """

    compute: float
    memory: float
    low: float
    high: float
    source: str


DATA_SHEETS: dict[DeviceKind, DataSheet] = {
    "cpu": DataSheet(compute=0.5, memory=0.8, low=0.4, high=3.0, source=""),
    "gpu": DataSheet(compute=0.5, memory=0.8, low=0.4, high=3.0, source=""),
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
    memory = number(cost.bytes, "bytes") / _reachable(device.memory_bandwidth, sheet.memory)
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


def _reachable(figure: Figure, efficiency: float) -> float:
    """A measured figure was reached by real code: no efficiency is applied to it again."""
    return float(figure.value) * (1.0 if figure.basis == "measured" else efficiency)
