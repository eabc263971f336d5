"""A device: what the hardware can do at most, each figure with the place it was read from.

A device knows no framework: how much of a peak a framework reaches, and what a launch costs,
belong to the runtime.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

THIS_MACHINE = "this-machine"

Kind = Literal["cpu", "gpu"]
Dtype = Literal["float64", "float32", "tensorfloat32", "bfloat16", "float16"]
Basis = Literal["data sheet", "measured", "reported", "assumed"]
CacheLevel = Literal["L1", "L2", "L3", "L4"]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number about a device and where it comes from.

    Attributes:
        value: The number, in the unit its field names.
        source: Whom to believe: a data sheet, a white paper, or the arithmetic that was done.
        basis: `data sheet`: a peak that nobody reaches; `measured`: reached by real code, so no
            efficiency is to be applied to it again; `reported`: said by the operating system;
            `assumed`: a stated assumption.
    """

    value: int | float
    source: Text
    basis: Basis = "data sheet"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value > 0):
            raise ValueError(f"a figure is a positive finite number, not {self.value}")


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hardware, as its data sheet or a probe describes it.

    Attributes:
        name: What to type: `gtx-1080-ti`.
        title: What to print.
        kind: `cpu` or `gpu`.
        peak_flops: FLOP/s of the whole device by dtype; float16 and its kin on tensor cores
            where there are any. float32 is always there.
        memory_bandwidth: Bytes per second between the device and its main memory.
        cache_bandwidth: Bytes per second of an element-wise pass whose arrays stay in the L2
            caches; only a probe knows it.
        cores: Physical CPU cores, or streaming multiprocessors.
        clock_hertz: The clock that the peak is computed with.
        vector_lanes: float32 numbers in one vector register; for a GPU the threads of a warp.
        fma_units: Vectors that one core can multiply and add in one cycle, so that
            peak = cores x lanes x 2 x units x clock.
        caches: Bytes of the whole device by level; the L1 of a CPU is its data cache.
        note: What a reader of a prediction should know about this device.
    """

    name: Text
    title: Text
    kind: Kind
    peak_flops: dict[Dtype, Figure]
    memory_bandwidth: Figure
    cores: Figure
    clock_hertz: Figure
    vector_lanes: Figure
    fma_units: Figure
    cache_bandwidth: Figure | None = None
    caches: dict[CacheLevel, Figure] = {}
    note: str = ""

    def __post_init__(self) -> None:
        if "float32" not in self.peak_flops:
            raise ValueError("peak_flops needs float32")

    def figures(self) -> tuple[tuple[str, Figure], ...]:
        """Every figure with its path in the file, in the order of the fields.

        >>> from convcost.device import load
        >>> load("gtx-1080-ti").figures()[1][0]
        'memory_bandwidth'
        """
        found: list[tuple[str, Figure]] = []
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, Figure):
                found.append((field, value))
            elif isinstance(value, dict):
                found.extend((f"{field}.{key}", figure) for key, figure in value.items())
        return tuple(found)
