"""Values of JSON as the types that the fields of dataclasses declare.

The classes themselves are the schema: those of `convcost.network` for rows, those of
`convcost.ops` for ops and their parts. Nothing but these is made, and only with fields that they
have.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from convcost.network.dims import Dim, Expr
from convcost.network.network import Alternative, Measured, Ref
from convcost.network.op import Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import DTYPE_BYTES, Axis, Tensor
from convcost.read.exchange.classes import field_types, is_of_ops, ops, stored_fields
from convcost.read.exchange.formula import Sizes
from convcost.read.exchange.misfit import Misfit, expected
from convcost.read.exchange.names import KIND
from convcost.read.limits import MAX_COUNT, MAX_OP_DEPTH, MAX_RANK, MAX_SIZE, MAX_TENSOR_TERMS

#: From a value of JSON to a Python value. Raises Misfit.
Decode: TypeAlias = Callable[[Any, Sizes], Any]

_NON_FINITE = ("inf", "-inf", "nan")


@cache
def decoder(kind: Hashable) -> Decode:
    """What reads values of a type.

    Raises:
        TypeError: the format cannot hold such values.
    """
    return _decoder(kind, MAX_SIZE)


def _decoder(kind: Any, limit: int) -> Decode:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is int:
        return _integer(limit)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _literal(parts)
    if origin in (Union, UnionType):
        return _union(set(parts), limit)
    if origin is tuple:
        return _tuple(parts, limit)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    raise TypeError(f"the exchange format cannot hold a {kind}")


def _string(value: Any, sizes: Sizes) -> str:
    del sizes
    if type(value) is not str:
        raise expected("a text", value)
    return value


def _boolean(value: Any, sizes: Sizes) -> bool:
    del sizes
    if type(value) is not bool:
        raise expected("true or false", value)
    return value


def _number(value: Any, sizes: Sizes) -> float:
    del sizes
    if type(value) is str and value in _NON_FINITE:
        return float(value)
    if type(value) is float or (type(value) is int and abs(value) <= MAX_SIZE):
        return value
    raise expected("a number", value)


def _null(value: Any, sizes: Sizes) -> None:
    """Unions lead here by the type of the value."""
    del value, sizes


def _size(value: Any, sizes: Sizes) -> Dim:
    return sizes(value)


def _ref(value: Any, sizes: Sizes) -> Ref:
    """A layer's name for its first output, or the name and the output's number."""
    del sizes
    if type(value) is str:
        return Ref(value)
    if type(value) is list and len(value) == 2:
        layer, output = value
        if type(layer) is str and type(output) is int and 0 <= output <= MAX_SIZE:
            return Ref(layer, output)
    raise expected("the name of a layer, or [name, number of its output]", value)


def _axis(value: Any, sizes: Sizes) -> Axis:
    if type(value) is not list or len(value) != 2 or not isinstance(value[0], str | None):
        raise expected("[name or null, size]", value)
    try:
        return Axis(value[0], sizes(value[1]))
    except Misfit as misfit:
        raise misfit.at(1) from None


def _op(value: Any, sizes: Sizes) -> Op:
    if type(value) is not dict:
        raise expected("an op", value)
    kind = value.get(KIND)
    op = ops().get(kind) if type(kind) is str else None
    if op is None:
        raise expected("a kind of op", kind).at(KIND)
    sizes.depth += 1
    if sizes.depth > MAX_OP_DEPTH:
        raise Misfit(f"ops are nested more than {MAX_OP_DEPTH} deep")
    attributes = {name: part for name, part in value.items() if name != KIND}
    made: Op = decoder(op)(attributes, sizes)  # type: ignore[arg-type]
    sizes.depth -= 1
    return made


def _alternative(value: Any, sizes: Sizes) -> Alternative:
    """A reading; files that were written before it could be chosen have its text alone."""
    if type(value) is str:
        return Alternative(value)
    found: Alternative = _dataclass(Alternative)(value, sizes)
    return found


def _integer(limit: int) -> Decode:
    def decode(value: Any, sizes: Sizes) -> int:
        del sizes
        if type(value) is not int:
            raise expected("a whole number", value)
        if not -limit <= value <= limit:
            raise Misfit(f"the number is above the limit, {limit:,}")
        return value

    return decode


def _literal(values: tuple[Any, ...]) -> Decode:
    known = {(type(value), value): value for value in values}
    text = " or ".join(map(repr, values))

    def decode(value: Any, sizes: Sizes) -> Any:
        del sizes
        if not isinstance(value, (str, int)) or (type(value), value) not in known:
            raise expected(text, value)
        return known[type(value), value]

    return decode


def _tuple(parts: tuple[Any, ...], limit: int) -> Decode:
    if len(parts) == 2 and parts[1] is Ellipsis:
        return _list_of(_decoder(parts[0], limit))
    inner = [_decoder(part, limit) for part in parts]

    def decode(value: Any, sizes: Sizes) -> tuple[Any, ...]:
        if type(value) is not list or len(value) != len(inner):
            raise expected(f"a list of {len(inner)}", value)
        found: list[Any] = []
        try:
            for part, decode_part in zip(value, inner, strict=True):
                found.append(decode_part(part, sizes))
        except Misfit as misfit:
            raise misfit.at(len(found)) from None
        return tuple(found)

    return decode


def _list_of(inner: Decode) -> Decode:
    def decode(value: Any, sizes: Sizes) -> tuple[Any, ...]:
        if type(value) is not list:
            raise expected("a list", value)
        found: list[Any] = []
        try:
            for part in value:
                found.append(inner(part, sizes))  # noqa: PERF401 - it tells the place
        except Misfit as misfit:
            raise misfit.at(len(found)) from None
        return tuple(found)

    return decode


def _union(members: set[Any], limit: int) -> Decode:
    """Tells the members apart by the type that JSON gives them."""
    by_type: dict[type, Decode] = {}
    if Expr in members:
        members = members - {int}
    for member in members:
        inner = _decoder(member, limit)
        for json_type in _json_types(member):
            if json_type in by_type:
                raise TypeError(f"the exchange format cannot tell {members} apart")
            by_type[json_type] = inner
    wanted = next(by_type[t] for t in (dict, list, *by_type) if t in by_type and t is not NoneType)

    def decode(value: Any, sizes: Sizes) -> Any:
        return by_type.get(type(value), wanted)(value, sizes)

    return decode


def _json_types(member: Any) -> tuple[type, ...]:
    if member is Expr:
        return (int, str)
    if member is float:
        return (int, float, str)
    if member in (int, str, bool, NoneType):
        return (member,)
    if get_origin(member) is Literal:
        return tuple({type(value) for value in get_args(member)})
    return (list,) if get_origin(member) is tuple or member in (Axis, Ref) else (dict,)


@cache
def _dataclass(kind: type) -> Decode:
    """Fields by name; one with a default may be missing."""
    limit = MAX_COUNT if is_of_ops(kind) else MAX_SIZE
    fields = {name: _decoder(hint, limit) for name, hint in field_types(kind).items()}
    needed = {f.name for f in stored_fields(kind) if f.default is dataclasses.MISSING}
    what = kind.kind if issubclass(kind, Op) else kind.__name__.lower()
    check = _CHECKS.get(kind)

    def decode(value: Any, sizes: Sizes) -> Any:
        if type(value) is not dict:
            raise expected(f"a {what}", value)
        found = {}
        for name, part in value.items():
            inner = fields.get(name)
            if inner is None:
                raise Misfit(f"a {what} has no such field; it has {', '.join(fields)}").at(name)
            try:
                found[name] = inner(part, sizes)
            except Misfit as misfit:
                raise misfit.at(name) from None
        if not needed <= found.keys():
            missing = min(needed - found.keys())
            raise Misfit(f"a {what} needs it, and it is missing").at(missing)
        made = kind(**found)
        if check is not None:
            check(made)
        return made

    return decode


def _check_tensor(tensor: Tensor) -> None:
    _check_dtype(tensor.dtype)
    _check_shape(tensor.shape)
    if len(tensor.axes) > MAX_RANK:
        raise Misfit(f"{len(tensor.axes)} axes; the limit is {MAX_RANK}").at("axes")


def _check_parameter(parameter: Parameter) -> None:
    _check_dtype(parameter.dtype)
    _check_shape(parameter.shape)
    for size in parameter.shape:
        if isinstance(size, int) and size < 0:
            raise expected("a size", size).at("shape")


def _check_dtype(dtype: str) -> None:
    if dtype not in DTYPE_BYTES:
        raise expected("a dtype", dtype).at("dtype")


def _check_shape(shape: tuple[Dim, ...]) -> None:
    terms = math.prod(len(size.terms) for size in shape if isinstance(size, Expr))
    if terms > MAX_TENSOR_TERMS:
        raise Misfit(f"its formulas multiply out to {terms:,} terms; limit {MAX_TENSOR_TERMS:,}")


def _check_measured(measured: Measured) -> None:
    if not 0 < measured.seconds < math.inf:
        raise expected("a time above zero", measured.seconds).at("seconds")


_CHECKS: dict[type, Callable[[Any], None]] = {
    Tensor: _check_tensor,
    Parameter: _check_parameter,
    Measured: _check_measured,
}
_PLAIN: dict[Any, Decode] = {
    str: _string,
    bool: _boolean,
    float: _number,
    NoneType: _null,
    Expr: _size,
    Ref: _ref,
    Alternative: _alternative,
    Axis: _axis,
    Op: _op,
}
