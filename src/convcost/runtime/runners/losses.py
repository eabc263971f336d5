"""What every framework's training step agrees on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.tensor import Tensor

#: Classes of `torch.optim` and `keras.optimizers`, which have the same names, and the settings that
#: their cost depends on.
OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "lion": ("Lion", {}),
}
DEFAULT_LOSS = "cross-entropy"
#: So small that random parameters do not run away over many steps; the cost is the same.
LEARNING_RATE = 1e-6


def class_axis(tensor: Tensor) -> int:
    """The axis of the classes: the channels, or the last one."""
    return tensor.names.index("channel") if tensor.has("channel") else len(tensor.axes) - 1
