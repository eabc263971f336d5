"""What layers compute that a network may not keep: refused where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Layer
    from convcost.ops.cell import Cell
    from convcost.ops.copy import Fill
    from convcost.ops.matmul import MatMul

_FILLED: Mapping[str, int] = {"zeros": 0, "ones": 1, "zeros_like": 0, "ones_like": 1}


def check_kept(layer: Layer) -> None:
    """Refuse a layer that, written by what its op keeps, would compute something else.

    Raises:
        NetworkError: it is such a layer.
    """
    if layer.unkept is not None:
        raise NetworkError(
            f"{layer.unkept}: the network does not keep this, so the layer cannot be written"
        )


def fill_value(op: Fill) -> int:
    """The number that a tensor is filled with.

    Raises:
        NetworkError: the network does not keep it.
    """
    if op.function not in _FILLED:
        raise NetworkError(f"'{op.function}' fills a tensor with what the network does not keep")
    return _FILLED[op.function]


def check_factor(op: MatMul) -> None:
    """Refuse a product with a plain number besides.

    Raises:
        NetworkError: it is one.
    """
    if op.scale:
        raise NetworkError("its factor, a plain number, is not kept by the network")


def check_gates(cell: Cell) -> None:
    """Refuse a cell whose biases do not tell where its reset gate acts.

    Raises:
        NetworkError: it is one.
    """
    if cell.function == "gru" and not cell.biases:
        raise NetworkError("a GRU without biases: whether its reset gate comes before the product "
                           "or after it is not kept by the network")  # fmt: skip
