"""What was measured before, asked of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError, unknown_name
from convcost.measure.store.fingerprint import fingerprint
from convcost.measure.store.runs import History
from convcost.measure.store.store import Store, default_path, is_there
from convcost.runtime.runners.registry import runners

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from convcost.network.network import Network


def recall(
    networks: Sequence[Network] = (),
    *,
    runtime: str | None = None,
    last: int | None = None,
    run: int | None = None,
    path: Path | None = None,
) -> History:
    """The runs of a store, the newest first.

    Args:
        networks: only runs of these; all where there are none.
        runtime: only runs in this.
        last: only the last so many.
        run: only the run of this number, with the session that it is of.
        path: of the store; None for the user's own. Where no file is, there are no runs.

    Raises:
        UsageError: no such run or runtime, `last` is below one, or `run` is given with another.
        ConvcostError: the store cannot be read.
    """
    if last is not None and last < 1:
        raise UsageError(f"last is {last!r}; expected a whole number of at least 1")
    if run is not None and (networks or runtime is not None or last is not None):
        raise UsageError("one run is asked for: nothing else chooses any")
    path = default_path() if path is None else path
    if not is_there(path):
        if run is not None:
            raise UsageError(
                f"no run {run}: there is no store of measurements at {path}",
                hint="`convcost measure` makes one",
            )
        return History(store=str(path), runs=(), total=0)
    with Store(path) as store:
        if run is not None:
            found = store.run(run)
            session = store.session(found.session)
            return History(store=str(path), runs=(found,), total=1, session=session)
        _check(store, runtime)
        marks = [fingerprint(network) for network in networks] or None
        return History(
            store=str(path),
            runs=store.runs(marks, runtime=runtime, last=last),
            total=store.number(marks, runtime=runtime),
        )


def _check(store: Store, runtime: str | None) -> None:
    """A runtime that nothing was measured in has to be one that could have been.

    Raises:
        UsageError: it is none.
    """
    if runtime is not None and runtime not in runners() and not store.number(runtime=runtime):
        raise unknown_name("runtime to measure in", runtime, runners())
