"""Rewrite a network into a cheaper one: where it can be done, what it saves, the proof.

The way: `sites` finds the places of a rewrite and what only looks like one, `judging` predicts what
it saves there, `applying` does what was chosen, `proof` runs both networks. A rewrite is one file,
in the folder of what stays (`exact`, `approximate`, `retrain`); `registry` finds them all.

What others need of the room is imported from here, when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.rewrite.applying import Choice, Step, applied
    from convcost.rewrite.judging.candidates import Candidate, candidates
    from convcost.rewrite.judging.setting import Setting
    from convcost.rewrite.proof.verifying import Wanted, verified
    from convcost.rewrite.registry import rewrites
    from convcost.rewrite.rewriting import Rewriting

__all__ = [
    "Candidate",
    "Choice",
    "Rewriting",
    "Setting",
    "Step",
    "Wanted",
    "applied",
    "candidates",
    "rewrites",
    "verified",
]

#: Where each of them is.
_HOMES = {
    "applying": ("Choice", "Step", "applied"),
    "judging.candidates": ("Candidate", "candidates"),
    "judging.setting": ("Setting",),
    "proof.verifying": ("Wanted", "verified"),
    "registry": ("rewrites",),
    "rewriting": ("Rewriting",),
}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
