"""What a kernel spends its seconds on: one answer, wherever it is asked for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.explain import explain
from convcost.network.cost import Cost
from convcost.predict import KernelTime, predict
from convcost.predict.batches import over_batches
from convcost.predict.kernel import parts_of
from convcost.rewrite.judging.effect import effect
from convcost.rewrite.judging.figures import priced
from convcost.rewrite.judging.setting import Setting
from convcost.runtime import Kernel

GPU = device.load("gtx-1080-ti")


def kernel(compute: float, memory: float, launch: float, seconds: float) -> KernelTime:
    one = Kernel(name="k", layers=("k",), kind="stream", cost=Cost())
    return KernelTime(
        kernel=one, compute=compute, memory=memory, launch=launch, seconds=seconds, fill=1.0
    )


@pytest.mark.parametrize(
    ("terms", "seconds", "expected"),
    [
        ((5.0, 3.0, 1.0), 6.0, {"compute": 5.0, "launch": 1.0}),  # launch + the longer
        ((3.0, 5.0, 1.0), 6.0, {"memory": 5.0, "launch": 1.0}),
        ((3.0, 2.0, 9.0), 12.0, {"launch": 9.0, "compute": 3.0}),
        ((5.0, 3.0, 1.0), 5.0, {"compute": 5.0}),  # all overlap: a GPU
        ((1.0, 3.0, 9.0), 9.0, {"launch": 9.0}),
        ((5.0, 3.0, 1.0), 9.0, {"compute": 5.0, "memory": 3.0, "launch": 1.0}),  # a profile
    ],
)
def test_what_limits_it_and_what_nothing_hides(
    terms: tuple[float, float, float], seconds: float, expected: dict[str, float]
) -> None:
    found = kernel(*terms, seconds).parts
    assert {bound: value for bound, value in found.items() if value} == expected
    twice = parts_of([kernel(*terms, seconds)] * 2)
    assert twice == {
        bound: 2 * expected.get(bound, 0.0) for bound in ("compute", "memory", "launch")
    }


@given(*[st.floats(0, 1e3, allow_subnormal=False)] * 3, st.sampled_from(["cpu", "gpu", "all"]))
def test_it_is_all_charged(compute: float, memory: float, launch: float, how: str) -> None:
    seconds = {
        "cpu": launch + max(compute, memory),
        "gpu": max(launch, compute, memory),
        "all": compute + memory + launch,
    }[how]
    found = kernel(compute, memory, launch, seconds).parts
    assert math.fsum(found.values()) == pytest.approx(seconds, rel=1e-14, abs=0)
    assert all(value >= 0 for value in found.values())


@pytest.mark.parametrize(("name", "batch"), [("resnet18", 4), ("googlenet", 4)])
def test_the_finding_the_causes_the_batches_and_the_rewrites_say_the_same(
    name: str, batch: int
) -> None:
    """Launches overlap on a GPU: a kernel is one, or it is work."""
    network, workload, by = zoo.load(name), Workload(batch=batch), runtime.load("torch")
    predicted = predict(network, workload, device=GPU, runtime=by)
    expected = math.fsum(
        time.seconds for time in predicted.kernels if time.launch >= max(time.compute, time.memory)
    )
    small = zoo.load("seed001-cnn4")
    found = explain([small, network], workload, device=GPU, runtime=by)

    def figures(finding: Any) -> Any:
        return finding.rule == "launches" and finding.network == 1

    (finding,) = filter(figures, found.findings)
    assert finding.numbers["launch_seconds"] == pytest.approx(expected)
    (cause,) = (each.seconds for each in found.causes if each.cause == "launch")
    of_small = math.fsum(time.seconds for time in found.predictions[0].kernels
                         if time.launch >= max(time.compute, time.memory))  # fmt: skip
    assert cause == pytest.approx(expected - of_small)
    (row,) = over_batches(lambda _: predicted, workload, [batch]).rows
    assert row.launch * row.seconds.value == pytest.approx(expected)
    setting = Setting(workload=workload, device=GPU, runtime=by)
    changed = effect(priced(small, setting), priced(network, setting))
    assert changed.new_launches == pytest.approx(expected)
