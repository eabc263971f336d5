"""Frameworks as they execute: which layers become which kernels. One file per runtime."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder
from convcost.errors import unknown_name
from convcost.runtime.kernel import Kernel
from convcost.runtime.lowering import lower, lower_step
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
    "lower_step",
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


def default_for(
    framework: str | None, *, training: bool = False, device_kind: DeviceKind = "cpu"
) -> Runtime:
    """The runtime of a source's own framework, or where that cannot do what is asked, PyTorch.

    >>> default_for("keras").name, default_for("onnx").name
    ('keras-tensorflow', 'onnxruntime')
    >>> default_for("onnx", training=True).name, default_for("onnx", device_kind="gpu").name
    ('torch', 'torch')
    """
    for runtime in runtimes().values():
        able = device_kind in runtime.rules and (runtime.trains or not training)
        if framework in runtime.frameworks and able:
            return runtime
    return load(_DEFAULT)
