"""The renderers: every module of `renderers` registers its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from convcost import folder
from convcost.errors import UsageError, unknown_name
from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.report.document import Report


@dataclass(frozen=True, slots=True)
class Surface:
    """Where a report is printed.

    Attributes:
        width: columns of a terminal; None where lines may have any length.
        colour: whether colour is wanted.
    """

    width: int | None = None
    colour: bool = False


Function: TypeAlias = "Callable[[Report, Surface], str]"


@dataclass(frozen=True, slots=True)
class Renderer:
    """One way to print a report.

    Attributes:
        formats: names that a user types.
        function: prints.
        suffix: of a file that gets this format unless the user says otherwise.
        terminal: made for a surface with a width, and preferred there.
        timed: prints the trace of a report, which not every result has.
    """

    formats: tuple[str, ...]
    function: Function
    suffix: str = ""
    terminal: bool = False
    timed: bool = False


_REGISTERED: list[Renderer] = []


def renderer(
    *formats: str, suffix: str = "", terminal: bool = False, timed: bool = False
) -> Callable[[Function], Function]:
    """Register the decorated function."""

    def register(function: Function) -> Function:
        _REGISTERED.append(Renderer(formats, function, suffix, terminal, timed))
        return function

    return register


@cache
def registered() -> tuple[Renderer, ...]:
    """All renderers; their modules are light, what is heavy is imported when they print."""
    folder.modules("convcost.report.renderers")
    return tuple(_REGISTERED)


def formats(*, timed: bool = True) -> tuple[str, ...]:
    """Names of all formats; without `timed`, of those that every result has.

    >>> formats()
    ('csv', 'json', 'markdown', 'md', 'table', 'trace')
    """
    fitting = (each for each in registered() if timed or not each.timed)
    return tuple(sorted({name for each in fitting for name in each.formats}))


def check(format_: str, *, timed: bool) -> None:
    """Refuse a format that a result does not have.

    Args:
        format_: its name.
        timed: whether the result has a trace.

    Raises:
        UsageError: there is no such format, or it shows what the result does not have.
    """
    if format_ not in formats():
        raise unknown_name("format", format_, formats(timed=timed))
    if format_ not in formats(timed=timed):
        raise UsageError(
            f"the format '{format_}' shows steps in time, and this result has none",
            hint=f"its formats are {', '.join(formats(timed=False))}; predictions and "
            f"measurements have '{format_}' too",
        )


def format_of_suffix(suffix: str) -> str | None:
    """The format of a file with that suffix; None where no renderer claims it.

    >>> format_of_suffix(".csv"), format_of_suffix(".txt")
    ('csv', None)
    """
    suffixes: Mapping[str, str] = {r.suffix: r.formats[0] for r in registered() if r.suffix}
    return suffixes.get(suffix.lower())


def render(report: Report, format_: str, surface: Surface | None = None) -> str:
    """A report as text.

    Raises:
        UsageError: there is no such format, or the result does not have it.
    """
    check(format_, timed=report.trace is not None)
    surface = surface or Surface()
    fitting = [each for each in registered() if format_ in each.formats]
    on_terminal = surface.width is not None
    best = max(fitting, key=lambda each: each.terminal == on_terminal)
    return best.function(report, surface)
