"""Every operator: the shapes that we infer are those of the outputs that onnx itself computed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, shape_inference

import convcost
from convcost.ops.unknown import Unknown
from support.onnx_cases import DATA, cases, networks, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network


#: Operators of these cases without a cost, and how many cases have them.
UNKNOWN = {
    "ai.onnx.ml": {"ArrayFeatureExtractor", "Binarizer", "LabelEncoder", "TreeEnsemble"},
    "training": {"Adagrad", "Adam", "Gradient", "Momentum", "NegativeLogLikelihoodLoss",
                 "SoftmaxCrossEntropyLoss"},
    "depends on the data": {"Compress", "NonMaxSuppression", "OptionalHasElement",
                            "Unique"},
    "sequences and texts": {"ConcatFromSequence", "ImageDecoder", "Optional",
                            "OptionalGetElement", "RegexFullMatch", "SequenceAt",
                            "SequenceConstruct", "SequenceEmpty", "SequenceErase",
                            "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence",
                            "StringConcat", "StringNormalizer", "StringSplit",
                            "TfIdfVectorizer"},
    "no rule": {"AffineGrid", "CausalConvWithState", "DFT", "DeformConv", "Det", "FlexAttention",
                "Hardmax", "LinearAttention", "MaxUnpool", "MelWeightMatrix", "STFT", "SwiGLU",
                "TopK"},
}  # fmt: skip

#: Cases whose operator has a rule that does not cover them, and why.
PARTLY = {
    "scores that are capped",  # Attention
    "the diagonal in Aii->Ai",  # Einsum
    "connections from the cell to its gates (peepholes)",  # LSTM
    "how many rounds it makes is decided at run time",  # Loop
    "whether its first round runs is decided at run time",
    "slopes of shape (3, 4, 5) for a tensor (3, 4, 5)",  # PRelu, other ones along the batch
    "a scan over batches, as opset 8 had it",
    "its input 'start' is computed at run time",  # Range
}


def unknown(network: Network) -> Iterator[Unknown]:
    """Unknown layers but those that only stand behind another."""
    for layer in network.layers:
        if isinstance(layer.op, Unknown) and "the shape of its input" not in layer.op.why:
            yield layer.op


def test_shapes_are_those_of_the_outputs() -> None:
    compared, wrong = 0, {}
    for name, network in networks().items():
        _, inputs, outputs = cases()[name]
        if any(isinstance(layer.op, Unknown) for layer in network.layers):
            continue
        if any(0 in (shape_of(value) or ()) for value in inputs[:1]):
            continue  # it has no elements, which cannot be stated
        found = [network.tensor(ref).shape for ref in network.outputs]
        # what has no elements is no layer's output
        shapes = [shape_of(value) for value in outputs]
        expected = [shape for shape in shapes if shape is not None and 0 not in shape]
        compared += 1
        if found != expected:
            wrong[name] = found, expected
    assert wrong == {}
    assert compared > 1_600


def test_operators_without_a_cost_are_these() -> None:
    found = defaultdict(set)
    for network in networks().values():
        for op in unknown(network):
            found[op.name].add(op.why)
    named = set().union(*UNKNOWN.values())
    partly = set().union(*(whys for name, whys in found.items() if name not in named))
    empty = {why for why in partly if "cannot be reshaped" in why or "cannot be split" in why}
    assert set(found) & named == named
    assert partly - empty == PARTLY


def test_layers_agree_with_their_ops() -> None:
    """Outputs and parameters of every layer are those that its op's own rules state."""
    for name, network in networks().items():
        for layer in network.layers:
            inputs = tuple(network.tensor(ref) for ref in layer.inputs)
            made = layer.op.outputs(*inputs)
            assert [t.shape for t in made] == [t.shape for t in layer.outputs], (name, layer)
            weights = [weight.shape for weight in layer.op.weights(*inputs)]
            if not isinstance(layer.op, Unknown):
                assert weights == [network.table[id_].shape for id_ in layer.parameters], name
        convcost.count(network)


def test_values_have_the_shape_that_the_table_states() -> None:
    """Reordered weights: the numbers come as the op states them."""
    seen = 0
    for network in networks().values():
        for parameter in network.table.values():
            if parameter.values is not None and parameter.dtype == "float32":
                assert parameter.values().shape == parameter.shape
                seen += 1
    assert seen > 100


@pytest.mark.parametrize(
    "name",
    ["light_bvlc_alexnet", "light_densenet121", "light_inception_v1", "light_inception_v2",
     "light_resnet50", "light_shufflenet", "light_squeezenet", "light_vgg19", "light_zfnet512"],
)  # fmt: skip
def test_onnx_infers_the_same_shapes(name: str) -> None:
    model = shape_inference.infer_shapes(onnx.load(DATA / "light" / f"{name}.onnx"), data_prop=True)
    stated = {
        info.name: tuple(d.dim_value for d in info.type.tensor_type.shape.dim)
        for info in (*model.graph.value_info, *model.graph.output)
    }
    network = convcost.read(model).bind({"N": 1})
    names = {node.name or node.output[0]: node.output[0] for node in model.graph.node}
    compared = 0
    for layer in network.layers:
        shape = stated.get(names.get(layer.name, ""))
        if shape:
            assert layer.outputs[0].shape == shape, layer.name
            compared += 1
    assert compared > 20


# ---------- one at a time


def one(
    op_type: str, *shapes: tuple[int, ...], opset: int = 21, domain: str = "", outputs: int = 1,
    weights: tuple[Any, ...] = (), **attributes: Any,
) -> Network:  # fmt: skip
    """The network of one node, its inputs first, then stored tensors."""
    names = [f"x{i}" for i in range(len(shapes))]
    stored = [numpy_helper.from_array(np.asarray(w), f"w{i}") for i, w in enumerate(weights)]
    node = helper.make_node(
        op_type, [*names, *(t.name for t in stored)], [f"y{i}" for i in range(outputs)],
        name="it", domain=domain, **attributes,
    )  # fmt: skip
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
             for n, s in zip(names, shapes, strict=True)]  # fmt: skip
    results = [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)]
    graph = helper.make_graph([node], "one", infos, results, initializer=stored)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return convcost.read(helper.make_model(graph, opset_imports=opsets), batch_axis=None)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


@pytest.mark.parametrize(
    ("stride", "size", "pad", "expected"),
    [(1, 8, "SAME_UPPER", 8), (2, 7, "SAME_UPPER", 4), (2, 8, "SAME_LOWER", 4),
     (3, 8, "VALID", 2)],
)  # fmt: skip
def test_automatic_padding(stride: int, size: int, pad: str, expected: int) -> None:
    net = one("Conv", (1, 2, size, size), weights=(ones(4, 2, 3, 3),), strides=[stride] * 2,
              auto_pad=pad)  # fmt: skip
    assert net.layer("it").outputs[0].shape == (1, 4, expected, expected)
    assert convcost.count(net).total.forward.macs == expected**2 * 4 * 2 * 9


def test_same_lower_pads_before() -> None:
    net = one("Conv", (1, 1, 6), weights=(ones(1, 1, 3),), strides=[2], auto_pad="SAME_LOWER")
    (window,) = net.layer("it").op.windows
    assert window.pads(6) == (1, 0)


def test_a_group_per_channel_is_depthwise() -> None:
    net = one("Conv", (1, 4, 8, 8), weights=(ones(8, 1, 3, 3),), group=4)
    assert net.layer("it").op.kind == "depthwise_conv"
    assert net.table["w0"].shape == (3, 3, 4, 2)
    assert net.table["w0"].values().shape == (3, 3, 4, 2)


def test_a_fused_convolution_has_its_activation() -> None:
    net = one("FusedConv", (1, 2, 8, 8), weights=(ones(4, 2, 3, 3), ones(4)),
              domain="com.microsoft", activation="Relu")  # fmt: skip
    assert net.layer("it").op.activation == "relu"


def test_a_product_with_a_stored_matrix_is_dense() -> None:
    net = one("MatMul", (2, 5, 8), weights=(ones(8, 3),))
    assert net.layer("it").op.kind == "dense"
    assert convcost.count(net).total.forward.macs == 2 * 5 * 8 * 3


def test_a_product_of_two_computed_ones_is_none() -> None:
    net = one("MatMul", (2, 5, 8), (2, 8, 3))
    assert net.layer("it").op.kind == "matmul"
    assert convcost.count(net).total.forward.macs == 2 * 5 * 8 * 3


def test_a_general_product_turned_and_scaled() -> None:
    plain = one("Gemm", (2, 8), weights=(ones(3, 8), ones(3)), transB=1)
    assert plain.layer("it").op.kind == "dense"
    assert plain.table["w0"].values().shape == (8, 3)
    scaled = one("Gemm", (2, 8), weights=(ones(8, 3),), alpha=0.5)
    assert scaled.layer("it").op.kind == "matmul"
    assert convcost.count(scaled).total.parameters == 24
    assert convcost.count(scaled).total.forward.elementwise == 2 * 3


def test_an_lstm_has_pytorch_s_gates() -> None:
    units, features = 3, 2
    kernel = np.repeat(np.arange(4, dtype=np.float32), units)[None, :, None] * ones(1, 1, features)
    net = one("LSTM", (5, 1, features), weights=(kernel, ones(1, 12, 3), ones(1, 24)), outputs=3,
              hidden_size=units)  # fmt: skip
    total = convcost.count(net).total
    assert total.forward.macs == 5 * 4 * units * (features + units)
    assert total.parameters == 24 + 36 + 24
    # ONNX has input, output, forget, cell; PyTorch input, forget, cell, output
    assert net.table["w0"].values()[:, 0].tolist() == [0] * 3 + [2] * 3 + [3] * 3 + [1] * 3
    assert net.tensor(net.outputs[0]).shape == (5, 1, 1, units)


def test_a_quantized_convolution_keeps_its_weights() -> None:
    scale, zero = np.float32(0.1), np.uint8(0)
    kernel, shift = np.zeros((4, 2, 3, 3), np.uint8), np.zeros(4, np.int32)
    net = one("QLinearConv", (1, 2, 8, 8),
              weights=(scale, zero, kernel, scale, zero, scale, zero, shift))  # fmt: skip
    total = convcost.count(net).total
    assert (total.forward.macs, total.parameters) == (36 * 4 * 2 * 9, 72 + 4)
    assert net.table["w2"].dtype == "uint8"


def test_a_dequantized_weight_is_a_parameter() -> None:
    net = one("DequantizeLinear", weights=(np.zeros((4, 2), np.int8), np.float32(0.1)))
    assert [(p.id, p.dtype) for p in net.table.values()] == [("w0", "int8")]


@pytest.mark.parametrize(
    ("low", "high", "kind"), [(0.0, 6.0, "relu6"), (0.0, 1.0, "clamp"), (-1.0, 1.0, "clamp")]
)
def test_bounds_of_six_are_a_relu6(low: float, high: float, kind: str) -> None:
    net = one("Clip", (1, 8), weights=(np.float32(low), np.float32(high)))
    assert net.layer("it").op.function == kind
    assert one("Clip", (1, 8), opset=6, min=low, max=high).layer("it").op.function == kind


def test_plain_numbers_are_no_inputs() -> None:
    net = one("Mul", (1, 8), weights=(np.float32(2),))
    assert [ref.layer for ref in net.layer("it").inputs] == ["x0"]
    assert net.table == {}


def test_a_bias_added_behind_a_product_is_a_parameter() -> None:
    net = one("Add", (1, 8), weights=(ones(8),))
    assert convcost.count(net).total.parameters == 8
    assert net.layer("it").op.kind == "merge"


def test_dimensions_that_do_not_fit_are_unknown_with_the_reason() -> None:
    net = one("Conv", (1, 3, 8, 8), weights=(ones(4, 2, 3, 3),))
    (part,) = convcost.count(net).unknown
    assert part.layer == "it"
    assert "3 channels, kernel (4, 2, 3, 3)" in part.why


def test_an_operator_that_nobody_knows_keeps_its_parameters() -> None:
    net = one("MyOwn", (1, 3), weights=(ones(4, 2),), domain="com.microsoft")
    result = convcost.count(net)
    assert not result.complete
    assert result.total.parameters == 8
    assert "no rule for the operator MyOwn of com.microsoft" in result.unknown[0].why
