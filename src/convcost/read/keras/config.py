"""A Keras model as configuration: what pasted code and Keras's own files have in common.

Sequential, functional, nested and shared models are one shape here: layers, each with its calls.

- A layer that is called twice has two calls; each call is a node, numbered within its model.
- A call without inputs reads the input of the model it stands in. An ``InputLayer`` *is* such an
  input; the first layer of a Sequential model without one reads it directly
  (`ModelConfig.with_input_layers` turns the second case into the first).
- A model used as a layer is a layer with a `model`.
- A layer inside a wrapper (``TimeDistributed(Conv2D(...))``) is a `LayerConfig` without calls among
  the wrapper's configuration values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.network.dataclass import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: One tensor: the layer that makes it, which of the layer's calls, which of that call's outputs.
TensorRef: TypeAlias = tuple[str, int, int]

#: How the identities of layers begin that are objects of the Keras that runs.
LIVE = "object "

#: A remark about the source: its line (from 1), where known, and the text.
Remark: TypeAlias = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class NotLiteral:
    """A configuration value that the source does not state literally.

    Attributes:
        source: what the source has in its place.
    """

    source: str


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a source states about a tensor.

    Attributes:
        shape: the batch axis included; an open axis is None.
        dtype: where it is stated.
    """

    shape: tuple[int | None, ...]
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One array that a source stores for a layer.

    Attributes:
        name: what the source calls it.
        shape: sizes in the source's own order.
        dtype: of the stored numbers.
        values: loads them, as a NumPy array.
        learned: False for statistics; None where the source does not tell.
        trainable: whether it is not frozen; None where the source does not tell.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    values: Callable[[], Any]
    learned: bool | None = None
    trainable: bool | None = None


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One call of a layer.

    Attributes:
        inputs: the tensors it is called on, in order; empty where it reads the model's own input.
        line: the line of the source that makes the call.
    """

    inputs: tuple[TensorRef, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LayerConfig:
    """One layer: its class, what was stated about it, and where it is used.

    Attributes:
        class_name: Keras 3's name of the class, or the source's own for a custom layer or function.
        name: unique within its model.
        config: arguments by their Keras 3 names, only those that were given. Values are scalars,
            tuples, dicts, `NotLiteral`, and `LayerConfig` for a layer given as an argument. An
            ``InputLayer`` has ``shape``, without the batch axis.
        calls: one per call; none for a layer that is only another layer's argument.
        line: the line of the source that makes the layer.
        model: the model behind it, for a model used as a layer.
        known: whether `class_name` is one of Keras's own.
        stored: its arrays in the order in which Keras lists them, trainable ones first; for a model
            those of all its layers, where the source does not tell them apart. None where the
            source holds no numbers.
        identity: two layers with the same identity are one, also in different models; without one,
            a layer is known by its place.
        function: the name, in snake case, of a function of tensors that is written as the layer
            which does the same.
    """

    class_name: str
    name: str
    config: Mapping[str, object] = field(default_factory=dict)
    calls: tuple[LayerCall, ...] = ()
    line: int | None = None
    model: ModelConfig | None = None
    known: bool = True
    stored: tuple[Stored, ...] | None = None
    identity: str | None = None
    function: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is a layer of the Keras that runs, which is Keras 3."""
        return self.identity is not None and self.identity.startswith(LIVE)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A model: layers in an order in which they can be run.

    Attributes:
        class_name: ``Sequential`` or ``Functional``.
        name: the name it was given.
        layers: every layer once; a layer's inputs come before it, except that later calls of a
            shared layer may read layers further down.
        inputs: the tensors of its ``InputLayer``s, in the model's own order.
        outputs: the tensors it returns.
        input_shape: without the batch axis, where the model has one input and its shape is stated;
            an axis that is stated as open, or not literally, is None.
        notes: what was assumed or is not stated.
        unread: what could not be followed, so that layers may be missing.
        training: ``loss``, ``optimizer``, ``learning_rate``, ``batch_size``, ``epochs``,
            ``steps_per_epoch``, ``samples_per_epoch``, where the source states them.
        line: the line of the source that makes the model.
        specs: what the source states about tensors of its layers.
        loose: arrays of the model itself that belong to none of its layers.
        custom: its own class, qualified, where that is not one of Keras's.
    """

    class_name: str
    name: str | None
    layers: tuple[LayerConfig, ...]
    inputs: tuple[TensorRef, ...]
    outputs: tuple[TensorRef, ...]
    input_shape: tuple[int | None, ...] | None = None
    notes: tuple[Remark, ...] = ()
    unread: tuple[Remark, ...] = ()
    training: Mapping[str, object] = field(default_factory=dict)
    line: int | None = None
    specs: Mapping[TensorRef, TensorSpec] = field(default_factory=dict)
    loose: tuple[Stored, ...] = ()
    custom: str | None = None

    def layer(self, name: str) -> LayerConfig:
        """The layer of that name.

        Raises:
            KeyError: there is none.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def with_input_layers(self) -> ModelConfig:
        """The same model, in which only ``InputLayer``s have calls without inputs.

        A nested model is left as it is; one that is called without inputs has an input of its own,
        and so gets a layer for it.

        >>> flatten = LayerConfig("Flatten", "flatten", calls=(LayerCall(()),))
        >>> model = ModelConfig("Sequential", None, (flatten,), (), (("flatten", 0, 0),), (8, 8, 3))
        >>> explicit = model.with_input_layers()
        >>> [(layer.name, layer.calls[0].inputs) for layer in explicit.layers]
        [('flatten_input', ()), ('flatten', (('flatten_input', 0, 0),))]
        >>> explicit.layer("flatten_input").config, explicit.inputs
        ({'shape': (8, 8, 3)}, (('flatten_input', 0, 0),))
        """
        taken = {layer.name for layer in self.layers}
        layers: list[LayerConfig] = []
        inputs = list(self.inputs)
        for layer in self.layers:
            if layer.class_name == "InputLayer" or all(call.inputs for call in layer.calls):
                layers.append(layer)
                continue
            name = f"{layer.name}_input"
            while name in taken:
                name += "_"
            taken.add(name)
            shape = self.input_shape if layer.model is None else layer.model.input_shape
            config = {} if shape is None else {"shape": shape}
            layers.append(
                LayerConfig("InputLayer", name, config, (LayerCall((), layer.line),), layer.line)
            )
            inputs.append((name, 0, 0))
            calls = tuple(
                call if call.inputs else replace(call, inputs=((name, 0, 0),))
                for call in layer.calls
            )
            layers.append(replace(layer, calls=calls))
        return replace(self, layers=tuple(layers), inputs=tuple(inputs))
