"""Reading and counting a live PyTorch module, against counters that run it.

    python benchmarks/speed/torch_module.py [--rounds 15]

Every counter counts the same module in turn, round by round, so that a neighbour's load hits all of
them; the first round warms up and is not timed. Printed are medians of CPU seconds on one thread
and their ratio to ours. FlopCounterMode comes with PyTorch; torchinfo and fvcore are timed where
they are installed.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import convcost

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = (1, 3, 224, 224)


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.relu, self.down = nn.ReLU(inplace=True), nn.Identity()
        if i != o:
            conv = nn.Conv2d(i, o, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(o))

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet18() -> nn.Module:
    """He et al. 2015: 11,689,512 parameters, 1,814,073,344 MACs."""
    sizes = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1),
             (256, 512, 2), (512, 512, 1))  # fmt: skip
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
    blocks = [Block(*size) for size in sizes]
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)


def vgg16() -> nn.Module:
    """Simonyan and Zisserman 2014: 138,357,544 parameters, 15,470,264,320 MACs."""
    layers: list[nn.Module] = []
    channels = 3
    for times, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(times):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout()]
    layers += [nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers)


def counters(module: nn.Module) -> dict[str, Callable[[], object]]:
    """What is timed, by name; ours first."""
    from torch.utils.flop_counter import FlopCounterMode

    image = torch.zeros(IMAGE)

    def flop_counter() -> None:
        with FlopCounterMode(display=False), torch.no_grad():
            module(image)

    def forward() -> None:
        with torch.no_grad():
            module(image)

    found: dict[str, Callable[[], object]] = {
        "convcost: read + count": lambda: convcost.count(convcost.read(module, inputs=IMAGE)),
        "convcost: read": lambda: convcost.read(module, inputs=IMAGE),
        "plain forward pass": forward,
        "FlopCounterMode": flop_counter,
    }
    try:
        import torchinfo
    except ImportError:
        pass
    else:
        found["torchinfo"] = lambda: torchinfo.summary(module, input_size=IMAGE, verbose=0)
    try:
        from fvcore.nn import FlopCountAnalysis
    except ImportError:
        pass
    else:
        found["fvcore"] = lambda: (
            FlopCountAnalysis(module, image).unsupported_ops_warnings(enabled=False).total()
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for make in (resnet18, vgg16):
        timed = counters(make().eval())
        seconds: dict[str, list[float]] = {name: [] for name in timed}
        for number in range(rounds + 1):
            for name, run in timed.items():
                start = time.process_time()
                run()
                if number:
                    seconds[name].append(time.process_time() - start)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        ours = next(iter(medians.values()))
        print(make.__name__)
        for name, median in medians.items():
            print(f"  {name:24} {median * 1e3:8.1f} ms   {median / ours:5.2f} x ours")


if __name__ == "__main__":
    main()
