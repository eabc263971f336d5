"""Figures as views show them: exact sizes, sizes per layer, ranges. Rounding is done by `units`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from convcost.report.document import Column
from convcost.units import format_bytes, format_count, format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from convcost.network.dims import Dim

#: In place of a figure that is not known: never a zero.
NOT_KNOWN = "?"

#: What sums and times are where a layer is missing from them.
LOWER_BOUNDS = (
    "not every layer's cost is known: figures and times are lower bounds (`convcost count` names "
    "the layers)"
)

#: The figures of a cost in tables of records, as `convcost.count.rows.cost_to_dict` names them.
COST_KEYS = ("macs", "elementwise", "flops", "read_bytes", "write_bytes", "weight_bytes")


def exact(size: Dim) -> str:
    """Every digit of an integer; a formula as it is.

    >>> exact(138_357_544)
    '138,357,544'
    """
    return f"{size:,}" if isinstance(size, int) else str(size)


def bounded(figure: Dim | None, show: Callable[[Dim], str], *, whole: bool) -> object:
    """A sum for a cell: as it is, or in words where it is a lower bound, or not known at all.

    >>> bounded(1_000, exact, whole=True), bounded(1_000, exact, whole=False)
    (1000, 'at least 1,000')
    """
    if figure is None:
        return NOT_KNOWN
    return figure if whole else f"at least {show(figure)}"


def signed(size: int) -> str:
    """Every digit, and the sign.

    >>> signed(65_536), signed(-884_736), signed(0)
    ('+65,536', '-884,736', '0')
    """
    return f"{size:+,}" if size else "0"


def signed_seconds(change: float) -> str:
    """A change of a time.

    >>> signed_seconds(0.0012), signed_seconds(-2.0), signed_seconds(0.0)
    ('+1.20 ms', '-2.00 s', '0 s')
    """
    return f"{'+' if change > 0 else ''}{format_seconds(change)}"


def signed_percent(share: float) -> str:
    """A change as a share of one.

    >>> signed_percent(-0.25), signed_percent(1.5), signed_percent(0.0)
    ('-25 %', '+150 %', '0 %')
    """
    return f"{'+' if share > 0 else ''}{format_percent(share)}"


def rounded(size: Dim, unit: str = "") -> str:
    """Three digits of an integer; a formula as it is."""
    return format_count(size, unit) if isinstance(size, int) else f"{size} {unit}".rstrip()


def size_in_bytes(size: Dim) -> str:
    """Bytes with a prefix; a formula as it is."""
    return format_bytes(size) if isinstance(size, int) else f"{size} B"


def shape(sizes: Iterable[Dim]) -> str:
    """A shape in the source's axis order.

    >>> shape((3, 224, 224))
    '(3, 224, 224)'
    """
    return f"({', '.join(map(str, sizes))})"


class Range(Protocol):
    """An estimate, or an interval; an end is None where it is not known."""

    @property
    def low(self) -> float | None:
        """The lower end."""
        ...

    @property
    def high(self) -> float | None:
        """The upper end."""
        ...


def band(found: Range | None, show: Callable[[float], str] = format_seconds) -> str:
    """The range of an estimate or of an interval; empty where there is none.

    >>> from convcost.predict import Estimate
    >>> band(Estimate(2.0, 1.0, 4.0)), band(Estimate(2.0, 1.0, 4.0), "{:g}x".format), band(None)
    ('1.00 s to 4.00 s', '1x to 4x', '')
    """
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{show(found.low)} to {show(found.high)}"


def plural(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> plural(1, "layer"), plural(3, "layer")
    ('1 layer', '3 layers')
    """
    return f"{exact(number)} {one if number == 1 else many or one + 's'}"


def text_column(key: str, title: str, *, rank: int = 0) -> Column:
    """A column of text."""
    return Column(key=key, title=title, rank=rank)


def prose_column(key: str, title: str) -> Column:
    """A column of sentences."""
    return Column(key=key, title=title, prose=True)


def number_column(key: str, title: str, show: Callable[[Any], str], *, rank: int = 0) -> Column:
    """A column of numbers."""
    return Column(key=key, title=title, show=show, align="right", rank=rank)


def share_column(title: str = "share", *, rank: int) -> Column:
    """Shares of one as percentages."""
    return number_column("share", title, format_percent, rank=rank)


def bar_column(*, rank: int) -> Column:
    """The same shares as bars."""
    return Column(key="bar", title="", bar=True, rank=rank)
