"""What tells two networks apart for a measurement: everything but names and values."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.network.dims import Expr
from convcost.network.op import Op
from convcost.write.formula import Formulas

if TYPE_CHECKING:
    from convcost.network.network import Network, Ref
    from convcost.network.tensor import Tensor


def fingerprint(network: Network) -> str:
    """The SHA-256 of a network's normal form, 64 hexadecimal digits.

    The form holds the ops with those attributes that are not at their default (a version that adds
    an attribute keeps the fingerprints), connections by position, shapes with the meaning of their
    axes, dtypes, and which parameters are trained or shared. It holds no name of a layer or of a
    parameter, no values, and nothing of where the network comes from: two sources of the same
    network, its layers in the same order, have the same fingerprint.

    >>> from convcost import zoo
    >>> fingerprint(zoo.load("seed000")) == fingerprint(zoo.load("alexnet"))
    False
    """
    sizes = Formulas()
    place = {layer.name: number for number, layer in enumerate(network.layers)}
    used = dict.fromkeys(id_ for layer in network.layers for id_ in layer.parameters)
    number = {id_: place for place, id_ in enumerate(used)}

    def refs(found: tuple[Ref, ...]) -> list[tuple[int, int]]:
        return [(place[ref.layer], ref.output) for ref in found]

    form = {
        "layers": [
            [
                _encoded(layer.op, sizes),
                refs(layer.inputs),
                [_tensor(tensor, sizes) for tensor in layer.outputs],
                [number[id_] for id_ in layer.parameters],
            ]
            for layer in network.layers
        ],
        "parameters": [
            [[sizes(size) for size in row.shape], row.dtype, row.learned, row.trainable]
            for row in (network.table[id_] for id_ in used)
        ],
        "outputs": refs(network.outputs),
    }
    # last: the rows of sizes that have a formula of their own are complete only now
    text = json.dumps([form, sizes.sizes], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _tensor(tensor: Tensor, sizes: Formulas) -> list[Any]:
    return [tensor.dtype, [[axis.name, sizes(axis.size)] for axis in tensor.axes]]


def _encoded(value: Any, sizes: Formulas) -> Any:
    """An attribute as JSON has it; a part of an op by its fields."""
    if isinstance(value, Expr):
        return sizes(value)
    if isinstance(value, (tuple, list)):
        return [_encoded(part, sizes) for part in value]
    if not dataclasses.is_dataclass(value):
        return value
    parts = {
        name: _encoded(getattr(value, name), sizes)
        for name, default in _fields(type(value))  # type: ignore[arg-type]
        if getattr(value, name) != default
    }
    return [value.kind, parts] if isinstance(value, Op) else parts


@cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """Names of what is compared, and defaults; `MISSING`, which equals nothing, for none."""
    return tuple((each.name, each.default) for each in dataclasses.fields(kind) if each.compare)
