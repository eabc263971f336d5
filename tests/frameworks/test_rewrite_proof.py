"""Networks that frameworks run on given inputs and train, in processes of their own."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from convcost.errors import UsageError
from convcost.network.dataclass import replace
from convcost.rewrite.proof.equality import equality
from convcost.rewrite.running.forward import running
from convcost.rewrite.samples.data import Data
from convcost.rewrite.training.lessons import divided
from convcost.rewrite.training.train import train
from support.proofs import CLASSES, folded, network, valued
from support.written import assert_equal, onnx_outputs

PACKAGES = {
    "torch": ("torch",),
    "keras-tensorflow": ("keras", "tensorflow"),
    "keras-torch": ("keras", "torch"),
}
SKIPS = {
    name: pytest.mark.skipif(
        any(find_spec(package) is None for package in packages),
        reason=f"{' or '.join(packages)} is not installed",
    )
    for name, packages in PACKAGES.items()
}
RUNTIMES = [pytest.param(name, marks=mark) for name, mark in SKIPS.items()]
RUNS_TORCH = SKIPS["torch"]
SAMPLES = 200
SHAPE = (8, 7, 3)


def data() -> Data:
    """Images whose class is how bright they are in one of their channels: easy to learn."""
    state = np.random.default_rng(0)
    labels = state.integers(0, CLASSES, SAMPLES)
    images = 0.3 * state.standard_normal((SAMPLES, *SHAPE))
    images[..., 0] += labels[:, None, None] - CLASSES / 2
    return Data(source="data.npz", inputs=(images.astype("float32"),), dtypes=("float32",),
                labels=labels)  # fmt: skip


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_outputs_are_those_of_onnxruntime(runtime: str) -> None:
    net = valued(end="softmax", first=False)
    inputs = [array[:4] for array in data().inputs]
    with running(net, runtime=runtime, batch=4, threads=1) as forward:
        for sign in (1, -1):
            given = [sign * array for array in inputs]
            (found,) = forward(given)
            assert_equal(found, onnx_outputs(net, given)[0])


@pytest.mark.parametrize("runtime", RUNTIMES[:2])
def test_exact_rewrites_are_proved_in_the_framework(runtime: str) -> None:
    net = valued(end="softmax", first=False)
    found = equality(net, folded(net), runtime=runtime, threads=1)
    assert (found.equal, found.runtime) == (True, runtime), found
    assert found.difference > 0


@pytest.mark.parametrize(
    ("runtime", "seeds"),
    [
        pytest.param("torch", 2, marks=SKIPS["torch"]),
        pytest.param("keras-tensorflow", 1, marks=SKIPS["keras-tensorflow"]),
    ],
)
def test_training_improves_and_is_the_same_for_the_same_network(runtime: str, seeds: int) -> None:
    net = network(first=False, end="softmax")
    found = train(
        net, replace(net, name="again"), data(), runtime=runtime, threads=1, epochs=8,
        seeds=seeds, batch=16, rate=1e-2,
    )  # fmt: skip
    for one, other in zip(found.before.runs, found.after.runs, strict=True):
        # the same batches, seeds and numbers to begin with
        for a, b in zip(one.epochs, other.epochs, strict=True):
            assert a.loss == pytest.approx(b.loss, rel=1e-3)
            assert a.accuracy == pytest.approx(b.accuracy, abs=0.051)
        assert one.epochs[-1].loss < 0.5 * one.epochs[0].loss
    first, *_, last = found.before.per_epoch
    assert last.mean > max(2.5 / CLASSES, first.mean)
    assert len({run.epochs for run in found.before.runs}) == seeds
    assert (found.start, found.runtime) == ("fresh", runtime)
    assert found.epoch_ratio.median > 0
    assert runtime.partition("-")[0] in found.versions


@RUNS_TORCH
def test_training_goes_on_from_values() -> None:
    """At a rate at which nothing is learned the accuracy is that of the network as it was."""
    net, given = valued(first=False), data()
    found = train(net, folded(net), given, runtime="torch", threads=1, epochs=1, seeds=1,
                  batch=16, rate=1e-12)  # fmt: skip
    assert found.start == "source"
    places = divided(given, 0)[1]
    (outputs,) = onnx_outputs(net, [given.inputs[0][places]])
    wanted = (outputs.argmax(1) == given.labels[places]).mean()
    # without a normalisation that training mode would change
    assert found.after.accuracy.mean == pytest.approx(wanted, abs=1e-6)


@RUNS_TORCH
def test_what_the_framework_lacks_is_said() -> None:
    net = network(first=False)
    with pytest.raises(UsageError, match="PyTorch has no Lion"):
        train(net, net, data(), runtime="torch", threads=1, optimizer="lion")
