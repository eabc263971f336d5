"""Where narrower layers would save most time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import ConvcostError
from convcost.explain.explanation import Finding
from convcost.network.dataclass import replace
from convcost.network.edit import edited
from convcost.ops.conv import Conv
from convcost.predict import predict
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence
    from convcost.network.network import Layer, Network
    from convcost.network.op import Op

RULE = "cut-channels"

#: Of a layer's filters, those that are left: a quarter less, in whole blocks.
_KEPT, _BLOCK = 0.75, 16
#: So many of the slowest convolutions are tried.
_TRIED = 6
#: Below this saving the rule is silent.
_LEAST_SHARE = 0.03


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for a single network: the layer whose narrowing saves most."""
    if len(evidence.cases) == 1 and evidence.cases[0].prediction.complete:
        yield from _of_case(evidence.cases[0])


def _of_case(case: Case) -> Iterator[Finding]:
    convolutions = [x for x in case.network.layers if _narrower(x) is not None]
    slowest = sorted(convolutions, key=lambda x: -case.predicted[x.name].seconds)[:_TRIED]
    saved = {layer.name: _saved(case, layer) for layer in slowest}
    best = max(saved, key=saved.__getitem__, default=None)
    if best is None or saved[best] < _LEAST_SHARE * case.seconds:
        return
    op = case.network.layer(best).op
    assert isinstance(op, Conv)  # noqa: S101 - for types
    left = _narrower(case.network.layer(best))
    others = sorted((x for x in saved if x != best and saved[x] > 0), key=lambda x: -saved[x])
    more = ", ".join(f"{name} {format_seconds(saved[name])}" for name in others[:2])
    yield Finding(
        rule=RULE,
        network=case.index,
        layers=(best, *others[:2]),
        text=(
            f"narrowing {best} of {case.name} from {op.filters} to {left} filters would save most, "
            f"{format_seconds(saved[best])} of {format_seconds(case.seconds)} "
            f"({format_percent(saved[best] / case.seconds)}), its readers included"
            + (f"; then {more}" if more else "")
        ),
        numbers={
            "filters": op.filters, "filters_left": left, "saved_seconds": saved[best],
            "saved_share": saved[best] / case.seconds,
        },
        advice="drop the filters of the least norm there first, and train on: what accuracy it "
        "costs no count can tell",
        seconds=saved[best],
    )  # fmt: skip


def _narrower(layer: Layer) -> int | None:
    """The filters that would be left; None where it cannot be narrowed."""
    op = layer.op
    if not isinstance(op, Conv) or op.groups != 1 or not isinstance(op.filters, int):
        return None
    left = int(op.filters * _KEPT) // _BLOCK * _BLOCK
    return left if 0 < left < op.filters else None


def _saved(case: Case, layer: Layer) -> float:
    """Predicted seconds; nothing where the layers behind it need its width, as a sum does."""
    left = _narrower(layer) or 0

    def op_of(each: Layer) -> Op:
        op = each.op
        return replace(op, filters=left) if each.name == layer.name and isinstance(op, Conv) else op

    old = case.prediction
    try:
        network: Network = edited(case.network, op_of)
        found = predict(
            network, old.workload, device=old.device, runtime=old.runtime, profile=case.profile
        )
    except ConvcostError:
        return 0.0
    return case.seconds - found.seconds.value
