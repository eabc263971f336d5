"""What is imported before the first line: little."""

import subprocess
from collections.abc import Callable

import pytest

Start = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = {"rich", "numpy", "msgspec", "torch", "tensorflow", "keras", "jinja2"}


def imported(start: Start, *words: str) -> set[str]:
    """Top-level packages that a command imports, its output piped."""
    result = start(*words, python=("-X", "importtime"))
    assert result.returncode == 0, result.stderr
    names = (line.rpartition("|")[2].strip() for line in result.stderr.splitlines())
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("count", "-h")])
def test_help_is_light(start: Start, words: tuple[str, ...]) -> None:
    assert not HEAVY & imported(start, *words)


def test_help_of_the_group_reads_no_network(start: Start) -> None:
    result = start("--help", python=("-X", "importtime"))
    for package in ("convcost.network", "convcost.read", "convcost.count", "convcost.zoo"):
        assert package not in result.stderr


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown"])
def test_a_piped_count_is_light(start: Start, summary: str, format_: str) -> None:
    assert not HEAVY & imported(start, "count", summary, "--format", format_)
