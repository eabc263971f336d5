"""What is shown of a rewrite and of its proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import convcost
from convcost import zoo
from convcost.measure.statistics import Interval
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.predict import Estimate
from convcost.report import Surface, render
from convcost.report.views import proof as proof_view
from convcost.report.views.rewrite import report
from convcost.rewrite.proof.agreement import Accuracy, Agreement
from convcost.rewrite.proof.denormals import Denormal
from convcost.rewrite.proof.equality import Equality
from convcost.rewrite.proof.proof import Proof
from convcost.rewrite.proof.timing import Timing
from convcost.rewrite.statistics.recalibrate import Recalibrated
from support.measurements import measurement

NET = zoo.load("seed000")
FAST: Any = {"device": "laptop-cpu", "batch": 32}
EQUAL = Equality(
    runtime="onnxruntime", equal=True, difference=3e-7, tolerance=2e-5, magnitude=1.5,
    relative=1.3e-5, seed=0, scale=1.0, output=0, trials=9,
)  # fmt: skip


def timing(low: float, median: float, high: float, *, interrupted: bool = False) -> Timing:
    before, after = (
        measurement(NET, [seconds] * 8, interrupted=interrupted) for seconds in (0.002, 0.001)
    )
    return Timing(
        before=before, after=after, measured=Interval(low=low, median=median, high=high,
                                                      confidence=0.95),
        predicted=Estimate(0.56, 0.4, 0.8),
    )  # fmt: skip


def text(proof: Proof, recalibrated: Recalibrated | None = None) -> str:
    return "\n".join(proof_view.lines(proof, recalibrated).lines)


def test_equal_outputs_and_the_measured_time() -> None:
    found = Proof(kind="exact", equality=EQUAL, timing=timing(0.48, 0.5, 0.52))
    assert proof_view.brief(found) == "outputs equal, measured 0.5x (0.48x to 0.52x) the time"
    shown = text(found)
    assert "outputs equal in onnxruntime: largest difference 3e-07, allowed 2e-05" in shown
    assert "2.00 ms before, 1.00 ms after, 0.5x (0.48x to 0.52x)" in shown
    assert "predicted were 0.56x (0.4x to 0.8x)" in shown
    assert "wrong" not in shown


def test_of_a_network_that_is_not_complete_the_figures_are_lower_bounds() -> None:
    b = Builder("with a lambda")
    x = Tensor.of(batch=BATCH, height=32, width=32, channel=64)
    ref = b.add(Conv(filters=64, windows=window(3, padding="same")), b.add(Input(x)), name="conv")
    b.add(Unknown(name="Lambda", results=(x,)), b.add(BatchNorm(), ref), name="lambda")
    found = convcost.rewrite(b.build(), "fold-batch-norm", **FAST)
    (step,) = found.to_dict()["steps"]
    assert [step[when]["complete"] for when in ("before", "after")] == [False, False]
    assert step["after"]["memory_bytes"] is None
    assert "at least 1.21 G" in str(render(report(found), "table", Surface(width=200)))


def test_what_failed_is_loud() -> None:
    off = replace(EQUAL, equal=False, difference=0.3, values="random")
    found = Proof(kind="exact", equality=off, timing=timing(0.9, 1.0, 1.1, interrupted=True))
    assert proof_view.brief(found).startswith("OUTPUTS DIFFER, ")
    shown = text(found)
    assert "outputs NOT EQUAL in onnxruntime, with random weights" in shown
    assert "0.8x): wrong" in shown
    assert "its interval holds both answers" in shown
    assert "noisy: interrupted" in shown


def test_agreement_denormals_and_new_statistics() -> None:
    agreement = Agreement(
        runtime="torch", data="data.npz", samples=2000, cosine=0.98765, least_cosine=0.5,
        difference=0.12, same_class=0.91,
        accuracy=Accuracy(before=0.8135, after=0.7245, lost=200, gained=22), remarks=("a remark",),
    )  # fmt: skip
    denormal = Denormal("conv1", "kernel", 3, 100, new=True)
    new = Recalibrated(NET, ("a", "b"), "data.npz", 1000, 32)
    found = Proof(kind="approximate", agreement=agreement, denormals=(denormal,))
    assert proof_view.brief(found) == "the same class for 91 % of 2,000 samples"
    shown = text(found, new)
    assert shown.startswith("statistics of 2 BatchNorms estimated anew from 1,000 samples")
    assert "accuracy 81.35% before, 72.45% after: 200 samples lost, 22 gained" in shown
    assert "3 of 100 numbers of conv1/kernel are denormal, made by the rewrite" in shown
    assert shown.endswith("slow with them")


def test_a_rewritten_network_with_its_proof() -> None:
    done = convcost.rewrite(NET, "fold-batch-norm-forward", **FAST)
    done = replace(done, proof=Proof(kind="exact", equality=EQUAL), output="new.keras")
    shown = str(render(report(done, next_="convcost explain x"), "table", Surface()))
    assert shown.splitlines()[0].endswith("; outputs equal")
    assert "1,410,091 -> 1,409,963 parameters and statistics" in shown.splitlines()[0]
    assert "the new network is in new.keras" in shown
    assert done.to_dict()["verified"]["equality"]["equal"] is True


def test_nothing_worth_it_is_the_answer() -> None:
    found = convcost.rewrite(zoo.load("seed001-mlp"), device="gtx-1080-ti", runtime="torch")
    first = str(render(report(found), "table", Surface())).splitlines()[0]
    assert first.startswith("seed001-mlp: nothing is worth it (none of ")


def test_a_narrow_terminal_keeps_the_verdict() -> None:
    found = convcost.rewrite(NET, **FAST)
    shown = str(render(report(found), "table", Surface(width=90)))
    assert "saves" in shown
    assert all(len(line) <= 90 for line in shown.splitlines() if "next:" not in line)


def test_a_list_is_a_frame_as_well() -> None:
    import pytest

    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = convcost.rewrite(NET, **FAST).to_pandas()
    assert {"rewrite", "kind", "verdict", "seconds_before", "seconds_after"} <= set(frame.columns)
    assert len(frame) > 3
