"""Numbers so small that processors compute with them slowly: where a rewrite has made some.

A multiplication with a denormal number may take a hundred times as long on a processor that handles
them in microcode; folding a small scale into small weights makes them (opencv#17295).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from convcost.write.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.parameter import Parameter

#: Smallest normal numbers. 16-bit floats are widened before they are computed with: their denormals
#: are none then.
SMALLEST: Mapping[str, float] = {"float32": 2.0**-126, "float64": 2.0**-1022}


@dataclass(frozen=True, slots=True)
class Denormal:
    """A parameter that holds denormal numbers.

    Attributes:
        layer: that uses it.
        parameter: the op's name for it: ``kernel``, ``moving_variance`` ...
        count: how many of its numbers are.
        numbers: how many it has.
        new: whether the rewrite has made it; otherwise a statistic as the source has it.
    """

    layer: str
    parameter: str
    count: int
    numbers: int
    new: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def denormals(before: Network, after: Network) -> tuple[Denormal, ...]:
    """Parameters with denormal numbers among those that the rewrite made, and the statistics.

    Args:
        before: the original.
        after: the rewritten network; parameters without values are passed over.
    """
    return tuple(_found(before, after))


def _found(before: Network, after: Network) -> Iterator[Denormal]:
    values = Values(after)
    for layer, name, parameter, made in _parameters(before, after):
        if parameter.values is None or parameter.dtype not in SMALLEST:
            continue
        array = values.of(layer)[name]
        count = _count(array, SMALLEST[parameter.dtype])
        if count:
            yield Denormal(layer.name, name, count, int(array.size), made)


def _parameters(before: Network, after: Network) -> Iterator[tuple[Layer, str, Parameter, bool]]:
    """Those to look at, each once, with the op's names: new ones and statistics."""
    old = {id(p.values) for p in before.table.values() if p.values is not None}
    seen: set[str] = set()
    for layer in after.layers:
        weights = layer.op.weights(*after.call(layer).inputs)
        for weight, id_ in zip(weights, layer.parameters, strict=False):
            parameter = after.table[id_]
            made = id(parameter.values) not in old
            if id_ not in seen and (made or not parameter.learned):
                seen.add(id_)
                yield layer, weight.name, parameter, made


def _count(array: Any, smallest: float) -> int:
    import numpy as np

    size = np.abs(array)
    return int(((size > 0) & (size < smallest)).sum())
