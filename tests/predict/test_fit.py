"""What a model is fitted to: networks that were run, at the machine's usual speed."""

from dataclasses import replace

import numpy as np
import pytest

from convcost.predict.calibration.design import drawn
from convcost.predict.calibration.fit import held_out, runs_of
from convcost.predict.calibration.sampling import Part, Sample
from convcost.predict.profile import Setting

SETTING = Setting(runtime="torch", training=False, threads=2)
#: A made-up machine: seconds per MAC, per byte written, and per layer.
MAC, BYTE, LAYER = 1e-11, 2e-10, 5e-6


def sample(seed, slower=1.0):
    """A network as that machine would run it, all layers by themselves."""
    chosen = drawn(seed)
    bound = chosen.network.bind({"N": chosen.batch})
    parts = []
    for layer in bound.layers:
        cost = layer.op.cost("forward", bound.call(layer))
        if layer.inputs and cost is not None:
            seconds = LAYER + MAC * cost.macs + BYTE * cost.write_bytes
            parts.append(Part((layer.name,), "forward", slower * seconds))
    return Sample(
        network=chosen.network, batch=chosen.batch, optimizer=None, probe=0.001 * slower**2,
        seconds=sum(part.seconds for part in parts), parts=tuple(parts),
    )  # fmt: skip


def test_slow_minutes_are_brought_to_the_usual_speed():
    """What took 1.2 times as long beside a probe that took 1.44 times as long is the same."""
    usual = [sample(seed) for seed in range(9)]
    mixed = [*usual, *(sample(seed, slower=1.2) for seed in range(7))]
    expected = [run.whole for run in runs_of(usual, SETTING)]
    found = [run.whole for run in runs_of(mixed, SETTING)]
    assert expected == pytest.approx([each.seconds for each in usual])
    # where the speed changes, neighbours of both sides are smoothed
    assert found[:7] == pytest.approx(expected[:7])
    assert found[11:] == pytest.approx(expected[2:7])


def test_parts_add_up_to_the_whole():
    given = sample(3)
    short = replace(given, parts=tuple(replace(p, seconds=p.seconds / 2) for p in given.parts))
    (run,) = runs_of([short], SETTING)
    assert run.seconds.sum() == pytest.approx(given.seconds)


def test_a_machine_that_follows_the_terms_is_learned():
    pytest.importorskip("lightgbm", reason="LightGBM fits the correction")
    whole = held_out(runs_of([sample(seed) for seed in range(60)], SETTING)).whole
    assert np.median(np.abs(np.array(whole) - np.median(whole))) < 0.1
