"""Values that come from no input: constants, filled and random tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.copy import Copy, Fill
from convcost.ops.elementwise import Elementwise
from convcost.read.limits import MAX_KNOWN_ELEMENTS
from convcost.read.onnx.arithmetic.folding import loaded
from convcost.read.onnx.arithmetic.known import Known
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.site import stated_dtype
from convcost.read.onnx.step import Step
from convcost.read.onnx.values import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

_NUMBERS = {"value_int": "int64", "value_ints": "int64", "value_float": "float32",
            "value_floats": "float32"}  # fmt: skip


def _constant(site: Site) -> Value:
    attributes = site.node.attributes
    tensor = attributes.get("value")
    if isinstance(tensor, TensorValue):
        stored = Stored(site.scope.prefix + site.node.outputs[0], tensor, "constant")
        return site.building.stored_value(site.node.outputs[0], stored)
    for name, dtype in _NUMBERS.items():
        if name in attributes:
            return _numbers(site, attributes[name], dtype)
    raise NetworkError("a constant that is a text, or has no value")


def _numbers(site: Site, found: Any, dtype: str) -> Value:
    if not isinstance(found, tuple):
        result = site.new((), dtype)
        result.known = Known((), (found,))
        return result
    result = site.new((len(found),), dtype)
    if len(found) <= MAX_KNOWN_ELEMENTS:
        result.known = Known((len(found),), found)
        return result

    def load() -> Any:
        import numpy as np

        return np.array(found, dtype=dtype)

    tensor = TensorValue(result.name, (len(found),), dtype, load)
    result.stored = Stored(site.scope.prefix + result.name, tensor, "constant")
    return result


def _filled(site: Site) -> Step | Value:
    """A tensor of one number: stored as that, where its shape is plain."""
    shape = site.sizes(0)
    if shape is None:
        raise NetworkError("its shape is missing")
    value = site.attribute("value")
    if not (value is None or isinstance(value, TensorValue)):
        raise NetworkError(f"its attribute 'value' is {value!r:.40}; expected a tensor")
    result = site.new(shape, stated_dtype(value))
    number = 0.0 if value is None else _number(value)
    if not all(isinstance(size, int) for size in shape):
        return Step(lambda out: Fill(function="constant", result=out[0], value=number), (),
                    (result,))  # fmt: skip
    numbers: Any = shape

    def load() -> Any:
        import numpy as np

        item = 0 if value is None or value.load is None else value.load().reshape(-1)[0]
        return np.full(numbers, item, dtype=result.dtype)

    tensor = TensorValue(result.name, numbers, result.dtype, load)
    result.stored = Stored(site.scope.prefix + result.name, tensor, "filled", number=number)
    return result


def _number(value: TensorValue) -> float | None:
    """What a tensor of one number holds; None where that is no plain number."""
    found = loaded(value)
    return None if found is None else found.number


def _random(site: Site) -> Step:
    shape = site.integers("shape")
    if shape is None:
        raise NetworkError("its shape is missing")
    return _made(site.new(shape, DTYPES.get(site.attribute("dtype", 1), "float32")), "random")


def _like(site: Site) -> Step:
    tensor = site.value(0)
    dtype = DTYPES.get(site.attribute("dtype"), tensor.dtype)
    function = "eye" if site.node.op_type == "EyeLike" else "random"
    return _made(site.like(tensor, dtype), function)


def _made(result: Value, function: str) -> Step:
    return Step(lambda out: Fill(function=function, result=out[0]), (), (result,))


def _bernoulli(site: Site) -> Step:
    tensor = site.value(0)
    dtype = DTYPES.get(site.attribute("dtype"), tensor.dtype)
    changed = None if dtype == tensor.dtype else dtype
    return Step(Elementwise(function="noise", dtype=changed), (tensor,),
                (site.like(tensor, dtype),))  # fmt: skip


def _window(site: Site) -> Step:
    size = site.sizes(0)
    if not size:
        raise NetworkError("its size is missing")
    dtype = DTYPES.get(site.attribute("output_datatype", 1), "float32")
    return _made(site.new((size[0],), dtype), "window")


def _bit_cast(site: Site) -> Step:
    tensor = site.value(0)
    dtype = DTYPES.get(site.attribute("to"), "")
    if not dtype:
        raise NetworkError("a cast to an unknown dtype")
    return Step(lambda out: Copy(function="bit_cast", result=out[0]), (tensor,),
                (site.like(tensor, dtype),))  # fmt: skip


RULES: Mapping[str, Rule] = {
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "RandomNormal": _random,
    "RandomUniform": _random,
    "RandomNormalLike": _like,
    "RandomUniformLike": _like,
    "EyeLike": _like,
    "Bernoulli": _bernoulli,
    "BitCast": _bit_cast,
    **dict.fromkeys(("HannWindow", "HammingWindow", "BlackmanWindow"), _window),
}
