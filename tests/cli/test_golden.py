"""Texts that must not change by accident.

CONVCOST_OVERWRITE_GOLDEN=1 writes them anew; look at the difference before you commit it.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

GOLDEN = Path(__file__).parents[1] / "golden"

CASES = {
    "count_seed000.txt": ("count", "zoo:seed000"),
    "count_seed000.md": ("count", "zoo:seed000", "--batch", "32", "--format", "markdown"),
    "count_seed000.csv": ("count", "zoo:seed000", "--format", "csv"),
    "count_seed004_symbolic.txt": ("count", "zoo:seed004", "--symbolic"),
    "predict_seed001_mlp.trace.json": (
        *("predict", "zoo:seed001-mlp", "--device", "i9-10940x", "--runtime", "torch"),
        *("--batch", "32", "--format", "trace"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_the_golden_one(run: Run, name: str) -> None:
    text = run(*CASES[name]).stdout
    path = GOLDEN / name
    if os.environ.get("CONVCOST_OVERWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
