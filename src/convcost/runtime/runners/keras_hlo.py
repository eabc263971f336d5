"""Whose the kernels of a program of XLA are.

A program is a list of instructions; each one that computes something is a kernel, and a fusion is a
kernel that computes several at once. XLA keeps the names that TensorFlow's operations had, the
scopes of `keras_scopes` in them, also inside of fusions, but not for what it adds itself: changes
of the layout and rewritten gradients belong to what reads them, or else to what they read.

A fusion often computes cheap things again that an earlier kernel has computed (a ReLU on what it
reads) instead of reading them: an operation belongs to the first kernel that computes it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.runtime.runners.keras_scopes import owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from convcost.runtime.runners.keras_kernels import Owner
    from convcost.runtime.runners.runner import RunPhase

#: Instructions that no kernel runs for: views, and what holds other instructions.
_NO_KERNEL = frozenset({
    "parameter", "constant", "bitcast", "tuple", "get-tuple-element", "while", "conditional",
    "call",
})  # fmt: skip
#: Where one is enough, XLA has one for all layers: its name is of any of them.
_SHARED = _NO_KERNEL | {"broadcast", "iota"}
_PRODUCTS = frozenset({"convolution", "dot"})
#: The phases in which layers compute; a kernel that computes something of two is of the later one.
_PHASES: tuple[RunPhase, ...] = ("forward", "loss", "backward", "update")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A step of a program.

    Attributes:
        number: unique in the program.
        name: likewise; recorded kernels have it.
        opcode: ``convolution``, ``fusion``.
        path: the name of TensorFlow's operation; empty for what XLA added.
        operands: numbers of the instructions that it reads.
        calls: of a fusion, the computation that it computes.
        parameter: of a parameter, which one of its computation.
    """

    number: int
    name: str
    opcode: str
    path: str = ""
    operands: tuple[int, ...] = ()
    calls: tuple[int, ...] = ()
    parameter: int = 0


@dataclass(frozen=True, slots=True)
class Computation:
    """Instructions, in the order of execution where they are kernels, and the number of the last.

    Attributes:
        instructions: of the computation.
        root: the number of that whose result is the computation's.
    """

    instructions: tuple[Instruction, ...]
    root: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a kernel does for layers.

    Attributes:
        phase: of what it writes.
        results: the layers whose results it writes.
        layers: these, and those of which it computes something.
        product: it is a convolution or a matrix product.
    """

    phase: RunPhase
    results: frozenset[str]
    layers: frozenset[str]
    product: bool


class _Groups:
    """Layers that belong together, in the network's order."""

    def __init__(self, layers: tuple[str, ...]) -> None:
        self._place = {name: number for number, name in enumerate(layers)}
        self._group = {name: frozenset({name}) for name in layers}

    def join(self, names: frozenset[str]) -> None:
        """Make one group of those that some layers are in."""
        whole = frozenset().union(*(self._group[name] for name in names))
        self._group |= dict.fromkeys(whole, whole)

    def of(self, names: frozenset[str]) -> tuple[str, ...]:
        """The layers of the groups that some layers are in."""
        every = frozenset().union(*(self._group[name] for name in names))
        return tuple(sorted(every, key=self._place.__getitem__))


class Program:
    """A compiled program.

    Args:
        computations: by number; those of fusions are called by a fusion.
    """

    def __init__(self, computations: Mapping[int, Computation]) -> None:
        self._computations = computations
        every = [(n, each) for n, one in computations.items() for each in one.instructions]
        self._at = {each.number: each for _, each in every}
        callers = {
            called: each for _, each in every if each.opcode == "fusion" for called in each.calls
        }
        self._caller = {each.number: callers[n] for n, each in every if n in callers}
        self._nodes = [
            each.number
            for _, each in every
            if each.opcode != "fusion"
            and not (each.opcode == "parameter" and each.number in self._caller)
        ]

    @property
    def kernels(self) -> Iterator[Instruction]:
        """In the order of execution."""
        for each in self._at.values():
            if each.opcode not in _NO_KERNEL and each.number not in self._caller:
                yield each

    def readers(self) -> Mapping[str, frozenset[str]]:
        """The kernels that read the result of each kernel."""
        found: dict[str, set[str]] = defaultdict(set)
        for kernel in self.kernels:
            left, seen = list(kernel.operands), set(kernel.operands)
            while left:
                read = self._at[left.pop()]
                if read.opcode not in _NO_KERNEL:
                    found[read.name].add(kernel.name)
                    continue
                left += [each for each in read.operands if each not in seen]
                seen.update(read.operands)
        return {name: frozenset(names) for name, names in found.items()}

    def owners(self, layers: tuple[str, ...]) -> Mapping[str, Owner]:
        """The layers and the phase of each kernel; those of no layer and no phase are left out.

        Every layer is in one group: that of the layers which some kernel computes together with it.
        A layer with a product is a group of its own, whatever is computed of it in other kernels,
        such as adding its bias in the fusion of the layers behind it.

        Args:
            layers: the network's.
        """
        parts = self._parts(layers)
        products = {name for part in parts.values() if part.product for name in part.results}
        groups = _Groups(layers)
        for part in parts.values():
            groups.join(part.layers - products)
        found: dict[str, Owner] = {}
        for name, part in parts.items():
            others = part.layers - products
            # of layers with products alone, that whose result it is
            named = part.results if part.product or not others else others
            found[name] = groups.of(named), part.phase
        return found

    def _parts(self, layers: tuple[str, ...]) -> Mapping[str, _Part]:
        """What each kernel computes that no kernel of the phase has computed before."""
        known = self._known(layers)
        found: dict[str, _Part] = {}
        computed: set[tuple[str, str]] = set()
        for kernel in self.kernels:
            inner = list(self._inner(kernel))
            results = [known[each] for each in self._results(kernel) if each in known]
            fresh = [
                known[each.number]
                for each in inner
                if each.number in known
                and each.opcode not in _SHARED
                and (each.path, each.opcode) not in computed
            ]
            computed.update((each.path, each.opcode) for each in inner if each.path)
            if not results:
                continue
            phase = max((phase for _, phase in results), key=_PHASES.index)
            found[kernel.name] = _Part(
                phase=phase,
                results=frozenset(name for name, each in results if each == phase and name),
                layers=frozenset(
                    name for name, each in (*results, *fresh) if each == phase and name
                ),
                product=any(each.opcode in _PRODUCTS for each in inner),
            )
        return found

    def _inner(self, kernel: Instruction) -> Iterator[Instruction]:
        """What a kernel computes."""
        if kernel.opcode != "fusion":
            yield kernel
            return
        for called in kernel.calls:
            for each in self._computations[called].instructions:
                yield from self._inner(each)

    def _results(self, kernel: Instruction) -> tuple[int, ...]:
        """The instructions whose results it writes."""
        last = self._source(kernel.number)
        if self._at[last].opcode != "tuple" or kernel.opcode != "fusion":
            return (last,)
        return tuple(map(self._source, self._at[last].operands))

    def _source(self, number: int) -> int:
        """The instruction that computes a value, wherever it is computed."""
        while True:
            each = self._at[number]
            if each.opcode == "fusion":
                number = self._computations[each.calls[0]].root
            elif each.opcode == "parameter" and number in self._caller:
                number = self._caller[number].operands[each.parameter]
            else:
                return number

    def _known(self, layers: tuple[str, ...]) -> Mapping[int, tuple[str, RunPhase]]:
        """The owners of instructions."""
        known = {
            number: found
            for number in self._nodes
            if (found := owner(self._at[number].path, layers)) is not None
        }
        reads = {
            number: tuple(map(self._source, self._at[number].operands)) for number in self._nodes
        }
        readers: dict[int, list[int]] = defaultdict(list)
        for number, sources in reads.items():
            for each in sources:
                readers[each].append(number)
        for near in (readers, reads):
            _spread(known, self._nodes, near)
        return known


def _spread(
    known: dict[int, tuple[str, RunPhase]],
    nodes: Iterable[int],
    near: Mapping[int, Iterable[int]],
) -> None:
    """Give what has no owner that of the first one near it, from one to the next."""
    left = [number for number in nodes if number not in known]
    while left:
        found = {
            number: known[first]
            for number in left
            if (first := next((each for each in near.get(number, ()) if each in known), None))
            is not None
        }
        if not found:
            return
        known |= found
        left = [number for number in left if number not in found]
