"""What runtimes keep of the forward pass until the backward pass has used it: one file per way."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcost.runtime.saved.rules import Saved, SavedRules

if TYPE_CHECKING:
    from convcost.runtime.rules import Runtime

__all__ = ["Saved", "SavedRules", "saved_by"]


def saved_by(runtime: Runtime) -> SavedRules:
    """The rules of a runtime.

    >>> from convcost.runtime import load
    >>> saved_by(load("torch")).exact, saved_by(load("keras-tensorflow")).exact
    (True, False)
    """
    rules = import_module(f"{__name__}.{runtime.saved}").RULES
    assert isinstance(rules, SavedRules)  # noqa: S101 - each file says so
    return rules
