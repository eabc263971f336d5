"""Tables of vectors, looked up by whole numbers."""

from __future__ import annotations

from typing import ClassVar

from convcost.network.cost import Cost
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import Dim, minimum
from convcost.network.op import Call, Gradient, Op, Phase
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Op):
    """Each number of the input replaced by its row of a learned table. No arithmetic.

    Bytes: of the table, only the rows that are looked up are read, one per number of the input and
    at most the whole table. Table: (entries, units).

    Gradient: 1 per value of the result, added to its row of the table's gradient, which is written
    as a whole; the numbers looked up have no gradient.

    Attributes:
        entries: rows of the table.
        units: size of a row, a new last axis of the result.
        names: of the result's axes; None: the input's, and ``channel``.
        reverse: whether a second learned table leads back from the rows to the entries.

    >>> words = Tensor.of(batch=2, time=10, dtype="int32")
    >>> table = Embedding(entries=20_000, units=64)
    >>> call = Call((words,), table.outputs(words))
    >>> call.outputs[0].shape, table.cost("forward", call).read_bytes
    ((2, 10, 64), 5200)
    """

    kind: ClassVar[str] = "embedding"
    entries: Dim
    units: Dim
    names: tuple[str | None, ...] | None = None
    reverse: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's axes and the units; floating-point numbers whatever the input has."""
        (tensor,) = inputs
        dtype = tensor.dtype if "float" in tensor.dtype else "float32"
        result = Tensor((*tensor.axes, Axis("channel", self.units)), dtype)
        return (renamed(result, self.names),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The table, and the one that leads back."""
        del inputs
        table = Weight("embeddings", (self.entries, self.units))
        back = Weight("reverse_embeddings", (self.units, self.entries))
        return (table, back) if self.reverse else (table,)

    def gradient(self, call: Call) -> Gradient:
        """Additions to the table; the numbers are read again."""
        return Gradient(weights=call.output_elements, weights_reads=call.input_bytes)

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule, with the rows that are looked up in place of the whole table."""
        if phase == "backward_data":
            return Cost()
        cost = super().cost(phase, call)
        if cost is None or phase != "forward":
            return cost
        rows: Dim = minimum(call.inputs[0].elements, self.entries)
        used = rows * self.units * (call.outputs[0].bytes // call.outputs[0].elements)
        return replace(cost, read_bytes=call.input_bytes + used, weight_bytes=used)
