"""Which layers each kernel of an optimised ONNX graph computes.

ONNX Runtime drops and fuses nodes, and names what is left after one of those that it replaced, or
lets it write the result of the last one. So every kernel has at least one node that is surely its
own; a node that has vanished joins a kernel along the edges of the graph as it was written: what
works element by element joins the kernel that wrote its input, everything else the kernel that
reads its result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: What is done while the result before is written, or not at all.
_LIGHT = frozenset({
    "Abs", "Add", "BatchNormalization", "Cast", "Clip", "Div", "Dropout", "Elu", "Erf", "Exp",
    "Flatten", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Mish", "Mul",
    "Neg", "PRelu", "Pow", "Relu", "Reshape", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt",
    "Squeeze", "Sub", "Sum", "Tanh", "Transpose", "Unsqueeze",
})  # fmt: skip
#: Changes of the layout, which the graph as it was written has not.
_TO_BLOCKS, _FROM_BLOCKS = "ReorderInput", "ReorderOutput"
#: What ONNX Runtime appends to the names of nodes that it replaces.
_SUFFIX = re.compile(r"(_bn|_nchwc|_token_\d+|/\w+Fusion/)+$")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph: as it was written, or a kernel.

    Attributes:
        name: of the node.
        op: ONNX's or ONNX Runtime's name of the operator.
        inputs: names of values.
        outputs: names of values.
        layer: what it belongs to, in the graph as it was written; empty for none.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    layer: str = ""


def layers_of_kernels(
    written: Sequence[Node], kernels: Sequence[Node]
) -> Mapping[str, tuple[str, ...]]:
    """The layers that each kernel computes, in the network's order, by the kernel's name.

    Args:
        written: the graph that was given to ONNX Runtime, in order.
        kernels: the graph that it runs, in the order of execution.
    """
    return _Attribution(written, kernels).layers()


class _Attribution:
    def __init__(self, written: Sequence[Node], kernels: Sequence[Node]) -> None:
        self.written = written
        self.kernels = kernels
        self.place = {kernel.name: place for place, kernel in enumerate(kernels)}
        self.writer = {result: node for node in written for result in node.outputs}
        self.readers: dict[str, list[Node]] = defaultdict(list)
        for node in written:
            for name in node.inputs:
                self.readers[name].append(node)
        #: kernels by the names of the nodes that they compute
        self.owner: dict[str, str] = {}

    def layers(self) -> Mapping[str, tuple[str, ...]]:
        self._own_by_name()
        for node in self.written:
            if node.name not in self.owner and node.op not in _LIGHT:
                self._join_reader(node)
        found: dict[str, dict[str, None]] = {kernel.name: {} for kernel in self.kernels}
        settled = {node.layer for node in self.written if node.name in self.owner}
        for node in self.written:
            known = node.name in self.owner
            if not known:
                self._join_writer(node)
            # what is left of a layer whose kernels are known costs nothing elsewhere
            if node.name in self.owner and node.layer and (known or node.layer not in settled):
                found[self.owner[node.name]][node.layer] = None
        self._serve(found)
        return {name: tuple(layers) for name, layers in found.items()}

    def _own_by_name(self) -> None:
        """Nodes that a kernel is named after, or whose result it writes."""
        known = {node.name for node in self.written}
        plain = {}
        for kernel in self.kernels:
            result = self.writer.get(kernel.outputs[0])
            if kernel.op == _FROM_BLOCKS and result is not None and result.op != "Transpose":
                plain[kernel.inputs[0]] = kernel.outputs[0]
        for kernel in self.kernels:
            results = [plain.get(result, result) for result in kernel.outputs]
            names = [self._computing(result).name for result in results if result in self.writer]
            names += [kernel.name, _SUFFIX.sub("", kernel.name)]
            for name in names:
                if name in known:
                    self.owner.setdefault(name, kernel.name)

    def _computing(self, result: str) -> Node:
        """What computes a value: not a node that only gives a result its name."""
        node = self.writer[result]
        while node.op == "Identity" and not node.layer and node.inputs[0] in self.writer:
            node = self.writer[node.inputs[0]]
        return node

    def _join_reader(self, node: Node) -> None:
        """The kernel at the end of the chain of vanished nodes that begins here."""
        chain = [node]
        while chain[-1].name not in self.owner:
            readers = [r for result in chain[-1].outputs for r in self.readers[result]]
            if not readers:
                return
            chain.append(readers[0])
        for each in chain[:-1]:
            self.owner[each.name] = self.owner[chain[-1].name]

    def _join_writer(self, node: Node) -> None:
        """The kernel that writes an input; of several the last one, which can add the others."""
        writers = (self.writer[name].name for name in node.inputs if name in self.writer)
        owners = [self.owner[name] for name in writers if name in self.owner]
        if owners:
            self.owner[node.name] = max(owners, key=self.place.__getitem__)
        else:
            self._join_reader(node)

    def _serve(self, found: dict[str, dict[str, None]]) -> None:
        """Changes of the layout belong to the kernel that they are made for."""
        writers = {result: kernel.name for kernel in self.kernels for result in kernel.outputs}
        for kernel in reversed(self.kernels):
            if not found[kernel.name]:
                before = (writers[name] for name in kernel.inputs if name in writers)
                after = self._readers_of(kernel)
                sides = (before, after) if kernel.op == _FROM_BLOCKS else (after, before)
                served = (found[name] for side in sides for name in side if found[name])
                found[kernel.name] = next(served, {})

    def _readers_of(self, kernel: Node) -> Iterator[str]:
        return (
            other.name
            for other in self.kernels
            if any(result in other.inputs for result in kernel.outputs)
        )
