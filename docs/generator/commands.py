# ruff: noqa: INP001 - no package: MkDocs loads this file by its path
"""The page of the commands, made from the commands themselves.

MkDocs calls `on_page_markdown` (``hooks`` in mkdocs.yml); it puts every command, with its options
and examples, in the place of the mark.
"""

from __future__ import annotations

import inspect
import re
import shlex
from functools import cache
from typing import TYPE_CHECKING

import click

from convcost.cli.main import group
from convcost.cli.support.command import EXIT_CODES, Command, source_forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARK = "<!-- commands -->"
_NAME = "convcost"
#: Examples of options that no command's own examples have.
_MORE = (
    "convcost calibrate --runtime torch --time 20min --fresh",
    "convcost count model:make --input 3,224,224",
    "convcost count zoo:alexnet --training --input-gradient",
    "convcost explain model.onnx --verify --quick --threads 1 --timeout 2min --no-store",
    "convcost history --run 3",
    "convcost memory zoo:vgg16 --training --checkpoint-after features.16",
    "convcost predict summary.txt --basis data-sheet",
    "convcost predict summary.txt --runtime torch --profile torch.json",
    "convcost predict zoo:googlenet --runtime onnxruntime --refine --time 10s",
    "convcost predict summary.txt --verbose",
    "convcost predict summary.txt --dtype float16 --force -o answer.json",
    "convcost predict zoo:resnet18 --samples 50000 --epochs 12",
    "convcost predict zoo:resnet18 --training --optimizer adam --accumulate 4",
    "convcost report zoo:googlenet -o googlenet.html --force",
    "convcost rewrite model.keras --apply fold-batch-norm -o new.keras --verify --time 10s",
    "convcost rewrite model.keras --apply spatial-svd --data digits.npz",
    "convcost rewrite model.keras --apply spatial-svd --recalibrate digits.npz",
    "convcost rewrite model.keras --apply bottleneck --train digits.npz --epochs 10 --seeds 3",
    "convcost sweep zoo:seed003 --vary batch=1..256 --executor local --keep parts",
    "convcost sweep zoo:seed003 --vary batch=1,32 --measure 1,2 --time 10s",
    "convcost sweep zoo:seed003 --vary batch=1..256 --vary width=0.5..2 --sample 9 --seed 1",
)
#: What Markdown would take for its own, outside of code.
_SPECIAL = re.compile(r"[*_\[\]<>]")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put the commands in the place of the mark."""
    return markdown.replace(_MARK, "\n".join(_page())) if _MARK in markdown else markdown


def _page() -> Iterator[str]:
    over = click.Context(group, info_name=_NAME, **group.context_settings)
    found = (group.get_command(over, name) for name in group.list_commands(over))
    commands = [command for command in found if isinstance(command, Command)]
    yield from _table(("command", ""), ((_link(x.name), x.short_help) for x in commands))
    yield "\n## What a SOURCE is\n"
    yield from _table(("SOURCE", ""), ((f"`{form}`", text) for form, text in source_forms()))
    yield "\n## Exit codes\n"
    yield from _table(("code", ""), EXIT_CODES)
    for command in commands:
        yield from _section(command, over, commands)


def _section(command: Command, over: click.Context, commands: Sequence[Command]) -> Iterator[str]:
    """A command: what it does, how it is called, examples, options."""
    ctx = click.Context(command, info_name=command.name, parent=over)
    usage = " ".join((ctx.command_path, *command.collect_usage_pieces(ctx)))
    yield f"\n## {command.name}\n"
    yield _text(inspect.cleandoc(command.help or ""))
    yield _code("text", [usage])
    yield _code("bash", command.examples)
    for option in _options(command):
        names, text = option.get_help_record(ctx) or ("", "")
        yield f"`{names}`"
        yield f":   {_text(text)}"
        yield f"\n    `{_example(option, command, commands)}`\n"


def _example(option: click.Option, command: Command, commands: Sequence[Command]) -> str:
    """An example with an option: the command's own, of one that says the same of it, or of any."""
    alike = [
        other
        for other in commands
        if any(x.opts == option.opts and x.help == option.help for x in _options(other))
    ]
    for each in (command, *alike, *commands):
        for line in (*each.examples, *_MORE):
            if line.split()[1] == each.name and not _words(line).isdisjoint(option.opts):
                return line
    raise LookupError(f"{command.name} {option.opts[-1]} has no example: add one to _MORE")


def _options(command: Command) -> list[click.Option]:
    """The options of a command, without --help."""
    return [option for option in command.params if isinstance(option, click.Option)]


@cache
def _words(line: str) -> frozenset[str]:
    return frozenset(shlex.split(line))


def _link(name: str | None) -> str:
    return f"[`{name}`](#{name})"


def _text(text: str) -> str:
    """Plain text as Markdown; what stands between backquotes is code in both."""
    parts = text.split("`")
    parts[::2] = [_SPECIAL.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts[::2]]
    return "`".join(parts)


def _code(language: str, lines: Iterable[str]) -> str:
    return "\n".join((f"\n```{language}", *lines, "```\n"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for first, second in rows:
        yield f"| {first} | {_text(second)} |"
