"""Where the parts of a sweep are evaluated: here, in processes of this machine, or on many.

A part is a value that travels: the network in the exchange format, its values, device and profile.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    ProcessPoolExecutor,
    as_completed,
)
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from convcost.device.machine import allowed_processors
from convcost.errors import ConvcostError, MissingFramework, UsageError
from convcost.kept.place import told
from convcost.sweep.figures import Figures, figures
from convcost.write.exchange import to_text
from convcost.write.save import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from convcost.count import Workload
    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime

_DASK = "dask://"
_LOCAL = re.compile(r"local(?::([1-9][0-9]{0,3}))?")
_KEEP = "name another folder: --keep FOLDER"
#: To wait for a scheduler, and how often a part is tried again whose worker failed.
_SECONDS, _RETRIES = 10, 3


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a sweep.

    Attributes:
        network: with open sizes.
        values: arrays for them.
        workload: as in `figures`, like the others.
        device: that runs it.
        runtime: that executes it.
        profile: of it; None: by data sheet.
    """

    network: Network
    values: dict[str, Any]
    workload: Workload
    device: Device
    runtime: Runtime
    profile: Profile | None


def evaluate(task: Task) -> Figures:
    """Do a part."""
    return figures(
        task.network, task.values, task.workload,
        device=task.device, runtime=task.runtime, profile=task.profile,
    )  # fmt: skip


def run(
    tasks: Sequence[Task],
    *,
    executor: str | None = None,
    keep: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Figures]:
    """Do all parts, in order.

    Args:
        tasks: the parts.
        executor: None for this process; ``local`` or ``local:4`` for processes of this machine;
            ``dask://host:port`` for a Dask cluster, where a part whose worker is lost is done again
            by another.
        keep: a folder for the parts that are done; those that are there are not done again.
        say: told how many are done.

    Raises:
        UsageError: there is no such executor, or no cluster at that address.
        MissingFramework: Dask is not installed.
        ConvcostError: a process ended, the cluster was lost, or nothing can be kept in the folder.
    """
    names = [_name(task) for task in tasks] if keep is not None else []
    found: dict[int, Figures] = {}
    if keep is not None:
        with told(keep, hint=_KEEP):
            keep.mkdir(parents=True, exist_ok=True)
        found = {n: part for n, name in enumerate(names) if (part := _kept(keep / name))}
    open_ = [number for number in range(len(tasks)) if number not in found]

    def done(number: int, part: Figures) -> None:
        found[number] = part
        if keep is not None:
            with told(keep, hint=_KEEP):
                _save(keep / names[number], part)
        if len(tasks) > 1:
            say(f"{len(found)} of {len(tasks)} parts")

    if executor is None:
        for number in open_:
            done(number, evaluate(tasks[number]))
    else:
        with _opened(executor) as pool:
            futures = {pool.submit(evaluate, tasks[number]): number for number in open_}
            for future in as_completed(futures):
                done(futures[future], future.result())
    return [found[number] for number in range(len(tasks))]


@contextmanager
def _opened(executor: str) -> Iterator[Executor]:
    """The executor of a name."""
    local = _LOCAL.fullmatch(executor)
    if executor.startswith(_DASK):
        with _dask(executor.removeprefix(_DASK)) as pool:
            yield pool
    elif local is not None:
        workers = int(local[1] or len(allowed_processors()))
        # started anew: threads of this process are none of theirs
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        try:
            yield pool
        except BrokenExecutor:
            raise ConvcostError(
                "a process of the sweep ended before its part was done",
                hint="fewer processes where memory ran out: --executor local:1; with --keep FOLDER "
                "a sweep goes on where it was",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        raise UsageError(
            f"there is no executor '{executor}'", hint="local, local:4 or dask://host:port"
        )


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError:
        raise MissingFramework(
            "many machines need Dask", hint="pip install 'convcost[dask]'"
        ) from None
    try:
        client = Client(f"tcp://{address}", timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"there is no Dask scheduler at {address}: {error}",
            hint="start one: dask scheduler; on each machine: dask worker HOST:PORT",
        ) from None
    with client:
        # impure: no part is taken for another one by what Dask makes of its arguments
        pool = client.get_executor(retries=_RETRIES, pure=False)
        try:
            yield pool
        except (KilledWorker, CommClosedError, CancelledError) as error:
            raise ConvcostError(
                f"the Dask cluster at {address} did not do all parts: {error or 'it is lost'}",
                hint="with --keep FOLDER a sweep goes on where it was",
            ) from None


def _name(task: Task) -> str:
    """Of a part's file: the same for the same part."""
    found = hashlib.sha256(to_text(task.network).encode())
    for name, array in sorted(task.values.items()):
        found.update(name.encode() + array.tobytes())
    for each in (task.workload, task.device, task.runtime.name, task.profile):
        found.update(repr(each).encode())
    return f"{found.hexdigest()[:32]}.npz"


def _save(path: Path, part: Figures) -> None:
    import numpy as np

    file = BytesIO()
    np.savez(file, **{name: getattr(part, name) for name in Figures.__slots__})
    write_whole(path, file.getvalue())


def _kept(path: Path) -> Figures | None:
    """A part that was done; None where it is not there, or damaged."""
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Figures(**{name: arrays[name] for name in Figures.__slots__})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
