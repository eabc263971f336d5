"""What model code makes: layers, their calls, and models, in one workshop per text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.read.keras.arguments import ACTIVATIONS, bind, stated_shape
from convcost.read.keras.code.values import (
    Call,
    Function,
    Layer,
    Model,
    NotFollowed,
    Opaque,
    Reference,
    Tensor,
    source_of,
)
from convcost.read.keras.signatures import MERGE_MODES, SIGNATURES, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Calls of layers in one text.
MOST_CALLS = 100_000

#: Steps of following one text: far above any real one, and two seconds at most.
MOST_STEPS = 200_000

_RETURN_STATE = {"Bidirectional", "ConvLSTM2D", "GRU", "LSTM", "RNN", "SimpleRNN"}


class Exhausted(Exception):  # noqa: N818 - says what it means: the text asks for too much
    """A limit on the work for one text is reached."""


class Workshop:
    """Makes layers and models, and keeps them in the order in which they were made."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.models: list[Model] = []
        self.calls = 0
        self.steps = 0
        #: What was assumed, and what could not be followed: line and text.
        self.notes: list[tuple[int, str]] = []
        self.unread: list[tuple[int, str]] = []
        #: The first layer of each part of the text: the program, then every uncalled function.
        self.parts = [0]
        #: Tensors that come from outside the text, by what the text calls them.
        self.inputs: dict[str, Tensor] = {}
        #: Whether the code imports TensorFlow, which decides what some old arguments mean.
        self.tensorflow = False
        #: What ``set_image_data_format`` has set.
        self.data_format: str | None = None

    def spend(self, steps: int) -> None:
        """Count steps of work.

        Raises:
            Exhausted: the text has used up all it may.
        """
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise Exhausted("the code asks for too much work; the rest is left out")

    def begin_part(self) -> None:
        """What follows has nothing to do with the names before it."""
        if len(self.layers) > self.parts[-1]:
            self.parts.append(len(self.layers))
        self.inputs = {}

    def layer(
        self,
        written: str,
        arguments: Sequence[object],
        keywords: dict[str, object],
        line: int,
    ) -> Layer:
        """A layer object of one of Keras's classes, or of a class that is not Keras's."""
        keywords = dict(keywords)
        name = keywords.pop("name", None)
        if written == "Merge":
            return self._merge(arguments, keywords, name, line)
        if canonical(written) is None:
            return self._custom(written, arguments, keywords, name, line)
        bound = bind(written, arguments, keywords, tensorflow=self.tensorflow)
        config = {key: _activation(key, value) for key, value in bound.config.items()}
        name = config.pop("name", name)
        if self.data_format and "data_format" in SIGNATURES[bound.class_name]:
            config.setdefault("data_format", self.data_format)
        layer = Layer(bound.class_name, config, _text(name), line, 0)
        layer.notes.extend(bound.notes)
        if bound.class_name == "InputLayer":
            shape = stated_shape("InputLayer", config)
            for key in ("input_shape", "batch_input_shape", "batch_shape"):
                config.pop(key, None)
            config["shape"] = (shape,) if type(shape) is int else shape
        return self._keep(layer)

    def _custom(
        self,
        written: str,
        arguments: Sequence[object],
        keywords: dict[str, object],
        name: object,
        line: int,
    ) -> Layer:
        """A layer of a class that is not Keras's."""
        config = {"arguments": tuple(arguments), **keywords} if arguments else dict(keywords)
        return self._keep(Layer(written, config, _text(name), line, 0, known=False))

    def _keep(self, layer: Layer) -> Layer:
        layer.order = len(self.layers)
        self.layers.append(layer)
        return layer

    def _merge(
        self, arguments: Sequence[object], keywords: dict[str, object], name: object, line: int
    ) -> Layer:
        """Keras 1's ``Merge``, which is given whole models and a mode."""
        given = dict(zip(("layers", "mode", "concat_axis", "dot_axes"), arguments, strict=False))
        given |= keywords
        branches = given.pop("layers", ())
        mode = given.pop("mode", "sum")
        class_name = MERGE_MODES.get(mode) if isinstance(mode, str) else "Lambda"
        if class_name is None or class_name == "Lambda":
            layer = self._keep(Layer("Lambda", {"function": mode}, _text(name), line, 0))
        else:
            wanted = {"Concatenate": {"concat_axis"}, "Dot": {"dot_axes"}}.get(class_name, set())
            config = {key: value for key, value in given.items() if key in wanted}
            layer = self.layer(class_name, (), {**config, "name": name}, line)
        if isinstance(branches, list | tuple):
            layer.branches = tuple(
                self.as_layer(branch, line)
                for branch in branches
                if isinstance(branch, Model | Layer)
            )
        return layer

    def as_layer(self, value: object, line: int) -> Layer:
        """A value where a layer is wanted.

        Raises:
            NotFollowed: it can be none.
        """
        if isinstance(value, Layer):
            return value
        if isinstance(value, Model):
            if value.layer is None:
                value.layer = self._keep(
                    Layer(value.class_name, {}, value.name, line, 0, model=value)
                )
            return value.layer
        if isinstance(value, Reference) and canonical(value.name):
            layer = self.layer(value.name, (), {}, line)
            layer.notes.append(f"{value.name} has no brackets; read as {value.name}()")
            return layer
        if isinstance(value, Opaque):
            if value.layer is None:
                keywords = dict(value.keywords)
                class_name = (value.callee or "").rpartition(".")[2] or value.source
                value.layer = self._custom(
                    class_name, value.arguments, keywords, keywords.pop("name", None), line
                )
            return value.layer
        if isinstance(value, Reference):
            layer = self._custom(value.name, (), {}, None, line)
            layer.notes.append(f"{value.path} is not defined in the text")
            return layer
        raise NotFollowed

    def input(self, layer: Layer) -> Tensor:
        """The tensor of an ``InputLayer``."""
        if not layer.calls:
            self._call(layer, (), layer.line)
        return Tensor(layer, 0)

    def outside(self, value: object, line: int) -> Tensor:
        """A tensor that comes from outside the text, as an input that the text calls so."""
        source = source_of(value)
        if source not in self.inputs:
            layer = self._keep(Layer("InputLayer", {}, None, line, 0))
            layer.notes.append(f"{source} is not defined in the text; taken as an input")
            self.inputs[source] = self.input(layer)
        return self.inputs[source]

    def tensors(self, value: object, line: int) -> list[Tensor]:
        """The tensors of a value, unknown ones taken as inputs."""
        return [
            item if isinstance(item, Tensor) else self.outside(item, line)
            for item in self._leaves(value)
            if isinstance(item, Tensor | Opaque | Reference)
        ]

    def tensors_in(self, value: object) -> list[Tensor]:
        """The known tensors of a value, in order; lists and dicts are looked into."""
        return [item for item in self._leaves(value) if isinstance(item, Tensor)]

    def _leaves(self, value: object, depth: int = 3) -> list[object]:
        """What a value is made of, to some depth."""
        self.spend(1)
        items: list[object]
        if isinstance(value, list | tuple):
            items = list(value)
        elif isinstance(value, dict):
            items = list(value.values())
        else:
            return [value]
        return [leaf for item in items for leaf in self._leaves(item, depth - 1)] if depth else []

    def _call(self, layer: Layer, inputs: tuple[Tensor, ...], line: int) -> int:
        """Record a call; its node."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise Exhausted(f"more than {MOST_CALLS:,} calls of layers; the rest is left out")
        layer.calls.append(Call(inputs, line, self.calls))
        return len(layer.calls) - 1

    def apply(
        self, layer: Layer, arguments: Sequence[object], keywords: dict[str, object], line: int
    ) -> object:
        """``layer(...)``: what the call returns.

        Raises:
            NotFollowed: nothing that it is called on is a tensor.
        """
        known = self.tensors_in([*arguments, *keywords.values()])
        if layer.model is not None and not known:
            # `model(images)` runs the model on data; it does not build anything.
            raise NotFollowed
        first = self.tensors(arguments[0], line) if arguments else []
        rest = self.tensors_in([*arguments[1:], *keywords.values()])
        inputs = tuple(first + rest)
        if not inputs:
            raise NotFollowed
        node = self._call(layer, inputs, line)
        if layer.model is not None and len(layer.model.outputs) > 1:
            return [Tensor(layer, node, index) for index in range(len(layer.model.outputs))]
        return Tensor(layer, node)

    def operation(
        self, name: str, tensors: Sequence[Tensor], config: dict[str, object], line: int
    ) -> Tensor:
        """A function of tensors, as a layer of its own."""
        layer = self.layer(name, (), config, line)
        return Tensor(layer, self._call(layer, tuple(tensors), line))

    def item(self, tensor: Tensor, key: object, source: str, line: int) -> Tensor:
        """``tensor[key]``: one output of a layer with several, or a slice."""
        if type(key) is int and key >= 0 and tensor.index == 0:
            layer = tensor.layer
            if layer.class_name in _RETURN_STATE and layer.config.get("return_state"):
                return Tensor(layer, tensor.node, key)
        return self.operation("GetItem", [tensor], {"key": source}, line)

    def model(self, class_name: str, name: object, line: int) -> Model:
        """A new, empty model."""
        model = Model(class_name, _text(name), line)
        self.models.append(model)
        return model

    def add(self, model: Model, value: object, line: int) -> None:
        """``model.add(value)`` of a sequential model.

        Raises:
            NotFollowed: the value can be no layer.
        """
        if isinstance(value, Tensor) and value.layer.class_name == "InputLayer":
            value = value.layer
        layer = self.as_layer(value, line)
        model.history.append(list(model.outputs))
        if layer.class_name == "InputLayer":
            model.inputs = [self.input(layer)]
            model.outputs = list(model.inputs)
            return
        inputs = tuple(model.outputs)
        if not inputs and layer.branches:
            inputs = tuple(
                Tensor(branch, self._call(branch, (), line)) for branch in layer.branches
            )
        if not model.history[-1] and not layer.branches:
            shape = stated_shape(layer.class_name, layer.config)
            model.shape = shape if shape is not None else model.shape
        model.outputs = [Tensor(layer, self._call(layer, inputs, line))]

    def pop(self, model: Model) -> None:
        """``model.pop()``."""
        if model.history:
            model.outputs = model.history.pop()

    def input_of(self, model: Model) -> list[Tensor]:
        """A model's inputs; a sequential one without an ``InputLayer`` is given one."""
        if not model.inputs and model.outputs:
            first = (model.history[1] if len(model.history) > 1 else model.outputs)[0]
            layer = self.layer("InputLayer", (), {"shape": model.shape}, model.line)
            model.inputs = [self.input(layer)]
            call = first.layer.calls[first.node]
            layer.calls[0] = replace(layer.calls[0], order=call.order - 0.5)
            if not call.inputs:
                first.layer.calls[first.node] = replace(call, inputs=tuple(model.inputs))
        return model.inputs

    def functional(self, model: Model, inputs: object, outputs: object, line: int) -> None:
        """Fill a model from its inputs and outputs.

        Raises:
            NotFollowed: there are no outputs.
        """
        if isinstance(outputs, dict):
            outputs = list(outputs.values())
        if isinstance(inputs, dict):
            inputs = list(inputs.values())
        if not self.tensors_in(outputs):
            raise NotFollowed
        model.outputs = self.tensors(outputs, line)
        model.inputs = self.tensors(inputs, line)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _activation(argument: str, value: object) -> object:
    """A function that is given as an activation, by its name where it is one of Keras's."""
    named = argument.endswith("activation") and isinstance(value, Reference | Function)
    return value.name if named and value.name in ACTIVATIONS else value  # type: ignore[attr-defined]
