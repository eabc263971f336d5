"""A row's op from the code beside the table, where the code states the layer in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.layers import Site as CodeSite
from convcost.read.keras.layers import build

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Site


def by_code(site: Site) -> Op | None:
    """The op that the code states; None without code, or for a class that has no rule.

    Raises:
        NetworkError: the code does not state all of it.
    """
    item = site.item
    if not item.config or not site.inputs or item.class_name is None:
        return None
    return build(item.class_name, CodeSite(item.config, site.inputs, site.channels_first))
