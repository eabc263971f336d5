"""Loops over samples in PyTorch: every sample once, and the parts are the whole."""

from __future__ import annotations

from typing import Any

import pytest

from convcost import zoo
from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job

pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

EVALUATE = Job(batch=4, samples=10, loop="evaluate")
FIT = Job(batch=4, samples=10, loop="fit", training=True, optimizer="adam")


def seen(loaded: Any) -> list[list[Any]]:
    """The inputs and targets of each batch of a run."""
    found: list[list[Any]] = []
    step = loaded._step
    of = step.losses.of

    def noted(results: Any) -> Any:
        found.append([*step.inputs, *step.losses.targets])
        return of(results)

    step.losses.of = noted
    loaded.run()
    step.losses.of = of
    return found


@pytest.mark.parametrize("job", [EVALUATE, FIT])
def test_every_sample_is_seen_once(job: Job) -> None:
    loaded = runner("torch").load(zoo.load("seed000"), job)
    batches = seen(loaded)
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    assert [len(y) for _, y in batches] == [4, 4, 2]
    images = torch.cat([x for x, _ in batches]).flatten(1)
    assert len(torch.unique(images, dim=0)) == 10
    again = torch.cat([x for x, _ in seen(loaded)]).flatten(1)
    # shuffled to train
    assert torch.equal(images, again) == (job.loop == "evaluate")


@pytest.mark.parametrize("job", [EVALUATE, FIT])
def test_the_parts_of_a_loop_are_the_whole(job: Job) -> None:
    loaded = runner("torch").load(zoo.load("seed000"), job)
    before = [p.clone() for p in loaded._step._module.parameters()]
    found = loaded.watch()
    after = list(loaded._step._module.parameters())
    assert sum(span.seconds for span in found.spans) == pytest.approx(found.seconds)
    parts = [(span.layers, span.phase) for span in found.spans]
    assert len(set(parts)) == len(parts)
    phases = {"forward", "loss", "loop"} | ({"backward", "update"} if job.training else set())
    assert {phase for _, phase in parts} == phases
    assert {"conv2d_1", "batch_normalization_1", "dense_1"} <= {
        n for names, _ in parts for n in names
    }
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) == job.training


def test_samples_are_on_the_first_axis() -> None:
    b = Builder("sequence")
    steps = b.add(Input(Tensor.of(time=7, batch=3, feature=2)), name="steps")
    b.add(Dense(units=4), steps, name="dense")
    with pytest.raises(NetworkError, match=r"'steps' is .* of them, N, on the first axis"):
        runner("torch").load(b.build(), EVALUATE)
