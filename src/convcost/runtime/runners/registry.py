"""The runners: every module of this package that defines ``RUNNER``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder
from convcost.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.runtime.runners.runner import Runner


@cache
def runners() -> Mapping[str, Runner]:
    """All runners by the names of their runtimes."""
    return folder.by_name(__package__, "RUNNER")


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
