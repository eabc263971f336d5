"""A trained ResNet-20 with factorised convolutions: MACs by the law, logits at full rank."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.network.surgery import rebuilt
from convcost.rewrite.rewrite import Refused, Site
from convcost.rewrite.rewrites.spatial_svd import REWRITE as SPATIAL
from support.files import shared
from support.rewriting import macs
from support.written import onnx_outputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")

if TYPE_CHECKING:
    Module = Any
else:
    Module = torch.nn.Module


class Block(Module):
    """Two 3x3 convolutions; the shortcut picks every second position and adds channels of zeros."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.stride, self.added = stride, (filters - channels) // 2

    def forward(self, x: Any) -> Any:
        functional = torch.nn.functional
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.added:
            x = functional.avg_pool2d(x, 1, self.stride)
            x = functional.pad(x, (0, 0, 0, 0, self.added, self.added))
        return functional.relu(y + x)


class ResNet20(Module):
    """He et al., "Deep Residual Learning for Image Recognition" (2015), section 4.2."""

    def __init__(self) -> None:
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths = ((16, 16), (16, 32), (32, 64))
        for number, (channels, filters) in enumerate(widths, 1):
            first = Block(channels, filters, filters // channels)
            others = [Block(filters, filters, 1) for _ in range(2)]
            self.add_module(f"layer{number}", nn.Sequential(first, *others))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        functional = torch.nn.functional
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


@cache
def trained() -> Any:
    path = shared("models", "cifar10_resnet20_akamaster.th")
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    module = ResNet20()
    module.load_state_dict({name.removeprefix("module."): x for name, x in state.items()})
    return module.eval()


@cache
def read() -> Network:
    return convcost.read(trained(), inputs=[(1, 3, 32, 32)])


def factorised(rank: Callable[[int, int], int]) -> Network:
    """All inner convolutions, with a rank by their channels and filters."""
    net = read()
    found = list(SPATIAL.sites(net))
    assert [each.layer for each in found if isinstance(each, Refused)] == ["conv1"]
    sizes = {}
    for site in found:
        if isinstance(site, Site):
            layer = net.layer(site.layer)
            channels, filters = (x.size("channel") for x in
                                 (net.tensor(layer.inputs[0]), layer.outputs[0]))  # fmt: skip
            sizes[site] = rank(channels, filters)  # type: ignore[arg-type]
    assert len(sizes) == 18
    return rebuilt(net, {name: new for site, size in sizes.items()
                         for name, new in SPATIAL.changes(net, site, size).items()})  # fmt: skip


def test_all_of_the_rank_costs_twice_the_macs_and_changes_nothing() -> None:
    assert macs(read()) == 40_551_040
    after = factorised(lambda channels, filters: 3 * min(channels, filters))
    assert macs(after) == 80_659_072
    x = np.random.default_rng(0).standard_normal((4, 3, 32, 32), "float32")
    with torch.no_grad():
        wanted = trained()(torch.as_tensor(x)).numpy()
    (got,) = onnx_outputs(after, [x])
    assert np.abs(wanted).max() > 1
    assert np.abs(got - wanted).max() < 1e-3
    assert (got.argmax(1) == wanted.argmax(1)).all()


def test_half_of_the_rank_that_saves_nothing() -> None:
    """0.75 of the channels where as many go in as out."""
    after = factorised(
        lambda channels, filters: 3 * channels * filters // (channels + filters) // 2
    )
    assert macs(after) == 20_890_240
    x = np.random.default_rng(0).standard_normal((4, 3, 32, 32), "float32")
    before, now = (onnx_outputs(net, [x])[0] for net in (read(), after))
    cosine = (before * now).sum() / np.linalg.norm(before) / np.linalg.norm(now)
    assert 0.5 < cosine < 1
