"""How far the outputs of two networks may lie apart that compute the same: rounding, no more.

A sum of n products in floating point is off by about ``sqrt(n) * u`` of its size, u being the unit
roundoff: the errors of its additions are independent and of both signs (Higham and Mary, "A New
Approach to Probabilistic Rounding Error Analysis", SIAM J. Sci. Comput. 41 (2019), theorem 2.4:
``lambda * sqrt(n) * u`` holds but for a probability of ``2 exp(-lambda^2 / 2)``). Errors of layers
one after another are independent too, so their variances add, and so do those of the two networks:

    r = LAMBDA * sqrt(sum of (n * u^2 + s^2))

over the layers on the longest way through each network. n is what goes into one value of a layer's
result: its MACs and element-wise operations per value. s is the unit roundoff of the stored
weights, which a rewrite rounds anew. With 32-bit floats s = u.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.network.tensor import DTYPE_BYTES

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network

#: One value in 30 million is off by more.
LAMBDA = 6.0
#: Unit roundoffs: half of the distance from 1 to the next number.
UNIT_ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11,
                 "bfloat16": 2.0**-8}  # fmt: skip


def relative_tolerance(before: Network, after: Network) -> float:
    """r, as above; of networks whose sizes are all known.

    >>> from convcost.zoo import load
    >>> net = load("resnet18").bind({"N": 1})
    >>> 1e-5 < relative_tolerance(net, net) < 1e-3
    True
    """
    variance = 0.0
    for network in (before, after):
        stored = UNIT_ROUNDOFF[narrowest(network)]
        # small floats are multiplied in small, and summed in 32 bits: see `running.widened`
        summed = min(stored, UNIT_ROUNDOFF["float32"])
        roundings, layers = depth(network)
        variance += roundings * summed**2 + layers * stored**2
    return LAMBDA * math.sqrt(variance)


def narrowest(network: Network) -> str:
    """The floating-point dtype with the fewest digits among its tensors; float32 without any."""
    dtypes = {tensor.dtype for layer in network.layers for tensor in layer.outputs}
    floats = [dtype for dtype in dtypes if dtype in UNIT_ROUNDOFF and dtype in DTYPE_BYTES]
    return max(floats, key=UNIT_ROUNDOFF.__getitem__, default="float32")


def depth(network: Network) -> tuple[int, int]:
    """Operations, and layers that have any, on the longest way through a network.

    Each layer counts with what goes into one value of its result.
    """
    ways: dict[str, tuple[int, int]] = {}
    for layer in network.layers:
        longest = max((ways[ref.layer] for ref in layer.inputs), default=(0, 0))
        own = _operations(network, layer)
        ways[layer.name] = (longest[0] + own, longest[1] + bool(own))
    return max((ways[ref.layer] for ref in network.outputs), default=(0, 0))


def _operations(network: Network, layer: Layer) -> int:
    """Per value of the result; 1 where a layer's work is not known."""
    call = network.call(layer)
    if not layer.inputs or not layer.op.touches_data(call):
        return 0
    cost = layer.op.cost("forward", call)
    values = call.output_elements
    if cost is None or not isinstance(values, int) or not values:
        return 1
    work = cost.macs + cost.elementwise
    return -(-work // values) if isinstance(work, int) else 1
