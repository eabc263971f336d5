"""One file per ablation: a network without one cause of its time.

An ablation module defines ``LOOKS_FOR``, what it takes out in words, and ``without(case)``, which
gives the network without it, or None where there is nothing to take out; where the layers behind
would not fit any more, it raises a NetworkError that says so.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.explain.ablation import Without
    from convcost.explain.evidence import Case


class Ablator(Protocol):
    """An ablation module.

    Attributes:
        LOOKS_FOR: what it takes out, in words.
    """

    LOOKS_FOR: str

    def without(self, case: Case) -> Without | None:
        """The network of a case without the cause; None where there is nothing to take out.

        Raises:
            NetworkError: the layers behind do not fit any more.
        """
        ...


@cache
def ablations() -> Mapping[str, Ablator]:
    """All ablations by name, which is the file's with dashes."""
    found = folder.modules(__name__)
    return {name.replace("_", "-"): module for name, module in found.items()}
