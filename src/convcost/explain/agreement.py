"""Whether prediction and measurement agree, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcost.explain.said import Said, joined
from convcost.units import format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcost.explain.evidence import Case, Evidence, Pair
    from convcost.explain.ratio import MeasuredRatio
    from convcost.explain.verification import Verification
    from convcost.measure import Interval
    from convcost.predict import Estimate


class _Range(NamedTuple):
    """What was measured; `sure` where its ends hold the true value with the usual confidence."""

    value: float
    low: float
    high: float
    sure: bool


def checked(
    evidence: Evidence, answer: tuple[Said, ...]
) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """The answer and the lines after it.

    What was measured follows the answer, unless a measured ratio refutes it: then the measured
    ratios are the answer, and what was predicted follows. Nothing follows without a measurement.

    Args:
        evidence: with verifications, or without.
        answer: what the prediction says.
    """
    found = [case.verification for case in evidence.cases if case.verification is not None]
    if not found:
        return answer, ()
    where = _where(evidence.cases[0], found[0])
    if not evidence.pairs:
        text = f"{where}: {_of_one(evidence.cases[0], found[0])}"
        return answer, (f"{text}{_doubt(found)}",)
    pairs = "; ".join(_of_pair(pair) for pair in evidence.pairs)
    measured, more = f"{where}, {pairs}{_doubt(found)}", tuple(_times_apart(evidence))
    if any(_is_refuted(pair) for pair in evidence.pairs):
        predicted = f"predicted, which the measurement refutes: {joined(answer)}"
        return (Said(measured),), (predicted, *more)
    return answer, (measured, *more)


def surprises(evidence: Evidence) -> Iterator[str]:
    """Ratios of times that the user gave or the sources tell, outside of what is predicted."""
    for pair in evidence.pairs:
        if pair.measured is not None and pair.a.verification is None and _is_refuted(pair):
            yield (
                f"the measured ratio {pair.a.name} / {pair.b.name}, "
                f"{format_ratio(pair.measured.value)}, is outside "
                f"{_predicted(pair.ratio, format_ratio)}: try the --runtime, --device and --batch "
                "of the measurement"
            )


def how_measured(case: Case) -> Iterator[str]:
    """What a measurement rests on, and where it is not of what is predicted."""
    found, predicted = case.verification, case.prediction
    if found is None:
        return
    one = found.measurement
    versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
    threads, cores = one.machine["threads"], int(predicted.device.cores.value)
    yield (
        f"measured on this machine in {one.runtime} ({versions}) with {threads} "
        f"thread{'' if threads == 1 else 's'}; the networks in turns, parameters random"
    )
    if one.runtime != predicted.runtime.name:
        yield (
            f"predicted for {predicted.runtime.name}, measured in {one.runtime}, which has other "
            "kernels and fuses other layers"
        )
    if threads != cores:
        yield f"predicted for all {cores} cores, measured with {threads}"
    if found.trained:
        text = (
            f"measured were training steps, loss {one.workload.loss}, optimizer "
            f"{one.workload.optimizer or 'none'}"
        )
        if found.forward_only:
            text += (
                "; compared with the prediction is their forward pass, which is taken to have the "
                "share of the step that it has layer by layer"
            )
        yield text


def _where(case: Case, found: Verification) -> str:
    runtime, other = found.measurement.runtime, case.prediction.runtime
    return f"measured in {runtime}" + (
        "" if runtime == other.name else f" (the prediction is for {other.title})"
    )


def _of_one(case: Case, found: Verification) -> str:
    """The time of the only network, and which of its layers takes most."""
    whole, part = found.measurement.seconds, found.compared
    text = f"{_seconds(whole)} per {_batch(found)}"
    if part is None:
        return text
    if found.forward_only:
        text += f", {_seconds(part)} of it forward"
    judgement = _judgement(_of_interval(part), case.prediction.seconds, format_seconds)
    most = max(found.rows, key=lambda row: row.measured or 0.0, default=None)
    if most is None or not most.measured:
        return f"{text}, {judgement}"
    share = format_percent(most.measured / part.median)
    what = " with ".join((most.name, *most.together_with[:1]))
    return f"{text}, {judgement}; {what} takes most, {share}"


def _of_pair(pair: Pair) -> str:
    """The measured ratio, and what it says of the predicted one."""
    measured, compared = pair.measured, pair.compared
    of_a, of_b = pair.a.verification, pair.b.verification
    if measured is None or of_a is None or of_b is None:
        return ""
    a, b = (format_seconds(each.measurement.seconds.median) for each in (of_a, of_b))
    text = (
        f"{pair.a.name} takes {_ratio(measured)} the time of {pair.b.name} "
        f"({a} against {b} per {_batch(of_a)})"
    )
    if compared is None:
        return text
    if of_a.forward_only:
        text += f", its forward pass {_ratio(compared)}"
    return f"{text}, {_judgement(_of_ratio(compared), pair.ratio, format_ratio)}"


def _times_apart(evidence: Evidence) -> Iterator[str]:
    """Of several networks, those whose measured time the prediction did not see coming."""
    apart = []
    for case in evidence.cases:
        part = None if case.verification is None else case.verification.compared
        band = case.prediction.seconds
        if part is not None and _apart(_of_interval(part), band):
            between = f"{format_seconds(band.low)} to {format_seconds(band.high)}"
            apart.append(f"{case.name} {_seconds(part)} against {between}")
    if apart:
        yield f"measured times outside the predicted ones: {'; '.join(apart)}"


def _is_refuted(pair: Pair) -> bool:
    return pair.compared is not None and _apart(_of_ratio(pair.compared), pair.ratio)


def _apart(found: _Range, band: Estimate) -> bool:
    """Whether what was measured lies outside of the band as a whole, and surely so."""
    return found.sure and (found.low > band.high or found.high < band.low)


def _judgement(found: _Range, band: Estimate, show: Callable[[float], str]) -> str:
    predicted = _predicted(band, show)
    if _apart(found, band):
        return f"outside {predicted}"
    if band.low <= found.value <= band.high:
        return f"within {predicted}"
    return f"not within {predicted}, but too unsure to refute them: a longer --time tells more"


def _of_interval(found: Interval) -> _Range:
    return _Range(found.median, found.low, found.high, sure(found.confidence))


def _of_ratio(found: MeasuredRatio) -> _Range:
    """Single times that a user compares have no interval: they are what he saw."""
    if found.low is None or found.high is None:
        return _Range(found.value, found.value, found.value, sure=True)
    return _Range(found.value, found.low, found.high, sure(found.confidence))


def sure(confidence: float | None) -> bool:
    """Whether an interval has the confidence that intervals have where there are enough samples."""
    from convcost.measure.statistics import CONFIDENCE

    return confidence is not None and confidence >= CONFIDENCE


def _predicted(band: Estimate, show: Callable[[float], str]) -> str:
    return f"the predicted {show(band.low)} to {show(band.high)}"


def _seconds(found: Interval) -> str:
    ends = f"{format_seconds(found.low)} to {format_seconds(found.high)}"
    return f"{format_seconds(found.median)} ({ends})"


def _ratio(measured: MeasuredRatio) -> str:
    found = _of_ratio(measured)
    low, high = format_ratio(found.low), format_ratio(found.high)
    return f"{format_ratio(found.value)} ({low.removesuffix('x')}-{high})"


def _batch(found: Verification) -> str:
    step = "training step, batch" if found.trained else "batch"
    return f"{step} of {found.measurement.workload.batch:,}"


def _doubt(found: Sequence[Verification]) -> str:
    if any(each.measurement.interrupted for each in found):
        return "; interrupted"
    noisy = [each for each in found if each.measurement.verdict.name == "noisy"]
    return "; noisy, see how sure" if noisy else ""
