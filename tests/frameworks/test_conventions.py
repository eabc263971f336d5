"""Other tools' counts against the tools themselves, run side by side on the same modules."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.count import Workload
from convcost.count.conventions.difference import OtherCount, count_as
from support.counters import RUNNERS
from support.given_cases import CASES as GIVEN
from support.torch_cases import CASES as OWN

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn

NETWORKS = [name for name, (group, _) in GIVEN.items() if group in ("net", "seed")]

#: What is not reproduced, and why: tool -> case -> reason. One that is reproduced fails the test.
EXCEPTIONS: Mapping[str, Mapping[str, str]] = {
    "fvcore": {
        "jit_script": "fvcore refuses scripted modules: hooks are not supported on them",
        "scripted": "fvcore refuses scripted modules: hooks are not supported on them",
    },
}

each_tool = pytest.mark.parametrize("tool", RUNNERS)


def made(name: str) -> tuple[Any, Any]:
    """A fresh module in eval mode, and its inputs."""
    module, inputs, *_ = GIVEN[name][1]() if name in GIVEN else OWN[name]()
    return module.eval(), inputs


@cache
def read(name: str) -> Network:
    """The network of a case, for its inputs as they are."""
    module, inputs = made(name)
    return convcost.read(module, inputs=inputs, batch_axis=None)


def said(tool: str, module: Any, inputs: Any) -> Any:
    needs, run = RUNNERS[tool]
    pytest.importorskip(needs, reason=f"{needs} is not installed")
    return run(module, inputs)


def reproduced(other: OtherCount, figures: Any) -> bool:
    """Whether every figure that the tool gives is the convention's."""
    ours = (other.operations, other.parameters, other.activations)
    theirs = (figures.operations, figures.parameters, figures.activations)
    return other.complete and all(b is None or a == b for a, b in zip(ours, theirs, strict=True))


@each_tool
@pytest.mark.parametrize("name", [*GIVEN, *OWN])
def test_a_tool_says_what_the_convention_says(tool: str, name: str) -> None:
    other = count_as(read(name), tool)
    assert all(layer.because for layer in other.layers if layer.differs)
    module, inputs = made(name)
    if name not in EXCEPTIONS.get(tool, {}):
        figures = said(tool, module, inputs)
        assert reproduced(other, figures), (figures, other, other.causes)
        return
    try:
        figures = said(tool, module, inputs)
    except RuntimeError:
        return
    assert not reproduced(other, figures), f"{name} is reproduced: it is no exception any more"


def test_the_shared_cases_are_there() -> None:
    if not GIVEN:
        pytest.skip("the shared counting cases are not there")
    assert len(NETWORKS) == 10
    assert len(GIVEN) == 76


@pytest.mark.parametrize("tool", EXCEPTIONS)
def test_exceptions_are_of_cases(tool: str) -> None:
    assert tool in RUNNERS
    unknown = set(EXCEPTIONS[tool]) - set(GIVEN) - set(OWN)
    assert not GIVEN or not unknown


def small() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding="same", groups=8), nn.BatchNorm2d(8, affine=False),
        nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.GroupNorm(2, 4), nn.Upsample(scale_factor=2),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.LayerNorm(16), nn.Linear(16, 10),
    )  # fmt: skip


@each_tool
def test_at_any_batch(tool: str) -> None:
    net = convcost.read(small(), inputs=(1, 3, 16, 16))
    for batch in (1, 5):
        figures = said(tool, small().eval(), (torch.zeros(batch, 3, 16, 16),))
        assert reproduced(count_as(net, tool, Workload(batch=batch)), figures)


def test_fvcore_in_training_mode() -> None:
    net = convcost.read(small(), inputs=(1, 3, 16, 16))
    figures = said("fvcore", small().train(), (torch.zeros(4, 3, 16, 16),))
    assert reproduced(count_as(net, "fvcore", Workload(batch=4, training=True)), figures)


@pytest.mark.parametrize("name", NETWORKS)
def test_fvcore_agrees_on_every_module(name: str) -> None:
    fvcore = pytest.importorskip("fvcore.nn", reason="fvcore is not installed")
    module, inputs = made(name)
    theirs = fvcore.FlopCountAnalysis(module, inputs).by_module()
    net = read(name)
    ours = dict.fromkeys(theirs, 0)
    for layer, row in zip(net.layers, count_as(net, "fvcore").layers, strict=True):
        path = "" if layer.origin is None else layer.origin.module
        for whole in {"", *(path[:end] for end in _ends(path))}:
            ours[whole] += row.theirs
    assert ours == dict(theirs)


def _ends(path: str) -> list[int]:
    """Where the parts of a module's path end."""
    return [i for i, letter in enumerate(path) if letter == "."] + ([len(path)] if path else [])
