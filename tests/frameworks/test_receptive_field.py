"""Receptive fields against PyTorch: an input outside the field does not move the output."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from convcost import zoo
from convcost.count.receptive_field import receptive_field
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import Pool

if TYPE_CHECKING:
    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize(
    ("network", "layer", "position"),
    [
        ("vgg16", "features.30", 3),
        ("googlenet", "inception_4a/output", 6),
        ("mobilenet?image=480", "conv_pw_13_relu", 7),
        ("resnet18?image=640", "layer4.1.relu_1", 10),
        ("resnet50?image=640", "layer4.2.relu_2", 10),
        ("resnet50-keras?image=640", "conv5_block3_out", 10),
        ("xception?image=1200", "block14_sepconv2_act", 18),
        ("inception-v3?image=1400", "mixed10", 20),
    ],
)
def test_inputs_inside_move_the_output(torch: Any, network: str, layer: str, position: int) -> None:
    """The four inputs at and beyond both ends of the field, along each axis.

    All weights are one and every layer has one channel, so the outputs stay zero or do not.
    """
    built = zoo.load(network)
    span = receptive_field(built)[layer].axes["height"]
    assert receptive_field(built)[layer].axes["width"] == span
    first = span.offset + position * span.stride
    last = first + span.size - 1
    side = built.layers[0].outputs[0].size("height")
    assert 0 < first < last < side - 1
    probes = [first - 1, first, last, last + 1]
    middle = (first + last) // 2
    image = torch.zeros(2 * len(probes), 1, side, side, dtype=torch.float64)
    for number, probe in enumerate(probes):
        image[number, 0, probe, middle] = image[number + len(probes), 0, middle, probe] = 1
    output = _forward(torch, built, layer, image)[:, 0, position, position]
    assert (output != 0).tolist() == [False, True, True, False] * 2


def _forward(torch: Any, network: Network, until: str, image: Any) -> Any:
    values: dict[str, Any] = {}
    for layer in network.layers:
        inputs = [values[ref.layer] for ref in layer.inputs]
        sizes = [network.tensor(ref) for ref in layer.inputs]
        match layer.op:
            case Conv() | DepthwiseConv() | SeparableConv() | Pool() as op:
                pads = [w.pads(sizes[0].size(w.axis)) for w in op.windows]
                weight = torch.ones(1, 1, *(w.kernel for w in op.windows), dtype=image.dtype)
                values[layer.name] = torch.nn.functional.conv2d(
                    torch.nn.functional.pad(inputs[0], (*pads[1], *pads[0])),
                    weight / weight.numel(),
                    stride=[w.stride for w in op.windows],
                    dilation=[w.dilation for w in op.windows],
                )
            case ZeroPadding(((_, *rows), (_, *columns))):
                values[layer.name] = torch.nn.functional.pad(inputs[0], (*columns, *rows))
            case _:
                values[layer.name] = sum(inputs) if inputs else image
        if layer.name == until:
            return values[until]
    raise AssertionError(until)


def test_the_probed_layers_are_the_last_with_positions() -> None:
    """A layer after them reads the whole image, so nothing larger is left to probe."""
    for name, layer in (("vgg16", "flatten"), ("inception-v3", "avg_pool")):
        fields = list(receptive_field(zoo.load(name)).items())
        before = next(b for (_, b), (n, _) in pairwise(fields) if n == layer)
        assert not before.axes["height"].whole
        assert dict(fields)[layer].axes["height"].whole
