"""Whole images flattened into a dense layer: most parameters sit there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.dense import Dense
from convcost.ops.reshape import Flatten
from convcost.units import format_count, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence
    from convcost.network.network import Layer, Network

RULE = "flatten-without-pooling"

#: The dense layer holds at least this share of the parameters ...
_MOST_PARAMETERS = 0.5
#: ... and reads at least so many positions.
_LEAST_POSITIONS = 16


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per network, about the dense layer behind its largest flattened image."""
    for case in evidence.cases:
        if case.count.complete:
            yield from _of_case(case)


def _of_case(case: Case) -> Iterator[Finding]:
    for flatten in case.network.layers:
        if not isinstance(flatten.op, Flatten):
            continue
        dense = _reader(case.network, flatten)
        positions = _positions(case.network, flatten)
        if dense is None or positions < _LEAST_POSITIONS:
            continue
        stored = case.layer_parameters(dense.name)
        if stored >= _MOST_PARAMETERS * case.parameters:
            yield _finding(case, flatten, dense, positions, stored)
            return


def _reader(network: Network, layer: Layer) -> Layer | None:
    """The dense layer that takes the flattened image, views and dropout skipped."""
    while len(network.consumers[layer.name]) == 1:
        layer = network.layer(network.consumers[layer.name][0])
        if isinstance(layer.op, Dense):
            return layer
        if layer.op.kind not in ("dropout", "reshape", "view", "flatten"):
            return None
    return None


def _positions(network: Network, layer: Layer) -> int:
    tensor = network.tensor(layer.inputs[0])
    sizes = (axis.size for axis in tensor.axes if axis.name in SPATIAL_AXES)
    return math.prod(number(size, "positions") for size in sizes)


def _finding(case: Case, flatten: Layer, dense: Layer, positions: int, stored: int) -> Finding:
    units = number(dense.outputs[0].axes[-1].size, "units")
    bias = units if isinstance(dense.op, Dense) and dense.op.bias else 0
    pooled = (stored - bias) // positions + bias
    share = stored / max(1, case.parameters)
    return Finding(
        rule=RULE,
        network=case.index,
        layers=(flatten.name, dense.name),
        text=(
            f"{dense.name} of {case.name} has {format_count(stored)} parameters, "
            f"{format_percent(share)} of all: {flatten.name} gives it {positions:,} positions of "
            "each channel, and each has weights of its own"
        ),
        numbers={
            "parameters": stored, "parameters_share": share, "positions": positions,
            "parameters_pooled": pooled,
        },
        advice=(
            f"global average pooling in place of {flatten.name} leaves {format_count(pooled)}; "
            "pooling once more before it divides them by four. Both have to be trained anew, and "
            "global pooling converges more slowly"
        ),
        seconds=case.predicted[dense.name].seconds,
        timed=(dense.name,),
    )  # fmt: skip
