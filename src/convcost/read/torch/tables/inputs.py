"""What a row may have been given: the row before it, or something else that the printout shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.network.dims import product
from convcost.network.tensor import SPATIAL_AXES, Axis, Tensor
from convcost.read.torch.tables.names import channels_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcost.network.network import Ref
    from convcost.read.torch.tables.layout import Shapes, Step
    from convcost.read.torch.tables.table import TorchRow, TorchTable

#: Bytes that torchinfo may add to those of the input.
_OBJECTS = 256
#: Earlier shapes that are tried.
_MOST_EARLIER = 24


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that a row may have been given.

    Attributes:
        tensor: None where the rule has to solve it.
        ref: the layer that computes it; None where the printout does not show it.
        cost: how unlikely it is; 0 for the row before.
        why: what it is, for a note; empty for the row before.
        sizes: a tensor whose positions hold while the channels are solved.
    """

    tensor: Tensor | None
    ref: Ref | None = None
    cost: float = 0
    why: str = ""
    sizes: Tensor | None = None


class Inputs:
    """Follows the rows of a printout and proposes what the next one was given.

    Attributes:
        current: what the row before gave; None before the first row.
    """

    def __init__(self, table: TorchTable, shapes: Shapes) -> None:
        self._shapes = shapes
        self._bytes = table.totals.input_bytes if table.totals is not None else None
        # torchinfo adds the size of Python objects and the whole batch
        self._batch = max(shapes.batch or 1, 1) if table.tool == "torchinfo" else 1
        self._overhead = _OBJECTS if table.tool == "torchinfo" else 0
        self._printed = table.input_shape
        self._pools = any("Pool" in row.kind for row in table.rows)
        self._open: list[tuple[Step, Value | None]] = []
        self._earlier: dict[tuple[object, ...], Tensor] = {}
        self.current: Value | None = None

    def open(self, step: Step) -> None:
        """A container begins."""
        if self.current is None and step.row.input_shape:
            self._printed = step.row.input_shape
        self._open.append((step, self.current))

    def close(self, step: Step) -> None:
        """A container ends; what it gives may differ from what its last row gave."""
        if self._open and self._open[-1][0].name == step.name:
            self._open.pop()
        if step.row.shape is None or self.current is None or self.current.tensor is None:
            return
        tensor = self._shapes.tensor(step.row.shape, "", self.current.tensor)
        if product(tensor.shape) != product(self.current.tensor.shape):
            why = f"the output of {step.name}, which is not that of its last row"
            self.current = Value(tensor, None, 0, why)
            self._remember(tensor)

    def began(self, tensor: Tensor, ref: Ref) -> None:
        """The model's input is known: the containers that are open were given it."""
        self._open = [(step, entry or Value(tensor, ref)) for step, entry in self._open]
        self._remember(tensor)

    def ran(self, tensor: Tensor, ref: Ref) -> None:
        """A layer ran."""
        self.current = Value(tensor, ref)
        self._remember(tensor)

    @property
    def model_input(self) -> Callable[[int], bool] | None:
        """Tells whether so many numbers per sample have the printed size of the input."""
        amount = self._bytes
        if amount is None or not amount.value:
            return None

        def admits(numbers: int) -> bool:
            return amount.admits(4 * numbers * self._batch, overhead=self._overhead)

        return admits

    def candidates(self, row: TorchRow) -> Iterator[Value]:
        """What a row may have been given, the likeliest first."""
        if row.input_shape:
            yield self._stated(row)
            return
        current = self.current
        if current is None:
            if self._printed:
                yield Value(self._shapes.tensor(self._printed, row.kind), None)
            yield Value(None)
            return
        yield current
        for step, entry in reversed(self._open):
            if entry is not None and entry is not current:
                yield Value(entry.tensor, entry.ref, 1, f"taken to be the input of {step.name}")
        yield from self._unprinted(current.tensor)
        for tensor in reversed(list(self._earlier.values())[-_MOST_EARLIER:]):
            why = f"taken to be the {describe(tensor)} of an earlier row or branch"
            yield Value(tensor, None, 1.2, why)
        yield Value(None, None, 1.5, "its origin is not printed", current.tensor)
        yield Value(None, None, 2, "its origin is not printed")

    def as_given(self, value: Value, output: Tensor, kind: str) -> Tensor | None:
        """The candidate with the axis order that the row's class has."""
        tensor = value.tensor
        if tensor is None or len(tensor.axes) != len(output.axes) or channels_first(kind) is None:
            return tensor
        pairs = zip(output.names, tensor.axes, strict=True)
        return Tensor(tuple(Axis(name, axis.size) for name, axis in pairs), tensor.dtype)

    def _stated(self, row: TorchRow) -> Value:
        """The printed input shape, from the row before or a container's input where that has it."""
        tensor = self._shapes.tensor(row.input_shape or (), row.kind)
        current = self.current
        if current is None:
            return Value(tensor, None)
        entries = [entry for _, entry in reversed(self._open) if entry is not None]
        for entry in (current, *entries):
            if entry.tensor is not None and entry.tensor.shape == tensor.shape:
                why = "" if entry is current else "the printed input shape is that of its container"
                return Value(entry.tensor, entry.ref, 0, why)
        if current.tensor is not None and product(current.tensor.shape) == product(tensor.shape):
            return Value(current.tensor, current.ref)
        return Value(tensor, None, 0, f"{describe(tensor)} is printed")

    def _unprinted(self, tensor: Tensor | None) -> Iterator[Value]:
        """What functions that are not printed make of the row before: pooling, a transposition."""
        if tensor is None or len(tensor.axes) < 3:
            return
        halved = {
            axis.name: axis.size // 2
            for axis in tensor.axes
            if axis.name in SPATIAL_AXES and isinstance(axis.size, int) and axis.size > 1
        }
        if not self._pools and halved:
            smaller = tensor.resized(**{str(name): size for name, size in halved.items()})
            yield Value(smaller, None, 0.9, "half of it, after a pooling that is not printed")
        batch, *rest = tensor.axes
        squeezed = tuple(axis for axis in rest if axis.size != 1)
        if 1 < len(squeezed) < len(rest):
            yield Value(Tensor((batch, *squeezed)), None, 0.9, "it without its sizes of 1")
        turned = (*rest[1:], rest[0]) if rest[0].name == "channel" else (rest[-1], *rest[:-1])
        yield Value(Tensor((batch, *turned)), None, 0.9, "it with its axes in another order")
        if len(rest) > 2 and rest[0].name == "channel":
            positions = Axis("time", product(axis.size for axis in rest[1:]))
            rows = Tensor((batch, positions, rest[0]))
            yield Value(rows, None, 0.9, "its positions in one row, the channels last")

    def _remember(self, tensor: Tensor) -> None:
        self._earlier.pop(tensor.shape, None)
        self._earlier[tensor.shape] = tensor


def describe(tensor: Tensor) -> str:
    """Sizes per sample: ``64x56x56``.

    >>> describe(Tensor.of(batch=1, channel=64, height=56, width=56))
    '64x56x56'
    """
    rest = tensor.axes[1:] if len(tensor.axes) > 1 else tensor.axes
    return "x".join(str(axis.size) for axis in rest)
