"""What every op has to fulfil. An op without a sample here fails: an addition is then half done."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost import ops
from convcost.count import Workload, count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.cost import Cost
from convcost.network.evaluation import substitute
from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter, Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.augmentation import Augmentation
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.bilinear import Bilinear
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.computed import ComputedWeights
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.elementwise import Elementwise, Glu
from convcost.ops.embedding import Embedding
from convcost.ops.grid_sample import GridSample
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.loss import Loss
from convcost.ops.matmul import MatMul
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
    Masking,
    Normalization,
    Rescaling,
)
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.reduce import Cumulate, Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.resize import Resize, Upsample
from convcost.ops.scale import Scale
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.scatter import ScatterAdd
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.view import View
from convcost.ops.window import window
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.dims import Dim

MODES = ("inference", "training")


def image(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, height=6, width=5, channel=channels)


def vector(n: Dim) -> Tensor:
    return Tensor.of(batch=n, feature=12)


@dataclass(frozen=True)
class Sample:
    """An op and inputs for any batch, with what the general rule does not tell.

    Attributes:
        make: batch -> op and inputs.
        view_in: modes in which nothing is read or written.
        known: whether there is a cost.
        written_in_training: bytes written besides the results.
        weights_read: bytes of weights read for a batch of two, where that is not all of them.
        targets_read: bytes read for a batch of two that are no input.
        trains_by_products: whether training adds products.
        trains_unknown: whether the cost of training is not known.
        partial_products: whether the products are not yet the layer's results.
    """

    make: Callable[[Any], tuple[Op, tuple[Tensor, ...]]]
    view_in: tuple[str, ...] = ()
    known: bool = True
    weights_read: int | None = None
    targets_read: int = 0
    trains_by_products: bool = False
    trains_unknown: bool = False
    partial_products: bool = False
    written_in_training: int = 0


SAMPLES: dict[type[Op], list[Sample]] = {
    Activation: [
        Sample(lambda n: (Activation("relu"), (image(n),))),
        Sample(lambda n: (Activation("softmax"), (vector(n),))),
        Sample(lambda n: (Activation("linear"), (vector(n),)), view_in=MODES),
    ],
    BatchNorm: [
        Sample(lambda n: (BatchNorm(), (image(n),)), written_in_training=2 * 4 * 4),
        Sample(
            lambda n: (BatchNorm(axis="feature", scale=False), (vector(n),)),
            written_in_training=2 * 12 * 4,
        ),
    ],
    Concatenate: [
        Sample(lambda n: (Concatenate("channel"), (image(n), image(n, 7), image(n)))),
        Sample(lambda n: (Concatenate("height"), (image(n), image(n)))),
    ],
    Conv: [
        Sample(lambda n: (Conv(filters=8, windows=window(3, padding="same")), (image(n),))),
        Sample(
            lambda n: (
                Conv(filters=6, windows=window((1, 3), 2, dilation=2), groups=2, bias=False),
                (image(n),),
            )
        ),
        Sample(
            lambda n: (
                Conv(filters=2, windows=window((3,), padding="causal"), activation="tanh"),
                (Tensor.of(batch=n, channel=3, time=9),),
            )
        ),
    ],
    Dense: [
        Sample(lambda n: (Dense(units=7), (vector(n),))),
        Sample(
            lambda n: (
                Dense(units=3, bias=False, activation="softmax"),
                (Tensor.of(batch=n, time=5, feature=2),),
            )
        ),
    ],
    DepthwiseConv: [
        Sample(lambda n: (DepthwiseConv(windows=window(3, padding=(1, 1))), (image(n),))),
        Sample(
            lambda n: (DepthwiseConv(windows=window(2, 2), multiplier=3, bias=False), (image(n),))
        ),
    ],
    Dropout: [Sample(lambda n: (Dropout(0.3), (vector(n),)), view_in=("inference",))],
    Flatten: [Sample(lambda n: (Flatten(), (image(n),)), view_in=MODES)],
    GlobalPool: [
        Sample(lambda n: (GlobalPool(function="max", axes=("height", "width")), (image(n),))),
        Sample(
            lambda n: (
                GlobalPool(function="average", axes=("height",), keep_axes=True),
                (image(n),),
            )
        ),
    ],
    Input: [Sample(lambda n: (Input(image(n)), ()), view_in=MODES)],
    LocalResponseNorm: [Sample(lambda n: (LocalResponseNorm(), (image(n),)))],
    Loss: [
        Sample(lambda n: (Loss(function="cross-entropy"), (vector(n),)), targets_read=2 * 8),
        Sample(
            lambda n: (Loss(function="binary-cross-entropy", probabilities=True), (image(n),)),
            targets_read=image(2).bytes,
        ),
    ],
    Merge: [
        Sample(lambda n: (Merge("add"), (image(n), image(n), image(n)))),
        Sample(
            lambda n: (
                Merge("multiply"),
                (image(n), Tensor.of(batch=n, height=1, width=1, channel=4)),
            )
        ),
        Sample(lambda n: (Merge("average"), (image(n), image(n)))),
    ],
    Pool: [
        Sample(lambda n: (Pool(function="max", windows=window(2, 2)), (image(n),))),
        Sample(
            lambda n: (Pool(function="average", windows=window(3, padding="same")), (image(n),))
        ),
    ],
    Reshape: [
        Sample(
            lambda n: (Reshape((Axis("time", 3), Axis("feature", 4))), (vector(n),)), view_in=MODES
        )
    ],
    SeparableConv: [
        Sample(
            lambda n: (
                SeparableConv(filters=5, windows=window(3, padding="same"), multiplier=2),
                (image(n),),
            )
        )
    ],
    Unknown: [
        Sample(
            lambda n: (Unknown(name="Capsule", results=(vector(n),), parameters=9), (image(n),)),
            known=False,
        )
    ],
    ZeroPadding: [Sample(lambda n: (ZeroPadding((("height", 1, 2),)), (image(n),)))],
}


def sequence(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, time=5, channel=channels)


def video(n: Dim) -> Tensor:
    return Tensor.of(batch=n, time=3, height=6, width=5, channel=4)


LSTM = Recurrent(cells=(Cell(function="lstm", units=3),), return_sequences=True)

SAMPLES |= {
    AdaptivePool: [
        Sample(
            lambda n, f=f: (
                AdaptivePool(function=f, parts=(("height", 4), ("width", 2))),
                (image(n),),
            )
        )
        for f in ("max", "average")
    ],
    AdditiveAttention: [
        Sample(lambda n, s=s: (AdditiveAttention(scale=s), (sequence(n), sequence(n))))
        for s in (True, False)
    ],
    Attention: [
        Sample(lambda n: (Attention(), (sequence(n), sequence(n)))),
        Sample(lambda n: (Attention(score="concat", scale=True), (sequence(n),) * 3)),
    ],
    Augmentation: [
        Sample(
            lambda n: (Augmentation("RandomFlip"), (image(n),)),
            view_in=("inference",),
            trains_unknown=True,
        )
    ],
    Bidirectional: [
        Sample(
            lambda n, m=m: (Bidirectional(forward=LSTM, backward=LSTM, merge=m), (sequence(n),)),
            partial_products=True,
        )
        for m in ("concat", "ave", None)
    ],
    CategoryEncoding: [
        Sample(lambda n, m=m: (CategoryEncoding(categories=9, mode=m), (vector(n),)))
        for m in ("one_hot", "multi_hot")
    ],
    Chain: [
        Sample(
            lambda n: (
                Chain((Conv(filters=2, windows=window(3)), Flatten(), Dense(units=3))),
                (image(n),),
            )
        ),
        Sample(lambda n: (Chain((Flatten(), Activation("linear"))), (image(n),)), view_in=MODES),
    ],
    ConvLSTM: [
        Sample(
            lambda n: (ConvLSTM(filters=2, windows=window(3, 2), return_state=True), (video(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                ConvLSTM(
                    filters=2, windows=window(3, padding="same"), return_sequences=True, bias=False
                ),
                (video(n),),
            ),
            partial_products=True,
        ),
    ],
    ConvTranspose: [
        Sample(
            lambda n: (ConvTranspose(filters=8, windows=window(3, 2, padding="same")), (image(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                ConvTranspose(
                    filters=6,
                    windows=window(2, 3, padding=(1, 0)),
                    groups=2,
                    output_padding=(1, 0),
                    bias=False,
                    activation="relu",
                ),
                (image(n),),
            ),
            partial_products=True,
        ),
    ],
    Cropping: [Sample(lambda n: (Cropping((("height", 1, 2),)), (image(n),)))],
    Discretization: [Sample(lambda n: (Discretization(7), (vector(n),)))],
    Dot: [
        Sample(lambda n: (Dot(axes=("channel", "channel")), (sequence(n), sequence(n)))),
        Sample(
            lambda n: (Dot(axes=("feature", "feature"), normalize=True), (vector(n), vector(n)))
        ),
    ],
    EinsumDense: [
        Sample(
            lambda n: (
                EinsumDense(
                    equation="abc,cde->abde",
                    sizes=(("d", 2), ("e", 3)),
                    bias_axes="e",
                    activation="relu",
                ),
                (sequence(n),),
            )
        )
    ],
    Embedding: [
        Sample(
            lambda n: (Embedding(entries=5000, units=3), (vector(n),)), weights_read=2 * 12 * 3 * 4
        )
    ],
    GroupNorm: [Sample(lambda n: (GroupNorm(groups=2), (image(n),)))],
    LayerNorm: [
        Sample(lambda n: (LayerNorm(), (sequence(n),))),
        Sample(lambda n: (LayerNorm(axes=("height", "channel"), scale=False), (image(n),))),
    ],
    LocallyConnected: [
        Sample(
            lambda n: (LocallyConnected(filters=3, windows=window(3, padding="same")), (image(n),))
        )
    ],
    Masking: [Sample(lambda n: (Masking(), (sequence(n),)))],
    MultiHeadAttention: [
        Sample(
            lambda n: (
                MultiHeadAttention(heads=2, key_size=3, value_size=5, gate=True),
                (sequence(n),),
            )
        ),
        Sample(
            lambda n: (
                MultiHeadAttention(
                    heads=4, key_heads=2, key_size=3, value_size=3, output_size=7, bias=False
                ),
                (sequence(n), sequence(n, 6), sequence(n, 2)),
            )
        ),
        Sample(
            lambda n: (
                MultiHeadAttention(heads=2, key_size=3, value_size=3, axes=("width",)),
                (image(n),),
            )
        ),
    ],
    Normalization: [
        Sample(lambda n: (Normalization(), (image(n),))),
        Sample(lambda n: (Normalization(axes=(), stored=False), (image(n),))),
    ],
    PRelu: [Sample(lambda n: (PRelu(("height", "width")), (image(n),)))],
    Permute: [Sample(lambda n: (Permute((0, 2, 1)), (sequence(n),)))],
    RMSNorm: [Sample(lambda n: (RMSNorm(), (sequence(n),)))],
    Recurrent: [
        Sample(lambda n: (LSTM, (sequence(n),)), partial_products=True),
        Sample(
            lambda n: (
                Recurrent(
                    cells=(
                        Cell(function="gru", units=3, biases=2),
                        Cell(function="simple", units=2),
                    ),
                    return_state=True,
                ),
                (sequence(n),),
            ),
            partial_products=True,
        ),
    ],
    RecurrentStep: [
        Sample(
            lambda n: (
                RecurrentStep(cells=(Cell(function="lstm", units=3, biases=0),)),
                (vector(n),),
            ),
            partial_products=True,
        )
    ],
    Repeat: [Sample(lambda n: (Repeat(4), (vector(n),)))],
    Rescaling: [Sample(lambda n: (Rescaling(), (image(n),)))],
    Resize: [Sample(lambda n: (Resize(sizes=(("height", 9), ("width", 2))), (image(n),)))],
    Scale: [Sample(lambda n: (Scale(), (image(n),)))],
    SpectralNorm: [
        Sample(
            lambda n: (SpectralNorm(op=Conv(filters=2, windows=window(3))), (image(n),)),
            written_in_training=4 * (9 * 4 * 2 + 2),
            trains_by_products=True,
        )
    ],
    TimeDistributed: [
        Sample(
            lambda n: (
                TimeDistributed(op=Conv(filters=2, windows=window(3, padding="same"))),
                (video(n),),
            )
        ),
        Sample(
            lambda n: (TimeDistributed(op=BatchNorm()), (video(n),)), written_in_training=2 * 4 * 4
        ),
        Sample(lambda n: (TimeDistributed(op=Flatten()), (video(n),)), view_in=MODES),
    ],
    UnitNorm: [Sample(lambda n: (UnitNorm(), (vector(n),)))],
    Upsample: [
        Sample(
            lambda n, i=i: (
                Upsample(factors=(("height", 2), ("width", 3)), interpolation=i),
                (image(n),),
            )
        )
        for i in ("nearest", "bilinear")
    ],
}


SAMPLES |= {
    Bilinear: [
        Sample(lambda n, b=b: (Bilinear(units=3, bias=b), (vector(n), vector(n))))
        for b in (True, False)
    ],
    ComputedWeights: [
        Sample(
            lambda n: (
                ComputedWeights(op=Conv(filters=6, windows=window(3)), given=("kernel",)),
                (image(n), Tensor.of(a=3, b=3, c=4, d=6)),
            )
        ),
    ],
    Constant: [
        Sample(lambda _: (Constant(tensor=vector(2), parameter=True), ()), view_in=MODES),
        Sample(lambda _: (Constant(tensor=vector(2)), ()), view_in=MODES),
    ],
    Copy: [Sample(lambda n: (Copy(function="roll", result=image(n)), (image(n),)))],
    Cumulate: [Sample(lambda n: (Cumulate(function="sum"), (image(n),)))],
    Elementwise: [
        Sample(lambda n: (Elementwise(function="rsqrt"), (image(n),))),
        Sample(
            lambda n: (
                Elementwise(function="divide"),
                (image(n), Tensor.of(height=6, width=1, channel=1)),
            )
        ),
    ],
    Fill: [Sample(lambda n: (Fill(function="zeros", result=image(n)), ()))],
    Gather: [
        Sample(
            lambda n: (
                Gather(result=Tensor.of(batch=n, feature=12, head=4)),
                (Tensor.of(row=3, head=4), vector(n)),
            )
        )
    ],
    GridSample: [
        Sample(
            lambda n: (
                GridSample(result=Tensor.of(batch=n, channel=4, height=2, width=3)),
                (
                    Tensor.of(batch=n, channel=4, height=6, width=5),
                    Tensor.of(batch=n, height=2, width=3, place=2),
                ),
            )
        )
    ],
    Glu: [Sample(lambda n: (Glu(position=3), (image(n),)))],
    MatMul: [
        Sample(lambda n: (MatMul(), (sequence(n), Tensor.of(row=4, column=7)))),
        Sample(
            lambda n: (
                MatMul(addend=True, scale=True),
                (sequence(n), Tensor.of(batch=n, row=4, column=7), Tensor.of(column=7)),
            )
        ),
        Sample(lambda n: (MatMul(), (Tensor.of(summed=5), sequence(n)))),
        Sample(lambda n: (MatMul(), (vector(n), Tensor.of(summed=12)))),
    ],
    RecurrentStack: [
        Sample(
            lambda n: (
                RecurrentStack(function="lstm", units=3, levels=2, directions=2, projection=2),
                (sequence(n),),
            ),
            partial_products=True,
        ),
        Sample(
            lambda n: (RecurrentStack(function="gru", units=3, bias=False), (sequence(n),)),
            partial_products=True,
        ),
        Sample(
            lambda n: (
                RecurrentStack(function="simple", units=3, activation="relu", time=None),
                (vector(n), Tensor.of(batch=n, feature=3)),
            ),
        ),
    ],
    Reduce: [
        Sample(
            lambda n, f=f: (
                Reduce(function=f, positions=(1, 2), keep_axes=f == "mean"),
                (image(n),),
            )
        )
        for f in ("sum", "mean", "deviation")
    ]
    + [Sample(lambda n: (Reduce(function="max", positions=(3,), second="float32"), (image(n),)))],
    ScaledAttention: [
        Sample(lambda n: (ScaledAttention(), (sequence(n), sequence(n), sequence(n)))),
        Sample(
            lambda n: (
                ScaledAttention(),
                (*(sequence(n),) * 3, Tensor.of(batch=n, query=5, key=5)),
            )
        ),
    ],
    ScatterAdd: [
        Sample(lambda n: (ScatterAdd(result=image(n)), (sequence(n, 27),))),
        Sample(
            lambda n: (ScatterAdd(result=vector(n), source=1), (vector(n), vector(n), vector(n)))
        ),
    ],
    View: [Sample(lambda n: (View((vector(n), image(n))), (image(n),)), view_in=MODES)],
}


def defined() -> list[type[Op]]:
    """Every op class, found by the folder."""
    found: list[type[Op]] = []
    for file in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"convcost.ops.{file.name}")
        classes = (value for value in vars(module).values() if inspect.isclass(value))
        found += [c for c in classes if issubclass(c, Op) and c.__module__ == module.__name__]
    return found


OPS = defined()
each_op = pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
each_sample = pytest.mark.parametrize(
    "sample",
    [
        pytest.param(sample, id=f"{kind.__name__}-{position}")
        for kind, samples in SAMPLES.items()
        for position, sample in enumerate(samples)
    ],
)
each_mode = pytest.mark.parametrize("mode", MODES)


def call_of(sample: Sample, batch: Any, mode: str = "inference") -> tuple[Op, Call]:
    op, inputs = sample.make(batch)
    parameters = tuple(
        Parameter(w.name, w.shape, learned=w.learned, trainable=w.learned)
        for w in op.weights(*inputs)
    )
    return op, Call(inputs, op.outputs(*inputs), parameters, mode)  # type: ignore[arg-type]


def cost_of(sample: Sample, batch: Any, mode: str) -> dict[str, Any]:
    """The figures, in a dict; an unknown cost is a failure."""
    op, call = call_of(sample, batch, mode)
    cost = op.cost("forward", call)
    assert cost is not None
    return dataclasses.asdict(cost) | {"flops": cost.flops}


def modes_of(sample: Sample) -> tuple[str, ...]:
    """Modes whose cost is known."""
    return ("inference",) if sample.trains_unknown else MODES


def nbytes(*shapes: tuple[Any, ...]) -> int:
    """Bytes of 32-bit numbers."""
    return sum(4 * prod(shape) for shape in shapes)


def test_every_op_has_a_sample() -> None:
    without = sorted(kind.__name__ for kind in OPS if not SAMPLES.get(kind))
    assert not without, f"add a sample here for {', '.join(without)}"


def test_kinds_are_unique() -> None:
    kinds = [kind.__dict__["kind"] for kind in OPS]
    assert len(set(kinds)) == len(kinds)
    assert all(kind.isidentifier() and kind.islower() for kind in kinds)


@each_op
def test_an_op_is_a_frozen_documented_value(kind: type[Op]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    documentation = inspect.getdoc(kind) or ""
    assert ">>>" in documentation
    for sample in SAMPLES[kind]:
        (op, _), (again, _) = sample.make(2), sample.make(2)
        assert type(op) is kind
        assert op == again
        assert hash(op) == hash(again)
        assert dataclasses.replace(op) == op


@each_op
def test_what_is_charged_is_documented(kind: type[Op]) -> None:
    charged = any(
        cost_of(sample, 2, mode)["elementwise"] > 0
        for sample in SAMPLES[kind]
        for mode in modes_of(sample)
        if sample.known
    )
    assert not charged or "Element-wise" in (inspect.getdoc(kind) or "")


@each_sample
@each_mode
def test_a_cost_is_integers_of_at_least_zero(sample: Sample, mode: str) -> None:
    op, call = call_of(sample, 2, mode)
    cost = op.cost("forward", call)
    if not sample.known or mode not in modes_of(sample):
        assert cost is None  # never zero
        return
    for name, figure in cost_of(sample, 2, mode).items():
        assert type(figure) is int, name
        assert figure >= 0, name


@each_sample
@each_mode
def test_bytes_are_operands_once_and_results_once(sample: Sample, mode: str) -> None:
    if not sample.known or mode not in modes_of(sample):
        assert call_of(sample, 2, mode)[0].cost("forward", call_of(sample, 2, mode)[1]) is None
        return
    op, inputs = sample.make(2)
    cost = cost_of(sample, 2, mode)
    if mode in sample.view_in:
        assert set(cost.values()) == {0}
        return
    weights = nbytes(*(weight.shape for weight in op.weights(*inputs)))
    if sample.weights_read is not None:
        weights = sample.weights_read
    extra = sample.written_in_training if mode == "training" else 0
    assert cost["weight_bytes"] == weights
    operands = nbytes(*(tensor.shape for tensor in inputs)) + weights
    assert cost["read_bytes"] == operands + sample.targets_read
    assert cost["write_bytes"] == nbytes(*(t.shape for t in op.outputs(*inputs))) + extra


@each_sample
def test_training_does_no_less_than_inference(sample: Sample) -> None:
    if not sample.known:
        assert not any(call_of(sample, 2, m)[0].cost("forward", call_of(sample, 2, m)[1])
                       for m in MODES)  # fmt: skip
        return
    if sample.trains_unknown:
        return
    inference, training = (cost_of(sample, 2, mode) for mode in MODES)
    for name, figure in inference.items():
        assert training[name] >= figure, name
    assert (training["macs"] > inference["macs"]) is sample.trains_by_products


@each_sample
@settings(deadline=None, max_examples=15)
@given(a=st.integers(1, 64), b=st.integers(1, 64), mode=st.sampled_from(MODES))
def test_costs_are_affine_in_the_batch(sample: Sample, a: int, b: int, mode: str) -> None:
    if not sample.known or mode not in modes_of(sample):
        op, call = call_of(sample, a, mode)
        assert op.cost("forward", call) is None
        return
    apart = [cost_of(sample, a, mode), cost_of(sample, b, mode)]
    together = [cost_of(sample, a + b - 1, mode), cost_of(sample, 1, mode)]
    for name in apart[0]:
        assert apart[0][name] + apart[1][name] == together[0][name] + together[1][name], name


@each_sample
@each_mode
def test_a_symbolic_batch_gives_the_same_formula(sample: Sample, mode: str) -> None:
    symbolic, numbers = (call_of(sample, batch, mode) for batch in (BATCH, 5))
    shapes = [
        [
            tuple(substitute(size, {"N": 5}) for size in tensor.shape)
            for tensor in (*call.inputs, *call.outputs)
        ]
        for _, call in (symbolic, numbers)
    ]
    assert shapes[0] == shapes[1]
    costs = [op.cost("forward", call) for op, call in (symbolic, numbers)]
    if not sample.known or mode not in modes_of(sample):
        assert costs == [None, None]
        return
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].evaluate({"N": 5}) == costs[1].evaluate({})


@each_sample
def test_work_follows_from_the_loops(sample: Sample) -> None:
    op, call = call_of(sample, 2)
    equations = op.equations(call)
    for equation in equations:
        assert equation.macs == equation.outputs * equation.reduction
        assert prod(loop.size for loop in equation.loops) == equation.macs
    if sample.known:
        assert cost_of(sample, 2, "inference")["macs"] == sum(e.macs for e in equations)
    if equations and not sample.partial_products:  # the last product computes the layer's results
        assert equations[-1].outputs == sum(prod(t.shape) for t in call.outputs)
    padding = op.padding_macs(call)
    assert padding is not None
    assert 0 <= padding <= sum(e.macs for e in equations)


@each_sample
def test_in_a_network(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    b = Builder("contract")
    refs = [b.add(Input(tensor)) for tensor in inputs]
    b.add(op, *refs, name="layer")
    net = b.build()
    weights: tuple[Weight, ...] = op.weights(*inputs)
    assert [p.id for p in net.table.values()] == [f"layer/{w.name}" for w in weights]
    result = count(net, Workload(batch=3))
    row = result.layers[-1]
    assert (row.name, row.op) == ("layer", op.kind)
    assert row.parameters == sum(prod(w.shape) for w in weights if w.learned)
    assert row.statistics == sum(prod(w.shape) for w in weights if not w.learned)
    assert (row.forward is None) is not sample.known
    assert result.complete is sample.known
    bound, _ = sample.make(3)
    assert net.bind({"N": 3}).layer("layer").op == bound


@each_sample
def test_survives_the_exchange_format(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    b = Builder("contract")
    refs = [b.add(Input(tensor)) for tensor in inputs]
    b.add(op, *refs, name="layer")
    net = b.build()
    text = to_text(net)
    again = convcost.read(text)
    assert again == net
    assert type(again.layer("layer").op) is type(op)
    assert to_text(again) == text


@each_sample
def test_the_wrong_number_of_inputs_is_refused(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    fewest, most = op.arity
    assert fewest <= len(inputs)
    assert most is None or len(inputs) <= most
    wrong = [number for number in (fewest - 1, -1 if most is None else most + 1) if number >= 0]
    b = Builder("contract")
    x = b.add(Input(image(BATCH)))
    for number in wrong:
        with pytest.raises(NetworkError, match=f"{op.kind} has {number} inputs"):
            b.add(op, *[x] * number)
    assert wrong or isinstance(op, Unknown)


BACKWARD = ("backward_data", "backward_weights")

#: Ops without a gradient, and why.
NO_GRADIENT = {
    Augmentation: "what it does depends on random numbers; its input is data, which has none",
    CategoryEncoding: "category numbers are not differentiable",
    Constant: "no inputs; its own gradient is written by the layers that read it",
    Discretization: "numbers of intervals are not differentiable",
    Fill: "no inputs and no parameters",
    Flatten: "a view: the gradient is one too",
    Input: "no inputs",
    Reshape: "a view: the gradient is one too",
    Unknown: "no rule",
    View: "a view; an expansion's sums are charged by its own rule",
}


def backward_cost(sample: Sample, batch: Any, phase: Any) -> Any:
    op, call = call_of(sample, batch, "training")
    return op.cost(phase, call)


def has_gradient(kind: type[Op]) -> bool:
    """Whether every sample has a rule of its own."""
    if kind.gradient is Op.gradient and "cost" not in vars(kind):
        return False
    return all(
        backward_cost(sample, 2, phase) is not None
        for sample in SAMPLES[kind]
        for phase in BACKWARD
    )


@each_op
def test_every_op_has_a_gradient_or_a_reason(kind: type[Op]) -> None:
    defines = kind.gradient is not Op.gradient
    assert defines or kind in NO_GRADIENT or has_gradient(kind), (
        f"give {kind.__name__} a gradient, or say in NO_GRADIENT why it has none"
    )
    assert not (defines and kind in NO_GRADIENT)
    if kind not in NO_GRADIENT:
        assert has_gradient(kind)


@each_sample
@pytest.mark.parametrize("phase", BACKWARD)
def test_a_gradient_is_written_once(sample: Sample, phase: str) -> None:
    """Integers; the results are those of the inputs or of the learned parameters."""
    op, call = call_of(sample, 2, "training")
    cost = op.cost(phase, call)  # type: ignore[arg-type]
    if type(op) in NO_GRADIENT:
        assert type(op) in {Unknown, Augmentation, View} or cost == Cost()
        return
    assert cost is not None
    assert all(type(figure) is int and figure >= 0 for figure in dataclasses.astuple(cost))
    written = {
        "backward_data": sum(t.bytes for t in call.inputs if "float" in t.dtype),
        "backward_weights": sum(p.bytes for p in call.parameters if p.trainable),
    }[phase]
    if "training" in sample.view_in or (isinstance(op, Embedding) and phase == "backward_data"):
        written = 0
    assert cost.write_bytes == written
    assert written == 0 or cost.read_bytes >= sum(t.bytes for t in call.outputs)


@each_sample
@settings(deadline=None, max_examples=10)
@given(a=st.integers(1, 64), b=st.integers(1, 64), phase=st.sampled_from(BACKWARD))
def test_gradients_are_affine_in_the_batch(sample: Sample, a: int, b: int, phase: str) -> None:
    costs = [backward_cost(sample, n, phase) for n in (a, b, a + b - 1, 1)]
    if costs[0] is None:
        assert costs == [None] * 4
        return
    first, second, together, one = map(dataclasses.astuple, costs)
    sums = [
        [x + y for x, y in zip(*pair, strict=True)] for pair in ((first, second), (together, one))
    ]
    assert sums[0] == sums[1]


@each_sample
@pytest.mark.parametrize("phase", BACKWARD)
def test_a_symbolic_batch_gives_the_same_gradient(sample: Sample, phase: str) -> None:
    symbolic, numbers = (backward_cost(sample, batch, phase) for batch in (BATCH, 5))
    if numbers is None:
        assert symbolic is None
    else:
        assert symbolic.evaluate({"N": 5}) == numbers.evaluate({})


@each_sample
def test_nobody_waits_for_a_gradient(sample: Sample) -> None:
    """Frozen, and nothing before it: nothing is computed."""
    op, call = call_of(sample, 2, "training")
    frozen = tuple(dataclasses.replace(p, trainable=False) for p in call.parameters)
    unwanted = dataclasses.replace(call, parameters=frozen, wanted=(False,) * len(call.inputs))
    if isinstance(op, Unknown):
        return
    assert [op.cost(phase, unwanted) for phase in BACKWARD] == [Cost()] * 2  # type: ignore[arg-type]


@each_op
def test_what_a_gradient_charges_is_documented(kind: type[Op]) -> None:
    for sample in SAMPLES[kind]:
        op, call = call_of(sample, 2)
        costs = [backward_cost(sample, 2, phase) for phase in BACKWARD]
        if any(cost is not None and cost.elementwise for cost in costs) and not op.equations(call):
            assert "radient" in (inspect.getdoc(kind) or "")
