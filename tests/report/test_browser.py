"""Pages in Chromium at 400 and 1600 pixels: nothing is cut, lies on another, is asked for or fails.

Needs playwright and a Chromium; CONVCOST_AXE names axe-core's file, for accessibility.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from convcost.cli.main import group
from support.files import ROOT, loaded

FAST = ("--device", "laptop-cpu")
LOOK = loaded(ROOT / "benchmarks" / "report" / "browser.py")
PAGES = {
    "report": ("report", "zoo:googlenet", *FAST),
    "several": ("report", "zoo:seed001-mlp", "zoo:seed001-cnn", "--training", *FAST),
    "compare": ("compare", "zoo:*net*", *FAST),
    "sweep": ("sweep", "zoo:seed003", "--vary", "conv*.kernel=1,3,5,7", "--vary", "batch=1,8,64",
              "--pareto", "seconds,-macs", *FAST),
    "count": ("count", "zoo:seed000", "--training", "--optimizer", "adam"),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed")
    from playwright.sync_api import sync_playwright

    path = LOOK["chromium"]()
    if path is None:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_right(browser, tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(group, [*PAGES[name], "-o", str(page)], prog_name="convcost")
    assert result.exit_code == 0, result.stderr
    named = os.environ.get("CONVCOST_AXE")
    axe = Path(named).read_text(encoding="utf-8") if named else None
    found = {
        (width, scheme): LOOK["problems"](browser, page, width, scheme, axe)
        for width in LOOK["WIDTHS"]
        for scheme in LOOK["SCHEMES"]
    }
    assert not any(found.values()), found
