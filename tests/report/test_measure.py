"""Measurements in words: which network is slower, what cannot be told apart, what is doubtful."""

from dataclasses import replace

import pytest

from convcost.count import Workload
from convcost.measure import Interval, LayerTime, Measurement, Measurements, Ratio, Verdict
from convcost.measure.layers import Instrument
from convcost.network.network import Note
from convcost.report import render
from convcost.report.views import measure as view

CONV = LayerTime(
    name="conv", layers=("conv", "relu"), seconds=1.5e-3, share=0.75,
    phases={"forward": 0.5e-3, "backward": 1e-3}, kernels=("Conv",),
)  # fmt: skip
ONE = Measurement(
    source="network 1",
    runtime="onnxruntime",
    versions={"onnxruntime": "1.0"},
    machine={"model": "CPU", "cores": 1, "threads": 1, "system": "Linux"},
    workload=Workload(batch=32),
    seconds=Interval(2e-3, 1.9e-3, 2.1e-3, 0.96),
    runs=40,
    samples=(2e-3,) * 10,
    processes=(2, 2, 2, 2, 1, 1),
    verdict=Verdict("stable"),
    layers=(CONV,),
    idle=("flatten",),
    instrument=Instrument(0.2, scaled=True),
    peak_bytes=1000,
    predicted_peak_bytes=970,
    interrupted=False,
)
TWO = replace(ONE, source="network 2", seconds=Interval(1e-3, 0.9e-3, 1.1e-3, 0.96))


def report(found, **options):
    """The view, of networks without notes."""
    return view.report(found, notes=[() for _ in found.networks], **options)


def both(value, low, high, first=ONE):
    ratio = Ratio("network 2", "network 1", Interval(value, low, high, 0.96))
    return Measurements((first, TWO), (ratio,))


def test_one_network():
    text = render(report(Measurements((ONE,), ())), "table")
    assert text.startswith(
        "network 1: 2.00 ms (1.90 ms to 2.10 ms) per batch of 32 in onnxruntime\n"
    )
    for part in (
        "stable: 2.00 ms (1.90 ms to 2.10 ms), 40 runs in 10 turns of 6 processes",
        "the layers add up to 75 % of the whole",
        "looking at the layers adds 20 %; their times are scaled to a run without it",
        "no time of their own (views, or folded away): flatten",
        "peak: 1,000 bytes, by onnxruntime's own record",
        "predicted: 970 bytes, 3.0 % less",
        "forward 500 µs, backward 1.00 ms",
        "relu",
    ):
        assert part in text


def test_the_slower_network_comes_first():
    slower = "takes 2.00x (1.82-2.22x) the time of"
    expected = "in onnxruntime: 2.00 ms against 1.00 ms per batch of 32"
    found = report(both(0.5, 0.45, 0.55)).document.answers
    assert found == (f"network 1 {slower} network 2 {expected}",)
    swapped = Measurements(
        (TWO, ONE), (Ratio("network 1", "network 2", Interval(2.0, 1 / 0.55, 1 / 0.45, 0.96)),)
    )
    assert report(swapped).document.answers == found


@pytest.mark.parametrize("value", [0.99, 1.01])
def test_networks_that_cannot_be_told_apart(value):
    (found,) = report(both(value, 0.95, 1.05)).document.answers
    assert "cannot be told apart in onnxruntime: 1.01x (0.95" in found


def test_doubt_is_in_the_first_line():
    noisy = replace(ONE, verdict=Verdict("noisy", ("a reason",), "do this"))
    text = render(report(both(0.5, 0.45, 0.55, first=noisy)), "table")
    assert text.splitlines()[0].endswith("; noisy, see the reasons")
    assert "  a reason\n  what helps: do this\n" in text
    cut = replace(noisy, interrupted=True, layers=(), instrument=None)
    text = render(report(Measurements((cut,), ())), "table")
    assert text.splitlines()[0].endswith("; interrupted")
    assert cut.to_dict()["layers_over_whole"] is None


def test_a_training_step_says_so():
    step = replace(ONE, workload=Workload(batch=8, training=True, loss="mse", optimizer="adam"))
    text = render(report(Measurements((step,), ())), "table")
    assert " per training step, batch of 8 in onnxruntime" in text
    assert "training step, loss mse, optimizer adam" in text


def test_what_was_assumed_is_said():
    text = render(report(Measurements((ONE,), ()), assumed=frozenset({"runtime"})), "table")
    assert "runtime: onnxruntime (assumed; --runtime changes it); onnxruntime 1.0" in text
    assert "threads: 1\n" in text


def test_notes_of_the_reader_are_shown():
    note = Note("assumed", "a kernel of 3", layer="conv")
    text = render(view.report(Measurements((ONE,), ()), notes=[(note,)]), "table")
    assert "assumed (conv): a kernel of 3" in text
