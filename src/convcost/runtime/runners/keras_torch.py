"""Keras 3 on PyTorch: the time of the whole; there is no instrument for layers."""

from __future__ import annotations

from convcost.runtime.runners.keras import Keras


class KerasTorch(Keras):
    """Layers of Keras, computed by PyTorch in eager mode."""

    name = "keras-torch"
    title = "Keras 3 on PyTorch, eager"
    backend = "torch"
    packages = ("keras", "torch")
    needs = "pip install 'convcost[keras,torch]'"

    def set_threads(self, threads: int) -> None:
        """Of PyTorch's operations."""
        import torch

        torch.set_num_threads(threads)


RUNNER = KerasTorch()
