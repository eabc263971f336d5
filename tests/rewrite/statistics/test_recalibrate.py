"""Statistics that are estimated anew are those that NumPy finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.regularization import Dropout
from convcost.rewrite.running.valued import filled
from convcost.rewrite.samples.data import Data
from convcost.rewrite.statistics.recalibrate import recalibrated
from convcost.write.values import Values
from support.proofs import folded, network, valued

if TYPE_CHECKING:
    from convcost.network.network import Network

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

BATCH_SIZE, BATCHES = 8, 3


def given(shape: tuple[int, ...], *, extra: int = 0, scale: float = 2.0) -> Data:
    """Samples sorted by their size, as those of a data set by class are."""
    state = np.random.default_rng(0)
    x = state.standard_normal((BATCH_SIZE * BATCHES + extra, *shape)).astype("float32")
    x = scale * x + np.linspace(-3, 3, len(x), dtype="float32").reshape(-1, *(1 for _ in shape))
    return Data(source="data.npz", inputs=(x.astype("float32"),), dtypes=("float32",))


def dense(*, shared: bool = False) -> Network:
    """Two normalised dense layers; the second normalisation may be the first one again."""
    b = Builder("dense")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=6)), name="image")
    for number in (1, 2):
        x = b.add(Dense(units=4), x, name=f"dense{number}")
        x = b.add(BatchNorm(axis="feature"), x, name=f"norm{number}",
                  shared_with="norm1" if shared and number == 2 else None)  # fmt: skip
        x = b.add(Dropout(rate=0.5), x, name=f"drop{number}")
    return filled(b.build())


def by_numpy(net: Network, x: Any, order: Any) -> list[Any]:
    """What the normalisations meet, batch by batch: [layer][batch] -> (samples, channels)."""
    values = Values(net)
    met: list[list[Any]] = [[], []]
    for batch in order.reshape(BATCHES, BATCH_SIZE):
        h = x[batch].astype("float64")
        for number in (1, 2):
            numbers = values.of(net.layer(f"dense{number}"))
            h = h @ numbers["kernel"] + numbers["bias"]
            met[number - 1].append(h)
            norm = values.of(net.layer(f"norm{number}"))
            h = (h - h.mean(0)) / np.sqrt(h.var(0) + 1e-3) * norm["gamma"] + norm["beta"]
    return met


def statistics(net: Network, name: str) -> tuple[Any, Any]:
    found = Values(net).of(net.layer(name))
    return found["moving_mean"], found["moving_variance"]


def test_statistics_are_those_of_all_batches_together() -> None:
    net, data = dense(), given((6,), extra=5)
    found = recalibrated(net, data, batch=BATCH_SIZE, seed=4)
    order = np.random.default_rng(4).permutation(len(data))[: BATCH_SIZE * BATCHES]
    met = by_numpy(net, data.inputs[0], order)
    for number in (1, 2):
        every = np.concatenate(met[number - 1])
        mean, variance = statistics(found.network, f"norm{number}")
        np.testing.assert_allclose(mean, every.mean(0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, every.var(0), rtol=1e-4)
    assert (found.layers, found.samples, found.batch) == (("norm1", "norm2"), 24, 8)
    assert found.to_dict()["data"] == "data.npz"


def test_a_normalisation_that_is_called_twice_has_the_statistics_of_both_calls() -> None:
    net, data = dense(shared=True), given((6,))
    found = recalibrated(net, data, batch=BATCH_SIZE).network
    order = np.random.default_rng(0).permutation(len(data))
    met = by_numpy(net, data.inputs[0], order)
    every = np.concatenate([np.concatenate(calls) for calls in met])
    mean, variance = statistics(found, "norm1")
    np.testing.assert_allclose(mean, every.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variance, every.var(0), rtol=1e-4)
    assert (statistics(found, "norm2")[0] == mean).all()


@pytest.mark.parametrize("first", [True, False])
def test_images_are_summed_over_all_positions(first: bool) -> None:
    """The first normalisation's input is the convolution's own result."""
    from support.written import onnx_outputs

    net = valued(first=first)
    data = given((3, 8, 7) if first else (8, 7, 3))
    found = recalibrated(net, data, batch=BATCH_SIZE)
    b = Builder("head of it")
    x = b.add(net.layer("image").op, name="image")
    b.add(net.layer("conv1").op, x, name="conv1")
    alone = b.build()
    table = {id_: net.table[id_] for id_ in alone.table}
    alone = type(alone)(alone.name, alone.layers, table, alone.outputs)
    seen = onnx_outputs(alone, data.inputs)[0].astype("float64")
    others = (0, 2, 3) if first else (0, 1, 2)
    mean, variance = statistics(found.network, "norm1")
    np.testing.assert_allclose(mean, seen.mean(others), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variance, seen.var(others), rtol=1e-4)


def test_nothing_else_changes() -> None:
    net, data = valued(), given((3, 8, 7))
    found = recalibrated(net, data, batch=BATCH_SIZE).network
    assert found.layers == net.layers
    old, new = Values(net), Values(found)
    for layer in net.layers:
        for name, array in old.of(layer).items():
            same = (array == new.of(layer)[name]).all()
            assert same != name.startswith("moving_")


def test_small_floats_keep_their_dtype() -> None:
    net = valued().with_dtype("float16")
    found = recalibrated(net, given((3, 8, 7)), batch=BATCH_SIZE).network
    assert statistics(found, "norm2")[0].dtype == "float16"


def test_a_fixed_batch_is_kept_to() -> None:
    net = valued().bind({str(BATCH): 4})
    found = recalibrated(net, given((3, 8, 7), extra=3))
    assert (found.batch, found.samples) == (4, 24)
    with pytest.raises(UsageError, match="27 samples do not fill a batch of 40"):
        recalibrated(valued().bind({str(BATCH): 40}), given((3, 8, 7), extra=3))


def test_what_cannot_be_done_is_said_with_the_way_out() -> None:
    net, data = valued(), given((3, 8, 7))
    with pytest.raises(NetworkError, match="no BatchNorm") as caught:
        recalibrated(folded(net), data)
    assert "recalibrate first, fold afterwards" in str(caught.value)
    with pytest.raises(NetworkError, match="needs the values of parameters"):
        recalibrated(network(), data)
    with pytest.raises(UsageError, match="'norm1' meets one value per channel"):
        recalibrated(dense(), given((6,)), batch=1)
