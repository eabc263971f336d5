"""What every framework's training step agrees on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.tensor import Tensor

DEFAULT_LOSS = "cross-entropy"
#: So small that random parameters do not run away over many steps; the cost is the same.
LEARNING_RATE = 1e-6


def class_axis(tensor: Tensor) -> int:
    """The axis of the classes: the channels, or the last one."""
    return tensor.names.index("channel") if tensor.has("channel") else len(tensor.axes) - 1
