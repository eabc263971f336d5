"""What proves a rewrite, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Lines
from convcost.report.figures import band, exact, plural
from convcost.units import format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.measure import Interval
    from convcost.rewrite.proof.agreement import Agreement
    from convcost.rewrite.proof.equality import Equality
    from convcost.rewrite.proof.proof import Proof
    from convcost.rewrite.proof.timing import Timing
    from convcost.rewrite.statistics.recalibrate import Recalibrated
    from convcost.rewrite.training.curves import Training
    from convcost.rewrite.training.means import Mean

#: Layers that are named.
_NAMED = 5


def brief(proof: Proof) -> str:
    """For the first line: whether outputs are equal, and the measured time."""
    parts = []
    if proof.equality is not None:
        parts.append("outputs equal" if proof.equality.equal else "OUTPUTS DIFFER")
    if proof.agreement is not None and proof.agreement.same_class is not None:
        share = format_percent(proof.agreement.same_class)
        parts.append(f"the same class for {share} of {exact(proof.agreement.samples)} samples")
    if proof.timing is not None:
        parts.append(f"measured {_interval(proof.timing.measured)} the time")
    if proof.training is not None:
        parts.append(f"accuracy {_signed(proof.training.gained)} after training")
    return ", ".join(parts)


def lines(proof: Proof, recalibrated: Recalibrated | None) -> Lines:
    """All of it."""
    return Lines("verified", tuple(_lines(proof, recalibrated)))


def _lines(proof: Proof, recalibrated: Recalibrated | None) -> Iterator[str]:
    if recalibrated is not None:
        many = plural(len(recalibrated.layers), "BatchNorm")
        yield (
            f"statistics of {many} estimated anew from {exact(recalibrated.samples)} samples of "
            f"{recalibrated.source}"
        )
    if proof.equality is not None:
        yield _equality(proof.equality)
    if proof.weights:
        worst = sorted(proof.weights, key=lambda each: -each.error)[:_NAMED]
        named = ", ".join(f"{each.layer} {format_percent(each.error)}" for each in worst)
        yield f"weights are off by (norm of the difference over the norm): {named}"
    if proof.agreement is not None:
        yield from _agreement(proof.agreement)
    if proof.timing is not None:
        yield from _timing(proof.timing)
    if proof.training is not None:
        yield from _training(proof.training)
    for each in proof.denormals:
        whose = "made by the rewrite" if each.new else "of the source"
        yield (
            f"{exact(each.count)} of {exact(each.numbers)} numbers of {each.layer}/"
            f"{each.parameter} are denormal, {whose}: processors may be slow with them"
        )
    yield from proof.remarks


def _equality(found: Equality) -> str:
    word = "equal" if found.equal else "NOT EQUAL"
    values = "" if found.values == "source" else f", with {found.values} weights"
    return (
        f"outputs {word} in {found.runtime}{values}: largest difference {found.difference:.2g}, "
        f"allowed {found.tolerance:.2g} for outputs up to {found.magnitude:.2g} "
        f"({exact(found.trials)} random inputs)"
    )


def _agreement(found: Agreement) -> Iterator[str]:
    text = (
        f"outputs on {exact(found.samples)} samples ({found.data}): cosine {found.cosine:.4f} "
        f"(least {found.least_cosine:.4f}), off by {format_percent(found.difference)}"
    )
    if found.same_class is not None:
        text += f"; the same class for {format_percent(found.same_class)}"
    yield text
    accuracy = found.accuracy
    if accuracy is not None:
        yield (
            f"accuracy {accuracy.before:.2%} before, {accuracy.after:.2%} after: "
            f"{exact(accuracy.lost)} samples lost, {exact(accuracy.gained)} gained"
        )
    yield from found.remarks


def _timing(found: Timing) -> Iterator[str]:
    one, other = found.before, found.after
    text = (
        f"measured in {one.runtime}: {format_seconds(one.seconds.median)} before, "
        f"{format_seconds(other.seconds.median)} after, {_interval(found.measured)}"
    )
    if found.predicted is not None:
        said = (
            f"predicted were {format_ratio(found.predicted.value)} "
            f"({band(found.predicted, format_ratio)})"
        )
        text += f"; {said}" + ("" if found.as_predicted else ": wrong")
    yield text
    if found.faster is None:
        yield "whether it is faster the measurement does not tell: its interval holds both answers"
    for each in (one, other):
        if each.verdict.name != "stable":
            yield f"{each.source}: {each.verdict}: {'; '.join(each.verdict.reasons)}"


def _interval(ratio: Interval) -> str:
    return f"{format_ratio(ratio.median)} ({band(ratio, format_ratio)})"


def _training(found: Training) -> Iterator[str]:
    seeds = plural(len(found.before.runs), "seed")
    yield (
        f"trained in {found.runtime} on {exact(found.trained)} samples of {found.data}, "
        f"{plural(found.epochs, 'epoch')}, {seeds}, tested on {exact(found.tested)}: "
        f"{_mean(found.before.accuracy)} before, {_mean(found.after.accuracy)} after, "
        f"{_signed(found.gained)}"
    )
    yield (
        f"an epoch takes {format_seconds(found.before.epoch_seconds)} before, "
        f"{format_seconds(found.after.epoch_seconds)} after: {_interval(found.epoch_ratio)}"
    )
    for curve, which in ((found.before, "before"), (found.after, "after")):
        points = " ".join(f"{each.mean:.1%}" for each in curve.per_epoch)
        yield f"accuracy epoch by epoch, {which}: {points}"
    if found.interrupted:
        yield "the training was interrupted: there are fewer epochs or seeds than asked for"
    yield from found.remarks


def _mean(found: Mean) -> str:
    ends = band(found, "{:.2%}".format)
    return f"{found.mean:.2%} ({ends})" if ends else f"{found.mean:.2%}"


def _signed(found: Mean) -> str:
    """A difference of accuracies in points."""
    text = f"{100 * found.mean:+.2f} points"
    ends = band(found, lambda share: f"{100 * share:+.2f}")
    return f"{text} ({ends})" if ends else text
