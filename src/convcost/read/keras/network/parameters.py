"""The arrays that a source stores, as the values of a network's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.network.network import Note
from convcost.network.parameter import Parameter
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.read.keras.config import LayerConfig, Stored

    Table = dict[str, Parameter]
    Models = Sequence[tuple[LayerConfig, Sequence[str]]]


def with_stored(
    network: Network, layers: Mapping[str, LayerConfig], models: Models, loose: Sequence[Stored]
) -> Network:
    """The network with values for its parameters, as far as the source stores arrays.

    Args:
        network: as its configuration describes it.
        layers: the configuration of each of its layers.
        models: models used as layers, and the layers that they became.
        loose: arrays that belong to no layer.

    Arrays that do not fit a layer's parameters are a contradiction, and a note.
    """
    table = dict(network.table)
    kept = list(network.layers)
    mismatched: dict[str, Note] = {}
    for position, layer in enumerate(kept):
        stored = layers[layer.name].stored
        if stored is None or layer.shared_with is not None:
            continue
        if isinstance(layer.op, Unknown):
            kept[position] = _of_unknown(layer, stored, table)
        elif not _fill(table, layer.parameters, stored):
            mismatched[layer.name] = _contradiction(layer, stored, table)
    by_name = {layer.name: layer for layer in kept}
    for position, layer in enumerate(kept):
        if layer.shared_with is not None:
            kept[position] = replace(layer, parameters=by_name[layer.shared_with].parameters)
    for model, names in models:
        members = [by_name[name] for name in names]
        if model.stored and _fill_model(table, members, model.stored):
            for name in names:
                mismatched.pop(name, None)
    for array in loose:
        table[array.name] = _parameter(array.name, array, trainable=True)
    notes = (*network.notes, *mismatched.values())
    return replace(network, layers=tuple(kept), table=table, notes=notes)


def _fill(table: Table, ids: Sequence[str], stored: Sequence[Stored]) -> bool:
    """Give parameters their values, if as many arrays of the same shapes are there."""
    order = _order(table, ids, stored)
    if order is None:
        return False
    for id_, array in zip(ids, order, strict=True):
        known = table[id_]
        learned = known.learned if array.learned is None else array.learned
        trainable = known.trainable if array.trainable is None else array.trainable
        table[id_] = replace(
            known,
            dtype=array.dtype,
            learned=learned,
            trainable=trainable and learned,
            values=array.values,
        )
    return True


def _order(table: Table, ids: Sequence[str], stored: Sequence[Stored]) -> list[Stored] | None:
    """The arrays in the order of the parameters: as they are, else as their names say."""
    if len(ids) != len(stored):
        return None
    candidates = [list(stored)]
    by_name = {array.name.rpartition("/")[2].partition(":")[0]: array for array in stored}
    names = [id_.rpartition("/")[2] for id_ in ids]
    if len(by_name) == len(ids) and all(name in by_name for name in names):
        candidates.append([by_name[name] for name in names])
    for arrays in candidates:
        if all(table[i].shape == a.shape for i, a in zip(ids, arrays, strict=True)):
            return arrays
    return None


def _fill_model(table: Table, layers: Sequence[Layer], stored: Sequence[Stored]) -> bool:
    """Fill the layers of a model from one list: all trainable arrays, then all others."""
    if any(isinstance(layer.op, Unknown) and layer.parameters for layer in layers):
        return False
    ids = [id_ for layer in layers if layer.shared_with is None for id_ in layer.parameters]
    ordered = sorted(ids, key=lambda id_: not table[id_].trainable)
    if all(table[id_].values is not None for id_ in ids):
        return True
    return _fill(table, ordered, stored)


def _of_unknown(layer: Layer, stored: Sequence[Stored], table: Table) -> Layer:
    """A layer without a rule, with a parameter for each of its arrays."""
    trainable = all(table[id_].trainable for id_ in layer.parameters)
    for id_ in layer.parameters:
        del table[id_]
    ids = []
    for number, array in enumerate(stored):
        own = array.name.rpartition("/")[2].partition(":")[0] or "array"
        id_ = f"{layer.name}/{own}"
        id_ = f"{id_}_{number}" if id_ in table else id_
        table[id_] = _parameter(id_, array, trainable=trainable)
        ids.append(id_)
    return replace(layer, parameters=tuple(ids))


def _parameter(id_: str, array: Stored, *, trainable: bool) -> Parameter:
    own_name = array.name.rpartition("/")[2]
    learned = not own_name.startswith("moving_") if array.learned is None else array.learned
    own = trainable if array.trainable is None else array.trainable
    return Parameter(
        id_, array.shape, array.dtype, learned=learned, trainable=own and learned,
        values=array.values,
    )  # fmt: skip


def _contradiction(layer: Layer, stored: Sequence[Stored], table: Table) -> Note:
    own = ", ".join(str(table[id_].shape) for id_ in layer.parameters[:6]) or "none"
    there = ", ".join(str(array.shape) for array in stored[:6]) or "none"
    text = f"its arguments ask for parameters of {own}; the source stores {there}"
    return Note("contradiction", text, layer.name)
