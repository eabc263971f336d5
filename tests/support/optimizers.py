"""What the frameworks call the optimizers, with the settings that are counted: written by hand."""

from typing import Any

TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
}
KERAS: dict[str, tuple[str, dict[str, Any]]] = {**TORCH, "lion": ("Lion", {})}
