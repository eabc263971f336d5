"""The methods of dataclasses: the constructor is compiled, the others are written once for all."""

from __future__ import annotations

from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MISSING: Any = object()
#: Attribute of a class: its fields.
OWN = "__own_fields__"


class Field:
    """One field of a class.

    Args:
        default: its value where none is given.
        default_factory: makes that value anew each time.
        init: whether the constructor takes it.
        repr: whether it is shown.
        compare: whether it is compared and hashed.
    """

    __slots__ = ("compare", "default", "default_factory", "init", "kw_only", "name", "repr", "type")

    def __init__(
        self,
        *,
        default: Any = MISSING,
        default_factory: Any = MISSING,
        init: bool = True,
        repr: bool = True,  # noqa: A002 - the standard library's name
        compare: bool = True,
    ) -> None:
        self.default, self.default_factory = default, default_factory
        self.init, self.repr, self.compare = init, repr, compare
        self.name, self.type, self.kw_only = "", "", False

    @property
    def has_default(self) -> bool:
        """Whether the constructor can do without it."""
        return self.default is not MISSING or self.default_factory is not MISSING

    def options(self) -> dict[str, Any]:
        """What the standard library's `field` is told of it."""
        given = {"default": self.default, "default_factory": self.default_factory}
        stated = {name: value for name, value in given.items() if value is not MISSING}
        return {**stated, "init": self.init, "repr": self.repr, "compare": self.compare,
                "kw_only": self.kw_only}  # fmt: skip


class Constructor:
    """``__init__``, compiled when the first object is made: many classes never have one.

    Args:
        found: the fields.
        frozen: whether they are set past the class's own ``__setattr__``.
        slots: whether they lie in slots.
    """

    cls: type

    def __init__(self, found: tuple[Field, ...], *, frozen: bool, slots: bool) -> None:
        self._found, self._frozen, self._slots = found, frozen, slots
        self._names: dict[str, Any] = {"_missing": MISSING, "_set": object.__setattr__}

    def __get__(self, instance: object, owner: type) -> Any:
        made = self._compiled()
        setattr(self.cls, "__init__", made)  # noqa: B010 - mypy knows another one
        return made.__get__(instance, owner)

    def _compiled(self) -> Any:
        """An argument per field, defaults, then ``__post_init__``."""
        given = [each for each in self._found if each.init]
        arguments = [self._argument(each) for each in given if not each.kw_only]
        keywords = [self._argument(each) for each in given if each.kw_only]
        body = [line for each in self._found if (line := self._line(each))]
        if hasattr(self.cls, "__post_init__"):
            body.append("self.__post_init__()")
        text = ", ".join(["self", *arguments, *(["*", *keywords] if keywords else ())])
        self._names["__name__"] = self.cls.__module__
        # of the class's own field names, as the standard library does
        exec(f"def __init__({text}):\n " + ("\n ".join(body) or "pass"), self._names)  # noqa: S102
        made = self._names["__init__"]
        made.__qualname__ = f"{self.cls.__qualname__}.__init__"
        return made

    def _argument(self, each: Field) -> str:
        name = each.name
        if each.default_factory is not MISSING:
            return f"{name}=_missing"
        if each.default is MISSING:
            return name
        self._names[f"_default_{name}"] = each.default
        return f"{name}=_default_{name}"

    def _line(self, each: Field) -> str:
        """What sets a field; nothing where ``__post_init__`` does."""
        name = value = each.name
        if each.default_factory is not MISSING:
            self._names[f"_make_{name}"] = each.default_factory
            value = f"_make_{name}()"
            if each.init:
                value += f" if {name} is _missing else {name}"
        elif not each.init:
            if each.default is MISSING:
                return ""
            self._names[f"_default_{name}"] = each.default
            value = f"_default_{name}"
        if not self._frozen:
            return f"self.{name} = {value}"
        if not self._slots:
            return f"_set(self, {name!r}, {value})"
        self._names[f"_set_{name}"] = vars(self.cls)[name].__set__
        return f"_set_{name}(self, {value})"


def values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of these fields of an object."""
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda x: (get(x),)


def equal_by(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], Any]:
    """``__eq__`` by these values."""

    def equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return equal


def hash_by(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    """``__hash__`` by these values."""
    return lambda self: hash(values(self))


def text_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    """``__repr__``: the class and its fields."""

    def text(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return recursive_repr()(text)


def refuse_to_set(self: Any, name: str, value: object) -> None:
    """``__setattr__`` of what is frozen."""
    from dataclasses import FrozenInstanceError

    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def refuse_to_delete(self: Any, name: str) -> None:
    """``__delattr__`` of what is frozen."""
    from dataclasses import FrozenInstanceError

    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def state(self: Any) -> list[Any]:
    """What is pickled of a class with slots."""
    return [getattr(self, each.name) for each in getattr(self, OWN)]


def restore(self: Any, state: list[Any]) -> None:
    """The same, read again."""
    for each, value in zip(getattr(self, OWN), state, strict=True):
        object.__setattr__(self, each.name, value)
