"""The renderers: every module of `renderers` registers its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

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


Function: TypeAlias = "Callable[[Report, Surface], str | bytes]"
F = TypeVar("F", bound=Function)


def _nothing() -> None:
    """What most renderers need."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """One way to print a report.

    Attributes:
        formats: names that a user types.
        function: prints.
        suffix: of a file that gets this format unless the user says otherwise.
        terminal: made for a surface with a width, and preferred there.
        timed: prints the trace of a report, which not every result has.
        drawn: prints a chart of a report, likewise.
        binary: gives bytes, which no terminal shows.
        needs: raises MissingFramework where what it prints with is not installed.
    """

    formats: tuple[str, ...]
    function: Function
    suffix: str = ""
    terminal: bool = False
    timed: bool = False
    drawn: bool = False
    binary: bool = False
    needs: Callable[[], object] = _nothing


_REGISTERED: list[Renderer] = []


def renderer(*formats: str, suffix: str = "", **about: Any) -> Callable[[F], F]:
    """Register the decorated function; `about` are attributes of its `Renderer`."""

    def register(function: F) -> F:
        _REGISTERED.append(Renderer(formats, function, suffix, **about))
        return function

    return register


@cache
def registered() -> tuple[Renderer, ...]:
    """All renderers; their modules are light, what is heavy is imported when they print."""
    folder.modules("convcost.report.renderers")
    return tuple(_REGISTERED)


def formats(*, timed: bool = True, drawn: bool = True) -> tuple[str, ...]:
    """Names of all formats; without `timed` and `drawn`, of those that every result has.

    >>> formats()
    ('csv', 'html', 'json', 'markdown', 'md', 'parquet', 'png', 'svg', 'table', 'trace')
    """
    fitting = (x for x in registered() if (timed or not x.timed) and (drawn or not x.drawn))
    return tuple(sorted({name for each in fitting for name in each.formats}))


def check(format_: str, *, timed: bool, drawn: bool = True) -> None:
    """Refuse a format that a result does not have, or that cannot be printed here.

    Args:
        format_: its name.
        timed: whether the result has a trace.
        drawn: whether it has charts.

    Raises:
        UsageError: there is no such format, or it shows what the result does not have.
        MissingFramework: what it is printed with is not installed.
    """
    if format_ not in formats():
        raise unknown_name("format", format_, formats(timed=timed, drawn=drawn))
    if format_ not in formats(timed=timed, drawn=drawn):
        shows = "steps in time" if format_ in formats(drawn=False) else "a chart"
        raise UsageError(
            f"the format '{format_}' shows {shows}, and this result has none",
            hint=f"its formats are {', '.join(formats(timed=timed, drawn=drawn))}; predictions and "
            f"measurements have '{format_}' too",
        )
    for each in _of(format_):
        each.needs()


def is_binary(format_: str) -> bool:
    """Whether a format is bytes and no text.

    >>> is_binary("parquet"), is_binary("json")
    (True, False)
    """
    return any(each.binary for each in _of(format_))


def _of(format_: str) -> list[Renderer]:
    """The renderers of a format: one, or another one for terminals as well."""
    return [each for each in registered() if format_ in each.formats]


def format_of_suffix(suffix: str) -> str | None:
    """The format of a file with that suffix; None where no renderer claims it.

    >>> format_of_suffix(".csv"), format_of_suffix(".txt")
    ('csv', None)
    """
    suffixes: Mapping[str, str] = {r.suffix: r.formats[0] for r in registered() if r.suffix}
    return suffixes.get(suffix.lower())


def suffixes(*, drawn: bool) -> tuple[str, ...]:
    """Suffixes of files that a result can be written to; without `drawn`, of one without charts.

    >>> suffixes(drawn=False)
    ('.csv', '.html', '.json', '.md', '.parquet')
    """
    fitting = (each for each in registered() if each.suffix and (drawn or not each.drawn))
    return tuple(sorted(each.suffix for each in fitting))


def render(report: Report, format_: str, surface: Surface | None = None) -> str | bytes:
    """A report as text, or as bytes where the format is binary.

    Raises:
        UsageError: there is no such format, or the result does not have it.
        MissingFramework: what it is printed with is not installed.
    """
    check(format_, timed=report.trace is not None, drawn=bool(report.document.charts))
    surface = surface or Surface()
    on_terminal = surface.width is not None
    best = max(_of(format_), key=lambda each: each.terminal == on_terminal)
    return best.function(report, surface)
