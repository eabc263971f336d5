"""Steps: what is there while one thing after the other is done, in phases."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.report.charts.axis import Axis
from convcost.report.charts.canvas import FONT, shortened, width_of
from convcost.report.charts.plot import Key, plot
from convcost.report.document import Column, Table

if TYPE_CHECKING:
    from convcost.report.charts.canvas import Canvas
    from convcost.report.charts.plot import Plot

#: Of the highest step, for what is written above it.
_ROOM = 1.15


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done.

    Attributes:
        phase: which part of the whole it belongs to.
        name: of it.
        value: what is there meanwhile, besides what is always there.
    """

    phase: str
    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A skyline of steps over what is always there.

    Attributes:
        axis: of all values.
        always: what is there all the time.
        always_name: what that is.
        name: what the steps' values are.
        steps: in order.
    """

    axis: Axis
    always: float
    always_name: str
    name: str
    steps: tuple[Step, ...]

    @property
    def table(self) -> Table:
        """A row per step."""
        number = Column(key="step", title="step", align="right")
        columns = (
            number,
            Column(key="phase", title="phase"),
            Column(key="layer", title="layer"),
            Column(key=self.axis.key, title=self.name, show=self.axis.show, align="right"),
            Column(key=f"whole_{self.axis.key}", title="with what is always there",
                   show=self.axis.show, align="right"),
        )  # fmt: skip
        rows = tuple(
            (place, step.phase, step.name, step.value, self.always + step.value)
            for place, step in enumerate(self.steps, 1)
        )
        return Table(columns=columns, rows=rows)

    def draw(self, width: int) -> Canvas:
        """Two areas on top of each other, the phases, and the highest step."""
        keys = [Key(self.name, 0, "fill"), Key(self.always_name, 5, "fill")]
        tops = [self.always + step.value for step in self.steps]
        steps = Axis(key="step", title="", show=lambda step: f"{step:g}")
        most = _ROOM * max([*tops, self.always])
        on = plot(width, steps, self.axis, [0, len(tops)], [most], keys=keys)
        left, right, zero = on.x(0), on.x(len(tops)), on.y(0)
        skyline = [
            (on.x(place + side), on.y(top)) for place, top in enumerate(tops) for side in (0, 1)
        ]
        on.canvas.path([(left, zero), *skyline, (right, zero)], "fill0", closed=True)
        on.canvas.rect(left, on.y(self.always), right - left, zero - on.y(self.always), "fill5")
        self._phases(on)
        if tops:
            self._highest(on, tops)
        return on.canvas

    def _phases(self, on: Plot) -> None:
        """A line where a phase begins, and its name where there is room."""
        top, place = on.bounds[1], 0
        for phase, steps in groupby(self.steps, key=lambda step: step.phase):
            begin, place = place, place + len(list(steps))
            if begin:
                on.canvas.line(on.x(begin), top, on.x(begin), on.bounds[3], "edge")
            if width_of(phase) < on.x(place) - on.x(begin) - 8:
                on.canvas.text(on.x(begin) + 4, on.bounds[3] + 4 + FONT * 2.2, phase, "faint")

    def _highest(self, on: Plot, tops: list[float]) -> None:
        most = max(tops)
        place = tops.index(most)
        x, y = on.x(place + 0.5), on.y(most)
        name = self.steps[place].name or self.steps[place].phase
        told = f"most: {self.axis.show(most)}, {name}"
        told = shortened(told, on.bounds[2] - on.bounds[0])
        half = width_of(told) / 2
        middle = min(max(x, on.bounds[0] + half), on.bounds[2] - half)
        on.canvas.mark(2, x, y - 7, 4, "fill1", told)
        on.canvas.text(middle, y - 16, told, "name", "middle")
