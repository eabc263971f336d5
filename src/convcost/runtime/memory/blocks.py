"""Which tensors share memory, who needs them, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from convcost.network.dims import Dim, summed
from convcost.network.network import Ref
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.constant import Constant
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
        scratch: bytes that the other layers make besides their results, for a moment.
        blocks: all memory.
        of: tensor -> place of its block.
    """

    network: Network
    calls: Mapping[str, Call]
    saved: Mapping[str, Saved]
    scratch: Mapping[str, Dim]
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
    scratch = {
        layer.name: rules.scratch_of(layer, network.call(layer, mode))
        for layer in network.layers
        if layer.name not in calls
    }
    found = Graph(network, calls, saved, scratch, tuple(blocks), of)
    for position, layer in enumerate(network.layers):
        _overwrite(found, position, layer, runtime)
    return found


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
