"""What a target has no rule for, or the network does not keep: refused before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from convcost.errors import NetworkError
from convcost.ops.function import function_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Layer
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.ops.cell import Cell
    from convcost.ops.copy import Fill
    from convcost.ops.elementwise import Elementwise
    from convcost.ops.matmul import MatMul

T = TypeVar("T")

_FILLED: Mapping[str, int] = {
    **dict.fromkeys(("zeros", "zeros_like", "new_zeros", "zero"), 0),
    **dict.fromkeys(("ones", "ones_like", "new_ones"), 1),
}
#: In the place of plain numbers that are not kept, where only the cost counts.
_STAND_INS = (-2.0, 2.0)


def rule_of(rules: Mapping[str, T], op: Op, target: str) -> T:
    """The rule of an op's kind.

    Raises:
        NetworkError: the target has none.
    """
    try:
        return rules[op.kind]
    except KeyError:
        raise NetworkError(
            f"'{op.kind}' has no counterpart in {target} that is written here",
            hint="convcost's own format has a place for every layer: -o net.json",
        ) from None


def check_kept(layer: Layer) -> None:
    """Refuse a layer that, written by what its op keeps, would compute something else.

    Raises:
        NetworkError: it is such a layer.
    """
    if layer.unkept is not None:
        raise NetworkError(
            f"{layer.unkept}: the network does not keep this, so the layer cannot be written"
        )


def fill_value(op: Fill) -> float:
    """The number that a tensor is filled with.

    Raises:
        NetworkError: the network does not keep it.
    """
    if op.value is not None:
        return op.value
    if op.function not in _FILLED:
        raise NetworkError(f"'{op.function}' fills a tensor with what the network does not keep")
    return _FILLED[op.function]


def operands(op: Elementwise, inputs: Sequence[T], *, exact: bool) -> list[T | float]:
    """The operands of a function in order: its inputs, and the plain numbers between them.

    Args:
        op: the function.
        inputs: what its inputs are called.
        exact: False where other numbers do for those that the network does not keep.

    Raises:
        NetworkError: it does not keep them.

    >>> from convcost.ops.elementwise import Elementwise
    >>> operands(Elementwise(function="subtract", numbers=(1.0, None)), ["x"], exact=True)
    [1.0, 'x']
    """
    if op.numbers:
        if op.numbers.count(None) != len(inputs):
            raise NetworkError(f"its numbers are {op.numbers}, its inputs {len(inputs)}")
        rest = iter(inputs)
        return [next(rest) if number is None else number for number in op.numbers]
    missing = (function_named(op.function).operands or 0) - len(inputs)
    if missing <= 0:
        return list(inputs)
    # of a choice it is not even kept which operand the number is
    if exact or missing > len(_STAND_INS) or op.function == "select":
        raise NetworkError(f"'{op.function}' with a plain number, which the network does not keep")
    return [*inputs, *_STAND_INS[-missing:]]


def plain_number(value: float, tensor: Tensor) -> float | int | bool:
    """A number between tensors of that dtype, as one of theirs.

    Raises:
        NetworkError: it is a fraction among whole numbers.
    """
    if tensor.floating:
        return value
    if not value.is_integer():
        raise NetworkError(f"{value} between tensors of {tensor.dtype}")
    return bool(value) if tensor.dtype == "bool" else int(value)


def number_among(op: Elementwise, value: float, tensor: Tensor, result: Tensor) -> float:
    """A plain number among the operands where whole numbers and others may be mixed.

    Args:
        op: the function.
        value: the number.
        tensor: an operand.
        result: what the function gives.

    Raises:
        NetworkError: as `plain_number`.
    """
    chosen = result.floating or op.function == "select"
    return plain_number(value, result if chosen else tensor)


def check_division(
    function: str, tensors: Sequence[Tensor], result: Tensor, *, truncates: bool
) -> None:
    """Refuse a division of whole numbers whose result is another one than in its source.

    Args:
        function: a key of `convcost.ops.function.FUNCTIONS`.
        tensors: what it takes.
        result: what it gives.
        truncates: whether the target's division of whole numbers gives whole numbers.

    Raises:
        NetworkError: it is one.
    """
    whole = not any(tensor.floating for tensor in tensors)
    if function == "divide" and whole and result.floating == truncates:
        raise NetworkError(f"a division of whole numbers that gives {result.dtype}")


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
