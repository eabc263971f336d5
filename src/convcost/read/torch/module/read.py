"""From a module to its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.read.torch.module.assemble import assemble
from convcost.read.torch.module.inputs import examples_of
from convcost.read.torch.module.passes import confirmed, run

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.torch.module.inputs import BatchAxis


def read_module(
    module: Any, inputs: Any = None, batch_axis: BatchAxis = 0, name: str | None = None
) -> Network:
    """The network that a module computes for inputs of these shapes.

    Args:
        module: a `torch.nn.Module`; left as it is, also when its code raises.
        inputs: an example tensor, array or shape per argument of its forward; a mapping for named
            arguments.
        batch_axis: of all inputs, one per input, or None: the whole is one sample.
        name: of the network; default: the module's class.

    Raises:
        UsageError: the inputs are missing or contradict each other.
        SourceError: the forward pass fails, or depends on the batch in other ways than by sizes in
            proportion to it.
    """
    examples = examples_of(inputs, batch_axis, _dtype(module))
    passes = run(module, examples)
    network, doubtful = assemble(passes, name)
    if doubtful:
        network, _ = assemble(confirmed(passes), name)
    return network


def _dtype(module: Any) -> Any:
    """That of inputs which are given as shapes: the weights'."""
    import torch

    floats = (p.dtype for p in module.parameters() if p.is_floating_point())
    return next(floats, torch.get_default_dtype())
