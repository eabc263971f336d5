"""What TensorFlow's profiler records of XLA on a CPU: compiled programs, and when kernels ran.

Where XLA has one thread, a kernel's event lasts as long as the kernel. Where it has several, some
kernels (convolutions) are only started on the thread of their event, and run on others: they are
over when a kernel that reads them begins, or when the profiler says so, which may be later.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.runtime.runners.keras_hlo import Computation, Instruction, Program
from convcost.runtime.runners.keras_kernels import attributed
from convcost.runtime.runners.keras_xplane import PICOSECOND, Kernel, is_host, picoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from convcost.runtime.runners.keras_kernels import Owner
    from convcost.runtime.runners.runner import Span

_PROGRAMS = "/host:metadata"
#: Of an event: the kernel's name, its program, and what connects it with its end.
_NAME, _PROGRAM, _ID, _END_OF = "hlo_op", "program_id", "_p", "_c"
_END = "end: "
#: What XLA puts behind a name to make it unique.
_NUMBER = re.compile(r"(\.\d+)+$")


@dataclass(frozen=True, slots=True)
class Run:
    """A kernel that ran once: picoseconds from any start that all have in common."""

    program: int
    name: str
    begin: int
    end: int
    id: int


def spans(planes: Sequence[Any], layers: tuple[str, ...], scale: float = 1.0) -> tuple[Span, ...]:
    """One for each kind of kernel of each group of layers in each phase.

    Args:
        planes: ``XPlane``s of a recording.
        layers: the network's.
        scale: what the recorded time stands for, over that time.
    """
    runs, ends = _runs(planes)
    # other networks of the process have left theirs as well
    programs = dict(_programs(planes, {run.program for run in runs}))
    owners: dict[tuple[int, str], Owner] = {
        (number, name): owner
        for number, program in programs.items()
        for name, owner in program.owners(layers).items()
    }
    kernels = kernels_that_ran(runs, ends, programs)
    first = min((begin for begin, _, _ in kernels), default=0)
    found = [
        # a thread for each: kernels that overlap are all at work
        Kernel(
            thread, (begin - first) * PICOSECOND, (end - first) * PICOSECOND, str(run.program),
            run.name,
        )
        for thread, (begin, end, run) in enumerate(kernels)
    ]  # fmt: skip
    return attributed(
        found,
        lambda kernel: owners.get((int(kernel.path), kernel.op)),
        scale,
        lambda kernel: _NUMBER.sub("", kernel.op),
    )


def kernels_that_ran(
    runs: Iterable[Run], ends: Mapping[int, int], programs: Mapping[int, Program]
) -> list[tuple[int, int, Run]]:
    """Begin and end of every kernel that ran, in picoseconds."""
    kernels = {number: {x.name for x in program.kernels} for number, program in programs.items()}
    runs = [run for run in runs if run.name in kernels.get(run.program, ())]
    readers = {number: program.readers() for number, program in programs.items()}
    begins: dict[tuple[int, str], int] = {}
    found = []
    for run in reversed(runs):
        reading = readers[run.program].get(run.name, ())
        over = [begins[run.program, name] for name in reading if (run.program, name) in begins]
        if run.id in ends:
            over.append(ends[run.id])
        found.append((run.begin, max(run.end, min(over, default=run.end)), run))
        begins[run.program, run.name] = run.begin
    return found[::-1]


def _runs(planes: Sequence[Any]) -> tuple[list[Run], Mapping[int, int]]:
    """Kernels in the order in which they began, and the ends that were recorded, by their id."""
    runs: list[Run] = []
    ends: dict[int, int] = {}
    for plane in planes:
        if not is_host(plane):
            continue
        names = {number: each.name for number, each in plane.stat_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                begin, end = picoseconds(line, event)
                stats = {names[stat.metadata_id]: stat for stat in event.stats}
                name = plane.event_metadata[event.metadata_id].name
                if _NAME in stats and _PROGRAM in stats:
                    program = _whole(stats[_PROGRAM])
                    id_ = _whole(stats[_ID]) if _ID in stats else 0
                    runs.append(Run(program, name, begin, end, id_))
                elif _END_OF in stats and name.startswith(_END):
                    ends[_whole(stats[_END_OF])] = begin
    return sorted(runs, key=lambda run: run.begin), ends


def _whole(stat: Any) -> int:
    return int(stat.uint64_value or stat.int64_value)


def _programs(planes: Iterable[Any], wanted: set[int]) -> Iterator[tuple[int, Program]]:
    """Compiled programs by number."""
    from tensorflow.compiler.xla.service import hlo_pb2

    for plane in planes:
        if plane.name != _PROGRAMS:
            continue
        for number, each in plane.event_metadata.items():
            for stat in each.stats:
                if stat.bytes_value and number in wanted:
                    proto = hlo_pb2.HloProto()
                    proto.ParseFromString(stat.bytes_value)
                    yield number, program(proto.hlo_module)


def program(module: Any) -> Program:
    """A program as values.

    Args:
        module: an ``HloModuleProto``.
    """
    order: dict[int, int] = defaultdict(int)
    for sequence in module.schedule.sequences.values():
        order.update((number, place) for place, number in enumerate(sequence.instruction_ids))
    return Program(
        {
            each.id: Computation(
                tuple(
                    _instruction(one)
                    for one in sorted(each.instructions, key=lambda one: order[one.id])
                ),
                each.root_id,
            )
            for each in module.computations
        }
    )


def _instruction(proto: Any) -> Instruction:
    return Instruction(
        number=proto.id,
        name=proto.name,
        opcode=proto.opcode,
        path=proto.metadata.op_name,
        operands=tuple(proto.operand_ids),
        calls=tuple(proto.called_computation_ids) if proto.opcode == "fusion" else (),
        parameter=proto.parameter_number,
    )
