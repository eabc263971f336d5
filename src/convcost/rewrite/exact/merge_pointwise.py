"""Merge two linear 1x1 convolutions, or dense layers, that follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.network.surgery import New
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.folding import read_elsewhere
from convcost.rewrite.shared.layer import is_trainable, macs, numbers, unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.rewrite.rewrite import Kind


class MergePointwise(Rewrite):
    """The product of two matrices in the place of one after the other."""

    name: ClassVar[str] = "merge-pointwise"
    kind: ClassVar[Kind] = "exact"
    summary: ClassVar[str] = (
        "merge two linear 1x1 convolutions or dense layers that follow each other"
    )
    law: ClassVar[str] = "MACs per position Ci R + R Co -> Ci Co: saves where Ci Co < R (Ci + Co)"

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The second of each pair."""
        for second in network.layers:
            first = _before(network, second)
            if first is None:
                continue
            why = _refusal(network, first, second)
            if why is not None:
                yield Refused(layer=second.name, why=why)
                continue
            yield Site(
                layer=second.name,
                layers=(first.name, second.name),
                text=f"merge {first.name} into {second.name}",
            )

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """One layer in the place of the second, which reads what the first read; that is gone."""
        del size
        first, second = map(network.layer, site.layers)
        merged = New(
            name=second.name,
            op=_merged(first.op, second.op),
            inputs=first.inputs,
            values=_values(network, first, second),
            trainable=is_trainable(network, first) or is_trainable(network, second),
        )
        return {first.name: (), second.name: (merged,)}


def _before(network: Network, layer: Layer) -> Layer | None:
    """The linear pointwise layer whose result another of its kind reads."""
    if not _is_pointwise(network, layer):
        return None
    first = network.layer(layer.inputs[0].layer)
    if not _is_pointwise(network, first) or type(first.op) is not type(layer.op):
        return None
    before, behind = _axes(first), _axes(layer)
    return first if before == behind and first.op.activation == "linear" else None  # type: ignore[attr-defined]


def _is_pointwise(network: Network, layer: Layer) -> bool:
    op = layer.op
    if len(layer.inputs) != 1 or not isinstance(op, Conv | Dense):
        return False
    if isinstance(op, Dense):
        return True
    tensor = network.tensor(layer.inputs[0])
    return op.groups == 1 and all(
        w.kernel == 1 and not any(w.pads(tensor.size(w.axis))) for w in op.windows
    )


def _axes(layer: Layer) -> set[str]:
    return {window.axis for window in getattr(layer.op, "windows", ())}


def _refusal(network: Network, first: Layer, second: Layer) -> str | None:
    why = read_elsewhere(network, first)
    if why is not None:
        return why
    for layer in (first, second):
        why = unfit(network, layer)
        if why is not None:
            return f"{layer.name}: {why}"
        if len(layer.parameters) != 1 + layer.op.bias:  # type: ignore[attr-defined]
            return f"{layer.name}: its weights are computed by other layers"
    tensor = network.tensor(first.inputs[0])
    apart = macs(tensor, [first.op, second.op])
    merged = macs(tensor, [_merged(first.op, second.op)])
    if merged >= apart:
        return f"as one with {first.name} it would take {merged:,} MACs in place of {apart:,}"
    return None


def _merged(first: Any, second: Any) -> Any:
    """The second, with the first one's steps and a bias where one of them has one."""
    bias = first.bias or second.bias
    if isinstance(second, Dense):
        return replace(second, bias=bias)
    strides = {window.axis: window.stride for window in first.windows}
    windows = tuple(
        replace(w, stride=w.stride * strides[w.axis], padding="valid") for w in second.windows
    )
    return replace(second, bias=bias, windows=windows)


def _values(network: Network, first: Layer, second: Layer) -> Callable[[], Any] | None:
    """What makes the product's numbers; None where there are none."""
    load, load_second = numbers(network, first), numbers(network, second)
    if load is None or load_second is None:
        return None

    def values() -> Mapping[str, Any]:
        wide = [
            {name: array.astype("float64") for name, array in each().items()}
            for each in (load, load_second)
        ]
        left, right = (each["kernel"].reshape(each["kernel"].shape[-2:]) for each in wide)
        bias = wide[0].get("bias", 0.0) @ right if "bias" in wide[0] else 0.0
        ones = wide[1]["kernel"].shape[:-2]
        kernel = (left @ right).reshape(*ones, *(left.shape[0], right.shape[1]))
        return {"kernel": kernel, "bias": bias + wide[1].get("bias", 0.0)}

    return values


REWRITE = MergePointwise()
