"""A `convcost serve` of its own: started, killed and started again, ended; its memory."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """A running `convcost serve` on a port of loopback that is free.

    Args:
        store: the folder that it keeps its questions in; what it says goes into a file beside it.
        python: that runs it.
        workers: processes that answer; by default the server's own choice.

    Attributes:
        address: without a slash at its end.
    """

    def __init__(
        self, store: Path, *, python: str = sys.executable, workers: int | None = None
    ) -> None:
        words = ["serve", "--store", str(store)]
        words += [] if workers is None else ["--workers", str(workers)]
        self._command = [python, "-m", "convcost", *words]
        self._log = store.with_name(f"{store.name}.log")
        self.start()

    def start(self, port: int = 0) -> None:
        """Start it, and wait until it says where it is."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*self._command, "--port", str(port)], stderr=log)
        while self._process.poll() is None:
            found = re.search(r"http://[^\s/]+:(\d+)", self.said)
            if found:
                self.address, self._port = found[0], int(found[1])
                return
            time.sleep(0.05)
        raise SystemExit(f"the server did not start: {self.said}")

    @property
    def said(self) -> str:
        """All that it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def complaints(self) -> str:
        """What it printed after the line with its address."""
        return self.said.partition("\n")[2]

    def memory(self) -> int:
        """Bytes that it and its workers keep in memory, shared ones counted once (PSS)."""
        pid = self._process.pid
        return sum(map(_kept, [pid, *_children(pid)]))

    def restart(self) -> None:
        """Kill it, and start it at the same place."""
        self.kill()
        self.start(self._port)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; the exit status."""
        self._process.send_signal(number)
        return self._process.wait(60)

    def kill(self) -> None:
        """End it at once, where it has not ended."""
        self._process.kill()
        self._process.wait()


@contextmanager
def server(*, workers: int | None = None) -> Iterator[Server]:
    """One with a store of its own, ended with the block, which has to end well."""
    with tempfile.TemporaryDirectory() as folder:
        found = Server(Path(folder) / "store", workers=workers)
        try:
            yield found
            if status := found.stop():
                raise SystemExit(f"the server ended with {status}")
        finally:
            found.kill()


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def _kept(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended
        return 0
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
