"""The networks that calibration draws."""

from collections import Counter

import pytest

from convcost.count import Workload, count
from convcost.predict.calibration.blocks import BLOCKS
from convcost.predict.calibration.design import MOST_BYTES, MOST_MACS, MOST_PARAMETERS, drawn
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
    for each in networks:
        found = count(each.network, Workload(batch=each.batch))
        assert found.complete
        assert found.total.forward.macs <= MOST_MACS
        assert found.total.forward.write_bytes <= MOST_BYTES
        assert found.total.parameters <= MOST_PARAMETERS


def test_they_cover_what_real_networks_have(networks):
    kinds = Counter(layer.op.kind for each in networks for layer in each.network.layers)
    wanted = {"conv", "depthwise_conv", "dense", "batch_norm", "activation", "pool", "global_pool",
              "merge", "concatenate", "flatten", "dropout"}  # fmt: skip
    assert wanted <= set(kinds)
    windows = {
        tuple(window.kernel for window in layer.op.windows)
        for each in networks for layer in each.network.layers if layer.op.kind == "conv"
    }  # fmt: skip
    assert {(1, 1), (3, 3), (5, 5), (7, 7), (11, 11), (1, 7), (7, 1)} <= windows
    assert {1, 8, 32, 128} <= {each.batch for each in networks}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_can_be_asked_for(block):
    for seed in range(5):
        assert count(drawn(seed, (block,)).network).complete
