"""What holds for all tests."""

import os

import pytest
from hypothesis import settings

from support.kept import FOLDER

# imported by tests, not collected: some of it needs a framework that is not installed
collect_ignore = ["support"]

# how long an example takes says how busy the machine is, not whether it is right
settings.register_profile("convcost", deadline=None)
settings.load_profile("convcost")


@pytest.fixture(scope="session", autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the user has is left alone, and decides nothing; what a test starts inherits it."""
    os.environ["CONVCOST_STORE"] = str(tmp_path_factory.mktemp("store") / "measurements.sqlite")
    os.environ["CONVCOST_PROFILES"] = str(tmp_path_factory.mktemp("profiles"))
    os.environ["CONVCOST_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["CONVCOST_SERVE"] = str(tmp_path_factory.mktemp("serve"))


@pytest.fixture(scope="session", autouse=True)
def _one_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What processes of one test run share, so that not each of them does it anew."""
    own = tmp_path_factory.getbasetemp()
    os.environ[FOLDER] = str(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)
    # tests start hundreds of processes: the first one compiles the package for all of them
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
