"""Which kernel computes a layer while it writes, by a runtime's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.network import Layer, Network, Ref
    from convcost.network.op import Call, Mode, Op
    from convcost.runtime.lowering.draft import Draft, Step
    from convcost.runtime.lowering.layout import Layouts
    from convcost.runtime.rules import Plain, Rules

_ALL: frozenset[Step] = frozenset({"batch norm", "sum", "activation"})
#: Products that are composed of several steps, of which adding the bias is one.
_COMPOSED: frozenset[Plain] = frozenset({"dilated", "grouped", "positions"})
#: A normalisation behind them is no part of their weights.
_NEVER_FOLDED_INTO = (Dense, BatchNorm)
#: What a kernel of a composed normalisation is: its last pass, or all of it in training.
_COMPOSED_NORMS = frozenset({"shift", "composed"})


def absorbed_padding(network: Network, rules: Rules, mode: Mode) -> Mapping[str, Ref]:
    """Layers of padding that the next layer does itself -> what they pad.

    In training the gradient of the next layer's weights reads the padded tensor.
    """
    if mode == "training" or not rules.padding:
        return {}
    returned = {ref.layer for ref in network.outputs}
    found: dict[str, Ref] = {}
    for layer in network.layers:
        if not isinstance(layer.op, ZeroPadding) or layer.name in returned:
            continue
        readers = [_title(network.layer(name).op) for name in network.consumers[layer.name]]
        if len(readers) == 1 and readers[0] in rules.padding and layer.inputs[0].layer not in found:
            found[layer.name] = layer.inputs[0]
    return found


def _title(op: Op) -> str:
    """The kind; of a pooling with its function: zeros are no maximum's padding."""
    return f"{op.kind} {op.function}" if isinstance(op, Pool) else op.kind


def is_composed(op: Op, call: Call, rules: Rules) -> bool:
    """Whether a product is composed of several steps, of which adding the bias is one."""
    return not (rules.unfused & _COMPOSED).isdisjoint(_plain(op, call))


def _plain(op: Op, call: Call) -> Iterator[Plain]:
    """What of a product may keep it from being fused with anything."""
    if not getattr(op, "bias", True):
        yield "no bias"
    if any(window.dilation != 1 for window in getattr(op, "windows", ())):
        yield "dilated"
    if isinstance(op, Conv) and op.groups != 1:
        yield "grouped"
    if isinstance(op, Dense) and len(call.outputs[0].axes) > 2:
        yield "positions"


class Fusion:
    """The rules applied to a network.

    Args:
        writer: layer -> the kernel that writes its output; grows while the network is lowered.
        layouts: likewise.
    """

    def __init__(
        self,
        network: Network,
        rules: Rules,
        mode: Mode,
        writer: Mapping[str, Draft],
        layouts: Layouts,
    ) -> None:
        self._network, self._rules, self._mode = network, rules, mode
        self._writer, self._layouts = writer, layouts
        self._place = {layer.name: place for place, layer in enumerate(network.layers)}
        self._returned = {ref.layer for ref in network.outputs}

    def steps(self, layer: Layer, call: Call, layout: str) -> set[Step]:
        """What a new kernel can take: a product, or a normalisation in blocks."""
        rules, op = self._rules, layer.op
        if rules.pointwise == "fused" or (rules.pointwise == "chain" and isinstance(op, BatchNorm)):
            return set(_ALL)
        if rules.pointwise == "chain":
            return set()
        in_blocks = layout == "blocks"
        if isinstance(op, BatchNorm) and not in_blocks:
            return set()
        if rules.unfused and not rules.unfused.isdisjoint(_plain(op, call)):
            return set()
        found: set[Step] = {"activation"}
        if op.kind in (rules.blocks.sums if rules.blocks and in_blocks else rules.sums):
            found.add("sum")
        if rules.batch_norm == "folded" and not isinstance(op, _NEVER_FOLDED_INTO):
            found.add("batch norm")
        return found

    def after(self, step: Step) -> frozenset[Step]:
        """What a kernel can still take after a step."""
        if self._rules.pointwise in ("chain", "fused") or step == "batch norm":
            return _ALL
        return frozenset({"activation"}) if step == "sum" else frozenset()

    def fused(self, layer: Layer, draft: Draft) -> frozenset[Step]:
        """What a kernel can still take after a layer; sums in blocks take fewer functions."""
        step = _step(layer.op)
        assert step is not None  # noqa: S101 - it has been fused
        if step == "sum" and draft.in_blocks:
            draft.op = layer.op.kind
        return self.after(step)

    def bias(self, layer: Layer, draft: Draft) -> None:
        """A product's bias is being added by this pass: it may begin a chain."""
        if self._rules.pointwise == "chain":
            draft.op, draft.takes = layer.op.kind, set(_ALL)
            draft.layers, draft.behind = [], layer.name

    def takes_function(self, draft: Draft, function: str) -> bool:
        """Whether a kernel can compute an activation while it writes."""
        if "activation" not in draft.takes:
            return False
        rules = self._rules
        if draft.in_blocks and rules.blocks is not None and function in rules.blocks.fused:
            return True
        return rules.fuses(draft.op, function, training=self._mode == "training")

    def target(self, layer: Layer, call: Call) -> Draft | None:
        """The kernel that can compute a layer while it writes; None where it needs its own."""
        op = layer.op
        if self._rules.pointwise in ("chain", "fused"):
            draft = self._last_written(layer, call)
            chain = self._rules.pointwise == "chain"
            return None if draft is None or (chain and draft.kind == "product") else draft
        step = None if self._rules.pointwise == "kernel" else _step(op)
        if step is None or (step == "batch norm" and call.mode == "training"):
            return None
        if step == "sum" and not _is_plain_sum(op, call):
            return None
        if step == "sum" and any(each.op in _COMPOSED_NORMS for each in self._read_here(layer)):
            return None
        for ref in self._candidates(layer):
            draft = self._writer.get(ref.layer)
            if draft is None or step not in draft.takes or not self._only_reader(layer, ref.layer):
                continue
            if isinstance(op, Activation) and not self.takes_function(draft, op.function):
                continue
            in_blocks = (self._layouts.of(each) == "blocks" for each in layer.inputs)
            if self._layouts.of(ref) != "blocks" or all(in_blocks):
                return draft
        return None

    def _candidates(self, layer: Layer) -> Sequence[Ref]:
        """The inputs in the order in which a runtime tries to fuse the layer into them."""
        if self._rules.sums_into == "first input":
            return layer.inputs
        return sorted(layer.inputs, key=lambda ref: self._place[ref.layer])

    def shifts(self, layer: Layer) -> list[Draft]:
        """The last passes of composed normalisations that a sum takes over from them."""
        if not isinstance(layer.op, Merge) or layer.op.function != "add":
            return []
        return [draft for draft in self._read_here(layer) if draft.op == "shift"]

    def _read_here(self, layer: Layer) -> Iterator[Draft]:
        """The kernels that write what only this layer reads."""
        for ref in layer.inputs:
            draft = self._writer.get(ref.layer)
            if draft is not None and self._only_reader(layer, ref.layer):
                yield draft

    def _last_written(self, layer: Layer, call: Call) -> Draft | None:
        """The input that is written last, where all that works element by element is fused."""
        op = layer.op
        if isinstance(op, BatchNorm):
            allowed = call.mode == "inference" and self._rules.batch_norm == "fused"
        else:
            allowed = isinstance(op, Merge) or (
                isinstance(op, Activation) and op.function not in ROW_FUNCTIONS
            )
        written = [ref for ref in layer.inputs if ref.layer in self._writer]
        if not allowed or not written:
            return None
        last = max(written, key=lambda ref: self._writer[ref.layer].position)
        # a smaller input (a squeeze-and-excite gate) is broadcast: its kernel does not write this
        whole = self._network.tensor(last).elements == layer.outputs[0].elements
        fits = whole and self._only_reader(layer, last.layer)
        return self._writer[last.layer] if fits else None

    def _only_reader(self, layer: Layer, source: str) -> bool:
        """Whether nobody else reads a kernel's result, views of it followed."""
        same, consumers = self._writer[source].results, self._network.consumers
        for result in same:
            if result in self._returned:
                return False
            for reader in consumers[result]:
                if reader != layer.name and reader not in same:
                    return False
        return True


def _step(op: Op) -> Step | None:
    if isinstance(op, BatchNorm):
        return "batch norm"
    if isinstance(op, Activation):
        return "activation"
    return "sum" if isinstance(op, Merge) else None


def _is_plain_sum(op: Op, call: Call) -> bool:
    """Of two tensors of one shape."""
    two = len(call.inputs) == 2 and len({tensor.shape for tensor in call.inputs}) == 1
    return isinstance(op, Merge) and op.function == "add" and two
