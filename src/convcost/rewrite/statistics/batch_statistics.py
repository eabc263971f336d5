"""A network's ONNX model whose normalisations use the statistics of the batch, and return them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.norm import BatchNorm
from convcost.write.onnx.model import onnx_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Layer, Network

_NODE = "BatchNormalization"


def model_with_statistics(network: Network, batch: int) -> tuple[Any, list[str]]:
    """The model, and the layers whose statistics it returns.

    Its results are the mean and the variance of the input of each BatchNorm, in the order of the
    layers: mean of the first, variance of the first, mean of the second ...; the variance is that
    of the batch, divided by the number of values. What comes behind the last one is left out.

    Args:
        network: whose BatchNorms are layers of their own.
        batch: samples.

    Raises:
        NetworkError: a layer has no counterpart in ONNX, or a size is open.
        MissingFramework: the ``onnx`` package is not installed.
    """
    model = onnx_model(network, batch=batch)
    graph = model.graph
    nodes: list[Any] = []
    results: list[Any] = []
    layers: list[str] = []
    for node in graph.node:
        # axes that are turned, and outputs that are renamed, belong to no layer
        layer = network.layer(node.doc_string) if node.doc_string else None
        if layer is not None and node.op_type == _NODE and isinstance(layer.op, BatchNorm):
            nodes += _by_batch(node, layer)
            results += _results(node, layer)
            layers.append(layer.name)
        else:
            nodes.append(node)
    del graph.node[:], graph.output[:]
    graph.node.extend(nodes)
    graph.output.extend(results)
    return model, layers


def _name(node: Any, what: str) -> str:
    """Of a value that no layer has a name like."""
    return f"{node.output[0]}//{what}"


def _results(node: Any, layer: Layer) -> list[Any]:
    import numpy as np
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(layer.outputs[0].dtype))
    names = (_name(node, "mean"), _name(node, "variance"))
    return [helper.make_tensor_value_info(name, kind, None) for name in names]


def _by_batch(node: Any, layer: Layer) -> Iterator[Any]:
    """A normalisation by the batch's own mean and variance, in the place of one by stored ones."""
    from functools import partial

    from onnx import helper, numpy_helper

    x, gamma, beta, *_ = node.input
    of = partial(_name, node)
    for what, array in _constants(layer).items():
        yield helper.make_node("Constant", [], [of(what)], value=numpy_helper.from_array(array))
    steps = (
        ("ReduceMean", (x, of("axes")), "mean"),
        ("Sub", (x, of("mean")), "centred"),
        ("Mul", (of("centred"), of("centred")), "squares"),
        ("ReduceMean", (of("squares"), of("axes")), "variance"),
        ("Add", (of("variance"), of("epsilon")), "above"),
        ("Sqrt", (of("above"),), "deviation"),
        ("Div", (of("centred"), of("deviation")), "normal"),
        ("Reshape", (gamma, of("shape")), "gamma"),
        ("Reshape", (beta, of("shape")), "beta"),
        ("Mul", (of("normal"), of("gamma")), "scaled"),
    )
    for op_type, inputs, made in steps:
        yield helper.make_node(op_type, list(inputs), [of(made)])
    yield helper.make_node("Add", [of("scaled"), of("beta")], [node.output[0]])


def _constants(layer: Layer) -> dict[str, Any]:
    """The axes to sum over, the shape of a number per channel (the second axis), epsilon."""
    import numpy as np

    op: Any = layer.op
    tensor = layer.outputs[0]
    axes = range(len(tensor.axes))
    return {
        "axes": np.array([axis for axis in axes if axis != 1], np.int64),
        "shape": np.array([-1 if axis == 1 else 1 for axis in axes], np.int64),
        "epsilon": np.array(op.epsilon, tensor.dtype),
    }
