"""The reason in the first line where MACs are none: the largest part of the difference."""

import pytest

from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.window import window
from convcost.units import format_seconds
from support.explained import explanation

POOL = Pool(function="max", windows=window(3, padding="same"))
NORM = BatchNorm()


def net(name, *ops, side=32, channels=16):
    """A chain on an image; layers are called by the network, their kind and their place."""
    builder = Builder(name, framework="torch")
    shape = Tensor.of(batch=BATCH, channel=channels, height=side, width=side)
    ref = builder.add(Input(shape), name=f"{name} image")
    for place, op in enumerate(ops):
        ref = builder.add(op, ref, name=f"{name} {op.kind} {place}")
    return builder.build()


def conv(filters):
    return Conv(filters=filters, windows=window(3, padding="same"))


def part(explanation, cause):
    """What the answer has to tell of a cause, from the parts themselves."""
    whole = sum(each.seconds for each in explanation.differences)
    of_it = sum(each.seconds for each in explanation.differences if each.cause == cause)
    assert abs(of_it) > abs(whole) / 2
    return format_seconds(abs(whole)), format_seconds(abs(of_it))


def test_networks_of_batch_norm_alone():
    found = explanation(net("large", NORM, side=128), net("small", NORM))
    whole, memory = part(found, "memory")
    assert found.answer.endswith(
        f"the time of large, both without MACs: of the difference of {whole} the largest part is "
        f"reading and writing tensors ({memory}), in small batch_norm 0"
    )


def test_fewer_parameters_and_no_macs():
    few = net("few", NORM, POOL, POOL, POOL, side=128, channels=4)
    found = explanation(net("many", NORM, side=8, channels=64), few)
    assert "MACs" in found.answer
    assert "0x its MACs" not in found.answer
    assert "both without MACs: of the difference" in found.answer


@pytest.mark.parametrize(
    ("first", "later", "said"),
    [
        ((conv(16),), (conv(16), POOL), "with as many MACs: of the difference of "),
        ((conv(16),), (POOL, POOL), "with 0 MACs to its 75,497,472: of the difference of "),
        ((POOL,), (conv(16), POOL), "with 75,497,472 MACs to its 0: of the difference of "),
        ((conv(32),), (conv(30), POOL), "with 0.938x its MACs: of the difference of "),
    ],
    ids=["as many", "none", "none in the first", "fewer, and slower"],
)
def test_macs_that_are_no_reason(first, later, said):
    answer = explanation(net("first", *first), net("later", *later)).answer
    assert said in answer
    assert "because it has" not in answer


def test_macs_that_are_one():
    answer = explanation(net("thin", conv(32), side=32), net("wide", conv(128), side=32)).answer
    assert "of the difference of" not in answer
    assert "4.00x its MACs" in answer
