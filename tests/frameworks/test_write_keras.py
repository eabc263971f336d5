"""Networks written as Keras models compute what their source computes, and count the same again.

Keras runs on PyTorch here, as in all tests; on TensorFlow in a process of its own, `tf_write.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.window import window
from convcost.write.files import save_networks
from convcost.write.keras.model import keras_model, layer_of
from support.files import ROOT
from support.random_networks import networks
from support.written import ZOO, assert_equal, one_layer, onnx_outputs, totals
from support.written_keras import check_names, example, outputs, torch_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras", reason="Keras is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SCRIPT = ROOT / "tests/support/tf_write.py"
#: Networks of the zoo that are computed, too; of the others it takes long.
COMPUTED = {"googlenet-torchvision", "inception-v1-block", "inception-v3-block",
            "mobilenet?image=96", "resnet18?image=96", "resnet50-keras?image=64", "seed000",
            "seed001-cnn", "seed001-cnn4", "seed001-mlp", "seed003", "xception-block"}  # fmt: skip


# the numbers of these take as long as all others together, and they have nothing of their own
@pytest.mark.parametrize("name", [name for name in ZOO if name not in {"alexnet", "vgg16"}])
def test_the_zoo_counts_the_same_again_and_computes_the_same(name: str) -> None:
    net = zoo.load(name)
    x = example(net, 1)
    model = keras_model(net, seed=3)
    assert totals(convcost.read(model)) == totals(net)
    check_names(net, model)
    assert set(layer_of(model).values()) == {layer.name for layer in net.layers}
    if name in COMPUTED:
        (found,) = outputs(model, x)
        assert_equal(found, onnx_outputs(net, x, seed=3)[0])
        if name.startswith("seed") or name.endswith("block"):
            assert_equal(found, torch_outputs(net, x, seed=3)[0])


def test_the_ledgers_of_the_seeds_are_complete_again() -> None:
    for name in zoo.names():
        if name.startswith("seed") and name != "seed004":
            ledger = convcost.count(convcost.read(keras_model(zoo.load(name))))
            wanted = convcost.count(zoo.load(name))
            assert ledger.complete
            rows = [[(row.name, row.forward) for row in each.layers] for each in (ledger, wanted)]
            assert rows[0] == rows[1]


def differs_on_pytorch(net: Network) -> bool:
    """Keras's averages with ``same`` padding are other ones there where its sides differ."""
    return any(
        isinstance(layer.op, Pool) and layer.op.function == "average" and not layer.op.count_padding
        and any(w.pads(6)[0] != w.pads(6)[1] or w.padding == "same" for w in layer.op.windows)
        for layer in net.layers
    )  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])  # fmt: skip
@given(net=networks(), batch=st.integers(1, 3))
def test_random_networks_compute_what_onnxruntime_computes(net: Network, batch: int) -> None:
    assume(not differs_on_pytorch(net))
    x = example(net, batch)
    model = keras_model(net)
    assert_equal(outputs(model, x)[0], onnx_outputs(net, x)[0])
    assert totals(convcost.read(model)) == totals(net)
    check_names(net, model)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_models_on_tensorflow_compute_what_onnxruntime_computes() -> None:
    told = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    told["PYTHONPATH"] = str(ROOT / "tests")
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 11
    for name, (difference, again, of_file) in found.items():
        assert difference <= 1e-4, name
        assert again, name
        assert of_file, name


def test_channels_first_networks_are_turned_at_their_ends_only() -> None:
    turns = {name: [layer.name for layer in keras_model(zoo.load(name)).layers
                    if isinstance(layer, keras.layers.Permute)]
             for name in ("googlenet", "seed000")}  # fmt: skip
    assert turns == {"googlenet": ["conv1_7x7_s2_permute"], "seed000": []}


def test_layers_for_every_step_have_a_wrapper_each() -> None:
    chain = Chain((Conv(filters=5, windows=window(3)), Pool(function="max", windows=window(2, 2)),
                   Flatten()))  # fmt: skip
    steps = TimeDistributed(op=chain, names=("batch", "time", "channel"))
    net = one_layer(steps, name="steps", time=3, height=8, width=9, channel=4)
    model = keras_model(net)
    assert [layer.name for layer in model.layers] == [
        "image",
        "steps_step0",
        "steps_step1",
        "steps",
    ]
    assert totals(convcost.read(model)) == totals(net)
    alone = keras_model(one_layer(chain.ops[0], height=8, width=9, channel=4))
    alone.layers[1].set_weights(model.layers[1].get_weights())
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 9, 4)).astype("float32")
    images = outputs(alone, [x.reshape(6, 8, 9, 4)])[0][:, :6, :6].reshape(2, 3, 3, 2, 3, 2, 5)
    assert_equal(outputs(model, [x])[0], images.max((3, 5)).reshape(2, 3, -1))


def test_names_are_those_of_the_network_as_far_as_keras_allows() -> None:
    builder = Builder("a/b c")
    x = builder.add(Input(Tensor.of(batch=BATCH, channel=3, height=8, width=8)), name="image")
    x = builder.add(Conv(filters=2, windows=window(3, 2, padding=(1, 1))), x, name="/block/0.conv")
    builder.add(Activation("relu"), x, name="block_0_conv_pad")
    net = builder.build()
    model = keras_model(net)
    assert model.name == "a_b_c"
    assert dict(layer_of(model)) == {
        "image": "image", "block_0_conv_permute": "/block/0.conv",
        "block_0_conv_pad_2": "/block/0.conv", "block_0_conv": "/block/0.conv",
        "block_0_conv_pad": "block_0_conv_pad", "block_0_conv_pad_permute": "block_0_conv_pad",
    }  # fmt: skip
    assert type(model.get_layer("block_0_conv")) is keras.layers.Conv2D


def test_frozen_layers_stay_frozen(tmp_path: Path) -> None:
    first, second = keras.layers.Dense(3, trainable=False), keras.layers.Dense(2)
    net = convcost.read(keras.Sequential([keras.Input((4,)), first, second]))
    file = tmp_path / "model.keras"
    save_networks([net], file)
    for model in (keras_model(net), keras.models.load_model(file)):
        assert [layer.trainable for layer in model.layers[1:]] == [False, True]
        assert len(model.trainable_weights) == 2


def test_a_step_of_training_changes_what_is_trained() -> None:
    net = zoo.load("seed000")
    model = keras_model(net)
    x = example(net)[0]
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    model.train_on_batch(x, np.zeros(len(x)))
    after = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_the_batch_can_be_fixed() -> None:
    assert keras_model(zoo.load("seed000"), batch=4).input_shape[0] == 4
    assert keras_model(zoo.load("seed000")).input_shape[0] is None


def test_a_tensor_that_is_returned_twice_is_two_results(tmp_path: Path) -> None:
    net = one_layer(Dense(units=3), feature=4)
    net = replace(net, outputs=net.outputs * 2)
    model, x = keras_model(net), example(net)
    for found, wanted in zip(outputs(model, x), onnx_outputs(net, x), strict=True):
        assert_equal(found, wanted)
    save_networks([net], tmp_path / "model.keras")
    for read in (convcost.read(model), convcost.read(tmp_path / "model.keras")):
        assert len(read.outputs) == 2


def test_one_network_to_a_file(tmp_path: Path) -> None:
    nets = [zoo.load("seed000")] * 2
    with pytest.raises(UsageError, match="a Keras model holds one network; here are 2"):
        save_networks(nets, tmp_path / "model.keras")
    save_networks(nets[:1], tmp_path / "model.keras")
    with pytest.raises(UsageError, match="exists"):
        save_networks(nets[:1], tmp_path / "model.keras")


def test_dense_layers_of_images_act_on_the_network_s_last_axis() -> None:
    net = one_layer(Dense(units=5), channel=3, height=4, width=6)
    x = example(net)
    assert_equal(outputs(keras_model(net), x)[0], onnx_outputs(net, x)[0])
