"""Our `dataclass` against the standard library's, class by class."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any, ClassVar

import pytest

import convcost.network.dataclass as OURS  # noqa: N812 - beside the standard library's
from convcost.network.dataclass import dataclass


def _plain(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True)
    class Value:
        """Positional arguments, defaults."""

        kind: ClassVar[str] = "value"
        a: int
        b: str = "x"
        c: tuple[int, ...] = ()

    return Value


def _without_slots(lib: Any) -> type:
    @lib.dataclass(frozen=True)
    class Value:
        """No slots."""

        a: int
        b: str = "x"

    return Value


def _keywords(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True, kw_only=True)
    class Value:
        """Keywords in any order."""

        b: str = "x"
        a: int

    return Value


def _one(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True)
    class Value:
        """One field, whose hash is that of a tuple of one."""

        a: int

    return Value


def _fields(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True)
    class Value:
        """A field of every kind."""

        a: int
        unseen: int = lib.field(default=3, repr=False)
        unlike: int = lib.field(default=4, compare=False)
        made: list[int] = lib.field(default_factory=list, compare=False)
        double: int = lib.field(init=False, compare=False)
        fixed: int = lib.field(init=False, default=7)
        found: dict[str, int] = lib.field(init=False, default_factory=dict, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", 2 * self.a)

    return Value


def _by_identity(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True, eq=False)
    class Value:
        """Compared by identity."""

        a: int

    return Value


def _own_methods(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True)
    class Value:
        """What a class defines itself stays."""

        a: int
        b: int = 0

        def __repr__(self) -> str:
            return f"<{self.a}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Value) and self.a == other.a

        def __hash__(self) -> int:
            return -self.a

    return Value


def _own_comparison(lib: Any) -> type:
    @lib.dataclass(frozen=True, slots=True)
    class Value:  # noqa: PLW1641
        """Its own comparison alone: the hash is still that of the fields."""

        a: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Value) and self.a == other.a

    return Value


def _changing(lib: Any) -> type:
    @lib.dataclass(slots=True)
    class Value:
        """It may change: it has no hash."""

        a: int
        b: list[int] = lib.field(default_factory=list)

    return Value


def _changing_by_identity(lib: Any) -> type:
    @lib.dataclass(eq=False)
    class Value:
        """It may change, and is compared by identity."""

        a: int
        b: int = 0

    return Value


FROZEN = (_plain, _without_slots, _keywords, _one, _fields, _by_identity, _own_methods,
          _own_comparison)  # fmt: skip
SHAPES = (*FROZEN, _changing, _changing_by_identity)


@pytest.mark.parametrize("shape", SHAPES)
def test_values_are_those_of_the_standard_library(shape: Any) -> None:
    ours, theirs = shape(OURS), shape(dataclasses)
    x, y = ours(a=5), theirs(a=5)
    assert repr(x) == repr(y)
    assert dataclasses.asdict(x) == dataclasses.asdict(y)
    assert [f.name for f in dataclasses.fields(ours)] == [f.name for f in dataclasses.fields(y)]
    assert ours.__match_args__ == theirs.__match_args__
    assert (x == ours(a=5), x == ours(a=6), x == y) == (y == theirs(a=5), y == theirs(a=6), False)
    assert x.__eq__(5) is y.__eq__(5) or x.__eq__(5) == y.__eq__(5)
    if shape in {_by_identity, _changing_by_identity}:
        assert hash(x) == object.__hash__(x)
    elif shape is _changing:
        for value in (x, y):
            with pytest.raises(TypeError, match="unhashable"):
                hash(value)
    else:
        assert hash(x) == hash(y)
    assert repr(dataclasses.replace(x, a=8)) == repr(dataclasses.replace(y, a=8))
    assert hasattr(x, "__dict__") == hasattr(y, "__dict__")


@pytest.mark.parametrize("shape", SHAPES)
def test_arguments_are_those_of_the_standard_library(shape: Any) -> None:
    ours, theirs = shape(OURS), shape(dataclasses)
    names = [
        [(p.name, p.kind) for p in inspect.signature(kind).parameters.values()]
        for kind in (ours, theirs)
    ]
    assert names[0] == names[1]
    for arguments, keywords in (((), {}), ((1, 2, 3, 4, 5, 6, 7, 8), {}), ((), {"a": 1, "z": 2})):
        messages = []
        for kind in (ours, theirs):
            with pytest.raises(TypeError) as raised:
                kind(*arguments, **keywords)
            messages.append(str(raised.value))
        assert messages[0] == messages[1]


@pytest.mark.parametrize("shape", FROZEN)
def test_values_do_not_change(shape: Any) -> None:
    for kind in (shape(OURS), shape(dataclasses)):
        value = kind(a=5)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'a'"):
            value.a = 6
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'a'"):
            del value.a
        assert value.a == 5


def test_a_list_that_is_made_is_not_shared() -> None:
    kind: Any = _fields(OURS)
    first, second = kind(1), kind(2)
    first.made.append(1)
    assert (first.made, second.made, first.double, second.fixed) == ([1], [], 2, 7)


@dataclass(frozen=True, slots=True)
class Sent:
    """At the level of the module, so that it can be pickled."""

    a: int
    b: tuple[int, ...] = ()


def test_values_can_be_sent_and_copied() -> None:
    value = Sent(1, (2, 3))
    for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):  # noqa: S301 - our own bytes
        assert again == value
        assert type(again) is Sent


def test_super_finds_the_base_of_the_class_with_slots() -> None:
    class Base:
        __slots__ = ()

        def doubled(self, number: int) -> int:
            return 2 * number

        @property
        def name(self) -> str:
            return "base"

        @classmethod
        def made(cls) -> str:
            return cls.__name__

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        """Overrides three kinds of methods."""

        a: int

        def doubled(self, number: int) -> int:
            return super().doubled(number) + self.a

        @property
        def name(self) -> str:
            return super().name + "!"

        @classmethod
        def made(cls) -> str:
            return super().made()

    assert (Derived(1).doubled(3), Derived(1).name, Derived.made()) == (7, "base!", "Derived")


def test_a_value_within_itself_can_be_shown() -> None:
    inner: list[object] = []
    value = Sent(1, inner)  # type: ignore[arg-type]
    inner.append(value)
    assert repr(value) == "Sent(a=1, b=[...])"


def test_what_is_not_frozen_may_change() -> None:
    for kind in (_changing(OURS), _changing(dataclasses)):
        value: Any = kind(1)
        value.a += 1
        value.b.append(3)
        assert value == kind(2, [3])
        del value.a
        assert not hasattr(value, "a")


def test_the_standard_library_knows_the_classes() -> None:
    assert dataclasses.is_dataclass(Sent)
    assert dataclasses.is_dataclass(Sent(1))
    for ours, theirs in zip(
        dataclasses.fields(_fields(OURS)), dataclasses.fields(_fields(dataclasses)), strict=True
    ):
        for what in ("name", "type", "default", "default_factory", "init", "repr", "compare",
                     "hash", "kw_only"):  # fmt: skip
            assert getattr(ours, what) == getattr(theirs, what) or ours.name == "made"


def test_fields_are_found_without_the_standard_library() -> None:
    def named(kind: Any) -> list[tuple[Any, ...]]:
        return [(f.name, f.type, f.init, f.kw_only) for f in OURS.fields(kind)]

    for shape in SHAPES:
        assert named(shape(OURS)) == named(shape(dataclasses))
        assert OURS.is_dataclass(shape(OURS))
        assert OURS.is_dataclass(shape(dataclasses))
    assert not OURS.is_dataclass(int)
    theirs: Any = _plain(dataclasses)
    assert OURS.replace(theirs(1), a=2) == theirs(2)


def _shared(lib: Any) -> None:
    @lib.dataclass()
    class Value:
        """A default that could be changed."""

        a: list[int] = []  # noqa: RUF012 - it is refused


def _after_a_default(lib: Any) -> None:
    @lib.dataclass()
    class Value:
        """Arguments in an order that Python does not have."""

        a: int = 0
        b: int


@pytest.mark.parametrize(("shape", "error"), [(_shared, ValueError), (_after_a_default, TypeError)])
def test_what_the_standard_library_refuses_is_refused(shape: Any, error: Any) -> None:
    for lib in (OURS, dataclasses):
        with pytest.raises(error):
            shape(lib)


def test_what_is_left_out_is_refused() -> None:
    with pytest.raises(TypeError, match="extends another dataclass"):

        @dataclass(frozen=True)
        class Derived(Sent):
            """It extends one."""

    with pytest.raises(TypeError, match="field of another kind"):

        @dataclass(frozen=True)
        class Mixed:
            """A field of the standard library's."""

            a: int = dataclasses.field(default=1)
