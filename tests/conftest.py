"""What holds for all tests."""

import os

import pytest

# imported by tests, not collected: some of it needs a framework that is not installed
collect_ignore = ["support"]


@pytest.fixture(scope="session", autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's measurements and profiles are left alone; what a test starts inherits it."""
    os.environ["CONVCOST_STORE"] = str(tmp_path_factory.mktemp("store") / "measurements.sqlite")
    os.environ["CONVCOST_PROFILES"] = str(tmp_path_factory.mktemp("profiles"))
