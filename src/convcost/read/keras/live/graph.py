"""The graph behind the tensors of a live Keras 3 model, as configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import replace
from convcost.read.keras.config import LIVE, LayerCall, LayerConfig, ModelConfig
from convcost.read.keras.live.objects import (
    config_of,
    custom_class,
    is_opaque,
    operands,
    operation_of,
    spec_of,
    weights_of,
)
from convcost.read.limits import MAX_MODEL_DEPTH
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.read.keras.config import TensorRef, TensorSpec

    Node = Any
    Tensor = Any


class Graph:
    """Reads models and layers; `depth` counts those that it is within."""

    def __init__(self) -> None:
        self.depth = 0

    def is_known(self, model: Any) -> bool:
        """Whether a model's graph is there without calling it."""
        kind = model._obj_type() if hasattr(model, "_obj_type") else None  # noqa: SLF001
        if kind == "Sequential":
            return model._functional is not None  # noqa: SLF001
        own = next((c for c in type(model).__mro__ if c.__name__ == "Functional"), None)
        return kind == "Functional" and type(model).call is getattr(own, "call", None)

    def model(self, model: Any) -> ModelConfig:
        """A model whose graph is known."""
        functional = model._functional if hasattr(model, "_functional") else model  # noqa: SLF001
        kind = model._obj_type()  # noqa: SLF001
        config = self.between(
            model.name, functional.inputs, functional.outputs, kind, functional.operations
        )
        return replace(config, custom=custom_class(model))

    def between(
        self,
        name: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        kind: str = "Functional",
        order: Iterable[Any] = (),
    ) -> ModelConfig:
        """The layers between some tensors.

        Args:
            name: the model's.
            inputs: where to begin.
            outputs: where to end.
            kind: the model's class.
            order: operations in the order in which they are to stand.

        Raises:
            SourceError: an output does not depend on the inputs.
        """
        self.depth += 1
        try:
            if self.depth > MAX_MODEL_DEPTH:
                raise LimitError(f"'{name}': models are nested more than {MAX_MODEL_DEPTH} deep")
            layers, refs, specs = self._layers(inputs, outputs, order)
        finally:
            self.depth -= 1
        return ModelConfig(
            kind, name, tuple(layers), tuple(refs[id(tensor)] for tensor in inputs),
            tuple(refs[id(tensor)] for tensor in outputs), specs=specs,
        )  # fmt: skip

    def _layers(
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], order: Iterable[Any]
    ) -> tuple[list[LayerConfig], dict[int, TensorRef], dict[TensorRef, TensorSpec]]:
        """The layers between some tensors, and by tensor what makes it, and what it is."""
        nodes = _nodes(inputs, outputs)
        refs, layers = _begin(inputs, nodes)
        names = {layer.name: 1 for layer in layers}
        specs: dict[TensorRef, TensorSpec] = {}
        found: list[tuple[str, list[Node]]] = []
        for own in _grouped(nodes, order):
            own_name = unique(own[0].operation.name, names)
            found.append((own_name, own))
            for number, node in enumerate(own):
                for index, tensor in enumerate(node.output_tensors):
                    refs[id(tensor)] = (own_name, number, index)
                    specs[own_name, number, index] = spec_of(tensor)
        for own_name, own in found:
            calls = tuple(
                LayerCall(tuple(refs[id(tensor)] for tensor in operands(node))) for node in own
            )
            layers.append(self.layer(own[0].operation, own_name, calls, own[0]))
        return layers, refs, specs

    def layer(
        self, layer: Any, name: str, calls: tuple[LayerCall, ...], node: Node | None = None
    ) -> LayerConfig:
        """A layer, model or function of tensors.

        Args:
            layer: Keras's object.
            name: unique in its model.
            calls: where it is used.
            node: its first call.
        """
        if not hasattr(layer, "weights"):
            assert node is not None  # noqa: S101 - functions of tensors only are calls
            operation = operation_of(layer, node)
            class_name, config = operation.layer()
            function = operation.function
            return LayerConfig(class_name, name, config, calls, known=False, function=function)
        model = self._inner_model(layer)
        own = config_of(layer, name) if model is None else None
        if own is not None and is_opaque(own) and node is not None:
            from convcost.read.keras.live.symbolic import expanded

            model = expanded(layer, node, self)
        identity = f"{LIVE}{id(layer)}"
        if own is None or model is not None:
            return LayerConfig("Functional", name, {}, calls, model=model, identity=identity)
        if own.class_name == "InputLayer":
            return replace(own, calls=calls)
        stored = weights_of(layer, layer.weights) if layer.built else None
        return replace(own, calls=calls, stored=stored, identity=identity)

    def unbuilt(self, model: Any) -> ModelConfig:
        """A Sequential model without weights yet: what its layers are follows from the input.

        Raises:
            SourceError: it has no layers.
        """
        layers: list[LayerConfig] = []
        for layer in model.layers:
            before = ((layers[-1].name, 0, 0),) if layers else ()
            layers.append(self.layer(layer, layer.name, (LayerCall(before),)))
        if not layers:
            raise SourceError(f"the model '{model.name}' has no layers")
        outputs = ((layers[-1].name, 0, 0),)
        return ModelConfig(
            "Sequential", model.name, tuple(layers), (), outputs, custom=custom_class(model)
        )

    def _inner_model(self, layer: Any) -> ModelConfig | None:
        """The layers of a model that is used as a layer, without calling it."""
        if self.is_known(layer):
            return self.model(layer)
        if layer._obj_type() == "Sequential":  # noqa: SLF001
            return self.unbuilt(layer)
        return None


def _nodes(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Node]:
    """The calls that outputs depend on, each after those that it needs."""
    begin = {id(tensor) for tensor in inputs}
    order: list[Node] = []
    done: set[int] = set()
    waiting: list[tuple[Tensor, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while waiting:
        tensor, entered = waiting.pop()
        history = getattr(tensor, "_keras_history", None)
        if history is None or history.operation is None:
            if id(tensor) not in begin:
                raise SourceError("an output does not depend on the model's inputs")
            continue
        node = history.operation._inbound_nodes[history.node_index]  # noqa: SLF001
        if id(node) in done or (id(tensor) in begin and not node.is_input):
            continue
        if entered:
            done.add(id(node))
            order.append(node)
        else:
            waiting.append((tensor, True))
            waiting += [(before, False) for before in reversed(node.input_tensors)]
    return order


def _grouped(nodes: Iterable[Node], order: Iterable[Any]) -> list[list[Node]]:
    """The calls of each operation in their order, operations in the given order first."""
    grouped: dict[int, list[Node]] = {id(x): [] for x in order}
    for node in nodes:
        grouped.setdefault(id(node.operation), []).append(node)
    found = [own for own in grouped.values() if own]
    for own in found:
        own.sort(key=own[0].operation._inbound_nodes.index)  # noqa: SLF001
    return found


def _begin(
    inputs: Sequence[Tensor], nodes: Sequence[Node]
) -> tuple[dict[int, TensorRef], list[LayerConfig]]:
    """An ``InputLayer`` for each input that no ``InputLayer`` of the graph makes."""
    made = {id(tensor) for node in nodes for tensor in node.output_tensors}
    refs: dict[int, TensorRef] = {}
    layers = []
    for number, tensor in enumerate(inputs, start=1):
        if id(tensor) in made or id(tensor) in refs:
            continue
        spec = spec_of(tensor)
        config = {"shape": spec.shape[1:], "dtype": spec.dtype}
        name = f"input_{number}"
        layers.append(LayerConfig("InputLayer", name, config, (LayerCall(()),)))
        refs[id(tensor)] = (name, 0, 0)
    return refs, layers
