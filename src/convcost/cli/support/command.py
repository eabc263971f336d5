"""A command whose help ends in examples, the meaning of SOURCE, and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Exit code of a command of which a check has failed.
FAILED = 3
#: Exit code of an interrupted command.
INTERRUPTED = 130
#: Where the words of the command line are kept.
COMMAND = "convcost.command"
#: Where the options are kept that were typed.
_TYPED = "convcost.typed"
#: Code -> what it says.
EXIT_CODES = (
    ("0", "done"),
    ("1", "a source cannot be read, or the result not be written"),
    ("2", "the command is wrong: an unknown device, runtime or option"),
    (str(FAILED), "a check has failed: outputs that `rewrite --verify` compares differ"),
    ("4", "a framework has to be installed to read the source, or to measure it"),
    (str(INTERRUPTED), "interrupted"),
)


class Command(click.Command):
    """A command with a structured end of its help.

    Args:
        args: click's.
        examples: command lines that work as they are.
        sources: whether it takes SOURCE arguments.
        kwargs: click's.
    """

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), sources: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.sources = sources

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the options as they were typed: a command that is proposed repeats them."""
        texts, _, order = self.make_parser(ctx).parse_args(args=[*args])
        options = (each for each in order if isinstance(each, click.Option) and each.name in texts)
        ctx.meta[_TYPED] = {each.name: (each, _several(texts[each.name])) for each in options}
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the sections after the options."""
        del ctx
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        if self.sources:
            with formatter.section("SOURCE is"):
                formatter.write_dl(source_forms())
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


def _several(text: object) -> tuple[object, ...]:
    return tuple(text) if isinstance(text, list) else (text,)


def typed() -> Mapping[str, tuple[click.Option, tuple[object, ...]]]:
    """The options that were typed, in order: each with its texts; of a flag True.

    They go by the names of their parameters.
    """
    context = click.get_current_context(silent=True)
    found: Mapping[str, tuple[click.Option, tuple[object, ...]]]
    found = {} if context is None else context.meta.get(_TYPED, {})
    return found


def assumed(*names: str) -> frozenset[str]:
    """Those parameters whose option was not typed."""
    return frozenset(name for name in names if name not in typed())


def source_forms() -> list[tuple[str, str]]:
    """What can stand for SOURCE, and what it is."""
    from convcost.read import MAX_TEXT_BYTES

    limit = f"at most {MAX_TEXT_BYTES // 2**20} MiB of text"
    text = f"a pasted model.summary(), torchinfo printout or model code, {limit}"
    function = "your own function that makes a PyTorch or Keras model; this runs your code"
    keras = "a Keras file (.keras, .h5, .hdf5, .json)"
    others = "an ONNX file (.onnx); a PyTorch program (.pt2); a file of `convcost read`"
    return [
        ("PATH", f"{text}; {keras}; {others}"),
        ("-", f"a text from standard input, {limit}"),
        ("MOD:FUNC", function),
        ("zoo:NAME", "a reference network, with settings where wanted: 'zoo:seed003?kernel=5'"),
        ("FILE#2", "the second network of a file; a file with three tables is three networks"),
    ]
