"""Live Keras models: Sequential, functional and subclassed ones, on any backend.

A Sequential or functional model is a graph already. A subclassed one becomes one by a symbolic
call: its ``call`` is run on tensors without values (see `convcost.read.keras.live.symbolic`). The
model is left as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError
from convcost.read.keras.inputs import check_batch_axis, with_batch, with_inputs
from convcost.read.keras.live.graph import Graph
from convcost.read.keras.live.objects import weights_of
from convcost.read.keras.live.symbolic import inputs_of, trace
from convcost.read.keras.network import reading

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.keras.config import ModelConfig, Stored
    from convcost.read.reader import Options

_EXAMPLE = "give its inputs: convcost.read(model, inputs=[(1, 32, 32, 3)])"


def network_of(model: Any, options: Options) -> Network:
    """The network of a live model.

    Args:
        model: a `keras.Model`, or one of TensorFlow's Keras 2.
        options: what the user says about its inputs.

    Raises:
        SourceError: its call cannot be followed, or needs to know the shape of its inputs.
    """
    if hasattr(model, "_obj_type"):
        config = _config(model, options)
    else:
        config = with_inputs(_legacy(model), options)
    network = reading.network_of(config, str(model.name))
    return with_batch(network, options)


def _config(model: Any, options: Options) -> ModelConfig:
    """Its layers, with the inputs that the user gives."""
    graph = Graph()
    if graph.is_known(model):
        return with_inputs(graph.model(model), options)
    if model._obj_type() == "Sequential":  # noqa: SLF001 - Keras has no public name for it
        if options.inputs is None:
            raise SourceError(f"the model '{model.name}' is not built", hint=_EXAMPLE)
        return with_inputs(graph.unbuilt(model), options)
    tensors = inputs_of(model, options)
    if tensors is None:
        raise SourceError(f"the inputs of the model '{model.name}' are not known", hint=_EXAMPLE)
    config = trace(model, tensors, graph)
    check_batch_axis(options, len(config.inputs))
    return config


def _legacy(model: Any) -> ModelConfig:
    """A model of Keras 2, by the configuration that it states of itself.

    Raises:
        SourceError: it states none.
    """
    from convcost.read.keras.serial import model_of, parse
    from convcost.read.keras.serial.stored import ByName

    try:
        config = model.to_json()
    except (NotImplementedError, TypeError, ValueError) as error:
        # NotImplementedError is what Keras 2 raises for a subclassed model
        raise SourceError(
            f"the model '{model.name}' is subclassed, and Keras 2 cannot state its layers: {error}",
            hint="build it with tf.keras.Model(inputs, model.call(inputs)) and read that",
        ) from None
    stored: dict[str, tuple[Stored, ...]] = {
        layer.name: weights_of(layer, (*layer.trainable_weights, *layer.non_trainable_weights))
        for layer in model.layers
    }
    return model_of(parse(config.encode()), ByName(stored))
