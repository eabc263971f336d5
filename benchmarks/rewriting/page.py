"""Tables of results/ in docs/rewriting.md.

    python benchmarks/rewriting/page.py

Writes what the scripts beside it print between `<!-- table NAME -->` and `<!-- end -->`. A table
whose script has not run stays as it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import blocks
import folding
import resnet20
import vgg_tables
from cases import kept

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "rewriting.md"
#: Place on the page -> results, and what makes a text of them.
TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "folding": ("folding", folding.backward_table),
    "folding-forward": ("folding", folding.forward_table),
    "blocks-summary": ("blocks", blocks.summary),
    "blocks": ("blocks", blocks.blocks_table),
    "resnet20": ("resnet20", resnet20.resnet20_table),
    "resnet20-orders": ("resnet20", resnet20.orders),
    "vgg-picks": ("vgg", vgg_tables.picks_table),
    "vgg": ("vgg", vgg_tables.vgg_table),
    "lenet": ("vgg", vgg_tables.lenet_text),
}


def main() -> None:
    """Fill the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, (results, make) in TABLES.items():
        found = kept(results)
        if found:
            pattern = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
            made = make(found)
            text = pattern.sub(lambda m, made=made: f"{m[1]}{made}\n{m[2]}", text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
