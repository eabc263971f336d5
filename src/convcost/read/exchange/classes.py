"""The classes whose fields are the schema, found where they are defined."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from convcost import folder
from convcost.network.dims import Dim, Expr
from convcost.network.module import Module, Origin
from convcost.network.network import Layer, Measured, Note, Ref
from convcost.network.op import Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import Axis, Tensor
from convcost.ops.constant import Constant

#: Fields that are not in a file: handles to the numbers themselves.
_NOT_STORED: dict[type, set[str]] = {Constant: {"values"}, Parameter: {"values"}}


def stored_fields(kind: type) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a dataclass that a file holds."""
    left_out = _NOT_STORED.get(kind, set())
    return tuple(field for field in dataclasses.fields(kind) if field.name not in left_out)


@cache
def ops() -> dict[str, type[Op]]:
    """Every op by its kind, found by the folder."""
    found = (value for value in _defined() if issubclass(value, Op))
    return {kind.kind: kind for kind in found}


@cache
def _defined() -> tuple[type, ...]:
    """Every dataclass of `convcost.ops`."""
    return tuple(
        value
        for module in folder.modules("convcost.ops").values()
        for value in vars(module).values()
        if isinstance(value, type)
        and dataclasses.is_dataclass(value)
        and value.__module__ == module.__name__
    )


@cache
def _vocabulary() -> dict[str, Any]:
    """What annotations name that their modules import for type checkers only."""
    shared = (Axis, Expr, Layer, Measured, Module, Note, Op, Origin, Parameter, Ref, Tensor)
    names: dict[str, Any] = {kind.__name__: kind for kind in shared}
    names |= {kind.__name__: kind for kind in _defined() if not issubclass(kind, Op)}
    return {**names, "Dim": Dim, "Callable": Callable}


def is_of_ops(kind: type) -> bool:
    """Whether it is an op, or a part of one."""
    return kind in _defined()


def field_types(kind: type) -> dict[str, Any]:
    """The declared types of the fields that a file holds."""
    hints = get_type_hints(kind, localns=_vocabulary())
    return {field.name: hints[field.name] for field in stored_fields(kind)}
