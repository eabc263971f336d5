"""What each row of the published tables stands for, counted as the papers count.

A row is (set, model, row, quantity) of a table such as the one that `check` reads. Networks of the
zoo where it has them, small ones built here, and MobileNet v2 from Keras where Keras is installed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import convcost
from convcost import zoo
from convcost.count.conventions import paper
from convcost.count.conventions.difference import count_as
from convcost.explain.folding import fold_advice
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op


class NotCountedError(LookupError):
    """Why a row has no figure here."""


def total(network: Network, quantity: str, chosen: Callable[[str], bool] = bool) -> int:
    """MACs or kernels of some layers, by the convention ``paper``.

    Args:
        network: what they are layers of.
        quantity: ``MACs``, or another word for parameters.
        chosen: by the layer's name.
    """
    if quantity == "MACs":
        rows = count_as(network, "paper").layers
        return sum(row.theirs or 0 for row in rows if chosen(row.name))
    return paper.parameters(network.bind({str(BATCH): 1}), chosen)


@cache
def load(name: str) -> Network:
    """A network of the zoo."""
    return zoo.load(name)


def chain(image: int, channels: int, *ops: Op) -> Network:
    """Ops one after the other on square images."""
    builder = Builder("chain")
    last = builder.add(Input(Tensor.of(batch=1, height=image, width=image, channel=channels)))
    for op in ops:
        last = builder.add(op, last)
    return builder.build()


def conv(filters: int, kernel: int | tuple[int, int], stride: int = 1) -> Conv:
    """A convolution without a bias that keeps the image's size, but for the stride."""
    windows = window(kernel, stride, padding="same")
    return Conv(filters=filters, windows=windows, bias=False)


def depthwise(kernel: int, stride: int = 1, multiplier: int = 1) -> DepthwiseConv:
    """The same for a depthwise convolution."""
    windows = window(kernel, stride, padding="same")
    return DepthwiseConv(windows=windows, multiplier=multiplier, bias=False)


def dense_mobilenet() -> Network:
    """MobileNet with a plain convolution for each depthwise separable one (its table 4)."""
    ops: list[Op] = []
    for layer in load("mobilenet").layers:
        match layer.op:
            case DepthwiseConv(windows=windows):
                stride = int(windows[0].stride)
            case Conv() if layer.name.startswith("conv_pw_"):
                ops.append(conv(int(layer.op.filters), 3, stride))
            case Conv() if layer.name == "conv1":
                ops.append(layer.op)
    return _joined(chain(224, 3, *ops), chain(1, 1024, conv(1000, 1)))


def _joined(*networks: Network) -> Network:
    """Layers of several networks as one list, to be counted only."""
    layers: list[Layer] = []
    table = {}
    for number, network in enumerate(networks):
        layers += [
            replace(
                layer,
                name=f"{number}/{layer.name}",
                inputs=tuple(replace(r, layer=f"{number}/{r.layer}") for r in layer.inputs),
                parameters=tuple(f"{number}/{id_}" for id_ in layer.parameters),
            )
            for layer in network.layers
        ]
        table |= {f"{number}/{id_}": p for id_, p in network.table.items()}
    return replace(networks[0], layers=tuple(layers), table=table)


def folded_away(network: Network) -> int:
    """Parameters and statistics that vanish when every BatchNorm behind a convolution is folded."""
    away = 0
    for layer in network.layers:
        if not isinstance(layer.op, BatchNorm):
            continue
        into = re.match(r"fold it into (\S+) \(exact", fold_advice(network, [layer.name]))
        if into is None:
            continue
        sizes = [int(network.table[id_].elements) for id_ in layer.parameters]
        has_bias = getattr(network.layer(into.group(1)).op, "bias", False)
        away += sum(sizes) - (0 if has_bias else sizes[0])
    return away


def _googlenet(row: str, quantity: str) -> int:
    begins = {
        "conv1 7x7/2 (112x112x64)": "conv1/",
        "conv2 1x1+3x3 (56x56x192)": "conv2/",
        "linear 1024->1000": "loss3/",
        "TOTAL": "",
    }
    module = row.removeprefix("inception (").removesuffix(")")
    prefix = begins.get(row, f"inception_{module}/")
    return total(load("googlenet"), quantity, lambda name: name.startswith(prefix))


def _branch(row: str, quantity: str) -> int:
    if "direct" in row:
        return total(chain(28, 192, conv(32, 5)), quantity)
    return total(load("inception-v1-block"), quantity, lambda name: "/5x5" in name)


def _rule(row: str, quantity: str) -> Fraction:
    del quantity
    before, after = {
        "5x5 -> two 3x3": ([5], [3, 3]),
        "3x3 -> 3x1+1x3": ([3], [(3, 1), (1, 3)]),
        "3x3 -> two 2x2": ([3], [2, 2]),
    }[row]
    one, other = (
        total(chain(32, 64, *(conv(64, kernel) for kernel in kernels)), "MACs")
        for kernels in (before, after)
    )
    return Fraction(other, one)


def _stored(name: str, quantity: str, *, statistics: bool) -> int:
    whole = convcost.count(load(name)).total
    if quantity == "MACs":
        return count_as(load(name), "paper").operations
    return int(whole.parameters + (whole.statistics if statistics else 0))


def _mobilenet(model: str, quantity: str) -> int:
    alpha, image = model.split()[-2:]
    return _stored(f"mobilenet?alpha={alpha}&image={image}", quantity, statistics=False)


def _of_keras(name: str, **options: Any) -> Network:
    try:
        import keras
    except ImportError:
        raise NotCountedError("the network is not in the zoo, and Keras is not installed") from None
    return convcost.read(getattr(keras.applications, name)(weights=None, **options))


@cache
def mobilenet_v2(model: str) -> Network:
    """That of Keras, by a name that ends in its width and resolution."""
    alpha, image = model.split()[-2:]
    shape = (int(image), int(image), 3)
    return _of_keras("MobileNetV2", input_shape=shape, alpha=float(alpha))


def _mobilenet_v2(model: str, quantity: str) -> int:
    network = mobilenet_v2(model)
    if quantity == "MACs":
        return count_as(network, "paper").operations
    whole = convcost.count(network).total
    return int(whole.parameters + whole.statistics)


_KINDS: Mapping[str, Callable[[str], bool]] = {
    "Conv 1x1": lambda name: name.startswith("conv_pw_"),
    "Conv DW 3x3": lambda name: name.startswith("conv_dw_"),
    "Conv 3x3": lambda name: name.startswith("conv1"),
    "Fully Connected": lambda name: name == "conv_preds",
}


def _share(row: str, quantity: str) -> int:
    return total(load("mobilenet"), "MACs" if "mult" in quantity else "params", _KINDS[row])


def _one_layer(row: str, quantity: str) -> int:
    if row == "Convolution":
        return total(chain(14, 512, conv(512, 3)), quantity)
    width, image = {
        "Depthwise separable": (512, 14), "alpha=0.75": (384, 14), "rho=0.714 (10x10)": (384, 10),
    }[row]  # fmt: skip
    return total(chain(image, width, depthwise(3), conv(width, 1)), quantity)


def _variant(model: str, quantity: str) -> int:
    if model.startswith("Conv MobileNet"):
        return total(dense_mobilenet(), quantity)
    if model.startswith("Shallow"):
        # the five layers of 14 x 14 x 512 that follow each other
        removed = {f"conv_{part}_{number}" for part in ("dw", "pw") for number in range(7, 12)}
        return total(load("mobilenet"), quantity, lambda name: name not in removed)
    return total(
        load("mobilenet?alpha=0.75" if model.startswith("0.75") else "mobilenet"), quantity
    )


_FOLDED = {
    "MobileNet (1.0) 224": "mobilenet",
    "ResNet50 224": "resnet50-keras",
    "Inception_v3 299": "inception-v3",
    "Xception 299": "xception",
}


_FOLDED_OF_KERAS = {
    "DenseNet121 224": "DenseNet121",
    "NasNetMobile 224": "NASNetMobile",
    "NasNetLarge 331": "NASNetLarge",
    "Inception_Resnet_v2 299": "InceptionResNetV2",
    "ResNet152 224": "ResNet152",
}


def _folding(model: str) -> int:
    if model in _FOLDED:
        return folded_away(load(_FOLDED[model]))
    if model in _FOLDED_OF_KERAS:
        return folded_away(_of_keras(_FOLDED_OF_KERAS[model]))
    raise NotCountedError("the network is neither in the zoo nor in keras.applications")


def _cumulated(row: str) -> int:
    if not row.startswith("Mixed_"):
        raise NotCountedError("a row of which no exact figure is given")
    blocks = ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c")
    last = f"mixed{blocks.index(row.removeprefix('Mixed_'))}"
    network = load("inception-v3?image=224")
    names = [layer.name for layer in network.layers]
    inside = set(names[: names.index(last) + 1])
    return 2 * total(network, "MACs", inside.__contains__)


def counted(set_: str, model: str, row: str, quantity: str) -> int | Fraction:
    """The exact figure of a row: parameters, MACs, FLOPs or a ratio.

    Raises:
        NotCountedError: there is no rule for the row, or what it is about is not at hand.
    """
    match set_:
        case "googlenet_t1" if quantity in {"MACs", "params"}:
            return _googlenet(row, quantity)
        case "googlenet_3a_5x5":
            return _branch(row, quantity)
        case "inception_v3" if quantity == "relative cost":
            return _rule(row, quantity)
        case "inception_v3" if model == "Inception-v3 299":
            return _stored("inception-v3", quantity, statistics=True)
        case "xception" if model.startswith("Inception V3"):
            return _stored("inception-v3", quantity, statistics=False)
        case "xception" if model == "Xception 299":
            return _stored("xception", quantity, statistics=False)
        case "mobilenet_v1_slim" | "keras_doc":
            return _mobilenet(model.removesuffix(" (TF Keras docs)"), quantity)
        case "mobilenet_v2_slim":
            return _mobilenet_v2(model, quantity)
        case "mobilenet_t2":
            return _share(row, quantity)
        case "mobilenet_t3":
            return _one_layer(row, quantity)
        case "mobilenet_t4" | "mobilenet_t5":
            return _variant(model, quantity)
        case "kito_bn_fold" if quantity == "params":
            return _folding(model)
        case "rf_inception_v3":
            return _cumulated(row)
        case "rf_inception_v2" if row == "Conv2d_1a_7x7":
            return 2 * total(chain(224, 3, conv(64, 7, 2)), "MACs")
        case "conv_mxnet":
            return total(load("vgg16"), "MACs", lambda name: name.startswith("features"))
        case _:
            raise NotCountedError("no network or no quantity that is counted here")
