"""Where narrower layers would save most time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import ConvcostError
from convcost.explain.explanation import Finding
from convcost.explain.remedies import command, places, rewritten
from convcost.predict import predict
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence
    from convcost.rewrite.rewrite import Site

#: The rewrite that drops filters, and what reads them.
_NARROW = "narrow"
#: Of a layer's filters, those that are left: a quarter less, in whole blocks.
_KEPT, _BLOCK = 0.75, 16
#: So many of the slowest convolutions that can be narrowed are tried.
_TRIED = 6
#: Below this saving the rule is silent.
_LEAST_SHARE = 0.03


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for a single network: the layer whose narrowing saves most."""
    if len(evidence.cases) == 1 and evidence.cases[0].prediction.complete:
        yield from _of_case(evidence.cases[0])


def _of_case(case: Case) -> Iterator[Finding]:
    able = [site for site in places(case.network, _NARROW) if _left(case, site)]
    slowest = sorted(able, key=lambda site: -case.predicted[site.layer].seconds)[:_TRIED]
    saved = {site.layer: _saved(case, site) for site in slowest}
    best = max(slowest, key=lambda site: saved[site.layer], default=None)
    if best is None or saved[best.layer] < _LEAST_SHARE * case.seconds:
        return
    name, filters, left = best.layer, _filters(case, best), _left(case, best)
    others = sorted((x for x in saved if x != name and saved[x] > 0), key=lambda x: -saved[x])
    more = ", ".join(f"{other} {format_seconds(saved[other])}" for other in others[:2])
    yield Finding(
        network=case.index,
        layers=(name, *others[:2]),
        text=(
            f"narrowing {name} of {case.name} from {filters} to {left} filters would save most, "
            f"{format_seconds(saved[name])} of {format_seconds(case.seconds)} "
            f"({format_percent(saved[name] / case.seconds)}), its readers included"
            + (f"; then {more}" if more else "")
        ),
        numbers={
            "filters": filters, "filters_left": left, "saved_seconds": saved[name],
            "saved_share": saved[name] / case.seconds,
        },
        advice=f"{command(_NARROW, name, left)} drops the filters of the least norm; then train "
        "on: what accuracy it costs no count can tell",
        seconds=saved[name],
    )  # fmt: skip


def _filters(case: Case, site: Site) -> int:
    """Of a convolution that can be narrowed, whose sizes are known then."""
    filters = case.network.layer(site.layer).outputs[0].size("channel")
    assert isinstance(filters, int)  # noqa: S101 - for types
    return filters


def _left(case: Case, site: Site) -> int:
    """The filters that would be left; 0 where that would be less than a whole block."""
    return int(_filters(case, site) * _KEPT) // _BLOCK * _BLOCK


def _saved(case: Case, site: Site) -> float:
    """Predicted seconds; nothing where the layers behind it do not fit any more."""
    old = case.prediction
    try:
        network = rewritten(case.network, _NARROW, site, _left(case, site))
        found = predict(
            network, old.workload, device=old.device, runtime=old.runtime, profile=case.profile
        )
    except ConvcostError:
        return 0.0
    return case.seconds - found.seconds.value
