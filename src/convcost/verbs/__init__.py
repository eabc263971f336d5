"""The public verbs: what a user types in Python, with names instead of objects.

Each is loaded from its file when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.verbs.counts import count, count_as, memory
    from convcost.verbs.files import read, read_all, write
    from convcost.verbs.reports import report
    from convcost.verbs.rewrites import rewrite
    from convcost.verbs.runs import calibrate, history, measure
    from convcost.verbs.sweeps import compare, sweep
    from convcost.verbs.times import explain, predict

__all__ = [
    "calibrate",
    "compare",
    "count",
    "count_as",
    "explain",
    "history",
    "measure",
    "memory",
    "predict",
    "read",
    "read_all",
    "report",
    "rewrite",
    "sweep",
    "write",
]

_FILES = {
    "counts": ("count", "count_as", "memory"),
    "files": ("read", "read_all", "write"),
    "reports": ("report",),
    "rewrites": ("rewrite",),
    "runs": ("calibrate", "history", "measure"),
    "sweeps": ("compare", "sweep"),
    "times": ("explain", "predict"),
}


def __getattr__(name: str) -> object:
    """Load a verb when it is first used."""
    for file, verbs in _FILES.items():
        if name in verbs:
            return getattr(import_module(f"{__name__}.{file}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
