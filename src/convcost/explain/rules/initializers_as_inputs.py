"""Weights that a caller may replace: an ONNX file lists its initializers among its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.remedies import command, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: The rewrite that makes them constants.
_CONSTANT = "constant-initializers"


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all of them."""
    table = case.network.table.values()
    overridable = sum(parameter.overridable for parameter in table)
    for site in places(case.network, _CONSTANT):
        yield Finding(
            subject="initializers",
            network=case.index,
            layers=site.layers,
            text=(
                f"{overridable:,} of {len(table):,} stored tensors of {case.name} are graph "
                "inputs as well, so a caller may replace them: a runtime can neither fold "
                "BatchNorm into the convolution before it nor repack the weights once"
            ),
            numbers={"overridable": overridable, "stored": len(table), "layers": len(site.layers)},
            advice=(
                f"{command(_CONSTANT)} makes them constants (exact); or export the file with "
                "keep_initializers_as_inputs=False"
            ),
        )
