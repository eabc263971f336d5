"""FLOP/s and bytes per second, against what the device can do at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.network.cost import total
from convcost.network.dims import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.device import Device
    from convcost.network.cost import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a machine does while a network runs.

    Attributes:
        flops_per_second: of the kernels: 2 per MAC, and the element-wise operations.
        bytes_per_second: that the kernels read and write; what stays in the caches counts too, so
            that it may be more than the main memory's bandwidth.
        of_peak_flops: the share of the device's peak for the dtype.
        of_bandwidth: the same over the device's memory bandwidth.
    """

    flops_per_second: float
    bytes_per_second: float
    of_peak_flops: float
    of_bandwidth: float

    def faster(self, factor: float) -> Rates:
        """The rates of the same work in a shorter time."""
        return Rates(
            flops_per_second=self.flops_per_second * factor,
            bytes_per_second=self.bytes_per_second * factor,
            of_peak_flops=self.of_peak_flops * factor,
            of_bandwidth=self.of_bandwidth * factor,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "flops_per_second": self.flops_per_second,
            "bytes_per_second": self.bytes_per_second,
            "of_peak_flops": self.of_peak_flops,
            "of_bandwidth": self.of_bandwidth,
        }


def rates(costs: Iterable[Cost], seconds: float, device: Device, dtype: str) -> Rates:
    """What is done per second.

    Args:
        costs: of all kernels.
        seconds: that they take together.
        device: whose peaks.
        dtype: of the arithmetic; float32's peak where the device lists none for it.
    """
    whole = total(costs)
    flops, moved = number(whole.flops, "FLOP"), number(whole.bytes, "bytes")
    peak = device.peak_flops.get(dtype, device.peak_flops["float32"])  # type: ignore[call-overload]
    return Rates(
        flops_per_second=flops / seconds,
        bytes_per_second=moved / seconds,
        of_peak_flops=flops / seconds / peak.value,
        of_bandwidth=moved / seconds / device.memory_bandwidth.value,
    )
