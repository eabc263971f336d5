"""Models in pasted code: the names of arguments, and what stays unknown."""

from __future__ import annotations

import pytest

import convcost
from convcost.read.keras.arguments import bind
from convcost.read.keras.code.reading import find_models
from convcost.read.keras.config import NotLiteral
from convcost.read.keras.signatures import CLASS_ALIASES, SIGNATURES
from support.pasted import classes, one

# --- arguments ---


def test_keras_1_names() -> None:
    config = bind(
        "Convolution2D",
        (64, 3, 3, "he_normal"),
        {"subsample": (2, 2), "dim_ordering": "th", "bias": False, "W_regularizer": None},
    ).config
    assert config == {
        "filters": 64,
        "kernel_size": (3, 3),
        "kernel_initializer": "he_normal",
        "strides": (2, 2),
        "data_format": "channels_first",
        "use_bias": False,
        "kernel_regularizer": None,
    }
    assert bind("Dropout", (), {"p": 0.5}).config == {"rate": 0.5}
    assert bind("MaxPooling2D", ((2, 2),), {"border_mode": "same"}).config["padding"] == "same"
    assert bind("LeakyReLU", (), {"alpha": 0.1}).config == {"negative_slope": 0.1}


@pytest.mark.parametrize(
    ("text", "tensorflow", "kernel", "strides"),
    [
        ("Conv2D", False, (3, 3), None),
        ("Conv2D", True, 3, 3),
        ("Convolution2D", False, (3, 3), None),
    ],
)
def test_separate_kernel_sizes(
    text: str, tensorflow: bool, kernel: object, strides: object
) -> None:
    bound = bind(text, (32, 3, 3), {}, tensorflow=tensorflow)
    assert bound.config["kernel_size"] == kernel
    assert bound.config.get("strides") == strides
    assert bool(bound.notes) == (text == "Conv2D" and not tensorflow)


def test_aliases_lead_to_signatures() -> None:
    assert set(CLASS_ALIASES.values()) <= SIGNATURES.keys()
    assert not CLASS_ALIASES.keys() & SIGNATURES.keys()


def test_global_data_format() -> None:
    model = one("K.set_image_dim_ordering('th')\nm = Sequential([Conv2D(8, 3), Dense(2)])")
    assert model.layers[0].config["data_format"] == "channels_first"
    assert "data_format" not in model.layers[1].config


def test_training_facts() -> None:
    model = one("""
        batch = 64 * 2
        model = Sequential([Dense(10)])
        model.compile(loss=keras.losses.categorical_crossentropy,
                      optimizer=keras.optimizers.SGD(lr=0.01, momentum=.9), metrics=['acc'])
        history = model.fit(x_train, y_train, batch_size=batch, nb_epoch=12, verbose=1)
        model.evaluate(x_test, y_test, batch_size=7)
    """)
    assert model.training == {
        "loss": "categorical_crossentropy",
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "batch_size": 128,
        "epochs": 12,
    }


def test_what_the_code_trains_with_is_said() -> None:
    code = """
model = Sequential([Dense(10, input_shape=(4,))])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(lr=0.01))
model.fit(x, y, 128, 12)
model.evaluate(x_test, y_test, batch_size=7)
"""
    text = (
        "the code trains with optimizer sgd, learning_rate 0.01, loss mse, batch_size 128, "
        "epochs 12"
    )
    table = "dense (Dense)  (None, 10)  50\nTotal params: 50\n"
    for source in (code, code + "\nLayer (type)  Output Shape  Param #\n=====\n" + table):
        network = convcost.read(source)
        assert [note.text for note in network.notes if "trains" in note.text] == [text]
    assert not any("trains" in note.text for note in convcost.read(table).notes)


# --- what is not known stays unknown ---


def test_an_unknown_argument_is_marked_and_noted() -> None:
    model = one("m = Sequential([Conv2D(n, 3, input_shape=x.shape[1:], kernel_regularizer=l2(w))])")
    assert model.layers[0].config["filters"] == NotLiteral("n")
    assert model.layers[0].config["input_shape"] == NotLiteral("x.shape[1:]")
    assert model.input_shape is None
    assert model.notes == (
        (1, "filters=n is not a literal"),
        (1, "input_shape=x.shape[1:] is not a literal"),
    )


def test_an_undecided_condition_leaves_out_both_sides_and_says_so() -> None:
    model = one("""
        m = Sequential([Dense(1)])
        if use_dropout:
            m.add(Dropout(.5))
        else:
            m.add(Dense(3))
        if verbose:
            print("nothing to do with layers")
        m.add(Dense(2))
    """)
    assert classes(model) == ["Dense", "Dense"]
    ((line, text),) = model.unread
    assert line == 3
    assert "use_dropout" in text


def test_loops_that_cannot_be_unrolled_are_said() -> None:
    model = one("""
        m = Sequential([Dense(1)])
        for n in sizes:
            m.add(Dense(n))
        while busy:
            m.add(Dense(1))
    """)
    assert len(model.layers) == 1
    assert [line for line, _ in model.unread] == [3, 5]


def test_custom_layers_keep_their_name() -> None:
    model = one("m = Sequential([Dense(4), CapsuleLayer(10, dim=16, name='caps')])")
    caps = model.layer("caps")
    assert (caps.class_name, caps.known) == ("CapsuleLayer", False)
    assert caps.config == {"arguments": (10,), "dim": 16}


def test_other_libraries_are_not_keras() -> None:
    assert not find_models("net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.ReLU())")
    assert not find_models("from torch.nn import *\nmodel = Sequential(Flatten(), Dropout(0.5))")
    assert not find_models("import torch.nn as nn\nnet = nn.Sequential()\nnet.add(nn.Dropout(.5))")
