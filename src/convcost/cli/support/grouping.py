"""Options that take the layers of a count together: --by, --depth, --sort, --top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from convcost.cli.support.together import together
from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Count
    from convcost.count.group import By, Figure
    from convcost.network.network import Network
    from convcost.report import Report

#: What torchinfo and fvcore show when nobody asks for more.
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Grouped:
    """What the rows of a count are taken together by.

    Attributes:
        by: layers are shown one by one.
        depth: levels of modules.
        sort: the largest first.
        top: how many are shown.
    """

    by: By = "layer"
    depth: int | None = None
    sort: Figure | None = None
    top: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every layer is shown, in the order of the source."""
        return self.by == "layer" and self.sort is None and self.top is None

    def check(self, *others: tuple[str, bool]) -> None:
        """Refuse what does not go together.

        Args:
            others: options that speak about single layers, and whether they are given.

        Raises:
            UsageError: one of them is given beside groups, or a depth without modules.
        """
        if self.depth is not None and self.by != "module":
            raise UsageError("--depth goes with --by module", hint="add --by module")
        for option, given in others:
            if given and not self.is_plain:
                raise UsageError(f"{option} speaks about single layers; leave out --by, --sort "
                                 "and --top")  # fmt: skip

    def shown(self, report: Report, nets: Sequence[Network], counts: Sequence[Count]) -> Report:
        """The report of counts with these groups."""
        if self.is_plain:
            return report
        from convcost.count.tree import group
        from convcost.report.views.groups import with_groups

        depth = (self.depth or _DEPTH) if self.by == "module" else None
        found = [
            group(net, counted, self.by, depth=depth, sort=self.sort, top=self.top)
            for net, counted in zip(nets, counts, strict=True)
        ]
        return with_groups(report, counts, found)


#: --by, --depth, --sort, --top.
grouping = together(
    click.option("--by", type=click.Choice(("layer", "module", "op")), default="layer",
                 show_default=True, help="A row per layer, a tree of modules, or a row per op."),
    click.option("--depth", metavar="N", type=click.IntRange(min=1),
                 help=f"Levels of modules to show; by default {_DEPTH}."),
    click.option("--sort", type=click.Choice(("macs", "parameters", "bytes", "elementwise")),
                 help="The largest first; by default MACs with --top and --by op."),
    click.option("--top", metavar="N", type=click.IntRange(min=1),
                 help="The N largest; the others are one row. With modules: of each module."),
)  # fmt: skip
