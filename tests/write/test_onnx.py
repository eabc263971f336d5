"""Networks written as ONNX models: valid, readable, and the same ledger again."""

from pathlib import Path

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.write.onnx.model import onnx_model

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

ZOO = (
    *("seed000", "seed001-mlp", "seed001-cnn", "seed003", "googlenet", "resnet18", "mobilenet"),
    *("inception-v1-block", "inception-v3-block", "xception-block"),
)  # fmt: skip


def neutral(net: convcost.network.network.Network) -> int:
    """Scales of one that ONNX's batch normalisation has where the op has none."""
    norms = [layer for layer in net.layers if isinstance(layer.op, BatchNorm)]
    return sum(layer.outputs[0].size("channel") for layer in norms if not layer.op.scale)


@pytest.mark.parametrize("name", ZOO)
def test_reading_back_gives_the_same_ledger(name: str, tmp_path: Path) -> None:
    net = convcost.read(f"zoo:{name}")
    path = tmp_path / "model.onnx"
    convcost.write(net, path)
    onnx.checker.check_model(str(path), full_check=True)
    again, before = (convcost.count(n, batch=3).total for n in (convcost.read(path), net))
    assert again.forward.macs == before.forward.macs
    assert again.parameters == before.parameters + neutral(net)
    assert again.statistics == before.statistics


def test_the_batch_stays_open_unless_it_is_fixed() -> None:
    net = convcost.read("zoo:seed000")
    dims = [model.graph.input[0].type.tensor_type.shape.dim for model in
            (onnx_model(net), onnx_model(net, batch=4))]  # fmt: skip
    assert [d[0].dim_param for d in dims] == ["N", ""]
    assert dims[1][0].dim_value == 4
    assert [d.dim_value for d in dims[0][1:]] == [32, 32, 3]


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("float64", "DOUBLE"), ("float16", "FLOAT16"), ("bfloat16", "BFLOAT16"), ("int8", "INT8"),
     ("float8_e4m3fn", "FLOAT8E4M3FN"), ("bool", "BOOL")],
)  # fmt: skip
def test_inputs_have_their_type(dtype: str, kind: str) -> None:
    b = Builder("typed")
    b.add(Input(Tensor.of(batch=BATCH, feature=4, dtype=dtype)))
    (made,) = onnx_model(b.build()).graph.input
    assert made.type.tensor_type.elem_type == getattr(onnx.TensorProto, kind)


def test_a_type_that_onnx_does_not_have_is_refused() -> None:
    b = Builder("typed")
    b.add(Input(Tensor.of(batch=BATCH, feature=4, dtype="complex32")), name="waves")
    with pytest.raises(NetworkError, match="'waves': ONNX has no tensors of complex32"):
        onnx_model(b.build())


def test_the_same_seed_gives_the_same_numbers() -> None:
    net = convcost.read("zoo:seed001-cnn")
    first, again, other = (
        onnx_model(net, seed=seed).SerializeToString(deterministic=True) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_random_numbers_keep_activations_of_one_size() -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = onnx_model(convcost.read("zoo:resnet18"), batch=1)
    session = runtime.InferenceSession(model.SerializeToString())
    image = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype("float32")
    (result,) = session.run(None, {session.get_inputs()[0].name: image})
    assert np.isfinite(result).all()
    assert 0.01 < result.std() < 1000


def one_layer(op: object, **sizes: int) -> convcost.network.network.Network:
    builder = Builder("one layer")
    x = builder.add(Input(Tensor.of(batch=BATCH, **sizes)), name="image")
    builder.add(op, x, name="layer")
    return builder.build()


def test_what_has_no_counterpart_is_refused_by_name() -> None:
    x = Tensor.of(batch=BATCH, feature=3)
    with pytest.raises(NetworkError, match="layer 'layer': 'unknown' has no counterpart"):
        onnx_model(one_layer(Unknown(name="Capsule", results=(x,)), feature=3))


def test_an_unknown_activation_is_no_silent_identity() -> None:
    net = one_layer(Conv(filters=2, windows=window(3), activation="softmax"), height=5, width=5,
                    channel=2)  # fmt: skip
    (softmax,) = [node for node in onnx_model(net).graph.node if node.op_type == "Softmax"]
    # the last axis of the source, the channels, is the second one of ONNX's convolution
    assert [a.i for a in softmax.attribute if a.name == "axis"] == [1]
    assert not [n for n in onnx_model(one_layer(Activation("linear"), feature=3)).graph.node
                if n.op_type != "Identity"]  # fmt: skip


def test_a_tensor_that_is_returned_twice_is_two_outputs(tmp_path: Path) -> None:
    net = one_layer(Activation("relu"), feature=3)
    convcost.write(replace(net, outputs=net.outputs * 2), tmp_path / "model.onnx")
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
    names = [each.name for each in onnx.load(tmp_path / "model.onnx").graph.output]
    assert len(set(names)) == 2
    assert len(convcost.read(tmp_path / "model.onnx").outputs) == 2


def test_two_networks_do_not_fit_into_a_file(tmp_path: Path) -> None:
    nets = [convcost.read(f"zoo:{name}") for name in ("seed000", "seed001-cnn")]
    with pytest.raises(UsageError, match="an ONNX model holds one network; here are 2"):
        convcost.write(nets, tmp_path / "two.onnx")


def test_an_open_size_is_asked_for(tmp_path: Path) -> None:
    net = convcost.read("zoo:seed004")
    with pytest.raises(NetworkError, match="not known"):
        convcost.write(net, tmp_path / "open.onnx")
