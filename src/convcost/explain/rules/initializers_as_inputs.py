"""Weights that a caller may replace: an ONNX file lists its initializers among its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence

RULE = "initializers-as-inputs"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per network."""
    for case in evidence.cases:
        yield from _of_case(case)


def _of_case(case: Case) -> Iterator[Finding]:
    table = case.network.table
    overridable = {id_ for id_, parameter in table.items() if parameter.overridable}
    if not overridable:
        return
    layers = tuple(
        layer.name for layer in case.network.layers if not overridable.isdisjoint(layer.parameters)
    )
    yield Finding(
        rule=RULE,
        subject="initializers",
        network=case.index,
        layers=layers,
        text=(
            f"{len(overridable):,} of {len(table):,} stored tensors of {case.name} are graph "
            "inputs as well, so a caller may replace them: a runtime can neither fold BatchNorm "
            "into the convolution before it nor repack the weights once"
        ),
        numbers={"overridable": len(overridable), "stored": len(table), "layers": len(layers)},
        advice=(
            "take the initializers out of graph.input and save the file again (onnxruntime has "
            "remove_initializer_from_input for it), or export with keep_initializers_as_inputs"
            "=False"
        ),
    )
