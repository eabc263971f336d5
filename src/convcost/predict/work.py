"""What the time of a kernel depends on, in exact sizes: floats begin where times do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count import costs
from convcost.count.gradients import Backward, backward
from convcost.count.optimizers import framework_of, optimizer_of, update_cost
from convcost.count.workload import DEFAULT_LOSS
from convcost.network.cost import Cost, total
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import Dim, summed
from convcost.network.once import once
from convcost.ops.depthwise import SeparableConv
from convcost.ops.input import Input
from convcost.predict.geometry import geometry, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.count import LayerCost, Workload
    from convcost.network.network import Network
    from convcost.predict.groups import Group
    from convcost.runtime import Kernel
    from convcost.runtime.runners.runner import RunPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What layers that run as one do in one phase. Sizes may be symbolic.

    Attributes:
        layers: names; none for what belongs to no layer.
        phase: of the run.
        kind: what decides which kernel runs: an op, with its function.
        macs: multiply-accumulates; of a separable convolution those of the pointwise part.
        elementwise: other operations; of a separable convolution also the depthwise part's MACs.
        read: bytes of what others computed, each tensor once.
        written: bytes of what others read.
        weights: bytes of parameters that are read.
        batch: samples.
        positions: places that a kernel computes all channels of, over all samples.
        reduction: products summed into one value.
        channels_in: of a group.
        channels_out: of a group.
        groups: of channels.
        taps: of a window.
        tall: taps along the first axis of a window.
        stride: product over the axes.
        padding: zeros that are added along the axes of the windows.
        width: of the result, along the axis that lies together.
        elements: of the main result.
        operands: tensors that are read.
        parts: layers that run as one; parameters that an update walks over; layers of a loop.
        kernels: that the runtime makes of it.
        copied: bytes that change their layout for it.
        channels_last: 1 where the channels of its images lie together, else 0: PyTorch and oneDNN
            have other kernels for these.
        run_written: bytes of all results of the whole run, which is what passes through the caches
            from one run of this work to the next: in a small network all of it stays there.
        run_weights: bytes of all parameters that the whole run reads, likewise.
        run_macs: of the whole run.
    """

    layers: Group
    phase: RunPhase
    kind: str
    macs: Dim = 0
    elementwise: Dim = 0
    read: Dim = 0
    written: Dim = 0
    weights: Dim = 0
    batch: Dim = 1
    positions: Dim = 1
    reduction: Dim = 1
    channels_in: Dim = 1
    channels_out: Dim = 1
    groups: Dim = 1
    taps: Dim = 1
    tall: Dim = 1
    stride: Dim = 1
    padding: Dim = 0
    width: Dim = 1
    elements: Dim = 1
    operands: Dim = 1
    parts: Dim = 1
    kernels: int = 1
    copied: Dim = 0
    channels_last: Dim = 0
    run_written: Dim = 0
    run_weights: Dim = 0
    run_macs: Dim = 0


class Works:
    """The works of a network.

    Args:
        network: whose layers; prepared for its workload.
        workload: mode, and the optimizer of a training step.
        symbolic: let symbols stand in the sizes; or those of these names.

    Attributes:
        costs: of every layer's forward pass.
    """

    def __init__(
        self, network: Network, workload: Workload, *, symbolic: bool | frozenset[str] = False
    ) -> None:
        self._network = network
        self._returned = {ref.layer for ref in network.outputs}
        self._optimizer = workload.optimizer
        mode = workload.mode
        self.costs = costs(network, mode, symbolic=symbolic)
        self._of_layer = {row.layer.name: row for row in self.costs}
        self._passes: Mapping[str, Backward] = (
            backward(network, mode, input_gradient=False) if mode == "training" else {}
        )

    def of(self, group: Group, phase: RunPhase, kernels: Sequence[Kernel] = ()) -> Work:
        """The work of layers that run as one, or of what belongs to no layer.

        Args:
            group: the layers; none for what belongs to none.
            phase: of the run.
            kernels: that the runtime makes of them, as far as that is known.
        """
        if not group:
            return self._network_wide(phase)
        return self._layers(group, phase, kernels)

    @property
    def input_bytes(self) -> Dim:
        """Of a batch of the network's inputs."""
        inputs = (layer for layer in self._network.layers if isinstance(layer.op, Input))
        return summed(tensor.bytes for layer in inputs for tensor in layer.outputs)

    @once
    def _run(self) -> dict[str, Any]:
        """The sizes of a work that are those of the whole run."""
        forward = total([row.cost for row in self.costs if row.cost is not None])
        return {
            "run_written": forward.write_bytes,
            "run_weights": forward.weight_bytes,
            "run_macs": forward.macs,
        }

    def _network_wide(self, phase: RunPhase) -> Work:
        """What an update walks over, what a loss reads, what a loop is made of."""
        network = self._network
        if phase == "update" and self._optimizer is not None:
            trained = [parameter for parameter in network.table.values() if parameter.trainable]
            rule, framework = optimizer_of(self._optimizer), framework_of(network.framework)
            cost = total(update_cost(parameter, rule, framework) for parameter in trained)
            return Work(
                layers=(),
                phase=phase,
                kind=phase,
                elementwise=cost.elementwise,
                read=cost.read_bytes,
                written=cost.write_bytes,
                elements=summed(parameter.elements for parameter in trained),
                parts=len(trained),
                **self._run,
            )
        if phase == "loss":
            results = [network.tensor(ref) for ref in network.outputs]
            elements = summed(tensor.elements for tensor in results)
            bytes_ = summed(tensor.bytes for tensor in results)
            return Work(
                layers=(), phase=phase, kind=phase, read=bytes_, elements=elements, **self._run
            )
        return Work(layers=(), phase=phase, kind=phase, parts=len(network.layers), **self._run)

    def _layers(self, group: Group, phase: RunPhase, kernels: Sequence[Kernel]) -> Work:
        rows = [self._of_layer[name] for name in group]
        main = next((row for row in rows if row.cost is not None and row.cost.macs), rows[0])
        op, call = main.layer.op, main.call
        cost, spread = self._cost(rows, phase), self._spread(main, phase)
        outside = {ref for row in rows for ref in row.layer.inputs if ref.layer not in group}
        if phase == "backward":
            read, written = cost.read_bytes - cost.weight_bytes, cost.write_bytes
        else:
            read = summed([self._network.tensor(ref).bytes for ref in outside])
            written = summed([row.call.output_bytes for row in rows if self._leaves(row, group)])
        return Work(
            layers=group,
            phase=phase,
            kind=kind_of(op, call),
            macs=cost.macs - spread,
            elementwise=cost.elementwise + spread,
            read=read,
            written=written,
            weights=cost.weight_bytes,
            operands=len(outside),
            parts=len(rows),
            kernels=max(len(kernels), 1),
            copied=summed([each.cost.bytes for each in kernels if _changes_layout(each)]),
            elements=call.outputs[0].elements,
            **geometry(op, call),
            **self._run,
        )

    def _cost(self, rows: Sequence[LayerCost], phase: RunPhase) -> Cost:
        found = [cost for row in rows for cost in self._costs_of(row, phase)]
        return found[0] if len(found) == 1 else total(found)

    def _costs_of(self, row: LayerCost, phase: RunPhase) -> list[Cost]:
        """Those that are known: of the forward pass, or of the two products of the backward one."""
        if phase == "forward":
            found = [row.cost]
        else:
            back = self._passes.get(row.layer.name)
            found = [] if back is None else [back.data, back.weights]
        return [cost for cost in found if cost is not None]

    def _spread(self, row: LayerCost, phase: RunPhase) -> Dim:
        """The MACs of a separable convolution's depthwise part.

        They sum a few products per result, and take as long per MAC as element-wise work does,
        several times as long as those of the pointwise part.
        """
        if not isinstance(row.layer.op, SeparableConv):
            return 0
        depthwise = row.call.equations_of(row.layer.op)[0].macs
        return depthwise * sum(cost.macs != 0 for cost in self._costs_of(row, phase))

    def _leaves(self, row: LayerCost, group: Group) -> bool:
        """Whether what a layer computes is read outside of its group."""
        name = row.layer.name
        if name in self._returned:
            return True
        # a loop: most layers have one reader
        for reader in self._network.consumers[name]:  # noqa: SIM110
            if reader not in group:
                return True
        return False


def as_it_runs(workload: Workload) -> Workload:
    """The workload as it is lowered: with a loss in training.

    Dtype and frozen layers are the prepared network's own by then.
    """
    loss = (workload.loss or DEFAULT_LOSS) if workload.training else None
    return replace(workload, dtype=None, freeze=(), loss=loss)


def _changes_layout(kernel: Kernel) -> bool:
    """Whether it is a copy besides what the layers themselves are."""
    return kernel.kind == "copy" and kernel.name not in kernel.layers
