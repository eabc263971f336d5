"""Frameworks as they execute: which layers become which kernels. One file per runtime."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder
from convcost.errors import unknown_name
from convcost.runtime.kernel import Kernel
from convcost.runtime.lowering import lower
from convcost.runtime.rules import Constant, DeviceKind, Rules, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Constant",
    "DeviceKind",
    "Kernel",
    "Rules",
    "Runtime",
    "default_for",
    "load",
    "lower",
    "runtimes",
]

_DEFAULT = "torch"


@cache
def runtimes() -> Mapping[str, Runtime]:
    """All runtimes by name: every module of this package that defines ``RUNTIME``."""
    return folder.by_name(__name__, "RUNTIME")


def load(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        UsageError: there is none; the nearest names are given.

    >>> load("torch").title
    'PyTorch, eager'
    """
    try:
        return runtimes()[name]
    except KeyError:
        raise unknown_name("runtime", name, runtimes()) from None


def default_for(framework: str | None) -> Runtime:
    """The runtime of a source's own framework.

    >>> default_for("keras").name
    'keras-tensorflow'
    """
    for runtime in runtimes().values():
        if framework in runtime.frameworks:
            return runtime
    return load(_DEFAULT)
