"""The first line: the answer."""

from __future__ import annotations

import math
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from convcost.explain.difference import MEANINGS, by_cause
from convcost.explain.figures import misleads
from convcost.explain.said import Said
from convcost.units import (
    format_bytes,
    format_names,
    format_percent,
    format_ratio,
    format_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.explain.difference import Difference
    from convcost.explain.evidence import Case, Evidence, Pair
    from convcost.explain.explanation import Finding
    from convcost.predict import Estimate

#: The rules whose findings may be the answer.
_PASSES, _NARROW = "memory-bound-elementwise", "few-channels"
#: Layers that make up at least this share of the difference are its reason.
_MOST = 0.5
#: Times that differ by less are the same.
_SAME = 0.02
#: Of a training step no more is predicted.
_FORWARD_ONLY = "in the forward pass of a training step (its backward pass has no predicted time): "


def answer(
    evidence: Evidence, findings: Sequence[Finding], differences: Sequence[Difference]
) -> tuple[Said, ...]:
    """What is said of each comparison; of a single network, where its time goes."""
    part = evidence.cases[0].prediction.forward_only
    first, *others = _of_time(evidence, findings, differences)
    return (replace(first, text=f"{_FORWARD_ONLY if part else ''}{first.text}"), *others)


def _of_time(
    evidence: Evidence, findings: Sequence[Finding], differences: Sequence[Difference]
) -> list[Said]:
    if not evidence.pairs:
        return [_of_one(evidence.cases[0], findings)]
    parts = [case.name for case in evidence.cases if not case.prediction.complete]
    known = f"of what could be predicted (not all of {format_names(parts)}): " if parts else ""
    first, *others = (_of_pair(pair, findings, differences) for pair in evidence.pairs)
    return [replace(first, text=f"{known}{first.text}"), *others]


def _of_one(case: Case, findings: Sequence[Finding]) -> Said:
    slowest = max(case.prediction.layers, key=lambda layer: layer.share)
    passes = next((f for f in findings if f.rule == _PASSES), None)
    known = "" if case.prediction.complete else f"of what could be predicted of {case.name}: "
    whole = "the predicted time" if known else f"the time of {case.name}"
    if passes is not None and passes.numbers["share"] > slowest.share:
        share = format_percent(passes.numbers["share"])
        most = _largest_kind(case)
        if most[1] > passes.numbers["share"]:
            kind = f"the {most[0]} layers take {format_percent(most[1])} of {whole}"
            return _with_advice(f"{known}{kind}, {passes.subject} {share}", case, passes)
        return _with_advice(f"{known}{passes.subject} takes {share} of {whole}", case, passes)
    macs = case.layer_macs([slowest.name]) / max(1, case.macs)
    return Said(
        f"{known}{slowest.name} takes {format_percent(slowest.share)} of {whole} with "
        f"{format_percent(macs)} of its MACs ({slowest.bound}-bound)"
    )


def _largest_kind(case: Case) -> tuple[str, float]:
    """The op whose layers together take most of the time, and their share."""
    shares: dict[str, float] = {}
    for layer in case.prediction.layers:
        shares[layer.op] = shares.get(layer.op, 0.0) + layer.share
    return max(shares.items(), key=itemgetter(1))


def _of_pair(pair: Pair, findings: Sequence[Finding], differences: Sequence[Difference]) -> Said:
    slow, fast = (pair.a, pair.b) if pair.seconds >= 1 else (pair.b, pair.a)
    for finding in findings:
        if finding.rule == _PASSES and finding.network == slow.index:
            parts = [d for d in differences if d.a == pair.a.index and d.layer in finding.layers]
            whole = abs(slow.seconds - fast.seconds)
            if whole and abs(sum(d.seconds for d in parts)) >= _MOST * whole:
                return _of_passes(pair, slow, fast, finding)
    if abs(pair.seconds - 1) < _SAME:
        return Said(_of_equals(pair, slow))
    estimate = pair.ratio
    unsure = ", too close to tell which is faster" if estimate.low < 1 < estimate.high else ""
    text = f"{pair.a.name} takes {_band(estimate)} the time of {pair.b.name}{unsure}, "
    return Said(text + _reason(pair, findings, differences))


def _reason(pair: Pair, findings: Sequence[Finding], differences: Sequence[Difference]) -> str:
    """Why the time is what it is beside the MACs and the parameters."""
    macs, parameters = format_ratio(pair.macs), format_ratio(pair.parameters)
    narrow = any(f.rule == _NARROW and f.network == pair.a.index for f in findings)
    known = bool(pair.a.macs and pair.b.macs)
    against = (pair.macs - 1) * (pair.seconds - 1) <= 0  # fewer or as many MACs, and more time
    more = misleads(pair.macs, pair.seconds) and pair.seconds > pair.macs
    if known and more and (narrow or not against):
        why = "few channels leave the vector units empty, and " if narrow else ""
        return (
            f"although it has {macs} its MACs and {parameters} its parameters: {why}activations "
            "and launches do not go with the MACs"
        )
    if not known or against:
        return _of_parts(pair, differences)
    if misleads(pair.macs, pair.seconds):
        return (
            f"with {macs} its MACs and {parameters} its parameters: less than the MACs say, since "
            f"memory traffic and launches make up much of the time of {pair.b.name}"
        )
    if misleads(pair.parameters, pair.seconds) and pair.seconds > pair.parameters:
        return (
            f"with {parameters} its parameters, because it has {macs} its MACs: a convolution uses "
            "every weight at every position of its output"
        )
    return f"with {macs} its MACs and {parameters} its parameters"


def _of_parts(pair: Pair, differences: Sequence[Difference]) -> str:
    """What the largest part of the difference is, where MACs cannot be the reason."""
    own = [part for part in differences if part.a == pair.a.index]
    whole = math.fsum(part.seconds for part in own)
    up = math.copysign(1, whole)
    most = max(by_cause(own), key=lambda each: up * each.seconds)
    layers = [part for part in own if part.cause == most.cause]
    where = "above all in " if len(layers) > 1 else "in "
    layer = max(layers, key=lambda part: up * part.seconds).layer
    told = "" if layer == most.cause else f", {where}{layer}"
    return (
        f"{_macs(pair)}: of the difference of {format_seconds(abs(whole))} the largest part is "
        f"{MEANINGS[most.cause]} ({format_seconds(abs(most.seconds))}){told}"
    )


def _macs(pair: Pair) -> str:
    """The MACs of both; a ratio only where it says something."""
    a, b = pair.a.macs, pair.b.macs
    if a == b:
        return "with as many MACs" if a else "both without MACs"
    if not a or not b:
        return f"with {a:,} MACs to its {b:,}"
    return f"with {format_ratio(pair.macs)} its MACs"


def _of_equals(pair: Pair, slow: Case) -> str:
    text = f"{pair.a.name} and {pair.b.name} take the same time (1.00x)"
    fused = [layer.name for layer in slow.prediction.layers if layer.fused_into]
    if not fused:
        return text
    return (
        f"{text}: {slow.prediction.runtime.title} computes {format_names(fused)} while the layer "
        "before writes its result"
    )


def _of_passes(pair: Pair, slow: Case, fast: Case, finding: Finding) -> Said:
    estimate = pair.ratio
    if slow is pair.b:
        estimate = type(estimate)(1 / estimate.value, 1 / estimate.high, 1 / estimate.low)
    numbers = finding.numbers
    passes = "1 pass" if numbers["passes"] == 1 else f"{numbers['passes']} passes"
    moved = f"each reading and writing {format_bytes(numbers['tensor_bytes'])}"
    why = f"{passes} over memory, {moved}"
    if numbers["bound"] == "launch":
        why = (
            f"starting {passes} over memory, {moved}, which takes longer than the passes themselves"
        )
    text = (
        f"{finding.subject} makes {slow.name} take {_band(estimate)} the time of {fast.name} "
        f"(+{format_seconds(slow.seconds - fast.seconds)} per batch of "
        f"{slow.prediction.workload.batch}): not by arithmetic but by {why}"
    )
    return _with_advice(text, slow, finding)


def _with_advice(text: str, case: Case, finding: Finding) -> Said:
    return Said(text, finding.advice, case.name)


def _band(estimate: Estimate) -> str:
    low, high = format_ratio(estimate.low), format_ratio(estimate.high)
    return f"{format_ratio(estimate.value)} ({low.rstrip('x')}-{high})"
