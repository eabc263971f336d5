"""How images lie in memory, where a runtime has a layout of its own for them.

A tensor lies as the source has its axes (``given``), with the channels first (``first``), or in
blocks of channels (``blocks``). Convolutions and poolings choose, what works element by element
takes what it gets where it can, and everything else gets what was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.cost import Cost
from convcost.network.dims import ceil_div, number
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network, Ref
    from convcost.network.op import Call
    from convcost.network.tensor import Tensor
    from convcost.runtime.rules import Blocks

Layout: TypeAlias = Literal["given", "first", "blocks"]
#: Kinds of ops for which channels are put first.
_FIRST = frozenset({"batch_norm", "local_response_norm"})


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a tensor's layout.

    Attributes:
        name: what is done.
        cost: the tensor is read and written; blocks that are not full as if they were.
        of: whose kernel it belongs to: the one that wrote the tensor, the one that reads it, or
            one of the layer itself.
    """

    name: Literal["reorder", "transpose"]
    cost: Cost
    of: Literal["writer", "reader", "layer"]


class Layouts:
    """Where the tensors of a network lie, as far as it has been lowered.

    Args:
        network: that is lowered.
        blocks: the runtime's own layout; without one everything lies as it was given.

    Attributes:
        lies: layer -> the layout of its result.
    """

    def __init__(self, network: Network, blocks: Blocks | None) -> None:
        self._network, self._blocks = network, blocks
        self.lies: dict[str, Layout] = {}
        self._there: set[tuple[Ref, Layout]] = set()

    def of(self, ref: Ref) -> Layout:
        """The layout of a tensor."""
        return self.lies.get(ref.layer, "given")

    def plan(self, layer: Layer, call: Call) -> tuple[Layout, Layout]:
        """The layouts in which a layer that is no product reads, and writes."""
        if self._blocks is None or not call.inputs:
            return "given", "given"
        op, tensor = layer.op, call.inputs[0]
        if isinstance(op, Pool):
            whole = _is_image(tensor) and _channels(tensor) % self._blocks.size == 0
            return self._both("blocks" if whole else "first", call)
        lie = {self.of(ref) for ref in layer.inputs}
        if lie == {"blocks"} and self._works_in_blocks(layer, call, self._blocks):
            return "blocks", "blocks"
        if op.kind in _FIRST:
            return self._both("first", call)
        if _takes_as_it_lies(layer, call):
            here = self.of(layer.inputs[0])
            kept = here == "blocks" and not op.touches_data(call)
            return self._both(here if kept or here != "blocks" else "first", call)
        return "given", "given"

    def product(self, layer: Layer, call: Call, place: int) -> tuple[Layout, Layout]:
        """Those of a product of a layer, the first or the second one."""
        op, tensor = layer.op, call.inputs[0]
        if self._blocks is None or isinstance(op, Dense):
            return "given", "given"
        reads: Layout = "first"
        writes: Layout = "first"
        if _is_image(tensor):
            channels, filters, groups = _sizes(op, tensor, place)
            reads, writes = _convolved(channels, filters, groups, self._blocks)
        return self._shown(reads, tensor), self._shown(writes, call.outputs[0])

    def changes(self, ref: Ref, layout: str) -> list[Change]:
        """What brings a tensor into a layout; nothing where it is there already."""
        here = self.of(ref)
        if layout == here or self._blocks is None or (ref, layout) in self._there:
            return []
        tensor = self._network.tensor(ref)
        self._there.add((ref, layout))  # type: ignore[arg-type]
        full, plain = _in_blocks(tensor, self._blocks.size), tensor.bytes
        turned = self._shown("first", tensor) == "first"
        if here == "blocks":
            reads = Cost(read_bytes=full, write_bytes=plain)
            return [Change("reorder", reads, "layer" if turned and layout == "given" else "writer")]
        if layout == "blocks":
            found = [Change("reorder", Cost(read_bytes=plain, write_bytes=full), "reader")]
            alone = len(self._network.consumers[ref.layer]) == 1
            return found if here == "first" or not turned or alone else [
                *self.changes(ref, "first"), *found
            ]  # fmt: skip
        return [Change("transpose", Cost(read_bytes=plain, write_bytes=plain), "layer")]

    def _both(self, layout: Layout, call: Call) -> tuple[Layout, Layout]:
        return self._shown(layout, call.inputs[0]), self._shown(layout, call.outputs[0])

    def _shown(self, layout: Layout, tensor: Tensor) -> Layout:
        """The layout; ``given`` where the source has the channels first anyway."""
        names = tensor.names
        spread = "channel" in names and not {*SPATIAL_AXES}.isdisjoint(names)
        turned = spread and names.index("channel") != 1
        return "given" if layout == "first" and not turned else layout

    def _works_in_blocks(self, layer: Layer, call: Call, blocks: Blocks) -> bool:
        """Whether a layer can read blocks, all its inputs lying in them."""
        op = layer.op
        if isinstance(op, Activation):
            return not op.touches_data(call) or op.function in blocks.functions
        if isinstance(op, Merge):
            alike = len({tensor.shape for tensor in call.inputs}) == 1
            return alike and len(call.inputs) == 2 and op.function in {"add", "multiply"}
        if isinstance(op, Concatenate):
            whole = (_channels(tensor) % blocks.size == 0 for tensor in call.inputs)
            return op.axis == "channel" and all(whole)
        return isinstance(op, BatchNorm) and op.axis == "channel"


def _takes_as_it_lies(layer: Layer, call: Call) -> bool:
    """Whether the axes of a layer's result lie as those of its first input."""
    op = layer.op
    if isinstance(op, Activation | Merge | Concatenate | ZeroPadding):
        return True
    kept = isinstance(op, GlobalPool) and op.keep_axes
    idle = not op.touches_data(call) and call.inputs[0].axes == call.outputs[0].axes
    return kept or idle


def _is_image(tensor: Tensor) -> bool:
    return {*tensor.names} == {"batch", "height", "width", "channel"}


def _channels(tensor: Tensor) -> int:
    return number(tensor.size("channel"), "channels")


def _sizes(op: object, tensor: Tensor, place: int) -> tuple[int, int, int]:
    """Channels read, channels written, groups, of the first or the second product."""
    channels = _channels(tensor)
    if isinstance(op, Conv):
        return channels, number(op.filters, "filters"), number(op.groups, "groups")
    assert isinstance(op, DepthwiseConv | SeparableConv)  # noqa: S101 - for types
    between = channels * number(op.multiplier, "the multiplier")
    if isinstance(op, SeparableConv) and place == 1:
        return between, number(op.filters, "filters"), 1
    return channels, between, channels


def _convolved(channels: int, filters: int, groups: int, blocks: Blocks) -> tuple[Layout, Layout]:
    """The layouts in which a convolution reads and writes."""
    fits = channels % blocks.multiple == 0
    if groups == 1:
        if channels < blocks.size:
            return "first", "blocks"
    elif groups == channels:
        fits = fits and filters == channels
    else:
        fits = channels // groups % blocks.size == 0 and filters // groups % blocks.size == 0
    return ("blocks", "blocks") if fits else ("first", "first")


def _in_blocks(tensor: Tensor, size: int) -> Dim:
    """Bytes with the last block filled up."""
    if "channel" not in tensor.names:
        return tensor.bytes
    channels = tensor.size("channel")
    return tensor.bytes // channels * ceil_div(channels, size) * size
