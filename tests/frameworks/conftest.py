"""What the comparisons with frameworks share."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from support.files import ROOT, loaded

# Keras keeps the backend that it is first imported with: here it runs on PyTorch. What is compared
# with TensorFlow runs in processes of its own.
os.environ.setdefault("KERAS_BACKEND", "torch")


@pytest.fixture(scope="session")
def keras2_table() -> Any:
    """The renderer of Keras 2's tables, which the benchmark keeps."""
    return SimpleNamespace(**loaded(ROOT / "benchmarks/keras_applications/keras2_table.py"))
