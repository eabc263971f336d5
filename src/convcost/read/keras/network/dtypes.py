"""The dtypes of a Keras network: those stated, and those that layers' dtype policies give."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.network.tensor import DTYPE_BYTES
from convcost.ops.input import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor
    from convcost.read.keras.config import LayerConfig, TensorSpec

    Made = Mapping[str, tuple[LayerConfig, TensorSpec | None]]

#: Layers that compute floating-point numbers from whole ones without having weights.
_CASTING = frozenset({"Rescaling", "Normalization", "Resizing", "CenterCrop", "UnitNormalization"})


def policy(name: object) -> tuple[str, str]:
    """The dtypes of a layer's computation and of its variables.

    >>> policy("mixed_bfloat16"), policy("float16"), policy("int8_from_float32")
    (('bfloat16', 'float32'), ('float16', 'float16'), ('float32', 'float32'))
    """
    text = name.rpartition("_from_")[2] if isinstance(name, str) else "float32"
    if text.startswith("mixed_") and text.removeprefix("mixed_") in DTYPE_BYTES:
        return text.removeprefix("mixed_"), "float32"
    known = text if text in DTYPE_BYTES and "float" in text else "float32"
    return known, known


def with_dtypes(network: Network, made: Made) -> Network:
    """The network with the dtypes that its source states.

    Ops keep the dtype of their input; Keras casts floating-point inputs to that of the layer.
    """
    dtypes: dict[str, str] = {}
    layers = []
    table = dict(network.table)
    for layer in network.layers:
        config, spec = made[layer.name]
        compute, variable = policy(config.config.get("dtype"))
        for id_ in layer.parameters if layer.shared_with is None else ():
            if table[id_].dtype != variable:
                table[id_] = replace(table[id_], dtype=variable)
        if not isinstance(layer.op, Input):
            outputs = [
                _cast(tensor, _dtype(network, layer, config, dtypes, compute, index, spec))
                for index, tensor in enumerate(layer.outputs)
            ]
            if any(map(is_not, outputs, layer.outputs)):
                layer = replace(layer, outputs=tuple(outputs))  # noqa: PLW2901
        if layer.outputs:
            dtypes[layer.name] = layer.outputs[0].dtype
        layers.append(layer)
    return replace(network, layers=tuple(layers), table=table)


def _dtype(
    network: Network,
    layer: Layer,
    config: LayerConfig,
    dtypes: Mapping[str, str],
    compute: str,
    index: int,
    spec: TensorSpec | None,
) -> str:
    """The dtype of an output."""
    if index == 0 and spec is not None and spec.dtype is not None:
        return spec.dtype
    own = layer.outputs[index].dtype
    if not layer.inputs:
        return own
    given = network.tensor(layer.inputs[0]).dtype
    if own == given:
        own = dtypes.get(layer.inputs[0].layer, own)
    casts = config.class_name in _CASTING or bool(layer.parameters)
    return compute if "float" in own or casts else own


def _cast(tensor: Tensor, dtype: str) -> Tensor:
    return tensor if tensor.dtype == dtype else replace(tensor, dtype=dtype)
