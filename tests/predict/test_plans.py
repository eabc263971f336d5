"""What follows from a batch: plans, measured times, other batches, many variants at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.count import Workload
from convcost.device import load as device
from convcost.errors import UsageError
from convcost.network.dims import number
from convcost.predict import AtBatch, Batches, Estimate, predict
from convcost.predict.profile import LoopCost
from convcost.predict.variants import variants
from convcost.runtime import load as runtime
from convcost.verbs import predict as verb
from convcost.zoo import load
from support.profiles import knowing

CPU, GPU = device("laptop-cpu"), device("a100")
STEP = Workload(batch=32, training=True, optimizer="adam", samples=1000)


def by_profile(network, workload, name="torch", **changes):
    made = knowing(network, workload=workload, runtime=name, **changes)
    return predict(network, workload, device=CPU, runtime=runtime(name), profile=made)


def test_rates_are_of_what_the_kernels_do():
    found = predict(load("alexnet"), Workload(batch=8), device=GPU, runtime=runtime("torch"))
    costs = [time.kernel.cost for time in found.kernels]
    flops = sum(2 * number(cost.macs, "") + number(cost.elementwise, "") for cost in costs)
    moved = sum(number(cost.read_bytes, "") + number(cost.write_bytes, "") for cost in costs)
    assert found.rates.flops_per_second == pytest.approx(flops / found.seconds.value)
    assert found.rates.bytes_per_second == pytest.approx(moved / found.seconds.value)
    assert found.rates.of_peak_flops == pytest.approx(
        flops / found.seconds.value / GPU.peak_flops["float32"].value
    )


@pytest.mark.parametrize(
    ("factor", "verdict"), [(0.1, "faster"), (1.0, "as predicted"), (10.0, "slower")]
)
def test_a_measured_batch_is_judged(factor, verdict):
    found = predict(load("alexnet"), device=CPU, runtime=runtime("torch"))
    measured = found.seconds.value * factor
    judged = found.judged(measured).judgement
    assert (judged.verdict, judged.per) == (verdict, "batch")
    assert judged.ratio == pytest.approx(factor)
    done = found.rates.flops_per_second * found.seconds.value
    assert judged.rates.flops_per_second == pytest.approx(done / measured)


def test_a_measured_data_set_is_held_against_the_plan():
    found = predict(load("seed001-cnn"), Workload(batch=128, samples=60000, epochs=2), device=CPU,
                    runtime=runtime("keras-tensorflow")).judged(340.0)  # fmt: skip
    judged = found.judgement
    assert (judged.per, judged.predicted) == ("plan", found.plan.seconds)
    batches = 2 * 60000 / 128
    done = batches * sum(number(time.kernel.cost.flops, "") for time in found.kernels)
    assert judged.rates.flops_per_second == pytest.approx(done / 340)


def test_the_data_sheet_judges_no_training_step():
    found = predict(load("seed000"), STEP, device=CPU, runtime=runtime("torch"))
    with pytest.raises(UsageError, match="forward pass only") as error:
        found.judged(1.0)
    assert "calibrate --runtime torch --training" in error.value.hint


def test_batches_share_an_update():
    network = load("seed001-mlp")
    one = by_profile(network, STEP)
    four = by_profile(network, replace(STEP, accumulate=4))
    parameters = 669_706  # that all are trained
    adding = 3 * 3 * 4 * parameters / CPU.memory_bandwidth.value  # three times two reads, one write
    assert four.rest["update"] == pytest.approx((one.rest["update"] + adding) / 4)
    saved = one.rest["update"] - four.rest["update"]
    assert four.seconds.value == pytest.approx(one.seconds.value - saved)
    assert any("4 batches share an update" in said for said in four.assumptions)
    assert four.workload.to_dict()["accumulate"] == 4


def test_what_cannot_be_accumulated():
    with pytest.raises(UsageError, match="for an update"):
        Workload(training=True, accumulate=2)
    with pytest.raises(UsageError, match="at least 1"):
        Workload(training=True, optimizer="sgd", accumulate=0)


def test_a_calibrated_loop_is_the_plans():
    network = load("seed000")
    workload = Workload(batch=32, samples=320)
    loops = {"evaluate": LoopCost(1e-3, 1e-9)}
    found = by_profile(network, workload, "keras-tensorflow", loops=loops).plan
    fed = 32 * 32 * 32 * 3 * 4
    assert found.loop_seconds == pytest.approx(10 * (1e-3 + 1e-9 * fed))
    assert "calibrated" in found.loop_source
    without = by_profile(network, workload, "keras-tensorflow").plan
    constant = runtime("keras-tensorflow").rules["cpu"].loop_seconds
    assert without.loop_seconds == pytest.approx(10 * constant.value)
    assert without.loop_source == constant.source


def test_every_row_is_the_prediction_of_its_batch():
    network = load("resnet18")
    found = verb(network, device="a100", runtime="torch", batches=(64, 1, 8, 8)).batches
    assert [row.batch for row in found.rows] == [1, 8, 64]
    for row in found.rows:
        alone = verb(network, device="a100", runtime="torch", batch=row.batch)
        assert row.seconds == alone.seconds
        assert row.launch + row.compute + row.memory == pytest.approx(1)
    launches = [row.launch for row in found.rows]
    assert launches == sorted(launches, reverse=True)
    assert found.rows[0].batch < found.crossover <= 64


SHARES = st.lists(st.tuples(st.floats(0, 1), st.floats(1e-6, 1)), min_size=1, max_size=8)


@given(SHARES)
def test_the_crossover_and_a_batch_that_is_enough(given):
    rows = tuple(
        AtBatch(batch=2**place, seconds=Estimate(seconds, 0, 1), launch=launch, compute=1 - launch,
                memory=0)
        for place, (launch, seconds) in enumerate(given)
    )  # fmt: skip
    found = Batches(rows)
    after = [row for row in rows if found.crossover and row.batch >= found.crossover]
    before = [row for row in rows if row not in after]
    assert all(row.launch < 0.5 for row in after)
    assert not before or before[-1].launch >= 0.5
    best = min(row.per_sample for row in rows)
    at = next(row for row in rows if row.batch == found.enough)
    assert at.per_sample <= 1.1 * best
    assert all(row.per_sample > 1.1 * best for row in rows if row.batch < found.enough)


BATCHES = (1, 3, 32)


@pytest.mark.parametrize("name", ["seed000", "resnet18", "googlenet", "mobilenet", "seed001-mlp"])
@pytest.mark.parametrize("hardware", [CPU, GPU], ids=["cpu", "gpu"])
def test_variants_by_data_sheet_are_the_predictions(name, hardware):
    network = load(name)
    found = variants(network, {"N": np.array(BATCHES)}, device=hardware, runtime=runtime("torch"))
    for place, batch in enumerate(BATCHES):
        alone = predict(network, Workload(batch=batch), device=hardware, runtime=runtime("torch"))
        for figure in ("value", "low", "high"):
            one = getattr(alone.seconds, figure)
            assert getattr(found, figure)[place] == pytest.approx(one)


TRAINED = (("seed000", "torch"), ("resnet18", "torch"), ("googlenet", "torch"),
           ("mobilenet", "keras-tensorflow"), ("seed001-mlp", "keras-tensorflow"))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "by", "training"),
    [
        *((*case, True) for case in TRAINED),
        *((*case, False) for case in TRAINED),
        ("resnet18", "onnxruntime", False),  # it does not train
        ("googlenet", "onnxruntime", False),
    ],
)
def test_variants_by_profile_are_the_predictions(name, by, training):
    network = load(name)
    workload = Workload(training=training, optimizer="sgd" if training else None)
    made = knowing(network, workload=workload, runtime=by)
    assert_variants(network, workload, runtime=runtime(by), profile=made)


def assert_variants(network, workload, **options):
    found = variants(network, {"N": np.array(BATCHES)}, workload, device=CPU, **options)
    for place, batch in enumerate(BATCHES):
        alone = predict(network, replace(workload, batch=batch), device=CPU, **options)
        for figure in ("value", "low", "high"):
            one = getattr(alone.seconds, figure)
            assert getattr(found, figure)[place] == pytest.approx(one)


def test_variants_share_an_update_as_predictions_do():
    network, workload = load("seed000"), Workload(training=True, optimizer="adam", accumulate=4)
    made = knowing(network, workload=workload)
    assert_variants(network, workload, runtime=runtime("torch"), profile=made)
