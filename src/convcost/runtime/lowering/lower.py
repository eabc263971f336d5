"""From layers to kernels, by a runtime's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.prepare import without_loss
from convcost.errors import UsageError
from convcost.network.builder import BATCH
from convcost.ops.loss import ends_in_probabilities, loss_name
from convcost.runtime.lowering.backward import backward_kernels
from convcost.runtime.lowering.walk import Walk

if TYPE_CHECKING:
    from convcost.count.workload import Workload
    from convcost.network.network import Network
    from convcost.network.op import Mode
    from convcost.runtime.kernel import Kernel
    from convcost.runtime.rules import DeviceKind, Rules, Runtime


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
    return Walk(network, _rules(runtime, device_kind), mode).kernels()


def lower_step(
    network: Network,
    workload: Workload,
    runtime: Runtime,
    device_kind: DeviceKind,
    *,
    symbolic: bool = False,
) -> tuple[Kernel, ...]:
    """The kernels that a runtime executes for one batch of a workload.

    Those of the forward pass, and in training those of the backward pass behind them; the loss and
    the update, which belong to no layer, are not among them.

    Args:
        network: bound to numbers but for the batch.
        workload: batch, dtype, mode, frozen layers.
        runtime: whose rules.
        device_kind: ``cpu`` or ``gpu``.
        symbolic: let symbols stand in the sizes, the batch among them.

    Raises:
        UsageError: the runtime does not run on that kind of device, or does not train.
    """
    if workload.training and not runtime.trains:
        raise UsageError(f"runtime '{runtime.name}' does not train",
                         hint="--runtime torch, or leave out --training")  # fmt: skip
    rules = _rules(runtime, device_kind)
    open_ = not symbolic and network.symbols
    bound = network.bind({str(BATCH): workload.batch}) if open_ else network
    bound = without_loss(bound, workload)
    logits = _last_softmax(bound, workload.loss) if rules.logits and workload.loss else ()
    forward = Walk(bound, rules, workload.mode, logits).kernels()
    return forward + (backward_kernels(bound, workload, logits) if workload.training else ())


def _rules(runtime: Runtime, device_kind: DeviceKind) -> Rules:
    rules = runtime.rules.get(device_kind)
    if rules is None:
        kinds = ", ".join(sorted(runtime.rules))
        raise UsageError(f"runtime '{runtime.name}' runs on {kinds}, not on a {device_kind}")
    return rules


def _last_softmax(network: Network, loss: str) -> tuple[str, ...]:
    """The layers whose last step, a softmax for example, the loss contains."""
    loss = loss_name(loss)
    names = dict.fromkeys(ref.layer for ref in network.outputs)
    return tuple(name for name in names if ends_in_probabilities(network.layer(name).op, loss))
