"""The standard library's dataclasses, whose classes are many times quicker to define.

A process that counts one file defines a hundred of them before it begins. The standard library
compiles six methods for each, and imports `inspect` to do so; together that took longer than
reading and counting. Here the constructor alone is compiled, when it is first called; what
compares, hashes and shows is written once. The standard library takes the classes for its own: its
`fields`, `asdict` and `is_dataclass` work on them.

What is left out is refused: a dataclass here does not extend another one.

>>> @dataclass(frozen=True, slots=True)
... class Point:
...     "A place."
...     x: int
...     y: int = 0
>>> Point(1), Point(1) == Point(1, 0), {Point(2): "two"}[Point(2)]
(Point(x=1, y=0), True, 'two')
"""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass_methods import (
    MISSING,
    OWN,
    Constructor,
    Field,
    equal_by,
    hash_by,
    refuse_to_delete,
    refuse_to_set,
    restore,
    state,
    text_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, fields, is_dataclass, replace
else:

    def dataclass(
        *, frozen: bool = False, slots: bool = False, kw_only: bool = False, eq: bool = True
    ) -> Callable[[type], type]:
        """A class decorator; the options are those of the standard library's."""
        return lambda cls: _made(cls, frozen=frozen, slots=slots, kw_only=kw_only, eq=eq)

    def field(**options: Any) -> Any:
        """What is special about a field; the options are those of the standard library's."""
        return Field(**options)

    def fields(kind: Any) -> tuple[Any, ...]:
        """The fields of a dataclass, with the attributes that the standard library's have."""
        if hasattr(kind, OWN):
            return getattr(kind, OWN)
        import dataclasses

        return dataclasses.fields(kind)

    def is_dataclass(kind: Any) -> bool:
        """Whether it is a dataclass, or an object of one."""
        return hasattr(kind, OWN) or hasattr(kind, "__dataclass_fields__")

    def replace(value: Any, /, **changes: Any) -> Any:
        """A new object in which some fields differ."""
        kind = type(value)
        names, values = _arguments(kind)
        return kind(**(dict(zip(names, values(value), strict=True)) | changes))


__all__ = ["dataclass", "field", "fields", "is_dataclass", "replace"]


@cache
def _arguments(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The names of what a dataclass is made of, and what gives their values."""
    names = tuple([each.name for each in fields(kind) if each.init])
    return names, values_of([*names])


def _made(cls: type, *, frozen: bool, slots: bool, kw_only: bool, eq: bool) -> type:
    """The class as a dataclass; what it defines itself stays."""
    found = _fields_of(cls, kw_only=kw_only)
    own = vars(cls)
    init = Constructor(found, frozen=frozen, slots=slots)
    standard = _StandardFields(found)
    methods: dict[str, Any] = {
        "__init__": init,
        "__repr__": text_of(tuple([each.name for each in found if each.repr])),
        "__match_args__": tuple([x.name for x in found if x.init and not x.kw_only]),
    }
    if eq:
        values = values_of([each.name for each in found if each.compare])
        methods |= {"__eq__": equal_by(values), "__hash__": hash_by(values) if frozen else None}
    if frozen:
        methods |= {"__setattr__": refuse_to_set, "__delattr__": refuse_to_delete}
    if frozen and slots:
        methods |= {"__getstate__": state, "__setstate__": restore}
    # Python sets __hash__ to None where a class compares itself
    added = {k: v for k, v in methods.items() if k not in own or (k == "__hash__" and not own[k])}
    added |= {OWN: found, "__dataclass_fields__": standard}
    if slots:
        made = _with_slots(cls, [each.name for each in found], added)
    else:
        made = cls
        for each in found:
            if each.default is not MISSING:
                added[each.name] = each.default
            elif each.name in own:
                delattr(cls, each.name)
        for name, value in added.items():
            setattr(cls, name, value)
    init.cls = standard.cls = made
    return made


def _fields_of(cls: type, *, kw_only: bool) -> tuple[Field, ...]:
    """The fields that a class states: every annotation that is not of the class itself.

    Raises:
        TypeError: they cannot be those of a dataclass, or the class extends another one.
        ValueError: a default would be shared by all objects.
    """
    if any(hasattr(base, "__dataclass_fields__") for base in cls.__bases__):
        raise TypeError(f"{cls.__qualname__} extends another dataclass")
    found: list[Field] = []
    own = vars(cls)
    for name, kind in own.get("__annotations__", {}).items():
        if str(kind).startswith(("ClassVar", "typing.ClassVar")):
            continue
        stated = own.get(name, MISSING)
        if type(stated).__module__ == "dataclasses":
            raise TypeError(f"{name} is a field of another kind of dataclass")
        each = stated if isinstance(stated, Field) else Field(default=stated)
        each.name, each.type, each.kw_only = name, kind, kw_only
        if each.default is not MISSING and type(each.default).__hash__ is None:
            raise ValueError(f"the default of {name} could be changed: use default_factory")
        if each.init and not kw_only and not each.has_default:
            before = [x.name for x in found if x.init and x.has_default]
            if before:
                raise TypeError(f"{name} without a default follows {before[0]} with one")
        found.append(each)
    return tuple(found)


def _with_slots(cls: type, names: list[str], added: dict[str, Any]) -> type:
    """The class once more: slots can only be stated where a class is made."""
    body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__", *names)}
    made = type(cls)(cls.__name__, cls.__bases__, {**body, **added, "__slots__": tuple(names)})
    made.__qualname__ = cls.__qualname__
    # super() in a method means the class that the method was written in
    for member in body.values():
        kind: type = type(member)
        if kind is property:
            member = member.fget  # noqa: PLW2901 - what is looked at
        elif kind in (classmethod, staticmethod):
            member = member.__func__  # noqa: PLW2901
        elif kind is not FunctionType:
            continue
        if member.__closure__ and "__class__" in member.__code__.co_freevars:
            place = member.__code__.co_freevars.index("__class__")
            member.__closure__[place].cell_contents = made
    return made


class _StandardFields:
    """``__dataclass_fields__``, made when the standard library looks for it."""

    cls: type

    def __init__(self, found: tuple[Field, ...]) -> None:
        self._found = found

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        body: dict[str, Any] = {each.name: dataclasses.field(**each.options())
                                for each in self._found}  # fmt: skip
        kinds = {each.name: each.type for each in self._found}
        body |= {"__annotations__": kinds, "__module__": self.cls.__module__, "__doc__": "As ours."}
        plain: Any = dataclasses.dataclass(init=False, repr=False, eq=False)
        found = plain(type(self.cls.__name__, (), body)).__dataclass_fields__
        self.cls.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found
