"""Which layers the kernels of TensorFlow compute, and how much of the time is whose.

Kernels run at the same time where a network has branches and TensorFlow has several threads for
operations: then each has an equal part of that time, so that no time is counted twice. Where
nothing runs for the moment that TensorFlow takes between two kernels, and both belong to the same
layer and phase, that moment does too; all other time is the framework's loop.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from convcost.runtime.runners.keras_scopes import owner
from convcost.runtime.runners.runner import RunPhase, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from convcost.runtime.runners.keras_xplane import Kernel

#: Layers and a phase.
Owner: TypeAlias = tuple[tuple[str, ...], RunPhase]

#: Kernels that TensorFlow puts in the place of several operations; they have the last one's name.
_FUSED = re.compile(r"Fused|PadWith")
#: Operations that compute nothing: none is a part of a fused kernel, and none is recorded.
_VIEWS = frozenset({
    "Const", "ExpandDims", "Identity", "IdentityN", "Placeholder", "ReadVariableOp", "Reshape",
    "Shape", "Squeeze", "StopGradient",
})  # fmt: skip
#: What TensorFlow puts before the names of operations where a function is called.
_CALL = re.compile(r"^.*PartitionedCall(_\d+)?/")
#: What TensorFlow puts into the names of sums that it has put into another order.
_REWRITTEN = re.compile(r"ArithmeticOptimizer/AddOpsRewrite_(Leaf_\d+_)?")
#: Seconds: several times what TensorFlow takes from one kernel to the next.
_BETWEEN = 1e-4
#: A kernel with a smaller part of a layer's time is not named.
_WORTH_NAMING = 0.05


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a graph, as it was traced.

    Attributes:
        kind: ``Conv2D``.
        inputs: paths of the operations that it reads.
    """

    kind: str
    inputs: tuple[str, ...]


def spans(
    kernels: Sequence[Kernel],
    graph: Mapping[str, Operation],
    layers: tuple[str, ...],
    scale: float = 1.0,
) -> tuple[Span, ...]:
    """One for each kind of kernel of each group of layers in each phase.

    What takes little of the time of its layers in its phase has no name.

    Args:
        kernels: that were recorded.
        graph: what was traced, in order of creation, before TensorFlow optimised it.
        layers: the network's.
        scale: what the recorded time stands for, over that time.
    """
    return attributed(kernels, _Owners(kernels, graph, layers).of, scale)


def attributed(
    kernels: Sequence[Kernel],
    of: Callable[[Kernel], Owner | None],
    scale: float = 1.0,
    named: Callable[[Kernel], str] = attrgetter("op"),
) -> tuple[Span, ...]:
    """The same for kernels whose owners are known.

    Args:
        kernels: that were recorded.
        of: the owner of each; None for what belongs to the loop.
        scale: as for `spans`.
        named: what is told of each.
    """
    found: dict[Owner, dict[str, float]] = {}
    for kernel, seconds in _parts(kernels, of):
        known = of(kernel)
        if known is not None:
            ops = found.setdefault(known, defaultdict(float))
            ops[named(kernel)] += seconds * scale
    return tuple(
        Span(names, phase, seconds, kernel)
        for (names, phase), ops in found.items()
        for kernel, seconds in _named(ops)
    )


def _named(ops: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """The kernels that take the time, those with most of it first, and the rest."""
    least = _WORTH_NAMING * sum(ops.values())
    yield from sorted(
        ((op, seconds) for op, seconds in ops.items() if seconds >= least),
        key=lambda each: -each[1],
    )
    if rest := sum(seconds for seconds in ops.values() if seconds < least):
        yield "", rest


class _Owners:
    """Whose each kernel is."""

    def __init__(
        self, kernels: Iterable[Kernel], graph: Mapping[str, Operation], layers: tuple[str, ...]
    ) -> None:
        self._graph = graph
        self._layers = layers
        self._of_operation = _of_operations(graph, layers)
        self._own_kernel = {_in_graph(kernel.path) for kernel in kernels}
        self._known: dict[tuple[str, str], Owner | None] = {}

    def of(self, kernel: Kernel) -> Owner | None:
        """None for what belongs to the loop."""
        key = kernel.path, kernel.op
        if key not in self._known:
            self._known[key] = self._found(*key)
        return self._known[key]

    def _found(self, path: str, op: str) -> Owner | None:
        place = _in_graph(path)
        known = owner(path, self._layers) or self._of_operation.get(place)
        if known is None:
            return None
        layer, phase = known
        if not layer:
            return (), phase
        if phase == "forward" and _FUSED.search(op):
            return self._covered(place, layer), phase
        return (layer,), phase

    def _covered(self, path: str, layer: str) -> tuple[str, ...]:
        """The layers that a fused kernel computes, in the network's order.

        It has the place of those operations before its own that have no kernel.
        """
        found, left, seen = {layer}, [path], {path}
        while left:
            for before in self._graph.get(left.pop(), _NOTHING).inputs:
                view = self._graph.get(before, _NOTHING).kind in _VIEWS
                if view or before in seen or before in self._own_kernel:
                    continue
                seen.add(before)
                left.append(before)
                known = owner(before, self._layers)
                if known is not None:
                    found.add(known[0])
        return tuple(name for name in self._layers if name in found)


_NOTHING = Operation("", ())


def _in_graph(path: str) -> str:
    """The path of a kernel's operation in the function that was traced."""
    return _REWRITTEN.sub("", _CALL.sub("", path))


def _of_operations(
    graph: Mapping[str, Operation], layers: tuple[str, ...]
) -> Mapping[str, tuple[str, RunPhase]]:
    """The owners of operations.

    Those that were made outside of all scopes, sums of gradients above all, belong to the layer
    that all they read is of (a layer that reads its input twice adds up two gradients of it), or
    else to the one that reads them.
    """
    known = {path: found for path in graph if (found := owner(path, layers)) is not None}
    readers: dict[str, list[str]] = defaultdict(list)
    for path, operation in graph.items():
        read = {known[before] for before in operation.inputs if before in known}
        if path not in known and len(read) == 1:
            known[path] = read.pop()
        for before in operation.inputs:
            readers[before].append(path)
    for path in reversed(list(graph)):
        if path not in known:
            reading = (known[reader] for reader in readers[path] if reader in known)
            known.update((path, one) for one in islice(reading, 1))
    return known


def _parts(
    kernels: Sequence[Kernel], of: Callable[[Kernel], Owner | None]
) -> Iterator[tuple[Kernel, float]]:
    """The time that belongs to each kernel, in pieces."""
    kernels = [kernel for kernel in kernels if kernel.end > kernel.begin]
    ends = [(kernel.end, False, number) for number, kernel in enumerate(kernels)]
    begins = [(kernel.begin, True, number) for number, kernel in enumerate(kernels)]
    running: dict[int, list[int]] = defaultdict(list)
    last, before = 0.0, None
    # of those that begin at once the one that ends last is around the others
    for when, begins_, number in sorted(
        ends + begins, key=lambda each: (each[0], each[1], -kernels[each[2]].end)
    ):
        kernel = kernels[number]
        # a kernel that calls others waits for those on its thread
        now = [kernels[each[-1]] for each in running.values() if each]
        for each in now:
            yield each, (when - last) / len(now)
        if begins_:
            if not now and before is not None and when - last < _BETWEEN:
                known = of(kernel)
                if known is not None and known == of(before):
                    yield kernel, when - last
            running[kernel.thread].append(number)
        elif number in running[kernel.thread]:
            running[kernel.thread].remove(number)
            before = kernel
        last = when
