"""Which layer of one network stands for which layer of another."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network


@dataclass(frozen=True, slots=True)
class Pairing:
    """A layer of network a and the one of network b at its place; None where there is none."""

    a: str | None
    b: str | None


def align(a: Network, b: Network) -> tuple[Pairing, ...]:
    """Pair the layers of two networks in order, by the kinds of their ops and their widths.

    Every layer of either network appears exactly once.

    >>> from convcost.zoo import load
    >>> pairs = align(load("seed000"), load("seed000?batch_norm=no"))
    >>> [pair.a for pair in pairs if pair.b is None]
    ['batch_normalization_1']
    """
    names_a, names_b = ([layer.name for layer in net.layers] for net in (a, b))
    keys_a, keys_b = ([_key(layer) for layer in net.layers] for net in (a, b))
    pairings: list[Pairing] = []
    matcher = SequenceMatcher(None, keys_a, keys_b, autojunk=False)
    for tag, first_a, last_a, first_b, last_b in matcher.get_opcodes():
        left, right = names_a[first_a:last_a], names_b[first_b:last_b]
        if tag == "equal":
            pairings += [Pairing(x, y) for x, y in zip(left, right, strict=True)]
        else:
            pairings += _by_kind(a, left, b, right)
    return tuple(pairings)


def _key(layer: Layer) -> tuple[object, ...]:
    """Kind and width: a dense layer of ten units is no dense layer of a thousand."""
    names = layer.outputs[0].names if layer.outputs else ()
    axis = "channel" if "channel" in names else "feature"
    return (layer.op.kind, layer.outputs[0].size(axis) if axis in names else None)


def _by_kind(a: Network, left: list[str], b: Network, right: list[str]) -> list[Pairing]:
    """Layers of the same kind in the same order, whatever their width; the others alone."""
    kinds_a, kinds_b = (
        [net.layer(name).op.kind for name in names] for net, names in ((a, left), (b, right))
    )
    pairings: list[Pairing] = []
    matcher = SequenceMatcher(None, kinds_a, kinds_b, autojunk=False)
    for tag, first_a, last_a, first_b, last_b in matcher.get_opcodes():
        x, y = left[first_a:last_a], right[first_b:last_b]
        if tag == "equal":
            pairings += [Pairing(p, q) for p, q in zip(x, y, strict=True)]
        else:
            pairings += [Pairing(p, None) for p in x] + [Pairing(None, q) for q in y]
    return pairings
