"""ResNet-18 and MobileNet as modules of PyTorch, and what is counted of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import convcost

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from convcost.network.network import Network

nn = torch.nn


def resnet18() -> Any:
    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, i: int, o: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
            self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
            self.relu = nn.ReLU(inplace=True)
            self.down = nn.Identity()
            if i != o:
                conv = nn.Conv2d(i, o, 1, stride, bias=False)
                self.down = nn.Sequential(conv, nn.BatchNorm2d(o))

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(y)) + self.down(x))

    blocks = [
        Block(i, o, s)
        for i, o in ((64, 64), (64, 128), (128, 256), (256, 512))
        for i, s in ((i, 1 if i == o else 2), (o, 1))
    ]
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)


def mobilenet() -> Any:
    layers, channels = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()], 32
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    widths = (64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024)
    for width, stride in zip(widths, strides, strict=True):
        layers += [
            nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU6(),
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU6(),
        ]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


def figures(net: Network, batch: int = 1) -> tuple[Any, Any]:
    total = convcost.count(net, batch=batch).total
    return total.forward.macs, total.parameters
