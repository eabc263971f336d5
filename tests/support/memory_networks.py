"""Networks as PyTorch modules, whose memory is compared: `NETWORKS[name]()` = (module, shape)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn, F = torch.nn, torch.nn.functional

if TYPE_CHECKING:
    from collections.abc import Callable


class Code(nn.Module):
    """A module whose forward pass is a function."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs: Any) -> Any:
        return self.function(self, *inputs)


def relu(*layers: Any, in_place: bool = False) -> Any:
    return nn.Sequential(*(part for x in layers for part in (x, nn.ReLU(inplace=in_place))))


def conv_norm(channels: int, filters: int, kernel: int, *, depthwise: bool = False) -> Any:
    groups = channels if depthwise else 1
    conv = nn.Conv2d(channels, filters, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters), nn.ReLU(inplace=True))


def seed000(norm: bool) -> Any:
    layers = [nn.Conv2d(3, 32, 3, padding="same"), nn.ReLU()]
    layers += [nn.BatchNorm2d(32)] if norm else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32768, 43)), (3, 32, 32)


def seed001_mlp() -> Any:
    hidden = (nn.Linear(784, 512), nn.Linear(512, 512))
    dropped = [part for x in hidden for part in (x, nn.ReLU(), nn.Dropout(0.2))]
    return nn.Sequential(*dropped, nn.Linear(512, 10)), (784,)


def seed001_cnn() -> Any:
    return nn.Sequential(
        *relu(nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)),
        *(nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 10)),
    ), (1, 28, 28)


def seed001_cnn_with_norm() -> Any:
    return nn.Sequential(
        *(conv_norm(1, 32, 3), conv_norm(32, 64, 3), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(12544, 10), nn.LogSoftmax(1)),
    ), (1, 28, 28)


def alexnet() -> Any:
    pool = lambda: nn.MaxPool2d(3, 2)  # noqa: E731
    features = (
        *(nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(inplace=True), pool()),
        *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), pool()),
        *relu(
            nn.Conv2d(192, 384, 3, padding=1),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.Conv2d(256, 256, 3, padding=1),
            in_place=True,
        ),
        *(pool(), nn.AdaptiveAvgPool2d(6), nn.Flatten()),
    )
    head = (nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(inplace=True), nn.Dropout(),
            nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 1000))  # fmt: skip
    return nn.Sequential(*features, *head), (3, 224, 224)


def vgg16() -> Any:
    layers: list[Any] = []
    channels = 3
    for number, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(number):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(25088, 4096)]
    layers += [nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Dropout(), nn.Linear(4096, 1000)), (3, 224, 224)


class Residual(nn.Module):
    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        same = stride == 1 and channels == filters
        self.shortcut = nn.Identity()
        if not same:
            conv = nn.Conv2d(channels, filters, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(filters))

    def forward(self, x: Any) -> Any:
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        y += self.shortcut(x)
        return self.relu(y)


def resnet18() -> Any:
    blocks, channels = [], 64
    for filters, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Residual(channels, filters, stride), Residual(filters, filters, 1)]
        channels = filters
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head), (3, 224, 224)


def mobilenet() -> Any:
    sizes = [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1),
             (256, 512, 2), *[(512, 512, 1)] * 5, (512, 1024, 2), (1024, 1024, 1)]  # fmt: skip
    layers = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6(inplace=True)]
    for channels, filters, stride in sizes:
        layers += [nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(channels, filters, 1, bias=False), nn.BatchNorm2d(filters)]
        layers += [nn.ReLU6(inplace=True)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000)]
    return nn.Sequential(*layers), (3, 224, 224)


class Inception(nn.Module):
    """GoogLeNet's: four branches, joined."""

    def __init__(self, channels: int, *f: int) -> None:
        super().__init__()
        conv = nn.Conv2d
        self.one = relu(conv(channels, f[0], 1))
        self.three = relu(conv(channels, f[1], 1), conv(f[1], f[2], 3, padding=1))
        self.five = relu(conv(channels, f[3], 1), conv(f[3], f[4], 5, padding=2))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), *relu(conv(channels, f[5], 1)))

    def forward(self, x: Any) -> Any:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)


def googlenet() -> Any:
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)  # noqa: E731
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool(), nn.LocalResponseNorm(5)),
        *relu(nn.Conv2d(64, 64, 1), nn.Conv2d(64, 192, 3, padding=1)),
        *(nn.LocalResponseNorm(5), pool()),
        *(Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64)),
        *(pool(), Inception(480, 192, 96, 208, 16, 48, 64)),
        *(Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64)),
        *(Inception(512, 112, 144, 288, 32, 64, 64), Inception(528, 256, 160, 320, 32, 128, 128)),
        *(pool(), Inception(832, 256, 160, 320, 32, 128, 128)),
        *(Inception(832, 384, 192, 384, 48, 128, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *(nn.Dropout(0.4), nn.Linear(1024, 1000)),
    ), (3, 224, 224)


def inception_v3_block() -> Any:
    """7x1 after 1x7, normalised, beside an average pooling."""

    def unit(channels: int, filters: int, kernel: tuple[int, int]) -> Any:
        pads = (kernel[0] // 2, kernel[1] // 2)
        return nn.Sequential(nn.Conv2d(channels, filters, kernel, padding=pads, bias=False),
                             nn.BatchNorm2d(filters, eps=0.001), nn.ReLU(inplace=True))  # fmt: skip

    deep = nn.Sequential(unit(768, 128, (1, 1)), unit(128, 128, (1, 7)), unit(128, 192, (7, 1)))
    pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), unit(768, 192, (1, 1)))
    block = Code(
        lambda m, x: torch.cat([m.one(x), m.deep(x), m.pool(x)], 1),
        one=unit(768, 192, (1, 1)), deep=deep, pool=pool,
    )  # fmt: skip
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(576, 10))
    return nn.Sequential(block, *head), (768, 17, 17)


def squeeze_and_excite() -> Any:
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 2, 1), nn.SiLU(), nn.Conv2d(2, 8, 1),
                         nn.Sigmoid())  # fmt: skip
    block = Code(lambda m, x: x * m.gate(x), gate=gate)
    layers = (nn.Conv2d(3, 8, 3), nn.Hardswish(), block, nn.Dropout2d(0.1), nn.AvgPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(72, 5)), (3, 8, 8)


def other_norms() -> Any:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.GELU()),
        *(nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.PReLU()),
        *(nn.ConvTranspose2d(8, 4, 2, 2), nn.BatchNorm2d(4, track_running_stats=False)),
        *(nn.LeakyReLU(inplace=True), nn.Upsample(scale_factor=2, mode="bilinear"), nn.ELU()),
        *(nn.ZeroPad2d(1), nn.AdaptiveMaxPool2d(3), nn.Flatten(), nn.LayerNorm(36), nn.Tanh()),
        *(nn.Linear(36, 9), nn.Softplus(), nn.Linear(9, 4)),
    ), (3, 8, 8)


NETWORKS: dict[str, Callable[[], tuple[Any, tuple[int, ...]]]] = {
    "seed 000 with BatchNorm": lambda: seed000(norm=True),
    "seed 000": lambda: seed000(norm=False),
    "seed 001 MLP": seed001_mlp,
    "seed 001 CNN": seed001_cnn,
    "seed 001 CNN with BatchNorm": seed001_cnn_with_norm,
    "AlexNet": alexnet,
    "VGG-16": vgg16,
    "ResNet-18": resnet18,
    "MobileNet v1": mobilenet,
    "GoogLeNet": googlenet,
    "Inception v3 block": inception_v3_block,
    "squeeze and excite": squeeze_and_excite,
    "other norms": other_norms,
}

#: Names in the zoo of the same networks.
IN_ZOO = {"AlexNet": "alexnet", "VGG-16": "vgg16", "ResNet-18": "resnet18"}
