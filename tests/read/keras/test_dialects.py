"""Configurations as Keras 1, 2 and 3 write them: the same layers, whatever the dialect."""

import json
from typing import Any

import pytest

import convcost
from support.keras_json import Json, call, conv, image, layer, model, on, read, tensor

KERAS_1 = {
    "class_name": "Sequential",
    "keras_version": "1.2.2",
    "config": [
        {
            "class_name": "Convolution2D",
            "config": {
                "name": "convolution2d_1",
                "trainable": True,
                "batch_input_shape": [None, 28, 28, 1],
                "input_dtype": "float32",
                "nb_filter": 32,
                "nb_row": 3,
                "nb_col": 5,
                "border_mode": "valid",
                "subsample": [1, 2],
                "dim_ordering": "tf",
                "activation": "relu",
                "bias": True,
                "init": "glorot_uniform",
                "W_regularizer": None,
            },
        },
        {
            "class_name": "MaxPooling2D",
            "config": {
                "name": "maxpooling2d_1",
                "trainable": True,
                "pool_size": [2, 2],
                "strides": [2, 2],
                "border_mode": "valid",
                "dim_ordering": "tf",
            },
        },
        {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": True, "p": 0.25}},
        {"class_name": "Flatten", "config": {"name": "flatten_1", "trainable": True}},
        {
            "class_name": "Dense",
            "config": {
                "name": "dense_1",
                "trainable": True,
                "output_dim": 10,
                "input_dim": None,
                "bias": True,
                "activation": "softmax",
            },
        },
    ],
}


def test_keras_1_sequential() -> None:
    network = read(KERAS_1)
    assert [layer.name for layer in network.layers][1:] == [
        *("convolution2d_1", "maxpooling2d_1", "dropout_1", "flatten_1", "dense_1")
    ]
    count = convcost.count(network)
    # (28 - 3) + 1 = 26 rows, (28 - 5)//2 + 1 = 12 columns; pooled to 13 x 6
    assert count.total.forward.macs == 26 * 12 * 3 * 5 * 32 + 13 * 6 * 32 * 10
    assert count.total.parameters == (3 * 5 + 1) * 32 + (13 * 6 * 32 + 1) * 10
    assert count.complete


def test_keras_1_merge_of_two_branches() -> None:
    def branch(number: int) -> Json:
        config = {
            "name": f"dense_{number}",
            "output_dim": 4,
            "activation": "relu",
            "batch_input_shape": [None, number + 4],
        }
        inner = {"class_name": "Dense", "config": config}
        return {"class_name": "Sequential", "name": f"branch_{number}", "config": [inner]}

    branches = [branch(1), branch(2)]
    merge = {"name": "merge_1", "mode": "concat", "concat_axis": -1, "layers": branches}
    head = {"class_name": "Dense", "config": {"name": "head", "output_dim": 3}}
    entries = [{"class_name": "Merge", "config": merge}, head]
    network = read({"class_name": "Sequential", "config": entries})
    assert convcost.count(network).total.parameters == (5 + 1) * 4 + (6 + 1) * 4 + (8 + 1) * 3
    assert network.tensor(network.outputs[0]).shape[1:] == (3,)


def test_keras_2_branches_and_several_outputs() -> None:
    layers = [
        image(),
        conv("a", on("image")),
        conv("b", on("image"), kernel_size=[1, 1]),
        layer("Concatenate", "both", on("a", "b"), axis=3),
        layer("Add", "sum", on("a", "b")),
    ]
    network = read(model(layers, [["image", 0, 0]], [["both", 0, 0], ["sum", 0, 0]]))
    assert [network.tensor(ref).shape[1:] for ref in network.outputs] == [(8, 8, 8), (8, 8, 4)]
    assert convcost.count(network).total.forward.macs == 64 * 3 * 4 * (9 + 1)


def test_a_shared_layer_is_counted_once_and_run_twice() -> None:
    layers = [
        image("left", 6),
        image("right", 6),
        layer("Dense", "shared", [[["left", 0, 0, {}]], [["right", 0, 0, {}]]], units=5),
        layer("Subtract", "difference", [[["shared", 0, 0, {}], ["shared", 1, 0, {}]]]),
    ]
    inputs = [["left", 0, 0], ["right", 0, 0]]
    network = read(model(layers, inputs, [["difference", 0, 0]]))
    again = network.layer("shared (2)")
    assert again.shared_with == "shared"
    assert again.parameters == network.layer("shared").parameters
    count = convcost.count(network)
    assert (count.total.parameters, count.total.forward.macs) == (6 * 5 + 5, 2 * 6 * 5)


def test_a_later_call_may_read_layers_further_down() -> None:
    layers = [
        image("x", 6),
        layer("Dense", "twice", [[["x", 0, 0, {}]], [["between", 0, 0, {}]]], units=6),
        layer("Activation", "between", on("twice"), activation="relu"),
    ]
    network = read(model(layers, [["x", 0, 0]], [["twice", 1, 0]]))
    assert [layer.name for layer in network.layers] == ["x", "twice", "between", "twice (2)"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_nested_model_called_twice(first: int) -> None:
    # a functional model's own making is its call 0 in Keras 2, but not in every version
    inner = model([image("in", 8, 8, 4), conv("conv", on("in"))], [["in", 0, 0]], [["conv", 0, 0]])
    nested = {**inner, "name": "block", "inbound_nodes": [
        [["stem", 0, 0, {}]], [["block", first, 0, {}]]]}  # fmt: skip
    layers = [image(), conv("stem", on("image")), nested]
    network = read(model(layers, [["image", 0, 0]], [["block", first + 1, 0]]))
    names = [layer.name for layer in network.layers]
    assert names == ["image", "stem", "block/conv", "block (2)/conv"]
    assert network.layers[-1].shared_with == "block/conv"
    assert convcost.count(network).total.parameters == (27 + 1) * 4 + (36 + 1) * 4


def test_keras_3_nested_and_shared() -> None:
    inner = model(
        [image("in", 8, 8, 4), conv("conv", [call(tensor("in", 0, 8, 8, 4))])],
        ["in", 0, 0],
        ["conv", 0, 0],
    )
    calls = [call(tensor("stem", 0, 8, 8, 4)), call(tensor("block", 0, 8, 8, 4), mask=None)]
    layers = [
        image(),
        conv("stem", [call(tensor("image", 0, 8, 8, 3))]),
        {**inner, "module": "keras", "name": "block", "inbound_nodes": calls},
        layer("Add", "sum", [call([tensor("block", 0, 8, 8, 4), tensor("block", 1, 8, 8, 4)])]),
    ]
    network = read(model(layers, ["image", 0, 0], [["sum", 0, 0], ["block", 2, 0]]))
    assert network.layers[-1].inputs[1].layer == "block (2)/conv"
    assert network.outputs[1].layer == "block (2)/conv"


def test_tensors_among_keyword_arguments() -> None:
    attention = layer(
        *("MultiHeadAttention", "attention"),
        [[["x", 0, 0, {"value": ["y", 0, 0]}]]],
        num_heads=2, key_dim=4,
    )  # fmt: skip
    layers = [image("x", 5, 8), image("y", 7, 8), attention]
    network = read(model(layers, [["x", 0, 0], ["y", 0, 0]], [["attention", 0, 0]]))
    assert [ref.layer for ref in network.layer("attention").inputs] == ["x", "y"]


def test_functions_of_tensors_of_keras_2() -> None:
    def function(name: str, path: str, inbound: list[Any]) -> Json:
        return layer("TFOpLambda", name, inbound, function=path, dtype="float32")

    layers = [
        image(),
        conv("conv", on("image")),
        function("tf.math.add", "__operators__.add", [["conv", 0, 0, {"y": 3.0, "name": None}]]),
        function("tf.nn.relu6", "nn.relu6", [["tf.math.add", 0, 0, {"name": None}]]),
        function("mul", "math.multiply", [["conv", 0, 0, {"y": ["tf.nn.relu6", 0, 0]}]]),
        function("one", "math.subtract", [["_CONSTANT_VALUE", -1, 1.0, {"y": ["mul", 0, 0]}]]),
        layer("Flatten", "flat", on("one")),
    ]
    network = read(model(layers, [["image", 0, 0]], [["flat", 0, 0]]))
    kinds = [layer.op.kind for layer in network.layers]
    assert kinds == ["input", "conv", "rescaling", "activation", "merge", "rescaling", "flatten"]
    assert convcost.count(network).complete


@pytest.mark.parametrize(("axes", "kind"), [([1, 2], "global_pool"), ([1], "unknown")])
def test_a_mean_whose_input_keras_2_does_not_state(axes: list[int], kind: str) -> None:
    mean = layer("TFOpLambda", "mean", [["conv", 0, 0, {"axis": axes, "keepdims": False}]],
                 function="math.reduce_mean")  # fmt: skip
    layers = [image(), conv("conv", on("image")), mean]
    network = read(model(layers, [["image", 0, 0]], [["mean", 0, 0]]))
    assert network.layer("mean").op.kind == kind


def test_an_op_layer_of_tensorflow_2_0() -> None:
    node = json.dumps({"name": "add", "op": "AddV2", "input": ["a", "b"], "attr": {}})
    layers = [
        image(),
        conv("a", on("image")),
        conv("b", on("image")),
        layer("TensorFlowOpLayer", "add", on("a", "b"), node_def=node, constants={}),
    ]
    network = read(model(layers, [["image", 0, 0]], [["add", 0, 0]]))
    assert network.layer("add").op.kind == "merge"


def operation(kind: str, name: str, *calls: Json, module: str | None = "keras.src.ops.numpy",
              **config: Any) -> Json:  # fmt: skip
    entry = {"class_name": kind, "config": {"name": name, **config}, "name": name}
    entry["inbound_nodes"] = list(calls)
    return entry if module is None else {**entry, "module": module, "registered_name": kind}


@pytest.mark.parametrize("module", ["keras.src.ops.numpy", None])
def test_operations_of_keras_3(module: str | None) -> None:
    # an .h5 file of Keras 3 does not say where the class comes from
    here = tensor("image", 0, 8, 8, 3)
    layers = [
        image(),
        operation("Multiply", "half", call(here, 0.5), module=module),
        operation("Relu", "relu", call(tensor("half", 0, 8, 8, 3)), module=module),
        operation("Add", "add", call(tensor("relu", 0, 8, 8, 3), here), module=module),
        operation("Transpose", "turn", call(tensor("add", 0, 8, 8, 3), axes=[0, 3, 1, 2]),
                  module=module),
        operation("Reshape", "flat", call(tensor("turn", 0, 3, 8, 8)), module=module,
                  newshape=[-1, 192]),
        operation("Mean", "mean", call(tensor("add", 0, 8, 8, 3)), module=module, axis=[1, 2],
                  keepdims=False),
        operation("Concatenate", "both", call([tensor("flat", 0, 192), tensor("mean", 0, 3)]),
                  module=module, axis=-1),
        operation("Cumsum", "strange", call(tensor("both", 0, 195)), module=module),
        layer("Dense", "dense", [call(tensor("strange", 0, 195))], units=2),
    ]  # fmt: skip
    network = read(model(layers, ["image", 0, 0], ["dense", 0, 0]))
    kinds = [layer.op.kind for layer in network.layers][1:]
    assert kinds == [
        *("rescaling", "activation", "merge", "permute", "reshape", "global_pool", "concatenate"),
        *("unknown", "dense"),
    ]
    count = convcost.count(network)
    assert [row.layer for row in count.unknown] == ["strange"]
    assert not network.notes


def test_sequential_of_keras_3_after_an_unknown_layer() -> None:
    def built(entry: Json, *shape: int) -> Json:
        return {**entry, "build_config": {"input_shape": [None, *shape]}}

    layers = [
        layer("InputLayer", "x", batch_shape=[None, 6]),
        layer("Mystery", "mystery"),
        layer("ReLU", "relu"),
        built(layer("Dense", "dense", units=2), 9, 5),
    ]
    network = read({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    assert network.layer("dense").outputs[0].shape[1:] == (9, 2)
    assert not network.notes


def test_wrappers_and_activations_given_as_objects() -> None:
    dense = {"class_name": "Dense", "config": {"name": "inner", "units": 3, "activation": {
        "module": "keras.layers", "class_name": "LeakyReLU", "config": {}}}}  # fmt: skip
    layers = [image("x", 5, 4), layer("TimeDistributed", "each", on("x"), layer=dense)]
    network = read(model(layers, [["x", 0, 0]], [["each", 0, 0]]))
    assert convcost.count(network).total.forward.macs == 5 * 4 * 3


def test_the_code_of_a_lambda_is_never_unmarshalled() -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAA", "defaults": None}}
    layers = [image("x", 6), layer("Lambda", "code", on("x"), function=code, output_shape=[4])]
    network = read(model(layers, [["x", 0, 0]], [["code", 0, 0]]))
    assert not convcost.count(network).complete


def test_a_json_text_within_a_json_string() -> None:
    text = json.dumps(json.dumps(KERAS_1))
    (network,) = convcost.read_all(text + "\n")
    assert len(network.layers) == 6


def test_channels_first() -> None:
    layers = [image("x", 3, 8, 8), conv("conv", on("x"), data_format="channels_first")]
    network = read(model(layers, [["x", 0, 0]], [["conv", 0, 0]]))
    assert network.layer("conv").outputs[0].shape[1:] == (4, 8, 8)
