"""Layers that compute next to nothing but pass over the whole tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.explain.explanation import Finding
from convcost.explain.figures import traffic
from convcost.explain.folding import fold_advice
from convcost.network.dims import number
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.units import format_bytes, format_names, format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.network.cost import Cost
    from convcost.predict import LayerPrediction

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.05

_TITLES = {
    "batch_norm": "BatchNorm",
    "activation": "applying activations",
    "softmax": "softmax",
    "merge": "adding and multiplying tensors",
    "concatenate": "concatenation",
    "dropout": "dropout",
    "zero_padding": "padding",
    "local_response_norm": "local response normalisation",
}
#: Kinds that some runtime computes while the layer before writes.
_FUSABLE = ("activation", "merge", "batch_norm")


def of_case(case: Case) -> Iterator[Finding]:
    """One finding per kind of layer."""
    groups: dict[str, list[LayerPrediction]] = {}
    for layer in case.prediction.layers:
        kind = _kind(case, layer)
        if kind in _TITLES and layer.kernels:
            groups.setdefault(kind, []).append(layer)
    for kind, layers in groups.items():
        if sum(layer.share for layer in layers) >= _LEAST_SHARE:
            yield _finding(case, kind, layers)


def _kind(case: Case, layer: LayerPrediction) -> str:
    """The op, but softmax by itself: it adds up a whole axis, so no convolution can compute it."""
    op = case.network.layer(layer.name).op
    if isinstance(op, Activation) and op.function in ROW_FUNCTIONS:
        return "softmax"
    return layer.op


def _finding(case: Case, kind: str, layers: list[LayerPrediction]) -> Finding:
    kernels = [time for layer in layers for time in layer.forward_kernels]
    largest = max(layers, key=lambda layer: layer.seconds)
    numbers = (
        traffic(kernels)
        | {
            "tensor_bytes": _output_bytes(case, largest.name),
            "passes": len(largest.forward_kernels),
            "bound": largest.bound,
            "seconds": sum(layer.seconds for layer in layers),
            "share": sum(layer.share for layer in layers),
            "elementwise": sum(_elementwise(time.kernel.cost) for time in kernels),
            "flops_of_network": number(case.count.total.forward.flops, "FLOP"),
        }
        | _product_beside(case, largest.name)
    )
    one = numbers["passes"] == 1
    passes = f"{numbers['passes']} passes that each read and write"
    passes = "1 pass that reads and writes" if one else passes
    beside = ""
    if "product_layer" in numbers:
        moved = numbers["product_read_bytes"] + numbers["product_write_bytes"]
        beside = f" ({numbers['product_layer']} beside it moves {format_bytes(moved)} in all)"
    text = (
        f"{_TITLES[kind]} ({format_names([layer.name for layer in layers])}) takes "
        f"{format_percent(numbers['share'])} of the time of {case.name}, "
        f"{format_seconds(numbers['seconds'])}: {case.prediction.runtime.title} executes "
        f"{largest.name} as {passes} "
        f"{format_bytes(numbers['tensor_bytes'])}{beside}; its arithmetic is "
        f"{format_percent(_per_mac(numbers))} of the network's"
    )
    return Finding(
        subject=_TITLES[kind],
        network=case.index,
        layers=tuple(layer.name for layer in layers),
        text=text,
        numbers=numbers,
        advice=_advice(case, kind, layers),
        seconds=numbers["seconds"],
        timed=tuple(layer.name for layer in layers),
    )


def _advice(case: Case, kind: str, layers: list[LayerPrediction]) -> str:
    if kind == "batch_norm" and case.prediction.workload.mode == "inference":
        return fold_advice(case.network, [layer.name for layer in layers])
    if (
        kind not in _FUSABLE
        or case.prediction.runtime.rules[case.prediction.device.kind].pointwise == "fused"
    ):
        return ""
    return (
        "a runtime that fuses it into the convolution before it (torch.compile; XLA, which is "
        "jit_compile=True in Keras) saves these passes"
    )


def _output_bytes(case: Case, layer: str) -> int:
    forward = case.counted[layer].forward
    return 0 if forward is None else number(forward.write_bytes, "bytes")


def _elementwise(cost: Cost) -> int:
    return number(cost.elementwise, "element-wise operations")


def _per_mac(numbers: dict[str, Any]) -> float:
    """Their share of the network's arithmetic."""
    return float(numbers["elementwise"]) / max(1.0, float(numbers["flops_of_network"]))


def _product_beside(case: Case, layer: str) -> dict[str, Any]:
    """The bytes of the convolution or product that feeds the layer, to compare with."""
    for ref in case.network.layer(layer).inputs:
        forward = case.counted[ref.layer].forward
        if forward is not None and forward.macs:
            return {
                "product_layer": ref.layer,
                "product_macs": number(forward.macs, "MACs"),
                "product_read_bytes": number(forward.read_bytes, "bytes"),
                "product_write_bytes": number(forward.write_bytes, "bytes"),
            }
    return {}
