"""What the tests of single rewrites share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import convcost
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.surgery import rebuilt
from convcost.network.tensor import Tensor
from convcost.ops.input import Input
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.write.values import Values
from support.written import onnx_outputs

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op


def image(*, first: bool = False, channel: int = 8, **sizes: int) -> Tensor:
    """An image, channels first or last; 9 x 8 where no sizes are given."""
    sizes = sizes or {"height": 9, "width": 8}
    channels = {"channel": channel}
    return Tensor.of(batch=BATCH, **(channels | sizes if first else sizes | channels))


def chain(*layers: tuple[str, Op], image: Tensor) -> Network:
    """Layers behind each other."""
    builder = Builder("chain")
    x = builder.add(Input(image), name="image")
    for name, op in layers:
        x = builder.add(op, x, name=name)
    return builder.build()


def numbered(net: Network, seed: int = 0) -> Network:
    """The network with random numbers that count as its own."""
    values = Values(net, seed)
    table = dict(net.table)
    for layer in net.layers:
        for id_, array in zip(layer.parameters, values.of(layer).values(), strict=True):
            table[id_] = replace(table[id_], values=lambda array=array: array)
    return replace(net, table=table)


def with_numbers(net: Network, layer: str, **arrays: Any) -> Network:
    """The network with other numbers of one layer."""
    names = [id_.rpartition("/")[2] for id_ in net.layer(layer).parameters]
    table = dict(net.table)
    for name, array in arrays.items():
        id_ = net.layer(layer).parameters[names.index(name)]
        table[id_] = replace(table[id_], values=lambda array=array: array)
    return replace(net, table=table)


def numbers(net: Network, layer: str) -> dict[str, np.ndarray]:
    """Those of a layer's parameters, all of which it has to have."""
    found = net.layer(layer)
    assert all(net.table[id_].values is not None for id_ in found.parameters)
    return Values(net).of(found)


def rewritten(rewrite: Rewrite, net: Network, layer: str, size: int | None = None) -> Network:
    """The network after one rewrite of one layer, whether it saves anything or not."""
    sizes = () if size is None else (size,)
    site = Site(layer=layer, layers=(layer,), text="", sizes=sizes)
    return rebuilt(net, rewrite.changes(net, site, size))


def found(rewrite: Rewrite, net: Network, layer: str) -> Site | Refused | None:
    """What a rewrite says about a layer; None where it says nothing."""
    return {each.layer: each for each in rewrite.sites(net)}.get(layer)


def refused(rewrite: Rewrite, net: Network, layer: str) -> str:
    """The reason why it is."""
    each = found(rewrite, net, layer)
    assert isinstance(each, Refused), each
    return each.why


def macs(net: Network) -> int:
    return convcost.count(net, batch=1).total.forward.macs


def parameters(net: Network) -> int:
    return convcost.count(net, batch=1).total.parameters


def results(net: Network, batch: int = 2) -> list[np.ndarray]:
    """What ONNX Runtime computes of the same random inputs."""
    state = np.random.default_rng(5)
    inputs = [layer.outputs[0] for layer in net.layers if isinstance(layer.op, Input)]
    shapes = [tuple(s if isinstance(s, int) else batch for s in x.shape) for x in inputs]
    return onnx_outputs(net, [state.standard_normal(s, "float32") for s in shapes])


def assert_same_results(after: Network, before: Network) -> None:
    """Equal but for the rounding of every product in single precision, by its summands."""
    rounding = sum(
        math.sqrt(equation.reduction)
        for net in (before, after)
        for layer in net.layers
        for equation in layer.op.equations(net.call(layer))
    )
    for found, wanted in zip(results(after), results(before), strict=True):
        assert found.shape == wanted.shape
        assert np.isfinite(wanted).all()
        allowed = 4 * np.finfo("float32").eps * (1 + rounding) * np.abs(wanted).max()
        assert np.abs(found - wanted).max() <= allowed
