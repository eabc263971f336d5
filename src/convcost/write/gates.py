"""Kernels of recurrent cells with their gates in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.cell import gate_places

if TYPE_CHECKING:
    from convcost.ops.cell import GateOrder


def with_gates(array: Any, function: str, have: GateOrder, want: GateOrder) -> Any:
    """The gates, blocks of the first axis, in the order that is wanted.

    Args:
        array: NumPy's, of a kernel or a bias.
        function: of the cell.
        have: the order of the blocks.
        want: the other one.
    """
    import numpy as np

    places = gate_places(function, have, want)
    blocks = np.split(array, len(places), axis=0)
    return np.concatenate([blocks[place] for place in places], axis=0)
