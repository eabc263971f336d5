"""Keras models as the bytes of a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def archived(model: Any) -> bytes:
    """The model as a ``.keras`` file: its configuration and its numbers, without an optimizer.

    Keras writes such files under a name only.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()
