"""The PyTorch module class that a layer belongs to: what counters with a hook per class go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge
from convcost.count.conventions.sites import macs as macs_of
from convcost.count.conventions.sites import number
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.activation import Activation
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.count.conventions.convention import Site
    from convcost.network.module import Module
    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor

#: PyTorch's own classes; what is defined elsewhere is looked up under its whole name.
_OWN = "torch.nn.modules."

#: What `torch.jit.script` makes of a module.
SCRIPTED = "torch.jit._script.RecursiveScriptModule"

#: Kind of op -> class, ``?`` for the number of axes that it slides over.
_PLAIN: Mapping[str, str] = {
    "conv": "Conv?d",
    "depthwise_conv": "Conv?d",
    "separable_conv": "Conv?d",
    "conv_transpose": "ConvTranspose?d",
    "dense": "Linear",
    "bilinear": "Bilinear",
    "batch_norm": "BatchNorm?d",
    "layer_norm": "LayerNorm",
    "group_norm": "GroupNorm",
    "local_response_norm": "LocalResponseNorm",
    "prelu": "PReLU",
    "dropout": "Dropout",
    "flatten": "Flatten",
    "embedding": "Embedding",
    "upsample": "Upsample",
    "resize": "Upsample",
    "multi_head_attention": "MultiheadAttention",
}

_ACTIVATIONS: Mapping[str, str] = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softmax": "Softmax",
}

_RECURRENT: Mapping[str, str] = {"simple": "RNN", "gru": "GRU", "lstm": "LSTM"}


def torch_class(site: Site) -> str:
    """The class whose rule a counter looks up; empty where no module makes the layer.

    ``Conv2d`` for PyTorch's own classes, the qualified name for others. Where the source has no
    modules it is the class that the layer would plainly be written with.
    """
    if site.module is not None:
        return class_of(site.module)
    return "" if site.network.modules else plain_class(site.layer)


def class_of(module: Module) -> str:
    """``Conv2d`` for PyTorch's own classes, the qualified name for others."""
    kind = module.kind
    return kind.rpartition(".")[2] if kind.startswith(_OWN) else kind


def built_in_class(site: Site) -> str:
    """The class of the activation function that a layer has built in; empty for none.

    Layers that were read from PyTorch have none; those of recurrent cells are theirs.
    """
    if site.module is not None or any(True for _ in cells(site.layer.op)):
        return ""
    return _ACTIVATIONS.get(getattr(site.layer.op, "activation", "linear"), "")


def ends_call(site: Site) -> bool:
    """Whether the layer makes the result of the module's call, and nothing on the way to it.

    Views of the result do not change that.
    """
    own = _call(site.layer)
    if own is None:
        return True
    later = [site.network.layer(name) for name in site.network.consumers[site.layer.name]]
    return site.layer.op.touches_data(site.call) and not any(
        _call(layer) == own and layer.op.touches_data(site.network.call(layer)) for layer in later
    )


def refused(tool: str, why: str) -> Charge:
    """The tool ends with an error."""
    return Charge(0, f"{tool} ends with an error: {why}", fault=True, known=False)


def not_charged(site: Site, tool: str) -> Charge:
    """Nothing, for a layer whose class has no rule; a fault where the layer has MACs."""
    if not macs(site):
        return Charge(0)
    origin, kind = site.layer.origin, torch_class(site)
    if site.module is None or origin is None:
        what = f"nn.{kind}" if kind else f"what computes a {site.layer.op.kind}"
        return Charge(0, f"{tool} has no rule for {what}", fault=True)
    if site.module.kind.startswith(_OWN):
        return Charge(0, f"{tool} has no rule for nn.{kind}", fault=True)
    return Charge(
        0, f"{origin.function} in {kind}, for which {tool} has no rule: it goes by the class",
        fault=True,
    )  # fmt: skip


def not_read(site: Site, tool: str) -> Charge | None:
    """What can be said of a layer with a rule whose op could not be read; None where it could."""
    if not isinstance(site.layer.op, Unknown):
        return None
    because = f"{tool} has a rule for nn.{torch_class(site)}, which could not be read"
    return Charge(0, because, known=False)


def macs(site: Site) -> int:
    """The layer's multiply-accumulates."""
    return macs_of(site.layer.op, site.call)


def elements(site: Site) -> int:
    """Elements of the layer's first result."""
    return number(site.call.outputs[0].elements)


def input_elements(site: Site) -> int:
    """Elements of the layer's first input."""
    return number(site.call.inputs[0].elements)


def positions(tensor: Tensor) -> int:
    """Elements of one channel."""
    return number(tensor.elements) // number(tensor.size("channel"))


def learned(site: Site) -> int:
    """Learned parameters of the layer."""
    return sum(number(p.elements) for p in site.call.parameters if p.learned)


def cells(op: Op) -> Iterator[tuple[str, int]]:
    """(function, units) of every recurrent cell of an op, in all levels and directions.

    >>> from convcost.ops.cell import Cell
    >>> list(cells(Recurrent(cells=(Cell(function="gru", units=8),))))
    [('gru', 8)]
    """
    match op:
        case RecurrentStack(function=function, units=units, levels=levels, directions=directions):
            yield from [(function, number(units))] * (levels * directions)
        case Recurrent(cells=parts) | RecurrentStep(cells=parts):
            yield from ((cell.function, number(cell.units)) for cell in parts)
        case Bidirectional(forward=forward, backward=backward):
            yield from cells(forward)
            yield from cells(backward)
        case _:
            return


def biased(op: Op) -> bool:
    """Whether recurrent cells have biases; the plain PyTorch class gives two to each gate."""
    match op:
        case RecurrentStack(bias=bias):
            return bias
        case Recurrent(cells=parts) | RecurrentStep(cells=parts):
            return bool(parts[0].biases)
        case Bidirectional(forward=forward):
            return biased(forward)
        case _:
            return False


def steps(site: Site) -> int:
    """Samples times steps that recurrent cells run over."""
    return input_elements(site) // number(site.call.inputs[0].axes[-1].size)


def modules_called(network: Network) -> frozenset[str]:
    """Paths of the modules that make a layer."""
    return frozenset(layer.origin.module for layer in network.layers if layer.origin is not None)


def _call(layer: Layer) -> tuple[str, int] | None:
    return None if layer.origin is None else (layer.origin.module, layer.origin.call)


def plain_class(layer: Layer) -> str:
    """The class that a layer would plainly be written with; empty where there is none."""
    op, kind = layer.op, layer.op.kind
    slid = sum(axis.name in SPATIAL_AXES for axis in layer.outputs[0].axes)
    match op:
        case Activation(function=function):
            return _ACTIVATIONS.get(function, "")
        case Pool(function=function):
            return f"{'Max' if function == 'max' else 'Avg'}Pool{slid}d"
        case AdaptivePool(function=function):
            return f"Adaptive{'Max' if function == 'max' else 'Avg'}Pool{slid}d"
        case GlobalPool(function=function, axes=axes):
            return f"Adaptive{'Max' if function == 'max' else 'Avg'}Pool{len(axes)}d"
        case RecurrentStack(function=function, time=time):
            return _RECURRENT[function] + ("Cell" if time is None else "")
        case Recurrent() | Bidirectional():
            functions = {function for function, _ in cells(op)}
            return _RECURRENT[functions.pop()] if len(functions) == 1 else ""
        case RecurrentStep():
            return "" if len(op.cells) > 1 else _RECURRENT[op.cells[0].function] + "Cell"
        case _:
            return _PLAIN.get(kind, "").replace("?", str(max(slid, 1)))
