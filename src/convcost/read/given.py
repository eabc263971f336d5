"""What the user says about a model's inputs, the same for every reader: shapes and batch axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import UsageError, unknown_name
from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Sizes of an input, the batch included; None is an open one.
Shape: TypeAlias = "tuple[int | None, ...]"

HINT = (
    "give one shape or example array per input, the batch axis included: (1, 3, 224, 224); on the "
    "command line without it: --input 3,224,224"
)


@dataclass(frozen=True, slots=True)
class Given:
    """Shapes of a model's inputs.

    Attributes:
        shapes: in the order in which they are given.
        names: the input that each is for; None where they are in the model's own order.
    """

    shapes: tuple[Shape, ...]
    names: tuple[str, ...] | None = None

    def for_inputs(self, names: Sequence[str]) -> list[Shape | None]:
        """The shape of each of a model's inputs; None for one that is left as the source has it.

        Args:
            names: the model's inputs in its own order.

        Raises:
            UsageError: the model has no input of that name, or another number of inputs.

        >>> Given(((1, 8), (1, 4)), ("b", "a")).for_inputs(["a", "b", "c"])
        [(1, 4), (1, 8), None]
        """
        if self.names is not None:
            for name in self.names:
                if name not in names:
                    raise unknown_name("input", name, names)
            named = dict(zip(self.names, self.shapes, strict=True))
            return [named.get(name) for name in names]
        if len(self.shapes) != len(names):
            raise UsageError(
                f"{len(self.shapes)} inputs are given; the model has {len(names)}: "
                + ", ".join(names),
                hint=HINT,
            )
        return list(self.shapes)


def given(inputs: Any) -> Given | None:
    """What the user gives; None where that is nothing.

    Args:
        inputs: an array or a shape; or a sequence of these, one per input; or a dict of these by
            the names of the inputs.

    Raises:
        UsageError: it is none of these.

    >>> given((1, 32, 32, 3)).shapes, given([(1, 8), (None, 4)]).shapes
    (((1, 32, 32, 3),), ((1, 8), (None, 4)))
    """
    if inputs is None:
        return None
    if isinstance(inputs, dict):
        return Given(tuple(shape_of(each) for each in inputs.values()), tuple(map(str, inputs)))
    if isinstance(inputs, list | tuple) and not is_shape(inputs):
        return Given(tuple(shape_of(each) for each in inputs))
    return Given((shape_of(inputs),))


def is_shape(value: Any) -> bool:
    """Whether a value is a list or tuple of sizes, be they impossible ones.

    >>> is_shape((1, 3, 224, 224)), is_shape((None, 10)), is_shape(((1, 3), (1, 4))), is_shape(())
    (True, True, False, False)
    """
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_size, value))


def shape_of(value: Any) -> Shape:
    """The shape that one input has, or is.

    Raises:
        UsageError: it is neither an array nor a shape, or a size is below 1.
    """
    shape = getattr(value, "shape", value)
    if not hasattr(shape, "__iter__") or not all(map(_is_size, shape)):
        raise UsageError(
            f"{type(value).__name__!r} is no input: expected an array or a shape", hint=HINT
        )
    sizes = tuple(None if size is None else int(size) for size in shape)
    if any(size is not None and size < 1 for size in sizes):
        raise UsageError(f"an input of shape {sizes} has a size below 1", hint=HINT)
    return sizes


def batch_axes(axis: object, count: int) -> list[int | None]:
    """The batch axis of each input; None for one without a batch.

    Args:
        axis: as the user gives it: one for all inputs, one per input, or None.
        count: how many inputs there are.

    Raises:
        UsageError: it is none of these, or names another number of axes.

    >>> batch_axes(0, 2), batch_axes((1, None), 2), batch_axes(None, 1)
    ([0, 0], [1, None], [None])
    """
    if _is_size(axis):
        return [axis] * count  # type: ignore[list-item]
    if not is_shape(axis):
        raise UsageError(
            f"batch_axis is {axis!r}; expected an axis, one axis per input, or None",
            hint="batch_axis=0 where each input's first axis is the batch",
        )
    axes: list[int | None] = list(axis)  # type: ignore[call-overload]
    if len(axes) != count:
        raise UsageError(
            f"batch_axis names {len(axes)} axes for {count} inputs",
            hint="give one per input, None where an input has no batch",
        )
    return axes


def _is_size(value: object) -> bool:
    """Whether a value is a whole number, NumPy's included, or None."""
    if value is None or type(value) is int:
        return True
    from numbers import Integral

    return isinstance(value, Integral) and not isinstance(value, bool)
