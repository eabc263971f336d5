"""An ONNX model with some of its nodes rewritten, and everything else as its file has it.

A network does not keep all that a file says (where a flip moves values, bodies of loops). Where a
network was rewritten, the nodes of the layers that were not touched are taken from the file.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from convcost.errors import ConvcostError, MissingFramework, NetworkError
from convcost.network.dataclass import replace
from convcost.network.network import Ref, naming
from convcost.ops.input import Input
from convcost.read.onnx.scope import Scope, layer_name
from convcost.write.kept import check_kept
from convcost.write.layout import plain_order
from convcost.write.onnx.graph import Graph, Value
from convcost.write.onnx.model import OPSET, tensor_info, written
from convcost.write.onnx.pruning import all_names, called, pruned, renamed
from convcost.write.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from convcost.network.network import Layer, Network

#: Operators that compute the same since the first of these opsets: later versions have more types,
#: or attributes whose default is what was.
_THE_SAME_SINCE = {
    "Add": 7, "AveragePool": 7, "Concat": 4, "Conv": 1, "ConvTranspose": 1, "Flatten": 1, "Gemm": 7,
    "GlobalAveragePool": 1, "GlobalMaxPool": 1, "Identity": 1, "MatMul": 1, "MaxPool": 1, "Mul": 7,
    "Relu": 6, "Reshape": 5, "Sigmoid": 6, "Tanh": 6, "Transpose": 1,
}  # fmt: skip
#: The first version of the format in which stored tensors need not be inputs.
_INPUTS_ARE_APART = 4


def grafted_file(path: Path, before: Network, after: Network) -> Any:
    """The same for the model in a file.

    Raises:
        NetworkError: as `grafted`.
        MissingFramework: the ``onnx`` package is not installed.
        ConvcostError: the file cannot be read any more.
    """
    try:
        import onnx
    except ImportError:
        raise MissingFramework(
            "writing ONNX needs the onnx package", hint="pip install 'convcost[onnx]'"
        ) from None
    try:
        model = onnx.load(path)
    except Exception as error:
        # what the file is was known when it was read: it has changed, or is too large
        raise ConvcostError(f"{path} cannot be loaded again: {error}") from error
    return grafted(model, before, after)


def grafted(model: Any, before: Network, after: Network, *, seed: int = 0) -> Any:
    """A rewritten network as an `onnx.ModelProto`.

    Args:
        model: that the network was read from; it stays as it is.
        before: the network as it was read.
        after: what became of it.
        seed: of random values, for new layers that have none.

    Raises:
        NetworkError: a layer that was rewritten is not one node of the file, or its new nodes do
            not exist in the file's operator set.
    """
    made = type(model)()
    made.CopyFrom(model)
    work = _Grafting(made.graph, before, after, Values(after, seed))
    work.check_opset(next((x.version for x in made.opset_import if not x.domain), 1))
    constants = not any(parameter.overridable for parameter in after.table.values())
    if made.ir_version < _INPUTS_ARE_APART:
        made.ir_version, constants = _INPUTS_ARE_APART, True
    work.finish()
    pruned(made.graph, constants=constants)
    fault = _fault(made)
    # some files are not valid themselves, and run
    if fault is not None and _fault(model) is None:
        raise NetworkError(f"the rewritten file would not be valid: {fault}")
    return made


def _fault(model: Any) -> str | None:
    """What is wrong with a model, as the onnx package has it."""
    from onnx import checker

    try:
        checker.check_model(model)
    except (checker.ValidationError, ValueError) as error:
        return str(error)
    return None


class _Grafting:
    """The graph while it is changed."""

    def __init__(self, graph: Any, before: Network, after: Network, values: Values) -> None:
        self._graph, self._before, self._after, self._values = graph, before, after, values
        self._nodes = _by_layer(graph)
        self._kept = {
            x.name for x in after.layers if x.name in before.consumers and self._is_kept(x)
        }
        self._new = Graph()
        self._new.take(all_names(graph))
        self._tensors: dict[Ref, str] = {}
        #: by the place of a node of the file: what takes its place
        self._instead: dict[int, list[Any]] = {}
        self._write()

    def check_opset(self, version: int) -> None:
        """Refuse nodes that mean something else in the file's operator set.

        Raises:
            NetworkError: there is one.
        """
        for nodes in self._instead.values():
            for node in nodes:
                since = _THE_SAME_SINCE.get(node.op_type, OPSET)
                if version < since:
                    raise NetworkError(
                        f"'{node.op_type}' of opset {version}, the file's, is not that which is "
                        f"written here: opset {since} or later is needed"
                    )

    def finish(self) -> None:
        """Put the new nodes in their places, and connect the others with them."""
        gone = {
            self._place(layer) for layer in self._before.layers
            if layer.name not in self._kept and layer.name in self._nodes
        }  # fmt: skip
        instead = dict(self._rewired())
        nodes: list[Any] = []
        for place, node in enumerate(self._graph.node):
            nodes += self._instead.get(place, ())
            if place not in gone:
                renamed(node, instead)
                nodes.append(node)
        from onnx import helper

        for output in self._graph.output:
            if output.name in instead:
                nodes.append(helper.make_node("Identity", [instead[output.name]], [output.name]))
        del self._graph.node[:]
        self._graph.node.extend(nodes)
        self._graph.initializer.extend(self._new.initializers)
        self._restate_shapes()

    def _is_kept(self, layer: Layer) -> bool:
        """Whether it is what it was, but for layers before it that are gone."""
        old = self._before.layer(layer.name)
        if old.op != layer.op or old.parameters != layer.parameters:
            return False
        if tuple(map(self._left, old.inputs)) != layer.inputs:
            return False
        tables = (self._before.table, self._after.table)
        return all(
            replace(a, overridable=False) == replace(b, overridable=False)
            for a, b in ((tables[0][id_], tables[1][id_]) for id_ in layer.parameters)
        )

    def _left(self, ref: Ref) -> Ref:
        """What is read in the place of a layer that is gone: what it read itself."""
        while ref.layer not in self._after.consumers:
            inputs = self._before.layer(ref.layer).inputs
            if len(inputs) != 1:
                break
            ref = inputs[0]
        return ref

    def _write(self) -> None:
        """Write the layers that are not kept."""
        waiting: list[Any] = []
        for layer in self._after.layers:
            if layer.name in self._kept:
                continue
            with naming(layer.name):
                check_kept(layer)
                nodes = self._written(layer)
            waiting += nodes
            if layer.name in self._before.consumers:
                self._instead[self._place(self._before.layer(layer.name))] = waiting
                waiting = []

    def _written(self, layer: Layer) -> list[Any]:
        """The nodes of one layer; in the place of an old one they give what that gave."""
        known = {
            ref: Value(self._tensor(ref), plain_order(self._after.tensor(ref)))
            for ref in layer.inputs
        }
        first = len(self._new.nodes)
        (value,) = written(self._new, self._after, layer, known, self._values).values()
        name = self._new.turned(value, plain_order(layer.outputs[0]))
        nodes = self._new.nodes[first:]
        if layer.name in self._before.consumers:
            old = self._of_file(Ref(layer.name))
            name = called(nodes, name, old)
        self._tensors[Ref(layer.name)] = name
        return nodes

    def _rewired(self) -> Iterator[tuple[str, str]]:
        """Tensors of layers that are gone, and those that are read in their place."""
        pairs = [
            pair
            for layer in self._after.layers
            if layer.name in self._kept
            for pair in zip(self._before.layer(layer.name).inputs, layer.inputs, strict=True)
        ]
        pairs += zip(self._before.outputs, self._after.outputs, strict=True)
        for old, new in pairs:
            if old != new:
                yield self._of_file(old), self._tensor(new)

    def _restate_shapes(self) -> None:
        """The shapes of results that have others now; those in between follow from them."""
        if any(x.outputs != self._before.layer(x.name).outputs for x in self._after.layers
               if x.name in self._before.consumers):  # fmt: skip
            del self._graph.value_info[:]
        pairs = zip(self._graph.output, self._before.outputs, self._after.outputs, strict=False)
        for output, old, new in pairs:
            tensor = self._after.tensor(new)
            if tensor.shape != self._before.tensor(old).shape:
                output.CopyFrom(tensor_info(output.name, tensor))

    def _tensor(self, ref: Ref) -> str:
        """The tensor of the new graph that a layer gives."""
        return self._tensors[ref] if ref in self._tensors else self._of_file(ref)

    def _of_file(self, ref: Ref) -> str:
        """The tensor of the file that a layer gives.

        Raises:
            NetworkError: it is not one node's.
        """
        layer = self._before.layer(ref.layer)
        if layer.name in self._nodes:
            outputs = [name for name in self._graph.node[self._place(layer)].output if name]
            if ref.output < len(outputs):
                return str(outputs[ref.output])
        elif isinstance(layer.op, Input) or any(
            x.name == layer.name for x in self._graph.initializer
        ):
            return layer.name
        raise NetworkError(f"'{layer.name}' is not one node of the file")

    def _place(self, layer: Layer) -> int:
        """Where the node of a layer is.

        Raises:
            NetworkError: it has none of its own.
        """
        place = self._nodes.get(layer.name)
        beside = f"{layer.name}."
        if place is None or any(x.name.startswith(beside) for x in self._before.layers):
            raise NetworkError(f"'{layer.name}' is not one node of the file")
        return place


def _by_layer(graph: Any) -> dict[str, int]:
    """The places of nodes by the names of their layers."""
    from convcost.read.onnx.file.messages import Node

    scope = Scope({}, names=Counter(node.name for node in graph.node))
    return {
        layer_name(
            Node(
                op_type=node.op_type, domain=node.domain, name=node.name,
                inputs=tuple(node.input), outputs=tuple(node.output),
            ),
            scope,
        ): place
        for place, node in enumerate(graph.node)
    }  # fmt: skip
