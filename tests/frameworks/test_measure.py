"""Measuring in PyTorch: structure, never a time."""

import pytest

import convcost

pytest.importorskip("torch")


def test_a_training_step_has_all_its_parts():
    network = convcost.read("zoo:seed000")
    found = convcost.measure(
        network, runtime="torch", training=True, optimizer="adam", batch=2, threads=1, seconds=0.1
    )
    (one,) = found.networks
    assert one.runtime == "torch"
    assert "torch" in one.versions
    assert (one.workload.loss, one.workload.batch) == ("cross-entropy", 2)
    rows = {layer.name: layer for layer in one.layers}
    assert {"loss", "update", "conv2d_1", "dense_1"} <= rows.keys()
    assert {"forward", "backward"} <= rows["conv2d_1"].phases.keys()
    assert all(layer.seconds >= 0 for layer in one.layers)
    assert 0 < found.seconds.low <= found.seconds.median <= found.seconds.high


def test_the_framework_of_the_source_is_the_default():
    found = convcost.measure(convcost.read("zoo:alexnet"), threads=1, seconds=0.1)
    assert found.networks[0].runtime == "torch"
    assert "features.0" in {layer.name for layer in found.layers}
