"""Names of layers as names that Keras and its backends accept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Keras refuses a slash, TensorFlow, which makes scopes of layers' names, other letters, and
#: PyTorch, which makes parameters of them, a dot.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]+")
_FIRST = re.compile(r"[A-Za-z0-9]")


class Names:
    """Names of a model's layers, each given once, and the network's layers that they belong to.

    A layer of the network has its own name, with underscores for dots and slashes; what else is
    written for it has a part's name behind that.

    Args:
        layers: the names of the network's layers.

    >>> names = Names(["conv", "block/conv", "relu (2)", "conv_pad"])
    >>> [names.of(layer) for layer in ("conv", "block/conv", "relu (2)")]
    ['conv', 'block_conv', 'relu_2_']
    >>> names.of("conv", "pad"), names.owners["conv_pad_2"]
    ('conv_pad_2', 'conv')
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self._taken: dict[str, int] = {}
        # before any part is named, so that no layer loses its name to one
        self._own = {layer: unique(plain(layer), self._taken) for layer in layers}
        self._used: set[str] = set()
        #: name in the model -> the network's layer
        self.owners: dict[str, str] = {}

    def of(self, layer: str, part: str = "") -> str:
        """A name that is not taken: the layer's own, once, or one for a part of it."""
        name = self._own[layer]
        if part or name in self._used:
            name = unique(f"{name}_{part}" if part else name, self._taken)
        self._used.add(name)
        self.owners[name] = layer
        return name


def plain(name: str) -> str:
    """A name as Keras accepts it.

    >>> plain("/features/0/Conv"), plain("x y"), plain("_")
    ('features_0_Conv', 'x_y', 'layer_')
    """
    made = _FORBIDDEN.sub("_", name.strip("/"))
    return made if _FIRST.match(made) else f"layer{made}"
