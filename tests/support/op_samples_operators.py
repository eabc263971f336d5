"""Samples of the ops that operators of PyTorch and ONNX need besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.tensor import Tensor
from convcost.ops.bilinear import Bilinear
from convcost.ops.computed import ComputedWeights
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.elementwise import Elementwise, Glu
from convcost.ops.grid_sample import GridSample
from convcost.ops.matmul import MatMul
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.reduce import Cumulate, Reduce
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.scatter import ScatterAdd
from convcost.ops.view import Cut, View
from convcost.ops.window import window
from support.op_sample import MODES, Sample, image, sequence, vector

if TYPE_CHECKING:
    from convcost.network.op import Op

SAMPLES: dict[type[Op], list[Sample]] = {
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
                Elementwise(function="clamp", numbers=(None, -0.5, float("inf"))),
                (image(n),),
            )
        ),
        Sample(
            lambda n: (
                Elementwise(function="divide"),
                (image(n), Tensor.of(height=6, width=1, channel=1)),
            )
        ),
    ],
    Fill: [
        Sample(lambda n: (Fill(function="zeros", result=image(n)), ())),
        Sample(lambda n: (Fill(function="constant", result=image(n), value=1.5), ())),
    ],
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
    View: [
        Sample(lambda n: (View((vector(n), image(n))), (image(n),)), view_in=MODES),
        Sample(
            lambda n: (View((image(n, 1),), "slice", ((Cut(0, 0, n), Cut(3, 1, 2)),)), (image(n),)),
            view_in=MODES,
        ),
        Sample(
            lambda n: (View((sequence(n),), "permute", order=(0, 2, 1)), (sequence(n),)),
            view_in=MODES,
        ),
    ],
}
