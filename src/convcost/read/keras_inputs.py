"""What the user says about a Keras model's inputs: example arrays, or shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.keras_config import LayerConfig, ModelConfig
    from convcost.read.reader import Options

    Shape = tuple[int | None, ...]


def shapes_of(inputs: Any) -> list[Shape] | None:
    """The shape of each input, the batch axis included; None where nothing is given.

    Args:
        inputs: an array or a shape, or a list or dict of these.

    Raises:
        UsageError: it is none of these.

    >>> shapes_of((1, 32, 32, 3)), shapes_of([(1, 8), (None, 4)])
    ([(1, 32, 32, 3)], [(1, 8), (None, 4)])
    """
    if inputs is None:
        return None
    if isinstance(inputs, dict):
        inputs = list(inputs.values())
    if isinstance(inputs, list | tuple) and not _is_shape(inputs):
        return [_shape(item) for item in inputs]
    return [_shape(inputs)]


def with_inputs(model: ModelConfig, options: Options) -> ModelConfig:
    """The model with the shapes of its inputs that the user gives.

    Raises:
        UsageError: there are more or fewer inputs, or a shape differs from the model's own.
    """
    if options.batch_axis not in (0, None):
        axes = options.batch_axis if isinstance(options.batch_axis, tuple) else ()
        if not axes or any(axis != 0 for axis in axes):
            raise UsageError(
                f"batch_axis is {options.batch_axis!r}; in Keras the batch is axis 0",
                hint="leave batch_axis out, or give None where the whole is one sample",
            )
    shapes = shapes_of(options.inputs)
    if shapes is None:
        return model
    model = model.with_input_layers()
    if len(shapes) != len(model.inputs):
        raise UsageError(f"{len(shapes)} inputs are given; the model has {len(model.inputs)}")
    given = {name: shape for (name, _, _), shape in zip(model.inputs, shapes, strict=True)}
    layers = tuple(
        _with_shape(layer, given[layer.name]) if layer.name in given else layer
        for layer in model.layers
    )
    # what the source states about sizes that were open does not hold any more
    return replace(model, layers=layers)


def with_batch(network: Network, options: Options) -> Network:
    """The network with its batch bound, where the user says that there is none."""
    if options.batch_axis is not None:
        return network
    shapes = shapes_of(options.inputs) or [(1,)]
    return network.bind({str(BATCH): shapes[0][0] or 1})


def _with_shape(layer: LayerConfig, shape: Shape) -> LayerConfig:
    stated = layer.config.get("shape")
    own = stated if isinstance(stated, tuple) else (None,) * (len(shape) - 1)
    fits = len(own) == len(shape) - 1 and all(
        a is None or b is None or a == b for a, b in zip(own, shape[1:], strict=True)
    )
    if not fits:
        raise UsageError(
            f"the input {shape} does not fit '{layer.name}', whose shape is {(None, *own)}",
            hint="give the batch axis as well: (1, 32, 32, 3)",
        )
    sizes = tuple(a if b is None else b for a, b in zip(own, shape[1:], strict=True))
    return replace(layer, config={**layer.config, "shape": sizes})


def _is_shape(value: Any) -> bool:
    return all(size is None or (isinstance(size, int) and size >= 0) for size in value)


def _shape(value: Any) -> Shape:
    shape = getattr(value, "shape", value)
    try:
        sizes = tuple(None if size is None else int(size) for size in shape)
    except (TypeError, ValueError):
        sizes = ()
    if not sizes:
        raise UsageError(
            f"{type(value).__name__!r} is no input: expected an array, or a shape (1, 32, 32, 3)"
        )
    return sizes
