"""Files that are not part of the tests: data beside the project, scripts of the benchmarks."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
#: Data that belongs to others and is not in the repository; see CONTRIBUTING.md.
SHARED = Path(os.environ.get("CONVCOST_SHARED", ROOT.parent / "shared"))


def shared(*parts: str) -> Path:
    """A file of the shared data; skips the test, and says so, where it is absent."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"{path} is not part of the repository, and not there")
    return path


def loaded(path: Path) -> dict[str, Any]:
    """What a Python file defines."""
    return runpy.run_path(str(path))
