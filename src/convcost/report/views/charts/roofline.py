"""The roofline: what layers do per second against what they do per byte, and what a device can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import number
from convcost.predict.kernel import BOUNDS
from convcost.report.document import Chart
from convcost.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.explain.explanation import Explanation
    from convcost.predict import LayerPrediction, Prediction
    from convcost.report.charts.scatter import Point, Scatter

#: The layers that take most have their names written beside them.
_NAMED = 6


def of_explanation(explanation: Explanation) -> tuple[Chart, ...]:
    """A roofline of each network whose layers do arithmetic."""
    numbers = range(len(explanation.predictions))
    return tuple(chart for index in numbers for chart in _of_network(explanation, index))


def _of_network(explanation: Explanation, index: int) -> tuple[Chart, ...]:
    """A network's layers in their measured time where there is one, else in the predicted time."""
    prediction = explanation.predictions[index]
    by_name = {layer.name: layer for layer in prediction.layers}
    found = explanation.verifications[index] if explanation.verifications else None
    if found is None or not found.rows:
        rows = [(layer.name, (layer,), layer.seconds) for layer in prediction.layers]
        return _chart(prediction, rows, "predicted")
    seen = [
        (row.name, tuple(by_name[name] for name in row.layers if name in by_name), row.measured)
        for row in found.rows
        if row.measured
    ]
    return _chart(prediction, [(n, x, s) for n, x, s in seen if s is not None], "measured")


def _chart(
    prediction: Prediction,
    rows: Sequence[tuple[str, tuple[LayerPrediction, ...], float]],
    kind: str,
) -> tuple[Chart, ...]:
    """None where no layer does arithmetic."""
    rates = prediction.rates
    if not (rates.of_peak_flops and rates.of_bandwidth):
        return ()
    # the device's own figures for the dtype that the prediction found
    peak = rates.flops_per_second / rates.of_peak_flops
    bandwidth = rates.bytes_per_second / rates.of_bandwidth
    return (
        Chart(
            name="roofline",
            title=f"roofline of {prediction.source} on {prediction.device.name}, {kind}",
            text=(
                "Each layer by its FLOP per byte that its kernels read and write, and its "
                f"FLOP/s in the {kind} time; area = that time. The dashed line is what the device "
                f"can do at most: {format_count(bandwidth, 'B/s')} of memory, then "
                f"{format_count(peak, 'FLOP/s')} of arithmetic. Tensors that stay in the caches "
                "lie above it. Layers without arithmetic are not drawn."
            ),
            make=lambda: _scatter(rows, peak, bandwidth),
        ),
    )


def _scatter(
    rows: Sequence[tuple[str, tuple[LayerPrediction, ...], float]], peak: float, bandwidth: float
) -> Scatter:
    from convcost.report.charts.axis import Axis
    from convcost.report.charts.scatter import Guide, Scatter
    from convcost.report.views.charts.axes import SECONDS

    points = tuple(_points(rows))
    ridge = peak / bandwidth
    known = [point.x for point in points if point.x]
    low, high = min([*known, ridge / 4]), max([*known, ridge * 4])
    return Scatter(
        what="layer",
        x=Axis(key="flops_per_byte", title="FLOP per byte", show=_per_byte, log=True),
        y=Axis(key="flops_per_second", title="FLOP/s", show=_rate, log=True),
        size=SECONDS,
        largest=14.0,
        points=points,
        series=tuple(f"limited by {bound}" for bound in BOUNDS),
        guides=(
            Guide("what the device can", ((low, low * bandwidth), (ridge, peak), (high, peak))),
        ),
    )


def _points(rows: Sequence[tuple[str, tuple[LayerPrediction, ...], float]]) -> Iterator[Point]:
    from convcost.report.charts.scatter import Point

    slowest = sorted((seconds for _, _, seconds in rows), reverse=True)[:_NAMED]
    for name, layers, seconds in rows:
        kernels = [time.kernel.cost for layer in layers for time in layer.kernels]
        flops = sum(number(cost.flops, "FLOP") for cost in kernels)
        moved = sum(number(cost.bytes, "bytes") for cost in kernels)
        bounds = [layer.bound for layer in layers if layer.bound]
        if flops and moved and seconds and bounds:
            yield Point(
                name=name,
                x=flops / moved,
                y=flops / seconds,
                size=seconds,
                series=BOUNDS.index(bounds[0]),
                named=seconds >= slowest[-1],
            )


def _per_byte(value: float) -> str:
    return f"{value:.3g}"


def _rate(value: float) -> str:
    return format_count(value, "FLOP/s")
