"""Progress lines that people paste below a table: they hold a measured time.

``44/44 [====] - 19s 425ms/step``, ``Epoch 1/12 60000/60000 [===] - 24s - loss: 0.26``,
``24s - loss: 0.26``, ``469/469 ━━━━ 5s 9ms/step``. Times in prose are not read: it is not told well
enough what they are for.
"""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.network.network import Measured
from convcost.read.keras.summary.clean import clean_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRACES = re.compile(r"[0-9](?:s|ms|us|\u00b5s|\u03bcs)(?:/(?:step|sample|epoch)| - )|[0-9] ?\[=")
_METRIC = r"(?:val_)?(?:loss|acc|accuracy|mae|mse)\b"
_ITEM = re.compile(
    r"(?<![\w/.])(?:"
    r"[Ee]poch ++(?P<epoch>[0-9]{1,6})(?:/[0-9]{1,6})?"
    r"|[Tt]rain on (?P<samples>[0-9]{1,9}) samples"
    r"|(?P<done>[0-9]{1,9})/(?P<total>[0-9]{1,9}) *+(?:\[[=>. ]*+\]|[─╸━ ]{4,}+)? *+(?:- *+)?"
    r"(?P<bar_seconds>[0-9]{1,7}(?:\.[0-9]{1,6})?)s(?![\w/])"
    rf"|(?P<seconds>[0-9]{{1,7}})s - (?={_METRIC})"
    r")"
)
_PER = re.compile(
    r"(?<![\w.])(?P<number>[0-9]{1,7}(?:\.[0-9]{1,6})?)(?P<unit>s|ms|us|\u00b5s|\u03bcs)/"
    r"(?P<of>step|sample|epoch)\b"
)
_UNITS = {"s": 1.0, "ms": 1e-3}
#: So many counted things at less than a millisecond each are samples: Keras before 2.3 counted
#: samples and printed them as steps.
_MANY = 5000
_FAST = 1e-3
#: A printed whole second is right to one second; the time per step is more exact.
_ROUNDING = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One finished pass over data, as a progress line prints it.

    Attributes:
        line: where in the text, from 1.
        seconds: it took.
        steps: batches, where they were counted.
        samples: where they were counted.
        epoch: number of the epoch; None where the line tells none.
        training: whether it is training; None where the text does not tell.
    """

    line: int
    seconds: float
    steps: int | None = None
    samples: int | None = None
    epoch: int | None = None
    training: bool | None = None


def find_progress(text: str) -> tuple[Progress, ...]:
    """Find the finished passes in a text, in order.

    >>> found = find_progress('''Epoch 1/2
    ... 44/44 [==============================] - 19s 425ms/step - loss: 0.69
    ... It takes about 4.6 s to evaluate.''')
    >>> [(p.line, p.seconds, p.steps, p.epoch) for p in found]
    [(2, 18.7, 44, 1)]
    """
    if not _TRACES.search(text):
        return ()
    found: list[Progress] = []
    epoch: int | None = None
    samples: int | None = None
    for line, clean in enumerate(clean_lines(text), 1):
        items = list(_ITEM.finditer(clean))
        for item, following in zip(items, [*items[1:], None], strict=False):
            if item["epoch"]:
                epoch = int(item["epoch"])
            elif item["samples"]:
                samples = int(item["samples"])
            else:
                rest = clean[item.end() : following.start() if following else len(clean)]
                progress = _progress(line, item, rest, epoch, samples)
                if progress is not None:
                    found.append(progress)
                    epoch = None
    return tuple(found)


def typical(passes: Sequence[Progress]) -> tuple[Measured, ...]:
    """What the passes below one table tell: a typical epoch, and each run that is none.

    The first epoch builds and loads things: with several, it is the median of the others.

    >>> times = ((1, 180.0), (2, 19.0), (3, 21.0))
    >>> epochs = [Progress(line=n, seconds=s, epoch=n, training=True) for n, s in times]
    >>> typical(epochs)[0].seconds, typical(epochs)[0].what
    (20.0, 'median of 2 epochs, the first one left out')
    """
    training = [p for p in passes if p.training]
    others = [p for p in passes if not p.training]
    found = [_measured(p, p.seconds, "training or evaluation is not told") for p in others]
    if training:
        later = [p for p in training if p.epoch != 1] or training
        if len(later) == len(training) and len(training) > 1 and training[0].epoch is None:
            later = training[1:]
        shown = later[0]
        what = f"epoch {shown.epoch}" if shown.epoch else "an epoch"
        if len(training) > 1:
            count = "1 epoch" if len(later) == 1 else f"median of {len(later)} epochs"
            left_out = ", the first one left out" if len(later) < len(training) else ""
            what = f"{count}{left_out}"
        found.insert(0, _measured(shown, median(p.seconds for p in later), what))
    return tuple(found)


def _measured(progress: Progress, seconds: float, what: str) -> Measured:
    return Measured(
        seconds=seconds,
        steps=progress.steps,
        samples=progress.samples,
        training=progress.training,
        what=what,
        line=progress.line,
    )


def _progress(
    line: int, item: re.Match[str], rest: str, epoch: int | None, samples: int | None
) -> Progress | None:
    """A finished pass; None while it was still running, or where it took no printed time."""
    if item["done"] != item["total"]:
        return None
    per = {match["of"]: match for match in _PER.finditer(rest)}
    unit = per.get("step", per.get("sample"))
    count = int(item["total"]) if item["total"] else None
    seconds = _most_exact(item, per, unit, count)
    if seconds <= 0:
        return None
    many = count is not None and count >= _MANY
    counts_samples = count is not None and (
        samples is not None
        or "sample" in per
        or (many and (unit is None or _seconds(unit) < _FAST))
    )
    trains = epoch is not None or "val_" in rest or item["seconds"] is not None
    return Progress(
        line=line,
        seconds=seconds,
        steps=None if counts_samples else count,
        samples=count if counts_samples else samples if trains else None,
        epoch=epoch,
        training=True if trains else None,
    )


def _most_exact(
    item: re.Match[str],
    per: Mapping[str, re.Match[str]],
    unit: re.Match[str] | None,
    count: int | None,
) -> float:
    """The time of the pass from the figure with the most digits; they must agree."""
    printed = item["bar_seconds"] or item["seconds"]
    best, exact = float(printed), _digits(printed)
    if "epoch" in per and _digits(per["epoch"]["number"]) > exact:
        best, exact = _seconds(per["epoch"]), _digits(per["epoch"]["number"])
    if count and unit is not None and _digits(unit["number"]) > exact:
        seconds = round(count * _seconds(unit), 9)
        if abs(seconds - best) <= _ROUNDING + 0.05 * best:
            return seconds
    return best


def _digits(number: str) -> int:
    """Digits that count.

    >>> _digits("0"), _digits("19"), _digits("0.57")
    (0, 2, 2)
    """
    return len(number.replace(".", "").lstrip("0"))


def _seconds(match: re.Match[str]) -> float:
    return round(float(match["number"]) * _UNITS.get(match["unit"], 1e-6), 9)
