"""A receptive field as a value, and what becomes of several where branches meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass
from convcost.network.dims import maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Span:
    """What one output position reads along one axis of the network's input.

    Attributes:
        size: inputs from the first to the last; None: the whole axis.
        stride: how far the spans of neighbouring positions are apart; None as above.
        offset: the first input that position 0 reads, negative in padding; None as above.
    """

    size: Dim | None = None
    stride: Dim | None = None
    offset: Dim | None = None

    @property
    def whole(self) -> bool:
        """Whether every position reads the whole axis."""
        return self.size is None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; three times None for the whole axis, symbolic sizes as text."""
        sizes = {"size": self.size, "stride": self.stride, "offset": self.offset}
        return {key: d if d is None or isinstance(d, int) else str(d) for key, d in sizes.items()}


WHOLE = Span()


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of one layer.

    Attributes:
        axes: a span for each axis of the network's input that has positions.
        notes: where branches meet whose strides or centres differ.
        why: why the field is not known; `axes` is empty then.
    """

    axes: Mapping[str, Span]
    notes: tuple[str, ...] = ()
    why: str | None = None

    def to_dict(self) -> dict[str, Any] | None:
        """A span per axis; None where the field is not known."""
        if self.why is not None:
            return None
        return {axis: span.to_dict() for axis, span in self.axes.items()}


def joined(result: Tensor, tensors: Sequence[Tensor], read: Sequence[Field]) -> Field:
    """The field of an element-wise function of tensors, or of tensors joined along channels.

    Per axis it reaches from the first input of any tensor to the last of any: the largest span
    where all have one centre. A tensor of one value for all positions reads the whole axis.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, width=8, channel=4)
    >>> near, far = Field({"width": Span(1, 1, 0)}), Field({"width": Span(5, 1, -2)})
    >>> joined(x, [x, x], [near, far]).axes["width"]
    Span(size=5, stride=1, offset=-2)
    """
    spans: dict[str, Span] = {}
    notes: dict[str, list[str]] = {}
    for axis in dict.fromkeys(axis for field in read for axis in field.axes):
        there = [
            WHOLE if _repeated(tensor, result, axis) else field.axes[axis]
            for tensor, field in zip(tensors, read, strict=True)
            if axis in field.axes
        ]
        spans[axis] = _hull(there)
        for text in _disagreements(there):
            notes.setdefault(text, []).append(axis)
    return Field(spans, tuple(f"{' and '.join(axes)}: {text}" for text, axes in notes.items()))


def _repeated(tensor: Tensor, result: Tensor, axis: str) -> bool:
    """Whether one value serves all positions of the result."""
    missing = result.has(axis) and not tensor.has(axis)
    return missing or (tensor.has(axis) and tensor.size(axis) == 1 != result.size(axis))


def _hull(spans: Sequence[Span]) -> Span:
    """From the first input of any span to the last of any."""
    hull = spans[0]
    for span in spans[1:]:
        if hull.whole or span.whole:
            return WHOLE
        if span != hull:
            hull = _hull_of_two(hull, span)
    return hull


def _hull_of_two(a: Any, b: Any) -> Span:
    offset, stride = minimum(a.offset, b.offset), maximum(a.stride, b.stride)
    if 2 * a.offset + a.size == 2 * b.offset + b.size:
        return Span(maximum(a.size, b.size), stride, offset)
    return Span(maximum(a.offset + a.size, b.offset + b.size) - offset, stride, offset)


def _disagreements(spans: Sequence[Span]) -> Iterable[str]:
    if any(span.whole for span in spans):
        return
    strides = list(dict.fromkeys(str(span.stride) for span in spans))
    if len(strides) > 1:
        yield (
            f"branches of strides {' and '.join(strides)} meet; the figures hold for the "
            "first position, here and in the layers after"
        )
    centres = list(dict.fromkeys(_centre(span) for span in spans))
    if len(centres) > 1:
        yield (f"branches centred on {' and '.join(centres)} meet; the span holds all of them")


def _centre(span: Any) -> str:
    twice = 2 * span.offset + span.size - 1
    return f"{twice / 2:g}" if isinstance(twice, int) else f"({twice})/2"
