"""Every point of a sweep is what the networks one by one are."""

import math

import numpy as np
import pytest

from convcost.count import Workload, count
from convcost.device import load as device
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.predict import predict
from convcost.report import Surface, render
from convcost.report.views.sweep import report
from convcost.runtime import load as runtime
from convcost.runtime.memory import memory
from convcost.sweep import parse, sweep
from convcost.sweep.growth import Growth, front, growth
from convcost.sweep.sweep import network_at
from convcost.verbs import sweep as verb
from convcost.zoo import load

CPU, GPU = device("laptop-cpu"), device("a100")


def swept(network, *texts, workload=None, hardware=CPU, by="torch", **options):
    return sweep(network, [parse(text) for text in texts], workload, device=hardware,
                 runtime=runtime(by), **options)  # fmt: skip


def agree(found, place, network, batch=1, workload=None, hardware=CPU, by="torch"):
    """A row against the network by itself."""
    workload = workload or Workload(batch=batch)
    row = found.row(place)
    total = count(network, workload).total
    assert row["parameters"] == total.parameters
    assert row["macs"] == total.forward.macs
    assert row["activation_bytes"] == total.forward.write_bytes
    assert row["memory_bytes"] == memory(network, workload, runtime=runtime(by)).peak
    alone = predict(network, workload, device=hardware, runtime=runtime(by)).seconds
    assert row["seconds"] == pytest.approx(alone.value)
    assert row["low"] == pytest.approx(alone.low)
    assert row["high"] == pytest.approx(alone.high)


def test_kernels_and_paddings_against_the_zoos_own():
    found = swept(load("seed003"), "conv*.kernel=1,3,5,7,9,11", "conv*.padding=same,valid",
                  by="keras-tensorflow")  # fmt: skip
    assert len(found) == 12
    for place in range(len(found)):
        row = found.row(place)
        settings = f"kernel={row['conv*.kernel']}&padding={row['conv*.padding']}"
        agree(found, place, load(f"seed003?{settings}"), by="keras-tensorflow")


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet", "seed001-mlp"])
@pytest.mark.parametrize("training", [False, True])
def test_batches_against_one_by_one(name, training):
    network = load(name)
    mode = {"training": training, "optimizer": "adam" if training else None}
    found = swept(network, "batch=1,3,32", workload=Workload(**mode), hardware=GPU)
    for place, batch in enumerate((1, 3, 32)):
        agree(found, place, network, batch, Workload(batch=batch, **mode), hardware=GPU)


def test_images_and_widths_against_networks_made_anew():
    def made(side, filters, stride):
        builder = Builder("two")
        shape = {"height": side, "width": side, "channel": 3}
        ref = builder.add(Input(Tensor.of(batch=BATCH, **shape)), name="image")
        ref = builder.add(Conv(filters=filters, windows=window(3, stride)), ref, name="first")
        builder.add(Conv(filters=10, windows=window(3, padding="same")), ref, name="last")
        return builder.build()

    found = swept(made(32, 24, 2), "image=8..64", "width=0.3,1,2.5", "first.stride=1,2")
    for place in range(len(found)):
        row = found.row(place)
        filters = max(1, math.floor(24 * row["width"]))
        agree(found, place, made(row["image"], filters, row["first.stride"]))


def test_random_points_of_a_larger_sweep():
    """Sampled from a sweep of everything at once, in training, by an independent way."""
    texts = ("batch=1..64", "conv*.filters=4..40:3", "dense*.units=10..100:5")
    workload = Workload(training=True, optimizer="sgd")
    network = load("seed001-cnn")
    found = swept(network, *texts, workload=workload)
    for place in range(0, len(found), len(found) // 12):
        row = found.row(place)
        one = network_at(found, network, place)
        assert {layer.op.filters for layer in one.layers if layer.op.kind == "conv"} == {
            row["conv*.filters"]
        }
        batch = row["batch"]
        agree(found, place, one, batch, Workload(batch=batch, training=True, optimizer="sgd"))


def test_a_profile_is_used(tmp_path, monkeypatch):
    from convcost.predict.profile_file import save
    from support.profiles import profile

    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    made = profile([])
    save(made, tmp_path / f"torch-inference-{made.setting.threads}.json")
    found = verb(load("resnet18"), ["batch=1,8"], runtime="torch")
    assert found.basis == "calibrated"
    for place, batch in enumerate((1, 8)):
        alone = predict(load("resnet18"), Workload(batch=batch), runtime=runtime("torch"),
                        profile=made)  # fmt: skip
        assert found.row(place)["seconds"] == pytest.approx(alone.seconds.value)
        assert found.row(place)["high"] == pytest.approx(alone.seconds.high)


def test_what_is_not_possible_is_told():
    found = swept(load("seed003"), "conv*.kernel=3,15,29", "conv*.padding=valid")
    rows = [found.row(place) for place in range(3)]
    assert [row["possible"] for row in rows] == [True, False, False]
    assert rows[1]["seconds"] is None
    assert rows[1]["macs"] is None
    assert found.to_dict()["rows"] == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense=1", "parameter to vary"),
        ("nothing*.kernel=1", "layer to vary"),
        ("conv*.kernels=1", "attribute of"),
        ("conv*.kernel=same", "another kind"),
        ("conv*.padding=3", "another kind"),
        ("conv*.bias=1", "another kind"),
        ("batch=0.5,1", "whole number"),
        ("batch=same", "whole number"),
        ("width=0,1", "above zero"),
        ("image=7.5", "whole number"),
    ],
)
def test_what_cannot_be_varied(text, said):
    with pytest.raises(UsageError, match=said):
        swept(load("seed003"), text)


def test_what_makes_no_sense():
    with pytest.raises(UsageError, match="nothing is varied"):
        swept(load("seed003"))
    with pytest.raises(UsageError, match="varied twice"):
        swept(load("seed003"), "batch=1", "batch=2")
    with pytest.raises(UsageError, match="no input with height"):
        swept(load("seed001-mlp"), "image=32")
    with pytest.raises(UsageError, match="figure of a front"):
        swept(load("seed003"), "batch=1", pareto=("seconds", "-accuracy"))


def test_a_single_text_is_one_thing_to_vary():
    net = load("seed003")
    found = verb(net, "batch=1,2", device="laptop-cpu")
    assert found.columns["batch"].tolist() == [1, 2]
    assert found.to_dict() == verb(net, {"batch": [1, 2]}, device="laptop-cpu").to_dict()


@pytest.mark.parametrize(
    "figures", [("seconds",), ("seconds", "-macs", "parameters"), "seconds,-macs", "ab"]
)
def test_a_front_is_of_two_figures(figures):
    with pytest.raises(UsageError, match="a front is of two figures"):
        verb(load("seed003"), "batch=1,2", device="laptop-cpu", pareto=figures)


def test_sums_that_no_longer_fit_are_refused():
    """A residual sum needs equal widths, whatever they are."""
    with pytest.raises(NetworkError, match=r"layer1\.0"):
        swept(load("resnet18"), "layer1.0.conv1.filters=32,48", "layer1.0.conv2.filters=7")


@pytest.mark.parametrize("exponent", [0.5, 1, 2.3])
def test_growth_of_a_power_law(exponent):
    columns = {"k": [1, 2, 3, 1, 2, 3], "other": ["a", "a", "a", "b", "b", "b"]}
    seconds = [
        factor * k**exponent for factor, k in zip([1, 1, 1, 7, 7, 7], columns["k"], strict=True)
    ]
    found = growth("k", columns, seconds)
    assert (found.exponent, found.low, found.high) == pytest.approx((exponent,) * 3)


def test_figures_of_a_network_that_is_not_complete_are_lower_bounds():
    builder = Builder("with a lambda")
    x = Tensor.of(batch=BATCH, height=8, width=8, channel=3)
    ref = builder.add(Input(x), name="image")
    ref = builder.add(Conv(filters=4, windows=window(3)), ref, name="conv")
    result = Tensor.of(batch=BATCH, height=6, width=6, channel=4)
    builder.add(Unknown(name="Lambda", results=(result,)), ref, name="lambda")
    found = swept(builder.build(), "batch=1,2", "conv.kernel=3,99")
    assert [row["complete"] for row in found.to_dict()["rows"]] == [False, None] * 2
    assert found.row(0)["macs"] == 6 * 6 * 9 * 3 * 4
    shown = str(render(report(found), "table", Surface(width=200)))
    assert "at least 3,888" in shown
    assert "lower bounds" in shown
    assert swept(load("seed001-mlp"), "batch=1,2").figures.complete.all()


def test_growth_needs_numbers_and_three_values():
    assert growth("k", {"k": [1, 2]}, [1.0, 2.0]) is None
    assert growth("k", {"k": ["a", "b", "c"]}, [1.0, 2.0, 3.0]) is None
    assert growth("k", {"k": [1, 2, 3]}, [1.0, float("nan"), 3.0]) is None
    found = growth("k", {"k": [1, 2, 4]}, [1.0, 1.0, 4.0])
    assert (found.low, found.high) == (0.0, 2.0)
    assert isinstance(found, Growth)


def test_a_front_is_what_nothing_beats():
    state = np.random.default_rng(0)
    first, second = state.integers(0, 20, 200).astype(float), state.random(200)
    first[3], second[5] = np.nan, np.nan
    found = front(first, second)
    for place in range(200):
        beaten = any(
            first[other] <= first[place] and second[other] <= second[place]
            and (first[other], second[other]) != (first[place], second[place])
            for other in range(200) if not np.isnan(first[other] + second[other])
        )  # fmt: skip
        known = not np.isnan(first[place] + second[place])
        assert (place in found) == (known and not beaten)
    assert list(first[found]) == sorted(first[found])


def test_a_front_of_a_sweep():
    found = swept(load("seed003"), "conv*.kernel=1,3,5,7,9,11", "conv*.padding=valid",
                  pareto=("seconds", "-macs"))  # fmt: skip
    names, places = found.pareto
    assert names == ("seconds", "-macs")
    rows = [found.row(place) for place in places]
    assert [row["macs"] for row in rows] == sorted(row["macs"] for row in rows)
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)
    most = max((found.row(place) for place in range(6)), key=lambda row: row["macs"])
    assert rows[-1] == most
