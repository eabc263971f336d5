"""Quantities for people: rounding, prefixes, and reading them back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcost.errors import UsageError
from convcost.units import (
    format_bytes,
    format_count,
    format_percent,
    format_ratio,
    format_seconds,
    parse_seconds,
)

PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


def read_count(text: str) -> float:
    """The number that a formatted count stands for."""
    number, _, prefix = text.partition(" ")
    return float(number.replace(",", "")) * PREFIXES.get(prefix, 1)


@given(st.integers(-(10**18) + 10**15, 10**18 - 10**15))
def test_counts_keep_three_digits(value: int) -> None:
    text = format_count(value)
    if abs(value) < 10_000:
        assert text == f"{value:,}"
        return
    assert read_count(text) == pytest.approx(value, rel=5.01e-3)
    number, _, prefix = text.partition(" ")
    assert prefix in PREFIXES
    assert 1 <= abs(float(number)) < 1000  # 999,999 is 1.00 M, not 1000 k
    assert len(number.lstrip("-").replace(".", "")) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 MAC"),
        (9_999, "9,999 MAC"),
        (10_000, "10.0 kMAC"),
        (999_499, "999 kMAC"),
        (999_500, "1.00 MMAC"),
        (999_999_999, "1.00 GMAC"),
        (2**63, "9223 PMAC"),
        (-1_410_027, "-1.41 MMAC"),
    ],
)
def test_counts(value: int, text: str) -> None:
    assert format_count(value, "MAC") == text


def test_fractional_counts() -> None:
    assert [format_count(v) for v in (0.25, 3.14159, 1234.5)] == ["0.25", "3.14", "1234"]


def test_bytes() -> None:
    assert [format_bytes(v) for v in (0, 1, 10**6, 5_640_108)] == [
        "0 B", "1 B", "1.00 MB", "5.64 MB",
    ]  # fmt: skip


@given(st.floats(1e-9, 1e6))
def test_durations_can_be_read_back(value: float) -> None:
    assert parse_seconds(format_seconds(value)) == pytest.approx(value, rel=5.01e-3)


@given(st.floats(1e-9, 7e3))
def test_durations_have_three_digits(value: float) -> None:
    number, unit = format_seconds(value).split()
    scale = {"min": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assume(abs(value / scale - 999.5) > 1e-6)  # either side of a half is right
    assert len(number.replace(".", "")) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (3e-9, "3.00 ns"),
        (0.0009996, "1.00 ms"),
        (0.9999, "1.00 s"),
        (59.99, "60.0 s"),
        (119, "119 s"),
        (120, "2.00 min"),
        (5400, "90.0 min"),
    ],
)
def test_durations(value: float, text: str) -> None:
    assert format_seconds(value) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.6", 4.6),
        (" 4,6 s ", 4.6),
        (".5s", 0.5),
        ("340 s", 340),
        ("12ms", 0.012),
        ("3us", 3e-6),
        ("3 \u00b5s", 3e-6),
        ("3 \u03bcs", 3e-6),
        ("7ns", 7e-9),
        ("1.5min", 90),
        ("2m", 120),
        ("2h", 7200),
    ],
)
def test_reading_durations(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "s", "0", "0 s", "-1s", "1e3", "5 parsecs", "1 s 2", "nan", "9" * 400, "\u0664s"],
)
def test_what_is_not_a_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration above zero") as caught:
        parse_seconds(text)
    assert caught.value.hint


@given(st.floats(1e-3, 999))
def test_ratios_keep_three_digits(value: float) -> None:
    text = format_ratio(value)
    assert text.endswith("x")
    assert float(text[:-1]) == pytest.approx(value, rel=5.01e-3)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0005, "<0.1 %"),
        (0.001, "0.1 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (0.5, "50 %"),
        (1, "100 %"),
        (-0.0003, "-<0.1 %"),
        (-0.0143, "-1.4 %"),
        (-0.6143, "-61 %"),
    ],
)
def test_percentages(share: float, text: str) -> None:
    assert format_percent(share) == text
