"""Which layer of one network stands for which layer of another."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.network import Network


@dataclass(frozen=True, slots=True)
class Pairing:
    """A layer of network a and the one of network b at its place; None where there is none."""

    a: str | None
    b: str | None


def align(a: Network, b: Network) -> tuple[Pairing, ...]:
    """Pair the layers of two networks in order, by the kinds of their ops.

    Every layer of either network appears exactly once.

    >>> from convcost.zoo import load
    >>> pairs = align(load("seed000"), load("seed000?batch_norm=no"))
    >>> [pair.a for pair in pairs if pair.b is None]
    ['batch_normalization_1']
    """
    names_a, names_b = ([layer.name for layer in net.layers] for net in (a, b))
    kinds_a, kinds_b = ([layer.op.kind for layer in net.layers] for net in (a, b))
    pairings: list[Pairing] = []
    matcher = SequenceMatcher(None, kinds_a, kinds_b, autojunk=False)
    for tag, first_a, last_a, first_b, last_b in matcher.get_opcodes():
        left, right = names_a[first_a:last_a], names_b[first_b:last_b]
        if tag == "equal":
            pairings += [Pairing(x, y) for x, y in zip(left, right, strict=True)]
        else:
            pairings += [Pairing(x, None) for x in left] + [Pairing(None, y) for y in right]
    return tuple(pairings)
