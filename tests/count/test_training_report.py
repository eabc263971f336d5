"""What is printed of a training step, and the page of the documentation about it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

from convcost.count import Workload, count
from convcost.count.optimizers import OPTIMIZERS
from convcost.network.network import Ref
from convcost.ops.loss import LOSSES
from convcost.ops.unknown import Unknown
from convcost.report import Surface, render
from convcost.report.views.count import report
from convcost.zoo import load
from support.training_steps import (
    DENSE,
    FIRST,
    PHASES,
    SECOND,
    macs,
    shown,
    trained,
    two_convolutions,
)

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


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
