"""Values with the sizes inside them replaced: what binding a network consists of."""

from __future__ import annotations

from functools import cache
from operator import is_not
from typing import TYPE_CHECKING, Any, TypeVar, cast

from convcost.network.dataclass import fields, is_dataclass, replace
from convcost.network.dims import Expr
from convcost.network.evaluation import Substitution
from convcost.network.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.network.network import Layer

T = TypeVar("T")


class Replacement:
    """Values with the sizes inside them replaced; the same object where nothing changes."""

    def __init__(self, values: Mapping[str, Dim]) -> None:
        self._sizes = Substitution(values)
        # by identity: layers share ops and tensors, and comparing those costs more than replacing
        self._done: dict[int, tuple[object, Any]] = {}

    def layer(self, layer: Layer, *, fixed: bool) -> Layer:
        """A layer; what it reads and its parameters keep their names.

        Args:
            layer: whose sizes are replaced.
            fixed: whether its op holds no symbols.
        """
        op = layer.op if fixed else self(layer.op)
        outputs = tuple([self.tensor(tensor) for tensor in layer.outputs])
        if op is layer.op and not any(map(is_not, outputs, layer.outputs)):
            return layer
        return replace(layer, op=op, outputs=outputs)

    def tensor(self, tensor: Tensor) -> Tensor:
        """A tensor: most values are."""
        done = self._done.get(id(tensor))
        if done is not None:
            return cast("Tensor", done[1])
        axes = tuple([x if isinstance(x.size, int) else self(x) for x in tensor.axes])
        changed = any(map(is_not, axes, tensor.axes))
        result = Tensor(axes, tensor.dtype) if changed else tensor
        self._done[id(tensor)] = tensor, result
        return result

    def __call__(self, value: T) -> T:
        """Any value."""
        if isinstance(value, (int, str)):
            return value
        done = self._done.get(id(value))
        if done is not None:
            return cast("T", done[1])
        if isinstance(value, Expr):
            return self._sizes(value)  # type: ignore[return-value]
        if isinstance(value, tuple):
            # most parts are numbers, which need no call
            parts = tuple([p if isinstance(p, (int, str)) else self(p) for p in value])
            changed = any(map(is_not, parts, value))
            return parts if changed else value  # type: ignore[return-value]
        changes = {}
        for name in _field_names(type(value)):  # type: ignore[arg-type]
            old = getattr(value, name)
            if old is None or isinstance(old, (int, str)):
                continue
            new = self(old)
            if new is not old:
                changes[name] = new
        result: Any = replace(value, **changes) if changes else value  # type: ignore[type-var]
        # the value is kept so that its id is not used again
        self._done[id(value)] = value, result
        return cast("T", result)


def holds_symbols(value: object) -> bool:
    """Whether a size inside of a value is not a number."""
    if value is None or isinstance(value, (int, str)):
        return False
    if isinstance(value, Expr):
        return True
    parts = value if isinstance(value, tuple) else _parts(value)
    for part in parts:  # noqa: SIM110 - a loop: most values have few parts
        if holds_symbols(part):
            return True
    return False


def _parts(value: object) -> list[object]:
    return [getattr(value, name) for name in _field_names(type(value))]  # type: ignore[arg-type]


#: Annotations of fields that hold no sizes.
_PLAIN = {"int", "str", "bool", "float", "str | None", "int | None", "float | None"}


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """Names of the fields that may hold sizes, by their annotations."""
    if not is_dataclass(kind):
        return ()
    return tuple(
        each.name
        for each in fields(kind)
        if not (str(each.type) in _PLAIN or str(each.type).startswith(("Literal[", "Callable[")))
    )
