"""Seed 001: a perceptron and two small convolutional networks on MNIST."""

from typing import Annotated

from convcost.network.builder import BATCH
from convcost.network.network import Network
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain
from convcost.zoo.registry import About, Accuracy, network

_POST = (
    "Stack Overflow, 'Why is a CNN slower to train than a fully connected MLP in Keras?', "
    "https://stackoverflow.com/questions/43120953"
)
_EXAMPLES = "https://github.com/keras-team/keras/blob/2.0.0/examples"


@network(
    "seed001-mlp",
    title="perceptron on MNIST with two hidden layers of 512",
    source=f"{_POST}; its code: {_EXAMPLES}/mnist_mlp.py",
    top1=Accuracy(98.40, "MNIST", f"{_EXAMPLES}/mnist_mlp.py, 'after 20 epochs'"),
)
def mlp() -> Network:
    """Keras's example as it is; layer names are the post's."""
    layers = [
        ("dense_33_input", Input(Tensor.of(batch=BATCH, feature=784))),
        ("dense_33", Dense(units=512, activation="relu")),
        ("dropout_16", Dropout(0.2)),
        ("dense_34", Dense(units=512, activation="relu")),
        ("dropout_17", Dropout(0.2)),
        ("dense_35", Dense(units=10, activation="softmax")),
    ]
    return chain("seed001-mlp", layers, framework="keras")


@network(
    "seed001-cnn",
    title="two 3x3 convolutions on MNIST, no hidden dense layer",
    source=f"{_POST}; its code: {_EXAMPLES}/mnist_cnn.py",
)
def cnn(
    *,
    filters: Annotated[tuple[int, int], About("filters of the two convolutions", 1, 4096)] = (
        32,
        64,
    ),
) -> Network:
    """Keras's example without its last hidden layer; layer names are the post's."""
    names = ("conv2d_36", "conv2d_37", "max_pooling2d_17", "dropout_22", "flatten_17", "dense_40")
    return _cnn("seed001-cnn", filters, names)


@network(
    "seed001-cnn4",
    title="two 3x3 convolutions on MNIST of only 4 filters each",
    source=f"{_POST}; its code: {_EXAMPLES}/mnist_cnn.py",
)
def cnn4() -> Network:
    """The post's third network: 4 filters in each convolution.

    Same as ``seed001-cnn?filters=4``, with the layer names of the post's third table.
    """
    names = ("conv2d_38", "conv2d_39", "max_pooling2d_18", "dropout_23", "flatten_18", "dense_41")
    return _cnn("seed001-cnn4", (4, 4), names)


def _cnn(name: str, filters: tuple[int, int], names: tuple[str, ...]) -> Network:
    image = Input(Tensor.of(batch=BATCH, height=28, width=28, channel=1))
    ops = (
        Conv(filters=filters[0], windows=window(3), activation="relu"),
        Conv(filters=filters[1], windows=window(3), activation="relu"),
        Pool(function="max", windows=window(2, 2)),
        Dropout(0.25),
        Flatten(),
        Dense(units=10, activation="softmax"),
    )
    layers = [(f"{names[0]}_input", image), *zip(names, ops, strict=True)]
    return chain(name, layers, framework="keras")
