"""Layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.preparation import CategoryEncoding, Normalization
from convcost.write.layout import last_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _normalization(site: Site) -> None:
    """By statistics that are stored.

    Raises:
        NetworkError: they were given as constants, which the network does not keep.
    """
    op: Any = site.op
    if not op.stored:
        raise NetworkError("its mean and variance, plain numbers, are not kept by the network")
    axes = last_places(site.tensors[0], op.axes) if op.axes != () else None
    numbers = {
        "adapt_mean": site.numbers("mean"),
        "adapt_variance": site.numbers("variance"),
        "count": site.numbers("count"),
    }
    site.give(site.layer("Normalization", site.plain(), numbers=numbers, axis=axes))


def _encoding(site: Site) -> None:
    op: Any = site.op
    tokens = number(op.categories, "categories")
    made = site.layer("CategoryEncoding", site.plain(), num_tokens=tokens, output_mode=op.mode)
    site.give(made)


RULES: Mapping[str, Rule] = {Normalization.kind: _normalization, CategoryEncoding.kind: _encoding}
