"""Keras model configurations as networks: what pasted code and Keras's own files share."""

from __future__ import annotations

import itertools
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, NetworkError, SourceError
from convcost.network.builder import SENSELESS, Builder, senseless
from convcost.network.dataclass import replace
from convcost.network.network import Network, Note, Ref, naming
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.read.keras.config import NotLiteral
from convcost.read.keras.layers import Site, build
from convcost.read.keras.layers.unkept import unkept
from convcost.read.keras.network.dtypes import with_dtypes
from convcost.read.keras.network.fit import check_fit
from convcost.read.keras.network.parameters import with_stored
from convcost.read.keras.network.schedule import schedule
from convcost.read.keras.network.scope import Scope, stated_tensor
from convcost.read.keras.network.structure import Structure, function_of, kind_of
from convcost.read.keras.network.training import training_notes
from convcost.read.limits import MAX_LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.builder import Applied
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.config import LayerCall, LayerConfig, ModelConfig, TensorSpec


def network_of(model: ModelConfig, name: str) -> Network:
    """The network that a configuration describes.

    Args:
        model: layers and how they are connected.
        name: for people.

    A layer without a rule, or whose configuration is not stated, becomes an unknown one. A model
    used as a layer is written out: its layers are called ``outer/inner``. Later calls of a layer or
    model share the parameters of the first one.

    Raises:
        SourceError: the shape of an input is not stated, so that nothing can be counted.
        NetworkError: layers do not fit together.
    """
    return _Reading(model, name).network()


class _Reading:
    def __init__(self, model: ModelConfig, name: str) -> None:
        self.model = model
        self.builder = Builder(name, framework="keras")
        self.channels_first = _is_channels_first(model)
        self.notes = [Note("assumed", text, None, line) for line, text in model.notes]
        self.notes += training_notes(model.training)
        #: layer of the configuration -> the network's layer that called it first
        self.first: dict[str, str] = {}
        #: layer of the network -> its configuration, and what the source states of its output
        self.made: dict[str, tuple[LayerConfig, TensorSpec | None]] = {}
        #: models used as layers, and the layers that they became
        self.models: list[tuple[LayerConfig, list[str]]] = []
        #: tensors whose shape is a guess, or follows from one
        self.guessed: set[Ref] = set()
        self.structure = Structure(kind_of(model.class_name, model.custom))

    def network(self) -> Network:
        outputs = self._model(Scope(self.model), None)
        missing = [f"line {line}: {text}" for line, text in self.model.unread]
        network = self.builder.build(outputs or None, notes=self.notes, missing=missing)
        network = with_dtypes(network, self.made)
        layers = {name: layer for name, (layer, _) in self.made.items()}
        network = with_stored(network, layers, self.models, self.model.loose)
        return self.structure.given_to(network)

    def _model(self, scope: Scope, inputs: Sequence[Ref] | None) -> list[Ref]:
        """Add a model's layers, and give its outputs.

        Args:
            scope: where it stands.
            inputs: the tensors it is called on; None for the whole network.
        """
        model = scope.model
        if inputs is not None:
            if len(inputs) != len(model.inputs):
                raise NetworkError(
                    f"'{scope.name}' has {len(model.inputs)} inputs and is given {len(inputs)}"
                )
            scope.refs.update(zip(model.inputs, inputs, strict=True))
        for layer, number, call in schedule(model):
            if (layer.name, number, 0) not in scope.refs:
                self._call(scope, layer, number, call)
        return [scope.refs[ref] for ref in model.outputs if ref in scope.refs]

    def _call(self, scope: Scope, layer: LayerConfig, number: int, call: LayerCall) -> None:
        """Add one call of a layer or model."""
        if len(self.made) >= MAX_LAYERS:
            raise LimitError(f"the network has more than {MAX_LAYERS:,} layers, the limit")
        inside = f"{scope.name}/{layer.name}" if scope.name else layer.name
        name = self._free_name(f"{inside} ({number + 1})" if number else inside)
        key = layer.identity or f"{scope.key}/{layer.name}"
        trainable = scope.trainable and layer.config.get("trainable", True) is not False
        if layer.class_name == "InputLayer":
            outputs = [self.builder.add(Input(self._input(layer)), name=name, line=layer.line)]
            self.made[name] = layer, None
        elif layer.model is not None:
            before = len(self.made)
            kind = kind_of(layer.model.class_name, layer.model.custom)
            path = self.structure.part(scope.path, layer.name, kind, key)
            place = path, self.structure.next_call(path)
            inner = Scope(layer.model, name, key, place, trainable=trainable)
            outputs = self._model(inner, scope.inputs(layer.name, call))
            if number == 0:
                self.models.append((layer, list(self.made)[before:]))
        else:
            outputs = self._layer(scope, layer, number, call, name, key, trainable)
        if layer.model is None:
            function = layer.function or function_of(layer.class_name, known=layer.known)
            self.structure.called(name, function, scope.path, scope.number)
        for index, ref in enumerate(outputs):
            scope.refs[layer.name, number, index] = ref

    def _layer(
        self,
        scope: Scope,
        layer: LayerConfig,
        number: int,
        call: LayerCall,
        name: str,
        key: str,
        trainable: bool,
    ) -> list[Ref]:
        inputs = scope.inputs(layer.name, call)
        tensors = tuple(self.builder.tensor(ref) for ref in inputs)
        specs = scope.specs(layer.name, number)
        guessed = not self.guessed.isdisjoint(inputs)

        def add(op: Op, shared_with: str | None, applied: Applied | None = None) -> None:
            self.builder.add(
                op, *inputs, name=name, shared_with=shared_with, trainable=trainable,
                line=call.line, unkept=unkept(layer, tensors), applied=applied,
            )  # fmt: skip

        op, why = self._op(layer, tensors)
        count = 0
        if op is not None:
            try:
                with naming(name):
                    applied = check_fit(op, tensors, specs)
                add(op, self.first.get(key), applied)
                count = len(applied[0])
            except NetworkError as error:
                if layer.known and not specs and not guessed:
                    raise
                op, why = None, error.message.removeprefix(f"layer '{name}': ")
                self.notes.append(Note("contradiction", why, name, layer.line))
        if op is None:
            count = scope.outputs(layer.name, number)
            unknown = self._unknown(layer, tensors, specs, count, name, why)
            guessed = any(index not in specs for index in range(count))
            try:
                add(unknown, self.first.get(key))
            except NetworkError:
                # the first call of it was not of this kind: the numbers are counted with that one
                add(replace(unknown, parameters=0), None)
        self.first.setdefault(key, name)
        self.made[name] = layer, specs.get(0)
        outputs = [Ref(name, index) for index in range(count)]
        self.guessed.update(outputs if guessed else ())
        return outputs

    def _op(self, layer: LayerConfig, tensors: tuple[Tensor, ...]) -> tuple[Op | None, str]:
        """The op of a layer, or why there is none."""
        try:
            op = build(layer.class_name, Site(layer.config, tensors, self.channels_first))
        except NetworkError as error:
            return None, error.message
        except SENSELESS as error:
            return None, senseless(error).message
        return op, f"there is no rule for {layer.class_name}"

    def _input(self, layer: LayerConfig) -> Tensor:
        shape: Any = layer.config.get("shape")
        if shape is None or isinstance(shape, NotLiteral):
            where = f"line {layer.line}: " if layer.line else ""
            raise SourceError(
                f"{where}the shape of the input is not stated as numbers",
                hint="paste the model.summary() table beside it, or write the shape as numbers",
            )
        sizes = (size if isinstance(size, int) else None for size in shape)
        return stated_tensor(
            (None, *sizes),
            channels_first=self.channels_first,
            dtype=layer.config.get("dtype"),
        )

    def _unknown(
        self,
        layer: LayerConfig,
        inputs: tuple[Tensor, ...],
        specs: Mapping[int, TensorSpec],
        count: int,
        name: str,
        why: str,
    ) -> Unknown:
        """A layer without a rule; a shape that nobody states is taken to be its input's."""
        results = []
        for index in range(count):
            shape = specs[index].shape if index in specs else _own_shape(layer)
            if shape is not None:
                first = self.channels_first
                results.append(stated_tensor(shape, channels_first=first, like=inputs))
            elif inputs:
                results.append(inputs[0])
        if any(index not in specs for index in range(count)) and _own_shape(layer) is None:
            text = f"{layer.class_name} is not known: its output is taken to have its input's shape"
            self.notes.append(Note("assumed", text, name, layer.line))
        stored = None if layer.stored is None else sum(prod(x.shape) for x in layer.stored)
        return Unknown(name=layer.class_name, results=tuple(results), parameters=stored, why=why)

    def _free_name(self, name: str) -> str:
        """The name, or one like it where a layer has it already."""
        free = name
        numbers = itertools.count(2)
        while free in self.made:
            free = f"{name} [{next(numbers)}]"
        return free


def _own_shape(layer: LayerConfig) -> tuple[int | None, ...] | None:
    """The output shape that a ``Lambda`` layer states, the batch axis included."""
    shape = layer.config.get("output_shape")
    if layer.class_name != "Lambda" or not isinstance(shape, tuple) or not shape:
        return None
    whole = all(size is None or (type(size) is int and size > 0) for size in shape)
    return (None, *shape) if whole else None


def _is_channels_first(model: ModelConfig) -> bool:
    return any(
        layer.config.get("data_format") == "channels_first"
        or (layer.model is not None and _is_channels_first(layer.model))
        for layer in model.layers
    )
