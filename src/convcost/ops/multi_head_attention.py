"""Attention in several heads, with its projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import product, remainder, summed
from convcost.network.equation import Equation, Learned, Loop, loops_over
from convcost.network.op import Call, Condition, Gradient, Op, require
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import charge, derivative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiHeadAttention(Op):
    """Queries, keys and values projected into heads, attended, and projected back.

    Inputs: query, perhaps value (else the query) and key (else the value), each (batch, positions
    ..., features). MACs per sample, with h heads of k and v numbers and g heads of keys and values:
    queries x features x h*k + keys x features x g*(k + v), the scores and the weighting
    queries x keys x h*(k + v), and the output queries x h*v x output features. All pairs of query
    and key count, masked or not. Element-wise: 1 per biased number, 1 per projected query (the
    scale), softmax 5 per score; a gate its sigmoid and product. Gradient: 1 per biased number, 1
    per projected query, softmax 4 per score; a gate 2 products and its sigmoid's; 1 per number of
    an input for each projection of it but one, whose gradients are added.

    Attributes:
        key_heads: heads of keys and values, each shared by several query heads; None: `heads`.
        output_size: features of the result; None: the query's.
        gate: whether the heads' results are multiplied by a projected sigmoid of the query.
        axes: names of the axes attended over; None for all between the first and the last.

    >>> x = Tensor.of(batch=1, time=10, channel=16)
    >>> op = MultiHeadAttention(heads=2, key_size=8, value_size=8)
    >>> op.cost("forward", Call((x,), op.outputs(x))).macs == 4 * 10 * 16 * 16 + 2 * 100 * 16
    True
    """

    kind: ClassVar[str] = "multi_head_attention"
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    heads: Dim
    key_size: Dim
    value_size: Dim
    key_heads: Dim | None = None
    output_size: Dim | None = None
    bias: bool = True
    gate: bool = False
    axes: tuple[str, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The query's shape, with the output size for its features."""
        require(self.conditions(*inputs))
        *rows, last = inputs[0].axes
        size = last.size if self.output_size is None else self.output_size
        return (Tensor((*rows, Axis(last.name, size)), inputs[0].dtype),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Query heads in whole groups per key head."""
        del inputs
        shared = self._key_heads
        reason = f"{self.heads} query heads do not share {shared} key heads"
        yield Condition(1 - remainder(self.heads, shared), reason)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """A kernel (and bias) per projection: (features, heads, size), (heads, size, features)."""
        found = []
        for name, place, heads, size in self._projections(inputs):
            found.append(Weight(f"{name}/kernel", (inputs[place].axes[-1].size, heads, size)))
            if self.bias:
                found.append(Weight(f"{name}/bias", (heads, size)))
        features = self.outputs(*inputs)[0].axes[-1].size
        found.append(Weight("output/kernel", (self.heads, self.value_size, features)))
        if self.bias:
            found.append(Weight("output/bias", (features,)))
        return tuple(found)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """The projections, scores, weighted values, and the output's projection."""
        query, value, _ = (call.inputs[place] for place in _places(call.inputs))
        free, queries = self._split(query)
        keys = self._split(value)[1]
        heads = (*free, Loop("head", self.heads), *queries)
        count = product(loop.size for loop in keys)
        scores = (Loop("key", count), Loop("key_size", self.key_size, reduced=True))
        weighted = (Loop("key", count, reduced=True), Loop("value_size", self.value_size))
        output = (
            Loop("head", self.heads, reduced=True),
            Loop("value_size", self.value_size, reduced=True),
            Loop("features_out", call.outputs[0].axes[-1].size),
        )
        projections = self._projections(call.inputs)
        last = Learned(len(projections) * (1 + self.bias))
        return (
            *(self._projection(number, call) for number in range(len(projections))),
            Equation((*heads, *scores), operands=("inner", "inner")),
            Equation((*heads, *weighted), operands=("inner", "inner")),
            Equation((*_rows(query), *output), operands=("inner", last)),
        )

    def elementwise(self, call: Call) -> Dim:
        """Biases, scale, softmax and gate."""
        *projected, scores, _, output = [equation.outputs for equation in self.equations(call)]
        biases = sum(projected, start=output) if self.bias else 0
        gate = (charge("sigmoid", 1) + 1) * projected[2] if self.gate else 0
        return biases + projected[0] + charge("softmax", scores) + gate

    def gradient(self, call: Call) -> Gradient:
        """Biases, scale, softmax, gate, and inputs projected several times."""
        *projected, scores, _, output = [equation.outputs for equation in self.equations(call)]
        gate = (2 + derivative("sigmoid").charge) * projected[2] if self.gate else 0
        read = [place for _, place, _, _ in self._projections(call.inputs)]
        return Gradient(
            through=derivative("softmax").charge * scores + projected[0] + gate,
            data=summed(
                (read.count(place) - 1) * call.inputs[place].elements
                for place in set(read)
                if call.wants(place)
            ),
            weights=summed(
                elements
                for number, elements in enumerate([*projected, output])
                if self.bias and call.trains(2 * number + 1)
            ),
        )

    @property
    def _key_heads(self) -> Dim:
        return self.heads if self.key_heads is None else self.key_heads

    def _projections(self, inputs: tuple[Tensor, ...]) -> tuple[tuple[str, int, Dim, Dim], ...]:
        """(name, place of the input, heads, size) per projection into heads."""
        query, value, key = _places(inputs)
        gate = ("gate", query, self.heads, self.value_size)
        return (
            ("query", query, self.heads, self.key_size),
            ("key", key, self._key_heads, self.key_size),
            *((gate,) if self.gate else ()),
            ("value", value, self._key_heads, self.value_size),
        )

    def _projection(self, number: int, call: Call) -> Equation:
        _, place, heads, size = self._projections(call.inputs)[number]
        into = call.inputs[place]
        features = Loop("features_in", into.axes[-1].size, reduced=True)
        return Equation(
            (*_rows(into), features, Loop("head", heads), Loop("size", size)),
            operands=(place, Learned(number * (1 + self.bias))),
        )

    def _split(self, tensor: Tensor) -> tuple[tuple[Loop, ...], tuple[Loop, ...]]:
        """Batch-like axes, and those attended over."""
        rows = _rows(tensor)
        if self.axes is None:
            return rows[:1], rows[1:]
        for name in self.axes:
            tensor.size(name)
        return (
            tuple(loop for loop in rows if loop.axis not in self.axes),
            tuple(loop for loop in rows if loop.axis in self.axes),
        )


def _places(inputs: tuple[Tensor, ...]) -> tuple[int, int, int]:
    """Which inputs are the query, the value, the key."""
    return 0, min(1, len(inputs) - 1), len(inputs) - 1


def _rows(tensor: Tensor) -> tuple[Loop, ...]:
    return loops_over(tensor.axes[:-1])
