"""Networks as ONNX models, with the values of their parameters or sensible random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost._version import __version__
from convcost.errors import MissingFramework, NetworkError
from convcost.network.builder import BATCH
from convcost.network.network import Ref, naming
from convcost.ops.input import Input
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.write.kept import check_kept, rule_of
from convcost.write.layout import plain_order
from convcost.write.onnx.graph import Graph, Value
from convcost.write.onnx.rules import rules
from convcost.write.onnx.site import Site
from convcost.write.values import Values

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor

#: Protobuf's limit.
_MAX_BYTES = 2**31
#: GroupNormalization in its present form begins here.
OPSET = 21
#: The format's version that this opset came with.
IR_VERSION = 10
#: Name of a dtype -> TensorProto.DataType.
_KINDS = {name: number for number, name in DTYPES.items()}


def onnx_model(
    network: Network, *, batch: int | None = None, seed: int = 0, exact: bool = True
) -> Any:
    """The network as an `onnx.ModelProto`.

    The values of parameters are those of the source; where it has none, random ones of sensible
    size, the same for the same seed. Layers lose their names to their results; a fused activation
    becomes a node of its own, and the ``doc_string`` of a node is its layer; inputs and outputs
    keep the source's order of axes; a tensor that the network returns twice is two outputs.
    Parameters that a caller may replace are inputs as well, behind the others.

    Args:
        network: what to write; all sizes but the batch known.
        batch: fix it; None leaves it open, as the dimension ``N``.
        seed: of random values.
        exact: whether layers are refused whose results depend on what the network does not keep;
            False where only their cost counts.

    Raises:
        NetworkError: a layer has no counterpart in ONNX, or a size is open.
        MissingFramework: the ``onnx`` package is not installed.
    """
    helper = _helper()
    if batch is not None:
        network = network.bind({str(BATCH): batch})
    graph, values = Graph(), Values(network, seed)
    inputs: list[Any] = []
    variable: list[Any] = []
    known: dict[Ref, Value] = {}
    for layer in network.layers:
        with naming(layer.name):
            if isinstance(layer.op, Input):
                name = graph.fresh(layer.name)
                inputs.append(tensor_info(name, layer.outputs[0]))
                known[Ref(layer.name)] = Value(name, plain_order(layer.outputs[0]))
                continue
            if exact:
                check_kept(layer)
            first = len(graph.initializers)
            made = written(graph, network, layer, known, values, exact=exact)
            for output, value in made.items():
                known[Ref(layer.name, output)] = value
            if any(network.table[id_].overridable for id_ in layer.parameters):
                variable += map(_as_input, graph.initializers[first:])
    outputs = [_output(graph, network, known, ref) for ref in network.outputs]
    whole = helper.make_graph(
        graph.nodes, network.name, [*inputs, *variable], outputs, graph.initializers
    )
    return helper.make_model(
        whole,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="convcost",
        producer_version=__version__,
    )


def serialized(model: Any) -> bytes:
    """The model as the bytes of a file.

    Raises:
        NetworkError: it is larger than the format allows.
    """
    size = model.ByteSize()
    if size >= _MAX_BYTES:
        raise NetworkError(f"{size:,} bytes: an ONNX file holds less than 2 GiB")
    data: bytes = model.SerializeToString()
    return data


def _helper() -> Any:
    try:
        from onnx import helper
    except ImportError:
        raise MissingFramework(
            "writing ONNX needs the onnx package", hint="pip install 'convcost[onnx]'"
        ) from None
    return helper


def written(
    graph: Graph, network: Network, layer: Layer, known: dict[Ref, Value], values: Values, *,
    exact: bool = True,
) -> dict[int, Value]:  # fmt: skip
    """Have a layer's rule add its nodes; what each of its outputs is in the graph.

    Args:
        graph: grows.
        network: whose layer it is.
        layer: the layer.
        known: what it reads.
        values: the numbers of the network's parameters.
        exact: as of `onnx_model`.

    Raises:
        NetworkError: there is no rule.
    """
    rule = rule_of(rules(), layer.op, "ONNX")
    call = network.call(layer)
    site = Site(
        graph=graph,
        op=layer.op,
        name=layer.name,
        framework=network.framework,
        exact=exact,
        tensors=call.inputs,
        results=call.outputs,
        values=tuple(known[ref] for ref in layer.inputs),
        weights=values.of(layer),
        made={},
    )
    first = len(graph.nodes)
    rule(site)
    for node in graph.nodes[first:]:
        node.doc_string = layer.name
    return site.made


def tensor_info(name: str, tensor: Tensor) -> Any:
    """An input or output of a graph.

    Raises:
        NetworkError: ONNX has no tensors of that dtype.
    """
    shape = [size if isinstance(size, int) else str(size) for size in tensor.shape]
    if tensor.dtype not in _KINDS:
        raise NetworkError(f"ONNX has no tensors of {tensor.dtype}")
    return _helper().make_tensor_value_info(name, _KINDS[tensor.dtype], shape)


def _as_input(stored: Any) -> Any:
    """A stored tensor as an input whose value may be left out."""
    return _helper().make_tensor_value_info(stored.name, stored.data_type, list(stored.dims))


def _output(graph: Graph, network: Network, known: dict[Ref, Value], ref: Ref) -> Any:
    """An output in the network's order, under a name of its own."""
    tensor = network.tensor(ref)
    name = graph.turned(known[ref], plain_order(tensor))
    return tensor_info(graph.one("Identity", name, hint="output"), tensor)
