"""What of a layer's configuration its op does not keep, although its results depend on it.

Such a layer is counted exactly, but a network written from it would compute something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.config import LayerConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.tensor import Tensor

#: Arguments that are off by default, and what they do.
_SWITCHES: Mapping[str, str] = {
    "go_backwards": "it goes backwards through time",
    "invert": "it undoes a normalisation",
    "stateful": "it begins where the batch before ended",
    "crop_to_aspect_ratio": "it crops to the target's ratio before it resizes",
    "pad_to_aspect_ratio": "it pads to the target's ratio before it resizes",
    "mask_zero": "steps that are zero are left out by the layers behind it",
}
#: Classes that do more than their op says.
_CLASSES: Mapping[str, str] = {
    "Masking": "steps that are masked are left out by the layers behind it",
    "CenterCrop": "images smaller than the target are cropped to its ratio and resized",
    "RandomCrop": "images are cropped to the target's ratio and resized",
}
#: Arguments that are functions.
_ACTIVATIONS = ("activation", "recurrent_activation")
#: Functions of tensors that a layer stands for, with other numbers than the layer has.
_FUNCTIONS = frozenset(
    {"gelu", "leaky_relu", "elu", "celu", "hard_shrink", "soft_shrink", "threshold", "squareplus",
     "hard_tanh", "__rsub__", "cast"}
)  # fmt: skip
#: Functions whose number a rescaling has as it is.
_PLAIN = frozenset(
    {"add", "add_v2", "__add__", "__radd__", "multiply", "mul", "__mul__", "__rmul__"}
)


def unkept(layer: LayerConfig, inputs: tuple[Tensor, ...]) -> str | None:
    """What of a layer its op does not keep; None for nothing.

    >>> unkept(LayerConfig("LSTM", "lstm", {"go_backwards": True}), ())
    'it goes backwards through time'
    """
    config = layer.config
    function = layer.function or ""
    for name, text in _SWITCHES.items():
        if config.get(name) is True:
            return text
    if layer.class_name in _CLASSES and not _only_crops(layer, inputs):
        return _CLASSES[layer.class_name]
    scaled = layer.class_name == "Rescaling" and function not in ("", *_PLAIN)
    if scaled or function in _FUNCTIONS:
        return f"the numbers of the function {function}"
    activations = [config[name] for name in _ACTIVATIONS if name in config]
    if any(isinstance(activation, LayerConfig) for activation in activations):
        return "the numbers of an activation that is stated as a layer"
    if "hard_sigmoid" in activations and not layer.is_live:
        return "the slope of its hard_sigmoid (a fifth in Keras 2, a sixth in Keras 3)"
    axis = config.get("axis")
    if layer.class_name == "Softmax" and isinstance(axis, (tuple, list)) and len(axis) > 1:
        return f"it runs over the axes {', '.join(map(str, axis))} at once"
    return None


def _only_crops(layer: LayerConfig, inputs: tuple[Tensor, ...]) -> bool:
    """Whether a crop to the centre finds images that are as large as the target."""
    if layer.class_name != "CenterCrop":
        return False
    return all(
        isinstance(tensor.size(axis), int) and tensor.size(axis) >= layer.config.get(axis, 0)  # type: ignore[operator]
        for tensor in inputs
        for axis in ("height", "width")
    )
