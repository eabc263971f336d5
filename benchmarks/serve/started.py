"""A server of its own for a benchmark, and the memory of all its processes."""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """A running `convcost serve`.

    Attributes:
        address: of the page.
        pid: of the process that listens.
        stderr: the file that its complaints go to.
    """

    def __init__(self, address: str, pid: int, stderr: Path) -> None:
        self.address = address
        self.pid = pid
        self.stderr = stderr

    @property
    def said(self) -> str:
        """What it has complained of."""
        return self.stderr.read_text(encoding="utf-8", errors="replace")

    def memory(self) -> int:
        """Bytes that it and its workers keep in memory, shared ones counted once (PSS)."""
        return sum(map(_kept, [self.pid, *_children(self.pid)]))


@contextmanager
def server(workers: int | None = None, *more: str) -> Iterator[Server]:
    """A server on a free port of loopback, with a store of its own; ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        stderr = Path(folder) / "stderr"
        words = ["serve", "--port", "0", "--store", f"{folder}/store", *more]
        if workers is not None:
            words += ["--workers", str(workers)]
        with stderr.open("wb") as said:
            process = subprocess.Popen([sys.executable, "-m", "convcost", *words], stderr=said)
        try:
            yield Server(_address(process, stderr), process.pid, stderr)
            process.send_signal(signal.SIGTERM)
            if process.wait(60):
                raise SystemExit(f"the server ended with {process.returncode}")
        finally:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], stderr: Path) -> str:
    while process.poll() is None:
        found = re.search(r"http://\S+", stderr.read_text(encoding="utf-8"))
        if found:
            return found[0]
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise SystemExit(f"the server did not start: {stderr.read_text(encoding='utf-8')}")


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
