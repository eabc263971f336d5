"""ptflops with its pytorch backend: MACs of modules by their class, and of replaced functions.

Source: ptflops/pytorch_ops.py and pytorch_engine.py of 0.7.5. Modules carry a hook. The functions
that ptflops replaces while it runs count as well, once more where a module calls them. The sum of
the hooks is divided by the batch; that of the functions is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import combined, number
from convcost.count.conventions.torch_classes import (
    SCRIPTED,
    biased,
    built_in_class,
    cells,
    elements,
    ends_call,
    input_elements,
    learned,
    macs,
    not_charged,
    not_read,
    refused,
    steps,
    torch_class,
)
from convcost.network.dataclass import replace
from convcost.ops.cell import GATES
from convcost.ops.computed import ComputedWeights
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

_PRODUCT = re.compile(r"Conv(Transpose)?[123]d|Linear")
_AFFINE = re.compile(r"(BatchNorm|InstanceNorm)[123]d|GroupNorm")
_ACTIVATION = re.compile(r"ReLU6?|PReLU|ELU|LeakyReLU|GELU")
_POOL = re.compile(r"(Adaptive)?(Max|Avg)Pool[123]d")
_RECURRENT = re.compile(r"(RNN|GRU|LSTM)(Cell)?")
#: Classes that took their activation function before ptflops replaced it.
_BOUND_BEFORE = re.compile(r"Transformer(En|De)coderLayer")

#: Replaced functions, by the operator that they call. What else calls that operator (the methods of
#: a tensor, `torch.relu`) looks the same and is taken for them.
_ELEMENTWISE = re.compile(
    r"aten\.(relu_?|relu6|prelu|elu_?|gelu|silu_?|softmax\.int|(adaptive_)?(avg|max)_pool[123]d)"
)
_INTERPOLATION = re.compile(r"aten\._?upsample_.*")
_MATRIX = re.compile(r"aten\.(mm|bmm|addmm|baddbmm)")
#: Classes of which the forward pass calls one of them.
_CALLERS = re.compile(r"ReLU|PReLU|ELU|GELU|SiLU|Softmax|(Adaptive)?(Max|Avg)Pool[123]d")

#: Element-wise operations per unit of a cell and step, biases aside.
_STATE: Mapping[str, int] = {"simple": 1, "gru": 7, "lstm": 10}


def _charge(site: Site) -> Charge:
    name = torch_class(site)
    if why := _refusal(site):
        return refused("ptflops", why)
    built_in = built_in_class(site)
    hooked = combined((_hook(name, site), _activation(built_in, site)))
    hooked = _per_sample(hooked, site)
    called = combined((_function(name, site), _called(built_in, elements(site))))
    if not hooked.operations and called.operations:
        return called
    return combined((hooked, called))


def _refusal(site: Site) -> str:
    name = torch_class(site)
    if name == SCRIPTED and site.module is not None and not site.module.path:
        return "a scripted module takes no hooks"
    return "a lazy module has to run once before" if name.startswith("Lazy") else ""


def _per_sample(charge: Charge, site: Site) -> Charge:
    """What is left of a module's charge after the division by the batch."""
    batch = _batch(site.network)
    if batch == 1 or not charge.operations:
        return charge
    divided = Charge(charge.operations // batch, f"divided by the batch of {batch}")
    return combined((divided, replace(charge, operations=0)))


def _batch(network: Network) -> int:
    """The first size of a single input; 1 for several inputs, which it passes by keyword only."""
    inputs = [layer for layer in network.layers if isinstance(layer.op, Input)]
    axes = inputs[0].outputs[0].axes if len(inputs) == 1 else ()
    return number(axes[0].size) if axes else 1


def _hook(name: str, site: Site) -> Charge:
    """What the hook of a module of that class adds."""
    if name == "MultiheadAttention":
        return _attention(site)
    if not name or not ends_call(site):
        return not_charged(site, "ptflops")
    unread = not_read(site, "ptflops") if _has_rule(name) else None
    if unread is not None:
        return unread
    if _PRODUCT.fullmatch(name):
        bias = elements(site) if site.layer.op.bias else 0  # type: ignore[attr-defined]
        return Charge(macs(site) + bias, "1 more per result for the bias" if bias else "")
    if _AFFINE.fullmatch(name) or name == "LayerNorm":
        per_element = 2 if learned(site) and name != "LayerNorm" else 1
        return Charge(per_element * elements(site), f"{per_element} per element of nn.{name}")
    if _POOL.fullmatch(name):
        return Charge(input_elements(site), "pooling: 1 per input")
    if _RECURRENT.fullmatch(name):
        return _recurrent(site)
    if name == "Upsample":
        samples = number(site.call.outputs[0].axes[0].size)
        return Charge(elements(site) // samples, "interpolation: 1 per result of one sample")
    return _activation(name, site) if _ACTIVATION.fullmatch(name) else not_charged(site, "ptflops")


def _has_rule(name: str) -> bool:
    rules = (_PRODUCT, _AFFINE, _ACTIVATION, _POOL, _RECURRENT)
    return name in {"LayerNorm", "Upsample"} or any(rule.fullmatch(name) for rule in rules)


def _activation(name: str, site: Site) -> Charge:
    if not _ACTIVATION.fullmatch(name):
        return Charge(0)
    return Charge(elements(site), f"nn.{name}: 1 per element")


def _recurrent(site: Site) -> Charge:
    biases = 2 if biased(site.layer.op) else 0
    extra = sum(
        units * (GATES[function] * biases + _STATE[function])
        for function, units in cells(site.layer.op)
    )
    projected = sum(
        number(equation.macs)
        for equation in site.layer.op.equations(site.call)
        if any(loop.axis == "projection" for loop in equation.loops)
    )
    because = "additions and products of the gates and states"
    return Charge(macs(site) - projected + steps(site) * extra, because)


def _attention(site: Site) -> Charge:
    """`nn.MultiheadAttention` counts as a whole; here each of its layers bears its part."""
    match site.layer.op.kind:
        case "dense" | "computed_weights":
            op = site.layer.op.op if isinstance(site.layer.op, ComputedWeights) else site.layer.op
            out = any(id_.endswith("out_proj.weight") for id_ in site.layer.parameters)
            bias = out or bool(getattr(op, "bias", False))
            because = "1 more per result for the bias"
            return Charge(macs(site) + bias * elements(site), because if bias else "")
        case "scaled_attention":
            query, key = site.call.inputs[:2]
            scores = elements(site) // number(query.axes[-1].size) * number(key.axes[-2].size)
            because = "1 more per query's number for the scale, 1 per score for the softmax"
            return Charge(macs(site) + input_elements(site) + scores, because)
        case "multi_head_attention":
            *projected, scored, _, output = site.layer.op.equations(site.call)
            extra = (sum(number(x.outputs) for x in projected) + number(output.outputs)
                     + number(projected[0].outputs) + number(scored.outputs))  # fmt: skip
            return Charge(macs(site) + extra, "biases, scale and softmax: 1 each")
        case "matmul":
            because = "counted for nn.MultiheadAttention and again for the function that it calls"
            return Charge(macs(site), because, fault=True)
        case "activation" | "elementwise" | "merge" | "scale":
            return Charge(elements(site), "scale or softmax of the attention: 1 per element")
        case _:
            return Charge(0)


def _function(name: str, site: Site) -> Charge:
    """What the functions add that ptflops replaces."""
    if name == "LocalResponseNorm" and isinstance(site.layer.op, LocalResponseNorm):
        return _local_response_norm(site.layer.op, site)
    if site.layer.origin is None:
        if not site.call.inputs:
            return Charge(0)
        return _called(name, elements(site) if name == "Upsample" else input_elements(site))
    called = site.layer.origin.function
    if _BOUND_BEFORE.fullmatch(name) or site.layer.origin.part_of:
        return Charge(0)
    if _ELEMENTWISE.fullmatch(called):
        return Charge(input_elements(site), f"{called}: 1 per input as a function")
    if _INTERPOLATION.fullmatch(called):
        return Charge(elements(site), f"{called}: 1 per result as a function")
    if _MATRIX.fullmatch(called):
        addend = elements(site) if called.startswith(("aten.addmm", "aten.baddbmm")) else 0
        return Charge(macs(site) + addend, "1 more per result for the addend" if addend else "")
    return Charge(0)


def _called(name: str, operations: int) -> Charge:
    if not (_CALLERS.fullmatch(name) or name == "Upsample"):
        return Charge(0)
    return Charge(operations, f"1 per element of the function that nn.{name} calls")


def _local_response_norm(op: LocalResponseNorm, site: Site) -> Charge:
    """`F.local_response_norm`: square, scale and offset per element, pool over padded channels."""
    channels = number(site.call.inputs[0].size(op.axis))
    padded = elements(site) // channels * (channels + op.size - 1)
    because = "the products, the sum and the pooling that F.local_response_norm is composed of"
    return Charge(3 * elements(site) + padded, because)


def _parameters(network: Network) -> int:
    """Trainable ones only."""
    return sum(number(row.elements) for row in network.table.values() if row.trainable)


CONVENTION = Convention(
    name="ptflops",
    version="0.7.5",
    unit="MAC",
    says="MACs",
    counts=(
        "calls of modules whose class it has a rule for, per sample: MACs, biases, 1 or 2 per "
        "element of normalisations, activations and pools; functions such as F.relu once more, "
        "for the whole batch; only trainable parameters"
    ),
    charge=_charge,
    parameters=_parameters,
)
