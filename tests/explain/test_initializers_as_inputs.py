"""Weights that a caller may replace, and those that nobody can."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from convcost import zoo
from support.explained import found

findings = partial(found, "initializers-as-inputs", batch=1)


def overridable(network: Any, *ids: str) -> Any:
    table = {
        id_: replace(parameter, overridable=not ids or id_ in ids)
        for id_, parameter in network.table.items()
    }
    return replace(network, table=table)


def test_it_counts_what_may_be_replaced() -> None:
    network = zoo.load("seed000")
    (finding,) = findings(overridable(network))
    count = len(network.table)
    assert finding.numbers["overridable"] == finding.numbers["stored"] == count
    assert finding.text.startswith(f"{count} of {count} stored tensors of seed000 are graph inputs")
    assert "keep_initializers_as_inputs=False" in finding.advice
    assert finding.advice.startswith("`convcost rewrite --apply constant-initializers`")
    assert set(finding.layers) == {x.name for x in network.layers if x.parameters}


def test_it_names_the_layers_concerned_only() -> None:
    network = zoo.load("seed000")
    (finding,) = findings(network, overridable(network, "conv2d_1/kernel"))
    assert (finding.network, finding.layers) == (1, ("conv2d_1",))
    assert finding.numbers["overridable"] == 1


def test_it_is_silent_where_weights_are_fixed() -> None:
    assert findings(zoo.load("seed000")) == []
