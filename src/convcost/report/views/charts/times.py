"""Where the time goes: networks and layers, predicted, measured, or one beside the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.predict.kernel import BOUNDS
from convcost.report.document import Chart
from convcost.report.figures import plural
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.explain.explanation import Explanation
    from convcost.measure import Interval, Measurement
    from convcost.predict import Estimate, Prediction
    from convcost.report.charts.bars import Bar, Bars, Series

#: Layers that get a bar of their own; the others share one.
_TOP = 12
#: Numbers of further kinds: what belongs to no layer, and several layers together.
_NO_LAYER, _SEVERAL = 3, 4


def of_prediction(prediction: Prediction) -> tuple[Chart, ...]:
    """The layers that take most, by what limits them; none where nothing takes time."""
    times = [(x.name, x.seconds, BOUNDS.index(x.bound)) for x in prediction.layers if x.bound]
    times += [(phase, seconds, _NO_LAYER) for phase, seconds in prediction.rest.items()]
    times.sort(key=lambda each: -each[1])
    whole = prediction.seconds.value
    if not times or not whole:
        return ()
    return (
        Chart(
            name="time",
            title=f"where the time of {prediction.source} goes, predicted",
            text=_most(times[0][0], times[0][1], whole),
            make=lambda: _by_bound(times, whole),
        ),
    )


def of_measurement(one: Measurement) -> tuple[Chart, ...]:
    """The layers that were seen to take most; none where they were not timed."""
    times = sorted(((layer.name, layer.seconds) for layer in one.layers), key=lambda x: -x[1])
    if not times:
        return ()
    return (
        Chart(
            name="time",
            title=f"where the time of {one.source} goes, measured",
            text=_most(*times[0], one.seconds.median),
            make=lambda: _side_by_side([(name, (None, seconds)) for name, seconds in times]),
        ),
    )


def of_layers(explanation: Explanation, index: int) -> tuple[Chart, ...]:
    """Of one network of an explanation: both times, where its layers were timed."""
    prediction = explanation.predictions[index]
    found = explanation.verifications[index] if explanation.verifications else None
    if found is None or not found.rows:
        return of_prediction(prediction)
    rows = [(row.name, (row.predicted, row.measured)) for row in found.rows]
    rows.sort(key=lambda row: -(row[1][1] or 0.0))
    whole = found.compared or found.measurement.seconds
    return (
        Chart(
            name="time",
            title=f"where the time of {prediction.source} goes, predicted beside measured",
            text=_most(rows[0][0], rows[0][1][1] or 0.0, whole.median),
            make=lambda: _side_by_side(rows),
        ),
    )


def of_explained(explanation: Explanation) -> tuple[Chart, ...]:
    """All networks of an explanation; both times, where they were measured."""
    predictions, found = explanation.predictions, explanation.verifications
    names = [prediction.source for prediction in predictions]
    measured = [each.compared for each in found]
    return of_networks(names, [each.seconds for each in predictions], measured)


def of_networks(
    names: Sequence[str],
    predicted: Sequence[Estimate] = (),
    measured: Sequence[Interval | None] = (),
) -> tuple[Chart, ...]:
    """Whole networks with their ranges; nothing of a single one without both times.

    Args:
        names: of the networks.
        predicted: one per network, or none.
        measured: likewise; None where it is not known of one.
    """
    if len(names) < 2 and not (predicted and measured):
        return ()
    kinds = [kind for kind, found in (("predicted", predicted), ("measured", measured)) if found]
    told = f"{' beside '.join(kinds)}, of a batch of each network, with the ranges."
    return (
        Chart(
            name="networks",
            title=f"{'networks' if len(names) > 1 else names[0]}, {' beside '.join(kinds)}",
            text=f"The time, {told}",
            make=lambda: _whole(names, predicted, measured),
        ),
    )


def _most(name: str, seconds: float, whole: float) -> str:
    """What is to be seen, in words."""
    share = f", {format_percent(seconds / whole)} of the whole" if whole else ""
    return f"{name} takes most: {format_seconds(seconds)}{share}."


def _by_bound(times: Sequence[tuple[str, float, int]], whole: float) -> Bars:
    from convcost.report.charts.bars import Bar, Bars, Row, Series
    from convcost.report.views.charts.axes import SECONDS

    def row(name: str, seconds: float, kind: int) -> Row:
        share = format_percent(seconds / whole)
        note = f"({share}, {BOUNDS[kind]})" if kind < _NO_LAYER else f"({share})"
        return Row(name, (Bar(series=kind, value=seconds, note=note),))

    kinds = [Series(key=x, name=f"limited by {x}", colour=n) for n, x in enumerate(BOUNDS)]
    kinds.append(Series(key="no layer", name="no layer", colour=3))
    kinds.append(Series(key="several", name="several layers", colour=5))
    rows, others = [row(*each) for each in times[:_TOP]], times[_TOP:]
    if others:
        rows.append(row(plural(len(others), "other"), sum(x[1] for x in others), _SEVERAL))
    return Bars(what="layer", axis=SECONDS, series=tuple(kinds), rows=tuple(rows), apart=True)


def _side_by_side(rows: Sequence[tuple[str, tuple[float | None, float | None]]]) -> Bars:
    """Predicted and measured seconds of the largest rows, the others together."""
    from convcost.report.charts.bars import Bar, Bars, Row
    from convcost.report.views.charts.axes import SECONDS

    shown, others = list(rows[:_TOP]), rows[_TOP:]
    if others:
        sums = (_sum(values[0] for _, values in others), _sum(values[1] for _, values in others))
        shown.append((plural(len(others), "other"), sums))
    both = any(values[0] is not None for _, values in shown)

    def bars(predicted: float | None, measured: float | None) -> tuple[Bar, ...]:
        found = (Bar(series=0, value=predicted),) if both else ()
        return (*found, Bar(series=len(found), value=measured))

    return Bars(
        what="layer",
        axis=SECONDS,
        series=_series(predicted=both, measured=True),
        rows=tuple(Row(name, bars(*values)) for name, values in shown),
    )


def _whole(
    names: Sequence[str], predicted: Sequence[Estimate], measured: Sequence[Interval | None]
) -> Bars:
    from convcost.report.charts.bars import Bar, Bars, Row
    from convcost.report.views.charts.axes import SECONDS

    rows = []
    for place, name in enumerate(names):
        bars = []
        if predicted:
            x = predicted[place]
            bars.append(Bar(series=0, value=x.value, low=x.low, high=x.high))
        if measured:
            seen, number = measured[place], len(bars)
            bars.append(
                Bar(series=number, value=None)
                if seen is None
                else Bar(series=number, value=seen.median, low=seen.low, high=seen.high)
            )
        rows.append(Row(name, tuple(bars)))
    series = _series(predicted=bool(predicted), measured=bool(measured))
    return Bars(what="network", axis=SECONDS, series=series, rows=tuple(rows))


def _series(*, predicted: bool, measured: bool) -> tuple[Series, ...]:
    """Predicted ones are open beside measured ones."""
    from convcost.report.charts.bars import Series

    found = []
    if predicted:
        found.append(Series(key="predicted_seconds", name="predicted", open=measured))
    if measured:
        found.append(Series(key="measured_seconds", name="measured", colour=1))
    return tuple(found)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
