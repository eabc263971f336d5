"""Options of a training step: --optimizer, --loss, --freeze, --input-gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from convcost.cli.support import completion

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


def trained(function: Function) -> Function:
    """--optimizer, --freeze."""
    for option in (
        click.option("--freeze", metavar="PATTERN", multiple=True,
                     help="With --training: layers that are not trained, by name: 'conv*'; "
                     "repeatable."),
        click.option("--optimizer", metavar="NAME", shell_complete=completion.optimizers,
                     help="With --training: adam, momentum ...; by default no update is counted."),
    ):  # fmt: skip
        function = option(function)
    return function


def with_loss(function: Function) -> Function:
    """--optimizer, --freeze, --loss."""
    add = click.option("--loss", metavar="NAME", shell_complete=completion.losses,
                       help="With --training: cross-entropy, mse ...; by default `count` and "
                       "`explain` have none, the others cross-entropy.")  # fmt: skip
    return trained(add(function))


def training_step(function: Function) -> Function:
    """--optimizer, --freeze, --loss, --input-gradient."""
    text = "With --training: the gradient of the network's inputs too."
    add = click.option("--input-gradient", is_flag=True, help=text)
    return with_loss(add(function))


def options_of(
    optimizer: str | None, loss: str | None, freeze: tuple[str, ...], *, input_gradient: bool
) -> list[tuple[str, object]]:
    """The options as they were given, for a command to propose."""
    patterns = [("--freeze", pattern) for pattern in freeze]
    named: list[tuple[str, object]] = [("--optimizer", optimizer), ("--loss", loss)]
    return [*named, *patterns, ("--input-gradient", input_gradient)]
