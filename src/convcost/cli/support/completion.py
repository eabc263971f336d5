"""What the shell completes: names of sources, devices, runtimes, tools, formats and dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem

_ZOO = "zoo:"


def sources(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Networks of the zoo, and paths.

    bash takes a colon for the end of a word: there `zoo:se` arrives as `zoo`, `:` and `se`, and
    only the part after the colon is to be completed.
    """
    from click.shell_completion import CompletionItem

    given = tuple(ctx.params.get(param.name or "") or ())
    if given[-2:] == ("zoo", ":") or (given[-1:] == ("zoo",) and incomplete == ":"):
        return _starting("" if incomplete == ":" else incomplete, _networks())
    found = _starting(incomplete, (f"{_ZOO}{name}" for name in _networks()))
    if incomplete.startswith(_ZOO):
        return found
    return [*(found if incomplete else ()), CompletionItem(incomplete, type="file")]


def devices(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Devices by name."""
    from convcost.device import names

    del ctx, param
    return _starting(incomplete, names())


def runtimes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Runtimes by name."""
    from convcost.runtime import runtimes as known

    del ctx, param
    return _starting(incomplete, known())


def runners(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Runtimes that can be measured."""
    from convcost.runtime.runners.registry import runners as known

    del ctx, param
    return _starting(incomplete, known())


def conventions(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Tools whose way of counting is known."""
    from convcost.count.conventions.registry import conventions as known

    del ctx, param
    return _starting(incomplete, known())


def optimizers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Optimizers by name."""
    from convcost.count.optimizers import OPTIMIZERS

    del ctx, param
    return _starting(incomplete, OPTIMIZERS)


def rewrites(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Rewrites by name, the last one of a list."""
    from convcost.rewrite.registry import rewrites as known

    del ctx, param
    before, comma, _ = incomplete.rpartition(",")
    return _starting(incomplete, (f"{before}{comma}{name}" for name in known()))


def losses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Loss functions by name."""
    from convcost.ops.loss import LOSSES

    del ctx, param
    return _starting(incomplete, LOSSES)


def formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Output formats of every result."""
    from convcost.report import formats as known

    del ctx, param
    return _starting(incomplete, known(timed=False, drawn=False))


def charted_formats(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Output formats of results that have charts."""
    from convcost.report import formats as known

    del ctx, param
    return _starting(incomplete, known(timed=False))


def timed_formats(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Output formats of results that have charts and steps in time."""
    from convcost.report import formats as known

    del ctx, param
    return _starting(incomplete, known())


def dtypes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Floating-point types."""
    from convcost.network.tensor import DTYPE_BYTES

    del ctx, param
    return _starting(incomplete, (name for name in DTYPE_BYTES if "float" in name))


def _networks() -> tuple[str, ...]:
    from convcost.zoo import names

    return names()


def _starting(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
