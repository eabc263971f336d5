"""Errors of convcost as what whoever asked is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import (
    ConvcostError,
    LimitError,
    MissingFramework,
    NetworkError,
    SourceError,
    UsageError,
)
from convcost.serve.answer import Refusal

if TYPE_CHECKING:
    from convcost.serve.answer import Kind, Reading

#: Errors by what they are: the first that fits.
_KINDS: tuple[tuple[type[ConvcostError], Kind], ...] = (
    (LimitError, "limit"),
    (SourceError, "source"),
    (NetworkError, "network"),
    (UsageError, "usage"),
    (MissingFramework, "framework"),
    (ConvcostError, "source"),
)
_FRAMEWORK = (
    "the server runs no framework; on your own machine `convcost report` reads the file where the "
    "framework is installed"
)


def refusal_of(error: ConvcostError, networks: tuple[Reading, ...] = ()) -> Refusal:
    """What an error says to whoever asked.

    Args:
        error: that was raised.
        networks: what could be read before.
    """
    kind = next(kind for class_, kind in _KINDS if isinstance(error, class_))
    hint = _FRAMEWORK if kind == "framework" else error.hint
    return Refusal(kind=kind, message=error.message, hint=hint, networks=networks)
