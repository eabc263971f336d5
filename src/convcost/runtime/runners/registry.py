"""The runners: every module of this package that defines ``RUNNER``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from convcost.errors import unknown_name
from convcost.runtime import runners as folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.runtime.runners.runner import Runner


@cache
def runners() -> Mapping[str, Runner]:
    """All runners by the names of their runtimes."""
    modules = (import_module(f"{folder.__name__}.{m.name}") for m in iter_modules(folder.__path__))
    found = [module.RUNNER for module in modules if hasattr(module, "RUNNER")]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def runner(name: str) -> Runner:
    """The runner of the runtime of that name.

    Raises:
        UsageError: there is none; the nearest names are given.

    >>> runner("onnxruntime").trains
    False
    """
    try:
        return runners()[name]
    except KeyError:
        raise unknown_name("runtime to measure in", name, runners()) from None
