"""Ranks to choose from: whole blocks below the rank from which on nothing is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.rewrite.shared.layer import blocks, macs

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network
    from convcost.rewrite.shared.chain import ChainRewrite


def ranks(rewrite: ChainRewrite, network: Network, layer: Layer) -> tuple[int, ...]:
    """Blocks below the break-even rank; one block, which then saves nothing, where there are none.

    The MACs of both factors grow with the rank, so it is the layer's MACs over those at rank 1:
    the law, with the layer's own stride, padding and sizes.
    """
    tensor = network.tensor(layer.inputs[0])
    of_one = macs(tensor, (part.op for part in rewrite.parts(network, layer, 1)))
    break_even = -(-macs(tensor, [layer.op]) // of_one)
    return blocks(break_even) or (8,)
