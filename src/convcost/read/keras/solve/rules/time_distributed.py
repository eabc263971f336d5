"""Layers applied to every step, whose kind a summary does not print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.tensor import Tensor
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.wrap import renamed
from convcost.read.axis_names import axis_names
from convcost.read.keras.solve.by_code import by_code
from convcost.read.keras.solve.inside import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _time_distributed(site: Site) -> Op:
    """The first kind of layer whose numbers the row has."""
    if "layer" in site.item.config and (stated := by_code(site)) is not None:
        return stated
    if not site.inputs or len(site.inputs[0].axes) < 3:
        raise NetworkError("the layer before it, with its steps, is not in the text")
    tensor = site.inputs[0]
    inner = axis_names(len(tensor.axes) - 1, channels_first=site.channels_first)
    step = renamed(Tensor((tensor.axes[0], *tensor.axes[2:]), tensor.dtype), inner)
    shape = [site.item.shape[0], *site.item.shape[2:]]
    classes = tuple(_classes(len(step.axes), len(shape), site.parameters))
    outer = axis_names(site.item.rank, channels_first=site.channels_first)

    def over_time(op: Op) -> Op:
        return TimeDistributed(op=op, inner=inner, names=outer)

    found = fitting(site, classes, step, shape, site.parameters, over_time)
    if found is None:
        raise NetworkError("what it does at each step is not printed, and no usual layer fits")
    kind, op = found
    site.note("assumed", f"what it does at each step is not printed: read as {kind}, which fits")
    return over_time(op)


def _classes(rank: int, output_rank: int, parameters: int) -> Iterator[str]:
    """What people wrap, the likeliest first."""
    axes = rank - 2
    if parameters:
        if axes:
            yield from (f"Conv{axes}D", "BatchNormalization")
        yield from ("Dense", "LSTM", "GRU", "SimpleRNN", "BatchNormalization")
        return
    if output_rank == 2 and axes:
        yield from ("Flatten", f"GlobalAveragePooling{axes}D")
    if output_rank == rank:
        yield "Dropout"
        if axes:
            yield from (f"MaxPooling{axes}D", f"UpSampling{axes}D", f"ZeroPadding{axes}D")
    yield "Reshape"


RULES: Mapping[str, Rule] = {"TimeDistributed": _time_distributed}
