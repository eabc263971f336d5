"""What the views of predictions and explanations share: layers by their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.figures import (
    bar_column,
    number_column,
    rounded,
    share_column,
    size_in_bytes,
    text_column,
)
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.predict import LayerPrediction, Prediction
    from convcost.report.document import Row
    from convcost.runtime.runners.runner import RunPhase

COLUMNS = (
    text_column("layer", "layer"),
    text_column("op", "op", rank=5),
    number_column("seconds", "time", format_seconds),
    share_column(rank=1),
    bar_column(rank=4),
    text_column("bound", "bound", rank=2),
    number_column("macs", "MACs", rounded, rank=3),
    number_column("read_write_bytes", "bytes", size_in_bytes, rank=3),
    text_column("kernels", "kernels", rank=6),
)

RECORDS = (
    text_column("network", "network"),
    text_column("device", "device"),
    text_column("runtime", "runtime"),
    number_column("batch", "batch", str),
    *COLUMNS,
    number_column("vector_fill", "vector fill", format_percent),
)


def row(prediction: Prediction, layer: LayerPrediction) -> Row:
    """A layer under `COLUMNS`; what it does not have is None."""
    name = (layer.name, layer.op)
    kernels = kernels_of(prediction, layer)
    if not layer.kernels:
        return (*name, None, None, None, None, None, None, kernels)
    times = (layer.seconds, layer.share, layer.share, layer.bound)
    return (*name, *times, *_work(layer), kernels)


def rest(prediction: Prediction, phase: RunPhase) -> Row:
    """What belongs to no layer, under `COLUMNS`."""
    seconds = prediction.rest[phase]
    share = seconds / prediction.seconds.value
    return (phase, None, seconds, share, share, None, None, None, None)


def records(prediction: Prediction) -> tuple[Row, ...]:
    """Every layer under `RECORDS`."""
    head = (
        prediction.source,
        prediction.device.name,
        prediction.runtime.name,
        prediction.workload.batch,
    )
    found = []
    for layer in prediction.layers:
        fill = min((time.fill for time in layer.kernels), default=None)
        found.append((*head, *row(prediction, layer), fill))
    return tuple(found)


def kernels_of(prediction: Prediction, layer: LayerPrediction) -> str:
    """Which kernels compute a layer: its own, another layer's, or none."""
    if layer.fused_into is not None:
        return f"in {layer.fused_into}"
    if any(part.layer == layer.name for part in prediction.unknown):
        return "not known"
    parts = [
        time.kernel.name.removeprefix(f"{layer.name}/").replace(layer.name, layer.op)
        for time in layer.kernels
    ]
    return "none" if not parts else "1" if len(parts) == 1 else f"{len(parts)}: {', '.join(parts)}"


def _work(layer: LayerPrediction) -> tuple[Dim | None, Dim]:
    macs: Dim = 0
    moved: Dim = 0
    for time in layer.kernels:
        macs = macs + time.kernel.cost.macs
        moved = moved + time.kernel.cost.bytes
    return macs or None, moved
