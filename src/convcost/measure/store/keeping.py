"""What happens to a measurement when it is done: compared with an earlier run, and stored.

Nothing that goes wrong here loses the measurement: it becomes a warning.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError, UsageError
from convcost.measure.store.against import compared
from convcost.measure.store.earlier import with_earlier
from convcost.measure.store.fingerprint import fingerprint
from convcost.measure.store.recall import recall
from convcost.measure.store.store import Store, default_path, is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from convcost.measure.measurement import Measurement, Measurements
    from convcost.measure.store.against import Against
    from convcost.measure.store.runs import Run
    from convcost.network.network import Network

#: In place of a run's id: the newest one that can be compared.
LAST = "last"
#: More than any id has.
_MOST_DIGITS = 18


def check(against: str | int | None, path: Path | None) -> None:
    """Refuse what a measurement cannot be compared with, before it begins.

    Args:
        against: a run's id, `LAST`, or None.
        path: of the store; None for the user's own.

    Raises:
        UsageError: it is neither, or there is no run of that id.
        ConvcostError: the store cannot be read.
    """
    if against is None or against == LAST:
        return
    digits = str(against)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise UsageError(
            f"'{against}' is no earlier run", hint=f"{LAST}, or a number of `convcost history`"
        )
    recall(run=int(digits), path=path)


def keep(
    found: Measurements,
    networks: Sequence[Network],
    *,
    path: Path | None,
    write: bool,
    against: str | int | None,
    warn: Callable[[str], None],
) -> Measurements:
    """The measurement with what the store says of it.

    It is compared and stored as it was measured; the intervals that are returned also hold the
    medians of earlier runs.

    Args:
        found: of the networks.
        networks: as they were measured.
        path: of the store; None for the user's own.
        write: store it.
        against: a run's id, `LAST`, or None.
        warn: told what went wrong.
    """
    marks = [fingerprint(network) for network in networks]
    measured = found.networks
    if against is not None:
        with _harmless(warn, "not compared"):
            measured = _compared(path or default_path(), against, measured, marks)
    if write:
        with _harmless(warn, "not stored"), Store(path or default_path()) as store:
            both = zip(measured, marks, strict=True)
            wide = [with_earlier(one, store, mark) for one, mark in both]
            ids = store.add(measured, marks)
            measured = tuple(replace(one, run=id_) for one, id_ in zip(wide, ids, strict=True))
    return replace(found, networks=measured)


@contextmanager
def _harmless(warn: Callable[[str], None], what: str) -> Iterator[None]:
    """Make an error a warning; so too Ctrl-C while another program keeps the store locked."""
    try:
        yield
    except ConvcostError as error:
        warn(f"{what}: {error.message}" + (f"; {error.hint}" if error.hint else ""))
    except KeyboardInterrupt:
        warn(f"{what}: interrupted")


def _compared(
    path: Path, against: str | int, measured: Sequence[Measurement], marks: Sequence[str]
) -> tuple[Measurement, ...]:
    """Each network with what it is compared with, where there is something."""
    if not is_there(path):
        return tuple(measured)
    with Store(path) as store:
        found = [_against(store, against, *pair) for pair in zip(measured, marks, strict=True)]
    return tuple(replace(one, against=each) for one, each in zip(measured, found, strict=True))


def _against(store: Store, against: str | int, one: Measurement, mark: str) -> Against | None:
    """None where there is no earlier run."""
    then: Run | None
    if against == LAST:
        then = store.last(mark, one)
    else:
        chosen = store.run(int(against))
        # of networks that were measured side by side each has its own
        same = [run for run in store.session(chosen.session) if run.fingerprint == mark]
        then = chosen if chosen in same or not same else same[0]
    return None if then is None else compared(one, mark, then)
