"""From layers to kernels, by a runtime's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.network.cost import Cost
from convcost.ops.activation import ROW_FUNCTIONS, Activation, charge
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.unknown import Unknown
from convcost.runtime.kernel import Kernel, KernelKind

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.op import Call, Mode, Op
    from convcost.network.tensor import Tensor
    from convcost.runtime.rules import DeviceKind, Rules, Runtime


@dataclass(slots=True)
class _Draft:
    """A kernel that later layers may still be fused into."""

    name: str
    kind: KernelKind
    cost: Cost
    channels: Dim | None
    position: int
    layers: list[str]
    #: layers whose output is what the kernel writes: the last one computed, and views of it
    results: list[str]

    def finished(self) -> Kernel:
        return Kernel(
            name=self.name,
            layers=tuple(self.layers),
            kind=self.kind,
            cost=self.cost,
            channels=self.channels,
        )


def lower(
    network: Network, runtime: Runtime, device_kind: DeviceKind, mode: Mode = "inference"
) -> tuple[Kernel, ...]:
    """The kernels that a runtime executes for one forward pass.

    Args:
        network: bound to numbers.
        runtime: whose rules.
        device_kind: ``cpu`` or ``gpu``.
        mode: inference or training.

    Layers of unknown cost become no kernel; who adds up times must say so.

    Raises:
        UsageError: the runtime does not run on that kind of device.
    """
    rules = runtime.rules.get(device_kind)
    if rules is None:
        kinds = ", ".join(sorted(runtime.rules))
        raise UsageError(f"runtime '{runtime.name}' runs on {kinds}, not on a {device_kind}")
    lowering = _Lowering(network, rules, mode)
    for layer in network.layers:
        lowering.add(layer)
    return tuple(draft.finished() for draft in lowering.drafts)


def _vector_channels(op: Op, tensor: Tensor) -> Dim:
    """The axis laid along the vectors: units of a dense layer, channels of a convolution."""
    return tensor.axes[-1].size if isinstance(op, Dense) else tensor.size("channel")


class _Lowering:
    def __init__(self, network: Network, rules: Rules, mode: Mode) -> None:
        self.network = network
        self.rules = rules
        self.mode = mode
        self.drafts: list[_Draft] = []
        #: layer -> the kernel that writes its output; views pass on their input's
        self.writer: dict[str, _Draft] = {}

    def add(self, layer: Layer) -> None:
        op, call = layer.op, self.network.call(layer, self.mode)
        if isinstance(op, Unknown):
            return
        if not op.touches_data(call):
            self._pass_on(layer)
        elif isinstance(op, Conv | DepthwiseConv | SeparableConv | Dense):
            self._product(layer, call)
        elif (target := self._target(layer)) is not None:
            self._fuse(layer, call, target)
        elif isinstance(op, BatchNorm):
            self._batch_norm(layer, call)
        else:
            self._whole(layer, call)

    def _whole(self, layer: Layer, call: Call) -> None:
        """A layer that runs as one kernel, whatever it consists of."""
        cost = layer.op.cost("forward", call)
        if cost is None:
            return
        kind: KernelKind = "copy" if isinstance(layer.op, Concatenate | ZeroPadding) else "stream"
        equations = layer.op.equations(call)
        if equations:
            written = [loop.size for loop in equations[-1].loops if not loop.reduced]
            self._emit(layer, layer.name, "product", cost, written[-1] if written else None)
        else:
            self._emit(layer, layer.name, kind, cost)

    def _emit(
        self, layer: Layer, name: str, kind: KernelKind, cost: Cost, channels: Dim | None = None
    ) -> None:
        draft = _Draft(name, kind, cost, channels, len(self.drafts), [layer.name], [layer.name])
        self.drafts.append(draft)
        self.writer[layer.name] = draft

    def _pass_on(self, layer: Layer) -> None:
        if layer.inputs and layer.inputs[0].layer in self.writer:
            draft = self.writer[layer.inputs[0].layer]
            draft.results.append(layer.name)
            self.writer[layer.name] = draft

    def _product(self, layer: Layer, call: Call) -> None:
        """The matrix products of a layer, then its bias and activation where they are not fused."""
        op = layer.op
        assert isinstance(op, Conv | DepthwiseConv | SeparableConv | Dense)  # noqa: S101 - for types
        (tensor,), (result,) = call.inputs, call.outputs
        bias_bytes = call.parameters[-1].bytes if op.bias else 0
        equations = op.equations(call)
        kernel_bytes = [p.bytes for p in call.parameters[: len(equations)]]
        read = tensor.bytes
        for number, (equation, weights) in enumerate(zip(equations, kernel_bytes, strict=True)):
            last = number == len(equations) - 1
            # the tensor between two products (separable convolution) is written and read again
            written = result.bytes if last else equation.outputs * (result.bytes // result.elements)
            self._emit(
                layer,
                layer.name if last else f"{layer.name}/depthwise",
                "product",
                Cost(
                    macs=equation.macs,
                    read_bytes=read + weights,
                    write_bytes=written,
                    weight_bytes=weights,
                ),
                channels=_vector_channels(layer.op, tensor if not last else result),
            )
            read = written
        elements = call.output_elements
        if op.bias:
            bias = Cost(elementwise=elements, read_bytes=bias_bytes, weight_bytes=bias_bytes)
            self._epilogue(layer, "bias", bias, result.bytes, fused=self.rules.bias == "fused")
        if op.activation != "linear":
            activation = Cost(elementwise=charge(op.activation, elements))
            fused = op.activation in self.rules.activations
            self._epilogue(layer, op.activation, activation, result.bytes, fused=fused)

    def _epilogue(
        self, layer: Layer, part: str, cost: Cost, result_bytes: Dim, *, fused: bool
    ) -> None:
        """A step on a product's result: while it is written, or as a pass over it."""
        if fused and self.writer[layer.name].kind == "product":
            self.writer[layer.name].cost += cost
        else:
            traffic = Cost(read_bytes=result_bytes, write_bytes=result_bytes)
            self._emit(layer, f"{layer.name}/{part}", "stream", cost + traffic)

    def _target(self, layer: Layer) -> str | None:
        """The input whose kernel can compute the layer while it writes: the last one written."""
        op = layer.op
        if isinstance(op, BatchNorm):
            allowed = self.mode == "inference" and self.rules.batch_norm == "fused"
        elif isinstance(op, Activation):
            allowed = self.rules.pointwise == "fused" and op.function not in ROW_FUNCTIONS
        else:
            allowed = self.rules.pointwise == "fused" and isinstance(op, Merge)
        written = [ref for ref in layer.inputs if ref.layer in self.writer]
        if not allowed or not written:
            return None
        last = max(written, key=lambda ref: self.writer[ref.layer].position)
        # a smaller input (a squeeze-and-excite gate) is broadcast: its kernel does not write this
        whole = self.network.tensor(last).elements == layer.outputs[0].elements
        return last.layer if whole and self._only_reader(layer, last.layer) else None

    def _only_reader(self, layer: Layer, source: str) -> bool:
        """Whether nobody else reads a kernel's result, views of it followed."""
        same = self.writer[source].results
        readers = {name for result in same for name in self.network.consumers[result]}
        returned = any(ref.layer in same for ref in self.network.outputs)
        return not returned and readers <= {layer.name, *same}

    def _fuse(self, layer: Layer, call: Call, target: str) -> None:
        draft = self.writer[target]
        tensors = zip(layer.inputs, call.inputs, strict=True)
        others = sum((tensor.bytes for ref, tensor in tensors if ref.layer != target), start=0)
        draft.cost += Cost(
            elementwise=layer.op.elementwise(call),
            read_bytes=others + call.weight_bytes,
            weight_bytes=call.weight_bytes,
        )
        draft.layers.append(layer.name)
        draft.results = [layer.name]
        self.writer[layer.name] = draft

    def _batch_norm(self, layer: Layer, call: Call) -> None:
        cost = layer.op.cost("forward", call)
        assert cost is not None  # noqa: S101 - BatchNorm always has a rule
        result = call.output_bytes
        if self.mode == "training":
            # one pass for the statistics, one to normalise: the input is read twice
            self._emit(layer, layer.name, "stream", cost + Cost(read_bytes=result))
        elif self.rules.batch_norm == "passes":
            half = call.weight_bytes // 2
            for part in ("multiply", "add"):
                self._emit(
                    layer,
                    f"{layer.name}/{part}",
                    "stream",
                    Cost(
                        elementwise=call.output_elements,
                        read_bytes=result + half,
                        write_bytes=result,
                        weight_bytes=half,
                    ),
                )
        else:
            self._emit(layer, layer.name, "stream", cost)
