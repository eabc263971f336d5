"""Modules of PyTorch in the running program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from convcost.read.reader import LiveReader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options


def _recognises(source: object) -> bool:
    return "torch" in sys.modules and any(
        (kind.__module__, kind.__qualname__) == ("torch.nn.modules.module", "Module")
        for kind in type(source).__mro__
    )


def _read(source: Any, options: Options) -> Network:
    from convcost.read.torch.module.read import read_module

    return read_module(source, options.inputs, options.batch_axis)


LIVE = LiveReader("torch.nn.Module", _recognises, _read)
