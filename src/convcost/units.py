"""The only place that formats or parses quantities for people.

Counts, bytes and FLOP use decimal prefixes (1 MB = 10^6 bytes); exact integers are printed with
thousands separators where a table has room for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SECONDS = ((60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
#: microseconds are read with the micro sign and with the Greek letter that looks like it
_SECONDS_PER = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SECONDS_PER |= {"\u00b5s": 1e-6, "\u03bcs": 1e-6}


def format_count(value: float, unit: str = "") -> str:
    """Three significant digits with a decimal prefix; below ten thousand the number itself.

    >>> format_count(1_410_027), format_count(512), format_count(15_470_264_320, "MAC")
    ('1.41 M', '512', '15.5 GMAC')
    """
    for scale, prefix in _PREFIXES:
        # 999,999 rounds to 1.00 M, not to 1000 k
        if abs(value) >= (1e4 if scale == 1e3 else 0.9995 * scale):
            return f"{_three_digits(value / scale)} {prefix}{unit}"
    return f"{_plain(value)} {unit}".rstrip()


def format_bytes(value: float) -> str:
    """Bytes with a decimal prefix.

    >>> format_bytes(4_194_304), format_bytes(896)
    ('4.19 MB', '896 B')
    """
    return format_count(value, "B")


def parse_bytes(text: str) -> int:
    """Read a size such as ``8GB`` (10^9), ``8GiB`` (2^30), ``512 MB`` or ``1000000`` (bytes).

    Raises:
        UsageError: it is no size above zero.

    >>> parse_bytes("8GB"), parse_bytes("1.5 GiB"), parse_bytes("4096")
    (8000000000, 1610612736, 4096)
    """
    match = re.fullmatch(
        r"\s*([0-9]{1,18})(?:\.([0-9]{1,9}))?\s*(?:([kmgt])(i?))?b?\s*", text.lower()
    )
    if match is None:
        raise UsageError(f"'{text}' is not a size", hint="write it as 8GB, 8GiB, 512MB or in bytes")
    whole, part, prefix, binary = match.groups()
    scale = int((1024 if binary else 1000) ** " kmgt".index(prefix or " "))
    bytes_ = int(whole + (part or "")) * scale // int("1" + "0" * len(part or ""))
    if bytes_ < 1:
        raise UsageError(f"'{text}' is no size above zero", hint="write it as 8GB, 8GiB or 512MB")
    return bytes_


def format_seconds(value: float) -> str:
    """A duration with three significant digits.

    >>> format_seconds(4.6), format_seconds(0.000482), format_seconds(340), format_seconds(0)
    ('4.60 s', '482 µs', '5.67 min', '0 s')
    """
    if value == 0:
        return "0 s"
    for scale, unit in _SECONDS:
        # three digits of seconds read better than a fraction of two minutes
        if abs(value) >= (120.0 if unit == "min" else 0.9995 * scale):
            return f"{_three_digits(value / scale)} {unit}"
    return f"{value:.3g} s"


def format_ratio(value: float) -> str:
    """A ratio with enough digits to compare.

    >>> format_ratio(16.306), format_ratio(0.1657), format_ratio(1.0)
    ('16.3x', '0.166x', '1.00x')
    """
    return f"{_three_digits(value)}x"


def format_percent(share: float) -> str:
    """A share of one as a percentage.

    >>> format_percent(0.6143), format_percent(-0.0143), format_percent(0.0001)
    ('61 %', '-1.4 %', '<0.1 %')
    """
    percent, sign = 100 * abs(share), "-" if share < 0 else ""
    if 0 < percent < 0.1:
        return f"{sign}<0.1 %"
    return f"{sign}{percent:.{0 if percent >= 9.95 or percent == 0 else 1}f} %"


def format_names(names: Sequence[str], most: int = 3) -> str:
    """The names, or the first one and how many more there are.

    >>> format_names(["conv1", "conv2"]), format_names(["conv1", "conv2"], most=1)
    ('conv1, conv2', 'conv1 and 1 more')
    """
    return ", ".join(names) if len(names) <= most else f"{names[0]} and {len(names) - 1} more"


def parse_seconds(text: str) -> float:
    """Read a duration such as ``4.6s``, ``340 s``, ``12ms``, ``5min`` or ``4.6`` (seconds).

    Raises:
        UsageError: it is no duration above zero, or has more than nine digits in a row.

    >>> parse_seconds("4.6s"), parse_seconds("12 ms"), parse_seconds("1.5min")
    (4.6, 0.012, 90.0)
    """
    number = r"([0-9]{1,9}(?:[.,][0-9]{1,9})?|\.[0-9]{1,9})"
    match = re.fullmatch(rf"\s*{number}\s*([a-z\u00b5\u03bc]*)\s*", text)
    factor = _SECONDS_PER.get(match[2] or "s") if match else None
    if match is None or factor is None or float(match[1].replace(",", ".")) == 0:
        raise UsageError(
            f"'{text}' is not a duration above zero", hint="write it as 4.6s, 340s, 12ms or 5min"
        )
    return float(match[1].replace(",", ".")) * factor


def parse_times(text: str) -> tuple[float, ...]:
    """Read durations with commas between them, such as ``4.6s,2.3s``.

    Raises:
        UsageError: one is no duration, or only some have a unit, as in ``4,6s``.

    >>> parse_times("4.6s, 340 ms"), parse_times("16,340,28")
    ((4.6, 0.34), (16.0, 340.0, 28.0))
    """
    parts = text.split(",")
    bare = [part for part in parts if part.strip()[-1:].isdigit()]
    if bare and len(bare) < len(parts):
        raise UsageError(
            f"'{bare[0].strip()}' in '{text}' has no unit, others have one",
            hint="give every time its unit, and write decimals with a point: 4.6s,2.3s",
        )
    return tuple(parse_seconds(part) for part in parts)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them; ``1..256`` doubles from the first to the last.

    Raises:
        UsageError: one is no whole number above zero, or a range has no end.

    >>> parse_sizes("1,8,32"), parse_sizes("1..8, 12"), parse_sizes("3..10")
    ((1, 8, 32), (1, 2, 4, 8, 12), (3, 6, 10))
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([1-9]\d{0,8})(?:\.\.([1-9]\d{0,8}))?\s*", part)
        if match is None or (match[2] and int(match[2]) < int(match[1])):
            raise UsageError(
                f"'{part.strip()}' in '{text}' is neither a whole number above zero nor a range",
                hint="write 1,8,32, or 1..256 for 1, 2, 4 ... 256",
            )
        size = int(match[1])
        last = int(match[2] or size)
        while size < last:
            found.append(size)
            size *= 2
        found.append(last)
    return tuple(found)


def _three_digits(value: float) -> str:
    magnitude = abs(value)
    if magnitude >= 1e6:
        return f"{value:.3g}"
    if magnitude >= 99.95:
        return f"{value:.0f}"
    if magnitude >= 9.995:
        return f"{value:.1f}"
    if magnitude >= 0.9995:
        return f"{value:.2f}"
    return f"{value:.3g}"


def _plain(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else _three_digits(value)
