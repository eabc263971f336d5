"""Tensors that come from nowhere, or from the network itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.write.kept import fill_value
from convcost.write.values import constant_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _fill(site: Site) -> None:
    """A constant; for zeros nothing: Keras's recurrent layers begin with these by themselves."""
    import numpy as np

    op: Any = site.op
    value, result = fill_value(op), site.results[0]
    if value == 0:
        site.give(None, zeros=True)
        return
    sizes = [number(size, "a size of a tensor that depends on no input") for size in result.shape]
    site.give(np.full(sizes, value, result.dtype))


def _constant(site: Site) -> None:
    """A constant of the graph, or a parameter.

    Raises:
        NetworkError: it is a parameter, and the model is to consist of Keras's own layers.
    """
    op: Any = site.op
    if not op.parameter:
        site.give(constant_numbers(op, exact=site.exact))
    elif site.exact or not site.graph.inputs:
        raise NetworkError("a stored tensor that is an operand, which Keras has no layer for")
    else:
        numbers = site.numbers("value")
        made = site.layer(_stored(), site.graph.inputs[0], numbers={"value": numbers},
                          sizes=numbers.array.shape)  # fmt: skip
        site.give(made)


@cache
def _stored() -> Any:
    """A layer that holds a weight and gives it, whatever it reads.

    A file with it would not be loaded without convcost.
    """
    import keras

    class Stored(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, sizes: tuple[int, ...], **options: Any) -> None:
            super().__init__(**options)
            self.value = self.add_weight(shape=sizes, name="value")
            self.built = True

        def call(self, inputs: Any) -> Any:
            del inputs
            return keras.ops.convert_to_tensor(self.value)

        def compute_output_spec(self, inputs: Any) -> Any:
            del inputs
            return keras.KerasTensor(self.value.shape, dtype=self.compute_dtype)

    return Stored


RULES: Mapping[str, Rule] = {Fill.kind: _fill, Constant.kind: _constant}
