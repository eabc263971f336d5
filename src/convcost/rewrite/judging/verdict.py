"""Whether a rewrite is worth it, by predicted time, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcost.units import format_percent, format_ratio

if TYPE_CHECKING:
    from convcost.rewrite.judging.effect import Effect
    from convcost.rewrite.judging.figures import Figures
    from convcost.rewrite.rewrite import Rewrite

#: ``undecided``: it is predicted to save time, but the prediction is not sure of it. ``refused``:
#: there is no place where it could be done.
Verdict: TypeAlias = Literal["worth it", "undecided", "not worth it", "refused"]

#: Less is not seen: on a quiet machine the medians of one network measured twice differ as much.
LEAST_SAVED = 0.02
#: A time that consists of launches to this part is bound by them: arithmetic does not decide it.
_BOUND = 0.5


class Judged(NamedTuple):
    """A verdict with its reason."""

    verdict: Verdict
    reason: str

    @property
    def worth_it(self) -> bool:
        """Whether it is sure to save time, as far as that is predicted."""
        return self.verdict == "worth it"


def judged(rewrite: Rewrite, found: Effect, before: Figures) -> Judged:
    """The verdict on a change.

    Args:
        rewrite: that makes it.
        found: what changes.
        before: of the network before it.
    """
    if rewrite.not_predicted:
        return Judged("worth it", rewrite.not_predicted)
    ratio = found.ratio(before.seconds)
    saved = 1 - ratio.value
    if saved < -LEAST_SAVED:
        return Judged("not worth it", _longer(found, before))
    if saved < LEAST_SAVED:
        return Judged("not worth it", _little(found, ratio.value))
    band = f"{format_ratio(ratio.low)} to {format_ratio(ratio.high)}"
    if ratio.high >= 1:
        why = (
            f"saves {format_percent(saved)} by prediction, which is not sure of it: it would take "
            f"{band} the time"
        )
        return Judged("undecided", why)
    return Judged("worth it", f"saves {format_percent(saved)} (it takes {band} the time)")


def _longer(found: Effect, before: Figures) -> str:
    """Why a network would take longer."""
    text = f"would take longer: {format_ratio(found.ratio(before.seconds).value)} the time"
    if found.macs:
        text += f", with {format_ratio((before.macs + found.macs) / max(before.macs, 1))} the MACs"
    if found.new_launches >= _BOUND * found.new:
        share = format_percent(found.new_launches / found.new)
        text += f"; {share} of what is new goes into starting {_kernels(found.new_kernels)}"
    return text


def _little(found: Effect, ratio: float) -> str:
    """Why hardly anything is saved."""
    text = f"saves less than {format_percent(LEAST_SAVED)} ({format_ratio(ratio)} the time)"
    if found.gone and found.gone_launches >= _BOUND * found.gone:
        part = format_percent(found.gone_launches / found.gone)
        many = _kernels(found.gone_kernels)
        text += f": what it changes is bound by launches, {part} of that goes into starting {many}"
    return text


def _kernels(number: int) -> str:
    return "1 kernel" if number == 1 else f"{number:,} kernels"
