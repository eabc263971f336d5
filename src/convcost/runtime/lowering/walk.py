"""A walk over a network's layers that makes kernels of them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from convcost.count.gradients import call_of
from convcost.network.cost import Cost
from convcost.ops.activation import Activation, charge
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.merge import Concatenate
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.unknown import Unknown
from convcost.runtime.lowering.draft import Draft
from convcost.runtime.lowering.fusion import Fusion, absorbed_padding, is_composed
from convcost.runtime.lowering.layout import Layouts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network, Ref
    from convcost.network.op import Call, Mode
    from convcost.runtime.kernel import Kernel, KernelKind
    from convcost.runtime.rules import Rules


#: Ops whose matrix products are kernels of their own, besides a bias and an activation.
_PRODUCTS = (Conv, DepthwiseConv, SeparableConv, Dense)
#: Ops that only move values.
_COPIES = (Concatenate, ZeroPadding)


class Walk:
    """One walk; the kernels are made while it goes on, since later layers are fused into them.

    Args:
        network: bound to numbers.
        rules: by which.
        mode: inference or training.
        logits: layers whose last step is not computed.
    """

    def __init__(
        self, network: Network, rules: Rules, mode: Mode, logits: Collection[str] = ()
    ) -> None:
        self.network, self.rules, self.mode, self.logits = network, rules, mode, logits
        self.drafts: list[Draft] = []
        #: layer -> the kernel that writes its output; views pass on their input's
        self.writer: dict[str, Draft] = {}
        self.absorbed = absorbed_padding(network, rules, mode)
        self.layouts = Layouts(network, rules.blocks)
        self.fusion = Fusion(network, rules, mode, self.writer, self.layouts)
        #: changes of the layout that are for the next kernel
        self._waiting: list[Draft] = []
        self._position = count()

    def kernels(self) -> tuple[Kernel, ...]:
        """Of all layers, in the order of the network."""
        for layer in self.network.layers:
            if layer.name not in self.absorbed:
                self._add(layer)
        for ref in self.network.outputs:
            self._bring(self.network.layer(ref.layer), [ref], "given", returned=True)
        place = {layer.name: number for number, layer in enumerate(self.network.layers)}
        return tuple(draft.finished(place) for draft in self.drafts)

    def _add(self, layer: Layer) -> None:
        op, call = layer.op, call_of(self.network, layer, self.mode)
        if isinstance(op, Unknown):
            return
        ends_here = layer.name in self.logits and isinstance(op, Activation)
        if ends_here or not op.touches_data(call):
            self._pass_on(layer, call)
        elif isinstance(op, _PRODUCTS):
            self._product(layer, call)
        elif (target := self.fusion.target(layer, call)) is not None:
            self._fuse(layer, call, target)
        elif isinstance(op, BatchNorm):
            self._batch_norm(layer, call)
        else:
            self._whole(layer, call)

    def _reads(self, layer: Layer) -> Sequence[Ref]:
        """Its inputs; what is padded in place of a padding that it does itself."""
        if not self.absorbed:
            return layer.inputs
        return [self.absorbed.get(ref.layer, ref) for ref in layer.inputs]

    def _emit(
        self, layer: Layer, name: str, kind: KernelKind, cost: Cost, channels: Dim | None = None
    ) -> Draft:
        padded = [ref.layer for ref in layer.inputs if ref.layer in self.absorbed]
        first = self.writer.get(layer.name) is None
        draft = Draft(
            name=name,
            kind=kind,
            cost=cost,
            position=next(self._position),
            layers=[*(padded if first else ()), layer.name],
            results=[layer.name],
            channels=channels,
        )
        for change in self._waiting:
            change.serves = draft
        self._waiting.clear()
        self.drafts.append(draft)
        self.writer[layer.name] = draft
        return draft

    def _bring(
        self, layer: Layer, refs: Sequence[Ref], layout: str, *, returned: bool = False
    ) -> None:
        """Change the layout of tensors where a layer needs another one.

        A change out of blocks belongs to the kernel that writes them, one into blocks to the one
        that reads them; a turn of the axes is the layer's own.
        """
        for ref in refs:
            for change in self.layouts.changes(ref, layout):
                draft = Draft(f"{layer.name}/{change.name}", "copy", change.cost,
                              next(self._position), [layer.name], [])  # fmt: skip
                if change.of == "writer" or (returned and ref.layer in self.writer):
                    draft.serves = self.writer[ref.layer]
                elif change.of == "reader":
                    self._waiting.append(draft)
                self.drafts.append(draft)

    def _pass_on(self, layer: Layer, call: Call) -> None:
        reads, result = self.layouts.plan(layer, call)
        self._bring(layer, self._reads(layer), reads)
        self.layouts.lies[layer.name] = result
        if layer.inputs and layer.inputs[0].layer in self.writer:
            draft = self.writer[layer.inputs[0].layer]
            draft.results.append(layer.name)
            self.writer[layer.name] = draft
            if call.inputs[0].axes != call.outputs[0].axes:
                draft.takes.clear()

    def _whole(self, layer: Layer, call: Call) -> None:
        """A layer that runs as one kernel, whatever it consists of."""
        cost = call.cost_of(layer.op)
        if cost is None:
            return
        self._laid(layer, call)
        if self.absorbed:
            more = sum([self.network.tensor(ref).bytes for ref in self._reads(layer)])
            cost = cost + Cost(read_bytes=more - call.input_bytes)
        kind: KernelKind = "copy" if isinstance(layer.op, _COPIES) else "stream"
        equations = call.equations_of(layer.op)
        if equations:
            written = [loop.size for loop in equations[-1].loops if not loop.reduced]
            self._emit(layer, layer.name, "product", cost, written[-1] if written else None)
            return
        shifts = self.fusion.shifts(layer)
        self._emit(layer, layer.name, kind, cost)
        if shifts:
            # the shifts of the normalisations before are added to the sum, in one pass
            self.drafts = [draft for draft in self.drafts if draft not in shifts]
            small = sum((each.cost.weight_bytes for each in shifts), start=0)
            self._pass(layer, "shift", call.output_bytes, Cost(
                elementwise=sum((each.cost.elementwise for each in shifts), start=0),
                read_bytes=small, weight_bytes=small,
            ))  # fmt: skip

    def _laid(self, layer: Layer, call: Call) -> str:
        """Bring the inputs into the layout that a layer reads; the layout of its result."""
        reads, result = self.layouts.plan(layer, call)
        self._bring(layer, self._reads(layer), reads)
        self.layouts.lies[layer.name] = result
        return result

    def _pass(self, layer: Layer, part: str, result_bytes: Dim, cost: Cost) -> Draft:
        """A pass over a layer's result that changes it."""
        traffic = Cost(read_bytes=result_bytes, write_bytes=result_bytes)
        return self._emit(layer, f"{layer.name}/{part}", "stream", cost + traffic)

    def _product(self, layer: Layer, call: Call) -> None:
        """The matrix products of a layer, then its bias and activation where they are not fused."""
        op = layer.op
        assert isinstance(op, _PRODUCTS)  # noqa: S101 - for types
        (tensor,), (result,) = call.inputs, call.outputs
        bias_bytes = call.parameters[-1].bytes if op.bias else 0
        equations = call.equations_of(op)
        kernel_bytes = [p.bytes for p in call.parameters[: len(equations)]]
        (source,) = self._reads(layer)
        read = self.network.tensor(source).bytes
        for number, (equation, weights) in enumerate(zip(equations, kernel_bytes, strict=True)):
            last = number == len(equations) - 1
            reads, self.layouts.lies[layer.name] = self.layouts.product(layer, call, number)
            if number == 0:
                self._bring(layer, [source], reads)
            # the tensor between two products (separable convolution) is written and read again
            written = result.bytes if last else equation.outputs * (result.bytes // result.elements)
            # the axis laid along the vectors: units of a dense layer, channels of a convolution
            shown = result if last else tensor
            wide = shown.axes[-1].size if isinstance(op, Dense) else shown.size("channel")
            cost = Cost(macs=equation.macs, read_bytes=read + weights, write_bytes=written,
                        weight_bytes=weights)  # fmt: skip
            name = layer.name if last else f"{layer.name}/depthwise"
            draft = self._emit(layer, name, "product", cost, wide)
            read = written
        self._finish_product(layer, call, draft, bias_bytes)

    def _finish_product(self, layer: Layer, call: Call, draft: Draft, bias_bytes: Dim) -> None:
        """Bias and activation; what else the product's kernel takes."""
        op: Conv | Dense = layer.op  # type: ignore[assignment]
        elements, result_bytes = call.output_elements, call.output_bytes
        draft.op, draft.in_blocks = op.kind, self.layouts.lies[layer.name] == "blocks"
        draft.takes = self.fusion.steps(layer, call, self.layouts.lies[layer.name])
        if op.bias:
            cost = Cost(elementwise=elements, read_bytes=bias_bytes, weight_bytes=bias_bytes)
            if self.rules.bias == "fused" and not is_composed(op, call, self.rules):
                draft.cost += cost
            else:
                draft = self._pass(layer, "bias", result_bytes, cost)
                self.fusion.bias(layer, draft)
        if op.activation != "linear" and layer.name not in self.logits:
            cost = Cost(elementwise=charge(op.activation, elements))
            if self.fusion.takes_function(draft, op.activation):
                draft.cost += cost
                draft.takes &= self.fusion.after("activation")
            else:
                self._pass(layer, op.activation, result_bytes, cost)

    def _fuse(self, layer: Layer, call: Call, draft: Draft) -> None:
        """Compute a layer while a kernel writes its own result."""
        own = [self.writer.get(ref.layer) is draft for ref in layer.inputs]
        if not (isinstance(layer.op, BatchNorm) and self.rules.batch_norm == "folded"):
            of_others = [x.bytes for x, is_own in zip(call.inputs, own, strict=True) if not is_own]
            draft.cost += Cost(
                elementwise=layer.op.elementwise(call),
                read_bytes=sum(of_others) + call.weight_bytes,
                weight_bytes=call.weight_bytes,
            )
        layout = self.layouts.of(layer.inputs[own.index(True)])
        self.layouts.lies[layer.name] = layout
        self._bring(layer, layer.inputs, layout)
        draft.takes &= self.fusion.fused(layer, draft)
        draft.layers.append(layer.name)
        draft.results = [layer.name]
        self.writer[layer.name] = draft

    def _batch_norm(self, layer: Layer, call: Call) -> None:
        cost = call.cost_of(layer.op)
        assert cost is not None  # noqa: S101 - BatchNorm always has a rule
        result = self._laid(layer, call)
        if call.mode == "training":
            # one pass for the statistics, one to normalise: the input is read twice
            draft = self._emit(
                layer, layer.name, "stream", cost + Cost(read_bytes=call.output_bytes)
            )
            draft.op = "composed" if self.rules.batch_norm == "passes" else ""
        elif self.rules.batch_norm == "passes":
            half = call.weight_bytes // 2
            one = Cost(elementwise=call.output_elements, read_bytes=half, weight_bytes=half)
            self._pass(layer, "multiply", call.output_bytes, one)
            self._pass(layer, "add", call.output_bytes, one).op = "shift"
        else:
            draft = self._emit(layer, layer.name, "stream", cost)
            draft.takes = self.fusion.steps(layer, call, result)
            draft.op, draft.in_blocks = layer.op.kind, result == "blocks"
