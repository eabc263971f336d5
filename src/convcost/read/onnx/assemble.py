"""From drafts to an immutable network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.network import Layer, Network, Note
from convcost.network.op import Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import DTYPE_BYTES, Axis, Tensor
from convcost.read.onnx.values import StoredValues
from convcost.read.unused import unused_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Ref
    from convcost.read.onnx.building import Building
    from convcost.read.onnx.scope import Draft
    from convcost.read.onnx.step import Weight
    from convcost.read.onnx.values import Stored, Value

#: Dtypes without a size of their own here: sub-byte ones take a byte, texts at least one.
_COUNTED_AS = {
    **dict.fromkeys(("string", "uint4", "uint2"), "uint8"),
    **dict.fromkeys(("int4", "int2"), "int8"),
    "float8_e4m3fnuz": "float8_e4m3fn",
    "float8_e5m2fnuz": "float8_e5m2",
}


def assemble(building: Building, name: str, outputs: tuple[Ref, ...]) -> Network:
    """The network of all layers that somebody reads or that compute something."""
    drafts = building.drafts
    needed = _needed(drafts, outputs)
    tensors = _Tensors()
    table: dict[str, Parameter] = {}
    users: dict[tuple[str, ...], str] = {}
    layers = []
    for draft, keep in zip(drafts, needed, strict=True):
        draft.kept = keep
        if not keep:
            continue
        made = tuple([tensors.of(value) for value in draft.results])
        op = draft.op if isinstance(draft.op, Op) else draft.op(made)
        ids = tuple([_parameter(weight, table) for weight in draft.weights])
        shared_with = users.get(ids) if ids else None
        users.setdefault(ids, draft.name)
        refs = tuple([value.ref for value in draft.inputs if value.ref is not None])
        layers.append(Layer(draft.name, op, refs, made, ids, shared_with, unkept=draft.unkept))
    notes = [*_unused(building, table), *_overridable(building), *_absent(building)]
    return Network(
        name=name,
        layers=tuple(layers),
        table=table,
        outputs=outputs,
        notes=tuple(notes),
        framework="onnx",
    )


def _needed(drafts: Sequence[Draft], outputs: Sequence[Ref]) -> list[bool]:
    """Which layers to keep: views and constants that nobody reads are left out."""
    read = {ref.layer for ref in outputs}
    keep = [False] * len(drafts)
    for place in range(len(drafts) - 1, -1, -1):
        draft = drafts[place]
        if not draft.idle or draft.name in read:
            keep[place] = True
            for value in draft.inputs:
                if value.ref is not None:
                    read.add(value.ref.layer)
    return keep


class _Tensors:
    """Tensors of values; those that share shape and axes are one object."""

    def __init__(self) -> None:
        # the shape and names are kept so that their ids are not used again
        self._made: dict[tuple[int, int, str], tuple[object, object, Tensor]] = {}

    def of(self, value: Value) -> Tensor:
        """The tensor of a value."""
        root, shape = value.axes.root, value.shape
        key = (id(root), id(shape), value.dtype)
        found = self._made.get(key)
        if found is None:
            assert shape is not None  # noqa: S101 - layers have no other results
            axes = tuple([Axis(n, size) for n, size in zip(root.given, shape, strict=True)])
            found = self._made[key] = root, shape, Tensor(axes, counted_dtype(value.dtype))
        return found[2]


def counted_dtype(dtype: str) -> str:
    """The dtype by whose size bytes are counted."""
    return dtype if dtype in DTYPE_BYTES else _COUNTED_AS.get(dtype, "uint8")


def _parameter(weight: Weight, table: dict[str, Parameter]) -> str:
    """The id of a layer's parameter; the first layer that uses it states its order."""
    value = weight.value
    stored = value.stored
    assert stored is not None  # noqa: S101 - computed weights are inputs
    id_ = f"{stored.id}/{weight.part}" if weight.part else stored.id
    if id_ not in table:
        shape = value.sizes if weight.shape is None else weight.shape
        table[id_] = _row(id_, stored, tuple(shape), weight.arrange, learned=weight.learned)
    return id_


def _row(
    id_: str, stored: Stored, shape: tuple[Any, ...], arrange: Any, *, learned: bool
) -> Parameter:
    return Parameter(
        id_,
        shape,
        counted_dtype(stored.tensor.dtype),
        learned=learned,
        trainable=learned,
        values=None if stored.tensor.load is None else StoredValues(stored, arrange),
        overridable=stored.overridable,
    )


def _stored(building: Building) -> list[Stored]:
    """The main graph's initializers."""
    found = (building.main.values[name].stored for name in building.model.graph.initializers)
    return [stored for stored in found if stored is not None]


def _unused(building: Building, table: dict[str, Parameter]) -> list[Note]:
    """Add learned tensors that no layer uses; a note about them."""
    used = building.settings.union(
        weight.value.stored.id
        for draft in building.drafts
        for weight in draft.weights
        if weight.value.stored is not None and draft.kept
    )
    unused: dict[str, int] = {}
    for stored in _stored(building):
        if stored.is_parameter and stored.id not in used:
            table[stored.id] = _row(stored.id, stored, stored.tensor.dims, None, learned=True)
            unused[stored.id] = stored.elements
    return unused_notes(unused)


def _overridable(building: Building) -> list[Note]:
    every = _stored(building)
    count = sum(stored.overridable for stored in every)
    if not count:
        return []
    text = (
        f"{count:,} of {len(every):,} initializers are also graph inputs: a caller may give other "
        "values, so a runtime can neither fold nor repack them"
    )
    return [Note("inferred", text)]


def _absent(building: Building) -> list[Note]:
    absent = [s for s in _stored(building) if s.tensor.load is None]
    if not absent:
        return []
    files = sorted({s.tensor.external for s in absent if s.tensor.external})
    where = f" ({', '.join(files[:3])})" if files else ""
    text = (
        f"the numbers of {len(absent):,} initializers are in files that are not there{where}: "
        "shapes and costs are known without them"
    )
    return [Note("inferred", text)]
