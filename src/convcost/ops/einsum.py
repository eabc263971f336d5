"""Products stated by the axes that they run over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.product import epilogue, product_gradient
from convcost.ops.wrap import renamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class EinsumDense(Op):
    """A product with a kernel in Einstein's notation: ``abc,cd->abd`` is a dense layer.

    MACs = the product of the sizes of all letters. Element-wise: 1 per output for the bias, plus
    the activation's. Kernel: the sizes of its letters, in its order.

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    Attributes:
        equation: input, kernel and result, a letter per axis.
        sizes: (letter, size) of the letters that the input does not have.
        bias_axes: the result's letters that the bias varies along; empty for no bias.
        names: of the result's axes; None: the input's where they share a letter.

    >>> x = Tensor.of(batch=1, time=10, channel=16)
    >>> op = EinsumDense(equation="abc,cde->abde", sizes=(("d", 2), ("e", 8)), bias_axes="de")
    >>> op.outputs(x)[0].shape, op.cost("forward", Call((x,), op.outputs(x))).macs
    ((1, 10, 2, 8), 2560)
    """

    kind: ClassVar[str] = "einsum_dense"
    equation: str
    sizes: tuple[tuple[str, Dim], ...] = ()
    bias_axes: str = ""
    activation: str = "linear"
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The result's letters."""
        (tensor,) = inputs
        sizes = self._sizes(tensor)
        into, _, out = self._terms()
        named = dict(zip(into, tensor.names, strict=True))
        axes = tuple(Axis(named.get(letter), sizes[letter]) for letter in out)
        return (renamed(Tensor(axes, tensor.dtype), self.names),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one, 1 along the axes that share it."""
        sizes = self._sizes(inputs[0])
        _, kernel, out = self._terms()
        found = Weight("kernel", tuple(sizes[letter] for letter in kernel))
        if not self.bias_axes:
            return (found,)
        first = min(out.index(letter) for letter in self.bias_axes)
        shape = (sizes[letter] if letter in self.bias_axes else 1 for letter in out[first:])
        return (found, Weight("bias", tuple(shape)))

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest, a loop per letter."""
        sizes = self._sizes(call.inputs[0])
        into, kernel, out = self._terms()
        named = dict(zip(into, call.inputs[0].names, strict=True))
        letters = dict.fromkeys(into + kernel)
        ordered = sorted(letters, key=lambda letter: letter in kernel)
        loops = (
            Loop(named.get(letter) or letter, sizes[letter], reduced=letter not in out)
            for letter in ordered
        )
        return (Equation(tuple(loops)),)

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(bool(self.bias_axes), self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(bool(self.bias_axes), self.activation, call)

    def _terms(self) -> tuple[str, str, str]:
        operands, _, out = self.equation.partition("->")
        into, _, kernel = operands.partition(",")
        return into, kernel, out

    def _sizes(self, tensor: Tensor) -> Mapping[str, Dim]:
        """The size of every letter.

        Raises:
            NetworkError: the input has other axes, or a letter's size is not known.
        """
        into, kernel, out = self._terms()
        if len(into) != len(tensor.axes):
            raise NetworkError(f"{self.equation} does not fit {tensor}")
        sizes = dict(self.sizes) | dict(zip(into, tensor.shape, strict=True))
        unknown = sorted(set(kernel + out) - set(sizes))
        if unknown:
            raise NetworkError(f"{self.equation}: the size of {unknown[0]} is not known")
        return sizes
