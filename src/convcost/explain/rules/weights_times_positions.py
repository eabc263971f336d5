"""Where the MACs come from: each weight is used at every position, and layers have their own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.explain.explanation import Finding
from convcost.explain.figures import misleads
from convcost.network.dims import number
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.units import format_count, format_percent, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence
    from convcost.network.network import Layer, Network

#: Of a network's MACs; layers that do less are left out.
_LEAST_SHARE = 0.25


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for a single network in which some layers do much of the work."""
    if len(evidence.cases) != 1:
        return
    case = evidence.cases[0]
    large = [
        layer
        for layer in case.network.layers
        if isinstance(layer.op, Conv | Dense)
        and layer.parameters
        and case.layer_macs([layer.name]) >= _LEAST_SHARE * max(1, case.macs)
    ]
    if large:
        yield _finding(case, large)


def _finding(case: Case, large: list[Layer]) -> Finding:
    batch = case.prediction.workload.batch
    layers = {layer.name: _figures(case, layer, batch) for layer in large}
    numbers: dict[str, Any] = {"layers": layers}
    parts = "; ".join(_text(case, layer, **layers[layer.name]) for layer in large)
    text = f"where the MACs of a sample of {case.name} come from: {parts}"
    positions = _input_positions(case.network)
    if positions:
        product = case.parameters * positions
        ratio = product * batch / max(1, case.macs)
        numbers |= {"parameters_times_input_positions": product, "ratio": ratio}
    if positions and misleads(ratio, 1.0):
        text += (
            f". All {format_count(case.parameters)} parameters times the {positions:,} positions "
            f"of the input would be {format_count(product)}, {format_ratio(ratio)} as many: each "
            "layer has positions of its own"
        )
    return Finding(network=case.index, layers=tuple(layers), text=text, numbers=numbers)


def _figures(case: Case, layer: Layer, batch: int) -> dict[str, Any]:
    """Of one sample; the weights are those of the kernel, without the bias."""
    macs = case.layer_macs([layer.name])
    weights = number(case.network.table[layer.parameters[0]].elements, "weights")
    return {"macs": macs // batch, "weights": weights, "share": macs / max(1, case.macs)}


def _text(case: Case, layer: Layer, *, macs: int, weights: int, share: float) -> str:
    positions = macs // weights
    where = f"{positions:,} position{'' if positions == 1 else 's'}"
    return (
        f"{layer.name} does {macs:,} ({format_percent(share)}) = {_product(case.network, layer)} = "
        f"{weights:,} weights x {where}"
    )


def _product(network: Network, layer: Layer) -> str:
    """The sizes of a kernel."""
    *taps, channels, filters = (
        number(size, "sizes") for size in network.table[layer.parameters[0]].shape
    )
    if isinstance(layer.op, Dense):
        return f"{channels:,} inputs x {filters:,} units"
    window = "x".join(map(str, taps))
    return f"{window} window x {channels:,} input channels x {filters:,} filters"


def _input_positions(network: Network) -> int:
    """Rows times columns of the only image that the network reads; 0 where that is not known."""
    inputs = [layer.outputs[0] for layer in network.layers if isinstance(layer.op, Input)]
    if len(inputs) != 1:
        return 0
    sizes = [axis.size for axis in inputs[0].axes if axis.name in SPATIAL_AXES]
    known = [size for size in sizes if isinstance(size, int)]
    return math.prod(known) if sizes and len(known) == len(sizes) else 0
