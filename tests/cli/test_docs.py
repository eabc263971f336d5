"""Command lines in the documentation: the program takes them, and prints what is shown."""

from __future__ import annotations

import re
import shlex
from shutil import copytree
from typing import TYPE_CHECKING

import click
import pytest

from convcost.cli.main import group
from support.docs import LEFT_OUT, PAGES, README, Command, blocks, commands, pattern
from support.files import ROOT, loaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

#: Verbs and options whose answer is what this machine did just now.
MEASURING = {"calibrate", "history", "measure", "serve", "--measure", "--refine", "--verify"}
#: Verbs whose answer is about this machine where no other one is named.
TIMING = {"compare", "explain", "predict", "report", "rewrite", "sweep"}
#: The page of the commands, as it stands on the site.
REFERENCE: str = loaded(ROOT / "docs" / "generator" / "commands.py")["on_page_markdown"](
    "<!-- commands -->"
)
#: Pages whose tables are cut by hand.
CUT = ("docs/rewriting.md",)
BLOCKS = [block for page in PAGES for block in blocks(page)]
COMMANDS = [command for block in BLOCKS for command in commands(block)]


def arguments(command: Command) -> dict[str, object]:
    """What the program takes a command line for."""
    with group.make_context("convcost", list(command.words)) as over:
        _, found, rest = group.resolve_command(over, list(command.words))
        assert found is not None
        with found.make_context(command.words[0], rest, parent=over) as context:
            return context.params


def repeatable(command: Command) -> bool:
    """Whether the answer is the same everywhere: not measured, and of a source that is there."""
    words = set(command.words)
    here = command.words[0] in TIMING and "--device" not in words
    if here or words & MEASURING or command.place.startswith(CUT):
        return False
    sources = arguments(command).get("sources") or ()
    assert isinstance(sources, tuple)
    return all(each.startswith(("zoo:", "examples/")) for each in sources)


SHOWN = [command for command in COMMANDS if command.output and repeatable(command)]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_program_takes_the_command(command: Command) -> None:
    try:
        arguments(command)
    except click.UsageError as error:
        pytest.fail(f"{command.place}: {error.format_message()}")


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_the_program_prints_what_is_shown(
    command: Command,
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copytree(ROOT / "examples", tmp_path / "examples")
    for block in BLOCKS:
        if block.title:
            (tmp_path / block.title).write_text("\n".join(block.lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = run(*command.words)
    assert result.exit_code == 0, result.stderr
    shown = command.output
    if command.place.startswith(README.name):  # it shows the answer, and some of the rest
        shown = shown.partition("\n\n")[0] + f"\n{LEFT_OUT}"
    if not pattern(shown).fullmatch(result.stdout.strip()):
        assert result.stdout.strip() == shown, command.place


def test_the_reference_has_every_command_and_option_with_an_example() -> None:
    sections = dict(re.findall(r"\n## (\w+)\n(.+?)(?=\n## |\Z)", REFERENCE, re.DOTALL))
    with group.make_context("convcost", [], resilient_parsing=True) as over:
        for name in group.list_commands(over):
            command = group.get_command(over, name)
            assert command is not None
            for option in command.params:
                if isinstance(option, click.Option):
                    (found,) = re.findall(
                        rf"^`.*{option.opts[-1]}\b(?!-).*`\n:   .+\n\n    `convcost (.+)`$",
                        sections[name],
                        re.MULTILINE,
                    )
                    assert not set(option.opts).isdisjoint(shlex.split(found))


def test_the_program_takes_the_examples_of_the_reference() -> None:
    for line in sorted(set(re.findall(r"^ *`?(convcost [^`\n\[]+)`?$", REFERENCE, re.MULTILINE))):
        arguments(Command(line, tuple(shlex.split(line.partition(" <")[0])[1:]), ""))


def test_the_tutorial_shows_real_answers() -> None:
    """Otherwise all of it might be passed over."""
    pages = [command.place.split(":")[0] for command in SHOWN]
    assert pages.count("docs/tutorial.md") >= 7
    for page in ("counting", "training", "conventions", "memory", "sweeping"):
        assert f"docs/{page}.md" in pages


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a  b\nc", "a  b\nc", True),
        ("a  b\nc", "a b\nc", False),
        ("a\nb", "a b", True),
        ("a\n  b", "a b", True),
        ("a\n  b", "a\n  b", True),
        ("a\n\nb", "a\n\nb", True),
        ("a\n\nb", "a\nb", False),
        ("a ...\nb", "a and more\nb", True),
        ("a\n...\nd", "a\nb\n\nc\nd", True),
        ("...\nd", "a\nb\nd", True),
        ("a\n...", "a\nb", True),
        ("a", "a\nb", False),
        ("1.5x", "125x", False),
    ],
)
def test_what_counts_as_the_same(shown: str, printed: str, *, same: bool) -> None:
    assert bool(pattern(shown).fullmatch(printed)) is same
