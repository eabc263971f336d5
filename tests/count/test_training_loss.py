"""The loss of a training step: a row of its own, charged by what it computes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.loss import LOSSES
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from support.training_steps import IMAGE, trained, two_convolutions


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_a_row_of_its_own(name: str) -> None:
    result = trained(two_convolutions(), batch=4, loss=name)
    row = result.layers[-1]
    assert (row.name, row.op, row.inputs) == ("loss", "loss", ("dense",))
    assert row.forward is not None
    assert row.backward_data is not None
    assert row.forward.elementwise > 0
    assert row.backward_data.elementwise > 0
    assert row.backward_data.write_bytes == 4 * 4 * 10
    without = trained(two_convolutions(), batch=4).total
    assert result.total.forward.macs == without.forward.macs
    assert result.total.forward.flops - without.forward.flops == row.forward.elementwise


def test_cross_entropy_by_hand() -> None:
    row = trained(two_convolutions(), batch=4, loss="cross-entropy").layers[-1]
    assert row.forward is not None
    # log-softmax 6 per score; 2 per label; labels are int64
    assert row.forward.elementwise == 4 * (10 * 6 + 2)
    assert row.forward.read_bytes == 4 * 4 * 10 + 4 * 8
    assert row.forward.write_bytes == 4


def test_probabilities_need_no_second_softmax() -> None:
    b = Builder("softmax")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
    b.add(Activation("softmax"), b.add(Dense(units=10), x))
    row = trained(b.build(), batch=4, loss="cross-entropy").layers[-1]
    assert row.forward is not None
    assert row.forward.elementwise == 4 * 3


def test_pixels_have_a_label_each() -> None:
    b = Builder("segments")
    b.add(Conv(filters=6, windows=window(1)), b.add(Input(IMAGE)))
    row = trained(b.build(), loss="cross-entropy").layers[-1]
    assert row.forward is not None
    assert row.forward.elementwise == 256 * (6 * 6 + 2)


def test_its_name_is_free() -> None:
    b = Builder("named")
    b.add(Dense(units=2), b.add(Input(Tensor.of(batch=BATCH, feature=8))), name="loss")
    assert trained(b.build(), loss="mse").layers[-1].name == "loss_2"


def test_whole_numbers_have_none() -> None:
    b = Builder("whole")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8, dtype="int64")))
    with pytest.raises(NetworkError, match="no result that a loss could be computed of"):
        trained(b.build([x]), loss="mse")


def test_results_that_are_not_known_are_no_whole_numbers() -> None:
    b = Builder("cut")
    x = b.add(Dense(units=8), b.add(Input(Tensor.of(batch=BATCH, feature=8))))
    lost = b.add(Unknown(name="Mine", results=(b.tensor(x),)), x)
    network = replace(b.build([lost]), outputs=())
    assert "its results are not known" in trained(network).unknown[-1].why
    with pytest.raises(NetworkError, match="its results are not known"):
        trained(network, loss="mse")
