"""Attention over whole feature vectors, without heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import product
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import charge, derivative

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention(Op):
    """Queries scored against keys by products; values averaged by the scores (Luong's).

    Inputs: query, value and perhaps key (else the values), each (batch ..., time, features).
    MACs = batch x queries x keys x (features + value features). Element-wise: softmax 5 per score,
    and 1 per score for a learned scale. With ``score="concat"`` the scores are no product: 3 per
    query, key and feature (add, tanh, sum; 4 with the scale) and 1 per score for the weight.
    Masks are not charged. Gradient: softmax 4 per score, 1 per score for the scale or the weight,
    2 (multiply, sum) for that of the scale or the weight itself; concatenated scores as in
    `AdditiveAttention`; 1 per value where the values are the keys too.

    >>> q, v = Tensor.of(batch=1, time=4, channel=8), Tensor.of(batch=1, time=6, channel=8)
    >>> op = Attention()
    >>> op.cost("forward", Call((q, v), op.outputs(q, v))).macs
    384
    """

    kind: ClassVar[str] = "attention"
    arity: ClassVar[tuple[int, int | None]] = (2, 3)
    score: Literal["dot", "concat"] = "dot"
    scale: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The query's shape with the value's features."""
        return (_attended(inputs),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Single numbers: a scale, and the weight of concatenated scores."""
        del inputs
        used = (("scale", self.scale), ("concat_score_weight", self.score == "concat"))
        return tuple(Weight(name, ()) for name, wanted in used if wanted)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests: scores, weighted values."""
        return _equations(call, scored=self.score == "dot")

    def elementwise(self, call: Call) -> Dim:
        """Scores and softmax."""
        scores, features = _scores(call.inputs)
        if self.score == "dot":
            return (self.scale + charge("softmax", 1)) * scores
        return scores * features * (3 + self.scale) + (1 + charge("softmax", 1)) * scores

    def gradient(self, call: Call) -> Gradient:
        """Softmax, scores and their learned numbers."""
        scores, _ = _scores(call.inputs)
        softmax = derivative("softmax").charge * scores
        if self.score == "concat":
            added = _added_scores(call, scale=self.scale)
            weight = 2 * scores if call.trains(-1) else 0
            return replace(
                added, through=added.through + softmax + scores, weights=added.weights + weight
            )
        return Gradient(
            through=softmax + self.scale * scores,
            data=_shared_values(call),
            weights=2 * scores if self.scale and call.trains(0) else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveAttention(Op):
    """Queries scored against keys by ``sum(scale * tanh(query + key))`` (Bahdanau's).

    Inputs as `Attention`. MACs = batch x queries x keys x value features: only the weighting of the
    values is a product. Element-wise: 3 per query, key and feature (add, tanh, sum; 4 with the
    learned scale), softmax 5 per score. Gradient: softmax 4 per score; per query, key and feature
    tanh 3 and the scale 1, 1 each for the sums of the query and of the key, and 2 (multiply, sum)
    for the scale's own.

    >>> q, v = Tensor.of(batch=1, time=4, channel=8), Tensor.of(batch=1, time=6, channel=8)
    >>> op = AdditiveAttention()
    >>> op.cost("forward", Call((q, v), op.outputs(q, v))).elementwise == 24 * (8 * 4 + 5)
    True
    """

    kind: ClassVar[str] = "additive_attention"
    arity: ClassVar[tuple[int, int | None]] = (2, 3)
    scale: bool = True

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The query's shape with the value's features."""
        return (_attended(inputs),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The scale, one per feature."""
        return (Weight("scale", (inputs[0].axes[-1].size,)),) if self.scale else ()

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest: weighted values."""
        return _equations(call, scored=False)

    def elementwise(self, call: Call) -> Dim:
        """Scores and softmax."""
        scores, features = _scores(call.inputs)
        return scores * features * (3 + self.scale) + charge("softmax", scores)

    def gradient(self, call: Call) -> Gradient:
        """Softmax, sums and the scale."""
        scores, _ = _scores(call.inputs)
        added = _added_scores(call, scale=self.scale)
        return replace(added, through=added.through + derivative("softmax").charge * scores)


def _attended(inputs: tuple[Tensor, ...]) -> Tensor:
    query, value = inputs[:2]
    *rows, last = query.axes
    return Tensor((*rows, Axis(last.name, value.axes[-1].size)), query.dtype)


def _scores(inputs: tuple[Tensor, ...]) -> tuple[Dim, Dim]:
    """Pairs of a query and a key, and the features that they have."""
    query, key = inputs[0], inputs[-1]
    rows = product(axis.size for axis in query.axes[:-1])
    return rows * key.axes[-2].size, query.axes[-1].size


def _added_scores(call: Call, *, scale: bool) -> Gradient:
    """The gradient of ``sum(scale * tanh(query + key))``."""
    scores, features = _scores(call.inputs)
    pairs = scores * features
    last = len(call.inputs) - 1
    return Gradient(
        through=(derivative("tanh").charge + scale) * pairs,
        through_reads=call.inputs[0].bytes + call.inputs[last].bytes,
        data=(call.wants(0) + call.wants(last)) * pairs + _shared_values(call),
        weights=2 * pairs if scale and call.trains(0) else 0,
    )


def _shared_values(call: Call) -> Dim:
    """Additions where the values are the keys too and so have two gradients."""
    return call.inputs[1].elements if len(call.inputs) == 2 and call.wants(1) else 0


def _equations(call: Call, *, scored: bool) -> tuple[Equation, ...]:
    query, value = call.inputs[:2]
    leading = loops_over(query.axes[:-2])
    queries = Loop("query", query.axes[-2].size)
    keys = value.axes[-2].size
    scores = Equation(
        (
            *leading,
            queries,
            Loop("key", keys),
            Loop("features", query.axes[-1].size, reduced=True),
        ),
        operands=(0, len(call.inputs) - 1),
    )
    weighted = Equation(
        (
            *leading,
            queries,
            Loop("key", keys, reduced=True),
            Loop("features", value.axes[-1].size),
        ),
        operands=("inner", 1),
    )
    return (scores, weighted) if scored else (weighted,)
