"""Networks as Keras models, with the values of their parameters or sensible random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework, NetworkError
from convcost.network.network import Ref, naming
from convcost.ops.input import Input
from convcost.write.bound import bound
from convcost.write.kept import check_kept, rule_of
from convcost.write.keras.graph import Graph, Value, is_symbolic
from convcost.write.keras.names import plain
from convcost.write.keras.rules import rules
from convcost.write.keras.site import Site
from convcost.write.layout import plain_order
from convcost.write.sharing import is_shared, owner
from convcost.write.values import Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor

#: Where a model that was written keeps the owners of its layers; Keras does not save it.
_OWNERS = "_convcost_layers"


def keras_model(
    network: Network, *, batch: int | None = None, seed: int = 0, exact: bool = True
) -> Any:
    """The network as a functional `keras.Model`.

    It consists of Keras's layers under the names of the network's; what Keras has no layer for is a
    function of `keras.ops`. The values of parameters are those of the source; where it has none,
    random ones of sensible size, the same for the same seed. Inputs and outputs keep the source's
    order of axes. It is not compiled.

    Args:
        network: what to write; all sizes but the batch known.
        batch: fix it; None leaves it open.
        seed: of random values.
        exact: whether layers are refused whose results depend on what the network does not keep;
            False where only their cost counts.

    Raises:
        NetworkError: a layer has no counterpart in Keras, or a size is open.
        MissingFramework: Keras is not installed.
    """
    _require_keras()
    network = bound(network, batch)
    graph, values = Graph(layer.name for layer in network.layers), Values(network, seed)
    known: dict[Ref, Value] = {}
    for layer in network.layers:
        with naming(layer.name):
            if isinstance(layer.op, Input):
                tensor = layer.outputs[0]
                node = _input(graph, layer.name, tensor)
                known[Ref(layer.name)] = Value(node, plain_order(tensor))
                continue
            if exact:
                check_kept(layer)
            made = _written(graph, network, layer, known, values, exact=exact)
            for output, value in made.items():
                known[Ref(layer.name, output)] = value
    results = []
    for ref in network.outputs:
        with naming(ref.layer):
            order = plain_order(network.tensor(ref))
            result = graph.turned(known[ref], order, ref.layer)
            if not is_symbolic(result):
                raise NetworkError("its result depends on no input; a Keras model's results do")
            results.append(result)
    model = graph.finished(plain(network.name), results)
    # past Keras, which would track it as a part of the model
    object.__setattr__(model, _OWNERS, graph.names.owners)
    return model


def layer_of(model: Any) -> Mapping[str, str]:
    """Name of a layer or function of a written model -> name of the network's layer it belongs to.

    Where a network calls a layer several times, that is the first call. A model that was read from
    a file has lost it: its layers stand for themselves.
    """
    owners: Mapping[str, str] = getattr(model, _OWNERS, {})
    names = [operation.name for operation in model.operations]
    return {name: owners.get(name, name) for name in names}


def _require_keras() -> None:
    try:
        import keras  # noqa: F401
    except ImportError:
        raise MissingFramework(
            "writing a Keras model needs Keras", hint="pip install 'convcost[keras]'"
        ) from None


def _input(graph: Graph, name: str, tensor: Tensor) -> Any:
    """An input of the model."""
    import keras

    shape = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    node = keras.Input(batch_shape=shape, dtype=tensor.dtype, name=graph.names.of(name))
    graph.inputs.append(node)
    return node


def _written(
    graph: Graph, network: Network, layer: Layer, known: dict[Ref, Value], values: Values, *,
    exact: bool,
) -> dict[int, Value]:  # fmt: skip
    """Have the layer's rule add its layers and calls.

    Raises:
        NetworkError: there is no rule, or the rule cannot write this one.
    """
    rule = rule_of(rules(), layer.op, "Keras")
    call = network.call(layer)
    weights = values.of(layer)
    site = Site(
        graph=graph,
        op=layer.op,
        own=layer.name,
        name=owner(network, layer),
        framework=network.framework,
        exact=exact,
        shared=is_shared(network, layer),
        tensors=call.inputs,
        results=call.outputs,
        values=tuple(known[ref] for ref in layer.inputs),
        weights=weights,
        parameters=dict(zip(weights, call.parameters, strict=True)),
        made={},
    )
    rule(site)
    return site.made
