"""The difference in time between two networks, layer by layer; the parts add up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.explain.explanation import Difference

if TYPE_CHECKING:
    from convcost.explain.evidence import Pair
    from convcost.predict import LayerPrediction

Term = Literal["compute", "memory", "launch"]


def differences(pair: Pair) -> tuple[Difference, ...]:
    """Each layer's part of ``time(a) - time(b)``, the largest first, with its cause."""
    parts = []
    for pairing in pair.pairings:
        in_a = pair.a.predicted[pairing.a] if pairing.a else None
        in_b = pair.b.predicted[pairing.b] if pairing.b else None
        seconds = (in_a.seconds if in_a else 0.0) - (in_b.seconds if in_b else 0.0)
        if seconds:
            layer = pairing.a or pairing.b or ""
            cause = _cause(in_a, in_b)
            parts.append(Difference(pair.a.index, pair.b.index, layer, cause, seconds))
    rest_a, rest_b = pair.a.prediction.rest, pair.b.prediction.rest
    for phase in dict.fromkeys((*rest_a, *rest_b)):
        seconds = rest_a.get(phase, 0.0) - rest_b.get(phase, 0.0)
        if seconds:
            parts.append(Difference(pair.a.index, pair.b.index, phase, phase, seconds))
    return tuple(sorted(parts, key=lambda part: -abs(part.seconds)))


def _cause(in_a: LayerPrediction | None, in_b: LayerPrediction | None) -> str:
    """Where the layer exists in both: the term that changed most."""
    if in_a is None or in_b is None:
        only = in_a or in_b
        bound = f", {only.bound}-bound" if only and only.bound else ""
        return f"only in {'a' if in_b is None else 'b'}{bound}"
    terms: tuple[Term, ...] = ("compute", "memory", "launch")
    return max(terms, key=lambda term: abs(_sum(in_a, term) - _sum(in_b, term)))


def _sum(layer: LayerPrediction, term: Term) -> float:
    """A term counts where it limits the kernel; launches count always."""
    return sum(
        float(getattr(time, term)) for time in layer.kernels if term in ("launch", time.bound)
    )
