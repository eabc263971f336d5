"""Keras layer configurations as ops: the name table of all Keras sources but printed summaries.

Defaults are those of Keras 3 (keras/src/layers). A class without a row is custom or not known: its
layer becomes an `Unknown` op, never a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import Dim, product
from convcost.network.tensor import Axis, Tensor
from convcost.ops import (
    Activation,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalPool,
    Merge,
    Pool,
    Reshape,
    SeparableConv,
    ZeroPadding,
)
from convcost.ops.activation import activation_name
from convcost.ops.window import AXES, Window, window
from convcost.read.axes import axis_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.op import Op


@dataclass(frozen=True, slots=True)
class Site:
    """Where a layer stands: what its configuration has to be read against.

    Attributes:
        config: arguments by their Keras 3 names; absent ones have Keras's defaults.
        inputs: the tensors it is called on.
        channels_first: of the model, where the layer does not say.
    """

    config: Mapping[str, Any]
    inputs: tuple[Tensor, ...]
    channels_first: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or its default."""
        value = self.config.get(name)
        return default if value is None else value

    def need(self, name: str) -> Any:
        """An argument without a default.

        Raises:
            NetworkError: the source does not state it.
        """
        value = self.config.get(name)
        if value is None or not isinstance(value, (int, float, str, tuple, list)):
            raise NetworkError(f"'{name}' is not stated")
        return value

    def windows(self, rank: int, size: str, *, stride: object = 1) -> tuple[Window, ...]:
        """The windows of a layer over so many axes."""
        kernel = self.need(size) if size == "kernel_size" else self.get(size, 2)
        return window(
            _each(kernel, rank),
            _each(self.get("strides", kernel if stride is None else stride), rank),
            padding=str(self.get("padding", "valid")).lower(),  # type: ignore[arg-type]
            dilation=_each(self.get("dilation_rate", 1), rank),
            axes=AXES[rank],
        )

    def activation(self, default: str = "linear") -> str:
        """The standard name of the layer's activation.

        Raises:
            NetworkError: it is not one that convcost knows.
        """
        stated = self.get("activation", default)
        name: str | None = activation_name(str(stated))
        if name is None:
            raise NetworkError(f"activation {stated!r} is not known")
        return str(name)

    def axis(self, default: int = -1) -> str:
        """The name of the axis that the configuration gives by number."""
        position = self.get("axis", default)
        position = position[0] if isinstance(position, (tuple, list)) else position
        name = self.inputs[0].names[position]
        if name is None:
            raise NetworkError(f"axis {position} of {self.inputs[0]} has no name")
        return str(name)


def build(class_name: str, site: Site) -> Op | None:
    """The op of a layer; None for a class that has no row.

    Raises:
        NetworkError: the configuration lacks something, or does not fit the inputs.

    >>> image = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> build("Conv2D", Site({"filters": 4, "kernel_size": (3, 3)}, (image,))).filters
    4
    """
    rule = _RULES.get(class_name)
    return None if rule is None else rule(site)


def _each(value: object, rank: int) -> tuple[Dim, ...]:
    values: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value] * rank
    if len(values) != rank or not all(isinstance(v, int) for v in values):
        raise NetworkError(f"{value!r} is not {rank} whole number{'s' if rank > 1 else ''}")
    return tuple(values)


def _conv(rank: int) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return Conv(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            groups=site.get("groups", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


def _depthwise(rank: int) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return DepthwiseConv(
            windows=site.windows(rank, "kernel_size"),
            multiplier=site.get("depth_multiplier", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


def _separable(rank: int) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return SeparableConv(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            multiplier=site.get("depth_multiplier", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


def _dense(site: Site) -> Op:
    return Dense(
        units=site.need("units"), bias=site.get("use_bias", True), activation=site.activation()
    )


def _pool(rank: int, function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return Pool(function=function, windows=site.windows(rank, "pool_size", stride=None))  # type: ignore[arg-type]

    return rule


def _global_pool(rank: int, function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return GlobalPool(
            function=function,  # type: ignore[arg-type]
            axes=AXES[rank],
            keep_axes=bool(site.get("keepdims", False)),
        )

    return rule


def _batch_norm(site: Site) -> Op:
    return BatchNorm(
        axis=site.axis(), scale=site.get("scale", True), center=site.get("center", True)
    )


def _reshape(site: Site) -> Op:
    target = tuple(site.need("target_shape"))
    known = product(size for size in target if size != -1)
    elements = product(axis.size for axis in site.inputs[0].axes[1:])
    sizes = tuple(elements // known if size == -1 else size for size in target)
    names = axis_names(len(sizes) + 1, channels_first=site.channels_first)[1:]
    return Reshape(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))


def _zero_padding(rank: int) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        stated = site.get("padding", 1)
        per_axis = stated if isinstance(stated, (tuple, list)) else (stated,) * rank
        if rank == 1 and isinstance(stated, (tuple, list)):
            per_axis = (tuple(stated),)
        amounts = []
        for axis, amount in zip(AXES[rank], per_axis, strict=True):
            before, after = amount if isinstance(amount, (tuple, list)) else (amount, amount)
            amounts.append((axis, before, after))
        return ZeroPadding(tuple(amounts))

    return rule


def _activation_layer(function: str | None = None) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        return Activation(function or site.activation())

    return rule


def _relu(site: Site) -> Op:
    if site.get("negative_slope", 0):
        return Activation("leaky_relu")
    return Activation("relu" if site.get("max_value") is None else "relu6")


def _merge(function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        del site
        return Merge(function)  # type: ignore[arg-type]

    return rule


def _dropout(site: Site) -> Op:
    return Dropout(float(site.get("rate", 0.5)))


def _rules() -> Mapping[str, Callable[[Site], Op]]:
    rules: dict[str, Callable[[Site], Op]] = {
        "Dense": _dense,
        "BatchNormalization": _batch_norm,
        "Flatten": lambda _: Flatten(),
        "Reshape": _reshape,
        "Identity": _activation_layer("linear"),
        "Activation": _activation_layer(),
        "ReLU": _relu,
        "LeakyReLU": _activation_layer("leaky_relu"),
        "ELU": _activation_layer("elu"),
        "Softmax": _activation_layer("softmax"),
        "Concatenate": lambda site: Concatenate(site.axis()),
        "Add": _merge("add"),
        "Subtract": _merge("subtract"),
        "Multiply": _merge("multiply"),
        "Average": _merge("average"),
        "Maximum": _merge("maximum"),
        "Minimum": _merge("minimum"),
    }
    for name in ("", "Alpha", "Gaussian"):
        rules[f"{name}Dropout"] = _dropout
    rules["GaussianNoise"] = _dropout
    for rank in (1, 2, 3):
        rules |= {
            f"Conv{rank}D": _conv(rank),
            f"DepthwiseConv{rank}D": _depthwise(rank),
            f"SeparableConv{rank}D": _separable(rank),
            f"MaxPooling{rank}D": _pool(rank, "max"),
            f"AveragePooling{rank}D": _pool(rank, "average"),
            f"GlobalMaxPooling{rank}D": _global_pool(rank, "max"),
            f"GlobalAveragePooling{rank}D": _global_pool(rank, "average"),
            f"ZeroPadding{rank}D": _zero_padding(rank),
            f"SpatialDropout{rank}D": _dropout,
        }
    return rules


_RULES = _rules()
