"""What TensorFlow's profiler has seen: the kernels of a run, by thread, with their times.

The profiler of a CPU records every kernel as an event ``PATH:OPERATION`` on the line of the thread
that ran it. Its file is a protocol buffer, whose Python class TensorFlow brings along.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of events in TensorFlow's own terms: its kernels, not what its thread pools do.
_KERNELS = 2
_NAME = re.compile(r"(?P<path>[^:\s]+):(?P<op>\w+)")
_HOST = "/host:"
PICOSECOND = 1e-12
_PICOSECONDS_PER_NANOSECOND = 1000


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that ran.

    Attributes:
        thread: that it ran on.
        begin: seconds, from any start that all have in common.
        end: likewise.
        path: the name of its operation in the graph.
        op: what TensorFlow calls it: ``_MklNativeFusedConv2D``.
    """

    thread: int
    begin: float
    end: float
    path: str
    op: str


class Recorder:
    """The profiler, on from `start` to `stop`.

    Attributes:
        seconds: that starting and stopping it took.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._on = False
        self.seconds = 0.0

    def start(self) -> None:
        """Record from now on."""
        from tensorflow import profiler

        begin = time.perf_counter()
        profiler.experimental.start(
            self._folder.name,
            options=profiler.experimental.ProfilerOptions(
                host_tracer_level=_KERNELS, python_tracer_level=0, device_tracer_level=0
            ),
        )
        self._on = True
        self.seconds += time.perf_counter() - begin

    def stop(self) -> None:
        """Record no more, if it does."""
        from tensorflow import profiler

        if not self._on:
            return
        self._on = False
        begin = time.perf_counter()
        profiler.experimental.stop()
        self.seconds += time.perf_counter() - begin

    def kernels(self) -> list[Kernel]:
        """What ran in between; the record is gone then."""
        return kernels(self.planes())

    def planes(self) -> list[Any]:
        """The record itself, as ``XPlane``s; it is gone then."""
        from tensorflow.tsl.profiler.protobuf import xplane_pb2

        found: list[Any] = []
        with self._folder as folder:
            for path in Path(folder).rglob("*.xplane.pb"):
                space = xplane_pb2.XSpace()
                space.ParseFromString(path.read_bytes())
                found += space.planes
        return found


def kernels(planes: Iterable[Any]) -> list[Kernel]:
    """The kernels among the events of ``XPlane``s, in no order."""
    found: list[Kernel] = []
    threads = count()
    for plane in planes:
        if not is_host(plane):
            continue
        names = {id_: _NAME.fullmatch(each.name) for id_, each in plane.event_metadata.items()}
        for line in plane.lines:
            thread = next(threads)
            for event in line.events:
                name = names.get(event.metadata_id)
                if name is not None:
                    begin, end = picoseconds(line, event)
                    found.append(Kernel(thread, begin, end, name["path"], name["op"]))
    first = min((kernel.begin for kernel in found), default=0)
    return [
        Kernel(
            kernel.thread, (kernel.begin - first) * PICOSECOND, (kernel.end - first) * PICOSECOND,
            kernel.path, kernel.op,
        )
        for kernel in found
    ]  # fmt: skip


def is_host(plane: Any) -> bool:
    """Whether an ``XPlane`` is of what ran on the processor."""
    return bool(plane.name.startswith(_HOST))


def picoseconds(line: Any, event: Any) -> tuple[int, int]:
    """Begin and end of an event: whole numbers, since these are too large for exact fractions."""
    begin = line.timestamp_ns * _PICOSECONDS_PER_NANOSECOND + event.offset_ps
    return begin, begin + event.duration_ps
