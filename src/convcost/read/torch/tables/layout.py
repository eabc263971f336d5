"""The rows of a printout as steps: layers that compute, containers that open and close."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.builder import BATCH
from convcost.network.dataclass import dataclass, replace
from convcost.network.tensor import Axis, Tensor
from convcost.read.axis_names import axis_names
from convcost.read.torch.tables.names import CONTAINERS, channels_first, class_by_name
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from convcost.network.dims import Dim
    from convcost.read.torch.tables.table import Shape, TorchRow, TorchTable

Role: TypeAlias = Literal["layer", "open", "close"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a printout shows.

    Attributes:
        role: a layer, or the begin or the end of a container.
        row: as printed; the class of a row that prints only a name is filled in.
        name: unique; a container's begin and end have the same.
    """

    role: Role
    row: TorchRow
    name: str


def steps(table: TorchTable, known: Collection[str]) -> tuple[Step, ...]:
    """The steps of a printout.

    Args:
        table: as printed.
        known: classes that have a rule; among the others are containers.
    """
    if table.tree:
        return tuple(_of_tree(table))
    return tuple(_of_list(table, known))


def _of_tree(table: TorchTable) -> Iterator[Step]:
    """A row with deeper rows below it is a container; it ends before the next row of its depth."""
    taken: dict[str, int] = {}
    path: list[Step] = []
    rows = table.rows
    for row, following in zip(rows, (*rows[1:], None), strict=True):
        while path and path[-1].row.depth >= row.depth:
            yield replace(path.pop(), role="close")
        name = unique(_qualified(row, path), taken, "{} ({})")
        if following is not None and following.depth > row.depth:
            path.append(Step("open", row, name))
            yield path[-1]
        elif row.kind not in CONTAINERS or row.parameters or row.shape:
            yield Step("layer", row, name)
    while path:
        yield replace(path.pop(), role="close")


def _qualified(row: TorchRow, path: list[Step]) -> str:
    """Names of modules with those that hold them, but for the model itself."""
    if not row.name:
        return row.title
    holders = [step.row.name for step in path if step.row.depth > 0 and step.row.name]
    return ".".join([*holders, row.name])


def _of_list(table: TorchTable, known: Collection[str]) -> Iterator[Step]:
    """In torchsummary a container stands behind its rows, without parameters of its own."""
    taken: dict[str, int] = {}
    for row in table.rows:
        whole = _with_class(row) if table.tool == "torchstat" else row
        name = unique(whole.title, taken, "{} ({})")
        holds = whole.kind not in known and not whole.parameters and table.tool == "torchsummary"
        yield Step("close" if holds else "layer", whole, name)


def _with_class(row: TorchRow) -> TorchRow:
    if row.shape is None:
        return row
    kind = class_by_name(
        row.name,
        shape=row.shape,
        parameters=row.parameters or 0,
        same_shape=row.shape == row.input_shape,
        work=row.macs or 0,
    )
    product = kind.startswith(("Conv", "Linear"))
    return replace(row, kind=kind, macs=row.macs if product else None)


class Shapes:
    """Printed shapes as tensors with named axes, the batch left open."""

    def __init__(self, table: TorchTable) -> None:
        self._batched = table.batched
        shapes = [row.shape for row in table.rows if row.shape and row.depth]
        shapes = shapes or [row.shape for row in table.rows if row.shape]
        ranked = [shape for shape in shapes if len(shape) > 1]
        first = Counter(shape[0] for shape in ranked).most_common(1)
        #: The batch that was printed; None where shapes have none, -1 where it is left open.
        self.batch = first[0][0] if first and table.batched else None
        rank_three = 3 if table.batched else 2
        self._images = any(
            row.shape and len(row.shape) == rank_three and channels_first(row.kind)
            for row in table.rows
        )

    def tensor(self, shape: Shape, kind: str = "", before: Tensor | None = None) -> Tensor:
        """A printed shape as a tensor.

        Args:
            shape: as printed.
            kind: the class that computes it, which may tell the order of its axes.
            before: the tensor that it came from; its order holds where the class tells none.
        """
        sizes: list[Dim] = list(shape)
        if not self._batched:
            sizes.insert(0, BATCH)
        elif len(sizes) > 1:
            sizes[0] = self._rows(shape[0])
        else:
            return Tensor((Axis("feature", sizes[0]),))
        names = self._names(len(sizes), kind, before)
        return Tensor(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))

    def _rows(self, size: int) -> Dim:
        """The batch; a multiple of it where every sample gives several rows."""
        if size == -1 or self.batch in (-1, None):
            return BATCH
        times, rest = divmod(size, self.batch or 1)
        return size if rest or not times else times * BATCH

    def _names(self, rank: int, kind: str, before: Tensor | None) -> tuple[str | None, ...]:
        first = channels_first(kind)
        if first is None and before is not None and len(before.axes) == rank:
            return before.names
        if first is None:
            first = rank > 3 or self._images
        return axis_names(rank, channels_first=first)
