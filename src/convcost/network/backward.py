"""The backward pass of an op: its products with operands swapped, and its element-wise rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.cost import Cost
from convcost.network.dims import Dim, summed
from convcost.network.equation import Learned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcost.network.equation import Equation, Operand
    from convcost.network.op import Call, Gradient


def backward_data(call: Call, equations: tuple[Equation, ...], gradient: Gradient) -> Cost:
    """The gradient of the inputs that are wanted, and of what the op makes on its way.

    The latter, such as a recurrent state's, is followed wherever anything is wanted of the op.
    """
    if not _follows_data(call, equations):
        return Cost()
    wanted = call.wanted_inputs
    macs, reads, weight_reads = _products(call, equations, lambda operand: _is_data(call, operand))
    if wanted:
        reads = reads + gradient.data_reads
        weight_reads = weight_reads + gradient.data_weight_reads
    return Cost(
        macs=macs,
        elementwise=gradient.through + (gradient.data if wanted else 0),
        read_bytes=call.output_bytes + gradient.through_reads + reads + weight_reads,
        write_bytes=summed(tensor.bytes for tensor in wanted),
        weight_bytes=weight_reads,
    )


def backward_weights(call: Call, equations: tuple[Equation, ...], gradient: Gradient) -> Cost:
    """The gradient of the parameters that are not frozen.

    What is done on the result's gradient first is charged here where no other gradient wants it.
    """
    if not call.trained:
        return Cost()
    macs, reads, weight_reads = _products(
        call, equations, lambda operand: isinstance(operand, Learned) and call.trains(operand.place)
    )
    first = not _follows_data(call, equations)
    return Cost(
        macs=macs,
        elementwise=gradient.weights + first * gradient.through,
        read_bytes=call.output_bytes
        + reads
        + weight_reads
        + gradient.weights_reads
        + first * gradient.through_reads,
        write_bytes=summed(parameter.bytes for parameter in call.trained),
        weight_bytes=weight_reads,
    )


def _follows_data(call: Call, equations: tuple[Equation, ...]) -> bool:
    """Whether any gradient but the parameters' is computed."""
    operands = (operand for equation in equations for operand in equation.operands)
    return bool(call.wanted_inputs) or any(operand == "inner" for operand in operands)


def _is_data(call: Call, operand: Operand) -> bool:
    return operand == "inner" or (isinstance(operand, int) and call.wants(operand))


def _products(
    call: Call, equations: tuple[Equation, ...], chosen: Callable[[Operand], bool]
) -> tuple[Dim, Dim, Dim]:
    """MACs of the gradients of the chosen operands; bytes of tensors and of parameters read.

    Each gradient is a product of the result's gradient with the equation's other operands.
    """
    macs: list[Dim] = []
    read: dict[Operand, None] = {}
    for equation in equations:
        for place, operand in enumerate(equation.operands):
            if chosen(operand):
                macs.append(equation.macs)
                read.update(dict.fromkeys(_others(equation, place)))
    inputs = summed(call.inputs[place].bytes for place in read if isinstance(place, int))
    kernels = (operand.place for operand in read if isinstance(operand, Learned))
    stored = summed(call.parameters[place].bytes for place in kernels if call.parameters)
    return summed(macs), inputs, stored


def _others(equation: Equation, place: int) -> Iterator[Operand]:
    return (operand for other, operand in enumerate(equation.operands) if other != place)
