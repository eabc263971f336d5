"""What holds for all tests."""

import os

import pytest

# imported by tests, not collected: some of it needs a framework that is not installed
collect_ignore = ["support"]


@pytest.fixture(scope="session", autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's measurements are left alone; processes that a test starts inherit it."""
    os.environ["CONVCOST_STORE"] = str(tmp_path_factory.mktemp("store") / "measurements.sqlite")
