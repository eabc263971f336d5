"""Importing convcost stays cheap: heavy modules are loaded where they are used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = [
    *("numpy", "torch", "keras", "tensorflow", "onnx", "rich", "jinja2", "h5py", "msgspec"),
    *("starlette", "uvicorn"),
]


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, convcost; print(*[m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
