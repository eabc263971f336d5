"""Options that set other tools' counts beside ours: --as, --explain-difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion
from convcost.cli.support.sources import proposal
from convcost.cli.support.together import together
from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Count, Workload
    from convcost.network.network import Network
    from convcost.report import Report

_ALL = "all"


@dataclass(frozen=True, slots=True)
class Conventions:
    """Which tools are asked, and what about.

    Attributes:
        tools: by name; ``all`` stands for every one.
        explain: why their figures differ from ours; of all tools where none is named.
    """

    tools: tuple[str, ...] = ()
    explain: bool = False

    def __bool__(self) -> bool:
        return bool(self.tools) or self.explain

    def check(self, *others: tuple[str, bool]) -> None:
        """Refuse what does not go together, and unknown tools, before anything is read.

        Args:
            others: options that show something else, and whether they are given.

        Raises:
            UsageError: one of them is given beside tools, or a tool is not known.
        """
        for option, given in others:
            if self and given:
                raise UsageError(f"--as and --explain-difference do not go with {option}")
        if self:
            self._names()

    def next(self, sources: Sequence[str]) -> str:
        """The command to propose: figures lead to their reasons, reasons to the time."""
        if self.explain:
            return proposal("explain", sources)
        return proposal("count", sources, more=[("--explain-difference", True)])

    def report(
        self,
        nets: Sequence[Network],
        counts: Sequence[Count],
        workload: Workload,
        *,
        verbose: bool,
        next_: str,
    ) -> Report:
        """The tools' counts as a report."""
        from convcost.count.conventions.difference import count_as
        from convcost.report.views.conventions import report

        names = self._names()
        others = [[count_as(net, name, workload) for name in names] for net in nets]
        return report(counts, others, explain=self.explain, verbose=verbose, next_=next_)

    def _names(self) -> tuple[str, ...]:
        from convcost.count.conventions.registry import convention, conventions

        if not self.tools or _ALL in self.tools:
            return tuple(conventions())
        return tuple(dict.fromkeys(convention(tool).name for tool in self.tools))


class _Tools(click.Option):
    """Its help lists the tools, which are looked up only then."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and what it means."""
        from convcost.count.conventions.registry import conventions

        self.help = (
            f"What another tool counts, layer by layer beside ours; repeatable, or {_ALL}: "
            f"{', '.join(conventions())}."
        )
        return super().get_help_record(ctx)


#: --as, --explain-difference.
tools = together(
    click.option("--as", "as_tools", metavar="TOOL", multiple=True, cls=_Tools,
                 shell_complete=completion.conventions),
    click.option("--explain-difference", "explain", is_flag=True,
                 help="Why the tools' figures differ from ours, layer by layer; without --as those "
                 "of all tools."),
)  # fmt: skip
