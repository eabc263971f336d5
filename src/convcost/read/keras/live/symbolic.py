"""Subclassed Keras 3 models and layers: their ``call``, run on tensors without values."""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.errors import ConvcostError, SourceError
from convcost.network.dataclass import replace
from convcost.network.tensor import DTYPE_BYTES
from convcost.read.given import given
from convcost.read.keras.live.objects import Values, custom_class, flat, operands, weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.keras.config import ModelConfig
    from convcost.read.keras.live.graph import Graph
    from convcost.read.reader import Options

_NO_OPERANDS = ("training", "mask")


def inputs_of(model: Any, options: Options) -> Any:
    """Symbolic tensors for a model's inputs; None where nobody knows their shapes.

    They have the structure of the inputs that the user gives, else the shapes that the model was
    built for.
    """
    said = given(options.inputs)
    if said is not None:
        dtypes = _dtypes(options.inputs, len(said.shapes))
        tensors = [_tensor(s, d) for s, d in zip(said.shapes, dtypes, strict=True)]
        if isinstance(options.inputs, dict):
            return dict(zip(options.inputs, tensors, strict=True))
        return tensors[0] if len(tensors) == 1 else tensors
    built = getattr(model, "_build_shapes_dict", None)
    if not built or len(built) != 1:
        return None
    (shape,) = built.values()
    return _tensors(shape)


def trace(model: Any, tensors: Any, graph: Graph) -> ModelConfig:
    """The graph of a subclassed model.

    Args:
        model: it is left as it was; of one that is not built, a copy is called.
        tensors: symbolic inputs, in the structure that its ``call`` takes.
        graph: reads what it is made of.

    Raises:
        SourceError: its ``call`` does what cannot be done without values.
    """
    if not model.built:
        model = _copy(model)
    arguments = _arguments(model, tensors)
    with unchanged(model):
        try:
            outputs = model.call(*arguments)
            config = graph.between(model.name, flat(arguments), flat(outputs))
        except ConvcostError:
            raise
        except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise SourceError(
                f"the call of the model '{model.name}' cannot be followed without values: "
                f"{type(error).__name__}: {first:.200}",
                hint="check the inputs; in call(), use layers and keras.ops, whose shapes Keras "
                "knows beforehand",
            ) from None
    loose = weights_of(model, _left_out(config, model))
    return replace(config, loose=loose, custom=custom_class(model))


def expanded(layer: Any, node: Any, graph: Graph) -> ModelConfig | None:
    """What a custom layer is made of, where that is layers and functions; None otherwise.

    Args:
        layer: a layer without a rule.
        node: a call of it.
        graph: reads what it is made of.
    """
    if not layer.built:
        return None
    fresh = {id(t): _tensor(tuple(t.shape), t.dtype) for t in node.input_tensors}
    with unchanged(layer):
        try:
            arguments, keywords = node.arguments.fill_in(fresh)
            outputs = layer.call(*arguments, **keywords)
            inputs = [fresh[id(tensor)] for tensor in operands(node)]
            config = graph.between(layer.name, inputs, flat(outputs))
        except Exception:  # noqa: BLE001 - then the layer stays one of unknown cost
            return None
        return None if _left_out(config, layer) else replace(config, custom=custom_class(layer))


@contextmanager
def unchanged(layer: Any) -> Iterator[None]:
    """Take back what a symbolic call notes down in the layers that it calls."""
    parts = layer._flatten_layers()  # noqa: SLF001 - Keras has no public name for it
    before = [(x, len(x._inbound_nodes), len(x._outbound_nodes)) for x in parts]  # noqa: SLF001
    try:
        yield
    finally:
        for part, inbound, outbound in before:
            del part._inbound_nodes[inbound:]  # noqa: SLF001
            del part._outbound_nodes[outbound:]  # noqa: SLF001


def _left_out(config: ModelConfig, layer: Any) -> list[Any]:
    """The variables of a layer that belong to nothing in its graph."""
    covered: set[int] = set()
    waiting = [config]
    while waiting:
        model = waiting.pop()
        for part in model.layers:
            arrays = (array.values for array in part.stored or ())
            covered.update(id(v.variable) for v in arrays if isinstance(v, Values))
            if part.model is not None:
                waiting.append(part.model)
    return [variable for variable in layer.weights if id(variable) not in covered]


def _copy(model: Any) -> Any:
    """A model like one that is not built: calling it makes its weights.

    Raises:
        SourceError: it cannot be made again from its own configuration.
    """
    try:
        return type(model).from_config(model.get_config())
    except Exception:  # noqa: BLE001 - the user's own code may raise anything
        raise SourceError(
            f"the model '{model.name}' has no weights yet, and cannot be copied from its config",
            hint="call it once on an example: model(example); then read it",
        ) from None


def _arguments(model: Any, tensors: Any) -> tuple[Any, ...]:
    """Inputs as the model's ``call`` takes them: in one structure, or one after the other."""
    if not isinstance(tensors, list):
        return (tensors,)
    positional = [
        p
        for p in inspect.signature(model.call).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in _NO_OPERANDS
    ]
    apart = len(positional) >= len(tensors) > 1
    return tuple(tensors) if apart else (tensors,)


def _tensors(shape: Any) -> Any:
    """Symbolic tensors of the shapes in a nested structure."""
    if isinstance(shape, dict):
        return {name: _tensors(item) for name, item in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return _tensor(tuple(shape), None)
    return [_tensors(item) for item in shape]


def _tensor(shape: tuple[int | None, ...], dtype: str | None) -> Any:
    keras = sys.modules["keras"]
    return keras.KerasTensor(shape, dtype=dtype or keras.config.floatx())


def _dtypes(inputs: Any, count: int) -> list[str | None]:
    """The dtypes of example arrays; None for shapes."""
    items = list(inputs.values()) if isinstance(inputs, dict) else inputs
    items = items if isinstance(items, list | tuple) and len(items) == count else [inputs]
    found: list[str | None] = []
    for item in items:
        name = str(getattr(item, "dtype", "")).rpartition(".")[2]
        found.append(name if name in DTYPE_BYTES and name != "float64" else None)
    return found if len(found) == count else [None] * count
