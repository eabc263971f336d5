"""How two networks differ, layer by layer: what was changed, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.count import count
from convcost.explain.align import align
from convcost.network.dataclass import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.count import LayerCount, Workload
    from convcost.network.network import Layer, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDifference:
    """A layer that is not the same in two networks.

    Attributes:
        a: its name in the first network; None where it is missing there.
        b: its name in the second network, likewise.
        op: the kind of its op.
        changes: attributes and shapes that differ, as ``name: first -> second``.
        parameters: of the second less those of the first; None where one is not known.
        macs: likewise.
    """

    a: str | None
    b: str | None
    op: str
    changes: tuple[str, ...]
    parameters: int | None
    macs: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "a": self.a,
            "b": self.b,
            "op": self.op,
            "changes": list(self.changes),
            "parameters": self.parameters,
            "macs": self.macs,
        }


def differing(a: Network, b: Network, *, workload: Workload) -> tuple[LayerDifference, ...]:
    """The layers in which two networks differ, in their order.

    >>> from convcost.count import Workload
    >>> from convcost.zoo import load
    >>> found = differing(load("seed000"), load("seed000?batch_norm=no"), workload=Workload())
    >>> [(each.a, each.b, each.parameters) for each in found]
    [('batch_normalization_1', None, -64)]
    """
    return tuple(_differing(a, b, workload))


def _differing(a: Network, b: Network, workload: Workload) -> Iterator[LayerDifference]:
    rows_a = {row.name: row for row in count(a, workload).layers}
    rows_b = {row.name: row for row in count(b, workload).layers}
    for pair in align(a, b):
        of_a = None if pair.a is None else a.layer(pair.a)
        of_b = None if pair.b is None else b.layer(pair.b)
        changes = tuple(_changes(of_a, of_b)) if of_a and of_b else ()
        counts = (rows_a.get(pair.a or ""), rows_b.get(pair.b or ""))
        parameters, macs = (_less(*counts, what) for what in ("parameters", "macs"))
        if of_a and of_b and not (changes or parameters or macs):
            continue
        layer = of_b or of_a
        assert layer is not None  # noqa: S101 - for types: a pair has one of the two
        yield LayerDifference(a=pair.a, b=pair.b, op=layer.op.kind, changes=changes,
                              parameters=parameters, macs=macs)  # fmt: skip


def _changes(a: Layer, b: Layer) -> Iterator[str]:
    """Attributes of the ops that differ, and the shape of the result."""
    if type(a.op) is not type(b.op):
        yield f"op: {a.op.kind} -> {b.op.kind}"
        return
    for name in (field.name for field in fields(a.op) if field.compare):  # type: ignore[arg-type]
        old, new = getattr(a.op, name), getattr(b.op, name)
        if old == new:
            continue
        if name == "windows" and len(old) == len(new):
            for x, y in zip(old, new, strict=True):
                for part in ("kernel", "stride", "dilation", "padding"):
                    if getattr(x, part) != getattr(y, part):
                        yield f"{part} along {x.axis}: {getattr(x, part)} -> {getattr(y, part)}"
        elif name != "tensor":  # the shape says it
            yield f"{name}: {old} -> {new}"
    if a.outputs and b.outputs and a.outputs[0].shape != b.outputs[0].shape:
        old, new = (", ".join(map(str, layer.outputs[0].shape)) for layer in (a, b))
        yield f"({old}) -> ({new})"


def _less(a: LayerCount | None, b: LayerCount | None, what: str) -> int | None:
    """The second's figure less the first's; a missing layer has none of it."""
    old, new = (_figure(row, what) for row in (a, b))
    return None if old is None or new is None else new - old


def _figure(row: LayerCount | None, what: str) -> int | None:
    if row is None:
        return 0
    if what == "parameters":
        found: Any = row.parameters
    else:
        found = None if row.forward is None else row.forward.macs
    return found if isinstance(found, int) else None
