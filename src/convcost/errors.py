"""Everything that convcost raises on purpose.

    ConvcostError            exit 1
    ├── SourceError          exit 1  the source cannot be read (what, where, expected, next step)
    │   └── LimitError       exit 1  the source is above a stated limit of size or nesting
    ├── NetworkError         exit 1  layers do not fit together, or a size has no value
    ├── UsageError           exit 2  the request itself is wrong (unknown device, bad option)
    └── MissingFramework     exit 4  an optional framework is not installed

Codes 3 (a check has failed) and 130 (interrupted) are the command line's own: nothing is raised.

An error's message says what was read, where, and what was expected; its hint says what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConvcostError(Exception):
    """Base of all errors that are the input's or the environment's, not convcost's own fault.

    Args:
        message: What was read, where, and what was expected.
        hint: What to do next, one sentence.

    Attributes:
        network: The name of the network that failed, where several run side by side.
    """

    exit_code: ClassVar[int] = 1
    network: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  next: {self.hint}"


class SourceError(ConvcostError):
    """A source cannot be read."""


class LimitError(SourceError):
    """A source is above a stated limit."""


class NetworkError(ConvcostError):
    """Layers do not fit together, or a dimension that is needed has no value."""


class UsageError(ConvcostError):
    """The request is wrong."""

    exit_code = 2


class MissingFramework(ConvcostError):  # noqa: N818 - named as what it says
    """An optional framework is not installed."""

    exit_code = 4


def unknown_name(what: str, name: str, known: Iterable[str]) -> UsageError:
    """An error that names the nearest known names.

    >>> print(unknown_name("device", "gtx-1080", ["gtx-1080-ti", "a100"]))
    unknown device 'gtx-1080'
      next: did you mean gtx-1080-ti? Known: a100, gtx-1080-ti
    """
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3)
    near = near or [other for other in known if name and name.lower() in other][:3]
    guess = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"unknown {what} '{name}'", hint=f"{guess}Known: {', '.join(known)}")
