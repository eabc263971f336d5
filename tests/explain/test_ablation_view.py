"""Ablations as people read them."""

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.explain import explain
from convcost.report import Surface, render
from convcost.report.views.explain import report
from support.measurements import TURNS, measurement, side_by_side

I9 = device.load("i9-10940x")


class Verifier:
    """Everything without something takes 0.8 of the time."""

    loops = True

    def __call__(self, networks, share):
        assert share == 1
        return side_by_side(*(
            measurement(net, [0.8 if " without " in net.name else 1.0] * TURNS,
                        runtime="keras-tensorflow")
            for net in networks
        ))  # fmt: skip


def shown(*names, ablate, verifier=None, surface=None):
    found = explain(
        [zoo.load(name) for name in names], Workload(batch=32), device=I9, ablate=ablate,
        runtime=runtime.load("keras-tensorflow"), verifier=verifier,
    )  # fmt: skip
    text = render(report(found), "table", *([surface] if surface else []))
    return found, [" ".join(line.split()) for line in text.splitlines()]


def test_predicted_changes_alone() -> None:
    found, lines = shown("seed000", ablate=["batch-norm"])
    (one,) = found.ablations
    assert "what time changes by, without one cause:" in lines
    assert "without predicted share" in lines
    row = next(line for line in lines if line.startswith("BatchNorm -"))
    assert row.endswith(f"-{100 * -one.predicted.share:.0f} %")
    assert ("BatchNorm (batch_normalization_1): folded forward into dense_1: the results stay the "
            "same") in lines  # fmt: skip


def test_measured_ones_beside_them() -> None:
    _, lines = shown("seed000", "seed001-cnn4", ablate=["batch-norm", "few-channels"],
                     verifier=Verifier())  # fmt: skip
    assert "network without predicted share measured range share the two agree" in lines
    row = next(line for line in lines if line.startswith("seed000 BatchNorm -"))
    assert " -200 ms -200 ms to -200 ms -20 % " in row
    assert any(line.startswith("seed001-cnn4 few channels, per MAC -") for line in lines)
    assert any(line.startswith("seed000, BatchNorm (batch_norm") for line in lines)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_it_fits_a_terminal(width: int) -> None:
    _, lines = shown("seed000", "seed001-cnn4", ablate=["all"], surface=Surface(width))
    assert max(map(len, lines)) <= width
    assert any("BatchNorm" in line for line in lines)


def test_causes_stand_below_the_layers() -> None:
    _, lines = shown("seed000", "seed000?batch_norm=no", ablate=None)
    assert "the same by cause:" in lines
    start = lines.index("the same by cause:")
    assert lines[start + 2].startswith("memory -")
    assert lines[start + 3].startswith("launch -24.0 µs starting kernels")
    layers = next(line for line in lines if line.startswith("batch_normalization_1 -"))
    assert "only in seed000: memory -" in layers
