"""ResNet-50 (He et al. 2015; stride in the 3x3 convolution) as a module and as files."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = (1, 3, 224, 224)


class Bottleneck(nn.Module):
    """Three convolutions and a shortcut."""

    def __init__(self, i: int, w: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, w, 1, bias=False), nn.BatchNorm2d(w)
        self.conv2, self.bn2 = nn.Conv2d(w, w, 3, stride, 1, bias=False), nn.BatchNorm2d(w)
        self.conv3, self.bn3 = nn.Conv2d(w, 4 * w, 1, bias=False), nn.BatchNorm2d(4 * w)
        self.relu, self.down = nn.ReLU(inplace=True), nn.Identity()
        if i != 4 * w:
            conv = nn.Conv2d(i, 4 * w, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(4 * w))

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(y)))))
        return self.relu(y + self.down(x))


def resnet50() -> nn.Module:
    """25,557,032 parameters, 4,089,184,256 MACs; weights are left as they lie in memory."""
    for kind in (nn.Conv2d, nn.Linear):
        kind.reset_parameters = lambda _: None
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
              nn.MaxPool2d(3, 2, 1)]  # fmt: skip
    channels = 64
    for width, times, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(times):
            layers.append(Bottleneck(channels, width, 1 if number else stride))
            channels = 4 * width
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))
    return nn.Sequential(*layers, *head).eval()


def write_onnx(path: Path) -> None:
    """One file of 102 MB, as PyTorch's exporter writes it: BatchNorm is folded."""
    module = resnet50()
    for parameter in module.parameters():
        nn.init.normal_(parameter)  # equal weights would be written once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {"input_names": ["image"], "dynamic_axes": {"image": {0: "N"}}}
        torch.onnx.export(module, (torch.zeros(IMAGE),), str(path), dynamo=False, **names)


def write_keras(path: Path) -> None:
    """The same network of keras.applications, with its weights, 103 MB."""
    import keras

    keras.applications.ResNet50(weights=None).save(path)


def write_architecture(path: Path) -> None:
    """What a .keras file says of the network besides its weights, 176 kB."""
    with zipfile.ZipFile(path.with_suffix(".keras")) as archive:
        path.write_bytes(archive.read("config.json"))
