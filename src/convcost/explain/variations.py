"""How a comparison moves with the batch, and with the depth of the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.explain.explanation import Variation
from convcost.network.builder import Builder
from convcost.network.dims import number
from convcost.network.network import Ref
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.norm import BatchNorm
from convcost.predict import predict
from convcost.units import format_bytes

if TYPE_CHECKING:
    from convcost.explain.evidence import Case, Evidence, Pair
    from convcost.network.network import Layer, Network

_BATCHES = (1, 8, 32, 128, 512)
_DEPTHS = (1, 2, 3, 4, 5, 6)


def variations(evidence: Evidence) -> tuple[Variation, ...]:
    """Tables for two or more networks; nothing for one."""
    if not evidence.pairs:
        return ()
    by_depth = (_over_depth(pair) for pair in evidence.pairs)
    return (_over_batch(evidence), *(table for table in by_depth if table is not None))


def _over_batch(evidence: Evidence) -> Variation:
    rows = []
    for batch in sorted({*_BATCHES, evidence.cases[0].prediction.workload.batch}):
        first, *others = (_seconds(case, case.network, batch) for case in evidence.cases)
        rows.append((batch, tuple(seconds / first for seconds in others)))
    return Variation(
        parameter="batch",
        text=_weights_text(evidence.cases[0]),
        columns=tuple(f"{pair.a.name} / {pair.b.name}" for pair in evidence.pairs),
        rows=tuple(rows),
    )


def _weights_text(case: Case) -> str:
    """What is read once per batch, whatever the batch."""
    known = [row for row in case.count.layers if row.forward is not None]
    heaviest = max(known, key=lambda row: number(row.forward.weight_bytes, "bytes"))  # type: ignore[union-attr]
    weights = number(heaviest.forward.weight_bytes, "bytes")  # type: ignore[union-attr]
    return (
        f"time ratio by batch: weights are read once per batch ({heaviest.name}: "
        f"{format_bytes(weights)}), activations once per sample; small batches stay in the caches"
    )


def _over_depth(pair: Pair) -> Variation | None:
    """Where one network has a BatchNorm more: the same with 1 to 6 such convolutions."""
    for case, other in ((pair.a, pair.b), (pair.b, pair.a)):
        unit = _unit(case.network)
        base = _unit(other.network, batch_norm=False)
        if unit is None or base is None or _unit(other.network) is not None:
            continue
        rows = []
        for times in _DEPTHS:
            seconds = {
                case.index: _seconds(case, repeated(case.network, unit, times)),
                other.index: _seconds(other, repeated(other.network, base, times)),
            }
            rows.append((times, (seconds[pair.a.index] / seconds[pair.b.index],)))
        return Variation(
            parameter="convolutions",
            text="time ratio by the number of convolutions, each with its BatchNorm",
            columns=(f"{pair.a.name} / {pair.b.name}",),
            rows=tuple(rows),
        )
    return None


def _seconds(case: Case, network: Network, batch: int | None = None) -> float:
    old = case.prediction
    workload = replace(old.workload, batch=batch or old.workload.batch)
    found = predict(network, workload, device=old.device, runtime=old.runtime, profile=case.profile)
    return found.seconds.value


def _unit(network: Network, *, batch_norm: bool = True) -> tuple[str, ...] | None:
    """A chain convolution (-> activation) (-> BatchNorm) that keeps height and width."""
    for layer in network.layers:
        if not isinstance(layer.op, Conv) or not _keeps_size(network, layer):
            continue
        chain = [layer]
        while len(network.consumers[chain[-1].name]) == 1:
            following = network.layer(network.consumers[chain[-1].name][0])
            if not isinstance(following.op, Activation | BatchNorm):
                break
            chain.append(following)
        if batch_norm == any(isinstance(x.op, BatchNorm) for x in chain):
            return tuple(x.name for x in chain)
    return None


def _keeps_size(network: Network, layer: Layer) -> bool:
    op = layer.op
    assert isinstance(op, Conv)  # noqa: S101 - for types
    before, after = network.tensor(layer.inputs[0]), layer.outputs[0]
    return all(before.size(w.axis) == after.size(w.axis) for w in op.windows)


def repeated(network: Network, chain: tuple[str, ...], times: int) -> Network:
    """The network with a chain of layers repeated; sizes after it follow.

    >>> from convcost.zoo import load
    >>> net = repeated(load("seed000"), ("conv2d_1", "batch_normalization_1"), 3)
    >>> [layer.op.kind for layer in net.layers].count("batch_norm")
    3
    """
    builder = Builder(network.name, framework=network.framework)
    moved: dict[str, str] = {}
    for layer in network.layers:
        inputs = (Ref(moved.get(ref.layer, ref.layer), ref.output) for ref in layer.inputs)
        builder.add(layer.op, *inputs, name=layer.name, shared_with=layer.shared_with)
        if layer.name == chain[-1]:
            last = Ref(layer.name)
            for copy in range(2, times + 1):
                for name in chain:
                    last = builder.add(network.layer(name).op, last, name=f"{name} ({copy})")
            moved[layer.name] = last.layer
    copied = builder.build()
    dtypes = {tensor.dtype for layer in network.layers for tensor in layer.outputs}
    return copied.with_dtype(dtypes.pop()) if len(dtypes) == 1 else copied
