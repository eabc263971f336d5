"""Scaled dot-product attention without its projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import charge, derivative

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledAttention(Op):
    """``softmax(q * k / sqrt(d)) * v``: inputs query, key, value, and perhaps a mask.

    Each is (batch-like axes ..., positions, features); heads of keys may be fewer than those of
    queries. MACs = queries x keys x (features + value features) per batch and head. All pairs of
    query and key count, masked or not. Element-wise: 1 per number of the query (the scale), softmax
    5 per score, 1 per score for a mask. Gradient: softmax 4 per score, 1 per number of the query;
    for a mask that is learned and repeated, the sums over its repetitions.

    Attributes:
        causal: whether later positions are masked without an input that says so.
        scale: in place of ``1 / sqrt(d)``.

    >>> q = Tensor.of(batch=1, head=2, time=8, feature=16)
    >>> op = ScaledAttention()
    >>> op.cost("forward", Call((q, q, q), op.outputs(q, q, q))).macs == 2 * (2 * 8 * 8 * 16)
    True
    """

    kind: ClassVar[str] = "scaled_attention"
    arity: ClassVar[tuple[int, int | None]] = (3, 4)
    causal: bool = False
    scale: float | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The query's shape with the value's features.

        Raises:
            NetworkError: query and key, or key and value, do not fit.
        """
        query, key, value = inputs[:3]
        if query.axes[-1].size != key.axes[-1].size or key.axes[-2].size != value.axes[-2].size:
            raise NetworkError(f"query {query}, key {key} and value {value} do not fit")
        *rows, last = query.axes
        return (Tensor((*rows, Axis(last.name, value.axes[-1].size)), query.dtype),)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests: scores, weighted values."""
        query, _, value = call.inputs[:3]
        rows = (*loops_over(query.axes[:-2]), Loop("query", query.axes[-2].size))
        keys = value.axes[-2].size
        scored = Loop("features", query.axes[-1].size, reduced=True)
        weighted = Loop("features", value.axes[-1].size)
        return (
            Equation((*rows, Loop("key", keys), scored), operands=(0, 1)),
            Equation((*rows, Loop("key", keys, reduced=True), weighted), operands=("inner", 2)),
        )

    def elementwise(self, call: Call) -> Dim:
        """Scale, softmax, mask."""
        scores = self.equations(call)[0].outputs
        masked = len(call.inputs) > 3
        return call.inputs[0].elements + charge("softmax", scores) + masked * scores

    def gradient(self, call: Call) -> Gradient:
        """Softmax, scale, mask."""
        scores = self.equations(call)[0].outputs
        scale = call.inputs[0].elements if call.wants(0) else 0
        learned_mask = len(call.inputs) > 3 and call.wants(3)
        return Gradient(
            through=derivative("softmax").charge * scores,
            data=scale + (scores - call.inputs[3].elements if learned_mask else 0),
        )
