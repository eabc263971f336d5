"""docs/timing-cases.md: the rebuilt networks are those of the reports, and the page is current."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import convcost
from convcost.predict import Estimate
from support.files import ROOT, loaded, shared

ROOM = ROOT / "benchmarks" / "timing_cases"


@pytest.fixture(scope="module")
def page():
    return SimpleNamespace(**loaded(ROOM / "page.py"))


@pytest.fixture(scope="module")
def networks(page):
    """The module with the networks, which the page has imported."""
    import timing_networks

    return timing_networks


def counted(network):
    total = convcost.count(network).total
    return total.parameters, total.forward.macs


def test_the_page_is_what_convcost_says_now(page):
    shared("timing_cases.tsv")
    made = page.made()
    assert page.PAGE.read_text(encoding="utf-8") == made, "run benchmarks/timing_cases/page.py"


def test_every_report_is_rebuilt_or_has_a_reason(page):
    shared("timing_cases.tsv")
    rebuilt = [case.key for case in page.CASES]
    assert sorted([*rebuilt, *page.NOT_REBUILT]) == sorted(page.rows())
    assert len(rebuilt) == 11


def test_a_ratio_on_the_page_is_that_of_explain(page):
    """T02 by hand, without the page's own functions."""
    tables = [shared("questions", f"{name}.txt") for name in
              ("03_seed001_mnist_mlp", "04_seed001_mnist_cnn")]  # fmt: skip
    nets = [convcost.read(path) for path in tables]
    found = convcost.explain(*nets, device="laptop-cpu", runtime="keras-tf1", batch=128,
                             training=True, basis="data sheet").ratios[0].predicted  # fmt: skip
    text = page.PAGE.read_text(encoding="utf-8")
    row = next(x for x in text.splitlines() if x.startswith("| [T02]") and "laptop-cpu" in x)
    value, low, high = map(float, re.search(r"([\d.]+)x \(([\d.]+)-([\d.]+)x\)", row).groups())
    assert value == pytest.approx(found.value, rel=5e-3)
    assert (low, high) == pytest.approx((found.low, found.high), rel=5e-3)
    assert row.split("|")[5].strip() == "21.3x"


def test_two_places_are_two_predictions(page):
    case = next(case for case in page.CASES if case.key == "T32")
    net = case.networks()[0]
    seconds = [
        convcost.predict(net, device=device, runtime=runtime, basis="data sheet").seconds.value
        for device, runtime in case.places[0]
    ]
    found = page.predicted(case, case.places[0])
    assert found.value == pytest.approx(seconds[1] / seconds[0])
    # each band is 0.80 to 2.44; errors that are independent add up as squares
    assert found.high / found.low == pytest.approx((2.44 / 0.80) ** 2**0.5)
    assert page.reported(case, {"ratio_B_over_A": "2.9 (fps)"}) == pytest.approx(1 / 2.9)


@pytest.mark.parametrize(
    ("reported", "expected"), [(1.0, True), (1.25, True), (0.5, True), (3.9, True), (0.4, False),
                               (4.2, False)],
)  # fmt: skip
def test_a_hit_lies_in_the_band_or_close(page, reported, expected):
    assert page.hit(reported, Estimate(1.0, 0.5, 4.0)) is expected


def test_close_is_a_quarter(page):
    narrow = Estimate(1.0, 0.99, 1.01)
    assert page.hit(0.81, narrow)
    assert page.hit(1.32, narrow)
    assert not page.hit(1.35, narrow)
    assert not page.hit(0.79, narrow)


class TestNetworks:
    """Figures that reports, papers and the programs themselves tell."""

    def test_posts_000_and_001(self, networks):
        shared("questions")
        assert counted(networks.pasted("01_seed000_bn_doubles_eval", "a")) == (1_410_027, 2_293_760)
        for name, parameters, macs in (
            ("03_seed001_mnist_mlp", 669_706, 668_672),
            ("04_seed001_mnist_cnn", 110_986, 10_903_680),
            ("05_seed001_mnist_cnn4", 5_958, 113_040),
        ):
            assert counted(networks.pasted(name, "a")) == (parameters, macs)

    def test_keras_mnist_cnn_on_its_own_digits(self, networks):
        found = networks.without_norms("a", networks.mnist_cnn(28))
        assert counted(found)[0] == 1_199_882  # by its summary

    def test_yolov3(self, networks):
        network = networks.yolov3(classes=80)
        total = convcost.count(network).total
        # keras-yolo3's summary: trainable, non-trainable; darknet prints 65.864 BFLOPs
        assert (total.parameters, total.statistics) == (61_949_149, 52_608)
        assert round(2 * total.forward.macs / 1e9, 2) == 65.86
        assert sum(layer.op.kind == "conv" for layer in network.layers) == 75

    def test_densenet(self, networks):
        # the paper's table 2: 1.0 M parameters; 40 layers with weights
        network = networks.densenet(3)
        kinds = [layer.op.kind for layer in network.layers]
        assert counted(network)[0] == pytest.approx(1.0e6, rel=0.07)
        assert kinds.count("conv") + kinds.count("dense") == 40
        assert networks.densenet(1).layers[-1].outputs == network.layers[-1].outputs

    def test_what_the_issues_tell(self, networks):
        # the tensors that TensorFlow's profiler lists: 1.95 MB
        conv, norm = networks.one_convolution()
        assert convcost.count(conv).total.forward.write_bytes == 38 * 50 * 256 * 4 == 1_945_600
        assert convcost.count(norm).layers[-1].forward.write_bytes == 1_945_600
        # LSTM(20) on 3 inputs, Dense(2): 4 (20 (3 + 20) + 20) + 2 (20 + 1)
        assert counted(networks.sequence())[0] == 4 * (20 * 23 + 20) + 42
        # one mean per column: 102, 100, 48 and 46 wide; variances likewise
        odd = networks.sequential("a", networks.four_convolutions())
        assert convcost.count(odd).total.statistics == 2 * (102 + 100 + 48 + 46)
        (finding,) = [
            each for each in convcost.explain(odd, device="a100").findings
            if each.rule == "batch-norm-axis"
        ]  # fmt: skip
        assert len(finding.layers) == 4
        # 3 x 227 x 227 through 11/4, 5/2, 3 and pooling: 12 x 12 x 64
        network = networks.sequential("a", networks.alexnet_like())
        assert network.layer("flatten_1").outputs[0].shape[1] == 12 * 12 * 64
        assert [layer.op.kind for layer in network.layers].count("batch_norm") == 5
        norms = [x for x in networks.sequential("a", networks.one_norm()).layers
                 if x.op.kind == "batch_norm"]  # fmt: skip
        assert [layer.outputs[0].shape[1:] for layer in norms] == [(64, 128, 128)]
