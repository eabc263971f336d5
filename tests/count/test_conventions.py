"""Other tools' counts: figures that the tools gave, the reasons, and what cannot be told.

The figures come from runs of the tools (fvcore 0.1.5.post20221221, PyTorch 2.13) or follow from
their formulas; tests/frameworks runs them side by side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import convcost
from convcost.count import Workload
from convcost.count.conventions.difference import count_as
from convcost.count.conventions.registry import convention
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.module import Module, Origin
from convcost.network.tensor import Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import SeparableConv
from convcost.ops.input import Input
from convcost.ops.layer_norm import LayerNorm
from convcost.ops.matmul import MatMul
from convcost.ops.pool import GlobalPool
from convcost.ops.recurrent import Recurrent
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.resize import Upsample
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.zoo import load

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op

IMAGE = Tensor.of(batch=BATCH, height=8, width=8, channel=4)
STEPS = Tensor.of(batch=BATCH, time=10, feature=16)


def network(op: Op, *tensors: Tensor, called: str = "") -> Network:
    """One layer; with the operator that it was called by, as read from PyTorch."""
    builder = Builder("net", framework="torch" if called else None)
    builder.add(op, *(builder.add(Input(tensor)) for tensor in tensors), name="layer")
    net = builder.build()
    if not called:
        return net
    *others, last = net.layers
    last = replace(last, origin=Origin(called))
    return replace(net, layers=(*others, last), modules=(Module("", "Net"),))


def theirs(tool: str, op: Op, *tensors: Tensor, called: str = "") -> int | None:
    return count_as(network(op, *tensors, called=called), tool).layers[-1].theirs


SEED = [
    ("fvcore", "seed000", 1_474_560),
    ("flop-counter", "seed000", 4_587_520),
    ("fvcore", "resnet18", 1_819_065_856),
    ("flop-counter", "resnet18", 3_628_146_688),
    ("fvcore", "resnet50", 4_111_512_576),
    ("fvcore", "seed001-cnn", 10_903_680),
    ("flop-counter", "seed001-mlp", 1_337_344),
]


@pytest.mark.parametrize(("tool", "name", "figure"), SEED)
def test_figures_of_the_tools(tool: str, name: str, figure: int) -> None:
    assert convcost.count_as(load(name), tool).operations == figure


def test_the_first_layer_of_the_seed_is_lost() -> None:
    """As the seed writes it, with padding by name: three tools of five lose 39 % of the network."""
    other = count_as(load("seed000?batch_norm=false"), "fvcore")
    assert (other.operations, other.our_macs) == (1_409_024, 2_293_760)
    (cause,) = other.causes
    assert (cause.layers, cause.difference, cause.fault) == (("conv2d_1",), -884_736, True)
    assert "padding='same'" in cause.because
    assert repr(other) == (
        "<fvcore 0.1.5.post20221221 on seed000?batch_norm=false: 1,409,024 flops, ours 2,293,760 "
        "at batch 1>"
    )


@pytest.mark.parametrize("tool", ["fvcore", "flop-counter"])
def test_a_figure_grows_with_the_batch(tool: str) -> None:
    one, four = (count_as(load("seed000"), tool, Workload(batch=batch)) for batch in (1, 4))
    assert four.operations == 4 * one.operations
    assert four.parameters == one.parameters


def test_padding_by_name_is_written_without_strides_only() -> None:
    at_once = Conv(filters=8, windows=window(3, padding="same"))
    apart = Conv(filters=8, windows=window(3, 2, padding="same"))
    assert theirs("fvcore", at_once, IMAGE) == 0
    assert theirs("fvcore", apart, IMAGE) == 16 * 9 * 4 * 8
    assert theirs("fvcore", Conv(filters=8, windows=window(3)), IMAGE) == 36 * 9 * 4 * 8


def test_what_the_source_called_decides() -> None:
    numbers = Conv(filters=8, windows=window(3, padding=[(1, 1), (1, 1)]))
    for tool, by_name in (("fvcore", 0), ("flop-counter", 2 * 64 * 288)):
        assert theirs(tool, numbers, IMAGE, called="aten.conv2d.padding") == by_name
    assert theirs("fvcore", numbers, IMAGE, called="aten.conv2d") == 64 * 288


def test_another_frameworks_names_say_nothing() -> None:
    net = network(Dense(units=5), STEPS, called="keras.src.layers.core.dense.Dense")
    other = count_as(replace(net, framework="keras"), "fvcore")
    assert (other.operations, other.plain) == (10 * 16 * 5, True)
    assert not count_as(network(Dense(units=5), STEPS, called="aten.linear"), "fvcore").plain


def test_tensorflow_s_profiler_hears_what_keras_calls_its_layers() -> None:
    net = network(Dense(units=5), STEPS, called="keras.src.layers.core.dense.Dense")
    assert count_as(net, "tf.profiler").plain  # as read from PyTorch
    assert not count_as(replace(net, framework="keras"), "tf.profiler").plain


def test_parts_of_layers_that_pytorch_lacks() -> None:
    separable = SeparableConv(filters=8, windows=window(3, padding="same"))
    assert theirs("fvcore", separable, IMAGE) == 64 * 4 * 8  # only the pointwise part
    assert theirs("flop-counter", separable, IMAGE) == 2 * 64 * (9 * 4 + 4 * 8)
    steps = TimeDistributed(op=Dense(units=8), inner=("batch", "feature"))
    assert theirs("fvcore", steps, STEPS) == 10 * 16 * 8


@pytest.mark.parametrize(
    ("function", "flops"), [("lstm", 0), ("gru", 2 * 10 * 3 * 8 * 24), ("simple", 2 * 10 * 8 * 24)]
)
def test_recurrent_layers(function: str, flops: int) -> None:
    cell = Cell(function=function, units=8)  # type: ignore[arg-type]
    one = Recurrent(cells=(cell,))
    both = Bidirectional(forward=one, backward=one)
    stack = RecurrentStack(function=function, units=8)  # type: ignore[arg-type]
    for op, times in ((one, 1), (both, 2), (stack, 1)):
        assert theirs("flop-counter", op, STEPS) == times * flops
        assert theirs("fvcore", op, STEPS) == 0


def test_an_lstm_that_onednn_lacks_is_counted() -> None:
    stack = RecurrentStack(function="lstm", units=8, projection=3)
    counted = count_as(network(stack, STEPS), "flop-counter")
    assert counted.operations == counted.ours == 2 * 10 * (4 * 8 * (16 + 3) + 8 * 3)
    double = count_as(network(RecurrentStack(function="lstm", units=8), STEPS), "flop-counter",
                      Workload(dtype="float64"))  # fmt: skip
    assert double.operations == 2 * 10 * 4 * 8 * (16 + 8)


def test_attention_in_one_kernel_is_lost() -> None:
    heads = Tensor.of(batch=BATCH, head=2, time=8, feature=16)
    rows = Tensor.of(batch=BATCH, time=8, feature=16)
    for tool in ("fvcore", "flop-counter"):
        assert theirs(tool, ScaledAttention(), heads, heads, heads) == 0
    assert theirs("flop-counter", ScaledAttention(), rows, rows, rows) == 2 * 2 * 8 * 8 * 16


def test_fvcore_leaves_out_what_the_left_is_repeated_for() -> None:
    kernel = Tensor.of(row=8, column=27)
    columns = Tensor.of(batch=BATCH, row=27, column=256)
    net = network(MatMul(), kernel, columns)
    for batch, difference in ((1, 0), (5, -4 * 8 * 27 * 256)):
        other = count_as(net, "fvcore", Workload(batch=batch))
        assert other.operations - other.ours == difference


def test_an_error_of_the_tool_is_no_figure() -> None:
    vector = Tensor.of(feature=16)
    other = count_as(network(MatMul(), STEPS, vector), "fvcore")
    assert other.layers[-1].theirs is None
    assert not other.complete
    assert "IndexError" in other.causes[0].because
    assert other.operations - other.ours == other.causes[0].difference == -160
    norm = count_as(network(LayerNorm(), Tensor.of(feature=16)), "fvcore")
    assert "AssertionError" in norm.causes[0].because


def test_elementwise_work_that_fvcore_counts() -> None:
    pool = GlobalPool(function="average", axes=("height", "width"))
    assert theirs("fvcore", pool, IMAGE) == 256
    assert theirs("fvcore", pool, IMAGE, called="aten.mean.dim") == 0
    up = (("height", 2), ("width", 2))
    assert theirs("fvcore", Upsample(factors=up), IMAGE) == 1024
    assert theirs("fvcore", Upsample(factors=up, interpolation="bilinear"), IMAGE) == 4 * 1024
    assert theirs("fvcore", Upsample(factors=up, interpolation="bicubic"), IMAGE) == 0
    assert theirs("fvcore", LayerNorm(scale=False, center=False), STEPS) == 4 * 160
    assert theirs("fvcore", LayerNorm(), STEPS) == 5 * 160


def test_batch_norm_costs_more_in_training() -> None:
    other = count_as(load("seed000"), "fvcore", Workload(training=True))
    (row,) = (x for x in other.layers if x.op == "batch_norm")
    assert row.theirs == 5 * 32_768


def test_activations_are_results_of_products() -> None:
    up = ConvTranspose(filters=4, windows=window(4, 2, padding=[(1, 1), (1, 1)]))
    assert count_as(network(up, IMAGE), "fvcore").activations == 16 * 16 * 4
    cell = RecurrentStack(function="lstm", units=8, time=None)
    step = network(cell, Tensor.of(batch=BATCH, feature=16))
    assert count_as(step, "fvcore").activations == 2 * 4 * 8
    rows, columns = Tensor.of(batch=BATCH, feature=16), Tensor.of(feature=16, column=3)
    product = network(MatMul(), rows, columns, called="aten.mm")
    assert count_as(load("resnet18"), "fvcore").activations == 2_484_712
    assert count_as(product, "fvcore").activations == 0
    assert count_as(product, "fvcore").operations == 16 * 3
    assert count_as(load("resnet18"), "flop-counter").activations is None


def test_layers_that_only_the_tool_may_know() -> None:
    odd = Unknown(name="Odd", results=(STEPS,))
    plain = count_as(network(odd, STEPS), "fvcore")
    assert plain.layers[-1].theirs is None
    assert plain.causes[0].because == "convcost has no figure: no rule for this kind of layer"
    unhandled = count_as(network(odd, STEPS, called="aten.fft_rfft"), "fvcore").layers[-1]
    assert (unhandled.ours, unhandled.theirs) == (None, 0)
    handled = count_as(network(odd, STEPS, called="aten.conv1d"), "flop-counter").layers[-1]
    assert handled.theirs is None
    assert handled.because.endswith("FlopCounterMode counts aten.conv1d")


def test_sizes_that_the_source_leaves_open() -> None:
    other = count_as(load("seed004"), "fvcore")
    assert (other.operations, other.complete, other.parameters) == (0, False, None)
    assert "does not give Cin, Cout, K" in other.causes[0].because


def test_an_unknown_tool() -> None:
    with pytest.raises(UsageError) as caught:
        convention("fvcor")
    assert "did you mean fvcore?" in str(caught.value)


@pytest.mark.parametrize("steps", [False, True])
def test_papers_count_a_convolution_inside_of_another_layer(steps: bool) -> None:
    conv = Conv(filters=8, windows=window(3))
    inner = ("batch", "height", "width", "channel")
    op = TimeDistributed(op=conv, inner=inner) if steps else SpectralNorm(op=conv)
    video = Tensor.of(batch=BATCH, time=5, height=8, width=8, channel=4)
    other = count_as(network(op, video if steps else IMAGE), "paper")
    assert not other.causes
    assert other.operations == 6 * 6 * 9 * 4 * 8 * (5 if steps else 1)
    assert other.parameters == 9 * 4 * 8  # not the bias, nor what is no weight
