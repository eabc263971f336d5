"""Predicted beside measured, as people and programs read it; the measurements are made by hand."""

import csv
import io

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.explain import explain
from convcost.report import Report, Surface, render
from convcost.report.views.explain import report
from support.measurements import TURNS, measurement, side_by_side

WITH, WITHOUT = zoo.load("seed000"), zoo.load("seed000?batch_norm=no")


def explained(*, training: bool = False) -> Report:
    workload = Workload(batch=32, training=training)

    def phases(seconds: float) -> dict[str, float]:
        return {"forward": seconds, "backward": 2 * seconds} if training else {"forward": seconds}

    rows = [
        (("conv2d_1", "batch_normalization_1"), phases(2e-3)),
        (("dense_1",), phases(1e-3)),
        ((), {"loop": 5e-4}),
    ]
    without = [(("conv2d_1",), phases(1e-3)), *rows[1:]]
    measured = side_by_side(
        measurement(WITH, [5e-3] * TURNS, rows, workload=workload),
        measurement(WITHOUT, [3e-3] * TURNS, without, workload=workload),
    )
    return report(
        explain(
            (WITH, WITHOUT), workload, device=device.load("i9-10940x"),
            runtime=runtime.load("torch"), measured=measured,
        )
    )  # fmt: skip


def lines_of(found: Report) -> list[str]:
    return [" ".join(line.split()) for line in render(found, "table").splitlines()]


def test_networks_layers_and_ratios_have_both_times() -> None:
    lines = lines_of(explained())
    assert "predicted and measured, per batch of 32:" in lines
    assert any(x.startswith("seed000 ") and x.endswith("5.00 ms 5.00 ms to 5.00 ms stable")
               for x in lines)  # fmt: skip
    assert "where the time goes, predicted for torch and measured in torch:" in lines
    fused = next(x for x in lines if x.startswith("conv2d_1 batch_normalization_1 "))
    assert " 2.00 ms " in fused
    assert " 40 %" in fused
    assert any(x.startswith("loop 500 µs 10 %") for x in lines)
    assert any(x.startswith("whole ") and " 5.00 ms " in x for x in lines)
    assert any(x.endswith("0.6x 0.6x to 0.6x") for x in lines)
    assert "ratio predicted range measured range" in lines


def test_a_whole_step_has_a_column_of_its_own() -> None:
    lines = lines_of(explained(training=True))
    assert "predicted and measured, forward pass, per batch of 32:" in lines
    dense = next(x for x in lines if x.startswith("dense_1 "))
    assert dense.endswith(" 3.00 ms")
    assert "layer together with predicted measured ratio of measured whole step" in lines
    assert "ratio predicted range measured range its forward pass" in lines


def test_csv_has_a_row_per_measured_row() -> None:
    rows = list(csv.DictReader(io.StringIO(render(explained(), "csv"))))
    first = [row for row in rows if row["network"] == "seed000"]
    assert [row["layer"] for row in first] == ["conv2d_1", "dense_1", "loop"]
    assert first[0]["together_with"] == "batch_normalization_1"
    assert float(first[0]["seconds"]) == 2e-3
    assert float(first[0]["share"]) == pytest.approx(0.4)
    assert first[2]["predicted_seconds"] == ""
    assert (first[0]["device"], first[0]["measured_in"]) == ("i9-10940x", "torch")
    assert "step_seconds" not in first[0]


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("training", [False, True])
def test_it_fits_a_terminal(width: int, training: bool) -> None:
    text = render(explained(training=training), "table", Surface(width))
    assert all(len(line) <= width for line in text.splitlines())
    assert "2.00 ms" in text
