"""A small network whose training step is counted by hand, and how its ledger is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count import Workload, count
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.report import Surface, render
from convcost.report.views.count import report

if TYPE_CHECKING:
    from convcost.count import Count, LayerCount
    from convcost.network.network import Network

IMAGE = Tensor.of(batch=BATCH, height=16, width=16, channel=3)
PHASES = ("forward", "backward_data", "backward_weights")


def trained(net: Network, **workload: Any) -> Count:
    return count(net, Workload(training=True, **workload))


def rows_of(result: Count) -> dict[str, LayerCount]:
    return {row.name: row for row in result.layers}


def macs(row: LayerCount) -> tuple[int, ...]:
    """Forward, data, weights."""
    return tuple(getattr(row, phase).macs for phase in PHASES)


def two_convolutions() -> Network:
    b = Builder("two")
    x = b.add(Input(IMAGE), name="image")
    same = window(3, padding="same")
    x = b.add(Conv(filters=4, windows=same, activation="relu"), x, name="first")
    x = b.add(Conv(filters=5, windows=same, bias=False), x, name="second")
    b.add(Dense(units=10), b.add(Flatten(), x, name="flatten"), name="dense")
    return b.build()


FIRST, SECOND, DENSE = 256 * 27 * 4, 256 * 36 * 5, 256 * 5 * 10


def shown(result: Count, format_: str) -> str:
    return render(report([result]), format_, Surface())
