"""A trained ResNet-20 with factorised convolutions: MACs by the law, logits at full rank."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.network.surgery import rebuilt
from convcost.rewrite.approximate.spatial_svd import REWRITE as SPATIAL
from convcost.rewrite.rewrite import Refused, Site
from support.files import ROOT, loaded, shared
from support.rewriting import macs
from support.written import onnx_outputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")

MODULE = ROOT / "benchmarks" / "rewriting" / "resnet20_module.py"


@cache
def trained() -> Any:
    path = shared("models", "cifar10_resnet20_akamaster.th")
    return loaded(MODULE)["trained"](path)


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
