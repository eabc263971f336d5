"""The difference in time between two networks, layer by layer; the parts add up to the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.explain.difference import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.explain.align import Pairing
    from convcost.explain.difference import Cause
    from convcost.explain.evidence import Case, Pair


def differences(pair: Pair) -> tuple[Difference, ...]:
    """Each layer's part of ``time(a) - time(b)`` by each cause, the largest first.

    A layer that runs in one kernel with others in one network, and not with these in the other, is
    different by ``fusion``: all that its own kernel takes is saved, or has to be paid. A layer that
    begins such a kernel differs by it as long as the layer itself costs the same in both networks;
    where it is of another size, that is the cause. Layers that only one network has are not fused
    or apart because of the other.
    """
    found: list[Difference] = []
    company = _Company(pair)
    a, b = pair.a, pair.b
    for pairing in pair.pairings:
        parts = _of_layer(pair, pairing, fused=company.differs(pairing))
        only = None if pairing.a and pairing.b else (a if pairing.a else b).index
        layer = pairing.a or pairing.b or ""
        found += [
            Difference(a.index, b.index, layer, cause, seconds, only) for cause, seconds in parts
        ]
    rest_a, rest_b = a.prediction.rest, b.prediction.rest
    for phase in dict.fromkeys((*rest_a, *rest_b)):
        seconds = rest_a.get(phase, 0.0) - rest_b.get(phase, 0.0)
        found.append(Difference(a.index, b.index, phase, phase, seconds))
    return tuple(
        sorted((part for part in found if part.seconds), key=lambda part: -abs(part.seconds))
    )


def _of_layer(pair: Pair, pairing: Pairing, *, fused: bool) -> Iterator[tuple[Cause, float]]:
    """The layer's parts: what it takes in a less what it takes in b, by cause."""
    sums: dict[Cause, list[float]] = {}
    for case, name, sign in ((pair.a, pairing.a, 1), (pair.b, pairing.b, -1)):
        for time in () if name is None else case.predicted[name].kernels:
            by_fusion = fused and time.kernel.phase == "forward"
            parts: Mapping[Any, float] = {"fusion": time.seconds} if by_fusion else time.parts
            for cause, seconds in parts.items():
                sums.setdefault(cause, []).append(sign * seconds)
    for cause, terms in sums.items():
        yield cause, math.fsum(terms)


class _Company:
    """With which others a layer runs in one kernel of the forward pass.

    Args:
        pair: of networks.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._in_a, self._in_b = _together(pair.a), _together(pair.b)
        self._counterpart = {p.a: p.b for p in pair.pairings if p.a and p.b}

    def differs(self, pairing: Pairing) -> bool:
        """Whether the layer is fused in one network as it is not in the other."""
        if not (pairing.a and pairing.b):
            return False
        a, b = self._pair.a, self._pair.b
        of_a, of_b = self._in_a.get(pairing.a, set()), self._in_b.get(pairing.b, set())
        both = {self._counterpart[name] for name in of_a if name in self._counterpart}
        if not of_a or not of_b or both == of_b & set(self._counterpart.values()):
            return False
        own_a, own_b = (
            case.predicted[name].forward_kernels for case, name in ((a, pairing.a), (b, pairing.b))
        )
        if bool(own_a) != bool(own_b):
            return True
        return a.counted[pairing.a].forward == b.counted[pairing.b].forward


def _together(case: Case) -> dict[str, set[str]]:
    """Layer -> all layers of its kernels, itself among them."""
    found: dict[str, set[str]] = {}
    for time in case.prediction.kernels:
        if time.kernel.phase == "forward":
            for name in time.kernel.layers:
                found.setdefault(name, set()).update(time.kernel.layers)
    return found
