"""For each rule of `explain` something that it tells, and something that it is silent about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost import device, runtime, zoo
from convcost.count import Workload, count
from convcost.explain.evidence import Case, Evidence
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.recurrent import Recurrent
from convcost.ops.window import window
from convcost.predict import predict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network

_GPU = "gtx-1080-ti"


@dataclass(frozen=True)
class Asked:
    """Networks, and what is asked about them.

    Attributes:
        networks: from the zoo, or made.
        on: a device.
        under: a runtime.
        workload: beside a batch of 32.
    """

    networks: tuple[str | Callable[[], Network], ...]
    on: str = "i9-10940x"
    under: str = "torch"
    workload: Mapping[str, Any] = field(default_factory=dict)

    def evidence(self) -> Evidence:
        """By data sheet, nothing measured."""
        workload = Workload(**({"batch": 32} | dict(self.workload)))
        where = {"device": device.load(self.on), "runtime": runtime.load(self.under)}
        networks = [zoo.load(x) if isinstance(x, str) else x() for x in self.networks]
        return Evidence(
            tuple(
                Case(index, network, count(network, workload), predict(network, workload, **where))
                for index, network in enumerate(networks)
            )
        )


class Sample(NamedTuple):
    """What a rule tells something about, and what it does not."""

    told: Asked
    silent: Asked


def asked(*networks: str | Callable[[], Network], **options: Any) -> Asked:
    """A question; what is neither a device nor a runtime belongs to the workload."""
    where = {name: options.pop(name) for name in ("on", "under") if name in options}
    return Asked(networks, **where, workload=options)


def image(**sizes: int) -> tuple[Builder, Any]:
    """A network that begins with an image, the axes in the order of the names."""
    builder = Builder("made", framework="torch")
    return builder, builder.add(Input(Tensor.of(batch=BATCH, **sizes)), name="image")


def norm_along(axis: str) -> Callable[[], Network]:
    """A BatchNorm by itself."""

    def make() -> Network:
        builder, ref = image(channel=32, height=28, width=28)
        builder.add(BatchNorm(axis=axis), ref, name="norm")
        return builder.build()

    return make


def few_weights() -> Network:
    """A convolution with hardly more weights than the BatchNorm behind it has statistics."""
    builder, ref = image(channel=3, height=32, width=32)
    ref = builder.add(Conv(filters=8, windows=window(3), bias=False), ref, name="conv")
    builder.add(BatchNorm(), ref, name="norm")
    return builder.build()


def convolutions() -> Network:
    """Six that follow each other."""
    builder, ref = image(channel=8, height=16, width=16)
    for number in range(6):
        op = Conv(filters=8, windows=window(3, padding="same"))
        ref = builder.add(op, ref, name=f"conv{number}")
    return builder.build()


def lstm() -> Network:
    """A recurrent layer and a dense one."""
    builder, ref = image(time=50, channel=32)
    op = Recurrent(cells=(Cell(function="lstm", units=64),))
    builder.add(Dense(units=2), builder.add(op, ref, name="lstm"), name="dense")
    return builder.build()


def overridable() -> Network:
    """An old ONNX file's: every stored tensor is an input as well."""
    network = zoo.load("seed000")
    table = {id_: replace(each, overridable=True) for id_, each in network.table.items()}
    return replace(network, table=table)


_TRAINING = {"training": True, "optimizer": "sgd"}
SAMPLES: dict[str, Sample] = {
    "batch-limit": Sample(asked("vgg16", **_TRAINING), asked("vgg16")),
    "batch-norm-axis": Sample(asked(norm_along("width")), asked(norm_along("channel"))),
    "batch-norm-statistics": Sample(asked(few_weights), asked("seed000")),
    "counters-disagree": Sample(asked(lstm), asked("resnet18")),
    "cut-channels": Sample(asked("vgg16", batch=8), asked("seed001-mlp")),
    "depthwise": Sample(asked("mobilenet"), asked("resnet18")),
    "few-channels": Sample(
        asked("seed001-mlp", "seed001-cnn4", under="keras-tensorflow"), asked("vgg16")
    ),
    "flatten-without-pooling": Sample(asked("seed000"), asked("resnet18")),
    "framework-loop": Sample(
        asked("seed001-mlp", under="keras-tensorflow", samples=60_000),
        asked("seed001-mlp", under="keras-tensorflow"),
    ),
    "initializers-as-inputs": Sample(asked(overridable), asked("seed000")),
    "large-kernels": Sample(asked("seed003?kernel=5&padding=same"), asked("seed003?kernel=3")),
    "launches": Sample(asked("seed001-cnn4", on=_GPU, batch=1), asked("vgg16", on=_GPU)),
    "memory-bound-elementwise": Sample(
        asked("seed000", under="keras-tf1"), asked("seed000", under="torch-compile")
    ),
    "more-parameters-than-samples": Sample(
        asked("alexnet", **_TRAINING, samples=1000),
        asked("seed001-cnn4", **_TRAINING, samples=60_000),
    ),
    "parameters-are-not-time": Sample(
        asked("vgg16"), asked("seed001-mlp", under="keras-tensorflow")
    ),
    "pass-size": Sample(asked(convolutions, batch=4), asked("seed000")),
    "pointwise": Sample(asked("resnet50"), asked("vgg16")),
    "recurrent-steps": Sample(asked(lstm), asked("seed000")),
    "small-branches": Sample(
        asked("googlenet", on=_GPU, batch=1), asked("resnet18", on=_GPU, batch=1)
    ),
    "training-step": Sample(asked("alexnet", **_TRAINING), asked("alexnet")),
    "unfused-epilogues": Sample(
        asked("seed000", under="keras-tf1"), asked("seed000", under="torch-compile")
    ),
    "weights-at-small-batch": Sample(asked("vgg16", batch=1), asked("vgg16", batch=128)),
    "weights-times-positions": Sample(asked(few_weights), asked("resnet50")),
}
