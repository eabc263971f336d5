"""`convcost measure` killed in mid-run: what it leaves behind. Looks into /proc."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

COMMAND = (
    *(sys.executable, "-m", "convcost", "measure", "zoo:seed000", "--runtime", "onnxruntime"),
    *("--time", "1s", "--threads", "1"),
)
#: What it says on its way, in order.
STAGES = ("starting process 1 ", "measuring for", "starting process 3 ", "timing the layers")
#: Processes inherit it, so that all that belong to one measurement can be found.
_MARK = "CONVCOST_TEST_MARK"
#: Seconds that a worker may take to notice.
_GRACE = 20.0


@dataclass(frozen=True)
class Left:
    """What there was before and after the kill.

    Attributes:
        finished: it had come to its end before it could be killed.
        workers: of it that lived when it was killed.
        gone: seconds until none of them was left; None where one stayed.
        intact: what SQLite says of the store: "ok".
        ids: of the runs in the store.
    """

    finished: bool
    workers: int
    gone: float | None
    intact: str
    ids: frozenset[int]


def killed(store: Path, stage: str, delay: float) -> Left:
    """Start measuring, and kill it `delay` seconds after it has said that a stage begins."""
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CONVCOST_STORE": str(store), _MARK: mark},
    ) as process:
        said = next((line for line in process.stderr if line.startswith(stage)), None)
        assert said is not None, stage
        time.sleep(delay)
        workers = marked(mark) - {process.pid}
        process.send_signal(signal.SIGKILL)
        process.wait()
    start = time.monotonic()
    while marked(mark) and time.monotonic() - start < _GRACE:
        time.sleep(0.01)
    gone = None if marked(mark) else time.monotonic() - start
    return Left(process.returncode == 0, len(workers), gone, *_content(store))


def marked(mark: str) -> set[int]:
    """The processes that inherited a mark; one that has ended has no environment any more."""
    wanted = f"{_MARK}={mark}".encode()
    found = set()
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes():
                found.add(int(folder.name))
    return found


def _content(store: Path) -> tuple[str, frozenset[int]]:
    """What SQLite, without any code of ours, says of the store."""
    if not store.exists():
        return "ok", frozenset()
    connection = sqlite3.connect(store)
    with contextlib.closing(connection):
        (intact,) = connection.execute("PRAGMA integrity_check").fetchone()
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        rows = connection.execute("SELECT id FROM runs").fetchall() if tables[0] else []
    return intact, frozenset(id_ for (id_,) in rows)
