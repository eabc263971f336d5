"""The counters that go by module classes, run: runner(module, inputs) -> (operations, parameters).

A runner may change the module: it gets one of its own, in eval mode.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def thop(module: Any, inputs: Sequence[Any]) -> tuple[int, int]:
    from thop import profile

    operations, parameters = profile(module, inputs=tuple(inputs), verbose=False)
    assert operations == int(operations)
    return int(operations), int(parameters)


def torchinfo(module: Any, inputs: Sequence[Any]) -> tuple[int, int]:
    from torchinfo import summary

    result = summary(module, input_data=tuple(inputs), verbose=0)
    return result.total_mult_adds, result.total_params


def ptflops(module: Any, inputs: Sequence[Any], backend: str = "pytorch") -> tuple[int, int]:
    """It passes one positional argument, or keywords, and then takes the batch for 1."""
    import torch
    from ptflops import get_model_complexity_info

    class Unpacked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.whole = module

        def forward(self, **named: Any) -> Any:
            return self.whole(*named.values())

    several = len(inputs) > 1
    batch = {f"x{number}": x for number, x in enumerate(inputs)} if several else inputs[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        operations, parameters = get_model_complexity_info(
            Unpacked() if several else module,
            (1,),
            input_constructor=lambda _: batch,
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
        )
    if operations is None:
        raise RuntimeError(printed.getvalue())
    return operations, parameters


def ptflops_aten(module: Any, inputs: Sequence[Any]) -> tuple[int, int]:
    return ptflops(module, inputs, backend="aten")


#: Convention -> (what to import to see whether the tool is there, runner).
RUNNERS: dict[str, tuple[str, Callable[[Any, Sequence[Any]], tuple[int, int]]]] = {
    "thop": ("thop", thop),
    "torchinfo": ("torchinfo", torchinfo),
    "ptflops": ("ptflops", ptflops),
    "ptflops-aten": ("ptflops", ptflops_aten),
}
