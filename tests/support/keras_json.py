"""Configurations as versions of Keras write them, made by hand."""

import json
from typing import Any

import convcost
from convcost.network.network import Network

Json = dict[str, Any]


def read(document: object) -> Network:
    return convcost.read(json.dumps(document))


def layer(kind: str, name: str, inbound: list[Any] | None = None, **config: Any) -> Json:
    """A layer as Keras 2 writes it."""
    config = {"name": name, "trainable": True, **config}
    entry = {"class_name": kind, "config": config}
    return entry if inbound is None else {**entry, "name": name, "inbound_nodes": inbound}


def model(layers: list[Json], inputs: list[Any], outputs: list[Any], name: str = "net") -> Json:
    config = {"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": config, "keras_version": "2.9.0"}


def image(name: str = "image", *shape: int | None) -> Json:
    return layer("InputLayer", name, [], batch_input_shape=[None, *(shape or (8, 8, 3))])


def conv(name: str, inbound: list[Any] | None = None, **config: Any) -> Json:
    given = {"filters": 4, "kernel_size": [3, 3], "padding": "same", "use_bias": True, **config}
    return layer("Conv2D", name, inbound, **given)


def on(*names: str) -> list[Any]:
    """One call on the first outputs of some layers."""
    return [[[name, 0, 0, {}] for name in names]]


def tensor(name: str, call: int, *shape: int | None) -> Json:
    config = {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, call, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args: Any, **kwargs: Any) -> Json:
    """A call as Keras 3 writes it."""
    return {"args": list(args), "kwargs": kwargs}
