"""Kernel times follow from the data sheet by hand; layers add up; plans repeat batches."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.network.cost import Cost
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.predict import DATA_SHEETS, Estimate, interval, kernel_time, predict, vector_fill
from convcost.report.views.predict import answer
from convcost.runtime import Kernel

I9 = device.load("i9-10940x")
GPU = device.load("gtx-1080-ti")
CPU_RULES = runtime.load("torch").rules["cpu"]
GPU_RULES = runtime.load("torch").rules["gpu"]


def product(channels, macs=10**9, moved=10**6):
    return Kernel(
        name="k",
        layers=("k",),
        kind="product",
        cost=Cost(macs=macs, read_bytes=moved),
        channels=channels,
    )


def test_a_well_filled_product_on_a_cpu_is_launch_plus_compute():
    time = kernel_time(product(64), I9, CPU_RULES, "float32")
    peak = 14 * 3.3e9 * 16 * 2 * 2  # cores x clock x lanes x FMA x 2 units
    assert time.seconds == pytest.approx(9e-6 + 2e9 / (peak * DATA_SHEETS["cpu"].compute))
    assert time.bound == "compute"


def test_few_channels_fill_a_fraction_of_the_vectors():
    wide = kernel_time(product(16), I9, CPU_RULES, "float32")
    narrow = kernel_time(product(4), I9, CPU_RULES, "float32")
    assert narrow.compute == pytest.approx(4 * wide.compute)
    assert narrow.fill == 0.25


@given(st.integers(1, 5000), st.sampled_from([8, 16, 32]))
def test_fill_is_a_share_and_full_at_multiples(channels, lanes):
    fill = vector_fill(channels, lanes)
    assert 0 < fill <= 1
    assert (fill == 1) == (channels % lanes == 0)


def test_streams_are_bound_by_the_reachable_bandwidth():
    stream = Kernel(
        name="s", layers=("s",), kind="stream", cost=Cost(read_bytes=10**9, write_bytes=10**9)
    )
    time = kernel_time(stream, GPU, GPU_RULES, "float32")
    assert time.bound == "memory"
    assert time.seconds == pytest.approx(2e9 / (484.4e9 * DATA_SHEETS["gpu"].memory), rel=1e-3)


def test_launches_overlap_on_a_gpu_and_add_up_on_a_cpu():
    tiny = product(32, macs=1, moved=1)
    assert kernel_time(tiny, GPU, GPU_RULES, "float32").seconds == pytest.approx(5.9e-5)
    assert kernel_time(tiny, GPU, GPU_RULES, "float32").bound == "launch"
    assert kernel_time(tiny, I9, CPU_RULES, "float32").seconds > 9e-6


def test_a_measured_bandwidth_is_not_discounted_again():
    import msgspec

    measured = msgspec.structs.replace(
        I9, memory_bandwidth=device.Figure(93.9e9, "measured here", "measured")
    )
    stream = Kernel(name="s", layers=("s",), kind="stream", cost=Cost(read_bytes=939 * 10**6))
    assert kernel_time(stream, measured, CPU_RULES, "float32").memory == pytest.approx(0.01)


def test_layers_add_up_to_the_whole_and_shares_to_one():
    prediction = predict(zoo.load("alexnet"), Workload(batch=8), device=GPU)
    layers = prediction.layers
    assert sum(x.seconds for x in layers) == pytest.approx(prediction.seconds.value)
    assert sum(x.share for x in layers) == pytest.approx(1)
    assert [x.name for x in layers] == [x.name for x in zoo.load("alexnet").layers]


def test_the_band_is_that_of_the_published_measurements():
    seconds = predict(zoo.load("vgg16"), device=GPU).seconds
    assert seconds.low / seconds.value == pytest.approx(DATA_SHEETS["gpu"].low)
    assert seconds.high / seconds.value == pytest.approx(DATA_SHEETS["gpu"].high)


def test_spread_and_interval_are_inverse():
    band = Estimate(1.0, 0.7, 2.6)
    low, high = interval(1.0, band.spread)
    assert high / low == pytest.approx(band.high / band.low)
    assert Estimate(1.0, 0.0, 3.0).spread == pytest.approx(Estimate(1.0, 1 / 3, 3.0).spread)


def test_a_plan_repeats_the_batch_and_adds_the_loop():
    workload = Workload(batch=32, samples=12630)
    prediction = predict(zoo.load("seed000"), workload, device=I9)
    loop = runtime.load("keras-tensorflow").rules["cpu"].loop_seconds.value
    plan = prediction.plan
    assert plan is not None
    assert plan.steps == math.ceil(12630 / 32) == 395
    assert plan.loop_seconds == pytest.approx(395 * loop)
    expected = 12630 / 32 * prediction.seconds.value + 395 * loop
    assert plan.seconds.value == pytest.approx(expected)


def test_epochs_multiply_a_plan():
    one = predict(zoo.load("seed001-mlp"), Workload(batch=128, samples=60000), device=I9).plan
    three = predict(
        zoo.load("seed001-mlp"), Workload(batch=128, samples=60000, epochs=3), device=I9
    ).plan
    assert one is not None
    assert three is not None
    assert three.steps == 3 * one.steps
    assert three.seconds.value == pytest.approx(3 * one.seconds.value)


def test_half_precision_halves_the_traffic():
    full = predict(zoo.load("seed000"), Workload(batch=32), device=I9)
    half = predict(zoo.load("seed000"), Workload(batch=32, dtype="float16"), device=I9)
    moved = [sum(k.kernel.cost.bytes for k in p.kernels) for p in (full, half)]
    assert moved[0] == 2 * moved[1]


def half_known(*, known):
    b = Builder("half known")
    x = b.add(Input(Tensor.of(batch=1, feature=8)), name="x")
    x = b.add(Unknown(name="Lambda", results=(Tensor.of(batch=1, feature=8),)), x, name="lambda")
    if known:
        b.add(Dense(units=4), x, name="dense")
    return b.build()


def test_unknown_layers_are_named_and_the_rest_is_predicted():
    prediction = predict(half_known(known=True), device=I9)
    assert not prediction.complete
    assert [part.layer for part in prediction.unknown] == ["lambda"]
    seconds = {layer.name: layer.seconds for layer in prediction.layers}
    assert seconds["lambda"] == 0
    assert prediction.seconds.value == pytest.approx(seconds["dense"])
    assert predict(zoo.load("seed000"), device=I9).complete


def test_a_network_of_which_nothing_is_known_is_refused():
    with pytest.raises(NetworkError, match="no layer of 'half known'"):
        predict(half_known(known=False), device=I9)


def test_the_arithmetic_has_the_dtype_of_the_source():
    half = zoo.load("vgg16").with_dtype("float16")
    a100 = device.load("a100")
    by_source = predict(half, Workload(batch=32), device=a100).seconds.value
    asked = predict(zoo.load("vgg16"), Workload(batch=32, dtype="float16"), device=a100)
    assert by_source == pytest.approx(asked.seconds.value)
    assert asked.assumptions == ()


def test_a_peak_that_the_device_lacks_is_stated():
    (text,) = predict(zoo.load("seed000"), Workload(dtype="float64"), device=I9).assumptions
    assert text == "i9-10940x lists no peak for float64: arithmetic at the rate of float32"


def test_the_dictionary_has_the_contract_s_keys():
    found = predict(zoo.load("seed000"), Workload(samples=10), device=I9).to_dict()
    assert {"source", "device", "runtime", "workload", "basis", "seconds", "layers"} <= set(found)
    assert found["basis"] == "data sheet"
    assert set(found["seconds"]) == {"value", "low", "high", "per"}
    assert found["plan"]["seconds"]["value"] > 0
    layer = found["layers"][1]
    assert {"name", "seconds", "share", "bound", "phases"} <= set(layer)


def test_of_training_only_the_forward_pass_is_predicted_and_that_is_said():
    training = predict(zoo.load("seed000"), Workload(batch=32, training=True), device=I9)
    assert "of training the forward pass only: no backward pass, no update" in training.assumptions
    assert "per forward pass of a batch of 32" in answer(training)
    inference = predict(zoo.load("seed000"), Workload(batch=32), device=I9)
    assert inference.assumptions == ()
    assert "per batch of 32" in answer(inference)
