"""What a node becomes: a layer, with the stored tensors that it uses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass
from convcost.ops.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.onnx.values import Arrange, Value


@dataclass(frozen=True, slots=True)
class Weight:
    """A stored tensor, or a part of it, that a layer uses.

    Attributes:
        name: the op's for it.
        value: where it is stored.
        arrange: what brings the stored numbers into the order that the op states; None where they
            are in it.
        shape: in that order; None for the value's own.
        learned: False for statistics.
        part: of the stored tensor, where it holds several parameters.
    """

    name: str
    value: Value
    arrange: Arrange | None = None
    shape: tuple[Dim, ...] | None = None
    learned: bool = True
    part: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a node becomes: a layer.

    Attributes:
        op: what it does; or what makes the op of its results, once their axes are named.
        inputs: the values that it takes.
        results: the values that it makes.
        weights: the stored tensors that it uses, in the op's order.
        byproducts: further outputs of the node, whose readers wait for the layer.
        idle: whether it only matters to those who read it.
    """

    op: Op | Callable[[tuple[Tensor, ...]], Op]
    inputs: tuple[Value, ...]
    results: tuple[Value, ...]
    weights: tuple[Weight, ...] = ()
    byproducts: tuple[Value, ...] = ()
    idle: bool = False


def view(tensor: Value, *results: Value, **how: Any) -> Step:
    """A layer that sees a tensor in another way.

    Args:
        tensor: what is seen.
        results: what it is seen as.
        how: the `View`'s function, cuts and order; without these it is not told.
    """
    return Step(partial(View, **how), (tensor,), results, idle=True)
