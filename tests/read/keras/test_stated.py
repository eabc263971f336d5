"""What a Keras configuration states of shapes and types, and what it leaves open."""

import json

import pytest

import convcost
from convcost.errors import ConvcostError, SourceError, UsageError
from support.keras_json import Json, call, conv, image, layer, model, on, read, tensor


def test_a_custom_layer_takes_its_shape_from_what_follows() -> None:
    layers = [
        image(),
        {**layer("Custom>Capsules", "capsules", [call(tensor("image", 0, 8, 8, 3))], units="many"),
         "module": "my.layers", "registered_name": "Custom>Capsules"},
        layer("Dense", "dense", [call(tensor("capsules", 0, 16, 10))], units=2),
    ]  # fmt: skip
    network = read(model(layers, ["image", 0, 0], ["dense", 0, 0]))
    assert network.layer("capsules").op.name == "Capsules"
    assert network.layer("dense").outputs[0].shape[1:] == (16, 2)
    assert not network.notes


def test_a_custom_layer_of_unstated_shape_is_assumed_aloud() -> None:
    layers = [image("x", 6), layer("Mystery", "mystery", on("x")),
              layer("Dense", "dense", on("mystery"), units=2)]  # fmt: skip
    network = read(model(layers, [["x", 0, 0]], [["dense", 0, 0]]))
    assert network.layer("dense").outputs[0].shape[1:] == (2,)
    (note,) = network.notes
    assert (note.kind, note.layer) == ("assumed", "mystery")
    assert not convcost.count(network).complete


def test_what_follows_a_guess_may_not_fit_and_is_unknown() -> None:
    layers = [image("x", 6), layer("Mystery", "mystery", on("x")), conv("conv", on("mystery"))]
    network = read(model(layers, [["x", 0, 0]], [["conv", 0, 0]]))
    assert [row.layer for row in convcost.count(network).unknown] == ["mystery", "conv"]


def test_layers_that_do_not_fit_are_an_error_that_names_the_layer() -> None:
    layers = [image("x", 6), conv("conv", on("x"))]
    with pytest.raises(ConvcostError, match="layer 'conv'"):
        read(model(layers, [["x", 0, 0]], [["conv", 0, 0]]))


def test_a_shape_that_contradicts_the_rule_makes_the_layer_unknown() -> None:
    layers = [image(), conv("conv", [call(tensor("image", 0, 8, 8, 3))]),
              layer("Flatten", "flat", [call(tensor("conv", 0, 7, 7, 4))])]  # fmt: skip
    network = read(model(layers, ["image", 0, 0], ["flat", 0, 0]))
    assert network.layer("flat").outputs[0].shape[1:] == (7 * 7 * 4,)
    assert [note.kind for note in network.notes] == ["contradiction"]


@pytest.mark.parametrize("where", ["layer", "model", "build"])
def test_where_a_sequential_model_states_its_input(where: str) -> None:
    dense = layer("Dense", "dense", units=2)
    config: Json = {"name": "s", "layers": [dense]}
    if where == "layer":
        dense["config"]["batch_input_shape"] = [None, 7]
    elif where == "model":
        config["build_input_shape"] = [None, 7]
    else:
        dense["build_config"] = {"input_shape": [None, 7]}
    assert (
        convcost.count(read({"class_name": "Sequential", "config": config})).total.parameters == 16
    )


def test_a_sequential_model_without_any_shape() -> None:
    document = {"class_name": "Sequential", "config": {"layers": [layer("Dense", "d", units=2)]}}
    with pytest.raises(SourceError, match="shape of the input is not stated"):
        read(document)
    network = convcost.read(json.dumps(document), inputs=(None, 7))
    assert convcost.count(network).total.parameters == 16


def test_frozen_layers_and_models() -> None:
    inner = model([image("in", 6), layer("Dense", "a", on("in"), units=6)], [["in", 0, 0]],
                  [["a", 0, 0]])  # fmt: skip
    inner["config"]["trainable"] = False
    layers = [image("x", 6), {**inner, "name": "frozen", "inbound_nodes": on("x")},
              layer("Dense", "b", on("frozen"), units=6, trainable=False),
              layer("Dense", "c", on("b"), units=6)]  # fmt: skip
    total = convcost.count(read(model(layers, [["x", 0, 0]], [["c", 0, 0]]))).total
    assert (total.parameters, total.trainable_parameters) == (3 * 42, 42)


def test_dtypes_and_policies() -> None:
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    layers = [layer("InputLayer", "x", [], batch_input_shape=[None, 8, 8, 3], dtype="uint8"),
              layer("Rescaling", "scaled", on("x"), scale=0.1, dtype=policy),
              conv("conv", on("scaled"), dtype=policy),
              layer("Activation", "out", on("conv"), activation="relu")]  # fmt: skip
    network = read(model(layers, [["x", 0, 0]], [["out", 0, 0]]))
    assert [layer.outputs[0].dtype for layer in network.layers] == [
        *("uint8", "float16", "float16", "float32")
    ]
    assert {p.dtype for p in network.table.values()} == {"float32"}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [([(1, 9)], "does not fit"), ([(1, 6), (1, 6)], "the model has 1"), ("no", "is no input")],
)
def test_inputs_that_do_not_fit(inputs: object, message: str) -> None:
    document = model([image("x", 6), layer("Dense", "d", on("x"), units=2)], [["x", 0, 0]],
                     [["d", 0, 0]])  # fmt: skip
    with pytest.raises(ConvcostError, match=message):
        convcost.read(json.dumps(document), inputs=inputs)


def two_inputs() -> str:
    """Inputs a and b of open width, joined."""
    layers = [image("a", None, 3), image("b", None, 3),
              layer("Conv1D", "one", on("a"), filters=2, kernel_size=[1]),
              layer("Conv1D", "two", on("b"), filters=2, kernel_size=[1])]  # fmt: skip
    ends = [["a", 0, 0], ["b", 0, 0]], [["one", 0, 0], ["two", 0, 0]]
    return json.dumps(model(layers, *ends))


def test_inputs_by_name_are_those_of_that_name() -> None:
    network = convcost.read(two_inputs(), inputs={"b": (1, 8, 3), "a": (1, 4, 3)})
    assert [network.layer(name).outputs[0].shape[1:] for name in ("one", "two")] == [(4, 2), (8, 2)]


def test_an_input_that_is_not_named_stays_as_it_is() -> None:
    network = convcost.read(two_inputs(), inputs={"b": (1, 8, 3)})
    assert network.layer("two").outputs[0].shape[1:] == (8, 2)
    assert len(network.symbols) == 2


def test_an_input_of_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="unknown input 'zzz'") as caught:
        convcost.read(two_inputs(), inputs={"zzz": (1, 8, 3), "a": (1, 4, 3)})
    assert "Known: a, b" in str(caught.value.hint)


def test_open_sizes_are_given_by_inputs_or_by_name() -> None:
    document = json.dumps(
        model([image("x", None, None, 3), conv("c", on("x"))], [["x", 0, 0]], [["c", 0, 0]])
    )
    by_inputs = convcost.read(document, inputs=[(1, 16, 12, 3)])
    by_name = convcost.read(document, dims={"height": 16, "width": 12})
    macs = 16 * 12 * 27 * 4
    assert [convcost.count(n).total.forward.macs for n in (by_inputs, by_name)] == [macs, macs]
    whole = convcost.read(document, inputs=[(5, 16, 12, 3)], batch_axis=None)
    assert convcost.count(whole).total.forward.macs == 5 * macs
