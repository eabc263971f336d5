"""A sweep: one network, some of its attributes varied, every point counted and predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.count import Workload
from convcost.errors import UsageError, unknown_name
from convcost.network.builder import BATCH as OPEN_BATCH
from convcost.result import Result
from convcost.sweep.executor import Task, run
from convcost.sweep.figures import Figures, joined
from convcost.sweep.growth import Growth, front, growth
from convcost.sweep.points import drawn, grid
from convcost.sweep.varied import BATCH, THOUSAND, WIDTH, check, varied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from convcost.device import Device
    from convcost.measure import Measurement
    from convcost.network.network import Network
    from convcost.predict import Basis
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime
    from convcost.sweep.vary import Value, Vary

#: Points that are evaluated together.
_CHUNK = 250_000
#: What a front may be of.
FIGURES = ("seconds", "parameters", "macs", "activation_bytes", "memory_bytes")
#: Points up to which growth is told; beyond them nobody reads a table either.
_MOST_FOR_GROWTH = 100_000


@dataclass(frozen=True, kw_only=True)
class Sweep(Result):
    """Every point with its figures.

    Attributes:
        source: the network's name.
        workload: of all points; its batch where that is not varied.
        device: that runs them.
        runtime: that executes them.
        basis: ``calibrated`` or ``data sheet``.
        varies: what was varied.
        columns: arrays of values by parameter, one element per point.
        figures: arrays, one element per point.
        growth: of the time, by parameter.
        pareto: the figures that were asked for, and the points that nothing beats in both.
        measured: points that were measured, by their number from 0.
    """

    source: str
    workload: Workload
    device: Device
    runtime: Runtime
    basis: Basis
    varies: tuple[Vary, ...]
    columns: Mapping[str, Any]
    figures: Figures
    growth: tuple[Growth, ...] = ()
    pareto: tuple[tuple[str, str], tuple[int, ...]] | None = None
    measured: Mapping[int, Measurement] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.figures.possible)

    def __repr__(self) -> str:
        return f"<Sweep of {self.source}: {len(self):,} points of {', '.join(self.columns)}>"

    def row(self, place: int) -> dict[str, Any]:
        """Plain values of a point: its parameters, its figures, what was measured of it."""
        found: dict[str, Any] = {
            name: column[place].item() if hasattr(column[place], "item") else column[place]
            for name, column in self.columns.items()
        }
        possible = bool(self.figures.possible[place])
        found["possible"] = possible
        found["complete"] = bool(self.figures.complete[place]) if possible else None
        for name in ("parameters", "macs", "activation_bytes", "memory_bytes"):
            found[name] = int(getattr(self.figures, name)[place]) if possible else None
        for name in ("seconds", "low", "high"):
            found[name] = float(getattr(self.figures, name)[place]) if possible else None
        measurement = self.measured.get(place)
        if measurement is not None:
            found["measured_seconds"] = measurement.seconds.median
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/sweep/1`."""
        return {
            "schema": "convcost/sweep/1",
            "source": self.source,
            "device": self.device.name,
            "runtime": self.runtime.name,
            "basis": self.basis,
            "workload": self.workload.to_dict(),
            "parameters": {vary.name: list(vary.values) for vary in self.varies},
            "rows": [self.row(place) for place in range(len(self))],
            "growth": [each.to_dict() for each in self.growth],
            **({} if self.pareto is None else {
                "pareto": {"of": list(self.pareto[0]), "rows": list(self.pareto[1])}
            }),
        }  # fmt: skip


def sweep(
    network: Network,
    varies: Sequence[Vary],
    workload: Workload | None = None,
    *,
    device: Device,
    runtime: Runtime,
    profile: Profile | None = None,
    sample: int | None = None,
    seed: int = 0,
    pareto: Sequence[str] | None = None,
    executor: str | None = None,
    keep: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Sweep:
    """Count and predict every point.

    Args:
        network: as it is read.
        varies: what to vary.
        workload: of all points; default: one sample, inference.
        device: that runs them.
        runtime: that executes them.
        profile: what calibration learned about that runtime on that device; None: by data sheet.
        sample: draw so many points by chance instead of taking all combinations.
        seed: of the draw.
        pareto: two of `FIGURES`; with a minus in front more is better.
        executor: as in `convcost.sweep.executor.run`.
        keep: a folder in which parts that are done are kept: a sweep that was ended goes on.
        say: told what is going on.

    Raises:
        UsageError: something cannot be varied, or there are too many points.
        NetworkError: a layer does not fit behind what was varied, whatever the sizes.
    """
    if not varies:
        raise UsageError("nothing is varied", hint="--vary batch=1..256, --vary 'conv*.kernel=1,3'")
    best = None if pareto is None else _front(pareto)
    workload = workload or Workload()
    check(network, varies)
    columns = grid(varies) if sample is None else drawn(varies, sample, seed)
    tasks, places = _tasks(network, varies, columns, workload, device, runtime, profile)
    found = joined(run(tasks, executor=executor, keep=keep, say=say))
    figures = _in_order(found, places)
    number = len(places)
    seconds = figures.seconds.tolist() if number <= _MOST_FOR_GROWTH else []
    plain = {name: column.tolist() for name, column in columns.items()} if seconds else {}
    return Sweep(
        source=network.name,
        workload=workload,
        device=device,
        runtime=runtime,
        basis="data sheet" if profile is None else "calibrated",
        varies=tuple(varies),
        columns=columns,
        figures=figures,
        growth=tuple(
            each
            for vary in varies
            if seconds and (each := growth(vary.name, plain, seconds)) is not None
        ),
        pareto=None if best is None else (best, tuple(front(*_signed(figures, best)))),
    )


def network_at(found: Sweep, network: Network, place: int) -> Network:
    """The network of a point, its batch left open.

    Args:
        found: a sweep.
        network: that was varied.
        place: the number of the point, from 0.
    """
    values = {name: column[place] for name, column in found.columns.items()}
    fixed = {vary.name: values[vary.name] for vary in found.varies if _is_fixed(vary)}
    changed, symbols = varied(network, found.varies, fixed)
    return changed.bind({s: int(_whole(name, values[name])) for name, s in symbols.items()})


def _is_fixed(vary: Vary) -> bool:
    """Whether its values make networks of their own; whole numbers become symbols."""
    return not (vary.whole or vary.name == WIDTH)


def _front(pareto: Sequence[str]) -> tuple[str, str]:
    """The two figures of a front.

    Raises:
        UsageError: there are not two, or one is unknown.
    """
    if isinstance(pareto, str) or len(pareto) != 2:
        raise UsageError(
            "a front is of two figures",
            hint="--pareto seconds,-macs (pareto=('seconds', '-macs'))",
        )
    for name in pareto:
        if name.removeprefix("-") not in FIGURES:
            raise unknown_name("figure of a front", name.removeprefix("-"), FIGURES)
    return pareto[0], pareto[1]


def _signed(figures: Figures, names: tuple[str, str]) -> list[Any]:
    """Arrays of which less is better; NaN where a point is not possible."""
    import numpy as np

    return [
        np.where(
            figures.possible,
            getattr(figures, name.removeprefix("-")) * (-1.0 if name.startswith("-") else 1.0),
            np.nan,
        )
        for name in names
    ]


def _tasks(
    network: Network,
    varies: Sequence[Vary],
    columns: Mapping[str, Any],
    workload: Workload,
    device: Device,
    runtime: Runtime,
    profile: Profile | None,
) -> tuple[list[Task], Any]:
    """What to evaluate, and which point each of its rows is."""
    import numpy as np

    fixed = [vary.name for vary in varies if _is_fixed(vary)]
    tasks, order = [], []
    for words, places in _alike(
        [columns[name] for name in fixed], len(next(iter(columns.values())))
    ):
        changed, symbols = varied(network, varies, dict(zip(fixed, words, strict=True)))
        symbols = {**symbols, **({BATCH: str(OPEN_BATCH)} if BATCH in columns else {})}
        for start in range(0, len(places), _CHUNK):
            part = places[start : start + _CHUNK]
            values = {symbol: _whole(name, columns[name][part]) for name, symbol in symbols.items()}
            if not values:
                values = {str(OPEN_BATCH): np.full(len(part), workload.batch)}
            tasks.append(Task(changed, values, workload, device, runtime, profile))
            order.append(part)
    return tasks, np.concatenate(order)


def _alike(columns: Sequence[Any], number: int) -> Iterator[tuple[tuple[Value, ...], Any]]:
    """Points with the same values in some columns: the values, and the points' numbers."""
    import numpy as np

    codes = np.zeros(number, np.int64)
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        codes = codes * len(values) + code
    order = np.argsort(codes, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        yield tuple([column[places[0]] for column in columns]), places


def _whole(name: str, values: Any) -> Any:
    """Values as their symbol has them: widths in thousandths."""
    import numpy as np

    return np.rint(THOUSAND * values).astype(np.int64) if name == WIDTH else values


def _in_order(found: Figures, places: Any) -> Figures:
    """Each row at the place of its point."""
    import numpy as np

    return found.at(np.argsort(places))
