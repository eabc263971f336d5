"""Networks as PyTorch modules, with the values of their parameters or sensible random ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework
from convcost.network.network import Ref, naming
from convcost.ops.input import Input
from convcost.write.bound import bound
from convcost.write.kept import check_kept, rule_of
from convcost.write.layout import plain_order
from convcost.write.sharing import is_shared, owner
from convcost.write.torch.graph import Graph, Value
from convcost.write.torch.rules import rules
from convcost.write.torch.site import Site
from convcost.write.values import Values

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network


def torch_module(
    network: Network, *, batch: int | None = None, seed: int = 0, exact: bool = True
) -> Any:
    """The network as a `torch.nn.Module` (a `torch.fx.GraphModule`: ``.code`` is its forward pass).

    Its parts are layers of `torch.nn` under the names of the network's layers; what has no layer
    there is a function call. The values of parameters are those of the source; where it has none,
    random ones of sensible size, the same for the same seed. Inputs and outputs keep the source's
    order of axes; several outputs are a tuple. The module is in training mode, as every new one.

    Args:
        network: what to write; all sizes but the batch known.
        batch: fix it where the network's reshapes need it; None leaves it open.
        seed: of random values.
        exact: whether layers are refused whose results depend on what the network does not keep;
            False where only their cost counts.

    Raises:
        NetworkError: a layer has no counterpart in PyTorch, or a size is open.
        MissingFramework: PyTorch is not installed.
    """
    _require_torch()
    network = bound(network, batch)
    graph, values = Graph(), Values(network, seed)
    known: dict[Ref, Value] = {}
    for layer in network.layers:
        if isinstance(layer.op, Input):
            tensor = layer.outputs[0]
            known[Ref(layer.name)] = Value(graph.argument(layer.name, tensor), plain_order(tensor))
            continue
        with naming(layer.name):
            if exact:
                check_kept(layer)
            made = _written(graph, network, layer, known, values, exact=exact)
            for output, value in made.items():
                known[Ref(layer.name, output)] = value
    _keep_unused(graph, network, values)
    results = [graph.turned(known[r], plain_order(network.tensor(r))) for r in network.outputs]
    return graph.finished(network.name, results)


def _keep_unused(graph: Graph, network: Network, values: Values) -> None:
    """Parameters that no layer uses, so that totals and checkpoints stay whole."""
    used = {id_ for layer in network.layers for id_ in layer.parameters}
    for id_ in sorted(network.table.keys() - used):
        parameter = network.table[id_]
        with naming(id_):
            array = values.unused(parameter)
            graph.tensor(id_, partial(graph.numbers, parameter, array, ""))


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingFramework(
            "writing a PyTorch module needs PyTorch", hint="pip install 'convcost[torch]'"
        ) from None


def _written(
    graph: Graph, network: Network, layer: Layer, known: dict[Ref, Value], values: Values, *,
    exact: bool,
) -> dict[int, Value]:  # fmt: skip
    """Have the layer's rule add its parts and calls.

    Raises:
        NetworkError: there is no rule, or the rule cannot write this one.
    """
    rule = rule_of(rules(), layer.op, "PyTorch")
    call = network.call(layer)
    weights = values.of(layer)
    site = Site(
        graph=graph,
        op=layer.op,
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
    graph.mark(layer.name)
    return site.made
