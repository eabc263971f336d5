"""Layers with several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Concatenate, Merge
from convcost.read.keras.classes import MERGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


#: What Keras 3 also does with a plain number: ``x + 3`` is a row "add (Add)" with one connection.
_WITH_NUMBERS = frozenset(("add", "subtract", "multiply", "maximum", "minimum"))


def _merge(function: str) -> Rule:
    def rule(site: Site) -> Op:
        if len(site.inputs) < 2:
            if function in _WITH_NUMBERS and len(site.item.row.inputs or ()) == 1 and site.inputs:
                site.note("inferred", f"{function} with a number: one tensor goes in")
                return Elementwise(function=function)
            raise NetworkError("the tensors that it combines are not all in the text")
        return Merge(function)  # type: ignore[arg-type]

    return rule


def _concatenate(site: Site) -> Op:
    """Along the axis on which the inputs add up to the output; the last one where several do."""
    if len(site.inputs) < 2:
        raise NetworkError("the tensors that it joins are not all in the text")
    if any(len(tensor.axes) != site.item.rank for tensor in site.inputs):
        raise NetworkError("it joins tensors of as many axes as its output has")
    for position in reversed(range(1, site.item.rank)):
        printed = site.item.shape[position]
        name = site.inputs[0].names[position]
        total = sum((t.axes[position].size for t in site.inputs), start=0)
        if name is not None and (total == printed or printed is None):
            return Concatenate(name)
    raise NetworkError("no axis of its inputs adds up to its output")


RULES: Mapping[str, Rule] = {
    "Concatenate": _concatenate,
    **{name: _merge(name.lower()) for name in sorted(MERGES)},
}
