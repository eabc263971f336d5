"""Views: the answer first, what is not known said, the conventions of the contract."""

import pytest

from convcost.count import Workload, count
from convcost.device import load as device
from convcost.explain import (
    Achieved,
    Difference,
    Explanation,
    Finding,
    MeasuredRatio,
    Ratio,
    Said,
    Variation,
)
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Alternative, Network, Note
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.predict import Estimate, predict
from convcost.report import Report, Surface, render
from convcost.report.views import count as count_view
from convcost.report.views import explain as explain_view
from convcost.report.views import predict as predict_view
from convcost.zoo import load

OTHER = Alternative("stride 2: a quarter of the MACs", Conv(filters=8, windows=window(3, 2)))
NOTES = (
    Note("inferred", "kernel 3x3 from 896 parameters", "conv2d_1", 4),
    Note("assumed", "stride 1", "conv2d_1", 4, (OTHER, Alternative("stride 3"))),
    Note("contradiction", "the totals do not add up", None, 9),
)


def network(*, notes: tuple[Note, ...] = (), missing: tuple[str, ...] = ()) -> Network:
    """A dense layer and a layer without a rule."""
    builder = Builder("odd", framework="keras")
    image = builder.add(Input(Tensor.of(batch=BATCH, feature=10)), name="image")
    dense = builder.add(Dense(units=5), image, name="dense")
    lost = Unknown(name="Lambda", results=(Tensor.of(batch=BATCH, feature=5),))
    builder.add(lost, dense, name="lambda_1")
    return builder.build(notes=notes, missing=missing)


def test_the_first_line_of_a_count() -> None:
    vgg = load("vgg16")
    assert count_view.answer(count(vgg)) == (
        "vgg16: 138,357,544 parameters, 15,470,264,320 MACs per sample (15.5 G)"
    )
    assert "MACs per batch of 1,024 (" in count_view.answer(count(vgg, Workload(batch=1024)))


def test_what_is_not_counted_makes_a_lower_bound() -> None:
    counted = count(network(missing=("rows after line 7",)))
    assert count_view.answer(counted) == (
        "odd: at least 55 parameters, at least 50 MACs per sample "
        "(1 layer not counted, a part of the source is missing)"
    )
    text = render(count_view.report([counted]), "table")
    row = next(line for line in text.splitlines() if line.startswith("lambda_1"))
    assert row.split()[-3:] == ["?", "?", "?"]
    assert "lambda_1: no rule for this kind of layer" in text
    assert "rows after line 7" in text


def test_notes_are_ordered_and_inferred_ones_wait_for_verbose() -> None:
    counted = count(network(notes=NOTES))
    brief = render(count_view.report([counted]), "table")
    assert "kernel 3x3" not in brief
    assert "1 note on what follows from the source's numbers (-v shows them)" in brief
    assert brief.index("contradiction (line 9)") < brief.index("assumed (line 4, conv2d_1)")
    assert "stride 1\n     or 1: stride 2: a quarter of the MACs\n     or: stride 3\n" in brief
    assert "another reading is chosen by its number: --choose conv2d_1=1\n" in brief
    whole = render(count_view.report([counted], verbose=True), "table")
    assert "inferred (line 4, conv2d_1): kernel 3x3" in whole


def test_symbols_show_their_definitions() -> None:
    report = count_view.report([count(load("seed004"), symbolic=True)], symbolic=True)
    first, *rest = render(report, "table").splitlines()
    assert first.endswith("M = (X - K + 2*P)//S + 1")
    assert any("M^2*K^2*Cin*Cout" in line and "K^2*Cin*Cout + M^2*Cout" in line for line in rest)
    assert "  M = (X - K + 2*P)//S + 1" in rest


def test_several_networks_have_a_first_line_each() -> None:
    names = ["seed001-mlp", "seed001-cnn"]
    lines = render(count_view.report([count(load(name)) for name in names]), "table").splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == names
    assert lines.index(names[0]) < lines.index(names[1])


def test_a_prediction_says_where_and_what_was_assumed() -> None:
    net = load("seed000")
    workload = Workload(batch=32, samples=12630)
    prediction = predict(net, workload, device=device("laptop-cpu"))
    report = predict_view.report([prediction], notes=[NOTES], assumed=frozenset({"runtime"}))
    text = render(report, "table")
    first = text.splitlines()[0]
    assert first.startswith("seed000: ")
    assert " per batch of 32 (" in first
    assert " on laptop-cpu with keras-tensorflow, by data sheet; " in first
    assert "for 12,630 samples (" in first
    assert "395 steps" in first
    assert "Keras 3 on TensorFlow (assumed; --runtime changes it)" in text
    assert "2: multiply, add" in text
    assert "the framework's own loop is" in text
    assert "the totals do not add up" in text


def test_a_fused_layer_names_its_host() -> None:
    from convcost.runtime import load as runtime

    net = load("vgg16")
    prediction = predict(net, device=device("v100"), runtime=runtime("torch-compile"))
    assert "in features.0" in render(predict_view.report([prediction], notes=[()]), "table")


def test_an_incomplete_prediction_is_a_lower_bound() -> None:
    prediction = predict(network(), device=device("laptop-cpu"))
    text = render(predict_view.report([prediction], notes=[()]), "table")
    assert text.startswith("odd: at least ")
    assert "1 layer not counted" in text.splitlines()[0]
    assert "not known" in text


def explanation() -> Explanation:
    """Two real predictions and one of everything else."""
    nets = [load("seed000?batch_norm=no"), load("seed000")]
    predictions = tuple(predict(net, device=device("laptop-cpu")) for net in nets)
    return Explanation(
        said=(Said("BatchNorm costs time"),),
        counts=tuple(map(count, nets)),
        predictions=predictions,
        ratios=(Ratio(1, 0, Estimate(1.79, 1.2, 2.6), measured=MeasuredRatio(2.0)),),
        findings=(
            Finding(
                rule="passes", network=1, layers=("bn",), text="two passes", numbers={"bytes": 4},
                advice="fold it",
            ),
        ),
        differences=tuple(
            Difference(1, 0, f"layer_{number}", "memory", 10.0**-number, only_in=1)
            for number in range(3, 12)
        ),
        achieved=(
            Achieved(
                network=0, seconds=2.3, samples=12630, flops_per_second=2e9, bytes_per_second=1e9,
                fraction_of_device=0.3, verdict="one core",
            ),
        ),
        variations=(
            Variation("batch", "ratio by batch", ("a / b",), ((1, (1.09,)), (32, (1.8,)))),
        ),
        assumptions=("batch 32",),
    )  # fmt: skip


def lines_of(report: Report) -> list[str]:
    return [" ".join(line.split()) for line in render(report, "table").splitlines()]


def test_an_explanation_shows_its_parts_in_order() -> None:
    lines = lines_of(explain_view.report(explanation(), next_="convcost predict x"))
    expected = [
        "BatchNorm costs time",
        "seed000?batch_norm=false",
        "seed000",
        "comparison",
        "seed000 / seed000?batch_norm=false 1.79x 1.20x to 2.60x 2.00x",
        "layer_3 +1.00 ms only in seed000: memory",
        "3 other layers +1.11 ns",
        "1. seed000: two passes",
        "what to do: fold it",
        "seed000?batch_norm=false 2.30 s 12,630 one core",
        "32 1.80x",
        "batch 32",
        "next: convcost predict x",
    ]
    found = [line for line in lines if line in expected]
    assert found == expected


def test_an_explanation_in_full_leaves_no_layer_out() -> None:
    lines = lines_of(explain_view.report(explanation(), verbose=True))
    assert not any("other layer" in line for line in lines)
    assert any(line.startswith("layer_11 ") for line in lines)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_an_explanation_fits_a_terminal(width: int) -> None:
    text = render(explain_view.report(explanation()), "table", Surface(width))
    assert all(len(line) <= width for line in text.splitlines())
    assert "batch_normalization_1" in text


def test_totals_of_symbolic_counts_render_in_every_format() -> None:
    report = count_view.report([count(load("seed004"))])
    assert "not counted" in render(report, "markdown")
    assert "at least 0 MACs" in render(report, "table", Surface(80))
