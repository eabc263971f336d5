"""The inputs of a network: declared sizes, what the user says about them, names for open ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.network.builder import BATCH
from convcost.network.dataclass import dataclass, field
from convcost.network.dims import symbol
from convcost.read.axis_names import channel_names
from convcost.read.limits import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.read.onnx.messages import ValueInfo
    from convcost.read.reader import Options

    Declared = tuple[int | str | None, ...]

_HINT = (
    "give one shape per input, the batch axis included: (1, 3, 224, 224); on the command line "
    "without it: --input 3,224,224"
)


@dataclass(slots=True)
class OpenSizes:
    """A symbol for each size that the file leaves open.

    Attributes:
        batch: names in the file that stand for the batch.
        size: what the batch is.
        literal: the batch that the file states in numbers, where it is read as N.
    """

    batch: frozenset[str] = frozenset()
    size: Dim = BATCH
    literal: int | None = None
    _symbols: dict[str, Dim] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: {str(BATCH)})

    def named(self, name: str) -> Dim:
        """The size that the file calls by a name."""
        if name in self.batch:
            return self.size
        found = self._symbols.get(name)
        if found is None:
            found = self._symbols[name] = self.new(name)
        return found

    def new(self, name: str) -> Dim:
        """A symbol of its own.

        >>> sizes = OpenSizes()
        >>> sizes.new("seq len"), sizes.new("N"), sizes.new("seq_len"), sizes.new("2x")
        (seq_len, N_2, seq_len_2, size_2x)
        """
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name[:MAX_NAME]).strip("_")
        plain = plain if plain and not plain[0].isdigit() else f"size_{plain}".rstrip("_")
        wanted, number = plain, 1
        while wanted in self._taken:
            number += 1
            wanted = f"{plain}_{number}"
        self._taken.add(wanted)
        return symbol(wanted)

    def declared(self, info: ValueInfo | None) -> tuple[Dim, ...] | None:
        """The shape that the file states of a value inside; None where it leaves sizes unnamed."""
        if info is None or info.dims is None or any(size is None for size in info.dims):
            return None
        sizes = [size if isinstance(size, int) else self.named(str(size)) for size in info.dims]
        if sizes and sizes[0] == self.literal:
            sizes[0] = BATCH
        return tuple(sizes)


def input_shapes(
    infos: Sequence[ValueInfo], options: Options, *, lift: bool
) -> tuple[list[tuple[Dim, ...] | None], list[int | None], OpenSizes]:
    """The shape and the batch axis of each input, and the open sizes.

    Args:
        infos: the graph's inputs, without initializers.
        options: what the user says about them.
        lift: whether a batch stated as a number becomes N.

    Raises:
        UsageError: what the user says does not fit.
    """
    given = _given(options.inputs, infos)
    shapes = [_together(info, own) for info, own in zip(infos, given, strict=True)]
    has_batch = options.batch_axis is not None
    axes = _axes(options.batch_axis if has_batch else 0, shapes)
    batches = (shape[axis] for shape, axis in zip(shapes, axes, strict=True)
               if shape and axis is not None)  # fmt: skip
    stated = next((size for size in batches if isinstance(size, int)), None)
    literal = stated if has_batch and lift else None
    size: Dim = BATCH if has_batch and (lift or stated is None) else stated or 1
    sizes = OpenSizes(_batch_names(infos, axes), size, literal)
    found = [None if shape is None else _sizes(info.name, shape, axis, sizes)
             for info, shape, axis in zip(infos, shapes, axes, strict=True)]  # fmt: skip
    return found, axes if has_batch else [None] * len(axes), sizes


def _batch_names(infos: Sequence[ValueInfo], axes: Sequence[int | None]) -> frozenset[str]:
    """What the file calls the batch: as it calls the first input's, or by a name that says so."""
    pairs = zip(infos, axes, strict=True)
    names = [info.dims[axis] for info, axis in pairs
             if info.dims and axis is not None and axis < len(info.dims)]  # fmt: skip
    named = [name for name in names if isinstance(name, str)]
    return frozenset(
        name for name in named if name == named[0] or re.search("batch|^N$", name, re.IGNORECASE)
    )


def _sizes(name: str, shape: Declared, axis: int | None, sizes: OpenSizes) -> tuple[Dim, ...]:
    names = channel_names(len(shape))
    found: list[Dim] = []
    for place, size in enumerate(shape):
        if place == axis and (size is None or size == sizes.literal):
            found.append(sizes.size)
        elif isinstance(size, int):
            found.append(size)
        elif size is not None:
            found.append(sizes.named(size))
        else:
            found.append(sizes.new(f"{name}_{names[place] or place}"))
    return tuple(found)


def _axes(
    batch_axis: int | tuple[int | None, ...] | None, shapes: Sequence[Declared | None]
) -> list[int | None]:
    axes = [batch_axis] * len(shapes) if not isinstance(batch_axis, tuple) else list(batch_axis)
    if len(axes) != len(shapes):
        raise UsageError(f"batch_axis names {len(axes)} axes for {len(shapes)} inputs",
                         hint="one per input, None where an input has no batch")  # fmt: skip
    found: list[int | None] = []
    for axis, shape in zip(axes, shapes, strict=True):
        if axis is None or not shape:
            found.append(None)
            continue
        if not -len(shape) <= axis < len(shape):
            if axis != 0:
                raise UsageError(f"an input of shape {tuple(shape)} has no axis {axis}",
                                 hint="batch_axis names the batch axis of each input")  # fmt: skip
            found.append(None)
            continue
        found.append(axis % len(shape))
    return found


def _together(info: ValueInfo, given: Declared | None) -> Declared | None:
    """What is declared, with what the user gives in its place."""
    # a size of 0 is how older exporters wrote an open one
    declared = None if info.dims is None else tuple(size or None for size in info.dims)
    if given is None:
        return declared
    if declared is None:
        return given
    if len(declared) != len(given):
        raise UsageError(
            f"the input '{info.name}' has {len(declared)} axes, {_text(declared)}; "
            f"{_text(given)} is given",
            hint=_HINT,
        )
    return tuple(own if size is None else size for own, size in zip(declared, given, strict=True))


def _given(inputs: Any, infos: Sequence[ValueInfo]) -> list[Declared | None]:
    if inputs is None:
        return [None] * len(infos)
    if isinstance(inputs, dict):
        unknown = [name for name in inputs if name not in {info.name for info in infos}]
        if unknown:
            known = ", ".join(info.name for info in infos)
            raise UsageError(f"there is no input '{unknown[0]}'", hint=f"the inputs are: {known}")
        return [_shape(inputs[info.name]) if info.name in inputs else None for info in infos]
    one = hasattr(inputs, "shape") or all(n is None or isinstance(n, int) for n in inputs)
    shapes = [_shape(inputs)] if one else [_shape(item) for item in inputs]
    if len(shapes) != len(infos):
        raise UsageError(f"{len(shapes)} inputs are given; the network has {len(infos)}: "
                         + ", ".join(info.name for info in infos), hint=_HINT)  # fmt: skip
    return list(shapes)


def _shape(value: Any) -> Declared:
    shape = getattr(value, "shape", value)
    try:
        sizes = tuple(None if size is None else int(size) for size in shape)
    except (TypeError, ValueError):
        raise UsageError(f"{type(value).__name__!r} is no input: expected an array or a shape",
                         hint=_HINT) from None  # fmt: skip
    if any(size is not None and size < 1 for size in sizes):
        raise UsageError(f"an input of shape {sizes} has a size below 1", hint=_HINT)
    return sizes


def _text(shape: Declared) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"
