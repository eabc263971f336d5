"""The 76 modules with truths by formula: `CASES[name]` = (group, maker); empty where absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.files import SHARED, loaded

pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = SHARED / "data" / "count_cases"
_FILE = FOLDER / "forward_cases.py"

CASES: Mapping[str, Any] = loaded(_FILE)["CASES"] if _FILE.exists() else {}

#: For a test of all of them: it is skipped, and says so, where there are none.
needed = pytest.mark.skipif(not CASES, reason=f"{_FILE} is not there")
