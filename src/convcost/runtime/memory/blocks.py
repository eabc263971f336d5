"""Which tensors share memory, who needs them, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from convcost.network.dims import Dim, maximum, summed
from convcost.network.network import Ref
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.elementwise import Elementwise
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.runtime.saved import Saved
from convcost.runtime.saved.torch import in_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.op import Call, Mode
    from convcost.runtime.rules import Runtime
    from convcost.runtime.saved import SavedRules

#: Ops that apply an activation to what they have summed.
_PRODUCTS = (Conv, ConvTranspose, Dense, DepthwiseConv, SeparableConv)


@dataclass(slots=True)
class Block:
    """A piece of memory: a tensor and all views of it.

    Attributes:
        bytes: its size; none for a stored parameter, which is counted elsewhere.
        producer: position of the layer that makes it.
        held: whether the caller keeps it all the time: inputs, constants, results.
        readers: positions of the layers that read it.
        savers: positions of the layers that keep it for their gradients.
        overwritten_by: the layer that writes its own result over it.
    """

    bytes: Dim
    producer: int
    held: bool = False
    readers: list[int] = field(default_factory=list)
    savers: list[int] = field(default_factory=list)
    overwritten_by: int | None = None

    @property
    def last_use(self) -> int:
        """Position of the last layer of the forward pass that makes or reads it."""
        return max([self.producer, *self.readers])


@dataclass(frozen=True, slots=True)
class Graph:
    """A network as a runtime's memory sees it.

    Attributes:
        network: bound to a batch.
        calls: of the layers that the backward pass reaches; empty at inference.
        saved: what is kept of each of these.
        scratch: bytes that layers make besides their results in the forward pass, for a moment.
        scratch_backward: the same besides the gradients that they pass on or store.
        blocks: all memory.
        of: tensor -> place of its block.
    """

    network: Network
    calls: Mapping[str, Call]
    saved: Mapping[str, Saved]
    scratch: Mapping[str, Dim]
    scratch_backward: Mapping[str, Dim]
    blocks: tuple[Block, ...]
    of: Mapping[Ref, int]

    def block(self, ref: Ref) -> Block:
        """The memory of a tensor."""
        return self.blocks[self.of[ref]]

    def saved_bytes(self) -> Dim:
        """Everything kept of the layers, each piece of memory once."""
        kept = summed(block.bytes for block in self.blocks if block.savers)
        return kept + summed(saved.own for saved in self.saved.values())


def graph(
    network: Network, mode: Mode, calls: Mapping[str, Call], runtime: Runtime, rules: SavedRules
) -> Graph:
    """Find out what shares memory and what is kept.

    Args:
        network: bound to a batch.
        mode: how the forward pass behaves.
        calls: of the layers that the backward pass reaches.
        runtime: which layers write over their input.
        rules: what is kept.
    """
    blocks: list[Block] = []
    of: dict[Ref, int] = {}
    saved = {name: rules.of(network.layer(name), call) for name, call in calls.items()}
    for position, layer in enumerate(network.layers):
        call = network.call(layer, mode)
        for ref in layer.inputs:
            blocks[of[ref]].readers.append(position)
        view = layer.inputs and not layer.op.touches_data(call)
        for place, tensor in enumerate(layer.outputs):
            if view:
                of[Ref(layer.name, place)] = of[layer.inputs[0]]
                continue
            of[Ref(layer.name, place)] = len(blocks)
            stored = isinstance(layer.op, Constant) and layer.op.parameter
            held = isinstance(layer.op, Input | Constant)
            blocks.append(Block(0 if stored else tensor.bytes, position, held))
        keeps = saved.get(layer.name, Saved())
        kept = [layer.inputs[place] for place in keeps.inputs]
        kept += [Ref(layer.name, place) for place in keeps.outputs]
        for number in dict.fromkeys(of[ref] for ref in kept):
            blocks[number].savers.append(position)
    for ref in network.outputs:
        blocks[of[ref]].held = True
    scratch: dict[str, Dim] = {}
    scratch_backward: dict[str, Dim] = {}
    found = Graph(network, calls, saved, scratch, scratch_backward, tuple(blocks), of)
    for position, layer in enumerate(network.layers):
        if _activates_apart(layer, runtime):
            scratch[layer.name] = _before_activation(found, position)
            if layer.name in calls:
                scratch_backward[layer.name] = _gradient_before_activation(calls[layer.name])
        elif layer.name not in calls:  # what is kept for a gradient is counted with that
            scratch[layer.name] = rules.scratch_of(layer, network.call(layer, mode))
        _overwrite(found, position, layer, runtime)
    return found


def _before_activation(found: Graph, position: int) -> Dim:
    """The sums from which the activation makes the results, beyond the inputs freed meanwhile."""
    layer = found.network.layers[position]
    inputs = {found.of[ref]: found.block(ref) for ref in layer.inputs}.values()
    freed = summed(
        block.bytes
        for block in inputs
        if block.last_use == position and not (block.held or block.savers)
    )
    more: Dim = maximum(found.block(Ref(layer.name)).bytes - freed, 0)
    return more


def _activates_apart(layer: Layer, runtime: Runtime) -> bool:
    """Whether the activation of a product is a pass of its own that makes another tensor."""
    function = getattr(layer.op, "activation", "linear")
    fused = function in runtime.rules["cpu"].activations
    in_place = runtime.reuses == "elementwise" and function not in ROW_FUNCTIONS
    return isinstance(layer.op, _PRODUCTS) and function != "linear" and not (fused or in_place)


def _gradient_before_activation(call: Call) -> Dim:
    """That of the sums, beyond the gradients that are made from it afterwards."""
    wanted = summed(tensor.bytes for place, tensor in enumerate(call.inputs) if call.wants(place))
    stored = summed(parameter.bytes for parameter in call.trained)
    more: Dim = maximum(call.output_bytes - wanted - stored, 0)
    return more


def _overwrite(found: Graph, position: int, layer: Layer, runtime: Runtime) -> None:
    """Let a layer write over an input of the same size that is of no more use."""
    marked = in_place(layer)
    if not layer.inputs or not (marked or (runtime.reuses == "elementwise" and _pointwise(layer))):
        return
    result = found.block(Ref(layer.name))
    for ref in layer.inputs if not marked else layer.inputs[:1]:
        block = found.block(ref)
        of_use = block.held or block.savers or block.last_use > position
        same = block.bytes == result.bytes
        if block is not result and same and not of_use:
            block.overwritten_by = position
            return


def _pointwise(layer: Layer) -> bool:
    op = layer.op
    if isinstance(op, Activation):
        return op.function not in ROW_FUNCTIONS
    return isinstance(op, Merge | Elementwise)
