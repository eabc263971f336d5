"""Keras's `evaluate` around the steps, measured by `explain`: structure, never a time."""

from importlib.util import find_spec

import pytest

import convcost
from convcost import zoo
from convcost.measure import Effort, protocol

pytestmark = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("tensorflow") is None,
    reason="needs Keras on TensorFlow",
)


def test_the_steps_alone_against_evaluate(monkeypatch):
    monkeypatch.setattr(protocol, "PROCESSES", 1)
    found = convcost.explain(
        zoo.load("seed000"), batch=8, runtime="keras-tensorflow", store=False,
        verify=Effort(seconds=1.0), ablate=["framework-loop", "batch-norm"],
    )  # fmt: skip
    by_name = {each.name: each for each in found.ablations}
    loop, norm = by_name["framework-loop"], by_name["batch-norm"]
    assert loop.predicted.seconds < 0
    for each in (loop, norm):
        assert each.measured.low <= each.measured.seconds <= each.measured.high
        assert each.measured.share < 1
        assert not each.interrupted
    # a batch in the loop takes what a step takes and the loop besides
    step = found.verifications[0].measurement.seconds.median
    assert loop.measured.share == pytest.approx(
        loop.measured.seconds / (step - loop.measured.seconds)
    )
