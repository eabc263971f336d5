"""How a network enters the zoo: a decorated function whose annotated arguments are its settings.

    @network("tiny", title="a tiny network", source="where it is described")
    def tiny(*, filters: Annotated[int, About("of the convolution", 1, 512)] = 8) -> Network:
        ...

The types understood are ``bool``, ``int``, ``int | None`` (None: left symbolic), tuples of a fixed
number of ``int`` and ``Literal`` of strings. They are read at run time, so a family's module does
without ``from __future__ import annotations``.
"""

from __future__ import annotations

import inspect
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin

from convcost.errors import NetworkError, UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class About:
    """What a setting's annotation adds to its type.

    Attributes:
        text: what the setting means.
        low: the smallest number allowed.
        high: the largest one.
    """

    text: str
    low: int = 1
    high: int = 65_536


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a network in the zoo.

    Attributes:
        name: as in ``network?name=value``.
        type: of its values.
        default: its value where none is given.
        about: its meaning and bounds.
    """

    name: str
    type: Any
    default: object
    about: About

    @property
    def expected(self) -> str:
        """The values allowed, for people."""
        if self.type is bool:
            return "true or false"
        if get_origin(self.type) is Literal:
            return " or ".join(get_args(self.type))
        bounds = f"from {self.about.low} to {self.about.high}"
        if get_origin(self.type) is tuple:
            return f"{len(get_args(self.type))} comma-separated integers {bounds}, or one for all"
        return f"an integer {bounds}"

    def value(self, given: object) -> object:
        """The value that a query's text or a Python value stands for.

        Raises:
            UsageError: it is not one of the values allowed.
        """
        try:
            return self._converted(given)
        except (KeyError, TypeError, ValueError):
            shown = str(given)
            shown = shown if len(shown) <= 40 else shown[:40] + "..."
            raise UsageError(f"{self.name}={shown}: expected {self.expected}") from None

    def _converted(self, given: object) -> object:
        if self.type is bool:
            return _TRUTHS[str(given).lower()]
        if get_origin(self.type) is Literal:
            return {choice: choice for choice in get_args(self.type)}[cast("str", given)]
        if get_origin(self.type) is tuple:
            return self._numbers(given, len(get_args(self.type)))
        if given is None and type(None) in get_args(self.type):
            return None
        return self._number(given)

    def _number(self, given: object) -> int:
        if isinstance(given, bool):
            raise TypeError(given)
        number = int(given) if isinstance(given, str) else operator.index(cast("int", given))
        if not self.about.low <= number <= self.about.high:
            raise ValueError(given)
        return number

    def _numbers(self, given: object, length: int) -> tuple[int, ...]:
        parts = given.split(",") if isinstance(given, str) else given
        parts = list(parts) if isinstance(parts, (tuple, list)) else [parts]
        parts = parts * length if len(parts) == 1 else parts
        if len(parts) != length:
            raise ValueError(given)
        return tuple(self._number(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A published top-1 accuracy: percent, on which data, and who says so."""

    percent: float
    data: str
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One network of the zoo.

    Attributes:
        name: in ``zoo:name``.
        title: what it is, one line.
        source: where it is described.
        settings: what can be varied.
        function: builds it.
        top1: its published accuracy with the default settings, where known.
    """

    name: str
    title: str
    source: str
    settings: tuple[Setting, ...]
    function: Callable[..., Network]
    top1: Accuracy | None = None

    def build(self, given: Mapping[str, object]) -> Network:
        """The network, named with the settings that are not the defaults.

        Raises:
            UsageError: a setting is unknown, its value is not allowed, or the values do not fit
                together.
        """
        settings = {setting.name: setting for setting in self.settings}
        values = {}
        for name, value in given.items():
            if name not in settings:
                if not settings:
                    raise UsageError(f"{self.name} has no parameters, '{name}' was given")
                raise unknown_name(f"parameter of {self.name}", name, settings)
            values[name] = settings[name].value(value)
        changed = {n: v for n, v in values.items() if v != settings[n].default}
        query = "&".join(f"{n}={_text(changed[n])}" for n in settings if n in changed)
        name = f"{self.name}?{query}" if query else self.name
        try:
            return replace(self.function(**values), name=name)
        except NetworkError as error:
            raise UsageError(f"{name} cannot be built: {error.message}", hint=error.hint) from None


ENTRIES: dict[str, Entry] = {}


def network(
    name: str, *, title: str, source: str, top1: Accuracy | None = None
) -> Callable[[Callable[..., Network]], Callable[..., Network]]:
    """Register the decorated function as a network of the zoo.

    The module's own name must be one of `families` of the name, so that only the family asked for
    has to be imported.
    """

    def register(function: Callable[..., Network]) -> Callable[..., Network]:
        family = function.__module__.rpartition(".")[2]
        if family not in families(name) or name in ENTRIES:
            raise ValueError(f"'{name}' is taken, or does not belong into zoo/{family}.py")
        arguments = inspect.signature(function).parameters.values()
        settings = tuple(
            Setting(a.name, get_args(a.annotation)[0], a.default, get_args(a.annotation)[1])
            for a in arguments
        )
        ENTRIES[name] = Entry(name, title, source, settings, function, top1)
        return function

    return register


def families(name: str) -> tuple[str, str]:
    """The modules that may hold a network: its name up to the hyphen, with and without number.

    >>> families("resnet50-keras")
    ('resnet50', 'resnet')
    """
    stem = name.partition("-")[0]
    return stem, stem.rstrip("0123456789")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
