"""Whole images flattened into a dense layer: most parameters sit there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.explain.explanation import Finding
from convcost.explain.remedies import command, place, rewritten
from convcost.network.dims import number
from convcost.rewrite.shared.flattening import dense_layers, flattened, positions
from convcost.units import format_count, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.network.network import Layer, Network

#: The dense layer holds at least this share of the parameters ...
_MOST_PARAMETERS = 0.5
#: ... and reads at least so many positions.
_LEAST_POSITIONS = 16
#: Rewrites to fewer positions, and what the parameters are called that are left.
_POOLED = {
    "global-average-pooling": "parameters_pooled",
    "pool-before-flatten": "parameters_max_pooled",
}
_TRAINED = "what is behind has to be trained, and averages over all positions converge more slowly"


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about the dense layer behind the first flattened image that is so large."""
    for flatten, _, readers in flattened(case.network) if case.count.complete else ():
        many = positions(case.network.tensor(flatten.inputs[0]))
        if isinstance(readers, str) or many < _LEAST_POSITIONS:
            continue
        names = [layer.name for layer in dense_layers(readers)]
        dense = max(names, key=case.layer_parameters)
        if case.layer_parameters(dense) >= _MOST_PARAMETERS * case.parameters:
            yield _finding(case, flatten, dense, many)
            return


def _finding(case: Case, flatten: Layer, dense: str, many: int) -> Finding:
    stored = case.layer_parameters(dense)
    share = stored / max(1, case.parameters)
    pooled = {name: _left(case.network, name, flatten.name, dense) for name in _POOLED}
    told = [
        f"{text}: {format_count(left)} parameters are left ({command(name, flatten.name)})"
        for name, (text, left) in pooled.items()
        if left is not None
    ]
    return Finding(
        network=case.index,
        layers=(flatten.name, dense),
        text=(
            f"{dense} of {case.name} has {format_count(stored)} parameters, "
            f"{format_percent(share)} of all: {flatten.name} gives it {many:,} positions of "
            "each channel, and each has weights of its own"
        ),
        numbers={
            "parameters": stored, "parameters_share": share, "positions": many,
            **{_POOLED[name]: left for name, (_, left) in pooled.items()},
        },
        advice="; ".join([*told, _TRAINED]) if told else "",
        seconds=case.predicted[dense].seconds,
        timed=(dense,),
    )  # fmt: skip


def _left(network: Network, name: str, flatten: str, dense: str) -> tuple[str, int | None]:
    """What a rewrite does, and the parameters of the dense layer behind it; None where none fits.

    Of its sizes the smallest: the channels alone.
    """
    site = place(network, name, flatten)
    if site is None:
        return "", None
    try:
        after = rewritten(network, name, site, site.sizes[-1] if site.sizes else None)
    except NetworkError:
        return "", None
    own = (after.table[id_].elements for id_ in after.layer(dense).parameters)
    return site.text, sum(number(elements, "parameters") for elements in own)
