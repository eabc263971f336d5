"""Calls of a layer in a functional model, as Keras 1, 2 and 3 write them.

- Keras 1 and 2: ``[["conv", 0, 0, {...}]]``, a list of tensors by layer, call and output, the last
  item holding other arguments, tensors among them; a function of tensors has only one of them,
  ``["conv", 0, 0, {}]``, or ``["_CONSTANT_VALUE", -1, 2.0, {}]`` where a number stands.
- Keras 3: ``{"args": [...], "kwargs": {...}}``; tensors are ``__keras_tensor__`` objects at any
  depth, which state shapes as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import dataclass, field
from convcost.network.tensor import DTYPE_BYTES
from convcost.read.keras.config import TensorSpec
from convcost.read.keras.serial.operations import TENSOR
from convcost.read.keras.serial.values import mapping, plain, shape_of, shown
from convcost.read.limits import MAX_OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.keras.config import TensorRef

#: Arguments that may hold tensors which are none of the layer's operands.
_NO_OPERANDS = frozenset({"mask", "training"})


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor that is read.

    Attributes:
        ref: layer, call, output; the call as the source numbers it.
        spec: what is stated about it.
        listed: whether it is written as a list, whose numbers for models' calls may begin with 1.
    """

    ref: TensorRef
    spec: TensorSpec | None = None
    listed: bool = True


@dataclass(slots=True)
class RawCall:
    """A call: the tensors it reads, and its other arguments."""

    edges: list[Edge] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)
    keywords: dict[str, object] = field(default_factory=dict)


def calls_of(inbound: list[Any], layer: str) -> list[RawCall]:
    """The calls of a layer.

    Raises:
        SourceError: they are written as no Keras does.
    """
    return [_call(node, layer) for node in inbound]


def edges_of(value: object) -> list[Edge]:
    """The tensors in a nested structure, in order."""
    return list(_edges(value))


def _call(node: object, layer: str) -> RawCall:
    call = RawCall()
    if isinstance(node, dict):
        args = node.get("args")
        if not isinstance(args, list):
            raise SourceError(f"a call of '{layer}' has no list 'args'")
        for item in args:
            _take(call, item)
        _take_keywords(call, mapping(node.get("kwargs") or {}, f"'kwargs' of '{layer}'"))
        return call
    if not isinstance(node, list):
        raise SourceError(f"a call of '{layer}' is neither a list nor an object")
    for item in [node] if _is_listed(node) or _is_constant(node) else node:
        _take(call, item)
        if isinstance(item, list) and len(item) == 4 and isinstance(item[3], dict):
            _take_keywords(call, item[3])
    return call


def _take(call: RawCall, item: object) -> None:
    """Add one positional argument."""
    if _is_constant(item):
        call.arguments.append(plain(item[2]))  # type: ignore[index]
        return
    edges = edges_of(item)
    call.edges += edges
    call.arguments.append(TENSOR if edges else plain(item))


def _take_keywords(call: RawCall, keywords: dict[str, Any]) -> None:
    for key, value in keywords.items():
        edges = [] if key in _NO_OPERANDS else edges_of(value)
        call.edges += edges
        call.keywords.setdefault(key, TENSOR if edges else plain(value))


def _edges(value: object) -> Iterator[Edge]:
    if _is_listed(value):
        yield Edge(_ref(value))  # type: ignore[arg-type]
    elif isinstance(value, list):
        for item in value:
            yield from _edges(item)
    elif isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield _keras_tensor(value.get("config"))
        else:
            for item in value.values():
                yield from _edges(item)


def _keras_tensor(config: object) -> Edge:
    config = mapping(config, "a '__keras_tensor__'")
    history = config.get("keras_history")
    if not _is_listed(history):
        raise SourceError("a '__keras_tensor__' has no 'keras_history' of layer, call and output")
    ref = _ref(history)  # type: ignore[arg-type]
    shape = shape_of(config.get("shape"), "the shape of a '__keras_tensor__'")
    dtype = config.get("dtype")
    stated = dtype if isinstance(dtype, str) and dtype in DTYPE_BYTES else None
    spec = None if shape is None else TensorSpec(shape, stated)
    return Edge(ref, spec, listed=False)


def _ref(listed: list[Any]) -> TensorRef:
    name, call, output = listed[:3]
    if output > MAX_OUTPUTS:
        raise LimitError(f"output {output} of {shown(name)} is read; at most {MAX_OUTPUTS:,}")
    return name, call, output


def _is_listed(value: object) -> bool:
    return (
        isinstance(value, list)
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and type(value[1]) is int
        and type(value[2]) is int
        and value[1] >= 0
        and value[2] >= 0
    )


def _is_constant(value: object) -> bool:
    return isinstance(value, list) and len(value) >= 3 and value[0] == "_CONSTANT_VALUE"
