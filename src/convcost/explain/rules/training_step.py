"""What a training step consists of, and which layers it spends itself on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.count import count
from convcost.explain.explanation import Finding
from convcost.network.cost import total
from convcost.network.dims import number
from convcost.units import format_bytes, format_count, format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from convcost.count import Total
    from convcost.explain.evidence import Case

_CONVOLUTIONS = frozenset(
    {"conv", "depthwise_conv", "separable_conv", "conv_transpose", "locally_connected"}
)
_DENSE = frozenset({"dense", "einsum_dense"})

#: Dense layers hold most of the parameters, convolutions do most of the work.
_MOST = 0.5


def of_case(case: Case) -> Iterator[Finding]:
    """The phases; parameters against work; what frozen layers save. Only where it trains."""
    if case.count.workload.training and case.count.complete:
        yield _phases(case)
        yield from _parameters_against_work(case)
        yield from _frozen(case)


def _phases(case: Case) -> Finding:
    sums = case.count.total
    whole = max(1, _flops(sums))
    backward = total((sums.backward_data, sums.backward_weights))
    parts = {"forward": sums.forward, "backward": backward, "update": sums.update}
    flops = {name: number(cost.flops, "FLOP") for name, cost in parts.items()}
    shares = {name: value / whole for name, value in flops.items()}
    update = case.count.workload.optimizer
    last = f"{format_percent(shares['update'])} {update}" if update else "no optimizer counted"
    ratio = flops["backward"] / max(1, flops["forward"])
    text = (
        f"a training step of {case.name} takes {format_count(whole, 'FLOP')}: "
        f"{format_percent(shares['forward'])} forward, {format_percent(shares['backward'])} "
        f"backward ({ratio:.2f} times forward), {last}; it moves at least "
        f"{format_bytes(number(sums.step.bytes, 'bytes'))}"
    )
    measured = {} if case.verification is None else case.verification.phases
    if measured:
        timed = (f"{phase} {format_seconds(seconds)}" for phase, seconds in measured.items())
        text += f"; measured: {', '.join(timed)}"
    return Finding(
        network=case.index,
        layers=(),
        text=text,
        numbers={
            **{f"{name}_flops": value for name, value in flops.items()},
            **{f"{name}_share": value for name, value in shares.items()},
            **{f"{name}_bytes": number(cost.bytes, "bytes") for name, cost in parts.items()},
            **{f"measured_{phase}_seconds": seconds for phase, seconds in measured.items()},
        },
        seconds=case.seconds,
    )


def _parameters_against_work(case: Case) -> Iterator[Finding]:
    """Where dense layers hold the parameters and convolutions do the work."""
    dense, convolutions = _shares(case, _DENSE), _shares(case, _CONVOLUTIONS)
    if dense["parameters"] < _MOST or convolutions["macs"] < _MOST:
        return
    part = "step" if case.prediction.of_step else "forward"
    text = (
        f"in a training step of {case.name} the fully connected layers hold "
        f"{format_percent(dense['parameters'])} of the parameters and do "
        f"{format_percent(dense['macs'])} of the MACs; the convolutions hold "
        f"{format_percent(convolutions['parameters'])} of the parameters, do "
        f"{format_percent(convolutions['macs'])} of the MACs, write "
        f"{format_percent(convolutions['activation_bytes'])} of the activation bytes of both, and "
        f"take {format_percent(convolutions[f'{part}_time'])} of the "
        f"{'step' if part == 'step' else 'forward pass'}'s time"
    )
    yield Finding(
        network=case.index,
        layers=_names(case, _CONVOLUTIONS | _DENSE),
        text=text,
        numbers={
            **{f"dense_{name}_share": value for name, value in dense.items()},
            **{f"convolution_{name}_share": value for name, value in convolutions.items()},
        },
        advice="to train faster look at the convolutions; to save optimizer state and updates, at "
        "the fully connected layers",
        seconds=case.seconds * convolutions["macs"],
        timed=_names(case, _CONVOLUTIONS),
    )


def _shares(case: Case, kinds: Collection[str]) -> dict[str, float]:
    """What ops have: of the parameters, of the step's MACs, of both kinds' activations, of time."""
    rows = [row for row in case.count.layers if row.op in kinds]
    both = [row for row in case.count.layers if row.op in _CONVOLUTIONS | _DENSE]
    macs = sum(number(row.step.macs, "MACs") for row in rows if row.step is not None)

    def written(chosen: Any) -> int:
        costs = (row.forward for row in chosen)
        return sum(number(cost.write_bytes, "bytes") for cost in costs if cost is not None)

    return {
        "parameters": sum(case.layer_parameters(row.name) for row in rows)
        / max(1, case.parameters),
        "macs": macs / max(1, number(case.count.total.step.macs, "MACs")),
        "activation_bytes": written(rows) / max(1, written(both)),
        f"{'step' if case.prediction.of_step else 'forward'}_time": sum(
            case.predicted[row.name].share for row in rows
        ),
    }


def _names(case: Case, kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(row.name for row in case.count.layers if row.op in kinds)


def _frozen(case: Case) -> Iterator[Finding]:
    """What it saves that some parameters are not trained."""
    sums, network = case.count.total, case.network
    frozen = number(sums.parameters, "parameters") - number(sums.trainable_parameters, "parameters")
    if not frozen:
        return
    table = {id_: replace(x, trainable=x.learned) for id_, x in network.table.items()}
    workload = replace(case.count.workload, freeze=())
    whole = _flops(count(replace(network, table=table), workload).total)
    saved = whole - _flops(sums)
    text = (
        f"{format_count(frozen)} of the {format_count(case.parameters)} parameters of {case.name} "
        f"are frozen: that saves {format_percent(saved / max(1, whole))} of the FLOP of a training "
        f"step ({format_count(saved, 'FLOP')}), since they need no gradient, and nothing before "
        "the first layer that is trained needs one"
    )
    yield Finding(
        network=case.index,
        layers=(),
        text=text,
        numbers={"frozen_parameters": frozen, "flops_saved": saved, "flops_unfrozen": whole},
        seconds=case.seconds * saved / max(1, _flops(sums)),
    )


def _flops(sums: Total) -> int:
    return number(sums.step.flops, "FLOP")
