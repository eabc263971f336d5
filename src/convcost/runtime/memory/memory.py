"""The memory of a pass: what is stored all the time, what is alive when, and its peak."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convcost.count.gradients import backward_calls, no_way_back
from convcost.count.ledger import missing_parts
from convcost.count.optimizers import framework_of, optimizer_of, state_bytes
from convcost.count.prepare import at_batch, prepared
from convcost.count.rows import UnknownCost
from convcost.count.workload import Workload
from convcost.errors import NetworkError, UsageError
from convcost.network.dims import Dim, number, product, summed
from convcost.network.tensor import dtype_bytes
from convcost.ops.unknown import Unknown
from convcost.result import Result
from convcost.runtime import default_for
from convcost.runtime.memory.blocks import graph
from convcost.runtime.memory.checkpoint import Checkpointing, checkpointing
from convcost.runtime.memory.timeline import Step, alive, timeline
from convcost.runtime.saved import saved_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcost.network.equation import Equation
    from convcost.network.network import Layer, Network
    from convcost.network.parameter import Parameter
    from convcost.runtime.memory.blocks import Graph
    from convcost.runtime.rules import Runtime

#: Micikevicius et al., "Mixed Precision Training" (2017, arXiv:1710.03740): updates are made to a
#: single-precision copy of the weights.
_MASTER_DTYPE = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerMemory:
    """What one layer adds.

    Attributes:
        name: the layer's.
        op: the kind of its op.
        outputs: bytes of its results; 0 for views.
        saved: bytes that are kept for the backward pass because of it first.
        exact: False where `saved` is an upper estimate.
    """

    name: str
    op: str
    outputs: int
    saved: int
    exact: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "op": self.op,
            "output_bytes": self.outputs,
            "saved_bytes": self.saved,
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Result):
    """Bytes that a pass over one batch needs.

    Attributes:
        source: the network's name.
        workload: batch, dtype, optimizer ...
        runtime: whose rules.
        parameters: learned weights and statistics.
        master: single-precision copies of narrower weights.
        state: of the optimizer.
        gradients: of the parameters, when all are there.
        saved: kept of the forward pass for the backward pass, each piece of memory once.
        steps: in the order in which they run. Their workspace is what a convolution takes besides
            its operands, at most: copies of input and result in another layout (oneDNN), or one
            sample's input unfolded (im2col). It is not part of the peak.
        layers: in the same order.
        unknown: layers whose tensors or kept values are not known, and what else the figures lack.
        checkpoint: the what-if of activation checkpointing, where asked for; `steps` are then its.
        limit: bytes that there are, where the largest batch within them was asked for.
    """

    source: str
    workload: Workload
    runtime: str
    parameters: int
    master: int
    state: int
    gradients: int
    saved: int
    steps: tuple[Step, ...]
    layers: tuple[LayerMemory, ...]
    unknown: tuple[UnknownCost, ...]
    checkpoint: Checkpointing | None = None
    limit: int | None = None

    @property
    def needed(self) -> int:
        """The most at one time, workspace included."""
        return self.stored + max(step.bytes + step.workspace for step in self.steps)

    @property
    def workspace(self) -> int:
        """The most that any layer takes besides."""
        return max(step.workspace for step in self.steps)

    @property
    def fits(self) -> bool:
        """Whether that stays within the limit, if there is one."""
        return self.limit is None or self.needed <= self.limit

    @property
    def stored(self) -> int:
        """What is there all the time."""
        return self.parameters + self.master + self.state

    @property
    def peak_step(self) -> Step:
        """The first step at which most is alive."""
        return max(self.steps, key=lambda step: step.bytes)

    @property
    def peak(self) -> int:
        """The most that is needed at one time."""
        return self.stored + self.peak_step.bytes

    @property
    def exact(self) -> bool:
        """Whether what is kept is known to the byte."""
        return all(layer.exact for layer in self.layers)

    def __repr__(self) -> str:
        step = self.peak_step
        where = " ".join(part for part in (step.phase, step.layer) if part)
        return f"<Memory of {self.source}: {self.peak:,} bytes at most, at {where}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, one NETWORK of `convcost/memory/1`."""
        step = self.peak_step
        return {
            "source": self.source,
            "runtime": self.runtime,
            "workload": self.workload.to_dict(),
            "peak_bytes": self.peak,
            "peak_at": {"phase": step.phase, "layer": step.layer},
            "parameter_bytes": self.parameters,
            "master_bytes": self.master,
            "state_bytes": self.state,
            "gradient_bytes": self.gradients,
            "saved_bytes": self.saved,
            "workspace_bytes": self.workspace,
            "needed_bytes": self.needed,
            "exact": self.exact,
            "complete": not self.unknown,
            "within": None
            if self.limit is None
            else {"bytes": self.limit, "batch": self.workload.batch if self.fits else 0},
            "steps": [each.to_dict() for each in self.steps],
            "layers": [layer.to_dict() for layer in self.layers],
            "unknown": [part.to_dict() for part in self.unknown],
            "checkpoint": None if self.checkpoint is None else self.checkpoint.to_dict(self.stored),
        }


def memory(
    network: Network,
    workload: Workload | None = None,
    *,
    runtime: Runtime | None = None,
    checkpoint: bool | Sequence[str] = False,
) -> Memory:
    """The memory of inference or of a training step.

    Args:
        network: what is run.
        workload: batch, training, dtype, optimizer, loss; default: one sample, inference.
        runtime: whose rules; default: that of the network's own framework.
        checkpoint: keep only what enters each of about sqrt(n) segments, or of the segments that
            end behind these layers.

    Raises:
        UsageError: checkpointing is asked for at inference, or behind a layer that is not there.
        NetworkError: a size is not known.
    """
    workload = workload or Workload()
    runtime = runtime or default_for(network.framework, training=workload.training)
    if checkpoint is not False and not workload.training:
        raise UsageError("checkpointing belongs to training",
                         hint="add --training (training=True)")  # fmt: skip
    network = at_batch(prepared(network, workload), workload.batch)
    found = _graph(network, workload, runtime)
    cut = None
    if checkpoint is not False:
        cut = checkpointing(found, None if checkpoint is True else checkpoint)
    trained = _trained(found)
    return Memory(
        source=network.name,
        workload=workload,
        runtime=runtime.name,
        parameters=_int(_bytes(network.table.values())),
        master=_int(_master(trained.values())),
        state=_int(_state(network, workload, trained.values())),
        gradients=_int(_bytes(trained.values())),
        saved=_int(found.saved_bytes() if cut is None else cut.kept_bytes),
        steps=_with_workspace(found, timeline(found, None if cut is None else cut.segments)),
        layers=tuple(_rows(found, exact=saved_by(runtime).exact)),
        unknown=_lacking(found, workload),
        checkpoint=cut,
    )


def known_peak(network: Network, workload: Workload, runtime: Runtime) -> int | None:
    """The most bytes at one time; None where a size, or what a layer needs, is not known."""
    try:
        network = at_batch(prepared(network, workload), workload.batch)
        found = _graph(network, workload, runtime)
        if _lacking(found, workload):
            return None
        return _int(_stored(found, workload)) + max(map(_int, alive(found)))
    except NetworkError:
        return None


def memory_formulas(
    network: Network, workload: Workload, runtime: Runtime
) -> tuple[Dim, list[Dim]]:
    """What `memory` says of a network whose sizes are left open.

    Returns:
        Bytes that are there all the time, and those that are alive at each step: the peak is the
        first and the largest of the others.
    """
    network = prepared(network, workload)
    found = _graph(network, workload, runtime)
    return _stored(found, workload), alive(found)


def _stored(found: Graph, workload: Workload) -> Dim:
    """What is there all the time."""
    network, trained = found.network, _trained(found).values()
    return summed(
        (_bytes(network.table.values()), _master(trained), _state(network, workload, trained))
    )


def _lacking(found: Graph, workload: Workload) -> tuple[UnknownCost, ...]:
    """What the figures do not contain."""
    back = no_way_back(found.network, _trained(found)) if workload.training else ()
    return (*_unknown(found), *missing_parts(found.network), *back)


def _graph(network: Network, workload: Workload, runtime: Runtime) -> Graph:
    calls = {}
    if workload.training:
        calls = backward_calls(network, "training", input_gradient=workload.input_gradient)
    return graph(network, workload.mode, calls, runtime, saved_by(runtime))


def _trained(found: Graph) -> dict[str, Parameter]:
    """The parameters that get a gradient, by their ids."""
    return {p.id: p for call in found.calls.values() for p in call.trained}


def _master(trained: Iterable[Parameter]) -> Dim:
    """Of the single-precision copies of narrower weights."""
    narrow = [p for p in trained if dtype_bytes(p.dtype) < dtype_bytes(_MASTER_DTYPE)]
    return summed(p.elements for p in narrow) * dtype_bytes(_MASTER_DTYPE)


def _unknown(found: Graph) -> Iterator[UnknownCost]:
    for layer in found.network.layers:
        op, saved = layer.op, found.saved.get(layer.name)
        if isinstance(op, Unknown):
            known = op.parameters is not None
            yield UnknownCost(layer.name, op.kind, op.why, parameters_known=known)
        elif saved is not None and saved.why is not None:
            yield UnknownCost(layer.name, op.kind, saved.why)


def _state(network: Network, workload: Workload, trained: Iterable[Parameter]) -> Dim:
    """Of the optimizer, in single precision where the weights are narrower."""
    if workload.optimizer is None:
        return 0
    wide = [
        replace(p, dtype=_MASTER_DTYPE) if dtype_bytes(p.dtype) < dtype_bytes(_MASTER_DTYPE) else p
        for p in trained
    ]
    framework = framework_of(network.framework)
    return state_bytes(wide, optimizer_of(workload.optimizer), framework)


def _rows(found: Graph, *, exact: bool) -> Iterable[LayerMemory]:
    made: defaultdict[int, list[Dim]] = defaultdict(list)
    first: defaultdict[int, list[Dim]] = defaultdict(list)
    for block in found.blocks:
        made[block.producer].append(block.bytes)
        if block.savers:
            first[min(block.savers)].append(block.bytes)
    for position, layer in enumerate(found.network.layers):
        saved = found.saved.get(layer.name)
        kept = summed(first[position]) + (saved.own if saved else 0)
        yield LayerMemory(
            name=layer.name,
            op=layer.op.kind,
            outputs=_int(summed(made[position])),
            saved=_int(kept),
            exact=saved is None or (exact and saved.exact),
        )


def _with_workspace(found: Graph, steps: Iterable[Step]) -> tuple[Step, ...]:
    taken = {layer.name: _workspace(found.network, layer) for layer in found.network.layers}
    return tuple(
        step if step.layer is None else replace(step, workspace=taken[step.layer]) for step in steps
    )


def _workspace(network: Network, layer: Layer) -> int:
    """Of a convolution; nothing for other layers."""
    call = network.call(layer)
    unfolded = [
        _int(_unfolded(equation)) * dtype_bytes(call.outputs[0].dtype)
        for equation in layer.op.equations(call)
        if any(loop.axis.startswith("kernel_") for loop in equation.loops)
    ]
    return max(*unfolded, _int(call.input_bytes + call.output_bytes)) if unfolded else 0


def _unfolded(equation: Equation) -> Dim:
    """A tap per position, kernel element and input channel."""
    left_out = {"batch", "channels_out", "multiplier"}
    return product(loop.size for loop in equation.loops if loop.axis not in left_out)


def _bytes(parameters: Iterable[Parameter]) -> Dim:
    return summed(parameter.bytes for parameter in parameters)


def _int(size: Dim) -> int:
    return number(size, "the memory")
