"""What the comparisons with frameworks share."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

# Keras keeps the backend that it is first imported with: here it runs on PyTorch. What is compared
# with TensorFlow runs in processes of its own.
os.environ.setdefault("KERAS_BACKEND", "torch")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "keras_applications"


@pytest.fixture(scope="session")
def keras2_table() -> Any:
    """The renderer of Keras 2's tables, which the benchmark keeps."""
    spec = importlib.util.spec_from_file_location("keras2_table", BENCHMARK / "keras2_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
