"""What is a PyTorch module, found out without importing PyTorch."""

from __future__ import annotations

import sys


def is_module(source: object) -> bool:
    """Whether an object is a PyTorch module; imports nothing."""
    if "torch" not in sys.modules:
        return False
    return any(
        (kind.__module__, kind.__qualname__) == ("torch.nn.modules.module", "Module")
        for kind in type(source).__mro__
    )
