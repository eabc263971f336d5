"""What is wrong with a value, and where it stands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 60


class Misfit(Exception):  # noqa: N818 - it always becomes a SourceError
    """A value that does not fit its place; callers put the steps of the path in front.

    Attributes:
        message: what is wrong.
        path: steps from the value outwards.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str | int] = []

    def at(self, step: str | int) -> Misfit:
        """The same, one step further out."""
        self.path.append(step)
        return self

    def __str__(self) -> str:
        steps = (f"[{s}]" if isinstance(s, int) else f".{s}" for s in reversed(self.path))
        return f"{''.join(steps).lstrip('.')}: {self.message}"


def expected(what: str, value: object) -> Misfit:
    """A misfit that shows the value.

    >>> print(expected("a size", 0.5).at("filters").at("op").at(3).at("layers"))
    layers[3].op.filters: expected a size, got 0.5
    """
    return Misfit(f"expected {what}, got {_shown(value)}")


def _shown(value: object) -> str:
    """A value of JSON, at bounded length and cost."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return "a number far above every limit"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]!r}..."
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return repr(value)


@contextmanager
def step(*steps: str | int) -> Iterator[None]:
    """Say in a misfit where it is, the outermost step first; other errors become misfits."""
    try:
        yield
    except (Misfit, ConvcostError) as error:
        misfit = error if isinstance(error, Misfit) else Misfit(error.message)
        misfit.path.extend(reversed(steps))
        raise misfit from None
