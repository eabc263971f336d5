"""Memory of a pass over one batch: what is alive when, and why."""

from __future__ import annotations

from convcost.runtime.memory.memory import (
    LayerMemory,
    Memory,
    known_peak,
    memory,
    memory_formulas,
)
from convcost.runtime.memory.timeline import Step
from convcost.runtime.memory.within import within

__all__ = ["LayerMemory", "Memory", "Step", "known_peak", "memory", "memory_formulas", "within"]
