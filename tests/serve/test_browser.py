"""`convcost serve` in Chromium: benchmarks/serve/browser.py finds nothing wrong.

Needs playwright, a Chromium and convcost[web]; CONVCOST_AXE names axe-core's file, for
accessibility.
"""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from support.files import ROOT, loaded

SCRIPT = ROOT / "benchmarks" / "serve" / "browser.py"


def test_a_browser_finds_nothing_wrong():
    for package in ("playwright", "starlette", "uvicorn", "python_multipart"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if loaded(ROOT / "benchmarks" / "report" / "browser.py")["chromium"]() is None:
        pytest.skip("there is no Chromium")
    axe = os.environ.get("CONVCOST_AXE")
    command = [sys.executable, str(SCRIPT), *(["--axe", axe] if axe else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
