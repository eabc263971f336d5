"""Activation functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import Activation
from convcost.ops.elementwise import Elementwise
from convcost.read.onnx.step import Step, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.onnx.site import Rule, Site

#: ONNX's name -> ours.
_FUNCTIONS = {
    "Relu": "relu", "LeakyRelu": "leaky_relu", "Elu": "elu", "Selu": "selu", "Celu": "celu",
    "Gelu": "gelu", "HardSwish": "hard_silu", "Mish": "mish",
    "Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign", "Tanh": "tanh",
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "ThresholdedRelu": "threshold",
    "Swish": "silu",
    "com.microsoft:Gelu": "gelu", "com.microsoft:FastGelu": "gelu",
    "com.microsoft:QuickGelu": "gelu", "com.microsoft:QLinearSigmoid": "sigmoid",
    "com.microsoft:QLinearLeakyRelu": "leaky_relu",
}  # fmt: skip
_OPS: Mapping[str, Op] = {name: Activation(function) for name, function in _FUNCTIONS.items()}
#: Those with a number, and its default.
_ALPHAS = {"LeakyRelu": 0.01, "Elu": 1.0, "Celu": 1.0, "ThresholdedRelu": 1.0}
_GELUS_BY_TANH = ("com.microsoft:FastGelu",)


def _activation(site: Site) -> Step:
    tensor, node = site.value(0), site.node
    key = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
    op = _OPS[key]
    if key in _ALPHAS:
        op = Activation(_FUNCTIONS[key], site.real("alpha", _ALPHAS[key]))
    if key in _GELUS_BY_TANH or site.text("approximate") == "tanh":
        op = Activation("gelu", approximate=True)
    if "Softmax" in key and tensor.rank:
        axis = site.integer("axis", -1 if site.opset >= 13 else 1) % tensor.rank
        if axis != tensor.rank - 1:
            op = Activation(_FUNCTIONS[key], position=axis)
    return Step(op, (tensor,), (site.like(tensor),))


def _hard_sigmoid(site: Site) -> Step:
    """``max(0, min(1, alpha * x + 0.5))``; a sixth is the usual slope, and need not be told."""
    tensor, slope = site.value(0), site.real("alpha", 0.2)
    usual = abs(slope - 1 / 6) < 1e-6
    op = Activation("hard_sigmoid", None if usual else slope)
    return Step(op, (tensor,), (site.like(tensor),))


def _shrink(site: Site) -> Step:
    """Values beyond a limit, moved towards zero by a bias: hard without one."""
    tensor, limit = site.value(0), site.real("lambd", 0.5)
    function = "soft_shrink" if site.real("bias", 0.0) else "hard_shrink"
    return Step(Activation(function, limit), (tensor,), (site.like(tensor),))


def _clip(site: Site) -> Step:
    """Bounds are inputs since opset 11."""
    tensor = site.value(0)
    result = site.like(tensor)
    bounds: list[tuple[Any, bool]] = []
    for place, name in ((1, "min"), (2, "max")):
        value = site.attribute(name)
        if site.has(place):
            found = site.building.known(site.value(place), setting=True)
            value = None if found is None or not found.items else found.items[0]
            bounds.append((value, True))
        else:
            bounds.append((value, isinstance(value, (int, float)) and abs(value) < 3e38))
    (low, has_low), (high, has_high) = bounds
    if (low, high) == (0, 6):
        return Step(Activation("relu6"), (tensor,), (result,))
    function, limits = "clamp", [low, high]
    if not (has_low and has_high):
        function = "maximum" if has_low else "minimum"
        limits = [low] if has_low else [high if has_high else math.inf]
    told = all(isinstance(limit, (int, float)) and float(limit) == limit for limit in limits)
    numbers = (None, *map(float, limits)) if told else ()
    return Step(Elementwise(function=function, numbers=numbers), (tensor,), (result,))


def _prelu(site: Site) -> Step:
    """The slope broadcasts against the tensor; until opset 6 there is one per channel."""
    from convcost.ops.prelu import PRelu

    tensor, slope = site.value(0), site.value(1)
    result = site.like(tensor)
    aligned = (1,) * (tensor.rank - slope.rank) + slope.sizes
    if site.opset < 7 and slope.rank == 1:
        aligned = (1, *slope.sizes, *(1,) * (tensor.rank - 2))
    own = [place for place, size in enumerate(aligned) if size != 1]
    fits = slope.rank <= tensor.rank and 0 not in own
    if not fits or any(aligned[place] != tensor.sizes[place] for place in own) or tensor.rank < 2:
        raise NetworkError(f"slopes of shape {slope.sizes} for a tensor {tensor.sizes}")
    shared = tuple(tensor.axes.at(p) for p in range(1, tensor.rank) if p not in own)
    shape = tuple(tensor.sizes[p] if p in own else 1 for p in range(1, tensor.rank))
    weights = [Weight("alpha", slope, lambda array: array.reshape(shape), shape)]
    return site.weighted(PRelu(shared), [tensor], weights, [result])


def _dropout(site: Site) -> Step:
    """The rate is an input since opset 12."""
    from convcost.ops.regularization import Dropout

    tensor = site.value(0)
    rate = site.real("ratio", 0.5)
    if site.has(1):
        known = site.building.known(site.value(1), setting=True)
        rate = 0.5 if known is None or not known.items else float(known.items[0])  # type: ignore[arg-type]
    masks = (site.like(tensor, "bool", 1),) if site.wants(1) else ()
    return Step(Dropout(rate), (tensor,), (site.like(tensor),), byproducts=masks)


def _biased_gelu(site: Site) -> Step:
    tensor, shift = site.value(0), site.value(1)
    added = site.like(tensor)
    step = Step(Elementwise(function="add"), (tensor, shift), (added,))
    site.building.layer("add", step, site.scope, site.node)
    return Step(Activation("gelu"), (added,), (site.like(tensor),))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_FUNCTIONS, _activation),
    "HardSigmoid": _hard_sigmoid,
    "Shrink": _shrink,
    "Clip": _clip,
    "PRelu": _prelu,
    "Dropout": _dropout,
    "com.microsoft:BiasGelu": _biased_gelu,
}
