"""The inputs of a network: declared sizes, what the user says about them, names for open ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.network.builder import BATCH
from convcost.network.dataclass import dataclass, field
from convcost.network.dims import symbol
from convcost.read.axis_names import axis_names
from convcost.read.given import HINT, batch_axes, given
from convcost.read.limits import MAX_NAME
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.read.given import Shape
    from convcost.read.onnx.file.messages import ValueInfo
    from convcost.read.reader import Options

    Declared = tuple[int | str | None, ...]


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
    _taken: dict[str, int] = field(default_factory=lambda: {str(BATCH): 1})

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
        return symbol(unique(plain, self._taken))

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
    said = given(options.inputs)
    own = [None] * len(infos) if said is None else said.for_inputs([info.name for info in infos])
    shapes = [_together(info, shape) for info, shape in zip(infos, own, strict=True)]
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
    names = axis_names(len(shape), channels_first=True)
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
    found: list[int | None] = []
    for axis, shape in zip(batch_axes(batch_axis, len(shapes)), shapes, strict=True):
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


def _together(info: ValueInfo, said: Shape | None) -> Declared | None:
    """What is declared, with what the user gives in its place."""
    # a size of 0 is how older exporters wrote an open one
    declared = None if info.dims is None else tuple(size or None for size in info.dims)
    if said is None:
        return declared
    if declared is None:
        return said
    if len(declared) != len(said):
        raise UsageError(
            f"the input '{info.name}' has {len(declared)} axes, {_text(declared)}; "
            f"{_text(said)} is given",
            hint=HINT,
        )
    return tuple(own if size is None else size for own, size in zip(declared, said, strict=True))


def _text(shape: Declared) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"
