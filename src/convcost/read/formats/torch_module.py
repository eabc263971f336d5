"""Modules of PyTorch in the running program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.read.reader import LiveReader
from convcost.read.torch_module.detect import is_module

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options


def _read(source: Any, options: Options) -> Network:
    from convcost.read.torch_module.read import read_module

    return read_module(source, options.inputs, options.batch_axis)


LIVE = LiveReader("torch.nn.Module", is_module, _read)
