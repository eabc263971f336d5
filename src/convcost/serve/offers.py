"""What the form offers to choose from, by name."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Heading, then value and text of each option.
Groups: TypeAlias = "tuple[tuple[str, tuple[tuple[str, str], ...]], ...]"

_KINDS = {"cpu": "CPU", "gpu": "GPU"}


def offers(device: str, runtime: str, optimizer: str) -> dict[str, Groups | tuple[str, ...]]:
    """Devices, runtimes, optimizers and networks of the zoo.

    Args:
        device: what is chosen already, which may be none of them.
        runtime: likewise.
        optimizer: likewise.
    """
    return {
        "devices": _with(_devices(), device),
        "runtimes": _with(_runtimes(), runtime),
        "optimizers": _with(_optimizers(), optimizer),
        "zoo": _zoo(),
    }


def mentioned(texts: Iterable[str]) -> tuple[str, ...]:
    """Networks of the zoo that texts speak of, without their variants.

    >>> mentioned(["AlexNet and the VGG nets", "Inception-v3"])
    ('alexnet', 'inception-v1-block', 'inception-v3', 'vgg16')
    """
    words = "\n".join(texts).lower()
    names = (name for name in _zoo() if name.rpartition("-")[0] not in _zoo())
    return tuple(name for name in names if re.search(rf"(?<![a-z]){_stem(name)}(?![a-z])", words))


def _stem(name: str) -> str:
    """What a family of networks is called: without a number of layers."""
    return re.sub(r"(?<!\d)\d{1,2}$", "", name.partition("-")[0])


def _with(groups: Groups, chosen: str) -> Groups:
    """The same, and what was chosen by another name."""
    if not chosen or any(chosen == value for _, options in groups for value, _ in options):
        return groups
    return (*groups, ("", ((chosen, chosen),)))


@cache
def _devices() -> Groups:
    from convcost.device import THIS_MACHINE, load, names

    known = [load(name) for name in names() if name != THIS_MACHINE]
    return tuple(
        (title, _named(device.name for device in known if device.kind == kind))
        for kind, title in _KINDS.items()
    )


@cache
def _runtimes() -> Groups:
    from convcost.runtime import runtimes

    return (("", tuple((name, each.title) for name, each in runtimes().items())),)


@cache
def _optimizers() -> Groups:
    from convcost.count.optimizers import OPTIMIZERS

    return (("", _named(OPTIMIZERS)),)


@cache
def _zoo() -> tuple[str, ...]:
    from convcost import zoo

    return zoo.names()


def _named(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names)
