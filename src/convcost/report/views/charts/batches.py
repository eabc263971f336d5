"""The time of a sample by the size of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Chart
from convcost.report.figures import exact
from convcost.units import format_seconds

if TYPE_CHECKING:
    from convcost.predict import Prediction
    from convcost.predict.batches import Batches
    from convcost.report.charts.curves import Curves


def over_batches(prediction: Prediction) -> tuple[Chart, ...]:
    """A curve of several batches; none where they were not asked for."""
    found = prediction.batches
    if found is None or len(found.rows) < 2:
        return ()
    least = min(row.per_sample for row in found.rows)
    return (
        Chart(
            name="batches",
            title=f"time per sample of {prediction.source} by batch, predicted",
            text=(
                f"A sample takes {format_seconds(least)} at best, and "
                f"hardly less beyond a batch of {exact(found.enough)}."
            ),
            make=lambda: _curve(found),
        ),
    )


def _curve(found: Batches) -> Curves:
    from convcost.report.charts.axis import Axis
    from convcost.report.charts.curves import Curve, Curves, Place
    from convcost.report.views.charts.axes import ranging

    places = tuple(
        Place(x=x.batch, y=x.per_sample, low=x.seconds.low / x.batch, high=x.seconds.high / x.batch)
        for x in found.rows
    )
    per_sample = Axis(key="seconds_per_sample", title="time per sample", show=format_seconds)
    return Curves(
        x=Axis(key="batch", title="batch", show=exact, log=True),
        y=ranging(per_sample, [place.y or 0.0 for place in places]),
        curves=(Curve("", places),),
    )
