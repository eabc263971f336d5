"""The ledger of a training step: which gradients are wanted, what they cost, what updates them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

import convcost
from convcost.count import Workload, count
from convcost.count.prepare import frozen
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.cost import Cost
from convcost.network.op import Op
from convcost.network.tensor import Tensor
from convcost.ops.activation import ACTIVATIONS
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.reduce import Reduce
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.zoo import load
from support.training_steps import (
    DENSE,
    FIRST,
    IMAGE,
    PHASES,
    SECOND,
    macs,
    rows_of,
    shown,
    trained,
    two_convolutions,
)


def test_rows_by_hand() -> None:
    rows = rows_of(trained(two_convolutions(), batch=2))
    assert macs(rows["first"]) == (2 * FIRST, 0, 2 * FIRST)
    assert macs(rows["second"]) == (2 * SECOND,) * 3
    assert macs(rows["dense"]) == (2 * DENSE,) * 3
    assert rows["flatten"].step == Cost()
    image, hidden, last = (4 * 2 * 256 * channels for channels in (3, 4, 5))
    # the first layer has no gradient of its input: the derivative of its ReLU, which reads the
    # result, goes with the weights; 1 more per output for the bias
    weights = rows["first"].backward_weights
    assert weights is not None
    assert weights.elementwise == (1 + 1) * hidden // 4
    assert weights.read_bytes == hidden + hidden + image
    assert weights.write_bytes == 4 * (27 * 4 + 4)
    assert rows["first"].backward_data == Cost()
    data = rows["second"].backward_data
    kernel = 4 * 36 * 5
    assert data == Cost(macs=2 * SECOND, read_bytes=last + kernel, write_bytes=hidden,
                        weight_bytes=kernel)  # fmt: skip


def test_the_gradient_of_the_input_is_asked_for() -> None:
    without, with_ = (trained(two_convolutions(), input_gradient=x) for x in (False, True))
    assert with_.total.step.macs - without.total.step.macs == FIRST
    assert macs(rows_of(with_)["first"]) == (FIRST,) * 3


def test_nothing_before_the_first_trained_layer_has_a_gradient() -> None:
    rows = rows_of(trained(two_convolutions(), freeze=("first", "sec*")))
    assert macs(rows["first"]) == (FIRST, 0, 0)
    assert macs(rows["second"]) == (SECOND, 0, 0)
    assert macs(rows["dense"]) == (DENSE, 0, DENSE)
    # a frozen layer in between still passes the gradient on
    rows = rows_of(trained(two_convolutions(), freeze=("second",)))
    assert macs(rows["second"]) == (SECOND, SECOND, 0)
    everything = trained(two_convolutions(), freeze=("*",))
    assert everything.total.step == everything.total.forward
    assert everything.total.trainable_parameters == 0


def test_parameters_that_the_source_says_are_frozen_stay_so() -> None:
    by_source = frozen(two_convolutions(), ("first",))
    assert trained(by_source).total == trained(two_convolutions(), freeze=("first",)).total
    both = trained(by_source, freeze=("second",)).total
    assert both == trained(two_convolutions(), freeze=("first", "second")).total


@pytest.mark.parametrize(("framework", "charge"), [("keras", 2), ("torch", 6)])
def test_keras_runs_a_frozen_batch_norm_as_at_inference(framework: str, charge: int) -> None:
    b = Builder("tuned", framework=framework)
    x = b.add(Conv(filters=4, windows=window(1)), b.add(Input(IMAGE)), name="conv")
    b.add(BatchNorm(), x, name="bn")
    net = b.build()
    forward = [rows_of(trained(net, freeze=freeze))["bn"].forward for freeze in ((), ("bn",))]
    assert [cost.elementwise for cost in forward if cost] == [6 * 1024, charge * 1024]


def test_whole_numbers_have_no_gradient() -> None:
    b = Builder("words")
    words = b.add(Input(Tensor.of(batch=BATCH, time=6, dtype="int32")), name="words")
    parts = [b.add(Embedding(entries=100, units=8), words, name=name) for name in ("one", "two")]
    b.add(Dense(units=4), b.add(Merge("add"), *parts), name="dense")
    rows = rows_of(trained(b.build(), input_gradient=True))
    assert rows["one"].backward_data == rows["two"].backward_data == Cost()
    assert macs(rows["dense"]) == (6 * 8 * 4,) * 3


def test_what_leads_to_no_result_has_no_gradient() -> None:
    b = Builder("branch")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
    kept = b.add(Dense(units=4), x, name="kept")
    b.add(Dense(units=3), x, name="unused")
    rows = rows_of(trained(b.build([kept]), optimizer="sgd"))
    assert macs(rows["unused"]) == (24, 0, 0)
    assert rows["unused"].update == Cost()
    assert macs(rows["kept"]) == (32, 0, 32)


def test_gradients_of_a_tensor_that_is_read_twice_are_added() -> None:
    b = Builder("fork")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
    x = b.add(Dense(units=8), x, name="stem")
    left = b.add(Dense(units=8, bias=False), x, name="left")
    right = b.add(Dense(units=8, bias=False), x, name="right")
    b.add(Merge("add"), left, right, name="sum")
    rows = rows_of(trained(b.build(), batch=3))
    left_data, right_data = rows["left"].backward_data, rows["right"].backward_data
    assert left_data is not None
    assert right_data is not None
    assert (left_data.elementwise, right_data.elementwise) == (3 * 8, 0)
    assert left_data.read_bytes - right_data.read_bytes == 4 * 3 * 8


def test_a_shared_layer_adds_its_gradients_and_is_updated_once() -> None:
    b = Builder("siamese")
    x, y = (b.add(Input(Tensor.of(batch=BATCH, feature=8))) for _ in range(2))
    side = Dense(units=4, bias=False)
    one = b.add(side, x, name="one")
    other = b.add(side, y, name="other", shared_with="one")
    b.add(Merge("multiply"), one, other)
    rows = rows_of(trained(b.build(), optimizer="momentum"))
    sums = [rows[name].backward_weights.elementwise for name in ("one", "other")]  # type: ignore[union-attr]
    assert sums == [32, 0]
    assert [rows[name].update.elementwise for name in ("one", "other")] == [4 * 32, 0]  # type: ignore[union-attr]


class TestUpdates:
    def test_once_per_trained_parameter(self) -> None:
        result = trained(two_convolutions(), batch=7, optimizer="adam", freeze=("first",))
        own = 36 * 5 + 256 * 5 * 10 + 10
        assert result.total.trainable_parameters == own
        assert result.total.update.elementwise == 13 * own
        assert result.total.update.bytes == 7 * 4 * own
        assert result.optimizer_state_bytes == 2 * 4 * own + 3 * 4  # steps beside each parameter

    def test_none_without_an_optimizer(self) -> None:
        result = trained(two_convolutions())
        assert result.total.phases == PHASES
        assert result.total.update == Cost()
        assert result.optimizer_state_bytes is None
        assert "update" not in result.to_dict()["total"]


def test_what_is_unknown_makes_the_totals_lower_bounds() -> None:
    b = Builder("odd")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
    x = b.add(Dense(units=8), x, name="before")
    x = b.add(Unknown(name="Mine", results=(b.tensor(x),)), x, name="mine")
    b.add(Dense(units=8), x, name="after")
    result = trained(b.build())
    assert not result.complete
    row = rows_of(result)["mine"]
    assert (row.forward, row.backward_data, row.step) == (None, None, None)
    assert row.to_dict()["backward_data"] is None
    assert macs(rows_of(result)["before"]) == (64, 0, 64)
    assert "at least 320 MACs training at batch 1" in repr(result)


@dataclass(frozen=True)
class OneWay(Op):
    """Known forwards only."""

    kind: ClassVar[str] = "one_way"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return inputs


def test_a_rule_for_the_forward_pass_alone() -> None:
    b = Builder("half")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
    x = b.add(Dense(units=8), x)
    b.add(OneWay(), x, name="half")
    assert count(b.build()).complete
    result = trained(b.build())
    assert [(u.layer, u.why) for u in result.unknown] == [("half", "no rule for its backward pass")]
    assert rows_of(result)["half"].backward_data is None
    assert rows_of(result)["half"].forward is not None
    text = shown(result, "markdown")
    assert "at least 128 MACs per training step" in text.splitlines()[0]
    assert "| **training step (at least)** | **128** |" in text


def test_a_network_whose_results_are_whole_numbers() -> None:
    b = Builder("choice")
    x = b.add(Dense(units=4), b.add(Input(Tensor.of(batch=BATCH, feature=8))))
    b.add(Reduce(function="argmax", positions=(1,), dtype="int64"), x)
    result = trained(b.build())
    assert not result.complete
    assert "at least 32 MACs" in repr(result)
    assert "(no backward pass)" in shown(result, "markdown").splitlines()[0]
    assert trained(b.build(), freeze=("*",)).complete


@pytest.mark.parametrize(
    ("workload", "text"),
    [
        ({"optimizer": "adamm", "training": True}, "unknown optimizer 'adamm'"),
        ({"loss": "crossentropy", "training": True}, "unknown loss 'crossentropy'"),
        ({"optimizer": "adam"}, "optimizer belongs to training"),
        ({"loss": "mse"}, "loss belongs to training"),
        ({"freeze": ("a",)}, "freeze belongs to training"),
        ({"input_gradient": True}, "input gradient belongs to training"),
    ],
)
def test_a_wrong_workload(workload: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(text)):
        Workload(**workload)


def test_a_pattern_that_fits_nothing() -> None:
    with pytest.raises(UsageError, match="unknown layer to freeze 'frist'") as error:
        convcost.count(two_convolutions(), training=True, freeze="frist")
    assert "did you mean first?" in str(error.value)
    with pytest.raises(UsageError, match="flatten"):  # it has no parameters
        trained(two_convolutions(), freeze=("flatten",))


class TestPublished:
    def test_alexnet_is_convolution(self) -> None:
        result = trained(load("alexnet"), batch=128)
        convolutions = [row for row in result.layers if row.op == "conv"]
        forward = sum(row.forward.macs for row in convolutions if row.forward)
        assert f"{forward / result.total.forward.macs:.1%}" == "91.8%"
        # three times the forward pass less the image's gradient in the first layer
        first = 64 * 55 * 55 * 3 * 11 * 11
        assert result.total.step.macs == 128 * (3 * 714_188_480 - first) == 128 * 2_072_288_640

    @pytest.mark.parametrize(
        ("name", "step", "with_input"),
        [
            ("vgg16", 46_324_088_832, 3 * 15_470_264_320),
            ("resnet18", 5_324_206_080, 5_442_220_032),
            ("seed000", 5_996_544, 3 * 2_293_760),
            ("seed001-mlp", 1_604_608, None),
            ("seed001-cnn", 32_516_352, None),
        ],
    )
    def test_other_networks(self, name: str, step: int, with_input: int | None) -> None:
        assert trained(load(name)).total.step.macs == step
        if with_input is not None:
            assert trained(load(name), input_gradient=True).total.step.macs == with_input


def test_every_function_has_a_derivative() -> None:
    found = {name: row.derivative for name, row in ACTIVATIONS.items() if name != "linear"}
    assert all(derivative.charge > 0 and derivative.reads for derivative in found.values())
