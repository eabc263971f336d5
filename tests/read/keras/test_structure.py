"""Models in models of Keras sources: which are there, and which layers they call."""

import json

import convcost
from convcost.count import count
from convcost.count.group import Group
from convcost.count.tree import group
from convcost.network.network import Network

CODE = """
parts = [Input((8, 8, 4)), Conv2D(6, 3, name='conv'), ReLU(name='act')]
encoder = Sequential(parts, name='encoder')
x = Input((8, 8, 4), name='left')
y = Input((8, 8, 4), name='right')
whole = concatenate([encoder(x), encoder(y)], name='both')
whole = Dense(5, name='fc')(Flatten(name='flat')(whole))
model = Model([x, y], whole)
"""

SUMMARY = """\
Model: "outer"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 image (InputLayer)          [(None, 8, 8, 3)]         0

 body (Functional)           (None, 6, 6, 4)           128
|-----------------------------------------------------------------|
| input_2 (InputLayer)       [(None, 8, 8, 3)]         0         |
|                                                                 |
| stem (Sequential)          (None, 6, 6, 4)           128       |
||---------------------------------------------------------------||
|| conv (Conv2D)             (None, 6, 6, 4)           112       ||
||                                                               ||
|| bn (BatchNormalization)   (None, 6, 6, 4)           16        ||
|-----------------------------------------------------------------|
| relu (ReLU)                (None, 6, 6, 4)           0         |
|                                                                 |
¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
 flat (Flatten)              (None, 144)               0

 fc (Dense)                  (None, 2)                 290

=================================================================
Total params: 418
Trainable params: 410
Non-trainable params: 8
_________________________________________________________________
"""


def origins(net: Network) -> dict[str, tuple[str, str, int] | None]:
    return {
        x.name: None if x.origin is None else (x.origin.function, x.origin.module, x.origin.call)
        for x in net.layers
    }


def tree(net: Network) -> dict[str, Group]:
    counted = count(net)
    grouping = group(net, counted)
    assert sum(x.total.parameters for x in grouping.groups) == counted.total.parameters
    return {x.path: x for _, x in grouping.rows()}


def test_a_model_in_code_that_is_called_twice() -> None:
    net = convcost.read(CODE)
    assert [(x.path, x.kind) for x in net.modules] == [
        ("", "keras.Functional"), ("encoder", "keras.Sequential"),
    ]  # fmt: skip
    assert net.modules[1].parameters == ("encoder/conv/kernel", "encoder/conv/bias")
    found = origins(net)
    assert found["left"] == ("keras.InputLayer", "", 0)
    assert found["encoder/conv"] == ("keras.Conv2D", "encoder", 0)
    assert found["encoder (2)/conv"] == ("keras.Conv2D", "encoder", 1)
    assert found["fc"] == ("keras.Dense", "", 0)
    encoder = tree(net)["encoder"]
    assert encoder.total.parameters == 3 * 3 * 4 * 6 + 6
    assert encoder.total.forward.macs == 2 * (6 * 6 * 3 * 3 * 4 * 6)
    assert [x.name for x in encoder.parts] == [
        "conv", "act", "encoder (2)/conv", "encoder (2)/act",
    ]  # fmt: skip


def test_a_summary_with_expanded_models() -> None:
    net = convcost.read(SUMMARY)
    assert [(x.path, x.kind) for x in net.modules] == [
        ("", ""), ("body", "keras.Functional"), ("body.stem", "keras.Sequential"),
    ]  # fmt: skip
    found = origins(net)
    assert found["conv"] == ("keras.Conv2D", "body.stem", 0)
    assert found["relu"] == ("keras.ReLU", "body", 0)
    assert found["flat"] == ("keras.Flatten", "", 0)
    groups = tree(net)
    for path, printed in (("body.stem", 128), ("body", 128), ("fc", 290)):
        assert groups[path].total.parameters + groups[path].total.statistics == printed
    assert [x.name for x in groups["body"].parts] == ["stem", "relu"]


def test_a_configuration_with_a_model_of_a_custom_class() -> None:
    shape = {"module": "keras.layers", "class_name": "InputLayer", "config": {
        "batch_shape": [None, 4], "name": "x"}, "registered_name": None}  # fmt: skip
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "name": "d"},
             "registered_name": None}  # fmt: skip
    inner = {"module": "mine", "class_name": "Head", "registered_name": "Mine>Head", "config": {
        "name": "head", "layers": [
            {**shape, "name": "x", "inbound_nodes": []},
            {**dense, "name": "d", "inbound_nodes": [[["x", 0, 0, {}]]]}],
        "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}}  # fmt: skip
    whole = {"module": "keras", "class_name": "Sequential", "registered_name": None,
             "config": {"name": "whole", "layers": [shape, inner]}}  # fmt: skip
    net = convcost.read(json.dumps(whole))
    assert [(x.path, x.kind) for x in net.modules] == [
        ("", "keras.Sequential"), ("head", "mine.Head"),
    ]  # fmt: skip
    assert tree(net)["head"].total.parameters == 4 * 3 + 3
    assert origins(net)["head/d"] == ("keras.Dense", "head", 0)
