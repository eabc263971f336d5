"""Small Keras models whose layers have no trivial weights: `keras_models()[name]` = layers."""

from __future__ import annotations

from typing import Any

import pytest


def keras_models() -> dict[str, tuple[Any, ...]]:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers, image = keras.layers, keras.Input
    return {
        "LSTM": (image((7, 5)), layers.LSTM(4, return_sequences=True), layers.Dense(2)),
        "GRU": (image((7, 5)), layers.GRU(3, return_sequences=True),
                layers.GRU(3, reset_after=False)),
        "simple": (image((7, 5)), layers.SimpleRNN(4)),
        "embedding": (image((7,)), layers.Embedding(10, 4), layers.GlobalAveragePooling1D()),
        "images": (
            image((16, 16, 3)), layers.SeparableConv2D(8, 3, strides=2, padding="same"),
            layers.BatchNormalization(), layers.LeakyReLU(),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
            layers.Conv2DTranspose(4, 5, strides=2),
            layers.AveragePooling2D(3, 2, padding="same"), layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ),
        "sequences": (
            image((16, 3)), layers.Conv1D(4, 3, padding="causal"), layers.MaxPooling1D(2),
            layers.ZeroPadding1D(2), layers.Cropping1D(1), layers.UpSampling1D(2),
            layers.Reshape((-1, 2)), layers.Permute((2, 1)), layers.LayerNormalization(),
        ),
        "larger": (
            image((8, 8, 3)), layers.UpSampling2D(2, interpolation="bilinear"),
            layers.Conv2D(4, 3, activation="gelu"), layers.GroupNormalization(2),
            layers.PReLU(shared_axes=[1]), layers.ELU(0.3),
            layers.GlobalMaxPooling2D(keepdims=True),
        ),
        "prepared": (
            image((8, 8, 3)), layers.Rescaling(1 / 127.5, -1),
            layers.DepthwiseConv2D((3, 5), depth_multiplier=2, dilation_rate=(2, 1)),
            layers.SpatialDropout2D(0.1), layers.Softmax(), layers.Activation("mish"),
        ),
        "volumes": (
            image((6, 6, 6, 2)), layers.Conv3D(3, 3, padding="same"), layers.MaxPooling3D(2),
            layers.GlobalAveragePooling3D(), layers.RepeatVector(3),
        ),
    }  # fmt: skip
