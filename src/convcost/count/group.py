"""Rows of a ledger taken together: sums of a module, of an op, of what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.count.rows import FORWARD, Total
from convcost.network.cost import Cost, total
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcost.count.rows import Count, CountedPhase, LayerCount
    from convcost.network.dims import Dim
    from convcost.network.parameter import Parameter

By: TypeAlias = Literal["layer", "module", "op"]
Figure: TypeAlias = Literal["macs", "parameters", "bytes", "elementwise"]
What: TypeAlias = Literal["layer", "module", "op", "unused", "others"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of a count, taken together. Sums are lower bounds where a row is not known.

    Attributes:
        path: the name of a module or layer, the kind of an op; empty where it has none.
        name: the path without that of the module around it.
        what: a module, a layer, an op, the parameters that no layer uses, or what `top` leaves out.
        kind: the class of a module, where the source tells it.
        op: of its layers, where all have the same.
        layers: how many rows.
        unknown: of how many of them the cost is not known.
        unsaid: of how many of them the source does not say the parameters.
        total: their sums; a later call of a shared layer adds no parameters.
        parts: groups that add up to this one; empty where nothing is inside of it, or too deep.
    """

    path: str
    name: str
    what: What
    kind: str = ""
    op: str = ""
    layers: int
    unknown: int
    unsaid: int
    total: Total
    parts: tuple[Group, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the sums contain everything."""
        return not self.unknown and not self.unsaid

    @property
    def cost(self) -> Cost | None:
        """Of all counted phases together; None where nothing of it is known."""
        step = self.total.step
        nothing = self.unknown > 0 and self.unknown == self.layers and step == Cost()
        return None if nothing else step

    @property
    def parameters(self) -> Dim | None:
        """Learned weights; None where the source does not say them of any row."""
        return None if self.layers and self.unsaid == self.layers else self.total.parameters

    def figure(self, name: Figure) -> Dim | None:
        """One of the sums; None where it is not known at all."""
        if name == "parameters":
            return self.parameters
        return None if self.cost is None else getattr(self.cost, name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the parts; the sums as in the totals of a count."""
        sums = self.total.to_dict()
        if self.parameters is None:
            sums |= dict.fromkeys(("parameters", "trainable_parameters", "statistics"))
        if self.cost is None:
            sums |= dict.fromkeys(self.total.phases)
        return {
            "path": self.path,
            "name": self.name,
            "what": self.what,
            "kind": self.kind,
            "op": self.op,
            "layers": self.layers,
            "complete": self.complete,
            **sums,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A count by parts. The groups add up to the whole.

    Attributes:
        by: what the rows are taken together by.
        total: of the whole.
        groups: in the order of the source, or the largest first.
        sort: the figure that is largest first; None for the order of the source.
        deeper: how many parts are left out because they are too deep.
    """

    by: By
    total: Total
    groups: tuple[Group, ...]
    sort: Figure | None = None
    deeper: int = 0

    def rows(self) -> Iterator[tuple[int, Group]]:
        """Every group with its depth, from 1; a whole before its parts."""
        yield from _rows(self.groups)

    def share(self, group: Group, figure: Figure) -> float | None:
        """The part of the whole, in 0..1; None where one of the two is not a number."""
        cost = self.total.step
        whole = self.total.parameters if figure == "parameters" else getattr(cost, figure)
        own = group.figure(figure)
        numbers = isinstance(own, int) and isinstance(whole, int)
        return own / whole if numbers and whole else None  # type: ignore[operator]

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain values: every group with its depth and shares, a whole before its parts."""
        figures: tuple[Figure, ...] = ("macs", "parameters", "bytes")
        return [
            {
                **group.to_dict(),
                "depth": depth,
                "share": {figure: self.share(group, figure) for figure in figures},
            }
            for depth, group in self.rows()
        ]


def of_layer(row: LayerCount, name: str = "") -> Group:
    """One row as a group."""
    return Group(
        path=row.name,
        name=name or row.name,
        what="layer",
        op=row.op,
        layers=1,
        unknown=int(row.step is None),
        unsaid=int(row.parameters is None),
        total=Total(
            parameters=row.parameters or 0,
            trainable_parameters=row.trainable_parameters or 0,
            statistics=row.statistics or 0,
            **{phase: getattr(row, phase) or Cost() for phase in row.phases},
            phases=row.phases,
        ),
    )


def of_unused(parameters: Iterable[Parameter], phases: tuple[CountedPhase, ...] = FORWARD) -> Group:
    """Parameters that no layer uses; they cost nothing in any phase."""
    parameters = tuple(parameters)
    return Group(
        path="",
        name="(not used)",
        what="unused",
        layers=0,
        unknown=0,
        unsaid=0,
        total=Total(
            parameters=summed(x.elements for x in parameters if x.learned),
            trainable_parameters=summed(x.elements for x in parameters if x.trainable),
            statistics=summed(x.elements for x in parameters if not x.learned),
            forward=Cost(),
            phases=phases,
        ),
    )


def of_parts(
    parts: Sequence[Group], *, what: What, path: str = "", name: str = "", kind: str = ""
) -> Group:
    """Groups as one that they add up to."""
    sums = [part.total for part in parts]
    ops = {part.op for part in parts}
    phases = sums[0].phases if sums else FORWARD
    return Group(
        path=path,
        name=name or path,
        what=what,
        kind=kind,
        op=ops.pop() if len(ops) == 1 else "",
        layers=sum(part.layers for part in parts),
        unknown=sum(part.unknown for part in parts),
        unsaid=sum(part.unsaid for part in parts),
        total=Total(
            parameters=summed(x.parameters for x in sums),
            trainable_parameters=summed(x.trainable_parameters for x in sums),
            statistics=summed(x.statistics for x in sums),
            **{phase: total(getattr(x, phase) for x in sums) for phase in phases},
            phases=phases,
        ),
        parts=tuple(parts),
    )


def largest_first(groups: Sequence[Group], figure: Figure) -> tuple[Group, ...]:
    """Groups and their parts by a figure; one that is a formula goes first, an unknown one last."""

    def key(group: Group) -> tuple[int, int]:
        own = group.figure(figure)
        return (0, 0) if own is None else (1, own) if isinstance(own, int) else (2, 0)

    inside = [replace(x, parts=largest_first(x.parts, figure)) if x.parts else x for x in groups]
    return tuple(sorted(inside, key=key, reverse=True))


def first_of(groups: Sequence[Group], number: int) -> tuple[Group, ...]:
    """The first groups of each whole; the others as one."""
    kept = [replace(x, parts=first_of(x.parts, number)) if x.parts else x for x in groups[:number]]
    rest = groups[number:]
    if rest:
        name = f"({len(rest)} other{'s' if len(rest) > 1 else ''})"
        kept.append(replace(of_parts(rest, what="others", name=name), parts=()))
    return tuple(kept)


def down_to(groups: Sequence[Group], depth: int) -> tuple[Group, ...]:
    """Groups without the parts that are deeper than so many levels."""
    return tuple(
        replace(x, parts=down_to(x.parts, depth - 1) if depth > 1 else ()) if x.parts else x
        for x in groups
    )


def ordered(
    groups: Sequence[Group],
    counted: Count,
    by: By,
    *,
    depth: int | None = None,
    sort: Figure | None = None,
    top: int | None = None,
) -> Grouping:
    """A grouping of what is asked for.

    Args:
        groups: that add up to the whole.
        counted: the whole.
        by: what the rows are taken together by.
        depth: leave out parts that are deeper; None for none.
        sort: the largest first; None for the order of the source.
        top: keep so many of each whole.
    """
    found = tuple(groups) if depth is None else down_to(groups, depth)
    deeper = sum(1 for _ in _rows(groups)) - sum(1 for _ in _rows(found))
    found = found if sort is None else largest_first(found, sort)
    found = found if top is None else first_of(found, top)
    return Grouping(by=by, total=counted.total, groups=found, sort=sort, deeper=deeper)


def _rows(groups: Sequence[Group]) -> Iterator[tuple[int, Group]]:
    waiting = [(1, group) for group in reversed(groups)]
    while waiting:
        depth, group = waiting.pop()
        yield depth, group
        waiting += [(depth + 1, part) for part in reversed(group.parts)]
