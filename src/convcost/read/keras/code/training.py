"""What ``compile`` and ``fit`` lines tell: loss, optimizer, batch and epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.code.values import Opaque, Reference, is_scalar
from convcost.read.keras.snake_case import snake_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMPILE = ("optimizer", "loss")
#: Keras 1 and 2 have the same order: data, labels, batch, epochs.
_FIT = ("x", "y", "batch_size", "epochs")
_RENAMED = {"lr": "learning_rate", "nb_epoch": "epochs"}
_KEPT = ("batch_size", "epochs", "steps_per_epoch", "samples_per_epoch")


def record(
    training: dict[str, object],
    method: str,
    arguments: Sequence[object],
    keywords: Mapping[str, object],
) -> bool:
    """Keep what a call of a model's method states literally; whether it was such a method.

    >>> training = {}
    >>> record(training, "compile", ["sgd"], {"loss": Reference("keras.losses.MeanSquaredError")})
    True
    >>> record(training, "fit", [None, None], {"batch_size": 128, "nb_epoch": 12})
    True
    >>> training
    {'optimizer': 'sgd', 'loss': 'mean_squared_error', 'batch_size': 128, 'epochs': 12}
    """
    if method == "compile":
        given = dict(zip(_COMPILE, arguments, strict=False)) | dict(keywords)
        _record_compile(training, given)
        return True
    if method == "evaluate":
        # its batch is not the one of training
        return True
    if method not in ("fit", "fit_generator"):
        return False
    names = _FIT if method == "fit" else ("x", "steps_per_epoch", "epochs")
    given = dict(zip(names, arguments, strict=False))
    given |= {_RENAMED.get(key, key): value for key, value in keywords.items()}
    for key in _KEPT:
        value = given.get(key)
        if type(value) is int and value > 0:
            training.setdefault(key, value)
    return True


def _record_compile(training: dict[str, object], given: Mapping[str, object]) -> None:
    optimizer, loss = given.get("optimizer"), given.get("loss")
    name = _name(optimizer)
    if name is not None:
        training["optimizer"] = name.lower()
    if isinstance(optimizer, Opaque):
        stated = {_RENAMED.get(key, key): value for key, value in optimizer.keywords.items()}
        rate = stated.get("learning_rate", next(iter(optimizer.arguments), None))
        if isinstance(rate, int | float) and not isinstance(rate, bool):
            training["learning_rate"] = rate
    if isinstance(loss, list | tuple):
        names = [_loss(item) for item in loss]
        if all(names):
            training["loss"] = tuple(names)
    elif isinstance(loss, dict):
        named = {key: _loss(item) for key, item in loss.items()}
        if all(named.values()) and all(map(is_scalar, named)):
            training["loss"] = named
    elif _name(loss):
        training["loss"] = _loss(loss)


def _name(value: object) -> str | None:
    """The name of a loss or an optimizer: a string, or the class that is called."""
    if isinstance(value, str):
        return value
    if isinstance(value, Reference):
        # A bare name may be any variable; Keras's own have a module before them or a capital.
        return value.name if "." in value.path or value.path[:1].isupper() else None
    if isinstance(value, Opaque) and value.callee:
        return value.callee.rpartition(".")[2]
    return None


def _loss(value: object) -> str | None:
    """The name of a loss as Keras's functions have it: ``categorical_crossentropy``."""
    name = _name(value)
    return None if name is None else snake_case(name)
