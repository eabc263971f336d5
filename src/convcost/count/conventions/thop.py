"""thop (pytorch-OpCounter): MACs of the modules whose class it has a rule for.

Source: thop/profile.py, thop/vision/basic_hooks.py, calc_func.py and thop/rnn_hooks.py of 0.1.1.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import combined, number
from convcost.count.conventions.sites import macs as macs_of
from convcost.count.conventions.torch_classes import (
    SCRIPTED,
    biased,
    built_in_class,
    cells,
    class_of,
    elements,
    ends_call,
    input_elements,
    learned,
    macs,
    modules_called,
    not_charged,
    not_read,
    plain_class,
    positions,
    refused,
    steps,
    torch_class,
)
from convcost.ops.cell import GATES
from convcost.ops.recurrent_stack import RecurrentStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

_CONV = re.compile(r"Conv[123]d")
_TRANSPOSED = re.compile(r"ConvTranspose[123]d")
_NORM = re.compile(r"(BatchNorm|InstanceNorm)[123]d|LayerNorm|SyncBatchNorm")
_AVERAGE = re.compile(r"AvgPool[123]d")
_ADAPTIVE = re.compile(r"AdaptiveAvgPool[123]d")
_RECURRENT = re.compile(r"(RNN|GRU|LSTM)(Cell)?")
_UPSAMPLE = re.compile(r"Upsample|UpsamplingBilinear2d|UpsamplingNearest2d")
#: Classes with a rule that says 0; their parameters are counted.
_FREE = re.compile(
    r"ReLU6?|LeakyReLU|(Adaptive)?MaxPool[123]d|ZeroPad2d|Dropout|PixelShuffle|Sequential"
)
_RULES = (
    _CONV, _TRANSPOSED, _NORM, _AVERAGE, _ADAPTIVE, _RECURRENT, _UPSAMPLE, _FREE,
    re.compile(r"Linear|PReLU|Softmax"),
)  # fmt: skip

#: Operations per result of an interpolation; others are taken for 0.
_INTERPOLATION: Mapping[str, int] = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}

#: Element-wise operations per unit of a cell, besides each gate's sum and biases.
_STATE: Mapping[str, int] = {"simple": 0, "gru": 4, "lstm": 4}


def _charge(site: Site) -> Charge:
    name = torch_class(site)
    if name == SCRIPTED:
        return refused("thop", "a scripted module takes no buffers")
    own = _of_class(name, site)
    return combined((own, _softmax(site))) if built_in_class(site) == "Softmax" else own


def _of_class(name: str, site: Site) -> Charge:
    if not name or not _has_rule(name) or not ends_call(site):
        return not_charged(site, "thop")
    if (unread := not_read(site, "thop")) is not None:
        return unread
    if _CONV.fullmatch(name) or name == "Linear":
        return Charge(macs(site))
    if _TRANSPOSED.fullmatch(name):
        return _transposed(site)
    if _NORM.fullmatch(name):
        per_element = 4 if learned(site) else 2
        return Charge(per_element * elements(site), f"{per_element} per element of nn.{name}")
    if _RECURRENT.fullmatch(name):
        return _recurrent(site)
    if name == "Softmax":
        return _softmax(site)
    if _UPSAMPLE.fullmatch(name):
        return _interpolated(site)
    if _AVERAGE.fullmatch(name):
        return Charge(elements(site), "average pooling: 1 per result")
    if _ADAPTIVE.fullmatch(name):
        operations = input_elements(site) + elements(site)
        return Charge(operations, "adaptive pooling: 1 per input and 1 per result")
    return Charge(elements(site), "PReLU: 1 per element") if name == "PReLU" else Charge(0)


def _has_rule(name: str) -> bool:
    return any(rule.fullmatch(name) for rule in _RULES)


def _transposed(site: Site) -> Charge:
    operations = macs(site) // positions(site.call.inputs[0]) * positions(site.call.outputs[0])
    if operations == macs(site):
        return Charge(operations)
    because = "a transposed convolution is charged per position of its output, not of its input"
    return Charge(operations, because, fault=True)


def _softmax(site: Site) -> Charge:
    rows = elements(site) // number(site.call.outputs[0].axes[-1].size)
    because = "softmax: exp, add and divide per element, one addition less per row"
    return Charge(3 * elements(site) - rows, because)


def _interpolated(site: Site) -> Charge:
    origin = site.layer.origin
    if origin is not None and "nearest_exact" in origin.function:
        return Charge(0)  # a mode that it does not know
    interpolation = getattr(site.layer.op, "interpolation", "")
    per_result = _INTERPOLATION.get(interpolation, 0)
    because = f"{interpolation} interpolation: {per_result} per result" if per_result else ""
    return Charge(per_result * elements(site), because)


def _recurrent(site: Site) -> Charge:
    biases = 2 if biased(site.layer.op) else 0
    extra = sum(
        units * (GATES[function] * (1 + biases) + _STATE[function])
        for function, units in cells(site.layer.op)
    )
    because = "additions and products of the gates and states"
    return Charge(_unprojected(site) + steps(site) * extra, because)


def _unprojected(site: Site) -> int:
    """MACs as if an LSTM did not project its state."""
    op = site.layer.op
    if isinstance(op, RecurrentStack):
        return macs_of(dataclasses.replace(op, projection=None), site.call)
    return macs(site)


def _parameters(network: Network) -> int:
    """Those that called modules with a rule hold themselves, tied ones once for each."""
    if not network.modules:
        held = (x.parameters for x in network.layers
                if x.shared_with is None and _has_rule(plain_class(x)))  # fmt: skip
    else:
        called = modules_called(network)
        held = (
            module.parameters
            for module in network.modules
            if module.path and module.path in called and _has_rule(class_of(module))
        )
    rows = (network.table[id_] for ids in held for id_ in ids)
    return sum(number(row.elements) for row in rows if row.learned)


CONVENTION = Convention(
    name="thop",
    version="0.1.1",
    unit="MAC",
    says="MACs",
    counts=(
        "calls of modules whose class it has a rule for: MACs of convolutions and linear layers, "
        "4 per element of a normalisation, softmax, average pools; no biases, no functions"
    ),
    charge=_charge,
    parameters=_parameters,
)
