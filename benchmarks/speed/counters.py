"""The counters that onnx_file.py times. One in a process of its own:

    python benchmarks/speed/counters.py FOLDER NAME

Little is imported here: a cold process is to do what its counter does, and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "convcost, .onnx"
ARCHITECTURE = "convcost, .keras architecture"


def ours(path: Path) -> Callable[[], int]:
    """Read and count a file."""
    import convcost

    return lambda: int(convcost.count(convcost.read(path)).total.forward.macs)


def onnx_tool(path: Path) -> Callable[[], int]:
    """The counter of ONNX files."""
    import numpy as np
    import onnx_tool as tool

    image = np.zeros((1, 3, 224, 224), np.float32)

    def run() -> int:
        model = tool.Model(str(path))
        model.graph.shape_infer({"image": image})
        model.graph.profile()
        return int(model.graph.macs[0])

    return run


def fvcore() -> Callable[[], int]:
    from fvcore.nn import FlopCountAnalysis

    module, image = module_and_image()

    def run() -> int:
        analysis = FlopCountAnalysis(module, image).unsupported_ops_warnings(enabled=False)
        return int(analysis.uncalled_modules_warnings(enabled=False).total())

    return run


def torchinfo() -> Callable[[], int]:
    from torchinfo import summary

    module, image = module_and_image()
    return lambda: summary(module, input_size=tuple(image.shape), verbose=0).total_mult_adds


def ptflops() -> Callable[[], int]:
    from ptflops import get_model_complexity_info

    module, image = module_and_image()
    options = {"as_strings": False, "print_per_layer_stat": False}
    return lambda: int(get_model_complexity_info(module, tuple(image.shape[1:]), **options)[0])


def thop() -> Callable[[], int]:
    from thop import profile

    module, image = module_and_image()
    return lambda: int(profile(module, inputs=(image,), verbose=False)[0])


def flop_counter() -> Callable[[], int]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module, image = module_and_image()

    def run() -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(image)
        return counter.get_total_flops() // 2

    return run


def module_and_image() -> tuple[Any, Any]:
    import torch
    from resnet50 import IMAGE, resnet50

    return resnet50(), torch.zeros(IMAGE)


def counters(folder: Path) -> dict[str, Callable[[], Callable[[], int]]]:
    """What is timed, by name: what prepares it, and gives what is timed."""
    return {
        OURS: lambda: ours(folder / "resnet50.onnx"),
        ARCHITECTURE: lambda: ours(folder / "resnet50.json"),
        "convcost, .keras": lambda: ours(folder / "resnet50.keras"),
        "onnx-tool": lambda: onnx_tool(folder / "resnet50.onnx"),
        "fvcore": fvcore,
        "torchinfo": torchinfo,
        "ptflops": ptflops,
        "thop": thop,
        "FlopCounterMode": flop_counter,
    }


@contextlib.contextmanager
def quiet() -> Any:
    """Leave out what the peers print and warn about."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    with quiet():
        count = counters(Path(sys.argv[1]))[sys.argv[2]]()()
    print(count)
