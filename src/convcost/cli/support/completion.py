"""What the shell completes: names of sources, devices, runtimes, tools, formats and dtypes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click
    from click.shell_completion import CompletionItem

    Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_ZOO = "zoo:"


def sources(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Networks of the zoo, and paths.

    bash takes a colon for the end of a word: there `zoo:se` arrives as `zoo`, `:` and `se`, and
    only the part after the colon is to be completed.
    """
    from click.shell_completion import CompletionItem

    from convcost.zoo import names

    given = tuple(ctx.params.get(param.name or "") or ())
    if given[-2:] == ("zoo", ":") or (given[-1:] == ("zoo",) and incomplete == ":"):
        return _starting("" if incomplete == ":" else incomplete, names())
    found = _starting(incomplete, (f"{_ZOO}{name}" for name in names()))
    if incomplete.startswith(_ZOO):
        return found
    return [*(found if incomplete else ()), CompletionItem(incomplete, type="file")]


def _completer(
    module: str, names: Callable[[Any], Iterable[str]], *, several: bool = False
) -> Completer:
    """What completes names.

    Args:
        module: that knows them, imported only when they are asked for.
        names: of it.
        several: with commas between them.
    """

    def completed(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        known = names(import_module(module))
        return of_list(incomplete, known) if several else _starting(incomplete, known)

    return completed


def of_list(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    """Completions of the last name of a list with commas."""
    before, comma, _ = incomplete.rpartition(",")
    return _starting(incomplete, (f"{before}{comma}{name}" for name in names))


def _starting(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def formats(*, timed: bool, drawn: bool) -> Completer:
    """Output formats of results that have steps in time, charts, both or neither."""
    return _completer("convcost.report", lambda found: found.formats(timed=timed, drawn=drawn))


#: Devices by name.
devices = _completer("convcost.device", lambda found: found.names())
#: Runtimes by name.
runtimes = _completer("convcost.runtime", lambda found: found.runtimes())
#: Runtimes that can be measured.
runners = _completer("convcost.runtime.runners.registry", lambda found: found.runners())
#: Tools whose way of counting is known.
conventions = _completer("convcost.count.conventions.registry", lambda found: found.conventions())
#: Optimizers by name.
optimizers = _completer("convcost.count.optimizers", lambda found: found.OPTIMIZERS)
#: Loss functions by name.
losses = _completer("convcost.ops.loss", lambda found: found.LOSSES)
#: Rewrites by name, the last one of a list.
rewrites = _completer("convcost.rewrite.registry", lambda found: found.rewrites(), several=True)
#: Floating-point types.
dtypes = _completer(
    "convcost.network.tensor", lambda found: (x for x in found.DTYPE_BYTES if "float" in x)
)
