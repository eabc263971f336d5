"""Text of a source is shown, never interpreted."""

import pytest

from convcost.report.text import ascii_bar, bar, cells, padded, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv2d_1", "conv2d_1"),
        ("卷积 é", "卷积 é"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\u2028b\u200bc", "a\\u2028b\\u200bc"),
        ("\x9b31m\x00\x7f", "\\x9b31m\\x00\\x7f"),
        ("\udc80", "\\udc80"),
        ("[red]bold[/red]", "[red]bold[/red]"),
    ],
)
def test_everything_that_a_terminal_obeys_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(text).isprintable()


def test_wide_characters_take_two_cells() -> None:
    assert cells("卷积") == 4
    assert cells("e\u0301") == 1
    assert padded("卷积", 6, "right") == "  卷积"
    assert padded("ab", 4, "left") == "ab  "


def test_bars_stay_within_their_length() -> None:
    shares = (0.0, 0.001, 0.55, 1.0, 1.7)
    assert [bar(share) for share in shares] == ["", "▏", "█████▌", "█" * 10, "█" * 10]
    assert [ascii_bar(share) for share in shares] == ["", "", "######", "#" * 10, "#" * 10]
