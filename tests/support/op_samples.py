"""Samples of every op, and how they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter
from support import op_samples_images, op_samples_layers, op_samples_operators
from support.op_sample import MODES

if TYPE_CHECKING:
    from support.op_sample import Sample

SAMPLES: dict[type[Op], list[Sample]] = {
    **op_samples_images.SAMPLES,
    **op_samples_layers.SAMPLES,
    **op_samples_operators.SAMPLES,
}

each_op = pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
each_sample = pytest.mark.parametrize(
    "sample",
    [
        pytest.param(sample, id=f"{kind.__name__}-{position}")
        for kind, samples in SAMPLES.items()
        for position, sample in enumerate(samples)
    ],
)
each_mode = pytest.mark.parametrize("mode", MODES)


def call_of(sample: Sample, batch: Any, mode: str = "inference") -> tuple[Op, Call]:
    op, inputs = sample.make(batch)
    parameters = tuple(
        Parameter(w.name, w.shape, learned=w.learned, trainable=w.learned)
        for w in op.weights(*inputs)
    )
    return op, Call(inputs, op.outputs(*inputs), parameters, mode)  # type: ignore[arg-type]
