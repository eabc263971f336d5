"""Activation functions and arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.activation import Activation
from convcost.ops.copy import Fill
from convcost.ops.elementwise import Elementwise, Glu
from convcost.ops.merge import Merge
from convcost.ops.prelu import PRelu
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.op import Op
    from convcost.read.torch.module.site import Rule, Site
    from convcost.read.torch.module.values import Operand

#: ATen's name -> ours, where they differ.
_ACTIVATIONS = {
    **{name: name for name in ("relu", "relu6", "silu", "gelu", "sigmoid", "tanh", "softplus")},
    **{name: name for name in ("elu", "selu", "celu", "leaky_relu", "mish", "log_sigmoid")},
    **{name: name for name in ("softmax", "log_softmax", "threshold")},
    "hardswish": "hard_silu",
    "hardsigmoid": "hard_sigmoid",
    "hardshrink": "hard_shrink",
    "softshrink": "soft_shrink",
    "_softmax": "softmax",
    "_log_softmax": "log_softmax",
    "_safe_softmax": "softmax",
    "log_sigmoid_forward": "log_sigmoid",
    "rrelu": "leaky_relu",
    "rrelu_with_noise": "leaky_relu",
}

#: The argument that is an activation's number.
_NUMBERS = {"leaky_relu": "negative_slope", "elu": "alpha", "celu": "alpha"}
#: Likewise, with the number that is usual and need not be told.
_USUAL = {"softplus": ("beta", 1.0), "hardshrink": ("lambd", 0.5), "softshrink": ("lambd", 0.5)}

#: Functions of one or more tensors.
_FUNCTIONS = {
    **{name: name for name in ("abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "log")},
    **{name: name for name in ("log1p", "log2", "log10", "reciprocal", "remainder", "round")},
    **{name: name for name in ("rsqrt", "sign", "sin", "sqrt", "square", "tan", "trunc", "lerp")},
    **{name: name for name in ("acos", "asin", "atan", "atan2", "cosh", "sinh", "isnan", "isinf")},
    **{name: name for name in ("logical_and", "logical_or", "logical_xor", "logical_not")},
    "clamp": "clamp",
    "floor_divide": "floor_divide",
    "neg": "negate",
    "pow": "power",
    "div": "divide",
    "true_divide": "divide",
    "divide": "divide",
    "fmod": "remainder",
    "rsub": "subtract",
    "sgn": "sign",
    "clip": "clamp",
    "clamp_min": "maximum",
    "clamp_max": "minimum",
    "eq": "equal",
    "ne": "not_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "lt": "less",
    "le": "less_equal",
    "greater": "greater",
    "less": "less",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "bitwise_not": "logical_not",
    "where": "select",
    "masked_fill": "select",
    "addcmul": "multiply_add",
    "addcdiv": "divide_add",
    "bernoulli": "noise",
    "normal": "noise",
    "uniform": "noise",
    "_weight_norm_interface": "normalize",
}

#: Functions of two tensors that other frameworks have as layers.
_MERGES: Mapping[str, Any] = {
    "add": "add", "sub": "subtract", "mul": "multiply", "maximum": "maximum",
    "minimum": "minimum", "subtract": "subtract", "multiply": "multiply",
}  # fmt: skip


def _activation(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    function = _ACTIVATIONS[site.function]
    approximate = function == "gelu" and site.get("approximate") == "tanh"
    op = Activation(function, _number(site), _position(site, tensor.rank), approximate)
    if function == "threshold" and site.get("value"):
        return Step(Elementwise(function="select"), (tensor,))
    return Step(op, (tensor,))


def _number(site: Site) -> float | None:
    """The activation's number, where it is not the usual one."""
    name = site.function
    if name in _NUMBERS:
        return float(site.get(_NUMBERS[name]))
    if name in _USUAL:
        argument, usual = _USUAL[name]
        number = float(site.get(argument))
        return None if number == usual else number
    if name.startswith("rrelu"):  # at inference
        return float(site.get("lower") + site.get("upper")) / 2
    return float(site.get("threshold")) if _ACTIVATIONS[name] == "threshold" else None


def _position(site: Site, rank: int) -> int | None:
    """The axis that a softmax runs along, where it is not the last one."""
    if "softmax" not in site.function or not rank:
        return None
    position = int(site.get("dim")) % rank
    return None if position == rank - 1 else position


def _hardtanh(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    known = {(0, 6): "relu6", (-1, 1): "hard_tanh"}.get((site.get("min_val"), site.get("max_val")))
    if known:
        return Step(Activation(known), (tensor,))
    numbers = _numbers(site, (tensor,), ("self", "min_val", "max_val"))
    return Step(Elementwise(function="clamp", numbers=numbers), (tensor,))


def _prelu(site: Site) -> Step:
    tensor, slope = site.tensor(), site.operand("weight")
    site.like(tensor)
    # one slope, or one per channel, whose axis is the second one
    own = 1 if slope.shape[0] != 1 and tensor.rank > 1 else None
    shared = [p for p in range(1, tensor.rank) if p != own]
    op = PRelu(tuple(site.axis(tensor, position) for position in shared))
    shape = tuple(tensor.shape[p] if p == own else 1 for p in range(1, tensor.rank))
    return site.weighted(op, [tensor], [slope], {"alpha": (lambda t: t.reshape(shape), shape)})


def _glu(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    return Step(Glu(position=int(site.get("dim")) % tensor.rank), (tensor,))


def _merge(site: Site) -> Step:
    operands = site.every_operand()
    scale = site.raw("alpha")
    site.like(*operands)
    op: Op
    if scale is not None and scale != 1:
        numbers = _numbers(site, operands, ("self", "other", "alpha"))
        # PyTorch's subtraction has a factor too, which is not told apart here
        numbers = numbers if site.function == "add" else ()
        op = Elementwise(function="scaled_add", numbers=numbers)
    elif len(operands) > 1:
        op = Merge(_MERGES[site.function])
    else:
        op = Elementwise(function=_MERGES[site.function],
                         numbers=_numbers(site, operands, ("self", "other")))  # fmt: skip
    return Step(op, operands)


def _numbers(
    site: Site, operands: Sequence[Operand], arguments: Sequence[str]
) -> tuple[float | None, ...]:
    """The plain numbers between the tensors, for `Elementwise.numbers`.

    Args:
        site: the call.
        operands: its tensors, in the order in which the layer takes them.
        arguments: the names of the operands, numbers among them, in the order of the op.
    """
    tensors = [site.maybe(name) for name in arguments]
    if [each for each in tensors if each is not None] != list(operands):
        return ()
    found = [None if tensor is not None else site.number(name)
             for tensor, name in zip(tensors, arguments, strict=True)]  # fmt: skip
    told = all(number is not None or tensor is not None
               for number, tensor in zip(found, tensors, strict=True))  # fmt: skip
    return tuple(found) if told and len(operands) < len(arguments) else ()


def between(site: Site, function: Any) -> Step:
    """A function between two tensors under a name that ATen also uses along axes."""
    operands = site.every_operand()
    site.like(*operands)
    return Step(Merge(function), operands)


def _function(site: Site) -> Step:
    operands = site.every_operand()
    site.like(*operands)
    function = _FUNCTIONS[site.function]
    dtype = site.result.dtype
    if site.function == "rsub" and site.raw("alpha") not in (None, 1):
        function = "scaled_add"
    if site.function in ("clamp", "clip") and None in (site.raw("min"), site.raw("max")):
        function = "minimum" if site.raw("min") is None else "maximum"
    if not operands:
        return Step(lambda out: Fill(function=function, result=out[0]), ())
    changed = None if dtype == max(operands, key=lambda o: o.rank).dtype else dtype
    arguments = _arguments(site)
    if site.function in ("masked_fill", "rsub"):  # in the order of the op
        found = [site.maybe(name) for name in arguments]
        operands = tuple(each for each in found if each is not None)
    if function in _MERGES.values() and len(operands) > 1 and changed is None:
        return Step(Merge(function), operands)  # type: ignore[arg-type]
    numbers = _numbers(site, operands, arguments)
    return Step(Elementwise(function=function, dtype=changed, numbers=numbers), operands)


def _arguments(site: Site) -> Sequence[str]:
    """The names of a function's operands in the order of the op."""
    limits = [name for name in ("min", "max") if site.raw(name) is not None]
    return {
        "clamp": ("self", *limits), "clip": ("self", *limits), "clamp_min": ("self", "min"),
        "clamp_max": ("self", "max"), "pow": ("self", "exponent"), "rsub": ("other", "self"),
        "where": ("condition", "self", "other"), "masked_fill": ("mask", "value", "self"),
    }.get(site.function, ("self", "other"))  # fmt: skip


RULES: Mapping[str, Rule] = {
    **{f"aten.{name}": _activation for name in _ACTIVATIONS},
    **{f"aten.{name}": _function for name in _FUNCTIONS},
    **{f"aten.{name}": _merge for name in _MERGES},
    "aten.hardtanh": _hardtanh,
    "aten.prelu": _prelu,
    "aten._prelu_kernel": _prelu,
    "aten.glu": _glu,
}
