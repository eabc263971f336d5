"""What the user says about a Keras model's inputs, put into its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.read.given import HINT, batch_axes, given

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.given import Shape
    from convcost.read.keras.config import LayerConfig, ModelConfig
    from convcost.read.reader import Options


def with_inputs(model: ModelConfig, options: Options) -> ModelConfig:
    """The model with the shapes of its inputs that the user gives.

    Raises:
        UsageError: there are more or fewer inputs, none of a name that is given, or a shape differs
            from the model's own.
    """
    said = given(options.inputs)
    explicit = model.with_input_layers()
    names = [name for name, _, _ in explicit.inputs]
    check_batch_axis(options, len(names))
    if said is None:
        return model
    shapes = dict(zip(names, said.for_inputs(names), strict=True))
    layers = tuple(
        layer if (shape := shapes.get(layer.name)) is None else _with_shape(layer, shape)
        for layer in explicit.layers
    )
    return replace(explicit, layers=layers)


def check_batch_axis(options: Options, count: int) -> None:
    """Refuse a batch that is not the first axis.

    Args:
        options: what the user says.
        count: how many inputs the model has.

    Raises:
        UsageError: it is another one, or it is not one per input.
    """
    axes = batch_axes(options.batch_axis, count)
    if options.batch_axis is not None and any(axis != 0 for axis in axes):
        raise UsageError(
            f"batch_axis is {options.batch_axis!r}; in Keras the batch is axis 0",
            hint="leave batch_axis out, or give None where the whole is one sample",
        )


def with_batch(network: Network, options: Options) -> Network:
    """The network with its batch bound, where the user says that there is none."""
    if options.batch_axis is not None:
        return network
    said = given(options.inputs)
    size = said.shapes[0][0] if said is not None and said.shapes and said.shapes[0] else None
    return network.bind({str(BATCH): size or 1})


def _with_shape(layer: LayerConfig, shape: Shape) -> LayerConfig:
    stated = layer.config.get("shape")
    own = stated if isinstance(stated, tuple) else (None,) * (len(shape) - 1)
    fits = len(own) == len(shape) - 1 and all(
        a is None or b is None or a == b for a, b in zip(own, shape[1:], strict=True)
    )
    if not fits:
        raise UsageError(
            f"the input {shape} does not fit '{layer.name}', whose shape is {(None, *own)}",
            hint=HINT,
        )
    sizes = tuple(a if b is None else b for a, b in zip(own, shape[1:], strict=True))
    return replace(layer, config={**layer.config, "shape": sizes})
