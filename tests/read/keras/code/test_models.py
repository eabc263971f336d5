"""Models in pasted code: every style of writing one."""

from __future__ import annotations

from textwrap import dedent

import pytest

import convcost
from convcost.read.keras.code.reading import find_models
from convcost.read.keras.config import LayerConfig
from support.pasted import classes, one, sources

# --- the ways to write a sequential model ---


@pytest.mark.parametrize(
    "text",
    [
        """
        model = Sequential()
        model.add(Conv2D(32, (3, 3), activation="relu", input_shape=(32, 32, 3), padding="same"))
        model.add(Flatten())
        model.add(Dense(10))
        """,
        """
        model = Sequential([
            Conv2D(32, (3, 3), activation="relu", padding="same", input_shape=(32, 32, 3)),
            Flatten(),   # a comment
            Dense(10),
        ])
        """,
        """
        import tensorflow as tf
        model = tf.keras.models.Sequential()
        model.add(tf.keras.layers.Conv2D(filters=32, kernel_size=(3, 3), activation=tf.nn.relu,
                                         input_shape=(32, 32, 3), padding="SAME"))
        model.add(tf.keras.layers.Flatten())
        model.add(tf.keras.layers.Dense(units=10))
        """,
        """
        from keras.layers import Conv2D as C, Flatten, Dense
        n = 16
        size = (32, 32)
        model = keras.Sequential(layers=[C(n * 2, (3,) * 2, activation="relu", padding="same",
                                           input_shape=size + (3,)), Flatten(), Dense(n - 6)])
        """,
        """
        model = Sequential()
        model.add(Convolution2D(32, 3, 3, border_mode='same', activation='relu',
                                input_shape=(32, 32, 3)))
        model.add(Flatten())
        model.add(Dense(output_dim=10))
        """,
        """
        model = Sequential()
        model.add(Convolution2D(nb_filter=32, nb_row=3, nb_col=3, border_mode='same',
                                activation='relu', batch_input_shape=(None, 32, 32, 3)))
        model.add(Flatten())
        model.add(Dense(10))
        """,
    ],
    ids=["add", "list", "tf.keras", "constants", "keras 1", "keras 1 by name"],
)
def test_sequential_styles_read_the_same(text: str) -> None:
    model = one(text)
    assert model.class_name == "Sequential"
    assert model.input_shape == (32, 32, 3)
    assert classes(model) == ["Conv2D", "Flatten", "Dense"]
    assert [layer.name for layer in model.layers] == ["conv2d", "flatten", "dense"]
    conv = model.layers[0]
    stated = {key: conv.config[key] for key in ("filters", "kernel_size", "activation", "padding")}
    assert stated == {
        "filters": 32,
        "kernel_size": (3, 3),
        "activation": "relu",
        "padding": "same",
    }
    assert model.layers[2].config["units"] == 10
    assert sources(model) == {
        "conv2d": [()],
        "flatten": [(("conv2d", 0, 0),)],
        "dense": [(("flatten", 0, 0),)],
    }
    assert model.outputs == (("dense", 0, 0),)
    assert model.inputs == ()
    assert model.notes == model.unread == ()


def test_explicit_input_of_a_sequential_model() -> None:
    model = one("m = Sequential([keras.Input(shape=(28, 28, 1)), Conv2D(8, 3), Flatten()])")
    assert classes(model) == ["InputLayer", "Conv2D", "Flatten"]
    assert model.inputs == (("input_layer", 0, 0),)
    assert model.input_shape == (28, 28, 1)
    assert model.with_input_layers() == model


def test_input_layers_can_be_made_explicit() -> None:
    model = one("m = Sequential([Conv2D(8, 3, input_shape=(28, 28, 1))])").with_input_layers()
    assert classes(model) == ["InputLayer", "Conv2D"]
    assert model.layers[0].config == {"shape": (28, 28, 1)}
    assert model.layers[1].calls[0].inputs == (("conv2d_input", 0, 0),)


def test_pop_and_build() -> None:
    model = one("m = Sequential([Dense(4), Dense(5)])\nm.pop()\nm.build((None, 7))")
    assert classes(model) == ["Dense"]
    assert model.input_shape == (7,)


def test_a_missing_first_line_is_made_up_for() -> None:
    model = one("model.add(Conv2D(8, 3, input_shape=(8, 8, 3)))\nmodel.add(Flatten())")
    assert classes(model) == ["Conv2D", "Flatten"]
    assert model.notes == ((1, "model is not defined in the text; taken as a new Sequential()"),)


# --- functional models ---


def test_functional_model_with_branches_and_a_shared_layer() -> None:
    model = one("""
        inputs = keras.Input(shape=(32, 32, 3), name="image")
        shared = layers.Conv2D(8, 3, padding="same")
        a = shared(inputs)
        b = shared(layers.Conv2D(3, 1)(inputs))
        x = layers.Add()([a, b])
        x = concatenate([x, a], axis=-1)
        out = Dense(10)(Flatten()(x))
        model = Model(inputs=inputs, outputs=out, name="net")
    """)
    assert (model.class_name, model.name, model.input_shape) == ("Functional", "net", (32, 32, 3))
    assert sources(model) == {
        "image": [()],
        "conv2d": [(("image", 0, 0),), (("conv2d_1", 0, 0),)],
        "conv2d_1": [(("image", 0, 0),)],
        "add": [(("conv2d", 0, 0), ("conv2d", 1, 0))],
        "concatenate": [(("add", 0, 0), ("conv2d", 0, 0))],
        "flatten": [(("concatenate", 0, 0),)],
        "dense": [(("flatten", 0, 0),)],
    }
    assert model.layer("concatenate").config == {"axis": -1}


def test_nested_models_are_layers() -> None:
    model = one("""
        inner = Sequential([Conv2D(8, 3), Flatten()], name="features")
        left, right = Input((16, 16, 3)), Input((16, 16, 3))
        both = concatenate([inner(left), inner(right)])
        net = Model([left, right], Dense(1)(both))
    """)
    features = model.layer("features")
    assert features.class_name == "Sequential"
    assert [call.inputs[0][0] for call in features.calls] == ["input_layer", "input_layer_1"]
    assert features.model is not None
    assert classes(features.model) == ["Conv2D", "Flatten"]
    assert len(model.inputs) == 2
    assert model.input_shape is None


def test_a_model_run_on_data_stays_a_model_of_its_own() -> None:
    assert classes(one("m = Sequential([Dense(3)])\ny = m(x_test)\nz = m(Input((4,)))")) == [
        "Dense"
    ]


def test_a_model_may_begin_inside_another_one() -> None:
    encoder, decoder = find_models(
        dedent("""
        i = Input((8,))
        h = Dense(4, name="code")(i)
        o = Dense(8)(h)
        whole = Model(i, o)
        tail = Model(h, o)
        """)
    )
    assert classes(encoder) == ["InputLayer", "Dense", "Dense"]
    assert classes(decoder) == ["InputLayer", "Dense"]
    assert decoder.inputs == (("code_input", 0, 0),)


def test_helper_functions_loops_and_names() -> None:
    model = one("""
        def block(x, filters, *, size=3, name=None):
            '''A docstring: Conv2D(1, 1)(x)'''
            x = Conv2D(filters, (size, size), name=f"{name}_conv", use_bias=False)(x)
            x = BatchNormalization(name=name + "_bn")(x)
            return Activation("relu")(x)

        x = inputs = Input((64, 64, 3))
        for i, filters in enumerate([16, 32]):
            x = block(x, filters, name="b%d" % i)
            if i % 2 == 0:
                x = MaxPooling2D(2)(x)
            elif i > 5:
                x = Dense(1)(x)
            else:
                x = Dropout(.5)(x)
        for units in reversed(range(2, 4)):
            x = Dense(units)(x)
        Model(inputs, x)
    """)
    assert [layer.name for layer in model.layers] == [
        *("input_layer", "b0_conv", "b0_bn", "activation", "max_pooling2d"),
        *("b1_conv", "b1_bn", "activation_1", "dropout", "dense", "dense_1"),
    ]
    assert model.layer("b1_conv").config["filters"] == 32
    assert model.layer("dense").config["units"] == 3
    assert model.layer("b0_conv").line == 4


def test_a_function_that_nobody_calls_still_builds_its_model() -> None:
    model = one("""
        class LeNet:
            @staticmethod
            def build(width, height, depth=1):
                model = Sequential()
                shape = (height, width, depth)
                if K.image_data_format() == "channels_first":
                    shape = (depth, height, width)
                model.add(Conv2D(20, (5, 5), input_shape=shape))
                return model
    """)
    assert model.input_shape == (None, None, 1)
    assert (9, "input_shape=(height, width, 1): height, width not literal") in model.notes
    assert any("channels last" in text for _, text in model.notes)


def test_a_function_that_is_called_is_read_once() -> None:
    text = "def net(n):\n    return Sequential([Dense(n)])\nmodel = net(5)"
    assert one(text).layers[0].config == {"units": 5}


def test_subclassed_model() -> None:
    model = one("""
        class Net(keras.Model):
            def __init__(self, units=10):
                super().__init__()
                self.conv = layers.Conv2D(32, 3)
                self.dense = layers.Dense(units)

            def call(self, x, training=False):
                return self.dense(self.conv(x))

        net = Net(5)
        net.compile("adam", "mse")
    """)
    assert classes(model) == ["InputLayer", "Conv2D", "Dense"]
    assert model.layer("dense").config == {"units": 5}
    assert model.training == {"optimizer": "adam", "loss": "mse"}


def test_models_in_models_are_followed_as_deep_as_in_files() -> None:
    lines = ["m = Sequential([Dense(2, input_shape=(3,))])", *["m = Sequential([m])"] * 20]
    network = convcost.read("\n".join(lines) + "\n")
    assert convcost.count(network).total.parameters == 8


def test_partial_and_unpacked_arguments() -> None:
    model = one("""
        Conv = partial(Conv2D, kernel_size=3, padding="same")
        common = dict(activation="relu")
        m = Sequential([Conv(8, **common), Conv(9, **{"strides": 2}), *[Dense(i) for i in (1, 2)]])
    """)
    assert model.layers[0].config == {
        "filters": 8,
        "kernel_size": 3,
        "padding": "same",
        "activation": "relu",
    }
    assert model.layers[1].config["strides"] == 2
    assert [layer.config["units"] for layer in model.layers[2:]] == [1, 2]


def test_functions_and_operators_of_tensors() -> None:
    model = one("""
        i = Input((8, 8, 4))
        x = tf.nn.relu(Conv2D(4, 1)(i)) + i
        y = tf.image.resize(x * 0.5, (16, 16))
        Model(i, y[:, 0])
    """)
    assert classes(model) == [
        *("InputLayer", "Conv2D", "Activation", "Add", "Multiply", "resize", "GetItem"),
    ]
    assert model.layer("activation").config == {"activation": "relu"}
    assert model.layer("multiply").config == {"operand": 0.5}
    assert not model.layer("resize").known


def test_transfer_learning() -> None:
    model = one("""
        base = VGG16(weights="imagenet", include_top=False, input_shape=(224, 224, 3))
        base.trainable = False
        x = GlobalAveragePooling2D()(base.output)
        model = Model(inputs=base.input, outputs=Dense(10)(x))
    """)
    assert classes(model) == ["InputLayer", "VGG16", "GlobalAveragePooling2D", "Dense"]
    assert not model.layer("vgg16").known
    assert model.layer("vgg16").config["trainable"] is False
    assert model.input_shape == (224, 224, 3)


def test_wrapped_layers_are_values() -> None:
    model = one("m = Sequential([TimeDistributed(Conv2D(4, 3)), Bidirectional(LSTM(8))])")
    inner = model.layers[0].config["layer"]
    assert isinstance(inner, LayerConfig)
    assert (inner.class_name, inner.config, inner.calls) == (
        "Conv2D",
        {"filters": 4, "kernel_size": 3},
        (),
    )


def test_loose_layers_are_one_model() -> None:
    model = one("x = Conv2D(8, 3)(image)\ny = Dense(2)(Flatten()(x))")
    assert classes(model) == ["InputLayer", "Conv2D", "Flatten", "Dense"]
    assert model.outputs == (("dense", 0, 0),)
    assert (1, "image is not defined in the text; taken as an input") in model.notes


def test_merge_of_keras_1() -> None:
    model = one("""
        left = Sequential(); left.add(Dense(3, input_dim=4))
        right = Sequential(); right.add(Dense(3, input_dim=5))
        m = Sequential()
        m.add(Merge([left, right], mode='concat', concat_axis=1))
        m.add(Dense(2))
    """)
    assert classes(model) == ["Sequential", "Sequential", "Concatenate", "Dense"]
    assert [layer.model.input_shape for layer in model.layers[:2] if layer.model] == [(4,), (5,)]
    assert model.layer("concatenate").config == {"axis": 1}
