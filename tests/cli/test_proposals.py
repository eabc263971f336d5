"""The last line: a command that asks about the same as the one that was answered."""

import shlex
from collections.abc import Callable, Sequence

import click
import pytest
from click.testing import Result

from convcost.cli.main import group
from convcost.cli.support.command import Command
from convcost.cli.support.sources import proposal

Run = Callable[..., Result]

FAST = ("--device", "laptop-cpu")
#: Parameters of how a result is shown.
SHOWN = {"path", "force", "format_", "as_json", "chart", "verbose"}
#: Values of options that are not plain texts.
VALUES = {"--dim": "x=3", "--choose": "x=3", "--input": "3,8,8"}


def command(name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def options(name: str) -> dict[str, click.Option]:
    return {p.opts[0]: p for p in command(name).params if isinstance(p, click.Option)}


VERBS = [
    name
    for name in group.list_commands(click.Context(group))
    if isinstance(found := command(name), Command) and found.sources
]


def words_of(name: str, option: click.Option) -> list[str]:
    """An option as it may be typed; twice where that makes a difference."""
    if option.is_flag:
        return [name]
    value = VALUES.get(name, "x")
    if isinstance(option.type, click.IntRange):
        value = "3"
    if isinstance(option.type, click.Choice):
        value = next(x for x in option.type.choices if x != option.default)
    return [name, value] * (2 if option.multiple else 1)


def taken(words: Sequence[str], names: set[str]) -> dict[str, object]:
    """What a command line gives its command of some parameters."""
    with group.make_context("convcost", list(words)) as over:
        _, found, rest = group.resolve_command(over, list(words))
        assert found is not None
        with found.make_context(words[0], rest, parent=over, resilient_parsing=True) as context:
            return {name: value for name, value in context.params.items() if name in names}


@pytest.mark.parametrize("target", VERBS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_option_that_the_next_command_takes_is_in_it(verb: str, target: str) -> None:
    typed = [word for name, x in options(verb).items() for word in words_of(name, x)]
    with (
        group.make_context("convcost", [verb, "zoo:vgg16", *typed]) as over,
        command(verb).make_context(verb, ["zoo:vgg16", *typed], parent=over),
    ):
        line = shlex.split(proposal(target, ["zoo:vgg16"]))
    both = {x.name for x in options(verb).values()} & {x.name for x in options(target).values()}
    assert line[:3] == ["convcost", target, "zoo:vgg16"]
    names = {str(name) for name in both - SHOWN}
    assert taken(line[1:], names) == taken([verb, "zoo:vgg16", *typed], names)
    assert {word for word in line[3:] if word.startswith("-")} == {
        name for name, x in options(verb).items() if x.name in names
    }


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (
            ("compare", "zoo:seed000", "zoo:alexnet", "--training", "--optimizer", "adam", *FAST),
            (*("explain", "zoo:seed000", "zoo:alexnet", "--training", "--optimizer", "adam"),
             *FAST, "--batch", "1"),
        ),
        (
            ("rewrite", "zoo:seed000", "--dtype", "float16", "--batch", "32", *FAST),
            (*("rewrite", "zoo:seed000", "--dtype", "float16", "--batch", "32"), *FAST,
             "--apply", "fold-batch-norm-forward", "-o", "new.keras"),
        ),
        (
            ("report", "zoo:seed000", "--training", "--loss", "mse", "--format", "table", *FAST),
            ("explain", "zoo:seed000", "--training", "--loss", "mse", *FAST),
        ),
        (
            ("sweep", "zoo:seed000", "--vary", "*.filters=8,16", "--dtype", "float16", *FAST),
            ("explain", "zoo:seed000", "--dtype", "float16", *FAST, "--batch", "1"),
        ),
        (
            ("sweep", "zoo:seed000", "--vary", "batch=1,8", *FAST),
            ("explain", "zoo:seed000", *FAST),
        ),
        (
            ("predict", "zoo:seed000", "--samples", "100", "--measured", "4s", *FAST),
            ("explain", "zoo:seed000", "--samples", "100", "--measured", "4s", *FAST),
        ),
        (
            ("predict", "zoo:seed000", "--samples", "100", "--epochs", "3", "-v", *FAST),
            ("explain", "zoo:seed000", *FAST),
        ),
        (
            ("explain", "zoo:seed000", "--measured", "4s", "--samples", "100", *FAST),
            ("predict", "zoo:seed000", "--measured", "4s", "--samples", "100", *FAST,
             "--batch", "32"),
        ),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_the_next_command_asks_about_the_same(
    run: Run, words: tuple[str, ...], following: tuple[str, ...]
) -> None:
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    last = result.stdout.splitlines()[-1]
    assert shlex.split(last.removeprefix("next: convcost ")) == list(following)
    if "-o" not in following:
        assert run(*following).exit_code == 0
