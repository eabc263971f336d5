"""What the tests of the PyTorch writer share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def outputs(module: Any, inputs: Sequence[Any]) -> list[np.ndarray]:
    """What a module makes of arrays at inference."""
    with torch.no_grad():
        found = module.eval()(*map(torch.as_tensor, inputs))
    return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]


def filled(module: Any) -> Any:
    """The module with statistics that are not the usual zeros and ones."""
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.data.uniform_(0.5, 1.5)
    return module.eval()
