"""What is asked of a network: one value for count, predict and explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.network.tensor import dtype_bytes

if TYPE_CHECKING:
    from convcost.network.op import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A forward pass of one batch, and how often it is repeated.

    Attributes:
        batch: samples per batch.
        training: whether the forward pass behaves as in training (BatchNorm, Dropout).
        dtype: of the floating-point tensors; None keeps the source's.
        samples: size of the data set of a plan; None asks for no plan.
        epochs: passes over the data set.

    Raises:
        UsageError: a number is below one, or the dtype is unknown.
    """

    batch: int = 1
    training: bool = False
    dtype: str | None = None
    samples: int | None = None
    epochs: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "samples", "epochs"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UsageError(f"{name} is {value!r}; expected a whole number of at least 1")
        if self.dtype is not None:
            dtype_bytes(self.dtype)

    @property
    def mode(self) -> Mode:
        """How the forward pass behaves."""
        return "training" if self.training else "inference"

    @property
    def steps(self) -> int | None:
        """Batches of a plan, the last one perhaps smaller; None without a plan."""
        return None if self.samples is None else self.epochs * -(-self.samples // self.batch)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "batch": self.batch,
            "mode": self.mode,
            "dtype": self.dtype,
            "samples": self.samples,
            "epochs": self.epochs,
        }
