"""Parameters that a source stores, and nothing in it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.network import Note

if TYPE_CHECKING:
    from collections.abc import Mapping


def unused_notes(unused: Mapping[str, int]) -> list[Note]:
    """A note about them, where there are any.

    Args:
        unused: the source's name of each -> how many numbers it holds.

    >>> [note.text for note in unused_notes({"head.weight": 8, "head.bias": 2})]
    ['10 parameters are used by no layer, and counted: head.weight, head.bias']
    """
    if not unused:
        return []
    shown = ", ".join([*unused][:5]) + (", ..." if len(unused) > 5 else "")
    number = sum(unused.values())
    what = "1 parameter is" if number == 1 else f"{number:,} parameters are"
    return [Note("inferred", f"{what} used by no layer, and counted: {shown}")]
