"""Times by a profile, with factors that are known."""

import math

import pytest

from convcost.count import Workload
from convcost.device import load as device
from convcost.predict import predict
from convcost.predict.profile_file import save
from convcost.runtime import load as runtime
from convcost.verbs import predict as verb
from convcost.zoo import load
from support.profiles import BYTE, LAUNCH, MAC, profile, works_of

CPU = device("laptop-cpu")


def by_hand(work):
    return LAUNCH + MAC * work.macs + BYTE * min(work.read + work.written, 2e6)


@pytest.mark.parametrize("training", [False, True])
def test_the_sum_of_what_the_factors_say(training):
    network = load("seed001-cnn")
    workload = Workload(batch=4, training=training, optimizer="sgd" if training else None)
    works = works_of(network, workload)
    found = predict(network, workload, device=CPU, runtime=runtime("torch"),
                    profile=profile(works, training=training))  # fmt: skip
    expected = math.exp(0.1) * sum(map(by_hand, works))
    assert found.basis == "calibrated"
    assert found.seconds.value == pytest.approx(expected)
    assert found.seconds.low == pytest.approx(expected * math.exp(-0.3))
    assert found.seconds.high == pytest.approx(expected * math.exp(0.3))
    parts = sum(layer.seconds for layer in found.layers) + sum(found.rest.values())
    assert parts == pytest.approx(expected)
    shares = sum(layer.share for layer in found.layers)
    assert shares == pytest.approx(1 - sum(found.rest.values()) / expected)
    for layer in found.layers:
        assert sum(layer.phases.values()) == pytest.approx(layer.seconds)
        for time in layer.kernels:
            assert time.launch + time.compute + time.memory == pytest.approx(time.seconds)
    phases = {phase for layer in found.layers for phase in layer.phases if layer.seconds}
    assert phases == ({"forward", "backward"} if training else {"forward"})
    assert set(found.rest) == ({"loss", "update", "loop"} if training else {"loop"})


def test_a_group_of_kernels_has_one_time():
    """BatchNorm is two passes in Keras on TensorFlow, and was measured as one."""
    network, keras = load("seed000"), runtime("keras-tensorflow")
    works = works_of(network, Workload(batch=32), "keras-tensorflow")
    found = predict(network, Workload(batch=32), device=CPU, runtime=keras,
                    profile=profile(works, runtime="keras-tensorflow"))  # fmt: skip
    (norm,) = (layer for layer in found.layers if layer.op == "batch_norm")
    (work,) = (work for work in works if work.kind == "batch_norm")
    assert len(norm.kernels) == 2
    assert norm.seconds == pytest.approx(math.exp(0.1) * by_hand(work))


def test_what_was_never_seen_widens_the_range_and_is_named():
    network = load("seed001-cnn")
    works = works_of(network, Workload())
    known = [work for work in works if work.kind != "pool max"]
    whole, part = (
        predict(network, device=CPU, runtime=runtime("torch"), profile=profile(each))
        for each in (works, known)
    )
    unseen = math.exp(0.1) * sum(by_hand(work) for work in works if work.kind == "pool max")
    assert part.seconds.value == pytest.approx(whole.seconds.value)
    assert part.seconds.high == pytest.approx(whole.seconds.high + 2 * unseen)
    assert part.seconds.low == pytest.approx(whole.seconds.low - unseen * 2 / 3)
    (said,) = (each for each in part.assumptions if "not seen" in each)
    assert "pool max (max_pooling2d" in said


def test_the_verb_takes_this_machines_profile(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    network = load("resnet18?image=64")
    assert verb(network).basis == "data sheet"
    made = profile(works_of(network, Workload()))
    save(made, tmp_path / f"torch-inference-{made.setting.threads}.json")
    found = verb(network)
    assert found.basis == "calibrated"
    assert found.to_dict()["rest"].keys() == {"loop"}
    assert verb(network, basis="data sheet").basis == "data sheet"
    assert verb(network, training=True).basis == "data sheet"


def test_a_noisy_profile_says_so():
    network = load("seed000")
    made = profile(works_of(network, Workload()), noise=("slow moments",))
    found = predict(network, device=CPU, runtime=runtime("torch"), profile=made)
    assert "the profile is of a noisy machine: slow moments" in found.assumptions
