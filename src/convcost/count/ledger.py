"""The ledger: parameters and cost of every layer, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.collector import without_collecting
from convcost.count.gradients import Backward, backward, call_of, no_way_back
from convcost.count.prepare import at_batch, prepared
from convcost.count.rows import Count, Formulas, LayerCount, Total, UnknownCost
from convcost.count.workload import Workload
from convcost.network.cost import Cost, total
from convcost.network.dataclass import dataclass, field, replace
from convcost.network.dims import free_symbols, summed
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.count.rows import CountedPhase
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.op import Call, Mode, Op
    from convcost.network.parameter import Parameter


_NOT_SAID = dict.fromkeys(("parameters", "trainable_parameters", "statistics"))


def count(network: Network, workload: Workload | None = None, *, symbolic: bool = False) -> Count:
    """Count a network exactly.

    Args:
        network: what to count.
        workload: batch, dtype, and whether to train and how; default: one sample, inference.
        symbolic: leave the batch ``N`` and all other symbols in the figures instead of binding the
            batch and reporting what else is not known.

    >>> from convcost.zoo import load
    >>> count(load("seed001-cnn")).total.forward.macs
    10903680
    """
    with without_collecting():
        return _count(network, workload or Workload(), symbolic=symbolic)


def totals(network: Network, workload: Workload) -> tuple[Total, tuple[UnknownCost, ...]]:
    """The sums of `count`, and what they do not contain, without the rows.

    Args:
        network: what to count.
        workload: as in `count`.

    >>> from convcost.zoo import load
    >>> total, unknown = totals(load("seed001-cnn"), Workload())
    >>> total.forward.macs, unknown
    (10903680, ())
    """
    with without_collecting():
        bound = at_batch(prepared(network, workload), workload.batch)
        found, passes = _found(bound, workload, symbolic=False)
        return _total(bound, found, workload), _unknown(bound, found, passes, workload)


def _count(network: Network, workload: Workload, *, symbolic: bool) -> Count:
    network = prepared(network, workload)
    bound = network if symbolic else at_batch(network, workload.batch)
    found, passes = _found(bound, workload, symbolic=symbolic)
    rows = []
    added: set[str] = set()
    for shown, known in zip(network.layers, found, strict=True):
        own = tuple(bound.table[id_] for id_ in shown.parameters if id_ not in added)
        added.update(shown.parameters)
        rows.append(_row(known, network, shown, own, workload))
    return Count(
        source=network.name,
        workload=workload,
        layers=tuple(rows),
        total=_total(bound, found, workload),
        unknown=_unknown(bound, found, passes, workload),
        notes=network.notes,
        definitions=network.definitions,
        optimizer_state_bytes=_state_bytes(bound, passes, workload.optimizer),
    )


@dataclass(frozen=True, slots=True)
class LayerCost:
    """A layer's call and its cost; where the cost is not known, why.

    Attributes:
        layer: what is called.
        call: its tensors and parameters.
        cost: of the forward pass; None where it is not known.
        why: why a cost is not known.
        more: the costs of the other phases that are asked for.
    """

    layer: Layer
    call: Call
    cost: Cost | None
    why: str | None
    more: Mapping[str, Cost | None] = field(default_factory=dict)


def costs(
    network: Network, mode: Mode, *, symbolic: bool | frozenset[str] = False
) -> tuple[LayerCost, ...]:
    """The cost of every layer's forward pass, without the rest of the ledger.

    Args:
        network: bound to a batch, unless symbolic; it keeps the costs, since who counts it mostly
            predicts it too.
        mode: inference or training.
        symbolic: let symbols stand in the costs, instead of calling these unknown; or those of
            these names.
    """
    key = "costs", mode, symbolic
    known: tuple[LayerCost, ...] | None = network.memo.get(key)
    if known is not None:
        return known
    found = []
    for layer in network.layers:
        call = call_of(network, layer, mode)
        cost, why = _known(layer.op, call.cost_of(layer.op), symbolic=symbolic)
        found.append(LayerCost(layer, call, cost, why))
    known = network.memo[key] = tuple(found)
    return known


def _found(
    network: Network, workload: Workload, *, symbolic: bool
) -> tuple[tuple[LayerCost, ...], dict[str, Backward]]:
    """The costs of all phases that are asked for, and the backward pass of every layer."""
    found = costs(network, workload.mode, symbolic=symbolic)
    if not workload.training:
        return found, {}
    passes = backward(network, workload.mode, input_gradient=workload.input_gradient)
    return _with_training(found, network, passes, workload, symbolic=symbolic), passes


def _with_training(
    found: Iterable[LayerCost],
    network: Network,
    passes: Mapping[str, Backward],
    workload: Workload,
    *,
    symbolic: bool,
) -> tuple[LayerCost, ...]:
    """The costs with those of the backward pass and of the update."""
    trained = _trained(passes)
    rows = []
    for row in found:
        part = passes.get(row.layer.name, Backward())
        if _is_unsaid(row.layer.op):
            # parameters that the source does not tell of may well be trained
            rows.append(replace(row, more=dict.fromkeys(workload.phases[1:])))
            continue
        more: dict[str, Cost | None] = {
            "backward_data": part.data,
            "backward_weights": part.weights,
        }
        if workload.optimizer is not None:
            ids = trained.intersection(row.layer.parameters)
            more["update"] = _update(network, ids, workload.optimizer)
            trained -= ids
        why = row.why
        for phase, cost in more.items():
            more[phase], reason = _known(row.layer.op, cost, symbolic=symbolic)
            if cost is None:
                reason = "no rule for its backward pass"
            why = why or reason
        rows.append(replace(row, why=why, more=more))
    return tuple(rows)


def _trained(passes: Mapping[str, Backward]) -> set[str]:
    """Ids of the parameters that get a gradient."""
    return {id_ for part in passes.values() for id_ in part.trained}


def _state_bytes(
    network: Network, passes: Mapping[str, Backward], optimizer: str | None
) -> Dim | None:
    if optimizer is None:
        return None
    from convcost.count.optimizers import framework_of, optimizer_of, state_bytes

    trained = _trained(passes)
    parameters = [parameter for id_, parameter in network.table.items() if id_ in trained]
    return state_bytes(parameters, optimizer_of(optimizer), framework_of(network.framework))


def _update(network: Network, ids: Iterable[str], optimizer: str) -> Cost:
    from convcost.count.optimizers import framework_of, optimizer_of, update_cost

    rule, framework = optimizer_of(optimizer), framework_of(network.framework)
    return total(update_cost(network.table[id_], rule, framework) for id_ in ids)


def _unknown(
    network: Network,
    found: Iterable[LayerCost],
    passes: Mapping[str, Backward],
    workload: Workload,
) -> tuple[UnknownCost, ...]:
    """What the sums of all phases do not contain."""
    back = no_way_back(network, _trained(passes)) if workload.training else ()
    return (*unknown_costs(network, found), *back)


def unknown_costs(network: Network, found: Iterable[LayerCost]) -> tuple[UnknownCost, ...]:
    """What sums over these costs do not contain."""
    layers = [
        UnknownCost(x.layer.name, x.layer.op.kind, x.why, not _is_unsaid(x.layer.op))
        for x in found
        if x.why is not None
    ]
    return (*layers, *missing_parts(network))


def missing_parts(network: Network) -> tuple[UnknownCost, ...]:
    """The parts of the source that are known to be lost."""
    return tuple(
        UnknownCost(None, "part of the source", why, parameters_known=False)
        for why in network.missing
    )


def _known(
    op: Op, cost: Cost | None, *, symbolic: bool | frozenset[str]
) -> tuple[Cost | None, str | None]:
    """The cost, or why it is not known."""
    if cost is None:
        return None, getattr(op, "why", "no rule")
    if symbolic is True:
        return cost, None
    open_names = free_symbols(*cost.sizes).difference(symbolic or ())
    if not open_names:
        return cost, None
    return None, f"the source does not give {', '.join(sorted(open_names))}"


def _total(network: Network, found: Sequence[LayerCost], workload: Workload) -> Total:
    """The sums of what is known."""

    def known(phase: CountedPhase) -> Cost:
        costs = [row.cost if phase == "forward" else row.more[phase] for row in found]
        return total([cost for cost in costs if cost is not None])

    sums: dict[str, Any] = {phase: known(phase) for phase in workload.phases}
    return Total(**_parameter_sums(network.table.values()), **sums, phases=workload.phases)


def _row(
    known: LayerCost, network: Network, shown: Layer, own: tuple[Parameter, ...], workload: Workload
) -> LayerCount:
    """The row of a layer; shapes and formulas from the network before it was bound."""
    layer, cost = known.layer, known.cost
    return LayerCount(
        name=layer.name,
        op=layer.op.kind,
        inputs=tuple(ref.layer for ref in layer.inputs),
        outputs=tuple(tensor.shape for tensor in shown.outputs),
        **(_NOT_SAID if _is_unsaid(layer.op) else _parameter_sums(own)),
        forward=cost,
        **dict(known.more),  # type: ignore[arg-type]
        phases=workload.phases,
        padding_macs=None if cost is None else layer.op.padding_macs(known.call),
        formulas=Formulas(network, shown, own),
        shared_with=layer.shared_with,
        line=layer.line,
    )


def _parameter_sums(parameters: Iterable[Parameter]) -> dict[str, Any]:
    sizes = [(p.elements, p) for p in parameters]
    if not sizes:
        return dict.fromkeys(_NOT_SAID, 0)
    return {
        "parameters": summed([size for size, p in sizes if p.learned]),
        "trainable_parameters": summed([size for size, p in sizes if p.trainable]),
        "statistics": summed([size for size, p in sizes if not p.learned]),
    }


def _is_unsaid(op: Op) -> bool:
    return isinstance(op, Unknown) and op.parameters is None
