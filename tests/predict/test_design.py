"""The networks that calibration draws."""

from collections import Counter

import numpy as np
import pytest

from convcost.count import Workload, count
from convcost.predict.calibration.blocks import BLOCKS
from convcost.predict.calibration.design import (
    LARGER,
    MOST_BYTES,
    MOST_MACS,
    MOST_PARAMETERS,
    drawn,
)
from convcost.write.exchange import to_text

SEEDS = range(80)


@pytest.fixture(scope="module")
def networks():
    return [drawn(seed) for seed in SEEDS]


def test_a_seed_is_a_network(networks):
    for seed in (0, 7, 23):
        again = drawn(seed)
        assert to_text(again.network) == to_text(networks[seed].network)
        assert again.batch == networks[seed].batch
    assert len({to_text(each.network) for each in networks}) == len(networks)


def test_runs_are_bounded_and_counted(networks):
    large = 0
    for each in networks:
        found = count(each.network, Workload(batch=each.batch))
        assert found.complete
        times = LARGER if found.total.forward.macs > MOST_MACS else 1
        large += times > 1
        assert found.total.forward.macs <= times * MOST_MACS
        assert found.total.forward.write_bytes <= times * MOST_BYTES
        assert found.total.parameters <= times * MOST_PARAMETERS
    assert 1 <= large <= len(networks) / 20


def test_they_cover_what_real_networks_have(networks):
    kinds = Counter(layer.op.kind for each in networks for layer in each.network.layers)
    wanted = {"conv", "depthwise_conv", "dense", "batch_norm", "activation", "pool", "global_pool",
              "merge", "concatenate", "flatten", "dropout", "separable_conv", "permute",
              "local_response_norm"}  # fmt: skip
    assert wanted <= set(kinds)
    windows = {
        tuple(window.kernel for window in layer.op.windows)
        for each in networks for layer in each.network.layers if layer.op.kind == "conv"
    }  # fmt: skip
    assert {(1, 1), (3, 3), (5, 5), (7, 7), (11, 11), (1, 7), (7, 1)} <= windows
    assert {1, 8, 32, 128} <= {each.batch for each in networks}


def test_channels_lie_first_and_last(networks):
    images = [each.network.layers[0].outputs[0].names for each in networks]
    images = Counter(names for names in images if "height" in names)
    first, last = (images["batch", *rest] for rest in (
        ("channel", "height", "width"), ("height", "width", "channel")))  # fmt: skip
    assert first + last == images.total()
    assert min(first, last) > images.total() / 4


def test_no_square_kernel_is_larger_than_its_image(networks):
    seen = 0
    for each in networks:
        for layer in each.network.layers:
            kernels = {window.kernel for window in getattr(layer.op, "windows", ())}
            if layer.op.kind == "conv" and len(kernels) == 1:
                image = each.network.tensor(layer.inputs[0])
                side = min(image.size("height"), image.size("width"))
                assert max(kernels) <= max(side, 3)
                seen += max(kernels) > 3
    assert seen > 50


@pytest.mark.parametrize("last", [False, True])
def test_shuffled_channels_are_those_of_shufflenet(last):
    """Channel c of group g comes out as channel c * groups + g: 0 1 2 | 3 4 5 as 0 3 1 4 2 5."""
    names = ("height", "width", "channel") if last else ("channel", "height", "width")
    seen = 0
    for seed in range(20):
        network = drawn(seed, ("shuffled",)).network
        for layer in network.layers:
            if layer.op.kind != "permute" or network.layers[0].outputs[0].names[1:] != names:
                continue
            before, (after,) = network.layer(layer.inputs[0].layer), network.consumers[layer.name]
            (groups,) = {
                network.layer(ref.layer).op.groups for ref in before.inputs
                if network.layer(ref.layer).op.kind == "conv"
            } or {None}  # fmt: skip
            shape = [1, *before.outputs[0].shape[1:]]
            image = network.layer(after).outputs[0]
            channels = image.size("channel")
            place = image.names.index("channel")
            numbers = np.arange(channels).reshape([-1 if p == place else 1 for p in range(4)])
            numbers = np.broadcast_to(numbers, [1, *image.shape[1:]])
            turned = numbers.reshape(shape).transpose(layer.op.order).reshape(numbers.shape)
            line = np.moveaxis(turned, place, 0)[:, 0, 0, 0]
            of_group = channels // (groups or before.outputs[0].shape[place])
            found = [c * (channels // of_group) + g for g in range(channels // of_group)
                     for c in range(of_group)]  # fmt: skip
            assert line[found].tolist() == list(range(channels))
            seen += 1
    assert seen > 3


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_can_be_asked_for(block):
    for seed in range(5):
        assert count(drawn(seed, (block,)).network).complete
