"""From layers to kernels: what fuses, how images lie, what runs backward."""

from convcost.runtime.lowering.lower import lower, lower_step

__all__ = ["lower", "lower_step"]
