"""docs/beliefs.md: on each example the rule fires, with figures that are known from elsewhere.

The expected figures are worked out by hand or published; none is convcost's own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from convcost.device import load as device
from support.files import ROOT, loaded

BELIEFS = ROOT / "benchmarks" / "beliefs"

#: post 001: perceptron of 784-512-512-10, and convolutions of 32 and 64 filters
MLP = 784 * 512 + 512 * 512 + 512 * 10
CNN = 26**2 * 9 * 32 + 24**2 * 9 * 32 * 64 + 12**2 * 64 * 10
CNN4 = 26**2 * 9 * 4 + 24**2 * 9 * 4 * 4 + 12**2 * 4 * 10


@pytest.fixture(scope="module")
def page():
    """The generator, its examples found from the repository's root."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield SimpleNamespace(**loaded(BELIEFS / "page.py"))
    os.chdir(before)


@pytest.fixture(scope="module")
def findings(page):
    """The finding on each example, by the belief's number."""
    found = {}
    for number, belief in enumerate(page.BELIEFS, start=1):
        explanation = belief.explained()
        found[number] = belief.finding(explanation)
    return found


def test_the_page_is_what_convcost_says_now(page):
    made = page.made()
    assert page.PAGE.read_text(encoding="utf-8") == made, "run benchmarks/beliefs/page.py"
    assert made.count("\n## ") == 15
    assert "{" not in made


def kernels(side):
    """MACs of post 003 on 28 x 28 pixels, without padding; pooling by two, ten classes."""
    first, second = 28 - side + 1, 28 - 2 * (side - 1)
    return first**2 * side**2 * 32 + second**2 * side**2 * 32 * 64 + (second // 2) ** 2 * 64 * 10


def mobilenet(alpha):
    """Channels of all BatchNorm layers of MobileNet v1, by its paper's table 1."""
    pairs = [(32, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512),
             *[(512, 512)] * 5, (512, 1024), (1024, 1024)]  # fmt: skip
    return int(alpha * (32 + sum(read + written for read, written in pairs)))


def vgg16():
    """Values that the modules of torchvision's VGG-16 return."""
    sides, channels, convolutions = (
        (224, 112, 56, 28, 14),
        (64, 128, 256, 512, 512),
        (2, 2, 3, 3, 3),
    )
    stages = zip(sides, channels, convolutions, strict=True)
    images = sum(2 * n * side**2 * c + (side // 2) ** 2 * c for side, c, n in stages)
    # average pooling to 7 x 7; linear, ReLU and dropout twice; linear
    return images + 7 * 7 * 512 + 2 * 3 * 4096 + 1000


VGG16_PARAMETERS = 138_357_544
ALEXNET_CONVOLUTIONS = (
    55**2 * 11**2 * 3 * 64, 27**2 * 5**2 * 64 * 192, 13**2 * 9 * 192 * 384,
    13**2 * 9 * 384 * 256, 13**2 * 9 * 256 * 256,
)  # fmt: skip
ALEXNET_DENSE = (9216 * 4096, 4096 * 4096, 4096 * 1000)


def exact():
    """(belief, number, value): integers, for the batch of the example."""
    yield 1, "parameters", 110_986
    yield 1, "parameters_of_first", 669_706
    yield 1, "macs", 128 * CNN
    yield 1, "macs_of_first", 128 * MLP
    yield 2, "channels", 4
    yield 2, "vector_lanes", 16
    yield 3, "elementwise", 32 * 2 * 32 * 32 * 32
    yield 3, "tensor_bytes", 32 * 32 * 32 * 32 * 4
    yield 3, "passes", 2
    yield 4, "statistics", 2 * mobilenet(0.25)
    yield 4, "learned", 2 * mobilenet(0.25)
    yield 6, "parameter_bytes", 4 * VGG16_PARAMETERS
    yield 7, "kernel", 9
    yield 8, "layers", 13
    yield 11, "macs", 2 * 196 * 256 * 1024
    yield 11, "torchinfo", 525_568  # the parameters in the table, its own example in issue 77
    yield 12, "parameters_times_input_positions", 110_986 * 28 * 28
    yield 13, "pass_size_bytes", 2 * 4 * vgg16()
    yield 13, "parameter_bytes", 4 * VGG16_PARAMETERS
    yield 14, "frozen_parameters", 11_689_512 - (512 * 1000 + 1000)


def ratios():
    """(belief, number, value), as survey and papers have them."""
    convolutions, dense = sum(ALEXNET_CONVOLUTIONS), sum(ALEXNET_DENSE)
    # a step: forward, gradients of the data (but of the first layer's) and of the weights
    step = 3 * (convolutions + dense) - ALEXNET_CONVOLUTIONS[0]
    yield 1, "parameters_ratio", 0.166
    yield 1, "macs_ratio", 16.3
    yield 2, "macs_ratio", 0.169
    yield 2, "vector_fill", 4 / 16
    yield 4, "statistics_share", 5472 / 475_544  # Keras's own total
    yield 5, "dense_macs_share", 3 * dense / step
    yield 5, "dense_parameters_share", (dense + 9192) / 61_100_840
    yield 12, "ratio", 110_986 * 784 / CNN


@pytest.mark.parametrize(("belief", "name", "value"), [*exact()])
def test_figures_that_are_exact(findings, belief, name, value):
    assert findings[belief].numbers[name] == value


@pytest.mark.parametrize(("belief", "name", "value"), [*ratios()])
def test_figures_to_three_digits(findings, belief, name, value):
    assert findings[belief].numbers[name] == pytest.approx(value, rel=5e-3)


def test_passes_take_more_of_the_time_than_of_the_arithmetic(findings):
    numbers = findings[3].numbers
    assert numbers["elementwise"] / numbers["flops_of_network"] < 0.02
    assert numbers["share"] > 0.2


def test_depthwise_layers_take_more_of_the_time_than_of_the_macs(findings):
    # the paper's own share: 3.06 % of the mult-adds
    assert findings[8].numbers["macs_share"] == pytest.approx(0.0306, rel=0.02)
    assert findings[8].numbers["share"] > 3 * findings[8].numbers["macs_share"]


def test_kernels_without_padding(page):
    more = page.BELIEFS[6].more()
    assert more == {f"macs_{side}": kernels(side) for side in (3, 5, 7, 9)}
    assert more["macs_9"] < more["macs_7"]


def test_a_gpu_that_is_slower(findings, page):
    gpu = device("gtx-1080-ti")
    assert gpu.peak_flops["float32"].value > device("i9-10940x").peak_flops["float32"].value
    kernels, each = findings[9].numbers["kernels"], 59  # µs: benchmarks/launch has the source
    right = page.BELIEFS[8].stated(findings[9])
    on_gpu, on_cpu = map(float, re.findall(r"([\d.]+) µs on the", right))
    assert on_gpu == kernels * each
    assert on_cpu < on_gpu / 4
    assert findings[9].numbers["launch_share"] > 0.9


def test_where_the_macs_come_from(findings):
    layers = findings[10].numbers["layers"]
    assert layers["conv2d_1"]["weights"] == 3 * 3 * 3 * 32
    assert layers["conv2d_1"]["macs"] == 32 * 32 * 3 * 3 * 3 * 32 == 884_736
    assert layers["dense_1"]["macs"] == 32 * 32 * 32 * 43
    assert findings[12].numbers["layers"]["conv2d_37"]["macs"] == 10_616_832


def test_what_grows_with_the_batch(findings):
    """Convolutions' results alone are 54.2 MB per image; ReLU's and pooling's come on top."""
    numbers = findings[6].numbers
    assert 54_200_000 < numbers["bytes_per_sample"] < 2 * 54_200_000
    assert 128 * numbers["bytes_per_sample"] > 10 * numbers["parameter_bytes"]


def test_summaries_print_the_same_pass_size(findings):
    """torchsummary on torchvision's VGG-16: 218.78 MB, of 1,048,576 bytes."""
    assert round(findings[13].numbers["pass_size_bytes"] / 2**20, 2) == 218.78


def test_frozen_layers_still_run_forward(findings):
    numbers = findings[14].numbers
    forward = numbers["flops_unfrozen"] - numbers["flops_saved"]
    # 1.81 G MACs and the element-wise operations of 32 images
    assert forward > 32 * 2 * 1.81e9
    assert numbers["flops_saved"] / numbers["flops_unfrozen"] < 0.67


def test_the_update_is_small(findings):
    numbers = findings[15].numbers
    assert 110_986 <= numbers["update_flops"] <= 20 * 110_986
    assert numbers["update_share"] < 1e-3


def test_the_examples_file_states_its_own_parameters(page):
    text = (BELIEFS / "tokens.txt").read_text(encoding="utf-8")
    rows = [256 * 1024 + 1024, 1024 * 256 + 256]
    assert all(f"{row:,}" in text for row in rows)
    assert f"Total params: {sum(rows):,}" in text
