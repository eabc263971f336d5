"""Points of a sweep that are run in their framework."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.measure import measure
from convcost.network.dataclass import replace as changed
from convcost.sweep.sweep import Sweep, network_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.measure import Effort, Measurement
    from convcost.network.network import Network


def with_measured(
    found: Sweep,
    network: Network,
    places: Sequence[int],
    *,
    effort: Effort,
    threads: int | None = None,
    say: Callable[[str], None] = lambda _: None,
    keep: Callable[[Any, Sequence[Network]], Any] = lambda measurements, _: measurements,
) -> Sweep:
    """The sweep with some of its points measured; those of one batch side by side.

    Ctrl-C ends it early and keeps what is there.

    Args:
        found: the sweep.
        network: that was varied.
        places: numbers of points, from 0.
        effort: seconds of each point, and when to give up.
        threads: of the framework.
        say: told what is going on.
        keep: given the measurements and their networks, to store them.

    Raises:
        UsageError: there is no such point, or it is not possible; the runtime cannot be run.
    """
    for place in places:
        if not 0 <= place < len(found):
            raise UsageError(f"there is no point {place + 1}", hint=f"they are 1 to {len(found)}")
        if not found.figures.possible[place]:
            raise UsageError(f"point {place + 1} is not possible: nothing can be measured")
    by_batch: dict[int, list[int]] = {}
    for place in places:
        batch = found.columns.get("batch")
        size = found.workload.batch if batch is None else int(batch[place])
        by_batch.setdefault(size, []).append(place)
    measured: dict[int, Measurement] = {}
    for batch, group in by_batch.items():
        networks = [
            changed(network_at(found, network, place), name=f"{network.name}, point {place + 1}")
            for place in group
        ]
        say(f"measuring {len(group)} points with batches of {batch}")
        all_of_them = replace(effort, seconds=effort.seconds * len(group))
        results = keep(
            measure(
                networks, replace(found.workload, batch=batch), runtime=found.runtime.name,
                threads=threads, effort=all_of_them, say=say,
            ),
            networks,
        )  # fmt: skip
        measured |= dict(zip(group, results.networks, strict=True))
        if results.interrupted:
            break
    return replace(found, measured=measured)
