"""Printouts of real PyTorch modules, read back: parameters and MACs are those of the modules.

The rows are printed here as torchsummary and torchinfo print them: one per module in the order in
which they ran. The truth comes from hooks on the same run.
"""

from __future__ import annotations

from math import prod

import pytest

import convcost

torch = pytest.importorskip("torch")
nn = torch.nn


class Block(nn.Module):
    """A residual block whose shortcut is a branch."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.down = nn.Sequential(nn.Conv2d(before, after, 1, stride), nn.BatchNorm2d(after))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.down(x))


class Inception(nn.Module):
    """Branches from one input, joined."""

    def __init__(self, channels):
        super().__init__()
        self.one = nn.Conv2d(channels, 16, 1)
        self.three = nn.Sequential(
            nn.Conv2d(channels, 24, 1), nn.ReLU(), nn.Conv2d(24, 32, 3, 1, 1)
        )
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, 8, 1))

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.pool(x)], 1)


class UNet(nn.Module):
    """Down, up, joined with what it had before."""

    def __init__(self):
        super().__init__()
        self.inc = nn.Conv2d(3, 16, 3, 1, 1)
        self.pool = nn.MaxPool2d(2)
        self.mid = nn.Conv2d(16, 32, 3, 1, 1)
        self.up = nn.ConvTranspose2d(32, 16, 2, 2)
        self.out = nn.Conv2d(32, 4, 3, 1, 1)

    def forward(self, x):
        a = self.inc(x)
        return self.out(torch.cat([a, self.up(self.mid(self.pool(a)))], 1))


class LeNet(nn.Module):
    """Pooling and flattening that no module does."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.f1, self.f2 = nn.Linear(256, 120), nn.Linear(120, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.c1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.c2(x)), 2)
        return self.f2(torch.relu(self.f1(x.flatten(1))))


def mobile(channels):
    return nn.Sequential(
        nn.Conv2d(channels, 6 * channels, 1, bias=False),
        nn.BatchNorm2d(6 * channels),
        nn.ReLU6(),
        nn.Conv2d(6 * channels, 6 * channels, 3, 2, 1, groups=6 * channels, bias=False),
        nn.BatchNorm2d(6 * channels),
        nn.Hardswish(),
        nn.Conv2d(6 * channels, 2 * channels, 1, bias=False),
    )


def head(features):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, 10))


NETWORKS = {
    "residual": (lambda: nn.Sequential(Block(3, 16, 1), Block(16, 32, 2), head(32)), (3, 32, 32)),
    "inception": (
        lambda: nn.Sequential(nn.Conv2d(3, 40, 7, 2, 3), Inception(40), head(56)),
        (3, 64, 64),
    ),
    "u-net": (UNet, (3, 32, 32)),
    "lenet": (LeNet, (1, 28, 28)),
    "mobile": (
        lambda: nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), mobile(16), head(32)),
        (3, 64, 64),
    ),
    "alexnet": (
        lambda: nn.Sequential(
            *(nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(192, 256, 3, 1, 1), nn.AdaptiveAvgPool2d((6, 6)), nn.Dropout()),
            *(nn.Flatten(), nn.Linear(9216, 100)),
        ),
        (3, 224, 224),
    ),
    "one-dimensional": (
        lambda: nn.Sequential(
            *(nn.Conv1d(4, 16, 9, 2), nn.BatchNorm1d(16), nn.PReLU(), nn.AvgPool1d(2)),
            *(nn.Conv1d(16, 32, 3, 1, 1), nn.Flatten(), nn.Linear(32 * 15, 5), nn.Softmax(1)),
        ),
        (4, 68),
    ),
    "three-dimensional": (
        lambda: nn.Sequential(
            *(nn.Conv3d(3, 8, (3, 7, 7), (1, 2, 2), (1, 3, 3)), nn.ReLU()),
            *(nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), nn.Conv3d(8, 8, 3, 1, 1)),
        ),
        (3, 8, 64, 64),
    ),
    "generator": (
        lambda: nn.Sequential(
            *(nn.ConvTranspose2d(32, 64, 4, 1, 0, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
            *(nn.ConvTranspose2d(64, 16, 4, 2, 1, bias=False), nn.Tanh(), nn.Upsample(None, 2)),
            *(nn.GroupNorm(4, 16), nn.ReflectionPad2d(1), nn.Conv2d(16, 3, 3)),
        ),
        (32, 1, 1),
    ),
    "mixer": (
        lambda: nn.Sequential(
            *(nn.Linear(16, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 16, bias=False)),
        ),
        (20, 16),
    ),
}


class Run:
    """One run of a model: its modules in order, and the truth."""

    def __init__(self, model, shape):
        self.model, self.ran, self.macs, self.ends = model.eval(), [], 0, []
        names = {module: name for name, module in model.named_modules()}
        for module, name in names.items():
            module.register_forward_pre_hook(lambda m, _, name=name: self.begin(m, name))
            module.register_forward_hook(self.end)
        self.image = (2, *shape)
        with torch.no_grad():
            self.model(torch.zeros(self.image))

    def begin(self, module, name):
        self.ran.append([module, name.count(".") + (name != ""), None])

    def end(self, module, inputs, output):
        row = next(row for row in reversed(self.ran) if row[0] is module and row[2] is None)
        row[2] = tuple(output.shape)
        self.ends.append(row)
        if isinstance(module, nn.Linear):
            self.macs += module.weight.numel() * prod(output.shape[:-1])
        elif isinstance(module, nn.modules.conv._ConvTransposeNd):
            self.macs += module.weight.numel() * prod(inputs[0].shape[2:]) * 2
        elif isinstance(module, nn.modules.conv._ConvNd):
            self.macs += module.weight.numel() * prod(output.shape[2:]) * 2

    @property
    def parameters(self):
        return sum(parameter.numel() for parameter in self.model.parameters())


def own(module):
    return sum(parameter.numel() for parameter in module.parameters(recurse=False))


def torchsummary(run):
    rows = ["        Layer (type)               Output Shape         Param #", "=" * 64]
    listed = [row for row in run.ends if not isinstance(row[0], nn.Sequential)]
    listed = [row for row in listed if row[0] is not run.model]
    for number, (module, _, shape) in enumerate(listed, 1):
        sizes = [-1, *shape[1:]]
        name = f"{type(module).__name__}-{number}"
        rows.append(f"{name:>20}  {sizes!s:>25} {own(module):>15,}")
    megabytes = prod(run.image[1:]) * 4 / 1024**2
    return "\n".join([*rows, "=" * 64, f"Total params: {run.parameters:,}",
                      f"Input size (MB): {megabytes:.2f}"]) + "\n"  # fmt: skip


def torchinfo(run):
    rows = ["=" * 90, "Layer (type:depth-idx)       Output Shape       Param #", "=" * 90]
    numbers: dict[int, int] = {}
    for module, depth, shape in run.ran:
        numbers[depth] = numbers.get(depth, 0) + 1
        tree = "" if not depth else "├─" if depth == 1 else "│    " * (depth - 1) + "└─"
        label = f": {depth}-{numbers[depth]}" if depth else ""
        count = f"{own(module):,}" if own(module) else "--"
        rows.append(f"{tree + type(module).__name__ + label:<40} {list(shape)!s:<25} {count}")
    kilobytes = (prod(run.image) * 4 + 56) / 1000
    return "\n".join([*rows, "=" * 90, f"Total params: {run.parameters:,}", "=" * 90,
                      f"Input size (kB): {kilobytes:.2f}"]) + "\n"  # fmt: skip


@pytest.mark.parametrize("printer", [torchsummary, torchinfo])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_printed_network(name, printer):
    build, shape = NETWORKS[name]
    run = Run(build(), shape)
    (network,) = convcost.read_all(printer(run))
    counted = convcost.count(network, batch=2)
    assert counted.complete, counted.unknown
    assert counted.total.parameters == run.parameters
    assert counted.total.forward.macs == run.macs
    assert not [note for note in network.notes if note.kind == "contradiction"]
