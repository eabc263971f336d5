"""Which gradients a training step computes, and what they cost.

A gradient is computed where it is of use: that of a tensor if a parameter that is not frozen, or a
network input whose gradient is asked for, lies before it; and only on the way back from a result.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from convcost.count.rows import UnknownCost
from convcost.network.cost import NOTHING, Cost, total
from convcost.network.dataclass import dataclass, replace
from convcost.network.network import Ref
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.op import Call, Mode


@dataclass(frozen=True, slots=True)
class Backward:
    """The backward pass of a layer.

    Attributes:
        data: the cost of its inputs' gradients; None, like the next, where no rule is known.
        weights: that of its parameters' gradients.
        trained: ids of the parameters that get a gradient.
    """

    data: Cost | None = NOTHING
    weights: Cost | None = NOTHING
    trained: tuple[str, ...] = ()


def backward(network: Network, mode: Mode, *, input_gradient: bool) -> dict[str, Backward]:
    """The backward pass of every layer that it reaches, by name.

    A tensor that several layers read has a gradient from each; they are added up, 1 per element for
    every gradient but the first, by the layer that comes later on the way back. So are the
    gradients of a parameter that several calls share.
    """
    calls = backward_calls(network, mode, input_gradient=input_gradient)
    sums = _sums(network, calls)
    shared = _shared_sums(calls)
    found = {}
    for name, call in calls.items():
        op = network.layer(name).op
        found[name] = Backward(
            _plus(op.cost("backward_data", call), sums[name]),
            _plus(op.cost("backward_weights", call), shared[name]),
            tuple(parameter.id for parameter in call.trained),
        )
    return found


def call_of(network: Network, layer: Layer, mode: Mode) -> Call:
    """What a layer's op is applied to.

    In Keras a BatchNorm that is frozen runs as at inference (keras.io, "Transfer learning &
    fine-tuning").
    """
    call = network.call(layer, mode)
    if mode == "inference" or network.framework != "keras" or not isinstance(layer.op, BatchNorm):
        return call
    learned = any(parameter.learned for parameter in call.parameters)
    return call if call.trained or not learned else network.call(layer, "inference")


def _plus(cost: Cost | None, more: Iterable[Cost]) -> Cost | None:
    return None if cost is None else total([cost, *more])


def backward_calls(network: Network, mode: Mode, *, input_gradient: bool) -> dict[str, Call]:
    """The calls of the layers that the backward pass reaches, in the order of the layers."""
    tracked = _tracked(network, mode, input_gradient=input_gradient)
    arriving = tracked.intersection(network.outputs)
    reached: list[Layer] = []
    for layer in reversed(network.layers):
        if any(Ref(layer.name, place) in arriving for place in range(len(layer.outputs))):
            reached.append(layer)
            arriving.update(tracked.intersection(layer.inputs))
    return {
        layer.name: replace(
            call_of(network, layer, mode), wanted=tuple(ref in tracked for ref in layer.inputs)
        )
        for layer in reversed(reached)
    }


def no_way_back(network: Network, trained: Collection[str]) -> tuple[UnknownCost, ...]:
    """What is not known where parameters are to be trained and no result leads back to any.

    Args:
        network: that is trained.
        trained: ids of the parameters that get a gradient.
    """
    if trained or not any(parameter.trainable for parameter in network.table.values()):
        return ()
    reason = "they are whole numbers" if network.outputs else "its results are not known"
    why = f"no result of the network leads back to a parameter: {reason}"
    return (UnknownCost(None, "backward pass", why),)


def _tracked(network: Network, mode: Mode, *, input_gradient: bool) -> set[Ref]:
    """The tensors whose gradient something before them waits for."""
    tracked: set[Ref] = set()
    for layer in network.layers:
        call = call_of(network, layer, mode)
        asked = input_gradient and isinstance(layer.op, Input)
        waits = asked or bool(call.trained) or any(ref in tracked for ref in layer.inputs)
        if waits and layer.op.differentiable(call):
            tracked.update(
                Ref(layer.name, place)
                for place, tensor in enumerate(layer.outputs)
                if tensor.floating
            )
    return tracked


def _sums(network: Network, calls: Mapping[str, Call]) -> Mapping[str, list[Cost]]:
    """Layer -> the cost of adding its gradients to those that later layers gave already."""
    found = defaultdict(list)
    there = set(network.outputs)
    for name, call in reversed(tuple(calls.items())):
        for place, ref in enumerate(network.layer(name).inputs):
            if not call.wants(place):
                continue
            if ref in there:
                tensor = call.inputs[place]
                found[name].append(Cost(elementwise=tensor.elements, read_bytes=tensor.bytes))
            there.add(ref)
    return found


def _shared_sums(calls: Mapping[str, Call]) -> Mapping[str, list[Cost]]:
    """The same for parameters."""
    found = defaultdict(list)
    there: set[str] = set()
    for name, call in reversed(tuple(calls.items())):
        for parameter in call.trained:
            if parameter.id in there:
                cost = Cost(elementwise=parameter.elements, read_bytes=parameter.bytes)
                found[name].append(cost)
            there.add(parameter.id)
    return found
