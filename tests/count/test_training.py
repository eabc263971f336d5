"""The ledger of a training step: which gradients are wanted, what they cost, what updates them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import convcost
from convcost.count import Workload, count
from convcost.count.optimizers import OPTIMIZERS
from convcost.count.prepare import frozen
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.cost import Cost
from convcost.network.network import Network, Ref
from convcost.network.op import Op
from convcost.network.tensor import Tensor
from convcost.ops.activation import CHARGES, DERIVATIVES, Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input
from convcost.ops.loss import LOSSES
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.reduce import Reduce
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.report import Surface, render
from convcost.report.views.count import report
from convcost.zoo import load

if TYPE_CHECKING:
    from convcost.count import Count, LayerCount

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
IMAGE = Tensor.of(batch=BATCH, height=16, width=16, channel=3)
PHASES = ("forward", "backward_data", "backward_weights")


def trained(net: Network, **workload: Any) -> Count:
    return count(net, Workload(training=True, **workload))


def rows_of(result: Count) -> dict[str, LayerCount]:
    return {row.name: row for row in result.layers}


def macs(row: LayerCount) -> tuple[int, ...]:
    """Forward, data, weights."""
    return tuple(getattr(row, phase).macs for phase in PHASES)


def two_convolutions() -> Network:
    b = Builder("two")
    x = b.add(Input(IMAGE), name="image")
    same = window(3, padding="same")
    x = b.add(Conv(filters=4, windows=same, activation="relu"), x, name="first")
    x = b.add(Conv(filters=5, windows=same, bias=False), x, name="second")
    b.add(Dense(units=10), b.add(Flatten(), x, name="flatten"), name="dense")
    return b.build()


FIRST, SECOND, DENSE = 256 * 27 * 4, 256 * 36 * 5, 256 * 5 * 10


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


class TestLoss:
    @pytest.mark.parametrize("name", LOSSES)
    def test_it_is_a_row_of_its_own(self, name: str) -> None:
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

    def test_cross_entropy_by_hand(self) -> None:
        row = trained(two_convolutions(), batch=4, loss="cross-entropy").layers[-1]
        assert row.forward is not None
        # log-softmax 6 per score; 2 per label; labels are int64
        assert row.forward.elementwise == 4 * (10 * 6 + 2)
        assert row.forward.read_bytes == 4 * 4 * 10 + 4 * 8
        assert row.forward.write_bytes == 4

    def test_probabilities_need_no_second_softmax(self) -> None:
        b = Builder("softmax")
        x = b.add(Input(Tensor.of(batch=BATCH, feature=8)))
        b.add(Activation("softmax"), b.add(Dense(units=10), x))
        row = trained(b.build(), batch=4, loss="cross-entropy").layers[-1]
        assert row.forward is not None
        assert row.forward.elementwise == 4 * 3

    def test_pixels_have_a_label_each(self) -> None:
        b = Builder("segments")
        b.add(Conv(filters=6, windows=window(1)), b.add(Input(IMAGE)))
        row = trained(b.build(), loss="cross-entropy").layers[-1]
        assert row.forward is not None
        assert row.forward.elementwise == 256 * (6 * 6 + 2)

    def test_its_name_is_free(self) -> None:
        b = Builder("named")
        b.add(Dense(units=2), b.add(Input(Tensor.of(batch=BATCH, feature=8))), name="loss")
        assert trained(b.build(), loss="mse").layers[-1].name == "loss_2"

    def test_whole_numbers_have_none(self) -> None:
        b = Builder("whole")
        x = b.add(Input(Tensor.of(batch=BATCH, feature=8, dtype="int64")))
        with pytest.raises(NetworkError, match="no result that a loss could be computed of"):
            trained(b.build([x]), loss="mse")

    def test_results_that_are_not_known_are_no_whole_numbers(self) -> None:
        b = Builder("cut")
        x = b.add(Dense(units=8), b.add(Input(Tensor.of(batch=BATCH, feature=8))))
        lost = b.add(Unknown(name="Mine", results=(b.tensor(x),)), x)
        network = replace(b.build([lost]), outputs=())
        assert "its results are not known" in trained(network).unknown[-1].why
        with pytest.raises(NetworkError, match="its results are not known"):
            trained(network, loss="mse")


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
    assert DERIVATIVES.keys() == CHARGES.keys()
    assert all(d.charge > 0 and d.reads for name, d in DERIVATIVES.items() if name != "linear")


def test_json_has_the_phases_that_are_counted() -> None:
    data = trained(two_convolutions(), optimizer="adam", loss="mse", freeze=("first",)).to_dict()
    keys = [*PHASES, "update"]
    assert [key for key in data["total"] if key in keys] == keys
    assert [key for key in data["layers"][0] if key in keys] == keys
    assert data["workload"]["freeze"] == ["first"]
    assert data["workload"]["optimizer"] == "adam"
    assert json.loads(json.dumps(data)) == data
    inference = count(two_convolutions()).to_dict()
    assert [key for key in inference["total"] if key in keys] == ["forward"]
    assert "optimizer" not in inference["workload"]


def shown(result: Count, format_: str) -> str:
    return render(report([result]), format_, Surface())


class TestReport:
    RESULT = trained(two_convolutions(), batch=2, optimizer="momentum")

    def test_the_answer_is_the_step(self) -> None:
        first = shown(self.RESULT, "markdown").splitlines()[0]
        assert f"{self.RESULT.total.step.macs:,} MACs per training step on a batch of 2" in first

    def test_phases_stand_beside_each_other(self) -> None:
        text = shown(self.RESULT, "markdown")
        assert "| backward: parameters |" in text
        assert "| **training step** |" in text
        assert "momentum keeps" in text
        assert "no loss is counted (--loss cross-entropy)." in text
        assert "no update" not in text

    def test_csv_has_a_column_per_phase_and_figure(self) -> None:
        rows = list(csv.DictReader(io.StringIO(shown(self.RESULT, "csv"))))
        second = next(row for row in rows if row["layer"] == "second")
        assert second["macs"] == second["backward_data_macs"] == str(2 * SECOND)
        assert second["update_elementwise"] == str(4 * 36 * 5)
        plain = shown(count(two_convolutions()), "csv")
        assert "backward" not in plain

    def test_formulas_too(self) -> None:
        symbolic = count(two_convolutions(), Workload(training=True), symbolic=True)
        text = render(report([symbolic], symbolic=True), "markdown", Surface())
        assert f"| forward | {FIRST + SECOND + DENSE}\\*N |" in text


def test_an_unknown_row_is_a_question_mark() -> None:
    net = two_convolutions()
    odd = Unknown(name="Mine", results=(net.tensor(Ref("first")),), parameters=None)
    layers = tuple(
        replace(x, op=odd, parameters=()) if x.name == "first" else x for x in net.layers
    )
    text = shown(trained(replace(net, layers=layers)), "markdown")
    line = next(line for line in text.splitlines() if line.startswith("| first"))
    assert line.count("| ?") == 6


class TestPage:
    """docs/training.md shows what is printed and counted."""

    TEXT = PAGE.read_text(encoding="utf-8")

    def test_tables_by_kind(self) -> None:
        tables = re.findall(r"\| op \| parameters .*\n\|[-|]+\n((?:\|.*\n)+)", self.TEXT)
        assert len(tables) == 2
        for table, (name, batch) in zip(tables, (("alexnet", 128), ("vgg16", 64)), strict=True):
            layers = trained(load(name), batch=batch).layers
            for line in table.splitlines():
                kind, *figures = (cell.strip() for cell in line.strip("|").split("|"))
                rows = [row for row in layers if kind in {row.op, "total"}]
                expected = [
                    sum(row.parameters for row in rows),  # type: ignore[misc]
                    sum(row.forward.macs for row in rows if row.forward),
                    sum(sum(macs(row)[1:]) for row in rows),
                    sum(row.forward.write_bytes for row in rows if row.forward),
                ]
                assert figures == [f"{figure:,}" for figure in expected], (name, kind)

    def test_optimizers_and_losses_are_all_named(self) -> None:
        named = set(re.findall(r"`([a-z-]+)`", self.TEXT))
        assert {*OPTIMIZERS, *LOSSES} <= named
