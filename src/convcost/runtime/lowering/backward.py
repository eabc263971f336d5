"""The backward pass as kernels: those of each layer that gradients pass through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.gradients import backward
from convcost.ops.activation import Activation
from convcost.ops.merge import Merge
from convcost.runtime.kernel import Kernel, KernelKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from convcost.count.workload import Workload
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.op import Call


def backward_kernels(
    network: Network, workload: Workload, logits: Collection[str]
) -> tuple[Kernel, ...]:
    """One kernel per layer, from the last one to the first.

    Its cost is the ledger's. Layers of unknown cost become no kernel, and neither do views and
    additions, which hand the gradient on.

    Args:
        network: prepared for the workload.
        workload: of a training step.
        logits: layers whose last step is a part of the loss.
    """
    found = backward(network, workload.mode, input_gradient=workload.input_gradient)
    kernels = []
    for name, known in reversed(tuple(found.items())):
        layer = network.layer(name)
        call = network.call(layer, workload.mode)
        if known.data is None or known.weights is None or _hands_on(layer, call):
            continue
        if name in logits and isinstance(layer.op, Activation):
            continue
        cost = known.data + known.weights
        kind: KernelKind = "product" if cost.macs else "stream"
        kernels.append(
            Kernel(
                name=f"{name}/backward",
                layers=(name,),
                kind=kind,
                cost=cost,
                channels=_channels(call) if cost.macs else None,
                phase="backward",
            )
        )
    return tuple(kernels)


def _hands_on(layer: Layer, call: Call) -> bool:
    """Whether the gradient of what a layer reads is that of its result, or a view of it."""
    op = layer.op
    if not op.touches_data(call):
        return True
    alike = len({tensor.shape for tensor in (*call.inputs, *call.outputs)}) == 1
    return isinstance(op, Merge) and op.function == "add" and alike


def _channels(call: Call) -> Dim:
    """The axis of the result that lies along the vectors."""
    result = call.outputs[0]
    return result.size("channel") if "channel" in result.names else result.axes[-1].size
